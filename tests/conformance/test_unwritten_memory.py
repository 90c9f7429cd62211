"""No recorded program shows memory that nobody wrote to: what stands there is another thing in each run.

PyTorch can fill such memory (`torch.utils.deterministic.fill_uninitialized_memory`); what a program then shows besides is what
it read of it. Rejected: to run each program twice and compare. Fresh memory is most often zeros, both times.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

import pytest
import torch

from conformance.judging.judge import judge
from conformance.program import Program
from conformance.recorded.corpus import Corpus
from conformance.recorded.shipped import SHIPPED
from conformance.recorder import record
from conformance.subjects import oracle
from conformance.trace import Trace

CORPUS = Corpus(SHIPPED)
PROGRAMS = 2
"""Of each case."""


@contextmanager
def memory_filled(fills: bool) -> Iterator[None]:
    """With nan, or the largest number of a type, wherever PyTorch hands out memory as it is; or not, but deterministic too."""
    before = torch.utils.deterministic.fill_uninitialized_memory
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.utils.deterministic.fill_uninitialized_memory = fills
    try:
        yield
    finally:
        torch.utils.deterministic.fill_uninitialized_memory = before
        torch.use_deterministic_algorithms(False)


def run(program: Program, fills: bool) -> Trace:
    with memory_filled(fills):
        return oracle().run(program)


def shown_of_it(program: Program) -> list[str]:
    """The differences that filling makes, but for versions: to fill counts as a write, which some programs read as a number."""
    filled, plain = run(program, True), run(program, False)
    if filled.to_json() == plain.to_json():
        return []
    verdict = judge(program, filled, plain, oracle())
    if verdict.status == "INCONCLUSIVE":  # PyTorch is asked again, and answers otherwise
        return [verdict.reason]
    return [str(one) for one in verdict.differences if one.facet != "version" and not one.oracle.isdigit()]


PARTS = [
    cases for part in CORPUS.head.parts if (cases := [case for case in part.cases if not case.startswith("random/")])
]


@pytest.mark.parametrize("cases", PARTS, ids=lambda cases: cases[0])
def test_no_case_shows_memory_that_nobody_wrote_to(cases: list[str]) -> None:
    programs = ((case, one.program) for case in cases for one in islice(CORPUS.programs(case), PROGRAMS))
    assert {case: shown for case, program in programs if (shown := shown_of_it(program))} == {}


def sum_of_empty(torch: Any) -> None:
    torch.empty(3).sum()


def resized(torch: Any) -> None:
    torch.ones(2).resize_(3)


def empty_of_integers(torch: Any) -> None:
    torch.empty(3, dtype=torch.int64) * 2


@pytest.mark.parametrize("body", [sum_of_empty, resized, empty_of_integers])
def test_a_program_that_does_is_told(body: Callable[..., None]) -> None:
    assert shown_of_it(record(body, {}))


def test_that_filling_counts_as_a_write_tells_nothing() -> None:
    def body(torch: Any) -> None:
        x = torch.ones(3, requires_grad=True)
        x.sort().values.sum().backward()

    program = record(body, {})
    assert run(program, True).to_json() != run(program, False).to_json()
    assert shown_of_it(program) == []
