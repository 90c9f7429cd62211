"""Decompositions of matrices, and what is solved with them."""

from ..kernels import everything as k
from .row import BILINEAR, nondiff, op

# ---- solved by the factors L and U
op("linalg_inv_ex(A)", k.linalg_inv_ex, outputs=("inverse", "info"), differentiable=(True, False),
   A="linalg_inv_backward(grad, inverse)",
   jvp="(-(result0 @ A_t @ result0), None)")
op("linalg_det(A)", k.linalg_det, outputs=("result", "LU", "pivots"), differentiable=(True, False, False),
   A="linalg_det_backward(grad, result, A, LU, pivots)",
   jvp="(linalg_det_jvp(A_t, result0, result1, result2, A_p), None, None)")
op("linalg_slogdet(A)", k.linalg_slogdet, outputs=("sign", "logabsdet", "LU", "pivots"),
   differentiable=(True, True, False, False), A="linalg_slogdet_backward(grads, A, sign, LU, pivots)",
   jvp="(*linalg_slogdet_jvp(result2, result3, A_t, result0, A_p), None, None)")
op("linalg_solve_ex(A, B, left)", k.linalg_solve_ex, outputs=("result", "LU", "pivots", "info"),
   differentiable=(True, False, False, False),
   joint={("A", "B"): "linalg_solve_backward(grad, result, A, LU, pivots, left, B.info, needed)"},
   jvp="(linalg_solve_jvp(A_t, B_t, result0, result1, result2, left, A_p), None, None, None)")

# ---- solved by triangles
op("linalg_solve_triangular(self, B, upper, left, unitriangular)", k.linalg_solve_triangular,
   joint={("self", "B"): "solve_triangular_backward(grad, self, result, upper, left, unitriangular, B.info, needed)"},
   jvp="solve_triangular_jvp(self_t, B_t, self_p, result, upper, left, unitriangular)")
op("linalg_cholesky_ex(self, upper)", k.linalg_cholesky_ex, outputs=("L", "info"), differentiable=(True, False),
   self="cholesky_backward(grad, L, upper)", jvp="(cholesky_jvp(self_t, result0, upper), None)")
op("cholesky(self, upper)", k.cholesky, self="cholesky_backward(grad, result, upper)")
op("cholesky_solve(self, input2, upper)", k.cholesky_solve,
   joint={("self", "input2"): "cholesky_solve_backward(grad, self, input2, result, upper, needed)"},
   jvp="cholesky_solve_jvp(result, input2_p, input2_t, self_t, upper)")
op("cholesky_inverse(self, upper)", k.cholesky_inverse, self="cholesky_inverse_backward(grad, self, upper, result)",
   jvp="cholesky_inverse_jvp(self_p, self_t, result, upper)")

# ---- orthogonal factors
op("linalg_qr(A, mode)", k.linalg_qr, outputs=("Q", "R"), differentiable=(True, True),
   A="linalg_qr_backward(grads, Q, R, mode)", jvp="linalg_qr_jvp(A_t, result0, result1, mode)")
op("linalg_eigh(A, UPLO)", k.linalg_eigh, outputs=("eigenvalues", "eigenvectors"), differentiable=(True, True),
   A="linalg_eigh_backward(grads, eigenvalues, eigenvectors)", jvp="linalg_eigh_jvp(A_t, result0, result1)")
op("linalg_eig(self)", k.linalg_eig, outputs=("eigenvalues", "eigenvectors"), differentiable=(True, True),
   self="linalg_eig_backward(grads, eigenvalues, eigenvectors)",
   jvp="linalg_eig_jvp(self_t, result0, result1)")
op("linalg_svd(A, full_matrices)", k.linalg_svd, outputs=("U", "S", "Vh"), differentiable=(True, True, True),
   A="linalg_svd_backward(grads, U, S, S.last, Vh, full_matrices)",
   jvp="linalg_svd_jvp(A_t, result0, result1, result2, full_matrices)")
nondiff("singular_values(A: Tensor)", k.singular_values)

# ---- functions of matrices
op("linalg_pinv(self, atol, rtol, hermitian)", k.linalg_pinv, self="pinv_backward(grad, result, self)",
   jvp="pinv_jvp(self_p, result, self_t)")
op("linalg_matrix_exp(self)", k.linalg_matrix_exp, self="linalg_matrix_exp_backward(grad, self)",
   jvp="linalg_matrix_exp_differential(self_p, self_t)")
op("linalg_lstsq(self, b, rcond, driver)", k.linalg_lstsq, outputs=("solution", "residuals", "rank", "singular_values"),
   differentiable=(True, True, False, False),
   joint={("self", "b"): "linalg_lstsq_backward(grads, self, b, solution, needed)"},
   jvp="linalg_lstsq_jvp(self_p, b_p, self_t, b_t, result0, result1)")
op("linalg_cross(self, other, dim)", k.linalg_cross, jvp=BILINEAR,
   self="sum_to_info(linalg_cross(other.conj(), grad, dim), self.info)",
   other="sum_to_info(linalg_cross(grad, self.conj(), dim), other.info)")
