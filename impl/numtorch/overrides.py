"""`__torch_function__`: how a subclass of Tensor takes part in every function that it is given to.

PyTorch asks in the argument parser of each operator whether an argument overrides it. Here nothing asks until there is a
subclass that could answer: when the first one is defined, the code of every public function is replaced by `entry`, which
looks at the arguments, and when the last one is gone it is put back. So plain tensors never pay, and a function stays the
same object, which is what programs compare `func` with. (Rejected: a wrapper around each function, 90 ns a call; a test
within each of them, which every new operator would have to remember.)

What is public is a copy of its own (`public`): inside the package the originals are called, as PyTorch's C++ calls its own
functions without asking anybody.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterable
from types import FunctionType
from typing import Any

_ASKS_ALL = frozenset(
    ["pow", "pow_", "__rsub__", "__rdiv__", "__rpow__", "__floordiv__", "__rfloordiv__", "__rmod__", "__rmatmul__"]
    + ["__rlshift__", "__rrshift__"]
)
"""Methods that PyTorch writes in Python and whose every tensor is asked."""

_ASKS_SELF = [
    "register_hook",
    "register_post_accumulate_grad_hook",
    "unflatten",
    "__len__",
    "__contains__",
    "__reversed__",
] + ["__deepcopy__", "__reduce_ex__", "__setstate__", "__format__", "__dir__", "__dlpack_device__"]
PYTHON: dict[str, dict[str, Any]] = {
    "backward": {"gradient": None, "retain_graph": None, "create_graph": False, "inputs": None},
    "norm": {"p": "fro", "dim": None, "keepdim": False, "dtype": None},
    "split": {"dim": 0},
    "__repr__": {"tensor_contents": None},
    "__array__": {"dtype": None},
    "__dlpack__": {"stream": -1, "max_version": None, "dl_device": None, "copy": None},
    **{name: {} for name in (*_ASKS_ALL, *_ASKS_SELF)},
}
"""Methods that PyTorch writes in Python: these hand on their defaults as keywords, the others none at all."""

PYTHON_FUNCTIONS = frozenset(
    ["norm", "split", "atleast_1d", "atleast_2d", "atleast_3d", "meshgrid", "tensordot", "cdist", "einsum", "lu"]
    + [
        "broadcast_tensors",
        "cartesian_prod",
        "block_diag",
        "unique",
        "unique_consecutive",
        "chain_matmul",
        "stft",
        "istft",
    ]
)
"""Functions of torch that PyTorch writes in Python."""

C_FUNCTIONAL = {
    **{
        name: name
        for name in ("gelu", "linear", "softplus", "one_hot", "hardshrink", "softshrink", "relu_", "sigmoid", "tanh")
    },
    "logsigmoid": "log_sigmoid",
}
"""The functions of torch.nn.functional that PyTorch writes in C++, and their names there."""

OPERATORS = {
    "__add__": "add",
    "__radd__": "add",
    "__sub__": "sub",
    "__mul__": "mul",
    "__rmul__": "mul",
    "__truediv__": "div",
    "__rtruediv__": "__rdiv__",
    "__mod__": "remainder",
    "__pow__": "pow",
    "__matmul__": "matmul",
    "__rand__": "bitwise_and",
    "__ror__": "bitwise_or",
    "__rxor__": "bitwise_xor",
    "__lt__": "lt",
    "__le__": "le",
    "__gt__": "gt",
    "__ge__": "ge",
    "__ne__": "ne",
    "__iadd__": "add_",
    "__isub__": "sub_",
    "__imul__": "mul_",
    "__itruediv__": "div_",
    "__ifloordiv__": "floor_divide_",
    "__imod__": "remainder_",
    "__ipow__": "pow_",
    "__neg__": "neg",
    "__pos__": "positive",
    "__abs__": "abs",
}
"""Python's operators, and the methods that an override sees instead of them."""

_BINARY = frozenset(OPERATORS) - {"__neg__", "__pos__", "__abs__"} | {"__eq__", "__rsub__", "__rpow__", "__floordiv__"}
_NEVER = frozenset(
    ["__new__", "__init__", "__init_subclass__", "__hash__", "__torch_function__", "__iter__", "_numpy"]
    + [
        "_set_requires_grad",
        "_make_subclass",
        "tensor",
        "as_tensor",
        "asarray",
        "is_tensor",
        "from_numpy",
        "from_dlpack",
    ]
)
"""What PyTorch asks nobody about, and what only this package calls."""

