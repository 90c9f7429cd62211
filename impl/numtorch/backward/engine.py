"""One backward pass: dependency counts, a heap on sequence number, no recursion.

The order is PyTorch's: a node runs when all its consumers have run; among the ready ones the highest sequence number
first, and an AccumulateGrad as soon as it is ready. Gradients travel as raw arrays, or as Tensors when the gradient is
itself to be differentiated (`create_graph`); an undefined gradient is None. What is rare (hooks, captures, users' own
Functions) is met on the slow path, node_calls.py, so that a plain node costs one `apply` and two dictionary operations.
What becomes of several contributions to one gradient is in input_buffer.py.

Several AccumulateGrads may be ready at once. Their order is that of PyTorch's std::priority_queue, of which heapq moves the
elements alike as long as ties compare equal: hence the pairs (-sequence number, node), and nodes that are never less than
each other.

A node stands for itself or is still a record, which the loop runs as the plain passes do; the tables go by `key_of`.
"""

from __future__ import annotations

import sys
from heapq import heappop, heappush
from typing import Any

from .. import grad_mode
from ..aliasing.views import mark_inference, storage_of
from ..dtype import dtype
from ..memory.lazy import Zeros
from ..nodes.graph import ACCUMULATE_SEQ, AccumulateGrad, Node, having_extra
from ..nodes.records import node_of, run_node
from ..tensor import wrap
from . import anomaly, plain_pass
from .accumulate import HELD, accumulate
from .capture import capture
from .dependencies import dependencies, key_of, order
from .graph_task import GraphTask, current
from .input_buffer import add, add_to_slot, one_for_both, set_version, stamped
from .node_calls import call_function, call_node, looked_at, through_tensors, validate

_refcount = sys.getrefcount


def run_backward(
    roots: list[tuple[Node, int]],
    grads: list[Any],
    keep: bool,
    create_graph: bool,
    inputs: list[tuple[Node, int]] | None = None,
    accumulate_inputs: bool = False,
    tried: bool = False,
    tangents: bool = False,
) -> list[Any] | None:
    """Run the graph from `roots`, seeded with Tensors; the gradients captured at `inputs`, as Tensors or None.

    `tried`: the plain pass of `autograd.grad` was, in vain. With `tangents` it goes over Tensors, even if the gradient is
    not to be differentiable: they may have tangents.
    """
    tangents = tangents or steps_count(grads)
    raw = not create_graph and not tangents
    task = GraphTask(keep, raw, grads)
    if not raw:
        task.tangents = not create_graph
    task.roots = tuple([node for node, _ in roots])
    seeds = task.seeds = []
    arrivals = []
    for i, ((node, nr), grad) in enumerate(zip(roots, grads, strict=True)):
        if grad is not None:
            # A cast is what is shown of it, with its history if the seed requires grad.
            grad = node.converted(grad) if node.converts else validate(grad, node.descriptors()[nr], "", 0)
            grads[i] = grad
            seeds.append(storage_of(grad) if raw else grad)
            arrivals.append((node, nr, seeds[-1]))
    if len(roots) == len(arrivals) == 1 and not anomaly.enabled:
        node, nr = roots[0]
        if raw and inputs is None:
            left = plain_pass.run(node, nr, seeds[0], keep, task)
            if left is not None:
                finish(*left)
            return None
        if inputs is not None and not (accumulate_inputs or tried):
            captured = capture(task, node, seeds[0], inputs)
            if captured is not None:
                return captured
    if inputs is None:
        task.deps = dependencies(task.roots)
    else:
        prune(task, inputs, accumulate_inputs)
        if accumulate_inputs:
            task.captures = None
    buffers = task.buffers
    for node, nr, value in arrivals:
        if node.multi:
            add_to_slot(task, node, nr, value)
        elif (key := key_of(node)) in buffers:
            add(task, buffers, key, value)
        else:
            buffers[key] = value
    heap: list[tuple[float, Any]] = []
    for node in dict.fromkeys(task.roots):
        # A single root is ready even if it leads to no input: then only the hooks of its tensor run.
        if task.deps.get(key_of(node)) == 0 or len(roots) == 1:
            heappush(heap, (-order(node), node))
    finish(task, heap)
    return task.captured


def steps_count(grads: list[Any]) -> bool:
    """Whether the pass goes over Tensors, although its gradients are not to be differentiated: where inference tensors and
    others meet, and where zeros have no memory. Of arrays nobody could tell which is which, formulas over inference tensors
    count what they write, and what operators make of such zeros and of numbers is decided by dispatch. Where somebody watches
    writes some formulas are others.
    """
    if grad_mode.disabled and (grad_mode.state.inference or grad_mode.watched()):
        return True
    given = [g for g in grads if g is not None]
    return any((g._extra is not None and g._extra.inference) or type(g._array) is Zeros for g in given)


def run_from_scalar(node: Any, kind: dtype, keep: bool) -> None:
    """`loss.backward()` with nothing else asked for; its node may be a record."""
    if anomaly.enabled or (grad_mode.disabled and (grad_mode.watched() or grad_mode.state.inference)):
        seed = wrap(kind.one)
        if grad_mode.state.inference:
            mark_inference(seed)
        run_backward([(node_of(node), 0)], [seed], keep, False)
        return
    left = plain_pass.run(node, 0, kind.one, keep)
    if left is not None:
        finish(*left)


