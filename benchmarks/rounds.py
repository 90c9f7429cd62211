"""Interleaved timing: in every round each engine runs the same number of calls, one engine after the other.

A noisy machine slows neighbouring blocks alike, so a ratio is taken within a round, and the median over rounds. The
garbage collector runs between blocks and never inside one. CPU time, not wall time: other processes do not count.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks.workload import Step

#: Below this many rounds there are no quartiles to speak of, whatever the time allowed.
FEWEST_ROUNDS = 5


@dataclass(frozen=True)
class Effort:
    """How long to measure."""

    rounds: int
    #: CPU seconds a block should take on the reference: long against the clock, short against the machine's moods.
    block: float
    #: CPU seconds after which a workload gets no more rounds.
    limit: float


QUICK = Effort(rounds=5, block=0.005, limit=6.0)
FULL = Effort(rounds=61, block=0.02, limit=15.0)


@contextmanager
def collector_off() -> Iterator[None]:
    """Collect now, and not while the block runs."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@contextmanager
def everything_settled() -> Iterator[None]:
    """Keep what is there already out of the collections between blocks.

    That is four libraries, of which PyTorch alone has half a million objects: to look through them took nine tenths of a round.
    """
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def clock(step: Step, calls: int) -> float:
    """Return the CPU seconds one call took, of `calls` in a row; a step that is prepared is called once.

    One call more comes first: after another engine and the collector it finds nothing in the caches, takes two to three
    times as long, and would count for more with the engine whose block is shorter.
    """
    run = step.run
    state = step.prepare() if step.prepare else None
    if step.prepare:
        calls = 1
    with collector_off():
        if not step.prepare:
            run(state)
        start = time.process_time()
        for _ in range(calls):
            run(state)
        return (time.process_time() - start) / calls


def calls_for(step: Step, block: float) -> int:
    """Return how many calls of a step fill a block."""
    calls = 1
    while True:
        seconds = clock(step, calls)
        if step.prepare or seconds * calls >= block / 4:
            return max(1, round(block / max(seconds, 1e-9)))
        calls *= 4


@everything_settled()
def measure(
    steps: dict[str, Step], reference: str, effort: Effort, tick: Callable[[float], None] = lambda fraction: None
) -> dict[str, list[float]]:
    """Return each engine's seconds a call, round by round; `tick` is told what part of the work is done."""
    calls = calls_for(steps[reference], effort.block)
    times: dict[str, list[float]] = {name: [] for name in steps}
    names = list(steps)
    begin = time.process_time()
    for done in range(effort.rounds):
        # Another engine begins each round, so that none always runs after the same neighbour's cache misses.
        turn = done % len(names)
        for name in names[turn:] + names[:turn]:
            times[name].append(clock(steps[name], calls))
        used = time.process_time() - begin
        tick(max((done + 1) / effort.rounds, used / effort.limit))
        if used > effort.limit and done + 1 >= FEWEST_ROUNDS:
            break
    return times
