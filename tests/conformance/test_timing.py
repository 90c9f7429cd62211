"""Where the time of a run went: measured while it runs, and said in one line."""

from __future__ import annotations

import time

from conformance.running.timing import Clock, told


def test_a_clock_adds_up_what_is_spent_even_where_it_raises() -> None:
    clock = Clock()
    clock.add("drawing", 2.0)
    began = time.perf_counter()
    for _ in range(2):
        try:
            with clock.spent("oracle"):
                sum(range(1000))
                raise ValueError
        except ValueError:
            pass
    assert 0 < clock.shares["oracle"] <= time.perf_counter() - began
    assert clock.shares["drawing"] == 2.0


def test_shares_are_told_of_the_whole() -> None:
    line = told({"oracle": 3.0, "subject": 3.0, "drawing": 1.0, "comparing": 1.0}, 80, "PyTorch", "mylib")
    assert line.startswith("time: 75% in the two sides (PyTorch 38%, mylib 38%, drawing 12%, comparing 12%)")
    assert line.endswith("10 programs a second and core")


def test_where_nothing_was_measured_nothing_is_told() -> None:
    assert told({}, 0, "PyTorch", "mylib") == ""
    assert told({"oracle": 1.0}, 0, "PyTorch", "mylib") == ""
