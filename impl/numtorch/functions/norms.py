"""Norms of matrices, and of tensors by the order and dimensions that are asked for."""

from __future__ import annotations

from typing import Any

from .. import dispatch as d
from ..functions import shape as shapes
from ..plain_numpy import np
from ..tensor import Tensor, wrap
from .decomposition import svdvals
from .matrix_checks import expect_floating, expect_floating_full, expect_matrix
from .ranks import check_norm_dtype, vector_norm
from .solvers import inv_ex

_ORDERS = (1.0, 2.0, float("inf"))


def matrix_norm(
    A: Tensor, ord: Any = "fro", dim: Any = (-2, -1), keepdim: bool = False, *, dtype: Any = None
) -> Tensor:
    """A norm of the matrices of two dimensions."""
    if isinstance(dim, int):
        raise TypeError(
            "linalg_matrix_norm() received an invalid combination of arguments - got (Tensor, dim=int), but expected one of:\n"
            " * (Tensor input, Number ord, tuple of ints dim = {-2,-1}, bool keepdim = False, *, torch.dtype dtype = None, "
            "Tensor out = None)\n"
            ' * (Tensor input, str ord = "fro", tuple of ints dim = {-2,-1}, bool keepdim = False, *, torch.dtype dtype = '
            "None, Tensor out = None)\n"
        )
    if ord not in ("fro", "nuc") and (isinstance(ord, str) or abs(ord) not in _ORDERS):
        shown = ord if isinstance(ord, str) else f"{ord:g}"
        raise RuntimeError(f"linalg.matrix_norm: Order {shown} not supported.")
    expect_matrix("linalg.matrix_norm", A)
    expect_floating("linalg.matrix_norm", A)
    if ord == "nuc" or ord in (2, -2):
        expect_floating_full("linalg.matrix_norm", A)
    given = tuple(dim)
    if len(given) != 2:
        raise RuntimeError(f"linalg.matrix_norm: dim must be a 2-tuple. Got {' '.join(map(str, given))}")
    n = A._desc.ndim
    rows, cols = shapes.dims(given, n)
    if rows == cols:
        raise RuntimeError(f"linalg.matrix_norm: dims must be different. Got ({given[0]}, {given[1]})")
    if dtype is not None:
        check_norm_dtype("linalg.matrix_norm", A._desc.dtype, dtype)
    if ord == "fro":
        return vector_norm(A, 2, (rows, cols), keepdim, dtype=dtype)
    if ord == "nuc" or abs(ord) == 2:
        A = A if dtype is None else A.to(dtype)
        others = [i for i in range(n) if i not in (rows, cols)]
        order = (*others, rows, cols)
        values = svdvals(d.permute(A, order))
        if ord == "nuc":
            out = d.sum_dim(values, (-1,), keepdim, None)
        else:
            out = (d.amax if ord > 0 else d.amin)(values, (-1,), keepdim)
        return d.permute(d.unsqueeze(out, -1), tuple(np.argsort(order).tolist())) if keepdim else out
    if abs(ord) == float("inf"):
        rows, cols = cols, rows
    if not keepdim and rows < cols:
        cols -= 1
    return (d.amax if ord > 0 else d.amin)(vector_norm(A, 1.0, (rows,), keepdim, dtype=dtype), (cols,), keepdim)


def linalg_norm(A: Tensor, ord: Any = None, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """A vector norm, or a matrix norm where the order or two dimensions ask for one."""
    given = None if dim is None else tuple(dim) if isinstance(dim, (tuple, list)) else (dim,)
    n = A._desc.ndim
    if ord is None:
        return vector_norm(A, 2.0, given, keepdim, dtype=dtype)
    if given is None and n not in (1, 2):
        raise RuntimeError(f"linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got {n}D.")
    if isinstance(ord, str):
        return matrix_norm(A, ord, (0, 1) if given is None else given, keepdim, dtype=dtype)
    if given is not None and len(given) not in (1, 2):
        raise RuntimeError(f"linalg.norm: If dim is specified, it must be of length 1 or 2. Got {list(given)}")
    if (n if given is None else len(given)) == 2:
        return matrix_norm(A, ord, (0, 1) if given is None else given, keepdim, dtype=dtype)
    return vector_norm(A, ord, given, keepdim, dtype=dtype)


def cond(A: Tensor, p: Any = None) -> Tensor:
    """The condition number of a matrix, by a norm."""
    if A._desc.ndim < 2:
        raise RuntimeError("linalg.cond: The input tensor must have at least 2 dimensions.")
    if p is None or p in (2, -2):
        s = svdvals(A)
        large, small = shapes.narrow(s, -1, 0, 1), shapes.narrow(s, -1, -1, 1)
        return d.squeeze_dim(small / large if p == -2 else large / small, -1)
    if isinstance(p, (int, float)) and abs(p) not in (1, float("inf")):
        raise RuntimeError(f"linalg.cond got an invalid norm type: {p:g}")
    rows, cols = A._desc.shape[-2:]
    if rows != cols:
        shown = p if isinstance(p, str) else f"{p:g}"
        raise RuntimeError(
            f"linalg.cond(ord={shown}): A must be batches of square matrices, but they are {rows} by {cols} matrices"
        )
    inverse, info = inv_ex(A)
    inverse.masked_fill_(wrap(np.asarray(info._array != 0)[..., None, None]), float("inf"))
    return d.nan_to_num_(matrix_norm(A, p) * matrix_norm(inverse, p), float("inf"), float("inf"), float("-inf"))


def nuclear_norm(input: Tensor, dim: Any = None, keepdim: bool = False) -> Tensor:
    """The sum of the singular values."""
    return matrix_norm(input, "nuc", (-2, -1) if dim is None else dim, keepdim)


def norm(input: Tensor, p: Any = "fro", dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Tensor:
    """The p-norm of all elements, or over some dimensions."""
    if not isinstance(input, Tensor):  # what PyTorch's Python stumbles over
        raise AttributeError(f"'{type(input).__name__}' object has no attribute 'layout'")
    if p == "nuc":
        given = tuple(range(input._desc.ndim)) if dim is None else (dim,) if isinstance(dim, int) else dim
        return matrix_norm(input, "nuc", given, keepdim, dtype=dtype)
    if p == "fro" or p is None:
        p = 2
    elif isinstance(p, str):
        raise RuntimeError(f"linalg.matrix_norm: Order {p} not supported.")
    return vector_norm(input, p, dim, keepdim, dtype=dtype)


FUNCTIONS = {"norm": norm, "nuclear_norm": nuclear_norm}
METHODS = {"norm": norm}
LINALG = {"vector_norm": vector_norm, "norm": linalg_norm, "matrix_norm": matrix_norm, "cond": cond}
