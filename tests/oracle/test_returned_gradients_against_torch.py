"""Random chains of nodes with hooks that return all kinds of tensors: what later hooks, captures and leaves see of them."""

from __future__ import annotations

import random
from typing import Any

import pytest

torch = pytest.importorskip("torch")
import numtorch  # noqa: E402


def recorded(t: Any, grad: Any, other: Any) -> Any:
    with t.enable_grad():
        return grad * other


RETURNED = {
    "itself": lambda t, grad, other: grad,
    "detached": lambda t, grad, other: grad.detach(),
    "copied": lambda t, grad, other: grad.clone(),
    "nothing": lambda t, grad, other: None,
    "viewed": lambda t, grad, other: grad.view(grad.shape),
    "doubled": lambda t, grad, other: grad * 2,
    "written": lambda t, grad, other: grad.mul_(2),
    "a leaf": lambda t, grad, other: other,
    "a leaf detached": lambda t, grad, other: other.detach(),
    "made a leaf": lambda t, grad, other: grad.clone().requires_grad_(),
    "its data": lambda t, grad, other: grad.data,
    "with a graph": recorded,
}
NODES = {
    "view": lambda t, y: y.view(y.shape),
    "mul": lambda t, y: y * 2,
    "sum": lambda t, y: y.expand(2, *y.shape).sum(0),
    "turned": lambda t, y: y.transpose(0, -1) if y.ndim > 1 else y.view(1, *y.shape)[0],
    "taken": lambda t, y: t.stack([y, y])[0],
    "exp": lambda t, y: y.exp(),
    "copied": lambda t, y: y.clone(),
    "joined": lambda t, y: t.cat([y.view(-1), y.view(-1)])[: y.numel()].view(y.shape),
}
SEEDS = ("ones", "itself", "expanded", "requires grad", "of inference mode")
PASSES = ("backward", "create_graph", "grad", "in inference mode")


def look(tensor: Any) -> Any:
    """What shows of a gradient, or None."""
    if tensor is None:
        return None
    version = None if tensor.is_inference() else tensor._version
    graph = None if tensor.grad_fn is None else tensor.grad_fn.name()
    return tuple(tensor.shape), tensor.stride(), version, tensor.requires_grad, graph


def seen(t: Any, shape: tuple, chain: list, kind: str, way: str) -> list:
    """What hooks, the result and the leaves show of a chain of (node, what its hook returns)."""
    found: list = []
    x, other = (t.full(shape, value, requires_grad=True) for value in (0.5, 0.25))
    y = x
    for node, returned in chain:
        y = NODES[node](t, y)
        y.register_hook(lambda grad: found.append(look(grad)))
        y.register_hook(lambda grad, returned=returned: RETURNED[returned](t, grad, other.view(grad.shape)))
    x.register_hook(lambda grad: found.append(look(grad)))
    with t.inference_mode(kind == "of inference mode"):
        ones = t.ones(()).expand(y.shape) if kind == "expanded" else t.ones(y.shape)
    seed = y if kind == "itself" else ones.requires_grad_() if kind == "requires grad" else ones
    try:
        if way == "grad":
            return [*found, *map(look, t.autograd.grad(y, [x], seed)), *found]
        with t.inference_mode(way == "in inference mode"):
            y.backward(seed, create_graph=way == "create_graph")
    except RuntimeError as error:
        return [*found, str(error)]
    return [*found, look(x.grad), look(other.grad)]


@pytest.mark.filterwarnings("ignore:Using backward")
@pytest.mark.parametrize("number", range(8))
def test_what_hooks_return_travels_on_as_the_tensor_that_it_is(number: int) -> None:
    draw = random.Random(number)
    for _ in range(60):
        chain = [(draw.choice(list(NODES)), draw.choice(list(RETURNED))) for _ in range(draw.choice((1, 2, 3)))]
        program = draw.choice([(), (1,), (3,), (2, 3)]), chain, draw.choice(SEEDS), draw.choice(PASSES)
        theirs, ours = (seen(t, *program) for t in (torch, numtorch))
        assert ours == theirs, program


def of_transform(t: Any, name: str, how: str) -> int:
    """The version of what a transform gives of an operator whose derivative is zero, within inference mode."""
    with t.inference_mode():
        x = t.tensor(1.25)
        if how == "jvp":
            return t.func.jvp(getattr(t, name), (x,), (x,))[1]._version
        return getattr(t.func, how)(getattr(t, name))(x)._version


@pytest.mark.parametrize("name", ["floor", "ceil", "round", "trunc", "sign", "sgn", "neg", "abs"])
@pytest.mark.parametrize("how", ["jvp", "grad", "jacfwd"])
def test_zeros_below_a_transform_of_inference_mode_count_that_they_are_filled(name: str, how: str) -> None:
    theirs, ours = (of_transform(t, name, how) for t in (torch, numtorch))
    assert ours == theirs
