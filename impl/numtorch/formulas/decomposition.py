"""Formula functions of decompositions: PyTorch's own, so that second derivatives have its graphs too."""

from __future__ import annotations

from typing import Any

from .. import dispatch as d, grad_mode
from ..functions import solvers
from ..kernels.decomposition import is_vector
from ..plain_numpy import np
from ..tensor import wrap
from .masks import of_arrays, within
from .pointwise import plus, zeros_like
from .reduction import times_others

# ---- solved by the factors L and U


def linalg_inv_backward(grad: Any, inverse: Any) -> Any:
    """-inverse^H grad inverse^H"""
    inner = grad.matmul(inverse.mH)  # first: PyTorch's C++ evaluates the last argument first
    return -inverse.mH.matmul(inner)


def _on_diagonal(values: Any, pivots: Any) -> Any:
    return d.diag_embed(d.expand(d.unsqueeze(values, -1), tuple(pivots._desc.shape)), 0, -2, -1).mT


def _solve(A: Any, B: Any, left: bool = True) -> Any:
    """X with A X = B, or X A = B, to be differentiated; what has no solution is refused."""
    X, _, _, info = d.linalg_solve_ex(A, B, left)
    solvers.refuse_singular(info)
    return X


def _solved(A: Any, LU: Any, pivots: Any, B: Any) -> Any:
    """A^H X = B: by new factors where the result is to be differentiated, else by those that were saved."""
    if grad_mode.state.mode:
        return _solve(A.mH, B)
    return _by_factors(A, LU, pivots, B)


def _by_factors(A: Any, LU: Any, pivots: Any, B: Any) -> Any:
    return d.linalg_lu_solve(LU, pivots, B, True, not of_transpose(A))


def of_transpose(A: Any) -> bool:
    """Whether the factors that are kept of a matrix are its transpose's."""
    return bool(A._array.flags.c_contiguous and not A._desc.dtype.is_complex)


def away_from_zero(LU: Any) -> Any:
    """Factors that can be solved with: what is zero on the diagonal of those that are singular is pushed away from it."""
    eps = np.finfo(LU._desc.dtype.to_real().numpy).eps
    zeros = of_arrays(lambda LU: np.where(np.diagonal(LU, 0, -2, -1) == 0, eps, 0).astype(LU.dtype), LU)
    return LU + d.diag_embed(zeros, 0, -2, -1)


def linalg_det_backward(grad: Any, det: Any, A: Any, LU: Any, pivots: Any) -> Any:
    """det^* A^-H; of a singular matrix by its singular vectors, or, once, by factors pushed away from zero.

    The determinant of a single number is that number: no matrix is solved.
    """
    if not A._desc.numel:
        return zeros_like(A)
    if A._desc.shape[-1] == 1:
        return d.expand(d.unsqueeze(d.unsqueeze(grad, -1), -1), A._desc.shape)
    if not grad_mode.state.mode:
        middle = _on_diagonal(grad * det.conj(), pivots)
        return _by_factors(A, away_from_zero(LU), pivots, middle)
    if within(grad, A):  # nobody knows which are singular
        return _singular_det(A, grad)
    singular = np.abs(det._array) < 100 * np.finfo(A._desc.dtype.to_real().numpy).eps
    if not np.any(singular):
        middle = _on_diagonal(grad * det.conj(), pivots)  # first, likewise
        return _solve(A.mH, middle)
    if np.all(singular):
        return _singular_det(A, grad)
    mask = wrap(singular)
    regular = wrap(~singular)
    middle = _on_diagonal(grad * det.conj(), pivots)
    out = A.new_zeros(tuple(A._desc.shape))
    out[mask] = _singular_det(A[mask], grad[mask])
    out[regular] = _solve(A[regular].mH, middle[regular])
    return out


