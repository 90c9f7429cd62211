"""Pooling over windows of the last two dimensions; over one dimension it is that of pictures one row high."""

from ..kernels import everything as k
from .row import LINEAR, op

op("avg_pool2d(self, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)", k.avg_pool2d,
   node="AvgPool2DBackward0", jvp=LINEAR,
   self="avg_pool2d_backward(grad, self, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)")
op("avg_pool2d_backward(grad_output, self, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)",
   k.avg_pool2d_backward, node="AvgPool2DBackwardBackward0", self="zeros_of(self.info)",
   grad_output="avg_pool2d(grad, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)",
   jvp=("avg_pool2d_backward(grad_output_t, self_p, kernel_size, stride, padding, ceil_mode, count_include_pad, "
        "divisor_override)"))
op("max_pool2d_with_indices(self, kernel_size, stride, padding, dilation, ceil_mode)", k.max_pool2d_with_indices,
   node="MaxPool2DWithIndicesBackward0", outputs=("result0", "result1"), differentiable=(True, False),
   self="max_pool2d_with_indices_backward(grad, self, kernel_size, stride, padding, dilation, ceil_mode, result1)",
   jvp="(gathered_in_planes(self_t, result1), None)")
op("max_pool2d_with_indices_backward(grad_output, self, kernel_size, stride, padding, dilation, ceil_mode, indices: Tensor)",
   k.max_pool2d_with_indices_backward, node="MaxPool2DWithIndicesBackwardBackward0", self="zeros_of(self.info)",
   grad_output="max_pool_double_backward(grad, indices)",
   jvp=("max_pool2d_with_indices_backward(grad_output_t, self_t, kernel_size, stride, padding, dilation, ceil_mode, "
        "indices)"))
op("adaptive_avg_pool2d(self, output_size)", k.adaptive_avg_pool2d, node="AdaptiveAvgPool2DBackward0", jvp=LINEAR,
   self="adaptive_avg_pool2d_backward(grad, self)")
op("adaptive_avg_pool2d_backward(grad_output, self)", k.adaptive_avg_pool2d_backward,
   node="AdaptiveAvgPool2DBackwardBackward0",
   grad_output="adaptive_avg_pool2d(grad, (grad_output.second_last, grad_output.last))", self="zeros_of(self.info)",
   jvp="adaptive_avg_pool2d_backward(grad_output_t, self_p)")
