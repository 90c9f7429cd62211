"""autograd.functional and gradcheck's numbers are PyTorch's, on drawn inputs."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import numtorch

torch = pytest.importorskip("torch")

FUNCTIONS = {
    "smooth": lambda t, a, b: (a.sin() * b, (a * b).exp().sum()),
    "reduced": lambda t, a, b: a.cumsum(0) * b.max(),
    "half used": lambda t, a, b: a * a.sum(),
    "views": lambda t, a, b: t.stack([a, b]).t()[0],
    "constant": lambda t, a, b: t.ones(2),
}
floats = st.floats(-3, 3, width=32)


def flat(value):
    if isinstance(value, (tuple, list)):
        return [x for v in value for x in flat(v)]
    return [value.detach().numpy()]


@pytest.mark.parametrize("name", FUNCTIONS)
@settings(max_examples=25, deadline=None)
@given(values=st.lists(floats, min_size=8, max_size=8), create_graph=st.booleans(), double=st.booleans())
def test_functional_computes_what_pytorch_computes(name, values, create_graph, double):
    def run(t):
        kind = t.float64 if double else t.float32
        a, b, u, v = (t.tensor(values[i : i + 2], dtype=kind) for i in range(0, 8, 2))
        for x in (a, b):
            x.requires_grad_(create_graph)
        F = t.autograd.functional

        def f(x, y):
            return FUNCTIONS[name](t, x, y)

        def scalar(x, y):
            out = f(x, y)
            return (out[0] if isinstance(out, tuple) else out).sum()

        found = [
            F.jacobian(f, (a, b), create_graph=create_graph),
            F.jvp(f, (a, b), (u, v), create_graph=create_graph),
            F.hessian(scalar, (a, b), create_graph=create_graph),
            F.hvp(scalar, (a, b), (u, v), create_graph),
            F.vhp(scalar, (a, b), (u, v), create_graph),
        ]
        return [(x.shape, x.dtype.name, x) for value in found for x in flat(value)]

    expected, got = run(torch), run(numtorch)
    assert [x[:2] for x in got] == [x[:2] for x in expected]
    for (_, _, a), (_, _, b) in zip(got, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10 if double else 2e-4, atol=1e-10 if double else 2e-3)


@pytest.mark.parametrize("name", ["smooth", "reduced"])
def test_vectorized_jacobians_with_a_graph_are_pytorchs(name):
    """Their graph may differ: PyTorch takes some operators row by row that numtorch takes as batches."""

    def run(t):
        a, b = (t.tensor(values, dtype=t.float64, requires_grad=True) for values in ([0.5, -1.25], [2.0, 0.75]))
        found = t.autograd.functional.jacobian(
            lambda x, y: FUNCTIONS[name](t, x, y), (a, b), create_graph=True, vectorize=True
        )
        first = flat(found)
        total = sum(x.pow(2).sum() for pair in ([found] if isinstance(found[0], t.Tensor) else found) for x in pair)
        return first + flat(t.autograd.grad(total, (a, b)))

    for expected, got in zip(run(torch), run(numtorch), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-10)


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("leaf", [False, True])
def test_forward_mode_computes_what_pytorch_computes(name, leaf):
    """The graph below a tangent may differ, which has batches in the place of PyTorch's unbatched primals."""

    def run(t):
        a, b = (t.tensor(values, dtype=t.float64, requires_grad=leaf) for values in ([0.5, -1.25], [2.0, 0.75]))

        def scalar(x, y):
            out = FUNCTIONS[name](t, x, y)
            return (out[0] if isinstance(out, tuple) else out).sum() * (x * y).prod()

        F = t.autograd.functional
        return [
            F.jacobian(lambda x, y: FUNCTIONS[name](t, x, y), (a, b), vectorize=True, strategy="forward-mode"),
            F.hessian(scalar, (a, b), vectorize=True, outer_jacobian_strategy="forward-mode"),
        ]

    expected, got = run(torch), run(numtorch)
    assert [type(x) for x in expected[0]] == [torch.Tensor if type(x) is numtorch.Tensor else type(x) for x in got[0]]
    for a, b in zip(flat(expected), flat(got), strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-10, atol=1e-12)
