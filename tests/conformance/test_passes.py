"""Programs about the engine: random graphs, and ways to ask for gradients."""

import pytest

from conformance.case import Case
from conformance.compose import passes
from conformance.subjects import open_subject
from mutation.pool import drawn

CASES = [one for one in vars(passes).values() if isinstance(one, Case)]


def test_there_is_a_case_for_each_content_and_way_looked_at_always_and_at_the_end() -> None:
    ids = {(case.name.rpartition("_")[0], case.observe) for case in CASES}
    assert len(ids) == len(CASES) == len(passes.CONTENTS) * len(passes.PASSES) * 2


def test_the_programs_of_a_seed_are_the_same() -> None:
    case = CASES[-1]
    assert [one.digest for one in drawn(case, 3, 2)] == [one.digest for one in drawn(case, 3, 2)]


@pytest.mark.parametrize("content", passes.CONTENTS)
def test_most_programs_run_to_their_end(content: str) -> None:
    pytorch = open_subject("torch")
    ended = []
    for case in CASES:
        if case.name.startswith(f"{content}_") and case.observe == "last":
            (program,) = drawn(case, 7, 1)
            trace = pytorch.run(program)
            ended.append(sum(step.outcome == "returned" for step in trace.steps) / len(trace.steps))
    assert sum(ended) / len(ended) > 0.8
