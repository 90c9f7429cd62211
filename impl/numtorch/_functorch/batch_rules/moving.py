"""Batching rules of views, and of what moves elements."""

from __future__ import annotations

import math
from typing import Any

from ... import dispatch
from ...aliasing.views import storage_of
from ...levels import at
from ...memory.geometry import element_strides
from ...tensor import Tensor, wrap_dim
from ..batching import Call, rank, shifted, to_front
from ..fallback import UNBATCHED, exchange, loop


def reshaped(call: Call) -> Any:
    """reshape to a view, which of a batch is `view`."""
    return dispatch.view(call.front(call.args[0]), (call.size, *call.args[1])), 0


def sized(call: Call) -> Any:
    """view and its like: a size."""
    x, size, *rest = call.args
    return call.op(call.front(x), (call.size, *size), *rest), 0


def strided(call: Call) -> Any:
    """as_strided: the batch's own stride in front."""
    x, size, stride, *offset = call.args
    value = call.front(x)
    steps = element_strides(storage_of(value))
    return call.op(value, (call.size, *size), (steps[0], *stride), *offset), 0


def unsqueezed_to(value: Any, ndim: int) -> Any:
    """A batch, its dimension in front, seen with elements of this many dimensions, even if they have as many."""
    shape = tuple(value._desc.shape)
    return dispatch.view(value, shape[:1] + (1,) * (ndim + 1 - len(shape)) + shape[1:])


def without_ones(value: Any) -> tuple:
    """The sizes of a batch, its dimension in front, without those of its elements that are one."""
    shape = tuple(value._desc.shape)
    return shape[:1] + tuple([s for s in shape[1:] if s != 1])


def expanded(call: Call) -> Any:
    """expand, which may bring new dimensions in front."""
    x, size = call.args
    return call.op(unsqueezed_to(call.front(x), len(size)), (call.size, *size)), 0


def repeated(call: Call) -> Any:
    """repeat, which may bring new dimensions in front."""
    x, repeats = call.args
    value = call.front(x)
    for _ in range(len(repeats) - rank(x)):
        value = dispatch.unsqueeze(value, 1)
    return call.op(value, (1, *repeats)), 0


def turned(call: Call) -> Any:
    """Dimensions in another order; of a number PyTorch answers with the batch itself, unless asked for a list of them."""
    x = call.args[0]
    name, value = call.replaced.name, call.front(x)
    if not rank(x) and name != "permute":
        return call.interpreter.unwrap(x)
    if name == "t":
        return dispatch.transpose(value, 1, rank(x)), 0
    if name == "transpose":
        return call.op(value, shifted(call.args[1], rank(x)), shifted(call.args[2], rank(x))), 0
    return call.op(value, (0, *shifted(call.args[1], rank(x)))), 0


def as_complex(call: Call) -> Any:
    """view_as_complex, whose last dimension must not be the batch's."""
    x = call.args[0]
    if not rank(x):
        raise RuntimeError("Input tensor must have one or more dimensions")
    return call.op(call.front(x)), 0


def unsqueezed(call: Call) -> Any:
    """A new dimension."""
    x, dim = call.args
    return call.op(call.front(x), shifted(dim, rank(x) + 1)), 0


def squeezed(call: Call) -> Any:
    """Without the dimensions of size one, the batch's apart."""
    x = call.args[0]
    if not rank(x):
        return elementwise_of(call)
    value = call.front(x)
    return dispatch.view(value, without_ones(value)), 0


def one_dim(call: Call) -> Any:
    """A view along one dimension: select, slice, unfold."""
    x, dim, *rest = call.args
    if not rank(x) and call.replaced.name == "unfold":  # the only one that numbers have
        return dispatch.squeeze_dims(call.op(dispatch.unsqueeze(call.front(x), 1), 1, *rest), (1,)), 0
    return call.op(call.front(x), shifted(dim, rank(x)), *rest), 0


def squeezed_dims(call: Call) -> Any:
    """Without given dimensions, if they are of size one; the batch's stays where it is."""
    x, dim = call.args
    if not rank(x):
        return elementwise_of(call)
    value, bdim = call.interpreter.unwrap(x)
    dims = [d % rank(x) for d in (dim if isinstance(dim, tuple) else (dim,))]
    gone = sum(d < bdim and x._desc.shape[d] == 1 for d in set(dims))
    return dispatch.squeeze_dims(value, tuple([d + (d >= bdim) for d in dims])), bdim - gone


