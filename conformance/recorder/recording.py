"""A recording under way: its scopes, the names that it gives, and when each name's value is let go.

*Names* are the author's own. A result is called as the variable that it is stored to; a variable bound again gets a number
(``x``, ``x1``), and what is stored to no variable is ``t0``, ``t1``. No name is bound twice, not even in two functions of
which one encloses the other, so a name inside a function never hides one that it reads.

*Lifetimes* are Python's own. A symbol's ``__del__`` says that the case holds its value no more. If that happens within the
instruction that recorded the last step (a temporary handed to a call, a discarded result) or in the store right after it
(``y = y * 2``), the name goes to the `drops` of that step: the step held the last reference. If it happens later (``del y``,
``y = None``, a helper function that returns), the value was still held while the last step ran, and a `Delete` step says so.
What dies only because the recorded body returns is not recorded. So that all this depends on nothing but the case:

- Python's cycle collector is off while a case is recorded;
- a function that became part of the program is held until the recording ends, and what its closure holds with it: a value
  that a hook reads is never let go (PyTorch would free it with the hook; no step says when that is);
- the recorder itself holds symbols only while it runs on behalf of the case.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Any

import msgspec

from conformance.program import (
    HOST_MODULES,
    Delete,
    Exit,
    Function,
    List,
    Raise,
    Ref,
    Step,
    Tuple,
    operands,
    walk,
)
from conformance.recorder.places import NOWHERE, Place, place

if TYPE_CHECKING:
    from conformance.recorder.symbols import Symbol


class RecordingError(Exception):
    """A case does what cannot be recorded. The text says what to write instead."""


class Scope:
    """The steps of one body: of the case, or of a function in it."""

    __slots__ = ("captured", "code", "drops", "function", "open", "parent", "place", "recording", "steps", "used")

    def __init__(self, recording: Recording, parent: Scope | None, function: str) -> None:
        self.recording = recording
        self.parent = parent
        self.function = function
        self.steps: list[Step] = []
        self.drops: list[list[str] | None] = []
        self.used: set[str] = set(HOST_MODULES) if parent is None else set(parent.used)
        self.captured: dict[str, str] = {}
        """Names that functions inside this scope read, each with the name of one such function."""
        self.open = True
        self.code: CodeType | None = None
        """The code that recorded the last step, and its place there."""
        self.place = NOWHERE

    def append(self, step: Step) -> None:
        self.steps.append(step)
        self.drops.append(None)

    def name(self, base: str | None, code: CodeType | None = None) -> str:
        """A name for a new value, which is stored to the variable `base` if it is stored to one."""
        used = self.used
        if base is None:
            return self.recording.temporary(used)
        name = base
        if name in used:
            number = 1
            stem = base + "_" if base[-1].isdigit() else base
            variables = () if code is None else code.co_varnames + code.co_cellvars
            while (name := f"{stem}{number}") in used or name in variables:
                number += 1
        used.add(name)
        return name

    def release(self, name: str, frame: FrameType) -> None:
        """The case let the value of `name` go while `frame` was running."""
        code = frame.f_code
        if code.co_filename == INVOKER or not self.steps:
            return  # the body has returned, or lets a parameter go before it did anything
        offset = frame.f_lasti
        own = self.place
        last = self.steps[-1]
        if name in self.captured:
            self.recording.fail(
                f"`{name}` is read by `{self.captured[name]}` and then bound again or deleted; a function of a program"
                " keeps the value that it was recorded with, so give the new value another name"
            )
        handed_over = code.co_filename in _RECORDER
        if (
            handed_over
            or (code is self.code and own.start <= offset <= own.end)
            or self._attaches(name, last, place(code, offset))
        ):
            drops = self.drops[-1]
            if drops is None:
                self.drops[-1] = [name]
            else:
                drops.append(name)
        elif type(last) is Delete and self.drops[-1] and code is self.code and offset == own.start:
            self.drops[-1].append(name)
        else:
            self.append(Delete())
            self.drops[-1] = [name]
            self.code = code
            self.place = Place(offset, offset)

    def _attaches(self, name: str, last: Step, where: Place) -> bool:
        # A temporary that outlives the call it was made for, in a list or as the context of a block: it goes with whatever
        # step came last, unless that step read it, for then it was not the step that held the last reference.
        if where.stores or name not in self.recording.temporaries:
            return False
        return type(last) is Exit or not any(
            type(part) is Ref and part.name == name for o in operands(last) for part in walk(o)
        )

    def finish(self) -> tuple[Step, ...]:
        """The steps of a body that has returned."""
        self.open = False
        for step, drops in zip(self.steps, self.drops, strict=True):
            if drops is not None:
                msgspec.structs.force_setattr(step, "drops", tuple(drops))
        return tuple(self.steps)


class Recording:
    """What `record` builds a Program in. One is active at a time."""

    active: Recording

    __slots__ = ("assigned", "count", "error", "functions", "guide", "scope", "temporaries")

    def __init__(self) -> None:
        self.scope = Scope(self, None, "")
        self.count = 0
        self.temporaries: set[str] = set()
        self.assigned: set[str] = set()
        """Attributes that the case sets on anything, before or after: a backward may be recorded before its forward."""
        self.functions: dict[int, Recorded] = {}
        self.guide: Any = None
        self.error: str | None = None

    def temporary(self, used: set[str]) -> str:
        while (name := f"t{self.count}") in used:
            self.count += 1
        self.count += 1
        self.temporaries.add(name)
        return name

    def fail(self, message: str) -> None:
        """Notes an error found where none can be raised (in a ``__del__``)."""
        self.error = self.error or message

    def ask(self, symbol: Symbol, question: Callable[[Any], Any], what: str) -> Any:
        """The guide's answer about the value of a symbol, or None if the value could not be computed."""
        if self.scope.parent is not None:
            raise RecordingError(
                f"{what} of `{symbol!r}` is not known inside `{self.scope.function}`: it runs only when the program does."
                " Write the number, or compute it outside of the function"
            )
        if self.guide is None:
            # Imported only now: most cases ask nothing, and need no implementation to be recorded.
            from conformance.recorder.guide import Guide

            self.guide = Guide()
        return self.guide.answer(self.scope.steps, name_of(symbol), question)


