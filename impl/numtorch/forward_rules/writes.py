"""What writes: the tangent is written, too, or is zero where the numbers depend on nothing."""

from __future__ import annotations

from typing import Any

from .. import dispatch, tangents
from ..aliasing import writes
from ..aliasing.views import check_inplace, requires_grad
from ..autograd.function_tangents import without_forward_mode
from ..calls.replacing import Replaced
from ..creation import zeros_like
from ..dispatch.forward import FORWARD
from ..forward_rules import stated
from ..functions.shape import clone
from ..nodes.saved_hooks import Results
from ..plain_numpy import np
from ..tensor import Tensor, wrap
from .derived import lies_with, pushed
from .operands import duals_in, in_order, is_tracked, moved, tensors_in
from .refusals import NO_KERNEL, is_nested, refuse_nested, refuse_out


def write(replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """A write: the tangent is written, too; of a tensor that had none it is new."""
    duals = duals_in(args, kwargs)
    if not duals:
        return replaced.original(*args, **kwargs)
    nested = [t for _, t in duals.values() if is_nested(t)]
    out = written(replaced, args, kwargs, duals)
    level = tangents.entered
    if nested and level is not None and out is not NotImplemented:
        target = in_order(replaced, args, kwargs)[0][0]
        if tangents.kept(target, level) is not None:
            if id(target) not in duals:
                tangents.hold(target, None, level)
            refuse_nested(replaced.name, nested)
    return out


def written(replaced: Replaced, args: tuple, kwargs: dict[str, Any], duals: dict) -> Any:
    """What a write of duals returns."""
    ordered, names = in_order(replaced, args, kwargs)
    place = names.index("self")
    target = ordered[place]
    level = tangents.entered
    name = replaced.name[:-1]
    if target._desc.dtype.category < tangents.DTYPES:
        out = replaced.original(*args, **kwargs)
        if level is not None and name in OF_ANY_TYPE:
            raise RuntimeError(tangents.NO_TANGENT)
        return out
    if level is not None and name in LIKEWISE:
        old = tangents.kept(target, level)
        if old is None and LIKEWISE[name] is zeroed:
            return replaced.original(*args, **kwargs)
        if old is not None or name in FRESH:
            return likewise(replaced, args, kwargs, dict(zip(names, ordered, strict=False)), duals)
    text = stated.statement_of(name, names)
    if text and level is not None:
        given = dict(zip(names, ordered, strict=False))
        if "self_p" in text:  # a tangent that is its own primal is read after the write
            check_inplace(target, any(map(requires_grad, tensors_in(ordered))))
            given["self"] = dispatch.clone(target)
        with without_forward_mode():
            with Results() as results:
                out = replaced.original(*args, **kwargs)
            if out is not NotImplemented:
                found = stated.after_write(name, text, given, target, level)
                if found is not None:
                    tangents.give_written(target, found, level)
                elif id(target) in duals:
                    raise RuntimeError(UNDEFINED)
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


def likewise(replaced: Replaced, args: tuple, kwargs: dict[str, Any], given: dict[str, Any], duals: dict) -> Any:
    """A write after which the same is written to the tangent; of a tensor that had none it is new."""
    target, level, name = given["self"], tangents.entered, replaced.name[:-1]
    with without_forward_mode():
        with Results() as results:
            out = replaced.original(*args, **kwargs)
        if out is not NotImplemented and level is not None:
            if id(target) in duals:
                tangent = duals[id(target)][1]
                LIKEWISE[name](replaced, tangent, given, duals)
                tangents.remember(target, tangent, level)
            else:
                tangents.give_written(target, FRESH[name](replaced, target, given, duals), level)
            results.pack()
    return out


def by_itself(replaced: Replaced, tangent: Any, given: dict[str, Any], duals: dict) -> None:
    """The same write, of the tangents of what is written, and of zero for a number."""
    _, varying = FORWARD[replaced.name[:-1]]
    new = [moved(v, duals) if n in varying else 0 if n == "value" else v for n, v in given.items() if n != "self"]
    replaced.original(tangent, *new)


def filled(replaced: Replaced, tangent: Any, given: dict[str, Any], duals: dict) -> None:
    """What is written has a tangent, or none: then it is zero, and a tensor if it is one itself."""
    value = given["value"]
    zero = wrap(np.zeros((), value._desc.dtype.numpy)) if isinstance(value, Tensor) else 0
    writes.fill_(tangent, duals[id(value)][1] if id(value) in duals else zero)


def copied_over(replaced: Replaced, tangent: Any, given: dict[str, Any], duals: dict) -> None:
    """What is copied has a tangent, or none, which is zero."""
    source = given["other"]
    if id(source) in duals:
        writes.copy_(tangent, duals[id(source)][1])
    else:
        writes.fill_(tangent, 0)


def newly_filled(replaced: Replaced, target: Any, given: dict[str, Any], duals: dict) -> Any:
    """Zeros that were filled with zeros and then with the tangent of the value."""
    return writes.fill_(
        writes.zero_(wrap(np.zeros(target._desc.shape, target._desc.dtype.numpy))), duals[id(given["value"])][1]
    )


def newly_copied(replaced: Replaced, target: Any, given: dict[str, Any], duals: dict) -> Any:
    """A copy of the tangent, or where its shape is another the tangent itself, expanded."""
    tangent = duals[id(given["other"])][1]
    return (
        clone(tangent)
        if tangent._desc.shape == target._desc.shape
        else dispatch.expand(tangent, tuple(target._desc.shape))
    )


def zeroed(replaced: Replaced, tangent: Any, given: dict[str, Any], duals: dict) -> None:
    """What is written does not depend on anything."""
    writes.zero_(tangent)


UNDEFINED = "Expected a proper Tensor but got None (or an undefined Tensor in C++) for argument #1 'src'"
LIKEWISE = {
    **dict.fromkeys(("masked_fill", "masked_fill_tensor", "index_fill", "index_fill_tensor", "scatter"), by_itself),
    **dict.fromkeys(("scatter_value", "index_copy", "index_put", "put", "masked_scatter"), by_itself),
    **dict.fromkeys([n + kind for n in ("lt", "le", "gt", "ge", "eq", "ne") for kind in ("", "_scalar")], zeroed),
    "zero": zeroed,
    "fill": filled,
    "copy": copied_over,
}
"""Writes whose formula in PyTorch is a method of the tangent: the tangent, if there is one, is written in place."""
FRESH = {"fill": newly_filled, "copy": newly_copied}
"""Those that say of their own what the tangent is of a tensor that had none."""


OF_ANY_TYPE = frozenset(("fill", "masked_fill_tensor", "index_fill_tensor"))
"""Writes of numbers to whole numbers, too, which PyTorch would give the tangent of what is written."""


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
