"""torch._C: the few names of PyTorch's C++ module that programs use."""

from types import SimpleNamespace
from typing import Any

from .aliasing.views import counter_of
from .backward.graph_task import GraphTask, current, task_under_way
from .calls.handlers import (
    DisableTorchFunction,
    DisableTorchFunctionSubclass,
    disabled_torch_function as _disabled_torch_function_impl,
)
from .grad_mode import is_fwd_grad_enabled as _is_fwd_grad_enabled, set_fwd_grad_enabled as _set_fwd_grad_enabled, state
from .levels import wrapped_of
from .nodes.graph import Node, sequence_nrs
from .nodes.saved_hooks import (
    SavedTensor,
    _pop_saved_tensors_default_hooks,
    _push_saved_tensors_default_hooks,
    _saved_tensors_hooks_disable,
    _saved_tensors_hooks_enable,
    _saved_tensors_hooks_get_disabled_error_message,
    _saved_tensors_hooks_is_enabled,
)


def _current_graph_task_id() -> int:
    """The number of the pass that runs the caller, or -1."""
    task = task_under_way()
    return -1 if task is None else task.id


def _current_autograd_node() -> Node | None:
    """The node that the pass is running."""
    task = task_under_way()
    return None if task is None else task.executing


def _needed_task(who: str) -> GraphTask:
    task = task_under_way()
    if task is None:
        raise RuntimeError(f"{who} should only be called during the backward pass")
    return task


def _current_graph_task_execution_order() -> list[Node]:
    """The nodes of the pass in the order in which they are going to run."""
    task = _needed_task("_current_graph_task_execution_order")
    if state.multithreading:
        raise RuntimeError(
            "get_current_graph_task_execution_order expects the current backward to be executed with multithreading "
            "disabled, e.g. by running:\n\n>>> with torch.autograd.set_multithreading_enabled(False):\n...     "
            "torch.autograd.grad(...)\n"
        )
    return task.execution_order()


def _will_engine_execute_node(node: Any) -> bool:
    """Whether the pass reaches a node and needs it."""
    if not isinstance(node, Node):
        raise RuntimeError(f"_will_engine_execute_node expects an grad_fn, but got {type(node).__name__}")
    return _needed_task("_get_should_execute_nodes").will_execute(node)


def _get_current_graph_task_keep_graph() -> bool:
    task = current.task
    return task is None or task.keep


def _is_multithreading_enabled() -> bool:
    """What set_multithreading_enabled says in this thread."""
    return state.multithreading


def _set_multithreading_enabled(enabled: Any) -> None:
    if not isinstance(enabled, bool):
        raise TypeError(
            f"set_multithreading_enabled(): argument 'enabled' (position 1) must be bool, not {type(enabled).__name__}"
        )
    state.multithreading = enabled


def _get_sequence_nr() -> int:
    """The number that the next node will have."""
    return int(sequence_nrs.__reduce__()[1][0])


def _unsafe_set_version_counter(tensors: tuple[Any, ...], versions: tuple[int, ...]) -> None:
    """Let each tensor, and all that share its memory, have the version given for it."""
    if len(tensors) != len(versions):
        raise RuntimeError(f"tensors_len={len(tensors)}, versions_len={len(versions)}")
    for tensor, version in zip(tensors, versions, strict=True):
        if version < 0:
            raise RuntimeError(f"Cannot set a version_counter to a value below 0: {version}")
        counter_of(tensor)[0] = version


def is_gradtrackingtensor(tensor: Any) -> bool:
    """Whether a tensor is one of the level of a grad, vjp or jvp, be that over or not."""
    wrapped = wrapped_of(tensor)
    return wrapped is not None and wrapped.bdim is None


def is_batchedtensor(tensor: Any) -> bool:
    """Whether a tensor stands for a batch, within a vmap."""
    wrapped = wrapped_of(tensor)
    return wrapped is not None and wrapped.bdim is not None


def is_functorch_wrapped_tensor(tensor: Any) -> bool:
    """Whether a tensor is one of the level of any transform."""
    return wrapped_of(tensor) is not None


def is_dead_tensor_wrapper(tensor: Any) -> bool:
    """Whether a tensor is one of the level of a grad, vjp or jvp that is over."""
    wrapped = wrapped_of(tensor)
    return wrapped is not None and wrapped.bdim is None and not wrapped.interpreter.alive


_functorch = SimpleNamespace(
    is_batchedtensor=is_batchedtensor,
    is_dead_tensor_wrapper=is_dead_tensor_wrapper,
    is_functorch_wrapped_tensor=is_functorch_wrapped_tensor,
    is_gradtrackingtensor=is_gradtrackingtensor,
)

_autograd = SimpleNamespace(
    SavedTensor=SavedTensor,
    _get_sequence_nr=_get_sequence_nr,
    _get_current_graph_task_keep_graph=_get_current_graph_task_keep_graph,
    _pop_saved_tensors_default_hooks=_pop_saved_tensors_default_hooks,
    _push_saved_tensors_default_hooks=_push_saved_tensors_default_hooks,
    _saved_tensors_hooks_disable=_saved_tensors_hooks_disable,
    _saved_tensors_hooks_enable=_saved_tensors_hooks_enable,
    _saved_tensors_hooks_get_disabled_error_message=_saved_tensors_hooks_get_disabled_error_message,
    _saved_tensors_hooks_is_enabled=_saved_tensors_hooks_is_enabled,
    _unsafe_set_version_counter=_unsafe_set_version_counter,
)

__all__ = [
    "DisableTorchFunction",
    "DisableTorchFunctionSubclass",
    "_autograd",
    "_functorch",
    "_disabled_torch_function_impl",
    "_is_fwd_grad_enabled",
    "_set_fwd_grad_enabled",
]
