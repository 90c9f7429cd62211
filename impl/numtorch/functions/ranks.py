"""Ranks, scans, and the reductions that few programs need, as users call them."""

from __future__ import annotations

from typing import Any

from .. import dispatch as d, return_types
from ..calls.raising import saving_first
from ..dtype import dtypes
from ..tensor import Tensor, wrap_dim
from .arguments import expect_tensor, not_for
from .reduction import MISSING, check_not_empty, moment, one, several, sum

# ---- sums and products


def nansum(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The sum, nan counted as 0."""
    if input._desc.dtype.category < dtypes.FLOATING:
        return sum(input, dim, keepdim, dtype=dtype)
    with saving_first("nansum_dim", self=input):
        given = several(dim, input._desc.ndim)
    return d.nansum_dim(input, given, keepdim, dtype)


def prod(input: Tensor, dim: Any = MISSING, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The product of all elements, or over one dimension."""
    expect_tensor(input, "prod")
    if dim is MISSING or dim is None:
        return d.prod_all(input, dtype)
    if isinstance(dim, (tuple, list)):
        raise TypeError(
            "prod() received an invalid combination of arguments - got (tuple), but expected one of:\n"
            " * (*, torch.dtype dtype = None)\n"
            " * (int dim, bool keepdim = False, *, torch.dtype dtype = None)\n"
        )
    with saving_first("prod_dim", self=input):
        at = one(dim, input._desc.ndim)
    return d.prod_dim(input, at, keepdim, dtype)


# ---- extremes


def aminmax(input: Tensor, *, dim: int | None = None, keepdim: bool = False) -> Any:
    """The smallest and the largest elements."""
    if dim is None and not input._desc.numel:
        raise RuntimeError(
            "aminmax(): cannot compute aminmax over an empty dimension as the operation has no identity."
        )
    if dim is not None:
        check_not_empty(input, (one(dim, input._desc.ndim),), "aminmax", "")
        if input._desc.dtype.is_complex and not input._desc.ndim:
            raise RuntimeError(f"aminmax not implemented for {input._desc.dtype.scalar_name}")
    return return_types.aminmax(*d.aminmax(input, dim, keepdim))


# ---- ranks


def median(input: Tensor, dim: Any = MISSING, keepdim: bool = False) -> Any:
    """The lower median; over a dimension also its index."""
    expect_tensor(input, "median")
    if dim is MISSING:
        if input._desc.numel:
            not_for("median_cpu", input, dtypes.bool_)
        return d.median_all(input)
    check_not_empty(input, (one(dim, input._desc.ndim),), "median")
    not_for("median_out", input, dtypes.bool_)
    return return_types.median(*d.median_dim(input, int(dim), keepdim))


def kthvalue(input: Tensor, k: int, dim: int = -1, keepdim: bool = False) -> Any:
    """The k-th smallest element over a dimension, and its index."""
    ndim = input._desc.ndim
    at = wrap_dim(one(dim, ndim), ndim)
    size = input._desc.shape[at] if ndim else 1
    check_not_empty(input, (dim,), "kthvalue")
    if not 1 <= k <= size:
        raise RuntimeError(f"kthvalue(): selected number k out of range for dimension {at}")
    if ndim:
        not_for("kthvalue_cpu", input, dtypes.bool_)
    return return_types.kthvalue(*d.kthvalue(input, k, dim, keepdim))


def sort(input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool | None = None) -> Any:
    """Elements in order along a dimension, and where they were."""
    one(dim, input._desc.ndim)
    return return_types.sort(*(d.sort if stable is None else d.sort_stable)(input, dim, descending))


def msort(input: Tensor) -> Tensor:
    """Elements in order along the first dimension."""
    return sort(input, 0)[0]


def argsort(input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool | None = None) -> Tensor:
    """The indices that put elements in order."""
    one(dim, input._desc.ndim)
    return d.sort(input, dim, descending)[1]


def topk(input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Any:
    """The k largest or smallest elements, and where they were."""
    ndim = input._desc.ndim
    at = wrap_dim(one(dim, ndim), ndim)
    if not 0 <= k <= (input._desc.shape[at] if ndim else 1):
        raise RuntimeError("selected index k out of range")
    if input._desc.dtype is dtypes.bool_:
        raise RuntimeError("topk does not support bool dtypes on CPU")
    return return_types.topk(*d.topk(input, k, dim, largest))


# ---- norms and moments


def vector_norm(x: Tensor, ord: Any = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """torch.linalg.vector_norm"""
    if not isinstance(ord, (int, float)):
        raise TypeError("linalg_vector_norm(): argument 'ord' (position 2) must be Number, not " + type(ord).__name__)
    desc = x._desc
    if desc.dtype.category < dtypes.FLOATING:
        raise RuntimeError(
            "linalg.vector_norm: Expected a floating point or complex tensor as input. Got " + desc.dtype.scalar_name
        )
    with saving_first("vector_norm", self=x):
        given = several(dim, desc.ndim)
        _refuse_no_norm(desc, ord, given)
        check_norm_dtype("linalg.vector_norm", desc.dtype, dtype)
    return d.vector_norm(x, ord, given, keepdim, dtype)


def _refuse_no_norm(desc: Any, ord: Any, given: Any) -> None:
    """Of nothing there is no smallest and no largest element."""
    if (ord < 0 or ord == float("inf")) and not desc.numel:
        empty = next((a for a in given if desc.shape[a] == 0), None) if given else None
        if empty is not None:
            raise RuntimeError(
                f"linalg.vector_norm cannot compute the {ord:g} norm on the dimension {empty}because this dimension is empty "
                "and the operation does not have an identity"
            )
        if not given and 0 in desc.shape:
            raise RuntimeError(
                f"linalg.vector_norm cannot compute the {ord:g} norm on an empty tensor because the operation does not have "
                "an identity"
            )


def check_norm_dtype(name: str, own: Any, wanted: Any) -> None:
    """Refuses to compute a norm in a type that is no floating one, of the other kind, or narrower."""
    if wanted is None:
        return
    if wanted.category < dtypes.FLOATING:
        raise RuntimeError(f"{name}: dtype should be floating point or complex, but got {wanted.scalar_name}")
    if own.is_complex is not wanted.is_complex:
        kind = "complex" if own.is_complex else "real"
        raise RuntimeError(f"{name}: dtype should be {kind} for {kind} inputs, but got {wanted.scalar_name}")
    if dtypes.promote_types(own, wanted) is not wanted:
        raise RuntimeError(
            f"{name}: the dtype of the input ({own.scalar_name}) should be convertible without narrowing to the specified "
            f"dtype ({wanted.scalar_name})"
        )


def var_mean(
    input: Tensor, dim: Any = MISSING, unbiased: Any = None, keepdim: bool = False, *, correction: Any = MISSING
) -> Any:
    """The variance and the mean."""
    return moment("var_mean", input, dim, unbiased, keepdim, correction)


def std_mean(
    input: Tensor, dim: Any = MISSING, unbiased: Any = None, keepdim: bool = False, *, correction: Any = MISSING
) -> Any:
    """The standard deviation and the mean."""
    return moment("std_mean", input, dim, unbiased, keepdim, correction)


def logsumexp(input: Tensor, dim: Any, keepdim: bool = False) -> Tensor:
    """log(sum(exp(input)))"""
    return d.logsumexp(expect_tensor(input, "logsumexp"), several(dim, input._desc.ndim), keepdim)


# ---- scans


def cumsum(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """Running sums."""
    return d.cumsum(expect_tensor(input, "cumsum"), one(dim, input._desc.ndim), dtype)


def cumprod(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """Running products."""
    return d.cumprod(expect_tensor(input, "cumprod"), one(dim, input._desc.ndim), dtype)


# ---- counts


def count_nonzero(input: Tensor, dim: Any = None) -> Tensor:
    """How many elements are not zero."""
    return d.count_nonzero(expect_tensor(input, "count_nonzero"), several(dim, input._desc.ndim))


BOTH = (
    nansum, prod, aminmax, median, kthvalue, sort, msort, argsort, topk, logsumexp, cumsum, cumprod, count_nonzero,
)  # fmt: skip
METHODS = {f.__name__: f for f in BOTH}
FUNCTIONS = METHODS | {"var_mean": var_mean, "std_mean": std_mean}
