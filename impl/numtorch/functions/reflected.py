"""Python's operators: reflected ones, `2 & x`, and in-place ones; and what they say of operands that they do not take."""

from __future__ import annotations

from typing import Any

from ..calls.operands import category_of
from ..tensor import Tensor


def reflected(name: str, function: Any) -> Any:
    """The operator with the other operand first; shifts are Python in PyTorch, and leave it to others to answer."""

    def call(self: Tensor, other: Any) -> Any:
        if isinstance(self, Tensor):
            return function(other, self) if _is_operand(other) else NotImplemented
        if name.endswith("shift__"):
            return function(other, self) if isinstance(other, Tensor) else NotImplemented
        kind = repr(type(self).__name__)
        raise TypeError(f"descriptor '{name}' for 'torch._C.TensorBase' objects doesn't apply to a {kind} object")

    return call


def of_operands(function: Any) -> Any:
    """A function as the operator, which leaves what is neither tensor nor number to Python, before it looks at self."""

    def call(self: Tensor, other: Any) -> Any:
        return function(self, other) if _is_operand(other) else NotImplemented

    call.__name__ = function.__name__
    call.__doc__ = function.__doc__
    return call


def _is_operand(value: Any) -> bool:
    return isinstance(value, Tensor) or category_of(value) is not None
