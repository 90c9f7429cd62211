"""The functions and classes of a program, made into Python's own: closures, generators, subclasses of autograd.Function.

A call runs the body's steps in a fresh scope and is recorded, with what its arguments held and what every step of it did,
beside the step that caused it. A generator is recorded once per resumption.
"""

from __future__ import annotations

import builtins
import contextlib
import gc
import types
import weakref
from collections.abc import Callable, Generator, Iterable
from typing import TYPE_CHECKING, Any

from msgspec import UNSET, UnsetType

from conformance.errors import raised
from conformance.interpreter import shapes
from conformance.interpreter.namespace import Missing
from conformance.program import Class, Function, Operand, Raise, Step, Yield, names_read
from conformance.trace import FunctionCall, Mode, Raised, Seen, StepTrace, TensorChange

if TYPE_CHECKING:
    from conformance.interpreter.interpreter import Session
    from conformance.interpreter.observe import Observer


class Missed(Exception):
    """A name was read that is not bound: its step raised, or was blocked itself."""

    def __init__(self, name: str) -> None:
        super().__init__(f"name {name!r} is not defined")
        self.name = name


class Scope:
    """The names of the program, or of one call of a function, and the scope around it."""

    __slots__ = ("captured", "outer", "values")

    def __init__(self, outer: Scope | None) -> None:
        self.values: dict[str, Any] = {}
        self.outer = outer
        self.captured: set[str] | None = None
        """What functions defined here may read later; None if none was defined."""

    def find(self, name: str) -> Any:
        scope: Scope | None = self
        while scope is not None:
            if name in scope.values:
                return scope.values[name]
            scope = scope.outer
        raise Missed(name)

    def drop(self, names: Iterable[str]) -> None:
        for name in names:
            self.values.pop(name, None)

    def leave(self) -> None:
        """Ends the call: what no closure can read is let go, as Python lets go of a frame."""
        if self.captured is not None:
            self.drop([name for name in self.values if name not in self.captured])


