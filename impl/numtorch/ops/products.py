"""Products of vectors and matrices that few programs need: imported when one is first asked for."""

from ..kernels import everything as k
from .row import BILINEAR, LINEAR, op

op("vdot(self, other)", k.vdot, self="vdot_self_backward(grad, other)", other="grad * self", jvp=BILINEAR)
op("addmv(self, mat, vec, beta, alpha)", k.addmv, inplace=True,
   self="sum_to_info(scaled_conj(grad, beta), self.info)",
   mat="scaled_conj(outer_backward(grad, vec), alpha)", vec="scaled_conj(mat.t().conj().mv(grad), alpha)",
   jvp="scaled(self_t, beta) + scaled(mat_t.mv(vec_p), alpha) + scaled(mat_p.mv(vec_t), alpha)")
op("addr(self, vec1, vec2, beta, alpha)", k.addr, inplace=True,
   self="sum_to_info(scaled_conj(grad, beta), self.info)",
   vec1="addr_vec1(grad, vec2, alpha)", vec2="addr_vec2(grad, vec1, alpha)",
   jvp="scaled(self_t, beta) + scaled(vec1_t.outer(vec2_p), alpha) + scaled(vec1_p.outer(vec2_t), alpha)")
op("baddbmm(self, batch1, batch2, beta, alpha)", k.baddbmm, inplace=True,
   self="sum_to_info(scaled_conj(grad, beta), self.info)",
   batch1="scaled_conj(bmm_self_backward(grad, batch2), alpha)",
   batch2="scaled_conj(bmm_mat2_backward(grad, batch1), alpha)",
   jvp="scaled(self_t, beta) + scaled(batch1_t.bmm(batch2_p), alpha) + scaled(batch1_p.bmm(batch2_t), alpha)")
op("addbmm(self, batch1, batch2, beta, alpha)", k.addbmm, inplace=True,
   self="sum_to_info(scaled_conj(grad, beta), self.info)",
   batch1="addbmm_batch1(grad, batch2, batch1.size0, batch1.size1, batch2.size2, alpha)",
   batch2="addbmm_batch2(grad, batch1, batch1.size0, batch1.size1, batch2.size2, alpha)",
   jvp=("scaled(self_t, beta) + scaled(batch1_t.bmm(batch2_p).sum(0), alpha) + "
        "scaled(batch1_p.bmm(batch2_t).sum(0), alpha)"))
op("trace(self)", k.trace, pointwise=False, self="trace_backward(grad, self.shape)", jvp=LINEAR)
