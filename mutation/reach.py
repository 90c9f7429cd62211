"""What numtorch as it is does with programs: the trace, by its digest, the time, and the lines that each runs.

Lines are noted by `sys.settrace`, of the functions in which mutants are: the others would take most of the time.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import sys
import time
import types
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from conformance.interpreter.interpreter import run
from conformance.program import Program
from conformance.trace import Trace
from mutation.mutants import looked_at
from mutation.planting import PACKAGE, in_processes, package
from mutation.stated import STATED, place_of

PROGRAMS_AT_A_TIME = 2_000
"""Run between two writings: a minute or so, which is what an interruption may cost."""

SLOW = 0.5
"""Seconds of processor time that a program may take on numtorch. The few that take longer would be most of a run's time."""


class Reach(msgspec.Struct, frozen=True):
    """What numtorch does with one program."""

    own: str
    """The digest of its trace: a mutant that does the same needs no judge."""
    seconds: float = 0.0
    places: tuple[int, ...] = ()
    """The numbers of the places that it runs."""


class Coverage(msgspec.Struct, frozen=True):
    """What numtorch does with the programs of a pool."""

    digest: str
    places: tuple[str, ...]
    """``accumulate.py:118``; of generated modules the function, ``dispatch/pointwise.py:MulBackward0.run``."""
    reached: dict[str, Reach]
    """By the digest of the program."""
    modules: tuple[str, ...]
    """What else was imported: a process that imports it beforehand forks into ones that need not."""


class Subject:
    """numtorch as it is planted in this process."""

    def __init__(self) -> None:
        self._module: types.ModuleType = importlib.import_module(PACKAGE)

    def run(self, program: Program) -> Trace:
        return run(program, self._module)


def covered(
    programs: Mapping[str, bytes], path: Path, workers: int = 1, say: Callable[[str], None] = print
) -> Coverage:
    """What numtorch does with programs, each by its digest: what is kept in a file as far as it is fresh, and the rest."""
    looked = looked_at()
    digest = digest_of(sorted((file, sorted(lines)) for file, lines in looked.items()), folder=package())
    known: Coverage | None = read(path, Coverage)
    if known is None or known.digest != digest:
        known = Coverage(digest, (), {}, ())
    missing = [(one, program) for one, program in programs.items() if one not in known.reached]
    if not missing:
        return known
    say(f"numtorch runs {len(missing)} programs, and the lines that each reaches are noted …")
    began = time.monotonic()
    places = {place: number for number, place in enumerate(known.places)}
    reached, modules = dict(known.reached), set(known.modules)
    for start in range(0, len(missing), PROGRAMS_AT_A_TIME):
        some = missing[start : start + PROGRAMS_AT_A_TIME]
        for found, names in in_processes(_reach, [(some[n::workers], looked) for n in range(workers)]):
            modules |= names
            for one, own, seconds, reaches in found:
                numbers = tuple(sorted({places.setdefault(place, len(places)) for place in reaches}))
                reached[one] = Reach(own, round(seconds, 4), numbers)
        known = Coverage(digest, tuple(places), dict(reached), tuple(sorted(modules)))
        write(path, known)
    say(f"… {len(places)} places in {time.monotonic() - began:.0f} s")
    return known


def _reach(
    programs: Sequence[tuple[str, bytes]], looked: Mapping[str, frozenset[int]]
) -> tuple[list[tuple[str, str, float, set[str]]], set[str]]:
    """What numtorch does with programs. For a process of its own, which imports it."""
    before = set(sys.modules)
    subject = Subject()
    ran = []
    for digest, text in programs:
        program = Program.from_json(text)
        began = time.process_time()
        own = digest_of_trace(subject.run(program).to_json())
        ran.append((digest, program, own, time.process_time() - began))
    found = []
    for digest, program, own, seconds in ran:  # not at once: what is traced lives longer, which other programs may see
        places = lines_of(partial(subject.run, program), looked) if seconds <= SLOW else set()
        found.append((digest, own, seconds, places))
    return found, set(sys.modules) - before


def digest_of_trace(trace: bytes) -> str:
    """Of the JSON of a trace, which is always the same for the same one."""
    return hashlib.sha256(trace).hexdigest()[:24]


def lines_of(run: Callable[[], object], looked: Mapping[str, frozenset[int]]) -> set[str]:
    """The places of numtorch that a call runs, in the functions of these lines of files; in all of a file, if none is named."""
    import threading

    root = str(package()) + os.sep
    places: set[str] = set()
    seen: dict[str, set[int]] = {}
    followers: dict[Any, Any] = {}

    def follower(code: Any) -> Any:
        """What is called for each line of a function; None where nobody asks."""
        name = code.co_filename
        file = name[len(root) :]
        if not name.startswith(root):
            return None
        if file.startswith("dispatch" + os.sep):
            places.add(f"{file}:{code.co_qualname}")
            return None
        if file not in looked or (looked[file] and looked[file].isdisjoint(_lines(code))):
            return None
        numbers = seen.setdefault(file, set())
        add = numbers.add

        def line(frame: Any, event: str, argument: Any) -> Any:
            add(frame.f_lineno)
            return line

        def stated(frame: Any, event: str, argument: Any) -> Any:
            places.add(place_of(frame.f_locals["text"]))
            return line

        return stated if (file, code.co_name) == STATED else line

    def called(frame: Any, event: str, argument: Any) -> Any:
        code = frame.f_code
        try:
            found = followers[code]
        except KeyError:
            found = followers[code] = follower(code)
        if found is not None:
            found(frame, event, argument)
        return found

    threading.settrace(called)
    sys.settrace(called)
    try:
        run()
    finally:
        sys.settrace(None)
        threading.settrace(None)
    for file, numbers in seen.items():
        places |= {f"{file}:{number}" for number in numbers}
    return places


def _lines(code: types.CodeType) -> set[int]:
    return {code.co_firstlineno, *(line for _, _, line in code.co_lines() if line is not None)}


def digest_of(*of: object, folder: Path | None = None, but: tuple[str, ...] = ()) -> str:
    """A digest of every Python file below a folder, but for those in it that are named, and of what else matters."""
    digest = hashlib.sha256(repr(of).encode())
    for path in sorted(folder.rglob("*.py")) if folder else ():
        name = path.relative_to(folder).as_posix()  # type: ignore[arg-type]
        if not name.startswith(but):
            digest.update(name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def read(path: Path, kind: Any) -> Any:
    """What was written to a file; None if nothing was, or by another version."""
    try:
        return msgspec.msgpack.decode(path.read_bytes(), type=kind)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def write(path: Path, value: Any) -> None:
    """Writes a file as a whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_bytes(msgspec.msgpack.encode(value))
    new.replace(path)  # so that Ctrl-C leaves the old one or the new one
