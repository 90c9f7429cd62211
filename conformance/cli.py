"""The command: it parses, calls one function of the public API, and prints. Everything it does can be done from Python.

What a command needs is imported when it runs, so that ``torchstone list`` works where neither PyTorch nor numtorch does.
"""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

import click

from conformance.commands.complaints import complain, plain_errors
from conformance.commands.documentation import docs
from conformance.commands.for_subjects import FOR_SUBJECTS
from conformance.commands.fuzz import fuzz
from conformance.commands.options import CASES, DATABASE, ORACLE, RUN, SAMPLES
from conformance.recorded.command import record
from conformance.runs.commands import COMMANDS
from conformance.samples import MODULES
from conformance.version import torchstone_version

RUN_EXAMPLES = """\b
Examples:
  torchstone run numtorch
  torchstone run numtorch -n auto -k "accumulation and not twice" --max-examples 500
  torchstone run mylib --seed 7 --output reports/mylib
  torchstone run torch --python /usr/bin/python3
  torchstone run numtorch --sample-inputs -k sample_inputs
  torchstone run numtorch --shard 2/4 --durations-of reports/baseline/numtorch.jsonl

\b
Exit codes:
  0  every case ended as expected
  1  some did not
  2  wrong usage, an error of the harness itself, or an interrupted run
"""


SECTIONS = {
    "Compare": {
        "run": "the suite on an implementation, with reports",
        "fuzz": "an implementation on random programs",
        "survey": "every implementation that is installed, side by side",
    },
    "Look closer": {
        "list": "every case, with the sentence that it shows to be true",
        "show": "a case as a PyTorch script, and both traces side by side",
        "graph": "the autograd graph that a case builds",
    },
    "Test an implementation of your own": {
        "subjects": "what can be compared, by name",
        "init": "a small engine of your own to start from",
        "doctor": "whether a runner does as the protocol says",
        "expect": "write what a run found as known failures",
    },
    "Finished runs": {
        "report": "the reports of a run, again",
        "diff": "what broke, was fixed or changed between two runs",
        "merge": "join the shards of a run",
        "site": "several implementations side by side, as static pages",
        "baseline": "what later runs are compared with, small enough to commit",
    },
    "Reference": {
        "docs": "a page of the documentation",
        "schema": "the JSON Schema of a program, a trace, a message, a run",
        "record": "what PyTorch does, for machines without it",
    },
}
"""The commands by what somebody wants to do, each in a few words: a list in alphabetical order begins with `baseline`."""


class _Sections(click.Group):
    """A group of commands that are listed in `SECTIONS`."""

    def list_commands(self, context: click.Context) -> list[str]:
        return [name for section in SECTIONS.values() for name in section]

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(map(len, self.commands))
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(f"{name:<{width}}", words) for name, words in commands.items()])


