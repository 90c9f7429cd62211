"""Sums over one dimension of a matrix, which BLAS adds up where it can: they are what NumPy's are."""

from __future__ import annotations

import math

import numpy as np
import pytest

import numtorch as torch
from numtorch.memory.descriptor import LONG

SHAPES = [(1, 1), (1, 5), (5, 1), (2, 2), (3, 40), (40, 3), (LONG, 2), (2, LONG + 1), (0, 3), (3, 0)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dim", [0, 1, -1, -2])
def test_a_sum_is_exact_to_a_few_units_in_the_last_place(shape, dim):
    data = np.random.default_rng(0).uniform(1, 2, shape).astype(np.float32)
    rows = data.T if dim in (0, -2) else data
    exact = [math.fsum(row) for row in rows.tolist()]
    total = torch.tensor(data).sum(dim)
    assert total.shape == (len(exact),)
    assert total.is_contiguous()
    np.testing.assert_allclose(total.numpy(), exact, rtol=1e-5)


@pytest.mark.parametrize("dim", [0, 1])
def test_a_sum_of_a_transposed_matrix_is_that_of_its_copy(dim):
    matrix = torch.tensor(np.random.default_rng(0).standard_normal((7, 4))).t()
    assert torch.allclose(matrix.sum(dim), matrix.contiguous().sum(dim))


@pytest.mark.parametrize("shape", [(1, 3), (2, 3)])
def test_a_sum_overflows_on_its_way(shape):
    row = [3e38, 3e38, -3e38]
    assert torch.tensor([row] * shape[0]).sum(1).tolist() == [math.inf] * shape[0]


def test_infinities_and_nan_stay_in_their_own_row():
    total = torch.tensor([[math.inf, 1.0], [math.nan, 1.0], [2.0, 3.0]]).sum(1).tolist()
    assert total[0] == math.inf
    assert math.isnan(total[1])
    assert total[2] == 5.0


def test_the_gradient_of_a_broadcast_row_is_the_sum_of_all_rows():
    row = torch.zeros(3, requires_grad=True)
    grad = np.arange(12.0, dtype=np.float32).reshape(4, 3)
    (torch.ones(4, 3) + row).backward(torch.tensor(grad))
    assert row.grad.tolist() == grad.sum(0).tolist()
    assert row.grad._version == 0
