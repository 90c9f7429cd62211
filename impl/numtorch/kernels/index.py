"""Kernels of advanced indexing. `indices` is a tuple of integer or bool arrays and full slices."""

from __future__ import annotations

from typing import Any

from ..dtype import bool_ as _bool, uint8 as _uint8
from ..memory.descriptor import describe
from ..memory.geometry import element_strides, laid_out, row_major
from ..memory.layout import elementwise_strides
from ..plain_numpy import np
from ..warning import warn
from .pointwise import clone

Array = Any


def raw_indices(indices: tuple) -> tuple:
    """Saved index tensors as NumPy's index: None there is a full dimension here, and bytes are a mask."""
    return tuple(
        [slice(None) if i is None else i._array != 0 if i._desc.dtype is _uint8 else i._array for i in indices]
    )


def check_range(x: Array, indices: tuple) -> None:
    """PyTorch's error for an index out of range, which counts the dimensions that are indexed by tensors alone.

    Asked by whoever uses the index, in backward too: what was saved may have been written to since, through `.data`.
    """
    dim = counted = 0
    for i in indices:
        if i is not None and i._desc.dtype in (_uint8, _bool):
            dim += i._desc.ndim
            counted += i._desc.ndim
            continue
        if i is not None:
            size, array = x.shape[dim], i._array
            if array.size and (array.min() < -size or array.max() >= size):
                if 0 in x.shape:
                    raise IndexError("index is out of bounds for dimension with size 0")
                first = int(array[(array < -size) | (array >= size)].flat[0])
                raise IndexError(f"index {first} is out of bounds for dimension {counted} with size {size}")
            counted += 1
        dim += 1


def warn_of_bytes(indices: tuple) -> None:
    """What PyTorch says about each mask of bytes."""
    for i in indices:
        if i is not None and i._desc.dtype is _uint8:
            warn("indexing with dtype torch.uint8 is now deprecated, please use a dtype torch.bool instead.")


def index(x: Array, indices: tuple) -> Array:
    """The picked elements, copied."""
    x = np.asarray(x)
    check_range(x, indices)
    picks = raw_indices(indices)
    out = row_major(x[picks])
    if describe(x).plain and describe(out).plain and all(isinstance(p, slice) or p.flags.c_contiguous for p in picks):
        return out
    strides = index_strides(x, picks, out.shape)
    if strides == element_strides(out):
        return out
    arranged = laid_out(out.shape, strides, out.dtype)
    arranged[...] = out
    return arranged


def index_strides(x: Array, picks: tuple, shape: tuple) -> tuple:
    """The strides of what indices pick: elementwise over x, where the indexed dimensions have stride 0, and the indices.

    PyTorch's AdvancedIndex: the indices are broadcast together; where they are not next to each other, their dimensions
    come first.
    """
    arrays: list[Array | None] = []
    for p in picks:
        if isinstance(p, slice):
            arrays.append(None)
        elif p.dtype == np.bool_:
            arrays += [np.ascontiguousarray(i) for i in np.nonzero(p)] if p.ndim else [np.zeros(int(p), np.int64)]
        else:
            arrays.append(p)
    given = [i for i, a in enumerate(arrays) if a is not None]
    together = given == list(range(given[0], given[-1] + 1))
    indexed = np.broadcast_arrays(*[arrays[i] for i in given])
    strides = element_strides(x)
    rest = [i for i in range(x.ndim) if i not in given]
    before = [i for i in rest if together and i < given[0]]
    after = [i for i in rest if i not in before]
    width = indexed[0].ndim
    source = (*(strides[i] for i in before), *(0,) * width, *(strides[i] for i in after))
    operands = [(shape, source)]
    for a in indexed:
        own = (*(1,) * len(before), *a.shape, *(1,) * len(after))
        inner = element_strides(a)
        tail = (1,) * len(after)
        operands.append((own, (*(a.size,) * len(before), *inner, *tail)))
    return elementwise_strides(shape, operands)


def index_backward(grad: Array, shape: tuple, indices: tuple) -> Array:
    """The gradient added at the picked positions of zeros; a position picked twice gets both."""
    warn_of_bytes(indices)
    out = np.zeros(shape, grad.dtype)
    check_range(out, indices)
    picks = raw_indices(indices)
    if all(isinstance(p, slice) or p.dtype == np.bool_ for p in picks):
        out[picks] += grad
    else:
        np.add.at(out, picks, grad)
    return out


def index_put(x: Array, indices: tuple, values: Array, accumulate: bool) -> Array:
    """A copy with values at the picked positions."""
    out = np.asarray(clone(x))
    check_range(out, indices)
    if accumulate:
        np.add.at(out, raw_indices(indices), values)
    else:
        out[raw_indices(indices)] = values.reshape(()) if values.size == 1 else values  # to NumPy a mask gives a row
    return out


def index_put_zeros(grad: Array, indices: tuple, accumulate: bool) -> Array:
    """The gradient of what was overwritten: zero at the picked positions."""
    if accumulate:
        return grad
    warn_of_bytes(indices)
    out = np.asarray(clone(grad))
    check_range(out, indices)
    out[raw_indices(indices)] = 0
    return out


def index_values(grad: Array, indices: tuple) -> Array:
    """The gradient of the values that were put, before they were broadcast."""
    warn_of_bytes(indices)
    return index(grad, indices)


index_put_impl = index_put
