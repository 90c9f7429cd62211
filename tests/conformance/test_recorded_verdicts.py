"""A verdict from the corpus in the package is the one that PyTorch gives: of numtorch, and of numtorch with faults planted."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import islice
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
from conformance.subjects import Process, Subject, SubjectError
from mutation.faults import faults
from mutation.planting import write_copy

pytest.importorskip("torch")

SAMPLE = 320

FAULTS = (
    "mul-saves-the-wrong-factor",
    "sub-keeps-the-sign",
    "accumulate-overwrites",
)
"""Faults of numbers: what is not a number is compared without asking how sure anybody is."""


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


def test_a_trace_that_is_not_read_has_the_verdict_of_one_that_is(subjects: dict[str, Process]) -> None:
    recorded, clock = Recorded(Corpus(SHIPPED)), Clock()
    seen: Counter[tuple[str, str]] = Counter()
    not_read = 0
    for program in islice(sample(recorded), 0, None, 2):
        known = said(program, recorded, clock)
        for name, subject in subjects.items():
            read = answer(subject, program)
            whole = read if isinstance(read, Verdict) else judge(program, known.trace, read, recorded, ())
            found = both(program, known, recorded, subject, judge, (), clock)
            assert found.verdict == whole, (name, program)
            if not isinstance(read, Verdict):
                assert found.subject == read
            seen[name, whole.status] += 1
            not_read += found.by_subject is known
    assert all(seen[name, "FAIL"] for name in FAULTS), seen
    assert not_read > 0.6 * sum(seen.values())


def test_verdicts_are_those_of_pytorch(subjects: dict[str, Process]) -> None:
    recorded = Recorded(Corpus(SHIPPED))
    # Each in a process of its own: with other roundings PyTorch does not always survive.
    child = [sys.executable, "-m", "conformance.subjects.child", "torch"]
    live: Subject = Process(child)
    seen: Counter[tuple[str, str]] = Counter()
    other = []
    for program in sample(recorded):
        known, now = recorded.run(program), live.run(program)
        for name, subject in subjects.items():
            try:
                answer = subject.run(program)
            except SubjectError:
                continue
            one, two = judge(program, now, answer, live), judge(program, known, answer, recorded)
            seen[name, one.status] += 1
            if told(one) != told(two):
                other.append((name, program.digest, told(one), told(two), one.reason or (one.first and one.first.note)))
    live.close()
    print(dict(seen), *other, sep="\n")
    asked = sum(count for (name, _), count in seen.items() if name == "numtorch")
    assert asked > 0.8 * SAMPLE
    assert seen["numtorch", "PASS"] > 0.95 * asked
    assert all(seen[name, "FAIL"] for name in FAULTS), seen
    # What is off by almost exactly what is allowed may be let pass: sizes are written rounded up. One in a thousand is.
    assert len(other) <= sum(seen.values()) // 1000, other
