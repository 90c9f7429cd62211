"""Nodes that nobody has looked at (nodes/records.py): what is made of them when somebody does."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from typing import Any

import pytest

import numtorch as torch
from numtorch.dispatch import NODES, div_operator, mul_operator
from numtorch.nodes.graph import FREED, FREED_COUNTER, AccumulateGrad, Node
from numtorch.nodes.records import node_of, run_node

FUNCTION = 0


def product() -> tuple[Any, Any]:
    """A leaf, and a product of it with itself that the usual case has recorded."""
    x = torch.tensor([2.0, 3.0], requires_grad=True)
    return x, x * x


def test_the_usual_case_makes_no_node_until_somebody_asks() -> None:
    _, y = product()
    assert type(y._made) is list
    assert isinstance(y.grad_fn, Node)
    assert y.grad_fn is y._made


def test_all_who_ask_see_one_node() -> None:
    _, y = product()
    before = y.exp()  # its edge leads to the record
    node = y.grad_fn
    after = y.exp()  # and this one's to the Node
    assert before.grad_fn.next_functions[0][0] is node is after.grad_fn.next_functions[0][0]


def test_a_node_outlives_its_tensor_as_long_as_the_graph_holds_it() -> None:
    _, y = product()
    z = y.exp()
    y.grad_fn.metadata["seen"] = True
    del y
    gc.collect()
    assert z.grad_fn.next_functions[0][0].metadata["seen"]


def test_no_cycle_is_left_of_a_graph_that_was_looked_at() -> None:
    _, y = product()
    gc.collect()
    gc.disable()
    try:
        z = y.exp()
        assert z.grad_fn.next_functions[0][0] is y.grad_fn
        gone = weakref.ref(y)
        del y, z
        assert gone() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("looked_at", [False, True])
def test_backward_lets_go_of_what_was_saved(looked_at: bool) -> None:
    x = torch.tensor([2.0, 3.0], requires_grad=True)
    y = x * 2.0
    made = (y * y).sum()
    if looked_at:
        made.grad_fn.next_functions[0][0]
    gone = weakref.ref(y)
    del y
    assert gone() is not None
    made.backward()
    assert gone() is None
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        made.backward()


def test_a_graph_that_two_gradients_meet_in_is_run_once_though_one_edge_leads_to_the_record() -> None:
    x, y = product()
    before = y * 3.0
    y.grad_fn
    after = y * 5.0
    (before + after).sum().backward()  # frees: a second run would fail
    assert x.grad.tolist() == [32.0, 48.0]


def test_a_record_that_is_looked_at_while_it_is_about_to_run_runs_as_its_node() -> None:
    _, y = product()
    record = y._made
    function = record[FUNCTION]  # as the pass has it already
    node_of(record)
    assert record[FUNCTION] is run_node
    fn, grad, fn1, grad1 = function(record, y._array, True)
    assert type(fn) is AccumulateGrad is type(fn1)
    assert grad.tolist() == grad1.tolist() == [8.0, 27.0]


def test_two_threads_that_ask_at_once_get_one_node(monkeypatch: pytest.MonkeyPatch) -> None:
    _, y = product()
    record, found = y._made, []
    run = record[FUNCTION]
    make = run.of_record

    def slowly(record: Any) -> Any:
        time.sleep(0.02)  # the other thread asks now
        return make(record)

    monkeypatch.setattr(run, "of_record", slowly)
    threads = [threading.Thread(target=lambda: found.append(node_of(record))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found[0] is found[1]


def test_a_node_with_hooks_runs_them_though_an_edge_leads_to_its_record() -> None:
    x, y = product()
    z = y * 3.0
    seen = []
    y.grad_fn.register_hook(lambda grads, outputs: seen.append(outputs[0].tolist()))
    z.sum().backward()
    assert seen == [[3.0, 3.0]]
    assert x.grad.tolist() == [12.0, 18.0]


def test_nodes_that_users_number_alike_are_still_two() -> None:
    x = torch.tensor([2.0, 3.0], requires_grad=True)
    y, z = x * 2.0, x * 5.0
    for other in (y, z):
        other.grad_fn._set_sequence_nr(7)
    (y * z).sum().backward()
    assert x.grad.tolist() == [40.0, 60.0]


def test_anomaly_mode_notes_nothing_of_what_was_made_before_it() -> None:
    _, y = product()
    with torch.autograd.set_detect_anomaly(True):
        z = y * 3.0
        assert "traceback_" in z.grad_fn.metadata
        assert "traceback_" not in y.grad_fn.metadata


@pytest.mark.parametrize("kind", [kind for kind in NODES if "run_record" in vars(kind)], ids=lambda kind: kind.__name__)
def test_a_record_that_is_freed_makes_the_node_that_was_freed(kind: Any) -> None:
    size = next(n for n in range(4, 20) if takes(kind, n))
    record: list[Any] = [kind.run_record, 1.0, *(torch.zeros(()) for _ in range(size - 2))]
    freed = list(record)
    kind.run_record.release(freed)
    node, freed_node = kind.of_record(record), kind.of_record(freed)
    operands = inputs(kind)
    assert [value for value in freed if value is FREED] == [FREED] * len(operands)
    node.release()
    for name in operands:
        assert getattr(node, name) is getattr(freed_node, name) is FREED
    for name in set(kind.saved) - set(operands):
        assert getattr(node, name) is getattr(freed_node, name) is None
        assert getattr(node, name + "_counter") is getattr(freed_node, name + "_counter") is FREED_COUNTER


def takes(kind: Any, size: int) -> bool:
    """Whether a record of the class has so many elements."""
    try:
        kind.of_record([kind.run_record, 1.0, *range(size - 2)])
    except ValueError:
        return False
    return True


def inputs(kind: Any) -> list[str]:
    """What the class saves that is no result."""
    return [name for name in kind.saved if not hasattr(kind, name + "_counter")]


@pytest.mark.parametrize("applied", [mul_operator, div_operator])
def test_a_record_beside_a_number_is_shorter_and_says_the_same(applied: Any) -> None:
    divide = applied is div_operator
    x = torch.tensor([[2.0, 3.0], [4.0, 8.0]], requires_grad=True)
    applied(x, 4.0)  # which makes the constant
    y, whole = applied(x, 4.0), applied(x, torch.full((2, 2), 4.0))
    assert len(y._made) == 5 < len(whole._made)
    assert type(y.grad_fn) is type(whole.grad_fn)
    assert y.grad_fn.next_functions[0] == whole.grad_fn.next_functions[0]
    assert y.grad_fn.next_functions[1] == (None, 0)
    assert y.grad_fn._saved_self is None
    assert y.grad_fn._saved_other.item() == 4.0
    y = applied(x, 4.0)
    for turn in (lambda g: g, lambda g: g.t()):  # of which the second goes by the formulas over Tensors
        (by_number,) = torch.autograd.grad(applied(x, 4.0), x, turn(torch.ones(2, 2)))
        (by_tensor,) = torch.autograd.grad(applied(x, torch.full((2, 2), 4.0)), x, turn(torch.ones(2, 2)))
        assert by_number.tolist() == by_tensor.tolist()
        assert by_number.stride() == by_tensor.stride()
    z = applied(y * y, 4.0).sum()
    (first,) = torch.autograd.grad(z, x, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), x)
    factor = 1 / 64 if divide else 64
    assert first.tolist() == (2 * x * factor).tolist()
    assert second.tolist() == [[2 * factor] * 2] * 2
    z = applied(x, 4.0).sum()
    z.backward()
    for again in (z.backward, lambda: torch.autograd.grad(z, x), lambda: torch.autograd.grad(z, x, create_graph=True)):
        with pytest.raises(RuntimeError, match="backward through the graph a second time"):
            again()
    z = applied(x, 4.0)
    made = z._made
    z.grad_fn
    assert made[0] is run_node
    (found,) = torch.autograd.grad(z.sum(), x)
    assert found.tolist() == [[0.25 if divide else 4.0] * 2] * 2
