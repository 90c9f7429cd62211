"""The part of a backward pass that nobody can watch: plain nodes and plain leaves, run without counting dependencies.

A node is made after the nodes that its edges lead to. So of all nodes reached, the one made last is ready: whatever leads
to it was made later still, and has run. It is also the one that PyTorch runs next. While the graph is a chain, which side
branches to leaves do not change, that is just the next node; only what else was reached waits in a heap.

A leaf says by no number when it is ready, and PyTorch accumulates at that moment. But nobody sees when, as long as no hook
and no user's formula runs and nothing fails. So the gradients of leaves wait, and are accumulated at the end, or when the
pass meets something that is not plain, or fails: then `settle` counts what is left, accumulates where nothing is left to
come, and hands the rest to the counting engine.

What can be seen afterwards is whether a gradient was stolen, and in which memory it was added up, and both depend on who
else held it at the time. A leaf that waits holds its gradient longer than one that accumulated at once. Where that would
make a difference, because somebody asks who holds a gradient that such a leaf holds too, the pass is not plain either.
"""

from __future__ import annotations

import sys
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any

from ..dtype import FROM_NUMPY
from ..nodes.graph import ACCUMULATE_SEQ, AccumulateGrad, NotPlain, having_extra
from ..nodes.records import node_of, with_memory
from ..plain_numpy import np
from .graph_task import next_task_id, plain_task
from .input_buffer import finished, grow, recall, summed
from .settling import accumulate_all, settle, share_versions

if TYPE_CHECKING:
    from .graph_task import GraphTask
    from .input_buffer import Sum

    Left = tuple[GraphTask, list[tuple[float, Any]]]  # what the counting engine takes: a state, and what is ready
    Arrival = tuple[Any, int, Any]  # a gradient that was not delivered: its node or record, which output, the gradient

_refcount = sys.getrefcount


def _calibrate() -> tuple[int, int]:
    """How many references a gradient has that a leaf waits with, and one that a variable of the caller holds and that was
    passed on: the numbers differ between Python versions.
    """
    leaves = {0: np.empty(2)}
    grad = leaves[0]
    waiting = _refcount(grad)
    leaves.clear()
    return waiting, _passed(grad)


def _passed(grad: Any) -> int:
    return _refcount(grad)


_WAITING, _PASSED = _calibrate()


class Waiting:
    """What was reached and has not run.

    A node waits by its number, whether somebody has looked at it or not. One that a user has numbered does not wait here.

    A gradient to which several were added is a list, [sum, how often it was written to], and nobody else holds the sum.
    """

    __slots__ = ("heap", "held", "leaves", "nodes", "shared")

    def __init__(
        self, nodes: dict[float, Any], heap: list[tuple[float, Any]], leaves: dict[AccumulateGrad, Any]
    ) -> None:
        self.nodes = nodes
        self.heap = heap  # of `nodes`, the one made last first
        self.leaves = leaves
        self.shared: Any = ()  # leaves whose one gradient somebody else held as it arrived
        self.held: dict[int, AccumulateGrad] | None = None  # those leaves, by the address of that gradient

    def keep(self, fn: Any, number: float, grad: Any) -> None:
        """Let a node wait that did so beside these."""
        self.nodes[number] = grad
        heappush(self.heap, (-number, fn))

    def reach(self, node: Any, edges: list[Any], careful: bool) -> list[Arrival]:
        """Deliver what a node passes on, [..., leaf or node, gradient]; what cannot be, if something is not plain.

        Whether somebody else holds a leaf's gradient is asked when all have been delivered, as PyTorch asks it.
        """
        leaves = self.leaves
        new = []
        while edges:
            grad = edges.pop()
            fn = edges.pop()
            if fn is None:
                continue
            if type(fn) is not AccumulateGrad:
                possible = self.at_node(fn, grad)
            elif fn in leaves:
                possible = self.add(leaves, fn, grad)
            else:
                leaf = fn.variable
                possible = leaf._extra is None and leaf._requires_grad and leaf._made is None
                if possible and not (careful and id(fn) in having_extra):
                    leaves[fn] = grad
                    new.append(fn)
                    continue
                possible = False
            if not possible:
                edges += [fn, grad]
                grad = None
                left = zip(edges[::2], edges[1::2], strict=True)
                arrivals = [(fn, number(node, fn), grad) for fn, grad in left if fn is not None]
                edges.clear()
                arrivals.reverse()
                break
            grad = None
        else:
            arrivals = []
        for fn in new:
            grad = leaves[fn]
            if _refcount(grad) > _WAITING:
                if self.held is None:
                    self.held, self.shared = {}, set()
                other = self.held.get(id(grad))
                if leaves.get(other) is grad:  # type: ignore[call-overload]
                    # Two leaves wait with one gradient: the second may steal it if the first is complete.
                    del leaves[fn]
                    arrivals.insert(0, (fn, 0, grad))
                else:
                    self.held[id(grad)] = fn
                    self.shared.add(fn)
        return arrivals

    def at_node(self, fn: Any, grad: Any) -> bool:
        """Keep a node's gradient; False if the node has several outputs, or it is in doubt who holds a gradient."""
        if type(fn) is list:
            number = fn[1]
        elif fn.multi or id(fn) in having_extra:
            return False
        else:
            number = fn.seq
        if number in self.nodes:
            return self.add(self.nodes, number, grad)
        self.nodes[number] = grad
        heappush(self.heap, (-number, fn))
        return True

    def add(self, slots: dict[Any, Any], key: Any, grad: Any) -> bool:
        """Add a further gradient to one that waits; False if it is in doubt who else holds that one."""
        old = slots[key]
        if type(old) is list:
            grow(old, grad)
            return True
        leaf = self.held.get(id(old)) if self.held else None
        if leaf is not None and leaf is not key and self.leaves.get(leaf) is old:
            return False  # memory to add to in place, if that leaf is complete
        del old
        total, in_place = summed(slots, key, grad)
        slots[key] = [total, int(in_place)]
        return True


