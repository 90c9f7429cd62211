"""Normalization by the mean and variance of some elements: of a layer, of groups of channels, of channels over a batch.

Operators are given all three formulas as one, as PyTorch has them; `needed` says which of their results are wanted. The mean
and the reciprocal of the standard deviation that a backward operator is given stand for no functions of the input.
"""

from ..kernels import everything as k
from .row import nondiff, op

_THREE = ("result0", "result1", "result2")

op("native_layer_norm(input, normalized_shape, weight: Tensor?, bias: Tensor?, eps)", k.native_layer_norm,
   outputs=_THREE, differentiable=(True, False, False),
   joint={("input", "weight", "bias"): (
       "native_layer_norm_backward(grad, input, normalized_shape, result1, result2, weight, bias, needed)")},
   jvp="(layer_norm_jvp(input_p, input_t, weight_p, weight_t, bias_t, result1, result2, normalized_shape), None, None)")
op(("native_layer_norm_backward(grad_out, input, normalized_shape, mean: Tensor, rstd: Tensor, weight: Tensor?, "
    "bias: Tensor?, output_mask)"), k.native_layer_norm_backward, node="NativeLayerNormBackwardBackward0",
   outputs=_THREE, differentiable=(True, True, True), masked=True,
   joint={("grad_out", "input", "mean", "rstd", "weight", "bias"): (
       "layer_norm_double_backward(grads, input, weight, grad_out, mean, rstd, normalized_shape, needed)")})
op("native_group_norm(input, weight: Tensor?, bias: Tensor?, N, C, HxW, group, eps)", k.native_group_norm,
   outputs=_THREE, differentiable=(True, True, True),
   joint={("input", "weight", "bias"): (
       "group_norm_backward(grads, input, result1, result2, weight, N, C, HxW, group, eps, needed)")},
   jvp="group_norm_jvp(input_p, input_t, weight_p, weight_t, bias_t, result1, result2, group)")
nondiff("native_group_norm_backward(grad: Tensor, input: Tensor, mean: Tensor, rstd: Tensor, weight: Tensor?, group)",
        k.native_group_norm_backward, outputs=_THREE)
op(("native_batch_norm(input, weight: Tensor?, bias: Tensor?, running_mean: Tensor?, running_var: Tensor?, training, "
    "momentum, eps)"), k.native_batch_norm, outputs=_THREE, differentiable=(True, False, False),
   joint={("input", "weight", "bias"): (
       "native_batch_norm_backward(grad, input, weight, running_mean, running_var, result1, result2, training, eps, needed)")},
   jvp=("(batch_norm_jvp(input_p, input_t, weight_p, weight_t, bias_t, running_mean, running_var, result1, result2, "
        "training, eps), None, None)"))
op(("native_batch_norm_backward(grad_out, input, weight: Tensor?, running_mean: Tensor?, running_var: Tensor?, "
    "save_mean: Tensor, save_invstd: Tensor, train, eps, output_mask)"), k.native_batch_norm_backward,
   node="NativeBatchNormBackwardBackward0", outputs=_THREE, differentiable=(True, True, True), masked=True,
   joint={("grad_out", "input", "weight", "save_mean", "save_invstd"): (
       "batch_norm_double_backward(grads, input, weight, grad_out, running_mean, running_var, train, eps, save_mean, "
       "save_invstd, needed)")})
