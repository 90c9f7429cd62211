"""What a run of the benchmarks found: rows of cells, and their JSON."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

import msgspec

JOINED = "Joined from several runs; each row tells its rounds"


class Cell(msgspec.Struct, frozen=True, omit_defaults=True):
    """One engine's figure in a row: a median and its quartiles, or the reason why there is none."""

    median: float | None = None
    low: float | None = None
    high: float | None = None
    note: str = ""


class Row(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of the table. A cell is a ratio to `base`, or an absolute figure in `unit` where there is no base."""

    id: str
    title: str
    goal: float | None
    cells: dict[str, Cell]
    unit: str = "s"
    base: str = "torch"
    #: The base's own median, in `unit`.
    reference: float | None = None
    rounds: int = 1

    @property
    def met(self) -> bool | None:
        """Whether numtorch reaches the goal; None where there is no goal."""
        if self.goal is None:
            return None
        median = self.cells.get("numtorch", Cell()).median
        return median is not None and median <= self.goal


class Report(msgspec.Struct, frozen=True):
    """A run: when, on what kind of machine, with which versions, and what it found."""

    date: str
    machine: str
    versions: dict[str, str]
    effort: str
    rows: list[Row]
    interrupted: bool = False
    #: What disagreed with the reference, and was therefore not timed.
    differing: list[str] = []

    def to_json(self) -> bytes:
        """Return the report as JSON, indented."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"

    @classmethod
    def from_json(cls, text: bytes) -> Report:
        """Read what `to_json` wrote."""
        return msgspec.json.decode(text, type=cls)

    def with_rows_of(self, later: Report) -> Report:
        """Return this report with a later run's rows, in place of its own where both measured the same."""
        rows = {row.id: row for row in self.rows} | {row.id: row for row in later.rows}
        differing = list(dict.fromkeys([*self.differing, *later.differing]))
        interrupted = self.interrupted and later.interrupted
        return msgspec.structs.replace(
            later, effort=JOINED, rows=list(rows.values()), differing=differing, interrupted=interrupted
        )

    @property
    def unmet(self) -> list[Row]:
        """The rows whose goal is not met."""
        return [row for row in self.rows if row.met is False]


def summary(values: Sequence[float]) -> Cell:
    """Return the median of values and their quartiles."""
    if len(values) == 1:
        return Cell(values[0], values[0], values[0])
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return Cell(median, low, high)


def ratios(times: dict[str, list[float]], base: str) -> dict[str, Cell]:
    """Return each engine's per-round ratio to the base, summed up; the base itself is left out."""
    return {
        name: summary([own / other for own, other in zip(mine, times[base], strict=True)])
        for name, mine in times.items()
        if name != base
    }
