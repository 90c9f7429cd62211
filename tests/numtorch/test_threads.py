"""Passes in several threads at once: nothing that one adds to a leaf is lost by another, and each has its own modes."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import numtorch as torch
from numtorch import grad_mode
from numtorch.aliasing import views

THREADS = 4
PASSES = 50


@pytest.fixture(autouse=True)
def _often() -> Iterator[None]:
    """Threads take turns as often as CPython can, so that whatever is not safe between two of its steps is met."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def at_once(*works: Callable[[], Any]) -> None:
    """Run each in a thread of its own, all from the same moment on, and raise what they raise."""
    barrier = threading.Barrier(len(works))
    errors: list[BaseException] = []

    def begin(work: Callable[[], Any]) -> None:
        try:
            barrier.wait()
            work()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=begin, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


@pytest.mark.filterwarnings("ignore:Using backward")
@pytest.mark.parametrize("size", [(), (3,), (1_000_000,)])  # the last: NumPy lets other threads run while it adds up
@pytest.mark.parametrize("create_graph", [False, True])
def test_passes_over_one_graph_add_up_in_its_leaf(size: tuple[int, ...], create_graph: bool) -> None:
    x = torch.full(size, 2.0, dtype=torch.float64, requires_grad=True)
    y = (x * x + x).sum()
    passes = 3 if x.numel() > 3 else PASSES // 5 if create_graph else PASSES

    def work() -> None:
        for _ in range(passes):
            y.backward(retain_graph=True, create_graph=create_graph)

    at_once(*[work] * THREADS)
    assert np.array_equal(x.grad.detach().numpy(), np.full(size, 5.0 * THREADS * passes))


def test_a_number_that_grows_while_it_is_given_memory_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    x = torch.tensor(2.0, requires_grad=True)
    y = x * 3
    y.backward(retain_graph=True)
    assert not isinstance(x.grad._array, np.ndarray)  # else there is nothing to give memory to
    copy = np.array

    def late(number: Any) -> Any:
        monkeypatch.undo()
        y.backward(retain_graph=True)  # as another thread does here once in some thousand times
        return copy(number)

    monkeypatch.setattr(views.np, "array", late)
    views.storage_of(x.grad)
    assert x.grad.item() == 6.0


def test_first_gradients_of_a_leaf_are_all_counted() -> None:
    for _ in range(PASSES):
        x = torch.ones(3, requires_grad=True)
        outputs = [(x * factor).sum() for factor in range(1, THREADS + 1)]
        at_once(*[output.backward for output in outputs])
        assert x.grad.tolist() == [sum(range(1, THREADS + 1))] * 3


def test_passes_over_one_graph_each_return_their_own_gradients() -> None:
    x = torch.linspace(-1, 1, 50, dtype=torch.float64, requires_grad=True)
    y = (x.sin() * x.exp()).sum()
    (expected,) = torch.autograd.grad(y, x, retain_graph=True)
    found: list[Any] = []

    def work() -> None:
        for _ in range(PASSES):
            found.append(torch.autograd.grad(y, x, retain_graph=True)[0])

    at_once(*[work] * THREADS)
    assert all(torch.equal(gradient, expected) for gradient in found)


def test_hooks_know_the_pass_of_their_own_thread() -> None:
    ids: dict[int, set[int]] = {}

    def work() -> None:
        mine = ids.setdefault(threading.get_ident(), set())
        for _ in range(PASSES):
            x = torch.ones(2, requires_grad=True)
            x.register_hook(lambda grad: mine.add(torch._C._current_graph_task_id()))
            (x * 2).sum().backward()

    at_once(*[work] * THREADS)
    assert all(len(mine) == PASSES for mine in ids.values())
    assert len(set().union(*ids.values())) == THREADS * PASSES


def test_grad_mode_of_one_thread_is_not_that_of_another() -> None:
    x = torch.ones(2, requires_grad=True)

    def without() -> None:
        for _ in range(PASSES):
            with torch.no_grad():
                assert not (x * 2).requires_grad

    def recorded() -> None:
        for _ in range(PASSES):
            assert (x * 2).requires_grad

    at_once(without, recorded, without, recorded)


def test_passes_nest_a_thousand_deep_within_the_usual_limit_of_recursion() -> None:
    x = torch.ones(1, requires_grad=True)
    y = x * 1
    for _ in range(1000):
        inner, y = y, x * 1
        y.register_hook(lambda grad, inner=inner: inner.backward(grad))
    y.backward()
    assert x.grad.tolist() == [1001.0]


@pytest.mark.parametrize(
    "switch",
    [
        lambda: torch.set_grad_enabled(False),
        lambda: torch.inference_mode().__enter__(),
        lambda: torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t).__enter__(),
    ],
    ids=["grad mode", "inference mode", "saved tensors' hooks"],
)
def test_a_thread_that_ends_with_a_mode_left_on_slows_nobody_down(switch: Callable[[], Any]) -> None:
    before = len(grad_mode.disabled)
    meanwhile: list[int] = []

    def work() -> None:
        switch()
        meanwhile.append(len(grad_mode.disabled))

    at_once(work)
    assert meanwhile == [before + 1]
    assert len(grad_mode.disabled) == before
