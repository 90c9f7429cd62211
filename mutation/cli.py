"""The command: it parses, runs mutants, and prints."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections import Counter
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from mutation import further, report
from mutation.faults import FaultsInvalid, fault, faults
from mutation.killing import PROGRAMS, Killer
from mutation.mutants import KINDS, SHORTCUTS, Mutant, mutants
from mutation.planting import CannotPlant, write_copy
from mutation.pool import PROGRAMS_OF_A_CASE, RANDOM_PROGRAMS, load
from mutation.reach import digest_of
from mutation.results import EquivalentsInvalid, Log, Summary, by_shortcuts, equivalents, sample, summary, unknown

EPILOG = """\b
Examples:
  python -m mutation                             everything: about an hour on two cores
  python -m mutation faults                      the named faults
  python -m mutation engine -k plain_pass        mutants of plain_pass.py
  python -m mutation formulas --sample 500       500 of the formulas' mutants
  python -m mutation formulas -k var_backward --cases "/var_ /std_"   what its own programs find, for who adds some
  python -m mutation --plant retain-graph-frees-anyway bad/   a copy of numtorch with that fault

\b
Exit codes:
  0    as many as wanted were killed
  1    fewer were, or a mutant that is called equivalent was killed
  2    wrong usage, or a fault that does not fit the source any more
  130  interrupted; what was found is kept, and the same command goes on
