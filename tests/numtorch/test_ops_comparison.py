"""Comparisons, selections and clipping: conventions at ties and bounds, types, errors; written down from PyTorch."""

import pytest

import numtorch as torch


def grads(function, *values):
    """The gradients of a function of one-element tensors."""
    leaves = [torch.tensor([v], requires_grad=True) for v in values]
    return [g.item() for g in torch.autograd.grad(function(*leaves).sum(), leaves)]


def test_a_tie_is_halved_by_maximum_and_given_to_the_first_by_fmax():
    assert grads(torch.maximum, 1.0, 1.0) == [0.5, 0.5]
    assert grads(torch.minimum, 1.0, 1.0) == [0.5, 0.5]
    assert grads(torch.fmax, 1.0, 1.0) == [1, 0]
    assert grads(torch.fmin, 1.0, 1.0) == [1, 0]


def test_clamp_passes_the_gradient_at_its_bounds():
    assert grads(lambda x: x.clamp(1, 2), 1.0) == [1]
    assert grads(lambda x: x.clamp(1, 2), 2.0) == [1]
    assert grads(lambda x: x.clamp(1, 2), 2.5) == [0]
    assert grads(lambda x, low: x.clamp(min=low), 1.0, 1.0) == [1, 0]


def test_where_lets_nan_of_the_branch_not_taken_through():
    x = torch.zeros(1, requires_grad=True)
    torch.where(x > 0, x / x, x).sum().backward()
    assert x.grad.isnan().all()


def test_a_comparison_is_not_tracked_and_its_in_place_form_is():
    x = torch.ones(2, requires_grad=True)
    assert not (x > 0).requires_grad
    assert x.clone().gt_(0).grad_fn.name() == "GtBackward0"
    assert x.clone().gt_(x).grad_fn.name() == "GtBackward1"


def test_where_promotes_and_a_number_has_no_edge():
    x = torch.ones(2, requires_grad=True)
    assert torch.where(x > 0, x, 0.0).grad_fn.next_functions[1] == (None, 0)
    assert torch.where(x > 0, 1, 2).dtype is torch.int64
    assert torch.where(x > 0, x.double(), x).dtype is torch.float64


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda x: x.clamp(), RuntimeError, "torch.clamp: At least one of 'min' or 'max' must not be None"),
        (
            lambda x: torch.where(x, x, x),
            RuntimeError,
            "where expected condition to be a boolean tensor, but got a tensor with dtype Float",
        ),
        (lambda x: ~x, TypeError, "~ (operator.invert) is only implemented on integer and Boolean-type tensors"),
        (
            lambda x: torch.maximum(x, 2.0),
            TypeError,
            "maximum(): argument 'other' (position 2) must be Tensor, not float",
        ),
        (lambda x: torch.allclose(x, x.double()), RuntimeError, "Float did not match Double"),
    ],
)
def test_a_mistake_gets_pytorchs_error(call, error, text):
    with pytest.raises(error) as caught:
        call(torch.ones(2))
    assert str(caught.value) == text
