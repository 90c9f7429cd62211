"""The tangents of every operator are PyTorch's: their numbers, and the graph that leads through them to what requires grad.

The expressions are those of tests/numtorch/operator_samples.py, with all operands dual, or the first alone.
"""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import numtorch
import numtorch.nn.functional
from tests.numtorch.operator_samples import LEAVES, samples
from tests.oracle.test_operator_graphs_against_torch import graph, names

torch = pytest.importorskip("torch")


def tangents(lib, text, first_only, tracked=False):
    """The numbers and the graphs of the tangents of what an expression makes of duals, or the error's type and text.

    `tracked`: gradients of the tangents are wanted, not of the operands.
    """
    code = compile(text, text, "eval")
    given = [name for name in LEAVES if name in code.co_names]
    ad = lib.autograd.forward_ad
    with ad.dual_level():
        leaves, moved = {}, []
        for index, name in enumerate(given):
            value = np.array(LEAVES[name])
            leaf = lib.tensor(value.tolist(), dtype=lib.float64, requires_grad=not tracked)
            if index == 0 or not first_only:
                along = lib.tensor((np.cos(3 * value) / 2).tolist(), dtype=lib.float64, requires_grad=tracked)
                leaf = ad.make_dual(leaf, along)
                moved.append(along)
            leaves[name] = leaf
        try:
            made = eval(code, {**names(lib), **leaves})
        except (NotImplementedError, RuntimeError, TypeError) as error:
            return type(error).__name__, str(error).partition("\n")[0]
        found = []
        for out in made if isinstance(made, (tuple, list)) else (made,):
            tangent = ad.unpack_dual(out).tangent
            if tangent is not None:
                nodes = [(kind, edges) for kind, _, edges in graph([tangent])]
                tangent = (tangent.detach().numpy(), tangent._version, [tangent is t for t in moved], nodes)
            found.append(tangent)
        return found


OTHERWISE = {"binary_cross_entropy_with_logits"}
"""Operators whose tangents PyTorch computes by other nodes, or writes otherwise; the numbers are alike."""


def same(ours, theirs, whole=True):
    """Whether all of it is alike; numbers up to rounding."""
    if isinstance(ours, tuple) or isinstance(theirs, tuple):
        return ours == theirs
    return len(ours) == len(theirs) and all(
        (a is None and b is None)
        or (
            a is not None
            and b is not None
            and np.allclose(a[0], b[0], rtol=1e-9, atol=1e-12, equal_nan=True)
            and (not whole or a[1:] == b[1:])
        )
        for a, b in zip(ours, theirs, strict=True)
    )


@pytest.mark.parametrize("name", samples())
def test_tangents_have_pytorchs_numbers_and_graph(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for text in samples()[name]:
            for first_only in (False, True):
                expected = tangents(torch, text, first_only)
                assert same(tangents(numtorch, text, first_only), expected, name not in OTHERWISE), (text, first_only)


WRITES = [
    "tan",
    "exp",
    "frac",
    "sin",
    "neg",
    "abs",
    "sigmoid",
    "relu",
    "reciprocal",
    "sqrt",
    "square",
    "tanh",
    "floor",
    "log",
    "digamma",
    "erf",
    "acosh",
    "asinh",
    "atanh",
    "add(2)",
    "mul(2)",
    "mul(v)",
    "div(2)",
    "pow(2)",
    "clamp(0,2)",
    "cumsum(0)",
    "zero",
    "copy(v)",
    "atan2(x)",
    "lerp(x,0.5)",
    "addcmul(x,y)",
    "xlogy(p)",
    "add(v,alpha=2)",
    "sub(v,alpha=2)",
    "div(v)",
    "fill(2)",
    "lt(v)",
    "masked_fill(mask,2)",
    "masked_fill(mask,s)",
    "index_fill(0,i,1)",
    "index_put((i,),v)",
    "index_add(0,i,x,alpha=2)",
    "index_copy(0,i,x)",
    "masked_scatter(mask,x)",
    "scatter(1,j,2.)",
    "scatter(1,j,x)",
    "scatter_reduce(1,j,x,'amax')",
    "copysign(v)",
    "lerp(v,0.3)",
    "tril()",
    "renorm(2,0,1.)",
]
"""Writes into p + 1, cloned; where the first operand alone is dual, that may be what is written."""


@pytest.mark.parametrize("write", WRITES)
def test_a_write_gives_pytorchs_tangent(write):
    name, _, arguments = write.partition("(")
    text = f"(1 + p).clone().{name}_({arguments.rstrip(')')})"
    for first_only in (False, True):
        assert same(tangents(numtorch, text, first_only), tangents(torch, text, first_only)), first_only
        ours, theirs = (tangents(lib, text, first_only, tracked=True) for lib in (numtorch, torch))
        assert same(ours, theirs), f"tracked tangents, {first_only}"


@pytest.mark.parametrize("write", ["tan", "exp", "neg", "sigmoid", "cumsum", "mul", "add"])
def test_a_tangent_that_is_its_primal_is_read_after_the_write(write):
    def written(lib):
        with lib.autograd.forward_ad.dual_level():
            x = lib.tensor([1.5, 2.5], dtype=lib.float64)
            dual = lib.autograd.forward_ad.make_dual(x, x)
            others = {"cumsum": (0,), "mul": (dual,), "add": (dual,)}.get(write, ())
            getattr(dual, write + "_")(*others)
        return x.tolist(), x._version

    ours, theirs = written(numtorch), written(torch)
    assert ours[1] == theirs[1]
    assert np.allclose(ours[0], theirs[0], rtol=1e-12)
