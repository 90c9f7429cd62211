"""numtorch's operators pass its own gradcheck; what gradcheck says is in tests/transcripts/gradcheck.txt."""

import pytest

import numtorch as torch

INPUTS = {"x": [0.3, -1.2, 2.5], "y": [0.7, 1.1, -0.4]}
FUNCTIONS = {
    "arithmetic": lambda x, y: x * y + x / y - y,
    "powers": lambda x, y: (x * x + 1) ** y + x**3,
    "trigonometry": lambda x, y: x.sin() * y.cos() + x.tanh(),
    "exponentials": lambda x, y: x.exp() + (y * y).log1p() + x.sigmoid(),
    "reductions": lambda x, y: x.sum() * y.mean() + (x * y).prod() + x.cumsum(0),
    "views": lambda x, y: (x.reshape(1, 3).t() * y).diagonal(),
    "indexing": lambda x, y: x[[0, 0, 2]] * y[1:].repeat(2)[:3],
    "writes": lambda x, y: x.clone().mul_(y).index_put_((torch.tensor([1]),), y[:1]),
    "products": lambda x, y: torch.stack([x, y]) @ torch.stack([y, x]).t(),
    "checkpoint": lambda x, y: torch.utils.checkpoint.checkpoint(
        lambda a, b: (a * b).sin() * a, x, y, use_reentrant=False
    ),
}


def inputs():
    return [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in INPUTS.values()]


@pytest.mark.parametrize("fast_mode", [False, True], ids=["slow", "fast"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_operators_pass(name, fast_mode):
    assert torch.autograd.gradcheck(FUNCTIONS[name], inputs(), fast_mode=fast_mode)
    assert torch.autograd.gradgradcheck(FUNCTIONS[name], inputs(), fast_mode=fast_mode)


def test_batched_gradients_are_checked():
    assert torch.autograd.gradcheck(FUNCTIONS["products"], inputs(), check_batched_grad=True)


def test_batched_gradients_that_differ_are_found():
    class Restless(torch.autograd.Function):
        calls = 0

        @staticmethod
        def forward(ctx, a):
            return a * 2

        @staticmethod
        def backward(ctx, grad):
            Restless.calls += 1
            return grad * (2 + 1e-4 * Restless.calls)

    with pytest.raises(torch.autograd.gradcheck.__globals__["GradcheckError"], match=r"(?s)batched gradient.*Got:"):
        torch.autograd.gradcheck(Restless.apply, inputs()[0], nondet_tol=1.0, check_batched_grad=True)


def test_forward_mode_is_checked_alone():
    class OnlyForward(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, grad):
            return grad * 3

        @staticmethod
        def jvp(ctx, tangent):
            return tangent * 2

    only = {"check_forward_ad": True, "check_backward_ad": False}
    assert torch.autograd.gradcheck(OnlyForward.apply, inputs()[0], **only)
    assert not torch.autograd.gradcheck(OnlyForward.apply, inputs()[0], check_forward_ad=True, raise_exception=False)
