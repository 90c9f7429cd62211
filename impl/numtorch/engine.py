"""One backward pass: dependency counts, a heap on sequence number, no recursion.

The order is PyTorch's: a node runs when all its consumers have run; among the ready ones the highest sequence number
first, and an AccumulateGrad as soon as it is ready. Gradients travel as raw arrays, or as Tensors when the gradient is
itself to be differentiated (`create_graph`); an undefined gradient is None. What is rare (hooks, captures, users' own
Functions) is met on the slow path, `call_function`, so that a plain node costs one `apply` and two dictionary operations.
"""

from __future__ import annotations

import heapq
import itertools
import sys
import threading
from typing import Any

import numpy as np

from . import grad_mode
from .accumulate import _OWNED, accumulate, accumulate_tensor
from .descriptor import Descriptor, expandable, reduction, sum_to
from .geometry import is_dense_like
from .graph import AccumulateGrad, Node

_task_ids = itertools.count().__next__
_refcount = sys.getrefcount
# In `_deliver` the gradient is held by one variable of each of three frames more than calibration had; measured below.
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
        self.versions: dict[Node, int] | None = None  # of gradients waiting for leaves, where not 0

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


def run_backward(roots: list[tuple[Node, int]], grads: list[Any], keep: bool, create_graph: bool,
                 inputs: list[tuple[Node, int]] | None = None, accumulate_inputs: bool = False) -> list[Any] | None:
    """Run the graph from `roots`, seeded with Tensors; the gradients captured at `inputs`, as Tensors or None."""
    raw = not create_graph
    deps = dependencies([node for node, _ in roots])
    task = GraphTask(keep, raw, deps, grads if raw else None)
    if inputs is not None:
        prune(task, roots, inputs, accumulate_inputs)
        if accumulate_inputs:
            task.captures = None
    buffers = task.buffers
    for (node, nr), grad in zip(roots, grads, strict=True):
        if grad is None:
            continue
        grad = validate(grad, node.descriptors()[nr], "GraphRoot", 0)
        value = grad._array if raw else grad
        if node.multi:
            add_to_slot(buffers, node, nr, value)
        else:
            old = buffers.get(node)
            buffers[node] = value if old is None else old + value
        del value
    heap: list[tuple[int, int, Node]] = []
    for i, node in enumerate(dict.fromkeys([node for node, _ in roots])):
        if node in deps and deps[node] == 0:
            heapq.heappush(heap, (-node.seq, i, node))
    if create_graph:
        task.enter()
    try:
        execute(task, heap, None)
        task.run_callbacks()
    finally:
        if task.entered:
            task.leave()
    return task.captured


def run_from_scalar(node: Node, seed: Any, keep: bool) -> None:
    """`loss.backward()` with nothing else asked for."""
    task = GraphTask(keep, True, dependencies([node]), None)
    task.buffers[node] = seed
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


