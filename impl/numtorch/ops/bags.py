"""Bags of embeddings, of which PyTorch has no second derivative. `mode` is 0 for sums, 1 for means, 2 for the greatest."""

from ..kernels import everything as k
from .row import op

_RESULTS = "result1, result2, result3"
_BACK = "indices: Tensor, offsets: Tensor, offset2bag: Tensor, bag_size: Tensor, maximum_indices: Tensor"

op("embedding_bag(weight, indices: Tensor, offsets: Tensor, scale_grad_by_freq, mode, sparse, per_sample_weights: Tensor?, "
   "include_last_offset, padding_idx)", k.embedding_bag, outputs=("result0", "result1", "result2", "result3"),
   differentiable=(True, False, False, False),
   weight=(f"embedding_bag_backward(grad, indices, offsets, {_RESULTS}, weight.size0, scale_grad_by_freq, mode, sparse, "
           "per_sample_weights, padding_idx)"),
   per_sample_weights=(
       "embedding_bag_per_sample_weights_backward(grad, weight, indices, offsets, result1, mode, padding_idx)"))
op(f"embedding_bag_backward(grad_output, {_BACK}, num_weights, scale_grad_by_freq, mode, sparse, "
   "per_sample_weights: Tensor?, padding_idx)", k.embedding_bag_backward, node="EmbeddingBagBackwardBackward0",
   **dict.fromkeys(("grad_output", "per_sample_weights"), "not_implemented_for(grad, '_embedding_bag_backward')"))
op("embedding_bag_per_sample_weights_backward(grad_output, weight, indices: Tensor, offsets: Tensor, offset2bag: Tensor, "
   "mode, padding_idx)", k.embedding_bag_per_sample_weights_backward,
   node="EmbeddingBagPerSampleWeightsNotImplemented", shown="NotImplemented",
   **dict.fromkeys(("grad_output", "weight"),
                   "not_implemented(grad, 'aten::_embedding_bag_per_sample_weights_backward')"))
