"""Bytes of graph a node, each engine in a process of its own, from the memory the process holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from benchmarks.processes.child import ChildFailed, run
from benchmarks.results import Cell, Row

LENGTH = 100_000
BYTES_GOAL = 200.0


def chain_bytes_row(engines: Sequence[str], tick: Callable[[float], None]) -> Row:
    """Build a chain in each engine, and return the bytes a node takes (an absolute figure)."""
    cells: dict[str, Cell] = {}
    for done, name in enumerate(engines):
        try:
            size = run("chain_once", name, str(LENGTH))["node"]
            cells[name] = Cell(size, size, size)
        except ChildFailed as error:
            cells[name] = Cell(note=f"cannot: {error}")
        tick((done + 1) / len(engines))
    torch = cells.get("torch", Cell()).median
    title = "chain: bytes of graph a node"
    return Row("graphs/bytes", title, BYTES_GOAL, cells, unit="bytes", base="", reference=torch)
