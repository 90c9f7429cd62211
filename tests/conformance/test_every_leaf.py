"""Whatever a trace says is compared: of what the corpus holds, nothing can be changed unnoticed.

A trace that is the oracle's to the byte is not read at all, so this is asked of the way that a reply of a subject really takes.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from functools import cache
from itertools import islice
from typing import Any

import msgspec
import pytest

from conformance.judging.judge import judge
from conformance.program import Program
from conformance.recorded.corpus import Corpus
from conformance.recorded.oracle import Recorded
from conformance.recorded.shipped import SHIPPED
from conformance.running.answering import both, said
from conformance.running.timing import Clock
from conformance.subjects import Process
from conformance.subjects.messages import answered
from conformance.trace import NotATrace, Trace

PROGRAMS = 2
"""So many of the programs of a case, at most, are looked at."""

EVERY = 1200
"""One program in so many is changed all over; of the others what has a kind that no leaf before had."""

Path = tuple[str | int, ...]

NOT_COMPARED = {
    "reason": "why a step is blocked or unsupported: the name that the subject lacks",
    "code": "made of the type and the text of the error, whatever the subject says",
    "outcome": "of a step that is blocked on one side and unsupported on the other: neither ran",
}
"""What may be said otherwise, and why."""


class Says(Process):
    """A process of ours that answers every program with one trace."""

    def __init__(self, text: bytes) -> None:
        super().__init__(["nothing"])
        self.said = text

    def _answer(self, program: Program, unread: Callable[[int, bytes], bytes | None]) -> Trace | bytes:
        return unread(1, answered(1, self.said)) or Trace.from_json(self.said)


def leaves(value: Any, path: Path = ()) -> Iterator[Path]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, (*path, index))
    else:
        yield path


def is_said_elsewhere(trace: Any, path: Path) -> bool:
    """Whether a leaf need not be compared. An array is of the tensor's own dtype and shape, and those stand beside it; the
    error that ends a call stands with the step that raised it, or in the program."""
    if path[-1] in NOT_COMPARED or path[-3:-1] == ("value", "shape"):
        return True
    if path[-4:-3] == ("calls",) and path[-2] == "error":
        return True
    if path[-2:] != ("value", "dtype"):
        return False
    for part in path[:-1]:
        trace = trace[part]
    return "data" in trace and not base64.b64decode(trace["data"]).strip(b"\0\x80")


def kind_of(path: Path) -> str:
    """The path without what a program chose: positions, names and numbers in names."""
    return ".".join(map(_word, path))


@cache
def _word(part: str | int) -> str:
    return "" if isinstance(part, int) else re.sub(r"\W.*|\d", "", part)


def others(place: Any, name: str | int) -> Iterator[Any]:
    """Values that might stand for a leaf as well; not all of them make a trace."""
    value = place[name]
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield value + 1
    elif value is None:
        yield from (7, "other")
    elif name == "data":
        data = bytearray(base64.b64decode(value))
        if data:
            data[-1] ^= 1 if place["dtype"] == "bool" else 0x41  # the sign, and a bit of the exponent
            yield base64.b64encode(bytes(data)).decode()
    else:
        yield from ("float64", "int32", "returned", "raised", "none", "tensor", "5", "9.5", value + "5")


def changed(trace: Any, path: Path) -> Iterator[bytes]:
    """The trace with another value in one place, as often as that is a trace."""
    *above, last = path
    place = trace
    for part in above:
        place = place[part]
    before = place[last]
    for other in list(others(place, last)):
        if other == before:
            continue
        place[last] = other
        try:
            yield Trace.from_json(msgspec.json.encode(trace)).to_json()
        except NotATrace:
            continue
        finally:
            place[last] = before


@pytest.fixture(scope="module")
def recorded() -> Recorded:
    return Recorded(Corpus(SHIPPED))


def test_a_change_of_any_leaf_is_noticed(recorded: Recorded) -> None:
    kinds: set[str] = set()
    unnoticed: list[str] = []
    number = asked = 0
    for case in recorded.corpus.cases:
        for program in islice(recorded.programs(case), PROGRAMS):
            number += 1
            known = said(program, recorded, Clock())
            trace = msgspec.json.decode(known.text)
            for path in leaves(trace):
                kind = kind_of(path)
                if (kind in kinds and number % EVERY) or is_said_elsewhere(trace, path):
                    continue
                for text in changed(trace, path):
                    kinds.add(kind)
                    asked += 1
                    found = both(program, known, recorded, Says(text), judge, (), Clock())
                    if found.verdict.status == "PASS":
                        unnoticed.append(f"{case}, program {number}: {path} {text!r}"[:400])
                    break
    assert not unnoticed, "\n".join(unnoticed[:20])
    assert asked > 1000
    assert len(kinds) > 50


def test_a_trace_that_is_the_same_passes(recorded: Recorded) -> None:
    case = next(iter(recorded.corpus.cases))
    for program in recorded.programs(case):
        known = said(program, recorded, Clock())
        assert both(program, known, recorded, Says(known.text), judge, (), Clock()).verdict.status == "PASS"
