"""Attention in one kernel, as PyTorch has it on a CPU, and the softmax of the way that is made of products."""

from ..kernels import everything as k
from .row import op

_FLASH = "scaled_dot_product_flash_attention_for_cpu"
_MISSING = f"aten::_{_FLASH}_backward"

op("safe_softmax(self, dim, dtype)", k.safe_softmax, self="softmax_backward_data(grad, result, dim)",
   jvp="result * (self_t - safe_logsumexp_jvp(self_p, self_t, (dim,), True))")
op(f"{_FLASH}(query, key, value, dropout_p, is_causal, attn_mask: Tensor?, scale)", getattr(k, _FLASH),
   outputs=("output", "logsumexp"), differentiable=(True, False),
   joint={("query", "key", "value"): (
       f"{_FLASH}_backward(grad, query, key, value, output, logsumexp, dropout_p, is_causal, attn_mask, scale)")})
op(f"{_FLASH}_backward(grad_out, query, key, value, out, logsumexp: Tensor, dropout_p, is_causal, attn_mask: Tensor?, "
   "scale)", getattr(k, f"{_FLASH}_backward"), node="ScaledDotProductFlashAttentionForCpuNotImplemented",
   shown="NotImplemented", outputs=("grad_query", "grad_key", "grad_value"), differentiable=(True, True, True),
   **dict.fromkeys(("grad_out", "query", "key", "value", "out"), f"not_implemented(grads, '{_MISSING}')"))
