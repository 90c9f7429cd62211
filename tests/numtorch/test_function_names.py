"""A ctx keeps whatever a user stores on it, also under names that the engine has for things of its own."""

import pytest

import numtorch as torch
from numtorch.autograd.function_names import OWN, SLOTS


@pytest.mark.parametrize("name", sorted({*OWN, *SLOTS}))
def test_a_name_of_the_engines_can_be_stored_on_ctx(name):
    seen = []

    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            setattr(ctx, name, "mine")
            seen.append(getattr(ctx, name))
            ctx.save_for_backward(a)
            return a * 2

        @staticmethod
        def backward(ctx, grad):
            (a,) = ctx.saved_tensors
            seen.append(getattr(ctx, name))
            return grad * a

    x = torch.tensor(3.0, requires_grad=True)
    y = Double.apply(x * 1)
    (y + y.detach()).backward()
    assert seen == ["mine", "mine"]
    assert x.grad.item() == 3.0
    assert getattr(y.grad_fn, name) == "mine"
    assert y.grad_fn.next_functions[0][0].name() == "MulBackward0"
