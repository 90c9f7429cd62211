"""A plain pass leaves what the counting engine leaves: gradients, their versions, who shares whose memory."""

from __future__ import annotations

import contextlib
import random
from typing import Any

import numpy as np
import pytest

import numtorch as torch
from numtorch.autograd import entry
from numtorch.backward import capture, engine, plain_pass
from numtorch.backward.graph_task import plain_task
from numtorch.nodes.records import node_of

LEAVES = 3


def graph(draw: random.Random, count: int = LEAVES) -> tuple[list[Any], Any]:
    """Leaves, and the sum of a random graph over them in which much is used several times."""
    shape = draw.choice([(), (2,), (2, 3)])
    leaves = [torch.ones(shape, requires_grad=True) for _ in range(count)]
    known = list(leaves)
    for _ in range(draw.randrange(1, 12)):
        a, b = draw.choice(known), draw.choice(known)
        known.append(draw.choice([a + b, a * b, a - b, b + a.exp(), a.view(shape) + b, a * 0.5, a.tanh()]))
    total = known[-1] + draw.choice(known)
    return leaves, total.sum()


def memory(leaves: list[Any]) -> list[tuple[Any, ...]]:
    """What can be seen of the gradients."""
    grads = [leaf.grad for leaf in leaves]
    arrays = [None if g is None else g.numpy() for g in grads]
    return [
        (
            i,
            None if g is None else (a.tolist(), a.strides, g._version),
            [b is not None and np.shares_memory(a, b) for b in arrays],
        )
        for i, (g, a) in enumerate(zip(grads, arrays, strict=True))
        if g is not None
    ]


def counted(node: Any, nr: int, grad: Any, keep: bool, task: Any = None) -> Any:
    """What `plain_pass.run` does where nothing is plain."""
    node = node_of(node)
    if task is None:
        task = plain_task(node, keep, grad)
        grad = task.seed()
    return task, plain_pass.settle(task, plain_pass.Waiting({}, [], {}), [(node, nr, grad)])


def of_seeds(count: int) -> pytest.MarkDecorator:
    """A test of so many seeds, fifty at a time: one takes less time than to begin a test and to report it."""
    return pytest.mark.parametrize("seeds", [range(first, first + 50) for first in range(0, count, 50)], ids=str)