def execute(task: GraphTask, heap: list[tuple[int, int, Node]], node: Node | None) -> None:
    """Run `node`, then all that is ready until nothing is."""
    deps_get = task.deps.get
    deps = task.deps
    buffers = task.buffers
    take = buffers.pop
    raw, keep = task.raw, task.keep
    plain = task.captures is None and task.needed is None
    heappush, heappop = heapq.heappush, heapq.heappop
    order = 0
    while True:
        if node is None:
            if not heap:
                return
            node = heappop(heap)[2]
        grad = take(node, None)
        arity = node.arity
        if plain and raw and grad is not None and node.extra is None and arity > 0 and not node.custom:
            if arity == 1:
                grad = node.apply(grad, keep)
                if node.writes_grad:
                    note_written(task, node)
                fn = node.fn0  # type: ignore[attr-defined]
                nr = node.nr0  # type: ignore[attr-defined]
                node = None
                if fn is None:
                    continue
                count = deps[fn] - 1
                deps[fn] = count
                if grad is not None:
                    if fn.multi:
                        add_to_slot(buffers, fn, nr, grad)
                    elif count == 0 and fn not in buffers:
                        if fn.accumulates and fn.extra is None:
                            leaf = fn.variable  # type: ignore[attr-defined]
                            if leaf._extra is None and leaf._requires_grad and leaf._grad_fn is None:
                                accumulate(leaf, grad, _refcount(grad) <= _HELD, task.user_grads)
                                if task.versions is not None:
                                    set_version(task.versions, fn, leaf)
                                continue
                        buffers[fn] = grad
                    elif fn in buffers:
                        if fn.accumulates:
                            add_to_leaf(task, fn, grad)
                        else:
                            buffers[fn] = buffers[fn] + grad
                    else:
                        buffers[fn] = grad
                if count == 0:
                    if not heap or -fn.seq < heap[0][0]:
                        node = fn
                    else:
                        order += 1
                        heappush(heap, (-fn.seq, order, fn))
                continue
            if arity == 2:
                grad, grad1 = node.apply(grad, keep)
                deliveries = [(node.fn1, node.nr1, grad1), (node.fn0, node.nr0, grad)]  # type: ignore[attr-defined]
                del grad1
            else:
                deliveries = list(zip(node.next_nodes, node.next_nrs, node.apply(grad, keep), strict=False))  # type: ignore
                deliveries.reverse()
        else:
            results = call_function(task, node, grad)
            if results is None:
                node = None
                continue
            deliveries = [(fn, nr, g) for (fn, nr), g in zip(node.edges(), results, strict=False)]
            deliveries.reverse()
            del results
            if node.writes_grad and raw:
                note_written(task, node)
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
                    add_to_slot(buffers, fn, nr, grad)
                else:
                    if fn in buffers:
                        if fn.accumulates or task.captures is not None:
                            add_to_leaf(task, fn, grad)
                        else:
                            buffers[fn] = buffers[fn] + grad
                    else:
                        buffers[fn] = grad
            if count == 0:
                order += 1
                heappush(heap, (-fn.seq, order, fn))
        del deliveries
        grad = None
        while heap:
            # Leaves that are ready run now, whatever else is.
            fn = heap[0][2]
            if not fn.accumulates:
                break
            heappop(heap)
            if plain and raw and fn.extra is None:
                leaf = fn.variable  # type: ignore[attr-defined]
                if leaf._extra is None and leaf._requires_grad and leaf._grad_fn is None:
                    grad = take(fn, None)
                    if grad is not None:
                        accumulate(leaf, grad, _refcount(grad) <= _HELD, task.user_grads)
                        if task.versions is not None:
                            set_version(task.versions, fn, leaf)
                        grad = None
                    continue
            call_function(task, fn, take(fn, None))


_HELD = 3  # the loop's variable, the call being prepared, and getrefcount's argument; see calibrate()


def calibrate() -> None:
    """Measure how many references the loop itself holds: the number differs between Python versions."""
    global _HELD
    grad = object()
    _HELD = _second(None, grad, _refcount(grad))


def _second(leaf: Any, grad: Any, count: int) -> int:
    return count


calibrate()
assert _OWNED >= 1


def add_to_slot(buffers: dict[Node, Any], fn: Node, nr: int, grad: Any) -> None:
    """Add a gradient for one output of a node that has several."""
    slots = buffers.get(fn)
    if slots is None:
        slots = buffers[fn] = [None] * fn.num_outputs
    slots[nr] = grad if slots[nr] is None else slots[nr] + grad


