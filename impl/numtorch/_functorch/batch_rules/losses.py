"""Losses where there is a batch: rules, and what PyTorch takes apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ... import creation, dispatch as d
from ...functions import shape as shapes
from ...tensor import Tensor
from ..batching import Call, rank

NONE, MEAN, SUM = 0, 1, 2


def flattened(call: Call, value: Any) -> Any:
    """Each element's numbers in a row."""
    found = call.front(value)
    shape = found._desc.shape
    if call.is_batched(value):
        return found if len(shape) < 3 else shapes.reshape(found, (shape[0], -1))
    return found if len(shape) == 1 else shapes.reshape(found, (-1,))


def loss(call: Call) -> Any:
    """A loss of each number, and then its mean or sum over all but the batch's dimension."""
    args, place = list(call.args), call.place("reduction")
    reduction, args[place] = args[place], NONE
    x, target = args[:2]
    found = call.op(flattened(call, x), flattened(call, target), *args[2:])
    if found._desc.ndim == 1:
        return found, 0
    if reduction == NONE:
        shape = call.front(x if call.is_batched(x) else target)._desc.shape
        return shapes.reshape(found, tuple(shape)), 0
    return (d.mean_dim if reduction == MEAN else d.sum_dim)(found, (1,), False, None), 0


def reduced(value: Any, reduction: int) -> Any:
    """A loss as its number says."""
    return value.mean() if reduction == MEAN else value.sum() if reduction == SUM else value


def binary_cross_entropy(x: Any, target: Any, weight: Any, reduction: int) -> Any:
    """That of each number, times its weight."""
    if weight is None and reduction == NONE:
        return NotImplemented
    found = d.binary_cross_entropy(x, target, None, NONE)
    return reduced(found if weight is None else found * weight, reduction)


def binary_cross_entropy_backward(grad: Any, x: Any, target: Any, weight: Any, reduction: int) -> Any:
    """The same of its gradient."""
    if weight is None and reduction == NONE:
        return NotImplemented
    if reduction != NONE:
        grad = d.expand(grad, tuple(x._desc.shape))
    found = d.binary_cross_entropy_backward(grad, x, target, None, NONE)
    if weight is not None:
        found = found * weight
    return d.div_scalar_(found, x._desc.numel) if reduction == MEAN else found


def spread(call: Call) -> Any:
    """What is given for each element of the batch, or made so."""
    return call.op(*[call.spread(a) if isinstance(a, Tensor) else a for a in call.args]), 0


def binary_cross_entropy_with_logits(x: Any, target: Any, weight: Any, pos_weight: Any, reduction: int) -> Any:
    """log(1 + exp(-x)), computed without an exponential that overflows, and written where PyTorch writes it."""
    most = d.clamp_min_(d.neg(x), 0)
    log_weight = None if pos_weight is None else d.add_scalar(d.mul(d.sub_scalar(pos_weight, 1), target), 1)
    found = d.mul(d.sub(creation.tensor(1, dtype=x.dtype), target), x)
    if log_weight is None:
        found = d.add_(found, most)
    logs = d.log_(d.add(d.exp_(d.neg(most)), d.exp_(d.sub(d.neg(x), most))))
    found = d.add_(found, logs) if log_weight is None else d.add(found, d.mul(log_weight, d.add_(logs, most)))
    return reduced(found if weight is None else d.mul(found, weight), reduction)


def number(value: float, like: Any) -> Any:
    """A number as a tensor, which counts as an operand."""
    return creation.tensor(value, dtype=like.dtype)


def mse_loss_backward(grad: Any, x: Any, target: Any, reduction: int) -> Any:
    """2 (x - target)"""
    norm = 2.0 / x._desc.numel if reduction == MEAN else 2.0
    return d.mul(d.mul(d.sub(x, target), number(norm, x)), grad)


