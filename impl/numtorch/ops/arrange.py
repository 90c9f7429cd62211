"""What puts elements elsewhere, or shows them so: triangles, diagonals, turned and repeated copies, sliding windows."""

from ..kernels import everything as k
from .row import LIKE, LINEAR, multiview, op, view

# ---- a part of the elements kept, the others zero
op("tril(self, diagonal)", k.tril, inplace=True, into=k.keep_lower, self="tril(grad, diagonal)", jvp=LINEAR)
op("triu(self, diagonal)", k.triu, inplace=True, into=k.keep_upper, self="triu(grad, diagonal)", jvp=LINEAR)

# ---- views of a rarer kind
view("diagonal(self, offset, dim1, dim2)", k.diagonal, self="diagonal_backward(grad, self.shape, offset, dim1, dim2)")
view("squeeze_dims(self, dim)", k.squeeze_dims, node="SqueezeBackward2", self="unsqueeze_dim_to(grad, dim, self.shape)",
     inplace_node="SqueezeBackward5")
view("view_as_real(self)", k.view_as_real, self="view_as_complex(grad.contiguous())", replay=True)
view("view_as_complex(self)", k.view_as_complex, self="view_as_real(grad.contiguous().resolve_conj())", replay=True)
multiview("split_with_sizes(self, split_sizes, dim)", k.split_with_sizes,
          self="split_with_sizes_backward(grads, self.shape, split_sizes, dim)")

# ---- all elements moved, repeated or forgotten
op("flip(self, dims)", k.flip, layout=LIKE, self="flip(grad, dims)", jvp=LINEAR)
op("repeat(self, repeats)", k.repeat, self="repeat_backward(grad, repeats, self.shape)", jvp=LINEAR)
op("fill_scalar(self, value)", k.fill_scalar, layout=LIKE, node="FillBackward0", says="fill", self="zeros_like(grad)",
   jvp="fill_scalar(self_t, 0)")
op("fill(self, value)", k.fill, layout=LIKE, node="FillBackward1", self="zeros_like(grad)",
   value="fill_value_backward(grad, value.dtype)", jvp="fill(self_t, value_t)")
op("roll(self, shifts, dims)", k.roll, self="roll_backward(grad, shifts, dims)", jvp=LINEAR)
op("rot90(self, k, dims)", k.rot90, self="rot90_backward(grad, k, dims)", jvp=LINEAR)

# ---- diagonals
op("diag_embed(self, offset, dim1, dim2)", k.diag_embed, self="grad.diagonal(offset, dim1, dim2)", jvp=LINEAR)
op("diagonal_copy(self, offset, dim1, dim2)", k.diagonal_copy, node="DiagonalBackward0_copy",
   self="diagonal_backward(grad, self.shape, offset, dim1, dim2)", jvp="diagonal(self_t, offset, dim1, dim2)")
op("block_diag(tensors: Tensors)", k.block_diag, tensors="block_diag_backward(grad, tensors_descs)", jvp=LINEAR)

# ---- sliding windows
view("unfold(self, dimension, size, step)", k.unfold, self="unfold_backward(grad, self.shape, dimension, size, step)")
op("unfold_backward(grad_in, input_sizes, dim, size, step)", k.unfold_backward, node="UnfoldBackwardBackward0",
   grad_in="grad.unfold(dim, size, step)", jvp=LINEAR)

# ---- a border of one value
op("constant_pad_nd(self, pad, value)", k.constant_pad_nd, self="constant_pad_nd_backward(grad, pad)",
   jvp="constant_pad_nd(self_t, pad, 0)")

# ---- the ways back of views, which may be differentiated again
op("select_backward(grad_output, input_sizes, dim, index)", k.select_backward, node="SelectBackwardBackward0",
   grad_output="grad.select(dim, index)", jvp=LINEAR)
op("slice_backward(grad_output, input_sizes, dim, start, end, step)", k.slice_backward,
   node="SliceBackwardBackward0", grad_output="slice_(grad, dim, start, end, step)", jvp=LINEAR)
op("diagonal_backward(grad_output, input_sizes, offset, dim1, dim2)", k.diagonal_backward,
   node="DiagonalBackwardBackward0", grad_output="grad.diagonal(offset, dim1, dim2)", jvp=LINEAR)
