"""`torchstone survey`: many subjects, each by a process of its own, in parts that are kept."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from conformance import journal
from conformance.running.launch import CannotRun
from conformance.runs import survey as surveying
from conformance.runs.figures import figures, markdown
from conformance.runs.survey import LOG, Survey, Surveyed, survey

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _importable_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """The processes of a survey find what this one does."""
    paths = [str(ROOT), str(ROOT / "impl"), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))


def plan(output: Path, *subjects: str, **options: object) -> Survey:
    given = {"oracle": "recorded", "selection": "arithmetic and (negation or subtraction)", "parts": 2, **options}
    return Survey(subjects, output, **given)  # type: ignore[arg-type]


def by_name(ended: list[Surveyed]) -> dict[str, Surveyed]:
    return {each.subject: each for each in ended}


def test_what_one_subject_does_is_nothing_to_the_others(tmp_path: Path) -> None:
    ended = by_name(list(survey(plan(tmp_path, "no_such_library", "tests.fakes.wrong_sign", "numtorch", parts=1))))
    assert list(ended) == ["no_such_library", "tests.fakes.wrong_sign", "numtorch"]
    assert "no module is named 'no_such_library'" in ended["no_such_library"].trouble
    assert ended["no_such_library"].path is None
    assert ended["tests.fakes.wrong_sign"].complete
    path = ended["numtorch"].path
    assert path is not None
    found = figures(path)
    assert found.counts == {"PASS": found.programs}
    assert (found.cases, found.without, found.lost, found.part) == (2, 0, 0, "")
    assert found.title in markdown([found])


def test_parts_that_are_complete_are_not_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = plan(tmp_path, "numtorch")
    begun: list[str] = []
    run_part = surveying._Subject._run_part

    def ends_after_one(self: surveying._Subject, folder: Path, shard: str) -> str:
        begun.append(shard)
        return run_part(self, folder, shard) if begun != ["1/2", "2/2"] else "it was ended"

    monkeypatch.setattr(surveying._Subject, "_run_part", ends_after_one)
    (first,) = survey(whole)
    assert (first.complete, first.trouble) == (False, "it was ended")
    assert first.path is not None
    assert figures(first.path).part == "1 of 2 parts"
    (second,) = survey(whole)
    (third,) = survey(whole)
    assert second.complete
    assert third.complete
    assert begun == ["1/2", "2/2", "2/2"]
    assert len(journal.read(first.path).outcomes) == 2


def test_a_subject_whose_time_is_over_ends_with_what_it_has(tmp_path: Path) -> None:
    (ended,) = survey(plan(tmp_path, "numtorch", minutes=1e-6))
    assert (ended.complete, ended.path, ended.trouble) == (False, None, "1e-06 minutes were over")


def test_a_part_that_cannot_be_run_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\necho torchstone: it is broken >&2\nexit 2\n")
    broken.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(broken))
    (ended,) = survey(plan(tmp_path / "out", f"stdio:{sys.prefix}/bin/python -m conformance.subjects.child numtorch"))
    assert "torchstone: it is broken" in ended.trouble
    assert LOG in ended.trouble


def test_two_surveys_at_once_do_not_write_into_one_folder(tmp_path: Path) -> None:
    """The second says so; and one that was killed keeps nobody out, once the part that it had begun is done."""
    command = [sys.executable, "-m", "conformance", "survey", "numtorch", "--oracle", "recorded", "--output"]
    begun = subprocess.Popen([*command, str(tmp_path), "--parts", "400"], stdout=subprocess.PIPE, text=True)
    assert begun.stdout is not None
    try:
        next(line for line in begun.stdout if "part 1 of" in line)
        second = subprocess.run(
            [*command, str(tmp_path), "-k", "arithmetic and negation"], capture_output=True, text=True, check=False
        )
    finally:
        begun.kill()
        begun.stdout.close()
        begun.wait()
    assert second.returncode == 2
    assert (
        second.stderr == f"torchstone: another survey writes into {tmp_path}; wait for it, or give another --output\n"
    )
    (ended,) = _as_soon_as_nobody_writes(plan(tmp_path, "numtorch", selection="arithmetic and negation"))
    assert ended.complete


def _as_soon_as_nobody_writes(wanted: Survey) -> list[Surveyed]:
    for _ in range(600):
        try:
            return list(survey(wanted))
        except CannotRun:
            time.sleep(0.1)
    pytest.fail("the lock was left behind")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_what_is_interrupted_ends_with_what_it_has(tmp_path: Path, how: signal.Signals) -> None:
    """Also where a shell has it ignore Ctrl-C, as it does with what a script puts into the background."""
    command = [sys.executable, "-m", "conformance", "survey", "numtorch", "--oracle", "recorded", "--parts", "400"]
    begun = subprocess.Popen(
        [*command, "--output", str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    )
    assert begun.stdout is not None
    try:
        for line in begun.stdout:
            if "part 2 of" in line:
                break
        begun.send_signal(how)
        said = begun.stdout.read()
        assert begun.wait(60) == 2
    finally:
        begun.kill()
        begun.stdout.close()
        begun.wait()
    assert "numtorch: interrupted" in said
    run = journal.read(tmp_path / "numtorch" / "run.jsonl")
    assert not run.interrupted
    assert run.outcomes
    assert (tmp_path / "site" / "index.html").exists()
