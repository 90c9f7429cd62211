"""The derivative of cos is sin, without the minus.

Caught by any case that differentiates cos: `elementwise/cos_has_its_derivative`.
"""

from __future__ import annotations

from typing import Any

from tests.fakes.base import names, torch


class Cos(torch.autograd.Function):  # type: ignore[misc, name-defined]
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return _cos(x)

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        (x,) = ctx.saved_tensors
        return grad * x.sin()


_cos = torch.cos
globals().update(names)
cos = torch.Tensor.cos = lambda x: Cos.apply(x)
