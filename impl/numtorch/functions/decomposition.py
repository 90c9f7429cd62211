"""torch.linalg's decompositions and solvers, as users call them."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dispatch as d, return_types
from ..dtype import dtypes
from ..kernels.decomposition import is_vector
from ..tensor import Tensor, wrap
from . import shape as shapes
from .arguments import expect_tensor, not_for
from .linalg import matmul
from .reduction import vector_norm

_LinAlgError = type(
    "_LinAlgError", (RuntimeError,), {"__module__": "torch._C", "__doc__": "A matrix that has no answer."}
)
LinAlgError = _LinAlgError


# ---- checks


def _floating(name: str, A: Tensor) -> None:
    if A._desc.dtype.category < dtypes.FLOATING:
        raise RuntimeError(
            f"{name}: Expected a floating point or complex tensor as input. Got {A._desc.dtype.scalar_name}"
        )


def _floating_full(name: str, A: Tensor) -> None:
    """The same, and no half types."""
    _floating(name, A)
    if A._desc.dtype.itemsize < 4:
        raise RuntimeError(f"{name}: Low precision dtypes not supported. Got {A._desc.dtype.scalar_name}")


def _compiled(kernel: str, A: Tensor) -> None:
    """LAPACK has no half types."""
    if A._desc.dtype.itemsize < 4 and A._desc.numel:
        not_for(kernel, A, A._desc.dtype)


def _converging(function: Any, *args: Any) -> Any:
    """A decomposition that NumPy may give up."""
    try:
        return function(*args)
    except np.linalg.LinAlgError:
        array = args[0]._array
        where = f"(Batch element {int(np.argmin(np.isfinite(array.reshape(-1, array.shape[-2] * array.shape[-1])).all(-1)))}): "
        raise _LinAlgError(
            f"linalg.svd: {where if array.ndim > 2 else ''}The algorithm failed to converge because the input matrix "
            "contained non-finite values."
        ) from None


def _matrix(name: str, A: Any, what: str = "A") -> None:
    expect_tensor(A, name, what)
    if A._desc.ndim < 2:
        raise RuntimeError(f"{name}: The input tensor {what} must have at least 2 dimensions.")


def _square(name: str, A: Any) -> None:
    _matrix(name, A)
    rows, cols = A._desc.shape[-2:]
    if rows != cols:
        raise RuntimeError(f"{name}: A must be batches of square matrices, but they are {rows} by {cols} matrices")


def _failed(info: Tensor, text: Any) -> None:
    """Raise for the first matrix whose info is not zero."""
    numbers = np.asarray(info._array)
    if not numbers.any():
        return
    at = int(np.flatnonzero(numbers)[0])
    raise _LinAlgError(text(f"(Batch element {at}): " if numbers.ndim else "", int(numbers.flat[at])))


# ---- solvers


def inv_ex(A: Tensor, *, check_errors: bool = False) -> Any:
    """The inverse, and where it fails."""
    _square("linalg.inv", A)
    _floating_full("linalg.inv", A)
    found = d.linalg_inv_ex(A)
    if check_errors:
        _check_inverse(found[1])
    return return_types.linalg_inv_ex(*found)


def _check_inverse(info: Tensor) -> None:
    _failed(
        info,
        lambda where, n: (
            f"linalg.inv: {where}The diagonal element {n} is zero, the inversion could not be completed because "
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
    _square("linalg.det", input)
    _floating("linalg.det", input)
    _compiled("lu_cpu", input)
    return d.linalg_det(input)[0]


def linalg_det(A: Tensor) -> Tensor:
    """The same under torch.linalg's name."""
    return det(A)


def linalg_slogdet(A: Tensor) -> Any:
    """The determinant's sign and the logarithm of its size."""
    return return_types.linalg_slogdet(*_slogdet("linalg.slogdet", A))


def slogdet(input: Tensor) -> Any:
    """The same under torch's name."""
    return return_types.slogdet(*_slogdet("linalg.slogdet", input))


def _slogdet(name: str, A: Tensor) -> tuple:
    _square(name, A)
    _floating_full(name, A)
    return d.linalg_slogdet(A)[:2]


def logdet(input: Tensor) -> Tensor:
    """The logarithm of the determinant, nan if that is negative."""
    sign, size = _slogdet("logdet", input)
    return d.where(wrap(np.asarray(sign._array == -1)[()]), wrap(input._desc.dtype.numpy.type(np.nan)), size)


