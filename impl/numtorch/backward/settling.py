"""What leaves a plain pass: gradients for the leaves that are complete, and the rest for the counting engine.

Within the pass gradients are arrays, or lists [sum, how often it was written to], and no memory is anybody's own. Here they
become `.grad`, with the versions that PyTorch's have, over memory that others may write to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from heapq import heappush
from typing import TYPE_CHECKING, Any

from ..dtype import FROM_NUMPY
from ..memory.geometry import root_of
from ..nodes.graph import AccumulateGrad, Node
from ..nodes.records import node_of
from ..plain_numpy import np
from .accumulate import accumulate
from .dependencies import dependencies
from .input_buffer import add, add_to_slot, counted_sum, one_for_both, set_version, version_counter, written
from .node_calls import looked_at

if TYPE_CHECKING:
    from .graph_task import GraphTask
    from .plain_pass import Arrival, Waiting

_ndarray = np.ndarray


def version(task: GraphTask, array: Any, writes: int) -> list[int] | None:
    """The version counter of a gradient that a leaf steals, a sum's after so many writes."""
    if writes:
        written(task, array, writes)
    return version_counter(task, array)


def owned(task: GraphTask, grad: Any, known: dict[int, Any]) -> Any:
    """A gradient that others may write to: the seed of this pass, where it is the `one` or repeats the `ones` of all passes.

    Several nodes may have been given the one object, and then are again.
    """
    if type(task.seeds) is not _ndarray:
        return grad
    kind = FROM_NUMPY[task.seeds.dtype]
    ones = kind.ones
    if grad is ones or grad is kind.one:
        return task.seeds
    if type(grad) is not _ndarray or grad.flags.writeable:
        return grad
    if root_of(grad) is not ones:
        return grad
    if id(grad) not in known:
        known[id(grad)] = _ndarray(grad.shape, grad.dtype, task.seeds, 0, grad.strides)
    return known[id(grad)]


def deliver(task: GraphTask, fn: AccumulateGrad, grad: Any, alone: bool) -> None:
    """Accumulate what waited for a leaf; `alone`: nobody else held it as it arrived."""
    leaf = fn.variable
    writes = 0
    if type(grad) is list:
        alone = True
        if task.versions is None:  # the sum is the leaf's now, and so is its version
            grad, writes = grad
        else:
            grad = counted_sum(task, grad)
    else:
        grad = owned(task, grad, {})
    accumulate(leaf, grad, alone)
    if grad is leaf._grad._array and type(grad) is _ndarray and type(grad.base) is _ndarray:
        one_for_both(task, grad)  # one version for all leaves that steal a window of this memory
    new = leaf._grad
    if writes and grad is new._array:
        new._counter = [writes]
    elif task.versions is not None or task.user_grads is not None:
        set_version(task, leaf)


def replace_all(waiting: Waiting, arrivals: list[Arrival], made_of: Callable[[Any], Any]) -> None:
    """Put what a function makes of each gradient that waits in its place, where nothing else may hold it."""
    for slots in (waiting.nodes, waiting.leaves):
        for fn in slots:
            slots[fn] = made_of(slots[fn])
    arrivals[:] = [(fn, nr, made_of(grad)) for fn, nr, grad in arrivals]  # the one list that holds them


def give_memory(task: GraphTask, waiting: Waiting, arrivals: list[Arrival]) -> None:
    """Put gradients that others may write to in the place of those that are not, where several are one again."""
    known: dict[int, Any] = {}
    replace_all(waiting, arrivals, lambda grad: owned(task, grad, known))
    held = Counter(map(id, [*waiting.nodes.values(), *waiting.leaves.values(), *(grad for _, _, grad in arrivals)]))
    given: dict[int, Any] = {}

    def of_all(grad: Any) -> Any:
        """A gradient that waits in several places: one memory for all of them."""
        if held[id(grad)] < 2:
            return grad
        if id(grad) not in given:
            given[id(grad)] = one_for_both(task, grad)
        return given[id(grad)]

    replace_all(waiting, arrivals, of_all)


def complete(task: GraphTask, grad: Any) -> Any:
    """A gradient for the counting engine, which counts what was written to a sum."""
    return counted_sum(task, grad) if type(grad) is list else grad


def settle(
    task: GraphTask, waiting: Waiting, arrivals: list[Arrival], sender: Node | None = None
) -> list[tuple[int, Node]]:
    """Count what is left to run, accumulate to the leaves to which nothing more comes, and put the rest in its place.

    `sender` is the node that the arrivals come from.
    """
    give_memory(task, waiting, arrivals)
    reached = {-number: node_of(fn) for number, fn in waiting.heap}
    left = [*[reached[number] for number in waiting.nodes], *[fn for fn, _, _ in arrivals]]
    deps = task.deps = dependencies(left)
    buffers = task.buffers = {}
    for fn in list(waiting.leaves):
        if fn in deps:
            buffers[fn] = complete(task, waiting.leaves.pop(fn))
        else:
            deliver(task, fn, waiting.leaves.pop(fn), fn not in waiting.shared)
    for number in list(waiting.nodes):
        buffers[reached[number]] = complete(task, waiting.nodes.pop(number))
    arrivals.reverse()
    while arrivals:
        fn, nr, grad = arrivals.pop()
        if fn.multi:
            if sender is not None and fn.accumulates and not fn.converts:
                grad = looked_at(sender, fn, grad)
            add_to_slot(task, fn, nr, grad)
        elif fn in buffers:
            add(task, buffers, fn, grad)
        else:
            buffers[fn] = grad
    heap: list[tuple[int, Node]] = []
    for node in dict.fromkeys(left):
        if deps[node] == 0:
            heappush(heap, (-node.seq, node))
    return heap
