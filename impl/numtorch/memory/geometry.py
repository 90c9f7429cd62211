"""Where a tensor lies in its storage: strides and offsets in elements, as PyTorch counts them."""

from __future__ import annotations

import ctypes
import itertools
from typing import Any

from ..plain_numpy import np
from .layout import contiguous_strides, dense_strides
from .lazy import LAZY


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
    while True:
        base = array.base
        if not isinstance(base, np.ndarray):
            base = getattr(base, "base", None)  # NumPy's as_strided puts an object in between
            if not isinstance(base, np.ndarray):
                return array
        array = base


def element_strides(array: Any) -> tuple[int, ...]:
    """PyTorch's strides, in elements.

    An empty array that NumPy made has strides 0 everywhere, and is row-major to PyTorch. One that is laid out here has
    PyTorch's own, where NO_STEP stands for a stride of 0.
    """
    strides = array.strides
    if 0 in array.shape:
        if not any(strides):
            return contiguous_strides(array.shape)
        return tuple([s // array.itemsize if s > 0 else 0 for s in strides])
    size = array.itemsize
    if len(strides) == 1:  # as most are that somebody asks for
        return (strides[0] // size,)
    return tuple([s // size for s in strides])


NO_STEP = -1  # a stride of 0 in an empty array; PyTorch has no negative ones


class Memory(np.ndarray):
    """What a laid-out array has for a base: that array is the owner of its memory and no view of it.

    The type tells, and keeps NumPy from giving a view of such an array this base instead of the array.
    """


def laid_out(shape: tuple, strides: tuple, kind: Any) -> np.ndarray:
    """New memory, seen by strides (in elements) without holes or overlaps."""
    if 0 in shape:
        return empty_window(Memory(0, kind), shape, strides, 0)
    reach = sum([(s - 1) * st for s, st in zip(shape, strides, strict=True)]) + 1
    return np.ndarray(shape, kind, Memory(reach, kind), 0, [st * kind.itemsize for st in strides])


def empty_window(root: np.ndarray, shape: tuple, strides: tuple, offset: int) -> np.ndarray:
    """An empty array that keeps its strides and, as far as the memory reaches, its offset, both in elements.

    Whose memory it is it keeps in any case: what is written to one such window counts as written to all.
    """
    size = root.itemsize
    steps = [(st or NO_STEP) * size for st in strides]
    if not root.flags.forc:
        root, offset = np.empty(0, root.dtype), 0
    elif not 0 <= offset <= root.size:
        offset = 0
    buffer = root if root.flags.c_contiguous else root.T
    return np.ndarray(shape, root.dtype, buffer, offset * size, steps)


def like(array: Any, kind: Any) -> np.ndarray:
    """New memory in the format of an array: its own strides if it is dense, else sorted like them."""
    shape = array.shape
    if array.flags.c_contiguous and 0 not in shape and 1 not in shape:
        return np.empty(shape, kind)
    return laid_out(shape, dense_strides(shape, element_strides(array)), np.dtype(kind))


def row_major(array: Any) -> Any:
    """The array in row-major order, also as dimensions of size 1 are stepped over, which NumPy does not heed."""
    if array.ndim < 2 and type(array) is not np.ndarray:
        return array
    if array.flags.c_contiguous and not (
        1 in array.shape and element_strides(array) != contiguous_strides(array.shape) and array.size
    ):
        return array
    return np.array(array, order="C")


def turned(array: Any) -> bool:
    """Whether dimensions lie in memory in another order than they are counted in; where nothing is stepped over.

    PyTorch goes by the strides of a single element, too, although they mean nothing, and NumPy does not. Of equal strides the
    larger dimension is the outer one.
    """
    if array.ndim == 2:
        outer, inner = array.strides
        if outer > inner or outer == 0 or inner == 0:
            return False
        rows, columns = array.shape
        if rows == 1 or columns == 1:
            return inner != array.itemsize or outer != columns * inner
        return outer < inner and rows > 0 and columns > 0
    if array.ndim < 2:
        return False
    if array.flags.c_contiguous and (1 not in array.shape or 0 in array.shape):
        return False
    steps = [(st, s) for s, st in zip(array.shape, array.strides, strict=True) if st]
    return any(outer < inner for outer, inner in itertools.pairwise(steps))


def settled(array: np.ndarray) -> np.ndarray:
    """The array; an empty one that NumPy made, with the strides that PyTorch says it has, for views to inherit."""
    if 0 not in array.shape or any(array.strides) or type(array) in LAZY:
        return array
    return empty_window(array, array.shape, contiguous_strides(array.shape), 0)


_POINTER = object.__basicsize__  # in an ndarray, right behind what every object begins with
_pointer_at = ctypes.c_void_p.from_address


def _is_pointer_there() -> bool:
    array = np.zeros(4)[1:]
    try:
        return _pointer_at(id(array) + _POINTER).value == array.__array_interface__["data"][0]
    except Exception:
        return False


_READS_POINTER = _is_pointer_there()


def address(array: Any) -> int:
    """Where the first element lies in memory."""
    if type(array) in LAZY:
        array = array.raw
    if _READS_POINTER and isinstance(array, np.ndarray):
        # NumPy says it as well, and takes thirty times as long: it describes the whole array for it.
        return _pointer_at(id(array) + _POINTER).value or 0
    return array.__array_interface__["data"][0]


def storage_offset(array: Any) -> int:
    """How many elements lie before the first one in the storage."""
    if type(array) is not np.ndarray:
        return storage_offset(array.raw) if type(array) in LAZY else 0
    root = root_of(array)
    return 0 if root is array else (address(array) - address(root)) // array.itemsize


def strided(array: np.ndarray, shape: tuple, strides: tuple, offset: int, kind: Any = None) -> np.ndarray:
    """A window into the memory of `array`, read as `kind`; strides and offset (from the storage's start) in elements."""
    if type(array) in LAZY:
        return array.over(strided(array.raw, shape, strides, offset, kind))  # type: ignore[attr-defined, no-any-return]
    root = root_of(array)
    if type(root) is Memory:
        root = root.view(np.ndarray)  # a window into laid-out memory is none of its owners
    kind = array.dtype if kind is None else np.dtype(kind)
    size = kind.itemsize
    if 0 in shape:
        return empty_window(root if root.dtype == kind else np.empty(0, kind), shape, strides, offset)
    steps = tuple([s * size for s in strides])
    if root.flags.forc:
        buffer = root if root.flags.c_contiguous else root.T
    elif is_dense_like(root):
        # In the order of its memory. (`reshape(-1)` goes by the indices: it would copy, into another order.)
        buffer = root.ravel(order="K")
    else:
        first = np.lib.stride_tricks.as_strided(root, (1,), (root.itemsize,)).view(kind)
        first = np.lib.stride_tricks.as_strided(first, (offset + 1,), (size,))[offset:]
        return np.lib.stride_tricks.as_strided(first, shape, steps)
    return np.ndarray(shape, kind, buffer, offset * size, steps)


def has_internal_overlap(array: np.ndarray) -> bool:
    """Whether some memory is certainly shared by several elements."""
    return array.size > 0 and any(st == 0 and s > 1 for s, st in zip(array.shape, array.strides, strict=True))


def is_dense_like(array: np.ndarray) -> bool:
    """Whether the elements fill one stretch of memory without holes or overlaps."""
    expected = array.itemsize
    for size, stride in sorted(
        ((s, st) for s, st in zip(array.shape, array.strides, strict=True) if s != 1),
        key=lambda pair: (pair[1], pair[0]),
    ):
        if stride != expected:
            return False
        expected *= size
    return True
