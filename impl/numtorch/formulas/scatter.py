"""Formula functions of gathering and scattering, in differentiable operations."""

from __future__ import annotations

from typing import Any

from .. import creation, dispatch as d, grad_mode
from ..memory.descriptor import broadcast_shapes
from ..nodes import error_nodes
from ..plain_numpy import np
from ..tensor import wrap
from .masks import into_zeros, mask, within


def _zeros(shape: tuple, grad: Any) -> Any:
    return wrap(np.zeros(shape, grad._desc.dtype.numpy))


def gather_backward(grad: Any, x: Any, dim: int, index: Any, sparse_grad: bool) -> Any:
    """The gradients added at the places that they were gathered from."""
    return into_zeros(grad, d.scatter_add(_zeros(x._desc.shape, grad), dim, index, grad))


def index_select_backward(grad: Any, shape: tuple, dim: int, index: Any) -> Any:
    """The gradients added at the slices that they were taken from."""
    return into_zeros(grad, d.index_add(_zeros(shape, grad), dim, index, grad, 1))


def _selected(grad: Any, dim: int, index: Any, source: Any, source_dim: int) -> Any:
    """The slices of a gradient that belong to a source, which may be 0-d."""
    if source_dim > 0:
        return d.expand(d.index_select(grad, dim, index), tuple(source._desc.shape))
    return d.index_select(grad, dim, d.squeeze_dim(index, 0))


def index_add_source(grad: Any, dim: int, index: Any, source: Any, source_dim: int, alpha: Any) -> Any:
    """The slices that were added to, times the number."""
    selected = _selected(grad, dim, index, source, source_dim)
    return selected if alpha == 1 else d.mul_scalar(selected, alpha)


def index_copy_source(grad: Any, dim: int, index: Any, source: Any, source_dim: int) -> Any:
    """The slices that were overwritten."""
    return _selected(grad, dim, index, source, source_dim)


def index_fill_value(grad: Any, dim: int, index: Any, dtype: Any) -> Any:
    """The sum of what was filled in, which the engine brings to the number's type, or refuses."""
    return d.sum_all(d.index_select(grad, dim, wrap(np.unique(index._array))), None)


def take_backward(grad: Any, x: Any, index: Any) -> Any:
    """The gradients added at the places that they were taken from."""
    out = d.put(creation.zeros_like(x), index, grad, True)
    if within(grad, index):
        out._counter = [0]  # here PyTorch writes to nothing
    return out


def put_self(grad: Any, index: Any, source: Any, accumulate: bool) -> Any:
    """The gradient of what was not overwritten."""
    return grad if accumulate else d.put(grad, index, wrap(np.zeros(source.shape, source.dtype.numpy)), False)


def put_source(grad: Any, index: Any, source: Any) -> Any:
    """The gradients at the places that were written."""
    return d.take(grad, index).reshape(tuple(source._desc.shape))


def masked_scatter_into_zeros(grad: Any, desc: Any, mask: Any) -> Any:
    """The gradients where the mask holds, in order."""
    return d.masked_scatter(_zeros(desc.shape, grad), mask, grad)


def select_scatter_self(grad: Any, kind: Any, dim: int, index: int) -> Any:
    """The gradient of what was not replaced: zeros, of the source's type, are written into it."""
    return d.select_scatter(grad, creation.zeros_like(d.select(grad.detach(), dim, index), dtype=kind), dim, index)


def slice_scatter_self(grad: Any, kind: Any, dim: int, start: Any, end: Any, step: int) -> Any:
    """The gradient of what was not replaced."""
    return d.slice_scatter(
        grad, creation.zeros_like(d.slice_(grad.detach(), dim, start, end, step), dtype=kind), dim, start, end, step
    )


def diagonal_scatter_self(grad: Any, kind: Any, offset: int, dim1: int, dim2: int) -> Any:
    """The gradient of what was not replaced."""
    return d.diagonal_scatter(
        grad, creation.zeros_like(d.diagonal(grad.detach(), offset, dim1, dim2), dtype=kind), offset, dim1, dim2
    )


# ---- reductions: one algorithm, whether single elements or whole slices are combined


class _Elements:
    """scatter_reduce: the source's elements go to single places."""

    name = "scatter_reduce"
    source = "src"

    def __init__(self, dim: int, index: Any):
        self.at = (dim, index)

    def reduce(self, x: Any, source: Any, how: str, include_self: bool) -> Any:
        return d.scatter_reduce(x, *self.at, source, how, include_self)

    def add(self, x: Any, source: Any) -> Any:
        return d.scatter_add(x, *self.at, source)

    def pick(self, x: Any) -> Any:
        return d.gather(x, *self.at, False)

    def clear(self, x: Any) -> Any:
        return d.scatter_value(x, *self.at, 0)


