"""Gathering and scattering of single elements, as users call them: the checks, in the order in which PyTorch makes them."""

from __future__ import annotations

from typing import Any

from .. import dispatch as d
from ..aliasing.index_put import (
    check_indices,
    check_values,
    index_put_ as writes_at,
    only_mask,
    refuse_bytes,
)
from ..aliasing.overlap import refuse_any, refuse_internal
from ..calls.operands import category_of, refused
from ..calls.scalar import checked, real_part
from ..dtype import dtypes
from ..functions import shape as shapes
from ..kernels.index import warn_of_bytes
from ..memory.descriptor import broadcast_shapes
from ..plain_numpy import np
from ..tensor import Tensor, existing_dim, wrap_dim
from ..warning import warn
from .arguments import expect_tensor
from .index_checks import REDUCTIONS, line, raised, writable

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
    shape, own = line(input._desc.shape), line(index._desc.shape)
    if index._desc.numel:
        if len(own) != len(shape):
            raise RuntimeError("Index tensor must have the same number of dimensions as input tensor")
        for i, (a, b) in enumerate(zip(own, shape, strict=True)):
            if i != at and a > b:
                raise RuntimeError(
                    f"Size does not match at dimension {i} expected index {list(index._desc.shape)} to be no larger than "
                    f"self {list(input._desc.shape)} apart from dimension {at}"
                )
    return d.gather(input, int(dim), index, sparse_grad)


def _scattered(name: str, input: Tensor, dim: int, index: Any, src: Tensor | None) -> None:
    """The checks of scatter and its kin."""
    at = _index_of(name, input, dim, index)
    if src is not None and src._desc.dtype is not input._desc.dtype:
        raise RuntimeError("scatter(): Expected self.dtype to be equal to src.dtype")
    if not index._desc.numel:
        return
    shape, own = line(input._desc.shape), line(index._desc.shape)
    if len(own) != len(shape):
        raise RuntimeError("Index tensor must have the same number of dimensions as self tensor")
    if src is not None and len(line(src._desc.shape)) != len(own):
        raise RuntimeError("Index tensor must have the same number of dimensions as src tensor")
    sizes = [a > b for i, (a, b) in enumerate(zip(own, shape, strict=True)) if i != at]
    if src is not None:
        sizes += [a > b for a, b in zip(own, line(src._desc.shape), strict=True)]
    if any(sizes):
        text = (
            f"Expected index {list(index._desc.shape)} to be no larger than self {list(input._desc.shape)} apart from "
        )
        text += f"dimension {at}"
        raise RuntimeError(text if src is None else f"{text} and to be no larger size than src {list(src._desc.shape)}")


def _scatter(
    name: str, function: Any, with_number: Any, self: Tensor, dim: int, index: Any, src: Any, reduce: Any
) -> Tensor:
    if not isinstance(src, Tensor):
        if category_of(src) is None:
            raise raised(name, "\n * (int dim, Tensor index, Tensor src)\n", dim, index, src)
        _scattered("scatter", self, dim, index, None)
        _known(reduce)
        if type(src) is complex:
            src = real_part(src, self._desc.dtype)
        return (
            with_number[0](self, int(dim), index, src)
            if reduce is None
            else with_number[1](self, int(dim), index, src, reduce)
        )
    _scattered("scatter", self, dim, index, src)
    _known(reduce)
    return (
        function[0](self, int(dim), index, src) if reduce is None else function[1](self, int(dim), index, src, reduce)
    )


def _known(reduce: Any) -> None:
    if reduce not in (None, "add", "multiply"):
        raise RuntimeError("reduce argument must be either add or multiply.")


def _deprecates(reduce: Any, src: Any) -> None:
    if reduce is not None and isinstance(src, Tensor):
        warn(
            "The reduce argument of torch.scatter with Tensor src is deprecated and will be removed in a future PyTorch "
            "release. Use torch.scatter_reduce instead for more reduction options."
        )


