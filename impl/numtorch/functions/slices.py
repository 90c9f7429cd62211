"""Reading and writing whole slices along a dimension, or a window of a copy: the checks, in PyTorch's order."""

from __future__ import annotations

from typing import Any

from .. import dispatch as d
from ..aliasing.overlap import refuse_any
from ..aliasing.strided import check_bounds
from ..aliasing.views import geometry, storage_of
from ..calls.operands import category_of, refused
from ..dtype import dtypes
from ..functions import shape as shapes
from ..memory.geometry import root_of
from ..memory.layout import dense_strides
from ..tensor import Tensor, wrap_dim
from .arguments import expect_tensor
from .index_checks import REDUCTIONS, line, raised, writable


def index_select(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """The slices that the index names along a dimension."""
    expect_tensor(index, "index_select", "index", 2)
    shape = input._desc.shape
    at = wrap_dim(int(dim), len(shape))
    if index._desc.ndim > 1:
        raise IndexError("index_select(): Index is supposed to be a vector")
    if not shape and index._desc.numel != 1:
        raise RuntimeError(f"index_select(): Index to scalar can have only 1 value, got {index._desc.numel} value(s)")
    if index._desc.dtype not in (dtypes.int64, dtypes.int32):
        raise RuntimeError("index_select(): Expected dtype int32 or int64 for index")
    size = line(shape)[at]
    if not size and len(shape) > 1 and index._desc.numel:
        raise RuntimeError("index_select(): self indexing axis dim should be positive")
    return d.index_select(input, int(dim), index)


def _slices(name: str, self: Tensor, dim: int, index: Any, source: Tensor, alpha: bool = True) -> None:
    """The checks of index_add and index_reduce."""
    expect_tensor(index, name[:-1], "index", 2)
    expect_tensor(source, name[:-1], "source", 3)
    at = wrap_dim(int(dim), self._desc.ndim)
    kind, own = index._desc, source._desc
    if kind.ndim > 1:
        raise IndexError(
            f"{name}(): Index is supposed to be a vector, but got dim: {kind.ndim} with type: {kind.dtype.scalar_name} and "
            f"size: {list(kind.shape)}"
        )
    if kind.dtype not in (dtypes.int64, dtypes.int32):
        raise RuntimeError(f"{name}(): Expected dtype int32/int64 for index but got: {kind.dtype.scalar_name}")
    if own.dtype is not self._desc.dtype:
        raise RuntimeError(
            f"{name}(): self ({self._desc.dtype.scalar_name}) and source ({own.dtype.scalar_name}) must have the same "
            "scalar type"
        )
    if at != 0 and at >= own.ndim:
        raise RuntimeError(f"{name}(): Indexing dim {at} is out of bounds of the source tensor with dim {own.ndim}")
    if not own.ndim and kind.ndim and kind.numel != 1:
        raise IndexError("Dimension specified as 0 but tensor has no dimensions")
    size = own.shape[at] if own.ndim else 1
    if kind.numel != size:
        raise RuntimeError(
            f"{name}(): Number of indices ({kind.numel}) should be equal to source.size(dim): ({size}), for dim: {at}"
        )
    mine, theirs = list(self._desc.shape), list(own.shape)
    if mine[:at] + mine[at + 1 :] != theirs[:at] + theirs[at + 1 :] or len(mine) != len(theirs):
        raise RuntimeError(
            "source tensor shape must match self tensor shape, excluding the specified dimension. Got self.shape = "
            f"{mine} source.shape = {theirs}"
        )
    if name == "index_reduce_" and self._desc.dtype.is_complex and self._desc.ndim < 2:
        raise refused("index_func_", self._desc.dtype)


def index_add(input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: Any = 1) -> Tensor:
    """input with the slices of source added where the index says."""
    _slices("index_add_", input, dim, index, source)
    return d.index_add(input, int(dim), index, source, alpha)


def index_add_(self: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: Any = 1) -> Tensor:
    """The same in place."""
    writable(self, source)
    _slices("index_add_", self, dim, index, source)
    refuse_any(self._array, source._array)
    return d.index_add_(self, int(dim), index, source, alpha)


def _index_reduces(self: Tensor, dim: int, index: Tensor, source: Tensor, reduce: str) -> None:
    if reduce not in REDUCTIONS[1:]:
        raise RuntimeError(f"index_reduce(): Expected reduce to be one of prod, mean, amax or amin but got {reduce}.")
    _slices("index_reduce_", self, dim, index, source)


def index_reduce(
    input: Tensor, dim: int, index: Tensor, source: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """input with the slices of source combined where the index says."""
    _index_reduces(input, dim, index, source, reduce)
    return d.index_reduce(input, int(dim), index, source, reduce, include_self)


def index_reduce_(
    self: Tensor, dim: int, index: Tensor, source: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """The same in place."""
    writable(self, source)
    _index_reduces(self, dim, index, source, reduce)
    refuse_any(self._array, source._array)
    return d.index_reduce_(self, int(dim), index, source, reduce, include_self)


def _copies(self: Tensor, dim: int, index: Any, source: Any, copied: bool) -> None:
    """The checks of index_copy."""
    expect_tensor(index, "index_copy", "index", 2)
    expect_tensor(source, "index_copy", "source", 3)
    at = wrap_dim(int(dim), self._desc.ndim)
    kind, own, shape = index._desc, source._desc, self._desc.shape
    if kind.ndim > 1:
        raise IndexError(f"index_copy_(): Index should have dimension 1 or 0 (got {kind.ndim})")
    if not own.ndim and kind.numel != 1:
        raise IndexError(f"index_copy_(): When source is scalar, index should have one element (got {kind.numel})")
    if own.ndim and shape and own.ndim != len(shape):
        raise IndexError(
            "index_copy_(): When source and destination are not scalars, their dimensionality must match. Source "
            f"dimensionality ({own.ndim}), destination dimensionality ({len(shape)})"
        )
    if kind.dtype is not dtypes.int64:
        raise RuntimeError(f"index_copy_(): Expected a long tensor for index, but got {kind.dtype.scalar_name}")
    if own.dtype is not self._desc.dtype:
        raise RuntimeError(
            "index_copy_(): self and source expected to have the same dtype, but got (self) "
            f"{self._desc.dtype.scalar_name} and (source) {own.dtype.scalar_name}"
        )
    mine = [s for i, s in enumerate(shape) if i != at]
    theirs = [s for i, s in enumerate(own.shape) if i != at]
    if mine != theirs:
        raise RuntimeError(
            "index_copy_(): Source/destination tensor must have same slice shapes. Destination slice shape: "
            f"{' '.join(map(str, mine))} at dimension {at} and source slice shape: {' '.join(map(str, theirs))} at dimension 0."
        )
    if own.ndim and kind.numel != own.shape[at]:
        raise IndexError(
            f"index_copy_(): Number of indices ({kind.numel}) should be equal to source.size(dim) ({own.shape[at]})"
        )
    _check_restrided(self, at, kind.numel, copied)


def index_copy(input: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """input with the slices of source where the index says."""
    _copies(input, dim, index, source, True)
    return d.index_copy(input, int(dim), index, source)


def index_copy_(self: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """The same in place."""
    writable(self, source)
    _copies(self, dim, index, source, False)
    refuse_any(self._array, source._array)
    return d.index_copy_(self, int(dim), index, source)


_FILLS = """
 * (int dim, Tensor index, Tensor value)
      didn't match because some of the arguments have invalid types: (int, Tensor, !list of [int]!)
 * (int dim, Tensor index, Number value)
      didn't match because some of the arguments have invalid types: (int, Tensor, !list of [int]!)
"""


def _fills(self: Tensor, dim: int, index: Any, value: Any, copied: bool) -> None:
    if not isinstance(value, Tensor) and category_of(value) is None:
        raise raised("index_fill", _FILLS, dim, index, value)
    if isinstance(value, Tensor) and value._desc.ndim:
        raise RuntimeError(
            "index_fill_ only supports a 0-dimensional value tensor, but got tensor with "
            f"{value._desc.ndim} dimension(s)."
        )
    if index._desc.dtype is not dtypes.int64:
        raise IndexError("index_fill_(): Expected dtype int64 for index.")
    is_complex = value._desc.dtype.is_complex if isinstance(value, Tensor) else isinstance(value, complex)
    if is_complex and not self._desc.dtype.is_complex:
        raise RuntimeError("index_fill_(): Converting complex Scalar to non-complex type is not supported")
    at = wrap_dim(int(dim), self._desc.ndim)
    if index._desc.ndim > 1:
        raise RuntimeError("Index has to be a vector/scalar")
    _check_restrided(self, at, index._desc.numel, copied)


def _check_restrided(self: Tensor, at: int, count: int, copied: bool) -> None:
    """PyTorch shows the memory as if the index named as many elements; of an empty tensor there may be none."""
    desc, offset, available = self._desc, 0, 0
    if 0 not in desc.shape or 0 in desc.shape[:at] + desc.shape[at + 1 :]:
        return
    own = dense_strides(desc.shape, desc.strides)
    if not copied:
        own, offset, available = desc.strides, geometry(self).offset, root_of(storage_of(self)).nbytes
    size = tuple([count if i == at else s for i, s in enumerate(desc.shape)])
    stride = tuple([0 if i == at else st for i, st in enumerate(own)])
    check_bounds(size, stride, offset, desc.dtype.itemsize, available)


def index_fill(input: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    """input with a number, or a 0-d tensor, in the slices that the index names."""
    _fills(input, dim, index, value, True)
    return (d.index_fill_tensor if isinstance(value, Tensor) else d.index_fill)(input, int(dim), index, value)


def index_fill_(self: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    """The same in place."""
    writable(self, value)
    _fills(self, dim, index, value, False)
    return (d.index_fill_tensor_ if isinstance(value, Tensor) else d.index_fill_)(self, int(dim), index, value)


# ---- a window of a copy


def _fits(src: Tensor, window: Tensor) -> None:
    if src._desc.shape != window._desc.shape:
        raise RuntimeError(
            f"expected src to have a size equal to the slice of self. src size = {list(src._desc.shape)}, slice size = "
            f"{list(window._desc.shape)}"
        )


def select_scatter(input: Tensor, src: Tensor, dim: int, index: int) -> Tensor:
    """input with one position of a dimension replaced."""
    _fits(src, shapes.select(input.detach(), dim, index))
    return d.select_scatter(input, src, dim, index)


def slice_scatter(
    input: Tensor, src: Tensor, dim: int = 0, start: Any = None, end: Any = None, step: int = 1
) -> Tensor:
    """input with some positions of a dimension replaced."""
    if not input._desc.ndim:
        raise IndexError("slice() cannot be applied to a 0-dim tensor.")
    _fits(src, d.slice_(input.detach(), wrap_dim(dim, input._desc.ndim), start, end, step))
    return d.slice_scatter(input, src, dim, start, end, step)


def diagonal_scatter(input: Tensor, src: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """input with the diagonal of two dimensions replaced."""
    _fits(src, shapes.diagonal(input.detach(), offset, dim1, dim2))
    return d.diagonal_scatter(input, src, offset, dim1, dim2)


def fill_diagonal_(self: Tensor, fill_value: Any, wrap: bool = False) -> Tensor:
    """One number written on the main diagonal of equal dimensions, or, wrapping, of a tall matrix again and again."""
    from ..aliasing import writes
    from ..memory.geometry import element_strides, storage_offset
    from .strided import as_strided

    shape = self._desc.shape
    if len(shape) < 2:
        raise RuntimeError("dimensions must larger than 1")
    if len(shape) > 2 and len(set(shape)) > 1:
        raise RuntimeError("all dimensions of input must be of equal length")
    step = sum(element_strides(self._array))
    size = min(shape)
    offset = storage_offset(storage_of(self))
    writes.fill_(as_strided(self, (size,), (step,), offset), fill_value)
    if wrap and len(shape) == 2 and shape[0] > shape[1] + 1:
        gap = self._desc.shape[1] + 1
        rows = element_strides(self._array)[0]
        count = -(-(shape[0] * shape[1] - gap * shape[1]) // gap)
        writes.fill_(as_strided(self, (count,), (step,), offset + rows * gap), fill_value)
    return self


BOTH = (
    index_select, index_add, index_reduce, index_copy, index_fill, select_scatter, slice_scatter, diagonal_scatter,
)  # fmt: skip
IN_PLACE = (index_add_, index_reduce_, index_copy_, index_fill_, fill_diagonal_)
FUNCTIONS = {f.__name__: f for f in BOTH}
METHODS = {f.__name__: f for f in BOTH + IN_PLACE}
