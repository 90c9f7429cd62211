"""Convolution of any number of dimensions, forward and transposed; sizes are tuples with a number a dimension."""

from ..kernels import everything as k
from .row import op

_SIZES = "stride, padding, dilation, transposed, output_padding, groups"
_GIVEN = f"bias_sizes, {_SIZES}, output_mask"

op(f"convolution(input, weight, bias: Tensor?, {_SIZES})", k.convolution,
   joint={("input", "weight", "bias"): f"convolution_backward(grad, input, weight, bias.sizes_opt, {_SIZES}, needed)"},
   jvp=f"convolution_jvp(input_p, input_t, weight_p, weight_t, bias_t, {_SIZES})")
op(f"convolution_backward(grad_output, input, weight, bias_sizes, {_SIZES}, output_mask)", k.convolution_backward,
   node="ConvolutionBackwardBackward0", outputs=("result0", "result1", "result2"), differentiable=(True, True, True),
   masked=True,
   joint={("grad_output", "input", "weight"): (
       f"convolution_double_backward(grads, grad_output, weight, input, {_SIZES}, needed)")},
   jvp=(f"(convolution_backward_jvp(0, grad_output_p, grad_output_t, input_p, input_p, weight_p, weight_t, {_GIVEN}), "
        f"convolution_backward_jvp(1, grad_output_p, grad_output_t, input_p, input_t, weight_p, weight_p, {_GIVEN}), "
        "bias_backward_jvp(grad_output_t, output_mask))"))
