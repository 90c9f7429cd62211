"""Running extremes, medians without nan, modes, norms of slices, and what is distinct."""

from ..kernels import everything as k
from .row import op

# ---- scans
op("cummax(self, dim)", k.cummax, outputs=("values", "indices"), differentiable=(True, False),
   self="cummaxmin_backward(grad, self, indices, dim)", jvp="(gather(self_t, dim, result1, False), None)")
op("cummin(self, dim)", k.cummin, outputs=("values", "indices"), differentiable=(True, False),
   self="cummaxmin_backward(grad, self, indices, dim)", jvp="(gather(self_t, dim, result1, False), None)")
op("logcumsumexp(self, dim)", k.logcumsumexp, self="logcumsumexp_backward(grad, self, result, dim)",
   jvp="logcumsumexp_jvp(self_p, self_t, dim)")

# ---- ranks
op("nanmedian_all(self)", k.nanmedian_all, node="NanmedianBackward0", self="evenly_distribute_backward(grad, self, result)",
   jvp="evenly_read_jvp(self_t, self_p, result)")
op("nanmedian_dim(self, dim, keepdim)", k.nanmedian_dim, node="NanmedianBackward1", outputs=("values", "indices"),
   differentiable=(True, False), self="value_selecting_backward(grad, dim, indices, self.shape, keepdim)",
   jvp="(gather_with_keepdimed_indices(self_t, dim, result1, keepdim), None)")
op("mode(self, dim, keepdim)", k.mode, outputs=("values", "indices"), differentiable=(True, False),
   self="value_selecting_backward(grad, dim, indices, self.shape, keepdim)",
   jvp="(gather_with_keepdimed_indices(self_t, dim, result1, keepdim), None)")

# ---- norms of slices
op("renorm(self, p, dim, maxnorm)", k.renorm, inplace=True, self="renorm_backward(grad, self, p, dim, maxnorm)",
   jvp="renorm_jvp(self_p, self_t, p, dim, maxnorm)")

# ---- without a derivative, which shows when it is asked for
op("unique(self, inverse, counts)", k.unique, node="Unique2Backward0", outputs=("values", "inverse", "counts"),
   differentiable=(True, False, False), self="not_derived(grad, '_unique2')")
op("unique_consecutive(self, inverse, counts)", k.unique_consecutive, outputs=("values", "inverse", "counts"),
   differentiable=(True, False, False), self="not_derived(grad, 'unique_consecutive')")
