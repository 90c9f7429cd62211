"""What leaves a plain pass: gradients for the leaves that are complete, and the rest for the counting engine.

Within the pass gradients are arrays, or lists [sum, how often it was written to], and no memory is anybody's own. Here they
become `.grad`, with the versions that PyTorch's have, over memory that others may write to.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable
from heapq import heappush
from typing import TYPE_CHECKING, Any

from ..memory.geometry import root_of
from ..nodes.graph import AccumulateGrad
from ..nodes.records import node_of
from ..plain_numpy import np
from ..tensor import Tensor
from .accumulate import accumulate
from .dependencies import dependencies, key_of, order
from .graph_task import plain_task
from .input_buffer import (
    _OWNED,
    add,
    add_to_slot,
    count_together,
    counted_sum,
    one_for_both,
    set_version,
    version_counter,
    written,
)
from .node_calls import looked_at

if TYPE_CHECKING:
    from .graph_task import GraphTask
    from .plain_pass import Arrival, Waiting

_new = object.__new__
_TENSOR = (Tensor,)
_ndarray = np.ndarray
_refcount = sys.getrefcount


def version(task: GraphTask, array: Any, writes: int) -> list[int] | None:
    """The version counter of a gradient that a leaf steals, a sum's after so many writes."""
    if writes:
        written(task, array, writes)
    return version_counter(task, array)


def any_is_shared(task: GraphTask, grads: Iterable[Any]) -> bool:
    """Whether a gradient is the seed of this pass as it began, which all passes share, or a window of such memory."""
    kind = task.kind
    if kind is None:
        return False
    for grad in grads:
        if type(grad) is not _ndarray or grad.base is None:
            if grad is kind.one or grad is kind.ones:
                return True
        elif not grad.flags.writeable and root_of(grad) is kind.ones:
            return True
    return False


def owned(task: GraphTask, grad: Any, known: dict[int, Any]) -> Any:
    """A gradient that others may write to: the seed of this pass, where it is the `one` or repeats the `ones` of all passes.

    Several nodes may have been given the one object, and then are again.
    """
    if not any_is_shared(task, (grad,)):
        return grad
    assert task.kind is not None
    if grad is task.kind.one or grad is task.kind.ones:
        return task.seed()
    if id(grad) not in known:
        known[id(grad)] = _ndarray(grad.shape, grad.dtype, task.seed(), 0, grad.strides)
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


def accumulate_all(
    task: GraphTask | None, leaves: dict[AccumulateGrad, Any], shared: Any, *begun: Any
) -> tuple[GraphTask | None, list[Any]]:
    """Accumulate what waits for leaves; which of the gradients they stole are windows of some memory.

    The state is made, of what the pass has `begun` with, where it is needed; `shared` are leaves with whose gradient somebody
    else was when it arrived.
    """
    versions = None if task is None else task.versions
    unseen = task is None or task.user_grads is None
    windows: list[Any] = []
    for fn, grad in leaves.items():
        leaf = fn.variable
        if unseen and leaf._grad is None and fn not in shared:
            if type(grad) is list:  # the sum is the leaf's now, and so is its version
                array, writes = grad
            else:
                array, writes = grad, 0
            desc = leaf._desc
            if (
                type(array) is _ndarray
                and desc.plain
                and array.dtype is desc.dtype.numpy
                and ((desc.ndim < 2 and array.base is None) or (array.strides == desc.steps and array.flags.writeable))
            ):
                # Stolen without asking what it is: it has the leaf's shape, or the accumulator were of another class.
                new = _new(*_TENSOR)
                new._array = array
                new._desc = desc
                new._requires_grad = False
                new._made = None
                new._grad = None
                new._counter = [writes] if writes else None
                if versions is not None:
                    new._counter = version(task, array, writes)
                elif type(base := array.base) is _ndarray and _refcount(base) > _OWNED:
                    windows.append(new)
                new._extra = None
                new._accumulator = None
                if leaf._grad is None:  # another thread may have been faster
                    leaf._grad = new
                    continue
        task = task or plain_task(*begun)
        deliver(task, fn, grad, fn not in shared)
    return task, windows


def share_versions(windows: list[Any]) -> None:
    """Give the gradients that are windows of one memory one version."""
    versions: dict[int, Any] = {}
    for grad in windows:
        grad._counter = versions.setdefault(id(root_of(grad._array)), [0])


def replace_all(waiting: Waiting, arrivals: list[Arrival], made_of: Callable[[Any], Any]) -> None:
    """Put what a function makes of each gradient that waits in its place, where nothing else may hold it."""
    for slots in (waiting.nodes, waiting.leaves):
        for fn in slots:
            slots[fn] = made_of(slots[fn])
    arrivals[:] = [(fn, nr, made_of(grad)) for fn, nr, grad in arrivals]  # the one list that holds them


def give_memory(task: GraphTask, waiting: Waiting, arrivals: list[Arrival]) -> None:
    """Put gradients that others may write to in the place of those that are not, where several are one again."""
    grads = [*waiting.nodes.values(), *waiting.leaves.values(), *[grad for _, _, grad in arrivals]]
    if len(set(map(id, grads))) == len(grads) and not any_is_shared(task, grads):
        return
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


def settle(task: GraphTask, waiting: Waiting, arrivals: list[Arrival], sender: Any = None) -> list[tuple[float, Any]]:
    """Count what is left to run, accumulate to the leaves to which nothing more comes, and put the rest in its place.

    `sender` is the node that the arrivals come from.
    """
    give_memory(task, waiting, arrivals)
    nodes, leaves = waiting.nodes, waiting.leaves
    left = dict.fromkeys(nodes)
    for fn, _, _ in arrivals:
        left[key_of(fn)] = fn
    for number, fn in waiting.heap:
        left[-number] = fn
    deps = task.deps = dependencies(left.values())
    buffers = task.buffers = {fn: complete(task, leaves.pop(fn)) for fn in list(leaves) if fn in deps}
    for grad in accumulate_all(task, leaves, waiting.shared)[1]:  # of which other leaves may still steal one
        count_together(task, grad._array)
        grad._counter = version_counter(task, grad._array)
    leaves.clear()
    for number in list(nodes):
        buffers[number] = complete(task, nodes.pop(number))
    arrivals.reverse()
    while arrivals:
        fn, nr, grad = arrivals.pop()
        key = key_of(fn)
        if type(fn) is not list and fn.multi:
            if sender is not None and fn.accumulates and not fn.converts:
                grad = looked_at(node_of(sender), fn, grad)
            add_to_slot(task, fn, nr, grad)
        elif key in buffers:
            add(task, buffers, key, grad)
        else:
            buffers[key] = grad
    heap: list[tuple[float, Any]] = []
    for key, fn in left.items():
        if deps[key] == 0:
            heappush(heap, (-order(fn), fn))
    return heap
