"""Lanes of many equal elements, of which operators that sort and select take now this one and now that one."""

from __future__ import annotations

import random
from typing import Any

import pytest

torch = pytest.importorskip("torch")
import numtorch  # noqa: E402

PLACES = {
    "sort": lambda x, k, down: x.sort(descending=down)[1],
    "stable sort": lambda x, k, down: x.sort(stable=True, descending=down)[1],
    "argsort": lambda x, k, down: x.argsort(descending=down),
    "sort of columns": lambda x, k, down: x.unsqueeze(1).repeat(1, 2).sort(0, descending=down)[1],
    "mode": lambda x, k, down: x.mode()[1],
    "topk": lambda x, k, down: x.topk(k, largest=down)[1],
    "kthvalue": lambda x, k, down: x.kthvalue(k)[1],
    "median": lambda x, k, down: x.median(0)[1],
}


def lanes(count: int) -> list[tuple[list, str, int, bool]]:
    """Values, dtype, k and direction of so many lanes, some with nan."""
    draw = random.Random(0)
    found = []
    for _ in range(count):
        size, kinds = draw.choice([1, 3, 16, 17, 20, 33, 48, 100]), draw.choice([1, 2, 3, 9, 200])
        values: list[Any] = [draw.randrange(kinds) for _ in range(size)]
        dtype = draw.choice(["float32", "float64", "int64", "float16"])
        if dtype.startswith("float") and draw.random() < 0.3:
            values = [float("nan") if draw.random() < 0.2 else value for value in values]
        found.append((values, dtype, draw.randrange(1, size + 1), draw.random() < 0.5))
    return found


@pytest.mark.parametrize("name", PLACES)
def test_ties_are_where_pytorch_leaves_them(name: str) -> None:
    for values, dtype, k, down in lanes(150):
        ours, theirs = (
            PLACES[name](lib.tensor(values, dtype=getattr(lib, dtype)), k, down).tolist() for lib in (numtorch, torch)
        )
        assert ours == theirs, (values, dtype, k, down)
