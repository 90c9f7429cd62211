"""Numbers in a row: from one to another by steps, or so many of them."""

from __future__ import annotations

import math
from typing import Any

from ..calls.operands import category_of, refused
from ..calls.scalar import checked, overflows, spelled
from ..dtype import dtypes
from ..plain_numpy import np
from ..tensor import Tensor, wrap
from ..warning import warn
from .filled import number
from .options import finish, into, kind_of


def arange(
    *positional: Any, start: Any = 0, end: Any = None, step: Any = 1, out: Any = None, dtype: Any = None, **options: Any
) -> Tensor:
    """Numbers from start up to end, end excluded: `arange(end)`, `arange(start, end)`, `arange(start, end, step)`."""
    if len(positional) == 1 and end is None:
        (end,) = positional
    elif positional:
        start, end, step = (*positional, *((start, end, step)[len(positional) :]))[:3]
    if end is None or len(positional) > 3:
        raise TypeError("an end is wanted")
    start, end, step = values = [number(v) for v in (start, end, step)]
    if out is not None:
        kind = out._desc.dtype
    elif dtype is not None:
        kind = dtypes.of(dtype)
    else:
        kind = dtypes.get_default_dtype() if any(isinstance(v, float) for v in values) else dtypes.int64
    if kind.category not in (dtypes.INTEGRAL, dtypes.FLOATING):
        raise refused("arange_cpu", kind)
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if any(isinstance(v, float) and not math.isfinite(v) for v in (start, end)):
        raise RuntimeError(f"unsupported range: {start} -> {end}")
    if any(overflows(value, dtypes.int64 if kind.category == dtypes.INTEGRAL else dtypes.float64) for value in values):
        name = "int64_t" if kind.category == dtypes.INTEGRAL else "double"
        raise RuntimeError(f"value cannot be converted to type {name} without overflow")
    if kind.category == dtypes.INTEGRAL:
        start, end, step = map(int, values)
        if step == 0:
            raise ValueError("step must be nonzero")
    if (end - start) * step < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    if kind.is_floating_point:
        count = math.ceil((end - start) / step)
        array = (start + np.arange(count, dtype=np.float64) * step).astype(kind.numpy)
    else:
        count = -((start - end) // step)
        array = (np.arange(count, dtype=np.int64) * step + start).astype(kind.numpy)
    return _made(array, dtype, out, "arange", options)


def _made(array: Any, dtype: Any, out: Any, name: str, options: dict[str, Any]) -> Tensor:
    """What a range returns; an `out` of as many elements keeps its shape."""

    def values(kind: dtypes.dtype) -> Any:
        count = out._desc.numel
        if count == array.size:
            return array.reshape(tuple(out._desc.shape))
        if count and name == "arange":
            warn(
                f"The number of elements in the out tensor of shape {list(out._desc.shape)} is {count} which does not match "
                f"the computed number of elements {array.size}. Note that this may occur as a result of rounding error. The "
                f"out tensor will be resized to a tensor of shape ({array.size},).",
            )
        return array

    return finish(wrap(array), **options) if out is None else into(out, name, values, dtype, **options)


def linspace(start: Any, end: Any, steps: Any, *, out: Any = None, dtype: Any = None, **options: Any) -> Tensor:
    """`steps` numbers from start to end, both included; computed from both ends, as PyTorch does."""
    first, last, kind = _ends("linspace", start, end, steps, out, dtype)
    return _made(_between(first, last, steps, kind), dtype, out, "linspace", options)


def logspace(
    start: Any, end: Any, steps: Any, base: Any = 10.0, *, out: Any = None, dtype: Any = None, **options: Any
) -> Tensor:
    """Powers of a base whose exponents are linspace's."""
    first, last, kind = _ends("logspace", start, end, steps, out, dtype)
    wide = dtypes.complex128 if kind.is_complex else dtypes.float64
    if kind.category == dtypes.INTEGRAL:
        first, last = int(first), int(last)  # unlike linspace's, the exponents of whole numbers are between whole ones
    powers = np.power(wide.numpy.type(base), _between(first, last, steps, wide))
    return _made(powers.astype(kind.numpy), dtype, out, "logspace", options)


def _ends(name: str, start: Any, end: Any, steps: Any, out: Any, dtype: Any) -> tuple[Any, Any, dtypes.dtype]:
    """The two ends as numbers, and the type of what lies between."""
    given = [(what, v._desc.ndim) for what, v in (("start", start), ("end", end)) if isinstance(v, Tensor)]
    if any(ndim for _, ndim in given):
        found = " and ".join(f"{what} with {ndim} dimension(s)" for what, ndim in given)
        raise RuntimeError(f"{name} only supports 0-dimensional start and end tensors, but got {found}.")
    first, last = (v._array.item() if isinstance(v, Tensor) else number(v) for v in (start, end))
    if type(steps) is not int:
        raise TypeError("steps is an int")
    if steps < 0:
        raise RuntimeError("number of steps must be non-negative")
    complexes = dtypes.COMPLEX in (category_of(first), category_of(last))
    if dtype is None and out is None and complexes:
        kind = dtypes.get_default_dtype().to_complex()
    else:
        kind = kind_of(dtype) if out is None else out._desc.dtype
    if complexes and not kind.is_complex:
        inferred = dtypes.get_default_dtype().to_complex()
        raise RuntimeError(
            f"torch.{name}(): inferred dtype {spelled(inferred)} can't be safely cast to passed dtype {kind.scalar_name}"
        )
    if kind is dtypes.bool_:
        raise refused(f"{name}_cpu", kind)
    if kind.category == dtypes.INTEGRAL:
        for value in (first, last):
            checked(value, kind)
    return first, last, kind


WIDER = {"f": np.float64, "d": np.longdouble}
"""In which a product and a sum hardly round, for each type that numbers are stepped in."""


def _between(first: Any, last: Any, steps: int, kind: dtypes.dtype) -> Any:
    """`steps` numbers, the first half counted from the first, the second from the last.

    Whole numbers are stepped in float64, and cut off. PyTorch rounds a step's product and the sum once, together; of halves
    each in turn.
    """
    if steps == 1:
        return np.array([first]).astype(kind.numpy)
    if kind.category == dtypes.INTEGRAL:
        first, last = int(first), int(last)
    wide = np.dtype(np.float64) if kind.category == dtypes.INTEGRAL else kind.numpy

    def rounded(x: Any) -> Any:
        return np.asarray(x).astype(wide).astype(np.float32) if wide.itemsize == 2 else x

    first, last = [rounded(np.asarray(end).astype(wide)) for end in (first, last)]
    step = rounded(rounded(last - first) / rounded(max(steps - 1, 1)))
    if wide.char in WIDER:
        step, first, last = [x.astype(WIDER[wide.char]) for x in (step, first, last)]
    i = np.arange(steps)
    moved = rounded(step * np.where(i < steps // 2, i, steps - 1 - i))
    return np.where(i < steps // 2, first + moved, last - moved).astype(wide).astype(kind.numpy)
