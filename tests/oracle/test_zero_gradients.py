"""Which gradients stay zeros without memory behind `sgn`, and which are computed, as in PyTorch."""

from __future__ import annotations

from typing import Any

import pytest

import numtorch

torch = pytest.importorskip("torch")

ACTIVATIONS = ["sigmoid", "gelu", "silu", "mish", "logsigmoid", "relu", "tanh", "elu", "softplus", "hardswish"]


def gradient(module: Any, name: str) -> Any:
    x = module.tensor([1.0, -2.0], requires_grad=True)
    y = getattr(module.nn.functional, name)(x)
    module.sgn(y).sum().backward(retain_graph=True)
    return x.grad


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_gradient_of_an_activation_is_computed(name: str) -> None:
    for module in (numtorch, torch):
        found = gradient(module, name)
        assert not found._is_zerotensor()
        found.add_(1)  # as a second backward does
        assert found.tolist() == [1.0, 1.0]


def test_the_gradient_of_a_product_is_not() -> None:
    for module in (numtorch, torch):
        x = module.tensor([1.0, -2.0], requires_grad=True)
        (found,) = module.autograd.grad(module.sgn(x * 2).sum(), x)
        assert found._is_zerotensor()
        assert module._is_zerotensor(found)
