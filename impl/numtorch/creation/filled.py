"""Tensors of one value, or of whatever was in memory.

The options of all of these are finish's: requires_grad, device, layout, pin_memory.
"""

from __future__ import annotations

from typing import Any

from ..aliasing.views import counted
from ..calls.operands import category_of
from ..calls.scalar import filling, refuse_wide
from ..dtype import dtypes
from ..memory.formats import formatted
from ..memory.geometry import laid_out
from ..plain_numpy import np
from ..tensor import Tensor, wrap
from .options import empty_as, finish, fit, kind_of, made, refuse_negative, shape_in, shape_of, writable


def empty(
    *sizes: Any,
    size: Any = None,
    out: Any = None,
    dtype: Any = None,
    memory_format: Any = None,
    **options: Any,
) -> Tensor:
    """Uninitialised memory; zeros here, so that runs can be compared."""
    shape = shape_of(sizes, size)
    if out is not None:
        writable(out, "empty", dtype, **options)
        if out._desc.shape != shape:
            fit(out, shape)
        return out  # type: ignore[no-any-return]
    array = formatted(shape, kind_of(dtype).numpy, memory_format)
    array[...] = 0
    return finish(wrap(array), **options)


def zeros(
    *sizes: Any,
    size: Any = None,
    out: Any = None,
    dtype: Any = None,
    **options: Any,
) -> Tensor:
    """Zeros."""
    try:
        shape = shape_of(sizes, size)
    except RuntimeError as negative:
        raise RuntimeError("zeros: Dimension size must be non-negative.") from negative
    return made(np.zeros(shape, kind_of(dtype).numpy), dtype, out, "zeros", options)


def ones(
    *sizes: Any,
    size: Any = None,
    out: Any = None,
    dtype: Any = None,
    **options: Any,
) -> Tensor:
    """Ones."""
    array = np.ones(shape_of(sizes, size), kind_of(dtype).numpy)
    return made(array, dtype, out, "ones", options)


def full(
    size: Any,
    fill_value: Any,
    *,
    out: Any = None,
    dtype: Any = None,
    **options: Any,
) -> Tensor:
    """One value everywhere, of the value's type."""
    shape = shape_in(size)
    value = number(fill_value)
    if out is not None:
        kind = out._desc.dtype
    elif dtype is not None:
        kind = dtypes.of(dtype)
    else:
        kind = dtypes.default_of_category(category_of(value) or 0)
    array = np.empty(shape, kind.numpy)
    array[...] = filling(value, kind, array.size)
    return made(array, dtype, out, "full", options)


def number(value: Any) -> Any:
    """The Python number that a value stands for where PyTorch wants a Number; a TypeError if it is none."""
    if isinstance(value, (bool, int, float, complex)) and not isinstance(value, np.generic):
        refuse_wide(value)
        return value
    if isinstance(value, Tensor):
        if value._desc.ndim or value.requires_grad:
            raise TypeError("a tensor is no Number if it has dimensions or requires grad")
        return value._array.item()
    if isinstance(value, np.bool_):
        return float(value)  # PyTorch's parser takes NumPy's bools for floats
    if isinstance(value, np.number):
        return value.item()
    raise TypeError("a Number is wanted")


def scalar_tensor(
    s: Any,
    *,
    dtype: Any = None,
    **options: Any,
) -> Tensor:
    """A number as a tensor of no dimension, of the default type whatever the number is."""
    kind = kind_of(dtype)
    array = np.array(filling(number(s), kind, 2), kind.numpy)
    return finish(wrap(array[()]), **options)


def eye(
    n: Any,
    m: Any = None,
    *,
    out: Any = None,
    dtype: Any = None,
    **options: Any,
) -> Tensor:
    """Ones on the diagonal of a matrix of n rows and m columns."""
    rows, columns = shape_of((n, n if m is None else m) if _positive("n", n) and _positive("m", m) else ())
    array = np.eye(rows, columns, dtype=kind_of(dtype).numpy)
    return made(array, dtype, out, "eye", options)


def _positive(name: str, size: Any) -> bool:
    if size is not None and type(size) is int and size < 0:
        raise RuntimeError(f"{name} must be greater or equal to 0, got {size}")
    return True


