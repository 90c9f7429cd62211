"""The commands for who has an implementation: what can be compared, a skeleton, and whether a runner is sound."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from conformance.commands.complaints import plain_errors


@click.command()
def subjects() -> None:
    """List what can be compared with PyTorch, PyTorch itself in other ways included."""
    from conformance.subjects import javascript
    from conformance.subjects.libraries import LIBRARIES
    from conformance.subjects.variants import VARIANTS

    rows = {
        "numtorch": "PyTorch's autograd on NumPy alone",
        "torch": "PyTorch itself: it agrees with itself, or the comparison is wrong",
        **{f"torch:{name}": f"the same {variant.sentence}" for name, variant in VARIANTS.items()},
        **{name: library.sentence for name, library in LIBRARIES.items()},
        **javascript.LIBRARIES,
        "MODULE": "any module with torch's names that can be imported",
        "MODULE@PYTHON": "the same in another Python: torch@/usr/bin/python3",
        "stdio:COMMAND": "a command that speaks the protocol: `torchstone docs protocol`",
    }
    width = max(map(len, rows))
    for name, sentence in rows.items():
        click.echo(f"{name:<{width}}  {sentence}")


@click.command()
@click.argument("subject")
def doctor(subject: str) -> None:
    """Check the runner of SUBJECT against the protocol, before any verdict on the library.

    \b
    Examples:
      torchstone doctor mylib
      torchstone doctor "stdio:node runner.js"

    \b
    Exit codes:
      0  it does as the protocol says
      1  it does not
      2  it does not start
    """
    signs = {"ok": ("✓", "green"), "wrong": ("✗", "red"), "left out": ("–", "yellow")}
    with plain_errors():
        from conformance.commands.doctor import examine

        wrong = 0
        for finding in examine(subject):
            sign, colour = signs[finding.says]
            click.echo(f"{click.style(sign, fg=colour)} {finding.sentence}")
            if finding.note:
                click.echo(f"    {finding.note}")
            wrong += finding.says == "wrong"
        what = "runner" if subject.startswith("stdio:") else "module"
        click.echo(f"{subject}: {f'{wrong} to mend in the {what}' if wrong else f'the {what} is sound'}")
    sys.exit(1 if wrong else 0)


@click.command()
@click.argument("language", type=click.Choice(["python", "javascript", "stdio"]))
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path("."))
def init(language: str, folder: Path) -> None:
    """Write a working skeleton into FOLDER: a small engine of your own, compared with PyTorch at once.

    \b
    LANGUAGE is
      python       a module with torch's names
      javascript   an engine in JavaScript, what of it a program can use, and the runner
      stdio        the least that is a runner, to be written again in any language

    \b
    Example:
      torchstone init javascript myengine
    """
    with plain_errors():
        from conformance.commands.init import skeleton

        written = skeleton(language, folder)
        for path in written:
            click.echo(path)
        click.echo(f"next: {written[0]} has the three commands to run")


FOR_SUBJECTS = (subjects, doctor, init)
