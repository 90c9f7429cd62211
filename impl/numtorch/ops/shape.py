"""Views and copies that most programs need; arrange.py has the others."""

from ..kernels import everything as k
from .row import LINEAR, multiview, op, view

# ---- one view
view("view(self, size)", k.view, described_by=("size",), self="grad.reshape(self.shape)")
view("reshape_alias(self, size)", k.view, self="grad.reshape(self.shape)")
view("alias(self)", k.alias, described_by=(), self="grad")
view("t(self)", k.t, described_by=(), self="grad.t()", inplace_node="TBackward1")
view("transpose(self, dim0, dim1)", k.transpose, described_by=("dim0", "dim1"), self="grad.transpose(dim0, dim1)",
     inplace_node="TransposeBackward1")
view("permute(self, dims)", k.permute, self="permute_backward(grad, dims)")
view("expand(self, size)", k.expand, self="expand_backward(grad, self.shape)")
view("squeeze(self)", k.squeeze, self="unsqueeze_to(grad, self.shape)", inplace_node="SqueezeBackward3")
view("squeeze_dim(self, dim)", k.squeeze_dim, node="SqueezeBackward1", self="unsqueeze_dim_to(grad, dim, self.shape)",
     inplace_node="SqueezeBackward4")
view("unsqueeze(self, dim)", k.unsqueeze, described_by=("dim",), self="unsqueeze_backward(grad, dim)",
     inplace_node="UnsqueezeBackward1")
view("select(self, dim, index)", k.select, described_by=("dim",), self="select_backward(grad, self.shape, dim, index)")
view("slice_(self, dim, start, end, step)", k.slice_, node="SliceBackward0",
     self="slice_backward(grad, self.shape, dim, start, end, step)")

view("conj(self)", k.conj, self="grad.conj()", replay=True)
view("neg_view(self)", k.neg_view, self="grad.neg()", replay=True)

# ---- several views
multiview("unbind(self, dim)", k.unbind, self="unbind_backward(grads, self.info, dim)")
multiview("split(self, split_size, dim)", k.split, self="split_backward(grads, self.shape, split_size, dim)")

# ---- copies
op("clone(self)", k.clone, pointwise=False, self="grad", jvp=LINEAR)
op("contiguous_copy(self)", k.contiguous_copy, node="CloneBackward0", self="grad", jvp=LINEAR)
op("copy_in_format(self, memory_format)", k.copy_in_format, node="CloneBackward0", self="grad", jvp=LINEAR)
op("unsafe_view(self, size)", k.unsafe_view, self="grad.reshape(self.shape)", jvp=LINEAR)
op("to_copy(self, dtype_)", k.to_copy, node="ToCopyBackward0", self="to_copy_backward(grad, self.dtype)", jvp=LINEAR)
op("to_copy_in_format(self, dtype_, memory_format)", k.to_copy_in_format, node="ToCopyBackward0",
   self="to_copy_backward(grad, self.dtype)", jvp=LINEAR)
op("cat(tensors: Tensors, dim)", k.cat, tensors="cat_backward(grad, tensors_descs, dim)", jvp=LINEAR)
op("stack(tensors: Tensors, dim)", k.stack, tensors="stack_backward(grad, tensors_descs, dim)", jvp=LINEAR)
