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
from conformance.reduce.wholes import without_the_step

BLOCK = 24
"""Bytes that an action is made of. Few actions ask more questions, and those get the simplest answer."""

LEAVES = 3
"""At most so many leaves a program begins with."""

ACTIONS_AT_MOST = 24

STEPS = 64
"""So many steps may be left out one by one, where Hypothesis makes a program small."""

GONE, REPLACED, KEPT = 0, 1, 2
"""What a step's byte says: it is left out with all that needs it; an operand stands for its result; and, all others, it stays.

So few steps are left out as programs are drawn, and Hypothesis tries what leaves least first."""

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


def kept(program: Program, said: bytes) -> Program:
    """The program without the steps that their bytes leave out."""
    doomed: set[int] = set()
    for index in reversed(range(min(len(program.steps), len(said)))):  # what comes before stays where it is
        if said[index] == GONE or index in doomed:
            gone = needing(program.steps, index)
            doomed |= {number for number in gone if number < index}  # the beginning of a block
            left = [step for number, step in enumerate(program.steps) if number < index or number not in gone]
            program = with_steps(program, left)
        elif said[index] == REPLACED:
            program = next(without_the_step(program, index), program)
    return program


@cache
def random_programs(actions: int = ACTIONS_AT_MOST) -> SearchStrategy[Program]:
    """Programs of up to so many actions, each a step or a few, on tensors of at most `composer.LARGEST` elements.

    Hypothesis shrinks them by whole actions, of which some take many steps; so a byte a step says what becomes of it.
    """
    block = st.binary(min_size=BLOCK, max_size=BLOCK)
    blocks = st.lists(block, min_size=2, max_size=actions + 1)
    return st.builds(kept, blocks.map(compose), st.binary(min_size=STEPS, max_size=STEPS))