def finish(task: GraphTask, heap: list[tuple[float, Any]]) -> None:
    """Run the rest of a pass, and what it queued to be run at its end."""
    try:
        execute(task, heap)
        task.run_callbacks()
    except BaseException:
        if anomaly.enabled:
            anomaly.explain(task.executing)
        raise
    finally:
        if task.entered:
            task.leave()


def prune(task: GraphTask, inputs: list[tuple[Node, int]], run_inputs: bool) -> None:
    """Keep only the nodes on a path to the requested inputs: the others are never counted down, so never run."""
    parents: dict[Node, list[Node]] = {}
    reached = dict.fromkeys(task.roots)
    left = list(reached)
    while left:
        node = left.pop()
        for fn, _ in node.edges():
            if fn is not None:
                parents.setdefault(fn, []).append(node)
                if fn not in reached:
                    reached[fn] = None
                    left.append(fn)
    wanted = dict.fromkeys(node for node, _ in inputs)
    needed: set[Node] = set(wanted) if run_inputs else set()
    stack = list(wanted)
    seen = set(wanted)
    while stack:
        for parent in parents.get(stack.pop(), ()):
            needed.add(parent)
            if parent not in seen:
                seen.add(parent)
                stack.append(parent)
    task.needed = needed
    task.asked = seen
    task.deps = {key_of(node): len(parents.get(node, ())) for node in seen}
    task.captures = {}
    for index, (node, nr) in enumerate(inputs):
        task.captures.setdefault(node, []).append((nr, index))
    task.captured = [None] * len(inputs)


def execute(task: GraphTask, heap: list[tuple[float, Any]]) -> None:
    """Run what is ready until nothing is."""
    deps, buffers = task.deps, task.buffers
    plain = task.raw and task.needed is None and not anomaly.enabled
    edges: list[Any] = []  # what a node passes on: for each edge, the last first, a gradient, which edge, and its end
    while heap:
        node: Any = heappop(heap)[1]
        if type(node) is list and node[0] is run_node:
            node = node_of(node)
        key = key_of(node)
        grad = buffers.pop(key, None)
        results: Any = None
        if not plain or grad is None or id(node) in having_extra:
            buffers[key] = grad  # the only reference from here on: a gradient is asked who else holds it
            grad = None
            results = call_function(task, node_of(node))
        elif type(node) is list or node.pairs:
            fn, grad, fn1, grad1 = node[0](node, grad, task.keep) if type(node) is list else node.run(grad, task.keep)
            if grad is grad1:
                grad = grad1 = one_for_both(task, grad)
            edges += (grad1, 1, fn1, grad, 0, fn)
            grad = grad1 = None
        elif type(node) is AccumulateGrad and is_plain(node.variable):
            accumulate(node.variable, grad, _refcount(grad) <= HELD)
            if task.versions is not None or task.user_grads is not None:
                set_version(task, node.variable)
            continue
        elif node.accumulates or node.custom:
            buffers[key] = grad
            grad = None
            results = call_function(task, node)
        else:
            results = node.apply(grad, task.keep)
            if node.arity == 1:
                results = (results,)
            if node.writes_grad and not (node.adds_in_place and any(g is None for g in grad)):
                results = stamped(task, node, results)
        plain = plain and task.raw
        if results is not None:
            grad = None
            if len(results) == 2 and results[0] is results[1] is not None:
                results = [one_for_both(task, results[0])] * 2
            for position, (fn, grad) in enumerate(zip(node_of(node).ends(), results, strict=False)):
                edges += (fn, position, grad)
            edges.reverse()
            results = grad = None
        while edges:
            # popped one by one, so that nothing here holds a gradient that is asked who else holds it
            fn, position, grad = edges.pop(), edges.pop(), edges.pop()
            if fn is None:
                continue
            key = number = fn[1] if type(fn) is list else fn.seq
            if key is ACCUMULATE_SEQ:
                key = fn
            count = deps.get(key)
            if count is None:  # pruned
                continue
            deps[key] = count = count - 1
            if grad is not None:
                if type(fn) is not list and fn.multi:
                    if fn.accumulates and not fn.converts:
                        grad = looked_at(node_of(node), fn, grad)
                    nr = 0 if fn.num_outputs == 1 else node_of(node).edges()[position][1]
                    add_to_slot(task, fn, nr, grad)
                elif key in buffers:
                    add(task, buffers, key, grad)
                else:
                    buffers[key] = grad
            if count == 0:
                if type(fn) is list or id(fn) in having_extra:
                    number = order(fn)
                heappush(heap, (-number, fn))
        grad = None


def is_plain(leaf: Any) -> bool:
    """Whether a leaf has nothing that its accumulator must see to."""
    return leaf._extra is None and leaf._requires_grad and leaf._made is None


__all__ = ["GraphTask", "call_node", "current", "run_backward", "run_from_scalar", "through_tensors", "validate"]
