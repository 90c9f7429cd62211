"""Losses and embeddings, as torch.nn.functional has them."""

from __future__ import annotations

import warnings
from typing import Any

from .. import dispatch as d
from ..dtype import FLOATING, int64
from ..tensor import Tensor
from .arguments import expect_tensor

_REDUCTIONS = {"none": 0, "mean": 1, "sum": 2}


def _reduction(name: str, size_average: Any = None, reduce: Any = None) -> int:
    """PyTorch's number of a reduction; the two flags are what they were before there were names."""
    if size_average is not None or reduce is not None:
        average = True if size_average is None else size_average
        name = ("mean" if average else "sum") if reduce is None or reduce else "none"
        warnings.warn(
            f"size_average and reduce args will be deprecated, please use reduction='{name}' instead.", stacklevel=4
        )
    if name not in _REDUCTIONS:
        raise ValueError(f"{name} is not a valid value for reduction")
    return _REDUCTIONS[name]


def _together(input: Tensor, target: Tensor, warn: bool = True) -> Any:
    """Both in one shape; PyTorch warns where that takes broadcasting."""
    if target._desc.shape == input._desc.shape:
        return input, target
    if warn:
        warnings.warn(
            f"Using a target size ({target._desc.shape}) that is different to the input size ({input._desc.shape}). "
            "This will likely lead to incorrect results due to broadcasting. Please ensure they have the same size.",
            stacklevel=3,
        )
    from .arrange import broadcast_tensors

    return broadcast_tensors(input, target)


def _total(loss: Tensor, reduction: int) -> Tensor:
    return loss.mean() if reduction == 1 else loss.sum() if reduction == 2 else loss


def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    weight: Any = None,
) -> Tensor:
    """The squared differences."""
    input, target = _together(input, target)
    number = _reduction(reduction, size_average, reduce)
    if weight is None:
        return d.mse_loss(input, target, number)
    if weight._desc.shape != input._desc.shape:
        raise ValueError("Weights and input must have the same size.")
    weighted = (input - target).pow(2) * weight
    return weighted.sum() / weight.sum() if number == 1 else _total(weighted, number)


def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    weight: Any = None,
) -> Tensor:
    """The absolute differences."""
    input, target = _together(input, target)
    number = _reduction(reduction, size_average, reduce)
    differences = (input - target).abs()
    if weight is None:
        return _total(differences, number)
    weighted = differences * weight
    return weighted.sum() / weight.sum() if number == 1 else _total(weighted, number)


def smooth_l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:
    """Squares near zero, absolute values beyond."""
    input, target = _together(input, target)
    number = _reduction(reduction, size_average, reduce)
    if beta == 0.0:
        return _total((input - target).abs(), number)
    if beta < 0:
        raise RuntimeError("smooth_l1_loss does not support negative values for beta.")
    return d.smooth_l1_loss(input, target, number, beta)


def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Any = None
) -> Tensor:
    """Squares near zero, straight lines beyond."""
    input, target = _together(input, target)
    if delta <= 0:
        raise RuntimeError("huber_loss does not support non-positive values for delta.")
    if weight is None:
        return d.huber_loss(input, target, _reduction(reduction), delta)
    weighted = d.huber_loss(input, target, 0, delta) * weight
    return _total(weighted, _reduction(reduction))


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Any = None,
    size_average: Any = None,
    ignore_index: int = -100,
    reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """Minus the log probability of the class of each sample."""
    expect_tensor(input, "nll_loss_nd", "input", 1)
    expect_tensor(target, "nll_loss_nd", "target", 2)
    return _nll(input, target, weight, _reduction(reduction, size_average, reduce), ignore_index)


def _nll(input: Tensor, target: Tensor, weight: Any, reduction: int, ignore_index: int) -> Tensor:
    ndim = input._desc.ndim
    if ndim < 1:
        raise ValueError(f"Expected 1 or more dimensions (got {ndim})")
    if ndim > 1 and target._desc.ndim and input._desc.shape[0] != target._desc.shape[0]:
        raise ValueError(
            f"Expected input batch_size ({input._desc.shape[0]}) to match target batch_size ({target._desc.shape[0]})."
        )
    if target._desc.dtype is not int64:
        raise RuntimeError(f"expected target dtype to be Long or Byte, but got {target._desc.dtype.scalar_name}")
    classes = input._desc.shape[0 if ndim == 1 else 1]
    if weight is not None and tuple(weight._desc.shape) != (classes,):
        raise RuntimeError(
            f"weight tensor should be defined either for all {classes} classes or no classes but got weight tensor of "
            f"shape: {list(weight._desc.shape)}"
        )
    counted = target._array[target._array != ignore_index]
    if counted.size and not 0 <= counted.min() <= counted.max() < classes:
        wrong = counted[(counted < 0) | (counted >= classes)].reshape(-1)[0]
        raise IndexError(f"Target {wrong} is out of bounds.")
    return (d.nll_loss if ndim <= 2 else d.nll_loss2d)(input, target, weight, reduction, ignore_index)[0]


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Any = None,
    size_average: Any = None,
    ignore_index: int = -100,
    reduce: Any = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """Minus the log probability of each sample's class, or of its distribution over classes, given scores."""
    number = _reduction(reduction, size_average, reduce)
    expect_tensor(input, "cross_entropy_loss", "input", 1)
    expect_tensor(target, "cross_entropy_loss", "target", 2)
    if not 0.0 <= label_smoothing <= 1.0:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    dim = 0 if input._desc.ndim == 1 else 1
    if input._desc.shape == target._desc.shape:
        return _of_distributions(input, target, weight, number, label_smoothing, dim)
    scores = input.log_softmax(dim)
    loss = _nll(scores, target, weight, number, ignore_index)
    return _smoothed(loss, scores, target, weight, number, ignore_index, label_smoothing, dim)


