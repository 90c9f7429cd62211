"""Interpolation over raw arrays: along each of the last dimensions an element of the result is a sum of a few of the operand.

What is summed, the taps of a dimension, is found with the numbers that PyTorch's kernels find it with, of double precision
for doubles and of single for all others, so that a place between two elements falls to the same one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..memory.geometry import row_major
from ..plain_numpy import np
from .pooling import as_pooled

Array = Any
Sizes = tuple[int, ...]
Taps = list[tuple[Array, Array | None]]
"""For each element that is summed: where it is, and its weight, None for one."""


def _scale(n: int, out: int, align: bool, scale: float | None, kind: Any) -> Any:
    """How many elements of the operand one of the result is wide."""
    if align:
        return kind(n - 1) / kind(out - 1) if out > 1 else kind(0)
    return kind(1 / scale) if scale is not None and scale > 0 else kind(n) / kind(out)


def _nearest(n: int, out: int, align: bool, scale: float | None, kind: Any) -> Taps:
    at = np.floor(_scale(n, out, False, scale, kind) * np.arange(out).astype(kind)).astype(np.int64)
    return [(np.minimum(at, n - 1), None)]


def _nearest_exact(n: int, out: int, align: bool, scale: float | None, kind: Any) -> Taps:
    places = _scale(n, out, False, scale, kind) * (np.arange(out).astype(kind) + kind(0.5))
    return [(np.minimum(np.floor(places).astype(np.int64), n - 1), None)]


def _places(n: int, out: int, align: bool, scale: float | None, kind: Any) -> Array:
    """Where each element of the result lies among those of the operand."""
    step = _scale(n, out, align, scale, kind)
    index = np.arange(out).astype(kind)
    return step * index if align else step * (index + kind(0.5)) - kind(0.5)


def _linear(n: int, out: int, align: bool, scale: float | None, kind: Any) -> Taps:
    places = np.maximum(_places(n, out, align, scale, kind), kind(0))
    first = np.minimum(places.astype(np.int64), n - 1)
    second = np.minimum(first + 1, n - 1)
    part = np.clip(places - first.astype(kind), kind(0), kind(1))
    if n == out:
        part = np.zeros_like(part)
    return [(first, kind(1) - part), (second, part)]


def _cubic(n: int, out: int, align: bool, scale: float | None, kind: Any) -> Taps:
    a = kind(-0.75)
    places = _places(n, out, align, scale, kind)
    first = np.minimum(np.floor(places).astype(np.int64), n - 1)
    part = np.clip(places - first.astype(kind), kind(0), kind(1))

    def near(x: Array) -> Array:
        return ((a + kind(2)) * x - (a + kind(3))) * x * x + kind(1)

    def far(x: Array) -> Array:
        return ((a * x - kind(5) * a) * x + kind(8) * a) * x - kind(4) * a

    rest = kind(1) - part
    weights = (far(part + kind(1)), near(part), near(rest), far(rest + kind(1)))
    return [(np.clip(first + i, 0, n - 1), weight) for i, weight in zip((-1, 0, 1, 2), weights, strict=True)]


def _kind(x: Array) -> Any:
    return np.float64 if x.dtype == np.float64 else np.float32


def _along(weight: Array, axis: int) -> Array:
    return weight.reshape(-1, *(1,) * (-axis - 1))


def _interpolated(find: Callable[..., Taps], x: Array, size: Sizes, align: bool, scales: tuple) -> Array:
    out, kind = x, _kind(x)
    for axis in range(-1, -len(size) - 1, -1):
        total = None
        for at, weight in find(x.shape[axis], size[axis], align, scales[axis], kind):
            part = out.take(at, axis)
            part = part if weight is None else part * _along(weight, axis)
            total = part if total is None else total + part
        out = total
    return as_pooled(out, x)


def _sent_back(
    find: Callable[..., Taps], grad: Array, size: Sizes, input_size: Sizes, align: bool, scales: tuple
) -> Array:  # fmt: skip
    """The gradient of each element added to those that it is a sum of."""
    out, kind = grad, _kind(grad)
    for axis in range(-len(size), 0):
        n = input_size[axis]
        moved = np.moveaxis(out, axis, 0)
        found = np.zeros((n, *moved.shape[1:]), grad.dtype)
        taps = find(n, size[axis], align, scales[axis], kind)
        shares = [
            moved if weight is None else moved * weight.reshape(-1, *(1,) * (moved.ndim - 1)) for _, weight in taps
        ]
        # Element by element of the result, all that each is a sum of, as PyTorch adds up.
        places = np.stack([at for at, _ in taps], 1).ravel()
        np.add.at(found, places, np.stack(shares, 1).reshape(places.size, *moved.shape[1:]))
        out = np.moveaxis(found, 0, axis)
    return as_pooled(out, grad)


def nearest(x: Array, size: Sizes, *scales: float | None) -> Array:
    """The element that each begins at."""
    return _interpolated(_nearest, x, size, False, scales)


def nearest_backward(grad: Array, size: Sizes, input_size: Sizes, *scales: float | None) -> Array:
    """The gradients added up at the elements."""
    return _sent_back(_nearest, grad, size, input_size, False, scales)


def nearest_exact(x: Array, size: Sizes, *scales: float | None) -> Array:
    """The element that the middle of each is in."""
    return _interpolated(_nearest_exact, x, size, False, scales)


def nearest_exact_backward(grad: Array, size: Sizes, input_size: Sizes, *scales: float | None) -> Array:
    """The gradients added up at the elements."""
    return _sent_back(_nearest_exact, grad, size, input_size, False, scales)


def linear_between(x: Array, size: Sizes, align_corners: bool, *scales: float | None) -> Array:
    """The linear interpolation between two elements along each dimension."""
    return _interpolated(_linear, x, size, align_corners, scales)


def linear_between_backward(
    grad: Array, size: Sizes, input_size: Sizes, align_corners: bool, *scales: float | None
) -> Array:  # fmt: skip
    """The gradients, shared by weight and added up."""
    return _sent_back(_linear, grad, size, input_size, align_corners, scales)


def cubic_between(x: Array, size: Sizes, align_corners: bool, *scales: float | None) -> Array:
    """The cubic interpolation between four elements along each dimension."""
    return _interpolated(_cubic, x, size, align_corners, scales)


def cubic_between_backward(
    grad: Array, size: Sizes, input_size: Sizes, align_corners: bool, *scales: float | None
) -> Array:  # fmt: skip
    """The gradients, shared by weight and added up; row-major, whatever they lie as."""
    return row_major(_sent_back(_cubic, grad, size, input_size, align_corners, scales))
