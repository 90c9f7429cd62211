"""torch.linalg's factors of a matrix, as users call them."""

from __future__ import annotations

from typing import Any

from .. import dispatch as d, return_types, tangents
from ..aliasing.views import counted, requires_grad
from ..calls.operands import refused
from ..calls.raising import saving_first
from ..dtype import dtypes
from ..grad_mode import is_grad_enabled
from ..levels import wrapped_of
from ..memory.descriptor import broadcast_shapes
from ..plain_numpy import np
from ..tensor import Tensor
from ..warning import warn
from .arguments import expect_bools, expect_tensor
from .matrix_checks import expect_compiled, expect_floating, expect_matrix, expect_square, raise_failed


def cholesky_ex(A: Tensor, *, upper: bool = False, check_errors: bool = False) -> Any:
    """The triangular root of a positive-definite matrix, and where it fails."""
    expect_square("linalg.cholesky", A)
    expect_floating("linalg.cholesky", A)
    expect_compiled("cholesky_cpu", A)
    found = d.linalg_cholesky_ex(A, upper)
    if check_errors:
        _check_root("linalg.cholesky", found[1])
    return return_types.linalg_cholesky_ex(*found)


def _check_root(name: str, info: Tensor) -> None:
    raise_failed(
        info,
        lambda where, n: (
            f"{name}: {where}The factorization could not be completed because the input is not "
            f"positive-definite (the leading minor of order {n} is not positive-definite)."
        ),
    )


def linalg_cholesky(A: Tensor, *, upper: bool = False) -> Tensor:
    """The triangular root of a positive-definite matrix."""
    return cholesky_ex(A, upper=upper, check_errors=True)[0]


DEPRECATED_CHOLESKY = (
    "torch.cholesky is deprecated in favor of torch.linalg.cholesky and will be removed in a future PyTorch release.\n"
    "L = torch.cholesky(A)\nshould be replaced with\nL = torch.linalg.cholesky(A)\nand\n"
    "U = torch.cholesky(A, upper=True)\nshould be replaced with\nU = torch.linalg.cholesky(A).mH\n"
    "This transform will produce equivalent results for all valid (symmetric positive definite) inputs."
)


def cholesky(input: Tensor, upper: bool = False) -> Tensor:
    """The same under torch's name, with a node of its own."""
    warn(DEPRECATED_CHOLESKY)
    expect_square("cholesky", input)
    if input._desc.dtype.category < dtypes.FLOATING and input._desc.numel:
        raise refused("cholesky_cpu", input._desc.dtype)
    expect_compiled("cholesky_cpu", input)
    _check_root("cholesky", d.linalg_cholesky_ex(input.detach(), upper)[1])
    return d.cholesky(input, upper)


def cholesky_solve(input: Tensor, input2: Tensor, upper: bool = False) -> Tensor:
    """X with L L^H X = B."""
    B, L = input, input2
    if B._desc.ndim < 2:
        raise RuntimeError(f"b should have at least 2 dimensions, but has {B._desc.ndim} dimensions instead")
    if L._desc.ndim < 2:
        raise RuntimeError(f"u should have at least 2 dimensions, but has {L._desc.ndim} dimensions instead")
    if B._desc.dtype is not L._desc.dtype:
        kinds = [x._desc.dtype.scalar_name for x in (B, L)]
        raise RuntimeError(
            "Expected b and A to have the same dtype, but found b of type {} and A of type {} instead.".format(*kinds)
        )
    rows, cols = L._desc.shape[-2:]
    if rows != cols:
        raise RuntimeError(f"A must be batches of square matrices, but they are {rows} by {cols} matrices")
    if rows != B._desc.shape[-2]:
        raise RuntimeError(
            f"Incompatible matrix sizes for cholesky_solve: each A matrix is {rows} by {cols} but each b matrix is "
            f"{B._desc.shape[-2]} by {B._desc.shape[-1]}"
        )
    broadcast_shapes(B._desc.shape[:-2], L._desc.shape[:-2])
    if B._desc.dtype.category < dtypes.FLOATING or B._desc.dtype.is_half:
        raise refused("cholesky_solve_cpu", B._desc.dtype)
    return d.cholesky_solve(B, L, upper)


def cholesky_inverse(L: Tensor, upper: bool = False) -> Tensor:
    """The inverse of L L^H."""
    with saving_first("cholesky_inverse", self=L):
        expect_square("cholesky_inverse", L)
        if L._desc.dtype.category < dtypes.FLOATING:
            raise refused("cholesky_inverse_out_cpu", L._desc.dtype)
    return d.cholesky_inverse(L, upper)


def linalg_qr(A: Tensor, mode: str = "reduced") -> Any:
    """An orthogonal and an upper triangular factor."""
    return return_types.linalg_qr(*_qr(A, mode))


