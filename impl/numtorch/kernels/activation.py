"""Activations, softmax, and their ways back, over raw arrays."""

from __future__ import annotations

import math
from typing import Any

from ..memory.geometry import element_strides, laid_out, like, row_major
from ..memory.layout import elementwise_strides
from ..memory.lazy import resolve
from ..memory.resizing import warn_of_resizing
from ..plain_numpy import np
from .comparison import in_layout
from .error_function import erf
from .numbers import in_type
from .pointwise import refuse_bools, sigmoid
from .vectors import with_nan

Array = Any
_BETA = math.sqrt(2 / math.pi)
_KAPPA = 0.044715


def elu(x: Array, alpha: float, scale: float, input_scale: float) -> Array:
    """scale * x above 0, an exponential approach to -alpha * scale below."""
    return np.where(x >= 0, x * scale, np.expm1(x * input_scale) * (alpha * scale))


def elu_backward(grad: Array, alpha: float, scale: float, input_scale: float, is_result: bool, x: Array) -> Array:
    """The gradient of elu, from what went in or from what came out."""
    if is_result:
        if alpha < 0:
            raise RuntimeError(
                "In-place elu backward calculation is triggered with a negative slope which is not supported. "
                "This is caused by calling in-place forward function with a negative slope, "
                "please call out-of-place version instead."
            )
        below = grad * input_scale * (x + alpha * scale)
    else:
        below = grad * (input_scale * alpha * scale) * np.exp(x * input_scale)
    return with_nan(np.where(x <= 0, below, grad * scale), np.nan, x, grad)


def celu(x: Array, alpha: float) -> Array:
    """elu with its slope continuous."""
    return elu(x, alpha, 1, 1 / alpha)


celu_of, elu_of = celu, elu


def slope_of_celu(alpha: float) -> float:
    """1 / alpha for the gradient, for which PyTorch reads alpha as a number of single precision."""
    return float(1.0 / np.float64(np.float32(alpha)))


def softplus(x: Array, beta: float, threshold: float) -> Array:
    """log(1 + exp(beta * x)) / beta, x itself above the threshold."""
    t = x * x.dtype.type(beta)
    return np.where(t > threshold, x, np.log1p(np.exp(t)) / x.dtype.type(beta))


def softplus_backward(grad: Array, x: Array, beta: float, threshold: float) -> Array:
    """grad * sigmoid(beta * x)"""
    grad = resolve(grad)
    t = x * x.dtype.type(beta)
    z = np.exp(t)
    return np.where(t > threshold, grad, grad * z / (z + x.dtype.type(1)))


def leaky_relu(x: Array, negative_slope: float) -> Array:
    """x, or a fraction of it below 0."""
    return np.where(x > 0, x, x * x.dtype.type(negative_slope))


def leaky_relu_backward(grad: Array, x: Array, negative_slope: float, self_is_result: bool) -> Array:
    """The gradient, or a fraction of it below 0; of a result, only if it has the sign of what went in."""
    if self_is_result and negative_slope < 0:
        raise RuntimeError(
            "In-place leakyReLu backward calculation is triggered with a negative slope which is not supported. "
            "This is caused by calling in-place forward function with a negative slope, please call out-of-place "
            "version instead. File an issue at https://github.com/pytorch/pytorch if you do require supporting "
            "in-place leakRelu backward calculation with negative slope"
        )
    return np.where(x > 0, grad, grad * grad.dtype.type(negative_slope))


def hardtanh_backward(grad: Array, x: Array, min_val: float, max_val: float) -> Array:
    """The gradient inside the bounds; at them there is none."""
    return with_nan(np.where((x <= min_val) | (x >= max_val), grad.dtype.type(0), grad), 0, x, grad)


def threshold(x: Array, threshold: float, value: float) -> Array:
    """x above the threshold, else the value."""
    refuse_bools("threshold_cpu", x)
    return np.where(x <= in_type(threshold, x.dtype), in_type(value, x.dtype), x)


def softshrink(x: Array, lambd: float) -> Array:
    """x drawn towards 0 by lambd."""
    return np.where(x > lambd, x - lambd, np.where(x < -lambd, x + lambd, x * 0)).astype(x.dtype)


def hardshrink(x: Array, lambd: float) -> Array:
    """x, or 0 within lambd of it."""
    return np.where((x >= -lambd) & (x <= lambd), x.dtype.type(0), x)


def shrink_backward(grad: Array, x: Array, lambd: float) -> Array:
    """The gradient where x is farther from 0 than lambd."""
    return with_nan(np.where((x >= -lambd) & (x <= lambd), grad.dtype.type(0), grad), 0, x, grad)


softshrink_backward = hardshrink_backward = shrink_backward


def hardsigmoid(x: Array) -> Array:
    """A sigmoid of three straight lines."""
    return np.clip(x + x.dtype.type(3), x.dtype.type(0), x.dtype.type(6)) / x.dtype.type(6)


