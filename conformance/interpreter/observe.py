"""Looks at what a program has bound, and says what changed since the last look.

Looking disturbs nothing: it warns of nothing, bumps no version, reads no `.grad` where PyTorch warns, and keeps bytes, numbers
and names only, never a tensor or a node, so that whatever the program lets go is gone. One thing it cannot leave undone:
reading `grad_fn` of a view whose base was written since makes PyTorch renew that view's grad_fn, as printing it would.

Cheap where nothing changed: a handful of attributes and the bytes where they lie (`memory.py`) are compared with those of
the last look. The graph is walked only if a root is new, or the name of a leaf in it, and after the last step.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from msgspec import UNSET

from conformance.interpreter.lens import lens_of
from conformance.interpreter.namespace import Namespace
from conformance.interpreter.sharing import groups
from conformance.interpreter.walk import graph_behind
from conformance.trace import Graph, Mode, Seen, TensorChange

MAX_REPRS = 3
"""Tensors whose text is written after the last step: the last that were bound. PyTorch takes 0.1 ms for each, which for every
tensor of a program would be three quarters of its time; cases about printing call ``__repr__`` themselves."""


_Known = tuple[tuple[Any, ...], Any, Any]
"""What a look keeps of a tensor: its facts, whether it has a gradient, and the `Place` of its elements."""

_NEVER: _Known = ((UNSET,) * 6, UNSET, None)
"""What is kept of a tensor that was never looked at."""


class Observer:
    """What is known of the names of one scope. `facets` are those to look at, None for all."""

    def __init__(self, names: Namespace, facets: frozenset[str] | None = None) -> None:
        self._lens = lens_of(names)
        self._known: dict[str, _Known] = {}
        self._alias: tuple[tuple[str, ...], ...] = ()
        self._identity: tuple[tuple[str, ...], ...] = ()
        self._grouped = False
        self._graph = Graph(nodes=(), roots={})
        self._graph_of: object = ()
        self._leaves: list[tuple[int, str | None]] = []
        self._mode: Mode | None = None
        self._sees_graph = facets is None or "graph" in facets
        self._sees_repr = facets is None or "repr" in facets
        self._sees_groups = facets is None or not facets.isdisjoint(("alias", "identity"))

    def look(self, values: Mapping[str, Any], last: bool) -> dict[str, Any]:
        """What is new, as the fields of a `StepTrace`; `last` adds what is looked at only once."""
        lens = self._lens
        live: list[tuple[str, Any]] = []
        for name, value in values.items():
            if isinstance(value, (lens.tensor_type, np.ndarray)):
                live.append((name, value))
            elif isinstance(value, tuple | list | dict):
                for path, item in lens.inside(value, name):
                    live.append((path, item))
        # A __torch_function__ of the program, of a subclass or a mode, would be called for every attribute.
        with lens.quietly():
            return self._look(live, last)

    def begin(self, values: Mapping[str, Any]) -> tuple[dict[str, TensorChange], Mode]:
        """What a call begins with: its arguments, and the modes. Groups and graph are said by its first step."""
        found = self.look(values, False)
        self._alias, self._identity, self._graph, self._graph_of = (), (), Graph(nodes=(), roots={}), None
        self._grouped = False
        return found.get("changes", {}), found["mode"]

    def _look(self, live: list[tuple[str, Any]], last: bool) -> dict[str, Any]:
        lens = self._lens
        written = {name for name, _ in live[-MAX_REPRS:]} if last and self._sees_repr else ()
        found: dict[str, Any] = {}
        changes: dict[str, TensorChange] = {}
        known: dict[str, _Known] = {}
        every: list[tuple[str, Any]] = []
        facts_of, grad_of, place_of, was = lens.facts, lens.grad, lens.memory.look, self._known
        moved = not self._grouped
        for name, tensor in live:
            every.append((name, tensor))
            facts = facts_of(tensor)
            grad = grad_of(tensor, facts[4])
            has_grad = UNSET if grad is UNSET else "none" if grad is None else "tensor"
            before = was.get(name, _NEVER)
            place = place_of(tensor, facts[:3], before[2])
            moved = moved or place is not before[2]
            if place is before[2] and facts == before[0] and has_grad is before[1] and name not in written:
                known[name] = before
            else:
                known[name] = now = facts, has_grad, place
                self._note(name, now, before, lens.repr(tensor) if name in written else UNSET, changes)
            if grad is not None and grad is not UNSET:
                name += ".grad"
                every.append((name, grad))
                facts = facts_of(grad)
                before = was.get(name, _NEVER)
                place = place_of(grad, facts[:3], before[2])
                moved = moved or place is not before[2]
                if place is before[2] and facts == before[0]:
                    known[name] = before
                else:
                    known[name] = now = facts, UNSET, place
                    self._note(name, now, before, UNSET, changes)
        # A place that is the very same is of the same object, in the same memory.
        stayed = not moved and len(known) == len(was)
        self._known, self._grouped = known, True
        if changes:
            found["changes"] = changes
        if self._sees_groups and not stayed:
            alias, identity = groups(every, [kept[2] for kept in known.values()])
            if alias != self._alias:
                found["alias"] = self._alias = alias
            if identity != self._identity:
                found["identity"] = self._identity = identity
        if self._sees_graph:
            roots = lens.roots(every, known)
            if roots is not None and (roots or self._graph.roots):
                graph = self._graph_now(roots, every, last)
                if graph is not self._graph and graph != self._graph:
                    found["graph"] = self._graph = graph
        mode = lens.mode()
        if mode is not self._mode:
            found["mode"] = self._mode = mode
        return found

    def _note(self, name: str, now: _Known, before: _Known, written: Any, changes: dict[str, TensorChange]) -> None:
        """Puts into `changes` what of a tensor is not as it was, if anything is not."""
        data, old = now[2].data, None if before[2] is None else before[2].data
        if now[:2] != before[:2] or data != old or before[2] is None or written is not UNSET:
            changes[name] = self._lens.change((*now[0], now[1], data), (*before[0], before[1], old), written)

    def _graph_now(self, roots: list[tuple[str, Any, int]], live: list[tuple[str, Any]], last: bool) -> Graph:
        """The graph behind the roots: the last one, if neither they nor the names of its leaves are others."""
        of = self._lens.identity_of(roots)
        if not (last or of is None or self._leaves) and of == self._graph_of:
            return self._graph
        names: dict[int, str] = {}
        for name, tensor in live:
            names.setdefault(id(tensor), name)
        if of is None or of != self._graph_of or last or any(names.get(one) != name for one, name in self._leaves):
            self._graph_of = of
            graph, leaves = graph_behind(roots, names)
            self._leaves = [(one, names.get(one)) for one in leaves]
            return graph
        return self._graph

    def seen(self, value: Any, values: Mapping[str, Any], out: str | None) -> Seen:
        """What a step returned, as a Trace says it; `out` is the name that it is bound to."""
        return self._lens.seen(value, values, out)

    def arguments(self, values: Mapping[str, Any]) -> tuple[Seen, ...]:
        """The arguments of a call, by the names of the parameters that they are bound to."""
        return tuple([self._lens.seen(value, values, name) for name, value in values.items()])
