"""What the steps of a body say before any of it is written: names and their uses, and blocks; and what waits to be written."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from conformance.program import Enter, Exit, Function, Operand, Raise, Ref, Set, SetItem, Step, operands, walk
from conformance.render.expressions import Text
from conformance.trace import Trace

TEMPORARY = re.compile(r"t\d+")
_STEM = re.compile(r"(.*?)_?\d*")


class Pending(NamedTuple):
    """A temporary's expression, waiting to stand where the temporary is used."""

    name: str
    text: Text
    step: int
    function: Function | None = None
    """For a decorated function: the function, and `decorators` above it."""
    decorators: tuple[str, ...] = ()
    augmented: tuple[str, str, str] | None = None
    """For the result of an in-place operator on an item or attribute: the target, the operator and the operand."""


class Block(NamedTuple):
    """A ``with`` statement: an Enter and the Exit that belongs to it."""

    enter: int
    exit: int
    error: Raise | None


INDENT = "    "

AUGMENTED = {
    "iadd": "+=",
    "isub": "-=",
    "imul": "*=",
    "itruediv": "/=",
    "ifloordiv": "//=",
    "imod": "%=",
    "ipow": "**=",
    "imatmul": "@=",
    "iand": "&=",
    "ior": "|=",
    "ixor": "^=",
    "ilshift": "<<=",
    "irshift": ">>=",
}


def stem(name: str) -> str:
    matched = _STEM.fullmatch(name)
    return matched.group(1) if matched else name


def refs(operand: Operand) -> list[str]:
    if type(operand) is Ref:
        return [operand.name]
    return [part.name for part in walk(operand) if isinstance(part, Ref)]


def in_order(step: Step) -> list[str]:
    """The names that a step reads, in the order in which Python evaluates its statement."""
    parts = list(operands(step))
    if isinstance(step, (Set, SetItem)):
        parts = [parts[-1], *parts[:-1]]
    return [name for part in parts for name in refs(part)]


def names_used(steps: tuple[Step, ...]) -> Iterable[str]:
    """Every use of a name, functions included."""
    for step in steps:
        yield from in_order(step)
    yield from used_inside(steps)


def used_inside(steps: tuple[Step, ...]) -> Iterable[str]:
    """Every use of a name in the functions of some steps."""
    for step in steps:
        for operand in operands(step):
            for part in walk(operand):
                if isinstance(part, Function):
                    yield from names_used(part.steps)
                    yield from refs(part.result)


def blocks(steps: tuple[Step, ...], trace: Trace | None = None) -> dict[int, Block]:
    """The pairs of Enter and Exit that nest as ``with`` statements do, by the index of the Enter.

    `trace` leaves out those that were not entered and left in it.
    """
    found: dict[int, Block] = {}
    entered: list[int] = []
    for index, step in enumerate(steps):
        if isinstance(step, Enter):
            entered.append(index)
        elif isinstance(step, Exit):
            enter = steps[entered[-1]] if entered else None
            if not isinstance(enter, Enter) or enter.context != step.context or not isinstance(step.context, Ref):
                return {}
            start = entered.pop()
            found[start] = Block(start, index, step.error)
    if trace is not None:
        outcomes = [step.outcome for step in trace.steps]
        found = {
            key: block
            for key, block in found.items()
            if all(i < len(outcomes) and outcomes[i] == "returned" for i in (block.enter, block.exit))
        }
    return found
