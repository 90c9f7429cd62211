"""What a run looks like in a terminal: progress, failures as they come, and the table at the end."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from conformance.commands.terminal import Bar
from conformance.journal import Run
from conformance.recorded.lines import NAME as RECORDED
from conformance.report.causes import Alike, causes
from conformance.report.model import FAILING
from conformance.report.text import counted
from conformance.running.launch import Result
from conformance.running.plugin import PROPERTY, CaseItem
from conformance.running.timing import told
from conformance.runs.figures import COLUMNS, Figures, rows
from conformance.trace import LEVELS

STEPS = 10
"""How many lines tell of the progress where there is no terminal: enough to see that it moves in a log."""


DECLARE = (
    "If it is to lack that, let it say what it has, by the `features` of its description (of a Python module "
    "`__torchstone_description__`; `torchstone docs subjects`): then such cases count as nothing. What no feature names, as "
    "another dtype, `torchstone expect` writes down"
)

NARROW = 76
"""Columns of a terminal below which the longest names of features would be cut."""

FAILURES = 10
"""How many cases are told whole, one a cause: a new implementation fails hundreds, and whoever reads thousands of lines reads
none."""

LONGEST = 60
"""How many lines a case is told in."""

CAUSES = 20
"""How many causes are listed at the end."""

LACKS = 20
"""How many of the names that a subject lacks are listed: those that most cases need."""


class Progressing(Bar):
    """A pytest plugin that shows how far a run is, and each case that does not go as expected."""

    def __init__(self, console: Console) -> None:
        super().__init__(
            console,
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[trouble]}"),
            TimeElapsedColumn(),
        )
        self.total = self.done = self.unexpected = 0
        self.told: dict[str, set[str]] = {}
        """By subject: the causes of which a case was told whole."""
        self.cut: set[str] = set()
        """Subjects of which somebody was told why not all are."""
        self.task = self.bar.add_task("cases", total=None, trouble="")

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._of(sum(isinstance(item, CaseItem) for item in session.items))

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any, ids: list[str]) -> None:
        self._of(len(ids))

    def _of(self, total: int) -> None:
        if total:
            self.total = total
            self.bar.update(self.task, total=total)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        # "???" is how xdist reports an item whose worker died.
        if report.when not in ("call", "???"):
            return
        self.done += 1
        told = dict(report.user_properties).get(PROPERTY)
        outcome = json.loads(str(told)) if told else {"text": str(report.longrepr)}
        if text := outcome.get("text"):
            self.unexpected += 1
            # What a new implementation lacks is much, and no difference: it is told at the end, by what is lacking.
            if outcome.get("status") != "UNSUPPORTED":
                subject, case, short = (str(outcome.get(name, "")) for name in ("subject", "case", "short"))
                self._failure(subject, case, str(text), short, str(outcome.get("cause", text)))
        self._moved()

    def pytest_keyboard_interrupt(self) -> None:
        self._writes()

    def _writes(self) -> None:
        self.bar.update(self.task, description="writing the report")

    def _failure(self, subject: str, case: str, text: str, short: str, cause: str) -> None:
        told = self.told.setdefault(subject, set())
        if cause not in told and len(told) < FAILURES:
            told.add(cause)
            first, *rest = text.splitlines()
            self.console.print(Text(f"✗ {first}", style="bold red"))
            self.console.print(Text("\n".join(f"  {line}".rstrip() for line in _cut(rest))))
            self.console.print()
            return
        if subject not in self.cut:
            self.cut.add(subject)
            self.console.print(
                f"In a line each: cases that fail as one above does, and what comes after {FAILURES} of them."
            )
        self.console.print(Text(f"✗ {case}: {short}", style="red"), soft_wrap=True)

    def _moved(self) -> None:
        trouble = f"{self.unexpected:,} not as expected" if self.unexpected else ""
        self.bar.update(self.task, completed=self.done, trouble=trouble)
        if self.done == self.total:
            self._writes()
        step = max(1, self.total // STEPS)
        if not self.console.is_terminal and (self.done % step == 0 or self.done == self.total):
            self.console.print(f"{self.done:,} of {self.total:,} cases" + (f", {trouble}" if trouble else ""))


def _cut(lines: Sequence[str]) -> Sequence[str]:
    """A program of thousands of steps by its beginning and its end."""
    if len(lines) <= LONGEST:
        return lines
    half = LONGEST // 2
    return [*lines[:half], "", f"… {len(lines) - LONGEST:,} more lines, which the report has …", "", *lines[-half:]]


def summary(console: Console, result: Result) -> None:
    """Prints what became of a run: a table by feature and level for each subject, what it fails of, and where the report is."""
    for name, run in result.runs.items():
        console.print()
        console.print(table(run, narrow=console.width < NARROW))
        differing = causes(run)
        if len(differing) > 1:
            console.print(causes_table(run, differing))
            shown = f"torchstone show {_place(run, differing[0])} --subject {shlex.quote(name)}"
            console.print(Text(f"see the first: {shown}", style="dim"), soft_wrap=True)
        console.print(closing_line(run))
        for line in (*lacking(run), *left_out(run)):
            console.print(Text(line, style="dim"))
        if run.footer is not None:
            spent = told(run.footer.shares, run.footer.programs, "PyTorch", run.header.subject.name)
            console.print(spent) if spent else None
        console.print(f"report: {result.directories[name] / 'index.html'}")


def lacking(run: Run) -> Iterator[str]:
    """What the subject lacks that cases need, those that most need first; nothing if it said so itself."""
    cases: dict[str, list[str]] = {}
    for case, outcome in run.outcomes.items():
        if not outcome.expected and outcome.status == "UNSUPPORTED":
            cases.setdefault(outcome.reason, []).append(case)
    if not cases:
        return
    ordered = sorted(cases, key=lambda reason: -len(cases[reason]))
    yield f"what unsupported cases need ({sum(map(len, cases.values()))} cases):"
    for reason in ordered[:LACKS]:
        more = f" and {len(cases[reason]) - 1} more" if len(cases[reason]) > 1 else ""
        yield f"  – {reason}: {cases[reason][0]}{more}"
    if len(ordered) > LACKS:
        yield f"  … and {len(ordered) - LACKS} more; the report lists them all"
    yield DECLARE


def left_out(run: Run) -> Iterator[str]:
    """What of others' data no program can say, by reason."""
    cases: dict[str, dict[str, int]] = {}
    for case, outcome in run.outcomes.items():
        for reason, count in outcome.left_out.items():
            cases.setdefault(reason, {})[case] = count
    for reason, found in sorted(cases.items(), key=lambda item: -sum(item[1].values())):
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        yield f"left out: {sum(found.values()):,} samples of {next(iter(found))}{more}, having {reason}"


