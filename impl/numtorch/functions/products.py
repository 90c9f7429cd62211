"""Products that are made of others: tensordot, kron, chains of matrices, and sums with products."""

from __future__ import annotations

import math
from typing import Any

from .. import dispatch as d
from ..aliasing.overlap import refuse
from ..aliasing.views import check_inplace, mark_inference, requires_grad
from ..calls.checked import refusal
from ..calls.operands import refused
from ..calls.raising import saving_first
from ..dtype import dtypes
from ..functions import shape as shapes
from ..grad_mode import is_grad_enabled
from ..memory.descriptor import broadcast_shapes
from ..plain_numpy import np
from ..tensor import Tensor, existing_dim, wrap, wrap_dim
from ..warning import warn
from .arguments import expect_tensor, expect_tensors
from .linalg import (
    addmv,
    addr,
    baddbmm,
    check_addmm,
    dot,
    mm,
    multiplied_alone,
    not_bool,
    same_types,
    typed,
    vdot,
)
from .matrix_checks import expect_floating

# ---- along dimensions of any number


def inner(input: Tensor, other: Tensor) -> Tensor:
    """The products of vectors along the last dimension of both."""
    expect_tensor(other, "inner", "other", 2)
    if not input._desc.ndim or not other._desc.ndim:
        return d.mul(input, other)
    a, b = input._desc.shape, other._desc.shape
    if a[-1] != b[-1]:
        raise RuntimeError(
            f"inner() the last dimension must match on both input tensors but got shapes {list(a)} and {list(b)}"
        )
    return _contracted(input, other, (-1,), (-1,))


def tensordot(a: Tensor, b: Tensor, dims: Any = 2) -> Tensor:
    """The sum of products over some dimensions of both."""
    if not isinstance(dims, (tuple, list, Tensor, int)):
        raise RuntimeError(
            "tensordot expects dims to be int or tuple[list[int], list[int]] or list[list[int]] containing two lists, but "
            f"got dims={dims}"
        )
    first: Any
    second: Any
    if isinstance(dims, (tuple, list)):
        first, second = dims
    elif isinstance(dims, Tensor) and dims.numel() > 1:
        if dims.size()[0] != 2:
            raise AssertionError(f"dims tensor must have size 2 in first dimension, got {dims.size()[0]}")
        first, second = dims.tolist()
    else:
        n = int(dims)
        if n < 0:
            raise RuntimeError(f"tensordot expects dims >= 0, but got dims={dims}")
        if not isinstance(dims, Tensor) and n > min(a.dim(), b.dim()):
            raise RuntimeError(f"tensordot expects dims < ndim_a or ndim_b, but got dims={dims}")
        first, second = tuple(range(-n, 0)), tuple(range(n))
    error = refusal("tensordot", (a, b, first, second), {}, False)
    if error is not None:
        raise error
    return _contracted(a, b, tuple(first), tuple(second))


def _contracted(a: Tensor, b: Tensor, first: tuple, second: tuple) -> Tensor:
    """tensordot as one product of matrices over permuted, reshaped operands."""
    if len(first) != len(second):
        raise RuntimeError("both dimension lists should have same length")
    if a._desc.dtype is not b._desc.dtype:
        raise RuntimeError("both inputs should have same dtype")
    size = 1
    for x, y in zip(first, second, strict=True):
        m, n = a._desc.shape[wrap_dim(x, a._desc.ndim)], b._desc.shape[wrap_dim(y, b._desc.ndim)]
        if n == 1:
            a = d.sum_dim(a, (x,), True, a._desc.dtype)
        elif m == 1:
            b = d.sum_dim(b, (y,), True, b._desc.dtype)
        elif m != n:
            raise RuntimeError(
                f"contracted dimensions need to match, but first has size {m} in dim {x} and second has size {n} in dim {y}"
            )
        size *= a._desc.shape[x]
    free1 = [i for i in range(a._desc.ndim) if i not in [x % a._desc.ndim for x in first]]
    free2 = [i for i in range(b._desc.ndim) if i not in [x % b._desc.ndim for x in second]]
    shape = tuple([a._desc.shape[i] for i in free1] + [b._desc.shape[i] for i in free2])
    left, right = d.permute(a, (*free1, *first)), d.permute(b, (*second, *free2))
    rows = math.prod([a._desc.shape[i] for i in free1])
    cols = math.prod([b._desc.shape[i] for i in free2])
    if rows == cols == 1:
        return shapes.reshape(_all(left, right, size), shape)
    return shapes.reshape(mm(shapes.reshape(left, (rows, size)), shapes.reshape(right, (size, cols))), shape)


