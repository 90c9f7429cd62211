"""as_strided, and what CopySlices and as_strided do in backward where the gradient is itself to be differentiable."""

from __future__ import annotations

from typing import Any

from .. import dispatch
from ..aliasing.strided import AsStridedBackward0, Scatter, check_bounds
from ..aliasing.views import as_view, edge, geometry, storage_of
from ..aliasing.writes import copy_, start, tracked
from ..memory.geometry import laid_out, root_of, strided
from ..nodes.graph import Node
from ..tensor import Tensor, wrap
from .arguments import expect_ints, is_int

_new = object.__new__


def check_window(self: Tensor, size: Any, stride: Any, storage_offset: int | None) -> tuple:
    """(size, stride, offset, the array of the window) of as_strided, or PyTorch's error."""
    size, stride = expect_ints(size, "as_strided", "size", 1), expect_ints(stride, "as_strided", "stride", 2)
    if storage_offset is not None and not is_int(storage_offset) and not isinstance(storage_offset, Tensor):
        raise TypeError  # PyTorch's parser says what is wrong
    place = geometry(self)
    array = storage_of(self)
    offset = place.offset if storage_offset is None else storage_offset
    if len(size) != len(stride):
        raise RuntimeError("mismatch in length of strides and shape")
    if any(st < 0 for st in stride):
        raise RuntimeError(f"as_strided: Negative strides are not supported at the moment, got strides: {list(stride)}")
    check_bounds(size, stride, offset, array.itemsize, root_of(array).nbytes)
    return size, stride, offset, strided(array, size, stride, offset)


def strided_node(cls: type, self: Tensor, desc: Any, size: tuple, stride: tuple, offset: int, given: Any) -> Any:
    """The node of as_strided or as_strided_."""
    node = start(_new(cls), desc)
    node.fn0, node.nr0 = edge(self)
    node.size, node.stride, node.offset, node.given_offset, node.base = size, stride, offset, given, geometry(self)
    return node


def as_strided(self: Tensor, size: Any, stride: Any, storage_offset: int | None = None) -> Tensor:
    """A view of the storage said by strides."""
    size, stride, offset, array = check_window(self, size, stride, storage_offset)
    result = wrap(array)
    if tracked(self):
        result._made = strided_node(AsStridedBackward0, self, result._desc, size, stride, offset, storage_offset)
        result._requires_grad = True
    return as_view(self, result)


# ---- backward, over Tensors


def as_strided_backward(grad: Tensor, plan: Scatter) -> Tensor:
    """The gradient of a window scattered into memory laid out as its base, in differentiable operations."""
    from ..creation import zeros

    base = plan.base
    kind = grad._desc.dtype
    if plan.empty:
        return zeros(tuple(base.shape), dtype=kind)
    for dim in reversed(range(grad._desc.ndim)):
        if dim in plan.summed:
            grad = grad.sum(dim)
        elif dim in plan.dims:
            grad = grad.squeeze(dim)
    storage = zeros((plan.total,), dtype=kind)
    if plan.overlaps:
        positions = wrap(plan.indices(plan.size, plan.strides, plan.offset))
        dispatch.index_add_(storage, 0, positions, grad.reshape(-1), 1)
    else:
        copy_(as_strided(storage, plan.size, plan.strides, plan.offset), grad)
    if plan.shares:
        storage.div_(wrap(plan.counts().astype(kind.numpy)))
    return as_strided(storage, tuple(base.shape), base.strides, plan.shift)


def copy_slices(node: Any, grad: Tensor) -> tuple:
    """A write through a view, backward."""
    base, view, fn = node.base, node.view, node.write()
    kind = grad._desc.dtype.numpy
    result = copy_(wrap(laid_out(base.shape, base.strides, kind)), grad)
    if node.replay is None:
        window = as_strided(result, view.shape, view.strides, view.offset - base.offset)
    else:
        window = node.replay(result)
    inner = _call(fn, dispatch.contiguous_copy(window))
    if inner[0] is None:
        return (None, *inner[1:])
    copy_(window, inner[0])
    return (result, *inner[1:])


def _call(fn: Node, grad: Tensor) -> tuple:
    if fn.custom:
        return tuple(fn.apply_custom([grad]))  # type: ignore[attr-defined]
    out = fn.apply_tensors(grad)
    return (out,) if fn.arity == 1 else tuple(out)


METHODS: dict[str, Any] = {"as_strided": as_strided}
FUNCTIONS: dict[str, Any] = {"as_strided": as_strided}
