"""The plain pass of `autograd.grad`: gradients of leaves, over raw arrays or over Tensors, without counting or pruning.

Where every leaf that the graph leads to is asked for, every node is needed, and the order is that of plain_pass.py. Whether it
is so is seen on the way: nothing has happened until the end, since nothing is accumulated and what was saved is kept, so the
counting engine can begin anew. It also does where something is not plain, and where something fails, to fail in its order.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any

import numpy as np

from . import grad_mode
from .geometry import turned
from .graph import AccumulateGrad, Node, NodeExtra, NotPlain
from .input_buffer import add, show
from .tensor import wrap

if TYPE_CHECKING:
    from .engine import GraphTask


def capture(task: GraphTask, node: Node, grad: Any, inputs: list[tuple[Any, int]]) -> list[Any] | None:
    """The gradients at the inputs, as Tensors or None, for a root with one output; None if it takes the counting engine."""
    if NodeExtra.alive.data:
        return None
    wanted = {fn for fn, _ in inputs}
    for fn in wanted:
        if type(fn) is not AccumulateGrad or fn.variable._extra is not None or fn.variable._node is not None:
            return None
    enters = not task.raw and grad_mode.disabled
    if enters:
        task.enter()
    try:
        leaves = gradients(task, node, grad, wanted)
    except Exception:  # NotPlain, or what the counting engine will raise too
        task.versions = None
        return None
    finally:
        if enters:
            task.leave()
    if len(inputs) == 1 and task.raw and task.versions is None:
        found = leaves.get(inputs[0][0])
        if type(found) is np.ndarray and found.base is None and found is not grad:
            return [wrap(found)]  # what `show` would make of it
    return [show(task, leaves.get(fn)) for fn, _ in inputs]


def gradients(task: GraphTask, node: Any, grad: Any, wanted: set[Any]) -> dict[Any, Any]:
    """What arrives at each leaf; NotPlain if at some that is not wanted."""
    step = raw_step if task.raw else tensor_step
    nodes: dict[Any, Any] = {}
    leaves: dict[Any, Any] = {}
    heap: list[tuple[int, Any]] = []
    ran = []
    while True:
        ran.append(node)
        edges = step(node, grad)
        node = grad = None
        while edges:
            fn, grad = edges.pop()
            if fn is None:
                continue
            if grad is None:
                raise NotPlain
            if type(fn) is AccumulateGrad:
                if fn in leaves:
                    add(task, leaves, fn, grad)
                elif fn in wanted:
                    leaves[fn] = grad
                else:
                    raise NotPlain
            elif fn in nodes:
                add(task, nodes, fn, grad)
            elif not nodes and not edges:  # a chain: the next node need not wait
                node = fn
                break
            elif fn.multi:
                raise NotPlain
            else:
                nodes[fn] = grad
                heappush(heap, (-fn.seq, fn))
        if node is None:
            grad = None
            if not heap:
                break
            node = heappop(heap)[1]
            grad = nodes.pop(node)
    if not task.keep:
        for node in ran:
            node.release()
    return leaves


def raw_step(node: Any, grad: Any) -> list[tuple[Any, Any]]:
    """A node's edges with their gradients, the last first."""
    if grad.ndim > 1 and turned(grad):
        raise NotPlain  # its strides would show, and the raw formulas have NumPy's
    fn, grad, fn1, grad1 = node.run(grad, True)
    return [(fn1, grad1), (fn, grad)]


def tensor_step(node: Any, grad: Any) -> list[tuple[Any, Any]]:
    """The same over Tensors."""
    if not node.plain:
        raise NotPlain
    out = node.apply_tensors(grad)
    if node.arity == 1:
        return [(node.fn0, out)]
    edges = [(fn, g) for (fn, _), g in zip(node.edges(), out, strict=True)]
    edges.reverse()
    return edges