def _of_distributions(input: Tensor, target: Tensor, weight: Any, reduction: int, smoothing: float, dim: int) -> Tensor:
    if target._desc.dtype.category < FLOATING:
        raise RuntimeError(
            "Expected floating point type for target with class probabilities, got " + target._desc.dtype.scalar_name
        )
    classes = input._desc.shape[dim]
    if smoothing > 0:
        target = d.mul_scalar(target, 1 - smoothing) + smoothing / classes
    terms = input.log_softmax(dim) * target
    if weight is not None:
        terms = terms * weight.view(*(-1 if i == dim else 1 for i in range(input._desc.ndim)))
    if reduction == 0:
        return -terms.sum(dim)
    return d.div_scalar(-terms.sum(), max(input.numel() // classes, 1)) if reduction == 1 else -terms.sum()


def _smoothed(
    loss: Tensor,
    scores: Tensor,
    target: Tensor,
    weight: Any,
    reduction: int,
    ignore_index: int,
    smoothing: float,
    dim: int,
) -> Tensor:
    if not smoothing:
        return loss
    ignored = target == ignore_index
    if weight is None:
        smooth = -scores.sum(dim)
    else:
        smooth = -(scores * weight.view(*(-1 if i == dim else 1 for i in range(scores._desc.ndim)))).sum(dim)
    smooth = smooth.masked_fill(ignored, 0.0)
    if reduction == 1:
        if weight is None:
            smooth = smooth.sum() / (target.numel() - int(ignored.sum()))
        else:
            smooth = smooth.sum() / weight.gather(0, target.masked_select(~ignored)).sum()
    elif reduction == 2:
        smooth = smooth.sum()
    return d.mul_scalar(loss, 1 - smoothing) + d.mul_scalar(smooth, smoothing / scores._desc.shape[dim])


def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Any = None,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """The cross entropy of probabilities of one class."""
    number = _reduction(reduction, size_average, reduce)
    if target._desc.shape != input._desc.shape:
        raise ValueError(
            f"Using a target size ({target._desc.shape}) that is different to the input size ({input._desc.shape}) is "
            "deprecated. Please ensure they have the same size."
        )
    for name, tensor in (("target", target), ("input", input)):
        values = tensor._array
        if values.size and not ((values >= 0) & (values <= 1)).all():
            raise RuntimeError(f"all elements of {name} should be between 0 and 1")
    return d.binary_cross_entropy(input, target, weight, number)


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Any = None,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    pos_weight: Any = None,
) -> Tensor:
    """The cross entropy of one class, given scores."""
    number = _reduction(reduction, size_average, reduce)
    if target._desc.shape != input._desc.shape:
        raise ValueError(f"Target size ({target._desc.shape}) must be the same as input size ({input._desc.shape})")
    return d.binary_cross_entropy_with_logits(input, target, weight, pos_weight, number)


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
    if padding_idx is None:
        padding_idx = -1
    elif padding_idx < 0:
        padding_idx += weight._desc.shape[0]
    indices = input._array
    if indices.size and not 0 <= indices.min() <= indices.max() < weight._desc.shape[0]:
        raise IndexError("index out of range in self")
    return d.embedding(weight, input, padding_idx, scale_grad_by_freq, sparse)


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """One in the place of each class, zeros elsewhere."""
    if tensor._desc.dtype is not int64:
        raise RuntimeError("one_hot is only applicable to index tensor of type LongTensor.")
    if tensor._desc.numel and int(tensor.min()) < 0:
        raise RuntimeError("Class values must be non-negative.")
    if num_classes == -1:
        num_classes = int(tensor.max()) + 1
    elif tensor._desc.numel and num_classes <= int(tensor.max()):
        raise RuntimeError("Class values must be smaller than num_classes.")
    zeros = tensor.new_zeros((*tensor._desc.shape, num_classes))
    return zeros.scatter_(-1, tensor.unsqueeze(-1), 1)


NN_FUNCTIONAL: dict[str, Any] = {
    f.__name__: f
    for f in (
        *(mse_loss, l1_loss, smooth_l1_loss, huber_loss, nll_loss, cross_entropy),
        *(binary_cross_entropy, binary_cross_entropy_with_logits, embedding, one_hot),
    )
}
METHODS: dict[str, Any] = {}
FUNCTIONS: dict[str, Any] = {}
