"""Products of vectors and matrices."""

from ..kernels import everything as k
from .row import BILINEAR, LINEAR, op

op("dot(self, tensor)", k.dot, self="grad * tensor.conj()", tensor="grad * self.conj()", jvp=BILINEAR)
op("vdot(self, other)", k.vdot, self="vdot_self_backward(grad, other)", other="grad * self", jvp=BILINEAR)
op("mv(self, vec)", k.mv, self="outer_backward(grad, vec)", vec="t_mv(self, grad)", jvp=BILINEAR)
op("mm(self, mat2)", k.mm, jvp=BILINEAR,
   self="mm_self_backward(grad, mat2, self.shape, self.strides)",
   mat2="mm_mat2_backward(grad, self, mat2.shape, mat2.strides)")
op("bmm(self, mat2)", k.bmm, self="bmm_self_backward(grad, mat2)", mat2="bmm_mat2_backward(grad, self)", jvp=BILINEAR)
op("addmm(self, mat1, mat2, beta, alpha)", k.addmm, inplace=True,
   self="sum_to_info(scaled(grad, beta), self.info)",
   mat1="scaled(mm_self_backward(grad, mat2, mat1.shape, mat1.strides), alpha)",
   mat2="scaled(mm_mat2_backward(grad, mat1, mat2.shape, mat2.strides), alpha)",
   jvp="scaled(self_t, beta) + scaled(mat1_t.mm(mat2_p), alpha) + scaled(mat1_p.mm(mat2_t), alpha)")
op("addmv(self, mat, vec, beta, alpha)", k.addmv, inplace=True,
   self="sum_to_info(scaled(grad, beta), self.info)",
   mat="scaled(outer_backward(grad, vec), alpha)", vec="scaled(t_mv(mat, grad), alpha)",
   jvp="scaled(self_t, beta) + scaled(mat_t.mv(vec_p), alpha) + scaled(mat_p.mv(vec_t), alpha)")
op("addr(self, vec1, vec2, beta, alpha)", k.addr, inplace=True,
   self="sum_to_info(scaled(grad, beta), self.info)",
   vec1="scaled(grad.mv(vec2.conj()), alpha)", vec2="scaled(t_mv(grad, vec1), alpha)",
   jvp="scaled(self_t, beta) + scaled(vec1_t.outer(vec2_p), alpha) + scaled(vec1_p.outer(vec2_t), alpha)")
op("baddbmm(self, batch1, batch2, beta, alpha)", k.baddbmm, inplace=True,
   self="sum_to_info(scaled(grad, beta), self.info)",
   batch1="scaled(bmm_self_backward(grad, batch2), alpha)", batch2="scaled(bmm_mat2_backward(grad, batch1), alpha)",
   jvp="scaled(self_t, beta) + scaled(batch1_t.bmm(batch2_p), alpha) + scaled(batch1_p.bmm(batch2_t), alpha)")
op("addbmm(self, batch1, batch2, beta, alpha)", k.addbmm, inplace=True,
   self="sum_to_info(scaled(grad, beta), self.info)",
   batch1="addbmm_batch1(grad, batch2, batch1.size0, batch1.size1, batch2.size2, alpha)",
   batch2="addbmm_batch2(grad, batch1, batch1.size0, batch1.size1, batch2.size2, alpha)",
   jvp=("scaled(self_t, beta) + scaled(batch1_t.bmm(batch2_p).sum(0), alpha) + "
        "scaled(batch1_p.bmm(batch2_t).sum(0), alpha)"))
op("trace(self)", k.trace, pointwise=False, self="trace_backward(grad, self.shape)", jvp=LINEAR)
