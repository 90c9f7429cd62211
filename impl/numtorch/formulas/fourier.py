"""The gradients of Fourier transforms that reals take part in."""

from __future__ import annotations

from typing import Any

from .. import dispatch as d
from .tangents import real


def fft_r2c_backward(grad: Any, dim: tuple, normalization: int, onesided: bool, x: Any) -> Any:
    """The inverse of the halves, the one that was left out being zero, and of that the real part."""
    if onesided:
        last = dim[-1]
        size, half = x._desc.shape[last], grad._desc.shape[last]
        if size > half:
            whole = grad.new_zeros(tuple(x._desc.shape))
            d.slice_(whole, last, 0, half, 1).copy_(grad)
            grad = whole
    return real(d.fft_c2c(grad, dim, normalization, False))


def fft_c2r_backward(grad: Any, dim: tuple, normalization: int) -> Any:
    """The transform of the reals, whose inner points stand for two each."""
    out = d.fft_r2c(grad, dim, normalization, True)
    twice = grad._desc.shape[dim[-1]] - out._desc.shape[dim[-1]]
    if twice > 0:
        d.mul_scalar_(d.slice_(out, dim[-1], 1, 1 + twice, 1), 2)
    return out
