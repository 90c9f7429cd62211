"""Hooks that run in a backward pass: on tensors, before and after a node, and the gradient that a non-leaf retains.

A replacement must look like what it replaces. The order is PyTorch's: the hooks of a tensor as they were registered, then
the retained gradient, which so is what the hooks made of it, then the node's own pre-hooks; its post-hooks after it ran.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .input_buffer import show, take_back

if TYPE_CHECKING:
    from .engine import GraphTask


def run_tensor_hooks(task: GraphTask, inputs: list[Any], nr: int, hooks: Any) -> None:
    """Tensor hooks, in order of registration; each may replace the gradient."""
    from .tensor import Tensor

    if not hooks:
        return
    tensor = show(task, inputs[nr])
    for hook in list(hooks.values()):
        result = hook(tensor)
        if result is None:
            continue
        if not isinstance(result, Tensor):
            raise TypeError(f"expected Variable, but hook returned '{type(result).__name__}'")
        check_hook_result(tensor, result, hook)
        tensor = result
    inputs[nr] = take_back(task, tensor)


def check_hook_result(old: Any, new: Any, hook: Any) -> None:
    """A replacement must look like what it replaces."""
    if old is None:
        return
    name = getattr(hook, "__name__", None) or type(hook).__name__
    if old._desc.dtype is not new._desc.dtype:
        raise RuntimeError(
            f"hook '{name}' has changed the type of value (was torch.{old._desc.dtype.legacy} got "
            f"torch.{new._desc.dtype.legacy})"
        )
    if old._desc.shape != new._desc.shape:
        raise RuntimeError(f"hook '{name}' has changed the size of value")


def retain(ref: Any, grad: Any) -> None:
    """Store the gradient of a non-leaf that asked for it: a row-major copy, later ones added out of place."""
    from . import dispatch as d

    tensor = ref()
    if tensor is None or grad is None:
        return
    tensor._grad = d.contiguous_copy(grad) if tensor._grad is None else tensor._grad + grad


def run_pre_hooks(task: GraphTask, hooks: Any, inputs: list[Any]) -> list[Any]:
    """Node pre-hooks: each may replace the tuple of incoming gradients."""
    values = tuple([show(task, g) for g in inputs])
    for hook in list(hooks.values()):
        result = hook(values)
        if result is not None:
            values = hook_tuple(result, values, hook)
    return [take_back(task, g) for g in values]


def run_post_hooks(task: GraphTask, hooks: Any, results: Any, inputs: list[Any]) -> Any:
    """Node post-hooks: each may replace the tuple of outgoing gradients."""
    outgoing = tuple([show(task, g) for g in results])
    incoming = tuple([show(task, g) for g in inputs])
    for hook in list(hooks.values()):
        result = hook(outgoing, incoming)
        if result is not None:
            outgoing = hook_tuple(result, outgoing, hook)
    return [take_back(task, g) for g in outgoing]


def hook_tuple(result: Any, old: tuple, hook: Any) -> tuple:
    """The tuple that a node hook returned, checked."""
    from .tensor import Tensor

    if isinstance(result, Tensor):
        result = (result,)
    if not isinstance(result, tuple):
        raise TypeError(f"expected Tensor, but hook returned '{type(result).__name__}'")
    name = getattr(hook, "__name__", None) or type(hook).__name__
    if len(result) != len(old):
        raise RuntimeError(
            f"hook '{name}' has returned an incorrect number of values (got {len(result)}, but expected {len(old)})"
        )
    for a, b in zip(old, result, strict=True):
        if b is not None and not isinstance(b, Tensor):
            raise TypeError(f"expected Tensor, but hook returned '{type(b).__name__}'")
        if a is not None and b is not None:
            check_hook_result(a, b, hook)
    return result
