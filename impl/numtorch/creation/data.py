"""Tensors of data: Python numbers in nested sequences, NumPy arrays, other tensors.

What everybody gives, lists of numbers, NumPy reads at once. What else there may be (tensors and NumPy's scalars among the
numbers, sequences of one's own, mistakes) is read as PyTorch does: the sizes from the first item of each sequence, the type
from all of them, then item by item, and the first that does not fit is told.
"""

from __future__ import annotations

from typing import Any

from .. import grad_mode
from ..aliasing.views import check_inplace
from ..calls.operands import type_name
from ..calls.scalar import overflows
from ..dtype import dtypes
from ..memory.geometry import laid_out
from ..plain_numpy import np
from ..tensor import Tensor, wrap
from ..warning import warn
from .options import check_options, finish, is_size, refuse_negative

_NUMBERS = frozenset((float, int, bool, complex))
_COPY_OF_TENSOR = (
    "To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or "
    "sourceTensor.detach().clone().requires_grad_(True), rather than {}(sourceTensor)."
)
_SLOW = (
    "Creating a tensor from a list of numpy.ndarrays is extremely slow. Please consider converting the list to a single "
    "numpy.ndarray with numpy.array() before converting to a tensor."
)
_MAX_DIMS = 64


def tensor(data: Any, *, dtype: Any = None, **options: Any) -> Tensor:
    """A new leaf with a copy of `data`."""
    if isinstance(data, Tensor):
        warn(_COPY_OF_TENSOR.format("torch.tensor"))
    _refuse_none(**options)
    new = wrap(read(data, None if dtype is None else dtypes.of(dtype)))
    if grad_mode.watches:
        _tell_of_detaching(new)
    return finish(new, **options)


def _tell_of_detaching(new: Tensor) -> None:
    """PyTorch's ends with detach_(), which is a write to who watches those, in inference mode."""
    if grad_mode.state.inference:
        check_inplace(finish(new), False)


def _refuse_none(requires_grad: Any = False, **options: Any) -> None:
    """Of all functions these two do not take None for False."""
    if requires_grad is None:
        raise TypeError("requires_grad is a bool")


def new_tensor(self: Tensor, data: Any, *, dtype: Any = None, **options: Any) -> Tensor:
    """A copy of `data` of this one's type."""
    if isinstance(data, Tensor):
        warn(_COPY_OF_TENSOR.format("tensor.new_tensor"))
    _refuse_none(**options)
    new = wrap(read(data, self._desc.dtype if dtype is None else dtypes.of(dtype)))
    if grad_mode.watches:
        _tell_of_detaching(new)
    return finish(new, **options)


def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """The data as a tensor, the very same object or memory where possible."""
    check_options(device=device)
    kind = None if dtype is None else dtypes.of(dtype)
    if isinstance(data, Tensor):
        return data if kind is None or kind is data._desc.dtype else data.to(kind)  # type: ignore[attr-defined,no-any-return]
    if isinstance(data, np.ndarray) and (kind is None or kind.numpy == data.dtype):
        return over(data)
    return finish(wrap(read(data, kind)), False)


def over(array: Any) -> Tensor:
    """A tensor over an ndarray's memory."""
    from ..functions.convert import from_numpy

    return from_numpy(array)


def asarray(obj: Any, *, dtype: Any = None, device: Any = None, copy: Any = None, requires_grad: Any = None) -> Tensor:
    """The object as a tensor: itself, over its memory, or a copy, as `copy` (None: only if it must) says."""
    check_options(device=device)
    kind = None if dtype is None else dtypes.of(dtype)
    if isinstance(obj, Tensor):
        return _tensor_as_array(obj, kind, copy, requires_grad)
    shared = isinstance(obj, np.ndarray)
    if not shared and not isinstance(obj, (str, np.generic)) and _is_buffer(obj):
        obj, shared = np.frombuffer(obj, (kind or dtypes.get_default_dtype()).numpy), True
    if copy is False and not shared:
        raise ValueError("can't alias arbitrary sequence into a tensor.")
    made = as_tensor(obj, kind)
    if copy and made._array is obj:
        made = wrap(np.array(obj))
    return finish(made, bool(requires_grad))


