"""An `out=` of operators whose form with one has no derivative in PyTorch: its fallback makes a node that raises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..aliasing.views import rebase_history, refuse_write, requires_grad
from ..autograd.grad_mode import no_grad
from ..grad_mode import state
from ..nodes.error_nodes import NotImplementedNode, node
from ..tensor import Tensor
from .raising import out_requires_grad


def into_without_derivative(out: Any, name: str, operands: tuple[Any, ...], compute: Callable[[], Any]) -> Any:
    """`compute` writes to `out`, which gets a node if an operand or itself requires grad, unless no write may change it."""
    tensors = [x for x in (*operands, out) if isinstance(x, Tensor) and requires_grad(x)]
    if not (state.grad and tensors and isinstance(out, Tensor)):
        return compute()
    try:
        refuse_write(out)
    except RuntimeError:
        raise out_requires_grad(f"aten::{name}") from None
    made = node(NotImplementedNode, f"derivative for aten::{name} is not implemented", [], tensors)
    with no_grad():
        compute()
    made.descs = (out._desc,)
    rebase_history(out, made)
    return out
