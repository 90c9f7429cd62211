"""The programs that mutants are run on, with what PyTorch does on each: made once, and kept.

A pool is a few programs of every case of the catalogue and so many random ones. Each is stored with PyTorch's trace and with
all replays that the judge asks for where numbers are apart; so no mutant needs PyTorch. Beside it stands
what numtorch's own source makes of it: which programs it passes (others say nothing about a mutant), how long each takes, and
which lines each runs, so that a mutant begins with programs that reach it.

Both parts carry a digest of what they were made from, and are made anew when that has changed.
"""

from __future__ import annotations

import hashlib
import heapq
import math
import os
import sys
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import msgspec

from conformance.judging.verdict import Verdict
from conformance.program import Program
from conformance.trace import Trace
from mutation.planting import package
from mutation.stated import STATED, place_of

PROGRAMS_OF_A_CASE = 8
"""Different programs drawn for each case. A case of a property needs several; more find no more mutants a second."""

RANDOM_PROGRAMS = 3_000
"""Random programs beside them."""

GENERATORS = ("conformance.compose.derivatives",)
"""Programs that are drawn as those of a case are, and are none of the catalogue."""

OWN = ("cases/", "compose/derivatives.py", "operators/expressions.py", "operators/variations.py")
"""What only the cases in it depend on, as far as they are concerned."""

CASES_AT_A_TIME, PROGRAMS_AT_A_TIME = 300, 2_000
"""What is made between two writings: a minute or so, which is what an interruption may cost."""

SLOW = 0.5
"""Seconds of processor time that a program may take on numtorch. The few that take longer would be most of a run's time."""


class Stored(msgspec.Struct, frozen=True, dict=True):
    """One program, with PyTorch's answers."""

    made_from: str
    """A digest of the harness and, of a case, its module."""
    source: str
    """The id of its case, or ``random``."""
    number: int
    program: bytes
    trace: bytes
    replays: dict[str, bytes]
    """PyTorch's traces of what the judge may ask for, in double precision and with other roundings, by the program's digest."""

    @cached_property
    def digest(self) -> str:
        """Of the program and what PyTorch does with it."""
        return hashlib.sha256(self.program + self.trace).hexdigest()[:24]


class Reach(msgspec.Struct, frozen=True):
    """What numtorch does with one program."""

    passes: bool
    """Whether it does all as PyTorch does."""
    seconds: float = 0.0
    places: tuple[int, ...] = ()
    """The numbers of the places that it runs."""
    until: int = 0
    """The step at which it differs without any mutant, if it does not pass: what comes before says as much as if it did."""

    @property
    def steps(self) -> float:
        """How many steps can tell a mutant."""
        return math.inf if self.passes else self.until


class Coverage(msgspec.Struct, frozen=True):
    """What numtorch does with the programs of a pool."""

    digest: str
    places: tuple[str, ...]
    """``accumulate.py:118``; of generated modules the function, ``dispatch/pointwise.py:MulBackward0.run``."""
    reached: dict[str, Reach]
    """By the digest of the program."""
    modules: tuple[str, ...]
    """What else was imported: a process that imports it beforehand forks into ones that need not."""


class PoolFile(msgspec.Struct, frozen=True):
    """What is written to a file."""

    programs: tuple[Stored, ...]


