"""Losses of torch.nn.functional that PyTorch has a kernel for, their ways back, and the lookup of embeddings.

`reduction` is 0 for none, 1 for the mean, 2 for the sum.
"""

from ..kernels import everything as k
from .row import LIKE, nary, op

op("mse_loss(self, target, reduction)", k.mse_loss, elementwise=True, layout="elementwise",
   self="sum_to_info(mse_loss_backward(grad, self, target, reduction), self.info)",
   target="sum_to_info(mse_loss_backward(grad, target, self, reduction), target.info)",
   jvp=("reduced_loss(mse_loss_backward(self_t, self_p, target_p, 0) + mse_loss_backward(target_t, target_p, "
        "self_p, 0), reduction)"))
nary("mse_loss_backward(grad_output, self, target, reduction)", k.mse_loss_backward, node="MseLossBackwardBackward0",
     row_major=True, typed_by="self", grad_output="mse_loss_backward(grad, self, target, reduction)",
     self="mse_loss_double_backward(grad * grad_output, reduction)",
     target="-mse_loss_double_backward(grad * grad_output, reduction)",
     jvp=("mse_loss_double_backward(self_t * grad_output_p, reduction) - mse_loss_double_backward(target_t * "
          "grad_output_p, reduction) + mse_loss_backward(grad_output_t, self_p, target_p, reduction)"))
op("smooth_l1_loss(self, target, reduction, beta)", k.smooth_l1_loss, node="SmoothL1LossBackward0", elementwise=True,
   layout="elementwise",
   self="sum_to_info(smooth_l1_loss_backward(grad, self, target, reduction, beta), self.info)",
   target="sum_to_info(smooth_l1_loss_backward(grad, target, self, reduction, beta), target.info)",
   jvp=("reduced_loss(smooth_l1_loss_backward(self_t, self_p, target_p, 0, beta) + "
        "smooth_l1_loss_backward(target_t, target_p, self_p, 0, beta), reduction)"))
nary("smooth_l1_loss_backward(grad_output, self, target, reduction, beta)", k.smooth_l1_loss_backward,
     node="SmoothL1LossBackwardBackward0", row_major=True,
     typed_by="self", grad_output="smooth_l1_loss_backward(grad, self, target, reduction, beta)",
     self="smooth_l1_loss_double_backward(grad * grad_output, self, target, reduction, beta)",
     target="-smooth_l1_loss_double_backward(grad * grad_output, self, target, reduction, beta)",
     jvp=("smooth_l1_loss_double_backward(self_t * grad_output_p, self_p, target_p, reduction, beta) - "
          "smooth_l1_loss_double_backward(target_t * grad_output_p, self_p, target_p, reduction, beta) + "
          "smooth_l1_loss_backward(grad_output_t, self_p, target_p, reduction, beta)"))
op("huber_loss(self, target, reduction, delta)", k.huber_loss, elementwise=True, layout=LIKE,
   self="sum_to_info(huber_loss_backward(grad, self, target, reduction, delta), self.info)",
   target="sum_to_info(huber_loss_backward(grad, target, self, reduction, delta), target.info)",
   jvp=("reduced_loss(huber_loss_backward(self_t, self_p, target_p, 0, delta) + huber_loss_backward(target_t, "
        "target_p, self_p, 0, delta), reduction)"))
op("huber_loss_backward(grad_output, self, target, reduction, delta)", k.huber_loss_backward,
   node="HuberLossBackwardBackward0", elementwise=True,
   grad_output="huber_loss_again(grad, grad_output, self, target, reduction, delta)",
   self="huber_loss_double_backward(grad * grad_output, self, target, reduction, delta)",
   target="-huber_loss_double_backward(grad * grad_output, self, target, reduction, delta)")
op("soft_margin_loss(self, target: Tensor, reduction)", k.soft_margin_loss, elementwise=True, layout="first",
   self="soft_margin_loss_backward(grad, self, target, reduction)",
   jvp="reduced_loss(soft_margin_loss_backward(self_t.conj(), self_p, target, 0).conj(), reduction)")
