"""Formula functions of activations and softmax, in differentiable operations."""

from __future__ import annotations

import math
from typing import Any

from .. import dispatch as d, grad_mode
from ..kernels import activation as kernels
from ..plain_numpy import np
from ..tensor import wrap
from .masks import mask, of_arrays
from .pointwise import new_zeros, number_minus, number_over


def indicator(condition: Any, like: Any, *tensors: Any) -> Any:
    """A condition on tensors, which has no gradient, as a factor of 0 or 1."""
    kind = like._desc.dtype.numpy
    return of_arrays(lambda *arrays: np.asarray(condition(*arrays)).astype(kind)[()], *tensors)


def total(x: Any, dim: int) -> Any:
    """The sum along one dimension, which stays."""
    return d.sum_dim(x, (dim,), True, None)


def slope_of_celu(alpha: float) -> float:
    """1 / alpha, as the kernel has it."""
    return kernels.slope_of_celu(alpha)


def elu_double_backward(
    grad: Any, grad_output: Any, alpha: float, scale: float, input_scale: float, is_result: bool, x: Any
) -> Any:
    """The gradient of elu's gradient with respect to what it was computed from."""
    below = d.mul_scalar(grad * grad_output, input_scale)
    if not is_result:
        below = d.elu_backward(below, alpha, scale, input_scale, False, x)
    return below * indicator(lambda x: x < 0, grad, x)


def softplus_double_backward(grad: Any, x: Any, beta: float, threshold: float) -> Any:
    """The gradient of softplus's gradient."""
    t = d.mul_scalar(x, beta)
    steep = d.sigmoid_backward(grad, t.sigmoid()) * indicator(lambda t: t < threshold, grad, t)
    return d.mul_scalar(steep, beta)


def gelu_double_backward(grad: Any, grad_output: Any, x: Any, approximate: str) -> Any:
    """The gradient of gelu's gradient."""
    if approximate == "tanh":
        beta = math.sqrt(2 / math.pi)
        inner = d.mul_scalar(x + d.mul_scalar(x.pow(3), 0.044715), beta)
        t = inner.tanh()
        sech = number_over(1, inner.cosh())
        half = d.mul_scalar(x, 0.5)
        rest = number_minus(1, t * t)
        slope = d.mul_scalar(d.add_scalar(d.mul_scalar(x, 3 * 0.044715) * x, 1), beta)
        first = d.mul_scalar(rest, 0.5) * slope
        bend = -sech * t  # from right to left, as PyTorch's C++ evaluates operands
        bend = d.mul_scalar(sech, 2) * bend * slope
        second = half * slope * bend
        bend = d.mul_scalar(d.mul_scalar(x, 6 * 0.044715), beta)
        third = half * rest * bend
        bend = d.mul_scalar(first, 2) + second + third
        return grad * grad_output * bend
    square = x * x
    density = d.mul_scalar(d.mul_scalar(square, -0.5).exp(), 1 / math.sqrt(2 * math.pi))
    bend = square * density  # from right to left, as PyTorch's C++ evaluates operands
    bend = d.mul_scalar(density, 2) - bend
    return grad * grad_output * bend


def silu_backward(grad: Any, x: Any) -> Any:
    """The gradient of silu: one operator, or several where it is to be differentiated."""
    if not grad_mode.state.mode:
        return d.silu_gradient(grad, x)
    s = x.sigmoid()
    slope = d.add_scalar(x * number_minus(1, s), 1)  # first: PyTorch's C++ evaluates the right operand first
    return grad * s * slope


def mish_backward(grad: Any, x: Any) -> Any:
    """The gradient of mish: one operator, or several where it is to be differentiated."""
    if not grad_mode.state.mode:
        return d.mish_gradient(grad, x).to(x._desc.dtype)  # alone of its kind it gives what the operand's type holds
    s = x.sigmoid()
    t = x.exp().log1p().tanh()
    rest = number_minus(1, t * t)  # first, likewise
    return grad * (t + x * s * rest)


def log_sigmoid_double_backward(grad: Any, x: Any) -> Any:
    """The gradient of log_sigmoid's gradient."""
    z = x.sigmoid()
    return grad * d.sub_scalar(z, 1) * z


