"""What writes: the tangent is written, too, or is zero where the numbers depend on nothing."""

from __future__ import annotations

from typing import Any

from .. import dispatch, tangents, writes
from ..autograd.function_tangents import without_forward_mode
from ..creation import zeros_like
from ..replacing import Replaced
from ..saved_hooks import Results
from . import stated
from .derived import lies_with, pushed
from .operands import duals_in, in_order, is_tracked
from .refusals import NO_KERNEL, refuse_out


def write(replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """A write: the tangent is written, too; of a tensor that had none it is new."""
    duals = duals_in(args, kwargs)
    if not duals:
        return replaced.original(*args, **kwargs)
    ordered, names = in_order(replaced, args, kwargs)
    place = names.index("self")
    target = ordered[place]
    if target._desc.dtype.category < tangents.DTYPES:
        return replaced.original(*args, **kwargs)
    level = tangents.entered
    name = replaced.name[:-1]
    text = stated.statement_of(name, names)
    if text and level is not None:
        given = dict(zip(names, ordered, strict=False))
        if "self_p" in text:
            given["self"] = dispatch.clone(target)
        with without_forward_mode():
            with Results() as results:
                out = replaced.original(*args, **kwargs)
            if out is not NotImplemented:
                tangents.give_written(target, stated.after_write(name, text, given, target, level), level)
                results.pack()
        return out
    with without_forward_mode():
        error: Any = None
        try:
            if id(target) in duals and is_tracked(duals, below=True):  # the tangent is written to, and is saved before
                duals[id(target)] = (target, dispatch.clone(duals[id(target)][1]))
            found = pushed(replaced, ordered, duals, place)
        except NotImplementedError:
            raise
        except Exception as raised:  # the write itself says first what is wrong with it
            error = raised
        out = replaced.original(*args, **kwargs)
        if error is not None:
            raise error
        if out is not NotImplemented and level is not None:
            if found is None:
                found = zeros_like(target)
            elif lies_with(found, duals):
                found = dispatch.clone(found)
            tangents.give_written(target, found, level)
    return out


def overwrite(replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """Numbers that depend on nothing: the tangent, if there was one, is zero."""
    duals = duals_in(args[:1], {})
    out = replaced.original(*args, **kwargs)
    for _, tangent in duals.values():
        with without_forward_mode():
            writes.zero_(tangent)
    return out


def drawn(replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """Random numbers, which are not drawn again for their tangent: it is zero."""
    level = tangents.entered
    if not duals_in(args, kwargs) or level is None:
        return replaced.original(*args, **kwargs)
    refuse_out(replaced, args, kwargs)
    if replaced.name == "bernoulli" and (len(args) > 1 or kwargs.get("p") is not None):
        raise NotImplementedError(NO_KERNEL.format("aten::bernoulli"))
    out = replaced.original(*args, **kwargs)
    tangents.give(out, zeros_like(out), level)
    return out


def detach(replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """Without history, and without a tangent."""
    out = replaced.original(*args, **kwargs)
    if tangents.entered is not None and args[0]._extra is not None:
        tangents.hold(args[0], None, tangents.entered)
    return out
