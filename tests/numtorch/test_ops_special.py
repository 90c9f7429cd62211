"""Special functions and activations: gradients at kinks, nodes, what has no derivative; written down from PyTorch."""

import pytest

import numtorch as torch
import numtorch.nn.functional as F


def slope(function, value: float) -> float:
    """The derivative at a point."""
    x = torch.tensor(value, requires_grad=True)
    return torch.autograd.grad(function(x), x)[0].item()


@pytest.mark.parametrize(
    ("function", "at", "expected"),
    [
        (F.relu, 0.0, 0),
        (F.leaky_relu, 0.0, 0.01),
        (F.hardtanh, 1.0, 0),
        (F.relu6, 6.0, 0),
        (F.elu, 0.0, 1),
        (F.softplus, 0.0, 0.5),
        (F.gelu, 0.0, 0.5),
        (F.softshrink, 0.5, 0),
        (torch.sinc, 0.0, 0),
        (torch.frac, 1.5, 1),
        (torch.floor, 1.5, 0),
    ],
)
def test_a_kink_has_pytorchs_slope(function, at, expected):
    assert slope(function, at) == pytest.approx(expected)


def test_an_activation_in_place_may_have_a_node_of_its_own():
    x = torch.ones(2, requires_grad=True)
    assert F.elu(x).grad_fn.name() == "EluBackward0"
    assert F.elu(x.clone(), inplace=True).grad_fn.name() == "EluBackward1"


def test_floor_division_fails_in_backward_only():
    x = torch.ones(2, requires_grad=True)
    y = x // 2
    assert y.grad_fn.name() == "torch::autograd::NotImplemented"
    with pytest.raises(RuntimeError, match="derivative for aten::floor_divide is not implemented"):
        y.sum().backward()


def test_log_softmax_of_minus_infinity_is_finite_elsewhere():
    x = torch.tensor([0.0, float("-inf")], requires_grad=True)
    y = x.log_softmax(0)
    assert y.tolist() == [0, float("-inf")]
    assert torch.autograd.grad(y[0], x)[0].tolist() == [0, 0]
