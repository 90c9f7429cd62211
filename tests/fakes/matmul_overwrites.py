"""The gradient of the right operand of a matrix product overwrites what a leaf has instead of adding to it.

Caught by a case that uses a weight more than once: `weight_sharing/weight_stands_on_both_sides_of_a_product`.
"""

from __future__ import annotations

from typing import Any

from tests.fakes.base import names, torch


class Matmul(torch.autograd.Function):  # type: ignore[misc, name-defined]
    @staticmethod
    def forward(ctx: Any, x: Any, y: Any) -> Any:
        ctx.save_for_backward(x, y)
        return _matmul(x, y)

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        x, y = ctx.saved_tensors
        if y.is_leaf and y.requires_grad:
            y.grad = None
        return _matmul(grad, y.t()), _matmul(x.t(), grad)


def matmul(x: Any, y: Any) -> Any:
    return Matmul.apply(x, y) if x.dim() == y.dim() == 2 else _matmul(x, y)


_matmul = torch.matmul
globals().update(names)
torch.Tensor.matmul = torch.Tensor.__matmul__ = matmul
