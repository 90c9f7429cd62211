"""Write what the installed PyTorch gives for the examples and the drawings: python -m tests.examples.record"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
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


def losses(example: Path, module: str) -> list[float]:
    """The loss of each step of an example."""
    runner = ["-m", "numtorch"] if module == "numtorch" else []
    return [float(loss) for loss in re.findall(r"^ *\d+ (\S+)$", run(*runner, str(example)), re.MULTILINE)]


def drawings(module: str) -> list[str]:
    """The DOT texts of the drawings."""
    found: list[str] = json.loads(run(str(HERE / "drawings.py"), module))
    return found


if __name__ == "__main__":
    LOSSES.write_text(json.dumps({example.stem: losses(example, "torch") for example in EXAMPLES}, indent=1) + "\n")
    DRAWINGS.write_text(json.dumps(drawings("torch"), indent=1) + "\n")