def run(root: Any, nr: int, grad: Any, keep: bool, task: GraphTask | None = None) -> Left | None:
    """Run the pass from one root; what is left of it, for the counting engine, or None if nothing is.

    The seed `grad` is memory, or the `one` of its type. Such a pass begins without a state, since most need none.
    """
    nodes: dict[float, Any] = {}
    heap: list[tuple[float, Any]] = []  # of them, but for one: in most graphs no more than that one waits
    beside: Any = None
    beside_seq: Any = None  # its number, read once: of nodes of changing classes that takes CPython 215 instructions
    beside_grad: Any = None  # what waits for it, which to keep in `nodes` and to find there takes 600
    leaves: dict[AccumulateGrad, Any] = {}
    waiting = None  # of these, made when something is asked of them that is not simple
    sums: list[Sum] = []
    arrived = leaves.get
    careful = bool(having_extra)
    seed = grad if task is None else None
    last = None  # the node that led to this one, if this one did not wait
    node: Any = root
    fn: Any
    fn1 = grad1 = None
    try:
        while True:
            if type(node) is list:
                fn, grad, fn1, grad1 = node[0](node, grad, keep)
            elif careful and id(node) in having_extra:
                raise NotPlain
            else:
                fn, grad, fn1, grad1 = node.run(grad, keep)
            if grad is grad1 and grad is not seed and isinstance(grad, np.generic):
                grad = grad1 = with_memory(grad, fn, fn1)
            last = node
            if type(fn) is AccumulateGrad:
                found = arrived(fn)
                if type(found) is list:
                    grow(found, grad)
                    fn = grad = None
                elif found is None and first(leaves, fn, grad, careful):
                    fn = grad = None
                else:
                    waiting = waiting or Waiting(nodes, heap, leaves)
                    if beside is not None:
                        waiting.keep(beside, beside_seq, beside_grad)
                        beside = beside_seq = beside_grad = None
                    edges = [fn1, grad1, fn, grad]
                    fn = grad = fn1 = grad1 = found = None
                    if arrivals := waiting.reach(node, edges, careful):
                        raise NotPlain(arrivals)
            if fn1 is not None:
                if type(fn1) is AccumulateGrad:
                    found = arrived(fn1)
                    if type(found) is list:
                        grow(found, grad1)
                    elif found is not None:  # no other leaf waits with it (`Waiting.reach`)
                        found = None
                        leaves[fn1] = list(summed(leaves, fn1, grad1))
                    elif not first(leaves, fn1, grad1, careful):
                        waiting = waiting or Waiting(nodes, heap, leaves)
                        if beside is not None:
                            waiting.keep(beside, beside_seq, beside_grad)
                            beside = beside_seq = beside_grad = None
                        edges = [fn1, grad1, fn, grad]
                        fn = grad = fn1 = grad1 = found = None
                        if arrivals := waiting.reach(node, edges, careful):
                            raise NotPlain(arrivals)
                elif fn is None:
                    fn = fn1
                    grad = grad1
                else:
                    if grad is seed:  # as memory, of which views are windows
                        grad = FROM_NUMPY[seed.dtype].ones
                        grad1 = grad if grad1 is seed else grad1
                    seq = fn[1] if type(fn) is list else fn.seq
                    seq1 = fn1[1] if type(fn1) is list else fn1.seq
                    if seq <= seq1:  # the one made last is next
                        fn, grad, fn1, grad1 = fn1, grad1, fn, grad
                        seq1 = seq
                    found = beside_grad if seq1 == beside_seq else nodes.get(seq1) if nodes else None
                    if type(found) is list:
                        grow(found, grad1)
                    elif beside is None and found is None and type(fn1) is list:
                        beside, beside_seq, beside_grad = fn1, seq1, grad1
                    elif seq1 == beside_seq and waiting is None:
                        alone = [beside_grad]
                        found = beside_grad = None
                        beside_grad = list(summed(alone, 0, grad1))
                    else:
                        found = None
                        waiting = waiting or Waiting(nodes, heap, leaves)
                        if seq1 == beside_seq:
                            waiting.keep(beside, beside_seq, beside_grad)
                            beside = beside_seq = beside_grad = None
                        if not waiting.at_node(fn1, grad1):
                            raise NotPlain(both(node, (fn, grad), (fn1, grad1)))
                    found = None
                fn1 = grad1 = None
            if fn is not None:
                if beside is None and not heap:
                    node = fn
                    continue
                seq = fn[1] if type(fn) is list else fn.seq
                if (beside is None or (fn is not beside and seq > beside_seq)) and (not heap or -seq < heap[0][0]):
                    node = fn
                    continue
                if seq == beside_seq and waiting is None:
                    if type(beside_grad) is list:
                        grow(beside_grad, grad)
                    else:
                        alone = [beside_grad]
                        beside_grad = None
                        beside_grad = list(summed(alone, 0, grad))
                else:
                    waiting = waiting or Waiting(nodes, heap, leaves)
                    if seq == beside_seq:
                        waiting.keep(beside, beside_seq, beside_grad)
                        beside = beside_seq = beside_grad = None
                    if not waiting.at_node(fn, grad):
                        raise NotPlain([(fn, number(node, fn), grad)])
            last = None
            if beside is not None and (not heap or -beside_seq < heap[0][0]):
                node = beside
                grad = beside_grad
                beside = beside_seq = beside_grad = None
            elif heap:
                seq, node = heappop(heap)
                grad = nodes.pop(-seq)
            else:
                break
            if type(grad) is list:
                grad = finished(grad, sums)
    except NotPlain as reason:
        task = task or plain_task(root, keep, seed)
        recall(task, sums)
        if reason.args:
            (arrivals,) = reason.args
            last = node
        else:
            arrivals = [(node, nr if last is None else number(last, node), grad)]
            pass_over(leaves, last, node)
        grad = grad1 = found = None
        waiting = waiting or Waiting(nodes, heap, leaves)
        if beside is not None:
            waiting.keep(beside, beside_seq, beside_grad)
            beside_grad = None
        return task, settle(task, waiting, arrivals, last)
    except BaseException:
        task = task or plain_task(root, keep, seed)
        recall(task, sums)
        pass_over(leaves, last, node)
        waiting = waiting or Waiting(nodes, heap, leaves)
        if beside is not None:
            waiting.keep(beside, beside_seq, beside_grad)
            beside_grad = None
        settle(task, waiting, [(node, nr, None)])
        raise
    shared = () if waiting is None else waiting.shared
    if sums and any(ref() is not None for ref, _ in sums):
        task = task or plain_task(root, keep, seed)
        recall(task, sums)
    task, windows = accumulate_all(task, leaves, shared, root, keep, seed)
    if len(windows) > 1:
        share_versions(windows)
    if task is None:
        next_task_id()  # as each pass has one
    return None


