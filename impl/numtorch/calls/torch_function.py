"""`__torch_function__`: how a subclass of Tensor, or a mode, takes part in every function that is called.

PyTorch asks in the argument parser of each operator whether an argument overrides it. Here nothing asks until there is somebody
who could answer: when the first subclass is defined or a mode is entered, the code of every public function is replaced by
`entry`, which looks at the arguments, and when the last one is gone it is put back. So plain tensors never pay, and a function
stays the same object, which is what programs compare `func` with. (Rejected: a wrapper around each function, 90 ns a call; a
test within each of them, which every new operator would have to remember.)

What is public is a copy of its own (`public`): inside the package the originals are called, as PyTorch's C++ calls its own
functions without asking anybody. `overrides.py` is what programs see of this.
"""

from __future__ import annotations

import os
import sys
import threading
import weakref
from collections.abc import Iterable
from types import FunctionType
from typing import Any

from .handlers import call, disabled_torch_function, overloaded, state, with_plain
from .overridable import (
    ASKS_ALL,
    BINARY,
    C_FUNCTIONAL,
    FUNCTION_DEFAULTS,
    MODES_ONLY,
    NEVER,
    OPERATORS,
    PYTHON,
    WITH_OPTIONS,
)

_PACKAGE = os.path.dirname(os.path.dirname(__file__)) + os.sep
_PYTHON = tuple([_PACKAGE + folder + os.sep for folder in ("nn", "optim", "utils")])
"""What PyTorch writes in Python, too."""

_known: dict[Any, Any] = {}
"""Every public function, by itself: what its _Function is made of, until somebody overrides."""


living = 0  # how many subclasses there are that override
asking = 0  # the same, and how many modes are entered
_lock = threading.RLock()


def public(function: Any, name: str, register: bool = True, python: bool = False) -> Any:
    """A function under a public name: a copy of its own, known here. What is no function is given back.

    `python`: PyTorch writes it in Python, so that what has a default is told by keyword, and plain tensors are told of.
    """
    if type(function) is not FunctionType or name in NEVER:
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
        know(
            copy,
            copy,
            FUNCTION_DEFAULTS.get(name, _defaults_of(copy)) if python else None,
            asks_all=True,
            modes_only=name in MODES_ONLY,
        )
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


def know(
    function: FunctionType,
    func: Any,
    defaults: dict[str, Any] | None = None,
    asks_all: bool = False,
    tells_self: bool = False,
    modes_only: bool = False,
) -> None:
    """Let overrides answer for a function; they are told that it is `func`.

    `defaults`: PyTorch writes it in Python, and these parameters have defaults. `asks_all`: every tensor is told of then, and
    not the first alone. `tells_self`: PyTorch parses no arguments, and modes are told the type of the object, be it Tensor.
    """
    if function not in _known:
        _known[function] = (func, defaults, asks_all, tells_self, modes_only)
        if asking:
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
        if name in NEVER:
            continue
        value = vars(cls)[name]
        if type(value) is FunctionType:
            func = vars(cls).get(OPERATORS.get(name, name), value)
            known = OPERATORS.get(name, name)
            know(value, func, PYTHON.get(known), asks_all=known in ASKS_ALL, tells_self=_takes_nothing(value, name))
        elif isinstance(value, property):
            if type(value.fget) is FunctionType:
                know(value.fget, value.__get__, tells_self=True)
            if type(value.fset) is FunctionType:
                know(value.fset, value.__set__, tells_self=True)


def _takes_nothing(method: FunctionType, name: str) -> bool:
    """Whether a method takes no arguments; `out` is the function's, which has the same code."""
    code = method.__code__
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    several = code.co_flags & 12  # *args or **kwargs: importing inspect for its names of these bits takes 3 ms
    return not several and not {*names[1:]} - {"out"} and name not in WITH_OPTIONS


