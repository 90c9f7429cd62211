"""index_put_ and item assignment with index tensors: what is asked of the indices and the values, in PyTorch's order.

1. Memory in which elements lie on top of each other is deprecated.
2. One value where a mask is is filled in, whatever its type.
3. Values and indices may not overlap with what is written.
4. A mask has the shape of the dimensions that it picks from, and indices broadcast together.
5. Values broadcast to what is picked.
6. They have its type.
7. Indices are within range.
"""

from __future__ import annotations

from typing import Any

from ..calls.scalar import checked
from ..dtype import dtypes
from ..kernels.index import check_range, index_put_zeros, index_values, raw_indices, warn_of_bytes
from ..kernels.linalg import sum_to_info
from ..memory.descriptor import expandable
from ..nodes.graph import BinaryNode, name_of
from ..nodes.saved_variable import SavedList
from ..plain_numpy import np
from ..tensor import Tensor, wrap_dim
from .overlap import refuse_any, warn_of_internal
from .views import check_inplace, storage_of
from .writes import binary, tracked, written


class IndexPutBackward0(BinaryNode):
    """The gradient of what was overwritten is zero there, that of the values what is picked."""

    __slots__ = ("accumulate", "indices", "values_desc")
    saved_lists = ("indices",)
    saved_values = ("accumulate",)
    checks = True
    accumulate: bool
    indices: SavedList

    def apply(self, grad: Any, keep: bool) -> Any:
        if self.values_desc.dtype is not self.desc.dtype or not self.desc.real:
            from ..backward.engine import through_tensors

            out = through_tensors(self, grad)
        else:
            indices = self.indices.unpack(self)
            out = (
                None if self.fn0 is None else index_put_zeros(grad, indices, self.accumulate),
                None if self.fn1 is None else self.to_values(grad, indices),
            )
        if not keep:
            self.release()
        return out

    def apply_tensors(self, grad: Any) -> Any:
        from .. import formulas

        indices = self.indices.unpack(self)
        return (
            None if self.fn0 is None else formulas.index_put_zeros(grad, indices, self.accumulate),
            None if self.fn1 is None else formulas.index_values(grad, indices),
        )

    def to_values(self, grad: Any, indices: tuple) -> Any:
        """The gradient of the values as raw array, in their shape."""
        return sum_to_info(index_values(grad, indices), self.values_desc, name_of(self), 1)

    def release(self) -> None:
        self.indices.release()


def index_put_(self: Tensor, indices: Any, values: Tensor, accumulate: bool = False) -> Tensor:
    """Write `values` at the positions that index tensors pick."""
    indices = tuple(indices)
    flag = tracked(self, values, indices=indices)
    check_inplace(self, flag)
    node = None
    if flag:
        node = binary(IndexPutBackward0, self, values)
        node.indices, node.values_desc, node.accumulate = SavedList(node, indices), values._desc, accumulate
    array = storage_of(self)
    warn_of_internal(array, "index_put_")
    picks = raw_indices(indices)
    mask = None if accumulate else only_mask(indices, values)
    if mask is not None:
        check_indices(self, indices)
        fill(self, array, mask, picks, values)
        return written(self, node)
    refuse_any(array, values._array, *[i._array for i in indices if i is not None])
    warn_of_bytes(indices)
    check_indices(self, indices)
    check_values(self, indices, values)
    check_range(array, indices)
    if accumulate:
        np.add.at(array, picks, values._array)
    else:
        array[picks] = values._array
    return written(self, node)


def is_mask(index: Tensor) -> bool:
    """Whether an index says of each place whether it is picked: bytes do, too."""
    return index._desc.dtype is dtypes.bool_ or index._desc.dtype is dtypes.uint8


def only_mask(indices: tuple, values: Tensor) -> Tensor | None:
    """The mask that stands for `masked_fill_`: the only index, and one value."""
    given = [i for i in indices if i is not None]
    one = values._desc.numel == 1 and len(given) == 1 and is_mask(given[0])
    return given[0] if one else None


def refuse_bytes(mask: Tensor) -> None:
    """`masked_fill_` takes no bytes."""
    if mask._desc.dtype is not dtypes.bool_:
        raise RuntimeError("masked_fill_ only supports boolean masks, but got mask with dtype unsigned char")


def fill(self: Tensor, array: Any, mask: Tensor, picks: tuple, values: Tensor) -> None:
    """`masked_fill_` with the value as a number."""
    refuse_bytes(mask)
    warn_of_internal(array, "masked_fill_")
    array[picks] = checked(values._array.item(), self._desc.dtype)


def check_indices(view: Tensor, picks: tuple) -> None:
    """PyTorch's errors for masks of another shape, and for indices that do not broadcast."""
    dim = 0
    shapes = []
    for p in picks:
        if p is None:
            dim += 1
            continue
        if is_mask(p):
            for i, s in enumerate(p._desc.shape):
                if s != view._desc.shape[wrap_dim(dim + i, view._desc.ndim)]:
                    raise IndexError(
                        f"The shape of the mask {list(p._desc.shape)} at index {i} does not match the shape "
                        f"of the indexed tensor {list(view._desc.shape)} at index {dim + i}"
                    )
            dim += p._desc.ndim
            continue
        shapes.append(p._desc.shape)
        dim += 1
    if dim > view._desc.ndim:
        wrap_dim(view._desc.ndim, view._desc.ndim)
    if len(shapes) > 1:
        try:
            np.broadcast_shapes(*shapes)
        except ValueError:
            raise IndexError(
                "shape mismatch: indexing tensors could not be broadcast together with shapes "
                + ", ".join(str(list(s)) for s in shapes)
            ) from None


def check_values(self: Tensor, indices: tuple, values: Tensor) -> None:
    """What is asked of values: shape before type, and both before the range of the indices, which the write asks about."""
    shape = np.broadcast_to(np.int8(0), self._desc.shape)[tuple(_within(self, raw_indices(indices)))].shape
    if not expandable(values._desc.shape, shape):
        raise RuntimeError(
            f"shape mismatch: value tensor of shape {list(values._desc.shape)} cannot be broadcast to indexing result of "
            f"shape {list(shape)}"
        )
    if values._desc.dtype is not self._desc.dtype:
        raise RuntimeError(
            "Index put requires the source and destination dtypes match, got "
            f"{self._desc.dtype.scalar_name} for the destination and {values._desc.dtype.scalar_name} for the source."
        )


def _within(self: Tensor, picks: tuple) -> Any:
    """The index with every number brought into range: what shape it picks is asked before whether it may."""
    for i, p in enumerate(picks):
        if not isinstance(p, slice) and p.dtype != np.bool_ and p.size and not self._desc.shape[i]:
            raise IndexError("index is out of bounds for dimension with size 0")
        yield p if isinstance(p, slice) or p.dtype == np.bool_ else np.zeros_like(p) if self._desc.shape[i] else p
