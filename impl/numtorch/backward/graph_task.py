"""The state of one backward pass, and what the code that it runs may ask about it."""

from __future__ import annotations

import heapq
import itertools
import threading
from typing import Any

from .. import grad_mode
from ..dtype import FROM_NUMPY, dtype
from ..nodes.graph import Node
from ..nodes.records import node_of
from ..plain_numpy import np
from .dependencies import dependencies, key_of

next_task_id = itertools.count().__next__


class _Current(threading.local):
    task: GraphTask | None = None  # the pass whose code the thread is running


current = _Current()


def task_under_way() -> GraphTask | None:
    """The pass that runs the caller."""
    return current.task


FORGOTTEN = (
    'it != dependencies.end() INTERNAL ASSERT FAILED at "/__w/pytorch/pytorch/torch/csrc/autograd/engine.cpp"'
    ":477, please report a bug to PyTorch. "
)


class GraphTask:
    """The state of one backward pass.

    Grad mode and the thread's current task are set by `enter`, when the first piece of code runs that could look at
    them; a pass over plain nodes never does, and pays for neither.
    """

    # Most are as they are here to the end of most passes, which so need not set them.
    captures: dict[Node, list[tuple[int, int]]] | None = None
    captured: list[Any] | None = None
    needed: set[Node] | None = None
    asked: set[Node] | None = None  # what gradients are asked of: of what is needed, and of the inputs
    callbacks: list[Any] | None = None
    executing: Node | None = None
    entered = False
    seeds: Any = None  # held to the end, as PyTorch does, so that nothing adds to them in place
    kind: dtype | None = None  # of a plain pass without a seed of the user's: the type of the `one` that it began with
    versions: dict[int, tuple[Any, list[int]]] | None = None  # of memory that was written to, by its owner
    shown: dict[int, Any] | None = None  # the Tensors that users hold, by the array they are of
    apart: dict[int, Any] | None = (
        None  # gradients that users returned and that are no views, whatever memory they lie in
    )
    reached: dict[Any, int] | None = None  # every node behind the roots, once somebody asks
    keep: bool
    raw: bool
    user_grads: Any
    tangents = False  # whether it goes over Tensors because a dual level is entered: their gradients may have tangents
    roots: tuple[Any, ...]  # nodes or records
    depth: int  # how many passes this one is within
    outer: GraphTask | None
    outer_mode: bool
    careful: int  # how many reasons there were to be careful (grad_mode.py) when it set grad mode
    deps: dict[Any, int]  # by `key_of`, and so are
    buffers: dict[Any, Any]

    def __init__(self, keep: bool, raw: bool, user_grads: Any):
        self.id = next_task_id()
        self.keep = keep
        self.raw = raw
        self.user_grads = user_grads
        self.buffers = {}

    def enter(self) -> None:
        """Make this the thread's current pass, with grad mode on only if the gradient is to be differentiable."""
        self.entered = True
        self.outer = current.task
        self.depth = 0 if self.outer is None else self.outer.depth + 1
        self.outer_mode = self.set_mode()
        current.task = self

    def set_mode(self) -> bool:
        """Give the thread the grad mode of this pass, which ends what hooks have done to it; what it was."""
        was = grad_mode.set_grad(not (self.raw or self.tangents))
        self.careful = len(grad_mode.disabled)
        return was

    def leave(self) -> None:
        """Undo `enter`."""
        current.task = self.outer
        grad_mode.set_grad(self.outer_mode)
        self.entered = False

    def seed(self) -> Any:
        """The `one` that a plain pass began with as memory, which all that is computed from it shares."""
        if self.seeds is None:
            assert self.kind is not None
            self.seeds = np.array(self.kind.one)
        return self.seeds

    def run_callbacks(self) -> None:
        """What hooks queued to run at the end of the pass, and what those queue."""
        position = 0
        callbacks = self.callbacks
        self.executing = None
        while callbacks is not None and position < len(callbacks):
            callbacks[position]()
            position += 1

    def will_execute(self, node: Node) -> bool:
        """Whether the pass reaches a node and needs it; a single root does not count, since no edge leads to it."""
        if self.reached is None:
            self.reached = dependencies(self.roots)
        if key_of(node) not in self.reached or (len(self.roots) == 1 and node is node_of(self.roots[0])):
            return False
        if self.needed is None:
            return True
        captured = self.captures is not None and node in self.captures
        if captured and node.accumulates:
            raise RuntimeError(
                "A leaf node was passed to _will_engine_execute_node but we are currently running "
                "autograd.grad(). This is currently not supported."
            )
        return captured or node in self.needed

    def execution_order(self) -> list[Node]:
        """The nodes in the order in which they are going to run, as long as none has run yet."""
        deps = dict(self.deps)
        heap = [(-node.order(), node) for node in dict.fromkeys(map(node_of, self.roots))]
        heapq.heapify(heap)
        order = []
        while heap:
            node = heapq.heappop(heap)[1]
            order.append(node)
            for fn, _ in node.edges():
                key = None if fn is None else key_of(fn)
                if fn is None or (key not in deps and self.needed is not None):
                    continue
                if deps.get(key, 0) <= 0:  # PyTorch has forgotten the node by then
                    raise RuntimeError(FORGOTTEN)
                deps[key] -= 1
                if deps[key] == 0:
                    heapq.heappush(heap, (-fn.order(), fn))
        return order


def plain_task(root: Any, keep: bool, seed: Any) -> GraphTask:
    """The state of a plain pass that turns out to need one, and that began with this `one`."""
    task = GraphTask(keep, True, None)
    task.roots = (root,)
    task.kind = FROM_NUMPY[seed.dtype]
    return task
