"""Windows into memory said by strides, and the two nodes that views need: AsStridedBackward0 and CopySlices.

Raw arrays only; the same over Tensors, for derivatives of higher order, is in functions/strided.py.
"""

from __future__ import annotations

from typing import Any

from ..memory.geometry import Geometry, element_strides, empty_window, root_of, storage_offset, strided
from ..nodes.graph import FREED_TEXT, Node, UnaryNode, VariadicNode
from ..plain_numpy import np
from .overlap import refuse_internal


def window_of(array: np.ndarray, shape: tuple, strides: tuple, offset: int) -> np.ndarray:
    """A window into a one-dimensional array, in elements."""
    if 0 in shape:
        return empty_window(array, shape, strides, offset)
    size = array.itemsize
    return np.ndarray(shape, array.dtype, array, offset * size, tuple([s * size for s in strides]))


def room_of(array: np.ndarray) -> int:
    """How many elements the memory of an array has room for."""
    return root_of(array).nbytes // array.itemsize


def repeated(array: np.ndarray, times: int) -> np.ndarray:
    """As many copies of all of an array's memory, and of each the same window."""
    room = room_of(array)
    whole = np.ndarray((room,), array.dtype, root_of(array))
    strides = (room, *element_strides(array))
    return window_of(np.tile(whole, times), (times, *array.shape), strides, storage_offset(array))


def reach(shape: tuple, strides: tuple, offset: int) -> int:
    """How many elements of storage a window reaches over."""
    return 0 if 0 in shape else offset + sum([(s - 1) * st for s, st in zip(shape, strides, strict=True)]) + 1


def check_bounds(size: tuple, stride: tuple, offset: int, itemsize: int, available: int) -> None:
    """PyTorch's errors for a window that does not lie in a storage of so many bytes."""
    if any(s < 0 for s in (*size, *stride)):
        raise RuntimeError(f"Storage size calculation overflowed with sizes={list(size)} and strides={list(stride)}")
    needed = reach(size, stride, offset) * itemsize
    if needed > available:
        raise RuntimeError(
            f"setStorage: sizes {list(size)}, strides {list(stride)}, storage offset {offset}, and itemsize {itemsize} "
            f"requiring a storage size of {needed} are out of bounds for storage of size {available}"
        )
    if offset < 0:
        raise RuntimeError(f"Tensor: invalid storage offset {offset}")


def may_overlap(shape: tuple, strides: tuple) -> bool:
    """Whether elements of a window may lie on top of each other (PyTorch's _maybe_overlapping_memory)."""
    end = 0
    for stride, size in sorted([(st, s) for s, st in zip(shape, strides, strict=True) if s > 1]):
        if stride <= end:
            return True
        end += stride * (size - 1)
    return False


class Scatter:
    """How the gradient of a window is scattered into memory laid out as its base (PyTorch's as_strided_backward).

    Dimensions of size 1 are dropped from the window, and those of stride 0 are summed over. Memory begins where the
    first of base and window does. Where the base's own elements lie on top of each other, each gets its share.
    """

    __slots__ = ("base", "dims", "empty", "offset", "overlaps", "shares", "shift", "size", "strides", "summed", "total")

    def __init__(self, base: Geometry, size: tuple, strides: tuple, offset: int):
        start = min(base.offset, offset)
        pairs = [(s, st) for s, st in zip(size, strides, strict=True) if s != 1 and st != 0]
        self.base = base
        self.empty = 0 in size or 0 in base.shape
        self.summed = tuple([i for i, (s, st) in enumerate(zip(size, strides, strict=True)) if s != 1 and st == 0])
        self.dims = tuple([i for i, s in enumerate(size) if s == 1])
        self.size, self.strides = tuple([s for s, _ in pairs]), tuple([st for _, st in pairs])
        self.offset, self.shift = offset - start, base.offset - start
        self.overlaps = may_overlap(self.size, self.strides)
        self.shares = not self.empty and may_overlap(base.shape, base.strides)
        self.total = max(reach(base.shape, base.strides, self.shift), reach(self.size, self.strides, self.offset))

    def indices(self, shape: tuple, strides: tuple, offset: int) -> np.ndarray:
        """The positions in memory that a window shows, as one row."""
        return window_of(np.arange(self.total), shape, strides, offset).ravel()

    def counts(self) -> np.ndarray:
        """How many elements of the base lie at each position."""
        base = self.base
        count = np.zeros(self.total, np.int64)
        np.add.at(count, self.indices(base.shape, base.strides, self.shift), 1)
        return count