def add_to_leaf(task: GraphTask, fn: Node, grad: Any) -> None:
    """Add a second contribution to what waits for a leaf, and note the version that the sum has in PyTorch.

    PyTorch adds in place, which counts as a write, if nobody else holds the first contribution or its memory.
    """
    buffers = task.buffers
    old = buffers.pop(fn)
    alone = _refcount(old) <= 2 and (type(old) is not _ndarray or _owns_memory(old))
    versions = task.versions
    if versions is None:
        versions = task.versions = {}
    if task.raw and alone:
        versions[fn] = versions.get(fn, 0) + 1
        if type(old) is _ndarray and old.size > _LARGE:
            np.add(old, grad, out=old)
            buffers[fn] = old
            return
    else:
        versions.pop(fn, None)
    buffers[fn] = old + grad


def _owns_memory(array: Any) -> bool:
    """Whether nobody else sees the memory of a dense array: it may be a window, if what it looks into is gone."""
    base = array.base
    return (base is None or _refcount(base) <= 2) and (array.flags.forc or is_dense_like(array))


def note_written(task: GraphTask, node: Node) -> None:
    """The formula of this node writes into fresh memory, so its gradient has version 1."""
    fn = node.edges()[0][0]
    if fn is not None and fn not in task.buffers:
        if task.versions is None:
            task.versions = {}
        task.versions[fn] = 1


_LARGE = 4096  # elements; below that a new array is quicker than a call with out=
_ndarray = np.ndarray


def set_version(versions: dict[Node, int], fn: Node, leaf: Any) -> None:
    """A stolen sum keeps the version it got while contributions were added in place."""
    count = versions.pop(fn, 0)
    if count and leaf._grad._counter is None:
        leaf._grad._counter = [count]


def call_function(task: GraphTask, node: Node, buffer: Any) -> Any:
    """Run one node with everything that may be attached to it: hooks, captures, users' formulas, Tensors."""
    from .tensor import wrap

    raw = task.raw
    if not task.entered:
        task.enter()
    inputs = list(buffer) if node.multi and buffer is not None else [buffer] * node.num_outputs
    extra = node.extra
    del buffer
    task.executing = node
    hooks = (node.variable._extra.hooks if node.variable._extra is not None else None) if node.accumulates else None  # type: ignore
    if (extra is not None and (extra.tensor_pre_hooks or extra.retains_grad or extra.pre_hooks)) or hooks:
        tensors = [wrap(g) if raw and g is not None else g for g in inputs]
        if hooks:
            run_tensor_hooks(tensors, 0, hooks, node)
        if extra is not None:
            for nr, dictionary in extra.tensor_pre_hooks:
                run_tensor_hooks(tensors, nr, dictionary, node)
            for nr, ref in extra.retains_grad.items():
                retain(ref, tensors[nr])
        inputs = [g._array if raw and g is not None else g for g in tensors]
        del tensors
    captures = task.captures
    if captures is not None and node in captures:
        for nr, index in captures[node]:
            value = inputs[nr]
            captured = wrap(value) if raw and value is not None else value
            task.captured[index] = captured
            if raw and task.versions is not None and node in task.versions:
                captured._counter = [task.versions[node]]
    if task.needed is not None and node not in task.needed:
        return None
    if extra is not None and extra.pre_hooks:
        inputs = run_pre_hooks(extra.pre_hooks, inputs, raw)
    if node.accumulates:
        run_accumulate(task, node, inputs[0], raw)  # type: ignore[arg-type]
        if extra is not None and extra.post_hooks:
            for hook in list(extra.post_hooks.values()):
                hook((), tuple(wrap(g) if raw and g is not None else g for g in inputs))
        return None
    results = apply(node, inputs, raw, task.keep)
    if extra is not None and extra.post_hooks:
        results = run_post_hooks(extra.post_hooks, results, inputs, raw)
    if node.custom or extra is not None:
        results = validate_all(node, results, raw)
    if not task.keep:
        node.release()
    return results


def apply(node: Node, inputs: list[Any], raw: bool, keep: bool) -> Any:
    """The node's formula; a tuple in any case."""
    if node.custom:
        return node.apply_custom(inputs, raw)  # type: ignore[attr-defined]
    if all(g is None for g in inputs):
        return (None,) * len(node.edges())
    grad = inputs if node.multi else inputs[0]
    out = node.apply(grad, True) if raw else node.apply_tensors(grad)
    return (out,) if node.arity == 1 else out


