"""Programs of the derivatives of every operator."""

from __future__ import annotations

import pytest

from conformance.case import Case
from conformance.compose import derivatives
from conformance.operators.expressions import expressions
from conformance.program import Program
from conformance.sampling import draw

CASES = {case.name: case for case in vars(derivatives).values() if isinstance(case, Case)}


def _drawn(operator: str, count: int) -> list[Program]:
    found: list[Program] = []
    draw(CASES[operator].programs(), found.append, seed=1, max_examples=count)
    return found


def test_every_operator_has_programs() -> None:
    assert set(CASES) == set(expressions())


@pytest.mark.parametrize("operator", ["addcmul", "aminmax", "index_put", "linalg_qr", "mse_loss"])
def test_programs_differentiate_in_every_way(operator: str) -> None:
    texts = [program.to_json().decode() for program in _drawn(operator, 40)]
    for way in ("torch.autograd.backward", "torch.autograd.grad", "make_dual", "torch.complex"):
        assert any(way in text for text in texts)


def test_second_derivatives_are_named_so_that_they_are_looked_at() -> None:
    twice = [program for program in _drawn("mul", 30) if "create_graph" in program.to_json().decode()]
    assert twice
    assert all('"kind":"unpack"' in program.to_json().decode() for program in twice)
