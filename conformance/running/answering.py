"""What both sides make of a program, and the verdict on it.

*A trace that is the oracle's to the byte is not read.* Nearly all are: to compare the text of a reply with that of the answer
takes a thousandth of what it takes to make values of both and compare those, and says the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, TypeVar, runtime_checkable

from conformance.judging.verdict import Verdict
from conformance.program import Program
from conformance.running.timing import Clock
from conformance.subjects.base import Subject, SubjectCrashed, SubjectFailed, SubjectTimeout, SubjectUnsupported
from conformance.subjects.stdio import Process
from conformance.trace import Trace

Judge = Callable[[Program, Trace, Trace, Subject, tuple[str, ...]], Verdict]
"""Compares the oracle's trace of a program with the subject's: `conformance.judging.judge.judge`."""

_Answer = TypeVar("_Answer", bound=Trace | None)


@runtime_checkable
class AskedBefore(Protocol):
    """An oracle that brings along the programs that it was asked about, and what it said of them."""

    def programs(self, case: str) -> Iterator[Program]:
        """The programs of a case; those of the last case are the ones that it knows the trace of."""
        ...

    def text(self, program: Program) -> bytes:
        """Its trace of a program, as JSON."""
        ...


class Said:
    """A trace, as a value or as its text: each is made from the other when it is asked for."""

    def __init__(self, said: Trace | bytes) -> None:
        self._said = said

    @cached_property
    def trace(self) -> Trace:
        return Trace.from_json(self._said) if isinstance(self._said, bytes) else self._said

    @cached_property
    def text(self) -> bytes:
        return self._said if isinstance(self._said, bytes) else self._said.to_json()


@dataclass(frozen=True)
class Both:
    """The verdict on a program, and what either side showed; None of who gave no answer."""

    verdict: Verdict
    by_oracle: Said | None = None
    by_subject: Said | None = None

    @property
    def oracle(self) -> Trace | None:
        return None if self.by_oracle is None else self.by_oracle.trace

    @property
    def subject(self) -> Trace | None:
        return None if self.by_subject is None else self.by_subject.trace


def said(program: Program, oracle: Subject, clock: Clock) -> Said:
    """The oracle's answer. Raises a SubjectError if it gives none."""
    # Who has a text is asked for it. (Not isinstance: of a protocol that takes as long as to compare two texts.)
    text: Callable[[Program], bytes] | None = getattr(oracle, "text", None)
    with clock.spent("oracle"):
        return Said(oracle.run(program) if text is None else text(program))


def both(
    program: Program,
    known: Said,
    oracle: Subject,
    subject: Subject,
    judge: Judge,
    facets: tuple[str, ...],
    clock: Clock,
) -> Both:
    """Runs a program on the subject, and compares it with what the oracle said."""
    answered: Trace | Verdict | None
    if isinstance(subject, Process):
        with clock.spent("comparing"):
            text = known.text
        with clock.spent("subject"):
            answered = _answered(lambda: subject.run_unless(program, text))
    else:
        with clock.spent("subject"):
            answered = answer(subject, program)
    if answered is None:
        return Both(Verdict(status="PASS"), known, known)
    if isinstance(answered, Verdict):
        return Both(answered, known)
    with clock.spent("comparing"):
        return Both(judge(program, known.trace, answered, oracle, facets), known, Said(answered))


def answer(subject: Subject, program: Program) -> Trace | Verdict:
    """The trace of a program on a subject, or the verdict on one that it did not answer: CRASH, TIMEOUT or UNSUPPORTED."""
    return _answered(lambda: subject.run(program))


def _answered(ask: Callable[[], _Answer]) -> _Answer | Verdict:
    try:
        return ask()
    except (SubjectCrashed, SubjectFailed) as error:
        return Verdict(status="CRASH", reason=str(error))
    except SubjectTimeout as error:
        return Verdict(status="TIMEOUT", reason=str(error))
    except SubjectUnsupported as error:
        return Verdict(status="UNSUPPORTED", reason=str(error))
