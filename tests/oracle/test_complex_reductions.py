"""Derivatives of reductions of complex numbers are PyTorch's: conjugated where they are to be, real where the result is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import numtorch

torch = pytest.importorskip("torch")

X = [[1 + 2j, 0.5 - 1j, 0.3j], [2.0 + 0j, 1j, -1 + 0.5j]]
ALONG = [[1j, 0.5 + 0j, 2.0 + 0j], [-1 + 1j, 0.25j, 3.0 + 0j]]

REDUCTIONS = ("logsumexp", "var", "std", "mean", "sum", "prod", "cumsum", "cumprod")


def derived(module: Any, name: str) -> list[np.ndarray]:
    x = module.tensor(X, requires_grad=True)
    y = getattr(module, name)(x, 1)
    cotangent = module.ones_like(y) * (0.5 if name in ("var", "std") else 0.5 + 2j)
    (gradient,) = module.autograd.grad(y, x, cotangent, retain_graph=True)
    (recorded,) = module.autograd.grad(y, x, cotangent, create_graph=True)
    with module.autograd.forward_ad.dual_level():
        dual = module.autograd.forward_ad.make_dual(x.detach(), module.tensor(ALONG))
        tangent = module.autograd.forward_ad.unpack_dual(getattr(module, name)(dual, 1)).tangent
    return [each.detach().resolve_conj().numpy() for each in (gradient, recorded, tangent)]


@pytest.mark.parametrize("name", REDUCTIONS)
def test_derivatives_are_pytorchs(name: str) -> None:
    for ours, theirs in zip(derived(numtorch, name), derived(torch, name), strict=True):
        assert ours.dtype == theirs.dtype
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)
