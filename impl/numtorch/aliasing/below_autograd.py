"""What PyTorch records below autograd, where an operator is over inference tensors alone and some of them require grad.

Outside inference mode autograd does not see such a call. But its kernel copies to new tensors, or writes to a copy, by
operators of their own; the new tensors are none of inference mode, so that autograd sees these.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import grad_mode
from ..dtype import FLOATING
from ..memory.descriptor import broadcast_shapes
from .views import all_inference, rebase_history, requires_grad
from .writes import CopyBackwards, FillBackward3, binary


def copied(result: Any, source: Any) -> None:
    """The history of a new tensor that an operand was copied to."""
    if _sees(result, source):
        node = binary(CopyBackwards, result, source)
        node.source = source._desc
        rebase_history(result, node)


def filled(result: Any, source: Any) -> None:
    """The history of a new tensor that was filled with an operand of no dimensions."""
    if _sees(result, source):
        rebase_history(result, binary(FillBackward3, result, source))


def _sees(result: Any, source: Any) -> bool:
    wanted = grad_mode.state.grad and result._desc.dtype.category >= FLOATING and requires_grad(source)
    return wanted and all_inference((source,))


def over_copy(write: Callable[..., Any], target: Any, *operands: Any) -> Any:
    """What a write to a copy of the target gives."""
    from .. import dispatch

    result = dispatch.clone(target)  # which counts that it was copied to, and has its history
    return write(result, *operands)


def beside_mask(target: Any, mask: Any) -> Any:
    """The target in the shape that it has together with a mask: a view of an inference tensor requires no grad."""
    shape = target._desc.shape
    return target if mask._desc.shape == shape else target.expand(broadcast_shapes(shape, mask._desc.shape))
