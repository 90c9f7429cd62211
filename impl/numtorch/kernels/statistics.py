"""Kernels of running extremes, medians without nan, modes, and distances."""

from __future__ import annotations

from typing import Any

import numpy as np

from .reduction import median_all, vector_norm
from .scatter import scatter_add

Array = Any


def _running(x: Array, dim: int, beats: Any) -> tuple[Array, Array]:
    """The extreme so far and where it was last met; nan stays once it is met."""
    if not np.ndim(x):
        return x, np.int64(0)
    x = np.moveaxis(x, dim, 0)
    values, index = np.empty(x.shape, x.dtype), np.empty(x.shape, np.int64)
    for i in range(len(x)):
        if i == 0:
            values[0], index[0] = x[0], 0
            continue
        wins = beats(x[i], values[i - 1]) | (x[i] != x[i])
        values[i] = np.where(wins, x[i], values[i - 1])
        index[i] = np.where(wins, i, index[i - 1])
    return tuple(np.ascontiguousarray(np.moveaxis(t, 0, dim)) for t in (values, index))  # type: ignore[return-value]


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
        return x
    with np.errstate(invalid="ignore"):
        return np.ascontiguousarray(np.logaddexp.accumulate(x, axis=dim))


def nanmedian_all(x: Array) -> Array:
    """The lower median of what is not nan."""
    flat = np.ravel(x)
    return median_all(flat[~np.isnan(flat)]) if x.dtype.kind == "f" else median_all(x)


def nanmedian_dim(x: Array, dim: int, keepdim: bool) -> tuple[Array, Array]:
    """The lower median of what is not nan over one dimension, and its index."""
    if x.ndim == 0:
        return x, np.int64(0)
    lanes = np.moveaxis(x, dim, -1)
    real = np.maximum((lanes == lanes).sum(-1), 1)
    index = np.take_along_axis(np.argsort(lanes, axis=-1, kind="stable"), ((real - 1) // 2)[..., None], -1)
    return _picked(lanes, index, dim, keepdim)


def _picked(lanes: Array, index: Array, dim: int, keepdim: bool) -> tuple[Array, Array]:
    values = np.take_along_axis(lanes, index, -1)
    found = [np.moveaxis(t, -1, dim) if keepdim else t[..., 0] for t in (values, index.astype(np.int64, copy=False))]
    return np.array(found[0], order="C")[()], np.array(found[1], order="C")[()]


def mode(x: Array, dim: int, keepdim: bool) -> tuple[Array, Array]:
    """The most frequent element over one dimension (the smallest of several), and where it is last."""
    if x.ndim == 0:
        return x, np.int64(0)
    lanes = np.moveaxis(x, dim, -1)
    counts = (lanes[..., :, None] == lanes[..., None, :]).sum(-1)
    best = counts == counts.max(-1, keepdims=True)
    order = np.argsort(lanes, axis=-1, kind="stable")
    first = np.take_along_axis(order, np.take_along_axis(best, order, -1).argmax(-1)[..., None], -1)
    same = lanes == np.take_along_axis(lanes, first, -1)
    last = lanes.shape[-1] - 1 - np.flip(same, -1).argmax(-1)[..., None]
    return _picked(lanes, np.where(same.any(-1, keepdims=True), last, first), dim, keepdim)


def renorm(x: Array, p: float, dim: int, maxnorm: float) -> Array:
    """Slices whose norm is too large, scaled down to it."""
    others = tuple([i for i in range(x.ndim) if i != dim % x.ndim])
    norm = vector_norm(x, p, others, True)
    kind = norm.dtype.type
    factor = np.where(norm > maxnorm, kind(maxnorm) / (norm + kind(1e-7)), kind(1))
    return np.ascontiguousarray(x * factor)


def unique(x: Array, inverse: bool, counts: bool) -> tuple[Array, Array, Array]:
    """The distinct elements in order, where each is, and how often."""
    found, where, times = np.unique(np.ravel(x), return_inverse=True, return_counts=True)
    return found, where.reshape(np.shape(x)).astype(np.int64), times.astype(np.int64)


def unique_consecutive(x: Array, inverse: bool, counts: bool) -> tuple[Array, Array, Array]:
    """The elements without repetitions, where each is, and how often."""
    flat = np.ravel(x)
    starts = np.concatenate([[True], flat[1:] != flat[:-1]])[: flat.size]
    where = np.cumsum(starts) - 1
    return flat[starts], where.reshape(np.shape(x)).astype(np.int64), np.bincount(where).astype(np.int64)
