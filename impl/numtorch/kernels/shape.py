"""Kernels that rearrange: windows into the memory they are given, and the ways back."""

from __future__ import annotations

import functools
from typing import Any

from ..device import contiguous_format
from ..dtype import combine, promote_types
from ..memory.descriptor import describe
from ..memory.formats import formatted, suggested
from ..memory.geometry import element_strides, laid_out, like, row_major, storage_offset, strided
from ..memory.layout import contiguous_strides
from ..memory.lazy import Conjugated, Negated, Zeros, resolve
from ..plain_numpy import np
from .numbers import castable

Array = Any


def view_strides(shape: tuple, strides: tuple, size: tuple) -> tuple | None:
    """Strides that show the same elements as `size`, or None if no strides can (PyTorch's computeStride)."""
    if 0 in shape:
        return tuple(strides) if tuple(shape) == tuple(size) else contiguous_strides(size)
    out: list[int] = [0] * len(size)
    d = len(size) - 1
    chunk = strides[-1] if strides else 1
    tensor_numel = view_numel = 1
    for t in range(len(shape) - 1, -1, -1):
        tensor_numel *= shape[t]
        if t == 0 or (shape[t - 1] != 1 and strides[t - 1] != tensor_numel * chunk):
            while d >= 0 and (view_numel < tensor_numel or size[d] == 1):
                out[d] = view_numel * chunk
                view_numel *= size[d]
                d -= 1
            if view_numel != tensor_numel:
                return None
            if t > 0:
                chunk = strides[t - 1]
                tensor_numel = view_numel = 1
    if not shape:
        for i in range(d, -1, -1):
            out[i] = 1
        d = -1
    return tuple(out) if d == -1 else None


def view(x: np.ndarray, size: tuple) -> Array:
    """The same elements under another shape; the caller has checked that strides can say it."""
    if describe(x).plain:
        return x.reshape(size)
    strides = view_strides(x.shape, element_strides(x), size)
    assert strides is not None
    return strided(x, size, strides, storage_offset(x))


def reshape(x: Array, shape: tuple) -> Array:
    """The same elements under another shape, copied only if they must be."""
    if isinstance(x, np.generic):
        return np.asarray(x).reshape(shape)  # a view, to which nothing is added in place
    if describe(x).plain:
        return x.reshape(shape)
    strides = view_strides(x.shape, element_strides(x), shape)
    return x.reshape(shape) if strides is None else strided(x, shape, strides, storage_offset(x))


unsafe_view = reshape


def unsqueeze_to(x: Array, shape: tuple) -> Array:
    """All dimensions of size 1 put back; x itself if there were none."""
    return _unsqueezed(x, range(len(shape)), shape)


def unsqueeze_dim_to(x: Array, dim: Any, shape: tuple) -> Array:
    """Those of some dimensions put back that have size 1."""
    n = len(shape) or 1
    return _unsqueezed(x, (dim % n,) if type(dim) is int else sorted([d % n for d in dim]), shape)


def _unsqueezed(x: Array, dims: Any, shape: tuple) -> Array:
    if x.shape == shape:
        return x
    if type(x) is not np.ndarray or (describe(x).plain and 0 not in x.strides):
        return x.reshape(shape)
    for i in dims:
        if shape[i] == 1:
            x = unsqueeze(x, i)
    return x


def alias(x: np.ndarray) -> np.ndarray:
    """A second array over the same memory."""
    return x.view()


def alone(x: Array) -> Array:
    """A view of what has no dimensions to exchange; of a NumPy scalar too, to which nothing is then added in place."""
    return (np.asarray(x) if isinstance(x, np.generic) else x).view()


def transpose(x: Array, dim0: int, dim1: int) -> Array:
    """Two dimensions exchanged."""
    return x.swapaxes(dim0, dim1) if x.ndim > 1 else alone(x)


def t(x: Array) -> Array:
    """A matrix transposed."""
    out = x.T
    return out if out is not x else alone(x)  # a NumPy scalar is its own


def permute(x: Array, dims: tuple) -> Array:
    """Dimensions in another order."""
    if not x.ndim:
        return alone(x)
    if len(dims) != x.ndim:  # of a tangent, whose shape was changed since
        raise RuntimeError(permuted(x.ndim, len(dims)))
    return x.transpose(dims)


