"""What to tell a person about a case that did not go as expected: one text, for the terminal and for JUnit."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from conformance.journal import LevelOutcome, Outcome
from conformance.judging.verdict import Difference, Verdict
from conformance.program import Program
from conformance.render import script
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
    first = next((of for _, of in failing if of.finding), None)
    if first is not None:
        yield from _finding(first, subject)
    yield ""
    with_seed = f" --seed {seed}" if seed else ""
    with_oracle = f" --oracle {oracle}" if oracle != "torch" else ""
    yield f"see both traces: torchstone show {outcome.case} --subject {shlex.quote(subject)}{with_seed}{with_oracle}"


def describe_program(program: Program, verdict: Verdict, subject: str) -> str:
    """The first difference, and the program that shows it."""
    return "\n".join([*_first_difference(verdict, subject), "", "the program:", "", *_indented(program)])


def _finding(level: LevelOutcome, subject: str) -> Iterator[str]:
    assert level.finding is not None
    yield from _first_difference(level.finding.verdict, subject)
    yield ""
    yield "the smallest program that shows it:"
    yield ""
    yield from _indented(level.finding.program)


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
