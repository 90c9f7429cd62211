"""A feature that a subject says that it lacks is looked for all the same."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from conformance.journal import CaseRecord, Description
from conformance.program import Program
from conformance.recorded.corpus import part_of, write
from conformance.recorded.lines import FORMAT, Head, Recording
from conformance.subjects import open_subject
from conformance.subjects.lacks import declared_lacks
from conformance.trace import StepTrace, Trace
from tests.conformance.small_programs import bind, call, method, program, tensor

EXISTS = program(bind("x", tensor([1.0])), method("$x", "exp", out="y"))
MISSING = program(call("torch.no_such_function", out="y"))
"""What every subject lacks."""


class Declaring:
    """numtorch, which says that it has nothing but `backward`."""

    def __init__(self, *facets: str) -> None:
        self.inside, self.facets = open_subject("numtorch", isolate=False), facets

    def describe(self) -> Description:
        return msgspec.structs.replace(self.inside.describe(), features=("backward",), facets=self.facets)

    def run(self, program: Program) -> Trace:
        return self.inside.run(program)

    def close(self) -> None: ...


@pytest.fixture
def corpus(tmp_path: Path) -> str:
    cases = {
        "a/exp": ("exp", EXISTS),
        "a/print": ("printing", EXISTS),
        "a/gone": ("gone", MISSING),
        "a/two": ("two", MISSING),
    }
    subject = open_subject("numtorch", isolate=False)
    parts = []
    for case, (_, of) in cases.items():
        # PyTorch has what nobody else has.
        returned = Trace(steps=(StepTrace(outcome="returned"),))
        trace = (returned if of is MISSING else subject.run(of)).to_json()
        parts.append(part_of([Recording(case=case, program=of, trace=msgspec.Raw(trace), sureness=msgspec.Raw(b"{}"))]))
    head = Head(
        format=FORMAT,
        torchstone="0",
        recorded="2026-11-26T00:00:00+00:00",
        oracle=Description(name="torch", version="2.13.0"),
        seed=0,
        suite="",
        parts=tuple(part for part, _ in parts),
    )
    records = [
        CaseRecord(id=id, sentence="It is.", source="", requires=(feature,)) for id, (feature, _) in cases.items()
    ]
    records[-1] = msgspec.structs.replace(records[-1], requires=("two", "more"))
    path = tmp_path / "corpus.jsonl.xz"
    write(path, head, records, [raw for _, raw in parts])
    return f"recorded:{path}"


def test_a_lack_is_wrong_if_what_needs_it_passes(corpus: str) -> None:
    found = {lack.feature: lack.is_wrong for lack in declared_lacks(Declaring("value", "repr"), corpus)}
    # Of what needs two things that are lacking, nothing can be said of either.
    assert found == {"exp": True, "printing": True, "gone": False}


def test_what_is_seen_by_a_facet_that_is_not_shown_passes_for_nothing(corpus: str) -> None:
    assert "printing" not in {lack.feature for lack in declared_lacks(Declaring("value"), corpus)}