@of_seeds(400)
def test_a_plain_pass_leaves_what_the_counting_engine_leaves(seeds: range, monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in seeds:
        plain, total = graph(random.Random(seed))
        total.backward()
        with monkeypatch.context() as patched:
            patched.setattr(plain_pass, "run", counted)
            others, total = graph(random.Random(seed))
            total.backward()
        assert memory(plain) == memory(others), seed


@of_seeds(200)
def test_a_pass_that_fails_leaves_the_leaves_that_were_complete(seeds: range, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(seed: int) -> list[Any]:
        draw = random.Random(seed)
        leaves, total = graph(draw)
        node = total.grad_fn
        for _ in range(draw.randrange(6)):
            if getattr(node, "_saved_self", None) is not None:
                node._saved_self.detach().zero_()
            node = draw.choice([fn for fn, _ in node.next_functions if fn is not None] or [node])
        with contextlib.suppress(RuntimeError):  # "modified by an inplace operation"
            total.backward()
        return memory(leaves)

    for seed in seeds:
        plain = broken(seed)
        with monkeypatch.context() as patched:
            patched.setattr(plain_pass, "run", counted)
            assert plain == broken(seed), seed


def test_a_hook_in_the_middle_sees_the_leaves_that_were_complete() -> None:
    early, late = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    middle = late * 2
    seen = []
    middle.register_hook(lambda grad: seen.append((early.grad is not None, late.grad is not None)))
    (middle * early).sum().backward()
    assert seen == [(True, False)]


def test_a_hook_may_write_to_the_gradient_of_a_sum() -> None:
    x = torch.ones(2, requires_grad=True)
    for _ in range(2):
        y = x * 3
        y.register_hook(lambda grad: grad.fill_(5.0))
        y.sum().backward()
        assert x.grad.tolist() == [15.0, 15.0]
        x.grad = None
    (x * 3).sum().backward()
    assert x.grad.tolist() == [3.0, 3.0]


def test_gradients_that_are_windows_of_the_seed_share_its_memory_in_one_pass_and_no_other() -> None:
    x, y = torch.ones((), requires_grad=True), torch.ones((), requires_grad=True)
    for _ in range(2):
        torch.stack([x, y]).sum().backward()
        x.grad.fill_(7.0)
        assert (x.grad.item(), y.grad.item()) == (7.0, 7.0)
        x.grad = y.grad = None
    torch.stack([x, y]).sum().backward()
    assert (x.grad.item(), y.grad.item()) == (1.0, 1.0)


def test_each_sum_of_a_pass_gives_a_window_of_its_own() -> None:
    for _ in range(2):
        x, y = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
        seen: list[Any] = []
        for leaf in x, y:
            leaf.register_hook(seen.append)
        u, v = x + 0, y + 0  # made before both sums, so that both windows wait
        (u.sum() + v.sum()).backward()
        assert seen[0] is not seen[1]
        assert seen[0].data_ptr() == seen[1].data_ptr()
        assert x.grad.data_ptr() != y.grad.data_ptr()


def test_what_is_reached_again_while_it_waits_beside_is_added_up() -> None:
    x = torch.tensor([2.0, 3.0], requires_grad=True)
    y = x * x
    total = y
    for _ in range(3):
        total = total + y
    total.sum().backward()
    assert x.grad.tolist() == [16.0, 24.0]
    assert x.grad._version == 1
    x.grad = None
    y = x * x
    (y.neg() + y).sum().backward()  # by the first operand the node is reached when it waits already
    assert x.grad.tolist() == [0.0, 0.0]
    x.grad = None
    y = x * x
    (y.neg() + y + y).sum().backward()
    assert x.grad.tolist() == [4.0, 6.0]


def derivatives(draw: random.Random, create_graph: bool) -> list[Any]:
    """What can be seen of gradients that were asked for, of what they were asked of again, and of the leaves."""
    leaves, total = graph(draw)
    asked = draw.choice([leaves, leaves[:2], [leaves[0], leaves[0]], [leaves[2], total]])
    keep = draw.choice([True, False, create_graph])
    seen: list[Any] = []
    for _ in range(2):
        try:
            grads = torch.autograd.grad(total, asked, create_graph=create_graph, retain_graph=keep, allow_unused=True)
        except RuntimeError as error:
            seen.append(str(error))
            continue
        seen += [
            None if g is None else (g.detach().numpy().tolist(), g.stride(), g._version, g.requires_grad) for g in grads
        ]
        seen.append([[a is b for b in grads] for a in grads])
        again = [g.sum() for g in grads if g is not None and g.requires_grad]
        if again and keep:
            second = torch.autograd.grad(again, leaves, allow_unused=True, retain_graph=True)
            seen += [None if g is None else g.numpy().tolist() for g in second]
    return [*seen, *(leaf.grad for leaf in leaves)]


@pytest.mark.parametrize("create_graph", [False, True])
@of_seeds(150)
def test_a_plain_pass_captures_what_the_counting_engine_captures(
    seeds: range, create_graph: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in seeds:
        plain = derivatives(random.Random(seed), create_graph)
        with monkeypatch.context() as patched:
            patched.setattr(engine, "capture", lambda *_: None)
            assert plain == derivatives(random.Random(seed), create_graph), seed


def rows(draw: random.Random) -> list[Any]:
    """What can be seen of the gradients of single numbers by single leaves."""
    leaves, total = graph(draw, count=draw.choice([1, 1, 1, LEAVES]))
    middle = total * leaves[0].exp()
    picked = draw.choice([total, middle.flatten()[0] if middle.ndim else middle.view(()), middle.sum()])
    seen: list[Any] = []
    for leaf in [leaves[0], draw.choice(leaves)]:
        keep, again = draw.choice([None, True]), draw.choice([False, True])
        try:
            (grad,) = torch.autograd.grad(picked, leaf, retain_graph=keep, create_graph=again)
        except RuntimeError as error:
            seen.append(str(error))
        else:
            seen.append(
                (
                    grad.detach().tolist(),
                    grad.stride(),
                    grad._version,
                    grad.requires_grad,
                    grad.is_leaf,
                    grad._is_view(),
                )
            )
        if not isinstance(seen[-1], str):
            seen.append(
                grad.grad_fn and (grad.grad_fn.name(), [fn and fn.name() for fn, _ in grad.grad_fn.next_functions])
            )
    return seen


@of_seeds(200)
def test_one_number_by_one_leaf_has_the_gradient_of_the_counting_engine(
    seeds: range, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in seeds:
        plain = rows(random.Random(seed))
        with monkeypatch.context() as patched:
            patched.setattr(entry, "of_scalar", lambda *_: None)
            patched.setattr(engine, "capture", lambda *_: None)
            assert plain == rows(random.Random(seed)), seed


def test_a_leaf_with_a_grad_dtype_is_added_to_in_place() -> None:
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = (x * x).sum()
    x.grad_dtype = torch.float32
    y.backward()
    assert x.grad._version == 1


def test_a_fault_of_the_pass_is_not_hidden_by_the_long_way(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise TypeError("a fault")

    x = torch.tensor([1.0, 2.0], requires_grad=True)
    for create_graph, name in ((False, "gather"), (True, "add")):
        monkeypatch.setattr(capture, name, broken)
        with pytest.raises(TypeError, match="a fault"):
            torch.autograd.grad((x * x + x.sin() * x).sum(), x, create_graph=create_graph)
