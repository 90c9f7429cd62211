"""The report as a table in the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmarks.results import Cell, Report
from benchmarks.words import ENGINE_TITLES, figure, goal, notes, reference, verdict

COLOURS = {True: "green", False: "red", None: "dim"}
COLUMNS = ("numtorch", "mygrad", "autograd")


def show(report: Report, console: Console) -> None:
    """Print the table, then what disagreed, what could not be measured, and which goals are not met."""
    table = Table(title=f"Ratio to PyTorch: below 1 is faster ({report.effort})", caption=report.machine)
    table.add_column("workload")
    table.add_column("PyTorch", justify="right")
    for name in COLUMNS:
        table.add_column(ENGINE_TITLES[name], justify="right")
    table.add_column("goal", justify="right")
    table.add_column("")
    for row in report.rows:
        colour = COLOURS[row.met]
        cells = [escape(figure(row.cells.get(name, Cell()))) for name in COLUMNS]
        cells[0] = f"[{colour}]{cells[0]}[/]"
        table.add_row(row.title, reference(row), *cells, goal(row), f"[{colour}]{verdict(row)}[/]")
    console.print(table)
    for line in notes(report.rows):
        console.print(f"  {line}", style="dim", markup=False, highlight=False)
    for line in report.differing:
        console.print(f"  not timed: {line}", style="red", markup=False, highlight=False)
    unmet = report.unmet
    stated = [row for row in report.rows if row.met is not None]
    console.print(f"{len(stated) - len(unmet)} of {len(stated)} goals are met.", highlight=False)
    if report.interrupted:
        console.print("Interrupted: this is what there is.", style="yellow")
