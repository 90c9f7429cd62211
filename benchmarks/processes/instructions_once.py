"""python -m benchmarks.processes.instructions_once ENGINE: 100 small operators, for callgrind to count.

callgrind writes a file at each call of getppid(2), which nothing else here makes: so one run gives each phase's count.
"""

from __future__ import annotations

import gc
import json
import os
import sys

from benchmarks.single_thread import settle

settle()

from benchmarks.engines.load import FACTORIES  # noqa: E402
from benchmarks.workload import floats  # noqa: E402
from benchmarks.workloads.small import hundred_operators, hundred_operators_summed  # noqa: E402

WARM_UPS = 30  # until an interpreter has adapted its code, and a library filled its caches: what is counted is the steady state
REPEATS = 50
OPERATORS = 100


def main(name: str) -> None:
    """Run each phase between two marks."""
    import numpy as np

    engine = FACTORIES[name]()
    leaves = floats((2,), (2,))(np.random.default_rng(0))
    forward = engine.step("forward", hundred_operators, leaves, [])
    both = engine.step("gradients", hundred_operators_summed, leaves, [])
    for step in forward, both:
        for _ in range(WARM_UPS):
            step.run(None)
    gc.collect()
    gc.disable()
    for step in forward, both:
        os.getppid()
        for _ in range(REPEATS):
            step.run(None)
    os.getppid()
    print(json.dumps(REPEATS * OPERATORS))


if __name__ == "__main__":
    main(sys.argv[1])
