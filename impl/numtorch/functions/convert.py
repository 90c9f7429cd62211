"""Types, copies out of and into NumPy and Python, aliases."""

from __future__ import annotations

from typing import Any

from .. import dispatch, grad_mode
from ..aliasing import views
from ..calls.operands import type_name
from ..device import check_device, device as device_type, preserve_format
from ..dispatch import usual as d
from ..dtype import dtypes
from ..kernels.numbers import IMAGINARY_DISCARDED
from ..levels import carry, wrapped_of
from ..memory.formats import suggested
from ..memory.geometry import address, element_strides, empty_window, storage_offset
from ..memory.lazy import LAZY, Conjugated, Zeros
from ..nodes.graph import outdate
from ..nodes.saved import Detached
from ..plain_numpy import np
from ..tensor import Tensor, wrap
from ..warning import warn


def to(
    self: Tensor,
    *args: Any,
    dtype: Any = None,
    device: Any = None,
    non_blocking: bool = False,
    copy: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """The tensor in another type; itself if nothing changes."""
    for a in args:
        if isinstance(a, (dtypes.dtype, type)):
            dtype = a
        elif isinstance(a, Tensor):
            dtype = a._desc.dtype
        elif isinstance(a, (str, int, device_type)) and not isinstance(a, bool):
            device = a
    if device is not None:
        check_device(device)
    if type(dtype) is type:
        dtype = dtypes.of(dtype)
    if memory_format is preserve_format:
        memory_format = None
    if dtype is None or dtype is self._desc.dtype:
        if not copy and (
            memory_format is None or memory_format is suggested(self._desc.shape, element_strides(self._array))
        ):
            return self
        dtype = self._desc.dtype
    if self._desc.dtype.is_complex and not dtype.is_complex and dtype is not dtypes.bool_ and self._desc.numel:
        warn(IMAGINARY_DISCARDED)
    if memory_format is not None:
        return dispatch.to_copy_in_format(self, dtype, memory_format)
    return d.to_copy(self, dtype)


def cuda(self: Tensor, device: Any = None, non_blocking: bool = False, memory_format: Any = None) -> Tensor:
    """There is no such device here."""
    check_device("cuda")
    return self


def caster(kind: Any) -> Any:
    """A method that converts to one type."""

    def cast(self: Tensor, memory_format: Any = None) -> Tensor:
        return (
            self if self._desc.dtype is kind and memory_format is None else to(self, kind, memory_format=memory_format)
        )

    cast.__name__ = kind.name
    cast.__doc__ = f"The tensor as {kind.name}: itself if it is of that type, else a copy."
    return cast


def to_bfloat16(self: Tensor, memory_format: Any = None) -> Tensor:
    """The tensor as bfloat16; needs ml_dtypes."""
    return to(self, dtypes.bfloat16(), memory_format=memory_format)


def type_(self: Tensor, dtype: Any = None, non_blocking: bool = False, memory_format: Any = None) -> Any:
    """The legacy type name, or the tensor converted."""
    if dtype is None:
        return "torch." + self._desc.dtype.legacy
    if isinstance(getattr(dtype, "dtype", None), dtypes.dtype):
        dtype = dtype.dtype  # torch.FloatTensor
    if isinstance(dtype, str):
        named = [k for k in dtypes.ALL if dtype == "torch." + k.legacy]
        if not named:
            raise ValueError(f"invalid type: '{dtype}'")
        dtype = named[0]
    return to(self, dtype, memory_format=memory_format)


def type_as(self: Tensor, other: Tensor) -> Tensor:
    """The tensor in the other's type."""
    return to(self, other._desc.dtype)


def detach(self: Tensor) -> Tensor:
    """The same memory outside the graph; writes to either count for both."""
    result = wrap(views.storage_of(self))
    if self._extra is not None and self._extra.inference:
        views.mark_inference(result)
        if not grad_mode.state.inference:
            result._counter = views.InferenceCounter([0])
    else:
        result._counter = views.counter_of(self)
    return result


def detach_(self: Tensor) -> Tensor:
    """Leave the graph in place; in inference mode or of one of its tensors, where autograd is not asked, stay in it."""
    extra = self._extra
    if grad_mode.state.inference or (extra is not None and extra.inference):
        views.check_inplace(self, False)
        return self
    if extra is not None and extra.base is not None:
        raise RuntimeError(
            "Can't detach views in-place. Use detach() instead. If you are using DistributedDataParallel "
            "(DDP) for training, and gradient_as_bucket_view is set as True, gradients are views of DDP "
            "buckets, and hence detach_() cannot be called on these gradients. To fix this error, please "
            "refer to the Optimizer.zero_grad() function in torch/optim/optimizer.py as the solution."
        )
    if self._made is not None:
        self._counter = Detached(views.counter_of(self))
        self._grad = getattr(self, "_grad", None)
        self._accumulator = None
    self._requires_grad = False
    self._made = None
    self._output_nr = 0
    return self


def get_data(self: Tensor) -> Tensor:
    """The same memory outside the graph, with a version counter of its own."""
    result = wrap(views.storage_of(self))
    if self._extra is not None and self._extra.inference:
        views.mark_inference(result)
        if not grad_mode.state.inference:
            result._counter = views.InferenceCounter([0])
    wrapped = wrapped_of(self)
    if wrapped is not None and wrapped.bdim is not None and wrapped.interpreter.alive:
        raise RuntimeError("accessing `data` under vmap transform is not allowed")
    return carry(self, result)


def delete_data(self: Tensor) -> None:
    """del tensor.data"""
    raise RuntimeError("Deleting tensor data is not allowed. Delete tensor instead!")


def set_data(self: Tensor, new: Any) -> None:
    """Let the tensor refer to other memory; its version stays."""
    if not isinstance(new, Tensor):
        raise TypeError(f"Variable data has to be a tensor, but got {type(new).__name__}")
    if self.requires_grad and new._desc.dtype.category < dtypes.FLOATING:
        raise RuntimeError("data set to a tensor that requires gradients must be floating point or complex dtype")
    for wrapped in (wrapped_of(self), wrapped_of(new)):
        if wrapped is not None and wrapped.interpreter.alive:
            where = "inside functorch" if wrapped.bdim is None else "under vmap"
            raise RuntimeError(f"mutating directly with `.data` {where} transform is not allowed.")
    if self._desc.dtype is not new._desc.dtype:
        self._accumulator = None  # graphs from now on get a new one
    self._array = views.storage_of(new)
    self._desc = new._desc
    was = self._extra is not None and self._extra.inference
    if new._extra is not None and new._extra.inference:
        if not was:
            self._counter = views.InferenceCounter(views.counter_of(self))
            views.extras(self).inference = True
            if self._requires_grad is True:
                self._requires_grad = views.ALONE
    elif was:
        self._extra.inference = False  # type: ignore[union-attr]
        if self._counter is None:
            self._counter = views.NoCounter()
    outdate(self)


def numpy(self: Tensor, *, force: bool = False) -> np.ndarray:
    """The values as an ndarray over the same memory."""
    if not force and self.requires_grad and grad_mode.state.grad:
        raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")
    array = views.storage_of(self)
    if type(array) in LAZY:
        if force:
            array = array.resolved()
        elif type(array) is Zeros:
            raise RuntimeError(" Cannot convert a ZeroTensor to numpy. Set force=True if you need the zero array.")
        else:
            bit, name = ("conjugate", "conj") if type(array) is Conjugated else ("negative", "neg")
            raise RuntimeError(
                f"Can't call numpy() on Tensor that has {bit} bit set. Use tensor.resolve_{name}().numpy() instead."
            )
    if self._desc.dtype.name == "bfloat16":
        raise TypeError("Got unsupported ScalarType BFloat16")
    if not array.size:
        return np.empty(array.shape, array.dtype)  # NumPy steps nowhere in what it makes of no elements
    return array.view()  # an object of its own, whose shape a user may set


def array_protocol(self: Tensor, dtype: Any = None) -> np.ndarray:
    """np.asarray(tensor). It takes no `copy`, as PyTorch's does not: NumPy warns about that, and copies by itself."""
    array = numpy(self)
    return array if dtype is None else array.astype(dtype, copy=False)


def from_numpy(array: Any) -> Tensor:
    """A tensor over an ndarray's memory."""
    if not isinstance(array, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type_name(array)})")
    dtypes.from_numpy(array.dtype)
    if any(s < 0 for s in array.strides):
        raise ValueError(
            "At least one stride in the given numpy array is negative, and tensors with negative strides "
            "are not currently supported. (You can probably work around this by making a copy of your array "
            " with array.copy().) "
        )
    if not array.flags.writeable:
        warn(
            "The given NumPy array is not writable, and PyTorch does not support non-writable tensors. This "
            "means writing to this tensor will result in undefined behavior. You may want to copy the array to "
            "protect its data or make it writable before converting it to a tensor. This type of warning will "
            "be suppressed for the rest of this program.",
        )
    if 0 in array.shape:  # with NumPy's own strides, which are 0 for many an empty result
        array = empty_window(array, array.shape, tuple([s // array.itemsize for s in array.strides]), 0)
    return wrap(array)


def item(self: Tensor) -> Any:
    """The one element as a Python number."""
    if self._desc.numel != 1:
        raise RuntimeError(f"a Tensor with {self._desc.numel} elements cannot be converted to Scalar")
    return self._array.item()


def tolist(self: Tensor) -> Any:
    """Nested lists of Python numbers."""
    if type(self._array) is Zeros and self._desc.numel:
        raise RuntimeError("tolist() shouldn't be called on a tensor with unallocated storage")
    return self._array.tolist()


def _scalar(self: Tensor) -> Any:
    if self.requires_grad and grad_mode.state.grad:
        warn(
            "Converting a tensor with requires_grad=True to a scalar may lead to unexpected behavior.\nConsider "
            "using tensor.detach() first.",
        )
    if self._desc.numel != 1:
        raise ValueError("only one element tensors can be converted to Python scalars")
    return self._array.item()


def to_float(self: Tensor) -> float:
    """float(tensor)"""
    return float(_real(self, "double"))


def to_int(self: Tensor) -> int:
    """int(tensor)"""
    return int(_real(self, "int64_t"))


def _real(self: Tensor, kind: str) -> Any:
    value = _scalar(self)
    if type(value) is not complex:
        return value
    if value.imag != 0 or (kind == "int64_t" and value != value):
        raise RuntimeError(f"value cannot be converted to type {kind} without overflow")
    return value.real


def to_complex(self: Tensor) -> complex:
    """complex(tensor)"""
    return complex(_scalar(self))


def to_index(self: Tensor) -> int:
    """The tensor as an index of a Python sequence."""
    if self._desc.numel != 1 or self._desc.dtype.category > dtypes.INTEGRAL:
        raise TypeError("only integer tensors of a single element can be converted to an index")
    return int(self._array.item())


def data_ptr(self: Tensor) -> int:
    """The address of the first element."""
    array = views.storage_of(self)
    if type(array) is Zeros:  # in memory that begins nowhere
        return storage_offset(array) * array.itemsize
    return address(array) if self._desc.numel else 0
