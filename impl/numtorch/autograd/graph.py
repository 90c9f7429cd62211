"""torch.autograd.graph: nodes, edges, and hooks on what is saved."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

from .. import saved
from ..graph import Node, RemovableHandle, edge as _edge
from ..saved import SavedTensor
from ..tensor import Tensor
from ..views import bump

GradientEdge = namedtuple(
    "GradientEdge", ("node", "output_nr", "ownership_token"), defaults=(None,), module="torch.autograd.graph"
)


class _InputMetadata:
    """Shape and type of one forward output of a node."""

    __module__ = "torch._C._autograd"

    def __init__(self, desc: Any):
        self.shape = desc.shape
        self.dtype = desc.dtype
        self.is_nested_tensor = False
        self.is_cpp_nested_tensor = False


def get_gradient_edge(tensor: Tensor) -> GradientEdge:
    """The edge that the tensor's gradient flows along."""
    if not tensor.requires_grad:
        raise RuntimeError("It is not possible to get the gradient edge for a Tensor that does not require gradients")
    node, nr = _edge(tensor)
    return GradientEdge(node, nr)


def increment_version(tensor: Any) -> None:
    """Count a write that autograd did not see."""
    for t in (tensor,) if isinstance(tensor, Tensor) else tensor:
        bump(t)


class saved_tensors_hooks:
    """Inside, each tensor saved for backward is packed by one function and unpacked by another when it is read."""

    __module__ = "torch.autograd.graph"

    def __init__(self, pack_hook: Any, unpack_hook: Any):
        self.pack_hook = pack_hook
        self.unpack_hook = unpack_hook

    def __enter__(self) -> None:
        if saved.hooks and isinstance(saved.hooks[-1], str):
            raise RuntimeError(saved.hooks[-1])
        saved.hooks.append((self.pack_hook, self.unpack_hook))

    def __exit__(self, *exc: Any) -> None:
        saved.hooks.pop()


class save_on_cpu(saved_tensors_hooks):
    """Keep copies of what is saved; there is only one device."""

    __module__ = "torch.autograd.graph"

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda"):
        super().__init__(lambda t: t.detach().clone(), lambda t: t)


__all__ = ["GradientEdge", "Node", "RemovableHandle", "SavedTensor", "get_gradient_edge",
           "increment_version", "save_on_cpu", "saved_tensors_hooks"]