def table(run: Run, *, narrow: bool = False) -> Table:
    """Features by levels: how many cases pass, of how many; of a `narrow` one these alone, so that names stay whole."""
    described = run.header.subject
    drawn = Table(title=f"{described.name} {described.version}".strip(), title_justify="left", title_style="bold")
    drawn.add_column("feature", overflow="fold")
    for column in LEVELS if narrow else ("cases", "programs", *LEVELS):
        drawn.add_column(column, justify="right")
    features: dict[str, list[str]] = {}
    for case in run.outcomes:
        features.setdefault(case.split("/", 1)[0], []).append(case)
    for feature, cases in features.items():
        drawn.add_row(feature, *_cells(run, cases, narrow))
    drawn.add_section()
    drawn.add_row("all", *_cells(run, list(run.outcomes), narrow), style="bold")
    return drawn


def _cells(run: Run, cases: list[str], narrow: bool) -> list[Text]:
    outcomes = [run.outcomes[case] for case in cases]
    programs = sum(outcome.programs for outcome in outcomes)
    cells = [] if narrow else [Text(f"{len(cases):,}"), Text(f"{programs:,}")]
    for level in LEVELS:
        statuses = [outcome.levels[level].status for outcome in outcomes if level in outcome.levels]
        passed = statuses.count("PASS")
        style = "green" if passed == len(statuses) else "red"
        cells.append(Text(f"{passed}/{len(statuses)}", style=style) if statuses else Text("–", style="dim"))
    return cells


def causes_table(run: Run, found: Sequence[Alike]) -> Table:
    """What the programs that fail fail of, wrong numbers first."""
    drawn = Table(title="what differs", title_justify="left", title_style="bold")
    drawn.add_column("level")
    drawn.add_column("at", overflow="fold")
    drawn.add_column("programs", justify="right")
    drawn.add_column("cases", justify="right")
    drawn.add_column("the smallest is of", overflow="fold")
    for each in found[:CAUSES]:
        drawn.add_row(
            each.level or "no answer", Text(str(each)), f"{each.programs:,}", f"{len(each.cases):,}", _place(run, each)
        )
    if len(found) > CAUSES:
        drawn.add_row("", f"… and {len(found) - CAUSES} more; the report lists them all", "", "", "")
    return drawn


def _place(run: Run, one: Alike) -> str:
    """What `torchstone show` takes for the smallest program."""
    return f"{one.case}#{one.index}" if run.header.oracle.name == RECORDED else one.case


def figures_table(found: Sequence[Figures]) -> Table:
    """What each of several runs comes to."""
    drawn = Table()
    for number, column in enumerate(COLUMNS):
        drawn.add_column(column, justify="right" if number else "left")
    for row in rows(found):
        drawn.add_row(*row)
    return drawn


def closing_line(run: Run) -> Text:
    """The run in one sentence."""
    header = run.header
    sides = f"{header.subject.name} against PyTorch {header.oracle.version}"
    if run.footer is None:
        done = f"{len(run.outcomes):,} cases had come to their end"
        return Text(f"{sides}: interrupted when {done}; this is not a result (seed {header.seed})", style="bold yellow")
    footer = run.footer
    verdict = f"{footer.unexpected} not as expected" if footer.unexpected else "all as expected"
    lacking = sum(not outcome.expected and outcome.status == "UNSUPPORTED" for outcome in run.outcomes.values())
    verdict += f" ({lacking} of them unsupported)" if lacking else ""
    known = sum(outcome.expected and outcome.status in FAILING for outcome in run.outcomes.values())
    verdict += f" ({known} known to fail)" if known else ""
    return Text(
        f"{sides}: {counted(footer.cases, 'case')}, {counted(footer.programs, 'program')}, {verdict}, "
        f"in {footer.seconds:.0f} s (seed {header.seed})",
        style="bold red" if footer.unexpected else "bold green",
    )
