"""What a subject is, and every way in which one can fail to answer."""

from __future__ import annotations

from typing import Protocol

from conformance.journal import Description
from conformance.program import Program
from conformance.trace import Trace


class Subject(Protocol):
    """An implementation that programs run on. The oracle is one, too."""

    def describe(self) -> Description:
        """Its name, version, and what of it can be observed."""
        ...

    def run(self, program: Program) -> Trace:
        """What the program does on it. Raises a SubjectError if it does not answer; the next program may."""
        ...

    def close(self) -> None:
        """Ends it, and whatever process it has."""
        ...


class SubjectError(Exception):
    """A subject that did not answer."""


class SubjectUnavailable(SubjectError):
    """The subject cannot be used at all: it does not import, is not torch-like, or is not there."""


class SubjectCrashed(SubjectError):
    """The subject's process ended while it ran a program."""

    def __init__(self, code: int | None, stderr: str = "", what: str = "") -> None:
        self.code, self.stderr = code, stderr
        super().__init__(what or how_it_ended(code))


class SubjectTimeout(SubjectError):
    """The subject did not answer before the deadline, and was killed."""

    def __init__(self, seconds: float, stderr: str = "") -> None:
        self.seconds, self.stderr = seconds, stderr
        super().__init__(f"no answer within {seconds:g} s")


class SubjectFailed(SubjectError):
    """The subject answered that it could not run the program; its process goes on."""

    def __init__(self, context: str) -> None:
        self.context = context
        super().__init__(context)


class SubjectUnsupported(SubjectError):
    """The subject answered that it does not do this kind of program."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def how_it_ended(code: int | None) -> str:
    """A process's end in words: ``exited with code 3``, ``killed by SIGSEGV``."""
    import signal

    if code is None:
        return "closed its output, and goes on running"
    if code < 0:
        try:
            return f"killed by {signal.Signals(-code).name}"
        except ValueError:
            return f"killed by signal {-code}"
    return f"exited with code {code}"
