"""How often each node of a graph is waited for."""

from __future__ import annotations

from ..nodes.graph import Node


def dependencies(roots: list[Node]) -> dict[Node, int]:
    """How many edges lead to each node that can be reached from the roots."""
    deps: dict[Node, int] = dict.fromkeys(roots, 0)
    stack = list(deps)
    pop = stack.pop
    push = stack.append
    get = deps.get
    while stack:
        node = pop()
        arity = node.arity
        while arity == 1:  # a chain is followed without the stack
            node = node.fn0  # type: ignore[attr-defined]
            if node is None:
                break
            count = get(node)
            if count is not None:
                deps[node] = count + 1
                node = None
                break
            deps[node] = 1
            arity = node.arity
        if node is None or arity == 0:
            continue
        if arity == 2:
            for fn in (node.fn0, node.fn1):  # type: ignore[attr-defined]
                if fn is not None:
                    count = get(fn)
                    if count is None:
                        deps[fn] = 1
                        push(fn)
                    else:
                        deps[fn] = count + 1
        else:
            for fn in node.next_nodes:  # type: ignore[attr-defined]
                if fn is not None:
                    count = get(fn)
                    if count is None:
                        deps[fn] = 1
                        push(fn)
                    else:
                        deps[fn] = count + 1
    return deps
