"""From a workload to a row of the table: first everyone's results are compared, then everyone is timed."""

from __future__ import annotations

import statistics
from collections.abc import Callable

from benchmarks.engines import REFERENCE
from benchmarks.equality import ResultsDiffer, check_equal, results
from benchmarks.results import Cell, Row, ratios
from benchmarks.rounds import Effort, measure
from benchmarks.workload import Engine, Step, Unsupported, Workload


def prepare(workload: Workload, engines: dict[str, Engine]) -> tuple[dict[str, Step], dict[str, Cell], list[str]]:
    """Return the steps that compute what the reference does, why others have none, and who computes something else."""
    expected = results(workload, engines[REFERENCE])
    steps: dict[str, Step] = {}
    cells: dict[str, Cell] = {}
    differing: list[str] = []
    for name, engine in engines.items():
        try:
            if name != REFERENCE:
                check_equal(workload, engine, expected, REFERENCE)
            steps[name] = engine.step(workload.mode, workload.function, *workload.arrays())
        except Unsupported as reason:
            cells[name] = Cell(note=f"cannot: {reason}")
        except ResultsDiffer as error:
            cells[name] = Cell(note="computes something else")
            differing.append(str(error))
        except Exception as error:
            # A library that lacks an operator, or breaks in one, loses its cell and not everybody's run.
            cells[name] = Cell(note=f"raises {type(error).__name__}: {error}")
            differing.append(f"{workload.id}: {name} raises {type(error).__name__}: {error}")
    return steps, cells, differing


def timed(
    workload: Workload, engines: dict[str, Engine], effort: Effort, tick: Callable[[float], None]
) -> tuple[Row, list[str]]:
    """Return a workload's row, and who computed something else."""
    steps, cells, differing = prepare(workload, engines)
    times = measure(steps, REFERENCE, effort, tick)
    row = Row(
        id=workload.id,
        title=workload.title,
        goal=workload.goal,
        cells=cells | ratios(times, REFERENCE),
        reference=statistics.median(times[REFERENCE]),
        rounds=len(times[REFERENCE]),
    )
    return row, differing
