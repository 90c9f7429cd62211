"""Runs a Program on a torch-like namespace and writes down what every step did: Program × namespace → Trace.

One interpreter serves the oracle and every Python subject, so that whatever it does to lifetimes and modes it does to both.
Three promises:

- *It holds nothing that the program has let go.* A step's arguments live on the stack of the call alone (`shapes.py`), an
  exception and its traceback end with the step, and the observer keeps bytes and numbers, never a tensor.
- *Programs do not meet.* Each starts from the same state and leaves it behind, whatever it left open (`fresh.py`).
- *Nothing a subject does ends the harness*, as long as its process lives: SystemExit is an outcome like any other.

Inside a function of the program Python's own rules hold: a step that raises ends the call, open contexts are closed on the
way out. At the top level the program goes on, and steps that need the missing result are blocked.
"""

from __future__ import annotations

import math
import operator as python_operators
import re
import types
import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from conformance.errors import raised, without_addresses, without_frames
from conformance.interpreter import shapes
from conformance.interpreter.fresh import Fresh
from conformance.interpreter.functions import Functions, Missed, Scope, built_in_exception
from conformance.interpreter.namespace import Missing, Namespace, namespace_of
from conformance.interpreter.observe import Observer
from conformance.program import (
    Bind,
    Call,
    Class,
    Complex,
    Delete,
    DeleteAttribute,
    Dict,
    Ellipsis_,
    Enter,
    Exit,
    Float,
    Function,
    Get,
    Global,
    List,
    Method,
    Operand,
    Operator,
    Program,
    Ref,
    Set,
    SetItem,
    Slice,
    Step,
    TensorLiteral,
    Tuple,
    Unpack,
    Yield,
    operands,
)
from conformance.trace import FunctionCall, StepTrace, Trace, Warned

MAX_CALLS = 1_000
"""Calls of the program's functions that one step records; a step that makes more says so in its `reason`. A numerical
Jacobian calls its function a few hundred times; beyond that a trace grows without saying more."""

_OF_NO_PROGRAM = ("ignore", re.compile(r"`torch\.jit\.script` is deprecated"), DeprecationWarning, None, 0)
"""A filter for what PyTorch's first make_dual of a process imports says of itself: about no program, and not every time."""

MAX_DEPTH = 32
"""How deep calls within calls are recorded. A reentrant backward may go thousands deep, each level like the one above."""


def run(
    program: Program,
    namespace: types.ModuleType,
    facets: frozenset[str] | None = None,
    *,
    before: Callable[[Session, int], None] | None = None,
    until_lack: bool = False,
) -> Trace:
    """What `program` does on `namespace`, from a fresh state; `facets` are those to observe, None for all.

    `before` is called before each step of the top level, with its number, and may end the run by raising. With `until_lack`
    the first step that the namespace lacks something for is the last that runs: those behind it are unsupported for its reason.
    """
    with Session(namespace, program, facets) as session:
        every = program.observe == "every"
        last = len(program.steps) - 1
        steps = []
        for number, step in enumerate(program.steps):
            if before is not None:
                before(session, number)
            steps.append(session.step(step, observe=every or number == last, last=number == last))
            if until_lack and steps[-1].outcome == "unsupported":
                steps += [StepTrace(outcome="unsupported", reason=steps[-1].reason)] * (last - number)
                break
        return Trace(steps=tuple(steps))


