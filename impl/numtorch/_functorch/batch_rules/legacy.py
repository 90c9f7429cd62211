"""The batching rules of the vmap before torch.func: fewer, and with other steps; all else runs once for each element.

Its operators see a batch as a tensor with the batch's dimension in front, and take rules apart no further: what is no view, no
product and no arithmetic of two operands goes PyTorch's fallback (fallback.py), and so does every operator that writes but for
`fill_` and `zero_`.
"""

from __future__ import annotations

from typing import Any

from ... import creation, dispatch
from ...functions import linalg
from ..batching import Call, Rule, rank, shifted
from ..fallback import loop
from . import moving, pointwise, products


def expanded(call: Call) -> Any:
    """expand, which may bring new dimensions in front."""
    x, size = call.args
    value = call.front(x)
    return call.op(value if len(size) == rank(x) else moving.unsqueezed_to(value, len(size)), (call.size, *size)), 0


def squeezed(call: Call) -> Any:
    """The batch seen without the dimensions of size one, its own apart."""
    value = call.front(call.args[0])
    return dispatch.view(value, moving.without_ones(value)), 0


def squeezed_dim(call: Call) -> Any:
    """Without one dimension, if it is of size one, or without several."""
    x, dim = call.args
    return call.op(call.front(x), shifted(dim, rank(x))), 0


def summed(call: Call) -> Any:
    """sum along dimensions, of a number nothing but a copy of it."""
    return pointwise.along(call) if rank(call.args[0]) else (dispatch.clone(call.front(call.args[0])), 0)


def put_back(name: str) -> Rule:
    """Backward of a view: its gradient is copied to that view of zeros."""

    def rule(call: Call) -> Any:
        grad, sizes, *where = call.args
        value = call.front(grad)
        zeros = creation.zeros((call.size, *sizes), dtype=grad.dtype).zero_()  # PyTorch writes its zeros, too
        places = {"select": 1, "slice_": 1, "diagonal": 3}[name]
        dims = where[1:] if name == "diagonal" else where[:1]
        kept = where[:1] if name == "diagonal" else where[1:]
        physical = [shifted(d, len(sizes)) for d in dims]
        args = (*kept, *physical) if places == 3 else (*physical, *kept)
        getattr(dispatch, name)(zeros, *args).copy_(value)
        return zeros, 0

    return rule


def dot(call: Call) -> Any:
    """Two vectors: of batches a row times a column."""
    a, b = call.args
    left, right = call.front(a), call.front(b)
    if call.is_batched(a):
        left = dispatch.unsqueeze(left, 1)
    if call.is_batched(b):
        right = dispatch.unsqueeze(right, 2)
    found = linalg.matmul(left, right)
    if call.is_batched(a) and call.is_batched(b):
        found = dispatch.squeeze_dim(found, 2)
    return dispatch.squeeze_dim(found, 1), 0


def mv(call: Call) -> Any:
    """A matrix and a vector, which of a batch is a column."""
    a, b = call.args
    left, right = call.front(a), call.front(b)
    if not call.is_batched(b):
        return linalg.matmul(left, right), 0
    return dispatch.squeeze_dim(linalg.matmul(left, dispatch.unsqueeze(right, 2)), 2), 0


def listed(call: Call) -> Any:
    """cat and stack: each expanded to the size of the batch, even if it has that."""
    tensors, dim = call.args
    values = [call.front(t) if call.is_batched(t) else dispatch.view(t, (1, *t._desc.shape)) for t in tensors]
    values = [dispatch.expand(v, (call.size, *v._desc.shape[1:])) for v in values]
    return call.op(values, shifted(dim, rank(tensors[0]) + (call.replaced.name == "stack"))), 0


def bmm(call: Call) -> Any:
    """Two batches of matrices; what is no batch of this level is seen with one more dimension."""
    a, b = [call.front(x) if call.is_batched(x) else dispatch.view(x, (1, *x._desc.shape)) for x in call.args]
    return linalg.matmul(a, b), 0


def trace(call: Call) -> Any:
    """The sum of the diagonals."""
    return dispatch.sum_dim(dispatch.diagonal(call.front(call.args[0]), 0, 1, 2), (1,), False, None), 0


KINDS: dict[Rule, str] = {
    pointwise.elementwise: "abs acos asin atan ceil cos cosh conj_physical digamma exp expm1 floor frac lgamma log log10 log1p "
    "log2 neg reciprocal relu round rsqrt sigmoid sign sin sinh sqrt tan tanh trunc clamp clamp_min clamp_max "
    "conj view_as_real clone contiguous_copy to_copy alias detach "
    "add add_alpha add_scalar sub sub_alpha sub_scalar rsub rsub_alpha rsub_scalar rsub_scalar_alpha mul mul_scalar div "
    "div_scalar div_mode pow_tensor pow_scalar pow_base pow_complex pow_complex_base sigmoid_backward threshold_backward "
    "eq ne lt le gt ge eq_scalar ne_scalar lt_scalar le_scalar gt_scalar ge_scalar",
    loop: "mask of_arrays",
    moving.as_complex: "view_as_complex",
    moving.sized: "view reshape_alias unsafe_view",
    moving.strided: "as_strided",
    moving.turned: "t transpose permute",
    moving.unsqueezed: "unsqueeze",
    moving.one_dim: "select slice_ unfold",
    moving.several: "unbind split split_with_sizes",
    moving.two_dims: "diagonal",
    listed: "cat stack",
    expanded: "expand",
    squeezed: "squeeze",
    squeezed_dim: "squeeze_dim squeeze_dims",
    summed: "sum_dim",
    dot: "dot",
    mv: "mv",
    products.mm: "mm",
    bmm: "bmm",
    trace: "trace",
}
RULES: dict[str, Rule] = {
    **{name: rule for rule, names in KINDS.items() for name in names.split()},
    **{f"{name.removesuffix('_')}_backward": put_back(name) for name in ("select", "slice_", "diagonal")},
}
WRITES: dict[str, Rule] = {
    "fill_": pointwise.elementwise_written,
    "zero_": pointwise.elementwise_written,
}
