"""The whole run: every row in the table's order, whatever there is if it is interrupted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks import machine
from benchmarks.engines import REFERENCE, load
from benchmarks.processes.chains import chain_bytes_row
from benchmarks.processes.imports import import_rows
from benchmarks.processes.instructions import instruction_rows
from benchmarks.results import Report, Row
from benchmarks.rounds import FULL, QUICK, Effort
from benchmarks.timed import timed
from benchmarks.workload import Engine, Workload
from benchmarks.workloads import every

#: Told which item is running, and what part of it is done.
Progress = Callable[[str, float], None]
IMPORT_ROUNDS = 9
#: Instructions are counted for these alone: valgrind makes a process fifty times slower, and peers have no goal.
COUNTED = ("torch", "numtorch")


class NoReference(Exception):
    """PyTorch is not installed, and every figure is a ratio to PyTorch's."""


@dataclass(frozen=True)
class Plan:
    """What to measure, and how long."""

    quick: bool = False
    rounds: int | None = None
    selection: str = ""
    tiny: bool = False

    @property
    def effort(self) -> Effort:
        """The effort of the timed workloads."""
        chosen = QUICK if self.quick else FULL
        return Effort(self.rounds or chosen.rounds, chosen.block, chosen.limit)

    def selects(self, *texts: str) -> bool:
        """Whether an item is asked for: every word of the selection is in its id or title."""
        text = " ".join(texts).lower()
        return all(word in text for word in self.selection.lower().split())


@dataclass
class Suite:
    """A run in progress; `report` may be asked for at any time."""

    plan: Plan
    rows: list[Row] = field(default_factory=list)
    differing: list[str] = field(default_factory=list)
    interrupted: bool = False

    def __post_init__(self) -> None:
        """Load the engines."""
        self.engines, self.missing = load()
        if REFERENCE not in self.engines:
            raise NoReference(self.missing[REFERENCE])
        self.differing += [f"{name}: {reason}" for name, reason in self.missing.items()]

    def items(self) -> list[tuple[str, Callable[[Callable[[float], None]], None]]]:
        """Return what is to be measured, as titles and functions that measure."""
        names = list(self.engines)
        chosen = [work for work in every(tiny=self.plan.tiny) if self.plan.selects(work.id, work.title)]
        items = [(work.title, self._timed(work, self.engines)) for work in chosen]
        if self.plan.selects("graphs/bytes chain of nodes: bytes of graph a node"):
            items.append(("bytes of graph a node", lambda tick: self.rows.append(chain_bytes_row(names, tick))))
        if self.plan.selects("imports/time imports/memory import time and memory"):
            rounds = 3 if self.plan.quick else IMPORT_ROUNDS
            items.append(("imports", lambda tick: self.rows.extend(import_rows(names, rounds, tick))))
        if self.plan.selects("instructions per operator") and not self.plan.quick:
            counted = [name for name in COUNTED if name in self.engines]
            items.append(("instructions", lambda tick: self.rows.extend(instruction_rows(counted, tick))))
        return items

    def run(self, progress: Progress) -> None:
        """Measure everything; Ctrl-C ends the run and keeps the rows there are."""
        try:
            for title, measure in self.items():
                progress(title, 0.0)
                measure(lambda fraction, title=title: progress(title, min(fraction, 1.0)))  # type: ignore[misc]
        except KeyboardInterrupt:
            self.interrupted = True

    def report(self) -> Report:
        """Return what was found so far."""
        effort = self.plan.effort
        return Report(
            date=machine.today(),
            machine=machine.kind(),
            versions=machine.versions(self.engines),
            effort=f"Up to {effort.rounds} rounds a workload, fewer where they take over {effort.limit:.0f} s",
            rows=list(self.rows),
            interrupted=self.interrupted,
            differing=list(self.differing),
        )

    def _timed(self, workload: Workload, engines: dict[str, Engine]) -> Callable[[Callable[[float], None]], None]:
        def measure(tick: Callable[[float], None]) -> None:
            row, differing = timed(workload, engines, self.plan.effort, tick)
            self.rows.append(row)
            self.differing.extend(differing)

        return measure
