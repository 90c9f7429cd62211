"""How often each node of a graph is waited for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..nodes.graph import ACCUMULATE_SEQ, AccumulateGrad
from ..nodes.records import node_of, run_node


def key_of(fn: Any) -> Any:
    """What the tables of a pass know a node by: its number, which its record has, too; itself where others have the number."""
    if type(fn) is list:
        return fn[1]
    number = fn.seq
    return fn if number is ACCUMULATE_SEQ else number


def order(fn: Any) -> float:
    """The number that says when a node, or its record, runs: of what is ready the one with the highest goes first."""
    if type(fn) is list:
        if fn[0] is not run_node:
            return fn[1]  # type: ignore[no-any-return]
        fn = fn[2]
    return fn.order()  # type: ignore[no-any-return]


def dependencies(roots: Iterable[Any]) -> dict[Any, int]:
    """How many edges lead to each node that can be reached from the roots, by `key_of`; records stay records."""
    first = {key_of(fn): fn for fn in roots}
    stack = list(first.values())
    deps: dict[Any, int] = dict.fromkeys(first, 0)
    while stack:
        node = stack.pop()
        if type(node) is list and node[0] is not run_node:
            reached = node[3 : 3 + node[0].arity]
        else:
            reached = node_of(node).ends()
        for fn in reached:
            if fn is None:
                continue
            if type(fn) is list:
                key = fn[1]
            elif type(fn) is AccumulateGrad or (key := fn.seq) is ACCUMULATE_SEQ:
                key = fn
            if key in deps:
                deps[key] += 1
            else:
                deps[key] = 1
                if type(fn) is not AccumulateGrad:
                    stack.append(fn)
    return deps