def shown_otherwise(call: Call) -> None:
    """A view made in place: of the batch."""
    x, *rest = call.args
    name, ndim = call.replaced.name, rank(x)
    wrapped = at(x, call.interpreter)
    if wrapped is None or not ndim:
        raise RuntimeError(UNBATCHED)
    wrapped.value, wrapped.bdim = to_front(wrapped.value, wrapped.bdim or 0), 0
    if name == "squeeze_":
        dispatch.squeeze_dims_(wrapped.value, tuple([i + 1 for i, s in enumerate(x._desc.shape) if s == 1]))
    elif name in ("squeeze_dim_", "squeeze_dims_"):
        dims = rest[0] if isinstance(rest[0], tuple) else (rest[0],)
        dispatch.squeeze_dims_(wrapped.value, shifted(dims, ndim))
    elif name == "t_":
        if ndim == 2:
            dispatch.transpose_(wrapped.value, 1, 2)
    else:
        call.op(wrapped.value, *[shifted(d, ndim + (name == "unsqueeze_")) for d in rest])


DYNAMIC = {"unique": "_unique2"}
"""What PyTorch calls some of them."""


def dynamic(call: Call) -> Any:
    """What returns as many elements as the numbers say."""
    raise RuntimeError(
        "vmap: We do not support batching operators that can output dynamic shape. Attempted to vmap over "
        f"aten::{DYNAMIC.get(call.replaced.name, call.replaced.name)}. Please file an issue at "
        "https://github.com/pytorch/pytorch/issues if you need this feature."
    )


def elementwise_of(call: Call) -> Any:
    """The batch as it is, of an operator that has nothing to do on numbers."""
    return dispatch.alias(call.front(call.args[0])), 0


def several(call: Call) -> Any:
    """Several views along a dimension."""
    x, *rest = call.args
    rest[-1] = shifted(rest[-1], rank(x))
    return tuple([(part, 0) for part in call.op(call.front(x), *rest)])


def two_dims(call: Call) -> Any:
    """diagonal and its like: two dimensions."""
    x, offset, dim1, dim2 = call.args
    return call.op(call.front(x), offset, shifted(dim1, rank(x)), shifted(dim2, rank(x))), 0


def embedded(call: Call) -> Any:
    """diag_embed, whose result has one dimension more."""
    x, offset, dim1, dim2 = call.args
    return call.op(call.front(x), offset, shifted(dim1, rank(x) + 1), shifted(dim2, rank(x) + 1)), 0


def backward_sized(call: Call) -> Any:
    """Backward of select, slice and diagonal: the sizes of the input, and dimensions in it."""
    grad, sizes, *rest = call.args
    if call.replaced.name == "diagonal_backward":
        rest[1:3] = [shifted(d, len(sizes)) for d in rest[1:3]]
    else:
        rest[0] = shifted(rest[0], len(sizes))
    return call.op(call.front(grad), (call.size, *sizes), *rest), 0


def listed(call: Call) -> Any:
    """cat and stack."""
    tensors, dim = call.args
    ndim = max(rank(t) for t in tensors)
    if call.replaced.name == "cat" and any(rank(t) != ndim for t in tensors):
        return loop(call)
    values = [call.spread(t) for t in tensors]
    if call.replaced.name == "stack":  # PyTorch moves the dimension to the front even if it is there
        values = [call.physical(t) if call.is_batched(t) else one_more(t, call.size) for t in tensors]
    return call.op(values, shifted(dim, ndim + (call.replaced.name == "stack"))), 0


def one_more(value: Any, size: int) -> Any:
    """What all elements share, as a batch of this size."""
    return dispatch.expand(dispatch.unsqueeze(value, 0), (size, *value._desc.shape))


def blocks(call: Call) -> Any:
    """block_diag, of each element of the batch."""
    tensors = [call.physical(t) if call.is_batched(t) else one_more(t, call.size) for t in call.args[0]]
    rows = [call.op([dispatch.select(t, 0, i) for t in tensors]) for i in range(call.size)]
    return dispatch.cat([dispatch.unsqueeze(row, 0) for row in rows], 0), 0


