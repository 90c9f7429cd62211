"""Formula functions of the elementwise operators."""

from __future__ import annotations

from typing import Any

from .. import dispatch as d


def tanh_backward(grad: Any, result: Any) -> Any:
    return grad * (1 - result * result).conj()


def sigmoid_backward(grad: Any, result: Any) -> Any:
    return grad * ((1 - result) * result).conj()


def threshold_backward(grad: Any, result: Any, threshold: float) -> Any:
    return grad * (result > threshold).to(grad.dtype)


def pow_backward(grad: Any, x: Any, exponent: Any) -> Any:
    if exponent == 0:
        return d.sgn(grad).detach() * 0
    return grad * (x.pow(exponent - 1) * exponent).conj()


def div_other(grad: Any, x: Any, other: Any) -> Any:
    return -grad * ((x / other) / other).conj()


def rsqrt_backward(grad: Any, result: Any) -> Any:
    return (-0.5 * grad) * result.pow(3).conj()


def expand_to(grad: Any, shape: tuple) -> Any:
    return grad.expand(shape)


def zeros_like(x: Any) -> Any:
    from ..creation import zeros_like as make

    return make(x)
