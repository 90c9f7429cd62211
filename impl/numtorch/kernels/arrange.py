"""Kernels that put elements elsewhere: triangles, diagonals, rolled and turned copies, sliding windows."""

from __future__ import annotations

import math
from typing import Any

from ..memory.geometry import element_strides, laid_out, row_major, storage_offset, strided
from ..plain_numpy import np
from .numbers import element
from .pointwise import clone
from .pooling import as_pooled, channels_last
from .shape import alike, cat, contiguous_copy, diagonal, flip, slice_, transpose

Array = Any


def tril(x: Array, diagonal: int) -> Array:
    """The elements on and below a diagonal, zeros above."""
    return row_major(np.tril(x, diagonal))


def triu(x: Array, diagonal: int) -> Array:
    """The elements on and above a diagonal, zeros below."""
    return row_major(np.triu(x, diagonal))


def keep_lower(x: Array, diagonal: int) -> None:
    """tril in place, place by place."""
    x[..., ~np.tri(*x.shape[-2:], diagonal, bool)] = 0


def keep_upper(x: Array, diagonal: int) -> None:
    """triu in place, place by place."""
    x[..., np.tri(*x.shape[-2:], diagonal - 1, bool)] = 0


def roll(x: Array, shifts: tuple, dims: tuple) -> Array:
    """The elements moved along, those that fall off put back at the other end."""
    if not np.size(x):
        return clone(x) if dims or x.ndim == 1 else contiguous_copy(x)
    if not dims:
        if not np.ndim(x):
            return x[()]
        out = np.empty(x.shape, x.dtype)
        out.reshape(-1)[...] = np.roll(x.ravel(), shifts[0])
        return out
    if x.ndim < 4:
        return row_major(np.roll(x, shifts, dims))
    for shift, dim in zip(shifts, dims, strict=True):  # of pictures as PyTorch does it, dimension by dimension
        at = -shift % x.shape[dim]
        x = cat([slice_(x, dim, at, x.shape[dim], 1), slice_(x, dim, 0, at, 1)], dim)
    return x


def roll_backward(grad: Array, shifts: tuple, dims: tuple) -> Array:
    """The elements moved back."""
    return roll(grad, tuple([-n for n in reversed(shifts)]), dims[::-1])


def rot90(x: Array, k: int, dims: tuple) -> Array:
    """A copy turned by quarters in the plane of two dimensions."""
    turns = k % 4
    if turns == 0:
        return contiguous_copy(x)
    if turns == 2:
        return flip(x, dims)
    turned = transpose(flip(x, (dims[1 if turns == 1 else 0],)), *dims)
    out = laid_out(
        turned.shape, element_strides(turned), turned.dtype
    )  # no view, as it was to PyTorch before it was turned
    out[...] = turned
    return out


def rot90_backward(grad: Array, k: int, dims: tuple) -> Array:
    """The elements turned back."""
    return rot90(grad, -k, dims)


def diag_embed(x: Array, offset: int, dim1: int, dim2: int) -> Array:
    """Zeros with the last dimension on a diagonal of two dimensions."""
    n = x.ndim + 1
    dim1, dim2 = dim1 % n, dim2 % n
    size = x.shape[-1] + abs(offset)
    shape = list(x.shape[:-1])
    for at in sorted((dim1, dim2)):
        shape.insert(at, size)
    out = np.zeros(shape, x.dtype)
    diagonal(out, offset, dim1, dim2)[...] = x
    return out


def diagonal_copy(x: np.ndarray, offset: int, dim1: int, dim2: int) -> Array:
    """The diagonal of two dimensions in memory of its own."""
    return np.array(diagonal(np.asarray(x), offset, dim1, dim2), order="C")


def unfold(x: np.ndarray, dimension: int, size: int, step: int) -> Array:
    """Windows of a dimension, one each step; their elements are a new last dimension."""
    if not x.ndim:
        return strided(x, (size,), (1,), storage_offset(x))
    dimension %= x.ndim
    strides = element_strides(x)
    count = (x.shape[dimension] - size) // step + 1
    return strided(
        x,
        (*x.shape[:dimension], count, *x.shape[dimension + 1 :], size),
        (*strides[:dimension], strides[dimension] * step, *strides[dimension + 1 :], strides[dimension]),
        storage_offset(x),
    )


def unfold_backward(grad: Array, shape: tuple, dimension: int, size: int, step: int) -> Array:
    """The windows' gradients added at the places that they came from."""
    out = np.zeros(shape or (1,), grad.dtype)
    np.add.at(out.reshape(-1), unfold(np.arange(out.size).reshape(out.shape), dimension, size, step), grad)
    return out if shape else out[0]


def block_diag(arrays: list) -> Array:
    """Matrices on the diagonal of one of zeros."""
    blocks = [np.atleast_2d(a) for a in alike(arrays, zerodim=True)]
    out = np.zeros(np.sum([b.shape for b in blocks], axis=0), blocks[0].dtype)
    row = column = 0
    for b in blocks:
        out[row : row + b.shape[0], column : column + b.shape[1]] = b
        row, column = row + b.shape[0], column + b.shape[1]
    return out


def constant_pad_nd(x: Array, pad: tuple[int, ...], value: Any) -> Array:
    """A value around x, two counts a dimension from the last on, negative ones to crop; with none to add, a copy as it lies."""
    pairs = [(0, 0)] * (x.ndim - len(pad) // 2) + [(pad[i], pad[i + 1]) for i in range(len(pad) - 2, -1, -2)]
    inner = x[tuple([slice(max(-a, 0), n + min(b, 0)) for (a, b), n in zip(pairs, x.shape, strict=True)])]
    if max(pad, default=0) <= 0:
        if not x.size:  # NumPy forgets the strides of what is empty
            steps = [math.prod([max(n, 1) for n in x.shape[i + 1 :]]) * x.itemsize for i in range(x.ndim)]
            inner = np.lib.stride_tricks.as_strided(inner, strides=steps)
        return clone(inner)
    shape = [n + a + b for (a, b), n in zip(pairs, x.shape, strict=True)]
    out = np.full(shape, element(value, x.dtype), x.dtype)
    if channels_last(x):
        out = as_pooled(out, x)
    out[tuple([slice(max(a, 0), n - max(b, 0)) for (a, b), n in zip(pairs, shape, strict=True)])] = inner
    return out


def constant_pad_nd_backward(grad: Array, pad: tuple[int, ...]) -> Array:
    """What lies within the border."""
    return constant_pad_nd(grad, tuple([-n for n in pad]), 0)
