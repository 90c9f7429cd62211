"""Programs of the derivatives of every operator."""

from __future__ import annotations

import pytest

from conformance.case import Case
from conformance.compose import derivatives
from conformance.operators.expressions import expressions
from conformance.operators.variations import variations
from conformance.program import Program
from conformance.running.sampling import draw

CASES = {case.name: case for case in vars(derivatives).values() if isinstance(case, Case)}
SHOWN = {
    "once": ["torch.autograd.grad"],
    "twice": ["create_graph", "requires_grad_", "allow_unused", "torch.complex"],
    "forward": ["make_dual", "unpack_dual"],
    "across": ["make_dual", "torch.autograd.grad", "unpack_dual"],
    "within": ["torch.func.grad", "torch.complex"],
    "summed": ["torch.autograd.grad", "backward", "create_graph"],
}
"""What stands in programs of each way."""


def _drawn(name: str, count: int) -> list[Program]:
    found: list[Program] = []
    draw(CASES[name].programs(), found.append, seed=1, max_examples=count)
    return found


def test_every_operator_has_programs_of_every_way() -> None:
    ways = set(derivatives.AT_A_TIME) - set(derivatives.WRITTEN)
    in_place = {name for name in CASES if name.rpartition("_")[2] in derivatives.WRITTEN}
    assert set(CASES) - in_place == {f"{operator}_{way}" for operator in expressions() for way in ways}
    assert {f"{name}_{way}" for name in ("exp", "addcmul", "lerp_tensor") for way in derivatives.WRITTEN} <= in_place


def test_variations_are_of_known_operators_and_differ_from_their_expressions() -> None:
    for operator, texts in variations().items():
        assert not set(texts) & set(expressions()[operator])


@pytest.mark.parametrize("operator", ["addcmul", "aminmax", "index_put", "linalg_qr", "mse_loss"])
@pytest.mark.parametrize("way", list(SHOWN))
def test_programs_differentiate_in_every_way(operator: str, way: str) -> None:
    texts = [program.to_json().decode() for program in _drawn(f"{operator}_{way}", 30)]
    for shown in SHOWN[way]:
        assert any(shown in text for text in texts), shown


def test_programs_go_through_all_expressions_of_an_operator() -> None:
    texts = " ".join(program.to_json().decode() for program in _drawn("vector_norm_once", 60))
    for one in ('"inf"', '"-inf"', "keepdim", "vector_norm"):
        assert one in texts


def test_not_every_operand_has_a_derivative_in_every_program() -> None:
    counts = {program.to_json().decode().count("requires_grad_") for program in _drawn("addcmul_once", 30)}
    assert len(counts) > 2


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("torch.addcmul(x, y, v, value=2)", "(x).clone().addcmul_(y, v, value=2)"),
        ("x.exp()", "(x).clone().exp_()"),
        ("x - v", "(x).clone().sub_(v)"),
        ("2 * x", ""),
        ("x.sum(1)", ""),
        ("x[0]", ""),
    ],
)
def test_an_expression_has_a_form_in_place_if_its_outermost_operator_has(text: str, written: str) -> None:
    assert derivatives.in_place(text) == written


def test_tangents_of_what_is_written_in_place_are_asked_for() -> None:
    texts = [program.to_json().decode() for program in _drawn("addcmul_over", 30)]
    assert all("addcmul_" in text and "make_dual" in text for text in texts)
    assert 0 < sum("torch.autograd.grad" in text for text in texts) < len(texts)
