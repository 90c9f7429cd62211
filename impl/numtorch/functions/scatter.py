"""Gathering and scattering, as users call them: the checks, in the order in which PyTorch makes them."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dispatch as d
from ..dtype import dtypes
from ..index_put import check_indices, check_values, index_put_ as writes_at
from ..operands import category_of
from ..overlap import refuse_any
from ..tensor import Tensor, wrap_dim
from ..views import check_inplace, requires_grad, storage_of
from . import shape as shapes
from .arguments import expect_tensor

for _node in (d.ScatterNotImplemented, d.ScatterValueNotImplemented):
    _node.__name__ = "NotImplemented"
    _node.name = lambda self: "torch::autograd::NotImplemented"


def _raised(name: str, signatures: str, *given: Any) -> TypeError:
    kinds = ", ".join(type(g).__name__ for g in given)
    return TypeError(
        f"{name}() received an invalid combination of arguments - got ({kinds}), but expected one of:{signatures}"
    )


def _line(shape: tuple) -> tuple:
    return tuple(shape) or (1,)


def _bounds(index: Tensor, size: int, text: Any, error: type = RuntimeError, low: int = 0) -> None:
    """Every element of the index lies in the dimension, or the error names the first that does not."""
    array = np.asarray(index._array)
    bad = (array < low) | (array >= size)
    if bad.any():
        raise error(text(int(array[bad].flat[0])))


def _out_of_bounds(dim: int, size: int) -> Any:
    return lambda i: f"index {i} is out of bounds for dimension {dim} with size {size}"


# ---- single elements along one dimension


def _index_of(name: str, input: Tensor, dim: int, index: Any) -> int:
    """The dimension, counted from the front, after the checks of an index tensor's type."""
    expect_tensor(index, name, "index", 2)
    ndim = input._desc.ndim
    dim = wrap_dim(int(dim), ndim)
    if index._desc.dtype not in (dtypes.int64, dtypes.int32) and index._desc.numel:
        raise RuntimeError(f"{name}(): Expected dtype int32/int64 for index")
    return dim


def gather(input: Tensor, dim: int, index: Tensor, *, sparse_grad: bool = False) -> Tensor:
    """The elements that the index names along a dimension."""
    at = _index_of("gather", input, dim, index)
    shape, own = _line(input._desc.shape), _line(index._desc.shape)
    if index._desc.numel:
        if len(own) != len(shape):
            raise RuntimeError("Index tensor must have the same number of dimensions as input tensor")
        for i, (a, b) in enumerate(zip(own, shape, strict=True)):
            if i != at and a > b:
                raise RuntimeError(
                    f"Size does not match at dimension {i} expected index {list(index._desc.shape)} to be no larger than "
                    f"self {list(input._desc.shape)} apart from dimension {at}"
                )
        _bounds(index, shape[at], _out_of_bounds(at, shape[at]))
    return d.gather(input, int(dim), index, sparse_grad)


def _scattered(name: str, input: Tensor, dim: int, index: Any, src: Tensor | None) -> None:
    """The checks of scatter and its kin."""
    at = _index_of(name, input, dim, index)
    if src is not None and src._desc.dtype is not input._desc.dtype:
        raise RuntimeError("scatter(): Expected self.dtype to be equal to src.dtype")
    if not index._desc.numel:
        return
    shape, own = _line(input._desc.shape), _line(index._desc.shape)
    if len(own) != len(shape):
        raise RuntimeError("Index tensor must have the same number of dimensions as self tensor")
    if src is not None and len(_line(src._desc.shape)) != len(own):
        raise RuntimeError("Index tensor must have the same number of dimensions as src tensor")
    sizes = [a > b for i, (a, b) in enumerate(zip(own, shape, strict=True)) if i != at]
    if src is not None:
        sizes += [a > b for a, b in zip(own, _line(src._desc.shape), strict=True)]
    if any(sizes):
        text = (
            f"Expected index {list(index._desc.shape)} to be no larger than self {list(input._desc.shape)} apart from "
        )
        text += f"dimension {at}"
        raise RuntimeError(text if src is None else f"{text} and to be no larger size than src {list(src._desc.shape)}")
    _bounds(index, shape[at], _out_of_bounds(at, shape[at]))


def _scatter(
    name: str, function: Any, with_number: Any, self: Tensor, dim: int, index: Any, src: Any, reduce: Any
) -> Tensor:
    if not isinstance(src, Tensor):
        if category_of(src) is None:
            raise _raised(name, "\n * (int dim, Tensor index, Tensor src)\n", dim, index, src)
        _scattered("scatter", self, dim, index, None)
        return (
            with_number[0](self, int(dim), index, src)
            if reduce is None
            else with_number[1](self, int(dim), index, src, reduce)
        )
    _scattered("scatter", self, dim, index, src)
    return (
        function[0](self, int(dim), index, src) if reduce is None else function[1](self, int(dim), index, src, reduce)
    )


