"""What is bound to Tensor and to the module: one list a family.

A name here is a method of Tensor and a function of the module unless it is in the `METHODS` or `FUNCTIONS` list only.
Families that bring their own lists are modules of functions/ with `METHODS` and `FUNCTIONS` dictionaries.
"""

from __future__ import annotations

import importlib
from types import FunctionType
from typing import Any

from . import creation
from .aliasing import writes
from .calls.checked import checked, is_checked
from .calls.overridable import PYTHON, PYTHON_FUNCTIONS
from .calls.torch_function import know_tensor, public
from .device import CPU, FORMATS, device, layout, memory_format, strided
from .dtype import dtypes
from .functions import convert, indexing, outputs, shape
from .memory.descriptor import Size
from .memory.formats import ORDERS, lies_in
from .memory.geometry import element_strides, storage_offset
from .tensor import Tensor, own_dim, readonly

SHAPE = (
    "reshape",
    "flatten",
    "unflatten",
    "ravel",
    "t",
    "transpose",
    "swapaxes",
    "swapdims",
    "permute",
    "movedim",
    "squeeze",
    "unsqueeze",
    "select",
    "narrow",
    "diagonal",
    "unbind",
    "split",
    "chunk",
    "tensor_split",
    "clone",
    "broadcast_to",
    "flip",
    "tile",
)
# Modules of functions/ that bring METHODS and FUNCTIONS of their own.
FAMILIES = (
    "copying",
    "pointwise",
    "elementary",
    "reduction",
    "ranks",
    "linalg",
    "statistics",
    "convolutions",
    "counts",
    "decomposition",
    "lu",
    "solvers",
    "norms",
    "products",
    "einsum",
    "comparison",
    "clamping",
    "special",
    "activation",
    "random",
    "protocols",
    "reinterpret",
    "strided",
    "inplace_views",
    "memory",
    "gradients",
    "scatter",
    "slices",
    "arrange",
    "losses",
    "normalization",
    "divergences",
    "embeddings",
    "distances",
    "padding",
    "pair_distances",
    "patches",
    "bags",
    "margins",
    "dropout",
    "averages",
    "grids",
    "interpolation",
    "attention",
    "pooling",
    "fourier",
    "adaptive_pooling",
    "called",
)
LATE = (
    "copying",
    "protocols",
    "strided",
    "gradients",
    "elementary",
    "ranks",
    "comparison",
    "clamping",
    "random",
    "statistics",
    "convolutions",
    "counts",
    "decomposition",
    "lu",
    "solvers",
    "norms",
    "products",
    "einsum",
    "special",
    "activation",
    "inplace_views",
    "memory",
    "scatter",
    "slices",
    "arrange",
    "losses",
    "normalization",
    "divergences",
    "embeddings",
    "distances",
    "padding",
    "pair_distances",
    "patches",
    "bags",
    "margins",
    "dropout",
    "averages",
    "grids",
    "interpolation",
    "attention",
    "pooling",
    "fourier",
    "adaptive_pooling",
    "called",
)
"""Those of them that are imported when one of their names is first asked for (late.py)."""

ALIASES = {
    "subtract": "sub",
    "multiply": "mul",
    "divide": "div",
    "fix": "trunc",
    "arcsinh": "asinh",
    "arccosh": "acosh",
    "arctanh": "atanh",
    "arctan2": "atan2",
    "arctan": "atan",
    "arcsin": "asin",
    "arccos": "acos",
    "absolute": "abs",
    "negative": "neg",
    "moveaxis": "movedim",
}

