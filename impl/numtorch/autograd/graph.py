"""torch.autograd.graph: nodes, edges, and hooks on what is saved."""

from __future__ import annotations

import abc
import contextlib
import functools
import threading
from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from .. import grad_mode
from ..aliasing.views import bump, edge as _edge
from ..backward.graph_task import GraphTask, task_under_way
from ..device import device as cpu
from ..dtype import float32
from ..nodes import saved_hooks
from ..nodes.graph import Node as _Node
from ..nodes.handles import RemovableHandle
from ..tensor import Tensor
from .grad_mode import enable_grad
from .mutation import allow_mutation_on_saved_tensors

GradientEdge = namedtuple(
    "GradientEdge", ("node", "output_nr", "ownership_token"), defaults=(None,), module="torch.autograd.graph"
)


class Node(abc.ABC):
    """What is common to the nodes of a graph: for isinstance, since they are made by operators alone."""

    __module__ = "torch.autograd.graph"

    @abc.abstractmethod
    def name(self) -> str:
        """The name, `MulBackward0`."""

    @property
    @abc.abstractmethod
    def next_functions(self) -> tuple[tuple[Node | None, int], ...]:
        """(next node, which of its outputs), one for each differentiable operand."""

    @abc.abstractmethod
    def metadata(self) -> dict[str, Any]:
        """A dictionary for whatever the user wants to keep with the node."""

    @abc.abstractmethod
    def _sequence_nr(self) -> int: ...

    @property
    @abc.abstractmethod
    def _input_metadata(self) -> list[Any]: ...

    @abc.abstractmethod
    def _register_hook_dict(self, tensor: Tensor) -> None: ...

    @abc.abstractmethod
    def register_hook(self, fn: Callable[..., Any]) -> RemovableHandle:
        """Have fn called with the gradients that the node passed on, and with those that it was given."""

    @abc.abstractmethod
    def register_prehook(self, fn: Callable[..., Any]) -> RemovableHandle:
        """Have fn called with the gradients that the node is given."""

    @classmethod
    def __subclasshook__(cls, subclass: type) -> Any:
        return True if cls is Node and issubclass(subclass, _Node) else NotImplemented


class _Field(property):
    """An attribute that cannot be set, in pybind11's words."""

    def __set__(self, instance: Any, value: Any) -> None:
        raise AttributeError(f"property of '{type(instance).__name__}' object has no setter")


class _InputMetadata:
    """Shape and type of one forward output of a node; of what is not differentiable those of a 0-d tensor."""

    __module__ = "torch._C._autograd"
    __slots__ = ("_desc",)
    _desc: Any

    def __init__(self) -> None:
        raise TypeError("torch._C._autograd._InputMetadata: No constructor defined!")

    shape = _Field(lambda self: [] if self._desc is None else list(self._desc.shape))
    dtype = _Field(lambda self: float32 if self._desc is None else self._desc.dtype)
    device = _Field(lambda self: cpu("cpu"))
    is_nested_tensor = _Field(lambda self: False)
    is_cpp_nested_tensor = _Field(lambda self: False)


def input_metadata(desc: Any) -> _InputMetadata:
    """What `_input_metadata` has for one output; None for one that is not differentiable."""
    self = object.__new__(_InputMetadata)
    self._desc = desc
    return self


def get_gradient_edge(tensor: Any) -> GradientEdge:
    """The edge that the tensor's gradient flows along."""
    from .function_node import BackwardCFunction

    if not tensor.requires_grad:
        raise RuntimeError("It is not possible to get the gradient edge for a Tensor that does not require gradients")
    node, nr = _get_grad_fn_or_grad_acc(tensor), tensor.output_nr
    if not isinstance(node, BackwardCFunction):
        return GradientEdge(node, nr)
    with enable_grad():  # PyTorch holds a node made in Python by way of one made in C++; the token is that one
        return GradientEdge(node, nr, tensor.view_as(tensor).grad_fn)


def increment_version(tensor: Any) -> None:
    """Count a write that autograd did not see."""
    if not isinstance(tensor, (Tensor, Iterable)):
        raise RuntimeError("increment_version expect a Iterable[Tensor] as input")
    for t in (tensor,) if isinstance(tensor, Tensor) else tensor:
        if not isinstance(t, Tensor):
            raise RuntimeError("increment_version expects each element of the iterable to be a tensor")
        if not t.is_inference():  # inference tensors have no counter
            bump(t)


# ---- hooks on what is saved


class saved_tensors_hooks:
    """Inside, each tensor saved for backward is packed by one function and unpacked by another when it is read."""

    __module__ = "torch.autograd.graph"

    def __init__(self, pack_hook: Callable[[Tensor], Any], unpack_hook: Callable[[Any], Tensor]):
        self.pack_hook = pack_hook
        self.unpack_hook = unpack_hook

    def __enter__(self) -> None:
        saved_hooks._push_saved_tensors_default_hooks(self.pack_hook, self.unpack_hook)

    def __exit__(self, *exc: Any) -> None:
        saved_hooks._pop_saved_tensors_default_hooks()


