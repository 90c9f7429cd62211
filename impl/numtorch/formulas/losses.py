"""Gradients of losses that are written in differentiable operations."""

from __future__ import annotations

from typing import Any

from .. import dispatch as d, grad_mode
from ..calls.operands import check_subtraction
from ..levels import wrapped_of
from ..memory.lazy import IMMUTABLE, Zeros
from ..plain_numpy import np
from ..tensor import wrap
from .activation import indicator
from .masks import within, without_memory
from .pointwise import number_minus, zeros_like

NONE, MEAN = 0, 1


def _mean(x: Any, reduction: int) -> Any:
    """A gradient's gradient as it counts in the reduced loss."""
    return d.div_scalar(x, x._desc.numel) if reduction == MEAN else x


def _mean_in_place(x: Any, reduction: int) -> Any:
    """The same where PyTorch writes it into x, as the version says."""
    if reduction != MEAN:
        return x
    if wrapped_of(x) is not None and type(x._array) is not Zeros:
        return d.div_scalar_(x, x._desc.numel)
    out = d.div_scalar(x, x._desc.numel)  # `x.div_` of a number would record another node
    out._counter = [1 + (0 if x._counter is None else x._counter[0])]
    return out


def _written(x: Any, reduction: int) -> Any:
    """What is about to be divided in place; zeros that cannot be written are refused."""
    if reduction == MEAN and type(x._array) is Zeros:
        raise RuntimeError(IMMUTABLE)
    return x


def _times(x: Any, factor: Any) -> Any:
    """A product that PyTorch writes into x, unless the factor is of a transform or x is zeros; x if there is no factor."""
    if factor is None:
        return x
    return x * factor if type(x._array) is Zeros or within(factor) else d.mul_(x, factor)


def mse_loss_double_backward(grad: Any, reduction: int) -> Any:
    """The second derivative is 2."""
    return _mean_in_place(_written(d.mul_scalar(grad, 2), reduction), reduction)


def _inside(x: Any, target: Any, bound: float) -> Any:
    return indicator(lambda x, target: np.abs(x - target) < bound, x, x, target)


def smooth_l1_loss_double_backward(grad: Any, x: Any, target: Any, reduction: int, beta: float) -> Any:
    """1 / beta for small differences, else 0."""
    check_subtraction(x, target)
    return _mean_in_place(d.div_scalar(grad * _inside(x, target, beta), beta), reduction)


def huber_loss_double_backward(grad: Any, x: Any, target: Any, reduction: int, delta: float) -> Any:
    """1 for small differences, else 0."""
    return _mean_in_place(_written(grad * _inside(x, target, delta), reduction), reduction)


def soft_margin_loss_double_backward(grad: Any, x: Any, target: Any, reduction: int) -> Any:
    """The square of the target times the slope of the sigmoid."""
    z = (x * -target).exp()
    plus = d.add_scalar(z, 1)
    square = plus * plus  # first: PyTorch's C++ evaluates the right operand first
    return _mean_in_place(grad * (target * target) * z / square, reduction).to(x._desc.dtype)


def binary_cross_entropy_target_backward(grad: Any, x: Any, target: Any, weight: Any, reduction: int) -> Any:
    """Minus the logit, whatever the target is."""
    out = d.logit(x, None)
    out = _times(-out if within(out) else d.neg_(out), grad)
    return _mean_in_place(_times(out, weight), reduction)


EPS = 1e-12  # what keeps the second derivatives from dividing by zero


def binary_cross_entropy_double_backward(
    grad_output: Any, grad: Any, x: Any, target: Any, weight: Any, reduction: int
) -> Any:
    """(x * x - 2 * x * target + target) / (x * (1 - x)) ** 2"""
    near, far = d.add_scalar(x, EPS), d.add_scalar(number_minus(1, x), EPS)
    square = far.pow(2)  # from right to left, as PyTorch's C++ evaluates operands
    square = near.pow(2) * square
    product = d.mul_scalar(x, 2) * target
    bend = (x * x - product + target) / square
    return _mean(_times(_times(bend, grad * grad_output), weight), reduction)


def binary_cross_entropy_double_backward_target(
    grad: Any, grad_output: Any, x: Any, weight: Any, reduction: int
) -> Any:
    """-1 / (x * (1 - x))"""
    product = _times(-grad * grad_output, weight)
    slope = number_minus(1, x) * x
    return _mean_in_place(product / slope if within(slope) else d.div_(product, slope), reduction)


def bce_double_backward_grad_output(grad: Any, x: Any, target: Any, weight: Any, reduction: int) -> Any:
    """The same gradient, of every element."""
    far = d.add_scalar(number_minus(1, x), EPS)  # from right to left, likewise
    product = d.add_scalar(x, EPS) * far
    return _mean(_times(_times((x - target) / product, grad), weight), reduction)


