"""Losses of margins between classes, as torch.nn.functional has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import dispatch as d
from ..calls.operands import refused
from ..calls.raising import saving_first
from ..dtype import dtypes
from ..tensor import Tensor
from .activation import log_sigmoid
from .arguments import expect_tensor, no_gradient
from .distances import pairwise_distance
from .losses import reduction_number


def _rows(input: Tensor) -> tuple[int, int]:
    """How many samples there are, and of how many classes."""
    shape = list(input._desc.shape)
    if len(shape) > 2 or (shape and not shape[-1]):
        raise RuntimeError(f"Expected non-empty vector or matrix with optional 0-dim batch size, but got: {shape}")
    return (shape[0] if len(shape) == 2 else 1), (shape[-1] if shape else 1)


def _expect_places(target: Tensor) -> None:
    if target._desc.dtype is not dtypes.int64:
        raise RuntimeError(f"expected scalar type Long but found {target._desc.dtype.scalar_name}")


def _expect_kind(kernel: str, input: Tensor) -> None:
    if input._desc.dtype not in (dtypes.float32, dtypes.float64):
        raise refused(kernel, input._desc.dtype)


def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """By how much other classes come nearer than a margin to the target's."""
    number = reduction_number(reduction, size_average, reduce)
    if p not in (1, 2):
        raise ValueError("only p == 1 and p == 2 supported")
    if weight is not None and weight._desc.ndim != 1:
        raise ValueError("weight must be one-dimensional")
    expect_tensor(input, "multi_margin_loss")
    expect_tensor(target, "multi_margin_loss", "target", 2)
    no_gradient(weight, "multi_margin_loss", "weight")
    with saving_first("multi_margin_loss", self=input, target=target, weight=weight):
        _expect_samples(input, target, weight)
    return d.multi_margin_loss(input, target, p, margin, weight, number)


def _expect_samples(input: Tensor, target: Tensor, weight: Tensor | None) -> None:
    samples, classes = _rows(input)
    shape = list(target._desc.shape)
    if len(shape) > 1 or target._desc.numel != samples:
        raise RuntimeError(
            "multi_margin_loss: target tensor should be 1-D with size equal to the number of input samples (batch size). "
            f"Expected target size [{samples}], but got {shape}. Input has shape {list(input._desc.shape)}."
        )
    if weight is not None and weight._desc.numel != classes:
        raise RuntimeError(f"inconsistent weight size, expected {classes} but got {list(weight._desc.shape)}")
    _expect_kind("multi_margin_loss_cpu_kernel", input)
    _expect_places(target)
    if weight is not None and weight._desc.dtype is not input._desc.dtype:
        raise RuntimeError(
            f"expected scalar type {input._desc.dtype.scalar_name} but found {weight._desc.dtype.scalar_name}"
        )
    if target._desc.numel and not 0 <= target._array.min() <= target._array.max() < classes:
        raise RuntimeError("target out of range")


def multilabel_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """By how much other classes come nearer than one to any of the targets, which end at the first -1."""
    number = reduction_number(reduction, size_average, reduce)
    expect_tensor(input, "multilabel_margin_loss")
    expect_tensor(target, "multilabel_margin_loss", "target", 2)
    with saving_first("multilabel_margin_loss", self=input, target=target):
        _, classes = _rows(input)
        if input._desc.shape != target._desc.shape:
            raise RuntimeError(
                f"inconsistent target size: {list(target._desc.shape)} for input of size: {list(input._desc.shape)}"
            )
        _expect_kind("multilabel_margin_loss_forward_out_frame", input)
        _expect_places(target)
        if target._desc.numel and not -1 <= target._array.min() <= target._array.max() < classes:
            raise RuntimeError("argument #2 'target' is out of range")
    return d.multilabel_margin_loss(input, target, number)[0]


def multilabel_soft_margin_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The mean over the classes of the cross entropy of each."""
    if size_average is not None or reduce is not None:
        reduction = ("none", "mean", "sum")[reduction_number(reduction, size_average, reduce)]
    loss = -(target * log_sigmoid(input) + (1 - target) * log_sigmoid(-input))
    if weight is not None:
        loss = loss * weight
    at = input.dim() - 1
    loss = loss.sum(dim=at) / input.size(at)
    return _finished(loss, reduction, f"{reduction} is not valid")


def _finished(loss: Tensor, reduction: str, complaint: str) -> Tensor:
    """The mean or the sum, or what there is."""
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(complaint)
    return loss if reduction == "none" else loss.mean() if reduction == "mean" else loss.sum()


def triplet_margin_with_distance_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """By how much less than a margin the anchor is nearer to the positive than to the negative, by any distance."""
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    dims = [t.ndim for t in (anchor, positive, negative)]
    if len(set(dims)) > 1:
        raise RuntimeError(
            "The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: "
            f"anchor {dims[0]}D, positive {dims[1]}D, and negative {dims[2]}D inputs"
        )
    distance = pairwise_distance if distance_function is None else distance_function
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = d.minimum(far, distance(positive, negative))
    return _finished((margin + near - far).clamp_min(0), reduction, "")


NN_FUNCTIONAL: dict[str, Any] = {
    f.__name__: f
    for f in (
        *(multi_margin_loss, multilabel_margin_loss, multilabel_soft_margin_loss),
        triplet_margin_with_distance_loss,
    )
}
METHODS: dict[str, Any] = {}
FUNCTIONS: dict[str, Any] = {}
