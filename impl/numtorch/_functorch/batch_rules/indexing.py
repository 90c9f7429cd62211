"""Batching rules of gathering and scattering by indices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ... import creation, dispatch
from ...aliasing.index_put import check_values
from ...memory.descriptor import broadcast_shapes
from ...tensor import Tensor
from ..batching import Call, Rule, rank, shifted
from ..fallback import UNBATCHED, loop


def at_least_one(call: Call, value: Any) -> Any:
    """A batch of elements with a dimension, of size one if they have none."""
    found = call.front(value)
    if not rank(value):
        found = dispatch.unsqueeze(found, found._desc.ndim)
    return found if call.is_batched(value) else dispatch.expand(found, (call.size, *found._desc.shape))


def gathered(call: Call) -> Any:
    """gather, scatter and their like: dim, and tensors that each element of the batch has its own of."""
    x, dim, *rest = call.args
    values = [at_least_one(call, a) if isinstance(a, Tensor) else a for a in (x, *rest)]
    found = call.op(values[0], shifted(dim, max(rank(x), 1)), *values[1:])
    shape_of = rest[0] if call.replaced.name == "gather" else x
    return (found if rank(shape_of) else dispatch.squeeze_dim(found, 1)), 0


def scattered(call: Call) -> None:
    """The same into the first operand."""
    if not call.is_target():
        raise RuntimeError(UNBATCHED)
    x, dim, *rest = call.args
    values = [at_least_one(call, a) if isinstance(a, Tensor) else a for a in (x, *rest)]
    call.op(values[0], shifted(dim, max(rank(x), 1)), *values[1:])


def expanded_index(index: Any, shape: tuple, dim: int) -> Any:
    """An index for each element along the other dimensions, too."""
    if not rank(index):
        return dispatch.expand(index, shape)
    size = index._desc.shape[0]
    dim %= len(shape)
    row = dispatch.view(index, tuple([size if i == dim else 1 for i in range(len(shape))]))
    return dispatch.expand(row, (*shape[:dim], size, *shape[dim + 1 :]))


def index_select(x: Any, dim: int, index: Any) -> Any:
    """gather, with the index for each element along the other dimensions."""
    if rank(x) > rank(index):
        index = expanded_index(index, tuple(x._desc.shape), dim)
    found = dispatch.gather(x, dim, index, False)
    return dispatch.squeeze_dim(found, -1) if not rank(x) and rank(found) else found


def index_copy(x: Any, dim: int, index: Any, source: Any) -> Any:
    """scatter, likewise."""
    if rank(x) > rank(index):
        index = expanded_index(index, tuple(x._desc.shape), dim)
    return dispatch.scatter(x, dim, index, source)


def select_scatter(x: Any, source: Any, dim: int, index: int) -> Any:
    """scatter at one place."""
    shape = tuple(x._desc.shape)
    place = dispatch.expand(creation.tensor(index % shape[dim]), shape)
    return dispatch.scatter(x, dim, place, dispatch.expand(dispatch.unsqueeze(source, dim), shape))


def slice_scatter(x: Any, source: Any, dim: int, start: Any, end: Any, step: int) -> Any:
    """scatter at the places of a slice."""
    shape = tuple(x._desc.shape)
    first, last, _ = slice(start, end, step).indices(shape[dim])
    return dispatch.scatter(x, dim, expanded_index(creation.arange(first, last, step), shape, dim), source)


def diagonal_scatter(call: Call) -> Any:
    """diagonal_scatter, two dimensions."""
    x, source, offset, dim1, dim2 = call.args
    return call.op(call.spread(x), call.spread(source), offset, shifted(dim1, rank(x)), shifted(dim2, rank(x))), 0


def added_at(call: Call) -> Any:
    """index_add with one index for the whole batch, into a copy."""
    x, dim, index, source, alpha = call.args
    if call.is_batched(index):
        return loop(call)
    value, target = at_least_one(call, x), at_least_one(call, source)
    found = call.op(dispatch.clone(value), shifted(dim, max(rank(x), 1)), index, target, alpha)
    return (found if rank(x) else dispatch.squeeze_dim(found, 1)), 0


def filled_at(name: str) -> Rule:
    """index_fill with one index for the whole batch, into a copy, by the operator of this name."""

    def rule(call: Call) -> Any:
        x, dim, index, value = call.args
        if call.is_batched(index) or call.is_batched(value) or not rank(x) or not call.is_batched(x):
            return loop(call)
        found, bdim = call.interpreter.unwrap(x)
        copy = dispatch.clone(found)
        return getattr(dispatch, name)(call_front(copy, bdim), shifted(dim, rank(x)), index, value), 0

    return rule


def call_front(value: Any, bdim: int) -> Any:
    """A batch with its dimension in front."""
    from ..batching import to_front

    return to_front(value, bdim)


def written_at(call: Call) -> Any:
    """index_add_ and index_fill_ with one index for the whole batch."""
    from ..fallback import loop_written

    x, dim, *rest = call.args
    if not call.is_target():
        raise RuntimeError(UNBATCHED)
    if not rank(x) or call.is_batched(rest[0]) or (call.replaced.name != "index_add_" and call.is_batched(rest[1])):
        return loop_written(call)
    if call.replaced.name == "index_add_":
        rest[1] = at_least_one(call, rest[1])
    call.op(call.front(x), shifted(dim, rank(x)), *rest)
    return None


def adjacent(indices: Any) -> bool:
    """Whether the indices stand side by side."""
    at = [i for i, index in enumerate(indices) if index is not None]
    return at == list(range(at[0], at[-1] + 1))


MASKED = (
    "vmap: We do not support batching operators that can support dynamic shape. Attempting to batch over indexing with a "
    "boolean mask."
)


def indexed(call: Call) -> Any:
    """index with the same indices for the whole batch; apart, they come first, and the batch's dimension behind them."""
    x, indices = call.args
    if any(call.is_batched(i) and i._desc.dtype.name == "bool" for i in indices):
        raise RuntimeError(MASKED)
    if not call.is_batched(x) or any(call.is_batched(i) for i in indices):
        return loop(call)
    found = call.op(call.front(x), (None, *indices))
    return found, 0 if adjacent(indices) else picked(indices)


