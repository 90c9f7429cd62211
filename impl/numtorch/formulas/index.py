"""Formula functions of advanced indexing."""

from __future__ import annotations

from typing import Any

from .. import dispatch as d
from ..aliasing.views import bump
from ..kernels.index import warn_of_bytes
from ..plain_numpy import np
from ..tensor import wrap
from .masks import into_zeros, within


def index_backward(grad: Any, shape: tuple, indices: tuple) -> Any:
    """The gradient added at the picked positions of zeros."""
    warn_of_bytes(indices)
    zeros = wrap(np.zeros(shape, grad._desc.dtype.numpy))
    if within(grad, *indices):
        out = d.index_put(zeros, indices, grad, True)
        out._counter = [0]  # here PyTorch writes to nothing
        return out
    out = into_zeros(grad, d.index_put_impl(zeros, indices, grad, True))
    if out._counter is None:
        bump(out)  # PyTorch writes into zeros
    return out


def index_put_zeros(grad: Any, indices: tuple, accumulate: bool) -> Any:
    """The gradient of what was overwritten."""
    if accumulate:
        return grad
    warn_of_bytes(indices)
    return d.index_put(grad, indices, wrap(grad._desc.dtype.numpy.type(0)), False)


def index_values(grad: Any, indices: tuple) -> Any:
    """The gradient of the values that were put, before they were broadcast."""
    warn_of_bytes(indices)
    return d.index(grad, indices)
