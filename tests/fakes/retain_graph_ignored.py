"""The graph is never freed, whatever `retain_graph` says: a second backward succeeds.

Caught by a case that calls backward twice through saved tensors: `retain_graph/second_backward_through_a_freed_graph_raises`.
"""

from __future__ import annotations

from typing import Any

from tests.fakes.base import names, torch

_backward = torch.Tensor.backward


def backward(self: Any, *args: Any, **kwargs: Any) -> None:
    kwargs["retain_graph"] = True
    _backward(self, *args, **kwargs)


torch.Tensor.backward = backward
globals().update(names)
