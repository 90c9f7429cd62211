"""A verdict from the corpus in the package is the one that PyTorch gives: of numtorch, and of numtorch with faults planted."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.judging.judge import judge
from conformance.judging.verdict import Verdict
from conformance.program import Program
from conformance.recorded.corpus import Corpus
from conformance.recorded.oracle import Recorded
from conformance.recorded.shipped import SHIPPED
from conformance.running.answering import answer, both, said
from conformance.running.timing import Clock
from conformance.subjects import Process, Subject
from mutation.faults import faults
from mutation.planting import write_copy

pytest.importorskip("torch")

SAMPLE = 240

FAULTS = ("seed-is-ignored", "accumulate-overwrites")
"""Faults of numbers that many programs show: what is not a number is compared without asking how sure anybody is."""


def numtorch(*in_front: Path) -> Process:
    paths = [*map(str, in_front), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
    return Process([sys.executable, "-m", "conformance.subjects.child", "numtorch"], environment=environment)


@pytest.fixture(scope="module")
def subjects(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Process]]:
    planted = {fault.name: fault for fault in faults() if fault.name in FAULTS}
    opened = {"numtorch": numtorch()}
    for name in FAULTS:
        opened[name] = numtorch(write_copy(planted[name].texts(), tmp_path_factory.mktemp(name)))
    yield opened
    for subject in opened.values():
        subject.close()


def sample(recorded: Recorded) -> Iterator[Program]:
    """Programs of all cases alike, every so-manieth of the random ones."""
    ids = list(recorded.corpus.cases)
    cases = [id for id in ids if not id.startswith("random/")]
    for case in cases[:: max(1, len(cases) // (SAMPLE // 4))]:
        yield list(recorded.programs(case))[-1]
    rest = [id for id in ids if id.startswith("random/")]
    each = 3 * SAMPLE // 4 // len(rest)
    for case in rest:
        programs = list(recorded.programs(case))
        yield from programs[:: max(1, len(programs) // each)]


def told(verdict: Verdict) -> Any:
    # Of one step they are listed in the order of its names, which a file has sorted.
    return verdict.status, sorted((one.step, one.facet, one.name) for one in verdict.differences)


def test_verdicts_are_those_of_pytorch_whether_a_trace_is_read_or_not(subjects: dict[str, Process]) -> None:
    # One test: each answer is had once, and subjects with faults are made once.
    recorded, clock = Recorded(Corpus(SHIPPED)), Clock()
    # In a process of its own: with other roundings PyTorch does not always survive.
    live: Subject = Process([sys.executable, "-m", "conformance.subjects.child", "torch"])
    seen: Counter[tuple[str, str]] = Counter()
    other = []
    told_unread = not_read = 0
    for number, program in enumerate(sample(recorded)):
        known, now = said(program, recorded, clock), live.run(program)
        for name, subject in subjects.items():
            read = answer(subject, program)
            whole = read if isinstance(read, Verdict) else judge(program, known.trace, read, recorded, ())
            if number % 2 == 0:
                found = both(program, known, recorded, subject, judge, (), clock)
                assert found.verdict == whole, (name, program)
                if not isinstance(read, Verdict):
                    assert found.subject == read
                told_unread += 1
                not_read += found.by_subject is known
            if isinstance(read, Verdict):
                continue
            one = judge(program, now, read, live)
            seen[name, one.status] += 1
            if told(one) != told(whole):
                why = one.reason or (one.first and one.first.note)
                other.append((name, program.digest, told(one), told(whole), why))
    live.close()
    print(dict(seen), *other, sep="\n")
    asked = sum(count for (name, _), count in seen.items() if name == "numtorch")
    assert asked > 0.8 * SAMPLE
    assert seen["numtorch", "PASS"] > 0.95 * asked
    assert all(seen[name, "FAIL"] for name in FAULTS), seen
    assert not_read > 0.6 * told_unread
    # What is off by almost exactly what is allowed may be let pass: sizes are written rounded up. One in a thousand is.
    assert len(other) <= sum(seen.values()) // 1000, other
