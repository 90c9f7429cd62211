"""What the README shows of numtorch is what numtorch does, and PyTorch too."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).parents[2] / "README.md"


def example() -> str:
    found = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    (code,) = [code for code in found if "import numtorch" in code]
    return str(code)


@pytest.mark.parametrize("module", ["numtorch", "torch"])
def test_the_example_prints_what_its_comments_say(module: str) -> None:
    code = example()
    assert "import numtorch as torch" in code
    ran = subprocess.run(
        [sys.executable, "-c", code.replace("import numtorch as torch", f"import {module} as torch")],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert ran.stdout.splitlines() == re.findall(r"^print\(.*\)  # (.*)$", code, re.MULTILINE)