def hardsigmoid_backward(grad: Array, x: Array) -> Array:
    """A sixth of the gradient between -3 and 3."""
    sixth = grad.dtype.type(np.float32(1 / 6))  # in single precision, as PyTorch has it for doubles too
    return np.where((x > -3) & (x < 3), grad * sixth, grad.dtype.type(0))


def hardswish(x: Array) -> Array:
    """x * hardsigmoid(x)"""
    return x * np.clip(x + x.dtype.type(3), x.dtype.type(0), x.dtype.type(6)) / x.dtype.type(6)


def hardswish_backward(grad: Array, x: Array) -> Array:
    """The gradient of hardswish."""
    between = grad * (x / x.dtype.type(3) + x.dtype.type(0.5))
    out = np.where(x <= -3, grad.dtype.type(0), np.where(x < 3, between, grad))
    return with_nan(out, np.nan, x, grad)


def gelu(x: Array, approximate: str) -> Array:
    """x times the normal distribution function of x."""
    half = x.dtype.type(0.5)
    if approximate == "tanh":
        return half * x * (1 + np.tanh(x.dtype.type(_BETA) * (x + x.dtype.type(_KAPPA) * x * x * x)))
    return x * half * (1 + erf(x * x.dtype.type(math.sqrt(0.5))))


def gelu_backward(grad: Array, x: Array, approximate: str) -> Array:
    """The gradient of gelu."""
    grad = resolve(grad)  # one operator in PyTorch, which computes with ordinary zeros
    kind = x.dtype.type
    if approximate == "tanh":
        t = np.tanh(kind(_BETA) * (x + kind(_KAPPA) * x * x * x))
        inner = kind(_BETA) * (1 + kind(3 * _KAPPA) * x * x)
        return grad * (kind(0.5) * (1 + t) + kind(0.5) * x * (1 - t * t) * inner)
    half, errors = kind(0.5), erf(x * kind(math.sqrt(0.5)))
    density = x * (np.exp(x * x * kind(-0.5)) * kind(1 / math.sqrt(2 * math.pi)))
    in_a_row = x.flags.c_contiguous and (grad.flags.c_contiguous or not any(grad.strides))
    if kind is np.float32 and x.size > 1 and in_a_row:
        return grad * (half + (half * errors + density))  # oneDNN's, of which nothing is left far below zero
    return grad * (half * (1 + errors) + density)


def silu(x: Array) -> Array:
    """x * sigmoid(x)"""
    return x / (x.dtype.type(1) + np.exp(-x))


def silu_backward(grad: Array, x: Array) -> Array:
    """The gradient of silu."""
    grad = resolve(grad)  # one operator in PyTorch, which computes with ordinary zeros
    s = sigmoid(x)
    return grad * s * (1 + x * (1 - s))


def mish(x: Array) -> Array:
    """x * tanh(softplus(x))"""
    return x * np.tanh(np.log1p(np.exp(x)))


def mish_backward(grad: Array, x: Array) -> Array:
    """The gradient of mish."""
    grad = resolve(grad)  # one operator in PyTorch, which computes with ordinary zeros
    t = np.tanh(np.log1p(np.exp(x)))
    return grad * (t + x * sigmoid(x) * (1 - t * t))


def log_sigmoid(x: Array) -> tuple:
    """log(1 / (1 + exp(-x))) without overflow, and exp(-|x|) for the way back; both row-major."""
    z = np.exp(-np.abs(x))
    return row_major(np.minimum(x, x.dtype.type(0)) - np.log1p(z)), row_major(z)


def log_sigmoid_backward(grad: Array, x: Array, buffer: Array) -> Array:
    """grad * sigmoid(-x)"""
    grad = resolve(grad)  # one operator in PyTorch, which computes with ordinary zeros
    ratio = buffer / (1 + buffer)
    out = np.where(x < 0, 1 - ratio, ratio) * grad
    if out.shape != np.shape(grad):  # one gradient beside a batch
        warn_of_resizing(grad.shape, out.shape)
        return out
    if type(grad) is not np.ndarray:
        return out
    new = like(grad, grad.dtype)  # in the format of the gradient, down to the stride 0 of a single element
    new[...] = out
    return new


def rrelu_with_noise(x: Array, noise: Array, lower: float, upper: float, training: bool) -> Array:
    """x, or below 0 a fraction of it: the one drawn, or in evaluation the middle one."""
    return row_major(x * noise if training else leaky_relu(x, (lower + upper) / 2))


def rrelu_with_noise_backward(
    grad: Array, x: Array, noise: Array, lower: float, upper: float, training: bool, self_is_result: bool
) -> Array:
    """The gradient of the same."""
    if training:
        return grad * noise
    out = leaky_relu_backward(grad, x, (lower + upper) / 2, self_is_result)
    return in_layout(out, x)