def scatter_strided(grad: Any, base: Geometry, size: tuple, strides: tuple, offset: int) -> np.ndarray:
    """Zeros laid out as the base, the gradient added into the window that strides say."""
    plan = Scatter(base, size, strides, offset)
    if plan.empty:
        return np.zeros(base.shape, grad.dtype)
    if plan.summed:
        grad = np.add.reduce(grad, axis=plan.summed)
    out = np.zeros(plan.total, dtype=grad.dtype)
    if plan.overlaps:
        np.add.at(out, plan.indices(plan.size, plan.strides, plan.offset), grad.ravel())
    else:
        window_of(out, plan.size, plan.strides, plan.offset)[...] = grad.reshape(plan.size)
    if plan.shares:
        out /= plan.counts().astype(out.dtype)
    return window_of(out, base.shape, base.strides, plan.shift)


class AsStridedBackward0(UnaryNode):
    """Derives a view from its base by strides: the gradient is added into the view's window of zeros."""

    __slots__ = ("__weakref__", "base", "given_offset", "offset", "size", "stride")
    saved_values = ("size", "storage_offset", "stride")

    @property
    def writes_grad(self) -> int:  # type: ignore[override]
        """The gradient is scattered, and then divided where elements of the base share a place."""
        return 1 + Scatter(self.base, self.size, self.stride, self.offset).shares

    @property
    def storage_offset(self) -> int | None:
        """The offset that the user gave; None if it was left out, in which case `offset` is the base's."""
        return self.given_offset

    def apply(self, grad: Any, keep: bool) -> Any:
        if self.fn0 is None:  # derived anew of a base that requires no grad any more
            return None
        return scatter_strided(grad, self.base, self.size, self.stride, self.offset)

    def apply_tensors(self, grad: Any) -> Any:
        from ..functions.strided import as_strided_backward

        if self.fn0 is None:
            return None
        return as_strided_backward(grad, Scatter(self.base, self.size, self.stride, self.offset))


class AsStridedBackward1(AsStridedBackward0):
    """as_strided_"""

    __slots__ = ()


class CopySlices(VariadicNode):
    """The base's node after a write through a view: the view's window of the gradient goes through the write's node."""

    __slots__ = ("base", "fn", "operand_writes", "replay", "view")
    writes_only = 0
    writes_grad = 2  # the copy, and the window put back
    fn: Node | None

    def name(self) -> str:
        return "torch::autograd::CopySlices"

    def release(self) -> None:
        self.fn = None  # which keeps what it saved: a user may hold the ctx of a Function

    def apply(self, grad: Any, keep: bool) -> Any:
        base, fn = self.base, self.write()
        if self.replay is not None or fn.custom or fn.checks or not base.desc.real or fn.extra is not None:
            from ..backward.engine import through_tensors

            grads = through_tensors(self, grad)
        else:
            grads = self.over_arrays(fn, grad)
        if not keep:
            self.fn = None
        return grads

    def over_arrays(self, fn: Node, grad: Any) -> Any:
        """Copy the gradient, cut the window out, run the write's node on it, put the result back."""
        base, view = self.base, self.view
        result = np.empty(base.shape, dtype=grad.dtype)  # the base is plain
        result[...] = grad
        offset = view.offset - base.offset
        check_bounds(view.shape, view.strides, offset, result.itemsize, result.nbytes)
        window = strided(result, view.shape, view.strides, offset)
        inner = fn.apply(window.copy(), True)
        if fn.arity == 1:
            inner = (inner,)
        if inner[0] is None:
            return (None, *inner[1:])
        refuse_internal(window)
        window[...] = inner[0]
        return (result, *inner[1:])

    def apply_tensors(self, grad: Any) -> Any:
        from ..functions.strided import copy_slices

        return copy_slices(self, grad)

    def write(self) -> Node:
        """The node of the write through the view."""
        if self.fn is None:
            raise RuntimeError(FREED_TEXT)
        return self.fn
