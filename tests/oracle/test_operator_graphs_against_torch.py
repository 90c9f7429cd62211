"""The graphs of gradients, and of gradients of gradients, are PyTorch's: nodes, edges, and the order in which they were made.

That order decides in which order a further backward adds up what meets at a node. The expressions are those of
tests/numtorch/operator_samples.py, in each of their public forms.
"""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import numtorch
import numtorch.nn.functional
from tests.numtorch.operator_samples import LEAVES, ONCE, constants, samples
from tests.numtorch.test_every_operator_gradcheck import forms

torch = pytest.importorskip("torch")


KNOWN = {
    "linalg_eig": "the real part of a sum of complex numbers is taken after the sum, by PyTorch before it",
    **dict.fromkeys(
        ("grid_sampler_2d", "grid_sampler_2d_backward", "grid_sampler_3d", "grid_sampler_3d_backward"),
        "the second gradients come from one operator, which is not differentiable further; PyTorch composes them of a "
        "gather, a scatter_add and the products of weights, each with a node, and so has third derivatives",
    ),
}
"""Operators whose second gradients have other nodes, or some in another order; their first gradients' graphs are PyTorch's."""


def names(lib):
    """What an expression may use, of one library."""
    if lib is numtorch:
        return constants()
    plain = constants()
    of_torch = {
        n: torch.tensor(v.tolist(), dtype=getattr(torch, v.dtype.name))
        for n, v in plain.items()
        if isinstance(v, numtorch.Tensor)
    }
    return {**plain, **of_torch, "torch": torch, "F": torch.nn.functional}


def graph(tensors):
    """Each node behind the tensors: its name, its edges, and its place in the order of creation."""
    number, held = {}, []
    stack = [t.grad_fn for t in reversed(tensors) if t is not None and t.grad_fn is not None]
    while stack:
        node = stack.pop()
        if id(node) in number:
            continue
        number[id(node)] = len(held)
        held.append(node)
        stack += [child for child, _ in reversed(node.next_functions) if child is not None]
    made = [-1 if hasattr(node, "variable") else node._sequence_nr() for node in held]
    place = {index: rank for rank, index in enumerate(sorted(range(len(held)), key=made.__getitem__))}
    return [
        (
            type(node).__name__,
            None if made[index] < 0 else place[index],
            [(None if child is None else number[id(child)], nr) for child, nr in node.next_functions],
        )
        for index, node in enumerate(held)
    ]


def graphs(lib, text, orders):
    """The graph of the gradients, and (of two orders) that of their gradients."""
    code = compile(text, text, "eval")
    leaves = {
        name: lib.tensor(np.array(LEAVES[name]).tolist(), dtype=lib.float64, requires_grad=True)
        for name in LEAVES
        if name in code.co_names
    }
    roots = eval(code, {**names(lib), **leaves})
    inputs = list(leaves.values())
    found = []
    for _ in range(orders):
        roots = [
            r for r in (roots if isinstance(roots, (tuple, list)) else (roots,)) if r is not None and r.requires_grad
        ]
        if not roots:
            break
        seeds = [
            lib.linspace(1, 2, max(r.numel(), 1), dtype=r.dtype)[: r.numel()].reshape(r.shape).requires_grad_()
            for r in roots
        ]
        roots = lib.autograd.grad(roots, inputs, seeds, create_graph=True, allow_unused=True)
        inputs = inputs + seeds
        found.append(graph(roots))
    return found


@pytest.mark.parametrize("name", samples())
def test_gradients_have_pytorchs_graph(name):
    orders = 1 if name in ONCE or name in KNOWN else 2
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for text in samples()[name]:
            for form in forms(text, name):
                try:
                    expected = graphs(torch, form, orders)
                except (NotImplementedError, RuntimeError, TypeError):
                    assert form != text, "PyTorch refuses the sample itself"
                    continue
                assert graphs(numtorch, form, orders) == expected, form