def picked(indices: Any) -> int:
    """How many dimensions the indices have together."""
    shape: Any = ()
    for index in indices:
        if index is not None:
            masked = index._desc.dtype.name == "bool"
            shape = broadcast_shapes(shape, (0,) if masked else tuple(index._desc.shape))
    return len(shape)


def put(call: Call) -> Any:
    """index_put with the same indices for the whole batch."""
    x, indices, values, *rest = call.args
    if any(call.is_batched(i) for i in indices):
        return loop(call)
    spread, values = call.spread(x), values_at(call, x, indices, values)
    check_values(spread, (None, *indices), values)
    return call.op(spread, (None, *indices), values, *rest), 0


def put_written(call: Call) -> Any:
    """The same into the first operand."""
    from ..fallback import loop_written

    x, indices, values, *rest = call.args
    if not call.is_target():
        raise RuntimeError(UNBATCHED)
    if any(call.is_batched(i) for i in indices) or not adjacent(indices):
        return loop_written(call)
    call.op(call.front(x), (None, *indices), values_at(call, x, indices, values), *rest)
    return None


def values_at(call: Call, x: Any, indices: Any, values: Any) -> Any:
    """The values for each element of the batch, with as many dimensions as what is picked."""
    found = call.spread(values)
    masks = sum(i._desc.ndim - 1 for i in indices if i is not None and i._desc.dtype.name == "bool")
    count = sum(i is not None for i in indices)
    ndim = 1 + rank(x) - count - masks + picked(indices)
    shape = tuple(found._desc.shape)
    if len(shape) < ndim:
        found = dispatch.view(found, shape[:1] + (1,) * (ndim - len(shape)) + shape[1:])
    if not adjacent(indices):
        dims = list(range(ndim))
        dims.insert(picked(indices), dims.pop(0))
        found = dispatch.permute(found, tuple(dims))
    return found


STEPS: dict[str, Callable[..., Any]] = {
    "index_select": index_select,
    "index_copy": index_copy,
    "select_scatter": select_scatter,
    "slice_scatter": slice_scatter,
}
