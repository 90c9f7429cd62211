"""Gradients on their way: several contributions added up, their versions, and the Tensors that users see them as.

What PyTorch's input_buffer.cpp does with a further contribution:

1. Grad mode is on (`create_graph`), or somebody watches writes (allow_mutation_on_saved_tensors, over Tensors always):
   added out of place.
2. The sum so far is dense, and nobody else holds it or its memory: added in place, which counts as a write, and the
   version travels on with the memory: through nodes that hand their gradient on as it is or as a view of it, into hooks,
   users' backward functions and captures, and into the `.grad` of a leaf that steals it.
3. Otherwise: added out of place. A seed is always held, and so is the memory of a view: by its base, which the view keeps
   alive, so that what `view`, `t` or `expand` return in backward is never written to.

The versions stand in `GraphTask.versions`, which is None until something is written to: by owner of the memory, weakly, so
that the table neither keeps memory alive nor counts as a holder.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from .. import grad_mode
from ..aliasing.views import NO_GRAD_MODE, as_view, counter_of, requires_grad, storage_of
from ..kernels.pointwise import addend
from ..levels import wrapped_of
from ..memory.descriptor import arrange, describe, plan_of
from ..memory.geometry import Memory, is_dense_like, laid_out, root_of
from ..memory.lazy import LAZY, Zeros
from ..plain_numpy import np
from ..tensor import wrap
from .dependencies import key_of

if TYPE_CHECKING:
    from ..nodes.graph import Node
    from .graph_task import GraphTask

    Sum = tuple[weakref.ref, int]  # memory in which gradients were added up, weakly, and how often it was written to

_refcount = sys.getrefcount
_ndarray = np.ndarray
_add = np.add


def summed(slots: Any, key: Any, grad: Any, apart: Any = None) -> tuple[Any, bool]:
    """The sum of `slots[key]` and a further contribution, and whether that wrote to memory that was there before.

    `apart` are the gradients that are no views, whatever memory they lie in (`GraphTask.apart`), as detached aliases are.
    """
    old = slots[key]
    slots[key] = None  # so that only `old` holds it
    grad = addend(grad)
    if type(old) is not _ndarray:
        if type(old) not in LAZY:  # a NumPy scalar stands for memory that it does not have
            return old + grad, _refcount(old) <= _ALONE
        if type(old) is Zeros:
            return old + grad, False
    elif _refcount(old) <= _ALONE and (old.base is None or (is_last(apart, old) and is_dense(old))):
        _add(old, grad, old)  # `old += grad` takes 650 instructions more
        return old, True
    mine, other = describe(old), describe(grad)
    if mine.plain and other.plain:
        return old + grad, False
    return arrange(old + grad, plan_of(mine, other).result)[0], False


def grow(total: list[Any], grad: Any) -> None:
    """Add a further gradient to a sum [sum, how often it was written to], which nobody else holds. Zeros are not written to."""
    total[1] += type(total[0]) is not Zeros
    total[0] += addend(grad)


def add(task: GraphTask, slots: Any, key: Any, grad: Any) -> None:
    """Add a further contribution to `slots[key]`."""
    if not task.raw:
        old = slots[key]
        slots[key] = None  # so that only `old` holds it
        in_place = task.tangents and _refcount(old) <= _ALONE and is_alone(old) and not grad_mode.watched()
        slots[key] = old.add_(grad) if in_place and wrapped_of(old) is wrapped_of(grad) is None else old + grad
        return
    total, in_place = summed(slots, key, grad, task.apart)
    if in_place:
        if type(total) is not _ndarray:
            total = np.array(total)
        written(task, total)
    slots[key] = total


def add_to_slot(task: GraphTask, fn: Node, nr: int, grad: Any) -> None:
    """Add a gradient for one output of a node that has several."""
    if fn.accumulates:
        grad = fn.converted(grad)  # type: ignore[attr-defined]
    key = key_of(fn)
    slots = task.buffers.get(key)
    if slots is None:
        slots = task.buffers[key] = [None] * fn.num_outputs
    if slots[nr] is None:
        slots[nr] = grad
    else:
        add(task, slots, nr, grad)


def is_alone(tensor: Any) -> bool:
    """Whether only this Tensor shows its memory, and all of it."""
    return _refcount(tensor._array) <= _ALONE and (tensor._array.base is None or is_last(None, tensor._array))


def is_dense(array: Any) -> bool:
    """Whether the elements, if there are any, fill one stretch of memory without holes or overlaps."""
    return array.flags.forc or is_dense_like(array)


def is_last(apart: dict[int, Any] | None, array: Any) -> bool:
    """Whether an array that has a base is the last that shows its memory: it is laid out there, or a detached alias."""
    base = array.base
    return (type(base) is Memory or is_apart(apart, array)) and _refcount(base) <= _OWNED


def _calibrate() -> tuple[int, int, int]:
    """How many references one variable makes, one more array, and a Tensor and a variable of its array: the numbers differ
    between Python versions.
    """
    old = laid_out((2,), (1,), np.dtype("f4"))
    base = old.base
    tensor = wrap(np.empty(2))
    array = tensor._array
    return _refcount(old), _refcount(base), _refcount(array)


_ALONE, _OWNED, _TOLD = _calibrate()
_LISTED = (lambda grads: _refcount(grads[0]))([np.empty(2)])  # what a list holds alone


def leave_aliases(task: GraphTask, grads: list[Any], positions: Sequence[int], others: int = 0) -> None:
    """Hand on a gradient that users saw, and that only a list holds but for them, at these positions, and so many others.

    Who else holds a gradient is asked of the Tensor that they saw. If that is gone, whatever holds the array are detached
    aliases, which to PyTorch are other objects over its memory.
    """
    grad = grads[positions[0]]
    if _refcount(grad) > _ALONE + len(positions) + others and type(grad) is _ndarray and seen_as(task, grad) is None:
        grad = grad[...]
        for nr in positions:
            grads[nr] = grad


def hand_out(
    task: GraphTask, grads: list[Any], positions: Sequence[int], beside: Sequence[Any] = ()
) -> tuple[list[Any], list[int]]:
    """Gradients as Tensors for hooks, and the positions of those that nothing holds but this list and what is `beside` it."""
    alone = []
    for nr in positions:
        give_memory(grads, nr)
        others = sum([g is grads[nr] for g in beside]) if beside else 0
        if _refcount(grads[nr]) <= _LISTED + others:
            alone.append(nr)
    return [show(task, grads[nr]) for nr in positions], alone


def give_memory(grads: list[Any], nr: int) -> None:
    """Memory for a number that users are about to see: theirs is what is computed next may be a view of."""
    if isinstance(grads[nr], np.generic):
        grads[nr] = np.asarray(grads[nr])


def take_in(task: GraphTask, grads: list[Any], positions: Sequence[int], tensors: list[Any], alone: list[int]) -> None:
    """Put into the list what hooks made of gradients, or left; `tensors` is emptied."""
    for nr, array in zip(positions, taken_back(task, tensors), strict=True):
        grads[nr] = array
    array = None
    if not task.raw:
        grads[:] = over_tensors(task, grads)
    for nr in alone:
        leave_aliases(task, grads, (nr,))


# ---- versions


def written(task: GraphTask, array: Any, times: int = 1) -> None:
    """Count writes to the memory of an array."""
    owner = array if array.base is None else root_of(array)
    versions = task.versions
    if versions is None:
        versions = task.versions = {}
    found = versions.get(id(owner))
    if found is not None and found[0]() is owner:
        found[1][0] += times
    else:
        versions[id(owner)] = (weakref.ref(owner), [times])


def one_for_both(task: GraphTask, grad: Any) -> Any:
    """A gradient that goes along two edges: with memory, of which leaves may steal windows, and these have one version."""
    if task.raw:
        if isinstance(grad, np.generic):
            grad = np.asarray(grad)
        count_together(task, grad)
    return grad


def count_together(task: GraphTask, array: Any) -> None:
    """One counter for all leaves that steal a part of this memory; that of a seed of the user's has one already."""
    if seed_of(task, array) is None:
        written(task, array, 0)


