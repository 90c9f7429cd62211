"""One measurement in a fresh interpreter, whose answer is one line of JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Any


class ChildFailed(Exception):
    """The fresh interpreter ended badly; the message is the end of what it said."""


def run(module: str, *arguments: str, before: Sequence[str] = (), timeout: float = 900) -> Any:
    """Run `python -m benchmarks.processes.MODULE`, under the command `before` if one is given."""
    command = [*before, sys.executable, "-m", f"benchmarks.processes.{module}", *arguments]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, env=environment, check=False)
    except subprocess.TimeoutExpired:
        raise ChildFailed(f"no answer within {timeout:.0f} s") from None
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no message"]
        raise ChildFailed(f"exit {done.returncode}: {lines[-1]}")
    return json.loads(done.stdout.splitlines()[-1])


def resident() -> int:
    """Return the bytes of memory this process holds now."""
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
