"""Discrete Fourier transforms by NumPy's, laid out as PyTorch's are by MKL."""

from __future__ import annotations

from typing import Any

from numpy import fft

from ..memory.geometry import element_strides, laid_out
from ..plain_numpy import np
from .pointwise import clone

Array = Any
NONE, BY_ROOT_N, BY_N = range(3)
"""What a transform is divided by: nothing, the root of how many points it has, or their number."""

_FORWARD = {NONE: "backward", BY_ROOT_N: "ortho", BY_N: "forward"}
_BACK = {NONE: "forward", BY_ROOT_N: "ortho", BY_N: "backward"}
"""NumPy names a norm by the direction that divides."""


@np.errstate(all="ignore")  # NumPy warns of what is not finite
def fft_c2c(x: Array, dim: tuple, normalization: int, forward: bool) -> Array:
    """The transform of complex numbers over some dimensions, or its inverse."""
    if not dim:
        return clone(x)
    names = _FORWARD if forward else _BACK
    found = (fft.fftn if forward else fft.ifftn)(x, axes=dim, norm=names[normalization])
    return _laid(found, x, _by_stride(x, dim))


@np.errstate(all="ignore")
def fft_r2c(x: Array, dim: tuple, normalization: int, onesided: bool) -> Array:
    """The transform of reals; the second half of the last dimension repeats the first, and is left out if `onesided`."""
    function = fft.rfftn if onesided else fft.fftn
    return _laid(function(x, axes=dim, norm=_FORWARD[normalization]), x, (*_by_stride(x, dim[:-1]), dim[-1]))


@np.errstate(all="ignore")
def fft_c2r(x: Array, dim: tuple, normalization: int, last_dim_size: int) -> Array:
    """The inverse transform to reals, of which the last dimension has the first half."""
    *others, last = dim
    if others:
        x = fft_c2c(x, tuple(others), normalization, False)
    return _laid(fft.irfft(x, last_dim_size, axis=last, norm=_BACK[normalization]), x, (last,))


def _by_stride(x: Array, dim: tuple) -> tuple:
    strides = element_strides(x)
    return tuple(sorted(dim, key=lambda d: -strides[d]))


def _laid(found: Array, x: Array, dim: tuple) -> Array:
    """The result in memory: other dimensions outermost, in the operand's order, then those transformed, in theirs."""
    strides, shape = element_strides(x), found.shape
    others = sorted([d for d in range(found.ndim) if d not in dim], key=lambda d: -strides[d])
    out_strides = [1] * found.ndim
    step = 1
    for d in (*reversed(dim), *reversed(others)):
        out_strides[d] = step
        step *= max(shape[d], 1)
    out = laid_out(shape, tuple(out_strides), found.dtype)
    out[...] = found
    return out


def fft_frequencies(n: int, d: float, half: bool) -> Array:
    """The frequencies of n points that lie d apart, in double precision; the first half alone, if asked."""
    points = np.arange(int(n / 2) + 1 if half else n, dtype=np.float64)
    if not half:
        points[(n + 1) // 2 :] -= n
    with np.errstate(invalid="ignore"):
        return points * np.divide(1.0, n * d) if points.size else points
