"""Special functions and activations over raw arrays."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..geometry import beside_number
from .comparison import choose, in_layout
from .pointwise import sigmoid

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


def hardsigmoid_backward(grad: Array, x: Array) -> Array:
    """A sixth of the gradient between -3 and 3."""
    return pick(grad, (x > -3) & (x < 3), grad / grad.dtype.type(6), grad.dtype.type(0))


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


def log_sigmoid(x: Array) -> Array:
    """log(1 / (1 + exp(-x))), without overflow."""
    return _rows(np.minimum(x, x.dtype.type(0)) - np.log1p(np.exp(-np.abs(x))))


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


def softplus(x: Array, beta: float, threshold: float) -> Array:
    """log(1 + exp(beta * x)) / beta, x itself above the threshold."""
    t = x * x.dtype.type(beta)
    return np.where(t > threshold, x, np.log1p(np.exp(t)) / x.dtype.type(beta))


def softplus_backward(grad: Array, x: Array, beta: float, threshold: float) -> Array:
    """grad * sigmoid(beta * x)"""
    t = x * x.dtype.type(beta)
    z = np.exp(t)
    return pick(grad, t > threshold, grad, grad * z / (z + x.dtype.type(1)))


def elu(x: Array, alpha: float, scale: float, input_scale: float) -> Array:
    """scale * x above 0, an exponential approach to -alpha * scale below."""
    return choose(x > 0, x * scale, np.expm1(x * input_scale) * (alpha * scale))


def celu(x: Array, alpha: float) -> Array:
    """elu with its slope continuous."""
    return elu(x, alpha, 1, 1 / alpha)


def leaky_relu(x: Array, negative_slope: float) -> Array:
    """x, or a fraction of it below 0."""
    return choose(x > 0, x, x * negative_slope)


def threshold(x: Array, threshold: float, value: float) -> Array:
    """x above the threshold, else the value."""
    return choose(x <= threshold, x.dtype.type(value), x)


def softshrink(x: Array, lambd: float) -> Array:
    """x drawn towards 0 by lambd."""
    return choose(x > lambd, x - lambd, choose(x < -lambd, x + lambd, x * 0))


def hardshrink(x: Array, lambd: float) -> Array:
    """x, or 0 within lambd of it."""
    return choose((x >= -lambd) & (x <= lambd), x.dtype.type(0), x)


def hardsigmoid(x: Array) -> Array:
    """A sigmoid of three straight lines."""
    return np.clip(x + x.dtype.type(3), x.dtype.type(0), x.dtype.type(6)) / x.dtype.type(6)


def hardswish(x: Array) -> Array:
    """x * hardsigmoid(x)"""
    return x * np.clip(x + x.dtype.type(3), x.dtype.type(0), x.dtype.type(6)) / x.dtype.type(6)


_BETA = math.sqrt(2 / math.pi)


def gelu(x: Array, approximate: str) -> Array:
    """x times the normal distribution function of x."""
    half = x.dtype.type(0.5)
    if approximate == "tanh":
        return half * x * (1 + np.tanh(x.dtype.type(_BETA) * (x + x.dtype.type(0.044715) * x * x * x)))
    return x * half * (1 + erf(x * x.dtype.type(math.sqrt(0.5))))


def gelu_backward(grad: Array, x: Array, approximate: str) -> Array:
    """The gradient of gelu."""
    kind = x.dtype.type
    if approximate == "tanh":
        t = np.tanh(kind(_BETA) * (x + kind(0.044715) * x * x * x))
        inner = kind(_BETA) * (1 + kind(3 * 0.044715) * x * x)
        return grad * (kind(0.5) * (1 + t) + kind(0.5) * x * (1 - t * t) * inner)
    cdf = kind(0.5) * (1 + erf(x * kind(math.sqrt(0.5))))
    return grad * (cdf + x * (np.exp(x * x * kind(-0.5)) * kind(1 / math.sqrt(2 * math.pi))))


def silu(x: Array) -> Array:
    """x * sigmoid(x)"""
    return x / (x.dtype.type(1) + np.exp(-x))


def mish(x: Array) -> Array:
    """x * tanh(softplus(x))"""
    return x * np.tanh(np.log1p(np.exp(x)))


def mish_backward(grad: Array, x: Array) -> Array:
    """The gradient of mish."""
    t = np.tanh(np.log1p(np.exp(x)))
    return grad * (t + x * sigmoid(x) * (1 - t * t))


def total(x: Array, dim: int) -> Array:
    """The sum along one dimension, which stays."""
    return np.add.reduce(x, axis=dim, keepdims=True) if x.ndim else x


def softmax(x: Array, dim: int) -> Array:
    """exp(x) as fractions of its sum along one dimension."""
    if not x.size:
        return x.copy()
    top = np.maximum.reduce(x, axis=dim, keepdims=True) if x.ndim else x
    e = np.exp(x - top)
    return _rows(e / total(e, dim))


def log_softmax(x: Array, dim: int) -> Array:
    """The logarithm of softmax."""
    if not x.size:
        return x.copy()
    away = x - (np.maximum.reduce(x, axis=dim, keepdims=True) if x.ndim else x)
    return _rows(away - np.log(total(np.exp(away), dim)))


def _rows(x: Array) -> Array:
    return x if x.ndim < 2 or x.flags.c_contiguous else np.ascontiguousarray(x)


def softmax_backward_data(grad_output: Array, output: Array, dim: int) -> Array:
    """The gradient of softmax."""
    return _rows(output * (grad_output - total(grad_output * output, dim)))


def log_softmax_backward_data(grad_output: Array, output: Array, dim: int) -> Array:
    """The gradient of log_softmax."""
    return _rows(grad_output - np.exp(output) * total(grad_output, dim))


def softmax_double_backward(grad: Array, grad_output: Array, output: Array, dim: int) -> Array:
    """The gradient of softmax's gradient with respect to softmax."""
    return grad_output * grad - total(output * grad_output, dim) * grad - grad_output * total(output * grad, dim)


def log_softmax_double_backward(grad: Array, grad_output: Array, output: Array, dim: int) -> Array:
    """The gradient of log_softmax's gradient with respect to log_softmax."""
    z = np.exp(output)
    return z * total(grad_output, dim) * (total(grad * z, dim) - grad)


def not_implemented(grad: Array, name: str) -> Array:
    """What a derivative that PyTorch does not have answers."""
    raise RuntimeError(f"derivative for {name} is not implemented")


def fmod_scalar(x: Array, other: Any) -> Array:
    """fmod by a Python number."""
    return beside_number(np.fmod(x, other), x)


def remainder_scalar(x: Array, other: Any) -> Array:
    """The remainder by a Python number."""
    return beside_number(np.remainder(x, other), x)
