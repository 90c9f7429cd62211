"""Numbers of few elements are normalized to the last bit as PyTorch does it: near 1 and 0 other functions jump."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
import numtorch  # noqa: E402
from numtorch.kernels.moments import SHORT  # noqa: E402

NORMALIZED = {
    "layer_norm": lambda lib, x, w, b: lib.nn.functional.layer_norm(
        x.reshape(2, -1), (x.numel() // 2,), *of(lib, x, w, b)
    ),
    "group_norm": lambda lib, x, w, b: lib.nn.functional.group_norm(x, 1, *of(lib, x[0], w, b, first=True)),
    "batch_norm": lambda lib, x, w, b: lib.nn.functional.batch_norm(
        x, None, None, *of(lib, x[0], w, b, first=True), training=True
    ),
}

EXACT = [(name, dtype) for name in NORMALIZED for dtype in ("float32", "float64")][:-1]
"""Not batch_norm of doubles: which of their squares are rounded goes by the processor's vectors."""


def of(lib: Any, x: Any, weighted: bool, biased: bool, first: bool = False) -> list[Any]:
    """A weight and a bias, each if it is wanted, of the last dimension's length or the first's."""
    size = len(x) if first else x.numel() // 2
    given = [lib.arange(size, dtype=x.dtype) * 0.37 + start for start in (0.3, -0.9)]
    return [g if wanted else None for g, wanted in zip(given, (weighted, biased), strict=True)]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("biased", [False, True])
@pytest.mark.parametrize(("name", "dtype"), EXACT)
def test_few_numbers_are_normalized_to_the_last_bit(name: str, dtype: str, weighted: bool, biased: bool) -> None:
    draw = np.random.default_rng(0)
    for shape in [(2, 1), (2, 2), (2, 3), (2, 3, 1), (2, 5), (2, 2, 3), (2, 3, 2, 2), (2, 1, 13)]:
        if name != "batch_norm" and prod(shape[1:]) >= SHORT:
            continue
        numbers = np.round(draw.normal(size=shape) * draw.choice([1, 3, 30]), 2).tolist()
        ours, theirs = (
            NORMALIZED[name](lib, lib.tensor(numbers, dtype=getattr(lib, dtype)), weighted, biased).tolist()
            for lib in (numtorch, torch)
        )
        assert ours == theirs, shape


def test_running_statistics_move_to_the_last_bit() -> None:
    draw = np.random.default_rng(0)
    for shape in [(2, 3), (4, 3), (2, 3, 3)]:
        numbers = np.round(draw.normal(size=shape) * 3, 2).tolist()
        found = []
        for lib in (numtorch, torch):
            mean, variance = lib.tensor([0.3, -1.7, 0.1]), lib.tensor([1.3, 0.7, 2.9])
            lib.nn.functional.batch_norm(lib.tensor(numbers), mean, variance, training=True)
            evaluated = lib.nn.functional.batch_norm(lib.tensor(numbers), mean, variance)
            found.append([mean.tolist(), variance.tolist(), evaluated.tolist()])
        assert found[0] == found[1], shape


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_gradients_of_few_numbers_are_those_of_pytorch_to_the_last_bit(dtype: str, weighted: bool) -> None:
    draw = np.random.default_rng(0)
    longest = 7 if dtype == "float32" else 3  # what fills no vector
    for name, count in [(n, c) for n in ("layer_norm", "batch_norm") for c in range(1, longest + 1)] * 3:
        if name == "layer_norm" and count >= SHORT:
            continue
        numbers = np.round(draw.normal(size=(3, count)) * draw.choice([1, 3, 30]), 2).tolist()
        gradient = draw.choice([1.0, -2.0, 0.5, 0.3], size=(3, count)).tolist()
        found = []
        for lib in (numtorch, torch):
            x = lib.tensor(numbers, dtype=getattr(lib, dtype)).requires_grad_()
            w = lib.arange(count, dtype=x.dtype) * 0.37 + 0.3 if weighted else None
            f = lib.nn.functional
            y = f.layer_norm(x, (count,), w) if name == "layer_norm" else f.batch_norm(x, None, None, w, training=True)
            found.append(lib.autograd.grad(y, x, lib.tensor(gradient, dtype=x.dtype))[0].tolist())
        assert found[0] == found[1], (name, numbers, gradient)
