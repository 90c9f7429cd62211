"""The oracle made to go on from the subject's numbers: what a step does is held apart from what went into it.

Where two sides are a rounding apart, and nobody is to blame for it, a step behind may have a pole, a jump or a matrix that is
singular on one side alone. Replays with other roundings tell so only if one of them falls on that very side. The subject's
numbers are on it: where PyTorch, given those, does what the subject did, the difference is theirs, and not the step's.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from conformance.interpreter.following import following
from conformance.numbers import EPSILON
from conformance.program import Program, Step, TensorLiteral
from conformance.trace import Array, StepTrace, Trace


@dataclass(frozen=True)
class Followed:
    """A program in which the oracle takes over the subject's numbers, in steps that are put in between."""

    program: Program
    inserted: frozenset[int]
    """The numbers of these steps, in `program`."""

    def aligned(self, subject: Trace, oracle: Trace) -> Trace:
        """The subject's trace with a step wherever one was put in: it does there what the oracle does, and nothing changes."""
        own = iter(subject.steps)
        steps: list[StepTrace] = []
        for number, step in enumerate(oracle.steps):
            if number in self.inserted:
                steps.append(msgspec.structs.replace(step, changes={}))
            elif (one := next(own, None)) is not None:
                steps.append(one)
        return msgspec.structs.replace(subject, steps=tuple(steps))


def followed(program: Program, oracle: Trace, subject: Trace, until: int) -> Followed | None:
    """The program with the subject's numbers wherever they are others before the step `until`; None if they nowhere are."""
    steps: list[Step] = []
    inserted: set[int] = set()
    held: tuple[dict[str, Array], dict[str, Array]] = ({}, {})
    for number, step in enumerate(program.steps):
        steps.append(step)
        if number >= min(until, len(oracle.steps), len(subject.steps)):
            continue
        changed = [side.steps[number].changes for side in (oracle, subject)]
        for known, changes in zip(held, changed, strict=True):
            known |= {name: change.value for name, change in changes.items() if isinstance(change.value, Array)}
        for name in {**changed[0], **changed[1]}:
            write = _write(name, *[known.get(name) for known in held])
            if write is not None:
                inserted.add(len(steps))
                steps.append(write)
    return Followed(msgspec.structs.replace(program, steps=tuple(steps)), frozenset(inserted)) if inserted else None


def _write(name: str, oracle: Array | None, subject: Array | None) -> Step | None:
    if oracle is None or subject is None or subject == oracle or oracle.dtype not in EPSILON:
        return None
    if (oracle.dtype, oracle.shape) != (subject.dtype, subject.shape):
        return None
    return following(name, TensorLiteral(subject.dtype, subject.shape, subject.data))
