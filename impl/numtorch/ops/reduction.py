"""Reductions, scans, and what selects elements by their rank."""

from ..kernels import everything as k
from .row import LINEAR, nondiff, op

# ---- sums
op("sum_all(self, dtype)", k.sum_all, node="SumBackward0", self="sum_all_backward(grad, self.shape, self.dtype)", jvp=LINEAR)
op("sum_dim(self, dim, keepdim, dtype)", k.sum_dim, node="SumBackward1",
   self="sum_backward(grad, self.shape, dim, keepdim, self.dtype)", jvp=LINEAR)
op("mean_all(self, dtype)", k.mean_all, node="MeanBackward0",
   self="mean_all_backward(grad, self.shape, self.numel, self.dtype)", jvp=LINEAR)
op("mean_dim(self, dim, keepdim, dtype)", k.mean_dim, node="MeanBackward1",
   self="mean_backward(grad, self.shape, self.numel, dim, keepdim, self.dtype)", jvp=LINEAR)
op("nansum_dim(self, dim, keepdim, dtype)", k.nansum_dim, node="NansumBackward0",
   self="nansum_backward(grad, self, dim, keepdim)")

# ---- products
op("prod_all(self, dtype)", k.prod_all, node="ProdBackward0", self="prod_backward(grad, self, result)",
   jvp="prod_jvp(self_p, self_t, result, None, False)")
op("prod_dim(self, dim, keepdim, dtype)", k.prod_dim, node="ProdBackward1",
   self="prod_dim_backward(grad, self, result, dim, keepdim)",
   jvp="prod_jvp(self_p, self_t, result, dim, keepdim)")

# ---- extremes: the gradient is shared among ties, or goes to the index
op("max_all(self)", k.max_all, node="MaxBackward1", self="evenly_distribute_backward(grad, self, result)",
   jvp="evenly_read_jvp(self_t, self_p, result)")
op("min_all(self)", k.min_all, node="MinBackward1", self="evenly_distribute_backward(grad, self, result)",
   jvp="evenly_read_jvp(self_t, self_p, result)")
op("max_dim(self, dim, keepdim)", k.max_dim, node="MaxBackward0", outputs=("values", "indices"),
   differentiable=(True, False), self="value_selecting_backward(grad, dim, indices, self.shape, keepdim)")
op("min_dim(self, dim, keepdim)", k.min_dim, node="MinBackward0", outputs=("values", "indices"),
   differentiable=(True, False), self="value_selecting_backward(grad, dim, indices, self.shape, keepdim)")
op("amax(self, dim, keepdim)", k.amax, self="scale_by_count_backward(grad, self, result, dim, keepdim)",
   jvp="amaxamin_jvp(self_p, self_t, result, dim, keepdim)")
op("amin(self, dim, keepdim)", k.amin, self="scale_by_count_backward(grad, self, result, dim, keepdim)",
   jvp="amaxamin_jvp(self_p, self_t, result, dim, keepdim)")
op("aminmax(self, dim, keepdim)", k.aminmax, outputs=("min", "max"), differentiable=(True, True),
   self="aminmax_backward(grads, self, min, max, dim, keepdim)")
nondiff("argmax(self: Tensor, dim, keepdim)", k.argmax)
nondiff("argmin(self: Tensor, dim, keepdim)", k.argmin)

# ---- ranks
op("median_all(self)", k.median_all, node="MedianBackward0", self="evenly_distribute_backward(grad, self, result)",
   jvp="evenly_read_jvp(self_t, self_p, result)")
op("median_dim(self, dim, keepdim)", k.median_dim, node="MedianBackward1", outputs=("values", "indices"),
   differentiable=(True, False), self="value_selecting_backward(grad, dim, indices, self.shape, keepdim)")
op("kthvalue(self, k, dim, keepdim)", k.kthvalue, outputs=("values", "indices"), differentiable=(True, False),
   self="value_selecting_backward(grad, dim, indices, self.shape, keepdim)")
op("sort(self, dim, descending)", k.sort, outputs=("values", "indices"), differentiable=(True, False),
   self="value_selecting_backward(grad, dim, indices, self.shape, True)")
op("sort_stable(self, dim, descending)", k.sort, node="SortBackward1", outputs=("values", "indices"),
   differentiable=(True, False), self="value_selecting_backward(grad, dim, indices, self.shape, True)")
op("topk(self, k, dim, largest)", k.topk, outputs=("values", "indices"), differentiable=(True, False),
   self="value_selecting_backward(grad, dim, indices, self.shape, True)")

# ---- norms and moments
op("vector_norm(self, ord, dim, keepdim, dtype)", k.vector_norm, node="LinalgVectorNormBackward0",
   self="norm_backward(grad, self, ord, result, dim, keepdim)",
   jvp="norm_jvp(self_p, self_t, ord, result, dim, keepdim)")
op("norm_dim(self, p, dim, keepdim)", k.vector_norm, node="NormBackward1",
   self="norm_backward(grad, self, p, result, dim, keepdim)",
   jvp="norm_jvp(self_p, self_t, p, result, dim, keepdim)")
op("var(self, dim, correction, keepdim)", k.var, self="var_backward(grad, self, dim, correction, keepdim)",
   jvp="var_jvp(self_p, self_t, dim, correction, keepdim)")
op("std(self, dim, correction, keepdim)", k.std, self="std_backward(grad, self, result, dim, correction, keepdim)",
   jvp="std_jvp(self_p, self_t, result, dim, correction, keepdim)")
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
   jvp="cumprod_jvp(self_t, self_p, result, dim)")

# ---- counts
nondiff("all_dim(self: Tensor, dim, keepdim)", k.all_dim)
nondiff("any_dim(self: Tensor, dim, keepdim)", k.any_dim)
nondiff("count_nonzero(self: Tensor, dim)", k.count_nonzero)
