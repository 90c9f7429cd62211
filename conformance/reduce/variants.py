"""Simpler steps: what may stand in the place of one, the simplest first."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import msgspec

from conformance.generate import encode
from conformance.program import (
    Bind,
    Call,
    Class,
    Delete,
    Function,
    List,
    Member,
    Method,
    Operand,
    Operator,
    Ref,
    SetItem,
    Step,
    TensorLiteral,
    Tuple,
    outs,
)
from conformance.reduce.needs import everything, needing


def fewer_arguments(step: Step) -> Iterator[Step]:
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


def fewer_operands(step: Step) -> Iterator[Step]:
    """With a number in the place of an operand; of what writes in place, with no operand at all."""
    if isinstance(step, Call | Method | Operator):
        for place in range(0 if isinstance(step, Method) else 1, len(step.args)):
            if isinstance(step.args[place], Ref):
                yield msgspec.structs.replace(step, args=(*step.args[:place], 1, *step.args[place + 1 :]))
    if isinstance(step, Method) and step.args and step.name.endswith("_") and not step.name.endswith("__"):
        yield msgspec.structs.replace(step, name="zero_", args=(), kwargs={})


def shorter_bodies(step: Step) -> Iterator[Step]:
    """With a step less in a function, or a member less in a class."""
    yield from _simplified(step, _shorter)


def _shorter(operand: Operand) -> Iterator[Operand]:
    if isinstance(operand, Function):
        for index in reversed(range(len(operand.steps))):
            gone = needing(operand.steps, index)
            kept = tuple([one for number, one in enumerate(operand.steps) if number not in gone])
            lost = {name for number in gone for name in outs(operand.steps[number])}
            reads = {part.name for part in everything(operand.result) if isinstance(part, Ref)}
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


def simpler_numbers(step: Step) -> Iterator[Step]:
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
