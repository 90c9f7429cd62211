"""The factors L and U of a matrix, in one array and apart."""

from __future__ import annotations

import math
from typing import Any

from ..plain_numpy import np
from .decomposition import lu
from .half import in_steps

Array = Any


def linalg_lu_factor_ex(a: Array, pivot: bool) -> tuple[Array, Array, Array]:
    """Both factors in one array, the rows exchanged at each step, and which diagonal element of U is the first zero."""
    factors, pivots = lu(a)
    if not pivots.shape[-1]:
        return factors, pivots, np.zeros(a.shape[:-2], np.int32)[()]
    zero = np.diagonal(factors, 0, -2, -1) == 0
    return factors, pivots, np.where(zero.any(-1), zero.argmax(-1) + 1, 0).astype(np.int32)[()]


def linalg_lu(a: Array, pivot: bool) -> tuple[Array, Array, Array]:
    """Both factors and the permutation."""
    return lu_unpack(*lu(a), True, True)


@in_steps  # elements are moved as they are
def lu_unpack(factors: Array, pivots: Array, unpack_data: bool, unpack_pivots: bool) -> tuple[Array, Array, Array]:
    """Both factors and the permutation, of the array that holds them; what is not asked for is empty."""
    rows, cols = factors.shape[-2:]
    least, batch = min(rows, cols), factors.shape[:-2]
    p = low = up = np.empty(0, factors.dtype)
    if unpack_pivots:
        p = np.zeros((*batch, rows, rows), factors.dtype)
        count = math.prod(batch)
        for matrix, exchanged in zip(
            p.reshape(count, rows, rows), pivots.reshape(count, pivots.shape[-1]), strict=True
        ):
            order = np.arange(rows)
            for i, at in enumerate(exchanged):
                order[[i, at - 1]] = order[[at - 1, i]]
            matrix[order, np.arange(rows)] = 1
    if unpack_data:
        low = np.ascontiguousarray(np.tril(factors[..., :least], -1))
        np.einsum("...ii->...i", low[..., :least, :])[...] = 1
        up = np.ascontiguousarray(np.triu(factors[..., :least, :]))
    return low, up, p
