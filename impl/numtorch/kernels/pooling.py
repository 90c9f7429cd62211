"""Pooling over windows of the last two or three dimensions, and the ways back. An empty stride is the size of the window."""

from __future__ import annotations

import functools
import itertools
from math import prod
from typing import Any

from ..memory.geometry import element_strides, laid_out
from ..plain_numpy import np

Array = Any
Sizes = tuple[int, ...]


def pooled_size(n: int, size: int, stride: int, pad: int, dilation: int, ceil_mode: bool) -> int:
    """How many windows a dimension has; each begins within it or the padding before it."""
    out = (n + 2 * pad - dilation * (size - 1) - 1 + (stride - 1 if ceil_mode else 0)) // stride + 1
    return out - 1 if ceil_mode and (out - 1) * stride >= n + pad else out


class Windows:
    """The windows over the last dimensions, as many as they have, of arrays of one shape."""

    def __init__(self, shape: tuple, size: Sizes, stride: Sizes, pad: Sizes, dilation: Sizes, ceil_mode: bool):
        self.shape, self.size, self.pad, self.dilation = shape, size, pad, dilation
        self.before, self.inside = shape[: -len(size)], shape[-len(size) :]
        self.stride = stride or size
        self.counts = [
            pooled_size(n, *rest, ceil_mode)
            for n, *rest in zip(self.inside, size, self.stride, pad, dilation, strict=True)
        ]
        self.reach = [
            max((c - 1) * s + (k - 1) * d + 1, n + p)
            for c, s, k, d, n, p in zip(self.counts, self.stride, size, dilation, self.inside, pad, strict=True)
        ]

    def padded(self, kind: Any, value: Any) -> Array:
        """An array of one value with room for the padding."""
        return np.full((*self.before, *self.reach), value, kind)

    def inner(self, padded: Array) -> Array:
        """What is within the padding."""
        return padded[(..., *[slice(p, p + n) for p, n in zip(self.pad, self.inside, strict=True)])]

    def places(self, padded: Array) -> list[Array]:
        """For each place within a window, the elements there, of all windows."""
        out = []
        for at in itertools.product(*map(range, self.size)):
            where = [
                slice(i * d, i * d + (c - 1) * s + 1, s)
                for i, d, c, s in zip(at, self.dilation, self.counts, self.stride, strict=True)
            ]
            out.append(padded[(..., *where)])
        return out


def channels_last(x: Array) -> bool:
    """Whether the channels of pictures or volumes lie innermost, as PyTorch judges by the strides."""
    if x.ndim not in (4, 5) or not x.size:
        return False
    strides = element_strides(x)
    least = 0
    for dim in (1, *range(x.ndim - 1, 1, -1), 0):
        if strides[dim] < least or not strides[1] or (dim == 0 and least == strides[1]):
            return False
        least = strides[dim] * x.shape[dim] if x.shape[dim] > 1 else strides[dim]
    return True


def as_pooled(array: Array, x: Array) -> Array:
    """The array in new memory, with its channels innermost if those of x are."""
    if not channels_last(x):
        return np.array(array, order="C")
    _, channels, *sizes = shape = array.shape
    steps = [channels * prod(sizes[i + 1 :]) for i in range(len(sizes))]
    out = laid_out(shape, (channels * prod(sizes), 1, *steps), array.dtype)
    out[...] = array
    return out


def _divisors(by: Windows, count_include_pad: bool, divisor: int | None, kind: Any) -> Any:
    """What the sum of each window is divided by."""
    if divisor is not None:
        return kind.type(divisor)
    lengths = []
    for n, pad, size, count, stride in zip(by.inside, by.pad, by.size, by.counts, by.stride, strict=True):
        start = np.arange(count) * stride - pad
        end = np.minimum(start + size, n + pad)
        lengths.append(end - start if count_include_pad else np.minimum(end, n) - np.maximum(start, 0))
    return functools.reduce(np.multiply.outer, lengths).astype(kind)


def _laid(array: Array, x: Array, dims: int) -> Array:
    """The array in new memory. What PyTorch averages over volumes never has its channels innermost."""
    return as_pooled(array, x) if dims == 2 else np.array(array, order="C")


