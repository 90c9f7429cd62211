"""The reductions that most programs need, as users call them; ranks.py has the others."""

from __future__ import annotations

from typing import Any

from .. import dispatch, grad_mode, return_types
from ..aliasing.views import counted, edge, requires_grad
from ..calls.checked import MISSING, refusal
from ..calls.raising import saving
from ..dispatch import usual as d
from ..dtype import dtypes
from ..tensor import Tensor, wrap_dim
from ..warning import warn
from .arguments import expect_bools, expect_tensor


def several(dim: Any, ndim: int) -> Any:
    """`dim` as a checked tuple (None stays), not wrapped: it is saved as it was given."""
    if dim is None:
        return None
    if type(dim) is int and 0 <= dim < ndim:
        return (dim,)
    given = tuple([int(x) for x in dim]) if isinstance(dim, (tuple, list)) else (int(dim),)
    seen = set()
    for x in given:
        wrapped = wrap_dim(x, ndim)
        if wrapped in seen:
            raise RuntimeError(f"dim {wrapped} appears multiple times in the list of dims")
        seen.add(wrapped)
    return given


def one(dim: Any, ndim: int) -> int:
    """One checked dimension, as it was given."""
    dim = int(dim)
    wrap_dim(dim, ndim)
    return dim


def dims_of(dim: Any, axis: Any) -> Any:
    """`dim`, or `axis`, NumPy's word for it."""
    return dim if axis is MISSING else axis


# ---- sums


def _keepdims(name: str, input: Any, dim: Any, unknown: dict) -> Any:
    """NumPy's name for keepdim. Methods that programs spend their time in are not wrapped to ask what keywords mean."""
    if len(unknown) == 1 and "keepdims" in unknown and (input is None or isinstance(input, Tensor)):
        return unknown["keepdims"]
    raise refusal(name, (input,) if dim is MISSING else (input, dim), unknown, True) or TypeError(name)


def sum(
    input: Tensor, dim: Any = MISSING, keepdim: bool = False, *, axis: Any = MISSING, dtype: Any = None, **unknown: Any
) -> Tensor:
    """The sum of all elements, or over some dimensions."""
    if unknown:
        keepdim = _keepdims("sum", input, dim, unknown)
    if axis is not MISSING:
        dim = axis
    if dtype is not None:
        dtype = dtypes.of(dtype)
    if not isinstance(input, Tensor):
        expect_tensor(input, "sum")
    if dim is MISSING:
        return d.sum_all(input, dtype)
    return d.sum_dim(input, several(dim, input._desc.ndim), keepdim, dtype)


def mean(
    input: Tensor, dim: Any = MISSING, keepdim: bool = False, *, axis: Any = MISSING, dtype: Any = None, **unknown: Any
) -> Tensor:
    """The mean of all elements, or over some dimensions."""
    if unknown:
        keepdim = _keepdims("mean", input, dim, unknown)
    if axis is not MISSING:
        dim = axis
    if not isinstance(input, Tensor):
        expect_tensor(input, "mean")
    if dtype is not None:
        dtype = dtypes.of(dtype)
    kind = dtype or input._desc.dtype
    if kind.category < dtypes.FLOATING:
        which = "Input" if dtype is None else "Optional"
        raise RuntimeError(
            f"mean(): could not infer output dtype. {which} dtype must be either a floating point or "
            f"complex dtype. Got: {kind.scalar_name}"
        )
    if dim is MISSING:
        return d.mean_all(input, dtype)
    return d.mean_dim(input, several(dim, input._desc.ndim), keepdim, dtype)


# ---- extremes


def _extreme(name: str, input: Tensor, dim: Any, keepdim: Any, other: Any, axis: Any) -> Any:
    """max and min: of all elements, over a dimension, or of two tensors."""
    expect_tensor(input, name)
    dim = dims_of(dim, axis)
    if keepdim is not False:
        expect_bools(keepdim)
        if dim is MISSING or isinstance(dim, Tensor):
            raise TypeError(f"{name}: keepdim goes with a dimension")  # the parser's words replace these
    if isinstance(dim, Tensor):
        other = dim
    if other is not None:
        return (dispatch.maximum if name == "max" else dispatch.minimum)(input, other)
    if dim is MISSING:
        if not input._desc.numel:
            raise saving(_unspecified(name), input)
        return (d.max_all if name == "max" else d.min_all)(input)
    dim = one(dim, input._desc.ndim)
    check_not_empty(input, (dim,), name)
    found = (d.max_dim if name == "max" else d.min_dim)(input, dim, keepdim)
    return getattr(return_types, name)(*found)


def max(input: Tensor, dim: Any = MISSING, keepdim: bool = False, *, other: Any = None, axis: Any = MISSING) -> Any:
    """The largest element; over a dimension also its index; or the larger elements of two tensors."""
    return _extreme("max", input, dim, keepdim, other, axis)


def min(input: Tensor, dim: Any = MISSING, keepdim: bool = False, *, other: Any = None, axis: Any = MISSING) -> Any:
    """The smallest element; over a dimension also its index; or the smaller elements of two tensors."""
    return _extreme("min", input, dim, keepdim, other, axis)


def _unspecified(name: str) -> RuntimeError:
    return RuntimeError(
        f"{name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the "
        "reduction dim with the 'dim' argument."
    )


