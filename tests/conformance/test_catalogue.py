"""The catalogue keeps its own rules: what a case may say, and how it says it."""

import ast
import re

from conformance.behaviours import behaviours, covering
from conformance.cases import catalogue

CASES = list(catalogue().values())


def test_no_sentence_is_said_twice():
    said: dict[str, list[str]] = {}
    for case in CASES:
        said.setdefault(case.sentence, []).append(case.id)
    assert {sentence: ids for sentence, ids in said.items() if len(ids) > 1} == {}


def test_sentences_fit_on_a_line_of_the_report():
    assert [case.id for case in CASES if not re.fullmatch(r"[^\n]{1,98}\.", case.sentence)] == []


def test_sentences_say_what_is_true():
    forbidden = re.compile(r"\b(should|must work|will|tests?|checks? that)\b", re.IGNORECASE)
    assert [case.id for case in CASES if forbidden.search(case.sentence)] == []


def test_names_are_words():
    assert [case.id for case in CASES if not re.fullmatch(r"[a-z]+(_[a-z]+)*/[a-z0-9]+(_[a-z0-9]+)*", case.id)] == []


def test_cases_cover_behaviours_that_exist():
    assert {case.id: unknown for case in CASES if (unknown := set(case.covers) - set(behaviours()))} == {}


def test_cases_assert_nothing():
    asserting = [case.id for case in CASES if any(isinstance(n, ast.Assert) for n in ast.walk(ast.parse(case.source)))]
    assert asserting == []


LATER: dict[str, set[str]] = {}
"""Behaviours that no case shows yet, by their group. A case that shows one takes it off this list."""


def test_every_behaviour_has_a_case_or_is_named_here():
    missing = {behaviour.id for behaviour, cases in covering(CASES).items() if not cases}
    assert missing == set().union(*LATER.values())
