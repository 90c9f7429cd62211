"""What a user can do something about: one line on standard error, and never a traceback."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click


@contextmanager
def plain_errors() -> Iterator[None]:
    """What a user can do something about becomes one line and exit code 2, never a traceback."""
    try:
        yield
    except (click.ClickException, click.exceptions.Exit, click.Abort):
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.filename is not None:
            complain(f"{error.filename}: {error.strerror}")  # a folder that is not there, or may not be written to
        elif _is_for_the_user(error):
            complain(str(error))
        else:
            raise
        sys.exit(2)


def _is_for_the_user(error: Exception) -> bool:
    from conformance.behaviours import UnknownBehaviour
    from conformance.cases import CatalogueError
    from conformance.commands.examine import NoSuchProgram, UnknownCase
    from conformance.commands.init import WouldOverwrite
    from conformance.fuzz.cluster import NoCluster
    from conformance.journal import RunFileError
    from conformance.running.databases import DatabaseUnavailable
    from conformance.running.expected import ExpectationError
    from conformance.running.launch import CannotRun
    from conformance.running.runner import CaseCannotRun
    from conformance.runs.shards import NoShard
    from conformance.samples.database import SamplesUnavailable
    from conformance.subjects import SubjectError

    return isinstance(
        error,
        CannotRun
        | CaseCannotRun
        | CatalogueError
        | DatabaseUnavailable
        | ExpectationError
        | NoCluster
        | NoShard
        | RunFileError
        | SamplesUnavailable
        | SubjectError
        | UnknownBehaviour
        | UnknownCase
        | NoSuchProgram
        | WouldOverwrite,
    )


def complain(text: str) -> None:
    click.echo(f"torchstone: {text.removeprefix('torchstone: ')}", err=True)
