"""What a subject makes of a program: its trace, or what is said of it if it gives none."""

from __future__ import annotations

from conformance.judging.verdict import Verdict
from conformance.program import Program
from conformance.subjects.base import Subject, SubjectCrashed, SubjectFailed, SubjectTimeout, SubjectUnsupported
from conformance.trace import Trace


def answer(subject: Subject, program: Program) -> Trace | Verdict:
    """The trace of a program on a subject, or the verdict on one that it did not answer: CRASH, TIMEOUT or UNSUPPORTED."""
    try:
        return subject.run(program)
    except (SubjectCrashed, SubjectFailed) as error:
        return Verdict(status="CRASH", reason=str(error))
    except SubjectTimeout as error:
        return Verdict(status="TIMEOUT", reason=str(error))
    except SubjectUnsupported as error:
        return Verdict(status="UNSUPPORTED", reason=str(error))