def through_tensors(node: Node, grad: Any) -> Any:
    """A raw `apply` by way of the Tensor formulas: complex, mixed types, and whatever has no raw form."""
    from .tensor import wrap

    mode = grad_mode.state.grad
    grad_mode.set_grad(False)
    try:
        if isinstance(grad, list):
            out = node.apply_tensors([None if g is None else wrap(g) for g in grad])
        else:
            out = node.apply_tensors(wrap(grad))
        if node.arity == 1:
            out = (out,)
        results = []
        for (fn, nr), g in zip(node.edges(), out, strict=False):
            if g is not None and fn is not None:
                g = validate(g, fn.descriptors()[nr], type(node).__name__, 0)
            results.append(None if g is None else g._array)
    finally:
        grad_mode.set_grad(mode)
    return results[0] if node.arity == 1 else tuple(results)


def run_accumulate(task: GraphTask, node: AccumulateGrad, grad: Any, raw: bool) -> None:
    """AccumulateGrad, with the leaf's post-accumulate hooks."""
    leaf = node.variable
    if grad is None or not leaf.requires_grad:
        return
    if leaf._grad_fn is not None:
        raise RuntimeError("leaf variable has been moved into the graph interior")
    if raw:
        accumulate(leaf, grad, _refcount(grad) <= _HELD_BELOW, task.user_grads)
        if task.versions is not None:
            set_version(task.versions, node, leaf)
    else:
        accumulate_tensor(leaf, grad)
    extra = leaf._extra
    if extra is not None and extra.post_hooks:
        for hook in list(extra.post_hooks.values()):
            if hook(leaf) is not None:
                raise RuntimeError("Tensor post accumulate grad hooks should return None.")


_HELD_BELOW = 4  # run_accumulate's argument, its caller's list, the call being prepared, and getrefcount's argument


def run_tensor_hooks(tensors: list[Any], nr: int, hooks: Any, node: Node) -> None:
    """Tensor hooks, in order of registration; each may replace the gradient."""
    from .tensor import Tensor

    for hook in list(hooks.values()):
        result = hook(tensors[nr])
        if result is None:
            continue
        if not isinstance(result, Tensor):
            raise TypeError(f"expected Variable, but hook returned '{type(result).__name__}'")
        check_hook_result(tensors[nr], result, hook)
        tensors[nr] = result


def check_hook_result(old: Any, new: Any, hook: Any) -> None:
    """A replacement must look like what it replaces."""
    if old is None:
        return
    name = getattr(hook, "__name__", None) or type(hook).__name__
    if old._desc.dtype is not new._desc.dtype:
        raise RuntimeError(f"hook '{name}' has changed the type of value (was torch.{old._desc.dtype.legacy} got "
                           f"torch.{new._desc.dtype.legacy})")
    if old._desc.shape != new._desc.shape:
        raise RuntimeError(f"hook '{name}' has changed the size of value")


def retain(ref: Any, grad: Any) -> None:
    """Store the gradient of a non-leaf that asked for it."""
    tensor = ref()
    if tensor is None or grad is None:
        return
    tensor._grad = grad.clone() if tensor._grad is None else tensor._grad + grad


def run_pre_hooks(hooks: Any, inputs: list[Any], raw: bool) -> list[Any]:
    """Node pre-hooks: each may replace the tuple of incoming gradients."""
    from .tensor import wrap

    values = tuple(wrap(g) if raw and g is not None else g for g in inputs)
    for hook in list(hooks.values()):
        result = hook(values)
        if result is not None:
            values = hook_tuple(result, values, hook)
    return [g._array if raw and g is not None else g for g in values]


