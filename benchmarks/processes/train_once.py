"""python -m benchmarks.processes.train_once ENGINE STEPS: the memory held after each tenth of a long training."""

from __future__ import annotations

import json
import sys

from benchmarks.single_thread import settle

settle()

from benchmarks.engines.load import FACTORIES  # noqa: E402
from benchmarks.processes.child import resident  # noqa: E402
from benchmarks.workload import Workload  # noqa: E402
from benchmarks.workloads import training  # noqa: E402


def main(name: str, steps: int) -> None:
    """Train a small perceptron, and print the bytes held after each tenth."""
    work: Workload = next(work for work in training.workloads(tiny=True) if "mlp" in work.id)
    step = FACTORIES[name]().step(work.mode, work.function, *work.arrays())
    held = []
    for _ in range(10):
        for _ in range(steps // 10):
            step.run(None)
        held.append(resident())
    print(json.dumps(held))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
