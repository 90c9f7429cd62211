"""Joining, splitting, turning and repeating, as users call them: much of it is made of views and copies."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from .. import dispatch as d
from ..calls.checked import refusal
from ..calls.operands import refused, type_name
from ..creation.options import finish
from ..dtype import dtypes
from ..functions import shape as shapes
from ..memory.descriptor import Size, broadcast_shapes, expandable
from ..plain_numpy import np
from ..tensor import Tensor, existing_dim, wrap, wrap_dim
from ..warning import warn
from .arguments import as_given, expect_tensors, is_int, sizes
from .slices import index_select

# ---- triangles and diagonals


def _triangle(name: str) -> Any:
    function = getattr(d, name)

    def call(input: Tensor, diagonal: int = 0) -> Tensor:
        if input._desc.ndim < 2:
            raise RuntimeError(f"{name.strip('_')}: input tensor must have at least 2 dimensions")
        return function(input, diagonal)

    call.__name__ = name
    call.__doc__ = f"{name}(input, diagonal=0): a triangle of each matrix, zeros elsewhere."
    return call


tril, triu, tril_, triu_ = (_triangle(n) for n in ("tril", "triu", "tril_", "triu_"))


def diag_embed(input: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """Zeros with the last dimension on a diagonal of two dimensions."""
    n = input._desc.ndim + 1
    a, b = wrap_dim(dim1, n), wrap_dim(dim2, n)
    if a == b:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    return d.diag_embed(input, offset, dim1, dim2)


def diag(input: Tensor, diagonal: int = 0) -> Tensor:
    """The diagonal of a matrix, copied, or a matrix with a vector on its diagonal."""
    n = input._desc.ndim
    if n not in (1, 2):
        raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {n}D")
    return d.diag_embed(input, diagonal, -2, -1) if n == 1 else d.diagonal_copy(input, diagonal, 0, 1)


def diagflat(input: Tensor, offset: int = 0) -> Tensor:
    """A matrix with all elements on its diagonal."""
    return diag(d.view(c := shapes.contiguous(input), (c._desc.numel,)), offset)


def block_diag(*tensors: Tensor) -> Tensor:
    """Matrices on the diagonal of one of zeros."""
    for i, x in enumerate(expect_tensors(tensors)):
        if x._desc.ndim > 2:
            raise RuntimeError(
                f"torch.block_diag: Input tensors must have 2 or fewer dimensions. Input {i} has {x._desc.ndim} dimensions"
            )
    if not tensors:
        return wrap(np.empty((1, 0), dtypes.get_default_dtype().numpy))
    return d.block_diag(list(tensors))


def _indices(name: str, row: int, col: int, offset: int, dtype: Any, options: dict[str, Any]) -> Tensor:
    for position, (what, value) in enumerate((("row", row), ("col", col), ("offset", offset)), 1):
        if not is_int(value):
            raise TypeError(f"{name}(): argument '{what}' (position {position}) must be int, not {type_name(value)}")
        if what != "offset" and value < 0:
            raise RuntimeError(f"{what} must be non-negative, got{value}")
    kind = dtype or dtypes.int64
    if kind.category != dtypes.INTEGRAL:
        raise refused(name, kind)
    return finish(wrap(np.array(getattr(np, name)(row, offset, col)).astype(kind.numpy)), **options)


def tril_indices(row: int, col: int, offset: int = 0, *, dtype: Any = None, **options: Any) -> Tensor:
    """The places on and below a diagonal."""
    return _indices("tril_indices", row, col, offset, dtype, options)


def triu_indices(row: int, col: int, offset: int = 0, *, dtype: Any = None, **options: Any) -> Tensor:
    """The places on and above a diagonal."""
    return _indices("triu_indices", row, col, offset, dtype, options)


# ---- rolling and turning


def roll(input: Tensor, shifts: Any, dims: Any = ()) -> Tensor:
    """The elements moved along, those that fall off put back at the other end."""
    shifts = tuple(shifts) if isinstance(shifts, (tuple, list)) else (int(shifts),)
    dims = tuple(dims) if isinstance(dims, (tuple, list)) else (int(dims),)
    if not shifts:
        raise RuntimeError("`shifts` required")
    if len(shifts) != len(dims) and not (len(shifts) == 1 and not dims):
        raise RuntimeError(f"shifts and dimensions must align. shifts: {len(shifts)}, dims:{len(dims)}")
    if input._desc.numel:
        for dim in dims:
            existing_dim(dim, input._desc.ndim)
    return d.roll(input, shifts, dims)


def rot90(input: Tensor, k: int = 1, dims: Any = (0, 1)) -> Tensor:
    """A copy turned by quarters in the plane of two dimensions."""
    n, dims = input._desc.ndim, tuple(dims)
    if len(dims) != 2:
        raise RuntimeError(f"expected total rotation dims == 2, but got dims = {len(dims)}")
    if n < 2:
        raise RuntimeError(f"expected total dims >= 2, but got total dims = {n}")
    as_given(dims, n)
    if (dims[0] - dims[1]) % n == 0:
        raise RuntimeError(f"expected rotation dims to be different, but got dim0 = {dims[0]} and dim1 = {dims[1]}")
    return d.rot90(input, k, dims)


def fliplr(input: Tensor) -> Tensor:
    """Columns in reverse order."""
    if input._desc.ndim < 2:
        raise RuntimeError("Input must be >= 2-d.")
    return d.flip(input, (1,))


def flipud(input: Tensor) -> Tensor:
    """Rows in reverse order."""
    if input._desc.ndim < 1:
        raise RuntimeError("Input must be >= 1-d.")
    return d.flip(input, (0,))


def adjoint(input: Tensor) -> Tensor:
    """Matrices transposed and conjugated."""
    return _transposed(input, "adjoint()")


def _transposed(input: Tensor, name: str) -> Tensor:
    if input._desc.ndim == 1:
        raise RuntimeError(
            f"tensor.{name} is only supported on matrices or batches of matrices. Got {input._desc.ndim}-D tensor."
        )
    turned = input
    if input._desc.ndim:
        turned = d.transpose(input, -2, -1)
    else:
        shown = name if name == "adjoint()" else f"Tensor.{name}"
        warn(f"{shown} {shapes.NO_DIMENSIONS} Consider using x.conj().")
    return turned.conj() if input._desc.dtype.is_complex else turned


def mH(self: Tensor) -> Tensor:
    """Matrices transposed and conjugated."""
    return _transposed(self, "mH")


def H(self: Tensor) -> Tensor:
    """A matrix transposed and conjugated."""
    n = self._desc.ndim
    if n not in (0, 2):
        raise RuntimeError(
            f"tensor.H is only supported on matrices (2-D tensors). Got {n}-D tensor."
            + (" For batches of matrices, consider using tensor.mH" if n > 2 else "")
        )
    return _transposed(self, "H")


def positive(input: Tensor) -> Tensor:
    """The tensor itself."""
    if input._desc.dtype is dtypes.bool_:
        raise RuntimeError("The `+` operator, on a bool tensor is not supported.")
    return input


# ---- windows, repetitions


def unfold(self: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """A view of the windows of a dimension, one each step."""
    n = self._desc.ndim
    at = wrap_dim(dimension, n)
    extent = self._desc.shape[at] if n else 1
    if size < 0:
        raise RuntimeError(f"size is {size} but must be >= 0")
    if size > extent:
        raise RuntimeError(f"maximum size for tensor at dimension {at} is {extent} but size is {size}")
    if step <= 0:
        raise RuntimeError(f"step is {step} but must be > 0")
    return d.unfold(self, dimension, size, step)


def _repeated(values: np.ndarray, repeats: Any) -> np.ndarray:
    if np.any(repeats < 0):
        raise RuntimeError("repeats can not be negative")
    return np.repeat(values, repeats)


def repeat_interleave(input: Tensor, repeats: Any = None, dim: Any = None, *, output_size: Any = None) -> Tensor:
    """Every position of a dimension several times, one after the other."""
    if repeats is None:
        if input._desc.dtype not in (dtypes.int64, dtypes.int32):
            raise refused("repeat_interleave_cpu", input._desc.dtype)
        if input._desc.ndim != 1:
            raise RuntimeError("repeat_interleave only accept 1D vector as repeat")
        return wrap(_repeated(np.arange(input._desc.numel, dtype=input._array.dtype), input._array))
    if dim is None:
        input, dim = shapes.flatten(input), 0
    at = wrap_dim(dim, input._desc.ndim)
    shape = tuple(input._desc.shape)
    if isinstance(repeats, Tensor):
        if repeats._desc.ndim > 1:
            raise RuntimeError("repeats must be 0-dim or 1-dim tensor")
        if repeats._desc.numel != 1 and repeats._desc.numel != shape[at]:
            raise RuntimeError(
                "repeats must have the same size as input along dim, but got repeats.size(0) = "
                f"{repeats._desc.numel} and input.size({at}) = {shape[at]}"
            )
        if repeats._desc.dtype not in (dtypes.int64, dtypes.int32):
            raise refused("repeat_interleave_cpu", repeats._desc.dtype)
        return index_select(input, dim, wrap(_repeated(np.arange(shape[at] if shape else 1), repeats._array)))
    if repeats < 0:
        raise RuntimeError("Repeats must be non-negative")
    if output_size is not None and output_size != shape[at] * repeats:
        raise RuntimeError(
            f"repeat_interleave: Invalid output_size, expected {shape[at] * repeats} but got {output_size}"
        )
    wide = d.expand(d.unsqueeze(input, at + 1), (*shape[: at + 1], repeats, *shape[at + 1 :]))
    return shapes.flatten(d.contiguous_copy(wide), at, at + 1)


def sum_to_size(self: Tensor, *size: Any) -> Tensor:
    """The sum over the dimensions that a smaller shape would be broadcast along."""
    from ..formulas import sum_to_size as summed

    target = sizes(size)
    if not expandable(target, self._desc.shape):
        raise RuntimeError(f"size {{{list(target)}}} is not expandable to size {{{list(self._desc.shape)}}}.")
    if not target:
        return d.sum_all(self, None)
    return summed(self, target)


# ---- several tensors at once


def _tensors(args: tuple) -> list[Tensor]:
    return expect_tensors(args[0] if len(args) == 1 and isinstance(args[0], (tuple, list)) else args)


def broadcast_tensors(*tensors: Any) -> tuple[Tensor, ...]:
    """All expanded to the shape that they have together."""
    given = expect_tensors(tensors)
    shape: tuple = ()
    for x in given:
        shape = broadcast_shapes(shape, x._desc.shape)
    return tuple([x if x._desc.shape == shape else shapes.expand(x, shape) for x in given])


def common_shape(*shapes_: Any) -> Any:
    """The shape that shapes broadcast to; an int is one of one dimension, and None is none."""
    given = [(s,) if isinstance(s, int) else s for s in shapes_ if s is not None]
    if not given:
        return Size(())
    for shape in given:
        if not isinstance(shape, Sequence):
            raise RuntimeError(f"Input shapes should be of type ints, a tuple of ints, or a list of ints, got {shape}")
    found = [1] * max(map(len, given))
    for at, shape in enumerate(given):
        for dim in range(-1, -1 - len(shape), -1):
            if shape[dim] == found[dim]:
                continue
            if found[dim] == 1:
                if shape[dim] < 0:
                    raise ValueError("Attempting to broadcast a dimension with negative length!")
                found[dim] = shape[dim]
            elif shape[dim] != 1:
                raise RuntimeError(
                    f"Attempting to broadcast a dimension of length {shape[dim]} at {dim}! Mismatching argument at index "
                    f"{at} had {shape}; but expected shape should be broadcastable to {found}"
                )
    return Size(found)


def meshgrid(*tensors: Any, indexing: Any = None) -> tuple[Tensor, ...]:
    """Vectors expanded to a common grid, a dimension each."""
    given = _tensors(tensors)
    if not given:
        raise RuntimeError("meshgrid expects a non-empty TensorList")
    if indexing is None:
        indexing = "ij"
        warn("torch.meshgrid: in an upcoming release, it will be required to pass the indexing argument.")
    if any(x._desc.dtype is not given[0]._desc.dtype for x in given):
        raise RuntimeError("meshgrid expects all tensors to have the same dtype")
    if indexing not in ("ij", "xy"):
        raise RuntimeError(f'torch.meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}')
    for x in given:
        if x._desc.ndim > 1:  # PyTorch prints the tensor here, as C++ does
            raise RuntimeError(f"torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got: {x}")
    swapped = indexing == "xy" and len(given) > 1
    if swapped:
        given[:2] = given[1::-1]
    n = len(given)
    shape = tuple([x._desc.numel for x in given])
    grids = [d.expand(shapes.view(x, *(1,) * i, -1, *(1,) * (n - i - 1)), shape) for i, x in enumerate(given)]
    if swapped:
        grids[:2] = grids[1::-1]
    return tuple(grids)


def cartesian_prod(*tensors: Tensor) -> Tensor:
    """All combinations of one element of each vector, one a row."""
    _vectors(expect_tensors(tensors))
    if not tensors:
        raise RuntimeError("meshgrid expects a non-empty TensorList")
    if len(tensors) == 1:
        return tensors[0]
    return shapes.stack([shapes.flatten(g) for g in meshgrid(*tensors, indexing="ij")], 1)


def _vectors(tensors: Any) -> None:
    for x in tensors:
        if x._desc.ndim != 1:
            raise RuntimeError(f"Expect a 1D vector, but got shape {list(x._desc.shape)}")


def combinations(input: Tensor, r: int = 2, with_replacement: bool = False) -> Tensor:
    """All selections of r elements of a vector, in order, one a row."""
    _vectors((input,))
    if r < 0:
        raise RuntimeError(f"Expect a non-negative number, but got {r}")
    if not r:
        return finish(wrap(np.empty(0, input._desc.dtype.numpy)))
    grid = np.indices((input._desc.numel,) * r)
    chosen = np.ones(grid.shape[1:], bool)
    for a, b in itertools.pairwise(grid):
        chosen &= (a <= b) if with_replacement else (a < b)
    mask = wrap(chosen)
    return shapes.stack([d.masked_select(g, mask) for g in meshgrid(*[input] * r, indexing="ij")], 1)


def _at_least(n: int) -> Any:
    """atleast_1d, atleast_2d, atleast_3d"""

    def one(x: Tensor) -> Tensor:
        if not x._desc.ndim:
            return shapes.reshape(x, (1,) * n)
        if x._desc.ndim == 1 and n > 1:
            x = d.unsqueeze(x, 0)
        return d.unsqueeze(x, -1) if x._desc.ndim == 2 and n == 3 else x

    def call(*tensors: Any) -> Any:
        if len(tensors) == 1 and isinstance(tensors[0], Tensor):
            return one(tensors[0])
        if len(tensors) == 1 and not isinstance(tensors[0], (tuple, list)):
            raise refusal(f"atleast_{n}d", tensors, {}, False) or TypeError
        return tuple([one(x) for x in _tensors(tensors)])

    call.__name__ = f"atleast_{n}d"
    call.__doc__ = f"Tensors with at least {n} dimensions."
    return call


atleast_1d, atleast_2d, atleast_3d = (_at_least(n) for n in (1, 2, 3))


def _joined(name: str, tensors: Any) -> list[Tensor]:
    given = list(tensors)
    if not given:
        raise RuntimeError(f"{name} expects a non-empty TensorList")
    return given


def hstack(tensors: Any) -> Tensor:
    """Joined along the second dimension, vectors along the first."""
    raised = [atleast_1d(x) for x in _joined("hstack", tensors)]
    return shapes.cat(raised, 0 if raised[0]._desc.ndim == 1 else 1)


def vstack(tensors: Any) -> Tensor:
    """Joined as rows."""
    return shapes.cat([atleast_2d(x) for x in _joined("vstack", tensors)], 0)


def dstack(tensors: Any) -> Tensor:
    """Joined along the third dimension."""
    return shapes.cat([atleast_3d(x) for x in _joined("dstack", tensors)], 2)


def column_stack(tensors: Any) -> Tensor:
    """Joined as columns."""
    given = _joined("column_stack", tensors)
    return hstack([shapes.reshape(x, (x._desc.numel, 1)) if x._desc.ndim <= 1 else x for x in given])


# ---- one tensor in pieces


def _splits(name: str, dim: int, least: int) -> Any:
    """hsplit, vsplit, dsplit"""

    def call(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
        n = input._desc.ndim
        if n < least:
            raise RuntimeError(
                f"torch.{name} requires a tensor with at least {least} dimension, but got a tensor with {n} dimensions!"
            )
        at = 0 if n == 1 else dim
        sections = indices_or_sections
        if isinstance(sections, int) and (not sections or input._desc.shape[at] % sections):
            raise RuntimeError(
                f"torch.{name} attempted to split along dimension {at}, but the size of the dimension "
                f"{input._desc.shape[at]} is not divisible by the split_size {sections}!"
            )
        return shapes.tensor_split(input, indices_or_sections, at)

    call.__name__ = name
    call.__doc__ = f"Pieces along dimension {dim}."
    return call


hsplit, vsplit, dsplit = _splits("hsplit", 1, 1), _splits("vsplit", 0, 2), _splits("dsplit", 2, 3)


def split_with_sizes(input: Tensor, split_sizes: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Pieces of given sizes."""
    return shapes.split(input, tuple(split_sizes), dim)


BOTH = (
    tril, triu, diag_embed, diag, diagflat, roll, rot90, fliplr, flipud, adjoint, positive, repeat_interleave, hsplit, vsplit,
    dsplit, split_with_sizes,
)  # fmt: skip
MODULE_ONLY = (
    block_diag, tril_indices, triu_indices, broadcast_tensors, meshgrid, cartesian_prod, combinations, atleast_1d, atleast_2d,
    atleast_3d, hstack, vstack, dstack, column_stack,
)  # fmt: skip
FUNCTIONS = {f.__name__: f for f in BOTH + MODULE_ONLY} | {"row_stack": vstack, "broadcast_shapes": common_shape}
METHODS = {f.__name__: f for f in (*BOTH, tril_, triu_, unfold, sum_to_size)} | {
    "__pos__": positive,
    "mH": property(mH),
    "H": property(H),
}
