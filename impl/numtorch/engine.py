"""One backward pass: dependency counts, a heap on sequence number, no recursion.

The order is PyTorch's: a node runs when all its consumers have run; among the ready ones the highest sequence number
first, and an AccumulateGrad as soon as it is ready. Gradients travel as raw arrays, or as Tensors when the gradient is
itself to be differentiated (`create_graph`); an undefined gradient is None. What is rare (hooks, captures, users' own
Functions) is met on the slow path, node_calls.py, so that a plain node costs one `apply` and two dictionary operations.
What becomes of several contributions to one gradient is in input_buffer.py.

Several AccumulateGrads may be ready at once. Their order is that of PyTorch's std::priority_queue, of which heapq moves the
elements alike as long as ties compare equal: hence the pairs (-sequence number, node), and nodes that are never less than
each other.
"""

from __future__ import annotations

import heapq
import itertools
import sys
import threading
from typing import Any

import numpy as np

from . import grad_mode
from .accumulate import HELD, accumulate
from .dtype import dtype
from .graph import Node
from .input_buffer import add, add_to_slot, stamp, version_counter
from .node_calls import call_function, call_node, through_tensors, validate
from .views import storage_of

_task_ids = itertools.count().__next__
_refcount = sys.getrefcount
current = threading.local()


class GraphTask:
    """The state of one backward pass.

    Grad mode and the thread's current task are set by `enter`, when the first piece of code runs that could look at
    them; a pass over plain nodes never does, and pays for neither.
    """

    __slots__ = (
        "buffers",
        "callbacks",
        "captured",
        "captures",
        "deps",
        "entered",
        "executing",
        "id",
        "keep",
        "needed",
        "outer",
        "outer_mode",
        "raw",
        "seeds",
        "shown",
        "user_grads",
        "versions",
    )

    def __init__(self, keep: bool, raw: bool, deps: dict[Node, int], user_grads: Any):
        self.id = _task_ids()
        self.keep = keep
        self.raw = raw
        self.deps = deps
        self.buffers: dict[Node, Any] = {}
        self.captures: dict[Node, list[tuple[int, int]]] | None = None
        self.captured: list[Any] | None = None
        self.needed: set[Node] | None = None
        self.user_grads = user_grads
        self.callbacks: list[Any] | None = None
        self.executing: Node | None = None
        self.entered = False
        self.seeds: Any = None  # held to the end, as PyTorch does, so that nothing adds to them in place
        self.versions: dict[int, tuple[Any, list[int]]] | None = None  # of memory that was written to, by its owner
        self.shown: dict[int, Any] | None = None  # the Tensors that users hold, by the array they are of

    def enter(self) -> None:
        """Make this the thread's current pass, with grad mode on only if the gradient is to be differentiable."""
        self.entered = True
        self.outer = getattr(current, "task", None)
        self.outer_mode = grad_mode.state.grad
        current.task = self
        grad_mode.set_grad(not self.raw)

    def leave(self) -> None:
        """Undo `enter`."""
        current.task = self.outer
        grad_mode.set_grad(self.outer_mode)
        self.entered = False

    def run_callbacks(self) -> None:
        """What hooks queued to run at the end of the pass, and what those queue."""
        position = 0
        callbacks = self.callbacks
        while callbacks is not None and position < len(callbacks):
            callbacks[position]()
            position += 1


def run_backward(
    roots: list[tuple[Node, int]],
    grads: list[Any],
    keep: bool,
    create_graph: bool,
    inputs: list[tuple[Node, int]] | None = None,
    accumulate_inputs: bool = False,
) -> list[Any] | None:
    """Run the graph from `roots`, seeded with Tensors; the gradients captured at `inputs`, as Tensors or None."""
    raw = not create_graph
    deps = dependencies([node for node, _ in roots])
    task = GraphTask(keep, raw, deps, grads if raw else None)
    if inputs is not None:
        prune(task, roots, inputs, accumulate_inputs)
        if accumulate_inputs:
            task.captures = None
    buffers = task.buffers
    seeds = task.seeds = []
    for (node, nr), grad in zip(roots, grads, strict=True):
        if grad is None:
            continue
        grad = validate(grad, node.descriptors()[nr], "GraphRoot", 0)
        value = storage_of(grad) if raw else grad
        seeds.append(value)
        if node.multi:
            add_to_slot(task, node, nr, value)
        elif node in buffers:
            add(task, buffers, node, value)
        else:
            buffers[node] = value
        del value
    heap: list[tuple[int, Node]] = []
    for node in dict.fromkeys([node for node, _ in roots]):
        if node in deps and deps[node] == 0:
            heapq.heappush(heap, (-node.seq, node))
    if create_graph:
        task.enter()
    try:
        execute(task, heap, None)
        task.run_callbacks()
    finally:
        if task.entered:
            task.leave()
    return task.captured


