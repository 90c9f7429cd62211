"""Nodes that raise when they are run: of operators without a derivative, and of what may be differentiated only once.

The error waits for a backward pass, so that a result whose gradient nobody asks for can still be used. In the pass it comes
as soon as it is ready: such a node has the number that leaves have, and takes none of those that operators count. So leaves
that the same node leads to, but later, get nothing (`pass_over` in plain_pass.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..aliasing.views import edge
from ..memory.descriptor import Descriptor
from ..tensor import Tensor
from .graph import ACCUMULATE_SEQ, VariadicNode

_new = object.__new__


class Error(VariadicNode):
    """A node that raises when it is run, of one output or several."""

    __slots__ = ("descs", "message")
    multi = True
    descs: tuple[Descriptor | None, ...]
    message: str

    @property
    def num_outputs(self) -> int:
        """How many outputs the node stands for."""
        return len(self.descs)

    def descriptors(self) -> tuple:
        return self.descs

    def name(self) -> str:
        return "torch::autograd::Error"

    def apply(self, grad: Any, keep: bool) -> Any:
        raise RuntimeError(self.message)

    def apply_tensors(self, grad: Any) -> Any:
        return self.apply(grad, True)


class NotImplementedNode(Error):
    """The node of an operator without a derivative."""

    __slots__ = ()

    def name(self) -> str:
        return "torch::autograd::NotImplemented"


NotImplementedNode.__name__ = "NotImplemented"


def node(
    kind: type[Error], message: str, outputs: Sequence[Descriptor | None], inputs: Sequence[Tensor | None]
) -> Error:
    """A node that raises `message`, with an edge to each input."""
    made = _new(kind)
    made.seq = ACCUMULATE_SEQ
    made.descs = tuple(outputs)
    edges = [(None, 0) if t is None else edge(t) for t in inputs]
    made.next_nodes = tuple([e[0] for e in edges])
    made.next_nrs = tuple([e[1] for e in edges])
    made.message = message
    return made


def attach(results: Sequence[Tensor | None], made: Error) -> None:
    """Make the results the node's outputs."""
    for nr, result in enumerate(results):
        if result is not None:
            result._requires_grad, result._made, result._output_nr = True, made, nr


def not_implemented(result: Tensor, operator: str, *inputs: Tensor) -> Tensor:
    """Make `result` the output of an operator that has no derivative: `operator` is its name in ATen."""
    text = f"derivative for aten::{operator} is not implemented"
    attach([result], node(NotImplementedNode, text, [result._desc], inputs))
    return result


__all__ = ["Error", "NotImplementedNode", "attach", "node", "not_implemented"]