def digest_of(*of: object, folder: Path | None = None, but: tuple[str, ...] = ()) -> str:
    """A digest of every Python file below a folder, but for those in it that are named, and of what else matters."""
    digest = hashlib.sha256(repr(of).encode())
    for path in sorted(folder.rglob("*.py")) if folder else ():
        name = path.relative_to(folder).as_posix()  # type: ignore[arg-type]
        if not name.startswith(but):
            digest.update(name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


@dataclass(frozen=True)
class Pool:
    """Programs, and which of them reach which places."""

    programs: tuple[Stored, ...]
    coverage: Coverage

    @cached_property
    def digest(self) -> str:
        """Of all programs, and of numtorch's source."""
        return digest_of(self.coverage.digest, [one.digest for one in self.programs])

    @cached_property
    def reached(self) -> list[Reach]:
        """What numtorch does with each program."""
        return [self.coverage.reached[one.digest] for one in self.programs]

    @cached_property
    def passing(self) -> list[int]:
        """The programs that numtorch as it is passes in reasonable time, all of them or a beginning."""
        return [n for n, one in enumerate(self.reached) if one.steps and one.seconds <= SLOW]

    @cached_property
    def by_place(self) -> dict[str, list[int]]:
        """The programs that run a place."""
        found: dict[str, list[int]] = {}
        for number in self.passing:
            for place in self.reached[number].places:
                found.setdefault(self.coverage.places[place], []).append(number)
        return found

    def chosen(self, places: Iterable[str], count: int) -> list[int]:
        """Up to so many programs for a mutant at these places, in the order to run them.

        First those that reach it: of each place by turns one that does little else, and one that does what none before it did,
        beginning with the place that is reached by the fewest. (Everything passes the test of a condition; what is interesting
        is behind it.) Then others: what is reached on import only, or once and then remembered, no program seems to reach.
        """
        groups = {tuple(self.by_place[place]) for place in places if place in self.by_place}
        queues = []
        for group in sorted(groups, key=len):
            queues.append(iter(sorted(group, key=lambda n: (len(self.reached[n].places), n))))
            queues.append(iter(sorted(group, key=self._turn.__getitem__)))
        order: dict[int, None] = {}
        while queues and len(order) < count:
            queues = [queue for queue in queues if self._took_one(queue, order)]
        for number in self.diverse:
            if len(order) >= count:
                break
            order[number] = None
        return list(order)[:count]

    def _took_one(self, queue: Iterator[int], order: dict[int, None]) -> bool:
        for number in queue:
            if number not in order:
                order[number] = None
                return True
        return False

    @cached_property
    def _turn(self) -> dict[int, int]:
        return {number: turn for turn, number in enumerate(self.diverse)}

    @cached_property
    def diverse(self) -> list[int]:
        """The passing programs, each being the one that reaches most places which those before it did not.

        When nothing is left to be reached it begins anew with the others, so that every stretch of the order is a sample of
        everything. (Greedy; a program's gain never grows within a round, so most need not be counted again.)
        """
        masks = {n: sum(1 << place for place in self.reached[n].places) for n in self.passing}
        order: list[int] = []
        waiting = [(-mask.bit_count(), n) for n, mask in masks.items()]
        while waiting:
            heapq.heapify(waiting)
            covered, left = 0, []
            while waiting:
                _, n = heapq.heappop(waiting)
                now = -(masks[n] & ~covered).bit_count()
                if not now:
                    left.append((-masks[n].bit_count(), n))
                elif waiting and (now, n) > waiting[0]:
                    heapq.heappush(waiting, (now, n))
                else:
                    order.append(n)
                    covered |= masks[n]
            if not covered:
                order += [n for _, n in left]
                break
            waiting = left
        return order


# ------------------------------------------------------------------------------------------------------------- making


def load(
    folder: Path,
    *,
    seed: int = 0,
    workers: int = 1,
    counts: tuple[int, int] = (PROGRAMS_OF_A_CASE, RANDOM_PROGRAMS),
    only: Collection[str] | None = None,
    say: Callable[[str], None] = print,
) -> Pool:
    """The pool of a seed: what is in the folder as far as it is fresh, the rest made and kept there.

    `counts` are the programs of a case and the random ones; `only` names the cases to take, and ``random``; None for all.
    """
    path = folder / "programs.msgpack"
    before: PoolFile | None = _read(path, PoolFile)
    programs = () if before is None else before.programs
    for more in _made(programs, seed, workers, counts, only, say):
        programs = more
        _write(path, PoolFile(programs))
    path = folder / "coverage.msgpack"
    digest = digest_of(folder=package())
    coverage: Coverage | None = _read(path, Coverage)
    if coverage is None or coverage.digest != digest:
        coverage = Coverage(digest, (), {}, ())
    for further in _covered(programs, coverage, workers, say):
        coverage = further
        _write(path, coverage)
    return Pool(programs, coverage)


def _read(path: Path, kind: Any) -> Any:
    try:
        return msgspec.msgpack.decode(path.read_bytes(), type=kind)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def _write(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_bytes(msgspec.msgpack.encode(value))
    new.replace(path)  # so that Ctrl-C leaves the old one or the new one


def _made(
    kept: Sequence[Stored],
    seed: int,
    workers: int,
    counts: tuple[int, int],
    only: Collection[str] | None,
    say: Callable[[str], None],
) -> Iterator[tuple[Stored, ...]]:
    """The programs that a seed stands for, as more and more are made; of those that are kept the fresh ones stay."""
    every = in_processes(_sources, [(seed, counts)])[0]
    wanted = {source: digest for source, digest in every if only is None or source in only}
    programs = [one for one in kept if wanted.get(one.source) == one.made_from]
    missing = [source for source in wanted if source not in {one.source for one in programs}]
    if missing:
        say(f"PyTorch runs {counts[0]} programs of each of {len(missing)} cases, and random ones …")
    elif len(programs) < len(kept):
        yield tuple(programs)
    began = time.monotonic()
    for start in range(0, len(missing), CASES_AT_A_TIME):
        some = {source: wanted[source] for source in missing[start : start + CASES_AT_A_TIME]}
        for part in in_processes(_share, [(seed, counts, some, n, workers) for n in range(workers)]):
            programs += part
        programs.sort(key=lambda one: (one.source, one.number))
        yield tuple(programs)
    if missing:
        say(f"… {len(programs)} programs in {time.monotonic() - began:.0f} s")


def _sources(seed: int, counts: tuple[int, int]) -> list[tuple[str, str]]:
    """Every case, and ``random``, with the digest of what its programs are made from."""
    import conformance
    from conformance.running.session import all_cases

    where = Path(conformance.__file__).parent
    harness = digest_of(seed, counts[0], folder=where, but=OWN)
    found = [("random", digest_of(harness, counts[1]))]
    for case in all_cases(GENERATORS):
        found.append((case.id, digest_of(harness, case.source, case.sentence, _beside(case))))
    return found


def _beside(case: Any) -> str:
    """What a case's own functions and strategies are in: its module."""
    return Path(sys.modules[case.module].__file__ or "").read_text()


def _share(seed: int, counts: tuple[int, int], wanted: dict[str, str], first: int, step: int) -> list[Stored]:
    """Every so-manieth case and random program, on PyTorch. For a process of its own, which imports it."""
    from conformance.fuzz.worker import drawn
    from conformance.running.runner import case_seed
    from conformance.running.sampling import CannotDraw, Enough, draw
    from conformance.running.session import all_cases
    from conformance.subjects import open_subject

    sys.unraisablehook = lambda unraisable: None  # of recordings that Hypothesis gave up half-way
    # In a process of its own: PyTorch does not survive every replay with other roundings (of mse_loss across, for one).
    answers = open_subject("torch", isolate=True)
    found: list[Stored] = []
    for case in [case for case in all_cases(GENERATORS) if case.id in wanted][first::step]:
        programs: dict[str, Program] = {}

        def see(program: Program, programs: dict[str, Program] = programs) -> None:
            programs[program.digest] = program
            if len(programs) == counts[0]:
                raise Enough

        try:
            draw(case.programs(), see, seed=case_seed(seed, case.id), max_examples=3 * counts[0])
        except CannotDraw:
            continue  # the suite's own tests say so
        # What Hypothesis draws first is the simplest there is.
        for number, program in enumerate(reversed(programs.values())):
            found += _stored(wanted[case.id], case.id, number, program, answers)
    for number in range(first, counts[1] if "random" in wanted else 0, step):
        found += _stored(wanted["random"], "random", number, drawn(seed, number), answers)
    answers.close()
    return found


def _stored(made_from: str, source: str, number: int, program: Program, oracle: Any) -> list[Stored]:
    from conformance.judging.witness import Replays
    from conformance.subjects.base import SubjectError

    try:
        trace = oracle.run(program)
    except SubjectError:
        return []
    logged = _Logged(oracle)
    replays = Replays(program, trace, logged)
    if not replays.silent:  # else it is inconclusive to the judge, who says why
        for step in range(len(program.steps)):
            replays.others(step)
    return [Stored(made_from, source, number, program.to_json(), trace.to_json(), logged.replays)]


@dataclass(eq=False)
class _Logged:
    """An oracle whose answers are kept. (The judge remembers answers by oracle, so each is one of its own.)"""

    oracle: Any
    replays: dict[str, bytes] = field(default_factory=dict)

    def describe(self) -> Any:
        return self.oracle.describe()

    def run(self, program: Program) -> Trace:
        trace: Trace = self.oracle.run(program)
        self.replays[program.digest] = trace.to_json()
        return trace

    def close(self) -> None:
        """It is the oracle's owner who closes it."""


def _covered(
    programs: Sequence[Stored], known: Coverage, workers: int, say: Callable[[str], None]
) -> Iterator[Coverage]:
    """What numtorch does with programs, as more and more of them have been run."""
    missing = [one for one in programs if one.digest not in known.reached]
    if not missing:
        return
    say(f"numtorch runs {len(missing)} programs, and the lines that each reaches are noted …")
    began = time.monotonic()
    places = {place: number for number, place in enumerate(known.places)}
    reached = dict(known.reached)
    modules = set(known.modules)
    for start in range(0, len(missing), PROGRAMS_AT_A_TIME):
        some = missing[start : start + PROGRAMS_AT_A_TIME]
        for found, names in in_processes(_reach, [(some[n::workers],) for n in range(workers)]):
            modules |= names
            for digest, until, seconds, reaches in found:
                numbers = tuple(sorted({places.setdefault(place, len(places)) for place in reaches}))
                reached[digest] = Reach(until is None, round(seconds, 4), numbers, until or 0)
        yield Coverage(known.digest, tuple(places), dict(reached), tuple(sorted(modules)))
    failing = sum(not reached[one.digest].passes for one in programs)
    say(
        f"… {len(places)} places in {time.monotonic() - began:.0f} s; {failing} programs that it does not pass end before"
    )


def _reach(programs: Sequence[Stored]) -> tuple[list[tuple[str, int | None, float, set[str]]], set[str]]:
    """What numtorch does with programs. For a process of its own, which imports it."""
    from mutation.killing import Subject

    before = set(sys.modules)
    subject = Subject()
    judged = []
    for stored in programs:
        began = time.process_time()
        until = differs_at(subject.judged(stored))
        judged.append((stored, until, time.process_time() - began))
    found = []
    for stored, until, seconds in judged:  # not at once: what is traced lives longer, which other programs may see
        places: set[str] = set()
        if until != 0 and seconds <= SLOW:
            places = lines_of(partial(subject.run, decoded(stored)[0]))
        found.append((stored.digest, until, seconds, places))
    return found, set(sys.modules) - before


def differs_at(verdict: Verdict) -> int | None:
    """The step at which a program differs, or nobody can say; None if it passes, 0 if no step is named."""
    if verdict.status == "PASS":
        return None
    return (verdict.at or 0) if verdict.first is None else verdict.first.step[0]


def lines_of(run: Callable[[], object]) -> set[str]:
    """The places of numtorch that a call runs."""
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


def in_processes(function: Callable[..., Any], arguments: Sequence[tuple[Any, ...]]) -> list[Any]:
    """The results of several calls, each in a forked process of its own, in their order."""
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    with ProcessPoolExecutor(len(arguments), mp_context=multiprocessing.get_context("fork")) as processes:
        futures = [processes.submit(function, *given) for given in arguments]
        return [future.result() for future in futures]


def decoded(stored: Stored) -> tuple[Program, Trace]:
    """A stored program and PyTorch's trace of it."""
    return Program.from_json(stored.program), Trace.from_json(stored.trace)