@click.group(cls=_Sections, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(torchstone_version(), prog_name="torchstone", message="%(prog)s %(version)s")
def command() -> None:
    """Where an autograd implementation behaves as PyTorch does, and where it does not.

    \b
    Begin with:
      torchstone run numtorch       the report of numtorch, PyTorch's autograd on NumPy alone
      torchstone init python mine   a small engine of your own, compared at once
    """


@command.command(epilog=RUN_EXAMPLES)
@click.argument("subjects", metavar="SUBJECT...", nargs=-1, required=True)
@click.option(
    "-n",
    "workers",
    default="",
    metavar="N",
    help="Processes to share the work, or auto. Default: 0, and auto with the recorded oracle.",
)
@click.option("-k", "selection", default="", metavar="EXPR", help="Only cases whose id matches, as for pytest.")
@click.option("--profile", type=click.Choice(["quick", "default", "thorough"]), default="default", show_default=True)
@click.option("--max-examples", type=click.IntRange(1), metavar="N", help="Programs a case, instead of the profile's.")
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed draws the same programs.")
@click.option(
    "--output", type=click.Path(path_type=Path, file_okay=False), default=Path("reports/latest"), show_default=True
)
@click.option("--python", type=click.Path(), help="Another Python, in which the subject is installed.")
@ORACLE
@click.option("--isolate/--no-isolate", default=True, help="Run the subject in a process of its own (the default).")
@click.option(
    "--shrink/--no-shrink", default=True, help="Make failing programs smaller (the default; slow if many fail)."
)
@click.option(
    "--shard", metavar="I/N", help="Only this part of the cases; `torchstone merge` joins what N machines wrote."
)
@click.option(
    "--durations-of",
    "durations",
    type=RUN,
    metavar="RUN",
    help="An earlier run, for shards that take equally long (the same one for every shard).",
)
@DATABASE
@click.option(
    "--expectations",
    multiple=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="What the subject is known to fail, instead of what torchstone says of it (repeatable).",
)
@CASES
@SAMPLES
def run(
    subjects: tuple[str, ...],
    workers: str,
    selection: str,
    profile: str,
    max_examples: int | None,
    seed: int,
    output: Path,
    python: str | None,
    isolate: bool,
    shrink: bool,
    shard: str | None,
    durations: Path | None,
    oracle: str,
    database: tuple[str, ...],
    expectations: tuple[Path, ...],
    cases: tuple[str, ...],
    samples: bool,
) -> None:
    """Run the suite on SUBJECT: numtorch, torch, or any importable module with torch's names.

    \b
    SUBJECT can also be
      jax, autograd, tfjs …      a library that torchstone knows how to drive
      torch@/usr/bin/python3     a module in another Python (as --python)
      "stdio:node runner.js"     a command that speaks the protocol: `torchstone docs protocol`
    """
    if workers not in ("", "auto") and not workers.isdecimal():
        raise click.BadParameter("it is a number of processes, or auto", param_hint="-n")
    from conformance.running import interrupts

    with plain_errors(), interrupts.taken(), interrupts.remembered():
        from conformance.commands.presentation import Progressing, summary
        from conformance.commands.terminal import console
        from conformance.running.launch import run as launch
        from conformance.running.oracles import chosen, is_recorded, told
        from conformance.runs.shards import parse as parsed_shard
        from conformance.samples.left_out import told as left_out

        part = parsed_shard(shard) if shard else None
        if python:
            subjects = tuple([f"{subject}@{python}" for subject in subjects])
        out = console()
        oracle = chosen(oracle)
        workers = workers or ("auto" if is_recorded(oracle) else "0")
        cases += MODULES if samples else ()
        out.print(f"torchstone run {' '.join(subjects)} (seed {seed}{f', shard {part}' if part else ''})")
        for line in (*told(oracle), *(left_out() if samples else ())):
            out.print(line, highlight=False)
        with Progressing(out) as progress:
            result = launch(
                *subjects,
                workers=workers,
                selection=selection,
                profile=profile,
                max_examples=max_examples,
                seed=seed,
                output=output,
                isolate=isolate,
                shrink=shrink,
                database=database,
                cases=cases,
                expectations=expectations,
                shard=part,
                durations=durations,
                listener=progress,
                oracle=oracle,
            )
        summary(out, result)
    for error in result.errors:
        complain(error)
    sys.exit(result.exit_code)


@command.command("list")
@click.option("--features", is_flag=True, help="Only the features, each with its number of cases.")
@click.option("--requires", is_flag=True, help="Only what cases need of a subject: what its `features` can be.")
@click.option(
    "--by",
    type=click.Choice(["feature", "semantics"]),
    default="feature",
    show_default=True,
    help="Semantics: the behaviours of PyTorch's autograd, each with the cases that show it.",
)
@click.option("-k", "selection", default="", metavar="EXPR", help="Only cases whose id matches, as for pytest.")
@CASES
@SAMPLES
def list_(features: bool, requires: bool, by: str, selection: str, cases: tuple[str, ...], samples: bool) -> None:
    """List the cases, each with the sentence that it shows to be true.

    \b
    Examples:
      torchstone list --features
      torchstone list -k accumulation
      torchstone list --by semantics
    """
    if (features or requires) and by == "semantics":
        raise click.UsageError("--features and --requires do not go with --by semantics")
    with plain_errors():
        from conformance.commands.listing import by_behaviour, by_feature, needs

        cases += MODULES if samples else ()

        if requires:
            for name, count in needs(selection, cases).items():
                click.echo(f"{name} ({count})")
            return

        if by == "semantics":
            for group, behaviours in by_behaviour(selection, cases).items():
                shown = sum(bool(of) for of in behaviours.values())
                click.echo(click.style(f"{group}: {shown} of {len(behaviours)} shown", bold=True))
                for behaviour, of in behaviours.items():
                    click.echo(f"  {behaviour.id}  {behaviour.title}")
                    for line in [case.id for case in of] or [click.style("no case yet", fg="yellow")]:
                        click.echo(f"      {line}")
            return
        for feature, found in by_feature(selection, cases).items():
            click.echo(f"{feature} ({len(found)})" if features else click.style(feature, bold=True))
            if not features:
                width = max(len(case.id) for case in found)
                for case in found:
                    click.echo(f"  {case.id:<{width}}  {case.sentence}")


def _case_options(function: click.decorators.FC) -> click.decorators.FC:
    for option in (
        CASES,
        click.option(
            "--max-examples",
            type=click.IntRange(1),
            metavar="N",
            help="Programs to draw (default: 100; of recorded ones all).",
        ),
        click.option("--seed", type=int, default=0, show_default=True),
        click.option("--subject", default="numtorch", show_default=True, help="What is compared, as for `run`."),
        ORACLE,
        click.argument("case"),
    ):
        function = option(function)
    return function


@command.command()
@_case_options
def show(case: str, subject: str, oracle: str, seed: int, max_examples: int | None, cases: tuple[str, ...]) -> None:
    """Show CASE as a PyTorch script, and both traces side by side with the first difference marked.

    Of its programs the smallest that fails is shown, or an example if none does; CASE#N is its program number N.

    \b
    Examples:
      torchstone show accumulation/backward_adds_to_grad
      torchstone show accumulation/backward_adds_to_grad --subject mylib --seed 7
      torchstone show random/from_00500#17
    """
    with plain_errors():
        from conformance.commands.examine import examine, side_by_side
        from conformance.commands.terminal import console
        from conformance.running.oracles import told

        examined = examine(case, subject, seed=seed, max_examples=max_examples, cases=cases, oracle=oracle)
        out = console()
        for line in told(examined.oracle):
            out.print(line, highlight=False)
        out.print(side_by_side(examined))


@command.command()
@click.argument("run_file", metavar="RUN", type=RUN)
@click.option("--output", type=click.Path(path_type=Path, file_okay=False), help="Default: the folder of the run.")
@click.option("--annotate", is_flag=True, help="Also print what is not as expected as GitHub's annotations.")
def report(run_file: Path, output: Path | None, annotate: bool) -> None:
    """Write the reports of a run: index.html, junit.xml, summary.md and badge.json.

    RUN is a run.jsonl or its folder.

    \b
    Examples:
      torchstone report reports/latest --output site/
      torchstone report reports/latest/run.jsonl --annotate
    """
    with plain_errors():
        from conformance.commands.terminal import busy
        from conformance.journal import read
        from conformance.report import write_reports
        from conformance.report.model import Report
        from conformance.report.workflow import workflow_commands

        with busy(f"reading {run_file}"):
            run = read(run_file)
        if annotate:
            for line in workflow_commands(Report(run)):
                click.echo(line)
        with busy("writing the reports"):
            written = write_reports(run_file, output or run_file.parent, run)
        for path in written:
            click.echo(path)
        if run.interrupted:
            click.echo(f"torchstone: {run_file}: {Report(run).headline}", err=True)


@command.command()
@_case_options
@click.option("--of-subject", is_flag=True, help="The subject's graph instead of PyTorch's.")
@click.option("--svg", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write a picture.")
@click.option("--dot", is_flag=True, help="Print the graph in the DOT language (the default).")
def graph(
    case: str,
    subject: str,
    oracle: str,
    seed: int,
    max_examples: int | None,
    cases: tuple[str, ...],
    of_subject: bool,
    svg: Path | None,
    dot: bool,
) -> None:
    """Draw the autograd graph that CASE builds.

    \b
    Examples:
      torchstone graph reductions/norm_of_everything
      torchstone graph reductions/norm_of_everything --svg graph.svg
    """
    with plain_errors():
        from conformance.commands.examine import examine, graph_of
        from conformance.report.graph import draw

        examined = examine(case, subject, seed=seed, max_examples=max_examples, cases=cases, oracle=oracle)
        drawing = graph_of(examined, of_subject=of_subject)
        if drawing is None:
            raise click.ClickException(f"{case} builds no graph")
        if svg:
            svg.write_text(draw([drawing])[drawing.dot], encoding="utf-8")
            click.echo(svg)
        if dot or not svg:
            click.echo(drawing.dot, nl=False)


@command.command()
@click.argument("what", type=click.Choice(["program", "trace", "request", "reply", "run"]))
def schema(what: str) -> None:
    """Print the JSON Schema of a program, of a trace, of the messages to and from a runner, or of a line of a run.jsonl.

    \b
    Example:
      torchstone schema program > program.schema.json
    """
    from functools import partial

    from conformance import journal, program, trace
    from conformance.subjects import messages

    schemas: dict[str, Callable[[], dict[str, object]]] = {
        "program": program.schema,
        "trace": trace.schema,
        "request": partial(messages.schema, "request"),
        "reply": partial(messages.schema, "reply"),
        "run": journal.schema,
    }
    click.echo(json.dumps(schemas[what](), indent=2))


for _command in (*FOR_SUBJECTS, *COMMANDS, fuzz, record, docs):
    command.add_command(_command)


def main() -> None:
    """The command ``torchstone``."""
    try:
        status = command.main(prog_name="torchstone", standalone_mode=False)
    except click.UsageError as error:
        error.show()
        sys.exit(2)
    except click.ClickException as error:
        complain(error.format_message())
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        complain("interrupted")
        sys.exit(2)
    except Exception:
        # Exit code 1 says something about a subject; this says something about torchstone.
        traceback.print_exc()
        complain("this is a mistake in torchstone itself")
        sys.exit(2)
    finally:
        # `python -m` ends itself by SIGINT, not with the code of the command, once a KeyboardInterrupt went through executed
        # text (every dataclass is some), whoever dealt with it; text that ends well makes it forget.
        exec("")
    sys.exit(status or 0)