METHODS: dict[str, Any] = {
    "__getitem__": indexing.getitem,
    "__setitem__": indexing.setitem,
    "view": shape.view,
    "view_as": shape.view_as,
    "reshape_as": shape.reshape_as,
    "expand": shape.expand,
    "expand_as": shape.expand_as,
    "contiguous": shape.contiguous,
    "repeat": shape.repeat,
    "to": convert.to,
    "cuda": convert.cuda,
    "type": convert.type_,
    "type_as": convert.type_as,
    "detach": convert.detach,
    "detach_": convert.detach_,
    "numpy": convert.numpy,
    "__array__": convert.array_protocol,
    "item": convert.item,
    "tolist": convert.tolist,
    "__float__": convert.to_float,
    "__int__": convert.to_int,
    "__complex__": convert.to_complex,
    "__index__": convert.to_index,
    "data_ptr": convert.data_ptr,
    "copy_": writes.copy_,
    "fill_": writes.fill_,
    "zero_": writes.zero_,
    "new_tensor": creation.new_tensor,
    "new_zeros": creation.new_zeros,
    "new_ones": creation.new_ones,
    "new_empty": creation.new_empty,
    "new_empty_strided": creation.new_empty_strided,
    "new_full": creation.new_full,
}

FUNCTIONS: dict[str, Any] = {
    "cat": shape.cat,
    "fill": shape.fill,
    "concat": shape.cat,
    "concatenate": shape.cat,
    "stack": shape.stack,
    "from_numpy": convert.from_numpy,
    "detach": convert.detach,
}
for _name in (
    "tensor",
    "as_tensor",
    "empty",
    "zeros",
    "ones",
    "full",
    "empty_like",
    "zeros_like",
    "ones_like",
    "full_like",
    "arange",
    "linspace",
    "logspace",
    "eye",
    "asarray",
    "scalar_tensor",
    "empty_strided",
):
    FUNCTIONS[_name] = getattr(creation, _name)


def _stride(self: Tensor, dim: int | None = None) -> Any:
    """Steps between elements, in elements."""
    strides = element_strides(self._array)
    return strides if dim is None else strides[own_dim(dim, len(strides), "stride")]


def _is_contiguous(self: Tensor, memory_format: Any = None) -> bool:
    """Whether the elements lie in row-major order without holes, or in another format that is asked for."""
    array = self._array
    if memory_format is not None and memory_format in ORDERS:
        return lies_in(self._desc.shape, element_strides(array), memory_format)
    return True if self._desc.ndim == 0 else bool(array.flags.c_contiguous)


def _len(self: Tensor) -> int:
    if not self._desc.ndim:
        raise TypeError("len() of a 0-d tensor")
    return self._desc.shape[0]


def _delitem(self: Tensor, index: Any) -> None:
    raise TypeError("Tensor does not support deleting items")


def _iter(self: Tensor) -> Any:
    # A subclass that overrides is asked for these two, and hands on itself.
    if (self._desc.ndim if type(self) is Tensor else self.dim()) == 0:
        raise TypeError("iteration over a 0-d tensor")
    return iter(shape.unbind(self, 0) if type(self) is Tensor else self.unbind(0))


def _format(self: Tensor, spec: str) -> str:
    from .printing import tensor_format

    return tensor_format(self, spec)


METHODS.update(
    {
        "stride": _stride,
        "is_contiguous": _is_contiguous,
        "__len__": _len,
        "__iter__": _iter,
        "__delitem__": _delitem,
        "__format__": _format,
        "storage_offset": lambda self: storage_offset(self._array),
        "element_size": lambda self: self._desc.dtype.itemsize,
        "get_device": lambda self: -1,
        "cpu": lambda self, memory_format=None: (
            self if memory_format is None else convert.to(self, memory_format=memory_format)
        ),
        "ndimension": Tensor.dim,
        "data": property(convert.get_data, convert.set_data, convert.delete_data),
        "T": property(shape.T),
        "mT": property(shape.mT),
        "device": property(lambda self: CPU),
        "layout": property(lambda self: strided),
        "is_cpu": property(lambda self: True),
        "is_cuda": property(lambda self: False),
        "is_meta": property(lambda self: False),
        "is_mps": property(lambda self: False),
        "is_xpu": property(lambda self: False),
        "is_quantized": property(lambda self: False),
        "is_nested": property(lambda self: False),
        "is_sparse": property(lambda self: False),
        "itemsize": property(lambda self: self._desc.dtype.itemsize),
        "nbytes": property(lambda self: self._desc.numel * self._desc.dtype.itemsize),
        "name": property(lambda self: None),
    }
)
for _name in SHAPE:
    METHODS[_name] = FUNCTIONS[_name] = getattr(shape, _name)