def _singular_det(A: Any, grad: Any) -> Any:
    u, s, vh = d.linalg_svd(A, True)
    alpha = (d.linalg_det(u)[0] * d.linalg_det(vh)[0]).conj() * grad
    gamma = times_others(d.unsqueeze(alpha, -1), s, s._desc.ndim - 1)
    return (u * d.unsqueeze(gamma, -2)).matmul(vh)


def linalg_slogdet_backward(grads: list, A: Any, sign: Any, LU: Any, pivots: Any) -> Any:
    """A^-H times the gradient of the logarithm, and i times that of a complex sign's angle; a real sign has none."""
    turned, grad = grads[0], grads[1]
    if A._desc.dtype.is_complex:
        if turned is not None:
            angle = (turned.conj() * sign).imag
            grad = d.mul_scalar(angle, -1j) if grad is None else grad - d.mul_scalar(angle, 1j)
        else:
            grad = grad.to(A._desc.dtype)
    return None if grad is None else _solved(A, LU, pivots, _on_diagonal(grad, pivots))


def linalg_solve_backward(grad: Any, X: Any, A: Any, LU: Any, pivots: Any, left: bool, desc: Any, needed: list) -> Any:
    """The gradient of the right side solves with the adjoint; that of the matrix is a product with the solution."""
    vector = is_vector(A._array, X._array)
    g, x = (d.unsqueeze(grad, -1), d.unsqueeze(X, -1)) if vector else (grad, X)
    if grad_mode.state.mode:
        inner = _solve(A.mH, g, left)
    else:  # by the factors that were saved, which have a solution though those of the adjoint may have a pivot of 0
        inner = d.linalg_lu_solve(LU, pivots, g, left, True)
    mine = None
    if needed[0]:
        mine = -inner.matmul(x.mH) if left else -x.mH.matmul(inner)
    other = (d.squeeze_dim(inner, -1) if vector else inner) if needed[1] else None
    return mine, other


# ---- solved by triangles


def solve_triangular_backward(
    grad: Any, A: Any, X: Any, upper: bool, left: bool, unitriangular: bool, desc: Any, needed: list
) -> Any:
    """The same of a triangular matrix, whose gradient is triangular."""
    inner = d.linalg_solve_triangular(A.mH, grad, not upper, left, unitriangular)
    mine = None
    if needed[0]:
        mine = -inner.matmul(X.mH) if left else -X.mH.matmul(inner)
        mine = d.triu(mine, int(unitriangular)) if upper else d.tril(mine, -int(unitriangular))
    return mine, inner if needed[1] else None


def cholesky_backward(grad: Any, L: Any, upper: bool) -> Any:
    """L^-H of the symmetrised triangle of L^H grad, and L^-1."""
    lower, g = (L.mH, grad.mH) if upper else (L, grad)
    out = d.tril(lower.mH.matmul(g), 0)
    out = d.mul_scalar(out + d.tril(out, -1).mH, 0.5)
    out = d.linalg_solve_triangular(lower.mH, out, True, True, False)
    return d.linalg_solve_triangular(lower, out, False, False, False)


def cholesky_solve_backward(grad: Any, B: Any, root: Any, X: Any, upper: bool, needed: list) -> Any:
    """The gradient of the right side is solved for; that of the root is a product with both."""
    inner = d.cholesky_solve(grad, root, upper)
    mine = None
    if needed[1]:
        common = inner.matmul(X.mH)
        common = common + common.mH
        mine = -root.matmul(common) if upper else -common.matmul(root)
    return inner if needed[0] else None, mine


def cholesky_inverse_backward(grad: Any, root: Any, upper: bool, inverse: Any) -> Any:
    """-inverse (grad + grad^H) inverse root"""
    common = inverse.matmul((grad + grad.mH).matmul(inverse))
    return -root.matmul(common) if upper else -common.matmul(root)


# ---- orthogonal factors


