"""Formula functions of special functions, in differentiable operations."""

from __future__ import annotations

import math
from typing import Any

from .. import dispatch as d, grad_mode
from ..calls.operands import refused
from ..dtype import FLOATING
from ..plain_numpy import np
from ..tensor import wrap
from .masks import mask
from .pointwise import number_minus
from .reduction import norm_backward


def erf_backward(grad: Any, x: Any, scale: float) -> Any:
    """scale * exp(-x * x) * grad"""
    return d.mul_scalar((-x.pow(2)).exp(), scale) * grad


def logit_backward(grad: Any, x: Any, eps: float | None) -> Any:
    """grad / (x * (1 - x)), zero outside the clipped range: one operator, or several where it is to be differentiated."""
    if not grad_mode.state.mode:
        return d.logit_gradient(grad, x, eps)
    low, high = (0, 1) if eps is None else (eps, 1 - eps)
    inside = mask(np.logical_and, mask(np.greater_equal, x, low), mask(np.less_equal, x, high))
    return d.where(inside, grad / (x * number_minus(1, x)), float("nan") if eps is None else 0)


def sinc_backward(grad: Any, x: Any) -> Any:
    """The gradient of sinc, 0 at 0."""
    t = d.mul_scalar(x, math.pi)
    square = d.mul_scalar(x * x, math.pi)
    sine = t.sin()  # first: PyTorch's C++ evaluates the right operand first
    return d.where(mask(np.equal, square, 0), 0, grad * ((t * t.cos() - sine) / square).conj())


def xlogy_other_backward(grad: Any, x: Any, other: float) -> Any:
    """The gradient of xlogy by a number."""
    result = d.xlogy_other(grad, other)
    return result if other > 0 else d.masked_fill(result, mask(np.equal, x, 0), 0)


def xlog1py_other_backward(grad: Any, x: Any, other: float) -> Any:
    """The gradient of xlog1py by a number."""
    result = d.xlog1py_other(grad, other)
    return result if other > -1 else d.masked_fill(result, mask(np.equal, x, 0), 0)


def atan2_scale(x: Any, other: Any) -> Any:
    """One over the square of the distance, 0 at the origin."""
    square = other * other  # first: PyTorch's C++ evaluates the right operand first
    square = x * x + square
    fill = d.masked_fill if grad_mode.state.mode else d.masked_fill_  # in place where nothing is recorded
    return fill(square.reciprocal(), mask(np.equal, square, 0), 0)


def atan2_backward(grad: Any, x: Any, other: Any, needed: list) -> tuple:
    """The gradients of both operands, of which PyTorch computes what they share once."""
    scale = atan2_scale(x, other)
    mine = grad * other * scale if needed[0] else None
    return mine, grad * -x * scale if needed[1] else None


def acosh_backward(grad: Any, x: Any) -> Any:
    """grad / sqrt(x * x - 1), of complex numbers by its two factors, which is another branch."""
    if not x._desc.dtype.is_complex:
        return grad * d.rsqrt(d.sub_scalar(x * x, 1))
    minus = d.rsqrt(d.sub_scalar(x, 1))  # first: PyTorch's C++ evaluates the right operand first
    return grad * (d.rsqrt(d.add_scalar(x, 1)) * minus).conj()


def copysign_ratio(x: Any, result: Any) -> Any:
    """The sign that was put, 0 at 0."""
    return d.masked_fill_(result / x, mask(np.equal, x, 0), 0)


def mvlgamma_backward(grad: Any, x: Any, p: int) -> Any:
    """A sum of digammas, over a dimension of their own."""
    steps = wrap((np.arange(p) * 0.5 + (1 - p) * 0.5).astype(x._desc.dtype.numpy))
    args = steps + x.unsqueeze(-1)
    return grad * d.sum_dim(d.digamma_(args), (-1,), False, None)  # in place, as PyTorch does, which a clone shows


def _nonzero(x: Any, kernel: str) -> tuple[Any, Any]:
    """Whether x is not tiny, and x with a positive stand-in where it is; the kernel takes no half precision."""
    if x._desc.dtype.is_half:
        raise refused(kernel, x._desc.dtype)
    safe = mask(np.greater, x.abs(), np.finfo(x._desc.dtype.numpy).eps)
    return safe, d.where(safe, x, float(np.finfo(x._desc.dtype.numpy).eps))


def i1_backward(grad: Any, x: Any, result: Any) -> Any:
    """i0(x) - result / x, a half at 0."""
    safe, away = _nonzero(x, "i1_backward")
    ratio = result * away.reciprocal()  # first: PyTorch's C++ evaluates the right operand first
    return grad * d.where(safe, d.i0(away) - ratio, 0.5)


def i1e_backward(grad: Any, x: Any, result: Any) -> Any:
    """i0e(x) - result * (sgn(x) + 1 / x), a half at 0."""
    safe, away = _nonzero(x, "i1e_backward")
    inverse = away.reciprocal()  # first, likewise
    rest = result * (away.sgn() + inverse)
    return grad * d.where(safe, d.i0e(away) - rest, 0.5)


def dist_backward(grad: Any, x: Any, other: Any, p: float, result: Any) -> Any:
    """That of the norm of the difference."""
    return norm_backward(grad, x - other, p, result, (), False)


def dist_other_backward(grad: Any, x: Any, other: Any, p: float, result: Any) -> Any:
    """The same with the other sign."""
    found = norm_backward(grad, x - other, p, result, (), False)
    if found is None:
        raise RuntimeError(
            "Expected a proper Tensor but got None (or an undefined Tensor in C++) for argument #0 'self'"
        )
    return -found


def frexp_backward(grad: Any, exponent: Any) -> Any:
    """The gradient of the mantissa."""
    return grad / d.exp2(exponent)


def not_implemented_for(grad: Any, name: str) -> Any:
    """What a derivative that PyTorch's table marks as missing answers."""
    raise NotImplementedError(f"the derivative for '{name}' is not implemented.")


def not_implemented(grad: Any, name: str) -> Any:
    """What a derivative that PyTorch does not have answers."""
    raise RuntimeError(f"derivative for {name} is not implemented")


def times_number(x: Any, number: Any) -> Any:
    """A product whose type the number decides as well: of integers it may be floating, or wrap around."""
    return d.mul_scalar(x, number) if x._desc.dtype.category >= FLOATING else d.mul(x, number)


def lerp_weight_backward(grad: Any, x: Any, end: Any) -> Any:
    """The gradient times the distance, which bools do not have."""
    return grad * (end - x).conj()
