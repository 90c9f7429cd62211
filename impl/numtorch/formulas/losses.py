"""Gradients of losses that are written in differentiable operations."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dispatch as d
from .activation import indicator
from .pointwise import number_minus
from .shape import sum_to_size

MEAN = 1


def _mean(x: Any, reduction: int) -> Any:
    """A gradient's gradient as it counts in the reduced loss."""
    return d.div_scalar(x, x._desc.numel) if reduction == MEAN else x


def mse_loss_double_backward(grad: Any, reduction: int) -> Any:
    """The second derivative is 2."""
    return _mean(d.mul_scalar(grad, 2), reduction)


def _inside(x: Any, target: Any, bound: float) -> Any:
    return indicator(np.abs(x._array - target._array) < bound, x)


def smooth_l1_loss_double_backward(grad: Any, x: Any, target: Any, reduction: int, beta: float) -> Any:
    """1 / beta for small differences, else 0."""
    return _mean(d.div_scalar(grad * _inside(x, target, beta), beta), reduction)


def huber_loss_double_backward(grad: Any, x: Any, target: Any, reduction: int, delta: float) -> Any:
    """1 for small differences, else 0."""
    return _mean(grad * _inside(x, target, delta), reduction)


def soft_margin_loss_double_backward(grad: Any, x: Any, target: Any, reduction: int) -> Any:
    """The square of the target times the slope of the sigmoid."""
    s = (x * -target).sigmoid()
    return _mean(grad * target * target * s * number_minus(1, s), reduction)


def _weighted(x: Any, weight: Any, reduction: int) -> Any:
    return _mean(x if weight is None else x * weight, reduction)


def binary_cross_entropy_target_backward(grad: Any, x: Any, weight: Any, reduction: int) -> Any:
    """Minus the logit."""
    return _weighted(-d.logit(x, None) * grad, weight, reduction)


def _variance(x: Any) -> Any:
    return d.clamp_min(number_minus(1, x) * x, 1e-12)


def binary_cross_entropy_double_backward(
    grad_output: Any, grad: Any, x: Any, target: Any, weight: Any, reduction: int
) -> Any:
    """(x * x - 2 * x * target + target) / (x * (1 - x)) ** 2"""
    bend = (x * x - d.mul_scalar(x * target, 2) + target) / _variance(x).pow(2)
    return _weighted(grad * grad_output * bend, weight, reduction)


def binary_cross_entropy_double_backward_target(
    grad: Any, grad_output: Any, x: Any, weight: Any, reduction: int
) -> Any:
    """-1 / (x * (1 - x))"""
    return _weighted(-grad * grad_output / _variance(x), weight, reduction)


def bce_double_backward_grad_output(
    grad: Any, grad_output: Any, x: Any, target: Any, weight: Any, reduction: int
) -> Any:
    """The same gradient, summed to the shape of the one that came in."""
    return sum_to_size(d.binary_cross_entropy_backward(grad, x, target, weight, reduction), grad_output._desc.shape)


def soft_margin_double_backward_grad_output(grad: Any, grad_output: Any, x: Any, target: Any, reduction: int) -> Any:
    """Likewise."""
    return sum_to_size(d.soft_margin_loss_backward(grad, x, target, reduction), grad_output._desc.shape)


def nll_loss_again(grad: Any, target: Any, weight: Any, reduction: int, ignore_index: int) -> Any:
    """The gradient of nll_loss's gradient, which is linear: the loss of the gradient."""
    return d.nll_loss(grad, target, weight, reduction, ignore_index)[0]


def nll_loss2d_again(grad: Any, target: Any, weight: Any, reduction: int, ignore_index: int) -> Any:
    """Likewise, over pictures."""
    return d.nll_loss2d(grad, target, weight, reduction, ignore_index)[0]


def binary_cross_entropy_with_logits_backward(
    grad: Any, self: Any, target: Any, weight: Any, pos_weight: Any, reduction: int
) -> Any:
    """sigmoid(x) - target, weighted"""
    if pos_weight is None:
        out = (self.sigmoid() - target) * grad
    else:
        t = pos_weight * target
        out = ((d.add_scalar(t, 1) - target) * self.sigmoid() - t) * grad
    return _weighted(out, weight, reduction)


def binary_cross_entropy_with_logits_target_backward(
    grad: Any, self: Any, weight: Any, pos_weight: Any, reduction: int
) -> Any:
    """-x, or what the weight of the positive class makes of it."""
    if pos_weight is None:
        out = -self * grad
    else:
        rest = d.log_sigmoid(self)[0] * pos_weight  # first: PyTorch's C++ evaluates arguments from right to left
        out = (d.log_sigmoid(-self)[0] - rest) * grad
    return _weighted(out, weight, reduction)


def embedding_double_backward(grad: Any, indices: Any, padding_idx: int) -> Any:
    """The rows again, those of the padding as zeros."""
    rows = grad.index_select(0, indices.reshape(-1)).view(*indices.shape, grad.shape[1])
    return rows.masked_fill((indices == padding_idx).unsqueeze(-1), 0) if padding_idx >= 0 else rows
