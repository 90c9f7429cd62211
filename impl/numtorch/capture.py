"""The plain pass of `autograd.grad`: gradients of leaves, over raw arrays or over Tensors, without counting or pruning.

Where every leaf that the graph leads to is asked for, every node is needed, and the order is that of plain_pass.py. Whether it
is so is seen on the way: nothing has happened until the end, since nothing is accumulated and what was saved is kept, so the
counting engine can begin anew. It also does where something is not plain, and where something fails, to fail in its order.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import Any

import numpy as np

from . import anomaly, grad_mode
from .geometry import turned
from .graph import AccumulateGrad, Node, NodeExtra, NotPlain
from .graph_task import GraphTask
from .input_buffer import add, show
from .tensor import wrap
from .views import current_grad_fn


def capture(task: GraphTask, node: Node, grad: Any, inputs: list[tuple[Any, int]]) -> list[Any] | None:
    """The gradients at the inputs, as Tensors or None, for a root with one output; None if it takes the counting engine."""
    if NodeExtra.alive.data:
        return None
    wanted = {fn for fn, _ in inputs}
    for fn in wanted:
        if type(fn) is not AccumulateGrad or fn.variable._extra is not None or fn.variable._node is not None:
            return None
    enters = not task.raw and (grad_mode.disabled or task.tangents)
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


def of_scalar(root: Any, leaf: Any, keep: bool, create_graph: bool) -> Any:
    """`autograd.grad` of one plain number by one plain leaf, with nothing else asked for; None if it takes the long way,
    and NotPlain if the plain pass was tried in vain.

    One number of many is often asked for: the rows of a Jacobian are.
    """
    desc = root._desc
    ref = leaf._accumulator
    if (
        desc.ndim
        or not desc.real
        or leaf._extra is not None
        or ref is None
        or leaf._node is not None
        or grad_mode.disabled
        or anomaly.enabled
        or NodeExtra.alive.data
    ):
        return None
    wanted, node = ref(), root._node if root._extra is None else current_grad_fn(root)
    if type(wanted) is not AccumulateGrad or not leaf._requires_grad or node is None or node.multi:
        return None
    task = GraphTask(keep, not create_graph, None)
    seed: Any = np.array(desc.dtype.one)
    seed = task.seeds = wrap(seed) if create_graph else seed
    try:
        found = gradients(task, node, seed, {wanted}).get(wanted)
    except Exception:  # NotPlain, or what the counting engine will raise too
        return NotPlain
    if found is None or task.versions is not None or type(found) is not np.ndarray or found.base is not None:
        return show(task, found)
    return wrap(found)


def gradients(task: GraphTask, node: Any, grad: Any, wanted: set[Any]) -> dict[Any, Any]:
    """What arrives at each leaf; NotPlain if at some that is not wanted."""
    raw = task.raw
    nodes: dict[Any, Any] = {}
    leaves: dict[Any, Any] = {}
    heap: list[tuple[int, Any]] = []
    ran = []
    while True:
        ran.append(node)
        if raw:
            if grad.ndim > 1 and turned(grad):
                raise NotPlain  # its strides would show, and the raw formulas have NumPy's
            fn, grad, fn1, grad1 = node.run(grad, True)
            if fn is None:
                fn, grad, fn1 = fn1, grad1, None
            if fn1 is None and not nodes and grad is not None and type(fn) is not AccumulateGrad:
                node = fn
                grad1 = None
                continue
            edges = [(fn1, grad1), (fn, grad)]
            grad1 = None
        else:
            edges = tensor_step(node, grad)
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


def tensor_step(node: Any, grad: Any) -> list[tuple[Any, Any]]:
    """A node's edges with their gradients as Tensors, the last first."""
    if not node.plain:
        raise NotPlain
    out = node.apply_tensors(grad)
    if node.arity == 1:
        return [(node.fn0, out)]
    edges = [(fn, g) for (fn, _), g in zip(node.edges(), out, strict=True)]
    edges.reverse()
    return edges
