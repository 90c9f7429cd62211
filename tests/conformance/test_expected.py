"""What a subject is known to fail: strict both ways, and clear about a file that says nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conformance.journal import Finding, LevelOutcome, Outcome, Run
from conformance.judging.verdict import Difference, Verdict
from conformance.program import Program
from conformance.running import launch
from conformance.running.expected import (
    OWN,
    Ambiguous,
    ExpectationError,
    Expectations,
    NoFolder,
    NotExpectations,
    Stale,
    Untriaged,
    program_file,
    read,
)
from conformance.running.session import all_cases
from conformance.runs import triage

CASES = ["engine/deep", "engine/wide", "views/split"]
KNOWN = {"case": "engine/deep", "reason": "It cannot be.", "link": "https://example.org/1"}


def toml(**fields: object) -> str:
    """One entry."""
    lines = "\n".join(f"{name} = {json.dumps(value)}" for name, value in {**KNOWN, **fields}.items())
    return f"[[expect]]\n{lines}\n"


def expectations(folder: Path, text: str, version: str = "1.5") -> Expectations:
    (folder / "engine.toml").write_text(text)
    return read("mylib", version, CASES, [folder])


def failing(facet: str, level: str = "exact", case: str = "engine/deep") -> Outcome:
    """A case whose smallest failing program differs in a facet."""
    verdict = Verdict(status="FAIL", differences=(Difference(step=(0,), facet=facet, oracle="1", subject="2"),))
    finding = Finding(program=Program(steps=()), verdict=verdict)
    levels = {"required": LevelOutcome(status="PASS"), level: LevelOutcome(status="FAIL", failing=1, finding=finding)}
    return Outcome(case=case, status="FAIL", programs=1, counts={"FAIL": 1}, levels=levels)  # type: ignore[arg-type]


def passing(case: str = "engine/deep") -> Outcome:
    return Outcome(case=case, status="PASS", programs=1, counts={"PASS": 1})


def test_what_fails_as_it_is_known_to_is_as_expected(tmp_path: Path) -> None:
    known = expectations(tmp_path, toml(level="exact", facet="repr"))
    judged = known.judge(failing("repr"))
    assert judged.expected
    assert judged.reason == "known: It cannot be. (https://example.org/1)"


@pytest.mark.parametrize(
    ("outcome", "says"),
    [
        pytest.param(passing(), "expected FAIL, and it is PASS", id="passes"),
        pytest.param(failing("repr", "expected"), "expected to fail at exact, and it fails at expected", id="level"),
        pytest.param(failing("stride"), "expected to differ in repr, and it differs in stride", id="facet"),
        pytest.param(
            Outcome(case="engine/deep", status="CRASH", programs=1, counts={}),
            "expected FAIL, and it is CRASH",
            id="status",
        ),
    ],
)
def test_anything_else_is_not_as_expected(tmp_path: Path, outcome: Outcome, says: str) -> None:
    judged = expectations(tmp_path, toml(level="exact", facet="repr")).judge(outcome)
    assert not judged.expected
    assert says in judged.reason


def test_of_a_case_without_an_entry_a_pass_is_expected() -> None:
    assert Expectations().judge(passing()).expected
    assert not Expectations().judge(failing("repr")).expected


def test_a_lack_that_the_subject_declares_is_expected() -> None:
    declared = Outcome(case="engine/deep", status="UNSUPPORTED", programs=0, counts={})
    found = Outcome(case="engine/deep", status="UNSUPPORTED", programs=3, counts={"UNSUPPORTED": 3})
    assert Expectations().judge(declared).expected
    assert not Expectations().judge(found).expected


@pytest.mark.parametrize(("versions", "applies"), [("", True), ("<2", True), (">=1.5,<1.6", True), ("<1.5", False)])
def test_an_entry_may_be_for_some_versions(tmp_path: Path, versions: str, applies: bool) -> None:
    known = expectations(tmp_path, toml(versions=versions))
    assert (known.of("engine/deep") is not None) is applies


def test_a_pattern_stands_for_as_many_cases_as_it_says(tmp_path: Path) -> None:
    known = expectations(tmp_path, toml(case="engine/*", at_most=2))
    assert [case for case in CASES if known.of(case)] == ["engine/deep", "engine/wide"]
    with pytest.raises(NotExpectations, match="stands for 2 cases; at_most says 1"):
        expectations(tmp_path, toml(case="engine/*"))


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        pytest.param(toml(case="engine/gone"), Stale, "no case is called engine/gone", id="stale"),
        pytest.param(toml() + toml(), Ambiguous, "engine/deep", id="twice"),
        pytest.param(toml(reason=" "), NotExpectations, "needs a reason", id="no reason"),
        pytest.param(toml(link="somewhere"), NotExpectations, "a link", id="no link"),
        pytest.param(toml(status="PASS"), NotExpectations, "status", id="no status that fails"),
        pytest.param(toml(status="CRASH", level="exact"), NotExpectations, "only a FAIL", id="level of a crash"),
        pytest.param(toml(versions="new"), NotExpectations, "versions", id="no versions"),
        pytest.param(toml(skip=True), NotExpectations, "skip", id="unknown field"),
        pytest.param("[[expect]\n", NotExpectations, "engine.toml", id="no TOML"),
    ],
)
def test_what_is_no_expectation_is_said_by_name(
    tmp_path: Path, text: str, error: type[ExpectationError], says: str
) -> None:
    with pytest.raises(error, match=says):
        expectations(tmp_path, text)


def test_another_error_code_is_not_as_expected(tmp_path: Path) -> None:
    known = expectations(tmp_path, toml(facet="error_code", code="graph_freed"))
    assert known.judge(raising("graph_freed")).expected
    judged = known.judge(raising("other"))
    assert not judged.expected
    assert "expected the error code graph_freed, and it is other" in judged.reason


def raising(code: str) -> Outcome:
    """A case whose subject raises an error of another code than PyTorch."""
    said = Difference(
        step=(0,), facet="error_code", oracle="inplace (raises …)", subject=f"{code} (raises RuntimeError)"
    )
    finding = Finding(program=Program(steps=()), verdict=Verdict(status="FAIL", differences=(said,)))
    levels = {"required": LevelOutcome(status="FAIL", failing=1, finding=finding)}
    return Outcome(case="engine/deep", status="FAIL", programs=1, counts={"FAIL": 1}, levels=levels)  # type: ignore[arg-type]


def test_an_entry_that_nobody_has_looked_at_is_refused_in_ci(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    known = expectations(tmp_path, toml(untriaged=True, link=""))
    assert known.judge(failing("repr")).reason == "not looked at yet: It cannot be."
    monkeypatch.setenv("CI", "true")
    with pytest.raises(Untriaged, match=r"1 expectation is untriaged \(engine/deep\)"):
        read("mylib", "1.5", CASES, [tmp_path])


def test_a_program_that_no_entry_speaks_of_is_to_be_deleted(tmp_path: Path) -> None:
    file = program_file(tmp_path, "engine/wide", "exact")
    file.parent.mkdir(parents=True)
    file.write_bytes(Program(steps=()).to_json())
    with pytest.raises(NotExpectations, match=r"engine/wide\.exact\.json: no expectation speaks"):
        expectations(tmp_path, toml())


def test_a_folder_that_does_not_exist_is_no_empty_one(tmp_path: Path) -> None:
    with pytest.raises(NoFolder):
        read("mylib", "1", CASES, [tmp_path / "nowhere"])


def test_every_file_of_this_package_can_be_read() -> None:
    cases = [case.id for case in all_cases()]
    for folder in filter(Path.is_dir, OWN.iterdir()):
        assert list(folder.glob("*.toml")), f"{folder} is empty"
        read(folder.name, "2.13.0", cases)


# ------------------------------------------------------------------------------------------------------- as a whole run


def run(folder: Path) -> Run:
    options = {"cases": ["workshop.py"], "isolate": False, "max_examples": 10, "output": Path("out")}
    result = launch.run("wrong_subject", selection="workshop", expectations=[folder], **options)  # type: ignore[arg-type]
    return result.runs["wrong_subject"]


def test_a_run_with_nothing_but_known_failures_is_as_expected(workshop: Path) -> None:
    (workshop / "workshop.toml").write_text(toml(case="workshop/negates", level="required", facet="value"))
    ran = run(workshop)
    assert ran.outcomes["workshop/negates"].status == "FAIL"
    assert ran.as_expected


def test_a_run_in_which_a_known_failure_passes_is_not(workshop: Path) -> None:
    (workshop / "workshop.toml").write_text(toml(case="workshop/*", at_most=3))
    ran = run(workshop)
    unexpected = [case for case, outcome in ran.outcomes.items() if not outcome.expected]
    assert unexpected == ["workshop/adds", "workshop/multiplies"]


def test_what_a_run_finds_becomes_expectations_under_which_it_is_as_expected(
    workshop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    (workshop / "known").mkdir()
    found = run(workshop / "known")
    assert not found.as_expected
    written = triage.write(found, workshop / "known")
    assert [file.name for file in written.files] == ["workshop.toml"]
    assert written.entries == sum(not outcome.expected for outcome in found.outcomes.values())
    again = run(workshop / "known")
    assert again.as_expected
    assert triage.write(again, workshop / "known").entries == 0


def test_the_smallest_program_of_a_known_failure_is_not_looked_for_anew(
    workshop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    (workshop / "known").mkdir()
    found = run(workshop / "known")
    triage.write(found, workshop / "known")
    file = program_file(workshop / "known", "workshop/negates", "required")
    smallest = Program.from_json(file.read_bytes())
    kept = max(
        (program for (case, _), program in found.programs.items() if case == "workshop/negates"),
        key=lambda program: len(program.to_json()),
    )
    assert kept != smallest
    file.write_bytes(kept.to_json())
    finding = run(workshop / "known").outcomes["workshop/negates"].levels["required"].finding
    assert finding is not None
    assert finding.program == kept
