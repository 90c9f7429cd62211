"""Indexing and item assignment, taken apart into views and index tensors as PyTorch does.

Ints, slices, None, Ellipsis and 0-d integer tensors become select, slice, unsqueeze views, one after the other; what
remains, index tensors, lists and masks, is one `index` or `index_put_` over the view so made.
"""

from __future__ import annotations

from typing import Any

from .. import creation
from ..aliasing import writes
from ..aliasing.index_put import check_indices, index_put_, is_mask
from ..calls.operands import category_of, type_name
from ..calls.raising import saved_before
from ..calls.scalar import assigned
from ..dispatch import usual as d
from ..dtype import dtypes
from ..kernels.index import warn_of_bytes
from ..plain_numpy import np
from ..tensor import Tensor, wrap
from ..warning import warn
from .convert import item as number


def getitem(self: Tensor, index: Any) -> Tensor:
    """self[index]"""
    kind = type(index)
    if kind is int:
        return _select(self, 0, index, 0)
    if kind is slice:
        return _slice(self, 0, index)
    if index is None:
        return d.unsqueeze(self, 0)
    if index is Ellipsis:
        return d.alias(self)
    view, picks = take_apart(self, index)
    if not picks:
        return d.alias(self) if view is self else view
    return gather(view, picks)


def gather(view: Tensor, picks: tuple) -> Tensor:
    """The copy that index tensors pick."""
    warn_of_bytes(picks)
    try:
        check_indices(view, picks)
    except IndexError as error:
        raise saved_before(error, "index", self=view, indices=picks) from None
    return d.index(view, picks)


def _select(self: Tensor, dim: int, index: int, real_dim: int) -> Tensor:
    shape = self._desc.sizes
    if not shape and index:
        raise IndexError(f"index {index} is out of bounds for dimension {real_dim} with size 0")
    if not shape:
        raise IndexError(
            "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ to "
            "convert a 0-dim tensor to a number"
        )
    size = shape[dim]
    if not -size <= index < size:
        raise IndexError(f"index {index} is out of bounds for dimension {real_dim} with size {size}")
    return d.select(self, dim, index)


def _bound(value: Any, default: int) -> int:
    """An end of a slice as PyTorch saves it: as it was given, the largest int64 where it was not."""
    if value is None:
        return default
    return int(value) if isinstance(value, Tensor) else value.__index__()


END = 2**63 - 1


def _slice(self: Tensor, dim: int, index: slice) -> Tensor:
    step = 1 if index.step is None else int(index.step)
    if not step:
        raise ValueError("slice step cannot be zero")
    if not self._desc.ndim:
        raise IndexError("slice() cannot be applied to a 0-dim tensor.")
    if step < 0:
        raise ValueError("step must be greater than zero")
    return d.slice_(self, dim, _bound(index.start, 0), _bound(index.stop, END), step)


def _is_full(index: slice, size: int) -> bool:
    return (
        index.step in (None, 1)
        and index.start in (None, 0)
        and (index.stop is None or (type(index.stop) is int and index.stop >= size))
    )


def _as_index(item: Any) -> Tensor | None:
    """A list, array or tensor as an index tensor; None if it is something else."""
    if isinstance(item, Tensor):
        return item
    if isinstance(item, (list, tuple, range)):
        if any(isinstance(i, str) for i in item):
            raise TypeError("new(): invalid data type 'str'")
        if not len(item):
            return wrap(np.empty((0,), np.int64))
        read = creation.as_tensor(item)
        return read if read._desc.dtype.category <= dtypes.INTEGRAL else creation.as_tensor(item, dtypes.int64)
    if isinstance(item, np.ndarray) or hasattr(item, "__array__"):
        return wrap(np.asarray(item))
    return None


def _as_items(index: Any) -> tuple:
    """One index, or those of a short sequence that holds a sequence, a tensor or a slice: it is taken for a tuple."""
    if (
        isinstance(index, (list, str))
        and len(index) < _SHORT
        and any(i is None or i is Ellipsis or isinstance(i, _NOT_NUMBERS) for i in index)
    ):
        warn(
            "Using a non-tuple sequence for multidimensional indexing is deprecated and will be changed in "
            "pytorch 2.9; use x[tuple(seq)] instead of x[seq]. In pytorch 2.9 this will be interpreted as tensor "
            "index, x[torch.tensor(seq)], which will result either in an error or a different result",
        )
        return tuple(index)
    return (index,)


_NOT_NUMBERS = (Tensor, list, tuple, str, slice, np.ndarray)
_SHORT = 32  # NumPy's limit of dimensions when PyTorch took this rule over from it


