"""How figures are summed up and written."""

from __future__ import annotations

import pytest

from benchmarks.markdown import page, unbroken
from benchmarks.results import Cell, Report, Row, ratios
from benchmarks.words import figure, goal, notes, reference, verdict


def row(median: float | None, target: float | None = 0.5, **fields: object) -> Row:
    """Return a row in which numtorch has this median."""
    return Row("a/b", "a title", target, {"numtorch": Cell(median, median, median)}, **fields)  # type: ignore[arg-type]


def test_a_ratio_is_taken_within_a_round_and_the_median_over_rounds() -> None:
    # The second round was ten times slower for everyone, and counts no more than the others.
    times = {"torch": [1.0, 10.0, 2.0], "numtorch": [0.5, 4.0, 1.2]}
    assert ratios(times, "torch") == {"numtorch": Cell(pytest.approx(0.5), pytest.approx(0.45), pytest.approx(0.55))}


@pytest.mark.parametrize(("median", "word"), [(0.5, "met"), (0.51, "not met"), (None, "not met")])
def test_a_goal_is_met_by_a_figure_that_is_no_larger(median: float | None, word: str) -> None:
    assert verdict(row(median)) == word


def test_a_row_without_a_goal_has_no_verdict() -> None:
    assert verdict(row(0.1, None)) == "–"


def test_a_figure_shows_its_quartiles_where_it_has_any() -> None:
    assert figure(Cell(0.314, 0.302, 0.33)) == ".31 [.30–.33]"
    assert figure(Cell(102.07, 102.07, 102.07)) == "102"
    assert figure(Cell(note="cannot")) == "–"


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(2.5e-6, "s", "2.5 µs"), (0.0314, "s", "31.4 ms"), (3.0, "s", "3 s"), (1165.0, "bytes", "1,165 bytes")],
)
def test_the_reference_has_a_unit(value: float, unit: str, text: str) -> None:
    assert reference(row(1.0, reference=value, unit=unit)) == text


def test_an_absolute_goal_says_its_unit() -> None:
    assert goal(row(102.0, 200.0, base="", unit="bytes")) == "200 bytes"


def test_the_page_says_which_goals_are_not_met() -> None:
    report = Report("2000-01-01", "a machine", {"Python": "3"}, "1 round", [row(0.9)], interrupted=True)
    text = page(report)
    assert "## Goals not met: 1 of 1\n\n- a title: .90, goal .50\n" in text
    assert "interrupted" in text


def test_a_figure_in_a_narrow_column_breaks_before_its_quartiles_alone() -> None:
    assert unbroken(".31 [.30–.33]") == ".31 [.30–\u2060.33]"
    assert unbroken("220 µs") == "220\u00a0µs"


def test_a_reason_is_written_once_with_all_its_rows() -> None:
    rows = [
        Row("a/1", "one", None, {"mygrad": Cell(note="cannot: x")}),
        Row("a/2", "two", None, {"mygrad": Cell(note="cannot: x")}),
    ]
    assert notes(rows) == ["MyGrad cannot: x: one, two."]