def refuse_qr(mode: str, rows: int, cols: int) -> None:
    """Raise what PyTorch does where the factors have no derivative."""
    if mode == "r":
        raise RuntimeError(
            "The derivative of linalg.qr depends on Q, which is not computed when mode='r'. Please use linalg.qr(A, "
            "mode='reduced') if you are going to differentiate through linalg.qr."
        )
    if mode == "complete" and rows > cols:
        raise RuntimeError("The QR decomposition is not differentiable when mode='complete' and nrows > ncols.")


def linalg_qr_backward(grads: list, Q: Any, R: Any, mode: str) -> Any:
    """The gradient through both factors, tall and wide apart."""
    gQ, gR = grads
    rows, cols = R._desc.shape[-2:]  # of a tall one the rows are its columns, which comes to the same
    refuse_qr(mode, rows, cols)
    if gQ is not None:
        turned = Q.mH.matmul(gQ)  # first: PyTorch's C++ evaluates the right operand first
        out = -turned if gR is None else gR.matmul(R.mH) - turned
    else:
        out = gR.matmul(R.mH)
    if rows >= cols:
        out = d.triu(out, 0)
        out = out + out.mH
        d.mul_scalar_(d.diagonal(out, 0, -2, -1), 0.5)
        out = Q.matmul(out)
        if gQ is not None:
            out = out + gQ
        return d.linalg_solve_triangular(R.mH, out, False, False, False)
    out = -out
    out = d.tril(out - out.mH, 0)
    if out._desc.dtype.is_complex:
        d.diagonal(out, 0, -2, -1).imag.mul_(0.5)
    out = Q.matmul(out)
    square = d.slice_(R, -1, 0, rows, 1)
    out = d.linalg_solve_triangular(square.mH, out, False, False, False)
    rest = wrap(np.zeros((*R._desc.shape[:-1], cols - rows), R._desc.dtype.numpy))
    out = d.cat([out, rest], -1)
    return out if gR is None else out + Q.matmul(gR)


def differences(values: Any) -> Any:
    """The differences of all pairs, 1 on the diagonal."""
    right = d.unsqueeze(values, -1)  # first: PyTorch's C++ evaluates the right operand first
    out = d.unsqueeze(values, -2) - right
    d.diagonal(out, 0, -2, -1).fill_(1.0)
    return out


def linalg_eigh_backward(grads: list, L: Any, V: Any) -> Any:
    """The gradient through eigenvalues and eigenvectors."""
    gL, gV = grads
    if gV is None:
        adjoint = V.mH  # first: PyTorch's C++ evaluates arguments from right to left
        return (V * d.unsqueeze(gL, -2)).matmul(adjoint)
    turned = V.mH.matmul(gV)
    if depends_on_phase(d.diagonal(turned, 0, -2, -1)):  # of real ones none does
        raise RuntimeError(
            "linalg_eigh_backward: The eigenvectors in the complex case are specified up to multiplication by e^{i phi}. "
            "The specified loss function depends on this quantity, so it is ill-defined."
        )
    half = d.mul_scalar(turned - turned.mH, 0.5)
    out = d.div_(half, differences(L))  # in place, as PyTorch does, which a clone shows
    if gL is not None:
        d.diagonal(out, 0, -2, -1).copy_(gL)
    return V.matmul(out.matmul(V.mH))


def linalg_eig_backward(grads: list, L: Any, V: Any) -> Any:
    """The gradient through eigenvalues and eigenvectors of a matrix that need not be symmetric."""
    gL, gV = grads
    if gV is None:
        # From right to left, as PyTorch's C++ evaluates operands and arguments.
        adjoint = V.mH
        right = d.unsqueeze(gL, -1) * adjoint
        return solve(V.mH, right)
    turned = V.mH.matmul(gV)
    diagonal = d.diagonal(turned, 0, -2, -1)
    if depends_on_phase(diagonal):
        raise RuntimeError(
            "linalg_eig_backward: The eigenvectors in the complex case are specified up to multiplication by e^{i phi}. "
            "The specified loss function depends on this quantity, so it is ill-defined."
        )
    along = V * d.unsqueeze(diagonal.real, -2)
    out = turned - V.mH.matmul(along)
    conjugates = L.conj()
    second = d.unsqueeze(conjugates, -1)
    apart = d.unsqueeze(conjugates, -2) - second
    d.diagonal(apart, 0, -2, -1).fill_(1.0)
    out = d.div_(out, apart)
    if gL is not None:
        d.diagonal(out, 0, -2, -1).copy_(gL)
    adjoint = out.matmul(V.mH)
    return solve(V.mH, adjoint)


