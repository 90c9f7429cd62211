"""The programs that mutants are run on, and what numtorch as it is does with each: made once, and kept.

A pool is a few programs of every case of the catalogue and so many random ones. Beside it stands what numtorch's own source
makes of each (`reach`): the trace, by its digest, how long it takes, and which lines it runs, so that a mutant begins with
programs that reach it. What PyTorch does is not here: it is asked when a mutant does what numtorch does not (`judging`).

Both parts carry a digest of what they were made from, and are made anew when that has changed.
"""

from __future__ import annotations

import hashlib
import heapq
import sys
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from conformance.program import Program
from mutation.planting import in_processes
from mutation.reach import SLOW, Coverage, Reach, covered, digest_of, read, write

PROGRAMS_OF_A_CASE = 8
"""Different programs drawn for each case. A case of a property needs several; more find no more mutants a second."""

RANDOM_PROGRAMS = 3_000
"""Random programs beside them."""

GENERATORS = ("conformance.compose.derivatives",)
"""Programs that are drawn as those of a case are, and are none of the catalogue."""

OWN = ("cases/", "compose/derivatives.py", "operators/expressions.py", "operators/variations.py")
"""What only the cases in it depend on, as far as they are concerned."""

CASES_AT_A_TIME = 1_000
"""Drawn between two writings: a minute or so, which is what an interruption may cost."""


class Stored(msgspec.Struct, frozen=True, dict=True):
    """One program."""

    made_from: str
    """A digest of the harness and, of a case, its module."""
    source: str
    """The id of its case, or ``random``."""
    number: int
    program: bytes

    @cached_property
    def digest(self) -> str:
        """Of the program."""
        return hashlib.sha256(self.program).hexdigest()[:24]


class PoolFile(msgspec.Struct, frozen=True):
    """What is written to a file."""

    programs: tuple[Stored, ...]


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
    def quick(self) -> list[int]:
        """The programs that take reasonable time, those first that do the least."""
        quick = [n for n, one in enumerate(self.reached) if one.seconds <= SLOW]
        return sorted(quick, key=lambda n: (len(self.reached[n].places), n))

    @cached_property
    def by_place(self) -> dict[str, list[int]]:
        """The programs that run a place, those first that do little else."""
        return self._by_place(self.quick)

    @cached_property
    def _diverse_by_place(self) -> dict[str, list[int]]:
        return self._by_place(self.diverse)

    def _by_place(self, programs: Iterable[int]) -> dict[str, list[int]]:
        found: list[list[int]] = [[] for _ in self.coverage.places]
        for number in programs:
            for place in self.reached[number].places:
                found[place].append(number)
        return {place: numbers for place, numbers in zip(self.coverage.places, found, strict=True) if numbers}

    def chosen(self, places: Iterable[str], count: int) -> list[int]:
        """Up to so many programs for a mutant at these places, in the order to run them.

        First those that reach it: of each place by turns one that does little else, and one that does what none before it did,
        beginning with the place that is reached by the fewest. (Everything passes the test of a condition; what is interesting
        is behind it.) Then others: what is reached on import only, or once and then remembered, no program seems to reach.
        """
        groups: list[tuple[list[int], list[int]]] = []
        for place in places:
            little = self.by_place.get(place)
            if little and all(little != other for other, _ in groups):
                groups.append((little, self._diverse_by_place[place]))
        queues = [iter(order) for group in sorted(groups, key=lambda group: len(group[0])) for order in group]
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
    def diverse(self) -> list[int]:
        """The quick programs, each being the one that reaches most places which those before it did not.

        When nothing is left to be reached it begins anew with the others, so that every stretch of the order is a sample of
        everything. (Greedy; a program's gain never grows within a round, so most need not be counted again.)
        """
        masks = {n: sum(1 << place for place in self.reached[n].places) for n in self.quick}
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
    words: Collection[str] = (),
    say: Callable[[str], None] = print,
) -> Pool:
    """The pool of a seed: what is in the folder as far as it is fresh, the rest made and kept there.

    `counts` are the programs of a case and the random ones; with `words` only cases with one of them in their id.
    """
    path = folder / "programs.msgpack"
    before: PoolFile | None = read(path, PoolFile)
    programs = () if before is None else before.programs
    for more in _made(programs, seed, workers, counts, words, say):
        programs = more
        write(path, PoolFile(programs))
    return Pool(
        programs, covered({one.digest: one.program for one in programs}, folder / "coverage.msgpack", workers, say)
    )


def _made(
    kept: Sequence[Stored],
    seed: int,
    workers: int,
    counts: tuple[int, int],
    words: Collection[str],
    say: Callable[[str], None],
) -> Iterator[tuple[Stored, ...]]:
    """The programs that a seed stands for, as more and more are made; of those that are kept the fresh ones stay."""
    every = in_processes(_sources, [(seed, counts)])[0]
    wanted = {source: digest for source, digest in every if not words or any(word in source for word in words)}
    programs = [one for one in kept if wanted.get(one.source) == one.made_from]
    missing = [source for source in wanted if source not in {one.source for one in programs}]
    if missing:
        say(f"{counts[0]} programs of each of {len(missing)} cases, and random ones, are drawn …")
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
    """Every so-manieth case and random program. For a process of its own: the guide imports PyTorch."""
    from conformance.fuzz.worker import drawn
    from conformance.running.runner import case_seed
    from conformance.running.sampling import CannotDraw, Enough, draw
    from conformance.running.session import all_cases

    sys.unraisablehook = lambda unraisable: None  # of recordings that Hypothesis gave up half-way
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
            found.append(Stored(wanted[case.id], case.id, number, program.to_json()))
    for number in range(first, counts[1] if "random" in wanted else 0, step):
        found.append(Stored(wanted["random"], "random", number, drawn(seed, number).to_json()))
    return found
