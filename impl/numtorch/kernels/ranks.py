"""Kernels that select elements by their rank: sorting, the k-th, medians, modes.

Which of several equal elements is selected shows in the indices, in the sign of a zero and in the gradient, and depends on the
algorithm: PyTorch's CPU sorts stably for medians, and takes std::nth_element for topk and a quick select of its own for
kthvalue. Ranks come from one stable sort here, and only lanes where the selected value is tied go through those two. (Not
followed: std::sort beyond the 16 elements that it sorts by insertion, and the heap that topk uses for a small k.)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..memory.geometry import like
from ..plain_numpy import np

Array = Any
NOTHING = {"int64": -(2**63), "int32": -(2**31), "bool": True}  # what the processor makes of nan in these types
INSERTED = 16  # up to so many elements std::sort sorts by insertion, which keeps the order of ties


def order(x: Array, dim: int, descending: bool) -> Array:
    """Indices that sort stably; nan is the largest."""
    if descending:
        return np.flip(x.shape[dim] - 1 - np.argsort(np.flip(x, dim), axis=dim, kind="stable"), dim)
    return np.argsort(x, axis=dim, kind="stable")


def sort(x: Array, dim: int, descending: bool) -> tuple[Array, Array]:
    """Elements in order, and where they were; in memory laid out as x is."""
    if x.ndim == 0:
        return x[()], np.int64(0)
    index = like(x, np.int64)
    index[...] = order(x, dim, descending)
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
    if 0 < k <= INSERTED + 1 and 3 < size < k * 64:  # up to three elements are sorted stably
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
    insertion_sort(queue, 0, k - 1, before)
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
    if x.dtype.kind == "f" and lanes.shape[-1] <= INSERTED:
        for at in _where(np.isnan(lanes).any(-1)):
            index[at] = _mode_with_nan(lanes[at].tolist())
    return _picked(lanes, index, dim, keepdim)


def _mode_with_nan(values: list) -> int:
    """Where the mode of a lane with nan is: they stay where C++'s sort, for which nothing is less than nan, leaves them."""
    queue = list(range(len(values)))
    insertion_sort(queue, 0, len(queue), lambda i, j: values[i] < values[j])
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


def insertion_sort(a: list, first: int, last: int, before: Callable) -> None:
    """libstdc++'s __insertion_sort."""
    for i in range(first + 1, last):
        value = a[i]
        if before(value, a[first]):
            a[first + 1 : i + 1] = a[first:i]
            a[first] = value
        else:
            j = i
            while before(value, a[j - 1]):
                a[j] = a[j - 1]
                j -= 1
            a[j] = value


def nth_element(a: list, nth: int, before: Callable) -> None:
    """libstdc++'s std::nth_element (without its retreat to a heap): afterwards a[nth] is what sorting would put there."""
    first, last = 0, len(a)
    while last - first > 3:
        _median_to_first(a, first, first + 1, first + (last - first) // 2, last - 1, before)
        left, right, pivot = first + 1, last, a[first]
        while True:
            while before(a[left], pivot):
                left += 1
            right -= 1
            while before(pivot, a[right]):
                right -= 1
            if left >= right:
                break
            a[left], a[right] = a[right], a[left]
            left += 1
        if left <= nth:
            first = left
        else:
            last = left
    insertion_sort(a, first, last, before)


def _median_to_first(a: list, to: int, x: int, y: int, z: int, before: Callable) -> None:
    """Exchange the median of three elements with the one at `to`."""
    if before(a[x], a[y]):
        chosen = y if before(a[y], a[z]) else z if before(a[x], a[z]) else x
    else:
        chosen = x if before(a[x], a[z]) else z if before(a[y], a[z]) else y
    a[to], a[chosen] = a[chosen], a[to]


def quick_select(values: list, k: int) -> int:
    """The index of the k-th smallest value, as PyTorch's quick_select_template finds it."""
    a, index = list(values), list(range(len(values)))

    def after(x: Any, y: Any) -> bool:
        return (x != x and y == y) or x > y

    def swap(i: int, j: int) -> None:
        a[i], a[j] = a[j], a[i]
        index[i], index[j] = index[j], index[i]

    left, right = 0, len(a) - 1
    while right > left + 1:
        swap(left + (right - left) // 2, left + 1)
        for i, j in ((left + 1, right), (left, right), (left + 1, left)):
            if after(a[i], a[j]):
                swap(i, j)
        i, j, pivot = left + 1, right, a[left]
        while True:
            i += 1
            while after(pivot, a[i]):
                i += 1
            j -= 1
            while after(a[j], pivot):
                j -= 1
            if j < i:
                break
            swap(i, j)
        swap(left, j)
        if j <= k:
            left = i
        if j >= k:
            right = j - 1
    if right == left + 1 and after(a[left], a[right]):
        swap(left, right)
    return index[k]
