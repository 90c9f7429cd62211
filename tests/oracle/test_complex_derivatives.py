"""Derivatives by complex numbers are PyTorch's: conjugated where they are to be, real where the result is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import numtorch

torch = pytest.importorskip("torch")

X = [[1 + 2j, 0.5 - 1j, 0.3j], [2.0 + 0j, 1j, -1 + 0.5j]]
ALONG = [[1j, 0.5 + 0j, 2.0 + 0j], [-1 + 1j, 0.25j, 3.0 + 0j]]

CALLS: dict[str, tuple[Any, ...]] = {
    **dict.fromkeys(("logsumexp", "logcumsumexp", "var", "std", "mean", "sum", "prod", "cumsum", "cumprod"), (1,)),
    **dict.fromkeys(("sinc", "sigmoid", "tanh", "rsqrt", "reciprocal", "log", "asinh", "acos"), ()),
    **dict.fromkeys(("pow", "float_power", "ldexp", "mul", "div"), (X,)),
    "lerp": (ALONG, [[0.3 + 0.4j, 0.2 - 0.6j, 1j], [0.5 + 0j, 2j, -1 + 0j]]),
}


def derived(module: Any, name: str) -> list[np.ndarray]:
    operands = [module.tensor(each) if isinstance(each, list) else each for each in CALLS[name]]

    def call(x: Any) -> Any:
        return getattr(module, name)(x, *operands)

    x = module.tensor(X, requires_grad=True)
    y = call(x)
    cotangent = module.ones_like(y) * (0.5 if name in ("var", "std") else 0.5 + 2j)
    (gradient,) = module.autograd.grad(y, x, cotangent, retain_graph=True)
    (recorded,) = module.autograd.grad(y, x, cotangent, create_graph=True)
    with module.autograd.forward_ad.dual_level():
        dual = module.autograd.forward_ad.make_dual(x.detach(), module.tensor(ALONG))
        tangent = module.autograd.forward_ad.unpack_dual(call(dual)).tangent
    return [each.detach().resolve_conj().numpy() for each in (gradient, recorded, tangent)]


@pytest.mark.parametrize("name", CALLS)
def test_derivatives_are_pytorchs(name: str) -> None:
    for ours, theirs in zip(derived(numtorch, name), derived(torch, name), strict=True):
        assert ours.dtype == theirs.dtype
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def test_singular_values_are_real() -> None:
    a = [[complex(-100.0, 0.0), 1j], [2.46 + 2j, -1.49 + 0j]]
    for module in (numtorch, torch):
        assert module.linalg.svdvals(module.tensor(a)).dtype == module.float32
        assert module.linalg.svd(module.tensor(a))[1].dtype == module.float32


def test_the_imaginary_part_of_logsumexp_is_the_principal_one() -> None:
    x = [[complex(-2.32, -1.3), complex(-1.89, -0.89), complex(-1.7, 12.0)]]
    ours, theirs = (complex(module.logsumexp(module.tensor(x), (-1, 0))) for module in (numtorch, torch))
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)
