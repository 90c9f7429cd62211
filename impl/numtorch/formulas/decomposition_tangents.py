"""The tangents of decompositions and solutions: PyTorch's own formulas, operation for operation, so that graphs are its too.

Where the order of two operations shows, what stands first is what PyTorch's C++ evaluates first: of operands the right one.
"""

from __future__ import annotations

from typing import Any

from .. import dispatch as d
from ..functions import solvers
from ..functions.lu import lu_solve
from ..kernels.decomposition import is_vector
from ..memory.lazy import zeros
from ..plain_numpy import np
from ..tensor import wrap
from .decomposition import away_from_zero, differences, of_transpose, refuse_qr
from .tangents import real

# ---- solved by the factors L and U


def linalg_det_jvp(tangent: Any, det: Any, LU: Any, pivots: Any, A: Any) -> Any:
    """det tr(A^-1 dA); factors that are singular are pushed away from zero."""
    return _trace_of_solved(away_from_zero(LU), pivots, tangent, A) * det


def _trace_of_solved(LU: Any, pivots: Any, tangent: Any, A: Any) -> Any:
    return d.diagonal(lu_solve(LU, pivots, tangent, adjoint=of_transpose(A)), 0, -2, -1).sum(-1)


def linalg_slogdet_jvp(LU: Any, pivots: Any, tangent: Any, sign: Any, A: Any) -> tuple:
    """tr(A^-1 dA), the imaginary part of which turns a complex sign; a real sign has zeros."""
    trace = _trace_of_solved(LU, pivots, tangent, A)
    if not LU._desc.dtype.is_complex:
        return wrap(zeros(sign._desc.shape, sign._desc.dtype.numpy)), trace
    size = trace.real
    turned = d.mul_scalar(sign, 1j)
    return trace.imag * turned, size


def linalg_solve_jvp(dA: Any, dB: Any, X: Any, LU: Any, pivots: Any, left: bool, A: Any) -> Any:
    """A^-1 (dB - dA X)"""
    vector = is_vector(LU._array, X._array)
    x = _matrix(X, vector)
    right = _matrix(dB, vector)
    moved = dA.matmul(x) if left else x.matmul(dA)
    return _vector(d.linalg_lu_solve(LU, pivots, right - moved, left, False), vector)


def _matrix(x: Any, vector: bool) -> Any:
    return d.unsqueeze(x, -1) if vector else x


def _vector(x: Any, vector: bool) -> Any:
    return d.squeeze_dim(x, -1) if vector else x


# ---- solved by triangles


def solve_triangular_jvp(dA: Any, dB: Any, A: Any, X: Any, upper: bool, left: bool, unitriangular: bool) -> Any:
    """The same of a triangular matrix, of whose tangent the other triangle is not seen."""
    triangle = d.triu(dA, int(unitriangular)) if upper else d.tril(dA, -int(unitriangular))
    moved = dB - (triangle.matmul(X) if left else X.matmul(triangle))
    return d.linalg_solve_triangular(A, moved, upper, left, unitriangular)


def cholesky_jvp(tangent: Any, L: Any, upper: bool) -> Any:
    """L times the lower triangle of L^-1 dA L^-H, half of its diagonal."""
    lower = L.mH if upper else L
    out = d.linalg_solve_triangular(lower, tangent, False, True, False)
    out = d.linalg_solve_triangular(lower.mH, out, True, False, False)
    half = d.diag_embed(d.mul_scalar(d.diagonal(out, 0, -2, -1), 0.5), 0, -2, -1)
    out = lower.matmul(d.tril(out, 0) - half)
    return out.mH if upper else out


def cholesky_solve_jvp(X: Any, root: Any, tangent: Any, dB: Any, upper: bool) -> Any:
    """Solved with the same root, the tangent of what the root is of times the solution taken away."""
    half = tangent.mH.matmul(root) if upper else tangent.matmul(root.mH)
    both = half + half.mH
    return d.cholesky_solve(dB - both.matmul(X), root, upper)


def cholesky_inverse_jvp(factor: Any, tangent: Any, inverse: Any, upper: bool) -> Any:
    """Minus the inverse times the tangent of what is inverted times the inverse."""
    c, moved = (factor, tangent.mH) if upper else (factor.mH, tangent)
    half = -inverse.matmul(moved).matmul(inverse).matmul(c)
    return half + half.mH


# ---- orthogonal factors


def linalg_qr_jvp(tangent: Any, Q: Any, R: Any, mode: str) -> tuple:
    """The tangents of both factors, of tall and wide matrices apart."""
    rows, cols = tangent._desc.shape[-2:]
    refuse_qr(mode, rows, cols)
    if rows >= cols:
        scaled = d.linalg_solve_triangular(R, tangent, True, False, False)
        inner = Q.mH.matmul(scaled)
        inner = d.triu(inner + inner.mH, 0)
        d.mul_scalar_(d.diagonal(inner, 0, -2, -1), 0.5)
        return scaled - Q.matmul(inner), inner.matmul(R)
    turned = Q.mH.matmul(tangent)
    right = d.slice_(turned, -1, 0, rows, 1)
    inner = d.linalg_solve_triangular(d.slice_(R, -1, 0, rows, 1), right, True, False, False)
    if inner._desc.dtype.is_complex:
        inner = d.tril(inner, 0)
        d.diagonal(inner, 0, -2, -1).real.zero_()
        inner = inner - inner.mH
        d.mul_scalar_(d.diagonal(inner, 0, -2, -1), 0.5)
    else:
        inner = d.tril(inner, -1)
        inner = inner - inner.mH
    moved = turned - inner.matmul(R)
    return Q.matmul(inner), moved