op("soft_margin_loss_backward(grad_output, self, target: Tensor, reduction)", k.soft_margin_loss_backward,
   node="SoftMarginLossBackwardBackward0", elementwise=True, layout="target first",
   grad_output="soft_margin_again(grad, grad_output, self, target, reduction)",
   self="soft_margin_loss_double_backward(grad * grad_output, self, target, reduction)")
op("nll_loss(self, target: Tensor, weight: Tensor?, reduction, ignore_index)", k.nll_loss,
   outputs=("output", "total_weight"), differentiable=(True, False),
   self="nll_loss_backward(grad, self, target, weight, reduction, ignore_index, total_weight)",
   jvp="(nll_loss(self_t, target, weight, reduction, ignore_index)[0], None)")
op("nll_loss2d(self, target: Tensor, weight: Tensor?, reduction, ignore_index)", k.nll_loss, node="NllLoss2DBackward0",
   outputs=("output", "total_weight"), differentiable=(True, False),
   self="nll_loss2d_backward(grad, self, target, weight, reduction, ignore_index, total_weight)",
   jvp="(nll_loss2d(self_t, target, weight, reduction, ignore_index)[0], None)")
op("nll_loss_backward(grad_output, self, target: Tensor, weight: Tensor?, reduction, ignore_index, total_weight: Tensor)",
   k.nll_loss_backward, node="NllLossBackwardBackward0",
   grad_output="nll_loss_again(grad, target, weight, reduction, ignore_index)", self="zeros_like(grad)")
op("nll_loss2d_backward(grad_output, self, target: Tensor, weight: Tensor?, reduction, ignore_index, total_weight: Tensor)",
   k.nll_loss2d_backward, node="NllLoss2DBackwardBackward0",
   grad_output="nll_loss2d_again(grad, target, weight, reduction, ignore_index)", self="zeros_like(grad)")
op("binary_cross_entropy(self, target, weight: Tensor?, reduction)", k.binary_cross_entropy, elementwise=True, layout=LIKE,
   self="binary_cross_entropy_backward(grad, self, target, weight, reduction)",
   target="binary_cross_entropy_target_backward(grad, self, target, weight, reduction)",
   jvp=("reduced_loss(binary_cross_entropy_backward(self_t, self_p, target_p, weight, 0) + "
        "binary_cross_entropy_target_backward(target_t, self_p, target_p, weight, 0), reduction)"))
op("binary_cross_entropy_backward(grad_output, self, target, weight: Tensor?, reduction)",
   k.binary_cross_entropy_backward, node="BinaryCrossEntropyBackwardBackward0", elementwise=True,
   grad_output="sum_to_info(bce_double_backward_grad_output(grad, self, target, weight, reduction), grad_output.info)",
   self="binary_cross_entropy_double_backward(grad_output, grad, self, target, weight, reduction)",
   target="binary_cross_entropy_double_backward_target(grad, grad_output, self, weight, reduction)")
op("binary_cross_entropy_with_logits(self, target, weight: Tensor?, pos_weight: Tensor?, reduction)",
   k.binary_cross_entropy_with_logits, layout="second beside number",
   self="binary_cross_entropy_with_logits_backward(grad, self, target, weight, pos_weight, reduction)",
   target="binary_cross_entropy_with_logits_target_backward(grad, self, target, weight, pos_weight, reduction)",
   jvp=("reduced_loss(binary_cross_entropy_with_logits_backward(self_t, self_p, target_p, weight, pos_weight, 0) + "
        "binary_cross_entropy_with_logits_target_backward(target_t, self_p, target_p, weight, pos_weight, 0), "
        "reduction)"))
op("embedding(weight, indices: Tensor, padding_idx, scale_grad_by_freq, sparse)", k.embedding,
   weight="embedding_backward(grad, indices, weight.size0, padding_idx, scale_grad_by_freq, sparse)",
   jvp="embedding(weight_t, indices, padding_idx, scale_grad_by_freq, sparse)")
op("embedding_backward(grad_output, indices: Tensor, num_weights, padding_idx, scale_grad_by_freq, sparse)",
   k.embedding_backward, node="EmbeddingDenseBackwardBackward0",
   grad_output="embedding_double_backward(grad, indices, padding_idx)",
   jvp="embedding_backward(grad_output_t, indices, num_weights, padding_idx, scale_grad_by_freq, sparse)")
