"""Operators on almost no data: what is measured is the cost of a call."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks.workload import Workload, floats


def hundred_operators(torch: Any, a: Any, b: Any) -> Any:
    """Twenty times the same five operators."""
    y = a
    for _ in range(20):
        y = y * a
        y = y + b
        y = torch.tanh(y)
        y = y - a
        y = y * 0.5
    return y


def hundred_operators_summed(torch: Any, a: Any, b: Any) -> Any:
    """The same, and a number to differentiate."""
    return hundred_operators(torch, a, b).sum()


def one_product(torch: Any, a: Any, b: Any) -> Any:
    """The smallest graph that is of use."""
    return (a * b).sum()


def workloads() -> Iterator[Workload]:
    """Yield the workloads on arrays of two elements and of none."""
    pair, scalar = floats((2,), (2,)), floats((), ())
    yield Workload("small/forward", "100 small ops, shape (2,), forward", 0.40, "forward", hundred_operators, pair)
    yield Workload("small/both", "100 small ops, shape (2,), both", 0.40, "gradients", hundred_operators_summed, pair)
    yield Workload("small/0d-forward", "100 small ops, 0-d, forward", 0.30, "forward", hundred_operators, scalar)
    yield Workload("small/0d-both", "100 small ops, 0-d, both", 0.25, "gradients", hundred_operators, scalar)
    yield Workload("small/backward", "one tiny backward", 0.20, "gradients", one_product, pair)
