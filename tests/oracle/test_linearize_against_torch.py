"""torch.func.linearize, which no case shows: PyTorch warns of its own tracing each time, and numtorch traces nothing."""

import warnings

import numpy as np
import pytest
import torch

import numtorch

FUNCTIONS = {
    "product": lambda a: a.sin() * a,
    "sum": lambda a: a.exp().sum(),
    "several": lambda a: (a.tanh(), a * 3),
    "linear": lambda a: a * 2 + 1,
    "of a container": lambda a: {"s": a.pow(3)},
}


def linearized(module, function, values, tangents, requires_grad=False):
    x = module.tensor(values, requires_grad=requires_grad)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        output, jvp_fn = module.func.linearize(function, x)
        return output, [jvp_fn(module.tensor(t)) for t in tangents]


def leaves(value):
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in leaves(item)]
    if isinstance(value, (tuple, list)):
        return [leaf for item in value for leaf in leaves(item)]
    return [value]


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("requires_grad", [False, True])
def test_output_and_tangents_are_those_of_pytorch(name, requires_grad):
    values, tangents = [0.5, -1.25, 2.0], [[1.0, 2.0, -3.0], [0.25, 0.0, 1.0]]
    found = linearized(numtorch, FUNCTIONS[name], values, tangents, requires_grad)
    wanted = linearized(torch, FUNCTIONS[name], values, tangents, requires_grad)
    pairs = list(zip(leaves(found), leaves(wanted), strict=True))
    assert pairs
    for mine, theirs in pairs:
        np.testing.assert_allclose(mine.detach().numpy(), theirs.detach().numpy(), rtol=1e-5)
        assert mine.requires_grad == theirs.requires_grad


@pytest.mark.parametrize("given", ["structure", "shape", "dtype"])
def test_tangents_that_do_not_fit_are_refused_in_its_words(given):
    def error(module):
        x = module.tensor([1.0, 2.0])
        wrong = {"structure": (x, x), "shape": (module.ones(3),), "dtype": (x.double(),)}[given]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _, jvp_fn = module.func.linearize(lambda a: a.sin(), x)
        with pytest.raises(RuntimeError) as caught:
            jvp_fn(*wrong)
        return str(caught.value)

    assert error(numtorch) == error(torch)


def test_function_runs_twice_and_never_again():
    def calls(module):
        seen = []

        def f(a):
            seen.append(a)
            return a.sin()

        x = module.tensor([1.0, 2.0])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _, jvp_fn = module.func.linearize(f, x)
            jvp_fn(x)
            jvp_fn(x)
        return len(seen)

    assert calls(numtorch) == calls(torch) == 2
