"""Second gradients of pooling, in differentiable operations."""

from __future__ import annotations

from typing import Any

from ..kernels import pooling
from ..tensor import wrap


def zeros_of(desc: Any) -> Any:
    """Zeros in a shape."""
    return wrap(pooling.zeros_of(desc))


def gathered_in_planes(tangent: Any, indices: Any) -> Any:
    """The tangent's elements that the greatest were, of each picture."""
    return tangent.flatten(-2).gather(-1, indices.flatten(-2)).view_as(indices)


def max_pool_double_backward(grad: Any, indices: Any) -> Any:
    """The gradient's elements that the greatest were, of each picture."""
    shape = tuple(indices._desc.shape)
    flat = (*shape[:-2], -1)
    return grad.contiguous().view(flat).gather(-1, indices.view(flat)).view(shape)
