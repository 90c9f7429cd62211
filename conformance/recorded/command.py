"""The command `torchstone record`."""

from __future__ import annotations

from pathlib import Path

import click

from conformance.commands.complaints import complain, plain_errors
from conformance.commands.options import CASES


@click.command()
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("corpus.jsonl.xz"),
    show_default=True,
    help="The file to write.",
)
@click.option("--programs", type=click.IntRange(0), metavar="N", help="Random programs. Default: 20,000.")
@click.option("-k", "selection", default="", metavar="EXPR", help="Only cases whose id matches, as for pytest.")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("-j", "workers", type=click.IntRange(1), default=1, show_default=True, metavar="K", help="Processes.")
@click.option(
    "--reuse",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="FILE",
    help="An older recording: what PyTorch still answers alike is taken from it, which is many times as fast.",
)
@CASES
def record(
    output: Path,
    programs: int | None,
    selection: str,
    seed: int,
    workers: int,
    reuse: Path | None,
    cases: tuple[str, ...],
) -> None:
    """Record what PyTorch does, for runs on machines that have no PyTorch.

    Of every case a few programs are kept that show all that the case shows, and random programs are added.

    \b
    Examples:
      torchstone record --output mine.jsonl.xz -k accumulation --programs 100
      torchstone run mylib --oracle recorded:mine.jsonl.xz
    """
    with plain_errors():
        from conformance.commands.terminal import console
        from conformance.recorded.making import RANDOM_PROGRAMS, Order, record as make
        from conformance.running.launch import select, writable

        writable(output.absolute().parent)
        out = console()
        names = select(("torch",), selection, cases) if selection else None
        order = Order(
            output=output,
            seed=seed,
            random_programs=RANDOM_PROGRAMS if programs is None else programs,
            workers=workers,
            selection=None if names is None else tuple(name.removeprefix("torch-") for name in names),
            cases=cases,
            reuse=reuse,
        )
        made = make(order, lambda done, of: out.print(f"{done} of {of} parts"))
        out.print(f"{made.path}: {made.programs:,} programs of {made.cases:,} cases, {made.bytes / 1e6:.2f} MB")
        for case in made.left_out:
            complain(f"nothing could be recorded of {case}")
