"""The second gradients of convolution and its tangents, made of convolutions."""

from __future__ import annotations

from typing import Any

from .. import dispatch as d
from ..functions.convolutions import convolution
from .pointwise import plus


def _part(x: Any, dim: int, groups: int, index: int) -> Any:
    """The channels of one group."""
    size = x._desc.shape[dim] // groups
    return x.narrow(dim, size * index, size)


def _cropped(x: Any, sizes: Any) -> Any:
    """Without what padding that differs on both sides added at the ends."""
    for dim, size in enumerate(sizes[2:], 2):
        if x._desc.shape[dim] > size:
            x = x.narrow(dim, 0, size)
    return x


def _weight_twice(
    again: Any,
    grad: Any,
    sizes: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    transposed: bool,
    none: Any,
    groups: int,
) -> Any:
    """The gradient of the weight: the gradient's gradient convolved with the gradient, summed over the batch."""
    grad, again = grad.transpose(0, 1), again.transpose(0, 1)

    def convolved(again: Any, grad: Any) -> Any:
        pair = (grad, again) if transposed else (again, grad)
        return d.convolution(*pair, None, dilation, padding, stride, False, none, 1)

    if groups == 1:
        found = convolved(again, grad)
    else:
        parts = [convolved(_part(again, 0, groups, i), _part(grad, 0, groups, i)) for i in range(groups)]
        found = d.cat(parts, 1)
    return _cropped(found.transpose(0, 1), sizes)


def _input_twice(
    grad: Any,
    of_weight: Any,
    sizes: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    transposed: bool,
    none: Any,
    groups: int,
) -> Any:
    """The gradient of the input: the gradient sent back through the weight's gradient's gradient."""
    if transposed:
        return _cropped(d.convolution(grad, of_weight, None, stride, padding, dilation, False, none, groups), sizes)
    more = []
    kernel, out = of_weight._desc.shape[2:], grad._desc.shape[2:]
    for i, n in enumerate(sizes[2:]):
        seen = (kernel[i] - 1) * dilation[i] - 2 * padding[i] + stride[i] * (out[i] - 1) + 1
        more.append(n - seen)
    return d.convolution(grad, of_weight, None, stride, padding, dilation, True, tuple(more), groups)


def convolution_double_backward(
    grads: Any,
    grad_output: Any,
    weight: Any,
    input: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    transposed: bool,
    output_padding: Any,
    groups: int,
    needed: Any,
) -> tuple:
    """The gradients of the incoming gradient, the input and the weight."""
    again, of_weight, of_bias = grads
    given = (None, stride, padding, dilation, transposed, output_padding, groups)
    to_grad = to_input = to_weight = None
    filled = input._desc.numel != 0
    if filled and again is not None:
        to_grad = d.convolution(again, weight, *given)
    if filled and of_weight is not None:
        to_grad = plus(to_grad, d.convolution(input, of_weight, *given))
    if of_bias is not None:
        ndim = grad_output._desc.ndim
        spread = of_bias.contiguous().view(1, -1, *(1,) * (ndim - 2))
        to_grad = plus(to_grad, spread.expand(tuple(grad_output._desc.shape)))
    rest = (stride, padding, dilation, transposed, output_padding, groups)
    if filled and again is not None:
        to_weight = _weight_twice(again, grad_output, tuple(weight._desc.shape), *rest)
    if filled and of_weight is not None:
        to_input = _input_twice(grad_output, of_weight, tuple(input._desc.shape), *rest)
    return to_grad, to_input, to_weight


def convolution_jvp(x: Any, x_t: Any, weight: Any, weight_t: Any, bias_t: Any, *sizes: Any) -> Any:
    """The tangent of convolution, which is linear in each operand; one of another type is refused."""
    other = convolution(x, weight_t, bias_t, *sizes)  # first: PyTorch's C++ evaluates the right operand first
    return convolution(x_t, weight, None, *sizes) + other


def convolution_backward_jvp(
    index: int, grad: Any, grad_t: Any, x: Any, x_: Any, weight: Any, weight_: Any, bias_sizes: Any, *sizes: Any
) -> Any:
    """The tangent of the input's gradient or the weight's, given that of the other operand (x_ or weight_)."""
    *rest, mask = sizes
    if not mask[index]:
        return None
    only = tuple([i == index for i in range(3)])
    other = d.convolution_backward(grad_t, x, weight, bias_sizes, *rest, only)[index]
    return d.convolution_backward(grad, x_, weight_, bias_sizes, *rest, only)[index] + other


def bias_backward_jvp(grad_t: Any, mask: Any) -> Any:
    """The tangent of the bias's gradient, which is a sum."""
    return d.sum_dim(grad_t, (0, *range(2, grad_t._desc.ndim)), False, None) if mask[2] else None