def finished(total: list[Any], sums: list[Sum]) -> Any:
    """A sum of gradients [sum, how often it was written to], which travels on in a plain pass."""
    array, writes = total
    if writes:
        if type(array) is not _ndarray:
            array = np.array(array)  # a NumPy scalar has no memory, and so no version
        sums.append((weakref.ref(array), writes))
    return array


def recall(task: GraphTask, sums: Iterable[Sum]) -> None:
    """Count the writes to those sums whose memory is left."""
    for ref, times in sums:
        owner = ref()
        if owner is not None:
            written(task, owner, times)


def counted_sum(task: GraphTask, total: list[Any]) -> Any:
    """Such a sum, with the version that its memory has."""
    sums: list[Sum] = []
    array = finished(total, sums)
    recall(task, sums)
    return array


def stamped(task: GraphTask, node: Node, results: Any) -> list[Any]:
    """The results of a node that writes to what it passes on, with versions; zeros without memory go on as Tensors.

    What operators make of such zeros hangs on dispatch: whether a number beside them counts as a tensor, and what is no zero
    any more. Formulas over arrays could only guess it.
    """
    out = [stamp(task, node, index, g) for index, g in enumerate(results)]
    if type(out[0]) is Zeros:
        go_over_tensors(task)
        return over_tensors(task, out)
    return out


