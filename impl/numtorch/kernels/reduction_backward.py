"""The gradients of reductions over raw arrays."""

from __future__ import annotations

import math
import sys
from typing import Any

from ..memory.buffers import take
from ..memory.descriptor import LARGE
from ..memory.lazy import LAZY, filled
from ..plain_numpy import np
from .pointwise import conjugate, sgn
from .reduction import axes, count, kept, running
from .scatter import scatter
from .shape import expand, to_copy, unsqueeze

Array = Any
Dims = Any
_ndarray, _array = np.ndarray, np.array
_refcount = sys.getrefcount
MANY_SHAPES = 1000  # of which windows are kept


def _calibrate() -> int:
    """How many references a window has that a table holds and a variable: the number differs between Python versions."""
    known = {(): np.empty(2)}
    window = known.get(())
    return _refcount(window)


_UNUSED = _calibrate()


def spread(grad: Array, shape: tuple) -> Array:
    """The gradient as a window of `shape`, repeated by stride 0 and without memory of its own."""
    if 0 in shape:
        return expand(np.asarray(grad), shape)
    if grad.shape == shape:  # a view, for which nobody holds the gradient itself
        return np.asarray(grad)[...]
    if type(grad) is not np.ndarray or not grad.ndim:
        if type(grad) in LAZY:
            return grad.over(spread(grad.raw, shape))
        array = np.asarray(grad)
        return np.ndarray(shape, array.dtype, array, 0, (0,) * len(shape))
    repeated = [0] * (len(shape) - grad.ndim)
    repeated += [
        step if own == s else 0 for own, s, step in zip(grad.shape, shape[len(repeated) :], grad.strides, strict=True)
    ]
    if grad.flags.c_contiguous:
        return np.ndarray(shape, grad.dtype, grad, 0, tuple(repeated))
    return np.lib.stride_tricks.as_strided(grad, shape, repeated)


def convert(grad: Array, dtype: Any) -> Array:
    """The gradient in the type of the operand."""
    return grad if grad.dtype is dtype.numpy or grad.dtype == dtype.numpy else to_copy(grad, dtype)


def sum_all_backward(grad: Array, shape: tuple, dtype: Any) -> Array:
    """The gradient repeated."""
    if grad is dtype.ones or grad is dtype.one:  # what a plain pass begins with
        window = dtype.repeated.get(shape)
        if window is not None and _refcount(window) <= _UNUSED:
            return window
        if math.prod(shape) > 1:
            return repeated_one(shape, dtype)
    array = grad if type(grad) is _ndarray else _array(grad)
    kind = array.dtype
    # a window, also where there is nothing to repeat
    out = expand(array, shape) if 0 in shape else _ndarray(shape, kind, array, 0, (0,) * len(shape))
    return out if kind is dtype.numpy or kind == dtype.numpy else to_copy(out, dtype)


def repeated_one(shape: tuple, dtype: Any) -> Array:
    """A window that repeats the number one, which later passes use again: each sum of a pass has one of its own."""
    known = dtype.repeated
    if len(known) >= MANY_SHAPES:
        known.clear()
    window = _ndarray(shape, dtype.numpy, dtype.ones, 0, (0,) * len(shape))
    known.setdefault(shape, window)
    return window


def sum_backward(grad: Array, shape: tuple, dim: Dims, keepdim: bool, dtype: Any) -> Array:
    """The gradient repeated along the dimensions that were summed."""
    if dim and len(dim) == 1 and type(grad) is _ndarray and grad.flags.c_contiguous:
        where = dim[0] % len(shape) if shape else 0
        steps = grad.strides
        if steps and 0 not in steps and shape[where] > 1:  # else strides do not just have a 0 more
            steps = steps[:where] + (0,) + steps[where + keepdim :]
            return convert(_ndarray(shape, grad.dtype, grad, 0, steps), dtype)
    if dim and not keepdim and type(grad) is _ndarray and grad.ndim and 1 in shape:
        for a in sorted(axes(dim, len(shape))):
            grad = unsqueeze(grad, a)  # with the steps of single elements, which show where nothing is repeated
        keepdim = True
    return convert(spread(kept(grad, dim, keepdim, len(shape)), tuple(shape)), dtype)


def mean_all_backward(grad: Array, shape: tuple, numel: int, dtype: Any) -> Array:
    """The gradient repeated, divided by the number of elements."""
    kind = grad.dtype
    out = grad / numel
    full = take(shape, kind) if numel * kind.itemsize >= LARGE else np.empty(shape, kind)
    full.fill(out)
    return convert(full, dtype)


