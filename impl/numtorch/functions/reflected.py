"""Python's reflected operators, `2 & x`, and what they say of what is no tensor, as in `Tensor.__rand__(2, x)`."""

from __future__ import annotations

from typing import Any

from ..tensor import Tensor


def reflected(name: str, function: Any) -> Any:
    """The operator with the other operand first; shifts are Python in PyTorch, and leave it to others to answer."""

    def call(self: Tensor, other: Any) -> Any:
        if isinstance(self, Tensor):
            return function(other, self)
        if name.endswith("shift__"):
            return function(other, self) if isinstance(other, Tensor) else NotImplemented
        kind = repr(type(self).__name__)
        raise TypeError(f"descriptor '{name}' for 'torch._C.TensorBase' objects doesn't apply to a {kind} object")

    return call