def avg_pool(
    x: Array, size: Sizes, stride: Sizes, pad: Sizes, ceil_mode: bool, count_include_pad: bool, divisor: int | None
) -> Array:
    """The mean of each window, of which the padding counts as zeros or not at all."""
    by = Windows(x.shape, size, stride, pad, (1,) * len(size), ceil_mode)
    padded = by.padded(x.dtype, 0)
    by.inner(padded)[...] = x
    out = np.zeros((*by.before, *by.counts), x.dtype)
    for place in by.places(padded):
        out += place
    divisors = _divisors(by, count_include_pad, divisor, x.dtype)
    # Whole numbers are divided towards zero, as C++ does.
    return _laid(np.trunc(out / divisors).astype(x.dtype) if x.dtype.kind in "iu" else out / divisors, x, len(size))


def avg_pool_backward(
    grad: Array,
    x: Array,
    size: Sizes,
    stride: Sizes,
    pad: Sizes,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor: int | None,
) -> Array:
    """Each window's share to all of its elements."""
    by = Windows(x.shape, size, stride, pad, (1,) * len(size), ceil_mode)
    padded = by.padded(grad.dtype, 0)
    share = grad / _divisors(by, count_include_pad, divisor, grad.dtype)
    for place in by.places(padded):
        place += share
    return _laid(by.inner(padded), x, len(size))


def max_pool_with_indices(
    x: Array, size: Sizes, stride: Sizes, pad: Sizes, dilation: Sizes, ceil_mode: bool
) -> tuple[Array, Array]:
    """The greatest of each window, the first of equal ones, nan above all; and its place, counted over all dimensions."""
    by = Windows(x.shape, size, stride, pad, dilation, ceil_mode)
    least = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
    padded, numbers = by.padded(x.dtype, least), by.padded(np.int64, -1)
    by.inner(padded)[...] = x
    by.inner(numbers)[...] = np.arange(prod(by.inside)).reshape(by.inside)
    out, index = np.full((*by.before, *by.counts), least, x.dtype), None
    for place, at in zip(by.places(padded), by.places(numbers), strict=True):
        inside = at >= 0
        if index is None:
            index = np.full(out.shape, -1, np.int64)
        better = inside & ((place > out) | np.isnan(place) | (index < 0))
        out[better] = place[better]
        index[better] = at[better]
    return as_pooled(out, x), as_pooled(index, x)


def _to_greatest(grad: Array, x: Array, indices: Array, dims: int) -> Array:
    """The gradient at the greatest elements, added up where windows share one."""
    out = np.zeros((prod(x.shape[:-dims]), prod(x.shape[-dims:])), grad.dtype)
    rows = np.arange(out.shape[0])[:, None]
    there = (out.shape[0], prod(indices.shape[-dims:]))
    np.add.at(out, (rows, indices.reshape(there)), grad.reshape(there))
    return out.reshape(x.shape)


def max_pool_with_indices_backward(
    grad: Array, x: Array, size: Sizes, stride: Sizes, pad: Sizes, dilation: Sizes, ceil_mode: bool, indices: Array
) -> Array:
    """The gradient at the greatest elements."""
    return as_pooled(_to_greatest(grad, x, indices, len(size)), x)


def adaptive_avg_pool(x: Array, size: Sizes) -> Array:
    """The means of as many windows as are asked for, each summed from its first element to its last, as PyTorch does."""
    dims = len(size)
    bounds = [_windows(n, count) for n, count in zip(x.shape[-dims:], size, strict=True)]
    lengths = [last - first for first, last in bounds]
    out = np.zeros((*x.shape[:-dims], *size), x.dtype)
    for at in itertools.product(*[range(int(length.max(initial=0))) for length in lengths]):
        inside = [i < length for i, length in zip(at, lengths, strict=True)]
        places = [first + np.where(there, i, 0) for (first, _), i, there in zip(bounds, at, inside, strict=True)]
        found = x[(..., *np.ix_(*places))]
        if not all(there.all() for there in inside):
            found = np.where(functools.reduce(np.multiply.outer, inside), found, 0)
        out += found
    for axis, length in zip(range(-dims, 0), lengths, strict=True):
        out = out / _along(length, axis, x.dtype)
    return _laid(out, x, dims)


