"""How long `import` takes, and how much memory, beside PyTorch's and beside NumPy's."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence

from benchmarks.processes.child import run
from benchmarks.results import Row, ratios

TIME_GOAL, MEMORY_GOAL, NUMPY_GOAL = 0.10, 0.15, 1.5
BASES = ("torch", "numpy")


def import_rows(engines: Sequence[str], rounds: int, tick: Callable[[float], None]) -> list[Row]:
    """Import each library in fresh interpreters, interleaved, and return three rows."""
    names = list(dict.fromkeys([*engines, *BASES]))
    found: dict[str, dict[str, list[float]]] = {"seconds": {}, "bytes": {}}
    for done in range(rounds + 1):
        for name in names:
            answer = run("import_once", name)
            for quantity, value in answer.items():
                if done:  # The first round reads files from the disk, and writes bytecode.
                    found[quantity].setdefault(name, []).append(value)
        tick((done + 1) / (rounds + 1))

    def row(id: str, title: str, goal: float, quantity: str, base: str) -> Row:
        values = {name: found[quantity][name] for name in names if name == base or name not in BASES}
        unit = "s" if quantity == "seconds" else "bytes"
        reference = statistics.median(values[base])
        return Row(id, title, goal, ratios(values, base), unit=unit, base=base, reference=reference, rounds=rounds)

    return [
        row("imports/time", "import time", TIME_GOAL, "seconds", "torch"),
        row("imports/memory", "import memory", MEMORY_GOAL, "bytes", "torch"),
        row("imports/numpy", "import time, beside NumPy's", NUMPY_GOAL, "seconds", "numpy"),
    ]
