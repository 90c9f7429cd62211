"""Which mutants only take a general way more often, by the conditions alone."""

from __future__ import annotations

import pytest

from mutation.shortcuts import between, reason_for, shortcuts
from mutation.syntax import Edit


@pytest.mark.parametrize(
    ("new", "condition", "off"),
    [
        ("True", "a or b", "True"),
        ("a or b or c", "a or b", "True"),
        ("a or b", "a and b", "True"),
        ("a", "a and b", "True"),
        ("a and b", "a", "False"),
        ("None", "a is b", "False"),
        ("x <= y", "x < y", "True"),
        ("x < y", "x <= y", "False"),
        ("not (a and b)", "not (a or b)", "True"),
        ("a is not b and c", "a is not b", "False"),
        ("c", "a and c", "c"),
        ("a and c and b", "a and c", "c and b"),
    ],
)
def test_a_condition_that_is_off_more_often_is_between(new: str, condition: str, off: str) -> None:
    assert between(new, condition, off)


@pytest.mark.parametrize(
    ("new", "condition", "off"),
    [
        ("False", "a or b", "True"),
        ("a", "a or b", "True"),
        ("a or b", "a and b", "False"),
        ("x < y", "x <= y", "True"),
        ("x >= y", "x < y", "True"),
        ("a is b", "a is not b", "True"),
        ("not a", "not (a and b)", "True"),
        ("a", "a and c", "c"),
        ("f(b, a)", "f(a, b)", "False"),
    ],
)
def test_a_condition_that_is_off_elsewhere_or_seldomer_is_not(new: str, condition: str, off: str) -> None:
    assert not between(new, condition, off)


def test_every_short_cut_stands_in_the_source_and_has_a_reason() -> None:
    for one in shortcuts():
        assert list(one.edits())
        assert one.reason.endswith(".")


def test_a_change_of_a_part_of_a_short_cut_is_recognized_by_where_it_stands() -> None:
    one = next(one for one in shortcuts() if one.off == "True" and " or " in one.condition)
    off = next(iter(one.edits()))
    assert one.reason in reason_for(one.file, off)
    first = one.condition.partition(" or ")[0]
    never = Edit("logic", "", first, "(False)", off.start, off.start + len(first), off.line, off.line)
    assert reason_for(one.file, never) == ""
