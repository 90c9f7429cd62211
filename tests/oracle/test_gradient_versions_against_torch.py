"""How often formulas write to a gradient, as its version says: alone, cast to an operand's type, summed to its shape."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

torch = pytest.importorskip("torch")
import numtorch  # noqa: E402


def both(program: Any, *arguments: Any) -> list:
    """What a program finds with PyTorch and with numtorch."""
    return [str(program(t, *arguments)).replace("numtorch", "torch") for t in (torch, numtorch)]


def look(grads: Any) -> list:
    return [g if g is None else (str(g.dtype), tuple(g.shape), g.stride(), g._version) for g in grads]


def through(t: Any, value: Any, inputs: list, create_graph: bool) -> list:
    """The gradients, and those of the first one's sum."""
    first = t.autograd.grad(value, inputs, t.ones_like(value), create_graph=True)
    again = t.autograd.grad(first[0].sum(), inputs, create_graph=create_graph, allow_unused=True)
    return [look(t.autograd.grad(value, inputs, t.ones_like(value), retain_graph=True)), look(first), look(again)]


LOSSES = ["binary_cross_entropy", "binary_cross_entropy_with_logits", "soft_margin_loss", "mse_loss", "huber_loss"]
TYPES = [("float32", "float32"), ("float32", "float64"), ("float64", "float32")]


def of_loss(t: Any, name: str, reduction: str, types: tuple, weights: dict, target: bool, create_graph: bool) -> list:
    x = t.full((2, 3), 0.25, dtype=getattr(t, types[0]), requires_grad=True)
    y = t.full((2, 3), 0.5, dtype=getattr(t, types[1]), requires_grad=target)
    kwargs = {name: t.full((3,), value) for name, value in weights.items()}
    loss = getattr(t.nn.functional, name)(x, y, reduction=reduction, **kwargs)
    return through(t, loss, [x, y] if target else [x], create_graph)


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize("name", LOSSES)
def test_losses_write_to_their_gradients_as_often_as_pytorch(name: str, reduction: str) -> None:
    weights: list[dict] = [{}]
    if "entropy" in name:
        weights += [{"weight": 2.0}]
    if "logits" in name:
        weights += [{"pos_weight": 2.0}, {"weight": 2.0, "pos_weight": 3.0}]
    for types, given, target, create_graph in itertools.product(TYPES, weights, (False, True), (False, True)):
        if name in ("binary_cross_entropy", "huber_loss") and types[0] != types[1]:
            continue  # refused
        if name == "soft_margin_loss" and target:
            continue  # not differentiable
        theirs, ours = both(of_loss, name, reduction, types, given, target, create_graph)
        assert ours == theirs, (types, given, target, create_graph)


def of_reduction(t: Any, shape: tuple, dim: int | None, keepdim: bool, create_graph: bool) -> list:
    x = t.ones(shape, requires_grad=True)
    least, greatest = t.aminmax(x, dim=dim, keepdim=keepdim)
    seeds = [t.ones(least.shape, requires_grad=create_graph) for _ in range(2)]
    grad = t.autograd.grad([greatest, least], x, seeds, create_graph=create_graph)
    names = [grad[0].grad_fn.name(), *(fn.name() for fn, _ in grad[0].grad_fn.next_functions)] if create_graph else []
    return [look(grad), names]


@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 3)])
def test_aminmax_sums_its_gradients_in_place_and_along_a_dimension_that_is_not_there(shape: tuple) -> None:
    for dim, keepdim, create_graph in itertools.product((None, 0, -1), (False, True), (False, True)):
        theirs, ours = both(of_reduction, shape, dim, keepdim, create_graph)
        assert ours == theirs, (dim, keepdim, create_graph)


def of_group_norm(t: Any, shape: tuple, groups: int, weighted: bool) -> list:
    x = t.zeros(shape, requires_grad=True)
    weight = t.ones(shape[1], requires_grad=True) if weighted else None
    value = t.nn.functional.group_norm(x, groups, weight)
    (first,) = t.autograd.grad(value, x, t.ones(shape), create_graph=True)
    first.backward(t.zeros(shape))
    return look([x.grad, weight.grad] if weight is not None else [x.grad])


@pytest.mark.parametrize("shape", [(0, 2), (2, 0), (3, 2), (3, 2, 0)])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_second_gradient_of_group_norm_is_a_view_that_nothing_is_added_to(shape: tuple, weighted: bool) -> None:
    theirs, ours = both(of_group_norm, shape, 1, weighted)
    assert ours == theirs


def of_prelu(t: Any, shape: tuple, size: tuple, index: int, create_graph: bool) -> list:
    x = t.full(shape, -1.0, requires_grad=True)
    weight = t.full(size, 0.5, requires_grad=True)
    seed = t.ones(shape, requires_grad=True)
    first = t.autograd.grad(t.nn.functional.prelu(x, weight), [x, weight], seed, create_graph=True)
    first[index].sum().backward(create_graph=create_graph)
    return look([x.grad, weight.grad, seed.grad])


@pytest.mark.filterwarnings("ignore:Using backward")
@pytest.mark.parametrize(
    ("shape", "size"), [((3,), (1,)), ((2, 3), (3,)), ((), ()), ((), (1,)), ((1, 3), (3,)), ((0, 3), (3,))]
)
def test_what_prelu_has_no_second_gradient_for_gets_zeros_that_were_written(shape: tuple, size: tuple) -> None:
    for index, create_graph in itertools.product((0, 1), (False, True)):
        theirs, ours = both(of_prelu, shape, size, index, create_graph)
        assert ours == theirs, (index, create_graph)
