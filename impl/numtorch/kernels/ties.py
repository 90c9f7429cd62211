"""What the algorithms of C++ and PyTorch make of ties, element by element: which of several equal ones comes first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

INSERTED = 16
"""Up to so many elements std::sort sorts by insertion, which keeps the order of ties."""


def sorted_by(keys: list) -> list[int]:
    """The indices of the keys as std::sort leaves them."""
    a = list(range(len(keys)))
    introsort(a, len(a), lambda i, j: keys[i] < keys[j])
    return a


def introsort(a: list, last: int, before: Callable) -> None:
    """libstdc++'s std::sort of what comes before `last` (without its retreat to a heap)."""
    _split(a, 0, last, before)
    insertion_sort(a, 0, min(last, INSERTED), before)
    for i in range(INSERTED, last):
        value, j = a[i], i
        while j and before(value, a[j - 1]):  # (C++ does without the first question)
            a[j] = a[j - 1]
            j -= 1
        a[j] = value


def _split(a: list, first: int, last: int, before: Callable) -> None:
    """Parts of more than 16 elements are split about a median of three until none is left."""
    while last - first > INSERTED:
        _median_to_first(a, first, first + 1, first + (last - first) // 2, last - 1, before)
        cut = _partition(a, first + 1, last, a[first], before)
        _split(a, cut, last, before)
        last = cut


def _partition(a: list, left: int, right: int, pivot: Any, before: Callable) -> int:
    """libstdc++'s __unguarded_partition; with nan, for which nothing is less, it stops at the ends."""
    end = len(a)
    while True:
        while left < end and before(a[left], pivot):
            left += 1
        right -= 1
        while right >= 0 and before(pivot, a[right]):
            right -= 1
        if left >= right:
            return left
        a[left], a[right] = a[right], a[left]
        left += 1


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
        left = _partition(a, first + 1, last, a[first], before)
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
