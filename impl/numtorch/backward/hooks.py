"""Hooks that run in a backward pass: on tensors, before and after a node, and the gradient that a non-leaf retains.

A replacement must look like what it replaces. The order is PyTorch's: the hooks of a tensor as they were registered, then
the retained gradient, which so is what the hooks made of it, then the node's own pre-hooks; its post-hooks after it ran.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..tensor import Tensor
from .input_buffer import hand_out, show, take_in

if TYPE_CHECKING:
    from .graph_task import GraphTask


def run_tensor_hooks(task: GraphTask, inputs: list[Any], nr: int, hooks: Any) -> None:
    """Tensor hooks, in order of registration; each may replace the gradient."""

    if not hooks:
        return
    tensors, alone = hand_out(task, inputs, (nr,))
    for hook in list(hooks.values()):
        tensors[0] = checked(tensors[0], hook(tensors[0]), hook)
    take_in(task, inputs, (nr,), tensors, alone)


def checked(old: Any, new: Any, hook: Any) -> Any:
    """What a hook put in the place of a gradient, which must look like it; None keeps the gradient."""
    if new is None:
        return old
    if old is None:
        raise RuntimeError("can't replace a None gradient with a non-None value")
    if not isinstance(new, Tensor):
        raise TypeError(f"expected Variable, but hook returned '{type(new).__name__}'")
    if old._desc.dtype is not new._desc.dtype:
        raise RuntimeError(
            f"hook '{hook_name(hook)}' has changed the type of value (was {old._desc.dtype.type_string} got "
            f"{new._desc.dtype.type_string})"
        )
    if old._desc.shape != new._desc.shape:
        raise RuntimeError(f"hook '{hook_name(hook)}' has changed the size of value")
    return new


def hook_name(hook: Any) -> str:
    """A hook as error texts call it."""
    return getattr(hook, "__name__", "<unknown>")


def run_post_accumulate_hooks(leaf: Any) -> None:
    """Post-accumulate hooks; what one returns is checked like a gradient, and given to the next in the leaf's place."""
    tensor = leaf
    for hook in list(leaf._extra.post_hooks.values()):
        tensor = checked(tensor, hook(tensor), hook)
    if tensor is not leaf:
        raise RuntimeError("Tensor post accumulate grad hooks should return None.")


def retain(ref: Any, grad: Any) -> None:
    """Store the gradient of a non-leaf that asked for it: a row-major copy, later ones added out of place."""
    from .. import dispatch as d

    tensor = ref()
    if tensor is None or grad is None:
        return
    old = getattr(tensor, "_grad", None)
    tensor._grad = d.contiguous_copy(grad) if old is None else old + grad


def run_pre_hooks(task: GraphTask, hooks: Any, inputs: list[Any]) -> None:
    """Node pre-hooks: each may replace the tuple of incoming gradients; `inputs` is changed in place."""
    tensors, alone = hand_out(task, inputs, range(len(inputs)))
    tensors[:] = shown_to(hooks, tuple(tensors))
    take_in(task, inputs, range(len(inputs)), tensors, alone)


def run_post_hooks(task: GraphTask, hooks: Any, results: list[Any], inputs: list[Any]) -> list[Any]:
    """Node post-hooks: each may replace the tuple of outgoing gradients; `inputs` is emptied."""
    tensors, alone = hand_out(task, results, range(len(results)), inputs)
    given = tuple([show(task, g) for g in inputs])
    inputs.clear()
    tensors[:] = shown_to(hooks, tuple(tensors), given)
    del given
    take_in(task, results, range(len(results)), tensors, alone)
    return results


def shown_to(hooks: Any, grads: tuple, *others: tuple) -> tuple:
    """What hooks, each given what the one before it left, make of the gradients of a node; nothing here holds these then."""
    for hook in list(hooks.values()):
        grads = checked_tuple(grads, hook(grads, *others), hook)
    return grads


def checked_tuple(old: tuple, new: Any, hook: Any) -> tuple:
    """What a node hook put in the place of several gradients; None keeps them all."""
    if new is None:
        return old
    if not isinstance(new, tuple):
        raise TypeError(f"expected tuple, but hook returned '{type(new).__name__}'")
    if len(new) != len(old):
        raise RuntimeError(
            f"hook '{hook_name(hook)}' has returned an incorrect number of values (got {len(new)}, but expected "
            f"{len(old)})"
        )
    for before, after in zip(old, new, strict=True):
        checked(before, after, hook)
    return new
