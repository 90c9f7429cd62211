"""Options that several commands have, each with one text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


class _RunPath(click.Path):
    """The run.jsonl of a run or baseline, which may also be named by its folder."""

    def __init__(self) -> None:
        super().__init__(exists=True, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        found = Path(value)
        return Path(super().convert(found / "run.jsonl" if found.is_dir() else found, param, ctx))  # type: ignore[arg-type]


RUN = _RunPath()

CASES = click.option(
    "--cases", multiple=True, metavar="PATH", help="A module, file or folder with cases of your own (repeatable)."
)

SAMPLES = click.option(
    "--sample-inputs",
    "samples",
    is_flag=True,
    help="Also the calls that PyTorch tests its operators with (needs torchstone[samples]).",
)

DATABASE = click.option(
    "--database",
    multiple=True,
    metavar="WHERE",
    help="Keep failing examples here, and try them first: a folder, redis://…, github:owner/repository (repeatable).",
)

ORACLE = click.option(
    "--oracle",
    default="",
    metavar="ORACLE",
    help="torch, recorded or recorded:PATH. Default: PyTorch, or what was recorded of it where it is not installed.",
)
