"""What every case of the catalogue keeps to, and the scripts of its programs."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest
from hypothesis import Phase, given, seed, settings

from conformance.case import Case
from conformance.cases import catalogue
from conformance.program import Program
from conformance.render import lines
from tests.conformance.same_script import assert_script_does_the_same

CATALOGUE = catalogue()
EXAMPLES = 2


def drawn(case: Case) -> list[Program]:
    """The programs of a case that Hypothesis draws first."""
    programs: list[Program] = []

    @seed(0)
    @given(case.programs())
    @settings(max_examples=EXAMPLES, phases=[Phase.generate], database=None, deadline=None)
    def draw(program: Program) -> None:
        programs.append(program)

    draw()
    return programs


def wrong_in(sentence: str) -> Iterator[str]:
    """What a sentence is not: in one line of a report, so under 100 characters; a fact, so neither a wish nor about a test."""
    if not sentence:
        yield "there is none: the docstring is the sentence that reports show"
    if "\n" in sentence or len(sentence) >= 100:
        yield "it is too long"
    if not sentence.endswith("."):
        yield "it does not end"
    yield from FORBIDDEN & set(sentence.lower().split())


FORBIDDEN = {"should", "must", "will", "tests", "test", "checks", "verify", "verifies", "ensure"}


def test_a_sentence_says_what_is_true() -> None:
    assert {id_: wrong for id_, case in CATALOGUE.items() if (wrong := [*wrong_in(case.sentence)])} == {}


def not_known_in(source: str) -> Iterator[str]:
    """What a body may not say. What a program shows is compared in full, so there is nothing to assert. `is` on a symbol is
    never true and never refused: Python does not say that it was asked."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Assert):
            yield f"line {node.lineno}: assert"
        if isinstance(node, ast.Compare) and any(isinstance(op, ast.Is | ast.IsNot) for op in node.ops):
            yield f"line {node.lineno}: is"


def test_a_body_neither_asserts_nor_asks_what_is_not_known() -> None:
    assert {id_: said for id_, case in CATALOGUE.items() if (said := [*not_known_in(case.source)])} == {}


# One test and not one for each of these: to draw the programs takes longer than all that is asked of them.
@pytest.mark.parametrize("case", CATALOGUE.values(), ids=CATALOGUE.keys())
def test_its_programs_are_valid_and_its_script_does_what_they_do(case: Case) -> None:
    programs = drawn(case)
    assert programs
    for program in programs:
        program.validate()
        assert program.steps
    last = programs[-1]  # not the first, which is the simplest there is
    assert {index for index, line in lines(last) if line} == set(range(len(last.steps))), "a step has no line"
    assert_script_does_the_same(last)
