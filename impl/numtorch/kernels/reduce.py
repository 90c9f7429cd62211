"""Reductions, and the ways back."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = Any


def sum_all(x: Array, dtype: Any = None) -> Array:
    """The sum of all elements; integers and bool are summed in int64."""
    if dtype is not None:
        return np.add.reduce(x, axis=None, dtype=dtype.numpy)
    if x.dtype.kind in "biu":
        return np.add.reduce(x, axis=None, dtype=np.int64)
    return np.add.reduce(x, axis=None)


def expand_to(grad: Array, shape: tuple) -> Array:
    """A 0-d gradient as a window of `shape` without memory of its own."""
    if not shape:
        return grad
    array = np.asarray(grad)
    return np.ndarray(shape, array.dtype, array, 0, (0,) * len(shape))
