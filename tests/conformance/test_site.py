"""What the comparison site says of a program that several implementations ran: who answers the same, and who does not run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from conformance.journal import Header, Outcome, Record
from conformance.judging.verdict import Verdict
from conformance.site.model import Asked
from conformance.site.pages import site_of
from conformance.trace import StepTrace, Trace
from tests.conformance import build_run

CASE = "feature0/case_0"
POWER = 2
"""The step that is another for some."""


def asked(tmp_path: Path, **implementations: Callable[[Trace], Trace]) -> Asked:
    """What is said of the example of a case, by implementations that do with PyTorch's trace what is given."""
    paths = []
    for name, made in implementations.items():
        records: list[Record] = []
        for each in build_run.all_pass(1):
            if isinstance(each, Header):
                each = msgspec.structs.replace(each, subject=msgspec.structs.replace(each.subject, name=name))
            elif isinstance(each, Outcome) and each.example is not None and each.example.oracle is not None:
                subject = made(each.example.oracle)
                verdict = Verdict(status="PASS" if subject == each.example.oracle else "FAIL")
                example = msgspec.structs.replace(each.example, subject=subject, verdict=verdict)
                each = msgspec.structs.replace(each, example=example)
            records.append(each)
        paths.append(build_run.write(tmp_path / f"{name}.jsonl", records))
    found = site_of(paths).asked(CASE)
    assert found is not None
    return found


def with_power(step: StepTrace) -> Callable[[Trace], Trace]:
    return lambda trace: Trace(steps=(*trace.steps[:POWER], step, *trace.steps[POWER + 1 :]))


def lacking(trace: Trace) -> Trace:
    steps = [
        StepTrace(outcome="unsupported", reason="Tensor.pow"),
        *[StepTrace(outcome="blocked", reason="y") for _ in trace.steps[POWER + 1 :]],
    ]
    return Trace(steps=(*trace.steps[:POWER], *steps))


def test_who_lacks_something_gives_no_other_answer(tmp_path: Path) -> None:
    steps = asked(tmp_path, good=lambda trace: trace, small=lacking).steps
    kinds = [(answer.kind, len(answer.who)) for answer in steps[POWER].answers]
    assert kinds == [("oracle", 2), ("lacking", 1)]
    assert not any(step.parted for step in steps)


def test_another_number_is_another_answer(tmp_path: Path) -> None:
    value = build_run.tensor(build_run.array(9.0, 9.0))
    wrong = with_power(replace_changes(build_run.cube_trace().steps[POWER], value))
    steps = asked(tmp_path, good=lambda trace: trace, bad=wrong).steps
    assert [answer.kind for answer in steps[POWER].answers] == ["oracle", "other"]
    assert [step.index for step in steps if step.parted] == [POWER]


def replace_changes(step: StepTrace, value: object) -> StepTrace:
    return msgspec.structs.replace(step, changes={"y": value})
