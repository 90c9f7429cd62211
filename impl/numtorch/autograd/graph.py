"""torch.autograd.graph: nodes, edges, and hooks on what is saved."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from .. import engine, saved
from ..dtype import float32
from ..graph import Node, RemovableHandle, edge as _edge
from ..saved import SavedTensor
from ..tensor import Tensor
from ..views import bump

GradientEdge = namedtuple(
    "GradientEdge", ("node", "output_nr", "ownership_token"), defaults=(None,), module="torch.autograd.graph"
)


class _InputMetadata:
    """Shape and type of one forward output of a node; of what is not differentiable those of a 0-d tensor."""

    __module__ = "torch._C._autograd"

    def __init__(self, desc: Any):
        self.shape = [] if desc is None else list(desc.shape)
        self.dtype = float32 if desc is None else desc.dtype
        self.is_nested_tensor = False
        self.is_cpp_nested_tensor = False


def get_gradient_edge(tensor: Any) -> GradientEdge:
    """The edge that the tensor's gradient flows along."""
    if not tensor.requires_grad:
        raise RuntimeError("It is not possible to get the gradient edge for a Tensor that does not require gradients")
    node, nr = _edge(tensor)
    assert node is not None
    # PyTorch holds a node made in Python by way of one made in C++; the token is that one.
    return GradientEdge(node, nr, tensor.view_as(tensor).grad_fn if node.custom else None)


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
        if saved.disabled is not None:
            raise RuntimeError(saved.disabled)
        saved.push_hooks(self.pack_hook, self.unpack_hook)

    def __exit__(self, *exc: Any) -> None:
        saved.pop_hooks()


class save_on_cpu(saved_tensors_hooks):
    """Keep what is saved on the CPU, where it is already."""

    __module__ = "torch.autograd.graph"

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda"):
        super().__init__(lambda t: t, lambda t: t)


@contextlib.contextmanager
def disable_saved_tensors_hooks(error_message: str) -> Iterator[None]:
    """Inside, whoever uses saved_tensors_hooks gets an error with this message."""
    before, saved.disabled = saved.disabled, error_message
    try:
        yield
    finally:
        saved.disabled = before


class _AllowMutationOnSavedContext(saved_tensors_hooks):
    """Hooks that keep a tensor and a copy of its values: the copy is used if the tensor was written to since.

    PyTorch copies when the write comes, which takes an interpreter of every operator; the copy is taken at once here.
    """

    def __init__(self) -> None:
        self.active = True
        super().__init__(self.pack, self.unpack)

    def pack(self, tensor: Any) -> Any:
        """The tensor, its version, and its values."""
        return self, tensor, saved.version_of(tensor), tensor.detach().clone()

    @staticmethod
    def unpack(packed: Any) -> Any:
        """The tensor if it is as it was, else the copy."""
        context, tensor, version, copy = packed
        if not context.active:
            raise AssertionError(
                "Trying to backward outside of the 'allow_mutation_on_saved_tensors' contextin which the "
                "graph was originally recorded."
            )
        return tensor if saved.version_of(tensor) == version else copy


_keeping: list[_AllowMutationOnSavedContext] = []


@contextlib.contextmanager
def allow_mutation_on_saved_tensors() -> Iterator[Any]:
    """Inside, tensors that were saved may be written to; backward, inside too, sees them as they were."""
    context = _AllowMutationOnSavedContext()
    with context:
        if _keeping:
            raise RuntimeError("allow_mutation_on_saved_tensors contexts cannot be nested")
        _keeping.append(context)
        try:
            yield context
        finally:
            _keeping.clear()
            context.active = False


# ---- hooks on several gradients


class _MultiHandle(RemovableHandle):
    """Removes the hooks of several tensors."""

    __module__ = "torch.autograd.graph"

    def __init__(self, handles: tuple[RemovableHandle, ...]):
        self.handles = handles

    def remove(self) -> None:
        for handle in self.handles:
            handle.remove()


def register_multi_grad_hook(
    tensors: Sequence[Tensor], fn: Callable[..., None], *, mode: str = "all"
) -> RemovableHandle:
    """Call fn with the gradients of all the tensors when the last is there, or (mode "any") with the first of them.

    A tensor that the backward does not reach has None in the list.
    """
    if mode not in ("all", "any"):
        raise ValueError(f"Expects mode to be one of ('all', 'any') but got {mode}")
    seen: dict[int, Any] = {}  # pass -> gradients so far
    lock = threading.Lock()
    if mode == "any":

        @functools.wraps(fn)
        def first(grad: Any) -> None:
            task = engine.current.task
            with lock:
                was = seen.setdefault(task.id, task)
            if was is not None:
                seen[task.id] = None
                fn(grad)

        return _MultiHandle(tuple([t.register_hook(first) for t in tensors if t.requires_grad]))
    nodes = [_node_of(t) for t in tensors]

    def hook(index: int) -> Callable[[Any], None]:
        def collect(grad: Any) -> None:
            task = engine.current.task
            with lock:
                if task.id not in seen:
                    seen[task.id] = [sum(_will_run(task, n) for n in nodes), [None] * len(nodes)]
                waiting = seen[task.id]
                waiting[0] -= 1
                waiting[1][index] = grad
            if waiting[0] == 0:
                del seen[task.id]
                fn(waiting[1])

        return collect

    return _MultiHandle(tuple([t.register_hook(hook(i)) for i, t in enumerate(tensors)]))


def _node_of(tensor: Tensor) -> Node:
    node = _edge(tensor)[0]
    if node is None:
        raise AssertionError("Expected gradient function to be set")
    return node


def _will_run(task: Any, node: Node) -> bool:
    """Whether this pass reaches the node."""
    captured = task.captures is not None and node in task.captures
    if captured and node.accumulates:
        raise RuntimeError(
            "A leaf node was passed to _will_engine_execute_node but we are currently running "
            "autograd.grad(). This is currently not supported."
        )
    return node in task.deps and (task.needed is None or captured or node in task.needed)


__all__ = [
    "GradientEdge",
    "Node",
    "RemovableHandle",
    "SavedTensor",
    "allow_mutation_on_saved_tensors",
    "disable_saved_tensors_hooks",
    "get_gradient_edge",
    "increment_version",
    "register_multi_grad_hook",
    "save_on_cpu",
    "saved_tensors_hooks",
]
