"""Pooling over windows of the last two or three dimensions; over one dimension it is that of pictures one row high."""

from ..kernels import everything as k
from .row import LINEAR, op

_AVG = "kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override"
_MAX = "kernel_size, stride, padding, dilation, ceil_mode"
_LAST = {
    2: "(grad_output.second_last, grad_output.last)",
    3: "(grad_output.third_last, grad_output.second_last, grad_output.last)",
}

for _n in (2, 3):
    op(f"avg_pool{_n}d(self, {_AVG})", getattr(k, f"avg_pool{_n}d"), node=f"AvgPool{_n}DBackward0", jvp=LINEAR,
       self=f"avg_pool{_n}d_backward(grad, self, {_AVG})")
    op(f"avg_pool{_n}d_backward(grad_output, self, {_AVG})", getattr(k, f"avg_pool{_n}d_backward"),
       node=f"AvgPool{_n}DBackwardBackward0", grad_output=f"avg_pool{_n}d(grad, {_AVG})", self="zeros_of(self.info)",
       jvp=f"avg_pool{_n}d_backward(grad_output_t, self_p, {_AVG})")
    op(f"max_pool{_n}d_with_indices(self, {_MAX})", getattr(k, f"max_pool{_n}d_with_indices"),
       node=f"MaxPool{_n}DWithIndicesBackward0", outputs=("result0", "result1"), differentiable=(True, False),
       self=f"max_pool{_n}d_with_indices_backward(grad, self, {_MAX}, result1)",
       jvp=f"(gathered_in_planes(self_t, result1, {_n}), None)")
    op(f"max_pool{_n}d_with_indices_backward(grad_output, self, {_MAX}, indices: Tensor)",
       getattr(k, f"max_pool{_n}d_with_indices_backward"), node=f"MaxPool{_n}DWithIndicesBackwardBackward0",
       self="zeros_of(self.info)", grad_output=f"max_pool_double_backward(grad, indices, {_n})",
       jvp=f"max_pool{_n}d_with_indices_backward(grad_output_t, self_t, {_MAX}, indices)")
    op(f"adaptive_avg_pool{_n}d(self, output_size)", getattr(k, f"adaptive_avg_pool{_n}d"),
       node=f"AdaptiveAvgPool{_n}DBackward0", jvp=LINEAR, self=f"adaptive_avg_pool{_n}d_backward(grad, self)")
    op(f"adaptive_avg_pool{_n}d_backward(grad_output, self)", getattr(k, f"adaptive_avg_pool{_n}d_backward"),
       node=f"AdaptiveAvgPool{_n}DBackwardBackward0", grad_output=f"adaptive_avg_pool{_n}d(grad, {_LAST[_n]})",
       self="zeros_of(self.info)", jvp=f"adaptive_avg_pool{_n}d_backward(grad_output_t, self_p)")
    op(f"adaptive_max_pool{_n}d(self, output_size)", getattr(k, f"adaptive_max_pool{_n}d"),
       node=f"AdaptiveMaxPool{_n}DBackward0", outputs=("result0", "result1"), differentiable=(True, False),
       self=f"adaptive_max_pool{_n}d_backward(grad, self, result1)",
       jvp=f"(gathered_in_planes(self_t, result1, {_n}), None)")
    op(f"adaptive_max_pool{_n}d_backward(grad_output, self, indices: Tensor)",
       getattr(k, f"adaptive_max_pool{_n}d_backward"), node=f"AdaptiveMaxPool{_n}DBackwardBackward0",
       self="zeros_of(self.info)", grad_output=f"max_pool_double_backward(grad, indices, {_n})",
       jvp=f"adaptive_max_pool{_n}d_backward(grad_output_t, self_t, indices)")
