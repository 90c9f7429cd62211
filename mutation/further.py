"""Further programs for mutants that survived fewer than they may take: drawn of the cases whose programs reach them.

A pool has a few programs of each case, and of a second derivative's branch often only three that reach it. To draw hundreds of
every case would cost hours, of which nearly all mutants would need nothing. So the pool is run first, and more is drawn for
those that are left: of each case that reaches the mutant 16 programs, which is enough for most, then 64, 256 and 1,024, in all
of them as many as a mutant may take.
Where few cases reach it, programs of others may: three of a case are too few to say that none does. So the cases that come
near are drawn of, too: those that differentiate the operator whose row is changed, and those that run the changed function,
the ones first that do little else.
A mutant is run on the larger pool from the beginning, so that what it took says how many programs find it.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from mutation.planting import in_processes
from mutation.pool import DERIVATIVES, GENERATORS, Pool, PoolFile, Stored, case_digest, drawn, harness_digest
from mutation.reach import covered, read, write

ROUNDS = (16, 64, 256, 1024)
"""Programs of a case."""

FEW = 12
"""Cases that reach a mutant, up to which those that come near are drawn of, so that there are as many."""

NOT_A_CASE = "random"


def sources(pool: Pool, places: Sequence[str], most: int, count: int, row: str = "") -> dict[str, int]:
    """The cases to draw from for a mutant at these places, and up to how many of each, for `most` that reach it.

    Of each that reaches it in proportion to those of its programs that do not, but no more than `count`. Of those that come
    near, of which none does so far, as many as if every other one did; all are no more than four times `most`.
    """
    reaching = Counter(pool.programs[number].source for number in {n for place in places for n in pool.reaching(place)})
    every = pool.of_sources
    left = most - sum(reaching.values())
    del reaching[NOT_A_CASE]
    if left <= 0:
        return {}
    near = [source for source in near_by(pool, places, row) if source not in reaching][: max(FEW - len(reaching), 0)]
    share = left / (len(reaching) + len(near) or 1)
    wanted = {
        source: min(count, every[source] + int(share * every[source] / reached) + 1)
        for source, reached in reaching.items()
    }
    return wanted | {source: min(count, int(2 * share) + 1) for source in near}


def near_by(pool: Pool, places: Sequence[str], row: str) -> list[str]:
    """The cases that come near a mutant: those of its operator's derivatives, and those that run its function."""
    own = [source for source in pool.of_sources if row and source.rpartition("_")[0] == DERIVATIVES + row]
    around = [pool.programs[number].source for number in pool.around(places)]
    return list(dict.fromkeys([*own, *(source for source in around if source != NOT_A_CASE)]))


def grown(
    pool: Pool, folder: Path, wanted: dict[str, int], seed: int, workers: int, say: Callable[[str], None] = print
) -> Pool:
    """The pool and so many programs of each case: what is in the folder, and what is drawn and kept there."""
    path = folder / "further.msgpack"
    before: PoolFile | None = read(path, PoolFile)
    kept: dict[str, list[Stored]] = {}
    for one in before.programs if before else ():
        kept.setdefault(one.source, []).append(one)
    have = {source: (some[0].made_from, len(some)) for source, some in kept.items()}
    drawn_now = in_processes(_share, [(seed, wanted, have, n, workers) for n in range(workers)])
    fresh = {source: some for part in drawn_now for source, some in part.items()}
    if fresh:
        say(f"{sum(map(len, fresh.values()))} programs were drawn of {len(fresh)} cases")
        write(path, PoolFile(tuple(one for some in (kept | fresh).values() for one in some)))
    more = [one for source in wanted for one in (kept | fresh).get(source, ())]
    every = list({one.digest: one for one in (*more, *pool.programs)}.values())
    known = {one.digest for one in pool.programs}
    programs = (*pool.programs, *[one for one in every if one.digest not in known])
    texts = {one.digest: one.program for one in programs}
    return Pool(programs, covered(texts, folder / "coverage.msgpack", workers, say))


def _share(
    seed: int, wanted: dict[str, int], have: dict[str, tuple[str, int]], first: int, step: int
) -> dict[str, list[Stored]]:
    """The programs of every so-manieth case of which there are not enough. For a process of its own: PyTorch is imported."""
    from conformance.running.session import all_cases

    sys.unraisablehook = lambda unraisable: None  # of recordings that Hypothesis gave up half-way
    harness = harness_digest(seed)
    found: dict[str, list[Stored]] = {}
    for case in [case for case in all_cases(GENERATORS) if case.id in wanted][first::step]:
        made_from, count = case_digest(case, harness), wanted[case.id]
        known, number = have.get(case.id, ("", 0))
        if known != made_from or number < count:
            programs = enumerate(drawn(case, seed, count))
            found[case.id] = [Stored(made_from, case.id, n, program.to_json()) for n, program in programs]
    return found
