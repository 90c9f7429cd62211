"""Kernels that gather and scatter along one dimension, or over the flattened elements.

`dim` may count from the end; a 0-d array counts as one of one element. Where several elements go to one place the last one
in row-major order is kept, as PyTorch's loops keep it, or all are combined.

An index is looked at by who uses it, as in PyTorch: one that was saved may have been written to since, through `.data`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..memory.geometry import laid_out, like, row_major
from ..plain_numpy import np
from ..warning import warn
from .half import in_steps
from .numbers import castable, element, in_type

Array = Any


def line(x: Array) -> Array:
    """A 0-d array as one of one element, anything else as it is."""
    return np.reshape(x, (1,)) if not np.ndim(x) else x


def expect_within(index: Array, low: int, size: int, text: Callable[[int], str], error: type = RuntimeError) -> None:
    """Every element of the index lies in the dimension, or the error names the first that does not."""
    if not index.size or (index.min() >= low and index.max() < size):
        return
    raise error(text(int(index[(index < low) | (index >= size)].flat[0])))


def _out_of_bounds(dim: int, size: int) -> Callable[[int], str]:
    return lambda i: f"index {i} is out of bounds for dimension {dim} with size {size}"


def _out_of_self(i: int) -> str:
    return "index out of range in self"


def places(x: Array, dim: int, index: Array) -> tuple:
    """NumPy's index of the elements of x that `index` names along a dimension, each in its own row."""
    index = line(index)
    if not index.size:
        return (np.zeros(0, np.intp),)  # nothing, and PyTorch asks for no number of dimensions then
    at = dim % x.ndim
    expect_within(index, 0, x.shape[at], _out_of_bounds(at, x.shape[at]))
    picks = list(np.ogrid[tuple([slice(0, s) for s in index.shape])])
    picks[dim] = index
    return tuple(picks)


def fresh(x: Array) -> Array:
    """A row-major copy, at least 1-d."""
    return np.array(line(x), order="C")


def shaped_as(out: Array, x: Array) -> Array:
    """The array, 0-d again if x is."""
    return out if np.ndim(x) else out[0]


def cut(src: Array, index: Array) -> Array:
    """As much of the source as the index names."""
    index, src = line(index), line(src)
    if not index.size:
        return np.zeros((), src.dtype)  # what goes nowhere, whatever shape that has
    return src[tuple([slice(0, s) for s in index.shape])]


def gather(x: Array, dim: int, index: Array, sparse_grad: bool = False) -> Array:
    """The elements that the index names along a dimension."""
    if not np.size(index):
        return np.empty(np.shape(index), x.dtype)
    x = line(x)
    out = row_major(x[places(x, dim, index)])
    return out if np.ndim(index) else out[0]


def gather_backward(grad: Array, x: Array, dim: int, index: Array, sparse_grad: bool = False) -> Array:
    """The gradients added at the places that they were gathered from."""
    return scatter_add(np.zeros(x.shape, grad.dtype), dim, index, grad)


def scatter(x: Array, dim: int, index: Array, src: Array) -> Array:
    """A copy with the source's elements where the index says."""
    out = fresh(x)
    out[places(out, dim, index)] = cut(src, index)
    return shaped_as(out, x)


def scatter_value(x: Array, dim: int, index: Array, value: Any) -> Array:
    """A copy with one number where the index says."""
    out = fresh(x)
    out[places(out, dim, index)] = element(value, out.dtype)
    return shaped_as(out, x)


def scatter_add(x: Array, dim: int, index: Array, src: Array) -> Array:
    """A copy with the source's elements added where the index says."""
    out = fresh(x)
    np.add.at(out, places(out, dim, index), cut(src, index))
    return shaped_as(out, x)


COMBINED = {
    "sum": np.add,
    "add": np.add,
    "mean": np.add,
    "prod": np.multiply,
    "multiply": np.multiply,
    "amax": np.maximum,
    "amin": np.minimum,
}


def neutral(reduce: str, kind: Any) -> Any:
    """What leaves every element as it is under a reduction."""
    if reduce in ("amax", "amin"):
        if kind.kind == "f":
            return -np.inf if reduce == "amax" else np.inf
        if kind.kind == "b":
            return reduce == "amin"
        return np.iinfo(kind).min if reduce == "amax" else np.iinfo(kind).max
    return 1 if reduce == "prod" else 0


def combine_at(out: Array, where: tuple, src: Array, reduce: str, include_self: bool) -> None:
    """Combine the source's elements, in place, with each other and perhaps with those that were there."""
    if not include_self:
        out[where] = neutral(reduce, out.dtype)
    COMBINED[reduce].at(out, where, src)
    if reduce != "mean":
        return
    counts = np.zeros(out.shape, np.int64) if not include_self else np.ones(out.shape, np.int64)
    np.add.at(counts, where, 1)
    counts[counts == 0] = 1
    if out.dtype.kind in "fc":
        out /= counts.astype(out.dtype)
    else:
        out //= counts.astype(out.dtype)


