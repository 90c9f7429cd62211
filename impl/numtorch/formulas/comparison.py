"""Formula functions of selections and clipping, in differentiable operations.

What decides where a gradient goes is itself never differentiated, so it is computed on the arrays.
"""

from __future__ import annotations

from typing import Any

from .. import creation, dispatch as d
from ..plain_numpy import np
from ..tensor import wrap
from .masks import joined, mask, opposite, within


def _kept(grad: Any, condition: Any) -> Any:
    return d.where(condition, grad, 0)


def _shared(grad: Any, tie: Any, loses: Any) -> Any:
    """Filled in place, as PyTorch does: the layout is that of where."""
    return d.masked_fill_(d.where(tie, d.div_scalar(grad, 2), grad), loses, 0)


def where_not_less(grad: Any, x: Any, other: Any) -> Any:
    """Half at a tie, nothing where the first is smaller; of either operand the first decides the layout."""
    return _shared(grad, mask(np.equal, x, other), mask(np.less, x, other))


def where_not_greater(grad: Any, x: Any, other: Any) -> Any:
    """Half at a tie, nothing where the first is larger."""
    return _shared(grad, mask(np.equal, x, other), mask(np.greater, x, other))


def _first(x: Any, other: Any, wins: Any) -> Any:
    return joined(np.logical_or, mask(wins, x, other), mask(np.isnan, other))


def fmax_self_backward(grad: Any, x: Any, other: Any) -> Any:
    """All where the first is not smaller, or the second is nan."""
    return d.masked_fill(grad, opposite(_first(x, other, np.greater_equal)), 0)


def fmax_other_backward(grad: Any, x: Any, other: Any) -> Any:
    """What the first does not take."""
    return d.masked_fill(grad, _first(x, other, np.greater_equal), 0)


def fmin_self_backward(grad: Any, x: Any, other: Any) -> Any:
    """All where the first is not larger, or the second is nan."""
    return d.masked_fill(grad, opposite(_first(x, other, np.less_equal)), 0)


def fmin_other_backward(grad: Any, x: Any, other: Any) -> Any:
    """What the first does not take."""
    return d.masked_fill(grad, _first(x, other, np.less_equal), 0)


def keep_where(grad: Any, condition: Any) -> Any:
    """The gradient where the condition holds."""
    return d.where(condition, grad, 0)


def drop_where(grad: Any, condition: Any) -> Any:
    """The gradient where the condition does not hold."""
    return d.where(condition, 0, grad)


def masked_fill_backward(grad: Any, mask: Any, desc: Any) -> Any:
    """The gradient where nothing was filled in."""
    return d.masked_fill(grad, mask, 0)


def masked_fill_value(grad: Any, mask: Any) -> Any:
    """The gradient where the value was filled in, summed."""
    if within(grad, mask):  # of a batch each element selects as many as it has
        return d.sum_all(d.where(mask, grad, 0), None)
    return d.sum_all(d.masked_select(grad, mask), None)


def masked_select_backward(grad: Any, x: Any, mask: Any, desc: Any, mask_desc: Any) -> Any:
    """The gradient back at its places."""
    shape = np.broadcast_shapes(desc.shape, mask_desc.shape)
    zeros = creation.zeros_like(x) if shape == desc.shape else wrap(np.zeros(shape, grad._desc.dtype.numpy))
    scatter = d.masked_scatter if within(grad, x, mask) else d.masked_scatter_
    return scatter(zeros, mask, grad)


def clamp_backward(grad: Any, x: Any, min: Any, max: Any) -> Any:
    """The gradient inside the bounds and at them."""
    if max is None:
        return _kept(grad, mask(np.greater_equal, x, min))
    inside = mask(np.less_equal, x, max)
    return _kept(grad, inside if min is None else joined(np.logical_and, mask(np.greater_equal, x, min), inside))


def clamp_tensor_backward(grad: Any, x: Any, min: Any, max: Any, needed: list) -> tuple:
    """The gradients of all three, in PyTorch's order: the bounds first."""
    lower = clamp_lower_backward(grad, x, min, max) if needed[1] else None
    upper = clamp_upper_backward(grad, x, min, max) if needed[2] else None
    return clamp_backward(grad, x, min, max) if needed[0] else None, lower, upper


def at_least(grad: Any, x: Any, min: Any) -> Any:
    """The gradient where x >= min."""
    return _kept(grad, mask(np.greater_equal, x, min))


def at_most(grad: Any, x: Any, max: Any) -> Any:
    """The gradient where x <= max."""
    return _kept(grad, mask(np.less_equal, x, max))


def below(grad: Any, x: Any, min: Any) -> Any:
    """The gradient where x < min."""
    return _kept(grad, mask(np.less, x, min))


def above(grad: Any, x: Any, max: Any) -> Any:
    """The gradient where x > max."""
    return _kept(grad, mask(np.greater, x, max))


def clamp_lower_backward(grad: Any, x: Any, min: Any, max: Any) -> Any:
    """The gradient where the lower bound is the result."""
    chosen = mask(np.less, x, min)
    return _kept(grad, chosen if max is None else joined(np.logical_and, chosen, mask(np.less, min, max)))


def clamp_upper_backward(grad: Any, x: Any, min: Any, max: Any) -> Any:
    """The gradient where the upper bound is the result."""
    chosen = mask(np.greater, x, max)
    return _kept(grad, chosen if min is None else joined(np.logical_or, chosen, mask(np.less, max, min)))
