"""Gradients of what is written into a tensor of another type: cast before they are summed or after, or refused."""

from __future__ import annotations

import itertools
import warnings
from typing import Any

import pytest

torch = pytest.importorskip("torch")
import numtorch  # noqa: E402

WRITES = """
x.copy_(v) | x[...] = v | x[0:2] = v | x[0] = v | x.fill_(v) | x = torch.fill(x, v)
x = x.index_fill(0, torch.tensor([0]), v) | x[torch.ones(2, 3) > 0] = v | x[0, 0] = v
"""
TYPES = ("float32", "float64", "complex64", "float16")


def graph(fn: Any, depth: int = 6) -> Any:
    return fn and depth and [fn.name(), *(graph(n, depth - 1) for n, _ in fn.next_functions)]


def written(module: Any, write: str, types: tuple, shape: tuple, create_graph: bool) -> Any:
    """The gradient of what was written, or the error."""
    v = module.full(shape, 0.1, dtype=getattr(module, types[1]), requires_grad=True)
    names = {"torch": module, "v": v, "x": module.ones(2, 3, dtype=getattr(module, types[0]))}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            exec(write, names)
            x: Any = names["x"]
            seed = module.full((2, 3), 0.1, dtype=x.dtype, requires_grad=create_graph)
            (grad,) = module.autograd.grad(x, v, seed, create_graph=create_graph)
        except Exception as error:
            return type(error).__name__, str(error).replace("numtorch", "torch")
    return [str(grad.dtype).removeprefix("num"), grad.stride(), grad._version, grad.tolist(), graph(grad.grad_fn)]


@pytest.mark.parametrize("write", [one.strip() for line in WRITES.strip().splitlines() for one in line.split("|")])
def test_what_is_written_has_pytorchs_gradient(write: str) -> None:
    for types in itertools.product(TYPES, TYPES):
        for shape, create_graph in itertools.product(((), (3,), (2, 3)), (False, True)):
            theirs, ours = [written(module, write, types, shape, create_graph) for module in (torch, numtorch)]
            assert ours == theirs, (types, shape, create_graph)
