"""What a run comes to, in programs: the figures by which several implementations are told of in one table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from conformance import journal
from conformance.recorded.lines import RANDOM
from conformance.report.model import title


@dataclass(frozen=True)
class Figures:
    """What a run comes to, in programs."""

    title: str
    counts: dict[str, int]
    """By status."""
    programs: int
    random: int
    """How many of them were random ones of a corpus."""
    cases: int
    without: int
    """Cases that were not run, because the subject says that it lacks what they require."""
    lost: int
    """Programs that were begun and of which nothing is said."""
    seconds: float
    part: str
    """Which part of the whole this is, if it is not all."""


def figures(path: Path) -> Figures:
    """The figures of a run. Raises a RunFileError."""
    run = journal.read(path, programs=False)
    outcomes = run.outcomes.values()
    counts: Counter[str] = Counter()
    for outcome in outcomes:
        counts.update(outcome.counts)
    begun, judged = journal.programs_and_verdicts(path)
    return Figures(
        title=title(run.header.subject),
        counts=counts,
        programs=sum(outcome.programs for outcome in outcomes),
        random=sum(outcome.programs for outcome in outcomes if outcome.case.startswith(f"{RANDOM}/")),
        cases=len(run.outcomes),
        without=sum(not outcome.programs for outcome in outcomes),
        lost=begun - judged,
        seconds=run.footer.seconds if run.footer else 0.0,
        part=run.header.shard,
    )


COLUMNS = ("implementation", "cases", "lacking", "programs", "random", "pass", "fail", "crash") + (
    ("unsupported", "unsure", "lost", "seconds")
)
"""Lacking are cases; crash is those that time out as well, and unsure what nobody can say: INCONCLUSIVE and BLOCKED."""


def rows(found: Sequence[Figures]) -> Iterator[tuple[str, ...]]:
    """The figures as cells, a row each, under `COLUMNS`."""
    for each in found:
        count = each.counts.get
        numbers = (
            *(each.cases, each.without, each.programs, each.random, count("PASS", 0), count("FAIL", 0)),
            count("CRASH", 0) + count("TIMEOUT", 0),
            count("UNSUPPORTED", 0),
            count("INCONCLUSIVE", 0) + count("BLOCKED", 0),
            *(each.lost, round(each.seconds)),
        )
        yield (f"{each.title} ({each.part})" if each.part else each.title, *(f"{number:,}" for number in numbers))


def markdown(found: Sequence[Figures]) -> str:
    """The figures as a table of Markdown."""
    lines = [COLUMNS, ("---", *["---:"] * (len(COLUMNS) - 1)), *rows(found)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
