"""torchstone init: every skeleton is sound as it is written, and the run of its README compares something."""

import re
import shlex
import shutil
import subprocess
import sys

import pytest

from conformance import journal
from conformance.commands import doctor
from conformance.commands.init import LANGUAGES, WouldOverwrite, skeleton
from conformance.running import launch

NEEDS = {"python": sys.executable, "javascript": "node", "stdio": "python3"}


@pytest.fixture(params=LANGUAGES)
def written(request, tmp_path, monkeypatch):
    """The folder of a skeleton, which is the current one, and the commands of its README."""
    language = request.param
    if shutil.which(NEEDS[language]) is None:
        pytest.skip(f"{NEEDS[language]} is not installed")
    skeleton(language, tmp_path / "mine")
    monkeypatch.chdir(tmp_path / "mine")
    monkeypatch.syspath_prepend(tmp_path / "mine")
    (block,) = re.findall("```\n(.*?)```", (tmp_path / "mine" / "README.md").read_text(), re.S)
    yield language, [shlex.split(line, comments=True) for line in block.strip().split("\n")]
    sys.modules.pop("engine", None)


def test_a_skeleton_is_sound_and_can_be_compared(written, tmp_path):
    _, (doctored, run, show) = written
    assert doctored[:2] == ["torchstone", "doctor"]
    assert {finding.says for finding in doctor.examine(doctored[2])} <= {"ok", "left out"}
    assert run[:2] == ["torchstone", "run"]
    assert run[2] == doctored[2] == show[-1]
    launch.run(run[2], selection=run[4], max_examples=2, output=tmp_path / "out", isolate=True)
    outcomes = journal.read(tmp_path / "out" / "run.jsonl").outcomes
    statuses = {status for outcome in outcomes.values() for status in outcome.counts}
    assert "PASS" in statuses
    assert statuses <= {"PASS", "UNSUPPORTED"}
    assert show[2] in outcomes


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_overwritten(language, tmp_path):
    (tmp_path / "README.md").write_text("mine")
    with pytest.raises(WouldOverwrite, match=r"already has README.md; nothing is written"):
        skeleton(language, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"]
    assert (tmp_path / "README.md").read_text() == "mine"


def test_the_command_says_what_is_next(tmp_path):
    asked = [sys.executable, "-m", "conformance", "init", "stdio", str(tmp_path / "new")]
    done = subprocess.run(asked, capture_output=True, text=True)
    assert done.returncode == 0
    assert done.stdout.endswith("README.md has the three commands to run\n")
    again = subprocess.run(asked, capture_output=True, text=True)
    assert (again.returncode, again.stderr.count("\n")) == (2, 1)


def test_a_readme_of_ten_lines(tmp_path):
    for language in LANGUAGES:
        assert len(skeleton(language, tmp_path / language)[0].read_text().splitlines()) <= 12
