"""Pooling over windows of the last two dimensions, and the ways back. An empty stride is the size of the window."""

from __future__ import annotations

from typing import Any

from ..memory.geometry import element_strides, laid_out
from ..plain_numpy import np

Array = Any
Pair = tuple[int, int]


def pooled_size(n: int, size: int, stride: int, pad: int, dilation: int, ceil_mode: bool) -> int:
    """How many windows a dimension has; each begins within it or the padding before it."""
    out = (n + 2 * pad - dilation * (size - 1) - 1 + (stride - 1 if ceil_mode else 0)) // stride + 1
    return out - 1 if ceil_mode and (out - 1) * stride >= n + pad else out


class Windows:
    """The windows over the last two dimensions of arrays of one shape."""

    def __init__(self, shape: tuple, size: Pair, stride: tuple, pad: Pair, dilation: Pair, ceil_mode: bool):
        self.shape, self.size, self.pad, self.dilation = shape, size, pad, dilation
        self.stride = stride or size
        self.counts = [
            pooled_size(n, *rest, ceil_mode)
            for n, *rest in zip(shape[-2:], size, self.stride, pad, dilation, strict=True)
        ]
        self.reach = [
            max((c - 1) * s + (k - 1) * d + 1, n + p)
            for c, s, k, d, n, p in zip(self.counts, self.stride, size, dilation, shape[-2:], pad, strict=True)
        ]

    def padded(self, kind: Any, value: Any) -> Array:
        """An array of one value with room for the padding."""
        return np.full((*self.shape[:-2], *self.reach), value, kind)

    def inner(self, padded: Array) -> Array:
        """What is within the padding."""
        (top, left), (rows, columns) = self.pad, self.shape[-2:]
        return padded[..., top : top + rows, left : left + columns]

    def places(self, padded: Array) -> list[Array]:
        """For each place within a window, the elements there, of all windows."""
        out = []
        for i in range(self.size[0]):
            for j in range(self.size[1]):
                rows, columns = (
                    slice(at * d, at * d + (c - 1) * s + 1, s)
                    for at, d, c, s in zip((i, j), self.dilation, self.counts, self.stride, strict=True)
                )
                out.append(padded[..., rows, columns])
        return out


def channels_last(x: Array) -> bool:
    """Whether the channels of pictures lie innermost, as PyTorch judges by the strides."""
    if x.ndim != 4 or not x.size:
        return False
    strides = element_strides(x)
    least = 0
    for dim in (1, 3, 2, 0):
        if strides[dim] < least or not strides[1] or (dim == 0 and least == strides[1]):
            return False
        least = strides[dim] * x.shape[dim] if x.shape[dim] > 1 else strides[dim]
    return True


def as_pooled(array: Array, x: Array) -> Array:
    """The array in new memory, with its channels innermost if those of x are."""
    if not channels_last(x):
        return np.array(array, order="C")
    _, channels, rows, columns = shape = array.shape
    out = laid_out(shape, (channels * rows * columns, 1, channels * columns, channels), array.dtype)
    out[...] = array
    return out


def _divisors(by: Windows, count_include_pad: bool, divisor: int | None, kind: Any) -> Any:
    """What the sum of each window is divided by."""
    if divisor is not None:
        return kind.type(divisor)
    lengths = []
    for axis in range(2):
        n, pad, size = by.shape[axis - 2], by.pad[axis], by.size[axis]
        start = np.arange(by.counts[axis]) * by.stride[axis] - pad
        end = np.minimum(start + size, n + pad)
        lengths.append(end - start if count_include_pad else np.minimum(end, n) - np.maximum(start, 0))
    return np.outer(*lengths).astype(kind)