def _all(left: Tensor, right: Tensor, size: int) -> Tensor:
    """The sum of all products: of vectors where views make them."""
    if any(shapes.contiguous(x) is not x for x in (left, right)):
        kind = left._desc.dtype
        return d.sum_all(d.mul(d.squeeze(left), d.squeeze(right)), kind if kind.category < dtypes.FLOATING else None)
    return dot(*[x if x._desc.ndim == 1 else shapes.reshape(x, (size,)) for x in (left, right)])


def kron(input: Tensor, other: Tensor) -> Tensor:
    """Every product of an element of one and one of the other, block after block."""
    n = max(input._desc.ndim, other._desc.ndim)
    a, b = ((1,) * (n - x._desc.ndim) + tuple(x._desc.shape) for x in (input, other))
    left = seen_as(input, tuple([s for size in a for s in (size, 1)]))
    right = seen_as(other, tuple([s for size in b for s in (1, size)]))
    product, shape = d.mul(left, right), tuple([x * y for x, y in zip(a, b, strict=True)])
    shapes.check_viewable(product, shape)
    return d.unsafe_view(product, shape)


def seen_as(tensor: Tensor, size: tuple[int, ...]) -> Tensor:
    """The elements in another shape, as no view; of an inference tensor an inference tensor."""
    seen: Tensor = d.unsafe_view(tensor, size)
    if tensor._extra is not None and tensor._extra.inference:
        mark_inference(seen)
    return seen


def cross(input: Tensor, other: Tensor, dim: Any = None) -> Tensor:
    """The vector product along a dimension of size 3: the first there is, if none is named."""
    if dim is None:
        dim = next((i for i, s in enumerate(input._desc.shape) if s == 3), None)
        if dim is None:
            raise RuntimeError("no dimension of size 3 in input")
        warn(
            "Using torch.cross without specifying the dim arg is deprecated.\nPlease either pass the dim explicitly or "
            "simply use torch.linalg.cross.\nThe default value of dim will change to agree with that of linalg.cross in a "
            "future release.",
        )
    return linalg_cross(input, other, dim=dim)


def linalg_cross(input: Tensor, other: Tensor, *, dim: int = -1) -> Tensor:
    """The vector product along a dimension of size 3."""
    with saving_first("linalg_cross", self=input, other=other):
        _refuse_crossed(input._desc, other._desc, dim)
    return d.linalg_cross(input, other, dim)


def _refuse_crossed(a: Any, b: Any, dim: int) -> None:
    if a.ndim != b.ndim:
        raise RuntimeError("linalg.cross: inputs must have the same number of dimensions.")
    at = existing_dim(dim, a.ndim)
    if a.shape[at] != 3 or b.shape[at] != 3:
        raise RuntimeError(
            f"linalg.cross: inputs dimension {dim} must have length 3. Got {a.shape[at]} and {b.shape[at]}"
        )
    broadcast_shapes(a.shape, b.shape)
    if a.dtype is dtypes.bool_:
        raise refused("cross", a.dtype)
    if a.dtype is not b.dtype:
        raise RuntimeError(f"expected scalar type {a.dtype.scalar_name} but found {b.dtype.scalar_name}")


def vecdot(x: Tensor, y: Tensor, *, dim: int = -1) -> Tensor:
    """The products of vectors along one dimension, broadcast in the others."""
    expect_floating("linalg.vecdot", x)
    if x._desc.dtype is not y._desc.dtype:
        raise RuntimeError(
            f"linalg.vecdot: Expected x and y to have the same dtype, but found x of type {x._desc.dtype.scalar_name} "
            f"and y of type {y._desc.dtype.scalar_name} instead"
        )
    if x._desc.ndim == y._desc.ndim == 1 and dim in (0, -1):
        return vdot(x, y)
    return d.sum_dim(d.mul(x.conj(), y), (dim,), False, None)


# ---- chains of matrices


