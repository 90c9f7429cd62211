"""The torch-like module that a program runs on: how its names, dtypes and tensors are found.

The only place that knows how a `Global` becomes an object and a `TensorLiteral` a tensor. A name that the module lacks is
`Missing`, which is the subject's answer "unsupported" and no error of the program.
"""

from __future__ import annotations

import builtins
import importlib
import sys
import types
import warnings
from typing import Any
from weakref import WeakKeyDictionary

from conformance.interpreter import following, initial, layouts, rounding, threads
from conformance.numbers import elements
from conformance.program import HOST_MODULES, TensorLiteral

DTYPES = (
    ("bool", "uint8", "int8", "int16", "int32", "int64", "uint16", "uint32", "uint64")
    + ("float16", "bfloat16", "float32", "float64", "complex32", "complex64", "complex128")
)  # fmt: skip
"""The dtypes by PyTorch's names, which are those of a `TensorLiteral`."""

_BUILTINS = frozenset(
    [
        "abs",
        "all",
        "any",
        "bool",
        "bytes",
        "callable",
        "complex",
        "dict",
        "dir",
        "divmod",
        "enumerate",
        "filter",
        "float",
    ]
    + ["format", "frozenset", "getattr", "hasattr", "hash", "id", "int", "isinstance", "issubclass", "iter", "len"]
    + ["list", "map", "max", "min", "next", "object", "pow", "property", "range", "repr", "reversed", "round", "set"]
    + ["setattr", "slice", "sorted", "str", "sum", "super", "tuple", "type", "zip"]
)
"""What a program may use of `builtins`, exceptions apart: nothing that opens, imports or evaluates."""

_NUMPY = frozenset(
    [
        "abs",
        "add",
        "arange",
        "array",
        "array_equal",
        "asarray",
        "ascontiguousarray",
        "concatenate",
        "copy",
        "cos",
        "dot",
    ]
    + ["empty", "exp", "float16", "float32", "float64", "from_dlpack", "full", "greater", "int16", "int32", "int64"]
    + ["int8", "bool_", "log", "matmul", "maximum", "mean", "multiply", "negative", "ones", "ones_like", "reshape"]
    + ["shares_memory", "sin", "sqrt", "stack", "subtract", "sum", "tanh", "transpose", "uint8", "zeros", "zeros_like"]
)
"""What a program may use of `numpy`: making arrays and computing with them, nothing that reads or writes a file."""

_CLOSED = {"numpy": _NUMPY, "io": frozenset({"BytesIO"}), "collections": frozenset({"OrderedDict"})}
"""Modules of which only some names can be used, and no names of those."""

_HOST = {**threads.HOST, **rounding.HOST, **layouts.HOST, **initial.HOST, **following.HOST}
"""What a program gets of the harness."""

_UNREACHABLE = frozenset({"__globals__", "__builtins__", "__subclasses__", "__code__", "__loader__", "__spec__"})


def _special_methods() -> dict[str, tuple[str, ...]]:
    binary = [
        "add",
        "sub",
        "mul",
        "truediv",
        "floordiv",
        "mod",
        "pow",
        "matmul",
        "and",
        "or",
        "xor",
        "lshift",
        "rshift",
    ]
    found: dict[str, tuple[str, ...]] = {name: (f"__{name}__", f"__r{name}__") for name in binary}
    found |= {f"i{name}": (f"__i{name}__", *found[name]) for name in binary}
    found.update({name: (f"__{name}__",) for name in ("neg", "pos", "invert", "abs", "getitem", "setitem")})
    return {f"{name}_" if name in ("and", "or") else name: methods for name, methods in found.items()}


SPECIAL_METHODS = _special_methods()
"""The methods that Python tries for an operator, in whichever place the tensor stands; without them it raises a TypeError.
Comparisons are not among them: every object has those."""


LACKS = "__torchstone_lacks__"
"""The function of a module that says whether an error tells of what it does not do, as opposed to what it refuses."""