def _combines(reduce: Any) -> None:
    if reduce is not None and reduce not in ("add", "multiply"):
        raise RuntimeError("reduce argument must be either add or multiply.")


def scatter(
    input: Tensor, dim: int, index: Tensor, src: Any = None, *, value: Any = None, reduce: Any = None
) -> Tensor:
    """input with elements of src, or one number, where the index says."""
    _combines(reduce)
    src = value if src is None else src
    return _scatter(
        "scatter", (d.scatter, d.scatter_with), (d.scatter_value, d.scatter_value_with), input, dim, index, src, reduce
    )


def scatter_(
    self: Tensor, dim: int, index: Tensor, src: Any = None, *, value: Any = None, reduce: Any = None
) -> Tensor:
    """The same in place."""
    src = value if src is None else src
    _writable(self, src)
    _combines(reduce)
    if isinstance(src, Tensor):
        refuse_any(self._array, src._array)
    return _scatter(
        "scatter_",
        (d.scatter_, d.scatter_with_),
        (d.scatter_value_, d.scatter_value_with_),
        self,
        dim,
        index,
        src,
        reduce,
    )


def _writable(self: Tensor, *others: Any) -> None:
    """What is refused before an in-place operator looks at its arguments."""
    check_inplace(self, bool(requires_grad(self)) or any(isinstance(o, Tensor) and requires_grad(o) for o in others))


def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """input with the elements of src added where the index says."""
    expect_tensor(src, "scatter_add", "src", 3)
    _scattered("scatter", input, dim, index, src)
    return d.scatter_add(input, int(dim), index, src)