def multi_dot(tensors: Any) -> Tensor:
    """The product of matrices in the order that takes the fewest multiplications."""
    given = list(tensors)
    n = len(given)
    if n < 2:
        raise RuntimeError(f"multi_dot(): expected at least 2 tensors but got {n}")
    shape: list[int] = []
    first, last = given[0], given[-1]
    for name, x in (("first", first), ("last", last)):
        if x._desc.ndim not in (1, 2):
            raise RuntimeError(f"multi_dot(): the {name} tensor must be 1D or 2D but got {x._desc.ndim}D")
    if first._desc.ndim == 1:
        given[0] = d.unsqueeze(first, 0)
    else:
        shape.append(first._desc.shape[0])
    if last._desc.ndim == 1:
        given[-1] = d.unsqueeze(last, -1)
    else:
        shape.append(last._desc.shape[1])
    for i, x in enumerate(given[1:-1]):
        if x._desc.ndim != 2:
            raise RuntimeError(f"multi_dot(): tensor {i + 1} must be 2D but got {x._desc.ndim}D")
    for i in range(n - 1):
        a, b = given[i]._desc.shape, given[i + 1]._desc.shape
        if given[i + 1]._desc.dtype is not first._desc.dtype:
            raise RuntimeError(
                "multi_dot(): all tensors must have be the same dtype but tensor 0 is "
                f"{typed(first._desc.dtype)} and tensor {i + 1} {typed(given[i + 1]._desc.dtype)}"
            )
        if a[1] != b[0]:
            shown = [list(tensors[k]._desc.shape) for k in (i, i + 1)]
            raise RuntimeError(
                f"multi_dot(): tensors {i} and {i + 1} with shapes {shown[0]} and {shown[1]} cannot be multiplied"
            )
    return shapes.view(_chained(given, _splits([x._desc.shape for x in given]), 0, n - 1), tuple(shape))


def _splits(given: list) -> dict[tuple[int, int], int]:
    """Where each stretch of the chain is best taken apart."""
    n = len(given)
    sizes = [s[0] for s in given] + [given[-1][1]]
    cost = {(i, i): 0 for i in range(n)}
    best: dict[tuple[int, int], int] = {}
    for length in range(1, n):
        for i in range(n - length):
            j = i + length
            options = [cost[i, k] + cost[k + 1, j] + sizes[i] * sizes[k + 1] * sizes[j + 1] for k in range(i, j)]
            # On a tie the first; of three, PyTorch compares (a b) c with a (b c), and takes the former.
            pick = options.index(min(options)) if n > 3 else len(options) - 1 - options[::-1].index(min(options))
            cost[i, j], best[i, j] = options[pick], i + pick
    return best


def _chained(given: list, best: dict, i: int, j: int) -> Tensor:
    if i == j:
        return given[i]
    k = best[i, j]
    right = _chained(given, best, k + 1, j)  # before the left one, which shows in the order of the gradients
    return mm(_chained(given, best, i, k), right)


def chain_matmul(*matrices: Tensor) -> Tensor:
    """multi_dot under its old name; of one matrix a copy."""
    expect_tensors(matrices)
    warn(
        "torch.chain_matmul is deprecated and will be removed in a future PyTorch release. Use torch.linalg.multi_dot "
        "instead, which accepts a list of two or more tensors rather than multiple parameters."
    )
    if not matrices:
        raise RuntimeError("chain_matmul(): Expected one or more matrices")
    for x in matrices:
        if x._desc.ndim != 2:
            raise RuntimeError(f"Tensor dimension is {x._desc.ndim}, expected 2 instead.")
    return d.clone(matrices[0]) if len(matrices) == 1 else multi_dot(matrices)


# ---- sums with products


def addbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """beta * input + alpha * the sum of batch1 @ batch2 over the batch"""
    _addbmm(input, batch1, batch2, beta)
    return d.addbmm(input, batch1, batch2, beta, alpha)