def _tensor_as_array(obj: Tensor, kind: Any, copy: Any, requires_grad: Any) -> Tensor:
    other = kind is not None and kind is not obj._desc.dtype
    if other and copy is False:
        raise ValueError(
            f"can't alias tensor with dtype '{obj._desc.dtype.scalar_name}' into dtype '{kind.scalar_name}'."
        )
    new: Any = obj.to(kind) if other else obj.clone() if copy else obj  # type: ignore[attr-defined]
    if requires_grad is None:
        if obj.requires_grad:
            warn(
                "torch.asarray: unspecified requires_grad now defaults to obj.requires_grad instead of False. Pass "
                "requires_grad=False explicitly to get the old behavior and silence this warning.",
            )
        return new  # type: ignore[no-any-return]
    if not requires_grad:
        return new.detach() if new.requires_grad else new  # type: ignore[no-any-return]
    return new.requires_grad_() if new.is_leaf else new  # type: ignore[no-any-return]


def legacy_new(data: tuple, kind: dtypes.dtype | None = None) -> Tensor:
    """torch.Tensor(...) and torch.FloatTensor(...): sizes, a tensor to look at as it is, or nested numbers."""
    kind = kind or dtypes.get_default_dtype()
    if not data or (is_size(data[0]) and not isinstance(data[0], (Tensor, np.ndarray))):
        for position, size in enumerate(data, 1):
            if not is_size(size):
                reason = f'"type must be tuple of ints,but got {type_name(size)}"'
                raise TypeError(
                    f"new(): argument 'size' failed to unpack the object at pos {position} with error {reason}"
                )
        refuse_negative(data)
        return wrap(np.empty(data or (0,), kind.numpy))
    (given,) = data
    if isinstance(given, Tensor):
        return given
    if type(given).__name__ == "Size":
        return wrap(np.empty(given, kind.numpy))
    if isinstance(given, (str, bytes)):
        raise TypeError(f"new(): invalid data type '{type(given).__name__}'")
    if not hasattr(given, "__len__"):
        raise TypeError(f"new(): data must be a sequence (got {type(given).__name__})")
    return wrap(read(given, kind))


# ---- reading


def read(data: Any, kind: dtypes.dtype | None) -> Any:
    """The data as a new array; of type `kind`, or of the type that it has itself."""
    if type(data) in _NUMBERS or _is_plain(data):
        array = _of_numbers(data, kind)
        if array is not None:
            return array if array.ndim else array[()]
    if isinstance(data, Tensor):
        return _copied(data._numpy(), kind or data._desc.dtype)
    if isinstance(data, (np.ndarray, np.generic)):
        from ..functions.convert import from_numpy

        found = from_numpy(np.asarray(data))._array
        kind = kind or dtypes.from_numpy(data.dtype)
        if not np.size(found):
            return laid_out(found.shape, (0,) * found.ndim, kind.numpy)  # PyTorch steps over nothing by nothing
        return _copied(found, kind)
    if isinstance(data, (str, bytes)):
        raise TypeError(f"new(): invalid data type '{type(data).__name__}'")
    shape = _sizes(data)
    kind = kind or _infer(data)
    array = np.zeros(shape, kind.numpy)
    if array.size:
        _store(array, shape, data, _CONVERTERS[kind.category], kind)
    return array if array.ndim else array[()]


def _is_plain(data: Any) -> bool:
    """Whether the data is nested lists and tuples of Python's numbers and nothing else."""
    return isinstance(data, (list, tuple)) and (_NUMBERS.issuperset(map(type, data)) or all(map(_is_plain, data)))


def _of_numbers(data: Any, kind: dtypes.dtype | None) -> Any:
    """What NumPy reads of plain numbers, None if they are to be read one by one: ragged, too large, none at all."""
    try:
        array = np.array(data)
    except ValueError:
        return None
    found = array.dtype.kind
    if not array.size or found not in "bifc":
        return None
    if kind is None:
        kind = {
            "b": dtypes.bool_,
            "i": dtypes.int64,
            "f": dtypes.get_default_dtype(),
            "c": dtypes.get_default_dtype().to_complex(),
        }[found]
    elif kind.category < dtypes.FLOATING and kind is not dtypes.bool_ and (found in "fc" or kind is not dtypes.int64):
        return None  # a number may be out of its range
    elif found == "c" and kind.category != dtypes.COMPLEX:
        return None
    return array.astype(kind.numpy, copy=False)


def _copied(array: Any, kind: dtypes.dtype) -> Any:
    """A copy, with the strides if it is dense."""
    new = np.array(array, dtype=kind.numpy, order="K")
    return new if new.ndim else new[()]


def _is_buffer(obj: Any) -> bool:
    try:
        memoryview(obj)
    except TypeError:
        return False
    return True


def _is_sequence(value: Any) -> bool:
    """Whether PyTorch reads the items of a value. (A tensor is no sequence to it, and neither is a dict.)"""
    if isinstance(value, (list, tuple)):
        return True
    if isinstance(value, (Tensor, dict, np.generic)):
        return False
    return hasattr(value, "__getitem__") and hasattr(value, "__len__")


