"""Kernels of running extremes, norms of slices, and what is distinct."""

from __future__ import annotations

from typing import Any

from ..memory.geometry import row_major
from ..plain_numpy import np
from .reduction import vector_norm
from .scatter import scatter_add
from .special import added_by, exact_log1p

Array = Any


def _running(x: Array, dim: int, beats: Any) -> tuple[Array, Array]:
    """The extreme so far and where it was last met; nan stays once it is met."""
    if not np.ndim(x):
        return x[()], np.int64(0)
    values, index = np.empty(x.shape, x.dtype), np.empty(x.shape, np.int64)
    if not x.size:
        return values, index
    lanes, best, where = (np.moveaxis(t, dim, 0) for t in (x, values, index))
    for i in range(len(lanes)):
        if i == 0:
            best[0], where[0] = lanes[0], 0
            continue
        wins = beats(lanes[i], best[i - 1]) | (lanes[i] != lanes[i])
        best[i] = np.where(wins, lanes[i], best[i - 1])
        where[i] = np.where(wins, i, where[i - 1])
    return values, index


def cummax(x: Array, dim: int) -> tuple[Array, Array]:
    """The largest element so far, and its index."""
    return _running(x, dim, np.greater_equal)


def cummin(x: Array, dim: int) -> tuple[Array, Array]:
    """The smallest element so far, and its index."""
    return _running(x, dim, np.less_equal)


def cummaxmin_backward(grad: Array, x: Array, indices: Array, dim: int) -> Array:
    """The gradients added where each extreme was."""
    return scatter_add(np.zeros(np.shape(x), grad.dtype), dim, indices, grad)


def logcumsumexp(x: Array, dim: int) -> Array:
    """Logarithms of running sums of exponentials."""
    if not np.ndim(x):
        return x[()]
    if x.dtype.kind == "c":
        return _complex_logcumsumexp(x, dim)
    with np.errstate(invalid="ignore"):  # PyTorch accumulates in double precision, too
        sums = np.logaddexp.accumulate(x, axis=dim, dtype=np.float64, out=np.empty(x.shape))
    return sums.astype(x.dtype) + x.dtype.type(0)  # no -0


def _complex_logcumsumexp(x: Array, dim: int) -> Array:
    """The same of complex numbers, which NumPy does not add by their exponentials; in double precision, likewise."""
    out = np.empty(x.shape, x.dtype)
    lanes, sums = np.moveaxis(x, dim, 0).astype(np.complex128), np.moveaxis(out, dim, 0)
    so_far = np.full(lanes.shape[1:], -np.inf, np.complex128)
    for i in range(len(lanes)):
        so_far = added_by(exact_log1p, lanes[i], so_far)
        sums[i] = so_far
    return out


def renorm(x: Array, p: float, dim: int, maxnorm: float) -> Array:
    """Slices whose norm is too large, scaled down to it."""
    others = tuple([i for i in range(x.ndim) if i != dim % x.ndim])
    norm = vector_norm(x, p, others, True)
    kind = norm.dtype.type
    factor = np.where(norm > maxnorm, kind(maxnorm) / (norm + kind(1e-7)), kind(1))
    return row_major(x * factor)


def unique(x: Array, inverse: bool, counts: bool) -> tuple[Array, Array, Array]:
    """The distinct elements in order, where each is, and how often."""
    flat = np.ravel(x)
    order = np.argsort(flat, kind="stable")  # np.unique's order would pick any of several equal zeros
    found, where, times = unique_consecutive(flat[order], inverse, counts)
    back = np.empty(flat.size, np.int64)
    back[order] = where
    return found, back.reshape(np.shape(x)), times


def unique_consecutive(x: Array, inverse: bool, counts: bool) -> tuple[Array, Array, Array]:
    """The elements without repetitions, where each is, and how often."""
    flat = np.ravel(x)
    starts = np.concatenate([[True], flat[1:] != flat[:-1]])[: flat.size]
    where = np.cumsum(starts) - 1
    return flat[starts], where.reshape(np.shape(x)).astype(np.int64), np.bincount(where).astype(np.int64)