def prelu_kernel(x: Array, weight: Array) -> Array:
    """x above zero, weight * x below."""
    return np.where(x > 0, x, weight * x)


def prelu_kernel_backward(grad: Array, x: Array, weight: Array) -> tuple[Array, Array]:
    """The gradients of x and, of every element, of the weight."""
    above = x > 0
    if x.ndim < 2 and grad.ndim < 2:
        return np.where(above, grad, weight * grad), np.where(above, x.dtype.type(0), x * grad)
    operands = [(a.shape, element_strides(a)) for a in (x, weight, grad)]
    shape = np.broadcast_shapes(x.shape, weight.shape, grad.shape)  # of a batch of gradients, larger than x
    strides = elementwise_strides(shape, operands)
    mine, theirs = laid_out(shape, strides, x.dtype), laid_out(shape, strides, x.dtype)
    mine[...] = np.where(above, grad, weight * grad)
    theirs[...] = np.where(above, x.dtype.type(0), x * grad)
    return mine, theirs


def glu(x: Array, dim: int) -> Array:
    """The first half along a dimension times the sigmoid of the second."""
    first, second = np.split(x, 2, axis=dim)
    out = first * sigmoid(second)
    return out if x.flags.c_contiguous else over(out, first, second)


def over(out: Array, *operands: Array) -> Array:
    """A result with the strides that an elementwise operator gives over these operands."""
    strides = elementwise_strides(out.shape, [(x.shape, element_strides(x)) for x in operands])
    new = laid_out(out.shape, strides, out.dtype)
    new[...] = out
    return new


def glu_jvp(result: Array, x: Array, tangent: Array, dim: int) -> Array:
    """One half of the tangent times the gate, and the result times the derivative of the logarithm of the gate."""
    (_, b), (da, db) = np.split(x, 2, dim), np.split(tangent, 2, dim)
    gate = sigmoid(b)
    return over(da * gate + result * (db - gate * db), result, b, da, db)


def glu_backward(grad: Array, x: Array, dim: int) -> Array:
    """The gradient of glu."""
    first, second = np.split(x, 2, axis=dim)
    s = sigmoid(second)
    return row_major(np.concatenate((s * grad, (1 - s) * s * first * grad), axis=dim))


def glu_backward_jvp(moved: Array, grad: Array, x: Array, grad_t: Array, tangent: Array, dim: int) -> Array:
    """The tangents of both halves of the gradient, which `moved` is."""
    (a, b), (da, db), (of_a, _) = np.split(x, 2, dim), np.split(tangent, 2, dim), np.split(moved, 2, dim)
    gate = sigmoid(b)
    gate_t = db - gate * db
    first = grad_t * gate + of_a * gate_t
    second = first * (a - a * gate) + of_a * (da - da * gate - a * gate * gate_t)
    return row_major(np.concatenate((first, second), axis=dim))


def total(x: Array, dim: int) -> Array:
    """The sum along one dimension, which stays."""
    return np.add.reduce(x, axis=dim, keepdims=True)


def softmax(x: Array, dim: int) -> Array:
    """exp(x) as fractions of its sum along one dimension."""
    if not x.size:
        return x.copy()
    top = np.maximum.reduce(x, axis=dim, keepdims=True)
    e = np.exp(x - top)
    return row_major(e / total(e, dim))


def log_softmax(x: Array, dim: int) -> Array:
    """The logarithm of softmax."""
    if not x.size:
        return x.copy()
    away = x - np.maximum.reduce(x, axis=dim, keepdims=True)
    return row_major(away - np.log(total(np.exp(away), dim)))


def softmax_backward_data(grad_output: Array, output: Array, dim: int) -> Array:
    """The gradient of softmax."""
    return row_major(output * (grad_output - _signed_total(grad_output * output, dim)))


def log_softmax_backward_data(grad_output: Array, output: Array, dim: int) -> Array:
    """The gradient of log_softmax."""
    return row_major(grad_output - np.exp(output) * _signed_total(grad_output, dim))


def _signed_total(x: Array, dim: int) -> Array:
    """The sum as the gradients have it: along the last dimension it begins with the first element, elsewhere with 0."""
    last = x.ndim and dim % x.ndim == x.ndim - 1
    return np.add.reduce(x, axis=dim, keepdims=True, initial=-0.0) if last else total(x, dim)


def softmax_double_backward(grad: Array, grad_output: Array, output: Array, dim: int) -> Array:
    """The gradient of softmax's gradient with respect to softmax."""
    return grad_output * grad - total(output * grad_output, dim) * grad - grad_output * total(output * grad, dim)


def log_softmax_double_backward(grad: Array, grad_output: Array, output: Array, dim: int) -> Array:
    """The gradient of log_softmax's gradient with respect to log_softmax."""
    return -total(grad_output, dim) * np.exp(output) * grad
