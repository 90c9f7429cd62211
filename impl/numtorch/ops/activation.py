"""Activations of torch.nn.functional, and their ways back, which may be differentiated again."""

from ..kernels import everything as k
from .row import ELEMENTWISE, LIKE, nondiff, op

# ---- exponential ones
op("elu(self, alpha, scale, input_scale)", k.elu, pointwise=True, inplace=False, refuses="elu_cpu", jvp=ELEMENTWISE,
   self="elu_backward(grad, alpha, scale, input_scale, False, self)")
op("elu_of(self, alpha, scale, input_scale)", k.elu, node="EluBackward1", pointwise=True, refuses="elu_cpu",
   self="elu_backward(grad, alpha, scale, input_scale, True, result)", jvp=ELEMENTWISE)
op("elu_backward(grad_output, alpha, scale, input_scale, is_result, self_or_result)", k.elu_backward,
   node="EluBackwardBackward0", pointwise=True, inplace=False,
   grad_output="elu_backward(grad, alpha, scale, input_scale, is_result, self_or_result)",
   self_or_result="elu_double_backward(grad, grad_output, alpha, scale, input_scale, is_result, self_or_result)",
   jvp=("elu_backward(grad_output_t, alpha, scale, input_scale, is_result, self_or_result_p) + "
        "elu_double_backward(self_or_result_t, grad_output_p, alpha, scale, input_scale, is_result, self_or_result_p)"))
op("celu(self, alpha)", k.celu, pointwise=True, inplace=False, refuses="elu_cpu", jvp=ELEMENTWISE,
   self="elu_backward(grad, alpha, 1, slope_of_celu(alpha), False, self)")
op("celu_of(self, alpha)", k.celu, node="CeluBackward1", pointwise=True, refuses="elu_cpu",
   self="elu_backward(grad, alpha, 1, slope_of_celu(alpha), True, result)", jvp=ELEMENTWISE)
op("softplus(self, beta, threshold)", k.softplus, pointwise=True, inplace=False, refuses="softplus_cpu",
   self="softplus_backward(grad, self, beta, threshold)", jvp=ELEMENTWISE)
op("softplus_backward(grad_output, self, beta, threshold)", k.softplus_backward, node="SoftplusBackwardBackward0",
   pointwise=True, inplace=False, grad_output="softplus_backward(grad, self, beta, threshold)",
   self="softplus_double_backward(grad * grad_output, self, beta, threshold)",
   jvp=("softplus_backward(grad_output_t, self_p, beta, threshold) + "
        "softplus_double_backward(self_t * grad_output_p, self_p, beta, threshold)"))
op("gelu(self, approximate)", k.gelu, pointwise=True, inplace=False, refuses="GeluKernelImpl",
   self="gelu_backward(grad, self, approximate)", jvp=ELEMENTWISE)
op("gelu_backward(grad_output, self, approximate)", k.gelu_backward, node="GeluBackwardBackward0", pointwise=True,
   inplace=False, grad_output="gelu_backward(grad, self, approximate)",
   self="gelu_double_backward(grad, grad_output, self, approximate)",
   jvp=("gelu_backward(grad_output_t, self_p, approximate) + "
        "gelu_double_backward(self_t, grad_output_p, self_p, approximate)"))
op("silu(self)", k.silu, pointwise=True, refuses="silu_cpu", self="silu_backward(grad, self)", jvp=ELEMENTWISE)
op("mish(self)", k.mish, pointwise=True, refuses="mish_cpu", self="mish_backward(grad, self)", jvp=ELEMENTWISE)
op("log_sigmoid(self)", k.log_sigmoid, outputs=("output", "buffer"), differentiable=(True, False), elementwise=True,
   self="log_sigmoid_backward(grad, self, buffer)", jvp=ELEMENTWISE)
nondiff("silu_gradient(grad_output: Tensor, self: Tensor)", k.silu_backward, pointwise=True)
nondiff("mish_gradient(grad_output: Tensor, self: Tensor)", k.mish_backward, pointwise=True)
op("log_sigmoid_backward(grad_output, self, buffer: Tensor)", k.log_sigmoid_backward,
   node="LogSigmoidBackwardBackward0", elementwise=True,
   grad_output="sum_to_info(log_sigmoid_backward(grad, self, buffer), grad_output.info)",
   self="sum_to_info(log_sigmoid_double_backward(grad * grad_output, self), self.info)",
   jvp=("log_sigmoid_backward(grad_output_t, self_p, buffer) + "
        "log_sigmoid_double_backward(self_t * grad_output_p, self_p)"))