def solve_ex(A: Tensor, B: Tensor, *, left: bool = True, check_errors: bool = False) -> Any:
    """X with A X = B (or X A = B), and where it fails."""
    _square("linalg.solve", A)
    _floating("linalg.solve", A)
    expect_tensor(B, "linalg_solve", "B", 2)
    a, b = A._desc, B._desc
    if a.dtype is not b.dtype:
        raise RuntimeError(
            f"linalg.solve: Expected A and B to have the same dtype, but found A of type {a.dtype.scalar_name} and B of "
            f"type {b.dtype.scalar_name} instead"
        )
    vector = is_vector(A._array, B._array)
    if vector and not left:
        raise RuntimeError(
            "linalg.solve: Vector broadcasting of the left hand side is not supported for left=False. In this case "
            "linalg.solve is equivalent to B / A.squeeze(-1)"
        )
    shape = (*b.shape, 1) if vector else tuple(b.shape)
    _fits("linalg.solve", tuple(a.shape), shape, left)
    _compiled("lu_cpu", A)
    found = d.linalg_solve_ex(A, B, left)
    if check_errors:
        _failed(
            found[3],
            lambda where, n: f"torch.linalg.solve: {where}The solver failed because the input matrix is singular.",
        )
    return return_types.linalg_solve_ex(found[0], found[3])


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
    _square("linalg.solve_triangular", A)
    _matrix("linalg.solve_triangular", B, "B")
    _fits("linalg.solve_triangular", tuple(A._desc.shape), tuple(B._desc.shape), left)
    return d.linalg_solve_triangular(A, B, upper, left, unitriangular)


def cholesky_ex(A: Tensor, *, upper: bool = False, check_errors: bool = False) -> Any:
    """The triangular root of a positive-definite matrix, and where it fails."""
    _square("linalg.cholesky", A)
    _floating("linalg.cholesky", A)
    _compiled("cholesky_cpu", A)
    found = d.linalg_cholesky_ex(A, upper)
    if check_errors:
        _check_root("linalg.cholesky", found[1])
    return return_types.linalg_cholesky_ex(*found)


def _check_root(name: str, info: Tensor) -> None:
    _failed(
        info,
        lambda where, n: (
            f"{name}: {where}The factorization could not be completed because the input is not "
            f"positive-definite (the leading minor of order {n} is not positive-definite)."
        ),
    )


def linalg_cholesky(A: Tensor, *, upper: bool = False) -> Tensor:
    """The triangular root of a positive-definite matrix."""
    return cholesky_ex(A, upper=upper, check_errors=True)[0]


def cholesky(input: Tensor, upper: bool = False) -> Tensor:
    """The same under torch's name, with a node of its own."""
    _square("cholesky", input)
    _check_root("cholesky", d.linalg_cholesky_ex(input.detach(), upper)[1])
    return d.cholesky(input, upper)


def cholesky_solve(B: Tensor, L: Tensor, upper: bool = False) -> Tensor:
    """X with L L^H X = B."""
    if B._desc.ndim < 2:
        raise RuntimeError(f"b should have at least 2 dimensions, but has {B._desc.ndim} dimensions instead")
    if L._desc.ndim < 2:
        raise RuntimeError(f"u should have at least 2 dimensions, but has {L._desc.ndim} dimensions instead")
    rows, cols = L._desc.shape[-2:]
    if rows != B._desc.shape[-2]:
        raise RuntimeError(
            f"Incompatible matrix sizes for cholesky_solve: each A matrix is {rows} by {cols} but each b matrix is "
            f"{B._desc.shape[-2]} by {B._desc.shape[-1]}"
        )
    return d.cholesky_solve(B, L, upper)


def cholesky_inverse(L: Tensor, upper: bool = False) -> Tensor:
    """The inverse of L L^H."""
    _square("cholesky_inverse", L)
    return d.cholesky_inverse(L, upper)


def lstsq(A: Tensor, B: Tensor, rcond: Any = None, *, driver: Any = None) -> Any:
    """The least squares solution."""
    if A._desc.ndim < 2:
        raise RuntimeError("torch.linalg.lstsq: input must have at least 2 dimensions.")
    vector = A._desc.ndim - 1 == B._desc.ndim
    if A._desc.shape[-2] != B._desc.shape[-1 if vector else -2]:
        raise RuntimeError(f"torch.linalg.lstsq: input.size(-2) should match other.size({-1 if vector else -2})")
    return return_types.linalg_lstsq(*d.linalg_lstsq(A, B, rcond))


