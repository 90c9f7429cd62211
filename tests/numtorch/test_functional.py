"""What autograd.functional computes agrees with itself; its texts and flags are in tests/transcripts/functional.txt."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import numtorch as torch

F = torch.autograd.functional

FUNCTIONS = {
    "elementwise": lambda a, b: a.sin() * b + a**3,
    "product": lambda a, b: (a.reshape(-1, 1) * b).tanh().sum(0),
    "slices": lambda a, b: torch.cat([a[1:] * b[:-1], a[:1].exp()]),
    "in place": lambda a, b: a.clone().mul_(b).add_(a),
}
vectors = st.lists(st.floats(-2, 2), min_size=2, max_size=4)


def tensors(draw, count):
    values = [draw(vectors)]
    size = len(values[0])
    values += [draw(st.lists(st.floats(-2, 2), min_size=size, max_size=size)) for _ in range(count - 1)]
    return [torch.tensor(v, dtype=torch.float64) for v in values]


def agree(a, b):
    np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", FUNCTIONS)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_products_with_vectors_are_products_with_the_jacobian(name, data):
    f = FUNCTIONS[name]
    a, b, v, u = tensors(data.draw, 4)
    by_a, by_b = F.jacobian(f, (a, b))
    agree(F.jvp(f, (a, b), (v, u))[1], (by_a * v).sum(1) + (by_b * u).sum(1))
    left_a, left_b = F.vjp(f, (a, b), v)[1]
    agree(left_a, (v.reshape(-1, 1) * by_a).sum(0))
    agree(left_b, (v.reshape(-1, 1) * by_b).sum(0))


@pytest.mark.parametrize("name", FUNCTIONS)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_hvp_and_vhp_are_products_with_the_hessian(name, data):
    a, b, v = tensors(data.draw, 3)

    def f(x):
        return FUNCTIONS[name](x, b).sum()

    hessian = F.hessian(f, a)
    agree(hessian, hessian.t())
    agree(F.hvp(f, a, v)[1], (hessian * v).sum(1))
    agree(F.vhp(f, a, v)[1], (hessian * v).sum(1))


def test_vectorized_jacobians_are_the_same():
    a = torch.tensor([0.3, -0.7])
    for f in (lambda x: x.sin() * x.sum(), lambda x: x.prod(), lambda x: torch.ones(2)):
        for strategy in ("reverse-mode", "forward-mode"):
            agree(F.jacobian(f, a, vectorize=True, strategy=strategy), F.jacobian(f, a))