class save_on_cpu(saved_tensors_hooks):
    """Keep what is saved on the CPU, where it is already; with `pin_memory` a copy of it."""

    __module__ = "torch.autograd.graph"

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda"):
        from ..creation import empty

        def pack_to_cpu(tensor: Any) -> Any:
            if not pin_memory:
                return tensor.device, tensor.cpu()
            copy: Any = empty(tensor.size(), dtype=tensor.dtype)
            return tensor.device, copy.copy_(tensor)

        def unpack_from_cpu(packed: Any) -> Any:
            device, tensor = packed
            return tensor.to(device, non_blocking=pin_memory)

        super().__init__(pack_to_cpu, unpack_from_cpu)


@contextlib.contextmanager
def disable_saved_tensors_hooks(error_message: str) -> Iterator[None]:
    """Inside, whoever uses saved_tensors_hooks gets an error with this message."""
    before = saved_hooks._saved_tensors_hooks_get_disabled_error_message()
    try:
        saved_hooks._saved_tensors_hooks_disable(error_message)
        yield
    finally:
        grad_mode.state.hooks_disabled = before


# ---- hooks on several gradients


class _MultiHandle(RemovableHandle):
    """Removes the hooks of several tensors."""

    __module__ = "torch.autograd.graph"

    def __init__(self, handles: tuple[RemovableHandle, ...]):
        self.handles = handles

    def remove(self) -> None:
        for handle in self.handles:
            handle.remove()

    def __getstate__(self) -> tuple[RemovableHandle, ...]:
        return self.handles

    def __setstate__(self, state: tuple[RemovableHandle, ...]) -> None:
        self.handles = state


def register_multi_grad_hook(
    tensors: Sequence[Tensor], fn: Callable[..., None], *, mode: str = "all"
) -> RemovableHandle:
    """Call fn with the gradients of all the tensors when the last is there, or (mode "any") with the first of them.

    A tensor that the backward does not reach has None in the list.
    """
    if mode not in ("all", "any"):
        raise ValueError(f"Expects mode to be one of ('all', 'any') but got {mode}")
    lock = threading.Lock()
    if mode == "any":
        called: set[int] = set()  # passes

        @functools.wraps(fn)
        def first(grad: Any) -> None:
            task = _task_of_hook()
            with lock:
                again = task.id in called
                called.add(task.id)
            if not again:
                fn(grad)

        return _MultiHandle(tuple([t.register_hook(first) for t in tensors if t.requires_grad]))
    nodes = [_get_grad_fn_or_grad_acc(t) for t in tensors]
    expected = 0  # of the pass that began last, for all of them: so it is in PyTorch
    seen: dict[int, int] = {}  # pass -> how many gradients came
    gradients: dict[int, list[Any]] = {}

    def hook(index: int) -> Callable[[Any], None]:
        def collect(grad: Any) -> None:
            nonlocal expected
            task = _task_of_hook()
            with lock:
                before = seen.get(task.id, 0)
                seen[task.id] = before + 1
                if not before:
                    gradients[task.id] = [None] * len(nodes)
                    expected = sum([task.will_execute(node) for node in nodes])
                mine = gradients[task.id]
            mine[index] = grad
            if before == expected - 1:
                fn(mine)
                del seen[task.id], gradients[task.id]

        return collect

    return _MultiHandle(tuple([t.register_hook(hook(i)) for i, t in enumerate(tensors)]))


def _task_of_hook() -> GraphTask:
    task = task_under_way()
    if task is None:
        raise AssertionError("expected this hook to be called inside a backward call")
    return task


def _get_grad_fn_or_grad_acc(t: Any) -> _Node:
    """The node that the gradient of a tensor, or of an edge, flows to."""
    if isinstance(t, GradientEdge):
        return t.node  # type: ignore[no-any-return]
    if t.requires_grad and t.grad_fn is None and (grad_mode.state.inference or t.is_inference()):
        # PyTorch asks a view, which has none then.
        raise AttributeError("'NoneType' object has no attribute 'next_functions'")
    node = _edge(t)[0] if t.requires_grad else None
    if node is None:
        raise AssertionError("Expected gradient function to be set")
    return node


# ---- what has no effect on a CPU, or without a compiler


def region_activation_memory_budget(budget: Any) -> Any:
    """Refused, as PyTorch does outside of torch.compile."""
    where = "torch.autograd.graph.region_activation_memory_budget"
    if isinstance(budget, bool) or not isinstance(budget, (int, float)):
        raise TypeError(f"{where}: expects a float, got {type(budget).__name__}")
    if not 0.0 <= budget <= 1.0:
        raise ValueError(f"{where}: must be in [0, 1], got {budget}")
    raise RuntimeError(f"{where} can only be used inside a torch.compile region; it has no effect in eager mode.")


def set_warn_on_accumulate_grad_stream_mismatch(enabled: bool) -> None:
    """Whether to warn of gradients that come from another stream: there are no streams here."""


def set_override_stale_capture_stream(enabled: bool) -> None:
    """What to do with streams that a CUDA graph does not capture: there are none here."""


__all__ = [
    "GradientEdge",
    "Node",
    "allow_mutation_on_saved_tensors",
    "disable_saved_tensors_hooks",
    "get_gradient_edge",
    "increment_version",
    "region_activation_memory_budget",
    "register_multi_grad_hook",
    "save_on_cpu",
    "saved_tensors_hooks",
    "set_override_stale_capture_stream",
    "set_warn_on_accumulate_grad_stream_mismatch",
]