# ---- straight lines
op("leaky_relu(self, negative_slope)", k.leaky_relu, pointwise=True, inplace=False, refuses="leaky_relu_cpu",
   self="leaky_relu_backward(grad, self, negative_slope, False)", jvp=ELEMENTWISE)
op("leaky_relu_of(self, negative_slope)", k.leaky_relu, node="LeakyReluBackward1", pointwise=True, refuses="leaky_relu_cpu",
   self="leaky_relu_backward(grad, result, negative_slope, True)", jvp=ELEMENTWISE)
op("leaky_relu_backward(grad_output, self, negative_slope, self_is_result)", k.leaky_relu_backward,
   node="LeakyReluBackwardBackward0", pointwise=True, inplace=False, last_decides=True, self="zeros_like(grad)",
   grad_output="leaky_relu_backward(grad, self, negative_slope, False)",
   jvp="leaky_relu_backward(grad_output_t, self_p, negative_slope, self_is_result)")
op("hardtanh(self, min_val, max_val)", k.clamp, pointwise=True, layout=LIKE,
   self="hardtanh_backward(grad, self, min_val, max_val)",
   jvp=ELEMENTWISE)
op("hardtanh_backward(grad_output, self, min_val, max_val)", k.hardtanh_backward, node="HardtanhBackwardBackward0",
   pointwise=True, inplace=False, grad_output="hardtanh_backward(grad, self, min_val, max_val)", self="zeros_like(grad)",
   jvp="where_between(grad_output_t, self_p, min_val, max_val)")
op("threshold(self, threshold, value)", k.threshold, pointwise=True, inplace=False,
   self="threshold_backward(grad, self, threshold)", jvp=ELEMENTWISE)
op("threshold_of(self, threshold, value)", k.threshold, node="ThresholdBackward1", pointwise=True,
   self="threshold_backward(grad, self, threshold)",
   jvp="self_t.copy_(threshold_backward(self_t, self_p, threshold))")
op("softshrink(self, lambd)", k.softshrink, pointwise=True, inplace=False, refuses="softshrink_check",
   self="softshrink_backward(grad, self, lambd)", jvp=ELEMENTWISE)
op("softshrink_backward(grad_output, self, lambd)", k.shrink_backward, node="SoftshrinkBackwardBackward0", pointwise=True,
   inplace=False, grad_output="softshrink_backward(grad, self, lambd)", self="zeros_like(grad)",
   jvp="where_outside(grad_output_t, self_p, lambd)")
op("hardshrink(self, lambd)", k.hardshrink, pointwise=True, inplace=False, refuses="hardshrink_cpu",
   self="hardshrink_backward(grad, self, lambd)", jvp=ELEMENTWISE)
op("hardshrink_backward(grad_output, self, lambd)", k.shrink_backward, node="HardshrinkBackwardBackward0", pointwise=True,
   inplace=False, grad_output="hardshrink_backward(grad, self, lambd)", self="zeros_like(grad)",
   jvp="where_outside(grad_output_t, self_p, lambd)")
op("hardsigmoid(self)", k.hardsigmoid, pointwise=True, refuses="hardsigmoid_cpu", self="hardsigmoid_backward(grad, self)",
   jvp=ELEMENTWISE)
op("hardsigmoid_backward(grad_output, self)", k.hardsigmoid_backward, node="HardsigmoidNotImplemented",
   shown="NotImplemented",
   pointwise=True, inplace=False, grad_output="not_implemented(grad, 'aten::hardsigmoid_backward')",
   self="not_implemented(grad, 'aten::hardsigmoid_backward')")
op("hardswish(self)", k.hardswish, pointwise=True, refuses="hardswish_cpu", self="hardswish_backward(grad, self)",
   jvp=ELEMENTWISE)
op("hardswish_backward(grad_output, self)", k.hardswish_backward, node="HardswishBackwardBackward0", pointwise=True,
   inplace=False, grad_output="hardswish_backward(grad, self)", self="hardswish_double_backward(grad, grad_output, self)",
   jvp="hardswish_backward(grad_output_t, self_p) + hardswish_double_backward(self_t, grad_output_p, self_p)")