def solve(A: Any, B: Any) -> Any:
    """The solution X of A X = B."""
    return d.linalg_solve_ex(A, B, True)[0]


def linalg_eig_jvp(dA: Any, L: Any, V: Any) -> tuple:
    """The tangents of eigenvalues and eigenvectors."""
    dP = solve(V, dA.to(V.dtype).matmul(V))
    dX = dP / (d.unsqueeze(L, -2) - d.unsqueeze(L, -1))
    d.diagonal(dX, 0, -2, -1).zero_()
    moved = V.matmul(dX)
    along = d.diagonal(V.mH.matmul(moved), 0, -2, -1).real
    return d.diagonal(dP, 0, -2, -1), moved - V * d.unsqueeze(along, -2)


def depends_on_phase(diagonal: Any) -> bool:
    """Whether a gradient goes along the phases of complex vectors, which are LAPACK's choice: those that it would turn."""
    return not within(diagonal) and not np.all(np.abs(diagonal._array.imag) <= 1e-2)


def linalg_svd_backward(grads: list, U: Any, S: Any, k: int, Vh: Any, full_matrices: bool) -> Any:
    """The gradient through singular values and vectors."""
    gU, gS, gVh = grads
    if full_matrices:
        gU = None if gU is None else d.slice_(gU, -1, 0, k, 1)
        gVh = None if gVh is None else d.slice_(gVh, -2, 0, k, 1)
        U, Vh = d.slice_(U, -1, 0, k, 1), d.slice_(Vh, -2, 0, k, 1)
    m, n = U._desc.shape[-2], Vh._desc.shape[-1]
    if gU is None and gVh is None:
        if m >= n:
            return U.matmul(d.unsqueeze(gS, -1) * Vh)
        return (U * d.unsqueeze(gS, -2)).matmul(Vh)
    out, phases = _off_diagonal(gU, gVh, U, S, Vh)
    if gS is not None:
        out = out + d.diag_embed(gS, 0, -2, -1)
    if phases is not None:
        twice = d.mul_scalar(S, 2.0)
        out = out + d.diag_embed(d.diagonal(phases, 0, -2, -1) / twice, 0, -2, -1)
    if m > k and gU is not None:
        out = U.matmul(out)
        rest = gU / d.unsqueeze(S, -2)
        within = U.matmul(U.mH.matmul(rest))  # first, likewise
        return (out + rest - within).matmul(Vh)
    if n > k and gVh is not None:
        out = out.matmul(Vh)
        rest = gVh / d.unsqueeze(S, -1)
        within = rest.matmul(Vh.mH).matmul(Vh)
        return U.matmul(out + rest - within)
    return U.matmul(out.matmul(Vh)) if m >= n else U.matmul(out).matmul(Vh)


def _off_diagonal(gU: Any, gVh: Any, U: Any, S: Any, Vh: Any) -> tuple[Any, Any]:
    """What the singular vectors contribute, and whose diagonal says how complex ones are turned together."""
    left = right = None
    if gU is not None:
        left = U.mH.matmul(gU)
        left = left - left.mH
    if gVh is not None:
        right = Vh.matmul(gVh.mH)
        right = right - right.mH
    is_complex = U._desc.dtype.is_complex
    if is_complex and depends_on_phase(d.diagonal(plus(left, right), 0, -2, -1)):
        raise RuntimeError(
            "svd_backward: The singular vectors in the complex case are specified up to multiplication by e^{i phi}. "
            "The specified loss function depends on this phase term, making it ill-defined."
        )
    apart = differences(S * S)
    if right is None:
        scale = d.unsqueeze(S, -2)
        return (left / apart) * scale, None
    if left is None:
        quotient = right / apart
        return d.unsqueeze(S, -1) * quotient, None
    second = d.unsqueeze(S, -1) * right
    return (left * d.unsqueeze(S, -2) + second) / apart, left if is_complex else None


