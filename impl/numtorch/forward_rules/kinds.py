"""The rules by kind: what the tangent of a result is, of a view, a linear operator, a product, an elementwise one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import dispatch, grad_mode, tangents
from ..autograd.function_tangents import without_forward_mode
from ..calls.replacing import Replaced, Rule
from ..dispatch.forward import FORWARD
from ..kernels.numbers import IMAGINARY_DISCARDED
from ..nodes.saved_hooks import Results
from ..warning import warn
from .alike import OF_ONE_TYPE
from .operands import NUMBERS, duals_in, exchanged, in_order, moved, primal
from .refusals import is_constant, refuse_nested, refuse_out


def computed(tangent: Callable[..., Any]) -> Rule:
    """The rule of an operator whose result has this tangent."""

    def rule(replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
        recorded = replaced.name in RECORDED
        if replaced.name in ARITHMETIC:
            recorded = any(type(x) in NUMBERS for x in (*args, *kwargs.values()))
        elif replaced.name in COPYING:
            recorded = COPYING[replaced.name](*args)
        duals = duals_in(args, kwargs, recorded)
        if not duals:
            return replaced.original(*args, **kwargs)
        refuse_out(replaced, args, kwargs)
        with without_forward_mode():
            with Results() as results:
                out = replaced.original(*args, **kwargs)
            if out is NotImplemented:
                return out
            args, names = in_order(replaced, args, {k: v for k, v in kwargs.items() if k != "out"})
            if not is_constant(replaced.name, args):
                refuse_nested(replaced.name, [t for _, t in duals.values()])
            settle(out, tangent(replaced, args, names, duals, out))
            results.pack()
        return out

    return rule


ARITHMETIC = frozenset(("add", "sub", "mul", "div"))
RECORDED = frozenset(
    (
        *("clone", "rsub_scalar", "rsub_scalar_alpha", "fmod_scalar", "remainder_scalar", "copysign_scalar"),
        *("xlogy_self", "xlogy_other", "xlog1py_self", "xlog1py_other"),
    )
)
"""Operators that over inference tensors alone are recorded all the same, as arithmetic with a number is: PyTorch copies to
a tensor that is none of inference mode, or makes one of the number."""
COPYING: dict[str, Callable[..., bool]] = {
    **dict.fromkeys(("sort", "sort_stable", "to_copy", "diag_embed"), lambda x, *rest: True),
    "constant_pad_nd": lambda x, pad, value: min(pad, default=0) >= 0,
    **dict.fromkeys(("cumsum", "cumprod", "logcumsumexp", "topk", "mode"), lambda x, *rest: not x._desc.ndim),
    **dict.fromkeys(("max_dim", "min_dim", "flip"), lambda x, *rest: not x._desc.ndim),
    "pow_scalar": lambda x, exponent: bool(exponent == 1),
}
"""Operators whose kernel copies such an operand, to a tensor that is none of inference mode, and so with its tangent."""


def decomposed(formula: Callable[..., Any]) -> Callable[..., Any]:
    """The tangent of what a formula makes of the operands, by the rules of its operators."""

    def tangent(replaced: Replaced, args: tuple, names: list[str], duals: dict, out: Any) -> Any:
        state = grad_mode.state
        hidden, state.forward = state.forward, True
        try:
            found = formula(*args)
            if isinstance(found, tuple):
                return tuple([None if one is None else tangents.tangent_of(one) for one in found])
            return tangents.tangent_of(found)
        finally:
            state.forward = hidden

    return tangent


def settle(out: Any, found: Any) -> None:
    """Give results their tangents."""
    level = tangents.entered
    outs = out if isinstance(out, tuple) else (out,)
    founds = found if isinstance(found, tuple) else (found,)
    for result, tangent in zip(outs, founds, strict=True):
        if tangent is not None and level is not None and result._desc.dtype.category >= tangents.DTYPES:
            tangents.give(result, tangent, level)


def view(replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """The same view of the tangent; a view of a dual has the dual as its base."""
    args, _ = in_order(replaced, args, kwargs)
    source, level = args[0], tangents.entered
    if source._extra is None or level is None or source._extra.inference:
        return replaced.original(*args)
    tangent = tangents.tangent_of(source)
    with without_forward_mode():
        out = replaced.original(*args)
        several = out if isinstance(out, tuple) else (out,)
        if several and several[0]._extra is None and grad_mode.watched():
            return out  # made by a function of several operators in inference mode, below which nobody sees a view
        forward = getattr(source._extra, "forward", None)
        root = None if forward is None else source if forward.base is tangents.NO_BASE else forward.base
        if root is not None:
            for result in several:
                tangents.forward_of(result).base = root
        if tangent is not None:
            refuse_nested(replaced.name, [tangent])
            shown = tangent if replaced.name == "alias" else replaced.original(tangent, *args[1:])
            for result, seen in zip(several, shown if isinstance(shown, tuple) else (shown,), strict=True):
                tangents.hold(result, seen, level)
    return out


def show_otherwise(replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """A view made in place: of the tangent, too."""
    tangent = None if args[0]._extra is None else tangents.tangent_of(args[0])
    out = replaced.original(*args, **kwargs)
    if tangent is not None:
        replaced.original(tangent, *args[1:], **kwargs)
        refuse_nested(replaced.name, [tangent])
    return out


def linear(replaced: Replaced, args: tuple, names: list[str], duals: dict, out: Any) -> Any:
    """The operator applied to the tangents."""
    _, varying = FORWARD[replaced.name]
    new = []
    for name, value in zip(names, args, strict=False):
        if name not in varying or value is None:
            new.append(value)
        elif type(value) is tuple or type(value) is list:
            new += exchanged([value], lambda item: moved(item, duals))
        else:
            new.append(moved(value, duals))
    return OF_ONE_TYPE.get(replaced.name, replaced.original)(*new)


def converted(replaced: Replaced, args: tuple, names: list[str], duals: dict, out: Any) -> Any:
    """The tangent in another type, which warns as its primal does; that of an inference tensor is copied as it is."""
    tangent, to = duals[id(args[0])][1], args[1]
    if args[0]._extra.inference:
        return dispatch.clone(tangent)
    if tangent._desc.dtype.is_complex and to.is_floating_point and tangent._desc.numel:
        warn(IMAGINARY_DISCARDED)
    return linear(replaced, args, names, duals, out)


def bilinear(replaced: Replaced, args: tuple, names: list[str], duals: dict, out: Any) -> Any:
    """One term an operand."""
    a, b, *rest = args
    product = OF_ONE_TYPE.get(replaced.name, replaced.original)
    second = product(primal(a, duals), moved(b, duals), *rest)  # first: C++ evaluates the right operand first
    return dispatch.add(product(moved(a, duals), primal(b, duals), *rest), second)
