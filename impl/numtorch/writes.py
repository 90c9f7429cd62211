"""In-place writes that no row derives: copy_, fill_, zero_, index_put_.

Each follows one pattern: check_inplace, write, bump the version, then, if anything is tracked, build the node over the
old history and rebase.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from . import grad_mode
from .descriptor import broadcast_shapes
from .geometry import address, is_dense_like
from .graph import BinaryNode, UnaryNode, edge, next_sequence_nr
from .kernels import index_put_zeros, index_values, raw_indices
from .operands import category_of
from .overlap import refuse, refuse_any, refuse_internal, warn_of_internal
from .strided import window_of
from .tensor import Tensor, wrap
from .views import bump, check_inplace, geometry, rebase_history, requires_grad, storage_of

_new = object.__new__
IMAGINARY_DISCARDED = "Casting complex values to real discards the imaginary part"


def tracked(*tensors: Any) -> bool:
    """Whether an operation over these is recorded."""
    return bool(grad_mode.state.grad and any(t._requires_grad and requires_grad(t) for t in tensors))


def start(node: Any, desc: Any) -> Any:
    """The fields every node has."""
    node.seq = next_sequence_nr()
    node.desc = desc
    return node


class CopyBackwards(BinaryNode):
    """copy_: what was overwritten gets zeros, the source the gradient in its own type and shape."""

    __slots__ = ("source",)

    def name(self) -> str:
        return "torch::autograd::CopyBackwards"

    def apply(self, grad: Any, keep: bool) -> Any:
        from .engine import through_tensors

        first = None if self.fn0 is None else np.zeros_like(grad)
        if self.fn1 is None:
            return first, None
        if self.source.dtype is not self.desc.dtype:
            return through_tensors(self, grad)
        from .kernels import sum_to_size

        return first, sum_to_size(grad, self.source.shape)

    def apply_tensors(self, grad: Any) -> Any:
        from .creation import zeros_like
        from .engine import validate

        first = None if self.fn0 is None else zeros_like(grad)
        return first, None if self.fn1 is None else validate(grad, self.source, "CopyBackwards", 1)


class ZeroBackward0(UnaryNode):
    """The gradient of what was overwritten is zero."""

    __slots__ = ()

    def apply(self, grad: Any, keep: bool) -> Any:
        return np.zeros_like(grad)

    def apply_tensors(self, grad: Any) -> Any:
        from .creation import zeros_like

        return zeros_like(grad)


class FillBackward2(ZeroBackward0):
    """fill_ with a number."""

    __slots__ = ()
    saved_values = ()


class NormalBackward0(ZeroBackward0):
    """normal_"""

    __slots__ = ()


class UniformBackward0(ZeroBackward0):
    """uniform_"""

    __slots__ = ()


class FillBackward3(BinaryNode):
    """fill_ with a 0-d tensor, which gets the sum."""

    __slots__ = ()

    def apply(self, grad: Any, keep: bool) -> Any:
        kind = None if self.fn1 is None else self.fn1.descriptors()[self.nr1].dtype.numpy
        return (
            None if self.fn0 is None else np.zeros_like(grad),
            None if kind is None else np.add.reduce(grad, axis=None, dtype=kind),
        )

    def apply_tensors(self, grad: Any) -> Any:
        from .creation import zeros_like

        return None if self.fn0 is None else zeros_like(grad), None if self.fn1 is None else grad.sum()


class IndexPutBackward0(BinaryNode):
    """index_put_ and item assignment with index tensors."""

    __slots__ = ("accumulate", "indices", "values_desc")
    saved_values = ("indices", "accumulate")

    def apply(self, grad: Any, keep: bool) -> Any:
        return (
            None if self.fn0 is None else index_put_zeros(grad, self.indices, self.accumulate),
            None if self.fn1 is None else index_values(grad, self.indices, self.values_desc),
        )

    def apply_tensors(self, grad: Any) -> Any:
        from . import formulas

        return (
            None if self.fn0 is None else formulas.index_put_zeros(grad, self.indices, self.accumulate),
            None if self.fn1 is None else formulas.index_values(grad, self.indices, self.values_desc),
        )


def _binary(cls: type, target: Tensor, other: Tensor) -> Any:
    node = start(_new(cls), target._desc)
    node.fn0, node.nr0 = edge(target)
    node.fn1, node.nr1 = edge(other)
    node.plan = None
    return node


def _unary(cls: type, target: Tensor) -> Any:
    node = start(_new(cls), target._desc)
    node.fn0, node.nr0 = edge(target)
    return node


def copy_(self: Tensor, src: Any, non_blocking: bool = False) -> Tensor:
    """Overwrite with the elements of `src`, broadcast and converted."""
    if not isinstance(src, Tensor):
        if category_of(src) is None:
            raise TypeError(f"copy_(): argument 'other' (position 1) must be Tensor, not {type(src).__name__}")
        src = wrap(np.array(src))
    flag = tracked(self, src)
    check_inplace(self, flag)
    array = storage_of(self)
    node = None
    if flag and self._desc.dtype.category >= 2:
        node = _binary(CopyBackwards, self, src)
        node.source = src._desc
    if self is not src and not same_elements(self, src):
        refuse(array, src._array)
        check_broadcast(src, self._desc.shape)
        source = src._array
        if np.iscomplexobj(source) and not np.iscomplexobj(array) and array.dtype.kind != "b":
            warnings.warn(IMAGINARY_DISCARDED, stacklevel=2)
            source = source.real
        np.copyto(array, source, casting="unsafe")
    return written(self, node)


def same_elements(a: Tensor, b: Tensor) -> bool:
    """Whether both show the same elements, of the same memory and in the same order."""
    return a._desc is b._desc and type(b._array) is np.ndarray and address(a._array) == address(b._array)


def written(self: Tensor, node: Any) -> Tensor:
    """Count a write, and give the tensor the node that was made for it before, if it is tracked."""
    bump(self)
    if node is not None:
        rebase_history(self, node)
    return self


def check_broadcast(src: Tensor, shape: tuple) -> None:
    """PyTorch's error if `src` does not broadcast to exactly `shape`."""
    if src._desc.shape != shape:
        found = broadcast_shapes(shape, src._desc.shape)
        if found != shape:
            raise RuntimeError(f"output with shape {list(shape)} doesn't match the broadcast shape {list(found)}")


