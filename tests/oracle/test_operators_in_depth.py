"""Reductions, shapes, indices and linear algebra: values, strides, versions, graphs with what they save, texts of errors."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
import numtorch  # noqa: E402
import numtorch.nn.functional  # noqa: E402

from . import operator_runs as runs  # noqa: E402

SAMPLES, MISTAKES = runs.samples(), runs.mistakes()


OPERANDS = (
    ("contiguous", True, "float32"),
    ("contiguous", False, "float64"),
    ("transposed", False, "float64"),
    ("strided", True, "float32"),
)
"""Layout, whether there are ties, dtype."""


@pytest.mark.parametrize(("family", "text"), SAMPLES, ids=[f"{f}:{e}" for f, e in SAMPLES])
def test_an_operator_shows_what_pytorch_shows(family, text):
    for layout, ties, dtype in OPERANDS:
        values = runs.data(len(text), ties)
        ours, theirs = (runs.run(lib, text, values, layout, dtype) for lib in (numtorch, torch))
        runs.compare(ours, theirs, f"{text}, {layout}", dtype)


@pytest.mark.parametrize(("family", "text"), MISTAKES, ids=[f"{f}:{e}" for f, e in MISTAKES])
def test_a_mistake_gets_pytorchs_words(family, text):
    values = runs.data(0, False)
    ours, theirs = (runs.run(lib, text, values, "contiguous", "float32") for lib in (numtorch, torch))
    assert theirs.rows[0][0] == "raised", "not a mistake"
    assert ours.rows == theirs.rows
