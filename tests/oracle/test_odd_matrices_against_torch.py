"""Matrices with nan or infinity, and singular ones, alone and in a batch: decomposed, refused and inverted as PyTorch does."""

from __future__ import annotations

from math import inf, nan
from typing import Any

import numpy as np
import pytest
import torch

import numtorch

MATRICES = {
    "infinite": [[inf, 0.0], [0.0, 1.0]],
    "infinite beside": [[1.0, inf, 2.0], [inf, 1.0, 0.0], [2.0, 0.0, 1.0]],
    "one infinite number": [[inf]],
    "one nan": [[nan]],
    "nan first": [[nan, 1.0], [1.0, 2.0]],
    "nan beside": [[1.0, nan], [2.0, 1.0]],
    "rows that are multiples": [[57.29578, 57.29578], [114.59156, 114.59156]],
    "large and singular": [[1e38, 1e38], [1e38, 1e38]],
    "regular": [[2.0, 1.0], [1.0, 3.0]],
}
FUNCTIONS = ["inv", "det", "slogdet", "matrix_exp", "cholesky"]
# What the library of the machine answers for infinities and overflows hangs on its blocks.
UNTOLD = {
    ("cholesky", name) for name in ("infinite", "infinite beside", "large and singular", "rows that are multiples")
}
UNTOLD |= {("matrix_exp", "large and singular")}
CALLS = [(function, name) for function in FUNCTIONS for name in MATRICES if (function, name) not in UNTOLD]


def answer(module: Any, function: str, rows: Any) -> Any:
    """The results as arrays, or the complaint."""
    try:
        found = getattr(module.linalg, function)(module.tensor(rows, dtype=module.float64))
    except RuntimeError as error:
        return type(error).__name__, str(error)
    return [np.asarray(one.numpy()) for one in (found if isinstance(found, tuple) else (found,))]


@pytest.mark.parametrize("batch", [False, True], ids=["alone", "batch"])
@pytest.mark.parametrize(("function", "name"), CALLS)
def test_an_odd_matrix_gives_what_pytorch_gives(function: str, name: str, batch: bool) -> None:
    rows = [MATRICES[name], MATRICES[name]] if batch else MATRICES[name]
    expected, found = answer(torch, function, rows), answer(numtorch, function, rows)
    if isinstance(expected, tuple):
        assert found == expected
        return
    assert [one.shape for one in found] == [one.shape for one in expected]
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)