def mean_backward(grad: Array, shape: tuple, numel: int, dim: Dims, keepdim: bool, dtype: Any) -> Array:
    """The gradient repeated along the dimensions, divided by their size; PyTorch's node has both the shape and its size."""
    n = math.prod([shape[a] for a in axes(dim, len(shape))])
    out = kept(grad, dim, keepdim, len(shape)) / grad.dtype.type(n)
    return convert(np.array(np.broadcast_to(out, shape), order="C"), dtype)


def nansum_backward(grad: Array, x: Array, dim: Dims, keepdim: bool) -> Array:
    """The gradient where x is not nan."""
    return kept(grad.astype(x.dtype, copy=False), dim, keepdim, x.ndim) * ~np.isnan(x)


def prod_backward(grad: Array, x: Array, result: Array) -> Array:
    """The gradient times the product of the other elements."""
    if x.dtype != grad.dtype:
        return prod_backward(grad, x.astype(grad.dtype), result).astype(x.dtype)
    if x.ndim == 0:
        return grad
    zeros = x.size - np.count_nonzero(x)
    if not zeros:
        return grad * (result / x)
    if zeros > 1:
        return np.zeros(x.shape, x.dtype)
    if x.size == 1:
        return np.reshape(grad, x.shape)
    return grad * others(x.reshape(-1), 0).reshape(x.shape)


def others(x: Array, dim: int) -> Array:
    """For each element the product of the other ones along a dimension."""
    ahead, behind = np.ones(x.shape, x.dtype), np.ones(x.shape, x.dtype)
    n = x.shape[dim]
    first = (slice(None),) * dim
    np.multiply.accumulate(x[(*first, slice(0, n - 1))], axis=dim, out=ahead[(*first, slice(1, n))])
    back = np.flip(x, dim)[(*first, slice(0, n - 1))]
    np.flip(behind, dim)[(*first, slice(1, n))] = np.multiply.accumulate(back, axis=dim)
    return ahead * behind


def prod_dim_backward(grad: Array, x: Array, result: Array, dim: int, keepdim: bool) -> Array:
    """The same along one dimension."""
    if x.dtype != grad.dtype:
        return prod_dim_backward(grad, x.astype(grad.dtype), result, dim, keepdim).astype(x.dtype)
    if x.ndim == 0:
        return grad
    grad, result = kept(grad, dim, keepdim, x.ndim), kept(result, dim, keepdim, x.ndim)
    if x.shape[dim] == 1 and (x == 0).any():
        return grad
    return grad * (others(x, dim % x.ndim) if (x == 0).any() else result / x)


def evenly_distribute_backward(grad: Array, x: Array, value: Array) -> Array:
    """The gradient shared among all elements that have the value."""
    mask = x == value if value == value else np.isnan(x)
    share = grad / np.count_nonzero(mask).__float__()
    out = np.array(np.where(mask, share, 0), grad.dtype, order="C")
    return out if x.ndim else out[()]  # no view of itself: the engine adds to it in place


def scale_by_count_backward(grad: Array, x: Array, result: Array, dim: Dims, keepdim: bool) -> Array:
    """The gradient shared among ties along the dimensions."""
    mask = x == kept(result, dim, keepdim, x.ndim)
    n = np.add.reduce(mask, axis=axes(dim, x.ndim), dtype=grad.dtype, keepdims=True)
    return kept(grad, dim, keepdim, x.ndim) * mask / n


def value_selecting_backward(grad: Array, dim: int, index: Array, shape: tuple, keepdim: bool) -> Array:
    """The gradient at the selected elements, zeros elsewhere."""
    if not keepdim:
        grad, index = np.expand_dims(grad, dim), np.expand_dims(index, dim)
    return scatter(np.zeros(shape, grad.dtype), dim, index, grad)


