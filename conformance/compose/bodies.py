"""The functions and classes that random programs use: hooks, and Functions of their own. Written as cases are, and recorded."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from conformance.program import Class, Function, Operand, walk
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


TENSOR_HOOKS = (looks, doubles, negates, returns_zeros, detaches, writes, raises)
LEAF_HOOKS = (looks, clears, raises)


# ------------------------------------------------------------------------------------------------------------ Functions


def cube(torch: Any) -> None:
    class Cube(torch.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(ctx, a):  # type: ignore[no-untyped-def]
            ctx.save_for_backward(a)
            return a * a * a

        @staticmethod
        def backward(ctx, grad):  # type: ignore[no-untyped-def]
            (a,) = ctx.saved_tensors
            return grad * 3 * a * a


def saves_its_output(torch: Any) -> None:
    class Exp(torch.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(ctx, a):  # type: ignore[no-untyped-def]
            result = a.exp()
            ctx.save_for_backward(result)
            return result

        @staticmethod
        def backward(ctx, grad):  # type: ignore[no-untyped-def]
            (result,) = ctx.saved_tensors
            return grad * result


def returns_its_input(torch: Any) -> None:
    class Same(torch.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(ctx, a):  # type: ignore[no-untyped-def]
            return a

        @staticmethod
        def backward(ctx, grad):  # type: ignore[no-untyped-def]
            return grad * 2


def returns_a_view(torch: Any) -> None:
    class View(torch.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(ctx, a):  # type: ignore[no-untyped-def]
            return a.unsqueeze(0)

        @staticmethod
        def backward(ctx, grad):  # type: ignore[no-untyped-def]
            return grad.squeeze(0)


def writes_its_input(torch: Any) -> None:
    class Twice(torch.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(ctx, a):  # type: ignore[no-untyped-def]
            ctx.mark_dirty(a)
            return a.mul_(2)

        @staticmethod
        def backward(ctx, grad):  # type: ignore[no-untyped-def]
            return grad * 2


def has_no_gradient(torch: Any) -> None:
    class Constant(torch.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(ctx, a):  # type: ignore[no-untyped-def]
            return a + 1

        @staticmethod
        def backward(ctx, grad):  # type: ignore[no-untyped-def]
            return None


def is_differentiable_once(torch: Any) -> None:
    class Square(torch.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def setup_context(ctx, inputs, output):  # type: ignore[no-untyped-def]
            (a,) = inputs
            ctx.save_for_backward(a)

        @staticmethod
        def forward(a):  # type: ignore[no-untyped-def]
            return a * a

        @staticmethod
        def backward(ctx, grad):  # type: ignore[no-untyped-def]
            (a,) = ctx.saved_tensors
            return grad * 2 * a


FUNCTIONS = (
    cube,
    saves_its_output,
    returns_its_input,
    returns_a_view,
    writes_its_input,
    has_no_gradient,
    is_differentiable_once,
)


# ------------------------------------------------------------------------------------------------------------ recording


@cache
def hook(function: Callable[..., Any]) -> Function:
    """A Python function as an operand."""

    def use(torch: Any) -> None:
        torch.use(function)

    return _only(use, Function)  # type: ignore[return-value]


@cache
def class_of(body: Callable[..., Any]) -> Class:
    """The class that a body defines."""
    return _only(body, Class)  # type: ignore[return-value]


def _only(body: Callable[..., Any], kind: type) -> Operand:
    from conformance.program import operands

    found = [part for step in record(body, {}).steps for operand in operands(step) for part in walk(operand)]
    return next(part for part in found if isinstance(part, kind))
