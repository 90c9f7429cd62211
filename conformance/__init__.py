"""The conformance harness: where an autograd implementation behaves as PyTorch does, and where it does not.

What is named here is the public API; ``docs/api.md`` explains it. It is imported when it is asked for, so that a subject's
process, which needs next to nothing of it, starts fast. (No name here is that of a module below: importing the module would
put it in the name's place.)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conformance.journal import Run, read
    from conformance.judging.verdict import Difference, Verdict
    from conformance.program import Program
    from conformance.recorder.record import record
    from conformance.render import script
    from conformance.report import write_reports
    from conformance.running.checking import Checked, check
    from conformance.running.launch import CannotRun, Result, run
    from conformance.subjects import Subject, open_subject, oracle
    from conformance.trace import Trace

_HOMES = {
    "conformance.running.checking": ("Checked", "check"),
    "conformance.journal": ("Run", "read"),
    "conformance.running.launch": ("CannotRun", "Result", "run"),
    "conformance.program": ("Program",),
    "conformance.recorder": ("record",),
    "conformance.render": ("script",),
    "conformance.report": ("write_reports",),
    "conformance.subjects": ("Subject", "open_subject", "oracle"),
    "conformance.trace": ("Trace",),
    "conformance.judging.verdict": ("Difference", "Verdict"),
}

__all__ = [
    "CannotRun",
    "Checked",
    "Difference",
    "Program",
    "Result",
    "Run",
    "Subject",
    "Trace",
    "Verdict",
    "check",
    "open_subject",
    "oracle",
    "read",
    "record",
    "run",
    "script",
    "write_reports",
]


def __getattr__(name: str) -> object:
    for module, names in _HOMES.items():
        if name in names:
            value: object = getattr(importlib.import_module(module), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
