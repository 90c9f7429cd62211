"""The gradient of the right operand of a matrix product overwrites that of other uses instead of being added to it.

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
        right = _matmul(x.t(), grad)
        if y.is_leaf and y.requires_grad:
            _last.append((y, right))
        return _matmul(grad, y.t()), right


def _product(x: Any, y: Any) -> Any:
    return Matmul.apply(x, y) if x.dim() == y.dim() == 2 else _matmul(x, y)


def backward(self: Any, *args: Any, **kwargs: Any) -> None:
    _last.clear()
    _backward(self, *args, **kwargs)
    for operand, gradient in _last:
        operand.grad = gradient.detach()


_last: list[tuple[Any, Any]] = []
_matmul, _backward = torch.matmul, torch.Tensor.backward
globals().update(names)
matmul = torch.Tensor.matmul = torch.Tensor.__matmul__ = _product
torch.Tensor.backward = backward
