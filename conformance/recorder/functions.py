"""Functions and classes of a case as data: recorded by calling them with symbols."""

from __future__ import annotations

import inspect
import sys
from types import FrameType, FunctionType
from typing import Any

from conformance.program import Bind, Class, Function, Global, Member, Operand, Raise, Ref, Yield, operands, walk
from conformance.recorder.operands import CONVERTERS, as_operand
from conformance.recorder.places import place, unpacked, variable
from conformance.recorder.recording import (
    INVOKER,
    Recorded,
    Recording,
    RecordingError,
    Scope,
    error_as_raise,
    invoke,
    substitute,
)
from conformance.recorder.symbols import Path, Symbol, bind, symbol

MAX_YIELDS = 100
"""A generator that yields more often is taken for one that would never end."""


def _as_operand(function: FunctionType) -> Operand:
    recording = Recording.active
    known = recording.functions.get(id(function))
    if known is None:
        return _record_new(function, recording)
    if known.name is None:
        _bind_now(known)
    if known.name is not None and _encloses(known.scope, recording.scope):
        if recording.scope is not known.scope:
            known.scope.captured.setdefault(known.name, recording.scope.function)
        return Ref(known.name)
    return _record_new(function, recording)


def _record_new(function: FunctionType, recording: Recording) -> Operand:
    scope = recording.scope
    stored = _variable(function)
    entry = Recorded(function, scope, None if stored is None else scope.name(stored, scope.code))
    recording.functions[id(function)] = entry
    entry.operand = record_function(function, entry.name or function.__name__)
    if entry.name is None:
        return entry.operand
    bind_quietly(scope, entry.name, entry.operand)
    return Ref(entry.name)


def _variable(function: FunctionType) -> str | None:
    try:
        return variable(function.__code__)
    except KeyError:  # made where nothing was recorded: in a helper, or outside of the case
        return None if function.__name__ == "<lambda>" else function.__name__


def bind_quietly(scope: Scope, name: str, value: Operand) -> None:
    """Binds a name that lives as long as its scope: no symbol of it is made, so none can die."""
    scope.append(Bind(out=name, value=value))


def _bind_now(known: Recorded) -> None:
    # The function stands inline in an earlier step, and is needed again: as one object it has to be bound before that step.
    scope, function = known.scope, known.operand
    if not scope.open or function is None:
        return
    for index, step in enumerate(scope.steps):
        if any(part is function for operand in operands(step) for part in walk(operand)):
            known.name = scope.name("function")
            scope.steps[index] = substitute(step, function, Ref(known.name))
            bind_quietly(scope, known.name, function)
            scope.steps.insert(index, scope.steps.pop())
            scope.drops.insert(index, scope.drops.pop())
            return


def _encloses(outer: Scope, inner: Scope | None) -> bool:
    while inner is not None:
        if inner is outer:
            return True
        inner = inner.parent
    return False


def record_function(function: FunctionType, name: str, *, member: bool = False) -> Function:
    """The function's body as data; a member of a class keeps its parameters that have a default."""
    recording = Recording.active
    outer = recording.scope
    scope = recording.scope = Scope(recording, outer, name)
    raises: Raise | None = None
    result: Operand = None
    try:
        defaults = function.__defaults__ or () if member else ()
        variables = parameters(function, every=member)
        names = tuple([scope.name(variable_) for variable_ in variables])
        generator = inspect.isgeneratorfunction(function)
        try:
            returned = invoke(function, [symbol(scope, name_) for name_ in names])
            if generator:
                returned = _drive(returned, scope)
            result = as_operand(returned)
        except RecordingError:
            raise
        except Exception as error:
            if not _deliberate(error):
                raise
            raises = error_as_raise(error)
            scope.open = False  # the body is over, though the traceback keeps its variables a little longer
        steps = scope.finish()
    finally:
        scope.open = False
        recording.scope = outer
    return Function(name, names, steps, result, raises, generator, tuple([_default(name, value) for value in defaults]))


def _default(name: str, value: Any) -> Any:
    if value is not None and not isinstance(value, bool | int | float | str):
        raise RecordingError(f"a parameter of `{name}` has a default that is no number, text or None; pass it instead")
    return as_operand(value)