def stamp(task: GraphTask, node: Node, index: int, grad: Any) -> Any:
    """The result of a formula that PyTorch's writes to in place; summed to another shape, it is a new one."""
    if node.counts_writes:
        counts = getattr(node, "written", None) if task.raw else None  # unset where the formula had arrays
        times = counts[index] if counts else 0
    else:
        times = node.writes_grad if node.writes_only in (None, index) else node.operand_writes
    if grad is None or not times:
        return grad
    if node.windows and not (node.fills_empty and grad.shape == (0,)):
        if task.raw:
            count_together(task, grad)
        return grad
    if node.fills_empty:
        fn, nr = node.edges()[index]
        if fn is not None:
            kind, own = node.desc.dtype, fn.descriptors()[nr].dtype
            if own is not (kind if own.is_complex else kind.to_real()):
                return grad  # which is a cast of what was written to
    if node.spares_watched and grad_mode.watched():
        return grad
    if node.arity == 2 and node.plan is not None and not node.writes_for_operand and made_anew(node.plan, index):
        return grad
    if node.adds_in_place and not grad.ndim and node.dim is not None and not node.keepdim:
        return grad  # which was summed to a number, after the addition
    if not task.raw:
        if grad._extra is not None and grad._extra.inference:
            return grad
        if grad._counter is None or node.writes_for_operand:  # a view of a sum has the sum's counter already
            grad._counter = [times]
        return grad
    if type(grad) is not _ndarray:
        grad = np.array(grad)
    written(task, grad, times)
    return grad


def made_anew(plan: Any, index: int) -> bool:
    """Whether the gradient of an operand is a sum or a cast of what the formula wrote to."""
    if index:
        return plan.reduce1 is not None or plan.desc1.dtype is not plan.result.dtype
    return plan.reduce0 is not None or plan.desc0.dtype is not plan.result.dtype


def version_counter(task: GraphTask, array: Any) -> list[int] | None:
    """The version counter of an array's memory, if it was written to or is a window into a seed of the user's."""
    if task.versions is not None:
        owner = root_of(array)
        found = task.versions.get(id(owner))
        if found is not None and found[0]() is owner:
            return found[1]
    seed = seed_of(task, array)
    return None if seed is None else counter_of(seed)


def seed_of(task: GraphTask, array: Any) -> Any:
    """The seed of the user's that an array is a window into."""
    for given in task.user_grads or ():
        if given is not None and shares_memory(given._array, array):
            return given
    return None


def viewed(task: GraphTask, array: Any) -> Any:
    """What a gradient is a view of, or None: the formulas of expand and permute, for example, return views of what arrives,
    a seed of the user's or what another formula made.
    """
    base = array.base
    if is_apart(task.apart, array):
        return None
    seed = seed_of(task, array)
    if seed is not None or type(base) is not _ndarray or type(array) is Zeros:
        return seed
    while type(base.base) is _ndarray:
        base = base.base
    found = seen_as(task, base)
    return wrap(base) if found is None else found


def is_apart(apart: dict[int, Any] | None, array: Any) -> bool:
    """Whether an array is a gradient that a user returned and that is no view: `apart` is the pass's (`GraphTask.apart`)."""
    found = None if apart is None else apart.get(id(array))
    return found is not None and found() is array


def seen_as(task: GraphTask, array: Any) -> Any:
    """The Tensor that somebody has seen an array as, and still holds; None if nobody does."""
    shown = seen(task) if task.shown is None else task.shown
    found = shown.get(id(array))
    tensor = None if found is None else found()
    return tensor if tensor is not None and tensor._array is array else None


def seen(task: GraphTask) -> dict[int, Any]:
    """The Tensors that users hold, weakly, by the array they are of: the seeds from the beginning."""
    if task.shown is None:
        task.shown = (
            {} if not task.user_grads else {id(t._array): weakref.ref(t) for t in task.user_grads if t is not None}
        )
    return task.shown


