"""Bags of embeddings over raw arrays: rows of a table, picked by indices and put together bag by bag."""

from __future__ import annotations

from typing import Any

from ..memory.geometry import element_strides
from ..plain_numpy import np
from .half import in_steps, is_half, widened

Array = Any
SUM, MEAN, MAX = 0, 1, 2


def _bags(indices: Array, offsets: Array) -> Array:
    """The bag that each index is in: offsets say where each begins."""
    return np.searchsorted(offsets, np.arange(indices.size), side="right").astype(np.int64) - 1


def _kept(indices: Array, bags: Array, count: int, padding_idx: int) -> Array:
    return (indices != padding_idx) & (bags >= 0) & (bags < count)


def _tells_no_bags(weight: Array, mode: int, scales: Array | None, padding_idx: int) -> bool:
    """Whether PyTorch adds up by a kernel that needs no bag of each index, and so tells none."""
    fast = mode == SUM and padding_idx < 0 and (weight.dtype == np.float32 or is_half(weight.dtype))
    steps = element_strides(weight)[1:] + (() if scales is None else element_strides(scales))
    return fast and all(step == 1 for step in steps)


@in_steps  # bags are sums of single precision, which are rounded once
def embedding_bag(
    weight: Array,
    indices: Array,
    offsets: Array,
    scale_grad_by_freq: bool,
    mode: int,
    sparse: bool,
    per_sample_weights: Array | None,
    include_last_offset: bool,
    padding_idx: int,
) -> tuple[Array, Array, Array, Array]:
    """Each bag's sum, mean or greatest; the bag of each index; the sizes of the bags; and the index of each greatest."""
    kind, half = weight.dtype, is_half(weight.dtype)
    count = offsets.size - include_last_offset
    bags = _bags(indices, offsets)
    kept = _kept(indices, bags, count, padding_idx)
    rows, where = (widened(weight) if half else weight)[indices[kept]], bags[kept]
    if per_sample_weights is not None:
        rows = rows * (widened(per_sample_weights) if half else per_sample_weights)[kept][:, None]
    out = np.zeros((count, weight.shape[1]), rows.dtype)
    sizes = np.bincount(where, minlength=count).astype(np.int64)
    chosen: Any = np.zeros(count, np.int64)
    if mode == MAX:
        chosen = np.zeros(out.shape, np.int64)
        for bag in range(count):
            inside = np.flatnonzero(where == bag)
            if inside.size:
                at = inside[rows[inside].argmax(0)]
                out[bag] = rows[at, np.arange(rows.shape[1])]
                chosen[bag] = indices[kept][at]
    else:
        np.add.at(out, where, rows)
    if mode == MEAN:
        out /= np.maximum(sizes, 1).astype(rows.dtype)[:, None]
        chosen = sizes.copy()
    tells = not _tells_no_bags(weight, mode, per_sample_weights, padding_idx)
    told = bags if tells else np.zeros(0, np.int64)
    number = indices.dtype
    sizes = np.zeros(count, number) if mode == SUM else sizes.astype(number)
    return out.astype(kind, copy=False), told.astype(number), sizes, chosen.astype(number)


def _frequencies(indices: Array) -> Array:
    """What PyTorch divides by for each index: of its rank among the different ones, the count of
    the index that has this rank among all, sorted.

    That is its own only where no smaller index occurs twice.
    """
    _, inverse, counts = np.unique(indices, return_inverse=True, return_counts=True)
    inverse = inverse.reshape(-1)
    return counts[np.sort(inverse)[: counts.size]][inverse]


def embedding_bag_backward(
    grad: Array,
    indices: Array,
    offsets: Array,
    offset2bag: Array,
    bag_size: Array,
    maximum_indices: Array,
    num_weights: int,
    scale_grad_by_freq: bool,
    mode: int,
    sparse: bool,
    per_sample_weights: Array | None,
    padding_idx: int,
) -> Array:
    """The gradient of the table: that of each bag added to its rows."""
    out = np.zeros((num_weights, grad.shape[1]), grad.dtype)
    if mode == MAX:
        filled = np.flatnonzero(bag_size)
        np.add.at(out, (maximum_indices[filled], np.arange(grad.shape[1])), grad[filled])
        return out
    bags = _bags(indices, offsets)
    kept = _kept(indices, bags, grad.shape[0], padding_idx)
    rows, where = indices[kept], bags[kept]
    shares = grad[where]
    if per_sample_weights is not None:
        shares = shares * per_sample_weights[kept][:, None]
    if mode == MEAN:
        shares = shares / bag_size[where].astype(grad.dtype)[:, None]
    if scale_grad_by_freq:
        shares = shares / _frequencies(indices)[kept].astype(grad.dtype)[:, None]
    np.add.at(out, rows, shares)
    return out


def embedding_bag_per_sample_weights_backward(
    grad: Array, weight: Array, indices: Array, offsets: Array, offset2bag: Array, mode: int, padding_idx: int
) -> Array:
    """The gradient of the weights: how much each index's row has of its bag's gradient."""
    bags = _bags(indices, offsets)
    kept = _kept(indices, bags, grad.shape[0], padding_idx)
    out = np.zeros(indices.size, grad.dtype)
    out[kept] = np.add.reduce(grad[bags[kept]] * weight[indices[kept]], 1)
    return out
