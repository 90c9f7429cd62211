"""In-place writes that no row derives: copy_, fill_, zero_; index_put_ is in index_put.py.

Each follows one pattern: check_inplace, write, bump the version, then, if anything is tracked, build the node over the
old history and rebase.
"""

from __future__ import annotations

from typing import Any

from .. import grad_mode
from ..calls.operands import category_of, type_name
from ..calls.scalar import filling, refuse_wide
from ..device import contiguous_format
from ..kernels.numbers import castable
from ..kernels.pointwise import zeros_like as zeros_of
from ..memory.descriptor import expect_room
from ..memory.geometry import address, laid_out
from ..memory.layout import is_dense
from ..memory.lazy import COPIED_TO, IMMUTABLE, LAZY, Negated, Zeros, negative
from ..nodes.graph import BinaryNode, UnaryNode, next_sequence_nr
from ..plain_numpy import np
from ..tensor import Tensor, wrap
from .overlap import refuse, refuse_internal
from .views import bump, check_inplace, edge, rebase_history, recorded, requires_grad, storage_of

_new = object.__new__


def tracked(*tensors: Any, indices: Any = ()) -> bool:
    """Whether an operation over these is recorded."""
    wanted = grad_mode.state.grad and any(t._requires_grad and requires_grad(t) for t in tensors)
    return wanted and recorded(tensors, indices)


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
        from ..backward.engine import through_tensors

        first = None if self.fn0 is None else np.zeros(grad.shape, grad.dtype)  # row-major, whatever the gradient is
        if self.fn1 is None:
            return first, None
        if self.source.dtype is not self.desc.dtype:
            return through_tensors(self, grad)
        from ..kernels.shape import sum_to_size

        return first, sum_to_size(grad, self.source.shape)

    def apply_tensors(self, grad: Any) -> Any:
        from ..creation import zeros_like

        first = None if self.fn0 is None else zeros_like(grad, memory_format=contiguous_format)
        if self.fn1 is None:
            return first, None
        from ..formulas import to_copy_backward

        return first, to_copy_backward(grad, self.source.dtype)  # before it is summed, as in PyTorch


class ZeroBackward0(UnaryNode):
    """The gradient of what was overwritten is zero."""

    __slots__ = ()

    def apply(self, grad: Any, keep: bool) -> Any:
        return zeros_of(grad)

    def apply_tensors(self, grad: Any) -> Any:
        from ..formulas.pointwise import zeros_like

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
        if kind is not None and grad.dtype.kind == "c" != kind.kind:
            from ..backward.engine import through_tensors
            from ..backward.graph_task import task_under_way

            task = task_under_way()
            if task is None or task.needed is None or self.fn1 in task.asked:
                return through_tensors(self, grad)  # which refuses it
            kind = None
        return (
            None if self.fn0 is None else zeros_of(grad),
            None if kind is None else np.add.reduce(grad, axis=None).astype(kind),
        )

    def apply_tensors(self, grad: Any) -> Any:
        from ..creation import zeros_like

        return None if self.fn0 is None else zeros_like(grad), None if self.fn1 is None else grad.sum()


def binary(cls: type, target: Tensor, other: Tensor) -> Any:
    """A node over what is overwritten and what is written."""
    node = start(_new(cls), target._desc)
    node.fn0, node.nr0 = edge(target)
    node.fn1, node.nr1 = edge(other)
    return node


def _unary(cls: type, target: Tensor) -> Any:
    node = start(_new(cls), target._desc)
    node.fn0, node.nr0 = edge(target)
    return node


def copy_(self: Tensor, other: Any, non_blocking: bool = False) -> Tensor:
    """Overwrite with the elements of `other`, broadcast and converted."""
    if not isinstance(other, Tensor):
        if category_of(other) is None:
            raise TypeError(f"copy_(): argument 'other' (position 1) must be Tensor, not {type_name(other)}")
        other = wrap(np.array(other))
    flag = self._desc.dtype.category >= 2 and tracked(self, other)  # whole numbers are nobody's results
    check_inplace(self, flag)
    array = storage_of(self)
    node = None
    if flag:
        node = binary(CopyBackwards, self, other)
        node.source = other._desc
    if not same_elements(self, other):
        source = other._array
        if type(array) is Zeros:
            raise RuntimeError(COPIED_TO)
        refuse(array.raw if type(array) in LAZY else array, source.raw if type(source) in LAZY else source)
        check_broadcast(other, self._desc.shape)
        copy_elements(array, source)
    return written(self, node)


def copy_elements(target: Any, source: Any) -> None:
    """Copy what memory holds, and negate the copies: so the imaginary part of what was real is -0, and bools are refused."""
    negated = (type(target) is Negated) is not (type(source) is Negated)
    target = target.raw if type(target) is Negated else target
    source = source.raw if type(source) is Negated else source
    if negated and source.dtype == target.dtype:
        source, negated = negative(source), False
    np.copyto(target, castable(source, target), casting="unsafe")
    if negated:
        target[...] = negative(target)


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
        expect_room(shape, src._desc.shape)


def fill_(self: Tensor, value: Any) -> Tensor:
    """Overwrite every element with one number or 0-d tensor."""
    is_tensor = isinstance(value, Tensor)
    if not is_tensor and category_of(value) is None:
        raise TypeError  # PyTorch's parser says what is wrong
    flag = tracked(self, value) if is_tensor else tracked(self)
    check_inplace(self, flag)
    if is_tensor and value._desc.ndim:
        if type(self._array) is Zeros:
            raise RuntimeError(IMMUTABLE)
        raise RuntimeError(
            f"fill_ only supports 0-dimension value tensor but got tensor with {value._desc.ndim} dimensions."
        )
    array = storage_of(self)
    if is_tensor:
        refuse_internal(array)  # a tensor is copied in, a number is not; so assigned items are refused, too
    else:
        refuse_wide(value)
    node = None
    if flag:  # even of integers: PyTorch asks only copy_ for the type
        node = binary(FillBackward3, self, value) if is_tensor else _unary(FillBackward2, self)
    array[...] = castable(value._array, array) if is_tensor else filling(value, self._desc.dtype, self._desc.numel)
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


def copy_obeying(grad: Tensor, variable: Tensor) -> Tensor:
    """A differentiable copy of a gradient with the strides of the layout contract."""
    from ..dispatch import contiguous_copy

    desc = variable._desc
    if not is_dense(desc.shape, desc.strides):
        return contiguous_copy(grad)  # which counts no write
    return copy_(wrap(laid_out(desc.shape, desc.strides, grad._desc.dtype.numpy)), grad)
