"""The plain pass of `autograd.grad`: gradients of leaves, over raw arrays or over Tensors, without counting or pruning.

Where every leaf that the graph leads to is asked for, every node is needed, and the order is that of plain_pass.py. Whether it
is so is seen on the way: nothing has happened until the end, since nothing is accumulated and what was saved is kept, so the
counting engine can begin anew. It also does where something is not plain, and where something fails, to fail in its order.

The versions of memory that gradients were added up in are seen at the end only, if that memory is what arrived at a leaf.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any

from .. import grad_mode
from ..aliasing.views import current_grad_fn
from ..memory.descriptor import Descriptor, describe
from ..nodes import saved_hooks
from ..nodes.graph import AccumulateGrad, Node, NotPlain, having_extra
from ..nodes.records import run_node, with_memory
from ..plain_numpy import np
from ..tensor import Tensor, wrap
from .graph_task import GraphTask, next_task_id, plain_task
from .input_buffer import add, finished, grow, recall, show, summed
from .node_calls import validated
from .settling import owned

if TYPE_CHECKING:
    from .input_buffer import Sum

_new = object.__new__
_TENSOR = (Tensor,)
_ndarray = np.ndarray
# What the counting engine raises too, in its order. All else is a fault of this pass, and is not to be hidden by the long way.
IN_VAIN = (NotPlain, RuntimeError, Warning)


def capture(task: GraphTask, node: Node, grad: Any, inputs: list[tuple[Any, int]]) -> list[Any] | None:
    """The gradients at the inputs, as Tensors or None, for a root with one output; None if it takes the counting engine."""
    if having_extra or (not task.raw and (saved_hooks.in_force or grad_mode.state.inference or grad._desc.zeros)):
        # Hooks would be called for each formula, also of those that come to where nothing is wanted; what formulas make
        # without an operator would be no inference tensor; and a number beside zeros without memory counts as a tensor, so
        # that each node's gradient may have to be brought to its operand's type.
        return None
    wanted = {fn for fn, _ in inputs}
    for fn in wanted:
        if type(fn) is not AccumulateGrad or fn.variable._extra is not None:
            return None
    if not task.raw:
        task.enter()
    try:
        leaves, sums = (
            over_arrays(node, grad, wanted, keep=task.keep) if task.raw else over_tensors(task, node, grad, wanted)
        )
    except IN_VAIN:
        return None
    finally:
        if task.entered:
            task.leave()
    found = [leaves.get(fn) for fn, _ in inputs]
    if not task.raw:
        return found
    if len(set(map(id, found))) == len(found):  # no two share memory by being one
        tensors = []
        for array, (fn, _) in zip(found, inputs, strict=True):
            if array is grad or (tensor := alone(array, sums, fn.desc)) is None:
                break
            tensors.append(tensor)
        else:
            return tensors
    for fn, total in leaves.items():
        if type(total) is list:
            leaves[fn] = finished(total, sums)
    recall(task, sums)
    return [show(task, leaves.get(fn)) for fn, _ in inputs]


def of_scalar(root: Any, leaf: Any, keep: bool, create_graph: bool) -> Any:
    """`autograd.grad` of one plain number by one plain leaf, with nothing else asked for; None if it takes the long way,
    and NotPlain if the plain pass was tried in vain.

    One number of many is often asked for: the rows of a Jacobian are.
    """
    desc = root._desc
    if (  # anomaly mode is one of the reasons for which `grad_mode.disabled` is not empty
        desc.ndim
        or not desc.real
        or leaf._extra is not None
        or leaf._made is not None
        or (ref := leaf._accumulator) is None
        or grad_mode.disabled
        or having_extra
    ):
        return None
    wanted, node = ref(), root._made if root._extra is None else current_grad_fn(root)
    if not leaf._requires_grad or node is None:
        return None
    seed = desc.dtype.one  # that of all passes, as plain_pass.py has it: memory of its own takes 1,800 instructions
    try:
        if create_graph:
            task = GraphTask(keep, False, None)
            return over_tensors(task, node, wrap(np.array(seed)), (wanted,))[0].get(wanted)
        leaves, sums = over_arrays(node, seed, (wanted,), keep=keep)
    except IN_VAIN:
        return NotPlain
    found = leaves.get(wanted)
    tensor = alone(found, sums, wanted.desc)
    if tensor is None:
        task = plain_task(node, keep, seed)
        return arrived(task, owned(task, found, {}), sums)
    next_task_id()  # as each pass has one
    return tensor


def alone(found: Any, sums: Iterable[Sum], desc: Descriptor) -> Tensor | None:
    """The Tensor of a gradient that is memory of its own, laid out as the leaf that `desc` describes; None of any other."""
    writes = 0
    if type(found) is list:
        found, writes = found
    if type(found) is not _ndarray or found.base is not None:
        return None
    for ref, times in sums:
        if ref() is found:
            writes += times
    new = _new(*_TENSOR)
    new._array = found
    new._desc = desc if desc.plain and found.strides == desc.steps else describe(found)
    new._requires_grad = False
    new._made = None
    new._grad = None
    new._counter = [writes] if writes else None
    new._extra = None
    new._accumulator = None
    return new


def arrived(task: GraphTask, found: Any, sums: Iterable[Sum]) -> Tensor | None:
    """The Tensor of what else arrived at the one leaf."""
    if type(found) is list:
        found = finished(found, sums)
    recall(task, sums)
    return show(task, found)


def over_arrays(node: Any, grad: Any, wanted: Container[Any], *, keep: bool) -> tuple[dict[Any, Any], Iterable[Sum]]:
    """What arrives at each leaf, a gradient or a list as `finished` takes; NotPlain if some arrives where none is wanted."""
    ran = []
    seed = grad
    while True:  # as long as the graph does not fork, no gradient waits for another
        if not keep:
            ran.append(node)
        fn, grad, fn1, grad1 = node[0](node, grad, True) if type(node) is list else node.run(grad, True)
        if fn is None:
            fn, grad, fn1 = fn1, grad1, None
        if fn1 is not None:
            break
        if type(fn) is AccumulateGrad:
            if fn not in wanted:
                raise NotPlain
            release(ran)
            return {fn: grad}, ()
        node = fn
    nodes: dict[float, Any] = {}
    leaves: dict[Any, Any] = {}
    heap: list[tuple[float, Any]] = []
    sums: list[Sum] = []
    while True:
        while type(fn) is AccumulateGrad:
            if fn in leaves:
                gather(leaves, fn, grad)
            elif fn not in wanted:
                raise NotPlain
            else:
                leaves[fn] = grad
            fn, grad, fn1, grad1 = fn1, grad1, None, None
        if fn1 is not None:
            if type(fn1) is not AccumulateGrad:
                if grad is grad1 and isinstance(grad, np.generic):
                    held = grad is seed
                    grad = grad1 = with_memory(grad, fn, fn1)
                    seed = grad if held else seed  # and is held to the end, as a seed is
                number = fn[1] if type(fn) is list else fn.seq
                if (fn1[1] if type(fn1) is list else fn1.seq) >= number:  # the one made last is next
                    fn, grad, fn1, grad1 = fn1, grad1, fn, grad
            if (found := reach(nodes, leaves, heap, wanted, fn1, grad1)) is not None:
                gather(*found, grad1)
            fn1 = grad1 = None
        if fn is not None:  # noqa: SIM102 - two questions: the second is a short cut
            if heap and -(fn[1] if type(fn) is list else fn.seq) >= heap[0][0]:
                if (found := reach(nodes, leaves, heap, wanted, fn, grad)) is not None:
                    gather(*found, grad)
                fn = grad = None
        if fn is not None:
            node = fn
        elif heap:
            number, node = heappop(heap)
            grad = nodes.pop(-number)
            if type(grad) is list:
                grad = finished(grad, sums)
        else:
            break
        if not keep:
            ran.append(node)
        fn, grad, fn1, grad1 = node[0](node, grad, True) if type(node) is list else node.run(grad, True)
        if fn is None:
            fn, grad, fn1 = fn1, grad1, None
    release(ran)
    return leaves, sums


def over_tensors(task: GraphTask, node: Any, grad: Any, wanted: Container[Any]) -> tuple[dict[Any, Any], Iterable[Sum]]:
    """The same over Tensors."""
    nodes: dict[float, Any] = {}
    leaves: dict[Any, Any] = {}
    heap: list[tuple[float, Any]] = []
    ran = []
    last = None
    while True:
        if type(node) is list and node[0] is run_node:
            node = node[2]
        ran.append(node)
        if type(node) is list:
            fns = node[3:5]
            grad = node[0].apply_tensors(node, grad)
        elif node.plain:
            grad = node.apply_tensors(grad)
            if node.arity == 1:
                fns = (node.next0,)
            else:
                grad = validated(node, grad)
                fns = (node.next0, node.next1) if node.arity == 2 else node.next_nodes
        else:
            raise NotPlain
        if type(grad) is not tuple:
            fn = fns[0]
        else:
            fn = None
            for other, g in zip(fns, grad, strict=True):
                if other is not None:
                    if fn is not None and (found := reach(nodes, leaves, heap, wanted, fn, last)) is not None:
                        add(task, *found, last)
                    fn, last = other, g
            grad = last
            last = g = None
        if fn is not None:
            if type(fn) is not AccumulateGrad and (not heap or -(fn[1] if type(fn) is list else fn.seq) < heap[0][0]):
                node = fn
                continue
            if (found := reach(nodes, leaves, heap, wanted, fn, grad)) is not None:
                add(task, *found, grad)
            grad = None
        if not heap:
            break
        number, node = heappop(heap)
        grad = nodes.pop(-number)
    if any(g._desc.dtype is not fn.desc.dtype for fn, g in leaves.items()):
        raise NotPlain  # of zeros without memory, which some node had saved
    if not task.keep:
        release(ran)
    return leaves, []


def release(ran: list[Any]) -> None:
    """Let all nodes forget what they saved."""
    for node in ran:
        if type(node) is list:
            node[0].release(node)
        else:
            node.release()


def reach(
    nodes: dict, leaves: dict, heap: list, wanted: Container[Any], fn: Any, grad: Any
) -> tuple[dict[Any, Any], Any] | None:
    """Let a gradient wait; the table and the key under which one waits for the same already, if one does."""
    if type(fn) is AccumulateGrad:
        if fn in leaves:
            return leaves, fn
        if fn not in wanted:
            raise NotPlain
        leaves[fn] = grad
    else:
        number = fn[1] if type(fn) is list else fn.seq
        if number in nodes:
            if type(fn) is not list and fn.multi:
                raise NotPlain  # each of its outputs has a gradient of its own
            return nodes, number
        nodes[number] = grad
        heappush(heap, (-number, fn))
    return None


def gather(slots: dict[Any, Any], key: Any, grad: Any) -> None:
    """Add a further raw gradient to one that waits: a list then, of which nobody else holds the sum."""
    old = slots[key]
    if type(old) is list:
        grow(old, grad)
        return
    del old
    total, in_place = summed(slots, key, grad)
    slots[key] = [total, int(in_place)]