def _drive(generator: Any, scope: Scope) -> Any:
    """Runs a generator to its end, each `yield` a step; returns what it returned."""
    sent: Any = None
    for _ in range(MAX_YIELDS):
        try:
            value = _send(generator, sent)
        except StopIteration as stop:
            return stop.value
        where = place(generator.gi_code, generator.gi_frame.f_lasti)
        name = None if where.discarded else scope.name(where.name, generator.gi_code)
        scope.append(Yield(value=as_operand(value), out=name))
        scope.code, scope.place = generator.gi_code, where
        del value  # a temporary that was yielded ends here: the step handed it over
        sent = None if name is None else symbol(scope, name)
    raise RecordingError(f"the generator `{scope.function}` yields more than {MAX_YIELDS} times: let it end")


_send = eval(compile("lambda generator, value: generator.send(value)", INVOKER, "eval"))


def _deliberate(error: BaseException) -> bool:
    """Whether a ``raise`` statement raised it, rather than a mistake in the case."""
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    return traceback is not None and place(traceback.tb_frame.f_code, traceback.tb_lasti).raises


def parameters(function: FunctionType, *, every: bool = False) -> list[str]:
    """The names of the parameters that a call of the function fills: those without a default, or every one."""
    code = function.__code__
    name = function.__name__
    positional = list(code.co_varnames[: code.co_argcount])
    if function.__defaults__ and not every:
        del positional[-len(function.__defaults__) :]
    defaults = function.__kwdefaults__ or {}
    named = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    for keyword in named:
        if keyword not in defaults:
            raise RecordingError(
                f"`{name}` has the keyword-only parameter `{keyword}`; make it positional or give it a default"
            )
    if "__class__" in code.co_freevars:
        raise RecordingError(f"`{name}` uses super(); name the base instead: torch.nn.Module.__init__(self)")
    if code.co_flags & inspect.CO_VARARGS:
        rest = code.co_varnames[code.co_argcount + code.co_kwonlyargcount]
        count = unpacked(code, rest)
        if count is None:
            raise RecordingError(
                f"`{name}` takes *{rest}, and how many is not known: write a parameter for each, or unpack it first thing"
                f" (`a, b = {rest}`)"
            )
        stem = rest[:-1] if len(rest) > 1 and rest.endswith("s") else rest
        positional += [f"{stem}{index}" for index in range(count)]
    return positional


CONVERTERS[FunctionType] = _as_operand


# ---------------------------------------------------------------------------------------------------------------- classes

_PYTHONS_OWN = "module qualname orig_bases doc firstlineno static_attributes classcell annotations"
_NOT_MEMBERS = frozenset(f"__{name}__" for name in _PYTHONS_OWN.split())


class _Meta(type):
    """Makes a symbol where Python would make a class."""

    def __new__(mcls, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> Any:
        if not bases:
            return super().__new__(mcls, name, bases, namespace)
        paths = namespace["__orig_bases__"]
        if len(paths) != 1 or not isinstance(paths[0], Path):
            raise RecordingError(f"class {name} needs exactly one base, one that has a name on torch")
        return _record_class(name, paths[0].__dict__["_recorded_global"], namespace, sys._getframe(1))


class Base(metaclass=_Meta):
    """Stands for a base class of the subject while a class statement runs."""


def _record_class(name: str, base: Global, namespace: dict[str, Any], frame: FrameType) -> Any:
    scope = Recording.active.scope
    stored = scope.name(place(frame.f_code, frame.f_lasti).name or name, frame.f_code)
    members = {key: _member(key, value) for key, value in namespace.items() if key not in _NOT_MEMBERS}
    return bind(scope, stored, Class(name, base, members), frame)


def _member(name: str, value: Any) -> Member:
    recording = Recording.active
    if isinstance(value, staticmethod):
        return Member(_member(name, value.__func__).value, "staticmethod")
    if isinstance(value, classmethod):
        return Member(_member(name, value.__func__).value, "classmethod")
    if isinstance(value, property):
        return Member(_member(name, value.fget).value, "property")
    if isinstance(value, FunctionType):
        entry = Recorded(value, recording.scope, None)
        recording.functions[id(value)] = entry
        entry.operand = record_function(value, name, member=True)
        return Member(entry.operand)
    if not isinstance(value, Symbol):  # a decorated function is a symbol, and is called, not read
        recording.assigned.add(name)
    return Member(as_operand(value))
