"""What GitHub is told: annotations, and the step of the action that runs the suite."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec

from conformance.journal import read
from conformance.report.model import Report
from conformance.report.workflow import MOST, workflow_commands

from . import build_run

ROOT = Path(__file__).parents[2]


def report(folder: Path) -> Report:
    return Report(read(build_run.write(folder / "run.jsonl", build_run.everything())))


def test_every_group_that_is_not_as_expected_has_one_line(tmp_path: Path) -> None:
    found = report(tmp_path)
    lines = list(workflow_commands(found))
    assert len(lines) == min(MOST, sum(group.unexpected for group in found.groups))
    assert all(line.startswith("::error title=") for line in lines)


def test_what_a_subject_says_begins_no_command_of_its_own(tmp_path: Path) -> None:
    for line in workflow_commands(report(tmp_path)):
        assert "\n" not in line
        assert "\r" not in line
        title, _, text = line.removeprefix("::error title=").partition("::")
        assert ":" not in title
        assert "::error" not in text


def test_what_there_is_no_room_for_is_counted(tmp_path: Path) -> None:
    found = report(tmp_path)
    case = next(case for case in found.cases if case.unexpected)
    assert case.outcome is not None
    run = found.run
    for number in range(2 * MOST):
        id = f"feature{number}/{case.name}"
        run.cases[id] = msgspec.structs.replace(case.record, id=id)
        run.outcomes[id] = msgspec.structs.replace(case.outcome, case=id)
    lines = list(workflow_commands(Report(run)))
    assert len(lines) == MOST
    assert "more groups of findings" in lines[-1]


def test_the_step_of_the_action_tells_github_and_fails(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin/torchstone"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m conformance "$@"\n')
    command.chmod(0o755)
    asked = {
        "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
        "PYTHONPATH": f"{ROOT}:{ROOT / 'impl'}",
        "SUBJECT": "tests.fakes.wrong_sign",
        "ARGUMENTS": "-k cos_has_its_derivative --max-examples 5",
        "EXPECTATIONS": "",
        "BASELINE": "",
        "OUTPUT": "report",
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
    }
    script = ROOT / ".github/run-suite.sh"
    ran = subprocess.run(
        ["bash", script], env={**os.environ, **asked}, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 1, ran.stderr
    assert "::error title=elementwise/cos_has_its_derivative" in ran.stdout
    assert (tmp_path / "output").read_text() == "report=report\n"
    assert "elementwise" in (tmp_path / "summary").read_text()
