"""Attention over raw arrays: (batch, heads, sequence, features)."""

from __future__ import annotations

import math
from typing import Any

from ..memory.geometry import contiguous_strides, laid_out, like, row_major
from ..plain_numpy import np
from .activation import total
from .half import in_steps, is_half, widened

Array = Any


def safe_softmax(x: Array, dim: int, dtype: Any) -> Array:
    """exp(x) as fractions of its sum along one dimension; zeros where there is nothing but minus infinity."""
    if not x.size:
        return x.copy()
    top = np.maximum.reduce(x, axis=dim, keepdims=True) if x.ndim else x
    none = top == -np.inf
    e = np.exp(x - np.where(none, 0, top).astype(x.dtype))
    sums = total(e, dim)
    return row_major(e / np.where(none, 1, sums).astype(x.dtype))


def _scores(query: Array, key: Array, is_causal: bool, attn_mask: Array | None, scale: float) -> Array:
    """What the softmax is taken of; later keys are masked before the scale, as in PyTorch, which a negative one tells."""
    found = query @ np.swapaxes(key, -1, -2)
    if is_causal:
        found = np.where(np.tri(*found.shape[-2:], dtype=bool), found, query.dtype.type(-np.inf))
    found = found * query.dtype.type(scale)
    return found if attn_mask is None else found + attn_mask.astype(query.dtype)


def _factor(query: Array, scale: float | None) -> float:
    return query.shape[-1] ** -0.5 if scale is None else scale


def _for_each_head(query: Array, x: Array) -> Array:
    """Heads of keys or values that several of the query share, repeated."""
    times = query.shape[1] // x.shape[1]
    return x if times == 1 else np.repeat(x, times, axis=1)


def _wide(*arrays: Array) -> list[Array]:
    """The arrays, those of half precision in single."""
    return [widened(x) if is_half(x.dtype) else x for x in arrays]


@in_steps  # the logarithms are of single precision
def scaled_dot_product_flash_attention_for_cpu(
    query: Array,
    key: Array,
    value: Array,
    dropout_p: float,
    is_causal: bool,
    attn_mask: Array | None,
    scale: float | None,
) -> tuple[Array, Array]:
    """The values weighted by how the query fits the keys, and the logarithms of the sums that the weights were divided by."""
    given = query
    query, key, value = _wide(query, key, value)
    scores = _scores(query, _for_each_head(query, key), is_causal, attn_mask, _factor(query, scale))
    top = scores.max(-1, keepdims=True)
    none = top == -np.inf  # no key at all
    e = np.exp(scores - np.where(none, 0, top).astype(scores.dtype))
    sums = np.where(none, 1, np.add.reduce(e, -1, keepdims=True)).astype(scores.dtype)
    found = (e / sums) @ _for_each_head(query, value)
    out = like(given, given.dtype)
    out[...] = found
    logsumexp = np.where(none, 0, top + np.log(sums)).astype(scores.dtype)[..., 0]
    return out, _sequence_first(logsumexp)


def _sequence_first(x: Array) -> Array:
    """The array in memory in which the sequence comes before the heads."""
    _, heads, length, *each = x.shape
    inner = contiguous_strides((heads, *each))
    out = laid_out(x.shape, (length * heads * math.prod(each), inner[0], heads * math.prod(each), *inner[1:]), x.dtype)
    out[...] = x
    return out


def scaled_dot_product_flash_attention_for_cpu_backward(
    grad_out: Array,
    query: Array,
    key: Array,
    value: Array,
    out: Array,
    logsumexp: Array,
    dropout_p: float,
    is_causal: bool,
    attn_mask: Array | None,
    scale: float | None,
) -> tuple[Array, Array, Array]:
    """The gradients of the query, the keys and the values; heads that share one add up."""
    kind = query.dtype
    grad_out, query, key, value, out = _wide(grad_out, query, key, value, out)
    factor = query.dtype.type(_factor(query, scale))
    keys, values = _for_each_head(query, key), _for_each_head(query, value)
    scores = _scores(query, keys, is_causal, attn_mask, factor)
    weights = np.where(scores == -np.inf, 0, np.exp(scores - logsumexp[..., None])).astype(query.dtype)
    of_values = np.swapaxes(weights, -1, -2) @ grad_out
    of_weights = grad_out @ np.swapaxes(values, -1, -2)
    of_scores = weights * (of_weights - np.add.reduce(grad_out * out, -1, keepdims=True)) * factor
    of_keys = np.swapaxes(of_scores, -1, -2) @ query
    found = [of_scores @ keys]
    for of_each, x in ((of_keys, key), (of_values, value)):
        heads = x.shape[1]
        shared = of_each.reshape(x.shape[0], heads, -1, *x.shape[2:])
        found.append(np.add.reduce(shared, 2) if shared.shape[2] > 1 else of_each)
    return tuple([_sequence_first(x.astype(kind, copy=False)) for x in found])  # type: ignore[return-value]
