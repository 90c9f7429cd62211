"""The distances of each pair of rows, in the norm p, and their gradients. A distance of zero has the gradient zero."""

from __future__ import annotations

from typing import Any

from ..dtype import dtypes
from ..memory.geometry import like, row_major
from ..plain_numpy import np

Array = Any


def _norms(apart: Array, p: float) -> Array:
    """The norm of each row."""
    size = np.abs(apart)
    if p == 0:
        return (size != 0).sum(-1).astype(apart.dtype)
    if p == np.inf:
        return size.max(-1, initial=0)
    if p == 2:
        return np.sqrt(np.add.reduce(size * size, -1))
    return np.add.reduce(size, -1) if p == 1 else np.add.reduce(size**p, -1) ** (1 / p)


def _shares(apart: Array, grad: Array, distances: Array, p: float) -> Array:
    """What of the gradient of each distance comes to each component of what is apart."""
    grad, distances = grad[..., None], distances[..., None]
    zero = distances == 0
    if p == 0:
        return np.zeros_like(apart)
    if p == 1:
        return grad * np.sign(apart)
    if p == np.inf:
        return grad * np.sign(apart) * (np.abs(apart) == distances)
    over = np.where(zero, 1, distances).astype(apart.dtype)
    if p == 2:
        found = grad * apart / over
    else:
        size = np.abs(apart)
        still = (size == 0) & (p < 2)  # to no negative power; of an exponent between 1 and 2 it is zero anyway
        size = np.where(still, 1, size).astype(apart.dtype)
        found = np.sign(apart) * size ** (p - 1) * grad / over ** (p - 1)
    return np.where(zero, 0, found).astype(apart.dtype)


def _apart(x1: Array, x2: Array) -> Array:
    return x1[..., :, None, :] - x2[..., None, :, :]


def cdist(x1: Array, x2: Array, p: float) -> Array:
    """The distances of the rows of x1 to those of x2, of batches that broadcast and of one type, if there is any element."""
    if x1.size and x2.size and x1.dtype != x2.dtype:
        first, second = dtypes.from_numpy(x1.dtype), dtypes.from_numpy(x2.dtype)
        raise RuntimeError(f"expected scalar type {first.scalar_name} but found {second.scalar_name}")
    return row_major(_norms(_apart(x1, x2), p).astype(x1.dtype, copy=False))


def cdist_backward(grad: Array, x1: Array, x2: Array, p: float, result: Array) -> Array:
    """The gradient of x1, in the broadcast shape; laid out as that where there is no element to compare."""
    if not (x1.size and x2.size) and x1.ndim >= x2.ndim:
        out = like(x1, x1.dtype)
        out[...] = 0
        return out
    return row_major(np.add.reduce(_shares(_apart(x1, x2), grad, result, p), -2))


def cdist_to_first(grad: Array, x1: Array, x2: Array, p: float, result: Array) -> Array:
    """The gradient of x1."""
    return cdist_backward(grad, x1, x2, p, result)


def cdist_to_second(grad: Array, x1: Array, x2: Array, p: float, result: Array) -> Array:
    """The gradient of x2."""
    return cdist_backward(np.swapaxes(grad, -1, -2), x2, x1, p, np.swapaxes(result, -1, -2))


def euclidean_dist(x1: Array, x2: Array) -> Array:
    """The distances of the rows by a product of matrices: |a|² - 2ab + |b|²."""
    squares = [np.add.reduce(x * x, -1, keepdims=True) for x in (x1, x2)]
    left = np.concatenate([x1 * x1.dtype.type(-2), squares[0], np.ones_like(squares[0])], -1)
    right = np.concatenate([x2, np.ones_like(squares[1]), squares[1]], -1)
    return np.sqrt(np.maximum(left @ np.swapaxes(right, -1, -2), 0))


def euclidean_dist_backward(grad: Array, x1: Array, x2: Array, result: Array) -> tuple[Array, Array]:
    """The gradients of both."""
    zero = result == 0
    ratio = np.where(zero, 0, grad / np.where(zero, 1, result)).astype(grad.dtype)
    return (
        x1 * np.add.reduce(ratio, -1, keepdims=True) - ratio @ x2,
        x2 * np.add.reduce(ratio, -2)[..., None] - np.swapaxes(ratio, -1, -2) @ x1,
    )


def pdist(x: Array, p: float) -> Array:
    """The distance of each row to those that come after it."""
    first, second = np.triu_indices(x.shape[0], 1)
    return _norms(x[first] - x[second], p)


def pdist_backward(grad: Array, x: Array, p: float, result: Array) -> Array:
    """The gradient of the rows."""
    first, second = np.triu_indices(x.shape[0], 1)
    shares = _shares(x[first] - x[second], grad, result, p)
    out = np.zeros(x.shape, x.dtype)
    np.add.at(out, first, shares)
    np.subtract.at(out, second, shares)
    return out
