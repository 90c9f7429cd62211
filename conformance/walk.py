"""The autograd graph behind some tensors, numbered so that two isomorphic graphs are equal values."""

from __future__ import annotations

from typing import Any

from conformance.trace import Graph, Node


def graph_behind(roots: list[tuple[str, Any, int]], live: list[tuple[str, Any]]) -> Graph:
    """The Graph of these roots (name, node, output number). Iterative: graphs are deeper than Python's stack."""
    names: dict[int, str] = {}
    for name, tensor in live:
        names.setdefault(id(tensor), name)
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
    return Graph(
        nodes=tuple(
            [
                Node(
                    name=type(node).__name__,
                    edges=tuple([(None if child is None else number[id(child)], at) for child, at in following]),
                    variable=names.get(id(node.variable)) if hasattr(node, "variable") else None,
                )
                for node, following in zip(held, edges, strict=True)
            ]
        ),
        roots={name: (number[id(root)], output) for name, root, output in roots},
    )