class _Slices(_Elements):
    """index_reduce: the source's slices go to whole slices."""

    name = "index_reduce"
    source = "source"

    def reduce(self, x: Any, source: Any, how: str, include_self: bool) -> Any:
        return d.index_reduce(x, *self.at, source, how, include_self)

    def add(self, x: Any, source: Any) -> Any:
        return d.index_add(x, *self.at, source, 1)

    def pick(self, x: Any) -> Any:
        return d.index_select(x, *self.at)

    def clear(self, x: Any) -> Any:
        return d.index_fill(x, *self.at, 0)


def scatter_reduce_backward(
    grad: Any, x: Any, dim: int, index: Any, src: Any, reduce: str, include_self: bool, result: Any
) -> Any:
    """The gradients of what was there and of what was combined with it."""
    return _reduced(_Elements(dim, index), grad, x, src, reduce, include_self, result)


def index_reduce_backward(
    grad: Any, x: Any, dim: int, index: Any, source: Any, reduce: str, include_self: bool, result: Any
) -> Any:
    """The same for whole slices."""
    return _reduced(_Slices(dim, index), grad, x, source, reduce, include_self, result)


def _reduced(by: _Elements, grad: Any, x: Any, source: Any, reduce: str, include_self: bool, result: Any) -> Any:
    if reduce == "sum":
        mine, other = grad, by.pick(grad)
    elif reduce == "prod":
        mine, other = _product(by, grad, x, source, include_self, result)
    elif reduce == "mean":
        start = creation.ones_like(grad) if include_self else creation.zeros_like(grad)
        n = by.add(start, creation.ones_like(source))
        n = d.masked_fill(n, d.eq(n, 0), 1)
        mine, other = grad / n, by.pick(grad) / by.pick(n)
    else:
        value = by.pick(result)
        mine_is = d.eq(x, result).to(x._desc.dtype)
        other_is = d.eq(source, value).to(source._desc.dtype)
        shared = grad / by.add(mine_is, other_is)
        mine, other = mine_is * shared, other_is * by.pick(shared)
    return mine if include_self else by.clear(mine), other


def _product(by: _Elements, grad: Any, x: Any, source: Any, include_self: bool, result: Any) -> tuple:
    """Products without the one factor; where that one is the only zero its place is computed without it."""
    alone = d.masked_fill(x, d.eq(x, 0), 1)
    mine = grad * by.reduce(alone, source, "prod", include_self) / alone
    zero = d.eq(source, 0)
    zeros = by.pick(by.add(creation.zeros_like(x), zero.to(x._desc.dtype)))
    single = d.bitwise_and(zero, d.eq(zeros, 1))
    without = by.reduce(x, d.masked_fill(source, single, 1), "prod", include_self)
    divisor = d.masked_fill(source, zero, 1)  # from right to left, as PyTorch's C++ evaluates arguments
    several = by.pick(grad * result) / divisor
    other = d.where(single, by.pick(grad * without), several)
    if grad_mode.state.mode and np.any(zeros._array > 1):
        what = f"Double backward is unsupported for {by.source} when >1 zeros in {by.source} are scattered to the same position"
        made = error_nodes.node(error_nodes.Error, f"{by.name}(): {what} in self", [other._desc], [other])
        other = wrap(other._array)
        error_nodes.attach([other], made)
    return mine, other


def scatter_reduce_jvp(
    x: Any, tangent: Any, dim: int, index: Any, src: Any, moved: Any, reduce: str, include_self: bool, result: Any
) -> Any:
    """Linear for sums and means, the mean over ties for extremes; of products PyTorch knows none."""
    if reduce in ("sum", "mean"):
        return tangent.scatter_reduce(dim, index, moved, reduce, include_self=include_self)
    if reduce == "prod":
        return None
    chosen = mask(np.equal, x, result)
    there = d.gather(result, dim, index, False)
    broadcast_shapes(src._desc.shape, there._desc.shape)  # or PyTorch's complaint, of an index that is smaller than src
    chosen_too = mask(np.equal, src, there)
    kept = d.where(chosen_too, moved, 0)
    kind = tangent._desc.dtype
    count = d.scatter_reduce(chosen.to(kind), dim, index, chosen_too.to(kind), "sum", include_self)
    total = d.where(chosen, tangent, 0).scatter_reduce(dim, index, kept, "sum", include_self=include_self)
    return d.div(total, count)
