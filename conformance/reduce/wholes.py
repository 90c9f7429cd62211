"""Simpler programs that differ in more than one step."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import msgspec

from conformance.generate import encode
from conformance.program import (
    Bind,
    Call,
    Function,
    Get,
    Method,
    Operand,
    Operator,
    Program,
    ProgramError,
    Ref,
    Step,
    TensorLiteral,
    bound,
    operands,
    outs,
    renamed,
)
from conformance.reduce.needs import reads, with_steps
from conformance.trace import Array, TensorSeen, Trace

Shape = tuple[int, ...]


def without_the_step(program: Program, index: int) -> Iterator[Program]:
    """Programs in which an operand of the step stands in for its result: ``y = f(x)`` is gone, and x is read for y.

    Not those in which that would bind a name twice: a body may have a name of its own that is an operand's outside.
    """
    step = program.steps[index]
    out = getattr(step, "out", None)
    if out is None or isinstance(step, Bind):
        return
    for operand in dict.fromkeys(part for part in operands(step) if isinstance(part, Ref)):
        kept = [one for number, one in enumerate(program.steps) if number != index]
        simpler = with_steps(program, [renamed(_kept_alive(one, out), {out: operand.name}) for one in kept])
        try:
            simpler.validate()
        except ProgramError:
            continue
        yield simpler
        if (fitted := _fitted(program, out, operand, simpler)) is not None:
            yield fitted


def _fitted(program: Program, out: str, operand: Ref, simpler: Program) -> Program | None:
    """The simpler program with gradients and the like, literals read together with the result, in the operand's shape."""
    known = {
        one.out: one.value for one in program.steps if isinstance(one, Bind) and isinstance(one.value, TensorLiteral)
    }
    together = {name for one in program.steps if out in (read := reads(one)) for name in read if name in known}
    wrong = {name for name in together if operand.name in known and known[name].shape != known[operand.name].shape}
    if not wrong:
        return None
    shape = known[operand.name].shape
    steps = [
        msgspec.structs.replace(one, value=_simple(one.value.dtype, shape))
        if isinstance(one, Bind) and isinstance(one.value, TensorLiteral) and one.out in wrong
        else one
        for one in simpler.steps
    ]
    return with_steps(program, steps)


def _kept_alive(step: Step, name: str) -> Step:
    """A step that does not let go of a name: what it stands for is somebody else's now."""
    if name not in step.drops:
        return step
    return msgspec.structs.replace(step, drops=tuple([one for one in step.drops if one != name]))


def inlined(program: Program, index: int) -> Iterator[Program]:
    """The program with the body of a function in the place of its call."""
    step = program.steps[index]
    if not isinstance(step, Call) or step.kwargs:
        return
    function = step.function
    if isinstance(function, Ref):
        binds = (one.value for one in program.steps if isinstance(one, Bind) and one.out == function.name)
        function = next(binds, None)
    if not isinstance(function, Function) or function.generator or function.raises:
        return
    if len(function.parameters) != len(step.args) or any(name.startswith("*") for name in function.parameters):
        return
    taken = {name for one in program.steps for name in outs(one)}
    names: dict[str, Operand] = dict(zip(function.parameters, step.args, strict=True))
    for name in bound(function.steps):
        fresh = f"{name}_{index}"
        while fresh in taken:
            fresh += "_"
        names[name] = fresh
    body = [renamed(_kept_alive_all(one, function.parameters), names) for one in function.steps]
    result = renamed(function.result, names)
    after = list(program.steps[index + 1 :])
    if step.out is not None:
        if not isinstance(result, Ref):
            return
        after = [renamed(_kept_alive(one, step.out), {step.out: result.name}) for one in after]
    yield with_steps(program, [*program.steps[:index], *body, *after])


def _kept_alive_all(step: Step, names: tuple[str, ...]) -> Step:
    for name in names:
        step = _kept_alive(step, name)
    return step


def alike(program: Program) -> Iterator[Program]:
    """All tensors of one shape in a simpler one, and all of one dtype in float32: an operand and its gradient go together."""
    found = [step.value for step in program.steps if isinstance(step, Bind) and isinstance(step.value, TensorLiteral)]
    for shape in sorted({one.shape for one in found}, key=lambda shape: (-len(shape), shape)):
        for simpler in dict.fromkeys([(), (2,), (1,), shape[1:], shape[:-1]]):
            if (len(simpler), math.prod(simpler)) < (len(shape), math.prod(shape)) or (0 in shape and 0 not in simpler):
                yield _changed(program, lambda one, shape=shape, simpler=simpler: _reshaped(one, shape, simpler))
    if {one.dtype for one in found} - {"float32", "int64", "bool"}:
        yield _changed(program, _single)


def _changed(program: Program, change: Any) -> Program:
    steps = [
        msgspec.structs.replace(step, value=change(step.value))
        if isinstance(step, Bind) and isinstance(step.value, TensorLiteral)
        else step
        for step in program.steps
    ]
    return msgspec.structs.replace(program, steps=tuple(steps))


def _simple(dtype: str, shape: Shape) -> TensorLiteral:
    count = math.prod(shape)
    if dtype == "bool":
        return TensorLiteral(dtype, shape, bytes([index % 2 == 0 for index in range(count)]))
    numbers = [0] * count if dtype == "int64" else [index + 1 for index in range(count)]
    if dtype.startswith("complex"):
        numbers = [part for number in numbers for part in (number, 0)]
    return TensorLiteral(dtype, shape, encode(numbers, dtype))


def _reshaped(literal: TensorLiteral, shape: Shape, simpler: Shape) -> TensorLiteral:
    return _simple(literal.dtype, simpler) if literal.shape == shape else literal


def _single(literal: TensorLiteral) -> TensorLiteral:
    if literal.dtype in ("float32", "int64", "bool"):
        return literal
    return _simple("float32", literal.shape)


def literals(program: Program, values: Trace) -> Iterator[tuple[int, list[list[Step]]]]:
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