class Functions:
    """Makes the functions of one session, and records their calls."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._calls: list[FunctionCall] = []
        self._recording = False
        self._recorded = 0
        self._depth = 0
        self._free: dict[int, tuple[Function, frozenset[str]]] = {}
        self.dropped = 0
        """Calls of the step in hand that were not recorded."""
        self.raised_interrupt = False
        """Whether the program itself raises KeyboardInterrupt."""
        self._classes: list[weakref.ref[type]] = []
        self._begun: list[weakref.ref[Generator[Any, Any, Any]]] = []

    def begin(self) -> list[FunctionCall]:
        """A step of the top level begins; its calls will be in the list."""
        self._calls, self._recording, self._recorded, self._depth, self.dropped = [], True, 0, 0, 0
        return self._calls

    def stop_recording(self) -> None:
        """From here on calls run unrecorded: what objects of the program do while they are being destroyed."""
        self._recording = False

    def function(self, function: Function, scope: Scope) -> Callable[..., Any]:
        """A Python function that closes over `scope`."""
        free = self._free_names(function)
        at: Scope | None = scope
        while at is not None:
            at.captured = (at.captured or set()) | free
            at = at.outer
        names = tuple(parameter.lstrip("*") for parameter in function.parameters)

        def body(values: list[Any]) -> Any:
            return self._call(function, _bound(scope, names, values))

        def generator(values: list[Any]) -> Generator[Any, Any, Any]:
            begun = self._generate(function, _bound(scope, names, values))
            self._begun.append(weakref.ref(begun))
            return begun

        made = shapes.function(function.parameters, function.generator)(generator if function.generator else body)
        made.__defaults__ = tuple([self._session.resolve(value, scope) for value in function.defaults]) or None
        made.__name__ = made.__qualname__ = function.name
        made.__module__ = "__main__"
        return made

    def class_(self, class_: Class, scope: Scope) -> type:
        """A Python class with these members, by the metaclass of its base."""
        members: dict[str, Any] = {"__module__": "__main__", "__qualname__": class_.name}
        for name, member in class_.members.items():
            value = self._session.resolve(member.value, scope)
            members[name] = getattr(builtins, member.decorator)(value) if member.decorator else value
        base = self._session.resolve(class_.base, scope)
        made = types.new_class(class_.name, (base,), {}, lambda namespace: namespace.update(members))
        self._classes.append(weakref.ref(made))
        return made

    def close_generators(self) -> None:
        """Ends the generators that are suspended, the last one first, while what was entered around them still is.

        A context that a generator has entered brings back, when it is left, what was there when it was entered. If that
        happens only when the generator's memory is freed, a mode of PyTorch's that was over by then is half there again, for
        all programs that follow.
        """
        while self._begun:
            begun = self._begun.pop()()
            if begun is not None:
                with contextlib.suppress(Exception):
                    begun.close()

    def let_go_of_classes(self) -> None:
        """Ends the classes that the program made, once its values are gone.

        A class refers to itself, and would live until the garbage is collected, for thousands of programs: as long as there is
        a subclass of Tensor with a `__torch_function__`, numtorch asks it of every argument.
        """
        for generation in (0, 1, 2):
            if all(made() is None for made in self._classes):
                break
            gc.collect(generation)

    # ----------------------------------------------------------------------------------------------------------- calls

    def _call(self, function: Function, scope: Scope) -> Any:
        record = _Record(self, function, scope)
        contexts: list[Any] = []
        self._depth += 1
        try:
            for step in function.steps:
                self._step(step, scope, contexts, record)
            return self._result(function, scope)
        except BaseException as exception:
            record.error = raised(exception)
            _unwind(contexts, exception)
            raise
        finally:
            self._depth -= 1
            record.end(self._calls)
            scope.leave()

    def _generate(self, function: Function, scope: Scope) -> Generator[Any, Any, Any]:
        record = _Record(self, function, scope)
        contexts: list[Any] = []
        try:
            for step in function.steps:
                if not isinstance(step, Yield):
                    self._step(step, scope, contexts, record)
                    continue
                value = [self._resolve(step.value, scope)]
                scope.drop(step.drops)
                record.steps.append(StepTrace(outcome="returned"))
                record.end(self._calls)
                received = yield value.pop()
                record = _Record(self, function, scope, resumed=True)
                if step.out is not None and step.out not in step.drops:
                    scope.values[step.out] = received
                del received
            return self._result(function, scope)
        except BaseException as exception:
            record.error = raised(exception)
            _unwind(contexts, exception)
            raise
        finally:
            record.end(self._calls)
            scope.leave()

    def _step(self, step: Step, scope: Scope, contexts: list[Any], record: _Record) -> None:
        session = self._session
        outer, calls = self._calls, []  # type: tuple[list[FunctionCall], list[FunctionCall]]
        self._calls = calls
        kept: list[BaseException] = []
        try:
            trace = session.run_step(step, scope, contexts, kept)
        finally:
            self._calls = outer
        if record.on:
            # Warnings stay with the step of the top level: which call they came from is not observable from outside.
            record.steps.append(session.seen(step, trace, scope, record.observer, calls, "", False, warned=False))
        if kept:
            raise kept.pop()

    def _result(self, function: Function, scope: Scope) -> Any:
        if function.raises is not None:
            self.raised_interrupt = function.raises.type == "KeyboardInterrupt"
            raise built_in_exception(function.raises)
        return self._resolve(function.result, scope)

    def _resolve(self, operand: Operand, scope: Scope) -> Any:
        try:
            return self._session.resolve(operand, scope)
        except Missed as missed:
            raise NameError(str(missed)) from None
        except Missing as missing:
            self._session.missing = missing.name
            raise AttributeError(str(missing)) from None

    def _free_names(self, function: Function) -> frozenset[str]:
        # Kept by identity: a Function may be large, and every hook of a loop comes from the same one.
        known = self._free.get(id(function))
        if known is None:
            known = self._free[id(function)] = (function, frozenset(names_read(function)))
        return known[1]

    def begin_record(self) -> bool:
        """Whether one more call is recorded."""
        from conformance.interpreter.interpreter import MAX_CALLS, MAX_DEPTH

        if not self._recording:
            return False
        if self._recorded >= MAX_CALLS or self._depth >= MAX_DEPTH:
            self.dropped += 1
            return False
        self._recorded += 1
        return True

    def observer(self) -> Observer | None:
        return self._session.observer() if self._session.observing else None


class _Record:
    """What is written down of one call, or of one resumption of a generator."""

    def __init__(self, functions: Functions, function: Function, scope: Scope, resumed: bool = False) -> None:
        self.on = functions.begin_record()
        self.name = function.name
        self.steps: list[StepTrace] = []
        self.error: Raised | None = None
        self.arguments: tuple[Seen, ...] = ()
        self.changes: dict[str, TensorChange] = {}
        self.mode: Mode | UnsetType = UNSET
        self.observer: Observer | None = None
        if self.on:
            self.observer = functions.observer()
            if self.observer is not None:
                if not resumed:
                    self.arguments = self.observer.arguments(scope.values)
                self.changes, self.mode = self.observer.begin(scope.values)

    def end(self, calls: list[FunctionCall]) -> None:
        if self.on:
            self.on = False
            calls.append(
                FunctionCall(
                    function=self.name,
                    arguments=self.arguments,
                    steps=tuple(self.steps),
                    error=self.error,
                    changes=self.changes,
                    mode=self.mode,
                )
            )


def built_in_exception(raise_: Raise) -> BaseException:
    """The exception that a program raises itself. Raises NameError if Python has no such exception."""
    found = getattr(builtins, raise_.type, None)
    if not (isinstance(found, type) and issubclass(found, BaseException)):
        raise NameError(f"name {raise_.type!r} is not defined")
    return found(raise_.message) if raise_.message else found()


def _bound(scope: Scope, names: tuple[str, ...], values: list[Any]) -> Scope:
    inner = Scope(scope)
    values.reverse()
    for name in names:
        inner.values[name] = values.pop()
    return inner


def _unwind(contexts: list[Any], exception: BaseException) -> None:
    # What a with statement does on the way out. One that swallows the error would go on behind the block; a program
    # does not say where that is, so the error wins.
    while contexts:
        contexts.pop().__exit__(type(exception), exception, exception.__traceback__)
