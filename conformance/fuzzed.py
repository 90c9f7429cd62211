"""The cases and the random programs as ordinary Hypothesis tests: for HypoFuzz, and for whoever has a tool that runs those.

    TORCHSTONE_SUBJECT=mylib hypothesis fuzz -- --pyargs conformance.fuzzed
    pytest --pyargs conformance.fuzzed -k random_programs

HypoFuzz watches which lines of the subject a program reaches and goes on from those that reach new ones, so the subject runs in
the process of the test. `torchstone run` and `torchstone fuzz` say more about what they find; this finds by other means.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import cache

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy

from conformance.cases import catalogue
from conformance.compose import random_programs
from conformance.judging.judge import judge
from conformance.program import Program
from conformance.running.failure import describe_program
from conformance.running.session import all_cases, import_from_here
from conformance.subjects import Subject, open_subject, oracle

SUBJECT = os.environ.get("TORCHSTONE_SUBJECT", "numtorch")
"""What is tested; --subject is torchstone's own, and HypoFuzz has no such option."""


SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
"""What is no mistake of these tests. (HypoFuzz passes over tests that suppress all.)"""


PHASES = [phase for phase in Phase if phase is not Phase.explain]
"""What Hypothesis does. To explain a failure it would watch every line of the whole test, which then takes twice as long; and
it could say which arguments matter, where there is one."""


@cache
def _sides() -> tuple[Subject, Subject]:
    import_from_here()
    return oracle(), open_subject(SUBJECT, isolate=False)


def agrees(program: Program) -> None:
    """Raises an AssertionError if the subject does not do what the oracle does, and says what is different."""
    right, subject = _sides()
    verdict = judge(program, right.run(program), subject.run(program), right, subject.describe().facets)
    assert verdict.status != "FAIL", describe_program(program, verdict, SUBJECT)


def _test(name: str, strategy: SearchStrategy[Program]) -> Callable[[], None]:
    def test(program: Program) -> None:
        agrees(program)

    test.__name__ = test.__qualname__ = f"test_{name}"
    # Where CI is set Hypothesis draws the same in every run, and HypoFuzz passes over tests that do.
    drawn = settings(deadline=None, derandomize=False, suppress_health_check=SLOW, phases=PHASES)
    made: Callable[[], None] = drawn(given(strategy)(test))
    # All tests are this one function: what Hypothesis keeps of each has to stand under a key of its own.
    made.hypothesis.inner_test._hypothesis_internal_add_digest = name.encode()  # type: ignore[attr-defined]
    return made


test_random_programs = _test("random_programs", random_programs())

globals().update(
    {f"test_{case.id.replace('/', '_')}": _test(case.id.replace("/", "_"), case.programs()) for case in all_cases(())}
)

_detection = sys.modules.get("hypofuzz.detection")
if _detection is not None and _detection.in_hypofuzz_run():
    # HypoFuzz gives up if none of its processes has run a test a minute after they began, and it watches every line from the
    # first one on, those of PyTorch's import as well. So what programs need is imported here: its processes are copies of this
    # one. Whether they agree on it is for its test to say.
    with suppress(AssertionError):
        agrees(catalogue()["accumulation/backward_adds_to_grad"].example(seed=0))
