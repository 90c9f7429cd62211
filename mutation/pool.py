"""The programs that mutants are run on, and what numtorch as it is does with each: made once, and kept.

A pool is a few programs of every case of the catalogue and so many random ones. Where the recorded corpus has them they are
taken from it, with PyTorch's answers: small programs that were chosen to show what many do. Those of cases that are younger
than it, or none of the catalogue, are drawn, and PyTorch is asked about one when a mutant does what numtorch does not
(`judging`).
Beside them stands what numtorch's own source makes of each (`reach`): the trace, by its digest, how long it takes, and which
lines it runs, so that a mutant is run on programs that reach it.

Both parts carry a digest of what they were made from, and are made anew when that has changed.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import sys
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from heapq import heapify, heappop, heappush
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from conformance.program import Program
from conformance.recorded.catalogue import source_digest
from conformance.recorded.corpus import Corpus
from conformance.recorded.lines import RANDOM, Recording
from conformance.recorded.shipped import SHIPPED
from mutation.planting import in_processes, package
from mutation.reach import PLACE, SLOW, Coverage, Reach, covered, digest_of, read, write

Numbers = np.ndarray[Any, np.dtype[Any]]

Orders = tuple[list[int], ...]

PROGRAMS_OF_A_CASE = 8
"""Different programs drawn for each case that was not recorded; of the others all that were, which are few and chosen."""

RANDOM_PROGRAMS = 3_000
"""Random programs beside them."""

PASSES = "conformance.compose.passes"
OF_PASSES = 4
"""Of each case of passes so many times as many programs: each is another graph, and few do what the others do."""

GENERATORS = ("conformance.compose.derivatives", PASSES, "conformance.compose.unlooked")
"""Programs that are drawn as those of a case are, and are none of the catalogue."""

GRAPHS = "conformance.compose.graphs"
"""What the cases of passes are made with."""

DERIVATIVES = "derivatives/"
"""How their ids begin."""

OWN = (
    "cases/",
    "compose/derivatives.py",
    "compose/graphs.py",
    "compose/passes.py",
    "compose/unlooked.py",
    "operators/expressions.py",
    "operators/variations.py",
)
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
    trace: bytes = b""
    """What PyTorch did, if it was recorded."""
    sureness: bytes = b""
    """How sure it was of that."""

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
    def of_sources(self) -> Counter[str]:
        """How many programs each case has."""
        return Counter(one.source for one in self.programs)

    @cached_property
    def quick(self) -> list[int]:
        """The programs that take reasonable time, those first that do the least."""
        quick = [n for n, one in enumerate(self.reached) if one.seconds <= SLOW]
        return sorted(quick, key=lambda n: (len(self.reached[n].places), n))

    @cached_property
    def _by_place(self) -> tuple[Numbers, Numbers]:
        """The programs that run each place, one place after the other, and where those of each begin."""
        quick = self.quick
        reached = [np.frombuffer(self.reached[number].places, PLACE) for number in quick]
        places = np.concatenate([np.zeros(0, PLACE), *reached])
        programs = np.repeat(np.array(quick, np.int64), [len(one) for one in reached])
        order = np.argsort(places, kind="stable")
        return programs[order], np.searchsorted(places[order], np.arange(len(self.coverage.places) + 1))

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {place: number for number, place in enumerate(self.coverage.places)}

    def reaching(self, place: str) -> list[int]:
        """The programs that run a place, those first that do little else."""
        number = self._numbers.get(place)
        if number is None:
            return []
        programs, begins = self._by_place
        return [int(one) for one in programs[begins[number] : begins[number + 1]]]

    def around(self, places: Sequence[str]) -> list[int]:
        """The programs that run the functions around places, those first that do little else."""
        keys = dict.fromkeys(_function_at(place) for place in places if place in self._numbers)
        wanted = [number for key in keys if key[1] for number in self._within[key]]
        found = {one for number in wanted for one in self.reaching(self.coverage.places[number])}
        return sorted(found, key=lambda one: (len(self.reached[one].places), one))

    def by_turns(self, numbers: Iterable[int]) -> list[int]:
        """These programs in such an order that any stretch is a sample: of each feature by turns, and in it of each case."""
        features: dict[str, dict[str, list[int]]] = {}
        for number in numbers:
            source = self.programs[number].source
            features.setdefault(source.partition("/")[0], {}).setdefault(source, []).append(number)
        return _interleaved([_interleaved(list(cases.values())) for cases in features.values()])

    def chosen(self, places: Sequence[str], count: int, row: str = "") -> list[int]:
        """Up to so many programs for a mutant at these places, in the order to run them.

        Those that reach it: of each place by turns one that does little else, one of another feature, one that
        differentiates another operator, one that passes the changed function in another way, and one that runs what none
        of these does, beginning with the place that is reached by the fewest; of an operator's row first those that
        differentiate it. (Everything passes the test
        of a condition; what is interesting is behind it.) A program that does not reach a changed statement does what it
        does without the change, so others are run only where the change may show on import: at a place without a mark, or
        one that import passes.
        """
        groups: list[Orders] = []
        for place in places:
            orders = self._orders(place)
            if orders[0] and orders not in groups:
                groups.append(orders)
        groups.sort(key=lambda orders: len(orders[0]))
        queues = [iter(order) for orders in groups for order in orders]
        drawn = [n for orders in groups for n in orders[2]] if row else ()
        order = dict.fromkeys(n for n in drawn if self.programs[n].source.rpartition("_")[0] == DERIVATIVES + row)
        while queues and len(order) < count:
            queues = [queue for queue in queues if self._took_one(queue, order)]
        if not all(self._shows_to_those_only(place) for place in places) or not places:
            for number in self._others:
                if len(order) >= count:
                    break
                order[number] = None
        return list(order)[:count]

    def _orders(self, place: str) -> Orders:
        """The programs that run a place in each order, which many mutants ask for."""
        if place not in self._ordered:
            reaching = self.reaching(place)
            drawn = [number for number in reaching if self.programs[number].source.startswith(DERIVATIVES)]
            by_turns = self.by_turns(reaching)
            orders = reaching, by_turns, self.by_turns(drawn), self.ways(place, by_turns), self.widest(place, reaching)
            self._ordered[place] = orders
        return self._ordered[place]

    def ways(self, place: str, numbers: Sequence[int]) -> list[int]:
        """These programs in such an order that each passes a place, and its function, in another way than those before it.

        By turns of what is true and what false of the conditions on its line, and of those by turns of what else is in the
        function: what of it is run, and which parts of its conditions hold, those first that few programs go.
        """
        if not numbers:
            return []
        at_place, around = self._flags(place), self._flags(_function_at(place))
        ways: dict[bytes, dict[bytes, list[int]]] = {}
        for number in numbers:
            passed = np.frombuffer(self.reached[number].places, PLACE)
            here, way = (passed[within[passed]].tobytes() for within in (at_place, around))
            ways.setdefault(here, {}).setdefault(way, []).append(number)
        return _interleaved([_interleaved(sorted(those.values(), key=len)) for those in ways.values()])

    def widest(self, place: str, numbers: Sequence[int]) -> list[int]:
        """Those of these programs that run something which none before them does, each time the one that runs the most.

        What a statement that thousands pass does wrong is often seen only where something else is done with what it made:
        a view that is looked at once its base was written to. Outside of the operators' code that code does not count:
        each program has an operator which none before it had.
        """
        counts = np.ones(len(self.coverage.places), bool) if _of_operators(place) else self._between_operators.copy()
        runs = {number: np.frombuffer(self.reached[number].places, PLACE) for number in numbers}
        waiting = [(-int(np.count_nonzero(counts[passed])), number) for number, passed in runs.items()]
        heapify(waiting)
        found = []
        while waiting:
            _, number = heappop(waiting)
            new = runs[number][counts[runs[number]]]
            if not len(new):
                continue
            if waiting and -len(new) > waiting[0][0]:  # which may run more, since it did when it was last asked
                heappush(waiting, (-len(new), number))
            else:
                found.append(number)
                counts[new] = False
        return found

    @cached_property
    def _between_operators(self) -> Numbers:
        return np.array([not _of_operators(place) for place in self.coverage.places], bool)

    def _flags(self, key: str | tuple[str, int]) -> Numbers:
        """Which of the places are on a line, or in a function."""
        flags = np.zeros(len(self.coverage.places), bool)
        flags[self._within.get(key, [])] = True
        return flags

    @cached_property
    def _within(self) -> dict[str | tuple[str, int], list[int]]:
        """The numbers of the places on each line, and in each function."""
        found: dict[str | tuple[str, int], list[int]] = {}
        for number, place in enumerate(self.coverage.places):
            for key in (place.partition("?")[0], _function_at(place)):
                found.setdefault(key, []).append(number)
        return found

    @cached_property
    def _ordered(self) -> dict[str, Orders]:
        return {}

    @cached_property
    def _others(self) -> list[int]:
        return self.by_turns(self.quick)

    def _shows_to_those_only(self, place: str) -> bool:
        """Whether what happens there happens to programs that reach it, and to no others."""
        return place in self._marked

    @cached_property
    def _marked(self) -> set[str]:
        return set(self.coverage.places) - set(self.coverage.imported)

    def _took_one(self, queue: Iterator[int], order: dict[int, None]) -> bool:
        for number in queue:
            if number not in order:
                order[number] = None
                return True
        return False


def _of_operators(place: str) -> bool:
    return place.startswith(("dispatch/", "formulas/", "kernels/"))


@cache
def _function_at(place: str) -> tuple[str, int]:
    """The file of a place, and the line on which the innermost function around it begins; 0 if there is none."""
    file, _, rest = place.partition(":")
    line = rest.partition("?")[0]
    if not line.isdigit():
        return file, 0
    return file, max((first for first, last in _functions_of(file) if first <= int(line) <= last), default=0)


@cache
def _functions_of(file: str) -> list[tuple[int, int]]:
    """The lines from which and to which each function of a file is."""
    nodes = ast.walk(ast.parse((package() / file).read_text()))
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [(node.lineno, node.end_lineno or node.lineno) for node in functions]


def _interleaved(lists: Sequence[Sequence[int]]) -> list[int]:
    """The first of each, the second of each, and so on."""
    return [one for row in zip_longest(*lists) for one in row if one is not None]


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
    wanted = dict(in_processes(_sources, [(seed, counts, words)])[0])
    programs = [one for one in kept if wanted.get(one.source) == one.made_from]
    missing = [source for source in wanted if source not in {one.source for one in programs}]
    if missing:
        say(f"the programs of {len(missing)} cases, and random ones, are taken from the corpus or drawn …")
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


def _sources(seed: int, counts: tuple[int, int], words: Collection[str]) -> list[tuple[str, str]]:
    """Every case, and ``random``, with the digest of what its programs are made from; with `words` those that have one."""
    from conformance.running.session import all_cases

    harness = harness_digest(seed, counts[0])
    corpus = Corpus(SHIPPED)
    recorded = digest_of(corpus.head.recorded, [part.sha256 for part in corpus.head.parts])

    def is_wanted(source: str) -> bool:
        return not words or any(word in source for word in words)

    found = [("random", digest_of(recorded, counts[1]))] if is_wanted("random") else []
    for case in filter(lambda case: is_wanted(case.id), all_cases(GENERATORS)):
        if _is_recorded(corpus, case):
            found.append((case.id, recorded))
        else:
            found.append((case.id, case_digest(case, harness)))
    return found


def harness_digest(*of: object) -> str:
    """Of the harness, but for the cases, and of what else matters."""
    import conformance

    return digest_of(*of, folder=Path(conformance.__file__).parent, but=OWN)


def case_digest(case: Any, harness: str) -> str:
    """Of what a case's programs are drawn from."""
    return digest_of(harness, case.source, case.sentence, _beside(case))