"""


@click.command(epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("kinds", nargs=-1, type=click.Choice((*KINDS, SHORTCUTS)))
@click.option("-k", "selection", default="", metavar="WORDS", help="Only mutants with all these words in their name.")
@click.option("--sample", "count", type=click.IntRange(1), metavar="N", help="So many mutants of each kind only.")
@click.option("--seed", default=0, show_default=True, help="Which programs are drawn, and which sample.")
@click.option("--pool-seed", type=int, metavar="N",
              help="Which programs are drawn, if others than of --seed: one pool serves several samples.")  # fmt: skip
@click.option("-j", "workers", type=click.IntRange(1), default=os.cpu_count() or 1, show_default=True, metavar="K",
              help="Processes at a time.")  # fmt: skip
@click.option("--programs", type=click.IntRange(1), metavar="N",
              help=f"What a mutant may take, {PROGRAMS}, or a short cut: every program.")  # fmt: skip
@click.option("--pool", "counts", nargs=2, type=int, default=(PROGRAMS_OF_A_CASE, RANDOM_PROGRAMS), show_default=True,
              metavar="N M", help="Programs drawn of each case that was not recorded, and random ones.")  # fmt: skip
@click.option(
    "--cases", default="", metavar="WORDS", help="Only programs of cases with one of these words in their id."
)
@click.option("--output", type=click.Path(path_type=Path, file_okay=False), default=Path("reports/mutation"),
              show_default=True, help="Where the run, its programs and its report are kept.")  # fmt: skip
@click.option("--list", "listing", is_flag=True, help="Name the mutants, and run none.")
@click.option(
    "--plant", nargs=2, metavar="FAULT FOLDER", help="Write a copy of numtorch with a named fault to a folder."
)
def main(
    kinds: tuple[str, ...],
    selection: str,
    count: int | None,
    seed: int,
    pool_seed: int | None,
    workers: int,
    programs: int | None,
    counts: tuple[int, int],
    cases: str,
    output: Path,
    listing: bool,
    plant: tuple[str, str] | None,
) -> None:
    """Plant faults in numtorch, and count those that the conformance suite finds.

    FAULTS are named ones, each after a real kind of bug; FORMULAS mutants of every derivative formula and forward-mode rule;
    ENGINE mutants of the engine's and the views' code. All three if none is named. SHORTCUTS turns off what only chooses
    the faster of two ways, which nothing may tell.
    """
    console = Console()
    pool_seed = seed if pool_seed is None else pool_seed
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        if SHORTCUTS in kinds and len(kinds) > 1:
            raise click.UsageError("short cuts take every program that reaches them: run them alone")
        if plant:
            return plant_copy(console, *plant)
        every = mutants(kinds or KINDS)
        chosen = [
            mutant for kind in kinds or KINDS for mutant in sample(_selected(every, kind, selection), count, seed)
        ]
        if listing:
            return console.print(
                "\n".join(mutant.name for mutant in chosen), markup=False, highlight=False, soft_wrap=True
            )
        reasons = equivalents()
        if not kinds and (gone := unknown(reasons, every)):
            raise EquivalentsInvalid("equivalents.toml names what is no mutant: " + "; ".join(gone[:5]))
        if SHORTCUTS not in kinds:
            reasons = by_shortcuts(every) | reasons
        pool = load(
            output,
            seed=pool_seed,
            workers=workers,
            counts=counts,
            words=tuple(cases.split()),
            say=lambda text: console.print(text, style="dim"),
        )
    except (CannotPlant, FaultsInvalid, EquivalentsInvalid) as error:
        raise click.UsageError(str(error)) from None
    programs = programs or (len(pool.programs) if SHORTCUTS in kinds else PROGRAMS)
    began = time.monotonic()
    log = Log(output / "run.jsonl", digest_of(pool.digest, programs, how_it_works()))
    interrupted = False
    try:
        killer = Killer(pool, workers, programs)
        run(console, [mutant for mutant in chosen if mutant.name not in log.records], killer, log)
        if SHORTCUTS not in kinds:
            asked = [mutant for mutant in chosen if mutant.name not in reasons]
            run_further(console, asked, killer, log, output, pool_seed)
    except KeyboardInterrupt:
        interrupted = True
    finally:
        log.close()
    told = summary([m for m in every if m in set(chosen)] if selection else every, log.records, reasons)
    about = {"seed": seed, "pool seed": pool_seed, "programs": programs, "pool": pool.digest}
    about["source"] = pool.coverage.digest
    report.write(told, output, about)
    show(console, told)
    console.print(f"report: {output / 'report.md'} ({time.monotonic() - began:.0f} s)")
    if interrupted:
        console.print("interrupted: the same command goes on from here", style="bold yellow")
        sys.exit(130)
    for sentence in told.failures:
        console.print(sentence, style="bold red", markup=False)
    sys.exit(1 if told.failures else 0)


def how_it_works() -> str:
    """The text of all that a result depends on, beside numtorch and the programs."""
    here = Path(__file__).parent
    names = (
        "judging",
        "further",
        "killing",
        "marks",
        "mutants",
        "patching",
        "planting",
        "pool",
        "reach",
        "shortcuts",
        "stated",
        "syntax",
    )
    files = (*(here / f"{name}.py" for name in names), *sorted(here.glob("faults/*.toml")))
    return "".join(path.read_text() for path in files)


def _selected(every: list[Mutant], kind: str, selection: str) -> list[Mutant]:
    words = selection.lower().split()
    return [m for m in every if m.kind == kind and all(w in f"{m.feature} {m.name}".lower() for w in words)]


def plant_copy(console: Console, name: str, folder: str) -> None:
    """Writes numtorch with a fault to a folder."""
    if name not in {one.name for one in faults()}:
        raise click.UsageError(f"no fault is named {name!r}; `python -m mutation faults --list` shows them")
    write_copy(fault(name).texts(), Path(folder))
    console.print(f"{fault(name).sentence}\nPYTHONPATH={folder} torchstone run numtorch", highlight=False)


def run_further(console: Console, chosen: list[Mutant], killer: Killer, log: Log, output: Path, seed: int) -> None:
    """Runs those that survived fewer programs than they may take on more."""
    say = lambda text: console.print(text, style="dim")  # noqa: E731
    for count in further.ROUNDS:
        pool = killer.pool
        left, wanted = [], Counter[str]()
        for mutant in chosen:
            ran = log.records[mutant.name].ran
            if not ran.killed and ran.programs < killer.programs:
                more = further.sources(pool, mutant.places(), killer.programs, count, mutant.row)
                if more:
                    left.append(mutant)
                    wanted |= Counter(more)
        if left:
            killer.pool = further.grown(pool, output, wanted, seed, killer.workers, say)
            run(console, left, killer, log)


def run(console: Console, chosen: list[Mutant], killer: Killer, log: Log) -> None:
    """Runs mutants, and shows how far they are."""
    killer.warm({file for mutant in chosen for file in mutant.files})
    by_name = {mutant.name: mutant for mutant in chosen}
    survived = 0
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("mutants", total=len(chosen))
        given = ((m.name, m.texts, m.places, m.row) for m in chosen)
        for done, (name, ran) in enumerate(killer.run(given), 1):
            log.write(by_name[name], ran)
            survived += not ran.killed
            progress.update(task, completed=done, description=f"mutants, {survived} survived")
            if not console.is_terminal and (done % 200 == 0 or done == len(chosen)):
                console.print(f"{done} of {len(chosen)} mutants, {survived} survived")


def show(console: Console, told: Summary) -> None:
    """One table: each kind, and the features in which one survived."""
    table = Table(title="mutants", title_justify="left", title_style="bold")
    for number, column in enumerate(report.COLUMNS):
        table.add_column(column, justify="right" if number else "left")
    for total in told.totals:
        for group in told.groups:
            if group.kind == total.kind and group.survived:
                table.add_row(*report.cells(group))
        table.add_section()
        table.add_row(*(f"{total.kind}: all", *report.cells(total)[1:]), style="bold")
        table.add_section()
    console.print(table)
    for one in told.with_status("survived")[:20]:
        console.print(f"  survived: {one.name}", highlight=False, markup=False, soft_wrap=True)