def _qr(A: Tensor, mode: str) -> tuple:
    expect_matrix("linalg.qr", A)
    expect_floating("linalg.qr", A)
    expect_compiled("geqrf_cpu", A)
    if mode not in ("reduced", "complete", "r"):
        raise RuntimeError(
            f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), 'r', or 'complete'"
        )
    return d.linalg_qr(A, mode)


DEPRECATED_QR = (
    "torch.qr is deprecated in favor of torch.linalg.qr and will be removed in a future PyTorch release.\n"
    "The boolean parameter 'some' has been replaced with a string parameter 'mode'.\nQ, R = torch.qr(A, some)\n"
    "should be replaced with\nQ, R = torch.linalg.qr(A, 'reduced' if some else 'complete')"
)


def qr(input: Tensor, some: bool = True) -> Any:
    """The same under torch's name."""
    expect_bools(some)
    warn(DEPRECATED_QR)
    return return_types.qr(*_qr(input, "reduced" if some else "complete"))


def eigh(A: Tensor, UPLO: str = "L") -> Any:
    """Eigenvalues in order, and eigenvectors, of a symmetric matrix."""
    return return_types.linalg_eigh(*_eigh(A, UPLO))


def _eigh(A: Tensor, uplo: str) -> tuple:
    expect_square("linalg.eigh", A)
    if len(uplo) != 1 or uplo not in "LUlu":
        raise RuntimeError(f"Expected UPLO argument to be 'L' or 'U', but got {uplo}")
    if A._desc.dtype.category < dtypes.FLOATING:
        raise NotImplementedError(f"\"linalg_eigh_cpu\" not implemented for '{A._desc.dtype.scalar_name}'")
    return d.linalg_eigh(A, uplo)


def eigvalsh(A: Tensor, UPLO: str = "L") -> Tensor:
    """Eigenvalues in order of a symmetric matrix."""
    return _eigh(A, UPLO)[0]


def eig(input: Tensor) -> Any:
    """Eigenvalues in no order, and eigenvectors, of a square matrix; both are complex."""
    return return_types.linalg_eig(*_eig("linalg.eig", input))


def _eig(name: str, input: Tensor) -> tuple:
    kind = expect_tensor(input, name.replace(".", "_"))._desc.dtype
    if kind.category < dtypes.FLOATING:
        raise RuntimeError(f"Unknown Complex ScalarType for {kind.scalar_name}")
    expect_square(name, input)
    if kind.is_half:
        raise refused("linalg_eig_out_cpu", kind)
    if not np.isfinite(input._array).all():
        raise RuntimeError("torch.linalg.eig: input tensor should not contain infs or NaNs.")
    return d.linalg_eig(input)


def eigvals(input: Tensor) -> Tensor:
    """Eigenvalues in no order of a square matrix; they are complex."""
    recorded = (
        expect_tensor(input, "linalg_eigvals").requires_grad and is_grad_enabled()
    )  # then PyTorch finds the eigenvectors, too
    return counted(input, _eig("linalg.eig" if recorded else "linalg.eigvals", input)[0])


def svd_factors(A: Tensor, full_matrices: bool) -> tuple:
    _expect_factors(A)
    return d.linalg_svd(A, full_matrices)


def _expect_factors(A: Tensor) -> None:
    expect_matrix("linalg.svd", A)
    expect_floating("linalg.svd", A)
    expect_compiled("linalg_svd_cpu", A)


def linalg_svd(A: Tensor, full_matrices: bool = True, *, driver: Any = None) -> Any:
    """Singular vectors and values."""
    return return_types.linalg_svd(*svd_factors(A, full_matrices))


def svd(input: Tensor, some: bool = True, compute_uv: bool = True) -> Any:
    """The same under torch's name, with the right vectors as columns."""
    expect_bools(some, compute_uv)
    if input._desc.ndim < 2:
        raise RuntimeError(
            f"linalg.svd: input should have at least 2 dimensions, but has {input._desc.ndim} dimensions instead"
        )
    u, s, vh = svd_factors(input, not some)
    return return_types.svd(u, s, vh.mH)


def svdvals(A: Tensor, *, driver: Any = None) -> Tensor:
    """Singular values in falling order; by LAPACK's way without vectors where nobody asks for their derivative."""
    if (requires_grad(A) and is_grad_enabled()) or tangents.tangent_of(A) is not None or wrapped_of(A) is not None:
        return svd_factors(A, False)[1]
    _expect_factors(A)
    return d.singular_values(A)


BOTH = (cholesky, cholesky_solve, cholesky_inverse, qr, svd)
FUNCTIONS = {f.__name__: f for f in BOTH}
METHODS = FUNCTIONS
LINALG = {"cholesky": linalg_cholesky, "qr": linalg_qr, "svd": linalg_svd} | {
    f.__name__: f for f in (cholesky_ex, eig, eigh, eigvals, eigvalsh, svdvals)
}
