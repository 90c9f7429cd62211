"""Nested containers and their leaves, as torch.utils._pytree has them: tuples, lists, dicts, named tuples, OrderedDicts."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any


class TreeSpec:
    """The structure of nested containers: their types, their keys, and the structures in them; of a leaf, none."""

    __slots__ = ("children_specs", "context", "type")

    def __init__(self, kind: Any, context: Any, children: list[TreeSpec]):
        self.type, self.context, self.children_specs = kind, context, children

    @property
    def num_leaves(self) -> int:
        """How many leaves there are."""
        return 1 if self.type is None else sum(c.num_leaves for c in self.children_specs)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, TreeSpec)
            and self.type is other.type
            and self.context == other.context
            and self.children_specs == other.children_specs
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self, indent: int = 0) -> str:
        if self.type is None:
            return "*"
        inner = ""
        if self.children_specs:
            indent += 2
            inner = self.children_specs[0].__repr__(indent)
            inner += "," if len(self.children_specs) > 1 else ""
            inner += ",".join(["\n" + " " * indent + c.__repr__(indent) for c in self.children_specs[1:]])
        return f"TreeSpec({self.type.__name__}, {self.context}, [{inner}])"


LEAF = TreeSpec(None, None, [])


def _is_namedtuple(value: Any) -> bool:
    return isinstance(value, tuple) and type(value) is not tuple and hasattr(type(value), "_fields")


def parts(value: Any) -> tuple[Any, Any, list[Any]] | None:
    """The type of a container, what else is to be known of it, and its items; None of a leaf."""
    kind = type(value)
    if kind in (tuple, list):
        return kind, None, list(value)
    if kind in (dict, OrderedDict):
        return kind, list(value), list(value.values())
    if _is_namedtuple(value):
        return tuple, kind, list(value)
    return None


def tree_flatten(value: Any) -> tuple[list[Any], TreeSpec]:
    """The leaves, and the structure."""
    found = parts(value)
    if found is None:
        return [value], LEAF
    kind, context, items = found
    leaves: list[Any] = []
    specs = []
    for item in items:
        below, spec = tree_flatten(item)
        leaves += below
        specs.append(spec)
    return leaves, TreeSpec(kind, context, specs)


def tree_unflatten(leaves: Iterable[Any], spec: TreeSpec) -> Any:
    """The containers again, with these leaves."""
    return _built(iter(leaves), spec)


def _built(leaves: Any, spec: TreeSpec) -> Any:
    if spec.type is None:
        return next(leaves)
    items = [_built(leaves, child) for child in spec.children_specs]
    if spec.type in (dict, OrderedDict):
        return spec.type(zip(spec.context, items, strict=True))
    if spec.context is not None:
        return spec.context(*items)
    return spec.type(items)


def tree_leaves(value: Any) -> list[Any]:
    """The leaves."""
    return tree_flatten(value)[0]


def tree_map(function: Callable[[Any], Any], value: Any) -> Any:
    """The containers with every leaf exchanged."""
    leaves, spec = tree_flatten(value)
    return tree_unflatten([function(leaf) for leaf in leaves], spec)


def broadcast_to_and_flatten(value: Any, spec: TreeSpec) -> list[Any] | None:
    """The leaves of a tree whose leaves may stand for whole parts of the structure; None if it does not fit."""
    found = parts(value)
    if found is None:
        return [value] * spec.num_leaves
    if spec.type is None:
        return None
    kind, context, items = found
    if kind is not spec.type or len(items) != len(spec.children_specs) or (kind is dict and context != spec.context):
        return None
    result: list[Any] = []
    for item, child in zip(items, spec.children_specs, strict=True):
        flat = broadcast_to_and_flatten(item, child)
        if flat is None:
            return None
        result += flat
    return result


def pprint(spec: TreeSpec) -> str:
    """The structure as Python writes it, with stars for leaves."""
    if spec.type is None:
        return "*"
    items = [pprint(c) for c in spec.children_specs]
    if spec.type in (dict, OrderedDict):
        inner = ", ".join([f"{k!r}: {i}" for k, i in zip(spec.context, items, strict=True)])
        return "{" + inner + "}" if spec.type is dict else f"OrderedDict({{{inner}}})"
    if spec.type is list:
        return f"[{', '.join(items)}]"
    return f"({', '.join(items)}{',' if len(items) == 1 else ''})"