def hardswish_double_backward(grad: Any, grad_output: Any, x: Any) -> Any:
    """The gradient of hardswish's gradient."""
    between = mask(np.logical_and, mask(np.greater, x, -3), mask(np.less, x, 3))
    return d.where(between, d.div_scalar(grad * grad_output, 3.0), 0)


def prelu_backward(grad: Any, x: Any, weight: Any) -> tuple[Any, Any]:
    """The gradients of both operands; that of the weight is summed later."""
    return d.prelu_kernel_backward(grad, x, weight)


def _below(x: Any, value: Any) -> Any:
    """The value where x is below zero."""
    return d.where(mask(np.greater_equal, x, 0), 0, value)


def prelu_again(grads: list, x: Any, weight: Any) -> Any:
    """The gradient of prelu's gradients with respect to the incoming one, to which they are linear."""
    first, second = grads
    if first is None:
        return _below(x, second * x)
    if second is None:
        rest = first * weight
    else:
        further = second * x  # from right to left, as PyTorch's C++ evaluates operands
        rest = first * weight + further
    return d.where(mask(np.greater_equal, x, 0), first, rest)


def _zeros_written(x: Any) -> Any:
    """Zeros like a tensor, which PyTorch counts as written."""
    out = new_zeros(x)
    out._counter = [1]
    return out


def prelu_double_backward(grads: list, grad_output: Any, x: Any) -> Any:
    """The gradient of prelu's gradients with respect to what went in."""
    return _zeros_written(x) if grads[1] is None else _below(x, grad_output * grads[1])


def prelu_double_backward_weight(grads: list, grad_output: Any, x: Any, weight: Any) -> Any:
    """The same with respect to the weight."""
    return _zeros_written(x) if grads[0] is None else _below(x, grad_output * grads[0])


def _halves(x: Any, dim: int) -> tuple[Any, Any]:
    """The first and the second half of a dimension."""
    half = x._desc.shape[dim] // 2
    return d.slice_(x, dim, 0, half, 1), d.slice_(x, dim, half, 2 * half, 1)


def glu_double_backward_grad_output(grad: Any, x: Any, dim: int) -> Any:
    """The gradient of glu's gradient with respect to the incoming one."""
    dim %= x._desc.ndim
    half = x._desc.shape[dim] // 2
    ones = wrap(np.ones([half if i == dim else n for i, n in enumerate(x._desc.shape)], x._desc.dtype.numpy))
    found = grad * d.glu_backward(ones, x, dim)
    second = d.slice_(found, dim, half, 2 * half, 1)  # first: PyTorch's C++ evaluates the right operand first
    return d.slice_(found, dim, 0, half, 1) + second


def glu_double_backward(grad: Any, grad_output: Any, x: Any, dim: int) -> Any:
    """The gradient of glu's gradient with respect to what went in."""
    first, second = _halves(x, dim)
    s = second.sigmoid()
    rest = number_minus(1, s)
    slope = s * rest
    mine, other = _halves(grad, dim)
    scaled = other * first
    of_first = other * grad_output * slope
    bend = s * slope  # from right to left, likewise
    bend = slope * rest - bend
    straight = mine * grad_output * slope
    return d.cat([of_first, scaled * grad_output * bend + straight], dim)


def softmax_backward_in_steps(grad: Any, output: Any, dim: int) -> Any:
    """The gradient of softmax as PyTorch takes it apart where it has tangents."""
    scaled = grad * output
    return scaled - output * d.sum_dim(scaled, (dim,), True, None)


def log_softmax_backward_in_steps(grad: Any, output: Any, dim: int) -> Any:
    """The same of log_softmax."""
    return grad - output.exp() * d.sum_dim(grad, (dim,), True, None)


def softmax_double_backward(grad: Any, grad_output: Any, output: Any, dim: int) -> Any:
    """The gradient of softmax's gradient with respect to softmax."""
    third = grad_output * total(output * grad, dim)  # from right to left, as PyTorch's C++ evaluates operands
    second = total(output * grad_output, dim) * grad
    return grad_output * grad - second - third


def log_softmax_double_backward(grad: Any, grad_output: Any, output: Any, dim: int) -> Any:
    """The gradient of log_softmax's gradient with respect to log_softmax."""
    softmax = output.exp()  # first, likewise
    return -total(grad_output, dim) * softmax * grad
