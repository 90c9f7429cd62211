"""Normalization over raw arrays: each reduces the rows of a matrix, or the channels of a batch, to a mean and a variance."""

from __future__ import annotations

from math import prod
from typing import Any

from ..dtype import dtypes
from ..memory.geometry import element_strides, laid_out, row_major
from ..memory.layout import channels_last_strides, has_channels_last
from ..plain_numpy import np
from .half import in_steps
from .moments import FEW, channel_moments, is_short, moments, row_moments, short_moments
from .numbers import fused
from .pooling import as_pooled

Array = Any
Three = tuple[Any, Any, Any]


def _reciprocal(variance: Array, eps: float) -> Array:
    """One over the standard deviation."""
    kind = variance.dtype.type
    return kind(1) / np.sqrt(variance + kind(eps))


def _wide_reciprocal(variance: Array, eps: float) -> Array:
    """The same where it is computed in double precision."""
    return (1 / np.sqrt(variance.astype(np.float64, copy=False) + eps)).astype(variance.dtype, copy=False)


def _scaled(x: Array, weight: Array | None, bias: Array | None, shape: tuple) -> Array:
    """The elements times the weight, plus the bias, both in a shape that broadcasts; in place."""
    if weight is not None:
        x *= weight.reshape(shape)
    x += 0 if bias is None else bias.reshape(shape)  # which is no -0
    return x


def _line(
    x: Array, mean: Array, rstd: Array, weight: Array | None, bias: Array | None, shape: tuple
) -> Array:  # fmt: skip
    """The same of elements that are not centred yet, as PyTorch has it: one factor and one summand a channel."""
    factor = rstd if weight is None else rstd * weight.reshape(shape)
    return fused(
        x, factor, -mean * factor + factor.dtype.type(0) if bias is None else fused(-mean, factor, bias.reshape(shape))
    )


def _double(*arrays: Array | None) -> list[Array | None]:
    """The arrays in double precision, in which all is computed: what is centred cancels, and so may the bias."""
    return [x if x is None else x.astype(np.float64, copy=False) for x in arrays]


def _statistics(kind: Any, *arrays: Array) -> list[Array]:
    """Means and deviations as they are kept: of half precision in single precision."""
    kept = np.dtype(np.float32) if kind.itemsize == 2 else kind
    return [x.astype(kept, copy=False) for x in arrays]


def _sent_back(grad: Array, centred: Array, rstd: Array, axes: tuple, count: int, mean: Array | None = None) -> Array:
    """The gradient of elements that were centred and divided by their deviation, from that of the quotients.

    With a `mean` infinite gradients make of their row what PyTorch's sums of products do, in which no mean is taken away.
    """
    kind = grad.dtype.type
    along = np.add.reduce(grad * centred, axis=axes, keepdims=True) * rstd * rstd / kind(count)
    middle = np.add.reduce(grad, axis=axes, keepdims=True) / kind(count)
    out = centred * along
    np.subtract(grad, out, out)
    out -= middle
    out *= rstd
    if mean is None or np.isfinite(middle).all():
        return out
    x, total = centred + mean, middle * kind(count)
    slope = (total * mean - np.add.reduce(grad * x, axis=axes, keepdims=True)) * rstd**3 / kind(count)
    return np.where(np.isfinite(middle), out, grad * rstd + slope * x - slope * mean - middle * rstd)


def native_layer_norm(x: Array, shape: tuple, weight: Array | None, bias: Array | None, eps: float) -> Three:
    """The elements of each row normalized, its mean, and one over its deviation."""
    kind = x.dtype
    if is_short(kind, prod(shape)) and _all_of(kind, weight, bias):
        return _short_layer_norm(x, shape, weight, bias, eps)
    x, weight, bias = _double(x, weight, bias)  # type: ignore[assignment]
    axes = tuple(range(x.ndim - len(shape), x.ndim))
    mean, centred, square = row_moments(x, axes, kind)
    rstd = _reciprocal(square / square.dtype.type(prod(shape) or np.nan), eps)
    centred *= rstd
    out = _scaled(centred, weight, bias, shape)
    return row_major(out.astype(kind, copy=False)), *_statistics(kind, mean, rstd)


def _all_of(kind: Any, *arrays: Array | None) -> bool:
    return all(x is None or x.dtype == kind for x in arrays)


