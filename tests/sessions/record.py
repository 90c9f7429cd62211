"""Write the answers of the installed PyTorch into the sessions: python -m tests.sessions.record [FOLDER]"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
SESSIONS = sorted(HERE.glob("*.txt"))


def played(module: str, sessions: list[Path] = SESSIONS) -> dict[str, str]:
    """The sessions, typed into the module by a Python of their own."""
    # One of them draws with numtorch.drawing, on PyTorch too: from this checkout, installed or not.
    environment = {**os.environ, "PYTHONPATH": str(HERE.parents[1] / "impl")}
    command = [sys.executable, str(HERE / "transcript.py"), module, *map(str, sessions)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", env=environment)
    if done.returncode:
        raise RuntimeError(f"the sessions stopped on {module}: {done.stderr}")
    return {Path(path).name: text for path, text in json.loads(done.stdout).items()}


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE
    for name, text in played("torch", sorted(folder.glob("*.txt"))).items():
        (folder / name).write_text(text, encoding="utf-8")
        print(name)
