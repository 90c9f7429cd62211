"""Losses of margins between classes; PyTorch has no second derivative of them."""

from ..kernels import everything as k
from .row import op

_ONE = "target: Tensor, p, margin, weight: Tensor?, reduction"
_MANY = "target: Tensor, reduction, is_target: Tensor"

op(f"multi_margin_loss(self, {_ONE})", k.multi_margin_loss,
   self="multi_margin_loss_backward(grad, self, target, p, margin, weight, reduction)")
op(f"multi_margin_loss_backward(grad_output, self, {_ONE})", k.multi_margin_loss_backward,
   node="MultiMarginLossNotImplemented", shown="NotImplemented",
   **dict.fromkeys(("grad_output", "self"), "not_implemented(grad, 'aten::multi_margin_loss_backward')"))
op("multilabel_margin_loss(self, target: Tensor, reduction)", k.multilabel_margin_loss, outputs=("output", "is_target"),
   differentiable=(True, False), self="multilabel_margin_loss_backward(grad, self, target, reduction, is_target)")
op(f"multilabel_margin_loss_backward(grad_output, self, {_MANY})", k.multilabel_margin_loss_backward,
   node="MultilabelMarginLossNotImplemented", shown="NotImplemented",
   **dict.fromkeys(("grad_output", "self"), "not_implemented(grad, 'aten::multilabel_margin_loss_backward')"))
