"""torch.autograd.forward_ad: dual tensors, a primal and its tangent, and the level within which they live."""

from __future__ import annotations

from typing import Any, NamedTuple

from .. import grad_mode, tangents
from ..aliasing.views import ALONE, edge, requires_grad, storage_of
from ..calls.operands import type_name
from ..dispatch import alias
from ..dispatch.shape import ViewBackward0
from ..functions.shape import view
from ..grad_mode import is_fwd_grad_enabled as _is_fwd_grad_enabled
from ..nodes.graph import next_sequence_nr
from ..tensor import Tensor
from .grad_mode import ContextDecorator

_current_level = -1


_NOT_BY_DISPATCHER = (
    "InferenceMode::is_enabled() && self.is_inference() INTERNAL ASSERT FAILED at "
    '"/__w/pytorch/pytorch/aten/src/ATen/native/VariableMethodStubs.cpp":66, please report a bug to PyTorch. Expected this '
    "method to only be reached in inference mode and when all the inputs are inference tensors. You should NOT call this "
    "method directly as native::_fw_primal. Please use the dispatcher, i.e., at::_fw_primal. Please file an issue if you come "
    "across this error otherwise."
)
"""What a primal ends in where its class says one thing about inference and the mode another, and a dispatch mode (that of
allow_mutation_on_saved_tensors) has switched off what else would handle it."""


class UnpackedDualTensor(NamedTuple):
    """What unpack_dual returns: a primal, and its tangent or None."""

    primal: Any
    tangent: Any


UnpackedDualTensor.__module__ = "torch.autograd.forward_ad"


def enter_dual_level() -> int:
    """Enter the level, of which there is one."""
    from .. import forward_rules

    global _current_level
    if tangents.entered is not None:
        raise RuntimeError("Nested forward mode AD is not supported at the moment")
    forward_rules.enter()
    _current_level = 0
    return 0


def exit_dual_level(*, level: int | None = None) -> None:
    """Leave the level: all tangents are gone."""
    from .. import forward_rules

    global _current_level
    if level is None:
        level = _current_level
    if level != _current_level:
        raise RuntimeError(
            "Trying to exit a forward AD level that was not the last one that was created. This is not supported."
        )
    if level < 0:
        raise RuntimeError("Dual level must be a positive number.")
    forward_rules.leave()
    _current_level = level - 1


def make_dual(tensor: Any, tangent: Any, *, level: int | None = None) -> Tensor:
    """A view of the tensor that has the tangent, but for inference mode; the tensor itself has none."""
    if level is None:
        level = _current_level
    if level < 0:
        raise RuntimeError(
            "Trying to create a dual Tensor for forward AD but no level exists, make sure to enter_dual_level() first."
        )
    for what, given in (("primal", tensor), ("tangent", tangent)):
        if not (given.is_floating_point() or given.is_complex()):
            raise ValueError(f"Expected {what} to be floating point or complex, but got: {given.dtype}")
    entered = tangents.entered
    if entered is None or level != 0:
        raise RuntimeError("Invalid level given to _make_dual")
    if grad_mode.state.inference or (tensor.is_inference() and tangent.is_inference()):
        return alias(tensor)  # type: ignore[no-any-return]
    if tangents.tangent_of(tensor) is not None:
        raise RuntimeError(
            "Making a dual Tensor based on a Tensor that already has a forward gradient at the same level "
            f"{level} is not supported."
        )
    dual = view(tensor, tuple(tensor._desc.shape))
    if dual._desc is not tensor._desc:  # a view but for its strides
        dual._array, dual._desc = storage_of(tensor).view(), tensor._desc
    if tensor.is_inference() and grad_mode.state.grad and requires_grad(tensor):
        # Autograd, which sees no operator over inference tensors alone, sees this one: the tangent is none of them.
        node = object.__new__(ViewBackward0)
        node.seq, node.desc, node.self_sym_sizes = next_sequence_nr(), dual._desc, tensor._desc.shape
        node.fn0, node.nr0 = edge(tensor)
        dual._made, dual._requires_grad = node, ALONE
    tangents.forward_of(dual).base = tangents.NO_BASE
    if tangents.tangent_of(tangent) is not None:
        raise RuntimeError(tangents.ITS_OWN.format(level=level))
    tangents.give(dual, tangent, entered)
    return dual


def unpack_dual(tensor: Any, *, level: int | None = None) -> UnpackedDualTensor:
    """A view of the tensor that has no tangent, and the tangent; outside of a level the tensor itself, and None."""
    if level is None:
        level = _current_level
    if level < 0:
        return UnpackedDualTensor(tensor, None)
    if not isinstance(tensor, Tensor):
        raise TypeError(f"_unpack_dual(): argument 'dual' (position 1) must be Tensor, not {type_name(tensor)}")
    if grad_mode.state.before_write is not None and tensor.is_inference() is not grad_mode.state.inference:
        raise RuntimeError(_NOT_BY_DISPATCHER)
    tangent = tangents.tangent_of(tensor) if level == 0 else None
    recorded = grad_mode.state.grad and not tensor.is_inference()
    return UnpackedDualTensor(tangents.view_without_tangent(tensor, recorded), tangent)


class dual_level(ContextDecorator):
    """The level, entered for a block."""

    __module__ = "torch.autograd.forward_ad"

    def __enter__(self) -> int:
        return enter_dual_level()

    def __exit__(self, *exc: Any) -> None:
        exit_dual_level()


class _set_fwd_grad_enabled(ContextDecorator):
    """Switch forward mode in this thread, at once and back at the end of a block."""

    __module__ = "torch.autograd.forward_ad"

    def __init__(self, mode: bool) -> None:
        self.prev = _is_fwd_grad_enabled()
        self.mode = mode
        grad_mode.set_fwd_grad_enabled(mode)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: Any) -> None:
        grad_mode.set_fwd_grad_enabled(self.prev)

    def clone(self) -> _set_fwd_grad_enabled:
        return type(self)(self.mode)


__all__ = [
    "UnpackedDualTensor",
    "enter_dual_level",
    "exit_dual_level",
    "make_dual",
    "unpack_dual",
    "dual_level",
]
