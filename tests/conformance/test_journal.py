"""run.jsonl: what is written is read back, whatever happened in between."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from conformance import journal
from conformance.journal import CaseRecord, Description, Footer, Header, Outcome, ProgramRecord, VerdictRecord
from conformance.judging.verdict import Verdict
from conformance.program import Bind, Program

HEADER = Header(
    torchstone="0.1.0",
    subject=Description(name="mylib"),
    oracle=Description(name="torch", version="2.13.0"),
    seed=0,
    profile="default",
    max_examples=100,
    suite="0123456789abcdef",
    started="2026-01-01T00:00:00+00:00",
)
PASS = Verdict(status="PASS")


def case(id: str) -> CaseRecord:
    return CaseRecord(id=id, sentence=f"{id} holds.", source="")


def program(number: int) -> Program:
    return Program(steps=(Bind(out="x", value=number),))


def whole(id: str, *, seconds: float = 0.0) -> list[journal.Record]:
    """Everything that a case with one passing program leaves."""
    return [
        case(id),
        ProgramRecord(case=id, index=0, program=program(1)),
        VerdictRecord(case=id, index=0, verdict=PASS),
        Outcome(case=id, status="PASS", programs=1, counts={"PASS": 1}, seconds=seconds),
    ]


def write(shard: journal.Journal, records: list[journal.Record]) -> None:
    with shard:
        for record in records:
            shard.write(record)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "new" / "run.jsonl"
    journal.begin(path, HEADER)
    return path


def test_a_run_that_has_only_begun_is_interrupted(path: Path) -> None:
    run = journal.read(path)
    assert run.header == HEADER
    assert run.interrupted
    assert not run.as_expected


def test_merged_shards_are_one_file_in_the_order_of_the_catalogue(path: Path) -> None:
    write(journal.shard(path, "gw0"), whole("b/two"))
    write(journal.shard(path, "gw1"), whole("a/one"))
    run = journal.merge(path, [case("b/two"), case("a/one")])
    assert [*run.outcomes] == ["b/two", "a/one"]
    assert run.footer == Footer(cases=2, programs=2, counts={"PASS": 2}, unexpected=0)
    assert run.as_expected
    assert [file.name for file in path.parent.iterdir()] == ["run.jsonl"]


@given(st.permutations(["a/one", "a/two", "b/one"]), st.lists(st.integers(0, 2), min_size=3, max_size=3))
def test_who_ran_a_case_and_when_does_not_show(
    tmp_path_factory: pytest.TempPathFactory, order: list[str], who: list[int]
) -> None:
    cases = [case(id) for id in ("a/one", "a/two", "b/one")]
    alone, shared = (tmp_path_factory.mktemp("run") / "run.jsonl" for _ in range(2))
    for path in (alone, shared):
        journal.begin(path, HEADER)
    write(journal.shard(alone, "main"), [record for one in cases for record in whole(one.id)])
    for id, worker in zip(order, who, strict=True):
        write(journal.shard(shared, f"gw{worker}"), whole(id, seconds=worker + 0.5))
    journal.merge(alone, cases, seconds=1.0)
    journal.merge(shared, cases, seconds=2.0)
    assert journal.without_times(alone) == journal.without_times(shared)


def test_time_shares_of_all_processes_are_added(path: Path) -> None:
    for worker in ("gw0", "gw1"):
        shares = Footer(cases=0, programs=0, counts={}, unexpected=0, shares={"oracle": 1.25})
        write(journal.shard(path, worker), [*whole(f"a/{worker}"), shares])
    run = journal.merge(path, [case("a/gw0"), case("a/gw1")])
    assert run.footer is not None
    assert run.footer.shares == {"oracle": 2.5}


def test_a_process_that_died_in_a_program_leaves_a_crash_with_that_program(path: Path) -> None:
    write(journal.shard(path, "gw0"), [*whole("a/one")[:-1], ProgramRecord(case="a/one", index=1, program=program(2))])
    run = journal.merge(path, [case("a/one")])
    outcome = run.outcomes["a/one"]
    assert (outcome.status, outcome.expected, outcome.counts) == ("CRASH", False, {"PASS": 1, "CRASH": 1})
    finding = outcome.levels["required"].finding
    assert finding is not None
    assert finding.program == program(2)
    assert run.verdicts["a/one", 1].status == "CRASH"


def test_a_case_that_nobody_began_is_a_crash_too(path: Path) -> None:
    run = journal.merge(path, [case("a/one")])
    assert run.outcomes["a/one"].status == "CRASH"
    assert not run.as_expected


def test_a_case_that_ran_again_after_its_process_died_counts_once(path: Path) -> None:
    write(journal.shard(path, "gw0"), whole("a/one")[:2])
    write(journal.shard(path, "gw1"), whole("a/one"))
    run = journal.merge(path, [case("a/one")])
    assert run.outcomes["a/one"].status == "PASS"
    assert len(run.programs) == 1


def test_an_interrupted_run_has_no_footer_and_no_made_up_outcomes(path: Path) -> None:
    write(journal.shard(path, "gw0"), [*whole("a/one"), *whole("a/two")[:2]])
    run = journal.merge(path, [case("a/one"), case("a/two"), case("a/three")], interrupted=True)
    assert run.interrupted
    assert [*run.outcomes] == ["a/one"]
    assert [*run.cases] == ["a/one", "a/two"]
    assert run.running == (("a/two", 0),)
    assert not path.with_name("run.gw0.jsonl").exists()


def test_what_was_killed_before_it_merged_is_read_from_its_shards(path: Path) -> None:
    write(journal.shard(path, "main"), whole("a/one"))
    run = journal.read(path)
    assert run.interrupted
    assert run.outcomes["a/one"].status == "PASS"


@given(cut=st.integers(1, 200))
def test_half_a_last_line_is_left_out(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    path = tmp_path_factory.mktemp("run") / "run.jsonl"
    journal.begin(path, HEADER)
    with journal.Journal(path) as file:
        file.write(case("a/one"))
        file.write(Outcome(case="a/one", status="PASS", programs=0, counts={}, reason="x" * 200))
    path.write_bytes(path.read_bytes()[:-cut])
    run = journal.read(path)
    assert "a/one" in run.cases
    # Without its newline alone a line is whole.
    assert bool(run.outcomes) == (cut == 1)


def test_a_broken_line_in_the_middle_is_named(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"{}\n" + path.read_bytes())
    with pytest.raises(journal.NotARun, match="line 2"):
        journal.read(path)


@pytest.mark.parametrize("content", [b"", b"hello\n", b'{"record":"footer"}\n', b"\xff\xfe\n"])
def test_a_file_without_a_header_is_no_run(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "run.jsonl"
    path.write_bytes(content)
    with pytest.raises(journal.NotARun, match="line 1"):
        journal.read(path)


def test_a_run_of_another_format_is_refused(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b'"record":"header"', b'"record":"header","format":99'))
    with pytest.raises(journal.UnknownRunFormat, match="99"):
        journal.read(path)


def test_beginning_removes_what_a_run_before_left_and_nothing_else(path: Path) -> None:
    write(journal.shard(path, "gw3"), whole("a/one"))
    baseline = path.with_name("run.baseline.jsonl")
    baseline.write_text("kept")
    journal.begin(path, HEADER)
    assert not journal.read(path).outcomes
    assert baseline.read_text() == "kept"


def test_a_program_is_on_disk_before_write_returns(path: Path) -> None:
    shard = journal.shard(path, "main")
    shard.write(ProgramRecord(case="a/one", index=0, program=program(1)))
    assert journal.read(path).running == (("a/one", 0),)
    shard.close()
