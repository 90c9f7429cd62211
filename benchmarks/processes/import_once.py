"""python -m benchmarks.processes.import_once NAME: the CPU seconds and the bytes that importing NAME takes."""

from __future__ import annotations

import importlib
import json
import sys
import time

from benchmarks.processes.child import resident
from benchmarks.single_thread import settle


def main(name: str) -> None:
    """Import, and print what it took."""
    settle()
    memory, start = resident(), time.process_time()
    importlib.import_module(name)
    print(json.dumps({"seconds": time.process_time() - start, "bytes": resident() - memory}))


if __name__ == "__main__":
    main(sys.argv[1])
