"""What selects elements by their rank, scans, and the reductions that few programs need: imported when one is asked for."""

from ..kernels import everything as k
from .row import LINEAR, nondiff, op

# ---- sums and products
op("nansum_dim(self, dim, keepdim, dtype)", k.nansum_dim, node="NansumBackward0",
   self="nansum_backward(grad, self, dim, keepdim)", jvp="nansum_jvp(self_p, self_t, dim, keepdim, dtype)")
op("prod_all(self, dtype)", k.prod_all, node="ProdBackward0", self="prod_backward(grad, self, result)",
   jvp="prod_jvp(self_p, self_t, result, None, False)")
op("prod_dim(self, dim, keepdim, dtype)", k.prod_dim, node="ProdBackward1",
   self="prod_dim_backward(grad, self, result, dim, keepdim)",
   jvp="prod_jvp(self_p, self_t, result, dim, keepdim)")

# ---- extremes
op("aminmax(self, dim, keepdim)", k.aminmax, outputs=("min", "max"), differentiable=(True, True),
   self="aminmax_backward(grads, self, min, max, dim, keepdim)",
   jvp="aminmax_jvp(self_p, self_t, result0, result1, dim, keepdim)")

# ---- ranks
op("median_all(self)", k.median_all, node="MedianBackward0", self="evenly_distribute_backward(grad, self, result)",
   jvp="evenly_read_jvp(self_t, self_p, result)")
op("median_dim(self, dim, keepdim)", k.median_dim, node="MedianBackward1", outputs=("values", "indices"),
   differentiable=(True, False), self="value_selecting_backward(grad, dim, indices, self.shape, keepdim)",
   jvp="(gather_with_keepdimed_indices(self_t, dim, result1, keepdim), None)")
op("kthvalue(self, k, dim, keepdim)", k.kthvalue, outputs=("values", "indices"), differentiable=(True, False),
   self="value_selecting_backward(grad, dim, indices, self.shape, keepdim)",
   jvp="(gather_with_keepdimed_indices(self_t, dim, result1, keepdim), None)")
op("sort(self, dim, descending)", k.sort, outputs=("values", "indices"), differentiable=(True, False),
   self="value_selecting_backward(grad, dim, indices, self.shape, True)",
   jvp="(gather_with_keepdimed_indices(self_t, dim, result1, True), None)")
op("sort_stable(self, dim, descending)", k.sort_stable, node="SortBackward1", outputs=("values", "indices"),
   differentiable=(True, False), self="value_selecting_backward(grad, dim, indices, self.shape, True)",
   jvp="(gather_with_keepdimed_indices(self_t, dim, result1, True), None)")
op("topk(self, k, dim, largest)", k.topk, outputs=("values", "indices"), differentiable=(True, False),
   self="value_selecting_backward(grad, dim, indices, self.shape, True)",
   jvp="(gather_with_keepdimed_indices(self_t, dim, result1, True), None)")

# ---- norms and moments
op("vector_norm(self, ord, dim, keepdim, dtype)", k.vector_norm, node="LinalgVectorNormBackward0",
   self="norm_backward(grad, self, ord, result, dim, keepdim)",
   jvp="norm_jvp(self_p, self_t, ord, result, dim, keepdim)")
op("norm_dim(self, p, dim, keepdim)", k.vector_norm, node="NormBackward1",
   self="norm_backward(grad, self, p, result, dim, keepdim)",
   jvp="norm_jvp(self_p, self_t, p, result, dim, keepdim)")
op("var_mean(self, dim, correction, keepdim)", k.var_mean, outputs=("result0", "result1"), differentiable=(True, True),
   self="var_mean_backward(grads, self, dim, correction, keepdim)",
   jvp="(var_jvp(self_p, self_t, dim, correction, keepdim), mean_dim(self_t, dim or (), keepdim, None))")
op("std_mean(self, dim, correction, keepdim)", k.std_mean, outputs=("result0", "result1"), differentiable=(True, True),
   self="std_mean_backward(grads, self, result0, dim, correction, keepdim)",
   jvp="(std_jvp(self_p, self_t, result0, dim, correction, keepdim), mean_dim(self_t, dim or (), keepdim, None))")
op("logsumexp(self, dim, keepdim)", k.logsumexp, float_result=True,
   self="logsumexp_backward(grad, self, result, dim, keepdim)",
   jvp="logsumexp_jvp(self_p, self_t, dim, keepdim)")

# ---- scans
op("cumsum(self, dim, dtype)", k.cumsum, inplace=True, self="cumsum_backward(grad, dim, self.dtype)", jvp=LINEAR)
op("cumprod(self, dim, dtype)", k.cumprod, inplace=True, self="cumprod_backward(grad, self, dim, result)",
   jvp="cumprod_jvp(self_t, self_p, result, dim).to(result.dtype)")

# ---- counts
nondiff("count_nonzero(self: Tensor, dim)", k.count_nonzero)
