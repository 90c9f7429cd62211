"""Behind numbers that nobody is blamed for: what hangs on them blames nobody, either, and what does not is a difference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from msgspec import UNSET

from conformance.journal import Description
from conformance.judging.following import followed
from conformance.judging.judge import judge
from conformance.judging.verdict import Verdict
from conformance.program import Program
from conformance.subjects import SubjectCrashed, oracle
from conformance.subjects.base import Subject
from conformance.trace import Array, Trace
from tests.conformance.small_programs import bind, call, leaf, method, op, program, tensor
from tests.conformance.test_compare import with_change

pytest.importorskip("torch")

STEEP = program(bind("x", tensor([0.1])), op("mul", "$x", 30.000006, out="y"), call("torch.frac", "$y", out="z"))
"""y is 3.0000005, and is accepted from 2.9999995 on; other roundings move it no further than the next number."""


def array(value: Any) -> Array:
    numbers = np.asarray(value, "float32")
    return Array("float32", numbers.shape, numbers.tobytes())


def verdict(of: Program, answers: dict[tuple[int, str], Any], judge_of: Subject | None = None) -> Verdict:
    """What is said of a subject that has these numbers in these places, and elsewhere the oracle's own."""
    single = oracle().run(of)
    for number, seen in enumerate(single.steps):  # of other numbers the texts are other ones
        for name in seen.changes:
            single = with_change(single, number, name, repr=UNSET)
    changed = single
    for (step, name), value in answers.items():
        changed = with_change(changed, step, name, value=array(value))
    return judge(of, single, changed, judge_of or oracle())


def test_a_jump_that_the_subject_s_own_operand_is_behind_blames_nobody() -> None:
    below = np.nextafter(np.float32(3.0), np.float32(0.0))
    found = verdict(STEEP, {(1, "y"): [below], (2, "z"): [below - 2]})
    assert (found.status, found.at) == ("INCONCLUSIVE", 2)
    assert "goes on from the subject's numbers" in found.reason


def test_without_such_an_operand_it_is_a_difference() -> None:
    below = np.nextafter(np.float32(3.0), np.float32(0.0))
    assert verdict(STEEP, {(2, "z"): [below - 2]}).status == "FAIL"


def test_another_number_than_the_operand_s_is_one_too() -> None:
    below = np.nextafter(np.float32(3.0), np.float32(0.0))
    assert verdict(STEEP, {(1, "y"): [below], (2, "z"): [0.5]}).status == "FAIL"


def test_so_are_numbers_that_are_wrong_whatever_follows_from_them() -> None:
    found = verdict(STEEP, {(1, "y"): [2.5], (2, "z"): [0.5]})
    assert (found.status, found.differences[0].name) == ("FAIL", "y")


def test_gradients_elements_of_tuples_and_what_changes_later_are_followed() -> None:
    of = program(
        *leaf("x", [0.1, 3.0]),
        call("torch.unbind", "$x", out="parts"),
        op("mul", "$x", "$x", out="y"),
        method("$y", "sum", out="s"),
        method("$s", "backward"),
        method("$x", "sum", out="t"),
    )
    single = oracle().run(of)
    changed = with_change(single, 5, "x.grad", value=array([0.25, 6.0]))
    changed = with_change(changed, 2, "parts[0]", value=array(0.10000001))
    found = followed(of, single, changed, 6)
    assert found is not None
    trace = oracle().run(found.program)
    writes = [trace.steps[number] for number in sorted(found.inserted)]
    assert [(list(one.changes), one.outcome) for one in writes] == [
        (["x", "parts[0]"], "returned"),
        (["x.grad"], "returned"),
    ]
    assert followed(of, single, changed, 2) is None


def test_what_cannot_be_written_to_stays_as_it_is() -> None:
    of = program(
        bind("x", tensor([0.1])),
        method("$x", "expand", 2, out="y"),
        method("$y", "sum", out="s"),
    )
    single = oracle().run(of)
    found = followed(of, single, with_change(single, 1, "y", value=array([0.2, 0.3])), 2)
    assert found is not None
    trace = oracle().run(found.program)
    assert [step.outcome for step in trace.steps] == ["returned"] * 4
    aligned = found.aligned(single, trace)
    assert aligned.steps == trace.steps


# ------------------------------------------------------------------------------------------- replays that do not come back


class Dying:
    """The oracle, whose process ends wherever roundings are to be others."""

    def __init__(self) -> None:
        self.alive = oracle()

    def run(self, program: Program) -> Trace:
        if any(getattr(getattr(step, "function", None), "path", "") == "conformance.rounded" for step in program.steps):
            raise SubjectCrashed(-11)
        return self.alive.run(program)

    def describe(self) -> Description:
        return self.alive.describe()

    def close(self) -> None:
        self.alive.close()


def test_where_no_replay_with_other_roundings_comes_back_nobody_is_blamed_for_a_rounding() -> None:
    of = program(bind("x", tensor([0.1, 0.2])), op("mul", "$x", 3.3, out="y"), call("torch.sin", "$y", out="z"))
    off = {(2, "z"): [0.33, 0.62]}
    assert verdict(of, off).status == "FAIL"
    found = verdict(of, off, Dying())
    assert found.status == "INCONCLUSIVE"
    assert "no replay with other roundings" in found.reason