def shares_memory(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two arrays lie in one memory; that of empty ones has no extent, and is the same if the owner is."""
    return np.may_share_memory(one, other) or (not one.size and root_of(one) is root_of(other))


def set_version(task: GraphTask, leaf: Any) -> None:
    """A stolen gradient keeps the version that its memory has."""
    grad = leaf._grad
    if grad._counter is None and grad._extra is None:
        grad._counter = version_counter(task, grad._array)


# ---- the Tensors that users see


def show(task: GraphTask, array: Any) -> Any:
    """The Tensor that hooks, users' functions and captures get for a gradient: one object as long as somebody holds it.

    So `autograd.grad(y, y, g)` returns g itself, and an input given twice gets one object twice.
    """
    return array if array is None or not task.raw else shown_as(task, array)


def shown_as(task: GraphTask, array: Any) -> Any:
    """The Tensor that somebody has seen a gradient as, or that it is seen as now."""
    tensor = seen_as(task, array)
    if tensor is None:
        tensor = wrap(array)
        if task.versions is not None or task.user_grads:
            tensor._counter = version_counter(task, array)
        if array.base is not None and (base := viewed(task, array)) is not None:
            base._counter = tensor._counter or counter_of(base)
            share_counter(task, root_of(array), base._counter)  # one for all windows of its memory
            as_view(base, tensor, NO_GRAD_MODE)
        seen(task)[id(array)] = weakref.ref(tensor)
    return tensor


def taken_back(task: GraphTask, tensors: list[Any]) -> list[Any]:
    """The gradients in Tensors that a user's function returned or may have written to; the list is emptied.

    Arrays, unless there is something about a Tensor that an array cannot tell: then the pass goes over Tensors from here on.
    """
    if len(tensors) == 1 and is_as_shown(task, tensors[0]):
        return [tensors.pop()._array]
    for tensor in tensors if task.raw else ():
        if tensor is not None and tells_more(task, tensor):
            go_over_tensors(task)
            break
    if not task.raw:
        found = tensors[:]
        tensors.clear()
        return found
    arrays = []
    tensors.reverse()
    while tensors:
        tensor = tensors.pop()
        if tensor is None:
            arrays.append(None)
            continue
        counter = tensor._counter
        if counter is not None:  # even if nothing was written yet: a leaf that steals the memory shares its counter
            share_counter(task, root_of(storage_of(tensor)), counter)
        elif task.versions is not None:
            task.versions.pop(id(root_of(storage_of(tensor))), None)  # of `.data`, which counts anew
        array = tensor._array
        seen(task)[id(array)] = weakref.ref(tensor)
        if (tensor._extra is None or tensor._extra.base is None) and type(array) is _ndarray and array.base is not None:
            task.apart = task.apart or {}
            task.apart[id(array)] = weakref.ref(array)
        arrays.append(array)
    return arrays


def is_as_shown(task: GraphTask, tensor: Any) -> bool:
    """Whether a Tensor is what somebody was shown of memory of its own, and nobody has written to it."""
    if not task.raw or tensor is None or tensor._requires_grad:
        return False
    array = tensor._array
    return tensor._counter is None and type(array) is _ndarray and array.base is None and seen_as(task, array) is tensor


def share_counter(task: GraphTask, owner: Any, counter: list[int]) -> None:
    """Count writes to memory where those to a Tensor of it are."""
    if task.versions is None:
        task.versions = {}
    task.versions[id(owner)] = (weakref.ref(owner), counter)


def tells_more(task: GraphTask, tensor: Any) -> bool:
    """Whether a Tensor that a user returned is more than the numbers in its memory: it requires grad, is an inference tensor
    or zeros without memory, or another one over memory that somebody has seen as a Tensor already, or of the seed's.
    """
    extra, array = tensor._extra, tensor._array
    if (
        (tensor._requires_grad and requires_grad(tensor))
        or (extra is not None and extra.inference)
        or type(array) is Zeros
    ):
        return True
    found = seen_as(task, array)
    if found is not None:
        return found is not tensor
    base = None if extra is None else extra.base
    whole = seed_of(task, array) if base is None else seen_as(task, root_of(array))
    if whole is not None and whole is not base:
        return True
    return type(array) is _ndarray and _refcount(array) > _TOLD  # by an alias, which to PyTorch is another object


def go_over_tensors(task: GraphTask) -> None:
    """Let a pass go on over Tensors, as which users would see its gradients; whoever calls it sees to what is under way."""
    buffers = task.buffers
    for node, waiting in buffers.items():
        if type(waiting) is list:
            waiting[:] = over_tensors(task, waiting)
        else:
            buffers[node] = shown_as(task, waiting)
    task.raw = False
    task.tangents = True


def over_tensors(task: GraphTask, grads: list[Any]) -> list[Any]:
    """Gradients that are under way as the pass goes over to Tensors."""
    return [g if g is None or hasattr(g, "_desc") else shown_as(task, g) for g in grads]
