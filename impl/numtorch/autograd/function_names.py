"""Attributes of a ctx that are called as something the engine reads of its node: `ctx.saved`, `ctx.desc`, `ctx.seq`.

The ctx is the node, so the two share one namespace. A ctx on which a user stored such a name is given another class, on
which that name is a property: this package sees the node's own value, everybody else what was stored. It costs nothing as
long as no name is taken twice.
"""

from __future__ import annotations

import os
import sys
from functools import cache
from typing import Any

from ..nodes.graph import Node, VariadicNode

_PACKAGE = os.path.dirname(os.path.dirname(__file__)) + os.sep
SLOTS = ("seq", "desc", "next_nodes", "next_nrs")
SEEN = frozenset(("name", "metadata", "next_functions", "register_hook", "register_prehook", "requires_grad"))
OWN = frozenset(n for c in (Node, VariadicNode) for n in vars(c) if not n.startswith("_")) - SEEN - {*SLOTS, "apply"}
"""Names of the engine's on every node; those of PyTorch's nodes are not among them."""


class _Shared:
    """One name with two values."""

    def __init__(self, name: str, base: type):
        self.name = name
        self.base = base

    def __get__(self, ctx: Any, owner: type | None = None) -> Any:
        if ctx is not None and self.name in ctx._of_user and not _asked_from_here():
            return ctx._of_user[self.name]
        return getattr(self.base, self.name) if ctx is None else getattr(super(owner, ctx), self.name)  # type: ignore

    def __set__(self, ctx: Any, value: Any) -> None:
        if _asked_from_here():
            getattr(self.base, self.name).__set__(ctx, value)
        else:
            ctx._of_user[self.name] = value


def _asked_from_here() -> bool:
    return sys._getframe(2).f_code.co_filename.startswith(_PACKAGE)


@cache
def _sharing(base: type) -> type:
    names = {name: _Shared(name, base) for name in (*OWN, *SLOTS)}
    return type(base.__name__, (base,), {"__module__": base.__module__, **names})


def share(ctx: Any, values: dict[str, Any]) -> None:
    """Give a ctx its class with shared names, once; `values` are the user's."""
    if "_of_user" in ctx.__dict__:
        ctx._of_user.update(values)
    else:
        ctx.__dict__["_of_user"] = values
        ctx.__class__ = _sharing(type(ctx))


def shared_when_set(getter: Any) -> property:
    """A property of the engine's that a user may store to."""
    name = getter.__name__
    return property(getter, lambda ctx, value: share(ctx, {name: value}))


def settle_names(ctx: Any, before: tuple) -> None:
    """After forward: keep apart what it stored under names of the engine's; `before` are the slots as they were."""
    stored = ctx.__dict__
    values = {name: stored.pop(name) for name in OWN & stored.keys()}
    for name, old in zip(SLOTS, before, strict=True):
        now = getattr(ctx, name, None)
        if now is not old:
            values[name] = now
            if old is None:
                delattr(ctx, name)
            else:
                setattr(ctx, name, old)
    if values:
        share(ctx, values)


def slots_of(ctx: Any) -> tuple:
    """What `settle_names` compares with."""
    return ctx.seq, None, ctx.next_nodes, ctx.next_nrs
