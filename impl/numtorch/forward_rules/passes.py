"""Backward passes over duals, and users' Functions, which have a rule of their own: their jvp."""

from __future__ import annotations

from typing import Any

from .. import tangents
from ..autograd.function_tangents import JvpCall, without_forward_mode
from ..backward import engine
from ..calls.replacing import Replaced
from ..nodes.graph import NotPlain
from ..nodes.records import node_of
from ..tensor import wrap


def save_read(replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """A saved result is read again, with its tangent."""
    tensor = replaced.original(*args, **kwargs)
    level = tangents.entered
    if tensor is not None and level is not None and tensor._node is args[0]:
        tangent = level.results.get((args[0], tensor._output_nr))
        if tangent is not None:
            tangents.hold(tensor, tangent, level)
    return tensor


def backward_pass(replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """A pass over Tensors, whose gradients may have tangents."""
    return replaced.original(*args, **{**kwargs, "tangents": True})


def scalar_pass(replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> None:
    """The same, of `loss.backward()`."""
    made, kind, keep = args
    engine.run_backward([(node_of(made), 0)], [wrap(kind.one)], keep, False)


def no_plain_pass(replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """The pass over raw arrays that `autograd.grad` tries first cannot follow tangents."""
    return NotPlain


def run_forward(replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """A user's forward, which sees no tangents."""
    with without_forward_mode():
        return replaced.original(*args, **kwargs)


def end_function(replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """The outputs of a user's Function, whose tangents its jvp says."""
    ctx, output, inputs = args[:3]
    known = [tangents.tangent_of(t) for t in inputs]
    if all(t is None for t in known):
        return replaced.original(*args, **kwargs)
    call = JvpCall(ctx, output, inputs, known)
    out = replaced.original(*args, **kwargs)
    call.give(out)
    return out
