"""All workloads in the table's order."""

from __future__ import annotations

from benchmarks.workload import Workload
from benchmarks.workloads import derivatives, graphs, large, small, training, watched


def every(*, tiny: bool = False) -> list[Workload]:
    """Return all workloads; `tiny` ones run in milliseconds, and say only whether the engines agree."""
    return [
        *small.workloads(),
        *training.workloads(tiny=tiny),
        *watched.workloads(tiny=tiny),
        *large.workloads(tiny=tiny),
        *derivatives.workloads(tiny=tiny),
        *graphs.workloads(tiny=tiny),
    ]
