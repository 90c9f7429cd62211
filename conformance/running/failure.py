"""What to tell a person about a case that did not go as expected: one text, for the terminal and for JUnit."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from conformance.journal import Finding, Outcome
from conformance.judging.verdict import Difference, Verdict
from conformance.program import Program
from conformance.render import script
from conformance.report.causes import Cause
from conformance.trace import LEVELS


def describe_failure(sentence: str, outcome: Outcome, subject: str, seed: int = 0, oracle: str = "torch") -> str:
    """The sentence, the first difference, the smallest program that shows it, and how to see it again."""
    return "\n".join(_lines(sentence, outcome, subject, seed, oracle))


def _lines(sentence: str, outcome: Outcome, subject: str, seed: int, oracle: str) -> Iterator[str]:
    yield f"{outcome.case}: {sentence}"
    failing = [(level, outcome.levels[level]) for level in LEVELS if level in outcome.levels]
    failing = [(level, of) for level, of in failing if of.status != "PASS"]
    counts = ", ".join(f"{level} ({of.failing} of {outcome.programs} programs)" for level, of in failing if of.failing)
    yield f"{outcome.status} at {counts}" if counts else outcome.status
    if outcome.reason:
        yield outcome.reason
    # One program is enough to start from: that of the lowest level. `torchstone show` and the report have the others.
    if (finding := next(outcome.findings, None)) is not None:
        yield from _told(finding, subject)
    yield ""
    with_seed = f" --seed {seed}" if seed else ""
    with_oracle = f" --oracle {oracle}" if oracle != "torch" else ""
    yield f"see both traces: torchstone show {outcome.case} --subject {shlex.quote(subject)}{with_seed}{with_oracle}"


def describe_program(program: Program, verdict: Verdict, subject: str) -> str:
    """The first difference, and the program that shows it."""
    return "\n".join([*_first_difference(verdict, subject), "", "the program:", "", *_indented(program)])


def in_short(outcome: Outcome, subject: str) -> str:
    """What differs first, or what happened, in a line."""
    finding = next(outcome.findings, None)
    difference = None if finding is None else finding.verdict.first
    if difference is None:
        return " ".join(outcome.reason.split()) or outcome.status
    told = f"{difference.what}: PyTorch {difference.oracle}, {subject} {difference.subject}"
    return " ".join(told.split())


def cause_of(outcome: Outcome) -> str:
    """What cases that fail alike have in common, as the reports group them."""
    finding = next(outcome.findings, None)
    return outcome.reason if finding is None else str(Cause.of(finding.program, finding.verdict))


def _told(finding: Finding, subject: str) -> Iterator[str]:
    yield from _first_difference(finding.verdict, subject)
    yield ""
    yield "the smallest program that shows it:"
    yield ""
    yield from _indented(finding.program)


def _first_difference(verdict: Verdict, subject: str) -> Iterator[str]:
    if verdict.first is not None:
        yield ""
        yield from _difference(verdict.first, subject)


def _indented(program: Program) -> Iterator[str]:
    for line in script(program).rstrip().splitlines():
        yield f"    {line}".rstrip()


def _difference(difference: Difference, subject: str) -> Iterator[str]:
    place = f"step {'.'.join(map(str, difference.step))}" if difference.step else "the program"
    width = max(len("PyTorch"), len(subject))
    yield f"first difference, at {place}: {difference.what}"
    yield f"    {'PyTorch':<{width}}  {difference.oracle}"
    yield f"    {subject:<{width}}  {difference.subject}"
    for note in filter(None, difference.note.split("; ")):
        yield f"    – {note}"
