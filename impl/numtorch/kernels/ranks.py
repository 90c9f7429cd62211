"""Kernels that select elements by their rank: sorting, the k-th, medians, modes.

Which of several equal elements is selected shows in the indices, in the sign of a zero and in the gradient, and depends on the
algorithm: PyTorch's CPU sorts stably for medians, and takes std::sort for sort and mode, std::nth_element for topk and a
quick select of its own for kthvalue. Ranks come from one stable sort here, and only lanes where values are tied go through
those (kernels/ties.py). (Not followed: the heap that topk uses for a small k.)
"""

from __future__ import annotations

from typing import Any

from ..memory.geometry import like
from ..plain_numpy import np
from .ties import INSERTED, introsort, nth_element, quick_select, sorted_by

Array = Any
NOTHING = {"int64": -(2**63), "int32": -(2**31), "bool": True}  # what the processor makes of nan in these types
FOLLOWED = 1024  # the longest lane whose ties are sorted as std::sort would: in Python that takes a millisecond


def order(x: Array, dim: int, descending: bool) -> Array:
    """Indices that sort stably; nan is the largest."""
    if descending:
        return np.flip(x.shape[dim] - 1 - np.argsort(np.flip(x, dim), axis=dim, kind="stable"), dim)
    return np.argsort(x, axis=dim, kind="stable")


def sort(x: Array, dim: int, descending: bool) -> tuple[Array, Array]:
    """Elements in order, and where they were; in memory laid out as x is. Ties lie as std::sort leaves them."""
    if x.ndim == 0:
        return x[()], np.int64(0)
    index = order(x, dim, descending)
    if INSERTED < x.shape[dim] <= FOLLOWED and x.strides[dim]:  # PyTorch leaves alone what is expanded
        index = _ties_sorted(np.moveaxis(x, dim, -1), np.moveaxis(index, dim, -1), dim)
    return _in_order(x, dim, index)


def sort_stable(x: Array, dim: int, descending: bool) -> tuple[Array, Array]:
    """The same, with ties in the order in which they were."""
    return _in_order(x, dim, order(x, dim, descending)) if x.ndim else (x[()], np.int64(0))


def _ties_sorted(lanes: Array, index: Array, dim: int) -> Array:
    """The indices of a stable sort over the last dimension, where there are ties as std::sort would have them."""
    values = np.take_along_axis(lanes, index, -1)
    steps = values[..., 1:] != values[..., :-1]
    if lanes.dtype.kind == "f":
        steps &= ~(np.isnan(values[..., 1:]) & np.isnan(values[..., :-1]))
    for at in _where(~steps.all(-1)):
        ranks = np.zeros(lanes.shape[-1], int)
        ranks[index[at]] = np.concatenate([[0], np.cumsum(steps[at])])
        index[at] = sorted_by(ranks.tolist())
    return np.moveaxis(index, -1, dim)


def _in_order(x: Array, dim: int, found: Array) -> tuple[Array, Array]:
    index = like(x, np.int64)
    index[...] = found
    values = like(x, x.dtype)
    values[...] = np.take_along_axis(x, index, dim)
    return values, index


def topk(x: Array, k: int, dim: int, largest: bool) -> tuple[Array, Array]:
    """The k largest or smallest elements in order, and where they were."""
    if x.ndim == 0:
        return x[()], np.int64(0)
    lanes = np.moveaxis(x, dim, -1)
    found = order(lanes, -1, largest)[..., :k].astype(np.int64)
    size = lanes.shape[-1]
    if k > 0 and 3 < size < k * 64 and size <= FOLLOWED:  # up to three elements are sorted stably
        for at in _tied(lanes, found):
            found[at] = _topk_of_ties(lanes[at].tolist(), k, largest)
    values = np.take_along_axis(lanes, found, -1)
    return tuple([np.array(np.moveaxis(t, -1, dim), order="C") for t in (values, found)])  # type: ignore[return-value]


def _topk_of_ties(values: list, k: int, largest: bool) -> list:
    """The indices of the k first elements, as std::nth_element and std::sort leave them."""

    def before(i: int, j: int) -> bool:
        x, y = values[i], values[j]
        return (x != x and y == y) or x > y if largest else (x == x and y != y) or x < y

    queue = list(range(len(values)))
    nth_element(queue, k - 1, before)
    introsort(queue, k - 1, before)
    return queue[:k]


def kthvalue(x: Array, k: int, dim: int, keepdim: bool) -> tuple[Array, Array]:
    """The k-th smallest element over one dimension, and its index."""
    if x.ndim == 0:
        return x[()], np.int64(0)
    lanes = np.moveaxis(x, dim, -1)
    index = _ranked(lanes, np.array(k - 1))
    for at in _tied(lanes, index):
        index[at] = quick_select(lanes[at].tolist(), k - 1)
    return _picked(lanes, index, dim, keepdim)


