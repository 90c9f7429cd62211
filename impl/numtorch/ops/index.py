"""Advanced indexing."""

from ..kernels import everything as k
from .row import LINEAR, op

op("index(self, indices: Indices)", k.index, self="index_backward(grad, self.shape, indices)", jvp=LINEAR)
op("index_put(self, indices: Indices, values, accumulate)", k.index_put, self="index_put_zeros(grad, indices, accumulate)",
   values="sum_to_info(index_values(grad, indices), values.info)", jvp=LINEAR)
op("index_put_impl(self, indices: Indices, values, accumulate)", k.index_put, node="IndexPutImplBackward0",
   self="index_put_zeros(grad, indices, accumulate)",
   values="sum_to_info(index_values(grad, indices), values.info)", jvp=LINEAR)
