"""What a campaign says on the terminal: how far it is, and what was found."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from conformance.commands.terminal import Bar
from conformance.fuzz.campaign import Campaign, Result
from conformance.report.causes import Cause
from conformance.report.text import counted
from conformance.running.timing import told

MOST = 40
"""Rows of a table of what occurred."""


class Progressing(Bar):
    """A bar on a terminal; in a log, a line for every tenth."""

    def __init__(self, console: Console, campaign: Campaign) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
        super().__init__(console, *columns)
        self.campaign = campaign
        self.told: set[Cause] = set()
        self.tenth = 0
        self.task = self.bar.add_task("starting", total=campaign.programs)

    def listen(self, result: Result) -> None:
        """Takes a report."""
        for cause in [*result.found, *result.tally.causes, *result.reducing.values()]:
            if cause not in self.told:
                self.told.add(cause)
                self.console.print(Text(f"✗ {cause}", style="bold red"))
        done = result.tally.programs
        speed = f"{done / result.seconds:,.0f} a second" if result.seconds else ""
        text = f"{done:,} programs, {speed}, {counted(len(self.told), 'finding')}"
        if result.reducing:
            text += f"; making it small: {', '.join(map(str, result.reducing.values()))}"
        self.bar.update(self.task, completed=done, description=text)
        if not self.console.is_terminal and self.campaign.programs:
            tenth = 10 * done // self.campaign.programs
            if tenth > self.tenth:
                self.tenth = tenth
                self.console.print(text)


def summary(console: Console, result: Result) -> None:
    """Prints what came out of a campaign."""
    campaign, tally = result.campaign, result.tally
    console.print()
    if result.found:
        console.print(_findings(result))
    if tally.lacking:
        names = ", ".join(f"{name} ({count})" for name, count in tally.lacking.most_common(MOST))
        more = f" and {len(tally.lacking) - MOST} more" if len(tally.lacking) > MOST else ""
        console.print(f"{campaign.subject} does not have: {names}{more}")
    if tally.undecided:
        console.print(_undecided(result))
    if result.gone:
        console.print("no longer a finding: " + ", ".join(str(found.cause) for found in result.gone))
    if campaign.stats:
        console.print(_occurred(result))
    statuses = ", ".join(f"{count:,} {status}" for status, count in tally.statuses.most_common())
    ending = "interrupted; " if result.interrupted else ""
    last = result.start + tally.programs - 1
    numbers = f"numbers {result.start:,} to {last:,} of seed {campaign.seed}" if tally.programs else "none"
    console.print(
        Text(
            f"{campaign.subject} against {campaign.against}: {ending}{counted(tally.programs, 'program')} ({numbers}) "
            f"in {result.seconds:.0f} s: {statuses or 'nothing ran'}; {counted(len(result.found), 'finding')}",
            style="bold yellow" if result.interrupted else "bold red" if result.found else "bold green",
        )
    )
    spent = {what: millionths / 1e6 for what, millionths in tally.spent.items()}
    if line := told(spent, tally.programs, campaign.against, campaign.subject):
        console.print(line)
    if result.died:
        console.print(f"{counted(result.died, 'process')} of the campaign itself ended, and were replaced")
    if result.found:
        console.print(f"findings: {campaign.store.folder}")


def _findings(result: Result) -> Table:
    table = Table(title="findings", title_justify="left", title_style="bold")
    for column in ("level", "what differs", "programs", "folder"):
        table.add_column(column, justify="right" if column == "programs" else "left")
    for cause, found in sorted(result.found.items(), key=lambda one: -result.tally.causes[one[0]]):
        first = found.verdict.first
        level = first.level if first else cause.status.lower()
        judged = found.adjudication
        what = str(cause) + (f"\n{judged}" if judged and judged.says != "unjudged" else "")
        table.add_row(level, what, str(result.tally.causes[cause] or "known"), cause.slug)
    return table


def _undecided(result: Result) -> Table:
    count = sum(result.tally.undecided.values())
    share = f"{100 * count / max(result.tally.programs, 1):.2f} %"
    table = Table(title=f"inconclusive: {counted(count, 'program')}, {share}", title_justify="left", title_style="bold")
    table.add_column("at")
    table.add_column("programs", justify="right")
    for what, times in result.tally.undecided.most_common(MOST):
        table.add_row(what, f"{times:,}")
    return table


def _occurred(result: Result) -> Table:
    table = Table(title="what occurred", title_justify="left", title_style="bold")
    table.add_column("kind")
    table.add_column("what")
    table.add_column("times", justify="right")
    kinds: dict[str, int] = {}
    for what, count in result.tally.seen.most_common():
        kind, _, name = what.partition(" ")
        kinds[kind] = kinds.get(kind, 0) + 1
        if kinds[kind] <= MOST:
            table.add_row(kind, name, f"{count:,}")
    return table