def linalg_eigh_jvp(tangent: Any, L: Any, V: Any) -> tuple:
    """The diagonal of V^H dA V, and V times the rest of it over the differences of eigenvalues."""
    inner = V.mH.matmul(tangent).matmul(V)
    moved = real(d.diagonal(inner, 0, -2, -1))
    right = d.unsqueeze(L, -1)
    rest = inner / (d.unsqueeze(L, -2) - right)
    d.diagonal(rest, 0, -2, -1).zero_()
    return moved, V.matmul(rest)


def linalg_svd_jvp(tangent: Any, U: Any, S: Any, Vh: Any, full_matrices: bool) -> tuple:
    """The tangents of singular values and vectors; a complex matrix turns the vectors as well."""
    k = S._desc.shape[-1]
    if full_matrices:
        U, Vh = d.slice_(U, -1, 0, k, 1), d.slice_(Vh, -2, 0, k, 1)
    m, n = tangent._desc.shape[-2:]
    V = Vh.mH
    if m >= n:
        inner = U.mH.matmul(tangent).matmul(V)
    else:
        right = tangent.matmul(V)
        inner = U.mH.matmul(right)
    diagonal = d.diagonal(inner, 0, -2, -1)
    moved = real(diagonal)
    inner = inner - d.diag_embed(moved, 0, -2, -1)
    apart = differences(S * S)
    turned = None
    if tangent._desc.dtype.is_complex:
        angles = d.diagonal(inner, 0, -2, -1)
        turned = angles / d.mul_scalar(S, 2.0)
    row = d.unsqueeze(S, -2)
    dU = U.matmul(_turned(inner * row, apart, turned))
    if m > k:
        scale = d.unsqueeze(S, -2)
        along = tangent.matmul(V / scale)
        within = U.matmul(U.mH.matmul(along))
        dU = _padded(dU + along - within, -1, m - k, full_matrices)
    column = d.unsqueeze(-S, -1)
    dVh = _turned(inner * column, apart, turned).matmul(Vh)
    if n > k:
        scale = d.unsqueeze(S, -1)
        along = (U.mH / scale).matmul(tangent)
        within = along.matmul(V).matmul(Vh)
        dVh = _padded(dVh + along - within, -2, n - k, full_matrices)
    return dU, moved, dVh


def _turned(product: Any, apart: Any, turned: Any) -> Any:
    out = (product + product.mH) / apart
    return out if turned is None else out + d.diag_embed(turned, 0, -2, -1)


def _padded(x: Any, dim: int, count: int, full_matrices: bool) -> Any:
    """With zeros for the vectors that only full matrices have."""
    if not full_matrices:
        return x
    shape = list(x._desc.shape)
    shape[dim] = count
    return d.cat([x, wrap(np.zeros(tuple(shape), x._desc.dtype.numpy))], dim)


# ---- functions of matrices


def pinv_jvp(A: Any, pinv: Any, tangent: Any) -> Any:
    """The tangent of the pseudo-inverse, by products of the smallest size."""
    m, n = A._desc.shape[-2:]
    moved = tangent.mH
    adjoint = pinv.mH
    if m <= n:
        inner = adjoint.matmul(moved)
        outside = moved - pinv.matmul(A.matmul(moved))
        last = outside.matmul(adjoint.matmul(pinv))
        third = inner.matmul(A.matmul(pinv))
        return pinv.matmul(inner - inner.mH - third) + last
    inner = pinv.matmul(tangent)
    turned = inner.mH
    square = pinv.matmul(adjoint)
    last = square.matmul(moved - moved.matmul(A).matmul(pinv))
    third = pinv.matmul(A).matmul(turned)
    return (turned - inner - third).matmul(pinv) + last


def linalg_lstsq_jvp(A: Any, B: Any, dA: Any, dB: Any, X: Any, residuals: Any) -> tuple:
    """The solution's by way of the pseudo-inverse, the residuals' by what is left over, as far as there are any."""
    vector = A._desc.ndim - 1 == B._desc.ndim
    right = _matrix(B, vector)
    moved = _matrix(dB, vector)
    pinv = solvers.pinv(A)
    inverse = pinv_jvp(A, pinv, dA)
    first = pinv.matmul(moved)
    out = _vector(inverse.matmul(right) + first, vector)
    if not residuals._desc.numel:
        return out, residuals.clone(), None, None
    solution = _matrix(X, vector)
    left = A.matmul(solution) - right
    away = dA.matmul(solution) - moved
    return out, d.mul_scalar(real(d.sum_dim(left.conj() * away, (-2,), False, None)), 2.0), None, None
