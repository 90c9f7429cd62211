"""Batching rules: how operators run on whole batches, one table by kind.

| the operator | on batches |
|---|---|
| elementwise | the same, the batch dimension in front, and ranks made equal behind it |
| reduces along dimensions, or works along one | the same, the dimensions counted from behind the batch's |
| a view, or moves elements | the same, its sizes and dimensions with the batch's in front |
| multiplies matrices | matmul, for which the batch is one of its own batch dimensions |

A rule returns the resulting batch with its batch dimension, or a pair for each of several results.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from types import FunctionType
from typing import Any

from .. import dispatch
from ..aliasing.views import storage_of
from ..functions import linalg
from ..levels import at, state
from ..memory.geometry import element_strides
from ..tensor import Tensor
from .batching import UNBATCHED, Call, exchange, loop, loop_written, to_front

Rule = Callable[[Call], Any]


def rank(value: Any) -> int:
    """How many dimensions a tensor has at its level."""
    return int(value._desc.ndim)


# ---- elementwise


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


def shifted(dim: Any, ndim: int) -> Any:
    """Dimensions as they are counted behind the batch's."""
    if isinstance(dim, (tuple, list)):
        return tuple([d % ndim + 1 for d in dim])
    return dim % ndim + 1


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


# ---- views and moved elements


def sized(call: Call) -> Any:
    """view, expand and their like: a size."""
    x, size, *rest = call.args
    return call.op(call.front(x), (call.size, *size), *rest), 0


def strided(call: Call) -> Any:
    """as_strided: the batch's own stride in front."""
    x, size, stride, *offset = call.args
    value = call.front(x)
    steps = element_strides(storage_of(value))
    return call.op(value, (call.size, *size), (steps[0], *stride), *offset), 0


def expanded(call: Call) -> Any:
    """expand, which may bring new dimensions in front."""
    x, size = call.args
    value = call.front(x)
    shape = tuple(value._desc.shape)
    value = dispatch.view(value, shape[:1] + (1,) * (len(size) - rank(x)) + shape[1:])  # even if they are the same
    return call.op(value, (call.size, *size)), 0


def repeated(call: Call) -> Any:
    """repeat, which may bring new dimensions in front."""
    x, repeats = call.args
    value = call.front(x)
    if len(repeats) > rank(x):
        shape = tuple(value._desc.shape)
        value = dispatch.view(value, shape[:1] + (1,) * (len(repeats) - rank(x)) + shape[1:])
    return call.op(value, (1, *repeats)), 0


def turned(call: Call) -> Any:
    """Dimensions in another order."""
    x = call.args[0]
    if not rank(x):
        return loop(call)
    name, value = call.replaced.name, call.front(x)
    if name == "t":
        return (dispatch.transpose(value, 1, 2) if rank(x) == 2 else value), 0
    if name == "transpose":
        return call.op(value, shifted(call.args[1], rank(x)), shifted(call.args[2], rank(x))), 0
    return call.op(value, (0, *shifted(call.args[1], rank(x)))), 0


def unsqueezed(call: Call) -> Any:
    """A new dimension."""
    x, dim = call.args
    return call.op(call.front(x), shifted(dim, rank(x) + 1)), 0


def squeezed(call: Call) -> Any:
    """Without the dimensions of size one, the batch's apart."""
    x = call.args[0]
    dims = tuple([i + 1 for i, s in enumerate(x._desc.shape) if s == 1])
    return dispatch.squeeze_dims(call.front(x), dims), 0


def one_dim(call: Call) -> Any:
    """A view along one dimension: select, slice, unfold."""
    x, dim, *rest = call.args
    if not rank(x):
        return loop(call)
    return call.op(call.front(x), shifted(dim, rank(x)), *rest), 0


def squeezed_dims(call: Call) -> Any:
    """Without given dimensions, if they are of size one."""
    x, dim = call.args
    if not rank(x):
        return elementwise_of(call)
    dims = shifted(dim if isinstance(dim, tuple) else (dim,), rank(x))
    return dispatch.squeeze_dims(call.front(x), dims), 0


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


