"""The strategy of random programs."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from conformance.compose.actions import ACTIONS, backward, leaf, leave
from conformance.compose.composer import Choices, Composer
from conformance.program import Program
from conformance.reduce.needs import needing, with_steps

BLOCK = 24
"""Bytes that an action is made of. Few actions ask more questions, and those get the simplest answer."""

LEAVES = 3
"""At most so many leaves a program begins with."""

ACTIONS_AT_MOST = 24

STEPS = 64
"""So many steps may be left out one by one, where Hypothesis makes a program small."""

LEFT_OUT = 2
"""A step is left out whose byte is below: few are as programs are drawn, and 0 is what Hypothesis tries first."""

_TABLE: tuple[Callable[[Composer, Choices], None], ...] = tuple(
    action for action, weight in ACTIONS for _ in range(weight)
)


def compose(blocks: list[bytes]) -> Program:
    """The program that blocks of bytes stand for; each list stands for one."""
    return composed(blocks).program()


def composed(blocks: list[bytes]) -> Composer:
    """What `compose` makes, with what was done to make it."""
    composer = Composer()
    head, *rest = blocks or [b""]
    opening = Choices(head)
    for _ in range(1 + opening.number(LEAVES)):
        composer.attempt(leaf, bytes([opening.number() for _ in range(5)]))
    for block in rest:
        composer.attempt(_TABLE[Choices(block).number(len(_TABLE))], block[1:])
    while composer.contexts:
        leave(composer, Choices(b""))
    # Most programs end with a backward: what was built is of no interest until something is asked of it.
    if not opening.chance(20):
        composer.attempt(backward, bytes([opening.number() for _ in range(4)]))
    return composer


def kept(program: Program, bytes_of_steps: bytes) -> Program:
    """The program without the steps that their bytes leave out, and without all that needs them."""
    gone: set[int] = set()
    for index, byte in enumerate(bytes_of_steps[: len(program.steps)]):
        if byte < LEFT_OUT and index not in gone:
            gone |= needing(program.steps, index)
    return (
        with_steps(program, [step for index, step in enumerate(program.steps) if index not in gone])
        if gone
        else program
    )


@cache
def random_programs(actions: int = ACTIONS_AT_MOST) -> SearchStrategy[Program]:
    """Programs of up to so many actions, each a step or a few, on tensors of at most `composer.LARGEST` elements.

    Hypothesis shrinks them by whole actions, of which some take many steps; so a byte a step says whether the step is kept.
    """
    block = st.binary(min_size=BLOCK, max_size=BLOCK)
    blocks = st.lists(block, min_size=2, max_size=actions + 1)
    return st.builds(kept, blocks.map(compose), st.binary(min_size=STEPS, max_size=STEPS))