def smooth_l1_loss_backward(grad: Any, x: Any, target: Any, reduction: int, beta: float) -> Any:
    """The difference over beta near zero, its sign beyond."""
    difference = d.sub(x, target)
    inner = d.mul(number(1.0 / x._desc.numel if reduction == MEAN else 1.0, x), grad)
    near = d.abs(difference) < beta
    return d.where(near, d.div(d.mul(inner, difference), number(beta, x)), d.mul(inner, d.sign(difference)))


def huber_loss_backward(grad: Any, x: Any, target: Any, reduction: int, delta: float) -> Any:
    """The difference, clamped."""
    norm = 1.0 / x._desc.numel if reduction == MEAN else 1.0
    difference = d.sub(x, target)
    below = d.mul(d.mul(grad, number(-norm, x)), number(delta, x))
    above = d.mul(d.mul(grad, number(norm, x)), number(delta, x))
    inside = d.mul(d.mul(difference, number(norm, x)), grad)
    return d.where(difference < -delta, below, d.where(difference > delta, above, inside))


def channels(weight: Any, ndim: int, dim: int) -> Any:
    """A weight for each class, beside scores of this many dimensions."""
    return d.view(weight, tuple([weight._desc.shape[0] if i == dim else 1 for i in range(ndim)]))


def nll_loss(x: Any, target: Any, weight: Any, reduction: int, ignore_index: int) -> Any:
    """The score of the right class, picked, negated and weighed; and what all weights are together."""
    ndim = rank(x)
    dim = 1 if ndim > 1 else 0
    each = None
    if weight is not None:
        each = channels(weight, ndim, dim) if ndim > 1 else weight
        x = x * each
    counts = target != ignore_index
    safe = d.where(counts, target, creation.zeros((), dtype=target.dtype))
    places = d.unsqueeze(safe, dim)
    zero = creation.zeros((), dtype=x.dtype)

    def picked(scores: Any) -> Any:
        return d.squeeze_dim(d.gather(scores, dim, places, False), dim)

    found = d.where(counts, d.neg(picked(x)), zero)
    if reduction == NONE and ndim > 1:
        return found, creation.zeros((), dtype=x.dtype)
    if each is None:
        total = counts.sum().to(x.dtype)
    else:
        total = d.where(counts, picked(d.expand(each, tuple(x._desc.shape))), zero).sum()
    if reduction == NONE:
        return found, total
    found = (found if rank(found) else d.unsqueeze(found, 0)).sum() if reduction == MEAN or rank(found) else found
    return (found / total if reduction == MEAN else found), total


def nll_loss_backward(
    grad: Any, x: Any, target: Any, weight: Any, reduction: int, ignore_index: int, total_weight: Any
) -> Any:
    """Minus the gradient at the right class."""
    ndim = rank(x)
    dim = 1 if ndim > 1 else 0
    if reduction == MEAN:
        grad = grad / total_weight
    places = d.unsqueeze(target, dim)
    counts = places != ignore_index
    safe = d.where(counts, places, creation.zeros((), dtype=target.dtype))
    found = d.scatter_value(creation.zeros_like(x), dim, safe, -1.0)
    if ndim > rank(grad) > 0:
        grad = d.unsqueeze(grad, dim)
    if weight is not None:
        grad = grad * channels(weight, ndim, dim)
    return found * d.where(counts, grad, creation.zeros((), dtype=grad.dtype))


STEPS: dict[str, Callable[..., Any]] = {
    "binary_cross_entropy": binary_cross_entropy,
    "binary_cross_entropy_backward": binary_cross_entropy_backward,
    "binary_cross_entropy_with_logits": binary_cross_entropy_with_logits,
    "mse_loss_backward": mse_loss_backward,
    "smooth_l1_loss_backward": smooth_l1_loss_backward,
    "huber_loss_backward": huber_loss_backward,
    "nll_loss": nll_loss,
    "nll_loss2d": nll_loss,
    "nll_loss_backward": nll_loss_backward,
    "nll_loss2d_backward": nll_loss_backward,
}
