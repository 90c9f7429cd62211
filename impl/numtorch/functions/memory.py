"""The memory under a tensor exchanged, resized, compared.

NumPy cannot let memory grow under the arrays that look into it. A tensor whose memory must grow gets new memory, and the
tensors that shared the old keep that.
"""

from __future__ import annotations

from typing import Any

from .. import grad_mode
from ..aliasing.strided import check_bounds, reach
from ..aliasing.views import become, check_inplace, rebase_history, storage_of
from ..aliasing.writes import tracked
from ..calls.checked import refusal
from ..memory.descriptor import describe
from ..memory.geometry import element_strides, root_of, storage_offset, strided
from ..memory.layout import contiguous_strides
from ..memory.lazy import LAZY
from ..nodes import error_nodes
from ..plain_numpy import np
from ..storage import TypedStorage
from ..tensor import Tensor, cpp_name
from .arguments import expect_ints, expect_tensor, is_int, sizes
from .reduction import MISSING


def with_room(array: np.ndarray, count: int) -> np.ndarray:
    """The array if its memory has room for so many elements, else one over more memory with the same bytes."""
    root = root_of(array)
    if root.nbytes >= count * array.itemsize:
        return array
    old = strided(array, (root.nbytes // array.itemsize,), (1,), 0)
    new = np.zeros(count, array.dtype)
    new[: old.size] = old
    return new


def set_(
    self: Tensor, source: Any = MISSING, storage_offset: Any = MISSING, size: Any = MISSING, stride: Any = MISSING
) -> Tensor:  # the names are PyTorch's
    """Let the tensor show the memory of another, or none."""
    given = [x for x in (source, storage_offset, size, stride) if x is not MISSING]
    error = refusal("set_", (self, *given), {}, True)
    if error is not None:
        raise error
    source, size, stride = [None if x is MISSING else x for x in (source, size, stride)]
    storage_offset = 0 if storage_offset is MISSING else storage_offset
    if isinstance(source, TypedStorage):
        source = source.untyped()
    flag = tracked(self, source) if isinstance(source, Tensor) else tracked(self)
    check_inplace(self, flag)
    kind = self._desc.dtype
    if isinstance(source, Tensor) and source._desc.dtype is not kind:
        raise RuntimeError(
            f"Could not set tensor of type {cpp_name(source._desc.dtype)} to a tensor of type {cpp_name(kind)}"
        )
    array = _shown(source, kind, storage_offset, size, stride)
    desc = describe(array)
    node: Any = None
    if flag:
        text = "derivative for set_ is not implemented"
        node = error_nodes.node(
            error_nodes.NotImplementedNode, text, [desc], [self, source if isinstance(source, Tensor) else None]
        )
    become(self, array, desc)
    if not grad_mode.state.inference:
        self._accumulator = None  # graphs from now on get a new one
    if flag:
        rebase_history(self, node)
    return self


def _shown(source: Any, kind: Any, offset: int, size: Any, stride: Any) -> np.ndarray:
    """The array that set_ makes a tensor show."""
    if source is None:
        return np.empty(0, kind.numpy)
    array = storage_of(source) if isinstance(source, Tensor) else source.flat(np.dtype(kind.numpy))
    if size is None:
        return array
    size = expect_ints(size, "set_", "size", 3)
    stride = contiguous_strides(size) if stride is None else expect_ints(stride, "set_", "stride", 4)
    if len(size) != len(stride):
        raise RuntimeError(f"unequal size length ({len(size)}) and stride length ({len(stride)})")
    check_bounds(size, stride, offset, array.itemsize, root_of(array).nbytes)
    return strided(array, size, stride, offset)


def resize_(self: Tensor, *size: Any, memory_format: Any = None) -> Tensor:
    """Change the shape in place; memory that must grow is new memory."""
    if not size:
        raise TypeError('resize_() missing 1 required positional arguments: "size"')
    for position, s in enumerate(size):
        if not (isinstance(s, (tuple, list)) or is_int(s)):
            raise TypeError(
                f"resize_(): argument 'size' (position {position + 1}) must be tuple of ints, not {type(s).__name__}"
            )
    return _resize(self, sizes(size))


def resize_as_(self: Tensor, the_template: Tensor, *, memory_format: Any = None) -> Tensor:
    """Change the shape in place to that of another tensor."""
    return _resize(self, tuple(expect_tensor(the_template, "resize_as_", "the_template")._desc.shape))


def _resize(self: Tensor, shape: tuple) -> Tensor:
    if self.requires_grad and not grad_mode.state.inference:
        raise RuntimeError("cannot resize variables that require grad")
    return resized(self, shape)


def resized(self: Tensor, shape: tuple) -> Tensor:
    """The tensor with another shape, in place, whether it requires grad or not."""
    check_inplace(self, False)
    if shape == tuple(self._desc.shape):
        return self  # which PyTorch does not count as a write
    if any(s < 0 for s in shape):
        raise RuntimeError("numel: integer multiplication overflow")
    array = storage_of(self)
    offset, strides = storage_offset(array), contiguous_strides(shape)
    new = strided(with_room(array, reach(shape, strides, offset)), shape, strides, offset)
    become(self, new, describe(new))
    return self


def is_set_to(self: Tensor, tensor: Tensor) -> bool:
    """Whether both show the same elements of the same memory."""
    a, b = storage_of(self), storage_of(expect_tensor(tensor, "is_set_to", "tensor"))
    return (
        not {type(a), type(b)} & LAZY
        and self._desc.dtype is tensor._desc.dtype
        and root_of(a) is root_of(b)
        and storage_offset(a) == storage_offset(b)
        and self._desc.shape == tensor._desc.shape
        and element_strides(a) == element_strides(b)
    )


METHODS: dict[str, Any] = {f.__name__: f for f in (set_, resize_, resize_as_, is_set_to)}
FUNCTIONS: dict[str, Any] = {}
