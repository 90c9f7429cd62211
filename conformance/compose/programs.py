"""The strategy of random programs."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from conformance.compose.actions import ACTIONS, backward, leaf, leave
from conformance.compose.composer import Choices, Composer
from conformance.program import Program

BLOCK = 24
"""Bytes that an action is made of. Few actions ask more questions, and those get the simplest answer."""

LEAVES = 3
"""At most so many leaves a program begins with."""

ACTIONS_AT_MOST = 24

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


@cache
def random_programs(actions: int = ACTIONS_AT_MOST) -> SearchStrategy[Program]:
    """Programs of up to so many actions, each a step or a few, on tensors of at most `composer.LARGEST` elements."""
    block = st.binary(min_size=BLOCK, max_size=BLOCK)
    return st.lists(block, min_size=2, max_size=actions + 1).map(compose)
