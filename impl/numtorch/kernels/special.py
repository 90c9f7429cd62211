"""Special functions over raw arrays."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..geometry import beside_number
from .comparison import choose, in_layout

Array = Any
exp2 = np.exp2
where = choose
floor, trunc = np.floor, np.trunc
# NumPy has no error function; the C library's is exact to the last place, one call an element.
_erf, _erfc = np.frompyfunc(math.erf, 1, 1), np.frompyfunc(math.erfc, 1, 1)


def pick(grad: Array, condition: Array, x: Any, other: Any) -> Array:
    """np.where, in memory laid out as the incoming gradient is."""
    out = np.where(condition, x, other)
    if out.ndim < 2 or out.flags.c_contiguous == grad.flags.c_contiguous:
        return out
    return np.ascontiguousarray(out) if grad.flags.c_contiguous else in_layout(out, grad)


def erf(x: Array) -> Array:
    """2 / sqrt(pi) times the integral of exp(-t * t) from 0 to x."""
    return np.asarray(_erf(x)).astype(x.dtype)[()]


def erfc(x: Array) -> Array:
    """1 - erf(x), exact for large x."""
    return np.asarray(_erfc(x)).astype(x.dtype)[()]


def erf_backward(grad: Array, x: Array, scale: float) -> Array:
    """scale * exp(-x * x) * grad, in the layout of x."""
    out = x.dtype.type(scale) * np.exp(-(x * x)) * grad
    return in_layout(out, x) if x.ndim > 1 and not x.flags.c_contiguous else out


def xlogy(x: Array, y: Array) -> Array:
    """x * log(y), 0 where x is, nan where y is."""
    return np.where(np.isnan(y), y, np.where(x == 0, x.dtype.type(0), x * np.log(y)))


def logit(x: Array, eps: float | None) -> Array:
    """log(x / (1 - x)), x first clipped to [eps, 1 - eps]."""
    if eps is not None:
        x = np.clip(x, x.dtype.type(eps), x.dtype.type(1 - eps))
    return np.log(x / (1 - x))


def logit_backward(grad: Array, x: Array, eps: float | None) -> Array:
    """grad / (x * (1 - x)), zero outside the clipped range."""
    if eps is None:
        return pick(grad, (x < 0) | (x > 1), x.dtype.type(np.nan), grad / (x * (1 - x)))
    return pick(grad, (x < eps) | (x > 1 - eps), grad.dtype.type(0), grad / (x * (1 - x)))


def sinc(x: Array) -> Array:
    """sin(pi * x) / (pi * x)"""
    return np.sinc(x).astype(x.dtype)[()]


def sinc_backward(grad: Array, x: Array) -> Array:
    """The gradient of sinc, 0 at 0."""
    t = x * x.dtype.type(np.pi)
    square = x * x * x.dtype.type(np.pi)
    return choose(square == 0, x.dtype.type(0), grad * ((t * np.cos(t) - np.sin(t)) / square))


def deg2rad(x: Array) -> Array:
    """Degrees in radians."""
    return x * x.dtype.type(np.pi / 180)


def rad2deg(x: Array) -> Array:
    """Radians in degrees."""
    return x * x.dtype.type(180 / np.pi)


def frac(x: Array) -> Array:
    """x without its integral part."""
    return x - np.trunc(x)


def div_trunc(x: Array, other: Array) -> Array:
    """The quotient rounded towards zero."""
    if x.dtype.kind in "iu":
        return (np.abs(x) // np.abs(other) * np.sign(x) * np.sign(other)).astype(x.dtype)
    return np.trunc(x / other)


div_floor = np.floor_divide


def lerp(x: Array, end: Array, weight: float) -> Array:
    """x + weight * (end - x), computed from the nearer end."""
    w = x.dtype.type(weight)
    return x + w * (end - x) if abs(weight) < 0.5 else end - (end - x) * (x.dtype.type(1) - w)


def lerp_tensor(x: Array, end: Array, weight: Array) -> Array:
    """The same with a weight an element."""
    return np.where(np.abs(weight) < 0.5, x + weight * (end - x), end - (end - x) * (1 - weight))


def addcmul(x: Array, tensor1: Array, tensor2: Array, value: Any) -> Array:
    """x + value * tensor1 * tensor2"""
    return x + x.dtype.type(value) * tensor1 * tensor2


def addcdiv(x: Array, tensor1: Array, tensor2: Array, value: Any) -> Array:
    """x + value * tensor1 / tensor2"""
    return x + x.dtype.type(value) * tensor1 / tensor2


def not_implemented(grad: Array, name: str) -> Array:
    """What a derivative that PyTorch does not have answers."""
    raise RuntimeError(f"derivative for {name} is not implemented")


def fmod_scalar(x: Array, other: Any) -> Array:
    """fmod by a Python number."""
    return beside_number(np.fmod(x, other), x)


def remainder_scalar(x: Array, other: Any) -> Array:
    """The remainder by a Python number."""
    return beside_number(np.remainder(x, other), x)
