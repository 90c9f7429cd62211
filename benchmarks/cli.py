"""The command: it parses, runs the suite, and prints."""

from __future__ import annotations

import signal
import sys
from functools import reduce
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.endurance import Answer, flat_memory, long_chain
from benchmarks.engines import NAMES, SUBJECT
from benchmarks.markdown import page
from benchmarks.results import Report
from benchmarks.suite import NoReference, Plan, Suite
from benchmarks.table import show

EPILOG = """\b
Examples:
  python -m benchmarks --quick -k small
  python -m benchmarks --output reports/bench --docs docs/benchmarks.md
  python -m benchmarks long-chain
  python -m benchmarks flat-memory

\b
Exit codes:
  0    measured, whichever goals are met
  1    an engine computed something else, or a check did not hold
  2    wrong usage, or PyTorch is missing
  130  interrupted; what there was is printed and written
"""
ENGINE = click.option("--engine", type=click.Choice(NAMES), default=SUBJECT, show_default=True)


@click.group(invoke_without_command=True, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--quick", is_flag=True, help="Few short rounds, and no valgrind.")
@click.option("-k", "selection", default="", metavar="WORDS", help="Only workloads with all these words.")
@click.option("--rounds", type=click.IntRange(1), metavar="N", help="Rounds a workload.")
@click.option(
    "--output", type=click.Path(path_type=Path, file_okay=False), help="Write bench.json and bench.md to this folder."
)
@click.option(
    "--docs", type=click.Path(path_type=Path, dir_okay=False), help="Write the page of Markdown to this file."
)
@click.pass_context
def main(
    context: click.Context, quick: bool, selection: str, rounds: int | None, output: Path | None, docs: Path | None
) -> None:
    """Measure numtorch beside PyTorch, MyGrad and HIPS autograd, interleaved, in one process and one thread."""
    if context.invoked_subcommand:
        return
    # A shell that starts this in the background has it ignore Ctrl-C, and hours may pass before that is noticed.
    # What ends it otherwise, as `timeout` does, leaves as much.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        suite = Suite(Plan(quick, rounds, selection))
    except NoReference as reason:
        raise click.UsageError(f"PyTorch is what everything is compared with, and it is {reason}.") from None
    if not suite.items():
        raise click.UsageError(f"No workload has all the words of -k {selection!r}.")
    run_with_bar(suite)
    report = suite.report()
    show(report, console())
    write(report, output, docs)
    sys.exit(130 if report.interrupted else bool(report.differing))


def console() -> Console:
    """Return where tables go: as wide as the terminal, and wide enough for the table where there is none."""
    return Console(width=None if sys.stdout.isatty() else 128)


def run_with_bar(suite: Suite) -> None:
    """Run the suite under a progress bar, on stderr, so that the table can be redirected."""
    total = len(suite.items())
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:.0f} %"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True, auto_refresh=False) as bar:
        # No refreshing thread: it would take the interpreter from what is being timed.
        task = bar.add_task("", total=total)
        finished: list[str] = []

        def progress(title: str, fraction: float) -> None:
            if not finished or finished[-1] != title:
                finished.append(title)
            bar.update(task, description=title, completed=len(finished) - 1 + fraction, refresh=True)

        suite.run(progress)


def write(report: Report, output: Path | None, docs: Path | None) -> None:
    """Write the files that were asked for."""
    if output:
        output.mkdir(parents=True, exist_ok=True)
        (output / "bench.json").write_bytes(report.to_json())
        (output / "bench.md").write_text(page(report), encoding="utf-8")
    if docs:
        docs.write_text(page(report), encoding="utf-8")


def finish(answer: Answer) -> None:
    """Print an answer, and exit with it."""
    word, colour = ("holds", "green") if answer.held else ("does not hold", "red")
    console().print(f"[{colour}]{word}[/]: {answer.words}", highlight=False)
    sys.exit(not answer.held)


@main.command("render")
@click.argument("runs", type=click.Path(path_type=Path, exists=True, dir_okay=False), nargs=-1, required=True)
@click.option(
    "--docs", type=click.Path(path_type=Path, dir_okay=False), help="Write the page of Markdown to this file."
)
def render_command(runs: tuple[Path, ...], docs: Path | None) -> None:
    """Print earlier runs again, as one: the rows of a later bench.json replace those of an earlier one."""
    first, *others = [Report.from_json(run.read_bytes()) for run in runs]
    report = reduce(Report.with_rows_of, others, first)
    show(report, console())
    write(report, None, docs)


@main.command("long-chain")
@ENGINE
@click.option("--nodes", type=click.IntRange(1), default=2_000_000, show_default=True)
def long_chain_command(engine: str, nodes: int) -> None:
    """Build, walk and free a chain of two million nodes."""
    finish(long_chain(engine, nodes))


@main.command("flat-memory")
@ENGINE
@click.option("--steps", type=click.IntRange(10), default=100_000, show_default=True)
def flat_memory_command(engine: str, steps: int) -> None:
    """Train for 100,000 steps, and see whether memory grows."""
    finish(flat_memory(engine, steps))