def empty_strided(
    size: Any,
    stride: Any,
    *,
    dtype: Any = None,
    **options: Any,
) -> Tensor:
    """Uninitialised memory, seen by the given strides (in elements); zeros here."""
    shape, strides = shape_in(size), tuple(stride)
    refuse_negative(shape)
    if len(shape) != len(strides):
        raise RuntimeError(
            f"dimensionality of sizes ({len(shape)}) must match dimensionality of strides ({len(strides)})"
        )
    if any(s < 0 for s in strides):
        raise RuntimeError(f"Storage size calculation overflowed with sizes={list(shape)} and strides={list(strides)}")
    array = laid_out(shape, strides, kind_of(dtype).numpy)
    array[...] = 0
    return finish(wrap(array), **options)


# ---- as another tensor is


def empty_like(
    input: Tensor,
    *,
    memory_format: Any = None,
    dtype: Any = None,
    **options: Any,
) -> Tensor:
    """As `empty`, with the shape, type and strides of another tensor."""
    return zeros_like(input, memory_format=memory_format, dtype=dtype, **options)


def zeros_like(
    input: Tensor,
    *,
    memory_format: Any = None,
    dtype: Any = None,
    **options: Any,
) -> Tensor:
    """Zeros with the shape, type and strides of another tensor."""
    array = empty_as(input, dtype, memory_format)
    array[...] = 0
    return finish(wrap(array), **options)


def ones_like(
    input: Tensor,
    *,
    memory_format: Any = None,
    dtype: Any = None,
    **options: Any,
) -> Tensor:
    """Ones with the shape, type and strides of another tensor."""
    array = empty_as(input, dtype, memory_format)
    array[...] = 1
    return finish(wrap(array), **options)


def full_like(
    input: Tensor,
    fill_value: Any,
    *,
    memory_format: Any = None,
    dtype: Any = None,
    **options: Any,
) -> Tensor:
    """One value with the shape, type and strides of another tensor."""
    array = empty_as(input, dtype, memory_format)
    kind = input._desc.dtype if dtype is None else dtypes.of(dtype)
    array[...] = filling(number(fill_value), kind, array.size)
    return finish(wrap(array), **options)


# ---- of another tensor's type


def new_empty(
    self: Tensor,
    *sizes: Any,
    size: Any = None,
    dtype: Any = None,
    **options: Any,
) -> Tensor:
    """As `empty`, of this one's type."""
    kind = self._desc.dtype if dtype is None else dtype
    return empty(*sizes, size=size, dtype=kind, **options)


def new_empty_strided(
    self: Tensor,
    size: Any,
    stride: Any,
    dtype: Any = None,
    **options: Any,
) -> Tensor:
    """As `empty_strided`, of this one's type."""
    kind = self._desc.dtype if dtype is None else dtype
    return empty_strided(size, stride, dtype=kind, **options)


def new_zeros(
    self: Tensor,
    *sizes: Any,
    size: Any = None,
    dtype: Any = None,
    **options: Any,
) -> Tensor:
    """Zeros of this one's type."""
    kind = self._desc.dtype if dtype is None else dtypes.of(dtype)
    new = finish(wrap(np.zeros(shape_of(sizes, size), kind.numpy)), **options)
    return counted(self, new)  # type: ignore[no-any-return]


def new_ones(
    self: Tensor,
    *sizes: Any,
    size: Any = None,
    dtype: Any = None,
    **options: Any,
) -> Tensor:
    """Ones of this one's type."""
    kind = self._desc.dtype if dtype is None else dtypes.of(dtype)
    new = finish(wrap(np.ones(shape_of(sizes, size), kind.numpy)), **options)
    return counted(self, new)  # type: ignore[no-any-return]


def new_full(
    self: Tensor,
    size: Any,
    fill_value: Any,
    *,
    dtype: Any = None,
    **options: Any,
) -> Tensor:
    """One value of this one's type."""
    kind = self._desc.dtype if dtype is None else dtypes.of(dtype)
    new = full(size, fill_value, dtype=kind, **options)
    return counted(self, new)  # type: ignore[no-any-return]
