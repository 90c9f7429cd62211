"""Advanced indexing."""

from ..kernels import everything as k
from .row import LINEAR, op

op("index(self, indices: Indices)", k.index, self="index_backward(grad, self.shape, indices)", jvp=LINEAR)
op("index_put(self, indices: Indices, values, accumulate)", k.index_put, self="index_put_zeros(grad, indices, accumulate)",
   values="index_values(grad, indices, values.info, 'IndexPutBackward0')", jvp=LINEAR)
op("index_put_impl(self, indices: Indices, values, accumulate)", k.index_put, node="IndexPutImplBackward0",
   self="index_put_zeros(grad, indices, accumulate)",
   values="index_values(grad, indices, values.info, 'IndexPutImplBackward0')", jvp=LINEAR)