_known: dict[Any, Any] = {}
"""Every public function, by itself: what its _Function is made of, until there is a subclass that overrides."""

living = 0  # how many subclasses there are that override
_overriding: dict[
    int, bool
] = {}  # by the id of a type that was seen as an argument, which is not to be kept alive by that
_seen: dict[int, weakref.ref] = {}  # the same types; the end of one takes its id out of both


class State(threading.local):
    """Whether subclasses are asked: not while the default `__torch_function__` runs what it was given."""

    enabled = True


state = State()


class DisableTorchFunctionSubclass:
    """Within it subclasses are treated as plain tensors."""

    __module__ = "torch._C"

    def __enter__(self) -> None:
        self._was = state.enabled
        state.enabled = False

    def __exit__(self, *exc: Any) -> None:
        state.enabled = self._was


def disabled_torch_function(func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
    """The `__torch_function__` of what takes no part, such as Parameter: the function itself."""
    with DisableTorchFunctionSubclass():
        return func(*args, **(kwargs or {}))


def default_torch_function(cls: type, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
    """Tensor's own: the function, its results as objects of the subclass, save gradients and bases."""
    if not all(issubclass(cls, t) for t in types):
        return NotImplemented
    with DisableTorchFunctionSubclass():
        result = func(*args, **(kwargs or {}))
        return result if func in get_default_nowrap_functions() else _convert(result, cls)


def _convert(result: Any, cls: type) -> Any:
    tensor = _tensor_type()
    if cls is tensor:
        return result
    if isinstance(result, tensor) and not isinstance(result, cls):
        return result.as_subclass(cls)
    if isinstance(result, (tuple, list)):
        items = [_convert(item, cls) for item in result]
        # A named tuple takes its items, as every other class here that is a sequence does.
        return type(result)(items)
    return result


def get_default_nowrap_functions() -> set[Any]:
    """What does not hand on a subclass: reading `.grad` and `._base`."""
    tensor = _tensor_type()
    return {tensor._base.__get__, tensor.grad.__get__}


# ---- what is asked


def public(function: Any, name: str, register: bool = True, python: bool = False) -> Any:
    """A function under a public name: a copy of its own, known here. What is no function is given back.

    `python`: PyTorch writes it in Python, so that what has a default is told by keyword, and plain tensors are told of.
    """
    if type(function) is not FunctionType or name in _NEVER:
        return function
    code = function.__code__
    if register and code.co_argcount and code.co_varnames[0] == "self":
        # One function is the method and the function of the module, which calls its first operand `input`. Renaming costs
        # no call anything, as a wrapper would: variables of a function have numbers, and names for people only.
        code = code.replace(co_varnames=("input", *code.co_varnames[1:]))
    copy = FunctionType(code, function.__globals__, name, function.__defaults__, function.__closure__)
    copy.__kwdefaults__ = function.__kwdefaults__
    copy.__dict__.update(function.__dict__)
    copy.__doc__ = function.__doc__
    copy.__qualname__ = name  # errors about arguments name a function by it
    if register:
        know(copy, copy, _defaults_of(copy) if python else None, asks_all=True)
    return copy


def _defaults_of(function: FunctionType) -> dict[str, Any]:
    """The parameters that have a default, and what it is."""
    names = function.__code__.co_varnames[: function.__code__.co_argcount]
    values = function.__defaults__ or ()
    return dict(zip(names[len(names) - len(values) :], values, strict=True)) | (function.__kwdefaults__ or {})


def public_module(module: dict[str, Any], found: dict[str, Any], prefix: str = "") -> None:
    """Fill a module of functions: torch.nn.functional, or with the prefix of C++'s names torch.linalg and torch.special."""
    for name, value in found.items():
        if prefix:
            module[name] = public(value, prefix + name)
        else:
            module[name] = public(value, C_FUNCTIONAL.get(name, name), python=name not in C_FUNCTIONAL)


def know(function: FunctionType, func: Any, defaults: dict[str, Any] | None = None, asks_all: bool = False) -> None:
    """Let overrides answer for a function; they are told that it is `func`."""
    if function not in _known:
        _known[function] = (func, defaults, asks_all)
        if living:
            _replace(function)


def _replace(function: FunctionType) -> None:
    """From now on the function asks first."""
    found = _known[function]
    if type(found) is tuple:
        found = _known[function] = _Function(function, *found)
    found.replace()


def know_tensor(cls: Any, names: Iterable[str]) -> None:
    """Let overrides answer for the methods and properties of Tensor that have these names."""
    for name in names:
        if name in _NEVER:
            continue
        value = vars(cls)[name]
        if type(value) is FunctionType:
            func = vars(cls).get(OPERATORS.get(name, name), value)
            known = OPERATORS.get(name, name)
            know(value, func, PYTHON.get(known), asks_all=known in _ASKS_ALL)
        elif isinstance(value, property):
            if type(value.fget) is FunctionType:
                know(value.fget, value.__get__)
            if type(value.fset) is FunctionType:
                know(value.fset, value.__set__)


class _Function:
    """A public function: its own code, and the code that asks first."""

    __slots__ = ("_code", "_defaults", "_func", "_function", "_keywords", "_python", "_wraps", "asks_all", "original")

    def __init__(self, function: FunctionType, func: Any, python: dict[str, Any] | None, asks_all: bool):
        self.asks_all = asks_all
        self._function = function
        self._func = func
        self._python = python
        self._code = function.__code__
        self._defaults = function.__defaults__
        self._keywords = function.__kwdefaults__
        self._wraps = hasattr(function, "__wrapped__")  # it hands on to another, whose signature is told already
        self.original: Any = None

    def replace(self) -> None:
        """From now on `entry` is what runs."""
        function = self._function
        original = FunctionType(
            self._code, function.__globals__, function.__name__, self._defaults, function.__closure__
        )
        original.__kwdefaults__ = self._keywords
        original.__qualname__ = (
            function.__qualname__
        )  # NumPy reads it in the error of an __array__ that takes no `copy`
        self.original = original
        if not self._wraps:
            function.__wrapped__ = original  # type: ignore[attr-defined]  # whose signature inspect.signature tells
        function.__code__ = entry_of(len(self._code.co_freevars))
        function.__defaults__ = None
        function.__kwdefaults__ = {"_asked": self}

    def restore(self) -> None:
        """The function as it was."""
        function = self._function
        function.__code__ = self._code
        function.__defaults__ = self._defaults
        function.__kwdefaults__ = self._keywords
        if not self._wraps:
            del function.__wrapped__  # type: ignore[attr-defined]
        self.original = None

    def own(self) -> tuple[Any, Any, Any]:
        """What it runs if nobody overrides: the code, its defaults, its keyword defaults."""
        return self._code, self._defaults, self._keywords

    def rewrite(self, code: Any, defaults: Any, keywords: Any) -> None:
        """Exchange what it runs if nobody overrides."""
        asking = self.original is not None
        if asking:
            self.restore()
        self._code, self._defaults, self._keywords = code, defaults, keywords
        self._function.__code__ = code
        self._function.__defaults__ = defaults
        self._function.__kwdefaults__ = keywords
        if asking:
            self.replace()

    def __call__(self, args: tuple, kwargs: dict[str, Any]) -> Any:
        if state.enabled:
            found = overloaded(args)
            if kwargs:
                found = overloaded((*args, *kwargs.values()))
            if found:
                if self._python is not None:
                    found, (args, kwargs) = self._asked(found, args), self._with_defaults(args, kwargs)
                try:
                    return call(self._func, found, args, kwargs if kwargs or self._python is not None else None)
                except TypeError:
                    if self._function.__name__ not in _BINARY:
                        raise
                    return NotImplemented  # to Python, which says what the operands are
        return self.original(*args, **kwargs)

    def _asked(self, found: list[Any], args: tuple) -> list[Any]:
        """PyTorch's Python tells of the plain tensors among those asked, too; its C++ does not."""
        tensor = _tensor_type()
        for value in args if self.asks_all else args[:1]:
            if type(value) is tensor:
                _insert(found, value)
        return found

    def _with_defaults(self, args: tuple, kwargs: dict[str, Any]) -> tuple[tuple, dict[str, Any]]:
        """The arguments as PyTorch's Python hands them on: what has a default goes by keyword."""
        defaults = self._python or {}
        code = self.original.__code__
        names = code.co_varnames[: code.co_argcount]
        given = {name: value for name, value in zip(names, args, strict=False) if name in defaults}
        return args[: len(args) - len(given)], {**defaults, **given, **kwargs}


def of(function: Any) -> _Function | None:
    """What is known of a public function."""
    found = _known.get(function)
    if type(found) is tuple:
        found = _known[function] = _Function(function, *found)
    return found


def all_known() -> list[Any]:
    """Every public function."""
    return list(_known)


def count() -> int:
    """How many public functions there are."""
    return len(_known)


def _tensor_type() -> Any:
    from .tensor import Tensor

    return Tensor


_entries: dict[int, Any] = {}


def entry_of(variables: int) -> Any:
    """The code that asks first, for a function that closes over so many variables: as many is what Python wants."""
    found = _entries.get(variables)
    if found is None:
        names = "".join([f"v{i}, " for i in range(variables)])
        source = "def make():\n"
        if names:
            source += f"    {names} = ({'None, ' * variables})\n"
        source += "    def entry(*args, _asked=None, **kwargs):\n"
        if names:
            source += f"        if 0: {names}\n"
        source += "        return _asked(args, kwargs)\n    return entry\n"
        scope: dict[str, Any] = {}
        exec(compile(source, "<__torch_function__>", "exec"), scope)
        found = _entries[variables] = scope["make"]().__code__
    return found


# ---- who answers


def overrides(cls: type) -> bool:
    """Whether objects of a class have an answer of their own."""
    known = _overriding.get(id(cls))
    if known is None:
        answer = getattr(cls, "__torch_function__", None)
        known = cls is not _tensor_type() and answer is not None and answer is not disabled_torch_function
        of = id(cls)
        _seen[of] = weakref.ref(cls, lambda _: _forget(of))
        _overriding[of] = known
    return known


def _forget(of: int) -> None:
    _overriding.pop(of, None)
    _seen.pop(of, None)


def overloaded(values: Iterable[Any]) -> list[Any]:
    """The arguments that override, one a class, subclasses before their bases and else from left to right."""
    found: list[Any] = []
    for value in values:
        if type(value) is tuple or type(value) is list:
            for item in value:
                if overrides(type(item)):
                    _insert(found, item)
        elif overrides(type(value)):
            _insert(found, value)
    return found


def _insert(found: list[Any], value: Any) -> None:
    cls = type(value)
    for index, other in enumerate(found):
        if type(other) is cls:
            return
        if issubclass(cls, type(other)):
            found.insert(index, value)
            return
    found.append(value)


def call(func: Any, found: list[Any], args: tuple, kwargs: Any) -> Any:
    """The first answer that is not NotImplemented."""
    types = tuple([type(value) for value in found])
    for value in found:
        # PyTorch's C++ leaves out the keywords where there are none.
        rest = () if kwargs is None else (kwargs,)
        result = value.__torch_function__(func, types, args, *rest)
        if result is not NotImplemented:
            return result
    name = resolve_name(func)
    handlers = "".join([f"\n  - tensor subclass {t}" for t in types])
    raise TypeError(
        f"Multiple dispatch failed for '{name}'; all __torch_function__ handlers returned NotImplemented:\n{handlers}"
        "\n\nFor more information, try re-running with TORCH_LOGS=not_implemented"
    )


def subclassed(cls: type) -> None:
    """A subclass was defined: if it is the first that overrides, every function begins to ask."""
    global living
    if cls.__torch_function__ is disabled_torch_function:  # type: ignore[attr-defined]
        return
    living += 1
    weakref.finalize(cls, _gone).atexit = False
    if living == 1:
        for function in list(_known):
            _replace(function)


def _gone() -> None:
    global living
    living -= 1
    if not living:
        for function in list(_known.values()):
            function.restore()


# ---- torch.overrides


def has_torch_function(relevant_args: Iterable[Any]) -> bool:
    """Whether an argument overrides what it is given to."""
    return state.enabled and any(overrides(type(value)) for value in relevant_args)


def has_torch_function_unary(relevant_arg: Any) -> bool:
    """has_torch_function of one argument."""
    return has_torch_function((relevant_arg,))


def has_torch_function_variadic(*relevant_args: Any) -> bool:
    """has_torch_function of several arguments."""
    return has_torch_function(relevant_args)


def handle_torch_function(public_api: Any, relevant_args: Iterable[Any], *args: Any, **kwargs: Any) -> Any:
    """Let the arguments that override answer for a function that is written in Python."""
    found, tensor = overloaded(relevant_args), _tensor_type()
    for value in relevant_args:  # PyTorch's Python tells of plain tensors as well
        if type(value) is tensor:
            _insert(found, value)
    return call(public_api, found, args, kwargs)


def is_tensor_like(inp: Any) -> bool:
    """Whether a value is a Tensor, or has a `__torch_function__`."""
    return type(inp) is _tensor_type() or hasattr(inp, "__torch_function__")


def resolve_name(f: Callable[..., Any]) -> str:
    """The name of a function of torch or of Tensor, for people to read."""
    name = getattr(f, "__name__", "")
    return f"torch.Tensor.{name}" if vars(_tensor_type()).get(name) is f else f"torch.{name}"