class _Function:
    """A public function: its own code, and the code that asks first."""

    __slots__ = (
        *("_code", "_defaults", "_func", "_function", "_keywords", "_modes_only", "_names", "_python", "_tells_self"),
        *("asks_all", "original", "tells_signature"),
    )

    def __init__(
        self, function: FunctionType, func: Any, python: dict[str, Any] | None, asks_all: bool, tells: bool, modes: bool
    ):
        self.asks_all = asks_all
        self._tells_self = tells
        self._modes_only = modes
        self._function = function
        self._func = func
        self._python = python
        self._code = function.__code__
        self._names = self._code.co_varnames[: self._code.co_argcount]
        self._defaults = function.__defaults__
        self._keywords = function.__kwdefaults__
        self.tells_signature = hasattr(function, "__wrapped__")  # of another function, which is told already
        self.original: Any = None

    def replace(self) -> None:
        """From now on `entry` is what runs."""
        function = self._function
        original = FunctionType(
            self._code, function.__globals__, function.__name__, self._defaults, function.__closure__
        )
        original.__kwdefaults__ = self._keywords
        # NumPy reads it in the error of an __array__ that takes no `copy`.
        original.__qualname__ = function.__qualname__
        self.original = original
        if not self.tells_signature:
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
        if not self.tells_signature:
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
        enabled, modes = state.enabled and not self._modes_only, state.modes
        if enabled or modes:
            found = overloaded((*args, *kwargs.values()) if kwargs else args) if enabled else []
            if found or (modes and not (self._tells_self and _is_ours(sys._getframe(2)))):
                try:
                    return self._answer(found, args, kwargs)
                except TypeError:
                    if self._function.__name__ not in BINARY:
                        raise
                    return NotImplemented  # to Python, which says what the operands are
        return self.original(*args, **kwargs)

    def _answer(self, found: list[Any], args: tuple, kwargs: dict[str, Any]) -> Any:
        if self._python is not None:
            args, kwargs = self._with_defaults(args, kwargs)
            return call(self._func, with_plain(found, args if self.asks_all else args[:1]), args, kwargs)
        if not found and self._tells_self and args:
            found = [args[0]]
        return call(self._func, found, args, kwargs or None)

    def _with_defaults(self, args: tuple, kwargs: dict[str, Any]) -> tuple[tuple, dict[str, Any]]:
        """The arguments as PyTorch's Python hands them on: what has a default goes by keyword."""
        defaults = self._python or {}
        given = {name: value for name, value in zip(self._names, args, strict=False) if name in defaults}
        return args[: len(args) - len(given)], {**defaults, **given, **kwargs}


def _is_ours(frame: Any) -> bool:
    """Whether code runs that PyTorch has in C++, where nobody is asked about the properties of a tensor."""
    file = frame.f_code.co_filename
    return file.startswith(_PACKAGE) and not file.startswith(_PYTHON)


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


def subclassed(cls: type) -> None:
    """A subclass was defined, which is asked if it overrides."""
    global living
    if cls.__torch_function__ is disabled_torch_function:  # type: ignore[attr-defined]
        return
    living += 1
    weakref.finalize(cls, _gone).atexit = False
    ask()


def _gone() -> None:
    global living
    living -= 1
    ask_no_more()


def ask() -> None:
    """There is one more who could answer: if it is the first, every function begins to ask."""
    global asking
    with _lock:
        asking += 1
        if asking == 1:
            for function in list(_known):
                _replace(function)


def ask_no_more() -> None:
    """The opposite of `ask`."""
    global asking
    with _lock:
        asking -= 1
        if not asking:
            for function in list(_known.values()):
                function.restore()


def push_mode(mode: Any) -> None:
    """Enter a mode in this thread."""
    ask()
    state.modes.append(mode)


def pop_mode() -> Any:
    """Leave the mode of this thread that was entered last, and return it."""
    if not state.modes:
        raise RuntimeError("_pop_torch_function_stack: stack is empty")
    ask_no_more()
    return state.modes.pop()
