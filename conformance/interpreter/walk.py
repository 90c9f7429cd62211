"""The autograd graph behind some tensors, numbered so that two isomorphic graphs are equal values."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from conformance.trace import Graph, Node


def graph_behind(roots: list[tuple[str, Any, int]], names: Mapping[int, str]) -> tuple[Graph, list[int]]:
    """The Graph of these roots (name, node, output number), and the ids of its leaves, of which `names` has those with a name.

    Iterative: graphs are deeper than Python's stack.
    """
    number: dict[int, int] = {}
    # Holding the nodes keeps their ids apart while they are walked: a wrapper that dies gives its id away.
    held: list[Any] = []
    edges: list[Any] = []
    for _, root, _ in roots:
        stack = [root]
        while stack:
            node = stack.pop()
            if id(node) in number:
                continue
            number[id(node)] = len(held)
            held.append(node)
            following = getattr(node, "next_functions", ())
            edges.append(following)
            stack.extend([child for child, _ in reversed(following) if child is not None])
    leaves: list[int] = []
    nodes: list[Node] = []
    for node, following in zip(held, edges, strict=True):
        variable = None
        if _may_have_variable(type(node)):
            leaf = getattr(node, "variable", None)
            if leaf is not None:
                leaves.append(id(leaf))
                variable = names.get(id(leaf))
        ends = tuple([(None if child is None else number[id(child)], at) for child, at in following])
        nodes.append(Node(type(node).__name__, ends, variable))
    return Graph(tuple(nodes), {name: (number[id(root)], output) for name, root, output in roots}), leaves


def _may_have_variable(kind: type) -> bool:
    # To ask a node of PyTorch's for what it lacks takes a microsecond, for the exception that is made. Classes of a program
    # are not kept here: it would hold what they hold.
    return kind.__dictoffset__ != 0 or _has_variable(kind)


@cache
def _has_variable(kind: type) -> bool:
    return hasattr(kind, "variable") or hasattr(kind, "__getattr__")