def take_apart(self: Tensor, index: Any) -> tuple[Tensor, tuple]:
    """The view that the simple parts make, and the index tensors left to apply: one or None a dimension."""
    items = index if isinstance(index, tuple) else _as_items(index)
    used = 0
    for item in items:
        if item is None or item is Ellipsis or isinstance(item, (bool, np.bool_)):
            continue
        if isinstance(item, Tensor) and item._desc.dtype in (dtypes.bool_, dtypes.uint8):
            used += item._desc.ndim
        elif isinstance(item, np.ndarray) and item.dtype == np.bool_:
            used += item.ndim
        elif isinstance(item, list) and (read := _as_index(item)) is not None and read._desc.dtype is dtypes.bool_:
            used += read._desc.ndim
        else:
            used += 1
    ndim = self._desc.ndim
    if used > ndim:
        raise IndexError(f"too many indices for tensor of dimension {ndim}")
    view, dim = self, 0
    picks: list[Tensor | None] = []

    def put(position: int, value: Tensor) -> None:
        while len(picks) <= position:
            picks.append(None)
        picks[position] = value

    for position, item in enumerate(items):  # which PyTorch's complaints call the dimension
        if item is None:
            view = d.unsqueeze(view, dim)
            dim += 1
        elif item is Ellipsis:
            skipped = ndim - used
            dim += skipped
        elif isinstance(item, (bool, np.bool_)):
            view = d.unsqueeze(view, dim)
            put(dim, _position(item))
            dim += 1
        elif isinstance(item, slice):
            if not _is_full(item, view._desc.shape[dim]):
                view = _slice(view, dim, item)
            dim += 1
        elif isinstance(item, (int, np.integer)):
            view = _select(view, dim, int(item), position)
        else:
            if isinstance(item, str):
                raise TypeError("new(): invalid data type 'str'")
            tensor = None if isinstance(item, np.generic) else _as_index(item)
            if tensor is None:
                raise IndexError(
                    "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid "
                    f"indices (got {type_name(item)})"
                )
            kind = tensor._desc.dtype
            if (
                not tensor._desc.ndim
                and kind.category == dtypes.INTEGRAL
                and kind is not dtypes.uint8
                and isinstance(item, Tensor)
            ):
                view = _select(view, dim, int(number(tensor)), position)
                continue
            if kind.category > dtypes.INTEGRAL:
                raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
            if not tensor._desc.ndim and is_mask(tensor):
                view = d.unsqueeze(view, dim)
                put(dim, _position(number(tensor)))
                dim += 1
                continue
            put(dim, tensor)
            span = tensor._desc.ndim if is_mask(tensor) else 1
            dim += span
    return view, _spread(picks)


def _position(flag: Any) -> Tensor:
    """What a bool stands for in a new dimension of size 1: its only position, or none."""
    position: Tensor = wrap(np.zeros(1 if flag else 0, np.int64))
    if flag:
        position._counter = [1]  # which is filled in
    return position


def _spread(picks: list[Tensor | None]) -> tuple:
    """A mask of n dimensions stands for n index tensors: expand it, as PyTorch does before it saves them."""
    if not any(p is not None for p in picks):
        return ()
    out: list[Tensor | None] = []
    skip = 0
    for p in picks:
        if skip:
            skip -= 1
            continue
        if p is not None and is_mask(p) and p._desc.ndim > 1:
            out.append(p)
            skip = p._desc.ndim - 1
        else:
            out.append(p)
    return tuple(out)


def as_value(self: Tensor, value: Any) -> Tensor:
    """The value of an item assignment as a tensor of the target's type."""
    if isinstance(value, Tensor):
        return value
    if category_of(value) is None:
        raise TypeError(f"can't assign a {type(value).__name__} to a torch.{self._desc.dtype.legacy}")
    return wrap(assigned(value, self._desc.dtype))


def setitem(self: Tensor, index: Any, value: Any) -> None:
    """self[index] = value"""
    if index is False:
        return  # PyTorch neither checks nor counts it
    value = as_value(self, value)
    if index is True:
        assign(d.unsqueeze(self, 0), value)
        return
    if index is Ellipsis or (type(index) is slice and self._desc.ndim and _is_full(index, self._desc.shape[0])):
        assign(self, value)
        return
    if type(index) is int or type(index) is slice:
        assign(_select(self, 0, index, 0) if type(index) is int else _slice(self, 0, index), value)
        return
    view, picks = take_apart(self, index)
    if not picks:
        assign(view, value)
        return
    if value._desc.ndim and value._desc.shape[0] == 1:
        value = d.view(value, _without_leading_ones(value._desc.shape))
    index_put_(view, picks, value, False)


def assign(target: Tensor, value: Tensor) -> None:
    """Write the value into a view: copied if it has its shape, filled in if it is 0-d, else expanded and copied.

    Before it is expanded its leading dimensions of size 1 are dropped.
    """
    shape = target._desc.shape
    if value._desc.shape != shape:
        if not value._desc.ndim:
            writes.fill_(target, value)
            return
        value = d.view(value, _without_leading_ones(value._desc.shape))
        if value._desc.shape != shape:
            value = value.expand(tuple(shape))
    writes.copy_(target, value)


def _without_leading_ones(shape: tuple) -> tuple:
    shape = tuple(shape)
    while shape and shape[0] == 1:
        shape = shape[1:]
    return shape