def dynamic(call: Call) -> Any:
    """What returns as many elements as the numbers say."""
    raise RuntimeError(
        "vmap: We do not support batching operators that can output dynamic shape. Attempted to vmap over "
        f"aten::{call.replaced.name}. Please file an issue at https://github.com/pytorch/pytorch/issues if you need this "
        "feature."
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
        values = [dispatch.permute(v, tuple(range(v._desc.ndim))) for v in values]
    return call.op(values, shifted(dim, ndim + (call.replaced.name == "stack"))), 0


def flipped(call: Call) -> Any:
    """flip, and roll along dimensions."""
    x = call.args[0]
    if not rank(x) or not call.args[-1]:
        return loop(call)
    return call.op(call.front(x), *call.args[1:-1], shifted(call.args[-1], rank(x))), 0


def matrices(call: Call) -> Any:
    """What works on the last two dimensions, and on any number before them."""
    if any(isinstance(a, Tensor) and not call.is_batched(a) for a in call.args):
        return loop(call)
    return exchange(call.op(*[call.front(a) for a in call.args]), lambda t: (t, 0))


def indexed(call: Call) -> Any:
    """index with the same indices for the whole batch, side by side."""
    x, indices = call.args
    at = [i for i, index in enumerate(indices) if index is not None]
    alone = at == list(range(at[0], at[-1] + 1))
    if any(call.is_batched(i) and i._desc.dtype.name == "bool" for i in indices):
        raise RuntimeError(
            "vmap: We do not support batching operators that can support dynamic shape. Attempting to batch over indexing "
            "with a boolean mask."
        )
    if not call.is_batched(x) or any(call.is_batched(i) for i in indices) or not alone:
        return loop(call)
    return call.op(call.front(x), (None, *indices)), 0


# ---- products of matrices


def dot(call: Call) -> Any:
    """Two vectors: a row times a column."""
    a, b = (call.front(x) for x in call.args)
    row, column = dispatch.unsqueeze(a, rank(a) - 1), dispatch.unsqueeze(b, rank(b))
    found = linalg.matmul(row, column)
    found = dispatch.squeeze_dim(found, rank(found) - 1)
    return dispatch.squeeze_dim(found, rank(found) - 1), 0


def mv(call: Call) -> Any:
    """A matrix and a vector."""
    a, b = call.args
    matrix, vector = call.front(a), call.front(b)
    if not call.is_batched(a):
        return linalg.matmul(matrix, dispatch.t(vector)), 1
    if not call.is_batched(b):
        return linalg.matmul(matrix, vector), 0
    found = linalg.matmul(matrix, dispatch.unsqueeze(vector, 2))
    return dispatch.squeeze_dim(found, rank(found) - 1), 0


def mm(call: Call) -> Any:
    """Two matrices, or two batches of them."""
    a, b = call.args
    left, right = call.front(a), call.front(b)
    if rank(a) == 3:  # bmm: batches that each element has
        left, right = call.spread(a), call.spread(b)
    return linalg.matmul(left, right), 0


def added(name: str) -> Rule:
    """beta * self + alpha * a product."""

    def rule(call: Call) -> Any:
        interpreter = call.interpreter
        state.stack.append(interpreter)  # each step batches by itself
        try:
            x, a, b, beta, alpha = call.args
            product = getattr(dispatch, name)(a, b)
            if alpha != 1:
                product = dispatch.mul(product, alpha)
            if beta != 1:
                x = dispatch.mul(x, beta)
            found = dispatch.add(x, product)
        finally:
            state.stack.pop()
        return interpreter.unwrap(found)

    return rule


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


# ---- the table


def _operators(*families: str) -> list[str]:
    found = []
    for family in families:
        module = importlib.import_module("." + family, dispatch.__name__)
        found += [
            name
            for name, value in vars(module).items()
            if type(value) is FunctionType and value.__module__ == module.__name__ and not name.endswith("_operator")
        ]
    return found


_ELEMENTWISE = _operators("pointwise", "elementary", "comparison", "special", "activation")
_OTHERWISE = frozenset(
    [
        "masked_select",
        "dist",
        "glu",
        "glu_backward",
        "softmax",
        "log_softmax",
        "softmax_backward_data",
        "log_softmax_backward_data",
        "prelu_kernel",
        "prelu_kernel_backward",
        "mvlgamma",
        "polygamma",
    ]
)
KINDS: dict[Rule, str] = {
    elementwise: "clone contiguous_copy to_copy alias detach data get_data",
    filled: "masked_fill_tensor",
    of_one_size: "gelu_backward",
    along: "sum_dim mean_dim nansum_dim prod_dim max_dim min_dim amax amin argmax argmin median_dim kthvalue sort sort_stable "
    "topk vector_norm norm_dim var std var_mean std_mean logsumexp cumsum cumprod all_dim any_dim count_nonzero softmax "
    "log_softmax cummax cummin logcumsumexp nanmedian_dim mode glu",
    backward_along: "softmax_backward_data log_softmax_backward_data glu_backward",
    gathered: "gather scatter scatter_value scatter_add scatter_reduce",
    index_selected: "index_select",
    sized: "view reshape_alias unsafe_view",
    strided: "as_strided",
    expanded: "expand",
    repeated: "repeat",
    turned: "t transpose permute",
    unsqueezed: "unsqueeze",
    squeezed: "squeeze",
    squeezed_dims: "squeeze_dim squeeze_dims",
    one_dim: "select slice_ unfold",
    several: "unbind split split_with_sizes",
    two_dims: "diagonal",
    backward_sized: "select_backward slice_backward diagonal_backward",
    listed: "cat stack",
    flipped: "flip roll",
    indexed: "index",
    dynamic: "nonzero masked_select unique unique_consecutive bincount",
    dot: "dot",
    mv: "mv",
    mm: "mm bmm",
    loss: "mse_loss smooth_l1_loss huber_loss soft_margin_loss",
    matrices: "tril triu linalg_det linalg_inv_ex linalg_matrix_exp linalg_cholesky_ex linalg_slogdet",
}
RULES: dict[str, Rule] = {
    **{name: elementwise for name in _ELEMENTWISE if not name.endswith("_") and name not in _OTHERWISE},
    **{name: rule for rule, names in KINDS.items() for name in names.split()},
    "sum_all": over_all("sum_dim"),
    "mean_all": over_all("mean_dim"),
    "prod_all": over_flat("prod_dim"),
    "max_all": over_flat("max_dim", True),
    "min_all": over_flat("min_dim", True),
    "addmm": added("mm"),
    "addmv": added("mv"),
    "baddbmm": added("bmm"),
}
WRITES: dict[str, Rule] = {
    **{name: elementwise_written for name in _ELEMENTWISE if name.endswith("_") and name[:-1] not in _OTHERWISE},
    **dict.fromkeys(("copy_", "fill_", "zero_"), elementwise_written),
    **dict.fromkeys(["t_", "transpose_", "squeeze_", "squeeze_dim_", "squeeze_dims_", "unsqueeze_"], shown_otherwise),
}


def linear(input: Any, weight: Any, bias: Any = None) -> Any:
    """A product, and a sum."""
    found = linalg.matmul(input, weight.t())
    return found if bias is None else found + bias


COMPOSITES: dict[str, Callable[..., Any]] = {"linear": linear}
"""Functions that are made of other operators if there is a batch."""
__all__ = ["RULES", "WRITES", "to_front"]