def scatter_reduce(x: Array, dim: int, index: Array, src: Array, reduce: str, include_self: bool = True) -> Array:
    """A copy with the source's elements combined where the index says."""
    out = fresh(x)
    where, src = places(out, dim, index), cut(src, index)
    combine_at(out, where, src, reduce, include_self)
    if reduce in ("amax", "amin") and out.dtype.kind == "f" and not out.all():
        _first_zeros(out, x.reshape(out.shape) if include_self else out, where, src)
    return shaped_as(out, x)


def _first_zeros(out: Array, before: Array, where: tuple, src: Array) -> None:
    """The largest or smallest, each with the sign of the first zero where 0 and -0 tie; NumPy has that of the last."""
    zero = (src == 0) & (out[where] == 0)
    out[tuple([np.broadcast_to(at, zero.shape)[zero][::-1] for at in where])] = src[zero][::-1]
    np.copyto(out, before, where=(before == 0) & (out == 0))


scatter_with = scatter_reduce


def scatter_value_with(x: Array, dim: int, index: Array, value: Any, reduce: str) -> Array:
    """A copy with one number added or multiplied where the index says."""
    src = np.full(line(index).shape, element(value, x.dtype))
    return scatter_reduce(x, dim, index, src, reduce)


# ---- whole slices


def lanes(x: Array, dim: int, index: Array) -> tuple:
    """NumPy's index of the slices that an index names along a dimension."""
    return (slice(None),) * (dim % max(np.ndim(x), 1)) + (line(index),)


def _dimension(x: Array, dim: int) -> tuple[int, int]:
    """A dimension counted from the front, and its size."""
    at = dim % max(np.ndim(x), 1)
    return at, x.shape[at] if np.ndim(x) else 1


def index_select(x: Array, dim: int, index: Array) -> Array:
    """The slices that the index names along a dimension."""
    index, at, size = line(index), *_dimension(x, dim)
    if at == 1:
        expect_within(index, 0, size, lambda i: f"INDICES element is out of DATA bounds, id={i} axis_dim={size}")
    else:
        expect_within(index, 0, size, _out_of_self, IndexError)
    if not np.ndim(x):
        return x.copy()
    return row_major(np.take(x, index, axis=dim))


def index_select_backward(grad: Array, shape: tuple, dim: int, index: Array) -> Array:
    """The gradients added at the slices that they were taken from."""
    return index_add(np.zeros(shape, grad.dtype), dim, index, grad, 1)


def index_add(x: Array, dim: int, index: Array, source: Array, alpha: Any) -> Array:
    """A copy with the source's slices, times a number, added where the index says; nowhere in what has no elements."""
    at, size = _dimension(x, dim)
    if np.ndim(x) > 1 and not np.size(x):
        return shaped_as(fresh(x), x)
    if 0 < at < np.ndim(x) - 1 or np.ndim(x) < 2:
        expect_within(line(index), 0, size, _out_of_self, IndexError)
    else:
        expect_within(line(index), 0, size, _out_of_bounds(at, size))
    out = fresh(x)
    source = source if alpha == 1 else source * in_type(alpha, out.dtype)
    np.add.at(out, lanes(x, dim, index), line(source))
    return shaped_as(out, x)


def _source(x: Array, source: Array) -> Array:
    """A 0-d source stands for one of one element."""
    return np.reshape(source, (1,) * max(np.ndim(x), 1)) if not np.ndim(source) else source


def index_copy(x: Array, dim: int, index: Array, source: Array) -> Array:
    """A copy with the source's slices where the index says."""
    at, size = _dimension(x, dim)
    text = _out_of_bounds(at, size)
    expect_within(line(index), 0, size, lambda i: f"index_copy_(): {text(i)}", IndexError)
    out = fresh(x)
    out[lanes(x, dim, index)] = _source(x, source)
    return shaped_as(out, x)


def kept_format(x: Array) -> Array:
    """A copy in the format of x, at least 1-d."""
    if not np.ndim(x):
        return fresh(x)
    out = like(x, x.dtype)
    out[...] = x
    return out


def index_fill(x: Array, dim: int, index: Array, value: Any) -> Array:
    """A copy with one number in the slices that the index names."""
    out = kept_format(x)
    fill_slices(out, dim, index, value)
    return shaped_as(out, x)


index_fill_tensor = index_fill


def fill_slices(x: Array, dim: int, index: Array, value: Any) -> None:
    """The same in place, slice by slice; of slices without elements no index is looked at."""
    x = np.atleast_1d(x)  # shares memory
    at, size = _dimension(x, dim)
    if 0 not in x.shape[:at] + x.shape[at + 1 :]:
        expect_within(line(index), -size, size, _out_of_bounds(at, size), IndexError)
        x[lanes(x, dim, index)] = element(value, x.dtype)


