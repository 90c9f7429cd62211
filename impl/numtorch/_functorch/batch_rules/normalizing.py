"""Normalization where there is a batch: rules, and what PyTorch takes apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ... import creation, dispatch as d
from ...tensor import Tensor
from ..batching import Call, rank
from .folding import folded, into, outof

RUNNING = (
    "Batch norm got a batched tensor as input while the running_mean or running_var, which will be updated in place, were not "
    "batched.\nIf you are using a module and do not need eval mode, please set `track_running_stats` to be False.If you are "
    "using a prebuilt module and do not need eval mode, please see the functorch website for resources on how to patch your "
    "module to work with vmap"
)


def behind(value: Any, ndim: int) -> Any:
    """A tensor seen with dimensions of size one behind its own."""
    shape = tuple(value._desc.shape)
    return value if len(shape) >= ndim else d.view(value, shape + (1,) * (ndim - len(shape)))


def statistics(value: Any, size: int | None) -> Any:
    """A mean or the like as a batch, but for one of no elements, which stands for none."""
    if tuple(value._desc.shape) == (0,):
        return value, None
    return (value, None) if size is None else (outof(value, 0, size), 0)


def batch_norm(call: Call) -> Any:
    """Pictures of all elements side by side, as channels; weight and bias come afterwards."""
    x, weight, bias, mean, var, training, *rest = call.args
    if training and call.is_batched(x) and any(t is not None and not call.is_batched(t) for t in (mean, var)):
        raise RuntimeError(RUNNING)
    batched = any(call.is_batched(t) for t in (x, mean, var))
    value = into(call.spread(x), 0, 1) if batched else x
    if batched:
        mean, var = [None if t is None else folded_row(call, t) for t in (mean, var)]
    channels, kind = value._desc.shape[1], x.dtype
    ones, zeros = creation.ones(channels, dtype=kind), creation.zeros(channels, dtype=kind)
    found, *seen = call.op(value, ones, zeros, mean, var, training, *rest)
    found = d.transpose(found, 0, 1)
    size = call.size if batched else None
    found = found if size is None else outof(found, 0, size)
    for given, how in ((weight, d.mul), (bias, d.add)):
        if given is not None:
            extra = call.is_batched(given)
            found = how(found, behind(call.front(given), rank(x) + extra))
    return (d.transpose(found, 1, 2), 0), *[statistics(s, size) for s in seen]


def folded_row(call: Call, value: Any) -> Any:
    """Numbers of channels, those of all elements in a row."""
    return into(call.spread(value), 0, 0).contiguous()


def layer_norm(x: Any, shape: Any, weight: Any, bias: Any, eps: float) -> Any:
    """Weight and bias come afterwards if each element has its own."""
    from ...levels import at, state

    level = state.stack[-1]
    if not any(t is not None and at(t, level) is not None for t in (weight, bias)):
        return NotImplemented
    found, *seen = d.native_layer_norm(x, shape, None, None, eps)
    found = found if weight is None else found * weight
    return (found if bias is None else found + bias), *seen


def leading_norm(call: Call) -> Any:
    """Of any number of dimensions in front."""
    x, shape, weight, bias, eps = call.args
    found, *seen = call.op(call.front(x), shape, call.front(weight), call.front(bias), eps)
    return (found, 0), *[(s, None if tuple(s._desc.shape) == (0,) else 0) for s in seen]


def layer_norm_backward(grad: Any, x: Any, shape: Any, mean: Any, rstd: Any, weight: Any, bias: Any, mask: Any) -> Any:
    """Each gradient for itself."""
    if weight is None and bias is None and list(mask) == [True, False, False]:
        return NotImplemented
    front = tuple(range(rank(grad) - len(shape)))

    def summed(value: Any) -> Any:
        return d.sum_dim(value, front, False, None) if front else value

    of_bias = summed(grad) if mask[2] and bias is not None else None
    of_weight = None
    if mask[1] and weight is not None:
        of_weight = summed(d.mul(d.mul(d.sub(x, mean), rstd), grad))
    of_x = None
    if mask[0]:
        inner = grad if weight is None else d.mul(grad, weight)
        of_x = d.native_layer_norm_backward(inner, x, shape, mean, rstd, None, None, (True, False, False))[0]
    return of_x, of_weight, of_bias


def layer_norm_backward_alone(call: Call) -> Any:
    """The gradient of the input, without weights."""
    grad, x, shape, mean, rstd, *rest = call.args
    args = [call.spread(a).contiguous() for a in (grad, x, mean, rstd)]
    return (call.op(*args[:2], shape, *args[2:], *rest)[0], 0), None, None


def batch_norm_backward(
    grad: Any,
    x: Any,
    weight: Any,
    mean: Any,
    var: Any,
    save_mean: Any,
    save_rstd: Any,
    train: bool,
    eps: float,
    mask: Any,
) -> Any:
    """Each gradient for itself."""
    if weight is None and list(mask) == [True, False, False]:
        return NotImplemented
    ndim = rank(grad)
    others = tuple(range(1, ndim))
    of_bias = d.sum_dim(d.transpose(grad, 0, 1), others, False, None) if mask[2] else None
    of_weight = None
    if mask[1] and weight is not None:
        m, r = (save_mean, save_rstd) if train else (mean, 1 / d.sqrt(var + eps))
        normalized = d.mul(d.sub(d.transpose(x, 0, 1), behind(m, ndim)), behind(r, ndim))
        of_weight = d.sum_dim(d.mul(normalized, d.transpose(grad, 0, 1)), others, False, None)
    of_x = None
    if mask[0]:
        inner = d.transpose(grad, 0, 1)
        if weight is not None:
            inner = d.mul(inner, behind(weight, ndim))
        of_x = d.native_batch_norm_backward(
            d.transpose(inner, 0, 1), x, None, mean, var, save_mean, save_rstd, train, eps, (True, False, False)
        )[0]
    return of_x, of_weight, of_bias


def batch_norm_backward_alone(call: Call) -> Any:
    """The gradient of the input, without weights: pictures of all elements side by side, as channels."""
    grad, x, _, mean, var, save_mean, save_rstd, *rest = call.args
    size = call.size
    saved = [t if tuple(t._desc.shape) == (0,) else folded_row(call, t) for t in (save_mean, save_rstd)]
    mean, var = [None if t is None else folded_row(call, t) for t in (mean, var)]
    value = into(call.spread(x), 0, 1)
    seeds = d.transpose(call.spread(grad), 0, 1)
    shape = seeds._desc.shape
    seeds = seeds.reshape((shape[0], shape[1] * shape[2], *shape[3:]))
    ones = creation.ones(value._desc.shape[1], dtype=x.dtype)
    found = call.op(seeds.contiguous(), value.contiguous(), ones, mean, var, *saved, *rest)[0]
    return (d.transpose(outof(found, 1, size), 0, 1), 0), None, None


def group_norm(x: Any, weight: Any, bias: Any, *rest: Any) -> Any:
    """Weight and bias come afterwards."""
    if weight is None and bias is None:
        return NotImplemented
    found, *seen = d.native_group_norm(x, None, None, *rest)
    ndim = rank(found) - 1
    for given, how in ((weight, d.mul), (bias, d.add)):
        if given is not None:
            found = how(found, behind(given, ndim))
    return found, *seen


def group_norm_alone(call: Call) -> Any:
    """Pictures of all elements in one batch."""
    x, _, _, count, *rest = call.args
    found = call.op(folded(x, call), None, None, count * call.size, *rest)
    return tuple([(outof(f, 0, call.size), 0) if isinstance(f, Tensor) else f for f in found])


STEPS: dict[str, Callable[..., Any]] = {
    "native_layer_norm": layer_norm,
    "native_layer_norm_backward": layer_norm_backward,
    "native_batch_norm_backward": batch_norm_backward,
    "native_group_norm": group_norm,
}
