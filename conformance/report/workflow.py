"""What is not as expected as GitHub's workflow commands: a line each, which the page of the run shows as an annotation."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.report.model import Report
from conformance.report.text import counted, printable

MOST = 10
"""GitHub shows ten errors a step, and drops the rest without a word."""


def workflow_commands(report: Report) -> Iterator[str]:
    """A command for each group of findings that is not as expected, the last one counting those for which there is no room."""
    groups = [group for group in report.groups if group.unexpected]
    shown = groups if len(groups) <= MOST else groups[: MOST - 1]
    for group in shown:
        case = group.cases[0]
        lines = [case.record.sentence]
        if case.first is not None:
            lines += [f"{report.oracle}: {case.first.oracle}", f"{report.subject}: {case.first.subject}"]
        elif case.short_reason:
            lines.append(case.short_reason)
        if len(group.cases) > 1:
            lines.append(f"and {counted(len(group.cases) - 1, 'more case')}")
        yield _command(f"{case.id}: {group.what}", "\n".join(lines))
    if len(shown) < len(groups):
        rest = groups[len(shown) :]
        yield _command("more", f"{counted(len(rest), 'more group')} of findings: see the report")


def _command(title: str, text: str) -> str:
    return f"::error title={_property(title)}::{_data(text)}"


def _data(text: str) -> str:
    # A line break would end the command, and what follows could be one of the subject's own making.
    return (
        "\n".join(printable(line) for line in text.splitlines())
        .replace("%", "%25")
        .replace("\r", "%0D")
        .replace("\n", "%0A")
    )


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
