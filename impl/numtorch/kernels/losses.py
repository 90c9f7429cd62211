"""Losses over raw arrays, and their gradients."""

from __future__ import annotations

from typing import Any

from ..dtype import FROM_NUMPY as _FROM_NUMPY
from ..memory.geometry import element_strides, like, row_major
from ..memory.layout import is_contiguous
from ..memory.lazy import resolve
from ..memory.resizing import warn_of_resizing
from ..plain_numpy import np
from .comparison import in_layout
from .pointwise import BOOL_NEGATED
from .reduction import mean_all, sum_all
from .scatter import expect_within
from .special import log1p

Array = Any
NONE, MEAN, SUM = range(3)


def reduced_loss(values: Array, reduction: int) -> Array:
    """The loss of all elements together, as asked."""
    return mean_all(values) if reduction == MEAN else sum_all(values) if reduction == SUM else values


def _within(values: Array, reduction: int) -> Array:
    """The same where PyTorch writes it to the memory that the losses of all elements had, which a dual's tangent has, too."""
    total = reduced_loss(values, reduction)
    if total is values or type(values) is not np.ndarray or values.size < 2:
        return total
    dense = values
    if not values.flags.c_contiguous:
        dense = values.transpose(sorted(range(values.ndim), key=lambda dim: -values.strides[dim]))
        if not dense.flags.c_contiguous:
            return total
    out = np.ndarray((), values.dtype, dense)
    out[()] = total
    return out


def _share(grad: Array, like: Array, reduction: int) -> Array:
    """The gradient of each element's loss."""
    grad = resolve(grad)  # the backward of a loss is one operator in PyTorch, which computes with ordinary zeros
    return grad / like.dtype.type(like.size) if reduction == MEAN else grad


def _filled(out: Array, x: Array) -> Array:
    """A gradient as PyTorch writes it into zeros like x: row-major, and resized where a batch of targets makes it larger."""
    if out.shape != x.shape and x.size:
        warn_of_resizing(x.shape, out.shape)
    return row_major(out)


def _floats(x: Array, target: Array) -> tuple[Array, Array]:
    """Both, integers in the type of the other."""
    whole = [a.dtype.kind in "iub" for a in (x, target)]
    return x.astype(target.dtype) if whole[0] else x, target.astype(x.dtype) if whole[1] else target


def mse_loss(x: Array, target: Array, reduction: int) -> Array:
    """The squared differences."""
    difference = np.subtract(*_floats(x, target))
    return _within(difference * difference, reduction)


def mse_loss_backward(grad: Array, x: Array, target: Array, reduction: int) -> Array:
    """2 (x - target), over the number of elements for the mean."""
    x, target = _floats(x, target)
    norm = x.dtype.type(2 / max(x.size, 1) if reduction == MEAN else 2)
    out = _filled(norm * (x - target) * resolve(grad), x)
    return out.astype(x.dtype, copy=False)  # and like x, whatever the target is


def smooth_l1_loss(x: Array, target: Array, reduction: int, beta: float) -> Array:
    """Squares near zero, absolute values beyond."""
    x, target = _floats(x, target)
    z = np.abs(x - target)
    return _within(np.where(z < beta, z * z * x.dtype.type(0.5 / beta), z - x.dtype.type(0.5 * beta)), reduction)


def smooth_l1_loss_backward(grad: Array, x: Array, target: Array, reduction: int, beta: float) -> Array:
    """The difference over beta near zero, its sign beyond."""
    x, target = _floats(x, target)
    difference = x - target
    slope = np.where(np.abs(difference) < beta, difference / difference.dtype.type(beta), np.sign(difference)).astype(
        x.dtype
    )
    return _filled(slope * _share(grad, x, reduction), x).astype(x.dtype, copy=False)


def huber_loss(x: Array, target: Array, reduction: int, delta: float) -> Array:
    """Squares near zero, straight lines beyond."""
    z = np.abs(x - target)
    if z.shape != x.shape and x.size:
        warn_of_resizing(x.shape, z.shape)
    delta = z.dtype.type(delta)
    half = z.dtype.type(0.5)
    return reduced_loss(np.where(z < delta, half * z * z, delta * (z - half * delta)).astype(x.dtype), reduction)


def huber_loss_backward(grad: Array, x: Array, target: Array, reduction: int, delta: float) -> Array:
    """The difference, clamped. Where the types differ PyTorch has a value, and neither gradient nor tangent."""
    for other in (target, grad):
        if other.dtype != x.dtype:
            found, expected = (_FROM_NUMPY[kind].scalar_name for kind in (other.dtype, x.dtype))
            raise RuntimeError(f"Found dtype {found} but expected {expected}")
    delta = x.dtype.type(delta)
    return _filled(np.clip(x - target, -delta, delta) * _share(grad, x, reduction), x)


def soft_margin_loss(x: Array, target: Array, reduction: int) -> Array:
    """log(1 + exp(-target * x))"""
    return _within(log1p(np.exp((-x * target).astype(x.dtype))), reduction)  # all of it in place of -x


def soft_margin_loss_backward(grad: Array, x: Array, target: Array, reduction: int) -> Array:
    """-target * sigmoid(-target * x)"""
    if target.dtype == bool:
        raise RuntimeError(BOOL_NEGATED)
    z = np.exp(-target * x)
    return (-target * z / (z + 1) * _share(grad, x, reduction)).astype(x.dtype, copy=False)


