"""Which elements PyTorch's loops take by the vector, and which one by one behind the last full pair of vectors.

Where the two ways of a kernel differ, in the sign of a zero or in where a nan goes, it hangs on this which one shows.
PyTorch is taken to be at AVX2, with vectors of 32 bytes.
"""

from __future__ import annotations

from typing import Any

from ..plain_numpy import np

Array = Any

PAIR = 64
"""Bytes of the two vectors that a loop takes at once."""


def in_vectors(x: Array) -> Array | None:
    """A mask of the elements that are taken by the vector, None if there are none.

    A loop goes over the innermost dimensions that lie without gaps, together; over the others PyTorch begins it anew.
    """
    if x.nbytes < PAIR or not isinstance(x, np.ndarray):
        return None
    inner, length = [], 1
    for at in sorted([at for at in range(x.ndim) if x.shape[at] > 1], key=lambda at: x.strides[at]):
        if x.strides[at] == length * x.itemsize:
            inner.append(at)
            length *= x.shape[at]
    if not any(x.strides):
        length = x.size  # one number, expanded
    taken = length - length % (PAIR // x.itemsize)
    if not taken:
        return None
    if not inner:
        return np.arange(x.size).reshape(x.shape) < taken
    place = sum(
        np.arange(x.shape[at]).reshape([-1 if at == other else 1 for other in range(x.ndim)])
        * (x.strides[at] // x.itemsize)
        for at in inner
    )
    return np.broadcast_to(place < taken, x.shape)


def with_nan(out: Array, value: float, x: Array, grad: Array) -> Array:
    """A gradient that vectors, where x is nan, make something else of than comparisons that are asked one by one."""
    if x.nbytes < PAIR or not np.isnan(np.vdot(x, x)):  # a sum of squares is nan by nan alone
        return out
    taken = in_vectors(x) if grad.strides == x.strides or not any(grad.strides) else None
    return out if taken is None else np.where(taken & np.isnan(x), out.dtype.type(value), out)
