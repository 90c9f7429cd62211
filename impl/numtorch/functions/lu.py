"""The factors L and U of a matrix: torch.linalg's functions, and torch's older ones."""

from __future__ import annotations

from typing import Any

from .. import dispatch as d, return_types
from ..calls.operands import refused
from ..dtype import dtypes
from ..grad_mode import is_grad_enabled
from ..plain_numpy import np
from ..tensor import Tensor, existing_dim
from ..warning import warn
from .arguments import expect_tensor, no_gradient
from .matrix_checks import expect_square, raise_failed


def _factors(function: Any, name: str, A: Any, pivot: bool) -> tuple:
    """Of a matrix of at least two dimensions, with pivots, which alone are there on a CPU."""
    if expect_tensor(A, name)._desc.ndim < 2:
        raise RuntimeError(
            f"{name}: Expected tensor with 2 or more dimensions. Got size: {list(A._desc.shape)} instead"
        )
    if not pivot:
        raise RuntimeError("linalg.lu_factor: LU without pivoting is not implemented on the CPU")
    if A._desc.dtype.category < dtypes.FLOATING or A._desc.dtype.is_half:
        raise refused("lu_cpu", A._desc.dtype)
    return function(A, True)


def _expect_no_zero(name: str, info: Tensor) -> None:
    raise_failed(
        info,
        lambda where, n: (
            f"{name}: {where}U[{n},{n}] is zero and using it on lu_solve would result in a division by zero. If you still "
            "want to perform the factorization, consider calling linalg.lu(A, pivot) or linalg.lu_factor_ex(A, pivot)"
        ),
        RuntimeError,
    )


def lu_factor_ex(A: Tensor, *, pivot: bool = True, check_errors: bool = False) -> Any:
    """Both factors in one matrix, the rows that were exchanged, and where U has a zero."""
    found = _factors(d.linalg_lu_factor_ex, "torch.lu_factor", A, pivot)
    if check_errors:
        _expect_no_zero("torch.linalg.lu_factor_ex", found[2])
    return return_types.linalg_lu_factor_ex(*found)


def lu_factor(A: Tensor, *, pivot: bool = True) -> Any:
    """The same, of a matrix that has an inverse."""
    factors, pivots, info = _factors(d.linalg_lu_factor_ex, "torch.lu_factor", A, pivot)
    _expect_no_zero("torch.linalg.lu_factor", info)
    return return_types.linalg_lu_factor(factors, pivots)


def lu(A: Tensor, *, pivot: bool = True) -> Any:
    """The permutation and both factors, each a matrix."""
    lower, upper, order = _factors(d.linalg_lu, "linalg.lu", A, pivot)
    return return_types.linalg_lu(order, lower, upper)


def lu_solve(LU: Tensor, pivots: Tensor, B: Tensor, *, left: bool = True, adjoint: bool = False) -> Tensor:
    """X with A X = B (or X A = B) by the factors of A, or of its adjoint."""
    name = "linalg.lu_solve"
    no_gradient(pivots, "linalg_lu_solve", "pivots")
    kind, shape = LU._desc.dtype, tuple(LU._desc.shape)
    if kind.category < dtypes.FLOATING:
        raise RuntimeError(
            f"torch.{name}: Expected a floating point or complex tensor as input. Got {kind.scalar_name}"
        )
    if kind is not B._desc.dtype:
        raise RuntimeError(
            f"{name}: Expected LU and B to have the same dtype, but found LU of type {kind.scalar_name} and B of type "
            f"{B._desc.dtype.scalar_name} instead"
        )
    if pivots._desc.dtype is not dtypes.int32:
        raise RuntimeError(f"{name}: pivots should be a Tensor of scalar type torch.int32")
    expect_square("torch." + name, LU)
    if B._desc.ndim < 2:
        raise RuntimeError(f"{name}: The input tensor B must have at least 2 dimensions.")
    rows, cols = B._desc.shape[-2:]
    if (rows if left else cols) != shape[-1]:
        raise RuntimeError(
            f"{name}: Incompatible shapes of A and B for the equation {'AX' if left else 'XA'} = B "
            f"({shape[-2]}x{shape[-1]} and {rows}x{cols})"
        )
    if pivots._desc.shape[-1:] != shape[-1:]:
        raise RuntimeError(f"{name}: Number of pivots per batch should be same as the dimension of the matrix")
    if tuple(pivots._desc.shape) != shape[:-1]:
        raise RuntimeError(
            f"{name}: Expected LU.shape[:-1] and pivots.shape to be the same, but got pivots with shape "
            f"{list(pivots._desc.shape)} instead"
        )
    if kind.is_half:
        raise refused("lu_solve_cpu", kind)
    return d.linalg_lu_solve(LU, pivots, B, left, adjoint)


