"""Large graphs over tiny arrays: what is measured is nodes, made, walked and freed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks.workload import Function, Workload, floats


def fan_out(width: int) -> Function:
    """One tensor used `width` times (not by torch.stack: HIPS autograd is quadratic there, and nobody else is)."""

    def function(torch: Any, x: Any) -> Any:
        y = x * 3.0
        total = y
        for _ in range(width):
            total = total + y
        return total.sum()

    return function


def chain(length: int) -> Function:
    """A chain of `length` nodes, each exact in every precision, and the sum that makes it a number."""

    def function(torch: Any, x: Any) -> Any:
        for _ in range(length):
            x = x * -1.0
        return x.sum()

    return function


def workloads(*, tiny: bool) -> Iterator[Workload]:
    """Yield the workloads with many nodes."""
    width, length = (10, 20) if tiny else (10_000, 100_000)
    pair = floats((2,))
    yield Workload("graphs/fan-out", f"fan-out of {width:,}", 0.35, "gradients", fan_out(width), pair)
    whole = f"chain of {length:,} nodes"
    yield Workload("graphs/chain", f"{whole}: all of it", 0.25, "gradients", chain(length), pair)
    # The parts say where the time of the whole goes, which has the goal.
    yield Workload("graphs/chain-forward", f"{whole}: forward", None, "build", chain(length), pair)
    yield Workload("graphs/chain-backward", f"{whole}: backward", None, "backward", chain(length), pair)
    yield Workload("graphs/chain-free", f"{whole}: freeing", None, "free", chain(length), pair)