def _again(backward: Any, grad: Any, grad_output: Any, x: Any, target: Any, reduction: int, *further: Any) -> Any:
    """The gradient of a loss's gradient with respect to the incoming one, which is a number where the loss is reduced."""
    if reduction == NONE:
        return backward(grad, x, target, reduction, *further)
    ones = wrap(np.ones(grad_output._desc.shape, grad_output._desc.dtype.numpy))
    return d.sum_all(backward(ones, x, target, reduction, *further) * grad, None)


def soft_margin_again(grad: Any, grad_output: Any, x: Any, target: Any, reduction: int) -> Any:
    """That of soft_margin_loss."""
    return _again(d.soft_margin_loss_backward, grad, grad_output, x, target, reduction)


def huber_loss_again(grad: Any, grad_output: Any, x: Any, target: Any, reduction: int, delta: float) -> Any:
    """That of huber_loss."""
    return _again(d.huber_loss_backward, grad, grad_output, x, target, reduction, delta)


def nll_loss_again(grad: Any, target: Any, weight: Any, reduction: int, ignore_index: int) -> Any:
    """The gradient of nll_loss's gradient, which is linear: the loss of the gradient."""
    return d.nll_loss(grad, target, weight, reduction, ignore_index)[0]


def nll_loss2d_again(grad: Any, target: Any, weight: Any, reduction: int, ignore_index: int) -> Any:
    """Likewise, over pictures."""
    return d.nll_loss2d(grad, target, weight, reduction, ignore_index)[0]


def nll_loss_backward_in_steps(
    grad: Any, x: Any, target: Any, weight: Any, reduction: int, ignore_index: int, total_weight: Any
) -> Any:
    """The gradient of nll_loss as PyTorch takes it apart where it has tangents: -1 for each class, times the gradient."""
    dim = 0 if x._desc.ndim < 2 else 1
    if reduction == MEAN:
        grad = grad / total_weight
    if x._desc.ndim == 1 and target._desc.ndim:
        target = target[0]
    target = d.unsqueeze(target, dim)
    counts = target != ignore_index
    chosen = d.scatter_value(zeros_like(x), dim, d.where(counts, target, 0), -1.0)
    if chosen._desc.ndim > grad._desc.ndim > 0:
        grad = d.unsqueeze(grad, dim)
    if weight is not None:
        grad = grad * weight.reshape(-1, *(1,) * (chosen._desc.ndim - dim - 1))
    return chosen * d.where(counts, grad, 0)


def binary_cross_entropy_with_logits_backward(
    grad: Any, self: Any, target: Any, weight: Any, pos_weight: Any, reduction: int
) -> Any:
    """sigmoid(x) - target, weighted; where no graph is made it is written into what its first operator made."""
    if type(grad._array) is Zeros:
        return without_memory(self._desc.shape, self._desc.dtype.numpy)
    # Of a transform only the incoming gradient can be: none runs the loss as one operator.
    apart = grad_mode.state.mode or grad_mode.watched()
    if pos_weight is None:
        out = self.sigmoid() - target if apart else d.sub_(self.sigmoid(), target)
    else:
        t = pos_weight * target
        if apart:
            out = (d.add_scalar(t, 1) - target) * self.sigmoid() - t
        else:
            out = d.sub_(d.mul_(d.sub_(d.add_scalar(t, 1), target), self.sigmoid()), t)
    out = out * grad if apart or within(grad) else d.mul_(out, grad)
    if weight is not None:
        out = out * weight if apart else d.mul_(out, weight)
    return _mean_in_place(out, reduction).to(self._desc.dtype)


def binary_cross_entropy_with_logits_target_backward(
    grad: Any, self: Any, target: Any, weight: Any, pos_weight: Any, reduction: int
) -> Any:
    """-x, whatever the target is, or what the weight of the positive class makes of it."""
    if type(grad._array) is Zeros:
        return without_memory(target._desc.shape, target._desc.dtype.numpy)
    if pos_weight is None:
        out = -self * grad
    else:
        out, rest = d.log_sigmoid(-self)[0], d.log_sigmoid(self)[0]
        if within(grad):
            out = (out - rest * pos_weight) * grad
        else:
            out = d.mul_(d.sub_(out, d.mul_(rest, pos_weight)), grad)
    if weight is not None:
        out = out * weight if grad_mode.watched() else d.mul_(out, weight)
    return _mean_in_place(out, reduction).to(target._desc.dtype)


def embedding_double_backward(grad: Any, indices: Any, padding_idx: int) -> Any:
    """The rows again, those of the padding as zeros."""
    rows = grad.index_select(0, indices.reshape(-1))
    if padding_idx >= 0:
        rows = rows.masked_fill_((indices == padding_idx).reshape(-1, 1), 0)
    return rows.view(*indices.shape, grad.shape[1])