def run_post_hooks(hooks: Any, results: Any, inputs: list[Any], raw: bool) -> Any:
    """Node post-hooks: each may replace the tuple of outgoing gradients."""
    from .tensor import wrap

    outgoing = tuple(wrap(g) if raw and g is not None else g for g in results)
    incoming = tuple(wrap(g) if raw and g is not None else g for g in inputs)
    for hook in list(hooks.values()):
        result = hook(outgoing, incoming)
        if result is not None:
            outgoing = hook_tuple(result, outgoing, hook)
    return [g._array if raw and g is not None else g for g in outgoing]


def hook_tuple(result: Any, old: tuple, hook: Any) -> tuple:
    """The tuple that a node hook returned, checked."""
    from .tensor import Tensor

    if isinstance(result, Tensor):
        result = (result,)
    if not isinstance(result, tuple):
        raise TypeError(f"expected Tensor, but hook returned '{type(result).__name__}'")
    name = getattr(hook, "__name__", None) or type(hook).__name__
    if len(result) != len(old):
        raise RuntimeError(f"hook '{name}' has returned an incorrect number of values (got {len(result)}, but expected "
                           f"{len(old)})")
    for a, b in zip(old, result, strict=True):
        if b is not None and not isinstance(b, Tensor):
            raise TypeError(f"expected Tensor, but hook returned '{type(b).__name__}'")
        if a is not None and b is not None:
            check_hook_result(a, b, hook)
    return result


def validate_all(node: Node, results: Any, raw: bool) -> list[Any]:
    """Outputs of a user's formula, brought to the shapes and types of the operands or rejected."""
    from .tensor import wrap

    out = []
    edges = node.edges()
    if len(results) > len(edges) and any(g is not None for g in results[len(edges):]):
        raise RuntimeError(f"function {node.name()} returned an incorrect number of gradients (expected "
                           f"{len(edges)}, got {len(results)})")
    for i, ((fn, nr), g) in enumerate(zip(edges, results, strict=False)):
        if g is not None and fn is not None:
            tensor = wrap(g) if raw else g
            fixed = validate(tensor, fn.descriptors()[nr], "Function " + node.name(), i)
            if fixed is not tensor:
                g = fixed._array if raw else fixed
        out.append(g)
    return out


def validate(grad: Any, desc: Descriptor, who: str, index: int) -> Any:
    """A gradient Tensor with the shape and type of what it is the gradient of."""
    got = grad._desc
    if got is desc:
        return grad
    if got.shape != desc.shape:
        if not expandable(desc.shape, got.shape):
            raise RuntimeError(f"{who} returned an invalid gradient at index {index} - got {list(got.shape)} but expected "
                               f"shape compatible with {list(desc.shape)}")
        from .formulas import sum_to_size

        grad = sum_to_size(grad, desc.shape)
    if grad._desc.dtype is not desc.dtype:
        if grad._desc.dtype.is_complex and not desc.dtype.is_complex:
            grad = grad.real
        if grad._desc.dtype is not desc.dtype:
            grad = grad.to(desc.dtype)
    return grad


def call_node(node: Node, grads: tuple) -> Any:
    """Call a node as a function of its incoming gradients, as `y.grad_fn(g)` does."""
    if len(grads) != node.num_outputs and not node.custom:
        raise TypeError(f"expected {node.num_outputs} arguments, got {len(grads)} instead")
    if node.accumulates:
        if grad_mode.state.grad:
            accumulate_tensor(node.variable, grads[0])  # type: ignore[attr-defined]
        else:
            accumulate(node.variable, grads[0]._array, False, None)  # type: ignore[attr-defined]
        return None
    if node.custom:
        out = node.apply_custom(list(grads), False)  # type: ignore[attr-defined]
    else:
        out = node.apply_tensors(list(grads) if node.multi else grads[0])
    if node.arity == 1 and not node.custom:
        return out
    return out[0] if len(out) == 1 else tuple(out)


__all__ = ["reduction", "run_backward", "sum_to"]
