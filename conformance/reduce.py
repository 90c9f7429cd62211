"""Makes a failing program smaller: fewer steps, fewer arguments, simpler numbers, as long as it fails in the same way.

Hypothesis shrinks what a program was drawn from; this works on the program itself, so it also serves programs that nobody
drew: those of a journal, or of another tool. Every candidate is run, and the order is by what saves most: cut behind the
failure, leave out steps with all that needs them, put a literal in the place of what was computed, simplify what is left.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from conformance.generate import encode
from conformance.program import (
    Bind,
    Call,
    Class,
    Delete,
    Enter,
    Exit,
    Function,
    Get,
    List,
    Member,
    Method,
    Operand,
    Operator,
    Program,
    Ref,
    SetItem,
    Step,
    TensorLiteral,
    Tuple,
    operands,
    outs,
    walk,
)
from conformance.trace import Array, TensorSeen, Trace

Fails = Callable[[Program], bool]


class _Spent(Exception):
    """No more programs may be run."""


class Reducer:
    """Reduces one program."""

    def __init__(self, program: Program, fails: Fails, *, tries: int = 400) -> None:
        self.program = program
        self._fails = fails
        self.tries = tries
        """How many more programs may be run."""
        self._seen = {program.digest}

    def reduce(self, values: Trace | None = None) -> Program:
        """The smallest program found. `values` is the oracle's trace of the program: what a literal may be taken from."""
        try:
            while self._pass(values):
                values = None  # of another program
        except _Spent:
            pass
        return self.program

    def _pass(self, values: Trace | None) -> bool:
        before = self.program.digest
        self._cut()
        self._leave_out()
        if values is not None:
            self._replace_by_literals(values)
        for variants in (_fewer_arguments, _shorter_bodies, _simpler_numbers):
            self._vary(variants)
        return self.program.digest != before

    def _try(self, program: Program) -> bool:
        """Takes a program over if it fails, too."""
        if program.digest in self._seen:
            return False
        if not self.tries:
            raise _Spent
        self._seen.add(program.digest)
        self.tries -= 1
        if not self._fails(program):
            return False
        self.program = program
        return True

    def _cut(self) -> None:
        """Leaves out the end, by halves: what comes behind the first difference."""
        low, high = 0, len(self.program.steps)
        while high - low > 1:
            middle = (low + high) // 2
            if self._try(_with(self.program, self.program.steps[:middle])):
                high = middle
            else:
                low = middle

    def _leave_out(self) -> None:
        index = len(self.program.steps) - 1
        while index >= 0:
            gone = _needing(self.program.steps, index)
            kept = [step for number, step in enumerate(self.program.steps) if number not in gone]
            self._try(_with(self.program, kept))
            index = min(index, len(self.program.steps)) - 1

    def _replace_by_literals(self, values: Trace) -> None:
        """What was computed becomes a literal, so that what it was computed from can go."""
        steps = self.program.steps
        for index, literals in reversed(list(_literals(self.program, values))):
            for literal in literals:
                # From the end to the beginning, so that what comes before is still where it was.
                if self.program.steps[index : index + 1] == steps[index : index + 1]:
                    now = self.program.steps
                    self._try(_with(self.program, [*now[:index], *literal, *now[index + 1 :]]))

    def _vary(self, variants: Callable[[Step], Iterator[Step]]) -> None:
        for index in range(len(self.program.steps)):
            while index < len(self.program.steps) and any(
                self._try(_with(self.program, [*self.program.steps[:index], one, *self.program.steps[index + 1 :]]))
                for one in variants(self.program.steps[index])
            ):
                continue


def reduce(program: Program, fails: Fails, *, tries: int = 400, values: Trace | None = None) -> Program:
    """The smallest program found that fails as `program` does; `fails` runs one, at most `tries` times."""
    return Reducer(program, fails, tries=tries).reduce(values)


def _with(program: Program, steps: Any) -> Program:
    """The program with other steps; what drops a name that none binds any more, and contexts without their other half, go."""
    kept = list(steps)
    bound = {name for step in kept for name in outs(step)}
    tidy: list[Step] = []
    for step in kept:
        drops = tuple(name for name in step.drops if name in bound)
        if isinstance(step, Delete) and not drops:
            continue
        tidy.append(step if drops == step.drops else msgspec.structs.replace(step, drops=drops))
    return msgspec.structs.replace(program, steps=tuple(tidy))


def _reads(step: Step) -> set[str]:
    return {part.name for operand in operands(step) for part in _everything(operand) if isinstance(part, Ref)}


def _everything(operand: Operand) -> Iterator[Operand]:
    """An operand and all inside it, the bodies of functions included."""
    for part in walk(operand):
        yield part
        if isinstance(part, Function):
            for step in part.steps:
                for inner in operands(step):
                    yield from _everything(inner)
            yield from _everything(part.result)


