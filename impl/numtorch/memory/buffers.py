"""Memory of large results, which is used again.

What the C library frees of more than 32 MB goes back to the operating system, and the next array of that size costs a page
fault for each of its pages, which takes longer than most operators over them. So large results of pointwise operators and
their gradients lie in memory that is kept. It is free when only this module refers to it: arrays, views of them and whatever
else shares the memory, a user's NumPy array above all, refer to it as their base.

What is smaller the C library keeps by itself, once it has been taught to (`teach_heap`).

Each result has a `Memory` of its own in between, as arrays have that are laid out in an order of their own (geometry.py): who
else holds a gradient, and how often its memory was written to, is so asked of that, and not of what outlives the gradient.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from ..plain_numpy import np
from .descriptor import Descriptor
from .geometry import Memory

LIMIT = min(2**30, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 8) if hasattr(os, "sysconf") else 2**29
"""Bytes that are kept at most, in use or free: beyond that results have memory as NumPy gives it."""

_refcount = sys.getrefcount
_pool: dict[int, list[Any]] = {}  # by size in bytes


LESSON = 31 * 2**20
"""Bytes: a little less than the 32 MB up to which glibc learns."""


def teach_heap() -> None:
    """Have the C library keep what is freed for the next array, as it does in a process that has freed a large one before.

    glibc begins by giving back to the operating system what is free at the end of its heap and more than 128 KB, and with it
    three gradients of 400 KB at every step of training, whose pages then cost more than the step: 1,290 µs one of an MLP took,
    instead of 380. It takes the largest piece that it ever had to give back as a sign of what a program needs, and from then on
    keeps twice as much; so it is given one, of which no page is touched. Up to 62 MB stay with the process for it. Where there
    is no glibc nothing happens. (Rejected: mallopt by ctypes, which sets for good what glibc may learn later.)
    """
    np.empty(LESSON, np.uint8)


def new_buffer(size: int) -> Any:
    """So many bytes, of which nothing is touched yet."""
    import mmap

    return mmap.mmap(-1, size)


def take(shape: tuple, kind: np.dtype) -> np.ndarray:
    """A large row-major array with undefined contents."""
    count = 1
    for s in shape:
        count *= s
    size = count * kind.itemsize
    buffers = _pool.get(size)
    if buffers is None:
        buffers = _pool.setdefault(size, [])
    for _ in range(len(buffers)):
        try:
            buffer = buffers.pop()  # other threads do not find it meanwhile
        except IndexError:
            break
        array = _array(shape, kind, count, buffer) if _refcount(buffer) <= _FREE else None
        buffers.insert(0, buffer)
        if array is not None:
            return array
    if not _room(size):
        return np.empty(shape, kind)
    buffer = new_buffer(size)
    array = _array(shape, kind, count, buffer)
    buffers.append(buffer)
    return array


def _array(shape: tuple, kind: np.dtype, count: int, buffer: Any) -> np.ndarray:
    return np.ndarray(shape, kind, Memory(count, kind, buffer))


def _room(size: int) -> bool:
    """Whether so many bytes more can be kept, if need be in the place of others that are free."""
    for other in [0, *_pool]:
        if sum([n * len(buffers) for n, buffers in _pool.items()]) + size <= LIMIT:
            return True
        buffers = _pool.get(other, [])
        for _ in range(len(buffers) if other != size else 0):
            buffer = buffers.pop()
            if _refcount(buffer) > _FREE:
                buffers.insert(0, buffer)
    return sum([n * len(buffers) for n, buffers in _pool.items()]) + size <= LIMIT


def _calibrate() -> int:
    """How many references one variable makes: the number differs between Python versions."""
    buffer = bytearray(1)
    return _refcount(buffer)


_FREE = _calibrate()


def into(ufunc: Any, desc: Descriptor, *arrays: Any) -> np.ndarray:
    """A pointwise operator's large result."""
    out: np.ndarray = ufunc(*arrays, out=take(desc.shape, desc.dtype.numpy))
    return out