def _sizes(data: Any) -> tuple[int, ...]:
    """The lengths of the sequences, each the first of its own."""
    shape: list[int] = []
    while _is_sequence(data):
        shape.append(len(data))
        if len(shape) > _MAX_DIMS:
            raise ValueError(f"too many dimensions '{type(data).__name__}'")
        if not shape[-1]:
            break
        if isinstance(data, (list, tuple)) and isinstance(data[0], np.ndarray) and len(shape) == 1:
            _warn_once()
        data = data[0]
    return tuple(shape)


def _warn_once(told: list[bool] = []) -> None:  # noqa: B006  (the default is the memory)
    if not told:
        told.append(True)
        warn(_SLOW)


def _infer(value: Any) -> dtypes.dtype:
    """The type that holds every number of the data."""
    if isinstance(value, Tensor):
        return value._desc.dtype
    if isinstance(value, (np.ndarray, np.generic)):
        return dtypes.from_numpy(value.dtype)
    for category, types in (
        (dtypes.BOOL, bool),
        (dtypes.INTEGRAL, int),
        (dtypes.FLOATING, float),
        (dtypes.COMPLEX, complex),
    ):
        if isinstance(value, types):
            return dtypes.default_of_category(category)
    if isinstance(value, (str, bytes)):
        raise TypeError(f"new(): invalid data type '{type(value).__name__}'")
    if not _is_sequence(value):
        module = type(value).__module__
        name = type(value).__name__ if module in ("builtins", "fractions") else f"{module}.{type(value).__name__}"
        raise RuntimeError(f"Could not infer dtype of {name}")
    kinds = [_infer(value[i]) for i in range(len(value))]
    if not kinds:
        return dtypes.get_default_dtype()
    result = kinds[0]
    for kind in kinds[1:]:
        result = dtypes.promote_types(result, kind)
    return result


def _store(array: Any, shape: tuple, data: Any, convert: Any, kind: dtypes.dtype, dim: int = 0) -> None:
    """Write the items of the data into an array, or raise PyTorch's error for the first that does not fit."""
    if dim == len(shape):
        array[...] = convert(data, kind)
        return
    if not _is_sequence(data):
        raise TypeError("not a sequence")
    if len(data) != shape[dim]:
        raise ValueError(f"expected sequence of length {shape[dim]} at dim {dim} (got {len(data)})")
    for place in range(len(data)):
        _store(array[place, ...], shape, data[place], convert, kind, dim + 1)


def _real(value: Any, kind: dtypes.dtype) -> Any:
    if isinstance(value, Tensor) and value._desc.numel != 1:
        raise ValueError("only one element tensors can be converted to Python scalars")
    if isinstance(value, (complex, str, bytes)) or not (hasattr(value, "__float__") or hasattr(value, "__index__")):
        raise TypeError(f"must be real number, not {type(value).__name__}")
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def _complex(value: Any, kind: dtypes.dtype) -> Any:
    if isinstance(value, (complex, np.complexfloating)):
        return value
    if isinstance(value, Tensor) and value._desc.numel == 1:
        return complex(value)  # type: ignore[call-overload]
    return _real(value, kind)


def _whole(value: Any, kind: dtypes.dtype) -> Any:
    if isinstance(value, Tensor):
        number: Any = value.__index__()  # type: ignore[attr-defined]
    elif isinstance(value, (float, np.floating)):
        number = float(value)
    elif hasattr(value, "__index__"):
        number = value.__index__()
    elif isinstance(value, np.bool_):
        number = int(value)
    else:
        raise TypeError(f"'{type(value).__name__}' object cannot be interpreted as an integer")
    if isinstance(number, int) and not -(2**63) <= number < (2**64 if kind.name == "uint64" else 2**63):
        raise ValueError("Overflow when unpacking long long")
    if overflows(number, kind):
        raise RuntimeError(f"value cannot be converted to type {kind.name} without overflow")
    number = int(number)
    return number % 256 if kind is dtypes.uint8 else number


def _truth(value: Any, kind: dtypes.dtype) -> bool:
    if isinstance(value, (bool, int, float, complex, np.generic)):
        return bool(value)
    if isinstance(value, Tensor):
        return (
            bool(value.__index__())
            if value._desc.dtype.category < dtypes.FLOATING or value._desc.numel != 1
            else bool(value)
        )  # type: ignore[attr-defined]
    return bool(_whole(value, dtypes.int64))


_CONVERTERS = {dtypes.BOOL: _truth, dtypes.INTEGRAL: _whole, dtypes.FLOATING: _real, dtypes.COMPLEX: _complex}