def scatter(
    input: Tensor, dim: int, index: Tensor, src: Any = None, *, value: Any = None, reduce: Any = None
) -> Tensor:
    """input with elements of src, or one number, where the index says."""
    src = value if src is None else src
    _deprecates(reduce, src)
    return _scatter(
        "scatter", (d.scatter, d.scatter_with), (d.scatter_value, d.scatter_value_with), input, dim, index, src, reduce
    )


def scatter_(
    self: Tensor, dim: int, index: Tensor, src: Any = None, *, value: Any = None, reduce: Any = None
) -> Tensor:
    """The same in place."""
    src = value if src is None else src
    writable(self, src)
    _deprecates(reduce, src)
    if isinstance(src, Tensor):
        refuse_any(self._array, src._array)
    return _scatter(
        "scatter_",
        (d.scatter_, d.scatter_with_of_),
        (d.scatter_value_, d.scatter_value_with_of_),
        self,
        dim,
        index,
        src,
        reduce,
    )


def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """input with the elements of src added where the index says."""
    expect_tensor(src, "scatter_add", "src", 3)
    _scattered("scatter", input, dim, index, src)
    return d.scatter_add(input, int(dim), index, src)


def scatter_add_(self: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """The same in place."""
    writable(self, src)
    _scattered("scatter", self, dim, index, src)
    refuse_any(self._array, src._array)
    return d.scatter_add_(self, int(dim), index, src)


def _reduces(input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str) -> None:
    expect_tensor(src, "scatter_reduce", "src", 3)
    if reduce not in REDUCTIONS:
        raise RuntimeError(f"reduce argument must be either sum, prod, mean, amax or amin, got {reduce}")
    _scattered("scatter", input, dim, index, src)
    if reduce == "mean" and input._desc.dtype is dtypes.bool_:
        raise refused("scatter_gather_tensor_cpu_reduce_mean" if index._desc.numel else "div_floor_cpu", dtypes.bool_)


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
    writable(self, src)
    _reduces(self, dim, index, src, reduce)
    refuse_any(self._array, src._array)
    return d.scatter_reduce_(self, int(dim), index, src, reduce, include_self)


# ---- flattened elements, and masks


def _flat(name: str, self: Tensor, index: Any) -> None:
    expect_tensor(index, name, "index", 1)
    if index._desc.dtype is not dtypes.int64:
        raise RuntimeError(f"{name}(): Expected a long tensor for index, but got {index._desc.dtype.scalar_name}")


def take(input: Tensor, index: Tensor) -> Tensor:
    """The elements at places counted in row-major order."""
    _flat("take", input, index)
    if not input._desc.numel and index._desc.numel:
        raise IndexError("take(): tried to take from an empty tensor")
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
    if not self._desc.numel and index._desc.numel:
        raise IndexError("put_(): Tried to put elements into an empty tensor")


def put(input: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """input with the elements of source at places counted in row-major order."""
    _puts(input, index, source)
    return d.put(input, index, source, accumulate)


def put_(self: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """The same in place."""
    writable(self, source)
    _puts(self, index, source)
    return d.put_(self, index, source, accumulate)


def _masked(self: Tensor, mask: Any, source: Any, in_place: bool = False) -> None:
    expect_tensor(mask, "masked_scatter", "mask", 1)
    expect_tensor(source, "masked_scatter", "source", 2)
    if self._desc.dtype is not source._desc.dtype:
        raise RuntimeError(
            f"masked_scatter: expected self and source to have same dtypes but got{self._desc.dtype.scalar_name} and "
            f"{source._desc.dtype.scalar_name}"
        )
    if mask._desc.dtype is dtypes.uint8:
        warn(
            "masked_scatter_ received a mask with dtype torch.uint8, this behavior is now deprecated,please use a mask with "
            "dtype torch.bool instead.",
        )
    if mask._desc.dtype is not dtypes.bool_:
        raise RuntimeError(
            f"masked_scatter_ only supports boolean masks, but got mask with dtype {mask._desc.dtype.scalar_name}"
        )
    if in_place and mask._desc.shape != self._desc.shape:
        shapes.expand(mask, tuple(self._desc.shape))  # refuses a mask that is larger
    wanted = np.count_nonzero(np.broadcast_to(mask._array, broadcast_shapes(mask._desc.shape, self._desc.shape)))
    if wanted > source._desc.numel:
        raise RuntimeError("Number of elements of source < number of ones in mask")


def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """input with the elements of source, in order, where the mask holds."""
    _masked(input, mask, source)
    return d.masked_scatter(input, mask, source)


def masked_scatter_(self: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """The same in place."""
    writable(self, source)
    refuse_internal(self._array)
    _masked(self, mask, source, in_place=True)
    return d.masked_scatter_(self, mask, source)


def take_along_dim(input: Tensor, indices: Tensor, dim: Any = None) -> Tensor:
    """The elements that the indices name along a dimension, both broadcast in the others; or of the flattened tensor."""
    if dim is None:
        return gather(shapes.view(input, -1), 0, shapes.view(indices, -1))
    if indices._desc.dtype is not dtypes.int64:
        raise RuntimeError(
            f"torch.take_along_dim(): dtype of indices should be Long but got {indices._desc.dtype.scalar_name}"
        )
    a, b = input._desc.ndim, indices._desc.ndim
    if a != b:
        raise RuntimeError(
            "torch.take_along_dim(): input and indices should have the same number of dimensions, but got "
            f"{a} dimensions for input, and {b} dimensions for indices"
        )
    at = existing_dim(dim, a)
    shape = list(broadcast_shapes(*[(*s[:at], 1, *s[at + 1 :]) for s in (input._desc.shape, indices._desc.shape)]))
    shape[at] = indices._desc.shape[at]
    # Taken round from either end, which makes new numbers: what is written to the indices later changes no gradient.
    wide = d.remainder_scalar(shapes.expand(indices, tuple(shape)), input._desc.shape[at])
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


def index_put(input: Tensor, indices: Any, values: Tensor, accumulate: bool = False) -> Tensor:
    """input with values where the index tensors pick."""
    return put_at(input, _picks("index_put", input, indices), values, accumulate)


def put_at(input: Tensor, picks: tuple, values: Tensor, accumulate: bool = False) -> Tensor:
    """The same with index tensors that were looked at, None for a dimension that is left as it is."""
    mask = None if accumulate else only_mask(picks, values)
    if mask is None:
        warn_of_bytes(picks)
    check_indices(input, picks)
    if mask is not None:
        refuse_bytes(mask)
        checked(values._array.item(), input._desc.dtype)  # a number, whatever its type
    else:
        check_values(input, picks, values)
    return d.index_put(input, picks, values, accumulate)


def index_put_(self: Tensor, indices: Any, values: Tensor, accumulate: bool = False) -> Tensor:
    """The same in place."""
    return writes_at(self, _picks("index_put_", self, indices), values, accumulate)


def _picks(name: str, self: Tensor, indices: Any) -> tuple:
    """The index tensors, not more than there are dimensions."""
    if not isinstance(indices, (tuple, list)):
        raise TypeError(
            f"{name}(): argument 'indices' (position 1) must be tuple of Tensors, not {type(indices).__name__}"
        )
    for i, x in enumerate(indices):
        if not isinstance(x, Tensor):
            raise TypeError(f"expected Tensor as element {i} in argument 0, but got {type(x).__name__}")
    if any(x._desc.dtype.category > dtypes.INTEGRAL for x in indices):
        raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
    if len(indices) > self._desc.ndim:
        raise IndexError(f"too many indices for tensor of dimension {self._desc.ndim} (got {len(indices)})")
    return tuple(indices)


BOTH = (
    gather, scatter, scatter_add, scatter_reduce, index_put, take, put, masked_scatter, take_along_dim, nonzero, argwhere,
)  # fmt: skip
IN_PLACE = (scatter_, scatter_add_, scatter_reduce_, index_put_, put_, masked_scatter_)
FUNCTIONS = {f.__name__: f for f in BOTH} | {"index_put_": index_put_}
METHODS = {f.__name__: f for f in BOTH + IN_PLACE}
