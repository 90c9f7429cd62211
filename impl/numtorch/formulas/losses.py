"""Gradients of losses that are written in differentiable operations."""

from __future__ import annotations

from typing import Any

MEAN = 1


def mse_loss_double_backward(grad: Any, numel: int, reduction: int) -> Any:
    """The gradient of mse_loss's gradient with respect to its input."""
    return grad * 2 / numel if reduction == MEAN else grad * 2


def mse_loss_double_backward_grad_output(grad: Any, self: Any, target: Any, reduction: int) -> Any:
    """The gradient of mse_loss's gradient with respect to the gradient that came in."""
    from .. import dispatch as d

    slope = d.mse_loss_backward(grad, self, target, 0)
    return slope if reduction == 0 else slope.mean() if reduction == MEAN else slope.sum()


def smooth_l1_loss_backward(grad: Any, self: Any, target: Any, reduction: int, beta: float) -> Any:
    """The difference over beta near zero, its sign beyond."""
    difference = self - target
    near = difference.detach().abs() < beta
    slope = (difference / beta).where(near, difference.sign()) if beta else difference.sign()
    return (slope * (grad / self.numel() if reduction == MEAN else grad)).contiguous()


def huber_loss_backward(grad: Any, self: Any, target: Any, reduction: int, delta: float) -> Any:
    """The difference, clamped."""
    share = grad / self.numel() if reduction == MEAN else grad
    return ((self - target).clamp(-delta, delta) * share).contiguous()


def nll_loss_again(grad: Any, target: Any, weight: Any, reduction: int, ignore_index: int) -> Any:
    """The gradient of nll_loss's gradient, which is linear: the loss of the gradient."""
    from .. import dispatch as d

    return d.nll_loss(grad, target, weight, reduction, ignore_index)[0]


def binary_cross_entropy_backward(grad: Any, self: Any, target: Any, weight: Any, reduction: int) -> Any:
    """(x - target) / (x (1 - x))"""
    out = grad * (self - target) / ((1 - self) * self).clamp(min=1e-12)
    out = out if weight is None else out * weight
    return out / self.numel() if reduction == MEAN else out


def binary_cross_entropy_target_backward(grad: Any, self: Any, weight: Any, reduction: int) -> Any:
    """log(1 - x) - log(x)"""
    out = grad * ((-self).log1p().clamp(min=-100) - self.log().clamp(min=-100))
    out = out if weight is None else out * weight
    return out / self.numel() if reduction == MEAN else out


def binary_cross_entropy_with_logits_backward(
    grad: Any, self: Any, target: Any, weight: Any, pos_weight: Any, reduction: int
) -> Any:
    """sigmoid(x) - target, weighted"""
    if pos_weight is None:
        out = (self.sigmoid() - target) * grad
    else:
        t = pos_weight * target
        out = ((t + 1 - target) * self.sigmoid() - t) * grad
    out = out if weight is None else out * weight
    return out / self.numel() if reduction == MEAN else out


def binary_cross_entropy_with_logits_target_backward(
    grad: Any, self: Any, weight: Any, pos_weight: Any, reduction: int
) -> Any:
    """-x, or what the weight of the positive class makes of it."""
    if pos_weight is None:
        out = -self * grad
    else:
        out = ((-self).sigmoid().log() - pos_weight * self.sigmoid().log()) * grad
    out = out if weight is None else out * weight
    return out / self.numel() if reduction == MEAN else out


def embedding_double_backward(grad: Any, indices: Any, padding_idx: int) -> Any:
    """The rows again, those of the padding as zeros."""
    rows = grad.index_select(0, indices.reshape(-1)).view(*indices.shape, grad.shape[1])
    return rows.masked_fill((indices == padding_idx).unsqueeze(-1), 0) if padding_idx >= 0 else rows
