"""Where the time of a run goes: how much of it inside the two sides, how much to the harness itself."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

SIDES = ("oracle", "subject")
"""What is spent while a side runs a program: its own time, and that of looking at its tensors."""

OTHERS = ("drawing", "recording", "comparing", "writing")
"""What the harness spends. To compare means also to replay, and to ask who is wrong."""


@dataclass
class Clock:
    """Adds up seconds, by what they were spent on."""

    shares: dict[str, float] = field(default_factory=dict)

    def spent(self, what: str) -> Spent:
        """A context whose time is added."""
        return Spent(self, what)

    def add(self, what: str, seconds: float) -> None:
        self.shares[what] = self.shares.get(what, 0.0) + seconds


class Spent:
    """The time from its beginning to its end. (A class: six of them stand around each program, and a generator of contextlib
    takes three times as long.)"""

    __slots__ = ("_began", "_clock", "_what")

    def __init__(self, clock: Clock, what: str) -> None:
        self._clock, self._what = clock, what

    def __enter__(self) -> None:
        self._began = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self._clock.add(self._what, time.perf_counter() - self._began)


def told(shares: Mapping[str, float], programs: int, oracle: str, subject: str) -> str:
    """The shares in one line; empty if nothing was measured. A process of a run keeps one core busy."""
    whole = sum(shares.values())
    if not whole or not programs:
        return ""
    names = {"oracle": oracle, "subject": subject if subject != oracle else f"{subject} again"}
    inside = sum(shares.get(side, 0.0) for side in SIDES) / whole
    each = ((what, shares.get(what, 0.0) / whole) for what in (*SIDES, *OTHERS))
    parts = [f"{names.get(what, what)} {share:.0%}" for what, share in each if share >= 0.005]
    return (
        f"time: {inside:.0%} in the two sides ({', '.join(parts)}); {programs / whole:,.0f} programs a second and core"
    )
