"""Making tensors: from data, and filled."""

from __future__ import annotations

import warnings
from typing import Any

from . import grad_mode
from .aliasing.views import counted, extras
from .device import check_device
from .dtype import dtypes
from .plain_numpy import np
from .tensor import Tensor, wrap


def infer_dtype(array: np.ndarray, data: Any) -> dtypes.dtype:
    """The type torch.tensor gives to Python data: numbers by category, NumPy values by their own type."""
    if isinstance(data, (np.ndarray, np.generic)):
        return dtypes.from_numpy(array.dtype)
    return {
        "b": dtypes.bool_,
        "i": dtypes.int64,
        "u": dtypes.int64,
        "f": dtypes.get_default_dtype(),
        "c": dtypes.get_default_dtype().to_complex(),
    }[array.dtype.kind]


def tensor(
    data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, pin_memory: bool = False
) -> Tensor:
    """A new leaf with a copy of `data`."""
    if isinstance(data, Tensor):
        warnings.warn(
            "To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or "
            "sourceTensor.detach().clone().requires_grad_(True), rather than torch.tensor(sourceTensor).",
            stacklevel=2,
        )
        array = np.array(data._numpy())
        kind = dtype or data._desc.dtype
    else:
        array = as_array(data)
        kind = dtype or infer_dtype(array, _flat_first(data))
    array = np.array(array, dtype=kind.numpy)
    return finish(wrap(array if array.ndim else array[()]), requires_grad, device)


def _flat_first(data: Any) -> Any:
    while isinstance(data, (list, tuple)) and data:
        data = data[0]
    return data


def as_array(data: Any) -> np.ndarray:
    """Nested Python data, tensors inside included, as an array."""
    if isinstance(data, (list, tuple)):
        if not data:
            return np.empty((0,), dtypes.get_default_dtype().numpy)
        if _has_tensor(data):
            return np.array(_items(data))
    try:
        return np.array(data)
    except ValueError:
        raise _ragged(data, 0) from None


def _ragged(data: Any, dim: int) -> Exception:
    """PyTorch's error for nested lists of unequal lengths."""
    inner = [x for x in data if isinstance(x, (list, tuple))]
    first = data[0]
    for x in data:
        if isinstance(x, (list, tuple)) != isinstance(first, (list, tuple)):
            return (
                TypeError(f"not a sequence at dim {dim + 1}")
                if not inner
                else ValueError(f"expected sequence of length {len(inner[0])} at dim {dim + 1} (got {1})")
            )
        if isinstance(x, (list, tuple)) and len(x) != len(first):
            return ValueError(f"expected sequence of length {len(first)} at dim {dim + 1} (got {len(x)})")
    return next((e for x in inner if (e := _ragged(x, dim + 1))), ValueError("ragged"))


def _has_tensor(data: Any) -> bool:
    return any(isinstance(x, Tensor) or (isinstance(x, (list, tuple)) and _has_tensor(x)) for x in data)


def _items(data: Any) -> Any:
    return [x._numpy() if isinstance(x, Tensor) else _items(x) if isinstance(x, (list, tuple)) else x for x in data]


def finish(new: Tensor, requires_grad: bool, device: Any = None) -> Tensor:
    """Flags of a factory's result."""
    if device is not None:
        check_device(device)
    if grad_mode.disabled and grad_mode.state.inference:
        extras(new).inference = True
    if requires_grad:
        if new._desc.dtype.category < dtypes.FLOATING:
            raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
        new._requires_grad = True
    return new


def legacy_new(data: tuple) -> Tensor:
    """torch.Tensor(...): sizes, a tensor to look at as it is, or nested numbers."""
    kind = dtypes.get_default_dtype()
    if all(isinstance(size, int) for size in data):
        return wrap(np.empty(data or (0,), kind.numpy))
    (given,) = data
    if isinstance(given, Tensor):
        return given
    if type(given).__name__ == "Size":
        return wrap(np.empty(given, kind.numpy))
    if isinstance(given, str):
        raise TypeError(f"new(): invalid data type '{type(given).__name__}'")
    if not hasattr(given, "__len__"):
        raise TypeError(f"new(): data must be a sequence (got {type(given).__name__})")
    return wrap(as_array(given).astype(kind.numpy))


def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """The data as a tensor, the very same object or memory where possible."""
    if isinstance(data, Tensor):
        return data if dtype is None or dtype is data._desc.dtype else data.to(dtype)
    if isinstance(data, np.ndarray) and (dtype is None or dtype.numpy == data.dtype):
        dtypes.from_numpy(data.dtype)
        return wrap(data)
    return tensor(data, dtype=dtype)


def _shape(size: tuple, given: Any = None) -> tuple:
    if given is not None:
        size = given if isinstance(given, (tuple, list)) else (given,)
    if len(size) == 1 and isinstance(size[0], (tuple, list)):
        size = tuple(size[0])
    shape = tuple([int(s) for s in size])
    for s in shape:
        if s < 0:
            raise RuntimeError(f"Trying to create tensor with negative dimension {s}: {list(shape)}")
    return shape


def _kind(dtype: Any) -> dtypes.dtype:
    return dtypes.get_default_dtype() if dtype is None else dtype


