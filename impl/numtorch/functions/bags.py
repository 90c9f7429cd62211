"""Bags of embeddings: torch.embedding_bag and that of torch.nn.functional."""

from __future__ import annotations

from typing import Any

from .. import dispatch as d
from ..calls.operands import type_name
from ..calls.raising import saving_first
from ..dtype import dtypes
from ..tensor import Tensor
from ..warning import warn
from .arguments import expect_tensor

MODES = {"sum": 0, "mean": 1, "max": 2}
_NUMBERS = ("int64", "int32")


def _legacy(x: Tensor) -> str:
    """A tensor's type by its legacy name, as C++ tells it."""
    kind = x._desc.dtype
    return (
        f"CPU{kind.scalar_name}Type"
        if kind.is_complex or kind.name == "bfloat16"
        else f"torch.{kind.scalar_name}Tensor"
    )


def _expect_kinds(weight: Tensor, indices: Tensor, offsets: Tensor, scales: Tensor | None) -> None:
    for position, name, x, kinds, told in (
        (1, "indices", indices, _NUMBERS, "Long, Int"),
        (1, "offsets", offsets, _NUMBERS, "Long, Int"),
        (1, "weight", weight, ("float16", "bfloat16", "float32", "float64"), "Half, BFloat16, Float, Double"),
    ):
        if x._desc.dtype.name not in kinds:
            raise RuntimeError(
                f"Expected tensor for argument #{position} '{name}' to have one of the following scalar types: {told}; but "
                f"got {_legacy(x)} instead (while checking arguments for embedding_bag)"
            )
    if scales is not None and scales._desc.dtype is not weight._desc.dtype:
        raise RuntimeError(
            "Expected tensor for argument #1 'weight' to have the same type as tensor for argument #1 'per_sample_weights'; "
            f"but type {_legacy(weight)} does not equal {_legacy(scales)} (while checking arguments for embedding_bag)"
        )


def _expect_places(
    weight: Tensor, indices: Tensor, offsets: Tensor, include_last_offset: bool, by_maximum: bool
) -> None:
    """Refuse indices and offsets that are out of range."""
    starts, n = offsets._array, indices._desc.numel
    if include_last_offset and not starts.size:
        raise RuntimeError("include_last_offset: number of offset should be at least 1")
    if starts.size:
        if starts[0] != 0:
            raise RuntimeError(
                "offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from position 0. However, "
                f"got {starts[0]}\n[ {offsets.type()}{{}} ]"
            )
        if starts[-1] > n:
            raise RuntimeError(
                f"offsets[-1] can not be greater than input's length {n} but got offsets[-1] of {starts[-1]}"
            )
        if starts.min() < 0:
            raise IndexError("index out of range in self")
    rows = weight._desc.shape[0]
    for at, index in enumerate(indices._array.tolist()):
        if not 0 <= index < rows:
            if by_maximum:  # which is looked for first, by an operator with words of its own
                raise RuntimeError(
                    f"embedding_bag: Expected idx >= 0 && idx < num_embeddings but found idx to be {index}"
                )
            raise RuntimeError(f"Index {at} of input takes value {index} which is not in the valid range [0, {rows})")


