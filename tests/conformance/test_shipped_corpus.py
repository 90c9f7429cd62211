"""The corpus in the package: whole, small enough, and of this catalogue."""

from __future__ import annotations

import warnings

import pytest

from conformance.recorded.corpus import Corpus
from conformance.recorded.lines import sureness
from conformance.recorded.oracle import Recorded
from conformance.recorded.shipped import SHIPPED
from conformance.running.session import all_cases

LARGEST = 8_000_000
"""Bytes. Whoever installs torchstone downloads it, and git keeps every version of it."""


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return Corpus(SHIPPED)


def test_it_is_small_enough() -> None:
    assert SHIPPED.stat().st_size <= LARGEST


def test_it_holds_20_000_random_programs_and_some_of_each_case(corpus: Corpus) -> None:
    # By their digests: two that are equal are run once.
    counts = {case: len({one.program.digest for one in corpus.programs(case)}) for case in corpus.cases}
    assert sum(count for case, count in counts.items() if case.startswith("random/")) == 20_000
    assert all(counts.get(case.id) for case in all_cases() if not case.by_processor)


def test_it_holds_nothing_that_hangs_on_the_processor(corpus: Corpus) -> None:
    # Such a case failed for whoever had AVX-512, which the machine that recorded it had not.
    left_out = {case.id for case in all_cases() if case.by_processor}
    assert left_out
    assert not left_out & set(corpus.cases)


def test_no_case_of_the_catalogue_is_missing_in_it(corpus: Corpus) -> None:
    if corpus.changes:
        warnings.warn(corpus.stale(), stacklevel=1)
    assert not corpus.changes.missing, corpus.stale()


def test_its_lines_can_be_read(corpus: Corpus) -> None:
    recorded = Recorded(corpus)
    for case in list(corpus.cases)[::50]:
        for program, line in zip(recorded.programs(case), corpus.programs(case), strict=True):
            assert len(recorded.run(program).steps) == len(program.steps)
            sureness.decode(line.sureness)
