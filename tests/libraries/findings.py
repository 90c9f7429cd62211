"""The reproducers of docs/findings.md, each run in a process of its own with that library alone.

`python -m tests.libraries.findings` writes what they end in to findings.json, as far as the libraries are here.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "findings.md"
RECORDED = Path(__file__).with_suffix(".json")
SECONDS = 20
"""After so long, of the process's own time, a reproducer counts as one that never ends. The longest of the others takes 8."""

AT_MOST = 120
"""The same by the clock, for one that waits. It is long, as the machine may be busy."""

PACKAGES = {
    "PyTorch": "torch",
    "TensorFlow.js": "@tensorflow/tfjs",
    "js-pytorch": "js-pytorch",
    "jax-js": "@jax-js/jax",
    "JAX": "jax",
    "MLX": "mlx",
    "HIPS autograd": "autograd",
    "MyGrad": "mygrad",
    "micrograd": "micrograd",
    "tinygrad": "tinygrad",
    "Paddle": "paddlepaddle",
    "candle-python": "candle-python",
}

SOMETIMES = {"MLX 0.32.4, 2"}
"""Reproducers that end in one way or another: nothing is recorded of them."""

NUMBER = re.compile(r"-?\d+\.?\d*(?:e[-+]?\d+)?")


class NotHere(Exception):
    """The library, or this version of it, is not installed."""


@dataclass(frozen=True)
class Reproducer:
    library: str
    version: str
    number: int
    language: str
    code: str

    def __str__(self) -> str:
        return f"{self.library} {self.version}, {self.number}"

    def run(self) -> list[str]:
        """How the process ended, and what it printed unless it was killed."""
        command = self._command()
        environment = {**os.environ, "DEV": "PYTHON"}
        environment.pop("PYTHONPATH", None)
        folder = os.environ.get("TORCHSTONE_NPM") if self.language == "js" else None
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        with subprocess.Popen(command, **pipes, env=environment, cwd=folder, preexec_fn=_limit) as process:
            try:
                printed, said = process.communicate(timeout=AT_MOST)
            except subprocess.TimeoutExpired:
                process.kill()
                return ["never ends"]
        if process.returncode == -signal.SIGXCPU:
            return ["never ends"]
        if process.returncode < 0:
            return [signal.Signals(-process.returncode).name]
        raised = re.findall(r"^(\w*Error: .*)", said, re.MULTILINE)[-1:] if process.returncode else []
        return [f"exit {process.returncode}", *printed.splitlines(), *raised]

    def _command(self) -> list[str]:
        package = PACKAGES[self.library]
        if self.language == "js":
            manifest = Path(os.environ.get("TORCHSTONE_NPM", "."), "node_modules", package, "package.json")
            node = shutil.which("node")
            if node is None or not manifest.exists():
                raise NotHere(f"{package} is not in the folder that TORCHSTONE_NPM names")
            self._demand(json.loads(manifest.read_text("utf-8"))["version"])
            kind = "module" if self.code.startswith("import") else "commonjs"
            return [node, f"--input-type={kind}", "--eval", self.code]
        if (self.library, self.version) == ("PyTorch", "1.13.1"):
            return [self._debian(), "-c", self.code]
        try:
            self._demand(importlib.metadata.version(package))
        except importlib.metadata.PackageNotFoundError:
            raise NotHere(f"{package} is not installed") from None
        return [sys.executable, "-c", self.code]

    def _demand(self, version: str) -> None:
        if version.partition("+")[0] != self.version:
            raise NotHere(f"{self.library} {version} is here, and the finding is of {self.version}")

    def _debian(self) -> str:
        """Debian's Python, if it has the PyTorch of Debian."""
        python = "/usr/bin/python3"
        ask = "import torch; print(torch.__version__)"
        found = subprocess.run([python, "-c", ask], capture_output=True, text=True) if Path(python).exists() else None
        if found is None or not found.stdout.startswith("1.13"):
            raise NotHere("no python3-torch 1.13.1 of Debian")
        return python


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 5))


def reproducers() -> list[Reproducer]:
    found = []
    for section in re.split(r"^## ", PAGE.read_text("utf-8"), flags=re.MULTILINE)[1:]:
        library, _, version = section.partition("\n")[0].rpartition(" ")
        blocks = re.findall(r"^```(python|js)\n(.*?)^```", section, re.DOTALL | re.MULTILINE)
        found += [Reproducer(library, version, number, *block) for number, block in enumerate(blocks, 1)]
    return found


def rounded(lines: list[str]) -> list[str]:
    """What is the same wherever a reproducer runs: numbers to three digits, and that a process broke its memory.

    The last digits of a sum are the machine's; and whether the system or its own allocator ends such a process is chance.
    """
    lines = ["SIGSEGV" if line == "SIGABRT" else line for line in lines]
    return [NUMBER.sub(lambda found: f"{float(found[0]):.3g}", line) for line in lines]


def record() -> None:
    recorded = json.loads(RECORDED.read_text("utf-8")) if RECORDED.exists() else {}
    kept = {}
    for one in reproducers():
        try:
            kept[str(one)] = one.run() if str(one) not in SOMETIMES else []
        except NotHere as reason:
            print(f"{one}: {reason}")
            kept[str(one)] = recorded.get(str(one), [])
    RECORDED.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    record()
