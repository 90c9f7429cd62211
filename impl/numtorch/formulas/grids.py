"""The second gradients of what a grid picks, and the gradient of an affine map."""

from __future__ import annotations

from typing import Any

from .. import dispatch as d
from ..aliasing.views import bump
from ..kernels import grids as kernels
from ..tensor import wrap
from .masks import within


def grid_sampler_twice(
    grads: Any, grad: Any, x: Any, grid: Any, interpolation_mode: int, padding_mode: int, align_corners: bool
) -> tuple:
    """The gradients of the incoming gradient, the input and the grid, which have no further derivative here."""
    out = d.grid_sampler_double_backward(grad, x, grid, *grads, interpolation_mode, padding_mode, align_corners)
    if out[0] is not None and grads[0] is None and not within(grad):
        # What comes of each further direction is added to that of the first, in place.
        for _ in range(x._desc.ndim - 3):
            bump(out[0])
    return out


def affine_grid_generator_backward(grad: Any, size: tuple, align_corners: bool) -> Any:
    """The gradient of the map: the places times the gradient."""
    base = wrap(kernels.affine_base(size, align_corners, grad._desc.dtype.numpy))
    n, dims = grad._desc.shape[0], len(size) - 2
    bases = d.transpose(d.expand(base, (n, *base._desc.shape)), 1, 2)
    return d.transpose(bases.bmm(grad.reshape(n, -1, dims)), 1, 2)
