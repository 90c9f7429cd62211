"""Kernels of advanced indexing. `indices` is a tuple of integer or bool arrays and full slices."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = Any


def raw_indices(indices: tuple) -> tuple:
    """Saved index tensors as NumPy's index: None there is a full dimension here."""
    return tuple([slice(None) if i is None else i._array for i in indices])


def index(x: Array, indices: tuple) -> Array:
    """The picked elements, copied."""
    return np.ascontiguousarray(np.asarray(x)[raw_indices(indices)])


def index_backward(grad: Array, shape: tuple, indices: tuple) -> Array:
    """The gradient added at the picked positions of zeros; a position picked twice gets both."""
    out = np.zeros(shape, grad.dtype)
    picks = raw_indices(indices)
    if all(isinstance(p, slice) or p.dtype == np.bool_ for p in picks):
        out[picks] += grad
    else:
        np.add.at(out, picks, grad)
    return out


def index_put(x: Array, indices: tuple, values: Array, accumulate: bool) -> Array:
    """A copy with values at the picked positions."""
    out = np.array(x)
    if accumulate:
        np.add.at(out, raw_indices(indices), values)
    else:
        out[raw_indices(indices)] = values
    return out


def index_put_zeros(grad: Array, indices: tuple, accumulate: bool) -> Array:
    """The gradient of what was overwritten: zero at the picked positions."""
    if accumulate:
        return grad
    out = np.array(grad)
    out[raw_indices(indices)] = 0
    return out


def index_values(grad: Array, indices: tuple, shape: tuple) -> Array:
    """The gradient of the values that were put."""
    from .shape import sum_to_size

    return sum_to_size(np.asarray(grad)[raw_indices(indices)], shape)


index_put_impl = index_put