def torch_embedding_bag(
    weight: Tensor,
    indices: Tensor,
    offsets: Tensor,
    scale_grad_by_freq: bool = False,
    mode: int = 0,
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The bags, the bag of each index, the sizes of the bags, and the indices of the greatest. No gradient is sparse."""
    for position, (name, x) in enumerate((("weight", weight), ("indices", indices), ("offsets", offsets)), 1):
        expect_tensor(x, "embedding_bag", name, position)
    if weight._desc.ndim != 2:
        raise RuntimeError(f"weight has to be a 2D Tensor, but got Tensor of dimension {weight._desc.ndim}")
    if sparse:
        raise NotImplementedError("numtorch has no sparse gradients")
    rows = weight._desc.shape[0]
    if padding_idx is not None:
        if not -rows <= padding_idx < rows:
            raise RuntimeError(
                f"padding_idx must be within the number of embeddings, -{rows} through {rows - 1}, but got {padding_idx}"
            )
        padding_idx %= rows
    with saving_first(
        "embedding_bag", weight=weight, indices=indices, offsets=offsets, per_sample_weights=per_sample_weights
    ):
        _expect_kinds(weight, indices, offsets, per_sample_weights)
    _expect_places(weight, indices, offsets, include_last_offset, mode == 2)
    if indices._desc.dtype is not offsets._desc.dtype:
        indices, offsets = (
            d.to_copy(x, dtypes.int64) if x._desc.dtype is not dtypes.int64 else x for x in (indices, offsets)
        )
    return d.embedding_bag(
        weight,
        indices.contiguous(),
        offsets.contiguous(),
        scale_grad_by_freq,
        mode,
        sparse,
        per_sample_weights,
        include_last_offset,
        -1 if padding_idx is None else padding_idx,
    )


torch_embedding_bag.__name__ = "embedding_bag"


def embedding_bag(
    input: Tensor,
    weight: Tensor,
    offsets: Tensor | None = None,
    max_norm: float | None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Tensor:
    """The sum, the mean or the greatest of the rows that the indices of each bag name: of each row of two dimensions."""
    if weight.dtype == dtypes.int64 and input.is_floating_point():
        warn(
            "Argument order of nn.functional.embedding_bag was changed. Usage `embedding_bag(weight, input, ...)` is "
            "deprecated, and should now be `embedding_bag(input, weight, ...)`.",
        )
        weight, input = input, weight
    scales = per_sample_weights
    if scales is not None and input.size() != scales.size():
        raise ValueError(
            f"embedding_bag: If per_sample_weights ({scales.shape}) is not None, then it must have the same shape as the "
            f"input ({input.shape})"
        )
    if weight.dim() != 2:
        raise ValueError(f"weight has to be a 2D Tensor, but got Tensor of dimension {weight.dim()}")
    if input.dim() == 2:
        if offsets is not None:
            raise ValueError(
                "if input is 2D, then offsets has to be None, as input is treated is a mini-batch of fixed length "
                f"sequences. However, found offsets of type {type(offsets)}"
            )
        offsets, include_last_offset = _starts(input), False
        input = input.reshape(-1)
        scales = None if scales is None else scales.reshape(-1)
    elif input.dim() == 1:
        if offsets is None:
            raise ValueError("offsets has to be a 1D Tensor but got None")
        if not hasattr(offsets, "dim"):
            raise AttributeError(f"'{type_name(offsets)}' object has no attribute 'dim'")
        if offsets.dim() != 1:
            raise ValueError("offsets has to be a 1D Tensor")
    else:
        raise ValueError(f"input has to be 1D or 2D Tensor, but got Tensor of dimension {input.dim()}")
    if mode not in MODES:
        raise ValueError("mode has to be one of sum, mean or max")
    if mode == "max" and scale_grad_by_freq:
        raise ValueError("max mode does not support scaling the gradient by the frequency")
    if mode == "max" and sparse:
        raise ValueError("max mode does not support sparse weights")
    if max_norm is not None:
        raise NotImplementedError("numtorch renormalises no embeddings")
    if scales is not None and mode != "sum":
        raise NotImplementedError(
            "embedding_bag: per_sample_weights was not None. per_sample_weights is only supported for mode='sum' (got "
            f"mode='{mode}'). Please open a feature request on GitHub."
        )
    given = (scale_grad_by_freq, MODES[mode], sparse, scales, include_last_offset, padding_idx)
    return torch_embedding_bag(weight, input, offsets, *given)[0]


def _starts(input: Tensor) -> Tensor:
    """Where each row of indices begins."""
    from ..creation import arange

    return arange(0, input.numel(), input.size(1), dtype=input.dtype)


NN_FUNCTIONAL: dict[str, Any] = {"embedding_bag": embedding_bag}
METHODS: dict[str, Any] = {}
FUNCTIONS: dict[str, Any] = {"embedding_bag": torch_embedding_bag}
