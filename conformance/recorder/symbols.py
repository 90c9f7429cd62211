"""What a case sees: the recording `torch`, and values that are not there yet.

A `Path` stands for a dotted name (``torch.autograd.grad``), a `Symbol` for the result of a step. Whatever is done to either
becomes a step of the active recording, named as the variable that the case stores it to.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, NoReturn

from conformance.program import (
    Bind,
    Call,
    DeleteAttribute,
    Enter,
    Exit,
    Get,
    Global,
    Method,
    Operand,
    Operator,
    Ref,
    Set,
    SetItem,
    Unpack,
)
from conformance.recorder.operands import CONVERTERS, as_operand
from conformance.recorder.places import NOWHERE, Place, place
from conformance.recorder.properties import OF_DTYPE, SIZE_METHODS, SIZES, is_property
from conformance.recorder.recording import Recording, RecordingError, Scope, error_as_raise, name_of

_SILENT = "backward retain_grad remove save_for_backward save_for_forward mark_dirty mark_non_differentiable"
RETURNS_NONE = frozenset([*_SILENT.split(), "set_materialize_grads"])
"""Methods that never return a value: as a statement of its own their result needs no name."""


class Symbol:
    """A value of the program. Its own attributes start with ``_recorded``, so that none hides a tensor's."""

    __slots__ = ("__weakref__", "_recorded_fact", "_recorded_ref", "_recorded_scope")

    _recorded_ref: Ref
    _recorded_scope: Scope
    _recorded_fact: str
    """Not empty if it follows from a length, shape or dtype alone, so that the guide may be asked: ``dtype`` or ``size``."""

    def __new__(cls) -> Symbol:
        # Reached by `x.__class__()` alone: `symbol` makes them all.
        raise _refusal("the class of a value is not known", "builtins.type(x) with a parameter `builtins`")

    def __del__(self) -> None:
        try:
            scope = _scope_of(self)
        except AttributeError:
            return  # the recording was given up while it was made
        if scope.open and getattr(Recording, "active", None) is scope.recording:
            scope.release(self._recorded_ref.name, sys._getframe(1))

    # ------------------------------------------------------------------------------------------- attributes and calls

    def __getattr__(self, name: str) -> Any:
        if name[:2] == "__" and name[-2:] == "__":
            raise AttributeError(
                f"a symbol has no {name}; to record that very method, call it as a function: torch.Tensor.{name}(...)"
            )
        if (
            is_property(name)
            or name in Recording.active.assigned
            or (name in OF_DTYPE and self._recorded_fact == "dtype")
        ):
            return _get(self, name, sys._getframe(1))
        return BoundMethod(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        Recording.active.assigned.add(name)
        _append(Set(self=as_operand(self), name=name, value=as_operand(value)), sys._getframe(1))

    def __delattr__(self, name: str) -> None:
        _append(DeleteAttribute(self=as_operand(self), name=name), sys._getframe(1))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return call(as_operand(self), args, kwargs, sys._getframe(1))

    # ----------------------------------------------------------------------------------------- items and containers

    def __getitem__(self, index: Any) -> Any:
        return _operator("getitem", (self, index), sys._getframe(1))

    def __setitem__(self, index: Any, value: Any) -> None:
        step = SetItem(self=as_operand(self), index=as_operand(index), value=as_operand(value))
        _append(step, sys._getframe(1))

    def __delitem__(self, index: Any) -> NoReturn:
        raise _refusal("`del x[i]` has no step", "x.__delitem__ through torch, or another container")

    def __iter__(self) -> Iterator[Symbol]:
        return iter(_unpack(self, sys._getframe(1)))

    def __next__(self) -> Any:
        return _operator("next", (self,), sys._getframe(1))

    def __reversed__(self) -> Any:
        return _operator("reversed", (self,), sys._getframe(1))

    def __len__(self) -> int:
        return _length(self)

    def __contains__(self, item: Any) -> NoReturn:
        raise _refusal("`in` compares values", "(x == item).any()")

    # --------------------------------------------------------------------------------------------- context managers

    def __enter__(self) -> Any:
        frame = sys._getframe(1)
        where = place(frame.f_code, frame.f_lasti)
        if where.discarded:
            return _append(Enter(context=as_operand(self)), frame)
        return _result(Enter, frame, where, "", context=as_operand(self))

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        if isinstance(error, (RecordingError, GeneratorExit)):
            return
        raised = None if error is None else error_as_raise(error)
        _append(Exit(context=as_operand(self), error=raised), sys._getframe(1))

    # ------------------------------------------------------------------------------------- what a program cannot know

    def __bool__(self) -> bool:
        if self._recorded_fact:
            return bool(_answer(self, bool, "whether it is true", False))
        raise _refusal("whether a value is true is not known", "torch.where, or draw the two branches as two cases")

    def __index__(self) -> int:
        if self._recorded_fact:
            return int(_answer(self, int, "the number", 0))
        raise _refusal(
            "its value is not known", "x.item(), whose result stays symbolic, or draw the number as a parameter"
        )

    __int__ = __index__

    def __float__(self) -> NoReturn:
        raise _refusal("its value is not known", "x.item(), or builtins.float(x) with a parameter `builtins`")

    def __complex__(self) -> NoReturn:
        raise _refusal("its value is not known", "x.item()")

    def __format__(self, specification: str) -> NoReturn:
        raise _refusal("its text is not known", "builtins.format(x, ...) with a parameter `builtins`")

    def __str__(self) -> NoReturn:
        raise _refusal("its text is not known", "builtins.str(x) with a parameter `builtins`")

    def __repr__(self) -> str:
        return f"<{self._recorded_ref.name}>"

    def __mro_entries__(self, bases: tuple[Any, ...]) -> NoReturn:
        raise _refusal("a class of a program needs a base that has a name on torch", "class C(torch.autograd.Function)")

    # ---------------------------------------------------------------------------------------------------------- copy

    def __copy__(self) -> Any:
        return call(Global("copy.copy"), (self,), {}, sys._getframe(2))

    def __deepcopy__(self, memo: Any) -> Any:
        return call(Global("copy.deepcopy"), (self,), {}, sys._getframe(2))

    # ------------------------------------------------------------------------------------------------------ operators

    __hash__ = object.__hash__

    def __round__(self, digits: int | None = None) -> Any:
        return _operator("round", (self,) if digits is None else (self, digits), sys._getframe(1))


class BoundMethod:
    """``x.sin`` before it is called."""

    __slots__ = ("_name", "_read", "_symbol")

    _read: Symbol

    def __init__(self, symbol: Symbol, name: str) -> None:
        self._symbol = symbol
        self._name = name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        frame = sys._getframe(1)
        where = place(frame.f_code, frame.f_lasti)
        name = self._name
        symbol = self._symbol
        self_, arguments, keywords = as_operand(symbol), tuple([as_operand(a) for a in args]), _keywords(kwargs)
        if where.discarded and name in RETURNS_NONE:
            return _append(Method(self=self_, name=name, args=arguments, kwargs=keywords), frame)
        fact = "size" if name in SIZE_METHODS or (symbol._recorded_fact == "size" and not args) else ""
        return _result(Method, frame, where, fact, self=self_, name=name, args=arguments, kwargs=keywords)

    def __getattr__(self, name: str) -> NoReturn:
        if name[:2] == "__" and name[-2:] == "__":
            raise AttributeError(name)
        raise _refusal(
            f"`.{self._name}` is taken for a method",
            f"builtins.getattr(x, '{self._name}') if it is a property; the table is in recorder/properties.py",
        )

    def __repr__(self) -> str:
        return f"<{self._symbol!r}.{self._name}>"


class Path:
    """A dotted name that the subject resolves. Attributes are made once and kept, so that reading them again is fast."""

    def __init__(self, path: str) -> None:
        self.__dict__["_recorded_global"] = Global(path)

    def __getattr__(self, name: str) -> Path:
        if name.startswith("__") and name.endswith("__") and name not in _CALLABLE_DUNDERS:
            raise AttributeError(name)
        path = Path(f"{self.__dict__['_recorded_global'].path}.{name}")
        self.__dict__[name] = path
        return path

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return call(self.__dict__["_recorded_global"], args, kwargs, sys._getframe(1))

    def __setattr__(self, name: str, value: Any) -> None:
        _append(Set(self=as_operand(self), name=name, value=as_operand(value)), sys._getframe(1))

    def __neg__(self) -> float:
        return -self._number("-")

    def __mul__(self, other: Any) -> Any:
        return self._number("*") * other

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        return self._number("/") / other

    def _number(self, operator: str) -> float:
        path = self.__dict__["_recorded_global"].path
        if path not in _NUMBERS:
            raise _refusal(
                f"`{path}` is a name, not a value, and `{operator}` needs a value", "a call that makes a tensor"
            )
        return _NUMBERS[path]

    def __instancecheck__(self, instance: Any) -> NoReturn:
        raise _refusal("the type of a value is not known", "builtins.isinstance(x, ...) with a parameter `builtins`")

    def __iter__(self) -> NoReturn:
        raise _refusal(f"`{self!r}` is a name, not a value", "a call of it")

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[type, ...]:
        from conformance.recorder.functions import Base  # the two know each other: a class is made of functions

        return (Base,)

    def __repr__(self) -> str:
        return str(self.__dict__["_recorded_global"].path)


_NUMBERS = {"torch.inf": math.inf, "torch.nan": math.nan, "torch.pi": math.pi, "torch.e": math.e}

_CALLED = """init repr str format len bool float int complex index array iter reduce_ex setstate call getattribute contains
enter exit dir eq hash torch_function func delitem getitem setitem version
dlpack dlpack_device"""
_CALLABLE_DUNDERS = frozenset(f"__{name}__" for name in _CALLED.split())
"""Special methods that a case may call as a function, as in ``torch.nn.Module.__init__(self)``. Not every name: Python
itself and its tools look up many to find out what a thing is."""


# ------------------------------------------------------------------------------------------------------ recording steps


def symbol(scope: Scope, name: str, fact: str = "") -> Symbol:
    """A new value under a name that `Scope.name` gave."""
    made = object.__new__(Symbol)
    _set_ref(made, Ref(name))
    _set_scope(made, scope)
    _set_fact(made, fact)
    return made


_scope_of = Symbol.__dict__["_recorded_scope"].__get__
_set_ref = Symbol.__dict__["_recorded_ref"].__set__
_set_scope = Symbol.__dict__["_recorded_scope"].__set__
_set_fact = Symbol.__dict__["_recorded_fact"].__set__


def call(function: Operand, args: tuple[Any, ...], kwargs: dict[str, Any], frame: FrameType) -> Any:
    where = place(frame.f_code, frame.f_lasti)
    arguments = tuple([as_operand(argument) for argument in args])
    return _result(Call, frame, where, "", function=function, args=arguments, kwargs=_keywords(kwargs))


def bind(scope: Scope, name: str, value: Operand, frame: FrameType | None = None) -> Symbol:
    """Records ``name = value``, for a name that `Scope.name` gave."""
    scope.append(Bind(out=name, value=value))
    scope.code, scope.place = (None, NOWHERE) if frame is None else (frame.f_code, place(frame.f_code, frame.f_lasti))
    return symbol(scope, name)


def _append(step: Any, frame: FrameType) -> None:
    scope = Recording.active.scope
    scope.append(step)
    scope.code = frame.f_code
    scope.place = place(frame.f_code, frame.f_lasti)


def _result(kind: Callable[..., Any], frame: FrameType, where: Place, fact: str, **fields: Any) -> Symbol:
    scope = Recording.active.scope
    code = frame.f_code
    name = scope.name(where.name, code)
    scope.append(kind(out=name, **fields))
    scope.code = code
    scope.place = where
    return symbol(scope, name, fact)


def _keywords(kwargs: dict[str, Any]) -> dict[str, Operand]:
    return {key: as_operand(value) for key, value in kwargs.items()} if kwargs else kwargs


def _get(self: Symbol, name: str, frame: FrameType) -> Symbol:
    fact = ("dtype" if name == "dtype" else "size") if name in SIZES or name in OF_DTYPE else ""
    return _result(Get, frame, place(frame.f_code, frame.f_lasti), fact, self=as_operand(self), name=name)


def _operator(name: str, args: tuple[Any, ...], frame: FrameType) -> Symbol:
    fact = "size"
    for argument in args:
        if type(argument) is Symbol and not argument._recorded_fact:
            fact = ""
    where = place(frame.f_code, frame.f_lasti)
    return _result(Operator, frame, where, fact, operator=name, args=tuple([as_operand(a) for a in args]))


def _unpack(self: Symbol, frame: FrameType) -> tuple[Symbol, ...]:
    code = frame.f_code
    where = place(code, frame.f_lasti)
    names: list[str | None] = [*where.names]
    if where.count is None:
        names = [where.name] * _length(self)
    elif where.starred is None:
        names += [None] * (where.count - len(names))
    else:
        names += [None] * (where.count + 1 - len(names))
        at = where.starred
        names[at : at + 1] = [names[at]] * max(0, _length(self) - where.count)
    scope = Recording.active.scope
    outs = tuple([scope.name(name, code) for name in names])
    scope.append(Unpack(value=as_operand(self), outs=outs))
    scope.code, scope.place = code, where
    fact = self._recorded_fact
    return tuple([symbol(scope, name, fact) for name in outs])


def _length(self: Symbol) -> int:
    return int(_answer(self, len, "the length", 0))


def _answer(self: Symbol, question: Callable[[Any], Any], what: str, missing: Any) -> Any:
    # A value that could not be computed (its step raises, or a 0-d tensor has no length) has none to give: the step that
    # asks raises in the run too, and what the case would have done with the answer cannot happen there either.
    as_operand(self)
    answer = Recording.active.ask(self, question, what)
    return missing if answer is None else answer


def _refusal(what: str, instead: str) -> RecordingError:
    return RecordingError(f"{what} while a case is recorded; write instead: {instead}")


def _reference(value: Symbol) -> Operand:
    scope = value._recorded_scope
    recording = Recording.active
    if scope is not recording.scope:
        if not scope.open or scope.recording is not recording:
            raise RecordingError(
                f"`{name_of(value)}` belongs to the function `{scope.function or 'of another program'}`, whose body is over:"
                " return it, or append it to a list of the program (builtins.list() with a parameter `builtins`)"
            )
        scope.captured.setdefault(name_of(value), recording.scope.function)
    return value._recorded_ref


def _read_late(value: BoundMethod) -> Operand:
    # Passed on without a call: as a value it lives as long as whoever holds the bound method.
    value._read = _get(value._symbol, value._name, sys._getframe(2))
    return as_operand(value._read)


CONVERTERS[Symbol] = _reference
CONVERTERS[Path] = lambda value: value.__dict__["_recorded_global"]
CONVERTERS[BoundMethod] = _read_late


_BINARY = "add sub mul truediv floordiv mod pow matmul and_ or_ xor lshift rshift divmod"
_ONE_SIDED = "lt le gt ge eq ne iadd isub imul itruediv ifloordiv imod ipow imatmul iand ior ixor ilshift irshift"
_UNARY = "neg pos invert abs trunc floor ceil"


def _install_operators() -> None:
    def forward(name: str) -> Callable[[Symbol, Any], Symbol]:
        return lambda self, other: _operator(name, (self, other), sys._getframe(1))

    def reflected(name: str) -> Callable[[Symbol, Any], Symbol]:
        return lambda self, other: _operator(name, (other, self), sys._getframe(1))

    def unary(name: str) -> Callable[[Symbol], Symbol]:
        return lambda self: _operator(name, (self,), sys._getframe(1))

    for name in _BINARY.split():
        dunder = name.rstrip("_")
        setattr(Symbol, f"__{dunder}__", forward(name))
        setattr(Symbol, f"__r{dunder}__", reflected(name))
    for name in _ONE_SIDED.split():
        setattr(Symbol, f"__{name}__", forward(name))
    for name in _UNARY.split():
        setattr(Symbol, f"__{name}__", unary(name))


_install_operators()