def _needing(steps: tuple[Step, ...], index: int) -> set[int]:
    """A step, those that read what it binds, directly or not, and the other half of a context."""
    gone, names = {index}, set(outs(steps[index]))
    if isinstance(steps[index], Enter | Exit):
        context = steps[index].context  # type: ignore[union-attr]
        gone |= {i for i, step in enumerate(steps) if isinstance(step, Enter | Exit) and step.context == context}
    for number in range(index + 1, len(steps)):
        if names & _reads(steps[number]):
            gone.add(number)
            names.update(outs(steps[number]))
    return gone


def _literals(program: Program, values: Trace) -> Iterator[tuple[int, list[list[Step]]]]:
    """For each step whose result is a tensor: what may stand in its place, a literal or a leaf that requires grad."""
    for index, (step, seen) in enumerate(zip(program.steps, values.steps, strict=False)):
        out = getattr(step, "out", None)
        if (
            not isinstance(step, Call | Method | Operator | Get)
            or out is None
            or not isinstance(seen.result, TensorSeen)
        ):
            continue
        change = seen.changes.get(out)
        array = getattr(change, "value", None)
        if isinstance(array, Array) and array.dtype in ("float32", "float64", "int64", "bool"):
            literal = Bind(out=out, value=TensorLiteral(array.dtype, array.shape, array.data))
            yield index, [[literal], [literal, Method(self=Ref(out), name="requires_grad_")]]


# ------------------------------------------------------------------------------------------------------- simpler steps


def _fewer_arguments(step: Step) -> Iterator[Step]:
    """Without a keyword, without the last argument, without an item of a list; an operand dropped later."""
    if isinstance(step, Call | Method):
        for name in step.kwargs:
            yield msgspec.structs.replace(step, kwargs={k: v for k, v in step.kwargs.items() if k != name})
        if step.args:
            yield msgspec.structs.replace(step, args=step.args[:-1])
        for place, argument in enumerate(step.args):
            if isinstance(argument, List | Tuple) and len(argument.items) > 1:
                for item in range(len(argument.items)):
                    fewer = type(argument)((*argument.items[:item], *argument.items[item + 1 :]))
                    yield msgspec.structs.replace(step, args=(*step.args[:place], fewer, *step.args[place + 1 :]))
    if isinstance(step, SetItem) and isinstance(step.value, Ref):
        yield msgspec.structs.replace(step, value=1)
    for name in step.drops:
        if name not in outs(step) and not isinstance(step, Delete):
            yield msgspec.structs.replace(step, drops=tuple(other for other in step.drops if other != name))


def _shorter_bodies(step: Step) -> Iterator[Step]:
    """With a step less in a function, or a member less in a class."""
    yield from _simplified(step, _shorter)


def _shorter(operand: Operand) -> Iterator[Operand]:
    if isinstance(operand, Function):
        for index in reversed(range(len(operand.steps))):
            gone = _needing(operand.steps, index)
            kept = tuple([one for number, one in enumerate(operand.steps) if number not in gone])
            lost = {name for number in gone for name in outs(operand.steps[number])}
            reads = {part.name for part in _everything(operand.result) if isinstance(part, Ref)}
            if not lost & reads:
                yield msgspec.structs.replace(operand, steps=kept)
        if isinstance(operand.result, Ref) and operand.parameters:
            last = Ref(operand.parameters[-1].lstrip("*"))
            if operand.result != last:
                yield msgspec.structs.replace(operand, result=last)
    if isinstance(operand, Class):
        for name, member in operand.members.items():
            for value in _shorter(member.value):
                yield msgspec.structs.replace(
                    operand, members={**operand.members, name: Member(value, member.decorator)}
                )  # fmt: skip


def _simpler_numbers(step: Step) -> Iterator[Step]:
    """Tensors of 1, 2, 3, of fewer elements, and of float32."""
    yield from _simplified(step, _simpler)


def _simpler(operand: Operand) -> Iterator[Operand]:
    if not isinstance(operand, TensorLiteral):
        return
    if operand.dtype not in ("float32", "float64"):
        return
    shapes: list[tuple[int, ...]] = [()] if operand.shape else []
    shapes += [(2,)] if math.prod(operand.shape) > 2 else []
    shapes += [
        (*operand.shape[:place], 1, *operand.shape[place + 1 :])
        for place, size in enumerate(operand.shape)
        if size > 1
    ]  # fmt: skip
    for shape in (*shapes, operand.shape):
        simple = encode([index + 1 for index in range(math.prod(shape))], operand.dtype)
        if len(shape) < len(operand.shape) or simple != operand.data:
            yield TensorLiteral(operand.dtype, shape, simple)
    if operand.dtype == "float64":
        yield TensorLiteral(
            "float32", operand.shape, encode([i + 1 for i in range(math.prod(operand.shape))], "float32")
        )


def _simplified(step: Step, simpler: Callable[[Operand], Iterator[Operand]]) -> Iterator[Step]:
    """The step with one of its direct operands made simpler."""
    if isinstance(step, Bind):
        for value in simpler(step.value):
            yield msgspec.structs.replace(step, value=value)
    if isinstance(step, Call | Method):
        for place, argument in enumerate(step.args):
            for value in simpler(argument):
                yield msgspec.structs.replace(step, args=(*step.args[:place], value, *step.args[place + 1 :]))