def _addbmm(input: Tensor, batch1: Tensor, batch2: Tensor, beta: Any) -> None:
    a, b = batch1._desc, batch2._desc
    if is_grad_enabled() and (input.requires_grad or batch1.requires_grad or batch2.requires_grad):
        existing_dim(0, a.ndim)  # which is saved, then
    existing_dim(1, a.ndim)
    existing_dim(2, b.ndim)
    shape = (a.shape[1], b.shape[2])
    if input._desc.shape != shape:
        shapes.expand(input.detach(), shape)
    if a.ndim != 3:
        raise RuntimeError("batch1 must be a 3D tensor")
    if b.ndim != 3:
        raise RuntimeError("batch2 must be a 3D tensor")
    if a.shape[0] != b.shape[0]:
        raise RuntimeError(f"batch1 and batch2 must have same number of batches, got {a.shape[0]} and {b.shape[0]}")
    if a.shape[2] != b.shape[1]:
        raise RuntimeError(
            f"Incompatible matrix sizes for bmm ({a.shape[1]}x{a.shape[2]} and {b.shape[1]}x{b.shape[2]})"
        )
    if a.shape[0]:
        same_types(input, batch1, batch2)
    if not (a.shape[0] and a.shape[2]) and shape[0] and shape[1]:
        multiplied_alone(input, beta)
        if a.shape[0] > 1:
            multiplied_alone(input, 1)  # the second of the batch is added to the first
    not_bool("addmm_impl_cpu_", a, b)


def _addr_in_place(self: Tensor, first: Tensor, second: Tensor) -> None:
    """What addr says of the matrix that it is added to."""
    shape, (n,), (m,) = self._desc.shape, first._desc.shape[:1] or (0,), second._desc.shape[:1] or (0,)
    if first._desc.ndim != 1 or second._desc.ndim != 1:
        return  # addr says so
    if len(shape) != 2:
        raise RuntimeError(f"2D tensor expected, got {len(shape)}D tensor for input")
    if shape != (n, m):
        raise RuntimeError(f"size mismatch, input: {list(shape)}, v1: [{n}], v2: [{m}]")
    kind = dtypes.promote_types(dtypes.promote_types(self._desc.dtype, first._desc.dtype), second._desc.dtype)
    if not dtypes.can_cast(kind, self._desc.dtype):
        raise RuntimeError(
            f"result type {kind.scalar_name} can't be cast to the desired output type {self._desc.dtype.scalar_name}"
        )


def _addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """addmm of tensors that nothing is saved of."""
    check_addmm(input, mat1, mat2, beta)
    return d.addmm(input, mat1, mat2, beta, alpha)


_CHECKS = {"addmm": _addmm, "addmv": addmv, "addr": addr, "baddbmm": baddbmm, "addbmm": addbmm}


def _in_place(name: str) -> Any:
    """addmm_ and its kin: the checks are those of the form that is not in place."""
    function, check = getattr(d, name + "_"), _CHECKS[name]

    def call(self: Tensor, first: Tensor, second: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
        check_inplace(self, any(requires_grad(x) for x in (self, first, second)))
        if name == "addbmm":
            _addbmm(self, first, second, beta)
        else:
            if name == "addr":
                _addr_in_place(self, first, second)
            kinds = [x._desc.dtype for x in (self, first, second)]
            if name == "baddbmm" and kinds[0] is kinds[1] is not kinds[2]:
                raise RuntimeError(
                    f"Bad in-place call: input tensor dtype {typed(kinds[0])} and output tensor dtype {typed(kinds[2])} "
                    "should match"
                )
            anything = wrap(np.zeros(self._desc.shape if name == "addmv" else (), self._desc.dtype.numpy))
            shape = check(anything, first.detach(), second.detach(), beta=beta, alpha=alpha)._desc.shape
            if shape != self._desc.shape:
                raise RuntimeError(
                    f"Bad in-place call: input tensor size {list(self._desc.shape)} and output tensor size {list(shape)} "
                    "should match"
                )
        if name == "addr":
            refuse(self._array, first._array, second._array)
        return function(self, first, second, beta, alpha)

    call.__name__ = name + "_"
    call.__doc__ = f"{name} in place."
    call.__wrapped__ = check  # type: ignore[attr-defined]  # whose parameters are the same
    return call


addmm_, addmv_, addr_, baddbmm_, addbmm_ = (_in_place(n) for n in _CHECKS)
BOTH = (inner, kron, cross, addbmm)
FUNCTIONS = {f.__name__: f for f in (*BOTH, tensordot, chain_matmul)} | {"addmv_": addmv_}
METHODS = {f.__name__: f for f in (*BOTH, addmm_, addmv_, addr_, baddbmm_, addbmm_)}
LINALG = {"multi_dot": multi_dot, "cross": linalg_cross, "vecdot": vecdot}
