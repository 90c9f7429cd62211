"""The reductions that most programs need; ranks.py has the others."""

from ..kernels import everything as k
from .row import LINEAR, nondiff, op

# ---- sums
op("sum_all(self, dtype)", k.sum_all, node="SumBackward0", self="sum_all_backward(grad, self.shape, self.dtype)", jvp=LINEAR,
   plain_if="dtype is None")
op("sum_dim(self, dim, keepdim, dtype)", k.sum_dim, node="SumBackward1",
   self="sum_backward(grad, self.shape, dim, keepdim, self.dtype)", jvp=LINEAR,
   plain_if="dtype is None and type(keepdim) is bool")
op("mean_all(self, dtype)", k.mean_all, node="MeanBackward0",
   self="mean_all_backward(grad, self.shape, self.numel, self.dtype)", jvp=LINEAR, plain_if="dtype is None")
op("mean_dim(self, dim, keepdim, dtype)", k.mean_dim, node="MeanBackward1",
   self="mean_backward(grad, self.shape, self.numel, dim, keepdim, self.dtype)", jvp=LINEAR,
   plain_if="dtype is None and type(keepdim) is bool")

# ---- extremes: the gradient is shared among ties, or goes to the index
op("max_all(self)", k.max_all, node="MaxBackward1", self="evenly_distribute_backward(grad, self, result)",
   jvp="evenly_read_jvp(self_t, self_p, result)")
op("min_all(self)", k.min_all, node="MinBackward1", self="evenly_distribute_backward(grad, self, result)",
   jvp="evenly_read_jvp(self_t, self_p, result)")
op("max_dim(self, dim, keepdim)", k.max_dim, node="MaxBackward0", outputs=("values", "indices"),
   differentiable=(True, False), self="value_selecting_backward(grad, dim, indices, self.shape, keepdim)",
   jvp="(gather_with_keepdimed_indices(self_t, dim, result1, keepdim), None)")
op("min_dim(self, dim, keepdim)", k.min_dim, node="MinBackward0", outputs=("values", "indices"),
   differentiable=(True, False), self="value_selecting_backward(grad, dim, indices, self.shape, keepdim)",
   jvp="(gather_with_keepdimed_indices(self_t, dim, result1, keepdim), None)")
op("amax(self, dim, keepdim)", k.amax, self="scale_by_count_backward(grad, self, result, dim, keepdim)",
   jvp="amaxamin_jvp(self_p, self_t, result, dim, keepdim)")
op("amin(self, dim, keepdim)", k.amin, self="scale_by_count_backward(grad, self, result, dim, keepdim)",
   jvp="amaxamin_jvp(self_p, self_t, result, dim, keepdim)")
nondiff("argmax(self: Tensor, dim, keepdim)", k.argmax)
nondiff("argmin(self: Tensor, dim, keepdim)", k.argmin)

# ---- norms and moments
op("var(self, dim, correction, keepdim)", k.var, self="var_backward(grad, self, dim, correction, keepdim)",
   jvp="var_jvp(self_p, self_t, dim, correction, keepdim)")
op("std(self, dim, correction, keepdim)", k.std, self="std_backward(grad, self, result, dim, correction, keepdim)",
   jvp="std_jvp(self_p, self_t, result, dim, correction, keepdim)")

# ---- counts
nondiff("all_dim(self: Tensor, dim, keepdim)", k.all_dim)
nondiff("any_dim(self: Tensor, dim, keepdim)", k.any_dim)
