"""The operands of a call: which of them are duals, and the call with others in their places."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from .. import dispatch, grad_mode, tangents
from ..aliasing.views import extras, requires_grad
from ..calls.replacing import Replaced
from ..dispatch.forward import FORWARD
from ..levels import Wrapped, show, state, wrapped_of
from ..memory.lazy import zeros
from ..plain_numpy import np
from ..tensor import Tensor, wrap


def tensors_in(values: Iterable[Any]) -> Iterable[Tensor]:
    """The tensors among arguments, in lists as well."""
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif type(value) is tuple or type(value) is list:
            for item in value:
                if isinstance(item, Tensor):
                    yield item


def duals_in(args: tuple, kwargs: dict[str, Any], recorded: bool = False) -> dict[int, tuple[Tensor, Any]]:
    """The operands that have a tangent, with it, by their identity; none where all are of inference mode, unless `recorded`."""
    found = {}
    for tensor in tensors_in((*args, *kwargs.values())):
        extra = tensor._extra
        recorded = recorded or extra is None or not extra.inference
        tangent = None if extra is None else tangents.tangent_of(tensor)
        if tangent is not None:
            found[id(tensor)] = (tensor, tangent)
    return found if recorded else {}


def exchanged(values: Iterable[Any], new: Callable[[Tensor], Any]) -> list[Any]:
    """The arguments with every tensor exchanged, in lists as well."""
    out: list[Any] = []
    for value in values:
        if isinstance(value, Tensor):
            out.append(new(value))
        elif type(value) is tuple or type(value) is list:
            out.append(type(value)([new(item) if isinstance(item, Tensor) else item for item in value]))
        else:
            out.append(value)
    return out


def in_order(replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> tuple[tuple, list[str]]:
    """The arguments in their places, and the names of the parameters."""
    names = replaced.names
    given = dict(zip(names, args, strict=False)) | kwargs
    public = (
        names[0] == "input" and "input" not in FORWARD.get(replaced.name, ("", ()))[1]
    )  # a copy of a row has `self`
    return tuple([given[n] for n in names if n in given]), ["self", *names[1:]] if public else names


def is_tracked(duals: dict[int, tuple[Tensor, Any]], args: Iterable[Any] = (), below: bool = False) -> bool:
    """Whether the tangent is recorded in its turn, reverse over forward: over any operand that requires grad.

    `below`: at this level, or at one below, if there is one.
    """
    if not grad_mode.state.grad:
        return False
    operands = [t for pair in duals.values() for t in pair] + list(tensors_in(args))
    return any(requires_grad(t) or (below and required_below(t)) for t in operands)


def required_below(tensor: Tensor) -> bool:
    """Whether what a tensor stands for requires grad, at whatever level."""
    wrapped = wrapped_of(tensor)
    while wrapped is not None:
        if requires_grad(wrapped.value):
            return True
        wrapped = wrapped_of(wrapped.value)
    return False


def moved(value: Any, duals: dict[int, tuple[Tensor, Any]]) -> Any:
    """The tangent of an operand; zeros that cannot be written if it has none."""
    if id(value) in duals:
        return duals[id(value)][1]
    if isinstance(value, Tensor):
        return wrap(zeros(value._desc.shape, value._desc.dtype.numpy))
    return NUMBERS.get(type(value))


NUMBERS = {kind: wrap(zeros((), np.int64)) for kind in (bool, int, float)} | {complex: wrap(zeros((), np.complex64))}
"""The tangents of numbers: zeros that promote nothing, not even half precision, but to complex numbers; no hook sees them."""
for _kind, _zero in NUMBERS.items():
    extras(_zero).number = _kind(0)


def primal(factor: Any, duals: dict) -> Any:
    """A factor as PyTorch's formulas take it: the primal alone, of a tensor without a tangent as well, if that shows.

    At the level of a transform it stands for a view of what the factor stands for.
    """
    if not isinstance(factor, Tensor):
        return factor
    wrapped = wrapped_of(factor)
    if wrapped is not None and not (state.stack and state.stack[-1] is wrapped.interpreter):
        wrapped = None  # of another level than the innermost
    if not (wrapped or id(factor) in duals or (grad_mode.state.grad and requires_grad(factor))):
        return factor
    recorded = bool(grad_mode.state.grad and requires_grad(factor))
    found = (tangents.view_without_tangent if recorded and not wrapped else tangents.without_tangent)(factor, recorded)
    if wrapped is not None and wrapped.bdim is None:
        with wrapped.interpreter.lower():
            show(found, Wrapped(wrapped.interpreter, dispatch.alias(wrapped.value), captured=wrapped.captured))
    return found
