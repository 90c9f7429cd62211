"""What every case of the catalogue keeps to, and the scripts of its programs."""

from __future__ import annotations

import ast

import pytest
from hypothesis import Phase, given, seed, settings

from conformance.case import Case
from conformance.cases import catalogue
from conformance.program import Program
from conformance.render import lines
from tests.conformance.same_script import assert_script_does_the_same

CATALOGUE = catalogue()
EXAMPLES = 5


# Of the module: so all that is asked of a case is asked at once, and its programs are drawn once and not kept.
@pytest.fixture(scope="module", params=CATALOGUE.values(), ids=CATALOGUE.keys())
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    return found


@pytest.fixture(scope="module")
def programs(case: Case) -> list[Program]:
    """Those of a case that Hypothesis draws first. To record them is a test: a case can be drawn, and raises nothing."""
    drawn: list[Program] = []

    @seed(0)
    @given(case.programs())
    @settings(max_examples=EXAMPLES, phases=[Phase.generate], database=None, deadline=None)
    def draw(program: Program) -> None:
        drawn.append(program)

    draw()
    return drawn


def test_a_sentence_says_what_is_true(case: Case) -> None:
    # In one line of a report, so under 100 characters; as a fact, so neither a wish nor the description of a test.
    sentence = case.sentence
    assert sentence, "the docstring is the sentence that reports show"
    assert "\n" not in sentence
    assert len(sentence) < 100
    assert sentence.endswith(".")
    words = sentence.lower().split()
    assert not {"should", "must", "will", "tests", "test", "checks", "verify", "verifies", "ensure"} & set(words)


def test_a_body_neither_asserts_nor_asks_what_is_not_known(case: Case) -> None:
    # What a program shows is compared in full, so there is nothing to assert. `is` on a symbol is never true and never
    # refused: Python does not say that it was asked.
    for node in ast.walk(ast.parse(case.source)):
        assert not isinstance(node, ast.Assert), f"line {node.lineno}: assert"
        if isinstance(node, ast.Compare):
            assert not any(isinstance(op, ast.Is | ast.IsNot) for op in node.ops), f"line {node.lineno}: is"


def test_its_programs_are_valid(programs: list[Program]) -> None:
    assert programs
    for program in programs:
        program.validate()
        assert program.steps


def test_every_step_has_a_line(programs: list[Program]) -> None:
    program = programs[-1]
    shown = {index for index, line in lines(program) if line}
    assert shown == set(range(len(program.steps)))


def test_its_script_does_what_its_program_does(programs: list[Program]) -> None:
    assert_script_does_the_same(programs[-1])  # not the first, which is the simplest there is