def run_from_scalar(node: Node, kind: dtype, keep: bool) -> None:
    """`loss.backward()` with nothing else asked for."""
    nr = 0
    grad = seed = kind.one  # the seed is held to the end, so that nothing adds to it in place
    # As far as the graph is a chain there is nothing to count: whatever is reached is reached by this one way.
    while node.extra is None and not (node.custom or node.multi or node.writes_grad):
        arity = node.arity
        if arity == 1:
            grad = node.apply(grad, keep)
            nr, node = node.nr0, node.fn0  # type: ignore[attr-defined]
        elif arity == 2 and node.fn1 is None:  # type: ignore[attr-defined]
            grad = node.apply(grad, keep)[0]
            nr, node = node.nr0, node.fn0  # type: ignore[attr-defined]
        elif arity == 2 and node.fn0 is None:  # type: ignore[attr-defined]
            grad = node.apply(grad, keep)[1]
            nr, node = node.nr1, node.fn1  # type: ignore[attr-defined]
        elif node.accumulates and is_plain(node.variable):  # type: ignore[attr-defined]
            accumulate(node.variable, grad, _refcount(grad) <= HELD)  # type: ignore[attr-defined]
            return
        else:
            break
        if grad is None or node is None:
            break
    if node is None:
        return
    task = GraphTask(keep, True, dependencies([node]), None)
    if grad is seed:  # as an array, which hooks may see as one object
        grad = seed = np.array(seed)
    task.seeds = seed
    if node.multi and grad is not None:
        add_to_slot(task, node, nr, grad)
    else:
        task.buffers[node] = grad
    grad = None
    try:
        execute(task, [], node)
        if task.callbacks is not None:
            task.run_callbacks()
    finally:
        if task.entered:
            task.leave()


def dependencies(roots: list[Node]) -> dict[Node, int]:
    """How many edges lead to each node that can be reached from the roots."""
    deps: dict[Node, int] = dict.fromkeys(roots, 0)
    stack = list(deps)
    pop = stack.pop
    push = stack.append
    get = deps.get
    while stack:
        node = pop()
        arity = node.arity
        while arity == 1:  # a chain is followed without the stack
            node = node.fn0  # type: ignore[attr-defined]
            if node is None:
                break
            count = get(node)
            if count is not None:
                deps[node] = count + 1
                node = None
                break
            deps[node] = 1
            arity = node.arity
        if node is None or arity == 0:
            continue
        if arity == 2:
            for fn in (node.fn0, node.fn1):  # type: ignore[attr-defined]
                if fn is not None:
                    count = get(fn)
                    if count is None:
                        deps[fn] = 1
                        push(fn)
                    else:
                        deps[fn] = count + 1
        else:
            for fn in node.next_nodes:  # type: ignore[attr-defined]
                if fn is not None:
                    count = get(fn)
                    if count is None:
                        deps[fn] = 1
                        push(fn)
                    else:
                        deps[fn] = count + 1
    return deps


def prune(task: GraphTask, roots: list[tuple[Node, int]], inputs: list[tuple[Node, int]], run_inputs: bool) -> None:
    """Keep only the nodes on a path to the requested inputs: the others are never counted down, so never run."""
    deps = task.deps
    parents: dict[Node, list[Node]] = {}
    for node in deps:
        for fn, _ in node.edges():
            if fn is not None:
                parents.setdefault(fn, []).append(node)
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
    task.deps.clear()
    keep = needed | seen
    for node in list(parents) + [node for node, _ in roots]:
        if node in keep:
            deps.setdefault(node, 0)
    for node in keep:
        for parent in parents.get(node, ()):
            if parent in needed:
                deps[node] = deps.get(node, 0) + 1
    task.captures = {}
    for index, (node, nr) in enumerate(inputs):
        task.captures.setdefault(node, []).append((nr, index))
    task.captured = [None] * len(inputs)