class Missing(Exception):
    """The subject has no such name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"no {name!r}")
        self.name = name


class Namespace:
    """A torch-like module, with what was looked up in it so far."""

    def __init__(self, module: types.ModuleType) -> None:
        self.module = module
        # A module may hand on another one's names, as the fakes of the tests do: then autograd is from there.
        self.packages = {m.__name__.partition(".")[0] for m in (module, getattr(module, "autograd", module))}
        self._globals: dict[str, Any] = {}
        self._dtype_names: list[tuple[Any, str]] = [
            (getattr(module, name), name) for name in DTYPES if hasattr(module, name)
        ]
        self._fast_dtype_names: dict[int, str] = {id(dtype): name for dtype, name in self._dtype_names}
        self.tensor_type: type = self._find_tensor_type()
        self._silenced: list[Any] = []
        self.silenced()

    def silenced(self) -> list[Any]:
        """The filters by which libraries keep warnings of one of their modules from their users: those that are in force, and
        those that ever were.

        They are remembered since whoever imports a library within `warnings.catch_warnings`, as pytest does around each of its
        items, loses them as that ends: numtorch's, for NumPy's floating-point warnings.
        """
        # (typeshed has the third of a filter as a class and the fourth as a text; the standard library does not insist.)
        for entry in warnings.filters:
            if entry[0] == "ignore" and entry[1] is None and entry[3] is not None and entry not in self._silenced:
                self._silenced.append(entry)
        return self._silenced

    def resolve(self, path: str) -> Any:
        """The object that a `Global` names. Raises Missing if the module has no such name."""
        try:
            return self._globals[path]
        except KeyError:
            found = self._globals[path] = self._look_up(path)
            return found

    def find(self, path: str) -> Any:
        """The object at a path below the module (``autograd.graph.Node``), or None."""
        try:
            return self.resolve(f"torch.{path}")
        except Missing:
            return None

    def dtype_name(self, dtype: Any) -> str | None:
        """PyTorch's name of a dtype of this module; None if it is not one."""
        name = self._fast_dtype_names.get(id(dtype))
        if name is not None:
            return name
        # Some libraries make a new dtype object for every tensor, equal to the one that the name stands for.
        for known, name in self._dtype_names:
            if type(dtype) is type(known) and dtype == known:
                return name
        return None

    def lacks(self, symbol: str) -> bool:
        """Whether tensors have none of the special methods by which Python looks for an operator."""
        return symbol in SPECIAL_METHODS and not any(
            hasattr(self.tensor_type, name) for name in SPECIAL_METHODS[symbol]
        )

    def lacks_weak(self, error: TypeError) -> str | None:
        """What is missing if this error says that no tensor can be referred to weakly, which lies in their class alone."""
        if self.tensor_type.__weakrefoffset__ or not str(error).startswith("cannot create weak reference to"):
            return None
        return "weakref.ref of a tensor"

    def lacks_by_its_own_word(self, error: BaseException) -> str | None:
        """What is missing if the module says of this error that it tells of something that it has not."""
        says = getattr(self.module, LACKS, None)
        if says is None or not says(error):
            return None
        return str(error).partition("\n")[0] or type(error).__name__

    def tensor(self, literal: TensorLiteral) -> Any:
        """A new tensor of these elements: every bit of them, the payload of a nan apart."""
        dtype = self.resolve(f"torch.{literal.dtype}")
        if 0 in literal.shape and hasattr(self.module, "zeros"):
            return self.module.zeros(literal.shape, dtype=dtype)
        made = self.resolve("torch.tensor")(elements(literal.dtype, literal.shape, literal.data).tolist(), dtype=dtype)
        if 0 in literal.shape and tuple(made.shape) != literal.shape:
            raise Missing("torch.zeros")  # Nested lists cannot say (0, 3).
        return made

    def _look_up(self, path: str) -> Any:
        if path in _HOST:
            if path in rounding.HOST and "torch" not in sys.modules:
                # Another library's operations are out of its reach; it would import all of PyTorch here to find none.
                raise Missing(path)
            return _HOST[path]
        head, *rest = path.split(".")
        if head == "torch":
            value: Any = self.module
        elif head == "builtins":
            if not rest or not (rest[0] in _BUILTINS or _is_exception(rest[0])):
                raise Missing(path)
            value = builtins
        elif head in _CLOSED:
            if len(rest) != 1 or rest[0] not in _CLOSED[head]:
                raise Missing(path)
            return getattr(importlib.import_module(head), rest[0])
        elif head in HOST_MODULES:
            value = importlib.import_module(head)
        else:
            raise Missing(path)
        for name in rest:
            try:
                value = getattr(value, name)
            except AttributeError:
                value = self._submodule(value, name, path)
            if name in _UNREACHABLE or (isinstance(value, types.ModuleType) and not self._is_ours(value)):
                # torch.os is a name, too. This keeps a program from straying; it is not a sandbox.
                raise Missing(path)
        return value

    def _submodule(self, parent: Any, name: str, path: str) -> Any:
        # `import torch.func` is what a user would write, and not every torch-like package imports its submodules.
        if isinstance(parent, types.ModuleType) and self._is_ours(parent) and hasattr(parent, "__path__"):
            full = f"{parent.__name__}.{name}"
            try:
                return importlib.import_module(full)
            except ModuleNotFoundError as error:
                if error.name != full:
                    raise
        raise Missing(path) from None

    def _is_ours(self, module: types.ModuleType) -> bool:
        return module.__name__.partition(".")[0] in self.packages

    def _find_tensor_type(self) -> type:
        declared = getattr(self.module, "Tensor", None)
        if isinstance(declared, type):
            return declared
        make = getattr(self.module, "tensor", None)
        return type(make(0.0)) if callable(make) else _NoTensor


class _NoTensor:
    """What no value is an instance of: for a module without tensors, which `open_subject` refuses."""


def _is_exception(name: str) -> bool:
    found = getattr(builtins, name, None)
    return isinstance(found, type) and issubclass(found, BaseException)


_known: WeakKeyDictionary[types.ModuleType, Namespace] = WeakKeyDictionary()


def namespace_of(module: types.ModuleType) -> Namespace:
    """The Namespace of a module, made once."""
    found = _known.get(module)
    if found is None:
        found = _known[module] = Namespace(module)
    return found
