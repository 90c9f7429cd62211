"""From what the user calls a subject to the subject itself; and the oracle."""

from __future__ import annotations

import difflib
import importlib.metadata
import os
import shlex
import sys
import types
from pathlib import Path

from conformance.subjects import javascript, vectors
from conformance.subjects.base import Subject, SubjectUnavailable
from conformance.subjects.inprocess import InProcess
from conformance.subjects.libraries import LIBRARIES, import_library
from conformance.subjects.stdio import Process
from conformance.subjects.variants import open_variant

ORACLE_VERSION = "2.13.0"
"""The PyTorch that answers are compared with. Texts and flags change from one release to the next."""

COMMAND = "stdio:"
"""What a subject's name begins with that is a command."""

RUNNER = str(Path(__file__).parent.parent / "runners" / "runner.py")
"""The reference runner for other Pythons."""

_NEEDED = ("tensor", "Tensor")
"""What no case can do without."""


def open_subject(name: str, isolate: bool = True) -> Subject:
    """The subject that a user calls so.

    - ``numtorch``, ``torch``, ``mylib``: a module that has torch's names
    - ``jax``: a key of `LIBRARIES`
    - ``tfjs``: a key of `javascript.LIBRARIES`, which runs in node
    - ``torch:strided``: a variant of PyTorch, a key of `variants.VARIANTS`
    - ``torch@/usr/bin/python3``: a torch-like module in another Python, which needs nothing installed but that module
    - ``jax@old/bin/python``: a library of those in another Python, which needs NumPy and msgspec as well
    - ``stdio:node runner.js``: a command that speaks the protocol

    Isolated, it runs in a process of its own, so that a crash or an endless loop ends one program and not the run; those in
    node, in another Python and of a command always do. Raises SubjectUnavailable with what is wrong and what to do.
    """
    vectors.settle()
    if name.startswith(COMMAND):
        return _started(Process(_words(name[len(COMMAND) :]), name=name))
    if name in javascript.LIBRARIES:
        return _started(Process(javascript.command(name), name=name))
    in_there, _, python = name.partition("@")
    if python:
        command = [os.path.expanduser(python), RUNNER, in_there]
        if in_there in LIBRARIES:
            # What drives a library is of this package; there it finds the library, NumPy and msgspec.
            found = os.pathsep.join(filter(None, (str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH"))))
            command = [command[0], "-m", "conformance.subjects.child", in_there]
            return _started(Process(command, name=name, environment={"PYTHONPATH": found}))
        return _started(Process(command, name=name))
    if isolate:
        return _started(Process([sys.executable, "-m", "conformance.subjects.child", name], name=name, ours=True))
    return open_here(name)


def open_here(name: str, *, alone: bool = False) -> InProcess:
    """The subject in this process; `alone` if nothing else runs in it. Raises SubjectUnavailable."""
    vectors.settle()
    path, variant, _ = name.partition(":")
    module = import_subject(path)
    if alone or path == "torch":
        _one_thread(module)
    return open_variant(module, name, alone=alone) if variant else InProcess(module, name)


def _started(process: Process) -> Process:
    process.start()
    return process


def oracle(facets: frozenset[str] | None = None) -> InProcess:
    """PyTorch, in this process. Raises SubjectUnavailable unless it is the pinned version."""
    vectors.settle()
    try:
        import torch
    except ImportError as error:
        raise SubjectUnavailable(
            f"torchstone: PyTorch {ORACLE_VERSION} is the oracle, and cannot be imported ({error}); "
            f"pip install torch=={ORACLE_VERSION}, or compare with what was recorded of it: torchstone run SUBJECT --oracle "
            "recorded, of random programs -k random/"
        ) from error
    _pinned(str(torch.__version__))
    _one_thread(torch)
    return InProcess(torch, "torch", facets)


def require_oracle() -> None:
    """Raises SubjectUnavailable unless the pinned PyTorch is installed. It is not imported, which takes two seconds."""
    try:
        _pinned(importlib.metadata.version("torch"))
    except importlib.metadata.PackageNotFoundError:
        oracle().close()  # one that was never installed may be there to import


def _pinned(version: str) -> None:
    if version.partition("+")[0] != ORACLE_VERSION:
        raise SubjectUnavailable(
            f"torchstone: the oracle is PyTorch {ORACLE_VERSION}, and {version} is installed; "
            f"pip install torch=={ORACLE_VERSION}"
        )


def import_subject(name: str) -> types.ModuleType:
    """The module, if it can be imported and has what every case needs. Raises SubjectUnavailable otherwise."""
    if name in LIBRARIES:
        return import_library(name)
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(error.name + ".")):
            near = difflib.get_close_matches(
                name, ("numtorch", "torch", *LIBRARIES, *javascript.LIBRARIES), n=1, cutoff=0.75
            )
            meant = f"; did you mean {near[0]}?" if near else f"; is it installed in this Python ({sys.executable})?"
            raise SubjectUnavailable(f"torchstone: no module is named {name!r}{meant}") from error
        raise SubjectUnavailable(f"torchstone: {name!r} cannot be imported: {error}") from error
    except (Exception, SystemExit) as error:
        raise SubjectUnavailable(f"torchstone: {name!r} cannot be imported: {type(error).__name__}: {error}") from error
    for needed in _NEEDED:
        if not hasattr(module, needed):
            kind = "class" if needed[0].isupper() else "function"
            raise SubjectUnavailable(
                f"torchstone: {name!r} has no {kind} named {needed!r} (needed by every case); is it torch-like? "
                "For other libraries see `torchstone docs subjects`."
            )
    return module


def _one_thread(module: types.ModuleType) -> None:
    # More threads make small programs slower, and sums depend on how they were split.
    set_num_threads = getattr(module, "set_num_threads", None)
    if set_num_threads is not None:
        set_num_threads(1)


def _words(command: str) -> list[str]:
    """A command as a shell reads it. Raises SubjectUnavailable if it is none."""
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise SubjectUnavailable(f"torchstone: {command!r} is no command: {error}") from error
    if not words:
        raise SubjectUnavailable(f'torchstone: {COMMAND!r} is followed by no command; write "{COMMAND}node runner.js"')
    return words
