"""What a grid picks from pictures and volumes of half precision is PyTorch's bit for bit: each step rounds."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

torch = pytest.importorskip("torch")
import numtorch  # noqa: E402
import numtorch.nn.functional  # noqa: E402

PADDINGS = ("zeros", "border", "reflection")


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize(
    ("mode", "dims"), [("nearest", 2), ("bilinear", 2), ("bicubic", 2), ("nearest", 3), ("bilinear", 3)]
)
def test_half_precision_rounds_each_step(mode: str, dims: int, dtype: str) -> None:
    rng = np.random.default_rng(dims)
    source = rng.standard_normal((2, 2, 5, 6, 4)[: dims + 2])
    places = rng.uniform(-1.5, 1.5, (2, *[7] * dims, dims))
    for padding, align in itertools.product(PADDINGS, (False, True)):
        found = []
        for lib in (numtorch, torch):
            x, grid = (lib.tensor(a.tolist(), dtype=getattr(lib, dtype)) for a in (source, places))
            found.append(lib.nn.functional.grid_sample(x, grid, mode, padding, align).tolist())
        assert found[0] == found[1], (padding, align)
