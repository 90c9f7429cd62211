"""Rows that indices pick, and indices as rows: embeddings."""

from __future__ import annotations

from typing import Any

from .. import dispatch as d
from ..aliasing.views import bump
from ..calls.raising import saved_before
from ..dtype import int64
from ..grad_mode import is_grad_enabled
from ..tensor import Tensor, existing_dim
from .arguments import expect_tensor


def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """The rows of `weight` that the indices name."""
    if sparse or max_norm is not None:
        raise NotImplementedError("numtorch has no sparse gradients, and renormalises no embeddings")
    if padding_idx is not None and not -weight.size(0) <= padding_idx < (weight.size(0) if padding_idx > 0 else 1):
        raise AssertionError("Padding_idx must be within num_embeddings")
    expect_tensor(weight, "embedding", "weight", 1)
    expect_tensor(input, "embedding", "indices", 2)
    try:
        if weight._desc.ndim != 2:
            if is_grad_enabled() and weight.requires_grad:
                existing_dim(0, weight._desc.ndim)  # which is saved, then
            raise RuntimeError("'weight' must be 2-D")
        if input._desc.dtype.name not in ("int64", "int32"):
            raise RuntimeError(
                "Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; but got "
                f"{input._desc.dtype.type_string} instead (while checking arguments for embedding)"
            )
    except RuntimeError as error:
        raise saved_before(error, "embedding", weight=weight, indices=input) from None
    if padding_idx is None:
        padding_idx = -1
    elif padding_idx < 0:
        padding_idx += weight._desc.shape[0]
    indices = input._array
    if indices.size and not 0 <= indices.min() <= indices.max() < weight._desc.shape[0]:
        raise saved_before(IndexError("index out of range in self"), "embedding", weight=weight, indices=input)
    return d.embedding(weight, input, padding_idx, scale_grad_by_freq, sparse)


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """One in the place of each class, zeros elsewhere."""
    if expect_tensor(tensor, "one_hot")._desc.dtype is not int64:
        raise RuntimeError("one_hot is only applicable to index tensor of type LongTensor.")
    if tensor._desc.numel and int(tensor.min()) < 0:
        raise RuntimeError("Class values must be non-negative.")
    if num_classes == -1:
        num_classes = int(tensor.max()) + 1
    elif tensor._desc.numel and num_classes <= int(tensor.max()):
        raise RuntimeError("Class values must be smaller than num_classes.")
    zeros = tensor.new_zeros((*tensor._desc.shape, num_classes))
    if tensor._desc.numel:
        bump(zeros)  # PyTorch fills them after they are made
    return zeros.scatter_(-1, tensor.unsqueeze(-1), 1)


NN_FUNCTIONAL: dict[str, Any] = {"embedding": embedding, "one_hot": one_hot}
METHODS: dict[str, Any] = {}
FUNCTIONS: dict[str, Any] = {}
