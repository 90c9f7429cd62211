"""Runs as a whole: what is scheduled, written and reported, with one process and with several."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest

from conformance import journal
from conformance.journal import Run
from conformance.running import launch

pytestmark = pytest.mark.usefixtures("workshop")


def run(subject: str, *, selection: str = "workshop", **options: object) -> Run:
    """A run of the three small cases, in this process and quick."""
    given = {"cases": ["workshop.py"], "isolate": False, "max_examples": 10, "output": Path("out"), **options}
    result = launch.run(subject, selection=selection, **given)  # type: ignore[arg-type]
    return result.runs[subject]


def pytest_in_a_process(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "--pyargs",
            "conformance",
            "--cases=workshop.py",
            "--torchstone-output=out",
            *arguments,
        ],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_a_right_subject_passes_every_case() -> None:
    ran = run("right_subject")
    assert {case: outcome.status for case, outcome in ran.outcomes.items()} == {
        "workshop/adds": "PASS",
        "workshop/negates": "PASS",
        "workshop/multiplies": "PASS",
    }
    assert ran.as_expected


def test_a_run_leaves_every_kind_of_report() -> None:
    run("right_subject")
    assert {file.name for file in Path("out").iterdir()} == {
        "run.jsonl",
        "history.jsonl",
        "index.html",
        "junit.xml",
        "summary.md",
        "badge.json",
    }
    assert ElementTree.parse("out/junit.xml").getroot().iter("testcase")
    assert json.loads(Path("out/badge.json").read_text())["schemaVersion"] == 1


def test_the_header_says_who_was_asked_what() -> None:
    header = run("right_subject", seed=7).header
    assert (header.subject.name, header.oracle.name, header.seed, header.max_examples) == (
        "right_subject",
        "torch",
        7,
        10,
    )
    assert header.selection == "workshop"


def test_only_the_case_of_the_broken_function_fails() -> None:
    ran = run("wrong_subject")
    assert [case for case, outcome in ran.outcomes.items() if not outcome.expected] == ["workshop/negates"]
    assert not ran.as_expected


def test_a_selection_is_on_feature_and_name() -> None:
    assert [*run("right_subject", selection="workshop and (negates or adds)").outcomes] == [
        "workshop/adds",
        "workshop/negates",
    ]


def test_the_number_of_processes_does_not_show_in_the_file() -> None:
    run("wrong_subject", workers="0", output=Path("alone"))
    run("wrong_subject", workers="2", output=Path("shared"))
    alone, shared = (journal.without_times(Path(where, "run.jsonl")) for where in ("alone", "shared"))
    assert alone == shared


def test_one_seed_draws_the_same_programs_and_another_does_not() -> None:
    drawn = [[*run("right_subject", seed=seed).programs.values()] for seed in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_the_order_of_the_cases_does_not_change_what_is_drawn() -> None:
    together = run("right_subject").programs
    alone = run("right_subject", selection="negates").programs
    assert alone == {key: program for key, program in together.items() if key[0] == "workshop/negates"}


def test_an_isolated_subject_that_dies_fails_one_case_and_the_run_goes_on() -> None:
    ran = run("dying_subject", isolate=True, max_examples=2)  # Each crash costs a process that imports PyTorch.
    assert {case: outcome.status for case, outcome in ran.outcomes.items()} == {
        "workshop/adds": "PASS",
        "workshop/negates": "CRASH",
        "workshop/multiplies": "PASS",
    }
    assert ran.outcomes["workshop/negates"].reason == "exited with code 3"


def test_a_worker_that_dies_loses_nothing() -> None:
    ran = run("dying_subject", workers="1")
    outcome = ran.outcomes["workshop/negates"]
    assert outcome.status == "CRASH"
    finding = outcome.levels["required"].finding
    assert finding is not None
    assert finding.program.steps
    assert [ran.outcomes[case].status for case in ("workshop/adds", "workshop/multiplies")] == ["PASS", "PASS"]


def test_an_interrupted_run_is_reported_and_is_no_pass() -> None:
    # Enough to do for a minute; it is interrupted once the first program is on disk.
    process = subprocess.Popen(
        [sys.executable, "-m", "conformance", "run", "right_subject", "--cases=workshop.py", "-k", "workshop"]
        + ["--max-examples=100000", "--output=out", "--no-isolate"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    shard, deadline = Path("out/run.main.jsonl"), time.monotonic() + 60
    while not (shard.exists() and shard.stat().st_size) and time.monotonic() < deadline:
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == launch.COULD_NOT_RUN, output
    assert "interrupted" in output
    assert "Traceback" not in output
    assert journal.read(Path("out/run.jsonl")).interrupted
    assert not shard.exists()
    assert "interrupted" in Path("out/summary.md").read_text().lower()


def test_pytest_itself_runs_the_suite_and_shows_the_smallest_program() -> None:
    ran = pytest_in_a_process("--subject=wrong_subject", "-k", "workshop", "--max-examples=10", "--no-isolate")
    assert ran.returncode == pytest.ExitCode.TESTS_FAILED, ran.stdout + ran.stderr
    assert "wrong_subject-workshop/negates" in ran.stdout
    assert "torch.neg changes the sign of every element." in ran.stdout
    assert "torch.neg(x)" in ran.stdout
    assert "torchstone show workshop/negates --subject wrong_subject" in ran.stdout
    assert "1 failed, 2 passed" in ran.stdout
    assert "Traceback" not in ran.stdout
    assert "runtest" not in ran.stdout, "the harness's own frames are nobody's business"


def test_pytest_says_in_one_line_that_a_subject_cannot_be_used() -> None:
    ran = pytest_in_a_process("--subject=raising_subject", "-k", "workshop")
    assert ran.returncode == pytest.ExitCode.USAGE_ERROR
    assert "no GPU here" in ran.stderr
    assert "Traceback" not in ran.stdout + ran.stderr


def test_two_subjects_have_a_folder_each() -> None:
    result = launch.run(
        "right_subject",
        "wrong_subject",
        selection="negates",
        cases=["workshop.py"],
        isolate=False,
        max_examples=5,
        output=Path("out"),
    )
    assert {name: run.as_expected for name, run in result.runs.items()} == {
        "right_subject": True,
        "wrong_subject": False,
    }
    assert Path("out/wrong_subject/index.html").exists()


def test_looking_at_what_would_run_leaves_the_last_report_alone() -> None:
    run("right_subject")
    before = Path("out/run.jsonl").read_bytes()
    launch.select(["right_subject"], "workshop", ["workshop.py"])
    assert Path("out/run.jsonl").read_bytes() == before