def norm_backward(grad: Array, x: Array, ord: float, norm: Array, dim: Dims, keepdim: bool) -> Array | None:
    """The gradient of a norm, zero where the norm is."""
    zero = x.dtype.type(0)
    if ord == 0:
        return None
    if grad.dtype != x.real.dtype:
        return convert_norm(grad, x, ord, norm, dim, keepdim)
    grad, norm = kept(grad, dim, keepdim, x.ndim), kept(norm, dim, keepdim, x.ndim)
    if ord == 1:
        return sgn(x) * grad
    if ord == 2:
        return grad * np.where(norm == 0, zero, x / norm)
    size = np.abs(x)
    if ord in (np.inf, -np.inf):
        mask = (size == norm) | np.isnan(size)
        n = np.add.reduce(mask, axis=axes(dim, x.ndim), dtype=x.dtype, keepdims=True)
        return sgn(x) * (grad / n * mask)
    p = size.dtype.type(ord)
    one = size.dtype.type(1)
    if ord < 1:
        return np.where(x == 0, zero, sgn(x) * np.power(size, p - one)) * grad * np.power(norm, one - p)
    scaled = sgn(x) * np.power(size, p - one) if ord < 2 else x * np.power(size, p - one - one)
    return scaled * filled(grad / np.power(norm, p - one), norm == 0)


def convert_norm(grad: Array, x: Array, ord: float, norm: Array, dim: Dims, keepdim: bool) -> Array | None:
    """The gradient of a norm taken in another type than its operand's."""
    wide = np.result_type(grad.dtype, np.complex64) if x.dtype.kind == "c" else grad.dtype
    out = norm_backward(grad, x.astype(wide), ord, norm, dim, keepdim)
    return None if out is None else out.astype(x.dtype)


def var_backward(grad: Array, x: Array, dim: Dims, correction: float | None, keepdim: bool) -> Array:
    """2 / (N - correction) * grad * (x - mean)"""
    n = count(x, dim)
    where = axes(dim, x.ndim)
    middle = np.add.reduce(x, axis=where, keepdims=True) / x.dtype.type(n)
    by = n - (1 if correction is None else correction)
    if by <= 0 and (dim is None or not x.ndim):
        return (grad * np.where(x == middle, np.nan, np.inf).astype(grad.dtype)).astype(x.dtype)
    scale = grad.dtype.type(2.0 / by if by else np.inf if by == 0 else np.nan)  # real, where x is complex
    return scale * kept(grad, dim, keepdim, x.ndim) * (x - middle)


def std_backward(grad: Array, x: Array, result: Array, dim: Dims, correction: float | None, keepdim: bool) -> Array:
    """The gradient of the variance over 2 * std, zero where std is."""
    return var_backward(filled(grad / (result * grad.dtype.type(2)), result == 0), x, dim, correction, keepdim)


def logsumexp_backward(grad: Array, x: Array, result: Array, dim: Dims, keepdim: bool) -> Array:
    """The gradient times softmax."""
    return kept(grad, dim, keepdim, x.ndim) * conjugate(np.exp(x - kept(result, dim, keepdim, x.ndim)))


def cumsum_backward(grad: Array, dim: int, dtype: Any) -> Array:
    """Running sums from the end."""
    grad = convert(grad, dtype)
    alone = grad.ndim == 0 or grad.shape[dim] == 1
    return grad if alone else reversed_cumsum(grad, dim)


def reversed_cumsum(x: Array, dim: int) -> Array:
    """Running sums from the end, in memory of their own."""
    return np.array(np.flip(running(np.add, np.flip(x, dim), dim, x.dtype), dim), order="C") + x.dtype.type(0)  # no -0


def cumprod_backward(grad: Array, x: Array, dim: int, result: Array) -> Array:
    """For each element the sum over the products that contain it."""
    if x.dtype != grad.dtype:
        return cumprod_backward(grad.astype(x.dtype), x, dim, result).astype(x.dtype)
    if x.ndim == 0 or x.shape[dim] == 1:
        return grad
    if not (x == 0).any():
        return reversed_cumsum(result * grad, dim) / x
    zeros = np.add.accumulate(x == 0, axis=dim, dtype=np.int64)
    before, after = zeros == 0, zeros == 1
    out = np.zeros(x.shape, x.dtype)  # row-major, as PyTorch's
    np.copyto(out, reversed_cumsum(np.where(before, result * grad, 0), dim) / x, where=before)
    # All that depends on the first zero: the product before it, times the products up to the second.
    place = np.expand_dims(np.argmax(after, axis=dim), dim)
    first = np.zeros_like(after)
    np.put_along_axis(first, place, True, axis=dim)
    first &= after
    behind = np.multiply.accumulate(np.where(after & ~first, x, 1), axis=dim) * np.where(after, grad, 0)
    ahead = np.where(place == 0, 1, np.take_along_axis(result, np.maximum(place - 1, 0), axis=dim))
    np.copyto(out, np.add.reduce(behind, axis=dim, keepdims=True) * ahead, where=first)
    return out