def _adaptive_avg_pool_backward(grad: Array, x: Array, dims: int) -> Array:
    """Each window's share to all of its elements."""
    out = grad
    for axis in range(-dims, 0):
        n, count = x.shape[axis], grad.shape[axis]
        first, last = _windows(n, count)
        # The windows that an element is in lie beside one another, too.
        out = _of_windows(out / _along(last - first, axis, x.dtype), *_windows(count, n), axis)
    return _laid(out, x, dims)


def adaptive_avg_pool2d_backward(grad: Array, x: Array) -> Array:
    """Each window's share to all of its elements, of pictures."""
    return _adaptive_avg_pool_backward(grad, x, 2)


def adaptive_avg_pool3d_backward(grad: Array, x: Array) -> Array:
    """Each window's share to all of its elements, of volumes."""
    return _adaptive_avg_pool_backward(grad, x, 3)


def adaptive_max_pool(x: Array, size: Sizes) -> tuple[Array, Array]:
    """The greatest of each of as many windows as are asked for, and its place, counted over all dimensions."""
    dims = len(size)
    before, inside = x.shape[:-dims], x.shape[-dims:]
    out, index = np.empty((*before, *size), x.dtype), np.empty((*before, *size), np.int64)
    numbers = np.arange(prod(inside)).reshape(inside)
    bounds = [list(zip(*_windows(n, count), strict=True)) for n, count in zip(inside, size, strict=True)]
    for at in itertools.product(*map(range, size)):
        where = tuple([slice(*each[i]) for each, i in zip(bounds, at, strict=True)])
        window = x[(..., *where)]
        window = window.reshape(*before, prod(window.shape[-dims:]))
        found = window.argmax(-1)
        odd = np.isnan(window)
        if odd.any():  # the last nan is the greatest
            found = np.where(odd.any(-1), window.shape[-1] - 1 - odd[..., ::-1].argmax(-1), found)
        out[(..., *at)] = np.take_along_axis(window, found[..., None], -1)[..., 0]
        index[(..., *at)] = numbers[where].ravel()[found]
    return (out, index) if dims == 3 else (as_pooled(out, x), as_pooled(index, x))


def adaptive_max_pool2d_backward(grad: Array, x: Array, indices: Array) -> Array:
    """The gradient at the greatest elements, of pictures."""
    return as_pooled(_to_greatest(grad, x, indices, 2), x)


def adaptive_max_pool3d_backward(grad: Array, x: Array, indices: Array) -> Array:
    """The gradient at the greatest elements, of volumes."""
    return _to_greatest(grad, x, indices, 3)


def _windows(n: int, count: int) -> tuple[Array, Array]:
    """Where each of `count` windows over n elements begins, and where it ends."""
    i = np.arange(count)
    return i * n // count, -(-(i + 1) * n // count)


def _along(sizes: Array, axis: int, kind: Any) -> Array:
    return sizes.astype(kind).reshape(-1, *(1,) * (-axis - 1))


def _of_windows(x: Array, first: Array, last: Array, axis: int) -> Array:
    """The sum of each window. (Rejected: a product with a matrix of ones and zeros, in which 0 * inf is nan.)"""
    if not first.size or not x.shape[axis]:
        return np.zeros((*x.shape[:axis], first.size, *x.shape[x.ndim + axis + 1 :]), x.dtype)
    # reduceat wants every index within the array, the end of the last window too.
    after = (slice(None),) * (-axis - 1)
    padded = np.concatenate([x, np.zeros_like(x[(..., slice(1), *after)])], axis)
    return np.add.reduceat(padded, np.stack([first, last], 1).ravel(), axis)[(..., slice(None, None, 2), *after)]


def zeros_of(desc: Any) -> Array:
    """Zeros in a shape."""
    return np.zeros(tuple(desc.shape), desc.dtype.numpy)


# What the rows and their formulas call.
avg_pool2d = avg_pool3d = avg_pool
avg_pool2d_backward = avg_pool3d_backward = avg_pool_backward
max_pool2d_with_indices = max_pool3d_with_indices = max_pool_with_indices
max_pool2d_with_indices_backward = max_pool3d_with_indices_backward = max_pool_with_indices_backward
adaptive_avg_pool2d = adaptive_avg_pool3d = adaptive_avg_pool
adaptive_max_pool2d = adaptive_max_pool3d = adaptive_max_pool