def lu_unpack(LU_data: Tensor, LU_pivots: Tensor, unpack_data: bool = True, unpack_pivots: bool = True) -> Any:
    """The permutation and both factors, of what lu_factor returned."""
    expect_tensor(LU_data, "lu_unpack", "LU_data")
    expect_tensor(LU_pivots, "lu_unpack", "LU_pivots", 2)
    if LU_data.requires_grad and is_grad_enabled():  # both sizes are kept for the gradient, the last first
        existing_dim(-1, LU_data._desc.ndim)
        existing_dim(-2, LU_data._desc.ndim)
    if LU_data._desc.ndim < 2:
        raise RuntimeError(
            f"torch.lu_unpack: Expected tensor with 2 or more dimensions. Got size: {list(LU_data._desc.shape)} instead"
        )
    if unpack_pivots:
        if LU_pivots._desc.dtype is not dtypes.int32:
            raise RuntimeError(
                "torch.lu_unpack: LU_pivots is expected to be a contiguous tensor of torch.int32 dtype.\n"
                "Note: this function is intended to be used with the output produced by torch.linalg.lu_factor"
            )
        places = np.asarray(LU_pivots._array)
        if ((places < 1) | (places > LU_data._desc.shape[-2])).any():
            raise RuntimeError(
                "pivots passed to lu_unpack must be between 1 and LU.size(-2) inclusive."
                "Did you properly pass the result of lu_factor?"
            )
    lower, upper, order = d.lu_unpack(LU_data, LU_pivots, unpack_data, unpack_pivots)
    return return_types.lu_unpack(order, lower, upper)


DEPRECATED_LU = (
    "torch.lu is deprecated in favor of torch.linalg.lu_factor / torch.linalg.lu_factor_ex and will be removed in a future "
    "PyTorch release.\nLU, pivots = torch.lu(A, compute_pivots)\nshould be replaced with\n"
    "LU, pivots = torch.linalg.lu_factor(A, compute_pivots)\nand\n"
    "LU, pivots, info = torch.lu(A, compute_pivots, get_infos=True)\nshould be replaced with\n"
    "LU, pivots, info = torch.linalg.lu_factor_ex(A, compute_pivots)"
)
DEPRECATED_SOLVE = (
    "torch.lu_solve is deprecated in favor of torch.linalg.lu_solveand will be removed in a future PyTorch release.\n"
    "Note that torch.linalg.lu_solve has its arguments reversed.\nX = torch.lu_solve(B, LU, pivots)\n"
    "should be replaced with\nX = torch.linalg.lu_solve(LU, pivots, B)"
)


def torch_lu(A: Tensor, pivot: bool = True, get_infos: bool = False, out: Any = None) -> Any:
    """Both factors in one matrix, under torch's name; with where U has a zero, if that is asked."""
    warn(DEPRECATED_LU)
    found = _factors(d.linalg_lu_factor_ex, "torch.lu_factor", A, pivot)
    if out is not None:
        for o, f in zip(out, found, strict=False):
            o.resize_(f._desc.shape).copy_(f)
        return out
    return return_types._lu_with_info(*found) if get_infos else tuple(found[:2])


def lu_method(self: Tensor, pivot: bool = True, get_infos: bool = False) -> tuple:
    """The same as a method, which returns bare tuples."""
    return tuple(torch_lu(self, pivot, get_infos))


def torch_lu_solve(b: Tensor, LU_data: Tensor, LU_pivots: Tensor) -> Tensor:
    """X with A X = b, under torch's name."""
    warn(DEPRECATED_SOLVE)
    return lu_solve(LU_data, LU_pivots, b)


FUNCTIONS: dict[str, Any] = {"lu": torch_lu, "lu_solve": torch_lu_solve, "lu_unpack": lu_unpack}
METHODS: dict[str, Any] = {"lu": lu_method, "lu_solve": torch_lu_solve}
LINALG = {f.__name__: f for f in (lu_factor_ex, lu_factor, lu, lu_solve)}
