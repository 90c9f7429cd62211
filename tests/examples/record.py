"""Write what the installed PyTorch gives for the examples and the drawings: python -m tests.examples.record"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
LOSSES = HERE / "losses.json"
DRAWINGS = HERE / "drawings.json"


def run(*command: str) -> str:
    """What a Python of its own prints."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "impl"), "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, *command], capture_output=True, encoding="utf-8", env=environment)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed: {done.stderr}")
    return done.stdout


def losses(example: Path) -> list[float]:
    """The loss of each step of an example on numtorch."""
    return _losses(run("-m", "numtorch", str(example)))


def losses_of_pytorch(examples: Sequence[Path] = EXAMPLES) -> dict[str, list[float]]:
    """The same of examples on PyTorch, which is imported once for all of them."""
    told = json.loads(run(str(HERE / "one_by_one.py"), "torch", *map(str, examples)))
    return {Path(path).stem: _losses(text) for path, text in told.items()}


def _losses(text: str) -> list[float]:
    return [float(loss) for loss in re.findall(r"^ *\d+ (\S+)$", text, re.MULTILINE)]


def drawings(module: str) -> list[str]:
    """The DOT texts of the drawings."""
    found: list[str] = json.loads(run(str(HERE / "drawings.py"), module))
    return found


if __name__ == "__main__":
    LOSSES.write_text(json.dumps(losses_of_pytorch(), indent=1) + "\n")
    DRAWINGS.write_text(json.dumps(drawings("torch"), indent=1) + "\n")