def _is_recorded(corpus: Corpus, case: Any) -> bool:
    """Whether the corpus has programs of a case, and the case is what it was."""
    return corpus.head.sources.get(case.id) == source_digest(case.source) and case.id in corpus.cases


def _beside(case: Any) -> str:
    """What a case's own functions and strategies are in: its module, or that of the case whose twin it is, and of graphs."""
    module = getattr(case, "case", case).module
    files = [sys.modules[one].__file__ for one in (module, GRAPHS) if one == module or module in GENERATORS]
    return "".join([Path(file).read_text() for file in files if file])


def _share(seed: int, counts: tuple[int, int], wanted: dict[str, str], first: int, step: int) -> list[Stored]:
    """Every so-manieth case and random program. For a process of its own: the guide imports PyTorch."""
    from conformance.running.session import all_cases

    sys.unraisablehook = lambda unraisable: None  # of recordings that Hypothesis gave up half-way
    found: list[Stored] = []
    corpus = Corpus(SHIPPED)
    for case in [case for case in all_cases(GENERATORS) if case.id in wanted][first::step]:
        if _is_recorded(corpus, case):
            for number, one in enumerate(corpus.programs(case.id)):
                found.append(_stored(wanted[case.id], case.id, number, one))
            continue
        count = counts[0] * OF_PASSES if getattr(case, "module", "") == PASSES else counts[0]
        for number, program in enumerate(drawn(case, seed, count)):
            found.append(Stored(wanted[case.id], case.id, number, program.to_json()))
    if "random" in wanted:
        every = (one for case in corpus.cases if case.startswith(f"{RANDOM}/") for one in corpus.programs(case))
        for number, one in islice(enumerate(every), first, counts[1], step):
            found.append(_stored(wanted["random"], "random", number, one))
    return found


def drawn(case: Any, seed: int, count: int) -> list[Program]:
    """Different programs of a case, up to so many, the simplest last: Hypothesis draws it first."""
    from conformance.running.runner import case_seed
    from conformance.running.sampling import CannotDraw, Enough, draw

    programs: dict[str, Program] = {}

    def see(program: Program) -> None:
        programs[program.digest] = program
        if len(programs) == count:
            raise Enough

    with contextlib.suppress(CannotDraw):  # the suite's own tests say so
        draw(case.programs(), see, seed=case_seed(seed, case.id), max_examples=3 * count)
        return list(reversed(programs.values()))
    return []


def _stored(made_from: str, source: str, number: int, one: Recording) -> Stored:
    return Stored(made_from, source, number, one.program.to_json(), bytes(one.trace), bytes(one.sureness))
