"""Batching rules of what works element by element, or along dimensions; losses are both."""

from __future__ import annotations

from typing import Any

from ... import dispatch
from ...tensor import Tensor
from ..batching import Call, Rule, rank, shifted
from ..fallback import UNBATCHED, exchange, loop, loop_written


def aligned(call: Call) -> list[Any]:
    """The operands with batches in front and ranks made equal behind them."""
    tensors = [a for a in call.args if isinstance(a, Tensor)]
    most = max(rank(t) for t in tensors)
    kinds = {t._desc.dtype for t in tensors}

    def fitted(value: Any) -> Any:
        if not isinstance(value, Tensor):
            return value
        found = call.front(value)
        own = rank(value)
        if not call.is_batched(value):
            shape = (1,) * (1 + most - own) + tuple(found._desc.shape)
            return dispatch.view(found, shape) if own and call.interpreter.pads else found
        if (
            not own and most and len(kinds) > 1
        ):  # a number does not decide the type of the result; a batch of them would
            other = max((t._desc.dtype for t in tensors if rank(t)), key=lambda d: d.category)
            if 0 < value._desc.dtype.category <= other.category and value._desc.dtype is not other:
                found = dispatch.to_copy(found, other)
        if own < most:
            shape = tuple(found._desc.shape)
            found = dispatch.view(found, shape[:1] + (1,) * (most - own) + shape[1:])
        return found

    return [fitted(a) for a in call.args]


def elementwise(call: Call) -> Any:
    """Each element for itself."""
    tensors = [a for a in call.args if isinstance(a, Tensor)]
    if len(tensors) == 1:
        (tensor,) = tensors
        value, bdim = call.interpreter.unwrap(tensor)
        return exchange(call.op(*[value if a is tensor else a for a in call.args]), lambda t: (t, bdim))
    found = call.op(*aligned(call))
    return found if found is NotImplemented else exchange(found, lambda t: (t, 0))


def of_one_size(call: Call) -> Any:
    """The same of what PyTorch's kernel does not broadcast: operands without a batch are repeated."""
    args = aligned(call)
    spread = [
        call.spread(given) if isinstance(given, Tensor) and not call.is_batched(given) else a
        for a, given in zip(args, call.args, strict=True)
    ]
    return call.op(*spread), 0


def filled(call: Call) -> Any:
    """masked_fill with a tensor: a batch of values is no value, but operands of where."""
    x, mask, value = aligned(call)
    if not call.is_batched(call.args[2]):
        return call.op(x, mask, value), 0
    return dispatch.where(mask, value, x), 0


def elementwise_written(call: Call) -> Any:
    """The same into the first operand."""
    target = call.args[0]
    if not call.is_target():
        other = next(a for a in call.args[1:] if call.is_batched(a))
        if call.replaced.name in ("copy_", "fill_"):
            raise RuntimeError(UNBATCHED)
        raise RuntimeError(
            f"output with shape {list(target._desc.shape)} doesn't match the broadcast shape "
            f"{[call.size, *other._desc.shape]}"
        )
    if any(isinstance(a, Tensor) and rank(a) > rank(target) for a in call.args[1:]):
        return loop_written(call)
    call.op(*aligned(call))
    return None


# ---- along dimensions


def along(call: Call) -> Any:
    """What works along the dimension or dimensions called `dim` or `dims`; with None or (), along all."""
    x = call.args[0]
    ndim = rank(x)
    if not ndim or not call.is_batched(x) or any(call.is_batched(a) for a in call.args[1:]):
        return loop(call)
    args = list(call.args)
    place = next(call.place(n) for n in ("dim", "dims") if n in call.names)
    dim = args[place]
    args[0] = call.front(x)
    if dim is None and call.replaced.name in ("argmax", "argmin"):
        return loop(call)
    args[place] = tuple(range(1, ndim + 1)) if dim is None or dim == () else shifted(dim, ndim)
    return exchange(call.op(*args), lambda t: (t, 0))


def backward_along(call: Call) -> Any:
    """The same for two operands of one shape."""
    a, b, dim = call.args[:3]
    if not rank(a) or rank(a) != rank(b):
        return loop(call)
    return call.op(call.spread(a), call.spread(b), shifted(dim, rank(a)), *call.args[3:]), 0


def at_least_one(call: Call) -> tuple[Any, tuple]:
    """A batch of elements that have a dimension, one of size 1 if need be, and the dimensions that they have."""
    x = call.args[0]
    value = call.front(x)
    if not rank(x):
        value = dispatch.unsqueeze(value, 1)
    return value, tuple(range(1, max(rank(x), 1) + 1))


def over_all(name: str) -> Rule:
    """What reduces all dimensions: the operator that reduces given ones."""

    def rule(call: Call) -> Any:
        x, dims = at_least_one(call)
        return getattr(dispatch, name)(x, dims, False, *call.args[1:]), 0

    return rule


def over_flat(name: str, value: bool = False) -> Rule:
    """What reduces all dimensions: the operator that reduces one, of the elements in a row."""

    def rule(call: Call) -> Any:
        x, dims = at_least_one(call)
        flat = x if len(dims) == 1 else x.reshape(call.size, -1)
        found = getattr(dispatch, name)(flat, 1, False, *call.args[1:])
        return (found[0] if value else found), 0

    return rule


def gathered(call: Call) -> Any:
    """gather, scatter and their like: dim, and tensors that each element of the batch has its own of."""
    x, dim, *rest = call.args
    if not rank(x):
        return loop(call)
    others = [call.spread(a) if isinstance(a, Tensor) else a for a in rest]
    if any(isinstance(a, Tensor) and rank(a) != rank(x) for a in rest):
        return loop(call)
    return call.op(call.spread(x), shifted(dim, rank(x)), *others), 0


def index_selected(call: Call) -> Any:
    """index_select with one index for the whole batch."""
    x, dim, index = call.args
    if call.is_batched(index) or not rank(x):
        return loop(call)
    return call.op(call.front(x), shifted(dim, rank(x)), index), 0


# ---- losses


def loss(call: Call) -> Any:
    """A loss of each element, and then its mean or sum over all but the batch's dimension."""
    place = call.place("reduction")
    reduction = call.args[place]
    args = aligned(call)
    args[place] = 0
    found = call.op(*args)
    ndim = rank(found) - 1
    how = ("none", "mean", "sum")[reduction]
    if how == "none" or not ndim:
        return found, 0
    reduce = dispatch.mean_dim if how == "mean" else dispatch.sum_dim
    return reduce(found, tuple(range(1, ndim + 1)), False, None), 0