def first(leaves: dict[AccumulateGrad, Any], fn: AccumulateGrad, grad: Any, careful: bool) -> bool:
    """Let a leaf wait with its first gradient; False if the leaf is not plain, or somebody else holds the gradient."""
    leaf = fn.variable
    if (
        _refcount(grad) > _PASSED
        or leaf._extra is not None
        or not leaf._requires_grad
        or leaf._made is not None
        or (careful and id(fn) in having_extra)
    ):
        return False
    leaves[fn] = grad
    return True


def both(node: Any, one: tuple[Any, Any], other: tuple[Any, Any]) -> list[Arrival]:
    """The gradients of two edges, each a pair of its node and gradient, in the order of the edges."""
    node, fn, fn1 = node_of(node), node_of(one[0]), node_of(other[0])
    if node.fn0 is not fn or fn is fn1:
        return [(fn1, node.nr0, other[1]), (fn, node.nr1, one[1])]
    return [(fn, node.nr0, one[1]), (fn1, node.nr1, other[1])]


def number(node: Any, fn: Any) -> int:
    """Which output of `fn` a node's edge leads to."""
    if type(fn) is list or not fn.multi or fn.num_outputs == 1:
        return 0
    return next(nr for target, nr in node_of(node).edges() if target is fn)


def pass_over(leaves: dict[AccumulateGrad, Any], sender: Any, node: Any) -> None:
    """Of a node that raises in place of a derivative: forget the leaves that are ready with it and after it, by its number."""
    if sender is None or type(node) is list or node.seq != ACCUMULATE_SEQ:
        return
    targets: list[Any] = [fn for fn, _ in node_of(sender).edges()]
    for fn in targets[targets.index(node) + 1 :]:
        leaves.pop(fn, None)
