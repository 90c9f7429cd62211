"""Libraries of JavaScript: the runner of node, with what it knows of each.

The packages come from npm. They are looked for where a script of the current folder would find them, or in the folder that the
environment variable TORCHSTONE_NPM names.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from conformance.subjects.base import SubjectUnavailable

RUNNERS = Path(__file__).parent.parent / "runners"

LIBRARIES = {
    "jax-js": "jax-js: functions of immutable arrays, in JavaScript",
    "js-pytorch": "js-pytorch: nested arrays with a tape, in JavaScript",
    "tfjs": "TensorFlow.js: functions of immutable tensors, in JavaScript",
}
"""The subjects in JavaScript, by the name that a user gives: a file in ``runners/libraries/``."""


def command(name: str) -> list[str]:
    """What starts the runner of a library. Raises SubjectUnavailable where there is no node."""
    node = shutil.which("node")
    if node is None:
        raise SubjectUnavailable(
            f"torchstone: {name!r} runs in node, version 18 or newer, and no command `node` is found; https://nodejs.org"
        )
    return [node, str(RUNNERS / "runner.js"), str(RUNNERS / "libraries" / f"{name}.js")]
