"""Products of vectors and matrices that most programs need; products.py has the others."""

from ..kernels import everything as k
from .row import BILINEAR, op

op("dot(self, tensor)", k.dot, self="grad * tensor.conj()", tensor="grad * self.conj()", jvp=BILINEAR)
op("mv(self, vec)", k.mv, self="outer_backward(grad, vec)", vec="t_mv(self, grad)", jvp=BILINEAR, plain_if="")
op("mm(self, mat2)", k.mm, jvp=BILINEAR, plain_if="",
   self="mm_self_backward(grad, mat2, self.shape, self.strides)",
   mat2="mm_mat2_backward(grad, self, mat2.shape, mat2.strides)")
op("bmm(self, mat2)", k.bmm, self="bmm_self_backward(grad, mat2)", mat2="bmm_mat2_backward(grad, self)", jvp=BILINEAR)
op("addmm(self, mat1, mat2, beta, alpha)", k.addmm, inplace=True,
   self="sum_to_info(scaled_conj(grad, beta), self.info)",
   mat1="scaled_conj(mm_self_backward(grad, mat2, mat1.shape, mat1.strides), alpha)",
   mat2="scaled_conj(mm_mat2_backward(grad, mat1, mat2.shape, mat2.strides), alpha)",
   jvp="scaled(self_t, beta) + scaled(mat1_t.mm(mat2_p), alpha) + scaled(mat1_p.mm(mat2_t), alpha)")
