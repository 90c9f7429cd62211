"""Counts, places in an order, and what is distinct, as users call them; none of it has a gradient that means anything."""

from __future__ import annotations

import functools
from typing import Any

from .. import dispatch as d
from ..aliasing.writes import tracked
from ..calls.operands import refused, type_name
from ..dtype import dtypes
from ..kernels.numbers import IMAGINARY_DISCARDED
from ..kernels.ties import INSERTED, insertion_sort
from ..nodes.error_nodes import not_implemented
from ..plain_numpy import np
from ..tensor import Tensor, wrap, wrap_dim
from ..warning import warn
from .arguments import expect_tensor, is_int, not_for

# ---- counts


def bincount(input: Tensor, weights: Any = None, minlength: int = 0) -> Tensor:
    """How often each number occurs."""
    kind = input._desc.dtype
    if kind.category > dtypes.INTEGRAL or kind is dtypes.bool_:
        raise NotImplementedError(f"\"bincount_cpu\" not implemented for '{kind.scalar_name}'")
    if minlength < 0:
        raise RuntimeError("minlength should be >= 0")
    if input._desc.shape == (0,):
        return wrap(np.zeros(minlength, np.int64))
    if input._desc.ndim != 1 or np.any(input._array < 0):
        raise RuntimeError("bincount only supports 1-d non-negative integral inputs.")
    if weights is None:
        return wrap(np.bincount(input._array, None, minlength).astype(np.int64))
    if weights._desc.shape != input._desc.shape:
        raise RuntimeError("weights should be 1-d and have the same length as input")
    if weights._desc.dtype.is_complex:
        warn(IMAGINARY_DISCARDED)
    kind = np.float32 if weights._desc.dtype is dtypes.float32 else np.float64  # in which PyTorch adds them up
    found = np.zeros(max(int(input._array.max()) + 1, minlength), kind)
    np.add.at(found, input._array, np.real(weights._array).astype(kind))
    result = wrap(found)
    return not_implemented(result, "bincount", weights) if tracked(weights) else result


def histc(input: Tensor, bins: int = 100, min: Any = 0, max: Any = 0) -> Tensor:
    """How many elements lie in each of several equal intervals."""
    if bins <= 0:
        raise RuntimeError(f"torch.histogram(): bins must be > 0, but got {bins} for dimension 0")
    kind = input._desc.dtype
    not_for("linspace_cpu", input, dtypes.bool_)
    if kind.is_complex:
        raise refused("aminmax_cpu" if input._desc.numel else "histogram_cpu", kind)
    if kind is dtypes.uint8 and min < 0:
        raise RuntimeError("value cannot be converted to type uint8_t without overflow")
    values = np.ravel(input._array)
    if min == max and values.size:
        min, max = values.min(), values.max()
    if min == max:
        min, max = min - 1, max + 1
    if not (np.isfinite(min) and np.isfinite(max)):
        raise RuntimeError(f"torch.histc: range of [{min:g}, {max:g}] is not finite")
    if kind.category < dtypes.FLOATING:
        raise NotImplementedError(f"\"histogram_cpu\" not implemented for '{kind.scalar_name}'")
    values = values[~np.isnan(values)]
    return wrap(np.histogram(values, bins, (min, max))[0].astype(kind.numpy))


# ---- places


def searchsorted(
    sorted_sequence: Tensor,
    input: Any,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: Any = None,
    sorter: Tensor | None = None,
) -> Any:
    """Where elements would be put to keep an order, which `sorter` says of a sequence that is not in order."""
    if side not in (None, "left", "right"):
        raise RuntimeError(f"torch.searchsorted(): side can only be 'left' or 'right' but got {side}")
    if side == "left" and right:
        raise RuntimeError(
            "torch.searchsorted(): side and right can't be set to opposites, got side of left while right was True"
        )
    lines = np.asarray(sorted_sequence._array)
    values = np.asarray(input._array if isinstance(input, Tensor) else input)
    if not values.ndim and lines.ndim != 1:
        raise RuntimeError(
            "torch.searchsorted(): input value can be a scalar only when boundaries tensor dimension is 1, but we got "
            f"boundaries tensor dim({lines.ndim}) and input value's dim(0) numel(1)"
        )
    if lines.ndim != 1 and lines.shape[:-1] != values.shape[:-1]:
        raise RuntimeError(
            "torch.searchsorted(): boundaries tensor should be 1 dimension or the first N-1 dimensions of boundaries tensor "
            f"and input value tensor must match, but we got boundaries tensor {list(lines.shape)} and input value tensor "
            f"{list(values.shape)}"
        )
    kinds = [x._desc.dtype for x in (input, sorted_sequence) if isinstance(x, Tensor)]
    if values.size and any(kind.is_complex for kind in kinds):
        raise refused("searchsorted_out_cpu", functools.reduce(dtypes.promote_types, kinds))
    if isinstance(input, Tensor) and input._desc.dtype is sorted_sequence._desc.dtype and values.size:
        not_for("searchsorted_out_cpu", sorted_sequence, dtypes.bool_)
    lines = _in_order(lines, sorter)
    named = (("input value", input), ("boundary", sorted_sequence), ("sorter", sorter))
    for what, tensor in named:
        if isinstance(tensor, Tensor) and not tensor.is_contiguous():
            warn(
                f"torch.searchsorted(): {what} tensor is non-contiguous, this will lower the performance due to extra data "
                f"copy when converting non-contiguous tensor to contiguous, please use contiguous {what} tensor if "
                "possible. This message will only appear once per program.",
            )
    found = _halved(lines, values, right or side == "right")
    return wrap(found.astype(np.int32 if out_int32 else np.int64)[()])


