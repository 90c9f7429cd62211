"""The functions that random programs use as hooks. Written as cases are, and recorded."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from conformance.program import Function, operands, walk
from conformance.recorder import record

# ---------------------------------------------------------------------------------------------------------------- hooks


def looks(grad: Any) -> None:
    """Changes nothing."""


def doubles(grad: Any) -> Any:
    return grad * 2


def negates(grad: Any) -> Any:
    return -grad


def raises(grad: Any) -> Any:
    raise ValueError("from a hook")


def returns_zeros(grad: Any) -> Any:
    return grad * 0


def writes(grad: Any) -> Any:
    grad.mul_(2)


def detaches(grad: Any) -> Any:
    return grad.detach()


def clears(leaf: Any) -> None:
    leaf.grad = None


def doubles_inputs(grad_inputs: Any, grad_outputs: Any) -> Any:
    return None


def looks_at_outputs(grad_outputs: Any) -> Any:
    return None


def packs(tensor: Any) -> Any:
    return tensor.detach().clone()


def unpacks(packed: Any) -> Any:
    return packed


TENSOR_HOOKS = (looks, doubles, negates, returns_zeros, detaches, writes, raises)
LEAF_HOOKS = (looks, clears, raises)


# ------------------------------------------------------------------------------------------------------------ recording


@cache
def hook(function: Callable[..., Any]) -> Function:
    """A Python function as an operand."""

    def use(torch: Any) -> None:
        torch.use(function)

    found = [part for step in record(use, {}).steps for operand in operands(step) for part in walk(operand)]
    return next(part for part in found if isinstance(part, Function))
