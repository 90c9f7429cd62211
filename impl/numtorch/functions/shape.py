"""Views and rearrangements, as users call them."""

from __future__ import annotations

import itertools
from typing import Any

from .. import dispatch, grad_mode
from ..calls.checked import refusal
from ..calls.scalar import checked
from ..device import contiguous_format, preserve_format
from ..dispatch import usual as d
from ..dtype import dtypes
from ..kernels.shape import permuted, view_strides
from ..memory.formats import ORDERS, lies_in
from ..memory.geometry import element_strides
from ..plain_numpy import np
from ..tensor import Tensor, existing_dim, wrap_dim
from ..warning import warn
from .arguments import as_given, dims, expect_tensor, infer_size, sizes
from .reinterpret import view_dtype


def view(self: Tensor, *shape: Any, dtype: Any = None, size: Any = None) -> Tensor:
    """The same memory under another shape (or, given a dtype, another type)."""
    if size is not None:
        shape = (*shape, size)
    if dtype is not None or (len(shape) == 1 and isinstance(shape[0], dtypes.dtype)):
        return view_dtype(self, shape[0] if dtype is None else dtype)
    if not shape:
        raise refusal("view", (), {}, True) or TypeError("view() needs a shape")
    size = infer_size(sizes(shape), self._desc.numel)
    check_viewable(self, size)
    return d.view(self, size)


def check_viewable(self: Tensor, size: tuple) -> None:
    """PyTorch's error for a shape that strides cannot say."""
    if not _viewable(self, size):
        raise RuntimeError(
            "view size is not compatible with input tensor's size and stride (at least one dimension "
            "spans across two contiguous subspaces). Use .reshape(...) instead."
        )


def _viewable(self: Tensor, size: tuple) -> bool:
    array = self._array
    return (
        isinstance(array, np.generic)
        or array.flags.c_contiguous
        or view_strides(array.shape, element_strides(array), size) is not None
    )


def reshape(self: Tensor, *sizes_: Any, shape: Any = None) -> Tensor:
    """The same elements under another shape: a view if strides can say it, else a copy."""
    if shape is None:
        shape = sizes_
    size = infer_size(sizes(shape), self._desc.numel)
    array = self._array
    if isinstance(array, np.generic) or array.flags.c_contiguous:
        return d.view(self, size)
    if _viewable(self, size):
        return (d.view if grad_mode.watched() else d.reshape_alias)(
            self, size
        )  # of a mode of PyTorch's dispatcher, a view
    return d.unsafe_view(d.contiguous_copy(self), size)


def view_as(self: Tensor, other: Tensor) -> Tensor:
    """A view of the other's shape."""
    return view(self, tuple(other._desc.shape))


def reshape_as(self: Tensor, other: Tensor) -> Tensor:
    """The elements in the other's shape."""
    return reshape(self, tuple(other._desc.shape))


