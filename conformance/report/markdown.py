"""summary.md: a run on one screen, fit for a GitHub job summary."""

from __future__ import annotations

import re

from conformance.report.causes import Alike, causes
from conformance.report.model import Case, Group, Report
from conformance.report.text import counted, printable
from conformance.trace import LEVELS

REPRODUCERS = 30
"""Groups of findings that are shown with a program: GitHub cuts a job summary off at one MiB."""

CAUSES = 20
"""How many causes are listed."""

_MARKS = {"expected": "✅", "unexpected": "❌", "interrupted": "⚠️", "empty": "⚠️"}


def markdown(report: Report) -> str:
    """The verdict, the matrix as a table, and the findings with a reproducer each."""
    header = report.run.header
    lines = [
        f"## {_MARKS[report.state]} {_inline(report.subject)} against {_inline(report.oracle)}",
        "",
        f"**{_inline(report.headline)}** {_inline(report.expectation)}",
        "",
        f"{counted(report.programs, 'program')}, seed {header.seed}, profile {_inline(header.profile)}, "
        f"{report.seconds:.1f} s, torchstone {_inline(header.torchstone)}"
        + (f", selection `{_code(header.selection)}`" if header.selection else ""),
        "",
        *_causes(causes(report.run)),
        *_matrix(report),
    ]
    shown = 0
    for title, unexpected in (("Not as expected", True), ("Known, and as expected", False)):
        groups = [group for group in report.groups if group.unexpected is unexpected]
        if groups:
            lines += ["", f"### {title}", ""]
        for group in groups:
            lines += _group(group, report, with_program=shown < REPRODUCERS)
            shown += 1
    return "\n".join(lines) + "\n"


def _causes(found: list[Alike]) -> list[str]:
    """What the programs that fail fail of, if that is more than one thing."""
    if len(found) < 2:
        return []
    lines = ["| level | what differs | programs | cases | the smallest is of |", "|---|---|--:|--:|---|"]
    for each in found[:CAUSES]:
        told = (each.level or "no answer", _inline(str(each)), f"{each.programs:,}", f"{len(each.cases):,}")
        lines.append(f"| {' | '.join(told)} | `{_code(each.case)}` |")
    more = [f"… and {len(found) - CAUSES} more", ""] if len(found) > CAUSES else []
    return [*lines, "", *more]


def _matrix(report: Report) -> list[str]:
    lines = [f"| feature | {' | '.join(LEVELS)} |", "|---|" + "--:|" * len(LEVELS)]
    for feature in (*report.features, None):
        cells = [report.cell(level, feature) for level in LEVELS]
        texts = [f"{cell.passed}/{cell.total}{' ❌' if cell.failed else ''}" if cell.total else "–" for cell in cells]
        name = "**all**" if feature is None else _inline(feature)
        lines.append(f"| {name} | {' | '.join(texts)} |")
    return lines


def _group(group: Group, report: Report, *, with_program: bool) -> list[str]:
    case = group.cases[0]
    level = f"{group.level}: " if group.level else ""
    at = f" at {_html(group.operation)}" if group.operation else ""
    summary = f"{_html(group.feature)}: {level}{_html(group.what)}{at} ({counted(len(group.cases), 'case')})"
    lines = [f"<details><summary>{summary}</summary>", ""]
    lines += [f"- `{_code(each.id)}`: {_inline(each.record.sentence)}" for each in group.cases]
    if case.first is not None:
        lines += ["", f"| | {_inline(case.first.what)} |", "|---|---|"]
        lines += [f"| {_inline(report.oracle)} | {_inline(case.first.oracle)} |"]
        lines += [f"| {_inline(report.subject)} | {_inline(case.first.subject)} |"]
    elif case.short_reason:
        lines += ["", _inline(case.short_reason)]
    if with_program:
        lines += _program(case, report)
    return [*lines, "", "</details>"]


def _program(case: Case, report: Report) -> list[str]:
    if not case.findings:
        return []
    script = printable(report.reproducer(*case.findings[0])).rstrip()
    # A fence longer than any run of backticks inside cannot be closed by the program.
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", script)), default=0))
    return ["", f"{fence}python", script, fence]


def _inline(text: str) -> str:
    flat = " ".join(printable(text).split())
    return re.sub(r"([\\`*_{}\[\]<>|~#@&])", r"\\\1", flat)


def _code(text: str) -> str:
    return " ".join(printable(text).split()).replace("`", "'").replace("|", "¦")


def _html(text: str) -> str:
    return printable(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