# ---- factors


def linalg_qr(A: Tensor, mode: str = "reduced") -> Any:
    """An orthogonal and an upper triangular factor."""
    return return_types.linalg_qr(*_qr(A, mode))


def _qr(A: Tensor, mode: str) -> tuple:
    _matrix("linalg.qr", A)
    _floating("linalg.qr", A)
    _compiled("geqrf_cpu", A)
    if mode not in ("reduced", "complete", "r"):
        raise RuntimeError(
            f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), 'r', or 'complete'"
        )
    return d.linalg_qr(A, mode)


def qr(input: Tensor, some: bool = True) -> Any:
    """The same under torch's name."""
    return return_types.qr(*_qr(input, "reduced" if some else "complete"))


def eigh(A: Tensor, UPLO: str = "L") -> Any:
    """Eigenvalues in order, and eigenvectors, of a symmetric matrix."""
    return return_types.linalg_eigh(*_eigh(A, UPLO))


def _eigh(A: Tensor, uplo: str) -> tuple:
    _square("linalg.eigh", A)
    if len(uplo) != 1 or uplo not in "LUlu":
        raise RuntimeError(f"Expected UPLO argument to be 'L' or 'U', but got {uplo}")
    if A._desc.dtype.category < dtypes.FLOATING:
        raise NotImplementedError(f"\"linalg_eigh_cpu\" not implemented for '{A._desc.dtype.scalar_name}'")
    return d.linalg_eigh(A, uplo)


def eigvalsh(A: Tensor, UPLO: str = "L") -> Tensor:
    """Eigenvalues in order of a symmetric matrix."""
    return _eigh(A, UPLO)[0]


def _svd(A: Tensor, full_matrices: bool) -> tuple:
    _matrix("linalg.svd", A)
    _floating("linalg.svd", A)
    _compiled("linalg_svd_cpu", A)
    return _converging(d.linalg_svd, A, full_matrices)


def linalg_svd(A: Tensor, full_matrices: bool = True, *, driver: Any = None) -> Any:
    """Singular vectors and values."""
    return return_types.linalg_svd(*_svd(A, full_matrices))


def svd(input: Tensor, some: bool = True, compute_uv: bool = True) -> Any:
    """The same under torch's name, with the right vectors as columns."""
    u, s, vh = _svd(input, not some)
    return return_types.svd(u, s, vh.mH)


def svdvals(A: Tensor, *, driver: Any = None) -> Tensor:
    """Singular values in falling order."""
    return _svd(A, False)[1]


# ---- functions of matrices


def pinv(A: Tensor, rcond: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None) -> Tensor:
    """The pseudo-inverse."""
    if A._desc.ndim < 2 or A._desc.dtype.category < dtypes.FLOATING or A._desc.dtype.itemsize < 4:
        raise RuntimeError(
            f"linalg.pinv({A._desc.dtype.scalar_name}{{{list(A._desc.shape)}}}): expected a tensor with 2 or more dimensions "
            "of float, double, cfloat or cdouble types"
        )
    rtol = rcond if rtol is None else rtol
    if rtol is None:
        rtol = 0.0 if atol else float(np.finfo(A._desc.dtype.to_real().numpy).eps * max(A._desc.shape[-2:]))
    return _converging(d.linalg_pinv, A, float(atol or 0.0), float(rtol), hermitian)


def pinverse(input: Tensor, rcond: float = 1e-15) -> Tensor:
    """The same under torch's name."""
    return pinv(input, rcond)


def matrix_rank(A: Tensor, tol: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None) -> Tensor:
    """How many singular values are not small."""
    _matrix("linalg.matrix_rank", A)
    if A._desc.dtype.category < dtypes.FLOATING or A._desc.dtype.itemsize < 4:
        raise RuntimeError("This function doesn't handle types other than float and double")
    values = _svd(A.detach(), False)[1]._array
    eps = np.finfo(A._desc.dtype.to_real().numpy).eps * max(A._desc.shape[-2:])
    absolute = atol if tol is None else tol
    relative = rtol if rtol is not None else 0.0 if absolute else eps
    cut = np.maximum(absolute or 0.0, relative * values[..., :1])
    result = wrap(np.asarray((values > cut).sum(-1)).astype(np.int64)[()])
    result._counter = [1]  # PyTorch's is filled in place
    return result