def permuted(dims: int, given: int) -> str:
    """What PyTorch says of a permutation of another number of dimensions."""
    return (
        "permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired ordering of "
        f"dimensions i.e. input.dim() = {dims} is not equal to len(dims) = {given}"
    )


def inverse(dims: tuple) -> tuple[int, ...]:
    """The permutation that undoes another, whose dimensions may count from the end."""
    n = len(dims)
    return tuple(sorted(range(n), key=[d % n for d in dims].__getitem__))


def permute_backward(grad: Array, dims: tuple) -> Array:
    """Dimensions back in their first order."""
    return permute(grad, inverse(dims))


def expand(x: np.ndarray, size: tuple) -> Array:
    """Dimensions of size 1 repeated by stride 0."""
    if not x.ndim:
        if x.base is None and 0 not in size:
            return np.ndarray(size, x.dtype, x, 0, (0,) * len(size))
        return strided(x, size, (0,) * len(size), storage_offset(x))
    lead = len(size) - x.ndim
    old = element_strides(x)
    strides = [0] * len(size)
    for i in range(len(size) - 1, -1, -1):
        if i >= lead:
            strides[i] = old[i - lead] if x.shape[i - lead] == size[i] else 0
        else:
            strides[i] = 0 if size[i] != 1 else (size[i + 1] * strides[i + 1] if i + 1 < len(size) else 1)
    return strided(x, size, tuple(strides), storage_offset(x))


def sum_to_size(grad: Array, shape: tuple) -> Array:
    """A broadcast gradient summed back."""
    if grad.shape == shape:
        return grad
    lead = grad.ndim - len(shape)
    axes = tuple(range(lead)) + tuple(i + lead for i, s in enumerate(shape) if s == 1 and grad.shape[i + lead] != 1)
    if not shape:
        return np.add.reduce(grad, axis=axes)
    if not lead:  # no view, to which others may be added in place
        return row_major(np.add.reduce(grad, axis=axes, keepdims=True))
    return row_major(np.add.reduce(grad, axis=axes, keepdims=True)).reshape(shape) if axes else grad.reshape(shape)


def invalid_gradient(got: tuple, shape: tuple, who: str, index: int) -> RuntimeError:
    """The engine's complaint about a gradient that cannot be summed to its operand's shape; `who` made it, or the user did."""
    head = f"Function {who} returned an " if who else ""
    return RuntimeError(
        f"{head}invalid gradient at index {index} - got {list(got)} but expected shape compatible with {list(shape)}"
    )


def expand_backward(grad: Array, shape: tuple) -> Array:
    """An expanded gradient summed back; to 0-d it is always summed, so that the result is never the gradient itself."""
    return sum_to_size(grad, shape) if shape else np.add.reduce(grad, axis=None)


def squeeze(x: np.ndarray) -> Array:
    """Without dimensions of size 1."""
    return squeeze_dims(x, tuple(range(x.ndim)))


def squeeze_dim(x: np.ndarray, dim: int) -> Array:
    """Without dimension `dim` if it has size 1."""
    return squeeze_dims(x, (dim,))


def squeeze_dims(x: np.ndarray, dim: tuple) -> Array:
    """Without those of the dimensions that have size 1."""
    keep = [i for i in range(x.ndim) if (i not in dim and i - x.ndim not in dim) or x.shape[i] != 1]
    if len(keep) == x.ndim:
        return x.view()
    if describe(x).plain:
        return x.reshape([x.shape[i] for i in keep])
    strides = element_strides(x)
    return strided(x, tuple(x.shape[i] for i in keep), tuple(strides[i] for i in keep), storage_offset(x))


def view_as_real(x: np.ndarray) -> Array:
    """Real and imaginary parts in a last dimension of size 2."""
    shape, strides = (*x.shape, 2), (*[2 * s for s in element_strides(x)], 1)
    return strided(x, shape, strides, 2 * storage_offset(x), x.real.dtype)