def empty(
    *size: Any,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    layout: Any = None,
    pin_memory: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """Uninitialised memory; zeros here, so that runs can be compared."""
    return finish(wrap(np.zeros(_shape(size), _kind(dtype).numpy)), requires_grad, device)


def zeros(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False, layout: Any = None) -> Tensor:
    """Zeros."""
    return finish(wrap(np.zeros(_shape(size), _kind(dtype).numpy)), requires_grad, device)


def ones(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False, layout: Any = None) -> Tensor:
    """Ones."""
    return finish(wrap(np.ones(_shape(size), _kind(dtype).numpy)), requires_grad, device)


def full(
    size: Any,
    fill_value: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    layout: Any = None,
) -> Tensor:
    """One value everywhere, of the value's type."""
    value = fill_value.item() if isinstance(fill_value, (Tensor, np.generic)) else fill_value
    if dtype is None:
        dtype = infer_dtype(np.array(value), value)
    return finish(wrap(np.full(_shape((size,)), np.array(value).astype(dtype.numpy))), requires_grad, device)


def _like_array(model: Tensor, dtype: Any) -> np.ndarray:
    kind = model._desc.dtype if dtype is None else dtype
    array = model._array
    if type(array) is np.ndarray and not model._desc.plain:
        from .memory.geometry import like

        return like(array, kind.numpy)
    return np.empty(model._desc.shape, kind.numpy)


def empty_like(
    input: Tensor,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    memory_format: Any = None,
    layout: Any = None,
) -> Tensor:
    """As `empty`, with the shape, type and strides of another tensor."""
    return zeros_like(input, dtype=dtype, device=device, requires_grad=requires_grad)


def zeros_like(
    input: Tensor,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    memory_format: Any = None,
    layout: Any = None,
) -> Tensor:
    """Zeros with the shape, type and strides of another tensor."""
    array = _like_array(input, dtype)
    array[...] = 0
    return finish(wrap(array), requires_grad, device)


def ones_like(
    input: Tensor,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    memory_format: Any = None,
    layout: Any = None,
) -> Tensor:
    """Ones with the shape, type and strides of another tensor."""
    array = _like_array(input, dtype)
    array[...] = 1
    return finish(wrap(array), requires_grad, device)


def full_like(
    input: Tensor,
    fill_value: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    memory_format: Any = None,
    layout: Any = None,
) -> Tensor:
    """One value with the shape, type and strides of another tensor."""
    array = _like_array(input, dtype)
    array[...] = np.array(fill_value).astype(array.dtype)
    return finish(wrap(array), requires_grad, device)


def arange(
    start: Any, end: Any = None, step: Any = 1, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Numbers from start up to end, end excluded."""
    if end is None:
        start, end = 0, start
    values = [v.item() if isinstance(v, Tensor) else v for v in (start, end, step)]
    start, end, step = values
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if (end - start) * step < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    if dtype is None:
        dtype = dtypes.get_default_dtype() if any(isinstance(v, float) for v in values) else dtypes.int64
    count = int(np.ceil((end - start) / step))
    if dtype.is_floating_point:
        array = (start + np.arange(count, dtype=np.float64) * step).astype(dtype.numpy)
    else:
        array = np.arange(count, dtype=np.int64) * int(step) + int(start)
    return finish(wrap(array.astype(dtype.numpy)), requires_grad, device)


def linspace(
    start: Any, end: Any, steps: int, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """`steps` numbers from start to end, both included; computed from both ends, as PyTorch does."""
    kind = _kind(dtype)
    real = kind.numpy.type
    if steps < 0:
        raise RuntimeError("number of steps must be non-negative")
    if steps == 1:
        return finish(wrap(np.array([start], kind.numpy)), requires_grad, device)
    step = (real(end) - real(start)) / real(max(steps - 1, 1))
    i = np.arange(steps).astype(kind.numpy)
    array = np.where(np.arange(steps) < steps // 2, real(start) + step * i, real(end) - step * (real(steps - 1) - i))
    return finish(wrap(array.astype(kind.numpy)), requires_grad, device)


def eye(n: int, m: int | None = None, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones on the diagonal."""
    return finish(wrap(np.eye(n, m, dtype=_kind(dtype).numpy)), requires_grad, device)


def new_tensor(
    self: Tensor, data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """A tensor of this one's type."""
    return tensor(data, dtype=dtype or self._desc.dtype, device=device, requires_grad=requires_grad)


def new_zeros(self: Tensor, *size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Zeros of this one's type."""
    return counted(self, zeros(*size, dtype=dtype or self._desc.dtype, device=device, requires_grad=requires_grad))  # type: ignore[no-any-return]


def new_ones(self: Tensor, *size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones of this one's type."""
    return counted(self, ones(*size, dtype=dtype or self._desc.dtype, device=device, requires_grad=requires_grad))  # type: ignore[no-any-return]


def new_empty(self: Tensor, *size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """As `empty`, of this one's type."""
    return empty(*size, dtype=dtype or self._desc.dtype, device=device, requires_grad=requires_grad)


def new_full(
    self: Tensor, size: Any, fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """One value of this one's type."""
    return counted(
        self, full(size, fill_value, dtype=dtype or self._desc.dtype, device=device, requires_grad=requires_grad)
    )  # type: ignore[no-any-return]
