"""The report as a page of Markdown."""

from __future__ import annotations

from benchmarks.results import Cell, Report, Row
from benchmarks.table import COLUMNS
from benchmarks.words import ENGINE_TITLES, figure, goal, notes, reference, verdict

PREAMBLE = """\
# Benchmarks

What numtorch costs beside PyTorch, MyGrad and HIPS autograd. This page is written by `tox -e bench -- --docs
docs/benchmarks.md`; [benchmarks/](../benchmarks/README.md) says what is measured, and how.

A figure is the median over rounds of the ratio to PyTorch in the same round, with its quartiles in brackets: below 1 is
faster. CPU time, one thread, the garbage collector off inside a block, whose first call, which finds nothing in the caches,
is not counted. Every engine's results were compared before anything was timed. "Both" is forward and backward.
"""

CAUTION = """\
The machine is virtual and was shared with other work while this ran, so the figures are noisy: the quartiles say how
noisy. Instructions and bytes are not touched by that.
"""

CARE = """\
Bytes of graph a node are absolute, and the row beside NumPy's is a ratio to NumPy. MyGrad computes in float64 wherever a
Python number meets a float32 tensor."""


def page(report: Report) -> str:
    """Return the whole page."""
    versions = ", ".join(f"{ENGINE_TITLES.get(name, name)} {version}" for name, version in report.versions.items())
    parts = [
        PREAMBLE,
        f"Measured on {report.date}: {report.machine}. {versions}. {report.effort}.\n",
        CAUTION,
        table(report.rows),
        footer(report),
    ]
    if report.interrupted:
        parts.insert(2, "**The run was interrupted: rows are missing.**\n")
    return "\n".join(parts)


def unbroken(text: str) -> str:
    """Return a figure that a narrow column breaks only before its bracket, so that quartiles stand on a line of their own."""
    return text.replace(" ", "\N{NO-BREAK SPACE}").replace("\N{NO-BREAK SPACE}[", " [").replace("–", "–\N{WORD JOINER}")


def table(rows: list[Row]) -> str:
    """Return the table."""
    titles = ["workload", "PyTorch", *(ENGINE_TITLES[name] for name in COLUMNS), "goal", "", "rounds"]
    lines = ["| " + " | ".join(titles) + " |", "|---|---:|" + "---:|" * len(COLUMNS) + "---:|---|---:|"]
    for row in rows:
        cells = [figure(row.cells.get(name, Cell())) for name in COLUMNS]
        word = f"**{verdict(row)}**" if row.met is False else verdict(row)
        figures = [unbroken(text) for text in (reference(row), *cells)]
        lines.append("| " + " | ".join([row.title, *figures, goal(row), word, str(row.rounds)]) + " |")
    return "\n".join(lines) + "\n"


def footer(report: Report) -> str:
    """Return which goals are not met, and why cells are empty."""
    stated = sum(row.met is not None for row in report.rows)
    unmet = [f"- {row.title}: {figure(row.cells.get('numtorch', Cell()))}, goal {goal(row)}" for row in report.unmet]
    lines = [f"## Goals not met: {len(unmet)} of {stated}", "", *unmet, ""] if unmet else ["Every goal is met.", ""]
    lines += ["## What to read with care", "", CARE, ""]
    lines += [f"- {line}" for line in [*notes(report.rows), *report.differing]]
    return "\n".join(lines).rstrip() + "\n"