def scatter_add_(self: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """The same in place."""
    _writable(self, src)
    _scattered("scatter", self, dim, index, src)
    refuse_any(self._array, src._array)
    return d.scatter_add_(self, int(dim), index, src)


_REDUCTIONS = ("sum", "prod", "mean", "amax", "amin")


def _reduces(input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str) -> None:
    expect_tensor(src, "scatter_reduce", "src", 3)
    if reduce not in _REDUCTIONS:
        raise RuntimeError(f"reduce argument must be either sum, prod, mean, amax or amin, got {reduce}")
    _scattered("scatter", input, dim, index, src)


def scatter_reduce(
    input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """input with the elements of src combined where the index says."""
    _reduces(input, dim, index, src, reduce)
    return d.scatter_reduce(input, int(dim), index, src, reduce, include_self)


def scatter_reduce_(
    self: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """The same in place."""
    _writable(self, src)
    _reduces(self, dim, index, src, reduce)
    refuse_any(self._array, src._array)
    return d.scatter_reduce_(self, int(dim), index, src, reduce, include_self)


# ---- whole slices along one dimension


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
    size = _line(shape)[at]
    if at == 1:
        _bounds(index, size, lambda i: f"INDICES element is out of DATA bounds, id={i} axis_dim={size}")
    else:
        _bounds(index, size, lambda i: "index out of range in self", IndexError)
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
    extent = _line(self._desc.shape)[at]
    if name == "index_add_":
        _bounds(index, extent, _out_of_bounds(at, extent))
    else:
        _bounds(index, extent, lambda i: "index out of range in self", IndexError)


def index_add(input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: Any = 1) -> Tensor:
    """input with the slices of source added where the index says."""
    _slices("index_add_", input, dim, index, source)
    return d.index_add(input, int(dim), index, source, alpha)


def index_add_(self: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: Any = 1) -> Tensor:
    """The same in place."""
    _writable(self, source)
    _slices("index_add_", self, dim, index, source)
    refuse_any(self._array, source._array)
    return d.index_add_(self, int(dim), index, source, alpha)


def _index_reduces(self: Tensor, dim: int, index: Tensor, source: Tensor, reduce: str) -> None:
    if reduce not in _REDUCTIONS[1:]:
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
    _writable(self, source)
    _index_reduces(self, dim, index, source, reduce)
    refuse_any(self._array, source._array)
    return d.index_reduce_(self, int(dim), index, source, reduce, include_self)


def _copies(self: Tensor, dim: int, index: Any, source: Any) -> None:
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
    if mine != theirs and own.ndim:
        raise RuntimeError(
            "index_copy_(): Source/destination tensor must have same slice shapes. Destination slice shape: "
            f"{' '.join(map(str, mine))} at dimension {at} and source slice shape: {' '.join(map(str, theirs))} at dimension 0."
        )
    if own.ndim and kind.numel != own.shape[at]:
        raise IndexError(
            f"index_copy_(): Number of indices ({kind.numel}) should be equal to source.size(dim) ({own.shape[at]})"
        )
    size = _line(shape)[at]
    _bounds(
        index,
        size,
        lambda i: f"index_copy_(): index {i} is out of bounds for dimension {at} with size {size}",
        IndexError,
    )


def index_copy(input: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """input with the slices of source where the index says."""
    _copies(input, dim, index, source)
    return d.index_copy(input, int(dim), index, source)


def index_copy_(self: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """The same in place."""
    _writable(self, source)
    _copies(self, dim, index, source)
    refuse_any(self._array, source._array)
    return d.index_copy_(self, int(dim), index, source)


_FILLS = """
 * (int dim, Tensor index, Tensor value)
      didn't match because some of the arguments have invalid types: (int, Tensor, !list of [int]!)
 * (int dim, Tensor index, Number value)
      didn't match because some of the arguments have invalid types: (int, Tensor, !list of [int]!)
"""


def _fills(self: Tensor, dim: int, index: Any, value: Any) -> None:
    if not isinstance(value, Tensor) and category_of(value) is None:
        raise _raised("index_fill", _FILLS, dim, index, value)
    if isinstance(value, Tensor) and value._desc.ndim:
        raise RuntimeError(
            "index_fill_ only supports a 0-dimensional value tensor, but got tensor with "
            f"{value._desc.ndim} dimension(s)."
        )
    if index._desc.dtype is not dtypes.int64:
        raise IndexError("index_fill_(): Expected dtype int64 for index.")
    at = wrap_dim(int(dim), self._desc.ndim)
    if index._desc.ndim > 1:
        raise IndexError("Index has to be a vector/scalar")
    size = _line(self._desc.shape)[at]
    _bounds(index, size, _out_of_bounds(at, size), IndexError, -size)


def index_fill(input: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    """input with a number, or a 0-d tensor, in the slices that the index names."""
    _fills(input, dim, index, value)
    return (d.index_fill_tensor if isinstance(value, Tensor) else d.index_fill)(input, int(dim), index, value)


def index_fill_(self: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    """The same in place."""
    _writable(self, value)
    _fills(self, dim, index, value)
    return (d.index_fill_tensor_ if isinstance(value, Tensor) else d.index_fill_)(self, int(dim), index, value)


# ---- flattened elements, and masks


def _flat(name: str, self: Tensor, index: Any) -> None:
    expect_tensor(index, name, "index", 1)
    if index._desc.dtype is not dtypes.int64:
        raise RuntimeError(f"{name}(): Expected a long tensor for index, but got {index._desc.dtype.scalar_name}")


def _reach(self: Tensor, index: Tensor) -> None:
    n = self._desc.numel
    _bounds(index, n, lambda i: f"out of range: tried to access index {i} on a tensor of {n} elements.", IndexError, -n)


def take(input: Tensor, index: Tensor) -> Tensor:
    """The elements at places counted in row-major order."""
    _flat("take", input, index)
    _reach(input, index)
    return d.take(input, index)


def _puts(self: Tensor, index: Any, source: Any) -> None:
    expect_tensor(source, "put", "source", 2)
    if index._desc.dtype is not dtypes.int64:
        raise RuntimeError(f"put_(): Expected a long tensor for index, but got {index._desc.dtype.scalar_name}")
    if self._desc.dtype is not source._desc.dtype:
        raise RuntimeError(
            f"put_(): self and source expected to have the same dtype, but got self.dtype = {self._desc.dtype.scalar_name} "
            f"and source.dtype = {source._desc.dtype.scalar_name}"
        )
    if index._desc.numel != source._desc.numel:
        raise IndexError(
            "put_(): Expected source and index to have the same number of elements, but got source.numel() = "
            f"{source._desc.numel}, index.numel() = {index._desc.numel}"
        )
    _reach(self, index)


def put(input: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """input with the elements of source at places counted in row-major order."""
    _puts(input, index, source)
    return d.put(input, index, source, accumulate)


def put_(self: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """The same in place."""
    _writable(self, source)
    _puts(self, index, source)
    return d.put_(self, index, source, accumulate)


def _masked(self: Tensor, mask: Any, source: Any) -> None:
    expect_tensor(mask, "masked_scatter", "mask", 1)
    expect_tensor(source, "masked_scatter", "source", 2)
    if self._desc.dtype is not source._desc.dtype:
        raise RuntimeError(
            f"masked_scatter: expected self and source to have same dtypes but got{self._desc.dtype.scalar_name} and "
            f"{source._desc.dtype.scalar_name}"
        )
    if mask._desc.dtype is not dtypes.bool_:
        raise RuntimeError(
            f"masked_scatter_ only supports boolean masks, but got mask with dtype {mask._desc.dtype.scalar_name}"
        )
    wanted = np.count_nonzero(np.broadcast_to(mask._array, np.broadcast_shapes(self._desc.shape, mask._desc.shape)))
    if wanted > source._desc.numel:
        raise RuntimeError("Number of elements of source < number of ones in mask")


def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """input with the elements of source, in order, where the mask holds."""
    _masked(input, mask, source)
    return d.masked_scatter(input, mask, source)


def masked_scatter_(self: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """The same in place."""
    _writable(self, source)
    _masked(self, mask, source)
    return d.masked_scatter_(self, mask, source)


def take_along_dim(input: Tensor, indices: Tensor, dim: Any = None) -> Tensor:
    """The elements that the indices name along a dimension, both broadcast in the others; or of the flattened tensor."""
    if indices._desc.dtype is not dtypes.int64:
        raise RuntimeError(
            f"torch.take_along_dim(): dtype of indices should be Long but got {indices._desc.dtype.scalar_name}"
        )
    if dim is None:
        return gather(shapes.view(input, -1), 0, shapes.view(indices, -1))
    a, b = input._desc.ndim, indices._desc.ndim
    if a != b:
        raise RuntimeError(
            "torch.take_along_dim(): input and indices should have the same number of dimensions, but got "
            f"{a} dimensions for input, and {b} dimensions for indices"
        )
    at = wrap_dim(dim, a)
    shape = list(np.broadcast_shapes(*[(*s[:at], 1, *s[at + 1 :]) for s in (input._desc.shape, indices._desc.shape)]))
    shape[at] = indices._desc.shape[at]
    wide = shapes.expand(indices, tuple(shape))
    shape[at] = input._desc.shape[at]
    return gather(shapes.expand(input, tuple(shape)), at, wide)


def nonzero(input: Tensor, *, as_tuple: bool = False) -> Any:
    """Where the elements are not zero: one row an element, or one tensor a dimension."""
    if as_tuple:
        return shapes.unbind(d.nonzero(input if input._desc.ndim else d.unsqueeze(input, 0)), 1)
    return d.nonzero(input)


def argwhere(input: Tensor) -> Tensor:
    """Where the elements are not zero, one row an element."""
    return d.nonzero(input)


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
    _fits(src, d.slice_(input.detach(), wrap_dim(dim, input._desc.ndim), start, end, step))
    return d.slice_scatter(input, src, dim, start, end, step)


def diagonal_scatter(input: Tensor, src: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """input with the diagonal of two dimensions replaced."""
    _fits(src, shapes.diagonal(input.detach(), offset, dim1, dim2))
    return d.diagonal_scatter(input, src, offset, dim1, dim2)


def fill_diagonal_(self: Tensor, fill_value: Any, wrap: bool = False) -> Tensor:
    """One number written on the main diagonal of equal dimensions, or, wrapping, of a tall matrix again and again."""
    from .. import writes
    from ..geometry import element_strides, storage_offset
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


def index_put(input: Tensor, indices: Any, values: Tensor, accumulate: bool = False) -> Tensor:
    """input with values where the index tensors pick."""
    picks = _picks("index_put", input, indices)
    check_indices(input, picks)
    check_values(input, picks, values)
    return d.index_put(input, picks, values, accumulate)


def index_put_(self: Tensor, indices: Any, values: Tensor, accumulate: bool = False) -> Tensor:
    """The same in place."""
    return writes_at(self, _picks("index_put_", self, indices), values, accumulate)


def _picks(name: str, self: Tensor, indices: Any) -> tuple:
    """The index tensors, as many as fit."""
    if not isinstance(indices, (tuple, list)):
        raise TypeError(
            f"{name}(): argument 'indices' (position 1) must be tuple of Tensors, not {type(indices).__name__}"
        )
    used = 0
    for x in indices:
        if x is not None and x._desc.dtype.category > dtypes.INTEGRAL:
            raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
        used += x._desc.ndim if x is not None and x._desc.dtype is dtypes.bool_ else 1
    if used > self._desc.ndim:
        raise IndexError(f"too many indices for tensor of dimension {self._desc.ndim} (got {used})")
    return tuple(indices)


BOTH = (
    gather, scatter, scatter_add, scatter_reduce, index_select, index_add, index_reduce, index_copy, index_fill, index_put,
    take, put, masked_scatter, take_along_dim, nonzero, argwhere, select_scatter, slice_scatter, diagonal_scatter,
)  # fmt: skip
IN_PLACE = (
    scatter_, scatter_add_, scatter_reduce_, index_add_, index_reduce_, index_copy_, index_fill_, index_put_, put_,
    masked_scatter_, fill_diagonal_,
)  # fmt: skip
FUNCTIONS = {f.__name__: f for f in BOTH} | {"index_put_": index_put_}
METHODS = {f.__name__: f for f in BOTH + IN_PLACE}
