"""What puts elements elsewhere: triangles, diagonals, rolled and turned copies, sliding windows."""

from ..kernels import everything as k
from .row import LINEAR, op, view

# ---- a part of the elements kept, the others zero
op("tril(self, diagonal)", k.tril, inplace=True, into=k.keep_lower, self="tril(grad, diagonal)", jvp=LINEAR)
op("triu(self, diagonal)", k.triu, inplace=True, into=k.keep_upper, self="triu(grad, diagonal)", jvp=LINEAR)

# ---- all elements moved
op("roll(self, shifts, dims)", k.roll, self="roll_backward(grad, shifts, dims)", jvp=LINEAR)
op("rot90(self, k, dims)", k.rot90, self="rot90_backward(grad, k, dims)", jvp=LINEAR)

# ---- diagonals
op("diag_embed(self, offset, dim1, dim2)", k.diag_embed, self="grad.diagonal(offset, dim1, dim2)", jvp=LINEAR)
op("diagonal_copy(self, offset, dim1, dim2)", k.diagonal_copy, node="DiagonalBackward0_copy",
   self="diagonal_backward(grad, self.shape, offset, dim1, dim2)", jvp=LINEAR)
op("block_diag(tensors: Tensors)", k.block_diag, tensors="block_diag_backward(grad, tensors_descs)", jvp=LINEAR)

# ---- sliding windows
view("unfold(self, dimension, size, step)", k.unfold, self="unfold_backward(grad, self.shape, dimension, size, step)")
op("unfold_backward(grad_in, input_sizes, dim, size, step)", k.unfold_backward, node="UnfoldBackwardBackward0",
   grad_in="grad.unfold(dim, size, step)", jvp=LINEAR)

# ---- a border of one value
op("constant_pad_nd(self, pad, value)", k.constant_pad_nd, self="constant_pad_nd_backward(grad, pad)")
