"""What belongs to a step: the steps that need it, and what is left of a program without it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from conformance.program import Delete, Enter, Exit, Function, Operand, Program, Ref, Step, operands, outs, walk


def with_steps(program: Program, steps: Any) -> Program:
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


def reads(step: Step) -> set[str]:
    return {part.name for operand in operands(step) for part in everything(operand) if isinstance(part, Ref)}


def everything(operand: Operand) -> Iterator[Operand]:
    """An operand and all inside it, the bodies of functions included."""
    for part in walk(operand):
        yield part
        if isinstance(part, Function):
            for step in part.steps:
                for inner in operands(step):
                    yield from everything(inner)
            yield from everything(part.result)


def needing(steps: tuple[Step, ...], index: int) -> set[int]:
    """A step, those that read what it binds, directly or not, and the other half of a context."""
    gone, names = {index}, set(outs(steps[index]))
    if isinstance(steps[index], Enter | Exit):
        context = steps[index].context  # type: ignore[union-attr]
        gone |= {i for i, step in enumerate(steps) if isinstance(step, Enter | Exit) and step.context == context}
    for number in range(index + 1, len(steps)):
        if names & reads(steps[number]):
            gone.add(number)
            names.update(outs(steps[number]))
    return gone