def _in_order(lines: np.ndarray, sorter: Tensor | None) -> np.ndarray:
    if sorter is None:
        return lines
    if lines.shape != sorter._desc.shape:
        raise RuntimeError(
            "torch.searchsorted(): boundary and sorter must have the same size, but got boundary tensor "
            f"{list(lines.shape)}and got sorter tensor {list(sorter._desc.shape)}"
        )
    if sorter._desc.dtype is not dtypes.int64:
        raise RuntimeError(
            f"torch.searchsorted(): sorter must be a tensor of long dtype but got dtype {sorter._desc.dtype.scalar_name}"
        )
    order = np.asarray(sorter._array)
    if order.size and not (order.min() >= 0 and order.max() < lines.shape[-1]):
        raise RuntimeError("torch.searchsorted(): sorter index out of range")
    return np.take_along_axis(lines, order, -1)


def _halved(lines: np.ndarray, values: np.ndarray, right: bool) -> np.ndarray:
    """PyTorch's binary search, which tells where it ends in what is not in order, and puts nan last."""
    beyond = np.greater if right else np.greater_equal
    low, high = np.zeros(values.shape, np.int64), np.full(values.shape, lines.shape[-1])
    while (going := low < high).any():
        middle = low + (high - low) // 2
        at = np.minimum(middle, lines.shape[-1] - 1)
        met = lines[at] if lines.ndim == 1 else np.take_along_axis(lines, at, -1)
        up = ~beyond(met, values)
        low, high = np.where(going & up, middle + 1, low), np.where(going & ~up, middle, high)
    return low


def bucketize(input: Any, boundaries: Tensor, *, out_int32: bool = False, right: bool = False) -> Any:
    """Which of the intervals between the boundaries elements lie in."""
    if boundaries._desc.ndim != 1:
        raise RuntimeError(f"boundaries tensor must be 1 dimension, but got dim({boundaries._desc.ndim})")
    return searchsorted(boundaries, input, out_int32=out_int32, right=right)


# ---- what is distinct


def _answer(found: tuple, return_inverse: bool, return_counts: bool) -> Any:
    values, inverse, counts = found
    picked = [values, *([inverse] if return_inverse else []), *([counts] if return_counts else [])]
    return picked[0] if len(picked) == 1 else tuple(picked)


def unique(
    input: Tensor, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False, dim: Any = None
) -> Any:
    """The distinct elements, or slices along a dimension, in order."""
    name = "_unique2" if dim is None else "unique_dim"
    expect_tensor(input, name)
    if not isinstance(sorted, bool):
        raise TypeError(f"{name}(): argument 'sorted' must be bool, not {type_name(sorted)}")
    if dim is not None and not is_int(dim):
        raise TypeError(f"unique_dim(): argument 'dim' (position 2) must be int, not {type_name(dim)}")
    if dim is None:
        if input._desc.dtype.is_complex:
            raise refused("unique", input._desc.dtype)
        return _answer(d.unique(input, return_inverse, return_counts), return_inverse, return_counts)
    return _answer(_slices(input, dim, True), return_inverse, return_counts)


def unique_consecutive(
    input: Tensor, return_inverse: bool = False, return_counts: bool = False, dim: Any = None
) -> Any:
    """The elements, or slices along a dimension, without repetitions."""
    expect_tensor(input, "unique_consecutive")
    if dim is None:
        return _answer(d.unique_consecutive(input, return_inverse, return_counts), return_inverse, return_counts)
    return _answer(_slices(input, dim, False), return_inverse, return_counts)


def _slices(input: Tensor, dim: int, sort: bool) -> tuple[Tensor, Tensor, Tensor]:
    """The slices along a dimension without repetitions, where each went, and how often it occurs."""
    shape = input._desc.shape
    at = wrap_dim(dim, len(shape))
    if not shape:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    empty = [i for i, s in enumerate(shape) if not s]
    if len(empty) > 1:
        raise RuntimeError("Number of zero sized dimensions is more than one, so unique cannot be applied ")
    if empty and shape[at]:
        raise RuntimeError("There are 0 sized dimensions, and they aren't selected, so unique cannot be applied")
    slices = np.moveaxis(input._array, at, 0)
    rows = slices.reshape(len(slices), -1) if slices.size else np.empty((len(slices), 1))
    order = _row_order(rows) if sort else list(range(len(rows)))
    starts = [i for i in range(len(order)) if not i or (rows[order[i]] != rows[order[i - 1]]).any()]
    counts = np.diff([*starts, len(order)])
    inverse = np.empty(len(order), np.int64)
    inverse[order] = np.repeat(np.arange(len(starts)), counts)
    chosen = np.ascontiguousarray(slices[[order[i] for i in starts]])
    return wrap(np.moveaxis(chosen, 0, at)), wrap(inverse), wrap(counts.astype(np.int64))


def _row_order(rows: np.ndarray) -> list[int]:
    """The rows in order; those with nan stay where std::sort leaves what is less than nothing."""
    if rows.dtype.kind != "f" or len(rows) > INSERTED or not np.isnan(rows).any():
        return list(np.lexsort(rows.T[::-1]))

    def before(i: int, j: int) -> bool:
        for x, y in zip(rows[i], rows[j], strict=True):
            if x < y or x > y:
                return bool(x < y)
        return False

    order = list(range(len(rows)))
    insertion_sort(order, 0, len(order), before)
    return order


BOTH = (bincount, histc, unique, unique_consecutive)
FUNCTIONS = {f.__name__: f for f in (*BOTH, searchsorted, bucketize)}
METHODS = {f.__name__: f for f in BOTH}
