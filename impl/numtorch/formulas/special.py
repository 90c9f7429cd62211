"""Formula functions of special functions and activations, in differentiable operations."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import dispatch as d
from ..descriptor import arrange, descriptor
from ..layout import elementwise_strides
from ..tensor import wrap
from .pointwise import number_minus


def pick(grad: Any, condition: Any, x: Any, other: Any) -> Any:
    """where, laid out as PyTorch's operator over the gradient and the tensor that the condition was computed from.

    A condition has no gradient, and the strides of where follow it: so it is what takes the layout.
    """
    mine, theirs = grad._desc, condition._desc
    if not (mine.plain and theirs.plain) and mine.shape == theirs.shape:
        strides = elementwise_strides(mine.shape, [(mine.shape, mine.strides), (theirs.shape, theirs.strides)])
        if strides != theirs.strides:
            condition = wrap(arrange(condition._array, descriptor(theirs.shape, theirs.dtype, strides))[0])
    return d.where(condition, x, other)


def _mask(array: Any) -> Any:
    return wrap(np.asarray(array)[()])


def total(x: Any, dim: int) -> Any:
    """The sum along one dimension, which stays."""
    return d.sum_dim(x, (dim,), True, None)


def erf_backward(grad: Any, x: Any, scale: float) -> Any:
    """scale * exp(-x * x) * grad"""
    return d.mul_scalar((-x.pow(2)).exp(), scale) * grad


def logit_backward(grad: Any, x: Any, eps: float | None) -> Any:
    """grad / (x * (1 - x)), zero outside the clipped range."""
    low, high = (0, 1) if eps is None else (eps, 1 - eps)
    outside = _mask((x._array < low) | (x._array > high))
    return pick(grad, outside, float("nan") if eps is None else 0, grad / (x * number_minus(1, x)))


def sinc_backward(grad: Any, x: Any) -> Any:
    """The gradient of sinc, 0 at 0."""
    t = d.mul_scalar(x, math.pi)
    square = d.mul_scalar(x * x, math.pi)
    return d.where(_mask(square._array == 0), 0, grad * ((t * t.cos() - t.sin()) / square))


def softplus_backward(grad: Any, x: Any, beta: float, threshold: float) -> Any:
    """grad * sigmoid(beta * x)"""
    t = x * beta
    z = t.exp()
    return pick(grad, _mask(t._array > threshold), grad, grad * z / (z + 1))


def gelu_backward(grad: Any, x: Any, approximate: str) -> Any:
    """The gradient of gelu."""
    if approximate == "tanh":
        t = ((x + x * x * x * 0.044715) * math.sqrt(2 / math.pi)).tanh()
        inner = (1 + x * x * (3 * 0.044715)) * math.sqrt(2 / math.pi)
        return grad * ((1 + t) * 0.5 + x * 0.5 * (1 - t * t) * inner)
    cdf = (1 + d.erf(x * math.sqrt(0.5))) * 0.5
    return grad * (cdf + x * ((x * x * -0.5).exp() * (1 / math.sqrt(2 * math.pi))))


def mish_backward(grad: Any, x: Any) -> Any:
    """The gradient of mish."""
    t = d.softplus(x, 1, 20).tanh()
    return grad * (t + x * x.sigmoid() * (1 - t * t))


def softmax_double_backward(grad: Any, grad_output: Any, output: Any, dim: int) -> Any:
    """The gradient of softmax's gradient with respect to softmax."""
    return grad_output * grad - total(output * grad_output, dim) * grad - grad_output * total(output * grad, dim)


def log_softmax_double_backward(grad: Any, grad_output: Any, output: Any, dim: int) -> Any:
    """The gradient of log_softmax's gradient with respect to log_softmax."""
    z = output.exp()
    return z * total(grad_output, dim) * (total(grad * z, dim) - grad)


def not_implemented(grad: Any, name: str) -> Any:
    """What a derivative that PyTorch does not have answers."""
    raise RuntimeError(f"derivative for {name} is not implemented")
