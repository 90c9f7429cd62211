"""What is checked of an index, whether it names single elements or whole slices, and of what is written to."""

from __future__ import annotations

from typing import Any

from ..aliasing.views import check_inplace, requires_grad
from ..tensor import Tensor


def raised(name: str, signatures: str, *given: Any) -> TypeError:
    kinds = ", ".join(type(g).__name__ for g in given)
    return TypeError(
        f"{name}() received an invalid combination of arguments - got ({kinds}), but expected one of:{signatures}"
    )


def line(shape: tuple) -> tuple:
    return tuple(shape) or (1,)


def writable(self: Tensor, *others: Any) -> None:
    """What is refused before an in-place operator looks at its arguments."""
    check_inplace(self, bool(requires_grad(self)) or any(isinstance(o, Tensor) and requires_grad(o) for o in others))


REDUCTIONS = ("sum", "prod", "mean", "amax", "amin")