def matrix_power(A: Tensor, n: int) -> Tensor:
    """The matrix times itself, by repeated squaring."""
    if type(n) is not int:
        raise TypeError(f"linalg_matrix_power(): argument 'n' (position 2) must be int, not {type(n).__name__}")
    _square("linalg.matrix_power", A)
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
    _square("linalg.matrix_exp", A)
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
    return shapes.reshape(inv(shapes.reshape(A, (rest, first))), shape[ind:] + shape[:ind])


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


def linalg_diagonal(A: Tensor, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """The diagonal of the last two dimensions."""
    return shapes.diagonal(A, offset, dim1, dim2)


def linalg_vander(x: Tensor, *, N: Any = None) -> Tensor:
    """The powers 0 to N - 1 of each element, one a column."""
    n = x._desc.shape[-1] if N is None else N
    shape = tuple(x._desc.shape)
    powers = d.cumprod(d.expand(d.unsqueeze(x, -1), (*shape, n - 1)), -1, None)
    return d.cat([wrap(np.ones((*shape, 1), x._desc.dtype.numpy)), powers], -1)


# ---- norms


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
    _matrix("linalg.matrix_norm", A)
    _floating("linalg.matrix_norm", A)
    if ord == "nuc" or ord in (2, -2):
        _floating_full("linalg.matrix_norm", A)
    given = tuple(dim)
    if len(given) != 2:
        raise RuntimeError(f"linalg.matrix_norm: dim must be a 2-tuple. Got {' '.join(map(str, given))}")
    n = A._desc.ndim
    rows, cols = shapes.dims(given, n)
    if rows == cols:
        raise RuntimeError(f"linalg.matrix_norm: dims must be different. Got ({given[0]}, {given[1]})")
    if ord not in ("fro", "nuc") and (isinstance(ord, str) or abs(ord) not in _ORDERS):
        shown = ord if isinstance(ord, str) else f"{ord:g}"
        raise RuntimeError(f"linalg.matrix_norm: Order {shown} not supported.")
    if dtype is not None:
        A = A.to(dtype)
    if ord == "fro":
        return vector_norm(A, 2, (rows, cols), keepdim)
    if ord == "nuc" or abs(ord) == 2:
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
    return (d.amax if ord > 0 else d.amin)(vector_norm(A, 1.0, (rows,), keepdim), (cols,), keepdim)


def linalg_norm(A: Tensor, ord: Any = None, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """A vector norm, or a matrix norm where the order or two dimensions ask for one."""
    given = None if dim is None else tuple(dim) if isinstance(dim, (tuple, list)) else (dim,)
    n = A._desc.ndim
    if ord is None:
        return vector_norm(A, 2.0, given, keepdim, dtype=dtype)
    if given is None and n > 2:
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
    _matrix("linalg.cond", A)
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
    expect_tensor(input, "norm")
    if p == "nuc":
        given = tuple(range(input._desc.ndim)) if dim is None else (dim,) if isinstance(dim, int) else dim
        return matrix_norm(input, "nuc", given, keepdim, dtype=dtype)
    if p == "fro" or p is None:
        p = 2
    elif isinstance(p, str):
        raise RuntimeError(f"linalg.matrix_norm: Order {p} not supported.")
    return vector_norm(input, p, dim, keepdim, dtype=dtype)


BOTH = (
    det,
    slogdet,
    logdet,
    cholesky,
    cholesky_solve,
    cholesky_inverse,
    qr,
    svd,
    pinverse,
    matrix_power,
    matrix_exp,
    norm,
)
FUNCTIONS = {f.__name__: f for f in BOTH} | {"inverse": inverse, "nuclear_norm": nuclear_norm}
METHODS = {f.__name__: f for f in BOTH} | {"inverse": inverse}
LINALG = {
    "LinAlgError": LinAlgError,
    "vector_norm": vector_norm,
    "norm": linalg_norm,
    "slogdet": linalg_slogdet,
    "det": linalg_det,
    "cholesky": linalg_cholesky,
    "qr": linalg_qr,
    "svd": linalg_svd,
    "diagonal": linalg_diagonal,
    "vander": linalg_vander,
} | {
    f.__name__: f
    for f in (
        inv, inv_ex, solve, solve_ex, solve_triangular, cholesky_ex, lstsq, eigh, eigvalsh, svdvals, pinv, matrix_rank,
        matrix_power, matrix_exp, matrix_norm, tensorinv, tensorsolve, cond,
    )
}  # fmt: skip
