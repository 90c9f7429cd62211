"""The cases that the table of operators makes: one a row, which says all there is to say of it."""

import random
from collections import Counter

import pytest

from conformance.cases import catalogue
from conformance.compose.alone import BLOCK, OperatorCase, alone
from conformance.operators import TABLE, Operator
from conformance.program import Bind, Call, Global, Method, Operator as Symbol, Program, Step, TensorLiteral

ROWS = list(TABLE.values())


def drawn(row: Operator, count: int = 60) -> list[Program]:
    return [alone(row, random.Random(number).randbytes(BLOCK)) for number in range(count)]


def test_every_row_has_its_case() -> None:
    found = {case.row.name for case in catalogue().values() if isinstance(case, OperatorCase)}
    assert found == set(TABLE)


@pytest.mark.parametrize("row", ROWS, ids=TABLE)
def test_its_programs_are_valid_and_say_every_form(row: Operator) -> None:
    said: set[str] = set()
    for program in drawn(row):
        program.validate()
        for step in program.steps:
            match step:
                case Call(function=Global(path=path)):
                    said.add(path)
                case Method(name=name) | Symbol(operator=name):
                    said.add(name)
    assert {row.form(form) for form in row.forms} <= said


@pytest.mark.parametrize(
    "row", [row for row in ROWS if row.differentiable and not row.by_values], ids=lambda row: row.name
)
def test_its_derivatives_are_asked_for_in_every_way(row: Operator) -> None:
    asked: Counter[str] = Counter()
    for program in drawn(row, 100):
        for step in program.steps:
            match step:
                case Method(name="backward"):
                    asked["backward"] += 1
                case Call(function=Global(path=path)):
                    asked[path.rpartition(".")[2]] += 1
    assert asked["backward"]
    if row.forms != ("inplace",) and row.kind != "comparison":
        assert asked["grad"] or row.without("second")
        assert asked["unpack_dual"] or row.without("tangent")


@pytest.mark.parametrize("name", ["add", "mul", "matmul", "exp", "permute", "sum"])
def test_an_engine_of_the_first_order_can_run_a_third_of_them(name: str) -> None:
    """Floating-point tensors, `requires_grad_`, the operator in a form that writes nothing, and one backward."""
    row = TABLE[name]
    usual = {row.function, row.method, row.symbol, "requires_grad_", "sum", "backward"}
    plain = 0
    for program in drawn(row, 100):
        literals = [step.value for step in program.steps if isinstance(step, Bind)]
        said = [said_by(step) for step in program.steps if not isinstance(step, Bind)]
        floating = all(isinstance(one, TensorLiteral) and one.dtype in ("float32", "float64") for one in literals)
        plain += floating and "backward" in said and set(said) <= usual
    assert plain >= 25


def said_by(step: Step) -> str:
    match step:
        case Call(function=Global(path=name)) | Method(name=name) | Symbol(operator=name):
            return name
    return type(step).__name__


def test_the_kinks_of_an_operator_are_among_its_operands() -> None:
    zero = bytes(4)
    assert any(zero in step.value.data for program in drawn(TABLE["sqrt"]) for step in program.steps[:1])  # type: ignore[union-attr]


def test_a_case_is_what_its_bytes_are() -> None:
    case = catalogue()["operators/addcmul"]
    assert case.record(b"abc" * 8) == case.record(b"abc" * 8)
    assert case.source.startswith("import torch")
