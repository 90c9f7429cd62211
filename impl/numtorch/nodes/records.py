"""Nodes that nobody has looked at yet.

Of the nodes of a graph a user looks at a few: at a `grad_fn`, to hook it. So the operators of `dispatch/` make no Node in the
usual case, but a record of what it would hold, which is a list:

    [function, sequence number, Descriptor of the result, next node, (next node,) what the formulas read ...]

A product with a Python number, or a quotient, has a shorter one, with a function of its own:

    [function, sequence number, Descriptor of the result, next node, number]

The function computes the gradients over arrays, as `run` does for a Node, and has others: `apply_tensors` computes them over
Tensors, `release` forgets what was saved, `of_record` makes the Node; `computes_anew` and `arity` say what its class says. A
record is made in half the instructions of an object with as many slots, and the passes over arrays run it as it is. All else
goes by `node_of`, which makes the Node when it is first asked for; from then on the record holds nothing but the Node, so that
there is one state, and one Node whoever asks.

Rejected: a tuple, of which nothing can be let go of while the graph is held; and a Node that reads its record, which the record
would have to hold for the sake of its hooks: a cycle, which only the garbage collector frees.
"""

from __future__ import annotations

import threading
from typing import Any

from ..plain_numpy import np

Record = list[Any]
_lock = threading.RLock()  # two threads may look at one node


def node_of(made: Any) -> Any:
    """The Node of what made a tensor, or of what an edge leads to: a Node, a record, or None."""
    if type(made) is not list:
        return made
    if made[0] is not run_node:
        with _lock:
            if made[0] is not run_node:
                made[:] = [run_node, made[1], made[0].of_record(made)]
    return made[2]


def run_node(record: Record, grad: Any, keep: bool) -> tuple[Any, Any, Any, Any]:
    """What a record does whose Node was looked at: what the Node does, unless it has hooks by now."""
    node = record[2]
    if node.extra is not None:
        from .graph import NotPlain

        raise NotPlain
    return node.run(grad, keep)  # type: ignore[no-any-return]


run_node.release = lambda record: record[2].release()  # type: ignore[attr-defined]
run_node.computes_anew = False  # type: ignore[attr-defined]


def with_memory(number: Any, fn: Any, fn1: Any) -> Any:
    """A gradient without memory that goes along two edges: with memory where what is made of it on both may share that.

    Where one node computes something new of it at once nobody can tell, and NumPy computes with numbers much faster.
    """
    if (type(fn) is list and fn[0].computes_anew) or (type(fn1) is list and fn1[0].computes_anew):
        return number
    return np.asarray(number)
