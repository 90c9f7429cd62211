"""The derivative of the backward formula, for operators that are none of the kinds, and for all writes.

For any linear map A that the call is at this point, the formula is u -> A^H u, and its own backward t -> A t.
"""

from __future__ import annotations

import re
import warnings
from typing import Any

from .. import dispatch, grad_mode, levels, tangents
from ..aliasing.views import requires_grad, storage_of
from ..autograd.entry import grad
from ..calls.replacing import Replaced
from ..creation import ones_like, zeros_like
from ..plain_numpy import np
from ..tensor import Tensor, wrap
from .operands import exchanged, is_tracked
from .refusals import NO_KERNEL


class Mode:
    """Grad mode for what the rules compute, without the user's hooks on what is saved."""

    def __init__(self, mode: bool):
        self.mode = mode

    def __enter__(self) -> None:
        state = grad_mode.state
        self.was, self.hooks, self.outside = grad_mode.is_grad_enabled(), state.pack_hooks, state.outside_rules
        state.pack_hooks = ()
        if self.outside is None:
            state.outside_rules = self.was
        grad_mode.set_grad(self.mode)

    def __exit__(self, *exc: Any) -> None:
        grad_mode.state.pack_hooks, grad_mode.state.outside_rules = self.hooks, self.outside
        grad_mode.set_grad(self.was)


def formula(replaced: Replaced, args: tuple, names: list[str], duals: dict, out: Any) -> Any:
    """The derivative of the backward formula in the gradient's direction, by running the operator again apart.

    For any linear map A that the call is at this point, the formula is u -> A^H u, and its own backward t -> A t.
    """
    found = pushed(replaced, args, duals)
    apart = [dispatch.clone(t) if t is not None and lies_with(t, duals) else t for t in several(found)]
    return tuple(apart) if isinstance(found, tuple) else apart[0]


def several(found: Any) -> tuple:
    """One or more of something, as a tuple."""
    return found if isinstance(found, tuple) else (found,)


def lies_with(tangent: Tensor, duals: dict) -> bool:
    """Whether a tangent may lie in the same memory as that of an operand."""
    return any(np.may_share_memory(storage_of(tangent), storage_of(t)) for _, t in duals.values())


def pushed(replaced: Replaced, args: tuple, duals: dict, written: int | None = None) -> Any:
    """The tangents of what a call returns; what it writes to, the argument in this place, is a copy here."""
    tracked = is_tracked(duals, args)
    apart: dict[int, Tensor] = {}

    def taken(value: Tensor) -> Tensor:
        if id(value) not in duals:
            return value
        if id(value) not in apart:
            apart[id(value)] = alias(value, tracked)
        return apart[id(value)]

    with Mode(True), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        new = exchanged(args, taken)
        if written is not None:
            target = new[written]
            new[written] = dispatch.clone(target) if id(args[written]) in apart else copied(target)
        try:
            out = replaced.original(*new)
            found = derived(out, apart, duals, tracked)
        except (NotImplementedError, RuntimeError) as error:
            found = re.search(r"derivative for (aten::\w+) is not implemented", str(error))
            if found is not None:
                raise NotImplementedError(NO_KERNEL.format(found[1])) from None
            raise
    return found


def alias(value: Tensor, tracked: bool) -> Tensor:
    """The value in a graph of its own, or in the user's where it requires grad."""
    source = tangents.without_tangent(value, tracked)
    source._requires_grad = True
    return source


def copied(value: Tensor) -> Tensor:
    """The value in memory of its own, laid out alike."""
    if levels.wrapped_of(value) is not None:
        with Mode(False):
            return dispatch.clone(value)
    array = storage_of(value)
    return wrap(np.array(array, order="K", copy=True))


def derived(out: Any, apart: dict[int, Tensor], duals: dict, tracked: bool) -> Any:
    """The tangents of results, each zeros if it depends on nothing, None if it can have none."""
    outs = out if isinstance(out, tuple) else (out,)
    floats = [isinstance(o, Tensor) and o._desc.dtype.category >= tangents.DTYPES for o in outs]
    roots = [o for o, f in zip(outs, floats, strict=True) if f and o._requires_grad and requires_grad(o)]
    seeds = [ones_like(o) for o in roots]  # of a linear map any would do; but some formulas take the logarithm
    for seed in seeds:
        seed._requires_grad = True
    pairs = []
    if roots:
        keys = list(apart)
        firsts = grad(roots, [apart[k] for k in keys], seeds, create_graph=True, allow_unused=True)
        for key, first in zip(keys, firsts, strict=True):
            if first is not None and first._requires_grad and requires_grad(first):
                pairs.append((first, fitted(duals[key][1], first)))
    moved: Any = [None] * len(seeds)
    if pairs:
        firsts, along = zip(*pairs, strict=True)
        moved = grad(firsts, seeds, along, create_graph=tracked, retain_graph=True, allow_unused=True)
    by_root = {id(o): m for o, m in zip(roots, moved, strict=True)}
    found = []
    for result in outs:
        tangent = by_root.get(id(result))
        if tangent is None:
            found.append(zeros_like(result) if id(result) in by_root else None)
        else:
            tangent = tangent.resolve_conj()  # PyTorch's own rules leave no conjugates
            found.append(tangent if tracked else levels.carry(tangent, wrap(storage_of(tangent))))
    return tuple(found) if isinstance(out, tuple) else found[0]


def fitted(tangent: Tensor, like: Tensor) -> Any:
    """A tangent in the type that the formula computes in."""
    return tangent if tangent._desc.dtype is like._desc.dtype else dispatch.to_copy(tangent, like._desc.dtype)
