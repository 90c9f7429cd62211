"""Programs at which nobody looks until they are over."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

import numtorch
from conformance.case import Case
from conformance.compose import derivatives, unlooked
from conformance.interpreter.interpreter import run
from conformance.program import Program
from conformance.running.sampling import draw
from numtorch.dispatch import pointwise

TWINS = {case.name: case for case in vars(unlooked).values() if isinstance(case, unlooked.Twin)}


def _drawn(case: Case) -> list[Program]:
    found: list[Program] = []
    draw(case.programs(), found.append, seed=1, max_examples=12)
    return found


def test_every_case_that_is_looked_at_after_each_step_has_a_twin() -> None:
    assert [one.case.id for one in TWINS.values()] == [case.id for case in unlooked.every()]
    assert {"accumulation_backward_adds_to_grad", "derivatives_mul_twice"} <= set(TWINS)
    assert len({one.id for one in TWINS.values()}) == len(TWINS) > 2_000


@pytest.mark.parametrize("name", ["accumulation_backward_adds_to_grad", "derivatives_mul_twice"])
def test_a_twin_has_the_programs_of_its_case_looked_at_when_they_are_over(name: str) -> None:
    looked = _drawn(TWINS[name].case)
    assert _drawn(TWINS[name]) == [replace(program, observe="last") for program in looked]


def test_nodes_that_nobody_looks_at_run_as_records(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []
    known = pointwise.run_MulBackward0

    def counted(record, grad, keep):  # type: ignore[no-untyped-def]
        ran.append("record")
        return known(record, grad, keep)

    for name in ("release", "of_record", "apply_tensors"):
        setattr(counted, name, getattr(known, name, None))
    monkeypatch.setattr(pointwise, "run_MulBackward0", counted)
    programs = _drawn(vars(derivatives)["mul_summed"])
    assert {program.observe for program in programs} == {"last"}
    for program in programs:
        run(replace(program, observe="every"), numtorch)
    assert not ran
    for program in programs:
        run(program, numtorch)
    assert ran
