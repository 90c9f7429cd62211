"""The cases and the random programs as Hypothesis tests of their own, and as HypoFuzz runs them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import is_hypothesis_test

from conformance.cases import catalogue

pytest.importorskip("torch")
ROOT = Path(__file__).parents[2]
COS = ("--pyargs", "conformance.fuzzed", "-k", "elementwise_cos_has_its_derivative")
SIN = "elementwise_sin_has_its_derivative"


def test_every_case_is_a_hypothesis_test_under_a_key_of_its_own() -> None:
    from conformance import fuzzed

    tests = {name: value for name, value in vars(fuzzed).items() if name.startswith("test_")}
    assert len(tests) == len(catalogue()) + 1
    assert all(is_hypothesis_test(test) for test in tests.values())
    keys = {test.hypothesis.inner_test._hypothesis_internal_add_digest for test in tests.values()}
    assert len(keys) == len(tests)


def run(tmp_path: Path, subject: str, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    paths = [str(ROOT), str(ROOT / "impl"), os.environ.get("PYTHONPATH", "")]
    return subprocess.run(
        [sys.executable, *command],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "TORCHSTONE_SUBJECT": subject, "PYTHONPATH": os.pathsep.join(paths)} | environment,
    )


def test_pytest_runs_them_and_says_what_differs(tmp_path: Path) -> None:
    # In one process, which takes seconds to start: a subject that is wrong for one case, and right for another.
    ran = run(
        tmp_path, "tests.fakes.wrong_sign", "-m", "pytest", "-p", "no:cacheprovider", *COS[:-1], f"{COS[-1]} or {SIN}"
    )
    assert ran.returncode == 1, ran.stdout
    assert "1 failed, 1 passed" in ran.stdout
    assert f"FAILED ::test_{COS[-1]}" in ran.stdout
    assert "first difference" in ran.stdout
    assert "import torch" in ran.stdout


def test_hypofuzz_finds_a_wrong_sign(tmp_path: Path) -> None:
    pytest.importorskip("hypofuzz")
    # It ends of itself once every test that it was given has failed. Where CI is set Hypothesis draws the same in every run
    # unless told otherwise, which HypoFuzz refuses.
    ran = run(
        tmp_path,
        "tests.fakes.wrong_sign",
        *("-c", "from hypothesis.extra.cli import main; main()", "fuzz", "--no-dashboard", "-n", "1"),
        *("--", *COS),
        CI="true",
    )
    assert "fuzz 1 test" in ran.stdout, ran.stdout + ran.stderr
    assert "Found a failing input for every test!" in ran.stderr, ran.stdout + ran.stderr