class Session:
    """A program being run, step by step: a context manager, which brings the global state back when it ends."""

    def __init__(
        self, namespace: types.ModuleType, program: Program | None = None, facets: frozenset[str] | None = None
    ) -> None:
        self._names: Namespace = namespace_of(namespace)
        self._fresh = _fresh(self._names)
        self._scope = Scope(None)
        self._observer = Observer(self._names, facets)
        self._functions = Functions(self)
        self.facets = facets
        self.open: list[Any] = []
        """Context managers that were entered at the top level and not left yet."""
        self.missing: str | None = None
        """The name that a step inside a function lacked, for the step that called it."""
        self.observing = program is None or program.observe == "every"
        self._warned: list[warnings.WarningMessage] = []
        self._catching = warnings.catch_warnings(record=True)
        self._entered = False
        self._program = program if program is not None else Program(steps=())

    @property
    def values(self) -> Mapping[str, Any]:
        """What is bound at the top level. A caller that keeps a value of it changes the program."""
        return self._scope.values

    def __enter__(self) -> Session:
        self._fresh.start(self._program)
        warned = self._catching.__enter__()
        assert warned is not None
        self._warned = warned
        # Every warning counts, every time, but for those that a library itself keeps from its users: a filter that ignores
        # warnings of one module is the library's own decision (numtorch's for NumPy's floating-point warnings), not ours.
        own = self._names.silenced()
        filters: list[Any] = warnings.filters  # type: ignore[assignment]
        warnings.resetwarnings()
        # Put in as they are: `filterwarnings` looks through all of them for each, at every program.
        filters[:] = [*own, _OF_NO_PROGRAM, ("always", None, Warning, None, 0)]
        self._entered = True
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of every value, leaves the contexts still open and brings the global state back."""
        if not self._entered:
            return
        self._entered = False
        try:
            self._functions.stop_recording()
            self._functions.close_generators()
            while self.open:
                try:
                    self.open.pop().__exit__(None, None, None)
                except Exception:
                    continue
            self._scope.values.clear()
            self._functions.let_go_of_classes()
        finally:
            self._catching.__exit__(None, None, None)
            self._fresh.finish()

    def step(self, step: Step, *, observe: bool = True, last: bool = False) -> StepTrace:
        """Runs one step at the top level; `last` also writes down what is only looked at once (repr)."""
        if not self._entered:
            self.__enter__()
        self.missing = None
        calls = self._functions.begin()
        trace = self.run_step(step, self._scope, self.open)
        reason = trace.reason
        if self._functions.dropped:
            reason = f"{self._functions.dropped} more calls, not recorded"
        return self.seen(step, trace, self._scope, self._observer if observe else None, calls, reason, last)

    # ------------------------------------------------------------------------------------- what functions.py also uses

    def run_step(
        self, step: Step, scope: Scope, contexts: list[Any], kept: list[BaseException] | None = None
    ) -> StepTrace:
        """Runs a step and binds what it returned; of its trace, the outcome, the result and the error are filled in.

        What it raised is let go, unless `kept` is there to take it.
        """
        try:
            result = self._execute(step, scope, contexts)
        except Missed as missed:
            scope.drop(step.drops)
            if kept is not None:
                kept.append(NameError(str(missed)))
            return StepTrace(outcome="blocked", reason=missed.name)
        except Missing as missing:
            scope.drop(step.drops)
            self.missing = missing.name
            if kept is not None:
                kept.append(AttributeError(str(missing)))
            return StepTrace(outcome="unsupported", reason=missing.name)
        except KeyboardInterrupt as interrupt:
            if not interrupt.args and not self._functions.raised_interrupt:
                raise  # the user's own Ctrl-C
            error = raised(interrupt)
        except BaseException as exception:
            error = raised(exception)
            if isinstance(exception, AttributeError) and self.missing is None:
                self.missing = _lookup_that_failed(step, exception)
            if isinstance(exception, TypeError) and self.missing is None:
                symbol = _symbol(step)
                self.missing = f"operator.{symbol}" if self._names.lacks(symbol) else self._names.lacks_weak(exception)
            if self.missing is None:
                self.missing = self._names.lacks_by_its_own_word(exception)
            if kept is None:
                _let_go(exception)
            else:
                kept.append(exception)
        else:
            out = _out(step)
            seen = self._observer.seen(result, scope.values, out)
            if out is not None:
                scope.values[out] = result
            elif type(step) is Unpack:
                scope.values.update(zip(step.outs, result, strict=True))
            return StepTrace(outcome="returned", result=seen)
        scope.drop(step.drops)
        if self.missing is not None:
            return StepTrace(outcome="unsupported", reason=self.missing)
        return StepTrace(outcome="raised", error=error)

    def seen(
        self,
        step: Step,
        trace: StepTrace,
        scope: Scope,
        observer: Observer | None,
        calls: list[FunctionCall],
        reason: str,
        last: bool,
        *,
        warned: bool = True,
    ) -> StepTrace:
        """The whole trace of a step that has run: also what was called, warned and changed."""
        warnings_ = self.take_warnings() if warned else ()
        before = len(self._warned)
        looked = observer.look(scope.values, last) if observer is not None else {}
        del self._warned[before:]
        own = _out(step)
        if own is not None and own in step.drops:
            scope.values.pop(own, None)
        if not (warnings_ or looked or calls or reason):
            return trace
        return StepTrace(
            outcome=trace.outcome,
            result=trace.result,
            error=trace.error,
            warnings=warnings_,
            calls=tuple(calls),
            reason=reason,
            **looked,
        )

    def take_warnings(self) -> tuple[Warned, ...]:
        if not self._warned:
            return ()
        taken = tuple([Warned(w.category.__name__, _warning_text(w)) for w in self._warned])
        self._warned.clear()
        return taken

    def resolve(self, operand: Operand, scope: Scope) -> Any:
        """The object that an operand stands for, in a scope. Raises Missed or Missing."""
        resolve = _RESOLVED.get(type(operand))
        if resolve is None:
            raise TypeError(f"not an operand: {operand!r}")
        return resolve(self, operand, scope)

    def _all(self, operands: Iterable[Operand], scope: Scope) -> list[Any]:
        return [_RESOLVED[type(operand)](self, operand, scope) for operand in operands]

    def observer(self) -> Observer:
        """A new observer, for the scope of a call."""
        return Observer(self._names, self.facets)

    # ----------------------------------------------------------------------------------------------------------- steps

    def _execute(self, step: Step, scope: Scope, contexts: list[Any]) -> Any:
        # `stack` holds the arguments, last first, until the call takes them; after that nothing here refers to them.
        values = scope.values
        stack = [
            values[operand.name]
            if type(operand) is Ref and operand.name in values
            else _RESOLVED[type(operand)](self, operand, scope)
            for operand in operands(step)
        ]
        stack.reverse()
        if step.drops:
            scope.drop(step.drops)
        take = stack.pop
        match step:
            case Method(name=name, args=args, kwargs=kwargs):
                return shapes.method(name, len(args), tuple(kwargs))(take)
            case Call(args=args, kwargs=kwargs):
                return shapes.call(len(args), tuple(kwargs))(take(), take)
            case Operator(operator=symbol, args=args):
                return shapes.call(len(args), ())(_OPERATORS[symbol], take)
            case Bind():
                return take()
            case Get(name=name):
                return getattr(take(), name)
            case Set(name=name):
                return setattr(take(), name, take())
            case SetItem():
                return python_operators.setitem(take(), take(), take())
            case Unpack(outs=outs):
                return _unpacked(take(), len(outs))
            case Delete():
                return None
            case Enter():
                contexts.append(take())
                try:
                    return contexts[-1].__enter__()
                except BaseException:
                    contexts.pop()
                    raise
            case Exit(error=error):
                return _leave(take(), contexts, None if error is None else built_in_exception(error))
            case DeleteAttribute(name=name):
                return delattr(take(), name)
            case Yield():
                raise SyntaxError("'yield' outside function")
        raise TypeError(f"not a step: {step!r}")


_RESOLVED: dict[type, Callable[[Session, Any, Scope], Any]] = {
    Ref: lambda session, ref, scope: scope.find(ref.name),
    **dict.fromkeys((type(None), bool, int, str), lambda session, value, scope: value),
    Float: lambda session, number, scope: float(number),
    Complex: lambda session, number, scope: complex(number),
    Global: lambda session, name, scope: session._names.resolve(name.path),
    Tuple: lambda session, items, scope: tuple(session._all(items.items, scope)),
    List: lambda session, items, scope: session._all(items.items, scope),
    Dict: lambda session, pairs, scope: {
        session.resolve(key, scope): session.resolve(value, scope) for key, value in pairs.items
    },
    Slice: lambda session, ends, scope: slice(*session._all((ends.start, ends.stop, ends.step), scope)),
    Ellipsis_: lambda session, dots, scope: ...,
    TensorLiteral: lambda session, literal, scope: session._names.tensor(literal),
    Function: lambda session, function, scope: session._functions.function(function, scope),
    Class: lambda session, class_, scope: session._functions.class_(class_, scope),
}
"""What an operand of each kind stands for."""

_OPERATORS: dict[str, Callable[..., Any]] = {
    **{name: value for name, value in vars(python_operators).items() if callable(value)},
    "next": next,
    "iter": iter,
    "reversed": reversed,
    "divmod": divmod,
    "round": round,
    "trunc": math.trunc,
    "floor": math.floor,
    "ceil": math.ceil,
}


def _out(step: Step) -> str | None:
    return getattr(step, "out", None)


def _unpacked(value: Any, count: int) -> tuple[Any, ...]:
    found = tuple(value)
    if len(found) > count:
        raise ValueError(f"too many values to unpack (expected {count})")
    if len(found) < count:
        raise ValueError(f"not enough values to unpack (expected {count}, got {len(found)})")
    return found


def _leave(context: Any, contexts: list[Any], error: BaseException | None) -> Any:
    for index in reversed(range(len(contexts))):
        if contexts[index] is context:
            del contexts[index]
            break
    if error is None:
        return context.__exit__(None, None, None)
    return context.__exit__(type(error), error, error.__traceback__)


def _lookup_that_failed(step: Step, error: AttributeError) -> str | None:
    """The name that the step itself looked up and did not find; None if the error came from within what it called."""
    name = step.name if isinstance(step, Method | Get | Set) else None
    if name is None or "'NoneType' object" in str(error):
        return None
    owner = error.obj
    if error.name == name and owner is not None and not hasattr(type(owner), name):
        return f"{type(owner).__name__}.{name}"
    # Raised by hand, as by a class's own __getattr__: no name and object in the error, but both in its text. Python 3.13
    # says them of an attribute that is set, which those before do not.
    if (error.name is None or (isinstance(step, Set) and owner is None)) and f"has no attribute '{name}'" in str(error):
        return name
    return None


def _symbol(step: Step) -> str:
    """The operator that a step applies; empty if it applies none."""
    if isinstance(step, SetItem):
        return "setitem"
    return step.operator if isinstance(step, Operator) else ""


def _let_go(error: BaseException | None) -> None:
    """Takes apart an exception, so that whoever else keeps it keeps no frame, and so no tensor, alive."""
    while error is not None:
        error.__traceback__ = None
        following = error.__context__
        error.__cause__ = error.__context__ = None
        error = following


def _warning_text(warning: warnings.WarningMessage) -> str:
    text = without_addresses(str(warning.message))
    # PyTorch's C++ adds the place it was raised at, which differs from build to build.
    return without_frames(text.partition(" (Triggered internally at")[0])


_fresh_of: dict[str, Fresh] = {}


def _fresh(names: Namespace) -> Fresh:
    found = _fresh_of.get(names.module.__name__)
    if found is None:
        found = _fresh_of[names.module.__name__] = Fresh(names)
    return found
