"""Instructions an operator, counted by valgrind's callgrind: the one figure that no noise of the machine touches."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.engines import REFERENCE
from benchmarks.processes.child import ChildFailed, run
from benchmarks.results import Cell, Row

FORWARD_GOAL, BOTH_GOAL = 0.50, 0.45


def why_not() -> str:
    """Return why instructions cannot be counted here, or nothing."""
    return "" if shutil.which("valgrind") else "valgrind is not installed"


def count(engine: str) -> tuple[float, float]:
    """Return instructions an operator, forward, and forward and backward."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "phase")
        valgrind = ["valgrind", "--tool=callgrind", "--dump-before=getppid", f"--callgrind-out-file={out}"]
        operators = run("instructions_once", engine, before=valgrind)
        # phase.1 is everything before the first mark.
        forward, both = (total(out.with_suffix(f".{phase}")) / operators for phase in (2, 3))
    return forward, both


def total(file: Path) -> int:
    """Return the instructions of one of callgrind's files."""
    for line in file.read_text().splitlines():
        if line.startswith("totals:"):
            return int(line.split()[1])
    raise ChildFailed("callgrind wrote no totals")


def instruction_rows(engines: Sequence[str], tick: Callable[[float], None]) -> list[Row]:
    """Count for each engine, and return two rows."""
    counts: dict[str, tuple[float, float]] = {}
    notes: dict[str, Cell] = {}
    missing = why_not()
    for done, name in enumerate(engines):
        try:
            if missing:
                raise ChildFailed(missing)
            counts[name] = count(name)
        except ChildFailed as error:
            notes[name] = Cell(note=f"skipped: {error}")
        tick((done + 1) / len(engines))
    base = counts.get(REFERENCE)
    rows = []
    for i, (phase, goal) in enumerate([("forward", FORWARD_GOAL), ("both", BOTH_GOAL)]):
        cells = dict(notes)
        for name, counted in counts.items():
            if base and name != REFERENCE:
                ratio = counted[i] / base[i]
                cells[name] = Cell(ratio, ratio, ratio)
        reference = base[i] if base else None
        # A goal that was not measured is neither met nor missed.
        stated = None if missing else goal
        title = f"instructions per operator, {phase}"
        rows.append(Row(f"instructions/{phase}", title, stated, cells, unit="instructions", reference=reference))
    return rows
