"""What Python and other libraries ask a tensor: membership, reversal, arrays, DLPack, the name of its type."""

from __future__ import annotations

import enum
from numbers import Number
from typing import Any

from ..aliasing import views
from ..calls.several import promoted
from ..dtype import dtypes
from ..plain_numpy import np
from ..storage import is_storage
from ..tensor import Tensor, wrap
from .arguments import expect_tensor
from .convert import from_numpy
from .copying import _typed_storage, storage, untyped_storage
from .reinterpret import is_conj


def contains(self: Tensor, element: Any) -> bool:
    """element in tensor"""
    if isinstance(element, (Tensor, Number)):
        return bool((element == self).any().item())
    raise RuntimeError(f"Tensor.__contains__ only supports Tensor or scalar, but you passed in a {type(element)}.")


def reverse(self: Tensor) -> Tensor:
    """reversed(tensor): along the first dimension, as a new tensor."""
    return self.flip(0) if self._desc.ndim else self


def positive(input: Tensor) -> Tensor:
    """+input: the tensor itself."""
    if expect_tensor(input, "positive")._desc.dtype is dtypes.bool_:
        raise RuntimeError("The `+` operator, on a bool tensor is not supported.")
    return input


def is_nonzero(input: Tensor) -> bool:
    """Whether the one element is not zero."""
    return bool(expect_tensor(input, "is_nonzero"))


def is_signed(input: Tensor) -> bool:
    """Whether the type has negative numbers."""
    return expect_tensor(input, "is_signed")._desc.dtype.is_signed


def is_floating_point(input: Tensor) -> bool:
    """Whether the elements are floating-point numbers, complex ones apart."""
    return expect_tensor(input, "is_floating_point")._desc.dtype.is_floating_point


def is_complex(input: Tensor) -> bool:
    """Whether the elements are complex."""
    return expect_tensor(input, "is_complex")._desc.dtype.is_complex


def numel(input: Tensor) -> int:
    """How many elements there are."""
    return expect_tensor(input, "numel")._desc.numel


def typename(obj: Any) -> str:
    """The name of an object's type: a tensor's legacy one, else module and class."""
    if isinstance(obj, Tensor):
        return obj.type()
    cls = obj if hasattr(obj, "__qualname__") else type(obj)
    module = getattr(cls, "__module__", "") or ""
    return cls.__qualname__ if module in ("", "builtins") else f"{module}.{cls.__qualname__}"


def array_wrap(self: Tensor, array: np.ndarray) -> Tensor:
    """What NumPy's functions make of their result over a tensor."""
    return from_numpy(array.astype("uint8") if array.dtype == bool else array)


# ---- DLPack


class DLDeviceType(enum.IntEnum):
    """The kinds of devices that DLPack knows; there is one here."""

    kDLCPU = 1  # noqa: N815


def dlpack_device(self: Tensor) -> tuple[DLDeviceType, int]:
    """Where the memory is, in DLPack's words."""
    return DLDeviceType.kDLCPU, 0


def dlpack(
    self: Tensor, *, stream: Any = -1, max_version: Any = None, dl_device: Any = None, copy: bool | None = None
) -> Any:
    """A capsule over the tensor's memory for another library."""
    if self.requires_grad:
        raise BufferError("Can't export tensors that require gradient, use tensor.detach()")
    if is_conj(self):
        raise BufferError("Can't export tensors with the conjugate bit set")
    if stream is not None and type(stream) is not int:
        raise TypeError("stream must be ``int`` or ``none``")
    if stream is not None and stream != -1:
        raise AssertionError("stream should be None on cpu.")
    array = views.storage_of(self)
    if copy:
        array = array.copy()
    if max_version is None or max_version[0] < 1 or np.lib.NumpyVersion(np.__version__) < "2.1.0":
        return array.__dlpack__()
    return array.__dlpack__(max_version=max_version)


def to_dlpack(tensor: Tensor) -> Any:
    """A capsule over the tensor's memory."""
    return dlpack(tensor)


class _Capsule:
    """A bare capsule, as something that NumPy takes."""

    def __init__(self, capsule: Any) -> None:
        self._capsule = capsule

    def __dlpack__(self, **asked: Any) -> Any:
        return self._capsule

    def __dlpack_device__(self) -> tuple[int, int]:
        return 1, 0


class _Writable:
    """Memory from a capsule of before DLPack 1.0, which cannot say whether it may be written to: NumPy takes that for a no.

    What may not be written to is not exported in that format at all, so it may.
    """

    def __init__(self, array: np.ndarray) -> None:
        self._array = array  # which owns the capsule
        address, _ = array.__array_interface__["data"]
        self.__array_interface__ = {**array.__array_interface__, "data": (address, False)}


def from_dlpack(ext_tensor: Any, *, device: Any = None, copy: bool | None = None) -> Tensor:
    """A tensor over the memory of another library's array, or of a capsule."""
    if not hasattr(ext_tensor, "__dlpack__"):
        if device is not None or copy is not None:
            raise AssertionError("device and copy kwargs not supported when ext_tensor is already a DLPack capsule.")
        ext_tensor = _Capsule(ext_tensor)
    if isinstance(ext_tensor, Tensor):
        # PyTorch asks a tensor itself for its capsule, so a subclass hears of it.
        ext_tensor.__dlpack_device__()
        ext_tensor = _Capsule(ext_tensor.__dlpack__(max_version=(1, 0)))
    try:
        array = np.from_dlpack(ext_tensor)
    except ValueError:
        raise RuntimeError(
            "from_dlpack received an invalid capsule. Note that DLTensor capsules can be consumed only once, so you might "
            "have already constructed a tensor from it once."
        ) from None
    if not array.flags.writeable and type(ext_tensor) is _Capsule:
        array = np.asarray(_Writable(array))
    return wrap(array.copy() if copy else array)


def result_type(tensor1: Any, tensor2: Any) -> Any:
    """The type of an operation's result on two tensors or numbers."""
    return promoted((tensor1, tensor2))


METHODS = {
    "__pos__": positive,
    "__contains__": contains,
    "__reversed__": reverse,
    "__array_wrap__": array_wrap,
    "__dlpack__": dlpack,
    "__dlpack_device__": dlpack_device,
    "is_nonzero": is_nonzero,
    "is_signed": is_signed,
    "is_floating_point": is_floating_point,
    "is_complex": is_complex,
    "positive": positive,
    "storage": storage,
    "untyped_storage": untyped_storage,
    "_typed_storage": _typed_storage,
}
FUNCTIONS = {
    "from_dlpack": from_dlpack,
    "is_complex": is_complex,
    "is_floating_point": is_floating_point,
    "is_nonzero": is_nonzero,
    "is_signed": is_signed,
    "is_storage": is_storage,
    "numel": numel,
    "positive": positive,
    "result_type": result_type,
    "typename": typename,
}
