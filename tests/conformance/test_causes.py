"""Programs that fail of one thing are one row, whatever case they are of, and wrong numbers stand first."""

from __future__ import annotations

from conformance.journal import CaseRecord, Description, Header, Outcome, ProgramRecord, Record, Run, VerdictRecord
from conformance.journal.reading import run_of
from conformance.judging.verdict import Difference, Status, Verdict
from conformance.program import Program
from conformance.report.causes import causes
from tests.conformance.small_programs import bind, method, op, program, tensor

HEADER = Header(
    torchstone="1",
    subject=Description(name="mylib"),
    oracle=Description(name="torch"),
    seed=0,
    profile="quick",
    max_examples=1,
    suite="",
)


def differentiated(*names: str, elements: int = 1) -> Program:
    """A program with an operation of each name, and a backward."""
    x = bind("x", tensor([1.0] * elements))
    made = [op(name, "$x", "$x", out=f"y{number}") for number, name in enumerate(names)]
    return program(x, *made, method(f"$y{len(names) - 1}", "backward"))


def wrong(at: int, facet: str = "grad", oracle: str = "1", subject: str = "2") -> Verdict:
    return Verdict(
        status="FAIL", differences=(Difference(step=(at,), facet=facet, name="x.grad", oracle=oracle, subject=subject),)
    )


def ran(*of: tuple[str, Program, Verdict], expected: bool = False, drawn: int = 9) -> Run:
    records: list[Record] = [HEADER]
    for index, (case, one, verdict) in enumerate(of):
        records += [
            ProgramRecord(case=case, index=index, program=one),
            VerdictRecord(case=case, index=index, verdict=verdict),
        ]
    for case in dict.fromkeys(case for case, _, _ in of):
        status: Status = "FAIL"
        records += [CaseRecord(id=case, sentence="", source="")]
        records += [Outcome(case=case, status=status, expected=expected, programs=drawn, counts={status: drawn})]
    return run_of(records)


def told(run: Run) -> list[tuple[str, int, list[str]]]:
    return [(str(each), each.programs, list(each.cases)) for each in causes(run)]


def test_gradients_part_by_what_was_differentiated() -> None:
    run = ran(
        ("a/one", differentiated("add", "mul"), wrong(3)),
        ("a/two", differentiated("mul"), wrong(2)),
        ("a/two", differentiated("matmul", "add"), wrong(3)),
        ("a/two", differentiated("sub", "matmul"), wrong(3)),
    )
    # The smallest of each names it, and what has all that it has goes along.
    assert told(run) == [
        ("grad at .backward() of mul", 2, ["a/two", "a/one"]),
        ("grad at .backward() of add, matmul", 1, ["a/two"]),
        ("grad at .backward() of matmul, sub", 1, ["a/two"]),
    ]


def test_a_program_with_elements_stands_for_those_without() -> None:
    full = differentiated("mul", elements=3)
    (one,) = causes(ran(("a/one", differentiated("mul", elements=0), wrong(2)), ("a/one", full, wrong(2))))
    assert (one.program, one.index, one.programs) == (full, 1, 2)


def test_wrong_numbers_stand_before_what_many_programs_raise() -> None:
    raises = [
        ("a/one", differentiated("mul", elements=n), wrong(1, "raised", "returns 1.5", f"raises Oops: {n}"))
        for n in range(1, 6)
    ]
    crash = ("a/one", differentiated("mul", elements=7), Verdict(status="CRASH", reason="killed by SIGSEGV"))
    graph = ("a/one", differentiated("mul", elements=8), wrong(1, "graph", "MulBackward0", "AddBackward0"))
    value = ("a/one", differentiated("mul", elements=9), wrong(1, "value"))
    grad = ("a/one", differentiated("mul", elements=10), wrong(2))
    assert [(each, count) for each, count, _ in told(ran(*raises, crash, graph, value, grad))] == [
        ("grad at .backward() of mul", 1),
        ("value at mul", 1),
        ("CRASH: killed by SIGSEGV", 1),
        ("raised at mul: returns → raises Oops", 5),
        ("graph at mul: MulBackward0 → AddBackward0", 1),
    ]


def test_what_was_expected_or_tried_while_shrinking_is_not_counted() -> None:
    failing = ("a/one", differentiated("mul"), wrong(2))
    assert told(ran(failing, expected=True)) == []
    smaller = ("a/one", differentiated("mul", elements=0), wrong(2))
    assert [count for _, count, _ in told(ran(failing, smaller, drawn=1))] == [1]
