"""Runs scripts, each in a fork of one process that has imported what takes long: python one_by_one.py MODULE SCRIPT..."""

from __future__ import annotations

import io
import json
import multiprocessing
import runpy
import sys
from contextlib import redirect_stdout
from importlib import import_module


def printed(script: str) -> str:
    """What a script prints."""
    text = io.StringIO()
    with redirect_stdout(text):
        runpy.run_path(script, run_name="__main__")
    return text.getvalue()


def main(module: str, scripts: list[str]) -> dict[str, str]:
    import_module(module)
    with multiprocessing.get_context("fork").Pool(1, maxtasksperchild=1) as pool:
        return dict(zip(scripts, pool.map(printed, scripts, chunksize=1), strict=True))


if __name__ == "__main__":
    json.dump(main(sys.argv[1], sys.argv[2:]), sys.stdout)
