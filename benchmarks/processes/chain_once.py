"""python -m benchmarks.processes.chain_once ENGINE LENGTH: one long chain, its seconds and its bytes a node."""

from __future__ import annotations

import json
import sys
import time
from itertools import pairwise

from benchmarks.single_thread import settle

settle()

import numpy as np  # noqa: E402

from benchmarks.engines.load import FACTORIES  # noqa: E402
from benchmarks.processes.child import resident  # noqa: E402
from benchmarks.rounds import collector_off  # noqa: E402
from benchmarks.workloads.graphs import chain  # noqa: E402

FIRST = 100_000


def main(name: str, length: int) -> None:
    """Build a chain, go back through it, free it, and print what each took."""
    engine = FACTORIES[name]()
    leaf = np.ones(2, dtype=np.float32)
    # A first graph, kept: it fills the memory that importing left free, which would hide some of the second's.
    first = engine.step("build", chain(min(length, FIRST)), [leaf], [])
    assert first.prepare
    kept = first.prepare()
    first.run(kept)
    build = engine.step("build", chain(length), [leaf], [])
    assert build.prepare
    graph = build.prepare()
    with collector_off():
        memory, marks = resident(), [time.process_time()]
        build.run(graph)
        marks.append(time.process_time())
        size = resident() - memory
        if hasattr(graph[0], "backward"):
            graph[0].backward()
        else:
            graph[0](np.float32(1.0))
        marks.append(time.process_time())
        graph.clear()
        marks.append(time.process_time())
    forward, backward, freeing = (end - begin for begin, end in pairwise(marks))
    print(json.dumps({"node": size / length, "forward": forward, "backward": backward, "freeing": freeing}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
