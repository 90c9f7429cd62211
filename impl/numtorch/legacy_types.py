"""torch.FloatTensor and its like: names of types from before there were dtypes, which make tensors and test for them."""

from __future__ import annotations

from typing import Any

from .calls.scalar import spelled
from .creation.data import legacy_new
from .device import strided
from .dtype import dtypes
from .tensor import Tensor


class tensortype(type):
    """The type of such types: an instance is any tensor of the dtype."""

    __module__ = "torch"
    dtype: dtypes.dtype

    def __call__(cls, *data: Any) -> Tensor:
        if len(data) == 1 and isinstance(data[0], Tensor) and data[0]._desc.dtype is not cls.dtype:
            rest = (
                "device=cpu, layout=Strided, requires_grad=false (default), pinned_memory=false (default), "
                "memory_format=(nullopt))"
            )
            wanted, found = (f"TensorOptions(dtype={spelled(d)}, {rest}" for d in (cls.dtype, data[0]._desc.dtype))
            raise TypeError(f"expected {wanted} (got {found})")
        return legacy_new(data, cls.dtype)

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, Tensor) and value._desc.dtype is cls.dtype


def named(name: str) -> tensortype:
    """The type of a legacy name, the same at each call."""
    if name not in _made:
        kind = next(
            d for d in (*dtypes.ALL, *([dtypes.bfloat16()] if name == "BFloat16Tensor" else [])) if d.legacy == name
        )
        _made[name] = tensortype(name, (), {"__module__": "torch", "dtype": kind, "layout": strided, "is_cuda": False})
    return _made[name]


_made: dict[str, tensortype] = {}
NAMES = ("BFloat16Tensor", "BoolTensor", "ByteTensor", "CharTensor", "DoubleTensor", "FloatTensor", "HalfTensor",
         "IntTensor", "LongTensor", "ShortTensor")  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in NAMES:
        return named(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
