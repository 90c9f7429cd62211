"""Gradients of broadcast operands: sums of arrays that repeat their elements are those of the arrays written out."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from numtorch.memory.descriptor import once, reduction, sum_to

SHAPES = [(8, 16, 32), (64, 64)]  # enough elements for the repetitions to be left out


def repeated(shape: tuple[int, ...]) -> list[Any]:
    """Arrays of a shape that repeat their elements along some dimensions, all ways of it."""
    rng = np.random.default_rng(0)
    sizes = itertools.product(*[(1, s) for s in shape])
    return [np.broadcast_to(rng.standard_normal(own), shape) for own in sizes]


def targets(shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    """The shapes that broadcast to a shape."""
    ends = [shape[k:] for k in range(len(shape) + 1)]
    found = {own for end in ends for own in itertools.product(*[(1, s) for s in end])}
    return sorted(found - {shape})


@pytest.mark.parametrize("shape", SHAPES)
def test_the_sum_of_a_repeated_gradient_is_that_of_its_copy(shape: tuple[int, ...]) -> None:
    for grad, target in itertools.product(repeated(shape), targets(shape)):
        plan = reduction(shape, target)
        assert plan is not None
        total = sum_to(grad, plan)
        assert total.shape == target
        np.testing.assert_allclose(total, sum_to(grad.copy(), plan), atol=1e-10)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_product_without_the_repetitions_has_the_same_sum(shape: tuple[int, ...]) -> None:
    for grad, target in itertools.product(repeated(shape), targets(shape)):
        plan = reduction(shape, target)
        assert plan is not None
        other = np.random.default_rng(1).standard_normal(target)
        total = sum_to(once(grad) * other, plan, grad.shape)
        assert total.shape == target
        assert total.ndim == 0 or total.flags.c_contiguous
        np.testing.assert_allclose(total, sum_to(grad.copy() * other, plan), atol=1e-10)