def execute(task: GraphTask, heap: list[tuple[int, Node]], node: Node | None) -> None:
    """Run `node`, then all that is ready until nothing is."""
    deps_get = task.deps.get
    deps = task.deps
    buffers = task.buffers
    take = buffers.pop
    raw, keep = task.raw, task.keep
    plain = task.captures is None and task.needed is None
    heappush, heappop = heapq.heappush, heapq.heappop
    while True:
        if node is None:
            if not heap:
                return
            node = heappop(heap)[1]
        grad = take(node, None)
        arity = node.arity
        if plain and raw and grad is not None and node.extra is None and arity > 0 and not node.custom:
            if arity <= 2:
                if arity == 1:
                    grad = node.apply(grad, keep)
                    fn1 = None
                    if node.writes_grad:
                        grad = stamp(task, node, 0, grad)
                else:
                    grad, grad1 = node.apply(grad, keep)
                    fn1 = node.fn1  # type: ignore[attr-defined]
                    if node.writes_grad:
                        grad, grad1 = stamp(task, node, 0, grad), stamp(task, node, 1, grad1)
                fn = node.fn0  # type: ignore[attr-defined]
                nr = node.nr0  # type: ignore[attr-defined]
                if fn1 is not None:
                    if fn is None:  # one edge, the second
                        fn, nr, grad = fn1, node.nr1, grad1  # type: ignore[attr-defined]
                        grad1 = None
                    else:
                        nr1 = node.nr1  # type: ignore[attr-defined]
                        if grad is not None:
                            if fn.multi:
                                add_to_slot(task, fn, nr, grad)
                            elif fn in buffers:
                                add(task, buffers, fn, grad)
                            else:
                                buffers[fn] = grad
                        count = deps[fn] - 1
                        deps[fn] = count
                        if count == 0:
                            heappush(heap, (-fn.seq, fn))
                        fn, nr, grad = fn1, nr1, grad1
                        grad1 = None
                        if grad is not None:
                            if fn.multi:
                                add_to_slot(task, fn, nr, grad)
                            elif fn in buffers:
                                add(task, buffers, fn, grad)
                            else:
                                buffers[fn] = grad
                        count = deps[fn] - 1
                        deps[fn] = count
                        if count == 0:
                            heappush(heap, (-fn.seq, fn))
                        node = grad = None
                        continue
                node = None
                if fn is None:
                    continue
                count = deps[fn] - 1
                deps[fn] = count
                if grad is not None:
                    if fn.multi:
                        add_to_slot(task, fn, nr, grad)
                    elif fn in buffers:
                        add(task, buffers, fn, grad)
                    elif count == 0 and fn.accumulates and fn.extra is None:
                        leaf = fn.variable  # type: ignore[attr-defined]
                        if leaf._extra is None and leaf._requires_grad and leaf._grad_fn is None:
                            accumulate(leaf, grad, _refcount(grad) <= HELD)
                            if task.versions is not None or task.user_grads is not None:
                                set_version(task, leaf)
                            continue
                        buffers[fn] = grad
                    else:
                        buffers[fn] = grad
                if count == 0:
                    if not heap or -fn.seq < heap[0][0]:
                        node = fn
                    else:
                        heappush(heap, (-fn.seq, fn))
                continue
            results = node.apply(grad, keep)
            if node.writes_grad:
                results = [stamp(task, node, index, g) for index, g in enumerate(results)]
            deliveries = list(zip(node.next_nodes, node.next_nrs, results, strict=False))  # type: ignore[attr-defined]
            deliveries.reverse()
            del results
        elif plain and raw and grad is not None and node.accumulates and node.extra is None and is_plain(node.variable):  # type: ignore
            accumulate(node.variable, grad, _refcount(grad) <= HELD)  # type: ignore[attr-defined]
            if task.versions is not None or task.user_grads is not None:
                set_version(task, node.variable)  # type: ignore[attr-defined]
            node = grad = None
            continue
        else:
            buffers[node] = grad  # the only reference from here on: a gradient is asked who else holds it
            grad = None
            results = call_function(task, node)
            if results is None:
                node = None
                continue
            deliveries = [(fn, nr, g) for (fn, nr), g in zip(node.edges(), results, strict=False)]
            deliveries.reverse()
            del results
        node = None
        grad = None
        while deliveries:
            # popped one by one, so that nothing here holds a gradient that is asked who else holds it
            fn, nr, grad = deliveries.pop()
            if fn is None:
                continue
            count = deps_get(fn)
            if count is None:  # pruned
                continue
            count -= 1
            deps[fn] = count
            if grad is not None:
                if fn.multi:
                    add_to_slot(task, fn, nr, grad)
                elif fn in buffers:
                    add(task, buffers, fn, grad)
                else:
                    buffers[fn] = grad
            if count == 0:
                heappush(heap, (-fn.seq, fn))
        del deliveries


def is_plain(leaf: Any) -> bool:
    """Whether a leaf has nothing that its accumulator must see to."""
    return leaf._extra is None and leaf._requires_grad and leaf._grad_fn is None


def set_version(task: GraphTask, leaf: Any) -> None:
    """A stolen gradient keeps the version that its memory has."""
    if leaf._grad._counter is None:
        leaf._grad._counter = version_counter(task, leaf._grad._array)


__all__ = ["GraphTask", "call_node", "run_backward", "run_from_scalar", "through_tensors", "validate"]
