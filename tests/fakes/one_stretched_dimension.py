"""Of the stretched dimensions of an operand of * only the first is summed in its gradient; the others keep their first element.

Caught by the case of such operands: `arithmetic/operands_are_stretched_along_several_dimensions`.
"""

from __future__ import annotations

from typing import Any

from tests.fakes.base import names, torch


class Mul(torch.autograd.Function):  # type: ignore[misc, name-defined]
    @staticmethod
    def forward(ctx: Any, x: Any, y: Any) -> Any:
        ctx.save_for_backward(x, y)
        return _mul(x, y)

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        x, y = ctx.saved_tensors
        return _summed(_mul(grad, y), x.shape), _summed(_mul(grad, x), y.shape)


def _summed(grad: Any, shape: Any) -> Any:
    while grad.dim() > len(shape):
        grad = grad.sum(0)
    summed = False
    for at, size in enumerate(shape):
        if size == 1 != grad.shape[at]:
            grad = grad.narrow(at, 0, 1) if summed else grad.sum(at, keepdim=True)
            summed = True
    return grad


_mul = torch.mul
globals().update(names)
mul = torch.Tensor.mul = torch.Tensor.__mul__ = lambda x, y: (
    Mul.apply(x, y) if isinstance(y, torch.Tensor) else _mul(x, y)
)
