"""Formula functions of special functions, in differentiable operations."""

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


def erf_backward(grad: Any, x: Any, scale: float) -> Any:
    """scale * exp(-x * x) * grad"""
    return d.mul_scalar((-x.pow(2)).exp(), scale) * grad


def logit_backward(grad: Any, x: Any, eps: float | None) -> Any:
    """grad / (x * (1 - x)), zero outside the clipped range."""
    low, high = (0, 1) if eps is None else (eps, 1 - eps)
    inside = _mask((x._array >= low) & (x._array <= high))
    return pick(grad, inside, grad / (x * number_minus(1, x)), float("nan") if eps is None else 0)


def sinc_backward(grad: Any, x: Any) -> Any:
    """The gradient of sinc, 0 at 0."""
    t = d.mul_scalar(x, math.pi)
    square = d.mul_scalar(x * x, math.pi)
    sine = t.sin()  # first: PyTorch's C++ evaluates the right operand first
    return d.where(_mask(square._array == 0), 0, grad * ((t * t.cos() - sine) / square))


def not_implemented(grad: Any, name: str) -> Any:
    """What a derivative that PyTorch does not have answers."""
    raise RuntimeError(f"derivative for {name} is not implemented")
