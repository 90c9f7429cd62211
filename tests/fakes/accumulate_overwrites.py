"""`backward` overwrites the gradient of a leaf instead of adding to it.

Caught by a case that calls backward twice without clearing: `accumulation/backward_adds_to_grad`.
"""

from __future__ import annotations

from typing import Any

from tests.fakes.base import names, torch

_backward = torch.Tensor.backward


def _leaves(node: Any) -> Any:
    if hasattr(node, "variable"):
        yield node.variable
    for following, _ in node.next_functions:
        if following is not None:
            yield from _leaves(following)


def backward(self: Any, *args: Any, **kwargs: Any) -> None:
    for leaf in _leaves(self.grad_fn) if self.grad_fn is not None else ():
        leaf.grad = None
    _backward(self, *args, **kwargs)


torch.Tensor.backward = backward
globals().update(names)