def rolled(call: Call) -> Any:
    """roll; without dimensions, of the elements in a row."""
    x, shifts, dims = call.args
    value = call.front(x)
    if dims:
        return call.op(value, shifts, shifted(dims, rank(x))), 0
    shape = tuple(value._desc.shape)
    if not shape[1:]:  # of numbers PyTorch rolls the batch
        return dispatch.view(call.op(value, shifts, (0,)), shape), 0
    row = value if len(shape) == 2 else value.reshape(shape[0], math.prod(shape[1:]))
    return call.op(row, shifts, (1,)).reshape(shape), 0


def leading(call: Call) -> Any:
    """What takes any number of dimensions in front."""
    return exchange(call.op(*[call.front(a) for a in call.args]), lambda t: (t, 0))


def selected(call: Call) -> Any:
    """masked_select with a mask that all share, whose results are seen as rows."""
    x, mask = call.args
    if call.is_batched(mask):
        raise RuntimeError(MASKED)
    most = max(rank(x), rank(mask))
    value = call.front(x)
    if rank(x) < most:
        value = unsqueezed_to(value, most)
    found = call.op(value, mask)
    return dispatch.view(found, (call.size, found._desc.shape[0] // call.size)), 0


def flipped(call: Call) -> Any:
    """flip along dimensions."""
    x = call.args[0]
    dims = shifted(call.args[-1], max(rank(x), 1))
    for dim in dims:  # of one number there is none behind the batch's
        wrap_dim(dim, rank(x) + 1)
    return call.op(call.front(x), *call.args[1:-1], dims), 0


MASKED = (
    "vmap: Attempted to vmap over `mask` in torch.masked_select(self, mask) We cannot support this because for each batch this "
    "would return a differently shaped Tensor. Please voice your support in https://github.com/pytorch/functorch/issues/256"
)


def matrices(call: Call) -> Any:
    """What works on the last two dimensions, and on any number before them."""
    if any(isinstance(a, Tensor) and not call.is_batched(a) for a in call.args):
        return loop(call)
    return exchange(call.op(*[call.front(a) for a in call.args]), lambda t: (t, 0))


def solved(call: Call) -> Any:
    """Linear equations, whose right side may be vectors; a matrix that is row-major for one element is so for all."""
    a, b, *rest = call.args
    most = max(rank(a), rank(b))
    left = padded(call, a, most)
    right = padded(call, b, most - (rank(a) > rank(b)))
    if a._desc.plain and a._desc.real:
        left = left.contiguous()
    return exchange(call.op(left, right, *rest), lambda t: (t, 0))


def solved_by_factors(call: Call) -> Any:
    """linalg_lu_solve; factors and the order of their rows are both those of each element, or none."""
    factors, order, right, *rest = call.args
    if call.is_batched(factors) == call.is_batched(order):
        left, rows = call.front(factors), call.front(order)
    else:
        left, rows = call.spread(factors), call.spread(order)
    most = max(rank(factors), rank(right))
    value = call.front(right)
    if call.is_batched(right) and rank(right) < most:
        value = unsqueezed_to(value, most)
    elif left._desc.ndim > rank(factors) and rank(factors) < most:
        left = unsqueezed_to(left, most)
        rows = unsqueezed_to(rows, most - 1)
    return call.op(left, rows, value, *rest), 0


FORMATS = {"channels_last": ("ChannelsLast", 4), "channels_last_3d": ("ChannelsLast3d", 5)}
"""What C++ calls memory formats, and of how many dimensions they are."""


def in_format(call: Call) -> Any:
    """A copy in a memory format, which clone has none of within vmap, and `to` takes for that of the whole batch."""
    x, *rest = call.args
    name = str(rest[-1]).removeprefix("torch.")
    if call.replaced.name == "copy_in_format":
        raise RuntimeError(
            "NYI: Tensor.clone(memory_format) inside vmap is only supported with memory_format torch.preserve_format or "
            f"torch.contiguous_format (got {FORMATS[name][0]})"
        )
    if name in FORMATS and rank(x) + 1 != FORMATS[name][1]:
        raise RuntimeError(f"required rank {FORMATS[name][1]} tensor to use {name} format")
    value, bdim = call.interpreter.unwrap(x)
    return call.op(value, *rest), bdim


def padded(call: Call, value: Any, ndim: int) -> Any:
    """A tensor for each element of the batch, with this many dimensions."""
    found = call.front(value)
    if not call.is_batched(value):
        return call.spread(value)
    return unsqueezed_to(found, ndim) if rank(value) < ndim else found
