"""The Program itself: its JSON, its digest, and what makes it valid."""

from __future__ import annotations

import hashlib
from typing import Any, Literal as OneOf

import msgspec

from conformance.program.names import HOST_MODULES, OPERATORS
from conformance.program.parts import Function, Global, Operator, Ref, Step
from conformance.program.walking import operands, outs, walk

FORMAT = 1
"""The version of the Program format. A reader refuses a Program of another version."""


class Program(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, eq=False):
    """Steps to run in order, from a fresh state: gradients enabled, default dtype float32, ``torch.manual_seed(seed)``.

    Two are equal if their JSON is: the order of keyword arguments counts, as an error may name the first that does not fit.
    """

    format: int = FORMAT
    steps: tuple[Step, ...]
    seed: int = 0
    observe: OneOf["every", "last"] = "every"
    """When tensors are observed: after every step, or only after the last (for programs of thousands of steps)."""

    @classmethod
    def from_json(cls, text: bytes | str) -> Program:
        """The Program that `to_json` wrote. Raises a `ProgramError` naming what is wrong."""
        try:
            program = _decoder.decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise NotAProgram(str(error)) from error
        program.validate()
        return program

    def to_json(self) -> bytes:
        """The Program as JSON, in one line and always the same bytes."""
        return _encoder.encode(self)

    def __eq__(self, other: object) -> bool:
        return self.to_json() == other.to_json() if isinstance(other, Program) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.to_json())

    @property
    def digest(self) -> str:
        """The first 16 hexadecimal digits of the SHA-256 of the JSON; equal programs have equal digests."""
        return hashlib.sha256(self.to_json()).hexdigest()[:16]

    def validate(self) -> None:
        """Raises a `ProgramError` unless every name is bound once, before it is read, and every operator is known."""
        if self.format != FORMAT:
            raise UnknownFormat(self.format)
        _validate(self.steps, frozenset())


def _validate(steps: tuple[Step, ...], outer: frozenset[str], *, late: bool = False) -> None:
    # Inside a function (`late`) a name of the enclosing scope may be bound after the definition, so only the bodies'
    # own names are checked there: whether the outer ones exist at the call is for the run to find out.
    bound = set(outer)
    for number, step in enumerate(steps):
        for operand in operands(step):
            for part in walk(operand):
                if isinstance(part, Ref) and part.name not in bound and not late:
                    raise UnknownName(part.name, number)
                if isinstance(part, Global) and part.path.split(".")[0] not in HOST_MODULES:
                    raise UnknownGlobal(part.path, number)
                if isinstance(part, Function):
                    _validate(part.steps, frozenset(part.parameters), late=True)
        if isinstance(step, Operator) and step.operator not in OPERATORS:
            raise UnknownOperator(step.operator, number)
        for name in outs(step):
            if name in bound:
                raise NameBoundTwice(name, number)
            bound.add(name)


class ProgramError(ValueError):
    """A Program that cannot be run."""


class NotAProgram(ProgramError):
    """The text is not the JSON of a Program."""


class UnknownFormat(ProgramError):
    """The Program is of another format version than this package reads."""

    def __init__(self, found: int) -> None:
        super().__init__(f"this program is of format {found}, and this torchstone reads format {FORMAT}")


class _StepError(ProgramError):
    what = ""

    def __init__(self, name: str, step: int) -> None:
        super().__init__(f"step {step}: {self.what} {name!r}")
        self.name, self.step = name, step


class UnknownName(_StepError):
    """A step reads a name that no earlier step binds."""

    what = "no earlier step binds"


class NameBoundTwice(_StepError):
    """Two steps bind the same name."""

    what = "an earlier step binds"


class UnknownOperator(_StepError):
    """An operator that is not in `OPERATORS`."""

    what = "there is no operator"


class UnknownGlobal(_StepError):
    """A global that starts with none of `HOST_MODULES`."""

    what = "a program cannot reach"


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Program)


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a Program."""
    return msgspec.json.schema(Program)
