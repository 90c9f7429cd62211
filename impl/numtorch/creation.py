"""Making tensors: from data, and filled."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from . import dtype as dtypes
from .tensor import Tensor, wrap
from .views import extras


def infer_dtype(array: np.ndarray, data: Any) -> dtypes.dtype:
    """The type torch.tensor gives to Python data: numbers by category, NumPy values by their own type."""
    if isinstance(data, (np.ndarray, np.generic)):
        return dtypes.from_numpy(array.dtype)
    return {"b": dtypes.bool_, "i": dtypes.int64, "u": dtypes.int64, "f": dtypes.get_default_dtype(),
            "c": dtypes.get_default_dtype().to_complex()}[array.dtype.kind]


def tensor(data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False,
           pin_memory: bool = False) -> Tensor:
    """A new leaf with a copy of `data`."""
    if isinstance(data, Tensor):
        warnings.warn("To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or "
                      "sourceTensor.detach().clone().requires_grad_(True), rather than torch.tensor(sourceTensor).",
                      stacklevel=2)
        array = np.array(data._numpy())
        kind = dtype or data._desc.dtype
    else:
        array = as_array(data)
        kind = dtype or infer_dtype(array, _flat_first(data))
    return finish(wrap(np.array(array, dtype=kind.numpy)), requires_grad)


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
    return np.array(data)


def _has_tensor(data: Any) -> bool:
    return any(isinstance(x, Tensor) or isinstance(x, (list, tuple)) and _has_tensor(x) for x in data)


def _items(data: Any) -> Any:
    return [x._numpy() if isinstance(x, Tensor) else _items(x) if isinstance(x, (list, tuple)) else x for x in data]


def finish(new: Tensor, requires_grad: bool) -> Tensor:
    """Flags of a factory's result."""
    from . import grad_mode

    if grad_mode.disabled and grad_mode.state.inference:
        extras(new).inference = True
    if requires_grad:
        if new._desc.dtype.category < dtypes.FLOATING:
            raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
        new._requires_grad = True
    return new


def legacy_new(cls: type, data: Any) -> Tensor:
    """torch.Tensor(...)"""
    if isinstance(data, int):
        return wrap(np.empty((data,), dtypes.get_default_dtype().numpy))
    return wrap(as_array([] if data is None else data).astype(dtypes.get_default_dtype().numpy))
