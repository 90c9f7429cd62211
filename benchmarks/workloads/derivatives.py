"""More than one gradient: a product with the Hessian, and a Jacobian row by row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks.workload import Workload, floats


def quartic(torch: Any, x: Any, matrix: Any) -> Any:
    """A scalar whose Hessian is neither constant nor diagonal."""
    y = torch.tanh(matrix @ x)
    return (y * y * x).sum()


def layer(torch: Any, x: Any, matrix: Any) -> Any:
    """As many outputs as inputs, each a function of all."""
    return torch.tanh(matrix @ x)


def workloads(*, tiny: bool) -> Iterator[Workload]:
    """Yield the workloads that differentiate more than once."""
    size = 4 if tiny else 50
    product = floats((size,), (size, size), scale=0.2)
    yield Workload(
        "derivatives/hvp", "Hessian-vector product", 0.45, "hessian_vector", quartic, floats((size,)), product
    )
    yield Workload(
        "derivatives/jacobian",
        f"Jacobian {size} → {size}",
        0.20,
        "jacobian",
        layer,
        floats((size,)),
        floats((size, size), scale=0.2),
    )