def avg_pool2d(
    x: Array, size: Pair, stride: tuple, pad: Pair, ceil_mode: bool, count_include_pad: bool, divisor: int | None
) -> Array:
    """The mean of each window, of which the padding counts as zeros or not at all."""
    by = Windows(x.shape, size, stride, pad, (1, 1), ceil_mode)
    padded = by.padded(x.dtype, 0)
    by.inner(padded)[...] = x
    out = np.zeros((*x.shape[:-2], *by.counts), x.dtype)
    for place in by.places(padded):
        out += place
    divisors = _divisors(by, count_include_pad, divisor, x.dtype)
    return as_pooled(out // divisors if x.dtype.kind in "iu" else out / divisors, x)


def avg_pool2d_backward(
    grad: Array,
    x: Array,
    size: Pair,
    stride: tuple,
    pad: Pair,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor: int | None,
) -> Array:
    """Each window's share to all of its elements."""
    by = Windows(x.shape, size, stride, pad, (1, 1), ceil_mode)
    padded = by.padded(grad.dtype, 0)
    share = grad / _divisors(by, count_include_pad, divisor, grad.dtype)
    for place in by.places(padded):
        place += share
    return as_pooled(by.inner(padded), x)


def max_pool2d_with_indices(
    x: Array, size: Pair, stride: tuple, pad: Pair, dilation: Pair, ceil_mode: bool
) -> tuple[Array, Array]:
    """The greatest of each window, the first of equal ones, nan above all; and its place, counted over both dimensions."""
    by = Windows(x.shape, size, stride, pad, dilation, ceil_mode)
    least = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
    padded, numbers = by.padded(x.dtype, least), by.padded(np.int64, -1)
    by.inner(padded)[...] = x
    by.inner(numbers)[...] = np.arange(x.shape[-2] * x.shape[-1]).reshape(x.shape[-2:])
    out, index = np.full((*x.shape[:-2], *by.counts), least, x.dtype), None
    for place, at in zip(by.places(padded), by.places(numbers), strict=True):
        inside = at >= 0
        if index is None:
            index = np.full(out.shape, -1, np.int64)
        better = inside & ((place > out) | np.isnan(place) | (index < 0))
        out[better] = place[better]
        index[better] = at[better]
    return as_pooled(out, x), as_pooled(index, x)


def max_pool2d_with_indices_backward(
    grad: Array, x: Array, size: Pair, stride: tuple, pad: Pair, dilation: Pair, ceil_mode: bool, indices: Array
) -> Array:
    """The gradient at the greatest elements, added up where windows share one."""
    out = np.zeros((int(np.prod(x.shape[:-2])), x.shape[-2] * x.shape[-1]), grad.dtype)
    rows = np.arange(out.shape[0])[:, None]
    np.add.at(out, (rows, indices.reshape(out.shape[0], -1)), grad.reshape(out.shape[0], -1))
    return as_pooled(out.reshape(x.shape), x)


def adaptive_avg_pool2d(x: Array, size: Pair) -> Array:
    """The means of as many windows as are asked for."""
    out = x
    for axis, count in zip((-2, -1), size, strict=True):
        first, last = _windows(x.shape[axis], count)
        out = _of_windows(out, first, last, axis) / _along(last - first, axis, x.dtype)
    return as_pooled(out, x)


def adaptive_avg_pool2d_backward(grad: Array, x: Array) -> Array:
    """Each window's share to all of its elements."""
    out = grad
    for axis in (-2, -1):
        n, count = x.shape[axis], grad.shape[axis]
        first, last = _windows(n, count)
        # The windows that an element is in lie beside one another, too.
        out = _of_windows(out / _along(last - first, axis, x.dtype), *_windows(count, n), axis)
    return as_pooled(out, x)


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
    padded = np.concatenate([x, np.zeros_like(x[..., :1, :] if axis == -2 else x[..., :1])], axis)
    return np.add.reduceat(padded, np.stack([first, last], 1).ravel(), axis)[
        (..., slice(None, None, 2), *(slice(None),) * (-axis - 1))
    ]


def zeros_of(desc: Any) -> Array:
    """Zeros in a shape."""
    return np.zeros(tuple(desc.shape), desc.dtype.numpy)