def median_all(x: Array) -> Array:
    """The lower median of all elements; nan wins, and is the median of nothing."""
    flat = np.ravel(x)
    if not flat.size:
        return x.dtype.type(NOTHING.get(x.dtype.name, np.nan if x.dtype.kind in "fc" else 0))
    middle = np.sort(flat, kind="stable")
    return middle[-1] if middle[-1] != middle[-1] else middle[(flat.size - 1) // 2]


def median_dim(x: Array, dim: int, keepdim: bool) -> tuple[Array, Array]:
    """The lower median over one dimension, and its index; nan wins."""
    if x.ndim == 0:
        return x[()], np.int64(0)
    lanes = np.moveaxis(x, dim, -1)
    index = _ranked(lanes, np.array((lanes.shape[-1] - 1) // 2))
    if x.dtype.kind == "f":
        nan = np.isnan(lanes)
        index = np.where(nan.any(-1, keepdims=True), nan.argmax(-1)[..., None], index)
    return _picked(lanes, index, dim, keepdim)


def nanmedian_all(x: Array) -> Array:
    """The lower median of what is not nan."""
    flat = np.ravel(x)
    return median_all(flat[~np.isnan(flat)]) if x.dtype.kind == "f" else median_all(x)


def nanmedian_dim(x: Array, dim: int, keepdim: bool) -> tuple[Array, Array]:
    """The lower median of what is not nan over one dimension, and its index."""
    if x.ndim == 0:
        return x[()], np.int64(0)
    lanes = np.moveaxis(x, dim, -1)
    real = np.maximum((lanes == lanes).sum(-1), 1)
    return _picked(lanes, _ranked(lanes, (real - 1) // 2), dim, keepdim)


def _ranked(lanes: Array, ranks: Array) -> Array:
    """Where the element of a rank is, for each lane."""
    ranks = np.broadcast_to(ranks, lanes.shape[:-1])[..., None]
    return np.take_along_axis(np.argsort(lanes, axis=-1, kind="stable"), ranks, -1)


def mode(x: Array, dim: int, keepdim: bool) -> tuple[Array, Array]:
    """The most frequent element over one dimension (the smallest of several), and where it is last."""
    if x.ndim == 0:
        return x[()], np.int64(0)
    lanes = np.moveaxis(x, dim, -1)
    counts = (lanes[..., :, None] == lanes[..., None, :]).sum(-1)
    best = counts == counts.max(-1, keepdims=True)
    ordered = np.argsort(lanes, axis=-1, kind="stable")
    first = np.take_along_axis(ordered, np.take_along_axis(best, ordered, -1).argmax(-1)[..., None], -1)
    same = lanes == np.take_along_axis(lanes, first, -1)
    last = lanes.shape[-1] - 1 - np.flip(same, -1).argmax(-1)[..., None]
    index = np.where(same.any(-1, keepdims=True), last, first)
    size = lanes.shape[-1]
    if size <= FOLLOWED and (size > INSERTED or x.dtype.kind == "f"):
        for at in np.ndindex(lanes.shape[:-1]) if size > INSERTED else _where(np.isnan(lanes).any(-1)):
            index[at] = _mode_sorted(lanes[at].tolist())
    return _picked(lanes, index, dim, keepdim)


def _mode_sorted(values: list) -> int:
    """Where the mode of a lane is once std::sort, for which nothing is less than nan, has sorted it."""
    queue = sorted_by(values)
    most = start = found = 0
    for i, at in enumerate(queue):
        if i + 1 == len(queue) or values[queue[i + 1]] != values[at]:
            if i + 1 - start > most:
                most, found = i + 1 - start, at
            start = i + 1
    return found


def _picked(lanes: Array, index: Array, dim: int, keepdim: bool) -> tuple[Array, Array]:
    """The elements at the indices of the last dimension, which goes back to where it was or is dropped."""
    values = np.take_along_axis(lanes, index, -1)
    found = [np.moveaxis(t, -1, dim) if keepdim else t[..., 0] for t in (values, index.astype(np.int64, copy=False))]
    return np.array(found[0], order="C")[()], np.array(found[1], order="C")[()]


# ---- ties


def _tied(lanes: Array, index: Array) -> list:
    """The lanes in which one of the selected elements has an equal."""
    values = np.take_along_axis(lanes, index, -1)
    equal = lanes[..., None, :] == values[..., :, None]
    if lanes.dtype.kind == "f":
        equal |= np.isnan(lanes)[..., None, :] & np.isnan(values)[..., :, None]
    return _where((equal.sum(-1) > 1).any(-1))


def _where(lanes: Array) -> list:
    """The indices of the lanes for which something is true."""
    return list(zip(*np.nonzero(lanes), strict=True)) if lanes.ndim else [()] * bool(lanes)
