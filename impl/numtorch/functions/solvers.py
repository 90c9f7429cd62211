"""torch.linalg's solvers and functions of matrices, as users call them."""

from __future__ import annotations

from typing import Any

from .. import dispatch as d, return_types
from ..aliasing.views import storage_of
from ..calls.operands import refused, resize_output
from ..calls.raising import saving, saving_first
from ..dtype import dtypes
from ..formulas.masks import of_arrays
from ..functions import shape as shapes
from ..kernels.decomposition import is_vector, larger_than
from ..levels import wrapped_of
from ..memory.descriptor import broadcast_shapes, describe
from ..plain_numpy import np
from ..tensor import Tensor, wrap
from .arguments import expect_tensor
from .decomposition import eigvalsh, svd_factors
from .linalg import matmul
from .matrix_checks import (
    LinAlgError,
    expect_compiled,
    expect_floating,
    expect_floating_full,
    expect_matrix,
    expect_square,
    raise_failed,
)


def linalg_diagonal(A: Tensor, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """The diagonal of the last two dimensions."""
    return shapes.diagonal(A, offset, dim1, dim2)


def inv_ex(A: Tensor, *, check_errors: bool = False) -> Any:
    """The inverse, and where it fails."""
    expect_square("linalg.inv", A)
    expect_floating_full("linalg.inv", A)
    found = d.linalg_inv_ex(A)
    if check_errors:
        _check_inverse(found[1])
    return return_types.linalg_inv_ex(*found)


def _check_inverse(info: Tensor, name: str = "linalg.inv") -> None:
    raise_failed(
        info,
        lambda where, n: (
            f"{name}: {where}The diagonal element {n} is zero, the inversion could not be completed because "
            "the input matrix is singular."
        ),
    )


def inv(A: Tensor) -> Tensor:
    """The inverse."""
    return inv_ex(A, check_errors=True)[0]


def inverse(input: Tensor) -> Tensor:
    """The same under torch's name."""
    return inv(input)


def det(input: Tensor) -> Tensor:
    """The determinant."""
    with saving_first("linalg_det", A=input):
        expect_square("linalg.det", input)
        expect_floating("linalg.det", input)
        expect_compiled("lu_cpu", input)
    return d.linalg_det(input)[0]


def linalg_det(A: Tensor) -> Tensor:
    """The same under torch.linalg's name."""
    return det(A)


def linalg_slogdet(A: Tensor) -> Any:
    """The determinant's sign and the logarithm of its size."""
    with saving_first("linalg_slogdet", A=A):
        return return_types.linalg_slogdet(*_slogdet("linalg.slogdet", A))


def slogdet(input: Tensor) -> Any:
    """The same under torch's name."""
    return return_types.slogdet(*linalg_slogdet(input))


def _slogdet(name: str, A: Tensor) -> tuple:
    expect_square(name, A)
    expect_floating_full(name, A)
    return d.linalg_slogdet(A)[:2]


def logdet(input: Tensor) -> Tensor:
    """The logarithm of the determinant, nan if that is negative."""
    sign, size = _slogdet("logdet", input)
    if sign._desc.dtype.is_complex:
        return sign.log() + size
    return d.where(wrap(np.asarray(sign._array == -1)[()]), wrap(input._desc.dtype.numpy.type(np.nan)), size)


def solve_ex(A: Tensor, B: Tensor, *, left: bool = True, check_errors: bool = False) -> Any:
    """X with A X = B (or X A = B), and where it fails."""
    expect_tensor(B, "linalg_solve", "B", 2)
    with saving_first("linalg_solve_ex", A=A, B=B):
        _expect_solvable(A, B, left)
    found = d.linalg_solve_ex(A, B, left)
    if check_errors:
        refuse_singular(found[3])
    return return_types.linalg_solve_ex(found[0], found[3])


def _expect_solvable(A: Tensor, B: Tensor, left: bool) -> None:
    a, b = A._desc, B._desc
    expect_floating("linalg.solve", A)
    if a.dtype is not b.dtype:
        raise RuntimeError(
            f"linalg.solve: Expected A and B to have the same dtype, but found A of type {a.dtype.scalar_name} and B of "
            f"type {b.dtype.scalar_name} instead"
        )
    expect_square("linalg.solve", A)
    vector = is_vector(A._array, B._array)
    shape = (*b.shape, 1) if vector else tuple(b.shape)
    _fits("linalg.solve", tuple(a.shape), shape, left)
    if vector and not left:
        raise RuntimeError(
            "linalg.solve: Vector broadcasting of the left hand side is not supported for left=False. In this case "
            "linalg.solve is equivalent to B / A.squeeze(-1)"
        )
    expect_compiled("lu_cpu", A)


def refuse_singular(info: Tensor) -> None:
    """PyTorch's complaint about what has no solution."""
    raise_failed(
        info, lambda where, n: f"torch.linalg.solve: {where}The solver failed because the input matrix is singular."
    )


def _fits(name: str, a: tuple, b: tuple, left: bool) -> None:
    if a[-2] != b[-2 if left else -1]:
        raise RuntimeError(
            f"{name}: Incompatible shapes of A and B for the equation {'AX' if left else 'XA'} = B "
            f"({a[-2]}x{a[-1]} and {b[-2]}x{b[-1]})"
        )


def solve(A: Tensor, B: Tensor, *, left: bool = True) -> Tensor:
    """X with A X = B, or X A = B."""
    return solve_ex(A, B, left=left, check_errors=True)[0]


def solve_triangular(A: Tensor, B: Tensor, *, upper: bool, left: bool = True, unitriangular: bool = False) -> Tensor:
    """The same of a triangular matrix."""
    expect_square("linalg.solve_triangular", A)
    expect_matrix("linalg.solve_triangular", B, "B")
    _fits("linalg.solve_triangular", tuple(A._desc.shape), tuple(B._desc.shape), left)
    if A._desc.dtype.category < dtypes.FLOATING:
        raise refused("triangular_solve_cpu", A._desc.dtype)
    return d.linalg_solve_triangular(A, B, upper, left, unitriangular)


def lstsq(A: Tensor, B: Tensor, rcond: Any = None, *, driver: Any = None) -> Any:
    """The least squares solution."""
    with saving_first("linalg_lstsq", self=A, b=B):
        _expect_system(A, B, driver)
    return return_types.linalg_lstsq(*d.linalg_lstsq(A, B, rcond, driver or "gelsy"))


def _expect_system(A: Tensor, B: Tensor, driver: Any) -> None:
    if A._desc.ndim < 2:
        raise RuntimeError("torch.linalg.lstsq: input must have at least 2 dimensions.")
    if not B._desc.ndim:
        raise RuntimeError("torch.linalg.lstsq: other must have at least 1 dimension.")
    if A._desc.dtype is not B._desc.dtype:
        raise RuntimeError(
            "torch.linalg.lstsq: Expected input and other to have the same dtype, but got input's dtype "
            f"{A._desc.dtype.scalar_name} and other's dtype {B._desc.dtype.scalar_name}"
        )
    fewer = A._desc.ndim - B._desc.ndim
    if fewer not in (0, 1):
        raise RuntimeError(
            "torch.linalg.lstsq: input.dim() must be greater or equal to other.dim() and (input.dim() - other.dim()) <= 1"
        )
    vector = B._desc.ndim == 1 or B._desc.shape == A._desc.shape[:-1]
    if A._desc.shape[-2] != B._desc.shape[-1 if vector else -2]:
        raise RuntimeError(f"torch.linalg.lstsq: input.size(-2) should match other.size({-1 if vector else -2})")
    batch = B._desc.shape[: B._desc.ndim - 2 + fewer]  # as PyTorch has it, also of matrices with a dimension less
    broadcast_shapes(A._desc.shape[:-2], batch)
    if A._desc.dtype.category < dtypes.FLOATING or A._desc.dtype.is_half:
        raise RuntimeError("This function doesn't handle types other than float and double")
    if driver not in (None, "gels", "gelsy", "gelsd", "gelss"):
        raise RuntimeError("torch.linalg.lstsq: parameter `driver` should be one of (gels, gelsy, gelsd, gelss)")
    if driver == "gels":
        _full_rank(A)


def _full_rank(A: Tensor) -> None:
    """LAPACK's gels takes matrices of full rank only, and tells by an exact zero on the diagonal of R."""
    tall = A._array if A._desc.shape[-2] >= A._desc.shape[-1] else A._array.swapaxes(-1, -2)
    zero = np.diagonal(np.linalg.qr(tall)[1], 0, -2, -1) == 0 if tall.size else np.zeros((1, 1), np.bool_)
    if zero.any():
        batch = zero.reshape(-1, zero.shape[-1])
        first = int(np.argmax(batch.any(-1)))
        where = f"(Batch element {first}): " if A._desc.ndim > 2 else ""
        raise LinAlgError(
            f"torch.linalg.lstsq: {where}The least squares solution could not be computed because the input matrix does "
            f"not have full rank (error code: {int(np.argmax(batch[first])) + 1})."
        )


# ---- functions of matrices


def pinv(A: Tensor, rcond: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None) -> Tensor:
    """The pseudo-inverse."""
    if A._desc.ndim < 2 or A._desc.dtype.category < dtypes.FLOATING or A._desc.dtype.itemsize < 4:
        error = RuntimeError(
            f"linalg.pinv({A._desc.dtype.scalar_name}{{{list(A._desc.shape)}}}): expected a tensor with 2 or more dimensions "
            "of float, double, cfloat or cdouble types"
        )
        raise saving(error, A)
    if hermitian:
        expect_square("linalg.eigh", A)
    atol, rtol = _tolerances("torch.linalg.pinv", A, atol, rcond if rtol is None else rtol)
    return d.linalg_pinv(A, atol, rtol, hermitian)


def _tolerances(name: str, A: Tensor, atol: Any, rtol: Any) -> tuple[Any, Any]:
    """What singular values are small beside: a relative bound where neither is given, or the absolute one is zero."""
    found = []
    for which, given in (("atol", atol), ("rtol", rtol)):
        if isinstance(given, Tensor):
            if given._desc.dtype.is_complex:
                raise RuntimeError(
                    f"{name}: {which} tensor of complex type is not supported. Got {given._desc.dtype.scalar_name}"
                )
            broadcast_shapes(given._desc.shape, A._desc.shape[:-2])
            given = given._array
        found.append(given)
    absolute, relative = found
    if relative is None:
        usual = np.finfo(A._desc.dtype.to_real().numpy).eps * max(A._desc.shape[-2:])
        relative = usual if absolute is None else np.where(np.greater(absolute, 0), 0.0, usual)
    return 0.0 if absolute is None else absolute, relative


def pinverse(input: Tensor, rcond: float = 1e-15) -> Tensor:
    """The same under torch's name."""
    return pinv(input, rcond)


def matrix_rank(A: Tensor, tol: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None) -> Tensor:
    """How many singular values are not small."""
    expect_matrix("linalg.matrix_rank", A)
    if A._desc.dtype.category < dtypes.FLOATING or A._desc.dtype.itemsize < 4:
        raise RuntimeError("This function doesn't handle types other than float and double")
    absolute, relative = (tol, 0.0) if tol is not None else (atol, rtol)
    absolute, relative = _tolerances("torch.linalg.matrix_rank", A, absolute, relative)
    batch = A._desc.shape[:-2]

    def ranks(values: Any) -> Any:
        values = np.abs(values)
        return np.asarray((values > larger_than(values, absolute, relative)).sum(-1)).astype(np.int64)[()]

    if A._desc.numel:
        found = of_arrays(ranks, eigvalsh(A.detach()) if hermitian else svd_factors(A.detach(), False)[1])
        if wrapped_of(found) is not None:
            return found
        counts = found._array
    else:
        counts = np.zeros(batch, np.int64)[()]
    result = wrap(np.zeros(batch, np.int64)[()])
    if counts.shape != batch:
        resize_output(result, describe(counts))
    storage_of(result)[...] = counts
    result._counter = [1]  # PyTorch's is filled in place
    return result


def matrix_power(A: Tensor, n: int) -> Tensor:
    """The matrix times itself, by repeated squaring."""
    if type(n) is not int:
        raise TypeError(f"linalg_matrix_power(): argument 'n' (position 2) must be int, not {type(n).__name__}")
    expect_square("linalg.matrix_power", A)
    if n == 0:
        out = d.contiguous_copy(A)
        return out.copy_(wrap(np.eye(A._desc.shape[-1], dtype=A._desc.dtype.numpy)))
    if n == -1:
        return inv(A)
    if n < 0:
        A, n = inv(A), -n
    if n == 1:
        return d.contiguous_copy(A)
    if n == 3:
        return matmul(matmul(A, A), A)
    square = result = None
    while n:
        square = A if square is None else matmul(square, square)
        if n % 2:
            result = square if result is None else matmul(result, square)
        n //= 2
    return result  # type: ignore[return-value]


def matrix_exp(A: Tensor) -> Tensor:
    """The exponential of a matrix."""
    with saving_first("linalg_matrix_exp", self=A):
        expect_square("linalg.matrix_exp", A)
        expect_floating("linalg.matrix_exp", A)
    return d.linalg_matrix_exp(A)


def tensorinv(A: Tensor, ind: int = 2) -> Tensor:
    """The inverse of a tensor that is a matrix of its first dimensions by the others."""
    if ind <= 0:
        raise RuntimeError("Expected a strictly positive integer for 'ind'")
    shape = tuple(A._desc.shape)
    first, rest = int(np.prod(shape[:ind])), int(np.prod(shape[ind:]))
    if first != rest:
        raise RuntimeError(
            "Expected self to satisfy the requirement prod(self.shape[ind:]) == prod(self.shape[:ind]), but got "
            f"{rest} != {first}"
        )
    inverse, info = inv_ex(shapes.reshape(A, (rest, first)))
    _check_inverse(info, "inv")
    return shapes.reshape(inverse, shape[ind:] + shape[:ind])


def tensorsolve(A: Tensor, B: Tensor, dims: Any = None) -> Tensor:
    """X with tensordot(A, X, X.ndim) = B."""
    if dims is not None:
        A = shapes.movedim(A, tuple(dims), tuple(range(A._desc.ndim - len(dims), A._desc.ndim)))
    shape, n = tuple(A._desc.shape), B._desc.ndim
    first, rest = B._desc.numel, int(np.prod(shape[n:]))
    if first != rest:
        raise RuntimeError(
            "Expected self to satisfy the requirement prod(self.shape[other.ndim:]) == prod(self.shape[:other.ndim]), but "
            f"got {rest} != {first}"
        )
    flat = B if n == 1 else shapes.reshape(B, (-1,))
    return shapes.reshape(solve(shapes.reshape(A, (rest, rest)), flat), shape[n:])


def linalg_vander(x: Tensor, *, N: Any = None) -> Tensor:
    """The powers 0 to N - 1 of each element, one a column."""
    if x._desc.dtype is dtypes.bool_:
        raise RuntimeError("linalg.vander supports floating point, complex, and integer tensors, but got Bool")
    if N is None and not x._desc.ndim:
        raise RuntimeError("N must be greater than 1.")
    if not x._desc.ndim:
        x = d.unsqueeze(x, -1)
    n = x._desc.shape[-1] if N is None else N
    if n <= 1:
        raise RuntimeError("N must be greater than 1.")
    shape = tuple(x._desc.shape)
    powers = d.cumprod(d.expand(d.unsqueeze(x, -1), (*shape, n - 1)), -1, None)
    return d.cat([wrap(np.ones((*shape, 1), x._desc.dtype.numpy)), powers], -1)


BOTH = (det, slogdet, logdet, inverse, pinverse, matrix_power, matrix_exp)
FUNCTIONS = {f.__name__: f for f in BOTH}
METHODS = FUNCTIONS
LINALG = {
    "LinAlgError": LinAlgError,
    "slogdet": linalg_slogdet,
    "det": linalg_det,
    "diagonal": linalg_diagonal,
    "vander": linalg_vander,
} | {
    f.__name__: f
    for f in (
        inv, inv_ex, solve, solve_ex, solve_triangular, lstsq, pinv, matrix_rank, matrix_power, matrix_exp, tensorinv,
        tensorsolve,
    )
}  # fmt: skip
