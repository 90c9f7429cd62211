"""Padding with what is there: each place of the result says where in the operand it comes from, along each dimension."""

from __future__ import annotations

from typing import Any

from ..plain_numpy import np
from .pooling import as_pooled

Array = Any
Padding = tuple[int, ...]


def _mirrored(n: int, before: int, after: int) -> Array:
    """Where along n elements each place comes from: outside, as far within as it is beyond the edge."""
    at = np.abs(np.arange(-before, n + after))
    return n - 1 - np.abs(n - 1 - at)


def _nearest(n: int, before: int, after: int) -> Array:
    """Where along n elements each place comes from: outside, the edge."""
    return np.clip(np.arange(-before, n + after), 0, n - 1)


def _padded(x: Array, padding: Padding, places: Any) -> Array:
    out = x
    for i in range(len(padding) // 2):
        axis = x.ndim - 1 - i
        out = out.take(places(x.shape[axis], *padding[2 * i : 2 * i + 2]), axis)
    return as_pooled(out, x)


def _added_back(grad: Array, x: Array, padding: Padding, places: Any) -> Array:
    """Each place's gradient added to where it comes from."""
    out = grad
    for i in range(len(padding) // 2):
        axis = x.ndim - 1 - i
        n = x.shape[axis]
        moved = np.moveaxis(out, axis, 0)
        found = np.zeros((n, *moved.shape[1:]), grad.dtype)
        np.add.at(found, places(n, *padding[2 * i : 2 * i + 2]), moved)
        out = np.moveaxis(found, 0, axis)
    return as_pooled(out, x)


def reflection_pad(x: Array, padding: Padding) -> Array:
    """The last dimensions, mirrored beyond their edges, which are not repeated."""
    return _padded(x, padding, _mirrored)


def reflection_pad_backward(grad: Array, x: Array, padding: Padding) -> Array:
    """The gradient, with that of the mirrored elements added to them."""
    return _added_back(grad, x, padding, _mirrored)


def replication_pad(x: Array, padding: Padding) -> Array:
    """The last dimensions, with their edges repeated."""
    return _padded(x, padding, _nearest)


def replication_pad_backward(grad: Array, x: Array, padding: Padding) -> Array:
    """The gradient, with that of the repeated edges added to them."""
    return _added_back(grad, x, padding, _nearest)


# What the formulas of the rows call.
reflection_pad1d_backward = reflection_pad2d_backward = reflection_pad3d_backward = reflection_pad_backward
replication_pad1d_backward = replication_pad2d_backward = replication_pad3d_backward = replication_pad_backward
