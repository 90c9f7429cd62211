"""What numtorch as it is does with programs: the trace, by its digest, the time, and the lines that each runs (`marks`)."""

from __future__ import annotations

import functools
import gc
import hashlib
import importlib
import multiprocessing
import sys
import time
import types
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from conformance.interpreter.interpreter import run
from conformance.program import Program
from conformance.trace import Trace
from mutation import marks
from mutation.marks import Marks
from mutation.mutants import looked_at
from mutation.planting import PACKAGE, forget, package, plant

PROGRAMS_AT_A_TIME = 250
"""Given to a process at a time."""

WRITTEN_AFTER = 8
"""So many of these, which is a quarter of a minute or so: what an interruption may cost."""

SLOW = 0.5
"""Seconds of processor time that a program may take on numtorch. The few that take longer would be most of a run's time."""


PLACE = np.dtype("<u4")
"""The number of a place."""


class Reach(msgspec.Struct, frozen=True):
    """What numtorch does with one program."""

    own: str
    """The digest of its trace: a mutant that does the same needs no judge."""
    seconds: float = 0.0
    places: bytes = b""
    """The numbers of the places that it runs, as `PLACE`: as Python's numbers, those of all programs fill the memory."""


class Coverage(msgspec.Struct, frozen=True):
    """What numtorch does with the programs of a pool."""

    digest: str
    places: tuple[str, ...]
    """What has a mark, whether anything reaches it or not: ``backward/accumulate.py:118``, and of generated modules the
    functions, too, ``dispatch/pointwise.py:MulBackward0.run``."""
    reached: dict[str, Reach]
    """By the digest of the program."""
    modules: tuple[str, ...]
    """What else was imported: a process that imports it beforehand forks into ones that need not."""
    imported: tuple[str, ...] = ()
    """The places that are reached on import: what they do may show in any program."""


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
    digest = digest_of(files, *(Path(one).read_text() for one in (marks.__file__, __file__)), folder=package())
    known: Coverage | None = read(path, Coverage)
    if known is None or known.digest != digest:
        known = Coverage(digest, (), {}, ())
    missing = [(one, program) for one, program in programs.items() if one not in known.reached]
    if not missing:
        return known
    say(f"numtorch runs {len(missing)} programs, and the lines that each reaches are noted …")
    began = time.monotonic()
    places = {place: number for number, place in enumerate(known.places)}
    reached, modules, imported = dict(known.reached), set(known.modules), set(known.imported)
    parts = [missing[start : start + PROGRAMS_AT_A_TIME] for start in range(0, len(missing), PROGRAMS_AT_A_TIME)]
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(workers, context, initializer=_mark, initargs=(files,)) as processes:
        for count, (found, names, marked, first) in enumerate(processes.map(_reach, parts), 1):
            modules |= names
            imported |= first
            for place in marked:
                places.setdefault(place, len(places))
            for one, own, seconds, reaches in found:
                numbers = sorted({places.setdefault(place, len(places)) for place in reaches})
                reached[one] = Reach(own, round(seconds, 4), np.array(numbers, PLACE).tobytes())
            if count % WRITTEN_AFTER == 0 or count == len(parts):
                known = Coverage(digest, tuple(places), dict(reached), tuple(sorted(modules)), tuple(sorted(imported)))
                write(path, known)
    some = set[int]().union(*[np.frombuffer(reach.places, PLACE).tolist() for reach in reached.values()])
    say(f"… {len(some)} of {len(places)} places in {time.monotonic() - began:.0f} s")
    return known


_marks: Marks
_imported: set[str]
_before: set[str]


def _mark(files: Sequence[str]) -> None:
    """Begins a process, which imports numtorch with its lines marked."""
    global _marks, _imported, _before
    _before = set(sys.modules)
    forget()
    _marks = Marks()
    plant(_marks.made_in(files))
    Subject()
    _imported = _marks.places()
    gc.collect()
    gc.freeze()
    gc.disable()


def _reach(
    programs: Sequence[tuple[str, bytes]],
) -> tuple[list[tuple[str, str, float, set[str]]], set[str], list[str], set[str]]:
    """What numtorch does with programs, in such a process: of each; what was imported, what is marked, what import passes."""
    subject = Subject()
    found = []
    for digest, text in programs:
        program = Program.from_json(text)
        _forget_answers()
        let_go()
        _marks.clear()
        began = time.process_time()
        own = digest_of_trace(subject.run(program).to_json())
        found.append((digest, own, time.process_time() - began, _marks.places()))
    return found, set(sys.modules) - _before, list(_marks.every()), _imported


def let_go() -> None:
    """Lets go of the garbage that the program before left, where the collector is off.

    While a node with a hook lives in a cycle somewhere no pass is plain, and what plain passes do wrong shows in no program
    that comes later. The collector by itself would look there for the first time after thousands of programs, and now it
    takes a twentieth of a millisecond.
    """
    gc.collect(1)


def _forget_answers() -> None:
    """Empties what numtorch's functions remember of earlier calls: each program is to pass what it would pass alone."""
    for one in _remembering(len(sys.modules)):
        one.cache_clear()


@functools.lru_cache(1)
def _remembering(modules: int) -> list[Any]:
    """The functions of numtorch that do, when so many modules have been imported."""
    own = [module for name, module in sys.modules.items() if name.partition(".")[0] == PACKAGE]
    return [one for module in own for one in vars(module).values() if isinstance(one, functools._lru_cache_wrapper)]


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
