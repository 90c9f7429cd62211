"""Runs scripts one after the other in one process, which imports what takes long once: python one_by_one.py MODULE SCRIPT..."""

from __future__ import annotations

import io
import json
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


if __name__ == "__main__":
    import_module(sys.argv[1])
    json.dump({script: printed(script) for script in sys.argv[2:]}, sys.stdout)
