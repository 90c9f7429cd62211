"""Where a tensor lies in its storage: strides and offsets in elements, as PyTorch counts them."""

from __future__ import annotations

from typing import Any

import numpy as np


class Geometry:
    """Where a tensor lies in its storage, in elements."""

    __slots__ = ("desc", "offset", "shape", "strides")

    def __init__(self, shape: tuple, strides: tuple, offset: int, desc: Any):
        self.shape = shape
        self.strides = strides
        self.offset = offset
        self.desc = desc


def root_of(array: np.ndarray) -> np.ndarray:
    """The array that owns the memory."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def element_strides(array: Any) -> tuple[int, ...]:
    """PyTorch's strides: in elements, and never zero because a dimension is empty."""
    if 0 in array.shape:
        return contiguous_strides(array.shape)
    size = array.itemsize
    return tuple([s // size for s in array.strides])


def contiguous_strides(shape: tuple) -> tuple[int, ...]:
    """Row-major strides of a shape, in elements."""
    out, step = [], 1
    for s in reversed(shape):
        out.append(step)
        step *= max(s, 1)
    return tuple(reversed(out))


def address(array: np.ndarray) -> int:
    """Where the first element lies in memory."""
    return array.__array_interface__["data"][0]


def storage_offset(array: Any) -> int:
    """How many elements lie before the first one in the storage."""
    if type(array) is not np.ndarray:
        return 0
    root = root_of(array)
    return 0 if root is array else (address(array) - address(root)) // array.itemsize


def strided(array: np.ndarray, shape: tuple, strides: tuple, offset: int) -> np.ndarray:
    """A window into the memory of `array`; strides and offset (from the storage's start) in elements."""
    root = root_of(array)
    size = root.itemsize
    if 0 in shape:
        return np.empty(shape, array.dtype)
    if not root.flags.forc:
        return np.lib.stride_tricks.as_strided(root.reshape(-1)[offset:], shape, [s * size for s in strides])
    buffer = root if root.flags.c_contiguous else root.T
    return np.ndarray(shape, array.dtype, buffer, offset * array.itemsize, tuple([s * array.itemsize for s in strides]))


def has_internal_overlap(array: np.ndarray) -> bool:
    """Whether some memory is certainly shared by several elements."""
    return any(st == 0 and s > 1 for s, st in zip(array.shape, array.strides, strict=True))


def is_dense_like(array: np.ndarray) -> bool:
    """Whether the elements fill one stretch of memory without holes or overlaps."""
    expected = array.itemsize
    for size, stride in sorted(((s, st) for s, st in zip(array.shape, array.strides, strict=True) if s != 1),
                               key=lambda pair: (pair[1], pair[0])):
        if stride != expected:
            return False
        expected *= size
    return True
