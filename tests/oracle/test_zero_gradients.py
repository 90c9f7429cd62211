"""Which gradients and tangents stay zeros without memory behind `sgn`, and which are computed, as in PyTorch."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

import numtorch
import numtorch.nn.functional

torch = pytest.importorskip("torch")

ACTIVATIONS = ["sigmoid", "gelu", "silu", "mish", "logsigmoid", "relu", "tanh", "elu", "softplus", "hardswish"]
METHODS = """
exp() sin() square() log() rsqrt() reciprocal() sqrt() abs() erf() lgamma() digamma() neg() clone()
mul(3) div(3) add(1) pow(3) pow(x) atan2(y) hypot(y) maximum(y) logaddexp(y) lerp(y,0.3) clamp(0,1.5)
logsumexp(0) sum() sum(0) mean() mean(0) nansum() prod() prod(0) cumsum(0) cumprod(0) var() std() norm()
norm(1) norm(1.5) norm(3) norm(float('inf')) amax(0) max() min() median() max(0)[0] sort()[0] dist(y) dot(x)
flip(0) view(1,2) expand(2,2) repeat(2) roll(1) diag() masked_fill(x>1.5,0.0) where(x>1.5,y) double()
"""
FUNCTIONS = [f"F.{name}(x)" for name in ACTIVATIONS if name not in ("tanh", "logsigmoid")] + [
    f"x.{call}" for call in METHODS.split()
]


def seen(found: Any) -> Any:
    """What shows of a gradient or a tangent."""
    if found is None:
        return None
    numbers = None if found._is_zerotensor() else found.tolist()
    return found._is_zerotensor(), numbers, found.stride(), found._version, type(found.grad_fn).__name__


def by_gradients(module: Any, f: Any, x: Any) -> list:
    """By autograd.grad and backward, recorded and not, alone and summed."""
    x.requires_grad_()
    found = [module.autograd.grad(f(x).sgn().sum(), x, create_graph=create)[0] for create in (False, True)]
    found += module.autograd.grad(f(x).sgn().sum() + f(x).sgn().sum(), x, create_graph=True)
    f(x).sgn().sum().backward()
    return [*found, x.grad]


def by_duals(module: Any, f: Any, x: Any) -> list:
    """The tangent of such a gradient, and that of what sgn returns."""
    ad = module.autograd.forward_ad
    x.requires_grad_()
    with ad.dual_level():
        dual = ad.make_dual(x, module.tensor([2.0, 1.0]))
        out = f(dual).sgn()
        (first,) = module.autograd.grad(out.sum(), x)
        found = [*ad.unpack_dual(first), ad.unpack_dual(out).tangent]
        out = f(dual.sgn() * 0.5 + 0.25)
        (first,) = module.autograd.grad(out.sum(), x)
        return [*found, ad.unpack_dual(out).tangent, *ad.unpack_dual(first)]


def by_transforms(module: Any, f: Any, x: Any) -> list:
    """Through vmap, over the gradient and over the tangent, one time and twice."""
    func = module.func

    def after(a):
        return f(a).sgn()

    def before(a):
        return f(a.sgn() * 0.5 + 0.25)

    found = [way(g)(x) for way in (func.jacrev, func.jacfwd) for g in (after, before)]
    found += [func.hessian(lambda a, g=g: (g(a).sum() * a).sum())(x) for g in (after, before)]
    found.append(func.jacrev(func.jacrev(lambda a: (after(a).sum() * a).sum()))(x))
    return [*found, func.jvp(before, (x,), (x,))[1]]


def outcome(module: Any, way: Any, text: str) -> Any:
    """What one way shows of an expression, or what it says against it."""
    x, y = module.tensor([1.0, 2.0]), module.tensor([2.0, 0.5])
    code = compile(text, text, "eval")
    try:
        return [seen(t) for t in way(module, lambda a: eval(code, {"F": module.nn.functional, "x": a, "y": y}), x)]
    except RuntimeError as error:
        return str(error)


@pytest.mark.parametrize("way", [by_gradients, by_duals, by_transforms])
@pytest.mark.parametrize("text", FUNCTIONS)
def test_zeros_stay_without_memory_where_pytorchs_do(text: str, way: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert outcome(numtorch, way, text) == outcome(torch, way, text)


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
