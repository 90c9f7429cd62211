"""What takes minutes and answers yes or no: two million nodes in a chain, and 100,000 steps of training."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.processes.chains import BYTES_GOAL
from benchmarks.processes.child import ChildFailed, run

#: CPython takes memory by arenas of 1 MiB: one that comes late is no leak, two are. So a leak of 42 bytes a step is always
#: found in the second half of 100,000 steps; the first half may warm up.
FLAT = 2 * 2**20 - 1


@dataclass(frozen=True)
class Answer:
    """Whether an engine endured, and its figures in words."""

    held: bool
    words: str


def long_chain(engine: str, length: int) -> Answer:
    """Build a chain, go back through it and free it."""
    try:
        found = run("chain_once", engine, str(length))
    except ChildFailed as error:
        return Answer(False, f"{length:,} nodes: {error}")
    phases = ", ".join(f"{phase} {found[phase]:.2f} s" for phase in ("forward", "backward", "freeing"))
    held = found["node"] <= BYTES_GOAL
    return Answer(held, f"{length:,} nodes: {phases}; {found['node']:.0f} bytes of graph a node, goal {BYTES_GOAL:.0f}")


def flat_memory(engine: str, steps: int) -> Answer:
    """Train, and compare the memory held after the first half with the most held later."""
    try:
        held = run("train_once", engine, str(steps))
    except ChildFailed as error:
        return Answer(False, f"{steps:,} steps: {error}")
    growth = max(held[5:]) - held[4]
    words = f"{steps:,} steps: memory grew by {growth:,} bytes after the first half, allowed {FLAT:,}"
    return Answer(growth <= FLAT, words)
