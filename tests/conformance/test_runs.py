"""Several runs: split over machines and joined again, compared case by case, kept as a baseline."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from hypothesis import given, strategies as st
from rich.console import Console

from conformance import journal
from conformance.cli import command
from conformance.journal import CaseRecord, Description, Finding, Header, LevelOutcome, Outcome, Run
from conformance.judging.verdict import Difference, Verdict
from conformance.program import Program
from conformance.running import launch
from conformance.runs import baseline, history, telling
from conformance.runs.changes import Kind, compare, told
from conformance.runs.shards import CannotJoin, MoreShardsThanCases, NoShard, Shard, durations, join, parse, split
from conformance.trace import LEVELS, Level

SELECTION = "accumulation and grad"

CASES = st.lists(st.text("abcdef", min_size=1, max_size=6), min_size=1, max_size=40, unique=True)


# ------------------------------------------------------------------------------------------------------------- splitting


@given(CASES, st.data())
def test_every_case_is_in_one_shard_whatever_is_known_of_its_duration(cases: list[str], data: st.DataObject) -> None:
    of = data.draw(st.integers(1, len(cases)))
    seconds = data.draw(st.dictionaries(st.sampled_from(cases), st.floats(0, 1e3)))
    parts = split(cases, of, seconds).parts
    assert sorted(case for part in parts for case in part) == sorted(cases)
    assert all(parts)
    assert all(list(part) == sorted(part, key=cases.index) for part in parts)


def test_shards_take_about_equally_long() -> None:
    seconds = {f"case{number}": float(number**2) for number in range(40)}
    loads = [sum(seconds[case] for case in part) for part in split(list(seconds), 4, seconds).parts]
    assert max(loads) < 1.01 * min(loads)


def test_a_split_by_other_durations_has_another_digest() -> None:
    cases = ["a", "b", "c", "d"]
    assert split(cases, 2, {"a": 9.0, "b": 1.0}).digest != split(cases, 2, {}).digest


def test_more_shards_than_cases_are_refused() -> None:
    with pytest.raises(MoreShardsThanCases, match="3 shards are more than the 2 cases"):
        split(["a", "b"], 3, {})


@pytest.mark.parametrize("text", ["", "1", "0/2", "3/2", "a/b", "1/2/3", "-1/2", "1/0"])
def test_what_is_no_shard_is_refused(text: str) -> None:
    with pytest.raises(NoShard, match="such as 2/4"):
        parse(text)


# --------------------------------------------------------------------------------------------------------------- joining


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two shards of one run, the second done by two processes."""
    folder = tmp_path_factory.mktemp("shards")
    for index, workers in ((1, "0"), (2, "2")):
        run(folder / str(index), shard=Shard(index, 2), workers=workers)
    return [folder / str(index) / "run.jsonl" for index in (1, 2)]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same run on one machine."""
    folder = tmp_path_factory.mktemp("whole")
    run(folder)
    return folder / "run.jsonl"


def run(output: Path, **settings: object) -> None:
    # What was recorded of PyTorch: that it was imported by every process took most of the time.
    launch.run("numtorch", selection=SELECTION, max_examples=2, oracle="recorded", output=output, **settings)  # type: ignore[arg-type]


def test_joined_shards_are_the_run_that_was_never_split(shards: list[Path], whole: Path, tmp_path: Path) -> None:
    order = list(journal.read(whole).outcomes)
    assert len(order) > 4
    join([shards[1], shards[0]], tmp_path / "run.jsonl", order)
    assert journal.without_times(tmp_path / "run.jsonl") == journal.without_times(whole)


def changed(path: Path, to: Path, **fields: object) -> Path:
    """A copy of a run with another header."""
    run = journal.read(path)
    records = [line for lines in journal.by_case(path).values() for line in lines]
    assert run.footer is not None
    header = msgspec.structs.replace(run.header, **fields)
    journal.write(to, [header, *records, run.footer])
    return to


def test_a_shard_that_is_missing_is_named(shards: list[Path], tmp_path: Path) -> None:
    with pytest.raises(CannotJoin, match="shard 2/2 missing"):
        join(shards[:1], tmp_path / "run.jsonl")


def test_a_shard_that_is_there_twice_is_named(shards: list[Path], tmp_path: Path) -> None:
    with pytest.raises(CannotJoin, match="are both shard 1/2"):
        join([shards[0], shards[0]], tmp_path / "run.jsonl")


def test_a_whole_run_is_no_shard(whole: Path, tmp_path: Path) -> None:
    with pytest.raises(CannotJoin, match="is no shard"):
        join([whole], tmp_path / "run.jsonl")


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"seed": 7}, "the seed is 0 and 7"),
        ({"suite": "another"}, "the digest of the suite is .* and another"),
        ({"shard": "2/3"}, "the number of shards is 2 and 3"),
        ({"subject": Description(name="other", version="1")}, "the subject is numtorch .* and other 1"),
        ({"max_examples": 3}, "the number of programs a case is 2 and 3"),
    ],
)
def test_a_shard_of_another_run_is_refused(
    shards: list[Path], tmp_path: Path, fields: dict[str, object], why: str
) -> None:
    with pytest.raises(CannotJoin, match=why):
        join([shards[0], changed(shards[1], tmp_path / "other.jsonl", **fields)], tmp_path / "run.jsonl")


def test_shards_that_were_split_by_other_durations_are_refused(shards: list[Path], whole: Path, tmp_path: Path) -> None:
    seconds = durations(whole)
    longest = max(seconds, key=lambda case: seconds[case])
    outcomes = [msgspec.structs.replace(each, seconds=100.0 * (each.case == longest)) for each in outcomes_of(whole)]
    journal.write(tmp_path / "durations.jsonl", [journal.read(whole).header, *outcomes])
    run(tmp_path, shard=Shard(2, 2), durations=tmp_path / "durations.jsonl")
    with pytest.raises(CannotJoin, match="the split"):
        join([shards[0], tmp_path / "run.jsonl"], tmp_path / "joined.jsonl")


def test_an_interrupted_shard_is_to_be_run_again(shards: list[Path], tmp_path: Path) -> None:
    cut = tmp_path / "cut.jsonl"
    cut.write_bytes(b"".join(shards[1].read_bytes().splitlines(keepends=True)[:-1]))
    with pytest.raises(CannotJoin, match="interrupted: run that shard again"):
        join([shards[0], cut], tmp_path / "run.jsonl")


def test_the_command_joins_and_writes_the_reports(shards: list[Path], tmp_path: Path) -> None:
    result = CliRunner().invoke(command, ["merge", *(str(path.parent) for path in shards), "--output", str(tmp_path)])
    assert result.exit_code == 0
    assert "shard" not in (tmp_path / "summary.md").read_text()
    assert journal.read(tmp_path / "run.jsonl").as_expected


def test_durations_are_those_of_a_run_that_its_folder_names(whole: Path, tmp_path: Path) -> None:
    asked = ["run", "numtorch", "--oracle", "recorded", "-k", SELECTION, "--output", str(tmp_path)]
    result = CliRunner().invoke(command, [*asked, "--shard", "1/2", "--durations-of", str(whole.parent)])
    assert result.exit_code == 0, result.output
    ran = journal.read(tmp_path / "run.jsonl")
    assert ran.footer is not None
    assert ran.footer.split == split(list(journal.read(whole).outcomes), 2, durations(whole)).digest


def test_a_bad_shard_is_one_line(tmp_path: Path) -> None:
    result = CliRunner().invoke(command, ["run", "numtorch", "--shard", "5", "--output", str(tmp_path)])
    assert result.exit_code == 2
    assert result.stderr == "torchstone: '5' is no shard: it is I/N, from 1/N to N/N, such as 2/4\n"


# ------------------------------------------------------------------------------------------------------------- comparing


def outcomes_of(path: Path) -> list[Outcome]:
    return list(journal.read(path).outcomes.values())


def outcome(case: str, **levels: str) -> Outcome:
    """A case with a facet that differs at each of the levels named: ``exact="repr"``."""
    of: dict[Level, LevelOutcome] = {level: LevelOutcome(status="PASS") for level in LEVELS}
    for level, facet in levels.items():
        codes = facet.split("/")[1:] or ["1", "2"]
        difference = Difference(step=(0,), facet=facet.split("/")[0], oracle=codes[0], subject=codes[1])
        verdict = Verdict(status="FAIL", differences=(difference, difference))
        finding = Finding(program=Program(steps=()), verdict=verdict)
        of[level] = LevelOutcome(status="FAIL", failing=1, finding=finding)  # type: ignore[index]
    status = "FAIL" if levels else "PASS"
    return Outcome(case=case, status=status, programs=1, counts={status: 1}, levels=of)


def of_status(case: str, status: str, reason: str = "") -> Outcome:
    return Outcome(case=case, status=status, programs=1, counts={status: 1}, reason=reason)  # type: ignore[arg-type]


def a_run(outcomes: Sequence[Outcome], **header: object) -> Run:
    fields: dict[str, object] = {"seed": 0, "profile": "quick", "max_examples": 20, "suite": "abc", **header}
    described = Description(name="mylib", version="1.0")
    oracle = Description(name="torch", version="2.13.0")
    started = Header(torchstone="1", subject=described, oracle=oracle, **fields)  # type: ignore[arg-type]
    return Run(
        started,
        {each.case: CaseRecord(id=each.case, sentence="It is.", source="…") for each in outcomes},
        {each.case: each for each in outcomes},
        footer=journal.footer_of(outcomes, 1.0, {}),
    )


@pytest.mark.parametrize(
    ("before", "after", "kind", "worse"),
    [
        (outcome("a/b"), outcome("a/b"), Kind.SAME, False),
        (outcome("a/b"), outcome("a/b", exact="repr"), Kind.BROKEN, True),
        (outcome("a/b"), of_status("a/b", "INCONCLUSIVE"), Kind.BROKEN, True),
        (outcome("a/b", exact="repr"), outcome("a/b"), Kind.FIXED, False),
        (outcome("a/b", exact="repr"), outcome("a/b", exact="repr"), Kind.SAME, False),
        (outcome("a/b", exact="repr"), outcome("a/b", exact="stride"), Kind.CHANGED, False),
        (outcome("a/b", exact="repr"), outcome("a/b", exact="repr", required="value"), Kind.CHANGED, True),
        (outcome("a/b", exact="repr", required="value"), outcome("a/b", exact="repr"), Kind.CHANGED, False),
        (of_status("a/b", "CRASH"), outcome("a/b", required="value"), Kind.CHANGED, False),
        (of_status("a/b", "UNSUPPORTED"), of_status("a/b", "CRASH"), Kind.CHANGED, True),
        (outcome("a/b", exact="error_code/x (1)/y (2)"), outcome("a/b", exact="error_code/x (9)/y (8)"), Kind.SAME, False),
        (outcome("a/b", required="error_code/x/y"), outcome("a/b", required="error_code/x/z"), Kind.CHANGED, False),
    ],
)  # fmt: skip
def test_what_became_of_a_case(before: Outcome, after: Outcome, kind: Kind, worse: bool) -> None:
    (change,) = compare(a_run([before]), a_run([after])).cases
    assert (change.kind, change.worse) == (kind, worse)


def test_what_could_not_be_compared_before_is_not_called_worse_and_is_told() -> None:
    before = [of_status("a/x", "UNSUPPORTED"), outcome("a/y")]
    changes = compare(a_run(before), a_run([outcome("a/x", required="value"), outcome("a/y")]))
    assert telling.closing_line(changes) == "1 changed, 1 same; 1 now compared, and not passing"
    assert changes.worse  # the exit code is that of a new failure
    console = Console(record=True, width=100, file=io.StringIO())
    telling.show(console, changes)
    shown = console.export_text()
    assert "a/x: UNSUPPORTED → FAIL: value (required) (now compared)" in shown
    assert "worse" not in shown


def test_what_is_new_and_what_is_gone() -> None:
    changes = compare(a_run([outcome("a/old"), outcome("a/both")]), a_run([outcome("a/both"), outcome("a/new")]))
    assert [change.case for change in changes.of(Kind.NEW)] == ["a/new"]
    assert [change.case for change in changes.of(Kind.GONE)] == ["a/old"]
    assert not changes.worse


@pytest.mark.parametrize("header", [{"selection": "both"}, {"shard": "1/2"}])
def test_what_a_selection_left_out_is_not_gone(header: dict[str, object]) -> None:
    changes = compare(a_run([outcome("a/old"), outcome("a/both")]), a_run([outcome("a/both")], **header))
    assert [change.case for change in changes.cases] == ["a/both"]


def test_a_fix_and_a_break_are_both_told_though_the_totals_are_the_same() -> None:
    changes = compare(
        a_run([outcome("a/x"), outcome("a/y", exact="repr")]), a_run([outcome("a/x", exact="repr"), outcome("a/y")])
    )
    assert telling.closing_line(changes) == "1 broken, 1 fixed; 1 worse"
    assert "| `a/x` | PASS | FAIL: repr \\(exact\\) |".replace("\\(", "(").replace("\\)", ")") in telling.markdown(
        changes
    )
    assert json.loads(telling.as_json(changes))["fixed"][0]["before"] == "FAIL: repr (exact)"


def test_what_a_subject_said_does_not_break_the_table() -> None:
    crashed = of_status("a/x", "CRASH", "boom | <b>`x`\nmore")
    text = telling.markdown(compare(a_run([outcome("a/x")]), a_run([crashed])))
    assert "| `a/x` | PASS | CRASH: boom \\| \\<b\\>\\`x\\` |" in text


def test_a_level_that_alone_is_lost_is_told() -> None:
    before, after = outcome("a/x", required="value"), outcome("a/x", required="value", exact="repr")
    (change,) = compare(a_run([before]), a_run([after])).cases
    assert change.words == ("FAIL: value (required); exact PASS", "FAIL: value (required); exact FAIL")
    assert " | ".join(change.words) in telling.markdown(compare(a_run([before]), a_run([after])))


def failing(case: str, count: int) -> Outcome:
    found = outcome(case, required="value")
    level = msgspec.structs.replace(found.levels["required"], failing=count)
    return msgspec.structs.replace(found, programs=7, levels={**found.levels, "required": level})


def test_fewer_or_more_of_the_same_programs_are_a_change() -> None:
    before = [failing("a/fewer", 4), failing("a/more", 4), failing("a/same", 4)]
    after = [failing("a/fewer", 1), failing("a/more", 7), failing("a/same", 4)]
    changes = compare(a_run(before), a_run(after))
    assert telling.closing_line(changes) == "2 changed, 1 same; 1 worse"
    assert {change.case: change.words for change in changes.of(Kind.CHANGED)} == {
        f"a/{case}": tuple(f"FAIL: value (required); required {count} of 7 programs" for count in (4, now))
        for case, now in (("fewer", 1), ("more", 7))
    }
    assert [change.case for change in changes.worse] == ["a/more"]
    # Other programs were drawn: that more of them fail says nothing.
    assert telling.closing_line(compare(a_run(before), a_run(after, seed=3))) == "3 same; nothing worse"


def test_error_codes_are_told() -> None:
    assert told(outcome("a/x", required="error_code/graph_freed (raises)/none")) == (
        "FAIL: error_code (required) graph_freed → none"
    )


def test_the_headers_differences_are_told() -> None:
    assert compare(a_run([]), a_run([], seed=3, suite="xyz")).unlike == (("suite", "abc", "xyz"), ("seed", "0", "3"))


# -------------------------------------------------------------------------------------------------------------- baseline


def test_a_baseline_is_a_run_with_nothing_changed(tmp_path: Path) -> None:
    run = a_run([outcome("a/x", required="value", exact="repr"), of_status("a/y", "CRASH", "gone"), outcome("a/z")])
    baseline.write(run, tmp_path / "baseline.jsonl")
    again = journal.read(tmp_path / "baseline.jsonl")
    assert [change.kind for change in compare(again, run).cases] == [Kind.SAME] * 3
    finding = again.outcomes["a/x"].levels["required"].finding
    assert finding is not None
    assert len(finding.verdict.differences) == 1


@pytest.mark.parametrize(("header", "why"), [({"selection": "x"}, "a part"), ({"shard": "1/2"}, "a part")])
def test_a_part_is_no_baseline(tmp_path: Path, header: dict[str, object], why: str) -> None:
    with pytest.raises(baseline.NoBaseline, match=why):
        baseline.write(a_run([outcome("a/x")], **header), tmp_path / "baseline.jsonl")


def test_the_command_ends_with_1_if_something_got_worse(whole: Path, tmp_path: Path) -> None:
    broken = [msgspec.structs.replace(each, status="CRASH", levels={}) for each in outcomes_of(whole)]
    header = journal.read(whole).header
    journal.write(tmp_path / "run.jsonl", [header, *broken, journal.footer_of(broken, 1.0, {})])
    assert CliRunner().invoke(command, ["diff", str(whole), str(whole.parent)]).exit_code == 0
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    result = CliRunner().invoke(command, ["diff", str(whole), str(tmp_path), "--markdown", str(summary)])
    assert result.exit_code == 1
    assert summary.read_text().startswith("before\n## ❌")


# --------------------------------------------------------------------------------------------------------------- history


def remember(folder: Path, *runs: Run) -> tuple[history.Since, ...]:
    for each in runs:
        history.append(folder, each)
    return history.changes(history.read(folder))


def test_every_run_tells_what_broke_and_what_was_fixed_since_the_one_before(tmp_path: Path) -> None:
    good, bad = outcome("a/x"), outcome("a/x", exact="repr")
    first, second, third = remember(tmp_path, a_run([good]), a_run([bad]), a_run([good]))
    assert first.first
    assert (second.broken, second.fixed) == (("a/x",), ())
    assert (third.broken, third.fixed) == ((), ("a/x",))


def test_a_run_of_a_part_is_beside_the_last_of_the_same_part(tmp_path: Path) -> None:
    whole, part = a_run([outcome("a/x"), outcome("a/y")]), a_run([outcome("a/x", exact="repr")], selection="x")
    told = remember(tmp_path, whole, part, whole, part)
    assert [since.first for since in told] == [True, True, False, False]
    assert not any(since.broken or since.fixed for since in told)


def test_what_left_the_suite_is_not_fixed(tmp_path: Path) -> None:
    _, second = remember(tmp_path, a_run([outcome("a/x", exact="repr")]), a_run([outcome("a/y")], suite="later"))
    assert second.fixed == ()


def test_interrupted_runs_and_shards_are_not_remembered(tmp_path: Path) -> None:
    run = a_run([outcome("a/x")])
    assert remember(tmp_path, Run(run.header, run.cases, run.outcomes), a_run([outcome("a/x")], shard="1/2")) == ()


def test_a_line_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    remember(tmp_path, a_run([outcome("a/x")]))
    with (tmp_path / history.NAME).open("ab") as file:
        file.write(b'{"started":"2026')
    assert len(history.read(tmp_path)) == 1
