"""One program on one subject, from Python: ``check("mylib", program)``.

The same comparison as in a run, for a test of one's own, a notebook, or a bisection. ``docs/api.md`` has examples.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from conformance.judging.judge import judge
from conformance.judging.verdict import Verdict
from conformance.program import Operand, Program, TensorLiteral
from conformance.recorder import record
from conformance.render import script
from conformance.running.answering import answer
from conformance.running.failure import describe_program
from conformance.subjects import InProcess, Subject, open_subject, oracle
from conformance.trace import Trace


@dataclass(frozen=True)
class Checked:
    """A program that ran on PyTorch and on a subject. It is true if nothing differs: ``assert check("mylib", program)``."""

    program: Program
    subject_name: str
    verdict: Verdict
    oracle: Trace
    subject: Trace | None = None
    """None if the subject did not answer."""

    @property
    def passed(self) -> bool:
        """Whether every observable that both sides have is the same."""
        return self.verdict.status == "PASS"

    @property
    def reproducer(self) -> str:
        """The program as a script that needs only PyTorch, or the subject in its place."""
        return script(self.program)

    def __bool__(self) -> bool:
        return self.passed

    def __str__(self) -> str:
        """The verdict in words, the first difference, and the program."""
        told = f"{self.subject_name}: {self.verdict.status}"
        if self.verdict.reason:
            told += f", {self.verdict.reason}"
        return told if self.passed else f"{told}\n{describe_program(self.program, self.verdict, self.subject_name)}"

    # pytest shows the repr of what an assert found false.
    __repr__ = __str__


def check(
    subject: str | types.ModuleType | Subject,
    program: Program | Callable[..., object],
    /,
    *,
    against: Subject | None = None,
    **inputs: object,
) -> Checked:
    """Runs a program on PyTorch and on a subject, and compares everything that can be observed.

    `subject` is a name as for ``torchstone run`` (it runs in a process of its own), an imported module with torch's names (it
    runs in this one), or an open `Subject`. `program` is a `Program`, or a function that is recorded as one: its parameter
    ``torch`` receives a recording module, the others come from `inputs`; NumPy arrays become tensors. `against` is an open
    subject to compare with instead of PyTorch.

    Raises SubjectUnavailable if there is no such subject, RecordingError if the function does what is no program, and
    TypeError if an input is missing.
    """
    if not isinstance(program, Program):
        program = record(program, _operands(inputs))
    elif inputs:
        raise TypeError("a Program holds its inputs already")
    asked = _opened(subject)
    answers = against or oracle()
    try:
        return compare_once(program, asked, answers)
    finally:
        if asked is not subject:
            asked.close()
        if answers is not against:
            answers.close()


def compare_once(program: Program, subject: Subject, against: Subject) -> Checked:
    """Runs a program on two open subjects, and compares."""
    described = subject.describe()
    trace = against.run(program)
    answered = answer(subject, program)
    if isinstance(answered, Verdict):
        return Checked(program, described.name, answered, trace)
    verdict = judge(program, trace, answered, against, described.facets)
    return Checked(program, described.name, verdict, trace, answered)


def _opened(subject: str | types.ModuleType | Subject) -> Subject:
    if isinstance(subject, str):
        return open_subject(subject)
    return InProcess(subject) if isinstance(subject, types.ModuleType) else subject


def _operands(inputs: Mapping[str, object]) -> dict[str, Operand]:
    return {name: _operand(value) for name, value in inputs.items()}


def _operand(value: Any) -> Operand:
    if isinstance(value, np.ndarray):
        # A program's tensors are little-endian and in row-major order, whatever the array's are.
        array = np.ascontiguousarray(value, dtype=value.dtype.newbyteorder("<"))
        return TensorLiteral(array.dtype.name, value.shape, array.tobytes())
    return value  # type: ignore[no-any-return]
