"""What is generated is fresh."""

import importlib
import inspect
import pkgutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

CODEGEN = Path(__file__).parents[2] / "impl" / "numtorch" / "codegen.py"


def test_dispatch_is_what_the_rows_say() -> None:
    done = subprocess.run([sys.executable, str(CODEGEN), "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("package", ["kernels", "formulas"])
def test_names_in_rows_mean_one_function(package: str) -> None:
    """Rows name kernels and formulas without their families: a second one of a name would take the place of the first."""
    folder = importlib.import_module(f"numtorch.{package}")
    homes = defaultdict(set)
    for found in pkgutil.iter_modules(folder.__path__):
        module = importlib.import_module(f"{folder.__name__}.{found.name}")
        for name, value in vars(module).items():
            if inspect.isfunction(value) and value.__module__ == module.__name__ and not name.startswith("_"):
                homes[name].add(found.name)
    assert {name: modules for name, modules in homes.items() if len(modules) > 1} == {}