def check_not_empty(input: Tensor, dim: Any, name: str, brackets: str = "()", wrapped: bool = True) -> None:
    """What has no identity cannot reduce a dimension of size 0."""
    if not input._desc.ndim:
        return
    for x in dim:
        if input._desc.shape[x] == 0:
            at = x % input._desc.ndim if wrapped else x
            raise IndexError(f"{name}{brackets}: Expected reduction dim {at} to have non-zero size.")


def _amax(name: str, input: Tensor, dim: Any, keepdim: bool) -> Tensor:
    expect_tensor(input, name)
    if not input._desc.numel:
        given = dim if isinstance(dim, (tuple, list)) else (dim,)
        if not given:
            raise _unspecified(name)
        for x in given:
            check_not_empty(input, (one(x, input._desc.ndim),), name, wrapped=False)
    return getattr(dispatch, name)(input, several(dim, input._desc.ndim), keepdim)


def amax(input: Tensor, dim: Any = (), keepdim: bool = False) -> Tensor:
    """The largest elements; ties share the gradient."""
    return _amax("amax", input, dim, keepdim)


def amin(input: Tensor, dim: Any = (), keepdim: bool = False) -> Tensor:
    """The smallest elements; ties share the gradient."""
    return _amax("amin", input, dim, keepdim)


def _argument(name: str, input: Tensor, dim: Any, keepdim: bool) -> Tensor:
    expect_tensor(input, name)
    if input._desc.dtype is dtypes.bool_:
        raise RuntimeError(f"{name}(): does not support bool input")
    if input._desc.dtype.is_complex:
        raise RuntimeError(f"{name}(): does not support complex input")
    if dim is None:
        if not input._desc.numel:
            raise IndexError(f"{name}(): Expected reduction dim to be specified for input.numel() == 0.")
    else:
        check_not_empty(input, (one(dim, input._desc.ndim),), name)
    return getattr(dispatch, name)(input, dim, keepdim)


def argmax(input: Tensor, dim: Any = None, keepdim: bool = False) -> Tensor:
    """The index of the largest element."""
    return _argument("argmax", input, dim, keepdim)


def argmin(input: Tensor, dim: Any = None, keepdim: bool = False) -> Tensor:
    """The index of the smallest element."""
    return _argument("argmin", input, dim, keepdim)


# ---- norms and moments


def moment(name: str, input: Tensor, dim: Any, unbiased: Any, keepdim: bool, correction: Any) -> Any:
    """var and std: their two overloads differ in the correction that is saved."""
    expect_tensor(input, name)
    if type(dim) is bool:
        unbiased, dim = dim, None
    if correction is MISSING:
        correction = int(unbiased) if unbiased is not None else None if dim is MISSING else 1
    desc = input._desc
    if desc.dtype.category < dtypes.FLOATING:
        which = name if name.endswith("_mean") else "std and var"
        raise RuntimeError(f"{which} only support floating point and complex dtypes")
    given = None if dim is MISSING else several(dim, desc.ndim)
    n = 1
    for a in given or range(desc.ndim):
        n *= desc.shape[a] if desc.ndim else 1
    if desc.ndim and not desc.numel:
        n = 0  # PyTorch divides the elements by the results
    if n - (1 if correction is None else correction) <= 0:
        if requires_grad(input) and grad_mode.state.grad:
            edge(input)  # which says what is wrong with a view before anything is computed
        for _ in range(1 + desc.dtype.is_complex):  # of complex numbers both parts say it
            warn(
                f"{name}(): degrees of freedom is <= 0. Correction should be strictly less than the reduction "
                "factor (input numel divided by output numel).",
            )
    return getattr(dispatch, name)(input, given, correction, keepdim)


def var(
    input: Tensor,
    dim: Any = MISSING,
    unbiased: Any = None,
    keepdim: bool = False,
    *,
    correction: Any = MISSING,
    axis: Any = MISSING,
) -> Tensor:
    """The variance."""
    return moment("var", input, dims_of(dim, axis), unbiased, keepdim, correction)


def std(
    input: Tensor,
    dim: Any = MISSING,
    unbiased: Any = None,
    keepdim: bool = False,
    *,
    correction: Any = MISSING,
    axis: Any = MISSING,
) -> Tensor:
    """The standard deviation."""
    return moment("std", input, dims_of(dim, axis), unbiased, keepdim, correction)


# ---- counts


def _truth(input: Tensor) -> Tensor:
    """Each element on its own: what a reduction over no dimension is."""
    truth = counted(input, d.contiguous_copy(dispatch.ne_scalar(input, 0)))
    return truth.to(input._desc.dtype) if input._desc.dtype is dtypes.uint8 else truth


def all(input: Tensor, dim: Any = None, keepdim: bool = False) -> Tensor:
    """Whether all elements are true."""
    if dim in ((), []):
        return _truth(input)
    return d.all_dim(expect_tensor(input, "all"), several(dim, input._desc.ndim), keepdim)


def any(input: Tensor, dim: Any = None, keepdim: bool = False) -> Tensor:
    """Whether some element is true."""
    if dim in ((), []):
        return _truth(input)
    return d.any_dim(expect_tensor(input, "any"), several(dim, input._desc.ndim), keepdim)


BOTH = (sum, mean, max, min, amax, amin, argmax, argmin, var, std, all, any)
METHODS = {f.__name__: f for f in BOTH}
FUNCTIONS = METHODS