def flatten(self: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Some dimensions joined into one."""
    shape = self._desc.shape
    start, end = wrap_dim(start_dim, len(shape)), wrap_dim(end_dim, len(shape))
    if start > end:
        raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
    if not shape:
        return reshape(self, (1,))
    if start == end:
        return self
    joined = 1
    for s in shape[start : end + 1]:
        joined *= s
    return reshape(self, (*shape[:start], joined, *shape[end + 1 :]))


def unflatten(self: Tensor, dim: int, sizes: Any) -> Tensor:
    """One dimension split into several."""
    if not len(sizes):
        raise RuntimeError("unflatten: sizes must be non-empty")
    dim = wrap_dim(dim, self._desc.ndim)
    if not self._desc.ndim:
        raise RuntimeError(
            f"unflatten got an unexpected error:\nDimension specified as {dim} but tensor has no dimensions"
        )
    size = self._desc.shape[dim]
    try:
        inner = infer_size(tuple(sizes), size)
    except RuntimeError:
        raise RuntimeError(
            f"unflatten: Provided sizes {list(sizes)} don't multiply up to the size of dim {dim} ({size}) "
            "in the input tensor"
        ) from None
    return view(self, (*self._desc.shape[:dim], *inner, *self._desc.shape[dim + 1 :]))


def ravel(self: Tensor) -> Tensor:
    """One dimension."""
    return view(contiguous(self), -1)


def t(self: Tensor) -> Tensor:
    """A matrix transposed; vectors and scalars as they are."""
    if self._desc.ndim > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {self._desc.ndim}D")
    return d.t(self)


def transpose(self: Tensor, dim0: int, dim1: int) -> Tensor:
    """Two dimensions exchanged."""
    n = self._desc.ndim
    wrap_dim(dim0, n), wrap_dim(dim1, n)
    return d.transpose(self, dim0, dim1)


def swapaxes(self: Tensor, dim0: int, dim1: int) -> Tensor:
    """transpose, composed of it."""
    return transpose(self, dim0, dim1)


def swapdims(self: Tensor, dim0: int, dim1: int) -> Tensor:
    """transpose, composed of it."""
    return transpose(self, dim0, dim1)


def permute(self: Tensor, *order: Any, dims: Any = None) -> Tensor:
    """Dimensions in another order."""
    if dims is not None:
        order = (*order, dims)
    n = self._desc.ndim
    if not order:
        raise TypeError('permute() missing 1 required positional arguments: "dims"')
    given = sizes(order)
    if len(given) != n:
        raise RuntimeError(permuted(n, len(given)))
    wrapped = tuple([wrap_dim(x, n) for x in given])
    if len(set(wrapped)) != n:
        raise RuntimeError("permute(): duplicate dims are not allowed.")
    return d.permute(self, given)


NO_DIMENSIONS = "is deprecated on 0-D tensors."


def T(self: Tensor) -> Tensor:
    """All dimensions reversed."""
    n = self._desc.ndim
    if not n:
        warn(f"Tensor.T {NO_DIMENSIONS} This function is the identity in these cases.")
    elif n != 2:
        warn(
            "The use of `x.T` on tensors of dimension other than 2 to reverse their shape is deprecated and it "
            "will throw an error in a future release. Consider `x.mT` to transpose batches of matrices or "
            "`x.permute(*torch.arange(x.ndim - 1, -1, -1))` to reverse the dimensions of a tensor.",
        )
    return d.permute(self, tuple(range(n - 1, -1, -1)))


def mT(self: Tensor) -> Tensor:
    """The last two dimensions exchanged."""
    if not self._desc.ndim:
        warn(f"Tensor.mT {NO_DIMENSIONS} This function is the identity in these cases.")
        return self
    if self._desc.ndim < 2:
        raise RuntimeError(
            f"tensor.mT is only supported on matrices or batches of matrices. Got {self._desc.ndim}-D tensor."
        )
    return d.transpose(self, -2, -1)


def movedim(self: Tensor, source: Any, destination: Any) -> Tensor:
    """Dimensions moved, the others in order."""
    n = self._desc.ndim
    from_, to = [tuple(x) if isinstance(x, (tuple, list)) else (x,) for x in (source, destination)]
    if len(from_) != len(to):
        raise RuntimeError(
            f"movedim: Invalid source or destination dims: source ({list(from_)} dims) should contain the same number of "
            f"dims as destination ({list(to)} dims)"
        )
    src, dst = dims(from_, n), dims(to, n)
    for name, given, wrapped in (("source", from_, src), ("destination", to, dst)):
        if len(set(wrapped)) != len(wrapped):
            raise RuntimeError(f"movedim: repeated dim in `{name}` ({list(given)})")
    if not n:
        return d.alias(self)
    order = [-1] * n
    for a, b in zip(src, dst, strict=True):
        order[b] = a
    rest = iter([i for i in range(n) if i not in src])
    return d.permute(self, tuple([next(rest) if o < 0 else o for o in order]))


def expand(self: Tensor, *sizes_: Any, size: Any = None) -> Tensor:
    """Dimensions of size 1 repeated without copying; -1 keeps a size."""
    size = sizes_ if size is None else size
    if not sizes_ and not size:
        raise TypeError('expand() missing 1 required positional arguments: "size"')
    target = sizes(size)
    shape = self._desc.shape
    lead = len(target) - len(shape)
    if lead < 0:
        raise RuntimeError(
            f"expand({self._desc.dtype.type_string}{{{list(shape)}}}, size={list(target)}): the number of sizes provided "
            f"({len(target)}) must be greater or equal to the number of dimensions in the tensor ({len(shape)})"
        )
    out = list(target)
    for i in range(len(target) - 1, -1, -1):
        old = shape[i - lead] if i >= lead else 1
        if target[i] == -1:
            if i < lead:
                raise RuntimeError(
                    f"The expanded size of the tensor (-1) isn't allowed in a leading, non-existing dimension {i}"
                )
            out[i] = old
        elif old not in (1, target[i]):
            raise RuntimeError(
                f"The expanded size of the tensor ({target[i]}) must match the existing size ({old}) at "
                f"non-singleton dimension {i}.  Target sizes: {list(target)}.  Tensor sizes: "
                f"{list(shape)}"
            )
    return d.expand(self, tuple(out))


def expand_as(self: Tensor, other: Tensor) -> Tensor:
    """Expanded to the other's shape."""
    return expand(self, tuple(other._desc.shape))


def broadcast_to(input: Tensor, size: Any) -> Tensor:
    """Expanded to a shape."""
    return expand(input, size)


def method_broadcast_to(self: Tensor, size: Any, *more: int) -> Tensor:
    """Expanded to a shape, whose sizes may be arguments of their own."""
    return expand(self, size, *more)


def squeeze(self: Tensor, dim: Any = None) -> Tensor:
    """Without dimensions of size 1."""
    if dim is None:
        return d.squeeze(self)
    if isinstance(dim, (tuple, list)):
        return dispatch.squeeze_dims(self, as_given(tuple(dim), self._desc.ndim))
    wrap_dim(dim, self._desc.ndim)
    return d.squeeze_dim(self, dim)


def unsqueeze(self: Tensor, dim: int) -> Tensor:
    """A dimension of size 1 inserted."""
    wrap_dim(dim, self._desc.ndim + 1)
    return d.unsqueeze(self, dim)


def select(self: Tensor, dim: int, index: int) -> Tensor:
    """One position of a dimension."""
    shape = self._desc.shape
    if not shape:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    at = wrap_dim(dim, len(shape))
    size = shape[at]
    if not -size <= index < size:
        raise IndexError(f"select(): index {index} out of range for tensor of size {list(shape)} at dimension {at}")
    return d.select(self, dim, index)


def narrow(self: Tensor, dim: int, start: Any, length: int) -> Tensor:
    """`length` positions of a dimension."""
    if not self._desc.ndim:
        raise RuntimeError("narrow() cannot be applied to a 0-dim tensor.")
    if length < 0:
        raise RuntimeError("narrow(): length must be non-negative.")
    size = self._desc.shape[wrap_dim(dim, self._desc.ndim)]
    if isinstance(start, Tensor) and (start._desc.ndim or start._desc.dtype.category != dtypes.INTEGRAL):
        raise RuntimeError("start must be an 0-dim integral Tensor.")
    start = int(start)
    if not -size <= start <= size:
        raise IndexError(f"start out of range (expected to be in range of [{-size}, {size}], but got {start})")
    start = start + size if start < 0 else start
    if start + length > size:
        raise RuntimeError(f"start ({start}) + length ({length}) exceeds dimension size ({size}).")
    return d.slice_(self, dim, start, start + length, 1)


def diagonal(self: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The diagonal of two dimensions."""
    n = self._desc.ndim
    a, b = wrap_dim(dim1, n), wrap_dim(dim2, n)
    if a == b:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    return dispatch.diagonal(self, offset, dim1, dim2)


def unbind(self: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """All positions of a dimension."""
    existing_dim(wrap_dim(dim, self._desc.ndim), self._desc.ndim)
    return d.unbind(self, dim)


def method_split(self: Tensor, split_size: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Pieces of a dimension, of one size or of given sizes."""
    return split(self, split_size, dim)


def split(self: Tensor, split_size_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Pieces of a dimension, of one size or of given sizes."""
    if not isinstance(self, Tensor):  # what PyTorch's Python stumbles over
        raise AttributeError(f"'{type(self).__name__}' object has no attribute 'split'")
    if type(split_size_or_sections) is not int or type(dim) is not int:
        kind = "split" if isinstance(split_size_or_sections, (int, Tensor)) else "split_with_sizes"
        error = refusal(kind, (self, split_size_or_sections, dim), {}, False)
        if error is not None:
            raise error
    if not self._desc.ndim:
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    at = wrap_dim(dim, self._desc.ndim)
    size = self._desc.shape[at]
    if isinstance(split_size_or_sections, (tuple, list)):
        parts = tuple([int(s) for s in split_size_or_sections])
        if sum(parts) != size:
            raise RuntimeError(
                f"split_with_sizes expects split_sizes to sum exactly to {size} (input tensor's size at "
                f"dimension {at}), but got split_sizes={list(parts)}"
            )
        return dispatch.split_with_sizes(self, parts, dim)
    n = int(split_size_or_sections)
    if n < 0:
        raise RuntimeError(f"split expects split_size be non-negative, but got split_size={n}")
    if n == 0 and size:
        raise RuntimeError(f"split_size can only be 0 if dimension size is 0, but got dimension size of {size}")
    return d.split(self, n, dim)


def chunk(self: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most `chunks` pieces of one size."""
    if not self._desc.ndim:
        raise RuntimeError("chunk expects at least a 1-dimensional tensor")
    if chunks <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    size = self._desc.shape[wrap_dim(dim, self._desc.ndim)]
    each = -(-size // chunks)
    if each == 0:
        return dispatch.split_with_sizes(self, (0,) * chunks, dim)
    return d.split(self, each, dim)


def tensor_split(self: Tensor, indices_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Pieces that are plain slices, so they may be written."""
    if not self._desc.ndim:
        raise RuntimeError("tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims")
    dim = wrap_dim(dim, self._desc.ndim)
    size = self._desc.shape[dim]
    if isinstance(indices_or_sections, Tensor):
        if (kind := indices_or_sections._desc.dtype) is not dtypes.int64:
            raise RuntimeError(
                f"tensor_split expected tensor_indices_or_sections to have dtype of long, but got {kind.scalar_name}"
            )
        if indices_or_sections._desc.ndim > 1:
            raise RuntimeError(
                "tensor_split expected tensor_indices_or_sections to be a zero-dimensional or one-dimensional tensor, but got "
                f"a tensor with {indices_or_sections._desc.ndim} dims"
            )
        indices_or_sections = indices_or_sections.tolist()
    if isinstance(indices_or_sections, int):
        n = indices_or_sections
        if n <= 0:
            raise RuntimeError(f"number of sections must be larger than 0, got {n}")
        base, extra = divmod(size, n)
        bounds = [0]
        for i in range(n):
            bounds.append(bounds[-1] + base + (1 if i < extra else 0))
    else:
        bounds = [0, *[int(i) for i in indices_or_sections], size]
    return tuple([d.slice_(self, dim, a, b, 1) for a, b in itertools.pairwise(bounds)])


def cat(tensors: Any, dim: int = 0) -> Tensor:
    """Tensors joined along a dimension, promoted to one type."""
    tensors = _list(tensors, "cat")
    if not tensors:
        raise ValueError("torch.cat(): expected a non-empty list of Tensors")
    for i, x in enumerate(tensors):
        if not x._desc.ndim:
            raise RuntimeError(f"zero-dimensional tensor (at position {i}) cannot be concatenated")
    real = [x for x in tensors if x._desc.shape != (0,)]
    model = (real or tensors)[0]
    at = wrap_dim(dim, model._desc.ndim)
    for i, x in enumerate(tensors):
        if x._desc.shape == (0,):
            continue
        if x._desc.ndim != model._desc.ndim:
            raise RuntimeError(
                f"Tensors must have same number of dimensions: got {model._desc.ndim} and {x._desc.ndim}"
            )
        for k, (a, b) in enumerate(zip(model._desc.shape, x._desc.shape, strict=True)):
            if k != at and a != b:
                raise RuntimeError(
                    f"Sizes of tensors must match except in dimension {at}. Expected size {a} but got "
                    f"size {b} for tensor number {i} in the list."
                )
    return d.cat(tensors, dim)


def _list(tensors: Any, name: str) -> list[Tensor]:
    if isinstance(tensors, Tensor) or not isinstance(tensors, (tuple, list)):
        raise TypeError(
            f"{name}(): argument 'tensors' (position 1) must be tuple of Tensors, not {type(tensors).__name__}"
        )
    for i, x in enumerate(tensors):
        if not isinstance(x, Tensor):
            raise TypeError(f"expected Tensor as element {i} in argument 0, but got {type(x).__name__}")
    return list(tensors)


def stack(tensors: Any, dim: int = 0) -> Tensor:
    """Tensors joined along a new dimension."""
    tensors = _list(tensors, "stack")
    if not tensors:
        raise RuntimeError("stack expects a non-empty TensorList")
    first = tensors[0]._desc
    wrap_dim(dim, first.ndim + 1)
    for i, x in enumerate(tensors):
        if x._desc.shape != first.shape:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {list(first.shape)} at entry 0 and "
                f"{list(x._desc.shape)} at entry {i}"
            )
    return d.stack(tensors, dim)


def flip(self: Tensor, *dims_: Any) -> Tensor:
    """A copy with some dimensions reversed."""
    if not dims_:
        raise TypeError('flip() missing 1 required positional arguments: "dims"')
    given = as_given(sizes(dims_), self._desc.ndim)
    wrapped = [x % max(self._desc.ndim, 1) for x in given]
    for i, x in enumerate(wrapped):
        if x in wrapped[:i]:
            raise RuntimeError(f"dim {x} appears multiple times in the list of dims")
    return dispatch.flip(self, given)


def repeat(self: Tensor, *repeats: Any) -> Tensor:
    """Copies side by side along each dimension."""
    if not repeats:
        raise TypeError('repeat() missing 1 required positional arguments: "repeats"')
    times, shape = sizes(repeats), self._desc.shape
    if len(times) < len(shape):
        raise RuntimeError("Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor")
    if any(n < 0 for n in times):
        result = [n * s for n, s in zip(times, (1,) * (len(times) - len(shape)) + tuple(shape), strict=True)]
        wrong = next(n for n in result if n < 0)
        raise RuntimeError(f"Trying to create tensor with negative dimension {wrong}: {result}")
    return dispatch.repeat(self, times)


def tile(input: Tensor, *dims_: Any) -> Tensor:
    """As repeat, for as many dimensions as there are."""
    if not dims_:
        raise TypeError('tile() missing 1 required positional arguments: "dims"')
    times = sizes(dims_)
    return repeat(input, (1,) * (input._desc.ndim - len(times)) + times)


def contiguous(self: Tensor, memory_format: Any = None) -> Tensor:
    """Itself if it is row-major (or lies in another format that is asked for), else a copy that is."""
    array = self._array
    if memory_format is not None and memory_format in ORDERS:
        if lies_in(self._desc.shape, element_strides(array), memory_format):
            return self
        return dispatch.copy_in_format(self, memory_format)
    if isinstance(array, np.generic) or array.flags.c_contiguous:
        return self
    if memory_format is preserve_format:
        raise RuntimeError("preserve memory format is unsupported by the contiguous operator")
    return d.contiguous_copy(self)


def fill(input: Tensor, value: Any) -> Tensor:
    """A copy with one number, or the number in a 0-d tensor, everywhere."""
    if isinstance(value, Tensor):
        if value._desc.ndim:
            raise RuntimeError(
                f"fill_ only supports 0-dimension value tensor but got tensor with {value._desc.ndim} dimensions."
            )
        return dispatch.fill(input, value)
    return dispatch.fill_scalar(input, checked(value, input._desc.dtype))


def clone(input: Tensor, *, memory_format: Any = None) -> Tensor:
    """A copy, with the strides of the tensor if it is dense; in torch.contiguous_format row-major."""
    expect_tensor(input, "clone")
    if memory_format is None or memory_format is preserve_format:
        return d.clone(input)
    if memory_format is contiguous_format:
        return d.contiguous_copy(input)
    return dispatch.copy_in_format(input, memory_format)
