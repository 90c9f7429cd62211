"""grad_dtype: which type the gradient of a leaf has, where it is not the leaf's own."""

from __future__ import annotations

from typing import Any

from ..aliasing.views import extras
from ..dtype import dtypes
from ..nodes.graph import AccumulateGradOfType
from ..tensor import Tensor, cpp_name


def get_grad_dtype(self: Tensor) -> Any:
    """The type that .grad must have; None for any."""
    if self.grad_fn is not None:
        raise RuntimeError("grad_dtype can only be accessed on leaf tensors.")
    extra = self._extra
    return self._desc.dtype if extra is None or extra.grad_dtype is False else extra.grad_dtype


def set_grad_dtype(self: Tensor, kind: Any) -> None:
    """Set the type that .grad must have; gradients on their way are converted to it."""
    grad = self.grad  # which warns where there cannot be one
    if self.grad_fn is not None:
        raise RuntimeError("grad_dtype can only be set on leaf tensors.")
    if kind is not None and not isinstance(kind, dtypes.dtype):
        raise RuntimeError(f"grad_dtype must be a torch.dtype or None, but got {type(kind).__name__}")

    if kind is not None and grad is not None and grad._desc.dtype is not kind:
        raise RuntimeError(
            f"Cannot set grad_dtype to '{kind.scalar_name}' because there is already a gradient with dtype "
            f"'{cpp_name(grad._desc.dtype)}'. Please clear the gradient (.grad = None) before changing grad_dtype, or "
            "ensure the new grad_dtype matches the existing gradient's dtype."
        )
    extras(self).grad_dtype = kind
    node = self._accumulator() if self._accumulator is not None else None
    if node is not None:
        node.__class__ = AccumulateGradOfType


METHODS = {"grad_dtype": property(get_grad_dtype, set_grad_dtype)}
FUNCTIONS: dict[str, Any] = {}
