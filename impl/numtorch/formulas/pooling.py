"""Second gradients of pooling, in differentiable operations."""

from __future__ import annotations

from typing import Any

from ..kernels import pooling
from ..tensor import wrap


def zeros_of(desc: Any) -> Any:
    """Zeros in a shape."""
    return wrap(pooling.zeros_of(desc))


def gathered_in_planes(tangent: Any, indices: Any, dims: int) -> Any:
    """The tangent's elements that the greatest were, of each picture or volume."""
    return tangent.flatten(-dims).gather(-1, indices.flatten(-dims)).view_as(indices)


def max_pool_double_backward(grad: Any, indices: Any, dims: int) -> Any:
    """The gradient's elements that the greatest were, of each picture or volume."""
    shape = tuple(indices._desc.shape)
    if not indices._desc.numel:
        return grad.new_empty(shape)
    flat = (*shape[:-dims], -1)
    return grad.contiguous().view(flat).gather(-1, indices.view(flat)).view(shape)
