"""Operators on much data: what is measured is kernels and the memory they are given."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks.workload import Workload, floats


def elementwise_chain(torch: Any, x: Any) -> Any:
    """Operators one after the other, each as large as the leaf."""
    y = torch.tanh(x * 1.5 + 0.1)
    y = torch.exp(y * -0.5) * x
    y = (y - x) * y
    return y.mean()


def broadcast_and_reduce(torch: Any, a: Any, b: Any, c: Any) -> Any:
    """Three leaves that broadcast against each other, summed over one dimension after the other."""
    y = a * b + c
    y = y.sum(0) * c
    return (y.mean(0) * c).sum()


def workloads(*, tiny: bool) -> Iterator[Workload]:
    """Yield the workloads whose arrays are larger than a cache."""
    for exponent, goal in (6, 0.95), (7, 0.40):
        size = 100 if tiny else 10**exponent
        title = f"elementwise chain, 1e{exponent}"
        yield Workload(f"large/1e{exponent}", title, goal, "gradients", elementwise_chain, floats((size,)))
    i, j, k = (4, 3, 2) if tiny else (64, 96, 128)
    yield Workload(
        "large/broadcasting",
        "broadcasting and reductions",
        0.90,
        "gradients",
        broadcast_and_reduce,
        floats((i, 1, k), (1, j, k), (k,)),
    )
