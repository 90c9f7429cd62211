"""What numtorch as it is does with programs: the trace, by its digest, the time, and the lines that each runs (`marks`)."""

from __future__ import annotations

import hashlib
import importlib
import sys
import time
import types
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from conformance.interpreter.interpreter import run
from conformance.program import Program
from conformance.trace import Trace
from mutation.marks import Marks
from mutation.mutants import looked_at
from mutation.planting import PACKAGE, forget, in_processes, package, plant

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
    """``backward/accumulate.py:118``; of generated modules the function, ``dispatch/pointwise.py:MulBackward0.run``."""
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
    files = looked_at()
    digest = digest_of(files, folder=package())
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
        for found, names in in_processes(_reach, [(some[n::workers], files) for n in range(workers)]):
            modules |= names
            for one, own, seconds, reaches in found:
                numbers = tuple(sorted({places.setdefault(place, len(places)) for place in reaches}))
                reached[one] = Reach(own, round(seconds, 4), numbers)
        known = Coverage(digest, tuple(places), dict(reached), tuple(sorted(modules)))
        write(path, known)
    say(f"… {len(places)} places in {time.monotonic() - began:.0f} s")
    return known


def _reach(
    programs: Sequence[tuple[str, bytes]], files: Sequence[str]
) -> tuple[list[tuple[str, str, float, set[str]]], set[str]]:
    """What numtorch does with programs. For a process of its own, which imports it with its lines marked."""
    before = set(sys.modules)
    forget()
    marks = Marks()
    plant(marks.made_in(files))
    subject = Subject()
    found = []
    for digest, text in programs:
        program = Program.from_json(text)
        marks.clear()
        began = time.process_time()
        own = digest_of_trace(subject.run(program).to_json())
        found.append((digest, own, time.process_time() - began, marks.places()))
    return found, set(sys.modules) - before


def digest_of_trace(trace: bytes) -> str:
    """Of the JSON of a trace, which is always the same for the same one."""
    return hashlib.sha256(trace).hexdigest()[:24]


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