def _short_layer_norm(x: Array, shape: tuple, weight: Array | None, bias: Array | None, eps: float) -> Three:
    """Rows of few elements, in the precision that they have."""
    rows = np.ascontiguousarray(x).reshape(-1, prod(shape))
    mean, variance = short_moments(rows)
    rstd = _reciprocal(variance, eps)
    out = rows - mean[:, None]
    if weight is None and bias is not None:
        out = fused(out, rstd[:, None], bias.reshape(-1))
    else:
        out = out * rstd[:, None]
        if weight is not None:
            out = out * weight.reshape(-1) if bias is None else fused(out, weight.reshape(-1), bias.reshape(-1))
        out += 0  # which is no -0
    kept = x.shape[: x.ndim - len(shape)] + (1,) * len(shape)
    return out.reshape(x.shape), mean.reshape(kept), rstd.reshape(kept)


def _short_layer_norm_backward(
    grad: Array, x: Array, shape: tuple, mean: Array, rstd: Array, weight: Array | None
) -> Array:
    """The gradient of rows of few elements, to the last bit: sums from left to right, and products rounded with them."""
    rows, sent = x.reshape(-1, prod(shape)), grad.reshape(-1, prod(shape))
    mean, rstd = mean.reshape(-1, 1), rstd.reshape(-1, 1)
    part = x.dtype.type(1) / x.dtype.type(prod(shape))
    one = rows.dtype.type(1) if weight is None else weight.reshape(-1)
    along = np.add.accumulate(sent * rows * one, axis=1)[:, -1:]
    middle = np.add.accumulate(sent * one, axis=1)[:, -1:]
    slope = fused(middle, mean, -along) * rstd * rstd * rstd * part
    rest = fused(-slope, mean, -(middle * rstd * part))
    out = np.empty(x.shape, x.dtype)  # which is nobody's view
    np.add(fused(slope, rows, rstd * sent * one), rest, out=out.reshape(rows.shape))
    return out


def native_layer_norm_backward(
    grad: Array,
    x: Array,
    shape: tuple,
    mean: Array,
    rstd: Array,
    weight: Array | None,
    bias: Array | None,
    mask: Any,
) -> tuple:
    """The gradients of the elements, the weight and the bias, each if it is wanted."""
    kind, of_weight = x.dtype, (x if weight is None else weight).dtype
    if (
        bias is not None and bias.dtype != of_weight and grad.size
    ):  # only a weight tells PyTorch's kernel of wider parameters
        wanted, given = dtypes.from_numpy(of_weight), dtypes.from_numpy(bias.dtype)
        raise RuntimeError(f"expected scalar type {wanted.scalar_name} but found {given.scalar_name}")
    front = x.ndim - len(shape)
    axes = tuple(range(front, x.ndim))
    found: list[Any] = [None, None, None]
    short = is_short(kind, prod(shape)) and _all_of(kind, grad, mean, rstd, weight)
    if mask[0] and short:
        found[0] = _short_layer_norm_backward(grad, x, shape, mean, rstd, weight)
    grad, x, mean, rstd, weight, bias = _double(grad, x, mean, rstd, weight, bias)  # type: ignore[assignment]
    centred = x - mean
    if mask[0] and not short:
        sent = grad if weight is None else grad * weight
        out = _sent_back(sent, centred, rstd, axes, prod(shape), mean)
        found[0] = row_major(out.astype(kind, copy=False))
    over = tuple(range(front))
    if mask[1]:
        centred *= rstd
        centred *= grad
        found[1] = row_major(np.add.reduce(centred, axis=over).astype(of_weight, copy=False))
    if mask[2]:
        found[2] = row_major(np.add.reduce(grad, axis=over).astype(of_weight, copy=False))
    return tuple(found)


