"""Batching rules of what has a batch of its own, which the batch's dimension is folded into."""

from __future__ import annotations

from typing import Any

from ... import dispatch
from ...functions import shape as shapes
from ...tensor import Tensor
from ..batching import Call, Rule, rank, to_front
from ..fallback import exchange


def into(value: Any, source: int, dim: int) -> Any:
    """A tensor whose dimension is folded into another: moved in front of it, even if it is there, and both seen as one."""
    dims = list(range(value._desc.ndim))
    dims.insert(dim, dims.pop(source))
    moved = dispatch.permute(value, tuple(dims))
    shape = list(moved._desc.shape)
    return shapes.reshape(moved, (*shape[:dim], shape[dim] * shape[dim + 1], *shape[dim + 2 :]))


def outof(value: Any, dim: int, size: int) -> Any:
    """The opposite: a dimension of this size in front of one that it was folded into."""
    shape = list(value._desc.shape)
    return shapes.reshape(value, (*shape[:dim], size, shape[dim] // size if size else 0, *shape[dim + 1 :]))


def folded(value: Any, call: Call, dim: int = 0) -> Any:
    """An argument with the batch's dimension folded into another, of what all elements share as many times as there are."""
    found, bdim = call.interpreter.unwrap(value)
    return into(call.spread(value) if bdim is None else found, bdim or 0, dim)


def existing(call: Call) -> Any:
    """What takes a batch, or pictures one by one that may be a batch."""
    x, *rest = call.args
    return exchange(call.op(folded(x, call), *rest), lambda t: (outof(t, 0, call.size), 0))


def existing_all(rank_of_one: int, contiguous: str = "") -> Rule:
    """The same of several tensors of one rank: with that of one element, they take the batch's dimension for their own."""

    def rule(call: Call) -> Any:
        alone = rank(next(a for a in call.args if isinstance(a, Tensor))) == rank_of_one
        args = [a if not isinstance(a, Tensor) else call.spread(a) if alone else folded(a, call) for a in call.args]
        if contiguous:
            place = call.place(contiguous)
            args[place] = args[place].contiguous()
        found = call.op(*args)
        return exchange(found, lambda t: (t if alone else outof(t, 0, call.size), 0))

    return rule


def pooled(call: Call) -> Any:
    """max_pool2d: pictures one by one, or batches of them."""
    x, *rest = call.args
    if rank(x) == 3:
        return exchange(call.op(call.front(x), *rest), lambda t: (t, 0))
    return existing(call)


def convolution(call: Call) -> Any:
    """Pictures are folded into their batch; weights of each element, and pictures with them, into groups."""
    x, weight, bias, *sizes = call.args
    transposed, groups = sizes[3], sizes[5]
    (x_, x_at), (w_, w_at) = call.interpreter.unwrap(x), call.interpreter.unwrap(weight)
    apart = bias is not None and (w_at is not None or call.is_batched(bias))
    together = None if apart else bias
    size, out_channels = call.size, 1 if transposed else 0
    if x_at is not None and w_at is None:
        found, bdim = outof(call.op(into(x_, x_at, 0), w_, together, *sizes), 0, size), 0
    elif x_at is None and w_at is not None and groups == 1:
        found, bdim = outof(call.op(x_, into(w_, w_at, out_channels), together, *sizes), 1, size), 1
    elif x_at is None and w_at is not None:
        if transposed:
            w_ = into(w_, w_at, 1)
        else:
            w_ = outof(w_, 0 + (w_at == 0), groups)
            w_ = into(into(w_, w_at + (w_at > 0), 1), 0, 0)
        found = outof(outof(call.op(x_, w_, together, *sizes), 1, groups), 2, size)
        found, bdim = into(found, 1, 2), 1
    elif x_at is not None:
        every = (*sizes[:-1], groups * size)
        found, bdim = outof(call.op(into(x_, x_at, 1), into(w_, w_at, 0), together, *every), 1, size), 1
    else:
        found, bdim = call.op(x_, w_, together, *sizes), None
    if not apart:
        return found, bdim
    found = found if bdim is None else to_front(found, bdim)
    ndim = found._desc.ndim - (bdim is not None)
    bias_ = call.front(bias)
    for _ in range(ndim - 2):
        bias_ = dispatch.unsqueeze(bias_, bias_._desc.ndim)
    if call.is_batched(bias) and bias_._desc.ndim - 1 < ndim:
        shape = tuple(bias_._desc.shape)
        bias_ = dispatch.view(bias_, shape[:1] + (1,) * (ndim + 1 - len(shape)) + shape[1:])
    return dispatch.add(found, bias_), 0


def embedding(call: Call) -> Any:
    """Rows of a table: each element's own tables side by side, or one below the other if the indices are its own, too."""
    weight, indices, *rest = call.args
    (table, at), (rows, rows_at) = call.interpreter.unwrap(weight), call.interpreter.unwrap(indices)
    if at is None:
        return call.op(table, rows, *rest), rows_at
    if rows_at is None:
        found = call.op(into(table, at, 1), rows, *rest)
        ndim = found._desc.ndim
        return outof(found, ndim - 1, call.size), ndim - 1
    return call.op(into(table, at, 0), stepped(call, indices, weight._desc.shape[0]), *rest), 0


def stepped(call: Call, indices: Any, rows: int) -> Any:
    """Indices into tables that lie one below the other."""
    from ... import creation

    found = call.front(indices)
    steps = creation.arange(0, call.size * rows, rows, dtype=found.dtype)
    return found + dispatch.view(steps, (call.size,) + (1,) * (found._desc.ndim - 1))


def embedding_backward(call: Call) -> Any:
    """The gradients of tables side by side."""
    grad, indices, *rest = call.args
    (value, at), (_, rows_at) = call.interpreter.unwrap(grad), call.interpreter.unwrap(indices)
    if rows_at is None and at is not None:
        found = call.op(into(value, at, value._desc.ndim - 2), indices, *rest)
        return outof(found, 1, call.size), 1
    count, padding, *others = rest
    found = call.op(call.spread(grad), stepped(call, indices, count), count * call.size, -1, *others)
    found = outof(found, 0, call.size)
    if padding >= 0:
        dispatch.select(found, 1, padding).zero_()
    return found, 0
