"""A planted fault ends in a program in which a person sees it at once."""

from __future__ import annotations

import pytest

from mutation.faults import fault
from mutation.planting import apart
from mutation.shrinking import SMALL, Shrunk, measure, spread


def _measured(names: list[str]) -> list[Shrunk]:
    return list(measure([fault(name) for name in names], programs=60))


@pytest.mark.parametrize("name", ["accumulate-overwrites", "sub-keeps-the-sign"])
def test_a_program_that_shows_a_fault_is_made_small(name: str) -> None:
    (one,) = apart(_measured, [name])
    assert one.fault == name
    assert one.drawn > SMALL, "a program that is small as it is drawn says nothing"
    assert 0 < one.steps <= SMALL
    assert len(one.script.splitlines()) <= 3 * SMALL


def test_a_sample_is_spread_over_all_faults() -> None:
    every = [fault("accumulate-overwrites")] * 10
    assert len(spread(every, 4)) == 4
    assert spread(every, None) == spread(every, 99) == every
