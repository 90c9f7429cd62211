"""A planted fault ends in a program in which a person sees it at once."""

from __future__ import annotations

import subprocess
import sys

import msgspec
import pytest

from mutation.faults import fault
from mutation.shrinking import SMALL, Shrunk, spread

MEASURED = """
import sys, msgspec
from mutation.faults import fault
from mutation.shrinking import measure

(both,) = measure([fault(sys.argv[1])], programs=400)
sys.stdout.buffer.write(msgspec.json.encode(both))
"""


def measured(name: str) -> list[Shrunk]:
    """In a fresh process: what is measured forks, and this one may have threads that a fork would lose."""
    ran = subprocess.run([sys.executable, "-c", MEASURED, name], stdout=subprocess.PIPE, timeout=120, check=True)
    return msgspec.json.decode(ran.stdout, type=list[Shrunk])


@pytest.mark.parametrize("name", ["accumulate-overwrites", "sub-keeps-the-sign"])
def test_a_program_that_shows_a_fault_is_made_small(name: str) -> None:
    both = measured(name)
    assert [one.way for one in both] == ["fuzz", "Hypothesis"]
    for one in both:
        assert one.fault == name
        assert one.drawn > SMALL, "a program that is small as it is drawn says nothing"
        assert 0 < one.steps <= SMALL
        assert len(one.script.splitlines()) <= 3 * SMALL


def test_a_sample_is_spread_over_all_faults() -> None:
    every = [fault("accumulate-overwrites")] * 10
    assert len(spread(every, 4)) == 4
    assert spread(every, None) == spread(every, 99) == every