def _classes(x: Array, target: Array, weight: Array | None, ignore_index: int) -> tuple[Array, Array, int]:
    """The class of each sample where x can be indexed by it, the weight of each sample, and the dimension of classes."""
    dim = 0 if x.ndim == 1 else 1
    if x.ndim == target.ndim == 1:
        target = target[0]  # the one sample
    counts = target != ignore_index
    index = np.where(counts, target, 0)
    scale = counts.astype(x.dtype) if weight is None else np.where(counts, weight.reshape(-1)[index], x.dtype.type(0))
    return np.expand_dims(index, dim), scale, dim


def nll_loss(x: Array, target: Array, weight: Array | None, reduction: int, ignore_index: int) -> tuple[Array, Array]:
    """Minus the entry of each sample's class; and the sum of the weights that the mean divides by."""
    index, scale, dim = _classes(x, target, weight, ignore_index)
    # Where a sample does not count its entry is not looked at: infinity times no weight would be nan.
    picked = np.take_along_axis(x, index, dim).squeeze(dim)
    losses = np.where(scale != 0, -picked * scale, x.dtype.type(0))
    if reduction == NONE:
        return losses, x.dtype.type(0)
    total, weights = np.add.reduce(losses, axis=None), np.add.reduce(scale, axis=None)
    return (total / weights if reduction == MEAN else total), weights


def nll_loss_backward(
    grad: Array, x: Array, target: Array, weight: Array | None, reduction: int, ignore_index: int, total_weight: Array
) -> Array:
    """Minus the weight at each sample's class."""
    index, scale, dim = _classes(x, target, weight, ignore_index)
    if reduction != NONE or x.ndim == 1:  # else PyTorch writes to memory that is not the gradient's
        expect_within(index, 0, x.shape[dim], lambda i: f"Target {i} is out of bounds.", IndexError)
    share = grad / total_weight if reduction == MEAN else grad
    out = np.zeros(x.shape, x.dtype)
    np.put_along_axis(out, index, np.expand_dims(np.where(scale != 0, -scale * share, x.dtype.type(0)), dim), dim)
    return out


def nll_loss2d_backward(
    grad: Array, x: Array, target: Array, weight: Array | None, reduction: int, ignore_index: int, total_weight: Array
) -> Array:
    """The same of images, which PyTorch has for those only that are row-major where they have no holes."""
    out = like(x, x.dtype)
    if not is_contiguous(out.shape, element_strides(out)):
        raise RuntimeError("grad_input must be contiguous")
    out[...] = nll_loss_backward(grad, x, target, weight, reduction, ignore_index, total_weight)
    return out


def binary_cross_entropy(x: Array, target: Array, weight: Array | None, reduction: int) -> Array:
    """The cross entropy of probabilities; logarithms are not below -100."""
    low = x.dtype.type(-100)
    one = x.dtype.type(1)
    losses = (target - one) * np.maximum(np.log1p(-x), low) - target * np.maximum(np.log(x), low)
    return _within(losses if weight is None else (losses * weight).astype(x.dtype), reduction)


def binary_cross_entropy_backward(grad: Array, x: Array, target: Array, weight: Array | None, reduction: int) -> Array:
    """(x - target) / (x (1 - x))"""
    out = grad * (x - target) / np.maximum((1 - x) * x, x.dtype.type(1e-12))
    out = out if weight is None else (out * weight).astype(x.dtype)
    out = out / x.size if reduction == MEAN else out
    return in_layout(out, x)


def binary_cross_entropy_with_logits(
    x: Array, target: Array, weight: Array | None, pos_weight: Array | None, reduction: int
) -> Array:
    """The cross entropy of sigmoid(x), computed so that nothing overflows; in the target's type, as PyTorch writes to it."""
    one, zero = x.dtype.type(1), x.dtype.type(0)
    softplus = np.log1p(np.exp(-np.abs(x))) + np.maximum(-x, zero)
    if pos_weight is None:
        losses = (one - target) * x + softplus
    else:
        losses = (one - target) * x + ((pos_weight - one) * target + one) * softplus
    losses = losses if weight is None else losses * weight
    return reduced_loss(losses.astype(target.dtype, copy=False), reduction)


def embedding(weight: Array, indices: Array, padding_idx: int, scale_grad_by_freq: bool, sparse: bool) -> Array:
    """The rows that the indices name."""
    return weight[indices]


def embedding_backward(
    grad: Array, indices: Array, num_weights: int, padding_idx: int, scale_grad_by_freq: bool, sparse: bool
) -> Array:
    """The gradients of each row added up in the order of the indices; none for the padding."""
    flat = indices.reshape(-1)
    rows = grad.reshape(flat.size, grad.shape[-1])
    out = np.zeros((num_weights, rows.shape[1]), grad.dtype)
    if scale_grad_by_freq:
        counts = np.bincount(flat, minlength=num_weights)
        rows = rows / counts[flat][:, None].astype(grad.dtype)
    if padding_idx >= 0:
        keep = flat != padding_idx
        flat, rows = flat[keep], rows[keep]
    np.add.at(out, flat, rows)
    return out
