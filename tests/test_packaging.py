"""What is installed, and what importing it costs."""

from __future__ import annotations

import configparser
import subprocess
import sys
import tomllib
from importlib import metadata
from importlib.resources import files
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

LOADED = """
import sys
before = set(sys.modules)
import {module}
found = {{name.partition('.')[0] for name in set(sys.modules) - before}}
print(*sorted(name for name in found if name not in sys.stdlib_module_names and not name.startswith('_')))
"""


def third_parties_of(module: str) -> set[str]:
    """What importing a module loads beside the standard library."""
    ran = subprocess.run(
        [sys.executable, "-c", LOADED.format(module=module)], capture_output=True, text=True, timeout=60, check=True
    )
    return set(ran.stdout.split())


def test_numtorch_imports_numpy_and_nothing_else() -> None:
    assert third_parties_of("numtorch") - {"ml_dtypes"} == {"numtorch", "numpy"}


@pytest.mark.parametrize("package", ["numtorch", "conformance"])
def test_editors_and_type_checkers_may_read_the_annotations(package: str) -> None:
    assert (files(package) / "py.typed").is_file()


def test_the_plugin_costs_nothing_to_who_does_not_ask_for_it() -> None:
    assert third_parties_of("pytest, conformance.plugin_on_demand") - third_parties_of("pytest") == {"conformance"}


def test_defining_the_cases_imports_no_implementation() -> None:
    assert not third_parties_of("conformance.running.session; conformance.running.session.all_cases()") & {
        "torch",
        "numtorch",
    }


def test_a_run_from_recorded_programs_imports_neither_pytorch_nor_hypothesis_nor_a_case() -> None:
    loaded = third_parties_of("conformance.running.launch, conformance.recorded.replaying")
    assert not loaded & {"torch", "numtorch", "hypothesis"}


def test_the_command_is_installed() -> None:
    try:
        scripts = metadata.distribution("torchstone").entry_points.select(group="console_scripts")
    except metadata.PackageNotFoundError:
        pytest.skip("torchstone runs from a source tree that nobody installed")
    assert [script.value for script in scripts] == ["conformance.cli:main"]


def test_the_oracle_that_the_tests_ask_for_is_that_of_the_package() -> None:
    tox = configparser.ConfigParser(interpolation=None)
    tox.read_string((ROOT / "tox.ini").read_text())
    (oracle,) = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]["oracle"]
    assert oracle in tox["testenv:test"]["deps"].split()
