"""What a grid picks from pictures and volumes, and the grid of an affine map."""

from ..kernels import everything as k
from .row import LINEAR, op

_HOW = "interpolation_mode, padding_mode, align_corners"

for _n in (2, 3):
    op(f"grid_sampler_{_n}d(input, grid, {_HOW})", getattr(k, f"grid_sampler_{_n}d"), node=f"GridSampler{_n}DBackward0",
       joint={("input", "grid"): f"grid_sampler_{_n}d_backward(grad, input, grid, {_HOW}, needed)"})
    op(f"grid_sampler_{_n}d_backward(grad_output, input, grid, {_HOW}, output_mask)",
       getattr(k, f"grid_sampler_{_n}d_backward"), node=f"GridSampler{_n}DBackwardBackward0",
       outputs=("result0", "result1"), differentiable=(True, True), masked=True,
       joint={("grad_output", "input", "grid"): f"grid_sampler_twice(grads, grad_output, input, grid, {_HOW})"})
op(f"grid_sampler_double_backward(grad_output, input, grid, again: Tensor?, of_grid: Tensor?, {_HOW})",
   k.grid_sampler_double_backward, node="GridSamplerNotImplemented", shown="NotImplemented",
   outputs=("result0", "result1", "result2"), differentiable=(True, True, True), masked=True,
   **dict.fromkeys(("grad_output", "input", "grid"), "not_implemented(grad, 'aten::grid_sampler_double_backward')"))
op("affine_grid_generator(theta, size, align_corners)", k.affine_grid_generator, node="AffineGridGeneratorBackward0",
   jvp=LINEAR, theta="affine_grid_generator_backward(grad, size, align_corners)")