def fill_(self: Tensor, value: Any) -> Tensor:
    """Overwrite every element with one number or 0-d tensor."""
    is_tensor = isinstance(value, Tensor)
    flag = tracked(self, value) if is_tensor else tracked(self)
    check_inplace(self, flag)
    if is_tensor and value._desc.ndim:
        raise RuntimeError(
            f"fill_ only supports 0-dimension value tensor but got tensor with {value._desc.ndim} dimensions."
        )
    array = storage_of(self)
    if is_tensor:
        refuse_internal(array)  # a tensor is copied in, a number is not; so assigned items are refused, too
    node = None
    if flag and self._desc.dtype.category >= 2:
        node = _binary(FillBackward3, self, value) if is_tensor else _unary(FillBackward2, self)
    array[...] = value._array if is_tensor else np.array(value).astype(array.dtype)
    return written(self, node)


def zero_(self: Tensor) -> Tensor:
    """Overwrite every element with zero."""
    flag = tracked(self)
    check_inplace(self, flag)
    node = _unary(ZeroBackward0, self) if flag else None
    storage_of(self)[...] = 0
    return written(self, node)


def overwrite(self: Tensor, fill: Any, node_class: type) -> Tensor:
    """Let `fill(array)` overwrite the elements with values that depend on nothing: random ones."""
    flag = tracked(self)
    check_inplace(self, flag)
    refuse_internal(storage_of(self))
    node = _unary(node_class, self) if flag else None
    fill(storage_of(self))
    return written(self, node)


def before_put(self: Tensor, indices: Any, values: Tensor) -> bool:
    """Check that values may be put into the tensor, wherever; whether that is to be tracked."""
    flag = tracked(self, values)
    check_inplace(self, flag)
    if values._desc.dtype is not self._desc.dtype:
        raise RuntimeError(
            "Index put requires the source and destination dtypes match, got "
            f"{self._desc.dtype.scalar_name} for the destination and {values._desc.dtype.scalar_name} for "
            "the source."
        )
    refuse_any(storage_of(self), values._array, *[i._array for i in indices if isinstance(i, Tensor)])
    return flag


def index_put_(self: Tensor, indices: Any, values: Tensor, accumulate: bool = False) -> Tensor:
    """Write `values` at the positions that index tensors pick."""
    indices = tuple(indices)
    flag = before_put(self, indices, values)
    array = storage_of(self)
    warn_of_internal(array, "index_put_")
    node = None
    if flag:
        node = _binary(IndexPutBackward0, self, values)
        node.indices, node.values_desc, node.accumulate = indices, values._desc, accumulate
    picks = raw_indices(indices)
    try:
        if accumulate:
            np.add.at(array, picks, values._array)
        else:
            array[picks] = values._array
    except ValueError:
        picked = list(array[picks].shape)
        raise RuntimeError(
            f"shape mismatch: value tensor of shape {list(values._desc.shape)} cannot be broadcast to "
            f"indexing result of shape {picked}"
        ) from None
    return written(self, node)


def copy_obeying(grad: Tensor, variable: Tensor) -> Tensor:
    """A differentiable copy of a gradient with the strides of the layout contract."""
    model = variable._array
    place = geometry(variable)
    if type(model) is np.ndarray and not model.flags.c_contiguous and is_dense_like(model):
        out = np.empty(model.size, grad._desc.dtype.numpy)
        new = wrap(window_of(out, place.shape, place.strides, 0))
    else:
        new = wrap(np.empty(grad._desc.shape, grad._desc.dtype.numpy))
    return copy_(new, grad)