# ---- functions of matrices


def pinv_backward(grad: Any, pinv: Any, A: Any) -> Any:
    """The gradient of the pseudo-inverse, by products of the smallest size."""
    m, n = A._desc.shape[-2:]
    adjoint, g = pinv.mH, grad.mH
    if m <= n:
        inner = g.matmul(pinv)
        outer = inner.matmul(adjoint)
        # From right to left, as PyTorch's C++ evaluates operands.
        last = adjoint.matmul(pinv).matmul(g - inner.matmul(A))
        third = A.matmul(pinv).matmul(outer)
        return -pinv.matmul(inner).mH + outer - third + last
    inner = pinv.matmul(g)
    outer = adjoint.matmul(inner)
    last = outer.matmul(pinv).matmul(A)
    second = (g - A.matmul(inner)).matmul(pinv).matmul(adjoint)
    return -inner.matmul(pinv).mH + second + outer - last


def linalg_matrix_exp_backward(grad: Any, A: Any) -> Any:
    """The derivative by the adjoint."""
    return linalg_matrix_exp_differential(A.mH, grad)


def linalg_matrix_exp_differential(A: Any, moved: Any) -> Any:
    """The upper right block of the exponential of [[A, moved], [0, A]]."""
    n = A._desc.shape[-1]
    if within(A, moved):  # nobody knows whose batches there are, so nothing is written
        upper, lower = d.cat([A, moved], -1), d.cat([zeros_like(A), A], -1)
        out = d.linalg_matrix_exp(d.cat([upper, lower], -2))
        return d.slice_(d.slice_(out, -2, 0, n, 1), -1, n, 2 * n, 1)
    both = wrap(np.zeros((*A._desc.shape[:-2], 2 * n, 2 * n), moved._desc.dtype.numpy))
    for rows, cols, block in ((0, 0, A), (n, n, A), (0, n, moved)):
        window = d.slice_(d.slice_(both, -2, rows, rows + n, 1), -1, cols, cols + n, 1)
        window.copy_(block)
    out = d.linalg_matrix_exp(both)
    return d.slice_(d.slice_(out, -2, 0, n, 1), -1, n, 2 * n, 1)


def linalg_lstsq_backward(grads: list, A: Any, B: Any, X: Any, needed: list) -> Any:
    """The solution's by way of the pseudo-inverse, the residuals' by what is left over."""
    g, of_residuals, *_ = grads
    vector = A._desc.ndim - 1 == B._desc.ndim
    right = d.unsqueeze(B, -1) if vector else B
    mine = other = None
    if g is not None:
        g = d.unsqueeze(g, -1) if vector else g
        pinv = solvers.pinv(A)
        mine = pinv_backward(g.matmul(right.mH), pinv, A) if needed[0] else None
        other = pinv.mH.matmul(g) if needed[1] else None
    if of_residuals is not None and of_residuals._desc.numel:
        solution = d.unsqueeze(X, -1) if vector else X
        left = A.matmul(solution) - right
        scale = d.unsqueeze(of_residuals, -2)
        if needed[0]:
            mine = plus(mine, d.mul_scalar((scale * left).matmul(solution.mH), 2.0))
        if needed[1]:
            other = plus(other, d.mul_scalar(scale, -2.0) * left)
    return mine, d.squeeze_dim(other, -1) if vector and other is not None else other
