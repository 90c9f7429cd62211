"""The commands about several runs: `diff`, `merge`, `baseline`; and `expect`, which speaks of later ones."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from conformance.commands.complaints import plain_errors
from conformance.commands.options import RUN


@click.command()
@click.argument("before", metavar="BEFORE", type=RUN)
@click.argument("after", metavar="AFTER", type=RUN)
@click.option("--all", "everything", is_flag=True, help="Also name every case that is new or gone.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead.")
@click.option("--markdown", type=click.Path(path_type=Path, dir_okay=False), help="Also write the changes as Markdown.")
def diff(before: Path, after: Path, everything: bool, as_json: bool, markdown: Path | None) -> None:
    """Compare two runs case by case: broken, changed, fixed, new, gone.

    BEFORE and AFTER are run.jsonl files, baselines, or folders with a run.jsonl: of two versions of a subject, of the oracle,
    or of the suite.

    \b
    Examples:
      torchstone diff reports/baseline/numtorch.jsonl reports/latest
      torchstone diff old/run.jsonl new/run.jsonl --markdown "$GITHUB_STEP_SUMMARY"

    \b
    Exit codes:
      0  nothing got worse
      1  something did, or is compared now and does not pass
      2  a file is no run
    """
    with plain_errors():
        from conformance.commands.terminal import busy, console
        from conformance.journal import read
        from conformance.runs import telling
        from conformance.runs.changes import compare

        with busy(f"reading {before} and {after}"):
            changes = compare(*(read(run, programs=False) for run in (before, after)))
        if as_json:
            click.echo(telling.as_json(changes))
        else:
            telling.show(console(), changes, everything=everything)
        if markdown:
            with markdown.open("a", encoding="utf-8") as file:  # A job summary holds what earlier steps wrote.
                file.write(telling.markdown(changes))
    sys.exit(1 if changes.worse else 0)


@click.command()
@click.argument("shards", metavar="SHARD...", nargs=-1, required=True, type=RUN)
@click.option(
    "--output", type=click.Path(path_type=Path, file_okay=False), default=Path("reports/latest"), show_default=True
)
def merge(shards: tuple[Path, ...], output: Path) -> None:
    """Join the shards of a run, and write its reports as if one machine had done it.

    SHARD is the run.jsonl of `torchstone run --shard I/N`, or its folder. A shard that is missing, doubled, interrupted or of
    another run is refused.

    \b
    Example:
      torchstone merge shard-1 shard-2 shard-3 --output reports/latest

    \b
    Exit codes, as those of run:
      0  every case ended as expected
      1  some did not
      2  the files are not the shards of one run
    """
    with plain_errors():
        from conformance.commands.presentation import closing_line, table
        from conformance.commands.terminal import busy, console
        from conformance.report import write_reports
        from conformance.running.session import all_cases
        from conformance.runs import history
        from conformance.runs.shards import join

        path = output / "run.jsonl"
        with busy(f"joining {len(shards)} shards"):
            run = join(shards, path, [case.id for case in all_cases()])
        history.append(output, run)
        with busy("writing the reports"):
            written = write_reports(path, output, run)
        out = console()
        out.print(table(run))
        out.print(closing_line(run))
        out.print(f"report: {written.html}")
    sys.exit(0 if run.as_expected else 1)


@click.command()
@click.argument("run", metavar="RUN", type=RUN)
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False))
def baseline(run: Path, path: Path) -> None:
    """Write what of RUN later runs are to be compared with, small enough to be committed.

    \b
    Example:
      torchstone baseline reports/latest reports/baseline/numtorch.jsonl
      torchstone diff reports/baseline/numtorch.jsonl reports/latest
    """
    with plain_errors():
        from conformance.journal import read
        from conformance.runs.baseline import write

        kept = read(run, programs=False)
        write(kept, path)
    unexpected = sum(not outcome.expected for outcome in kept.outcomes.values())
    click.echo(f"{path}: {len(kept.outcomes):,} cases, {unexpected or 'none'} not as expected")


@click.command()
@click.option("--from", "run", metavar="RUN", type=RUN, required=True, help="A run.jsonl, or the folder of one.")
@click.option(
    "--expectations",
    "folder",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where to write them. Default: expectations/SUBJECT.",
)
def expect(run: Path, folder: Path | None) -> None:
    """Write what RUN found that was not expected as expectations, to be looked at.

    Each says what was seen, and is marked untriaged: where CI is in the environment, `torchstone run` refuses it until a
    reason and a link stand there instead. The smallest failing programs are kept beside them, and are not looked for anew.

    
    Example:
      torchstone run mylib
      torchstone expect --from reports/latest
      torchstone run mylib --expectations expectations/mylib
    """
    with plain_errors():
        from conformance.journal import read
        from conformance.runs.triage import write

        found = read(run, programs=False)
        folder = folder or Path("expectations") / found.header.subject.name
        written = write(found, folder)
    for file in written.files:
        click.echo(file)
    for case in written.passing:
        click.echo(f"{case} passes: delete its entry")
    for case in written.otherwise:
        click.echo(f"{case} fails in another way than its entry says: change it")
    count = written.entries
    untriaged = "untriaged entry: give it" if count == 1 else "untriaged entries: give each"
    click.echo(f"{count} {untriaged} a reason and a link" if count else "nothing new to write")


@click.command()
@click.argument("runs", metavar="RUN...", nargs=-1, required=True, type=RUN)
@click.option(
    "--output", type=click.Path(path_type=Path, file_okay=False), default=Path("reports/site"), show_default=True
)
def site(runs: tuple[Path, ...], output: Path) -> None:
    """Write a site that compares the implementations of several runs, feature by feature and case by case.

    RUN is a run.jsonl or its folder. Runs of one seed and one profile show the answers to the same programs.

    \b
    Example:
      torchstone run numtorch jax autograd --output reports/all
      torchstone site reports/all/* --output reports/site
    """
    with plain_errors():
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn

        from conformance.commands.terminal import Bar, console
        from conformance.site import write_site

        out = console()
        with Bar(out, TextColumn("pages"), BarColumn(), MofNCompleteColumn()) as progress:
            task = progress.bar.add_task("pages", total=None)
            first = write_site(
                runs,
                output,
                lambda done, of: progress.bar.update(task, completed=done, total=of),
            )
    click.echo(first)


@click.command()
@click.argument("subjects", metavar="[SUBJECT]...", nargs=-1)
@click.option(
    "--output", type=click.Path(path_type=Path, file_okay=False), default=Path("reports/survey"), show_default=True
)
@click.option(
    "-n", "workers", default="0", show_default=True, metavar="N", help="Processes to share the work, or auto."
)
@click.option("-k", "selection", default="", metavar="EXPR", help="Only cases whose id matches, as for pytest.")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--max-examples", type=click.IntRange(1), metavar="N", help="At most so many programs a case.")
@click.option(
    "--minutes", type=click.FloatRange(min=0, min_open=True), metavar="M", help="Stop each subject after so long."
)
@click.option(
    "--parts",
    type=click.IntRange(1),
    default=10,
    show_default=True,
    metavar="N",
    help="Do each run in so many parts; those that are complete are kept, and not done again.",
)
@click.option(
    "--oracle", default="recorded", show_default=True, metavar="ORACLE", help="torch, recorded or recorded:PATH."
)
def survey(
    subjects: tuple[str, ...],
    output: Path,
    workers: str,
    selection: str,
    seed: int,
    max_examples: int | None,
    minutes: float | None,
    parts: int,
    oracle: str,
) -> None:
    """Run the whole suite on every implementation that is installed, and set them side by side in a site.

    Without SUBJECT: numtorch and every library that `torchstone subjects` knows by name. They are run one after another, each
    by a process of its own: one that crashes or is not installed is named, and the others go on. Ctrl-C ends the survey with
    what is done, and the same command goes on with it. OUTPUT gets a folder for each subject, figures.md, and the site.

    \b
    Examples:
      torchstone survey
      torchstone survey jax autograd tfjs torch@/usr/bin/python3 torch:compiled --minutes 30
      torchstone survey jax mylib -k "kinks or conventions"

    \b
    Exit codes:
      0  every subject ran to its end, whatever it answered
      1  some did not, or not wholly
      2  wrong usage, or interrupted
    """
    with plain_errors():
        from conformance.commands.presentation import figures_table
        from conformance.commands.terminal import console
        from conformance.report.text import counted
        from conformance.runs.figures import figures, markdown
        from conformance.runs.survey import Survey, known, survey as survey_of
        from conformance.site import write_site

        out = console()
        plan = Survey(subjects or known(), output, oracle, selection, seed, max_examples, workers, parts, minutes)
        out.print(f"torchstone survey: {counted(len(plan.subjects), 'subject')}, kept in {output}")
        ended = []
        for each in survey_of(plan, lambda subject, done, of: out.print(f"{subject}: part {done} of {of}")):
            ended.append(each)
            if each.trouble:
                out.print(f"{each.subject}: {each.trouble}")
        interrupted = any(each.interrupted for each in ended)
        paths = [each.path for each in ended if each.path]
        if not paths and interrupted:
            raise KeyboardInterrupt
        if not paths:
            raise click.ClickException("no subject was run")
        found = [figures(path) for path in paths]
        (output / "figures.md").write_text(markdown(found), "utf-8")
        out.print(figures_table(found))
        out.print(f"site: {write_site(paths, output / 'site')}")
    if interrupted:
        sys.exit(2)
    # That a library of those nobody named is not installed is no fault of the survey.
    sys.exit(0 if all(each.complete or not (each.described or subjects) for each in ended) else 1)


COMMANDS = (diff, merge, baseline, expect, site, survey)
