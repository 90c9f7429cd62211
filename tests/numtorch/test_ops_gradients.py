"""Gradients of the operators agree with finite differences in double precision."""

from __future__ import annotations

import numpy as np
import pytest

import numtorch as torch
import numtorch.nn.functional as F

SMOOTH = """
x.sum(0) | x.mean(1) | x.mean() | x.prod() | x.prod(1) | x.amax(0) | x.min() | x.max(1)[0] | x.median() | x.sort(1)[0]
x.topk(2)[0] | x.norm() | x.norm(1) | x.norm(3, 1) | x.norm(1.5) | x.norm(0.5) | x.norm(float('inf'), 0) | x.var()
x.std(1) | x.var(0, correction=0) | torch.var_mean(x, 1)[0] | torch.std_mean(x)[1] | x.cumsum(1) | x.cumprod(0)
x.logsumexp(1) | x.nansum() | x.aminmax(dim=0)[1] | x @ x.T | x.mv(x[0]) | x[0].dot(x[1]) | x[0] @ x.T
torch.outer(x[0], x[1]) | torch.addmm(x[:, :2], x, x.T) | x.trace()
torch.baddbmm(x[None, :, :2], x[None], x.T[None]) | F.linear(x, x, x[:, 0]) | x[None] @ x.T
torch.addr(x, x[:, 0], x[0]) | torch.maximum(x, x.flip(0)) | torch.fmin(x, x.flip(1)) | torch.where(x > 0, x * x, -x)
x.clamp(-0.5, 0.5) | x.clamp(x.flip(0) - 1) | x.masked_fill(x > 0, 0) | x.masked_select(x > 0) | x.exp2()
(x * x + 1).log2() | (x * x + 1).log10() | x.asinh() | (x * x + 2).acosh() | (x / 4).atanh() | x.sinc() | x.erf()
x.erfc() | x.atan2(x.flip(0)) | torch.hypot(x, x.flip(1)) | x.frac() | x % 0.7 | x.fmod(x.flip(0))
torch.logaddexp(x, x.flip(0)) | torch.xlogy(x, x * x + 1) | torch.lerp(x, x.flip(0), 0.3)
torch.lerp(x, x.flip(0), x.flip(1)) | torch.addcmul(x, x.flip(0), x.flip(1), value=2)
torch.addcdiv(x, x.flip(0), x * x + 1) | F.softplus(x, 2) | F.elu(x) | F.selu(x) | F.celu(x, 2.) | F.leaky_relu(x)
F.hardtanh(x) | F.softshrink(x) | F.hardshrink(x) | F.hardsigmoid(x) | F.hardswish(x) | F.gelu(x)
F.gelu(x, approximate='tanh') | F.silu(x) | F.mish(x) | F.logsigmoid(x) | F.softmax(x, 0) | F.log_softmax(x, 1)
F.softmin(x, 1)
"""
SAMPLES = [e.strip() for line in SMOOTH.strip().splitlines() for e in line.split(" | ")]
ONCE = {"F.hardsigmoid(x)"}  # PyTorch has no second derivative of it


def point(seed: int = 0) -> np.ndarray:
    """Distinct values, none of them at a kink."""
    return np.random.default_rng(seed).permutation(np.linspace(-1.93, 1.87, 6)).reshape(2, 3)


def weighted(values: np.ndarray, text: str):
    """(x, a scalar that every element of the expression's value adds to differently)"""
    x = torch.tensor(values.tolist(), dtype=torch.float64, requires_grad=True)
    out = eval(text, {"torch": torch, "F": F, "x": x})
    return x, (out * (torch.arange(out.numel()).double() + 1).reshape(out.shape)).sum()


def gradient(values: np.ndarray, text: str, create_graph: bool = False):
    """(x, the gradient)"""
    x, loss = weighted(values, text)
    return x, torch.autograd.grad(loss, x, create_graph=create_graph)[0]


def differences(function, values: np.ndarray) -> np.ndarray:
    """The gradient of a scalar function, by central differences."""
    out = np.zeros_like(values)
    for k in np.ndindex(values.shape):
        up, down = values.copy(), values.copy()
        up[k] += 1e-6
        down[k] -= 1e-6
        out[k] = (function(up) - function(down)) / 2e-6
    return out


@pytest.mark.parametrize("text", SAMPLES)
def test_the_gradient_agrees_with_finite_differences(text):
    _, got = gradient(point(), text)
    wanted = differences(lambda values: weighted(values, text)[1].item(), point())
    np.testing.assert_allclose(got.tolist(), wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("text", SAMPLES)
def test_the_formula_over_tensors_agrees_with_the_one_over_arrays(text):
    np.testing.assert_allclose(
        gradient(point(), text, True)[1].tolist(), gradient(point(), text)[1].tolist(), rtol=1e-12
    )


@pytest.mark.parametrize("text", [s for s in SAMPLES if s not in ONCE])
def test_the_second_gradient_agrees_with_finite_differences(text):
    weights = np.arange(6).reshape(2, 3) - 1.5
    x, first = gradient(point(), text, True)
    wanted = differences(lambda v: float((np.array(gradient(v, text)[1].tolist()) * weights).sum()), point())
    if not first.requires_grad:
        np.testing.assert_allclose(wanted, 0, atol=1e-6)
        return
    second = torch.autograd.grad(
        (first * torch.tensor(weights.tolist(), dtype=torch.float64)).sum(), x, allow_unused=True
    )
    got = np.zeros((2, 3)) if second[0] is None else (second[0] + x.new_zeros(())).tolist()  # zeros may have no memory
    np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-5)