# ---- with a slope that is learned, or drawn
op("prelu_kernel(self, weight)", k.prelu_kernel, layout=LIKE, joint={("self", "weight"): "prelu_backward(grad, self, weight)"},
   jvp="where(self_p >= 0, self_t, weight_p * self_t + weight_t * self_p)")
op("prelu_kernel_backward(grad_output, self, weight)", k.prelu_kernel_backward, node="PreluKernelBackwardBackward0",
   outputs=("mine", "of_weight"), differentiable=(True, True), grad_output="prelu_again(grads, self, weight)",
   self="sum_to_info(prelu_double_backward(grads, grad_output, self), self.info)",
   weight="prelu_double_backward_weight(grads, grad_output, self, weight)",
   jvp=("(where(self_p >= 0, grad_output_t, grad_output_t * weight_p + grad_output_p * weight_t), "
        "where(self_p >= 0, 0, grad_output_p * self_t + grad_output_t * self_p))"))
op("rrelu_with_noise(self, noise: Tensor, lower, upper, training)", k.rrelu_with_noise, jvp=ELEMENTWISE,
   self="rrelu_with_noise_backward(grad, self, noise, lower, upper, training, False)")
op("rrelu_with_noise_of(self, noise: Tensor, lower, upper, training)", k.rrelu_with_noise, node="RreluWithNoiseBackward1",
   inplace=True, self="rrelu_with_noise_backward(grad, result, noise, lower, upper, training, True)")
op("rrelu_with_noise_backward(grad_output, self, noise: Tensor, lower, upper, training, self_is_result)",
   k.rrelu_with_noise_backward, node="RreluWithNoiseBackwardBackward0", self="zeros_like(grad)",
   grad_output="rrelu_with_noise_backward(grad, self, noise, lower, upper, training, False)",
   jvp="rrelu_with_noise_backward(grad_output_t, self_p, noise, lower, upper, training, self_is_result)")

# ---- over one dimension
op("glu(self, dim)", k.glu, self="glu_backward(grad, self, dim)",
   jvp="glu_jvp(result, self_p, self_t, dim)")
op("glu_jvp(glu, x, dx, dim)", k.glu_jvp, node="GluJvpNotImplemented", shown="NotImplemented",
   glu="not_implemented(grad, 'aten::glu_jvp')", x="not_implemented(grad, 'aten::glu_jvp')",
   dx="not_implemented(grad, 'aten::glu_jvp')")
op("glu_backward(grad_output, self, dim)", k.glu_backward, node="GluBackwardBackward0",
   grad_output="glu_double_backward_grad_output(grad, self, dim)", self="glu_double_backward(grad, grad_output, self, dim)",
   jvp="glu_backward_jvp(result, grad_output_p, self_p, grad_output_t, self_t, dim)")
op("glu_backward_jvp(grad_x, grad_glu, x, dgrad_glu, dx, dim)", k.glu_backward_jvp, node="GluBackwardJvpNotImplemented",
   shown="NotImplemented", **dict.fromkeys(
       ("grad_x", "grad_glu", "x", "dgrad_glu", "dx"), "not_implemented(grad, 'aten::glu_backward_jvp')"))
op("softmax(self, dim)", k.softmax, self="softmax_backward_data(grad, result, dim)",
   jvp="result * (self_t - logsumexp_jvp(self_p, self_t, (dim,), True))")
op("log_softmax(self, dim)", k.log_softmax, self="log_softmax_backward_data(grad, result, dim)",
   jvp="self_t - logsumexp_jvp(self_p, self_t, (dim,), True)")
op("softmax_backward_data(grad_output, output, dim)", k.softmax_backward_data, node="SoftmaxBackwardDataBackward0",
   grad_output="softmax_backward_data(grad, output, dim)",
   output="softmax_double_backward(grad, grad_output, output, dim)")
op("log_softmax_backward_data(grad_output, output, dim)", k.log_softmax_backward_data,
   node="LogSoftmaxBackwardDataBackward0", grad_output="grad - total(grad * exp(output), dim)",
   output="log_softmax_double_backward(grad, grad_output, output, dim)")
