"""Every workload computes the same in every engine that can do it; sizes are tiny, and nothing here is timed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmarks.engines import REFERENCE, load
from benchmarks.equality import ResultsDiffer, check_equal, results
from benchmarks.results import Cell, Report, Row
from benchmarks.suite import Plan, Suite
from benchmarks.timed import prepare
from benchmarks.workload import Engine, Unsupported, Workload
from benchmarks.workloads import every

pytest.importorskip("torch", reason="the reference is PyTorch")

WORKLOADS = {workload.id: workload for workload in every(tiny=True)}
ENGINES, MISSING = load()


@pytest.mark.parametrize("id", WORKLOADS)
@pytest.mark.parametrize("name", ["numtorch", "mygrad", "autograd"])
def test_an_engine_computes_what_pytorch_does(id: str, name: str) -> None:
    if name in MISSING:
        pytest.skip(MISSING[name])
    workload = WORKLOADS[id]
    try:
        check_equal(workload, ENGINES[name], results(workload, ENGINES[REFERENCE]), REFERENCE)
    except Unsupported as reason:
        if name == "numtorch":
            raise
        pytest.skip(str(reason))


class Doubling:
    """An engine that computes twice what PyTorch does."""

    name, version, keeps_dtype = "doubling", "0", True

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.step = engine.step

    def to_numpy(self, value: Any) -> Any:
        return 2 * self.engine.to_numpy(value)


@pytest.mark.parametrize("id", [id for id, workload in WORKLOADS.items() if workload.mode != "free"])
def test_an_engine_that_computes_something_else_is_found_out(id: str) -> None:
    workload, torch = WORKLOADS[id], ENGINES[REFERENCE]
    with pytest.raises(ResultsDiffer, match="doubling and torch computed different things"):
        check_equal(workload, Doubling(torch), results(workload, torch), REFERENCE)


def test_an_engine_that_computes_something_else_is_not_timed() -> None:
    torch = ENGINES[REFERENCE]
    workload = WORKLOADS["small/backward"]
    steps, cells, differing = prepare(workload, {REFERENCE: torch, "doubling": Doubling(torch)})
    assert list(steps) == [REFERENCE]
    assert cells == {"doubling": Cell(note="computes something else")}
    assert "small/backward: doubling" in differing[0]


def test_ids_and_titles_are_unique() -> None:
    workloads: list[Workload] = every()
    assert len({workload.id for workload in workloads}) == len(workloads)
    assert len({workload.title for workload in workloads}) == len(workloads)


def test_arrays_are_the_same_in_every_run() -> None:
    workload = WORKLOADS["training/mlp-32"]
    for first, second in zip(workload.arrays(), workload.arrays(), strict=True):
        for a, b in zip(first, second, strict=True):
            np.testing.assert_array_equal(a, b)


def test_a_selection_of_words_narrows_the_run() -> None:
    titles = [title for title, _ in Suite(Plan(quick=True, tiny=True, selection="chain 1e6")).items()]
    assert titles == ["elementwise chain, 1e6"]


def test_an_interrupted_run_keeps_its_rows() -> None:
    suite = Suite(Plan(quick=True, tiny=True, rounds=1, selection="small forward"))

    def interrupt(title: str, fraction: float) -> None:
        if "0-d" in title:
            raise KeyboardInterrupt

    suite.run(interrupt)
    report = suite.report()
    assert report.interrupted
    assert [row.id for row in report.rows] == ["small/forward"]


def test_a_report_is_read_back_as_it_was_written() -> None:
    row = Row("a/b", "a title", 0.5, {"numtorch": Cell(0.25, 0.2, 0.3)}, reference=1.0)
    report = Report("2000-01-01", "a machine", {"Python": "3"}, "1 round", [row])
    assert Report.from_json(report.to_json()) == report


def test_a_later_run_replaces_the_rows_it_measured_again() -> None:
    def report(**medians: float) -> Report:
        rows = [Row(id, id, None, {"numtorch": Cell(median)}) for id, median in medians.items()]
        return Report("2000-01-01", "a machine", {}, "1 round", rows)

    assert report(a=1.0, b=2.0).with_rows_of(report(b=3.0, c=4.0)).rows == report(a=1.0, b=3.0, c=4.0).rows