METHODS["broadcast_to"] = shape.method_broadcast_to
METHODS["split"] = shape.method_split
for _name, _kind in {
    "float": dtypes.float32,
    "double": dtypes.float64,
    "half": dtypes.float16,
    "int": dtypes.int32,
    "long": dtypes.int64,
    "short": dtypes.int16,
    "bool": dtypes.bool_,
    "char": dtypes.int8,
    "byte": dtypes.uint8,
    "cfloat": dtypes.complex64,
    "cdouble": dtypes.complex128,
}.items():
    METHODS[_name] = convert.caster(_kind)
METHODS["bfloat16"] = convert.to_bfloat16
DTYPES = {
    "dtype": dtypes.dtype,
    "bool": dtypes.bool_,
    "uint8": dtypes.uint8,
    "int8": dtypes.int8,
    "int16": dtypes.int16,
    "short": dtypes.int16,
    "int32": dtypes.int32,
    "int": dtypes.int32,
    "int64": dtypes.int64,
    "long": dtypes.int64,
    "float16": dtypes.float16,
    "half": dtypes.float16,
    "float32": dtypes.float32,
    "float": dtypes.float32,
    "float64": dtypes.float64,
    "double": dtypes.float64,
    "complex64": dtypes.complex64,
    "cfloat": dtypes.complex64,
    "complex128": dtypes.complex128,
    "cdouble": dtypes.complex128,
    "Size": Size,
    "finfo": dtypes.finfo,
    "iinfo": dtypes.iinfo,
    "get_default_dtype": dtypes.get_default_dtype,
    "set_default_dtype": dtypes.set_default_dtype,
    "promote_types": dtypes.promote_types,
    "can_cast": dtypes.can_cast,
}
FUNCTIONS.update(DTYPES)
FUNCTIONS.update({"device": device, "strided": strided, "layout": layout, "memory_format": memory_format})
FUNCTIONS.update({one.name: one for one in FORMATS})
FUNCTIONS.update(
    {
        "is_tensor": lambda obj: isinstance(obj, Tensor),
        "is_inference": Tensor.is_inference,
    }
)


def tables(family: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The methods and functions that a family brings, under all their names."""
    extra = importlib.import_module(f".functions.{family}", __package__)
    found = dict(extra.METHODS), dict(extra.FUNCTIONS)
    outputs.bind(found[1], outputs.TABLE)
    for table in found:
        alias(table)
    return found


def alias(table: dict[str, Any]) -> None:
    """Put the other names of what is in the table beside it."""
    for new, old in ALIASES.items():
        for ending in ("", "_"):
            if old + ending in table:
                table.setdefault(new + ending, table[old + ending])


def publish(found: dict[str, Any], functions: dict[str, Any], module: dict[str, Any]) -> None:
    """Bind methods to the Tensor class, and functions in the module's namespace."""
    for name, value in found.items():
        if type(value) is property and value.fset is None:
            value = readonly(value.fget)
            value.attribute = name
        setattr(Tensor, name, public(_checked(value, name, name in PYTHON, True), name, register=False))
    know_tensor(Tensor, found)
    for name, value in functions.items():
        python = name in PYTHON_FUNCTIONS
        module[name] = public(_checked(value, name, python, False), name, python=python)


def _checked(value: Any, name: str, python: bool, method: bool) -> Any:
    """A function with PyTorch's errors about its arguments, if PyTorch writes it in C++."""
    if python or type(value) is not FunctionType or not is_checked(value, name, method):
        return value
    return checked(value, name, method)


def bind(module: dict[str, Any]) -> None:
    """Fill the module's namespace and the Tensor class."""
    outputs.bind(FUNCTIONS, outputs.TABLE)
    for table in (METHODS, FUNCTIONS):
        alias(table)
    for family in FAMILIES:
        if family not in LATE:
            found, functions = tables(family)
            METHODS.update(found)
            FUNCTIONS.update(functions)
    del FUNCTIONS["absolute_"]  # a method only, as in PyTorch
    know_tensor(Tensor, list(vars(Tensor)))
    publish(METHODS, FUNCTIONS, module)
