"""What kind of machine this is, and which versions: enough to judge the figures by, and nothing that names the machine."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks.workload import Engine


def today() -> str:
    """Return the date."""
    return datetime.now(UTC).strftime("%Y-%m-%d")


def kind() -> str:
    """Return system, processor and number of cores."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{platform.system()} on {processor()}, {cores} cores"


def processor() -> str:
    """Return the processor's model, or its architecture where the model is not told."""
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.machine()


def versions(engines: dict[str, Engine]) -> dict[str, str]:
    """Return the versions of Python, NumPy and the engines."""
    return {
        "Python": platform.python_version(),
        "NumPy": version("numpy"),
        **{name: engine.version for name, engine in engines.items()},
    }
