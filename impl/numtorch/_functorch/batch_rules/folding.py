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


def resized_backward(call: Call) -> Any:
    """The gradient of what resizes pictures, whose own size says how many they are."""
    grad, size, (count, *rest), *scales = call.args
    found = call.op(folded(grad, call), size, (count * call.size, *rest), *scales)
    return outof(found, 0, call.size), 0


def existing_all(call: Call) -> Any:
    """The same of several tensors."""
    args = [folded(a, call) if isinstance(a, Tensor) else a for a in call.args]
    return exchange(call.op(*args), lambda t: (outof(t, 0, call.size), 0))


def optional(rank_of_one: int, contiguous: str) -> Rule:
    """The same of tensors that take the batch's dimension for their own if they have the rank of one picture."""

    def rule(call: Call) -> Any:
        alone = rank(next(a for a in call.args if isinstance(a, Tensor))) == rank_of_one
        args = [a if not isinstance(a, Tensor) else call.spread(a) if alone else folded(a, call) for a in call.args]
        place = call.place(contiguous)
        args[place] = args[place].contiguous()
        found = call.op(*args)
        return exchange(found, lambda t: (t if alone else outof(t, 0, call.size), 0))

    return rule


def pooled(rank_of_one: int) -> Rule:
    """max_pool2d and max_pool3d: pictures of this rank one by one, or batches of them."""

    def rule(call: Call) -> Any:
        x, *rest = call.args
        if rank(x) == rank_of_one:
            return exchange(call.op(call.front(x), *rest), lambda t: (t, 0))
        return existing(call)

    return rule


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


def stand_in(call: Call, value: Any, dim: int, times: int) -> Any:
    """What has the shape of a tensor of one element, a dimension of it so many times as long, and no values."""
    from ... import creation

    shape = list(value._desc.shape)
    shape[dim] *= times
    return dispatch.expand(creation.zeros((), dtype=value.dtype), tuple(shape))


def convolution_backward(call: Call) -> Any:
    """The same ways back, each gradient for itself unless each element has its own of everything."""
    grad, x, weight, bias_sizes, *sizes, mask = call.args
    (g, at), (x_, x_at), (w_, w_at) = [call.interpreter.unwrap(t) for t in (grad, x, weight)]
    if at is not None and x_at is not None and w_at is not None:
        every = (*sizes[:-1], sizes[-1] * call.size)
        found = call.op(into(g, at, 1), into(x_, x_at, 1), into(w_, w_at, 0), bias_sizes, *every, mask)
        return tuple(
            [
                (outof(f, dim, call.size), dim) if wanted else None
                for f, dim, wanted in zip(found, (1, 0), mask, strict=False)
            ]
        ) + (None,)
    return (_to_input(call) if mask[0] else None), (_to_weight(call) if mask[1] else None), None


def _to_input(call: Call) -> Any:
    """The gradient of the pictures."""
    grad, x, weight, bias_sizes, *sizes, _ = call.args
    (g, at), (w_, w_at) = call.interpreter.unwrap(grad), call.interpreter.unwrap(weight)
    transposed, groups, size = sizes[3], sizes[5], call.size

    def run(g: Any, w: Any, dim: int, times: int, sizes: Any = sizes) -> Any:
        return call.op(g, stand_in(call, x, dim, times), w, bias_sizes, *sizes, (True, False, False))[0]

    if at is not None and w_at is not None:
        found = run(into(g, at, 1), into(w_, w_at, 0), 1, size, (*sizes[:-1], groups * size))
        return outof(found, 1, size), 1
    if at is not None:
        return outof(run(into(g, at, 0), w_, 0, size), 0, size), 0
    if w_at is None:
        return run(g, w_, 0, 1), None
    if groups == 1:
        return outof(run(g, into(w_, w_at, 0 if transposed else 1), 1, size), 1, size), 1
    if transposed:
        w_ = dispatch.transpose(outof(to_front(w_, w_at), 1, groups), 0, 1)
        shape = w_._desc.shape
        w_ = shapes.reshape(w_, (shape[0] * shape[1] * shape[2], *shape[3:]))
    else:
        w_ = into(w_, w_at, 1)
    found = outof(outof(run(g, w_, 1, size), 1, groups), 2, size)
    return into(dispatch.transpose(found, 1, 2), 2, 2), 1


def _to_weight(call: Call) -> Any:
    """The gradient of the weights."""
    grad, x, weight, bias_sizes, *sizes, _ = call.args
    (g, at), (x_, x_at) = call.interpreter.unwrap(grad), call.interpreter.unwrap(x)
    transposed, groups, size = sizes[3], sizes[5], call.size

    def run(g: Any, x: Any, dim: int, times: int, sizes: Any = sizes) -> Any:
        return call.op(g, x, stand_in(call, weight, dim, times), bias_sizes, *sizes, (False, True, False))[1]

    if at is not None and x_at is not None:
        found = run(into(g, at, 1), into(x_, x_at, 1), 0, size, (*sizes[:-1], groups * size))
        return outof(found, 0, size), 0
    if at is None and x_at is None:
        return run(g, x_, 0, 1), None
    rows = transposed == (at is not None)  # which of the weights' dimensions the batch is folded into
    if groups == 1:
        found = run(
            into(g, at, 1) if at is not None else g, into(x_, x_at, 1) if x_at is not None else x_, int(rows), size
        )
        return outof(found, int(rows), size), int(rows)
    if at is not None:
        g = _grouped(g, at, groups)
    else:
        x_ = _grouped(x_, x_at, groups)
    found = run(g, x_, int(rows), size)
    if rows:
        return outof(found, 1, size), 1
    shape = found._desc.shape
    found = dispatch.transpose(shapes.reshape(found, (groups, size, shape[0] // groups // size, *shape[1:])), 0, 1)
    return shapes.reshape(found, (size, -1, *shape[1:])), 0


def _grouped(value: Any, at: int, groups: int) -> Any:
    """Channels of a batch of pictures, each group's of all elements together."""
    found = outof(to_front(value, at), 2, groups)
    dims = list(range(found._desc.ndim))
    dims.insert(2, dims.pop(0))
    found = dispatch.permute(found, tuple(dims))
    shape = found._desc.shape
    return shapes.reshape(found, (shape[0], shape[1] * shape[2] * shape[3], *shape[4:]))


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