def view_as_complex(x: np.ndarray) -> Array:
    """The numbers whose real and imaginary parts stand in the last dimension."""
    kind = np.result_type(x.dtype, np.complex64)
    shape, strides = x.shape[:-1], tuple([s // 2 for s in element_strides(x)[:-1]])
    return strided(x, shape, strides, storage_offset(x) // 2, kind)


def conj(x: Any) -> Array:
    """The conjugates, in the same memory."""
    if type(x) is Zeros:
        return x.view()
    return x.raw.view() if type(x) is Conjugated else Conjugated(x)


def neg_view(x: Any) -> Array:
    """The negatives, in the same memory."""
    if type(x) is Zeros:
        return x.view()
    return x.raw.view() if type(x) is Negated else Negated(x)


def unsqueeze(x: np.ndarray, dim: int) -> Array:
    """A dimension of size 1 inserted."""
    if dim < 0:
        dim += x.ndim + 1
    shape = (*x.shape[:dim], 1, *x.shape[dim:])
    if describe(x).plain and 0 not in x.strides:
        return x.reshape(shape)
    old = element_strides(x)
    step = old[dim] * x.shape[dim] if dim < x.ndim else 1
    return strided(x, shape, (*old[:dim], step, *old[dim:]), storage_offset(x))


def unsqueeze_backward(grad: Array, dim: int) -> Array:
    """The dimension taken out again."""
    if dim < 0:
        dim += grad.ndim
    if describe(grad).plain:
        return grad.reshape(grad.shape[:dim] + grad.shape[dim + 1 :])
    return squeeze_dims(grad, (dim,))


def select(x: np.ndarray, dim: int, index: int) -> Array:
    """One position of a dimension; a 0-d result stays a window."""
    if dim < 0:
        dim += x.ndim
    if dim == 0:
        return x[index] if x.ndim > 1 else x[index, ...]
    return x[(slice(None),) * dim + (index, ...)]


def select_backward(grad: Array, shape: tuple, dim: int, index: int) -> Array:
    """The gradient at its position, zeros elsewhere."""
    out = np.zeros(shape, grad.dtype)
    out[index if not dim else (slice(None),) * (dim % len(shape)) + (index,)] = grad
    return out


def bounds(start: Any, end: Any, size: int) -> tuple[int, int]:
    """The positions that a slice's ends stand for, counted from the front."""
    start, end, _ = slice(start, end).indices(size)
    return start, max(start, end)


def slice_(x: np.ndarray, dim: int, start: Any, end: Any, step: int) -> Array:
    """Some positions of a dimension; none of them keep their place in memory, as NumPy's would not."""
    if dim < 0:
        dim += x.ndim
    if type(start) is int and type(end) is int and 0 <= start < end <= x.shape[dim] and x.size:
        return x[(slice(None),) * dim + (slice(start, end, step),)]
    start, end = bounds(start, end, x.shape[dim])
    if start >= end or 0 in x.shape:
        strides = element_strides(x)
        n = -(-(end - start) // step)
        return strided(
            x,
            (*x.shape[:dim], n, *x.shape[dim + 1 :]),
            (*strides[:dim], strides[dim] * step, *strides[dim + 1 :]),
            storage_offset(x) + start * strides[dim],
        )
    return x[(slice(None),) * dim + (slice(start, end, step),)]


def slice_backward(grad: Array, shape: tuple, dim: int, start: int, end: int, step: int) -> Array:
    """The gradient at its positions, zeros elsewhere."""
    out = np.zeros(shape, grad.dtype)
    out[(slice(None),) * (dim % len(shape)) + (slice(start, end, step),)] = grad
    return out


def diagonal(x: np.ndarray, offset: int, dim1: int, dim2: int) -> Array:
    """The diagonal of two dimensions, as the last dimension, writable."""
    dim1, dim2 = dim1 % x.ndim, dim2 % x.ndim
    strides = element_strides(x)
    start = storage_offset(x)
    if offset >= 0:
        size = max(min(x.shape[dim1], x.shape[dim2] - offset), 0)
        start += offset * strides[dim2] if size else 0
    else:
        size = max(min(x.shape[dim1] + offset, x.shape[dim2]), 0)
        start -= offset * strides[dim1] if size else 0
    keep = [i for i in range(x.ndim) if i not in (dim1, dim2)]
    return strided(
        x, (*(x.shape[i] for i in keep), size), (*(strides[i] for i in keep), strides[dim1] + strides[dim2]), start
    )


def diagonal_backward(grad: Array, shape: tuple, offset: int, dim1: int, dim2: int) -> Array:
    """The gradient on the diagonal, zeros elsewhere."""
    out = np.zeros(shape, grad.dtype)
    diagonal(out, offset, dim1, dim2)[...] = grad
    return out


def as_strided(x: np.ndarray, size: tuple, stride: tuple, storage_offset: int) -> Array:
    """A window said by strides."""
    return strided(x, size, stride, storage_offset)


def unbind(x: np.ndarray, dim: int) -> list[Array]:
    """All positions of a dimension."""
    return [select(x, dim, i) for i in range(x.shape[dim])]


def _like(grads: list, *shape: int) -> Array:
    kind = next(g for g in grads if g is not None)
    return np.zeros(shape, kind.dtype)


def unbind_backward(grads: list, desc: Any, dim: int) -> Array:
    """The gradients stacked, zeros where there is none."""
    part = list(desc.shape)
    del part[dim]
    return stack([_like(grads, *part) if g is None else g for g in grads], dim)


def resized(shape: tuple, dim: int, size: int) -> tuple:
    """A shape with another size of one dimension."""
    out = list(shape)
    out[dim] = size
    return tuple(out)


def split(x: np.ndarray, split_size: int, dim: int) -> list[Array]:
    """Pieces of one size, the last perhaps smaller."""
    n = x.shape[dim]
    starts = range(0, n, split_size) if split_size and n else (0,)
    return [slice_(x, dim, i, min(i + split_size, n), 1) for i in starts]


def split_with_sizes(x: np.ndarray, split_sizes: tuple, dim: int) -> list[Array]:
    """Pieces of the given sizes."""
    out, start = [], 0
    for size in split_sizes:
        out.append(slice_(x, dim, start, start + size, 1))
        start += size
    return out


def split_backward(grads: list, shape: tuple, split_size: int, dim: int) -> Array:
    """The pieces' gradients put together."""
    n = shape[dim]
    sizes = [min(split_size, n - i) for i in range(0, n, split_size)] if split_size and n else [n]
    return split_with_sizes_backward(grads, shape, tuple(sizes), dim)


def split_with_sizes_backward(grads: list, shape: tuple, split_sizes: tuple, dim: int) -> Array:
    """The pieces' gradients put together, zeros where there is none."""
    return cat(
        [
            _like(grads, *resized(shape, dim, size)) if g is None else g
            for g, size in zip(grads, split_sizes, strict=True)
        ],
        dim,
    )


def cat(arrays: list, dim: int) -> Array:
    """Arrays joined along a dimension, in the type that they promote to; those of shape (0,) fit anywhere."""
    arrays = alike(arrays)
    fit = [a for a in arrays if a.shape != (0,)]
    joined = np.concatenate(fit or arrays, axis=dim)
    formats = {suggested(a.shape, element_strides(a)) for a in fit}
    if len(formats) != 1 or contiguous_format in formats:
        return row_major(joined)
    out = formatted(joined.shape, joined.dtype, *formats)
    out[...] = joined
    return out


def alike(arrays: list, zerodim: bool = False) -> list:
    """Arrays cast to the type that they promote to: NumPy's rules are others, it makes float64 of int64 and float32.

    With `zerodim` those without dimensions count as such: they decide the type only if they are of a higher category.
    """
    first = arrays[0].dtype
    if all(a.dtype is first for a in arrays):
        return arrays
    kinds = [describe(a).dtype for a in arrays]
    dims = [k for k, a in zip(kinds, arrays, strict=True) if a.ndim or not zerodim]
    others = [k for k, a in zip(kinds, arrays, strict=True) if zerodim and not a.ndim]
    kind = combine(*[functools.reduce(promote_types, group) if group else None for group in (dims, others)], None)
    return [a if k is kind else a.astype(kind.numpy) for a, k in zip(arrays, kinds, strict=True)]


def cat_backward(grad: Array, descs: tuple, dim: int) -> tuple:
    """Windows of the gradient, one for each operand."""
    out, start = [], 0
    for d in descs:
        if d.shape == (0,):
            out.append(np.zeros((0,), d.dtype.numpy))
            continue
        piece = slice_(grad, dim, start, start + d.shape[dim], 1)
        start += d.shape[dim]
        out.append(piece if piece.dtype == d.dtype.numpy else to_copy(piece, d.dtype))
    return tuple(out)


def stack(arrays: list, dim: int) -> Array:
    """Arrays joined along a new dimension."""
    arrays = alike(arrays)
    shape = arrays[0].shape
    if dim < len(shape) > 3:  # pictures, which are joined along that dimension, and told apart afterwards
        joined = cat(arrays, dim)
        steps, size = element_strides(joined), (*shape[:dim], len(arrays), *shape[dim:])
        split = view_strides(joined.shape, steps, size)
        if split and joined.size and steps != contiguous_strides(joined.shape):
            out = laid_out(size, split, joined.dtype)
            out.reshape(joined.shape)[...] = joined
            return out
    if dim or not shape:
        return row_major(np.stack(arrays, axis=dim))
    out = np.empty(
        (len(arrays), *shape), arrays[0].dtype
    )  # NumPy makes a view of each, which takes longer than all else
    np.concatenate(arrays, out=out.reshape(len(arrays) * shape[0], *shape[1:]))
    return out


def stack_backward(grad: Array, descs: tuple, dim: int) -> tuple:
    """Windows of the gradient, one for each operand."""
    return tuple(
        p if p.dtype == d.dtype.numpy else to_copy(p, d.dtype) for p, d in zip(unbind(grad, dim), descs, strict=True)
    )


def contiguous_copy(x: Array) -> Array:
    """A row-major copy."""
    return x if isinstance(x, np.generic) else np.array(x, order="C")


def copy_in_format(x: Array, memory_format: Any) -> Array:
    """A copy in a memory format."""
    out = formatted(np.shape(x), x.dtype, memory_format)
    out[...] = x
    return out


def _as_type(x: Array, dtype: Any) -> Array:
    """What is converted: of complex numbers the real part, but for bool."""
    return x.real if x.dtype.kind == "c" and not dtype.is_complex and dtype.category else x


def to_copy_in_format(x: Array, dtype: Any, memory_format: Any) -> Array:
    """The elements converted, in a memory format."""
    out = formatted(np.shape(x), dtype.numpy, memory_format)
    out[...] = _as_type(x.resolved() if type(x) is Zeros else x, dtype)
    return out


def to_copy(x: Array, dtype: Any) -> Array:
    """The elements converted, in the same order of dimensions; no elements of zeros without memory as one that is expanded."""
    if type(x) is Zeros:
        if not x.size:
            return laid_out(x.shape, (0,) * x.ndim, dtype.numpy)
        x = x.resolved()
    source = _as_type(x, dtype)
    if isinstance(x, np.generic) or (x.flags.c_contiguous and x.size > 1 and 1 not in x.shape):
        return resolve(source).astype(dtype.numpy, order="C")
    out = like(x, dtype.numpy)
    out[...] = source
    return out


def to_copy_backward(grad: Array, dtype: Any) -> Array:
    """The gradient converted back; itself if it has the type, as that of a copy."""
    return grad if grad.dtype == dtype.numpy else to_copy(grad, dtype)


def fill_value_backward(grad: Array, dtype: Any) -> Array:
    """The sum of the gradient, converted back."""
    return to_copy(expand_backward(grad, ()), dtype)


def flip(x: Array, dims: tuple) -> Array:
    """A copy with some dimensions reversed."""
    if not x.ndim:
        return x[()]
    out = like(x, x.dtype)  # down to the stride 0 of a single element that was expanded
    out[...] = np.flip(x, dims)
    return out


def repeat(x: Array, repeats: tuple) -> Array:
    """Copies side by side; dimensions that the operand lacks are put in front."""
    if not len(repeats):
        return x.copy()
    tiled = np.tile(x, repeats)
    return np.empty(tiled.shape, x.dtype) if not tiled.size else np.array(tiled, order="C")


def repeat_backward(grad: Array, repeats: tuple, shape: tuple) -> Array:
    """The copies' gradients, added."""
    if 0 in repeats:
        return np.zeros(shape, grad.dtype)
    lead = len(repeats) - len(shape)
    if all(times == 1 for times in repeats) and not lead:
        return grad
    apart: list[int] = []
    for times, size in zip(repeats[lead:], shape, strict=True):
        apart += (times, size)
    where = (*range(lead), *range(lead, lead + len(apart), 2))
    return row_major(
        np.add.reduce(grad.reshape((*repeats[:lead], *apart)), axis=where)
    )  # no view: others are added in place


def fill(x: Array, value: Array) -> Array:
    """One value everywhere, in the type of x."""
    return np.full(x.shape, castable(np.asarray(value), x), x.dtype)[()]


fill_scalar = fill
