"""The whole command on subjects that are wrong: each is caught by the case that a reader expects, with a minimal program."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from conformance import journal

pytest.importorskip("torch")
ROOT = Path(__file__).parents[2]

CAUGHT = {
    # The fake: the case that its docstring names, and a line of the minimal program that shows the fault.
    "accumulate_overwrites": r"\.backward\(.*\)\n.*\.backward\(",
    "retain_graph_ignored": r"\.backward\(.*\)\n.*\.backward\(",
    "version_check_skipped": r"\.backward\(",
    "detach_copies": r"\.detach\(\)",
    "integers_accepted": r"\.requires_grad_\(",
    "first_output_only": r"torch\.autograd\.grad\(",
    "no_grad_leaks": r"torch\.no_grad\(\)",
    "wrong_sign": r"cos\(",
    "matmul_overwrites": r"(\w+) @ \1\b",
    "one_stretched_dimension": r"\.backward\(",
}

ENDS = {"exits": "exited with code 3", "segfaults": "killed by SIGSEGV", "never_answers": "no answer within"}
SINE = "elementwise/sin_has_its_derivative"


def torchstone(*arguments: str, output: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(ROOT), str(ROOT / "impl"), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-m", "conformance", "run", *arguments, "--output", str(output)]
    # A fixed width: rich would wrap at the width of whatever terminal the tests run in.
    there = {**os.environ, "PYTHONPATH": path, "COLUMNS": "160", **environment}
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=there, timeout=240, check=False)


def case_named_by(fake: str) -> str:
    docstring = (ROOT / "tests" / "fakes" / f"{fake}.py").read_text().split('"""')[1]
    (found,) = re.findall(r"`(\w+/\w+)`", docstring)
    return str(found)


# Many subjects in one run: half of what each would take alone goes into importing PyTorch.


def test_each_fault_is_caught_by_the_case_that_a_reader_expects(tmp_path: Path) -> None:
    """And numtorch, which the fakes are made like, passes the same cases."""
    cases = [case_named_by(fake).split("/")[1] for fake in CAUGHT]
    chosen = " or ".join(f"({fake} and {case})" for fake, case in zip(CAUGHT, cases, strict=True))
    fakes = [f"tests.fakes.{fake}" for fake in CAUGHT]
    chosen += f" or (not fakes and ({' or '.join(cases)}))"
    ran = torchstone(*fakes, "numtorch", "-k", chosen, "--max-examples", "10", output=tmp_path)
    assert ran.returncode == 1, ran.stdout + ran.stderr
    for fake, shows in CAUGHT.items():
        case = case_named_by(fake)
        shown = f"see both traces: torchstone show {case} --subject tests.fakes.{fake}"
        (told,) = [part for part in ran.stdout.split("✗ ")[1:] if shown in part]
        assert told.startswith(f"{case}:"), told
        said, _, program = told.partition("the smallest program that shows it:")
        assert "FAIL at required" in said or "FAIL at expected" in said, said
        assert re.search(shows, program), program
        lines = [line for line in program.split("see both traces")[0].splitlines() if line.strip()]
        assert len(lines) <= 12, program
        assert (tmp_path / f"tests.fakes.{fake}" / "index.html").exists()
    right = journal.read(tmp_path / "numtorch" / "run.jsonl")
    assert {(outcome.case, outcome.status) for outcome in right.outcomes.values()} == {
        (case_named_by(f), "PASS") for f in CAUGHT
    }


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What is said of the subjects of `ENDS`."""
    selection = "sin_has_its_derivative or exp_has_its_derivative"
    fakes = [f"tests.fakes.{fake}" for fake in ENDS]
    # A deadline of two seconds and not of ten: all that is waited for here is that it is over.
    output = tmp_path_factory.mktemp("ended")
    ran = torchstone(*fakes, "-k", selection, "--max-examples", "5", output=output, TORCHSTONE_DEADLINE="2")
    assert ran.returncode == 1, ran.stdout + ran.stderr
    return ran.stdout


@pytest.mark.parametrize("fake", ENDS)
def test_a_subject_that_ends_or_hangs_fails_its_cases_and_no_other(fake: str, ended: str) -> None:
    (told,) = [part for part in ended.split("✗ ")[1:] if f"--subject tests.fakes.{fake}" in part]
    assert told.startswith(f"{SINE}:"), told
    assert ENDS[fake] in told
    assert "the smallest program that shows it:" in told


def test_a_subject_that_does_not_import_is_one_clear_line(tmp_path: Path) -> None:
    ran = torchstone("tests.fakes.raises_on_import", output=tmp_path)
    assert ran.returncode == 2
    assert "this machine has no accelerator" in ran.stdout + ran.stderr
    assert "Traceback" not in ran.stdout + ran.stderr