def index_reduce(x: Array, dim: int, index: Array, source: Array, reduce: str, include_self: bool) -> Array:
    """A copy with the source's slices combined where the index says."""
    warn("index_reduce() is in beta and the API may change at any time.")
    if reduce == "mean" and x.dtype == bool:
        raise NotImplementedError("\"index_func_\" not implemented for 'Bool'")
    expect_within(line(index), 0, _dimension(x, dim)[1], _out_of_self, IndexError)
    out = fresh(x)
    combine_at(out, lanes(x, dim, index), _source(x, source), reduce, include_self)
    return shaped_as(out, x)


# ---- flattened elements, and masks


def _expect_reached(index: Array, x: Array) -> None:
    n = int(np.size(x))
    expect_within(
        index, -n, n, lambda i: f"out of range: tried to access index {i} on a tensor of {n} elements.", IndexError
    )


def take(x: Array, index: Array) -> Array:
    """The elements at places counted in row-major order."""
    _expect_reached(index, x)
    return np.array(np.ravel(x)[index], order="C")[()]


def put(x: Array, index: Array, source: Array, accumulate: bool) -> Array:
    """A copy with the source's elements at places counted in row-major order."""
    out = kept_format(x)
    flat = np.array(np.ravel(out))
    index, source = np.asarray(index), np.asarray(source)
    _expect_reached(index, flat)
    # of two for one place the later one in the index's memory is kept
    order: Any = (
        "F" if index.shape == source.shape and index.flags.f_contiguous and not index.flags.c_contiguous else "C"
    )
    if accumulate:
        np.add.at(flat, np.ravel(index), np.ravel(source))
    else:
        flat[np.ravel(index, order)] = np.ravel(source, order)
    out[...] = flat.reshape(out.shape)
    return shaped_as(out, x)


def masked_scatter(x: Array, mask: Array, source: Array) -> Array:
    """A copy with the source's elements, in order, where the mask holds."""
    shape = np.broadcast_shapes(np.shape(x), np.shape(mask))
    out = np.array(np.broadcast_to(x, shape), order="C")
    scatter_where(out, mask, source)
    return out


def scatter_where(target: Array, mask: Array, source: Array) -> None:
    """The same in place; a source that is memory of the target is read as it has become by then."""
    where = np.broadcast_to(mask, target.shape)
    elements = np.ravel(source)
    if not np.may_share_memory(target, elements):
        target[where] = elements[: np.count_nonzero(where)]
        return
    for at, place in enumerate(np.argwhere(where)):
        target[tuple(place)] = elements[at]


def masked_scatter_backward(grad_output: Array, mask: Array, sizes: tuple) -> Array:
    """The gradient of the source: what was put in, in order, and zeros for the rest."""
    picked = grad_output[np.broadcast_to(mask, np.shape(grad_output))]
    out = np.zeros(sizes, picked.dtype)
    out.reshape(-1)[: picked.size] = picked
    return out


def nonzero(x: Array) -> Array:
    """The places of the elements that are not zero, one a row, in column-major memory."""
    found = np.argwhere(x) if np.ndim(x) else np.zeros((int(bool(x)), 0), np.int64)
    out = laid_out(found.shape, (1, len(found)), np.dtype(np.int64))
    out[...] = found
    return out


# ---- windows of a copy


def strides_kept(x: Array) -> Array:
    """A copy in memory of the same strides, holes included."""
    if (
        isinstance(x, np.generic)
        or 0 in x.shape
        or any(s <= 0 < n - 1 for s, n in zip(x.strides, x.shape, strict=True))
    ):
        return np.array(x, order="C")
    out = laid_out(x.shape, tuple([s // x.itemsize for s in x.strides]), x.dtype)
    out.base[...] = 0
    out[...] = x
    return out


@in_steps  # it moves elements as they are
def select_scatter(x: Array, src: Array, dim: int, index: int) -> Array:
    """A copy with one position of a dimension replaced."""
    out = strides_kept(x)
    out[(slice(None),) * (dim % x.ndim) + (index,)] = castable(src, out)
    return out


@in_steps  # it moves elements as they are
def slice_scatter(x: Array, src: Array, dim: int, start: Any, end: Any, step: int) -> Array:
    """A copy with some positions of a dimension replaced."""
    out = strides_kept(x)
    out[(slice(None),) * (dim % x.ndim) + (slice(start, end, step),)] = castable(src, out)
    return out


@in_steps  # it moves elements as they are
def diagonal_scatter(x: Array, src: Array, offset: int, dim1: int, dim2: int) -> Array:
    """A copy with the diagonal of two dimensions replaced."""
    from .shape import diagonal

    out = strides_kept(x)
    diagonal(out, offset, dim1 % x.ndim, dim2 % x.ndim)[...] = castable(src, out)
    return out