def native_group_norm(
    x: Array, weight: Array | None, bias: Array | None, n: int, channels: int, inner: int, group: int, eps: float
) -> Three:
    """The elements of each group of channels normalized, the means, and one over the deviations."""
    kind = x.dtype
    source = x
    count = channels // group * inner
    each, shape = (n, group, channels // group, inner), (group, channels // group, 1)
    if is_short(kind, count) and x.flags.c_contiguous and _all_of(kind, weight, bias):
        mean, variance = [m.reshape(n, group) for m in short_moments(x.reshape(-1, count))]
        rstd = _wide_reciprocal(variance, eps)
        out = x.reshape(each)
        if weight is None and bias is None:
            out = (out - mean[..., None, None]) * rstd[..., None, None]
        else:
            out = _line(out, mean[..., None, None], rstd[..., None, None], weight, bias, shape)
        return as_pooled(out.reshape(x.shape), source), mean, rstd
    x, weight, bias = _double(x, weight, bias)  # type: ignore[assignment]
    mean, centred, square = row_moments(x.reshape(n, group, count), (2,), kind)
    rstd = _reciprocal(square / square.dtype.type(count or np.nan), eps)
    if weight is None and bias is None:
        out = centred * rstd
    else:
        out = _line(x.reshape(each), mean[..., None], rstd[..., None], weight, bias, shape)
    out = out.reshape(x.shape)
    kept = _statistics(kind, mean.reshape(n, group), rstd.reshape(n, group))
    return as_pooled(out.astype(kind, copy=False), source), *kept


def native_group_norm_backward(
    grad: Array, x: Array, mean: Array, rstd: Array, weight: Array | None, group: int
) -> Three:
    """The gradients of the elements, the weight and the bias."""
    kind, of_weight, source = x.dtype, x.dtype if weight is None else weight.dtype, x
    grad, x, mean, rstd, weight = _double(grad, x, mean, rstd, weight)  # type: ignore[assignment]
    n, channels = x.shape[:2]
    inner = prod(x.shape[2:])
    grouped, each = (n, group, channels // group * inner), (n, channels, inner)
    centred = x.reshape(grouped) - mean.reshape(n, group, 1)
    grad = grad.reshape(each)
    sent = grad if weight is None else grad * weight.reshape(channels, 1)
    deviation = rstd.reshape(n, group, 1)
    middle = mean.reshape(n, group, 1)
    out = _sent_back(sent.reshape(grouped), centred, deviation, (2,), channels // group * inner, middle)
    normal = (centred * deviation).reshape(each)
    sloped = np.add.reduce(grad * normal, axis=(0, 2))
    if n and not inner:
        sloped += np.nan  # PyTorch subtracts the mean, which here is one of nothing
    found = sloped, np.add.reduce(grad, axis=(0, 2))
    if not np.isfinite(found[1]).all():  # infinite gradients meet the mean, too
        parts = [np.repeat(part, channels // group, axis=1)[..., 0] for part in (middle, deviation)]
        sums = np.add.reduce(grad, axis=2)
        by_sums = np.add.reduce((np.add.reduce(grad * x.reshape(each), axis=2) - sums * parts[0]) * parts[1], axis=0)
        found = np.where(np.isfinite(found[1]), sloped, by_sums), found[1]
    return (
        as_pooled(out.reshape(source.shape).astype(kind, copy=False), source),
        *[g.astype(of_weight, copy=False) for g in found],
    )


def _of_channels(x: Array) -> tuple[tuple, tuple, int]:
    """The axes that a batch's statistics reduce, the shape in which a channel's broadcast, and how many each counts."""
    axes = (0, *range(2, x.ndim))
    return axes, (-1, *(1,) * (x.ndim - 2)), prod([x.shape[a] for a in axes])


def _as_pictures(out: Array, x: Array) -> Array:
    """The result laid out as the input, which has its channels innermost where strides of single elements do not tell, too."""
    if x.flags.c_contiguous:
        return row_major(out)
    if x.ndim == 4 and has_channels_last(x.shape, element_strides(x)):
        new = laid_out(out.shape, channels_last_strides(out.shape), out.dtype)
        new[...] = out
        return new
    return as_pooled(out, x)


@in_steps  # the running statistics are written as they are
def native_batch_norm(
    x: Array,
    weight: Array | None,
    bias: Array | None,
    running_mean: Array | None,
    running_var: Array | None,
    training: bool,
    momentum: float,
    eps: float,
) -> Three:
    """The elements of each channel normalized by their own statistics, which move the running ones, or else by those."""
    kind, source = x.dtype, x
    kept = next((p.dtype for p in (weight, bias, running_mean, running_var) if p is not None), kind)
    axes, shape, count = _of_channels(x)
    if kind.char in "fd" and x.size and x.flags.c_contiguous and _all_of(kind, weight, bias, running_mean, running_var):
        mean, rstd = _statistics_of_channels(x, running_mean, running_var, training, momentum, eps)
        out = _as_pictures(_line(x, mean.reshape(shape), rstd.reshape(shape), weight, bias, shape), source)
        return (out, mean, rstd) if training else (out, np.empty(0, kind), np.empty(0, kind))
    x, weight, bias = _double(x, weight, bias)  # type: ignore[assignment]
    if not training:
        mean, variance = _double(running_mean, running_var)
        scale = _reciprocal(variance, eps)  # type: ignore[arg-type]
        at = mean.reshape(shape)  # type: ignore[union-attr]
        out = _line(x, at, scale.reshape(shape), weight, bias, shape).astype(kind, copy=False)
        return _as_pictures(out, source), *_statistics(kind, np.empty(0), np.empty(0))
    mean, centred = moments(x, axes)
    square = np.add.reduce(centred * centred, axis=axes, keepdims=True)
    mean, square = mean.reshape(-1), square.reshape(-1)
    rstd = _reciprocal(square / square.dtype.type(count), eps)
    for running, new in ((running_mean, mean), (running_var, square / square.dtype.type(max(count - 1, 0) or np.nan))):
        if running is not None:
            running[...] = momentum * new + (1 - momentum) * running
    saved = [s.astype(kept, copy=False) for s in (mean, rstd)]
    if kept.itemsize == 2:
        mean, rstd = _double(*saved)  # type: ignore[assignment]  # which are those that are used, then
    out = _line(x, mean.reshape(shape), rstd.reshape(shape), weight, bias, shape).astype(kind, copy=False)
    return _as_pictures(out, source), *saved


def _statistics_of_channels(
    x: Array, running_mean: Array | None, running_var: Array | None, training: bool, momentum: float, eps: float
) -> tuple[Array, Array]:
    """The means and deviations of channels to the last bit, which move the running ones; or else those."""
    kind = x.dtype.type
    if not training:
        return running_mean, _reciprocal(running_var, eps)
    mean, square = channel_moments(x)
    count = x.size // x.shape[1]
    if running_mean is not None:
        running_mean[...] = kind(momentum) * mean + kind(1 - momentum) * running_mean
    if running_var is not None:
        new = square / kind(max(count - 1, 0) or np.nan)
        running_var[...] = fused(new, kind(momentum), kind(1 - momentum) * running_var)
    return mean, _wide_reciprocal(square / kind(count), eps)


def _short_batch_norm_backward(grad: Array, x: Array, mean: Array, rstd: Array, shape: tuple) -> Array | None:
    """The gradient of a few rows of channels before the weight, to the last bit; None where there are other dimensions."""
    if x.size != len(x) * x.shape[1] or not 0 < len(x) <= FEW or x.dtype.char not in "fd":
        return None
    if not (x.flags.c_contiguous and grad.flags.c_contiguous):
        return None
    kind, (mean, rstd) = x.dtype.type, (mean.reshape(shape), rstd.reshape(shape))
    centred, along = x - mean, np.zeros_like(x[0])
    for row, sent in zip(centred, grad, strict=True):
        along = fused(row, sent, along)
    along = along * rstd * rstd / kind(len(x))
    return (grad - np.add.accumulate(grad, axis=0)[-1:] / kind(len(x)) - centred * along) * rstd


def native_batch_norm_backward(
    grad: Array,
    x: Array,
    weight: Array | None,
    running_mean: Array | None,
    running_var: Array | None,
    mean: Array,
    rstd: Array,
    train: bool,
    eps: float,
    mask: Any,
) -> tuple:
    """The gradients of the elements, the weight and the bias, each if it is wanted."""
    kind, of_weight, source = x.dtype, None if weight is None else weight.dtype, x
    if not train:
        mean, variance = _double(running_mean, running_var)
        rstd = _reciprocal(variance, eps)  # type: ignore[arg-type]
    axes, shape, count = _of_channels(x)
    exact = (
        _short_batch_norm_backward(grad, x, mean, rstd, shape) if train and _all_of(kind, grad, mean, rstd) else None
    )
    grad, x, mean, rstd, weight = _double(grad, x, mean, rstd, weight)  # type: ignore[assignment]
    deviation = rstd.reshape(shape)
    centred = x - mean.reshape(shape)
    found: list[Any] = [None, None, None]
    if mask[0]:
        if train and exact is not None:
            out = exact
        elif train:
            out = _sent_back(grad, centred, deviation, axes, count)
        else:
            out = grad * deviation
        if weight is not None:
            out *= weight.reshape(shape)
        found[0] = as_pooled(out.astype(kind, copy=False), source)
    if mask[1]:
        centred *= deviation
        centred *= grad
        found[1] = np.add.reduce(centred, axis=axes).astype(of_weight, copy=False)
    if mask[2]:
        found[2] = np.add.reduce(grad, axis=axes).astype(of_weight or kind, copy=False)
    return tuple(found)
