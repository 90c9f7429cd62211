"""torch.backends.cuda: nothing is built for it."""

from types import SimpleNamespace


def is_built() -> bool:
    """Whether there is code for CUDA in this library."""
    return False


matmul = SimpleNamespace(
    allow_tf32=False,
    allow_fp16_reduced_precision_reduction=True,
    allow_bf16_reduced_precision_reduction=True,
    allow_fp16_accumulation=False,
)
"""What a script may set, and nothing reads."""
