"""The cases and the random programs as Hypothesis tests of their own, and as HypoFuzz runs them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import is_hypothesis_test

from conformance.cases import catalogue

pytest.importorskip("torch")
ROOT = Path(__file__).parents[2]
COS = ("--pyargs", "conformance.fuzzed", "-k", "elementwise_cos_has_its_derivative")
SIN = "elementwise_sin_has_its_derivative"
ON_CI = ("CI", "__TOX_ENVIRONMENT_VARIABLE_ORIGINAL_CI", "GITHUB_ACTIONS")


def test_every_case_is_a_hypothesis_test_under_a_key_of_its_own() -> None:
    from conformance import fuzzed

    tests = {name: value for name, value in vars(fuzzed).items() if name.startswith("test_")}
    assert len(tests) == len(catalogue()) + 1
    assert all(is_hypothesis_test(test) for test in tests.values())
    keys = {test.hypothesis.inner_test._hypothesis_internal_add_digest for test in tests.values()}
    assert len(keys) == len(tests)
    # Where CI is set Hypothesis would draw the same in every run, and HypoFuzz passes over tests that do.
    assert not any(test._hypothesis_internal_use_settings.derandomize for test in tests.values())


def command(tmp_path: Path, *command: str) -> tuple[list[str], dict[str, Any]]:
    """A process with a subject that is wrong for the cosine, and right for the sine."""
    # The constants that Hypothesis reads out of all of numtorch's source, for which it takes seconds, and keeps where it runs.
    constants = ROOT / ".hypothesis" / "constants"
    constants.mkdir(parents=True, exist_ok=True)
    (tmp_path / ".hypothesis").mkdir()
    (tmp_path / ".hypothesis" / "constants").symlink_to(constants)
    paths = [str(ROOT), str(ROOT / "impl"), os.environ.get("PYTHONPATH", "")]
    # Where one of these is set, Hypothesis keeps no examples, and HypoFuzz has nowhere to write what it finds.
    kept = {name: value for name, value in os.environ.items() if name not in (*ON_CI, "HYPOTHESIS_NO_PLUGINS")}
    environment = kept | {"TORCHSTONE_SUBJECT": "tests.fakes.wrong_sign", "PYTHONPATH": os.pathsep.join(paths)}
    return [sys.executable, *command], {"text": True, "cwd": tmp_path, "env": environment}


def test_pytest_runs_them_and_says_what_differs(tmp_path: Path) -> None:
    # In one process, which takes seconds to start.
    selected = *COS[:-1], f"{COS[-1]} or {SIN}"
    arguments, options = command(tmp_path, "-m", "pytest", "-p", "no:cacheprovider", *selected)
    ran = subprocess.run(arguments, capture_output=True, timeout=300, check=False, **options)
    assert ran.returncode == 1, ran.stdout
    assert "1 failed, 1 passed" in ran.stdout
    assert f"FAILED ::test_{COS[-1]}" in ran.stdout
    assert "first difference" in ran.stdout
    assert "import torch" in ran.stdout


def test_hypofuzz_finds_a_wrong_sign(tmp_path: Path) -> None:
    pytest.importorskip("hypofuzz")
    fuzz = ("-c", "from hypothesis.extra.cli import main; main()", "fuzz", "--no-dashboard", "-n", "1")
    arguments, options = command(tmp_path, *fuzz, "--", *COS)
    # It looks once a minute whether it is done, and says that every test failed even if all that failed is itself: so what
    # it keeps for the next run is looked at.
    with (tmp_path / "said").open("w+") as said:
        process = subprocess.Popen(arguments, stdout=said, stderr=said, start_new_session=True, **options)
        try:
            deadline = time.monotonic() + 300
            while not kept_differences(tmp_path) and process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.1)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        said.seek(0)
        assert kept_differences(tmp_path), said.read()


def test_pytorch_is_imported_before_hypofuzz_watches(tmp_path: Path) -> None:
    pytest.importorskip("hypofuzz")
    begin = "import sys; from hypofuzz import detection; detection._in_hypofuzz_run = True; import conformance.fuzzed; "
    arguments, options = command(tmp_path, "-c", begin + "assert 'torch' in sys.modules")
    ran = subprocess.run(arguments, capture_output=True, timeout=300, check=False, **options)
    assert ran.returncode == 0, ran.stderr


def test_what_the_tests_draw_with_is_not_what_they_draw_with(tmp_path: Path) -> None:
    """pytest loads tests/conftest.py for them, too, where it is started beside it; HypoFuzz keeps what the profile lets it."""
    collect = f"import hypothesis, pytest; pytest.main({[*COS, '--collect-only']}); "
    arguments, options = command(tmp_path, "-c", collect + "assert hypothesis.settings().database is not None")
    ran = subprocess.run(arguments, capture_output=True, timeout=300, check=False, **options | {"cwd": ROOT})
    assert "1/" in ran.stdout, ran.stdout
    assert ran.returncode == 0, ran.stderr


def kept_differences(folder: Path) -> list[Path]:
    """The files of Hypothesis's example database that tell of a program on which the subject differs."""
    files = (path for path in (folder / ".hypothesis" / "examples").glob("*/*") if path.is_file())
    return [path for path in files if b"first difference" in path.read_bytes()]