class Recorded:
    """A Python function that became part of the program."""

    __slots__ = ("function", "name", "operand", "scope")

    def __init__(self, function: object, scope: Scope, name: str | None) -> None:
        self.function = function
        self.scope = scope
        self.name = name
        """What it is bound to; None if it stands inline as an operand."""
        self.operand: Function | None = None
        """None while its body is being recorded."""


INVOKER = "<the recorder>"
"""The file name of the code that calls recorded bodies: what dies with that code running died with the body's return."""

_RECORDER = frozenset(str(file) for file in Path(__file__).parent.glob("*.py"))

_invokers: dict[int, Callable[[Callable[..., Any], list[Any]], Any]] = {}


def invoke(function: Callable[..., Any], arguments: list[Any]) -> Any:
    """Calls a function so that it alone holds its arguments: ``x = x.sin()`` in it then lets the argument go."""
    count = len(arguments)
    if count not in _invokers:
        source = f"lambda function, arguments: function({', '.join(['arguments.pop()'] * count)})"
        _invokers[count] = eval(compile(source, INVOKER, "eval"))
    arguments.reverse()
    return _invokers[count](function, arguments)


def substitute(step: Step, old: Function, new: Ref) -> Step:
    """The step with an operand replaced, which is looked for by identity."""

    def replaced(value: Any) -> Any:
        if value is old:
            return new
        if isinstance(value, (List, Tuple)):
            return type(value)(tuple(replaced(item) for item in value.items))
        if isinstance(value, tuple):
            return tuple(replaced(item) for item in value)
        if isinstance(value, Mapping):
            return {key: replaced(item) for key, item in value.items()}
        return value

    return msgspec.structs.replace(step, **{field: replaced(getattr(step, field)) for field in step.__struct_fields__})


def name_of(symbol: Symbol) -> str:
    return symbol._recorded_ref.name


def error_as_raise(error: BaseException) -> Raise:
    """An exception that the case raised, as data."""
    kind = type(error)
    if kind.__module__ != "builtins":
        raise RecordingError(
            f"a program can only raise Python's built-in exceptions, not {kind.__qualname__}; raise one of those"
        ) from error
    alone = len(error.args) == 1 and isinstance(error.args[0], str)
    return Raise(kind.__name__, error.args[0] if alone else str(error))  # the text of a KeyError is quoted


__all__ = [
    "INVOKER",
    "Recorded",
    "Recording",
    "RecordingError",
    "Scope",
    "error_as_raise",
    "invoke",
    "name_of",
    "substitute",
]
