"""Pictures and the like in other sizes: the nearest element, or linear or cubic interpolation between several."""

from ..kernels import everything as k
from .row import LINEAR, op

_SCALES = {1: "scales", 2: "scales_h, scales_w", 3: "scales_d, scales_h, scales_w"}

for _name, _node, _kernel, _dims, _align in (
    *[(f"upsample_nearest{n}d", f"UpsampleNearest{n}D", "nearest", n, "") for n in (1, 2, 3)],
    *[(f"upsample_nearest_exact{n}d", f"UpsampleNearestExact{n}D", "nearest_exact", n, "") for n in (1, 2, 3)],
    ("upsample_linear1d", "UpsampleLinear1D", "linear_between", 1, "align_corners, "),
    ("upsample_bilinear2d", "UpsampleBilinear2D", "linear_between", 2, "align_corners, "),
    ("upsample_trilinear3d", "UpsampleTrilinear3D", "linear_between", 3, "align_corners, "),
    ("upsample_bicubic2d", "UpsampleBicubic2D", "cubic_between", 2, "align_corners, "),
):
    _rest = f"{_align}{_SCALES[_dims]}"
    op(f"{_name}(self, output_size, {_rest})", getattr(k, _kernel), node=f"{_node}Backward0", jvp=LINEAR,
       self=f"{_name}_backward(grad, output_size, self.shape, {_rest})")
    op(f"{_name}_backward(grad_output, output_size, input_size, {_rest})", getattr(k, f"{_kernel}_backward"),
       node=f"{_node}BackwardBackward0", jvp=LINEAR, grad_output=f"{_name}(grad, output_size, {_rest})")
