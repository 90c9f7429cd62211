"""The command `torchstone fuzz`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from conformance.commands.complaints import plain_errors
from conformance.commands.options import DATABASE


@click.command()
@click.argument("subject")
@click.option("--programs", type=click.IntRange(1), metavar="N", help="Stop after so many programs.")
@click.option("--minutes", type=click.FloatRange(min=0, min_open=True), metavar="M", help="Stop after so long.")
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed draws the same programs.")
@click.option("-j", "workers", type=click.IntRange(1), default=1, show_default=True, metavar="K", help="Processes.")
@click.option(
    "--scheduler",
    default="",
    metavar="ADDRESS",
    help="Share the programs out by the Dask scheduler at this address; `local` starts one here, with -j workers.",
)
@click.option("--against", default="torch", metavar="SUBJECT2", show_default=True, help="What to compare with.")
@click.option(
    "--start", type=click.IntRange(0), metavar="I", help="First program. Default: behind those of earlier runs."
)
@click.option("--stats", is_flag=True, help="Also count what occurred in the programs.")
@click.option(
    "--output", type=click.Path(path_type=Path, file_okay=False), default=Path("reports/fuzz"), show_default=True
)
@DATABASE
def fuzz(
    subject: str,
    programs: int | None,
    minutes: float | None,
    seed: int,
    workers: int,
    scheduler: str,
    against: str,
    start: int | None,
    stats: bool,
    output: Path,
    database: tuple[str, ...],
) -> None:
    """Compare SUBJECT with PyTorch on random programs; each cause of a difference is one finding, made small and kept.

    \b
    Without --programs and --minutes it runs 1,000 programs. Ctrl-C ends it, and loses nothing.

    \b
    Examples:
      torchstone fuzz numtorch --programs 20000 -j 2
      torchstone fuzz mylib --minutes 10 --seed 7
      torchstone fuzz torch --against numtorch --stats
      torchstone fuzz numtorch --programs 1000000 --scheduler tcp://10.0.0.1:8786

    \b
    Exit codes:
      0  nothing differs
      1  something does
      2  wrong usage, or interrupted
    """
    with plain_errors():
        from conformance.commands.terminal import console
        from conformance.fuzz import Campaign, run as campaign_of
        from conformance.fuzz.page import write as write_page
        from conformance.fuzz.telling import Progressing, summary

        limit = programs if programs or minutes else 1000
        out = console()
        campaign = Campaign(
            subject,
            against,
            limit,
            minutes,
            seed,
            workers,
            output.absolute(),
            start,
            stats,
            database,
            scheduler,
        )
        with Progressing(out, campaign) as progress:
            result = campaign_of(campaign, progress.listen)
        summary(out, result)
        out.print(f"report: {write_page(result)}")
    sys.exit(2 if result.interrupted else 1 if result.found else 0)
