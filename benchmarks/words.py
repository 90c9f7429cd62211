"""How the figures are written, in the terminal and in Markdown alike."""

from __future__ import annotations

from benchmarks.results import Cell, Row

ENGINE_TITLES = {"numtorch": "numtorch", "mygrad": "MyGrad", "autograd": "HIPS autograd", "torch": "PyTorch"}


def ratio(value: float) -> str:
    """Write a figure with two digits after the point at most: .31, 2.5, 102."""
    if value >= 10:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 2 else f"{value:.2f}".removeprefix("0")


def figure(cell: Cell) -> str:
    """Write a median with its quartiles, or a dash; the note is written elsewhere."""
    if cell.median is None or cell.low is None or cell.high is None:
        return "–"
    if cell.low == cell.high:
        return ratio(cell.median)
    return f"{ratio(cell.median)} [{ratio(cell.low)}–{ratio(cell.high)}]"


def reference(row: Row) -> str:
    """Write the base's own figure with its unit."""
    value = row.reference
    if value is None:
        return "–"
    if row.unit == "s":
        scale, unit = next((s, u) for s, u in ((1, "s"), (1e-3, "ms"), (1e-6, "µs")) if value >= s or s == 1e-6)
        return f"{value / scale:.3g} {unit}"
    if row.unit == "bytes":
        return f"{value / 1e6:.0f} MB" if value >= 1e6 else f"{value:,.0f} bytes"
    return f"{value:,.0f}"


def goal(row: Row) -> str:
    """Write the goal, with its unit where it is no ratio."""
    if row.goal is None:
        return "–"
    return ratio(row.goal) if row.base else f"{ratio(row.goal)} {row.unit}"


def verdict(row: Row) -> str:
    """Write whether the goal is met."""
    return {True: "met", False: "not met", None: "–"}[row.met]


def notes(rows: list[Row]) -> list[str]:
    """Write why cells are empty, one line a reason."""
    found: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        for engine, cell in row.cells.items():
            if cell.note:
                found.setdefault((engine, cell.note), []).append(row.title)
    return [
        f"{ENGINE_TITLES.get(engine, engine)} {note}: {', '.join(titles)}." for (engine, note), titles in found.items()
    ]
