"""Reductions: node names, saved values, ties, empty tensors, errors; expectations written down from PyTorch."""

import numpy as np
import pytest

import numtorch as torch


@pytest.fixture
def x():
    return torch.tensor([[3.0, 1.0, 3.0], [0.0, 3.0, 2.0]], requires_grad=True)


@pytest.mark.parametrize(
    ("reduce", "name"),
    [
        (lambda x: x.sum(), "SumBackward0"),
        (lambda x: x.sum(None), "SumBackward1"),
        (lambda x: x.mean(), "MeanBackward0"),
        (lambda x: x.mean(0), "MeanBackward1"),
        (lambda x: x.max(), "MaxBackward1"),
        (lambda x: x.max(0)[0], "MaxBackward0"),
        (lambda x: x.norm(), "LinalgVectorNormBackward0"),
        (lambda x: x.median(), "MedianBackward0"),
        (lambda x: x.sort(stable=True)[0], "SortBackward1"),
        (lambda x: x.prod(0), "ProdBackward1"),
    ],
)
def test_a_reduction_has_pytorchs_node(x, reduce, name):
    assert reduce(x).grad_fn.name() == name


def test_a_dimension_is_saved_as_it_was_given(x):
    assert x.sum(-1).grad_fn._saved_dim == (2**64 - 1,)
    assert x.prod(-1).grad_fn._saved_dim == 2**64 - 1
    assert x.var().grad_fn._saved_correction is None
    assert x.var(0).grad_fn._saved_correction == 1


def test_ties_share_the_gradient_of_max_and_the_first_takes_that_of_max_over_a_dimension(x):
    third = pytest.approx(1 / 3)
    assert torch.autograd.grad(x.max(), x)[0].tolist() == [[third, 0, third], [0, third, 0]]
    assert torch.autograd.grad(x.max(1)[0].sum(), x)[0].tolist() == [[1, 0, 0], [0, 1, 0]]
    assert torch.autograd.grad(x.amax(1).sum(), x)[0].tolist() == [[0.5, 0, 0.5], [0, 1, 0]]


def test_the_gradient_of_a_sum_has_stride_zero_and_that_of_a_mean_has_not(x):
    assert torch.autograd.grad(x.sum(), x)[0].stride() == (0, 0)
    assert torch.autograd.grad(x.sum(0), x, torch.ones(3))[0].stride() == (0, 1)
    assert torch.autograd.grad(x.mean(), x)[0].stride() == (3, 1)


def test_norm_at_zero_has_gradient_zero():
    z = torch.zeros(2, requires_grad=True)
    for p in (0.5, 1, 1.5, 2, 3, float("inf")):
        assert torch.autograd.grad(z.norm(p), z)[0].tolist() == [0, 0]


def test_integers_are_summed_in_int64():
    assert torch.tensor([True, True]).sum().dtype is torch.int64
    assert torch.tensor([1, 2], dtype=torch.int32).cumsum(0).dtype is torch.int64


def test_max_over_a_dimension_is_a_named_tuple(x):
    found = x.max(1)
    assert type(found).__module__ == "torch.return_types"
    assert found.values is found[0]
    assert found.indices.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("reduce", "error", "text"),
    [
        (lambda x: x.sum(5), IndexError, "Dimension out of range (expected to be in range of [-2, 1], but got 5)"),
        (lambda x: x.sum((0, -2)), RuntimeError, "dim 0 appears multiple times in the list of dims"),
        (
            lambda x: x.long().mean(),
            RuntimeError,
            (
                "mean(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. Got: Long"
            ),
        ),
        (lambda x: x[:0].max(0), IndexError, "max(): Expected reduction dim 0 to have non-zero size."),
        (lambda x: x.topk(4), RuntimeError, "selected index k out of range"),
    ],
)
def test_a_mistake_gets_pytorchs_error(x, reduce, error, text):
    with pytest.raises(error) as caught:
        reduce(x)
    assert str(caught.value) == text


def test_the_deviation_of_one_element_warns():
    with pytest.warns(UserWarning, match=r"std\(\): degrees of freedom is <= 0"):
        torch.tensor([1.0]).std()


@pytest.mark.parametrize("count", range(1, 9))
def test_few_elements_are_added_up_as_numpy_does(count):
    array = np.random.default_rng(count).standard_normal(count).astype(np.float32)
    for x in (array, -np.abs(array) * 0, np.repeat(array, 2)[::2]):
        total = torch.from_numpy(x).sum().numpy()
        assert total.tobytes() == np.add.reduce(x).tobytes()
