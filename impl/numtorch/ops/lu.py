"""The factors L and U of a matrix as users have them, and what is solved by them."""

from ..kernels import everything as k
from .row import op

# The permutation comes last: PyTorch counts the outputs that have a derivative only.
op("linalg_lu_factor_ex(A, pivot)", k.linalg_lu_factor_ex, outputs=("LU", "pivots", "info"),
   differentiable=(True, False, False), A="lu_factor_backward(grad, LU, pivots, pivot)",
   jvp="(lu_factor_jvp(A_t, result0, result1, pivot), None, None)")
op("linalg_lu(A, pivot)", k.linalg_lu, outputs=("L", "U", "P"), differentiable=(True, True, False),
   A="linalg_lu_backward(grads, P, L, U, pivot)", jvp="linalg_lu_jvp(A_t, result2, result0, result1, pivot)")
op("lu_unpack(LU_data, LU_pivots: Tensor, unpack_data, unpack_pivots)", k.lu_unpack, outputs=("L", "U", "P"),
   differentiable=(True, True, False), LU_data="lu_unpack_backward(grads, LU_data.second_last, LU_data.last)",
   jvp="(lower_of(LU_data_t), upper_of(LU_data_t), None)")
op("linalg_lu_solve(LU, pivots: Tensor, B, left, adjoint)", k.linalg_lu_solve,
   LU="lu_solve_backward(grad, LU, pivots, result, left, adjoint)",
   B="sum_to_info(linalg_lu_solve(LU, pivots, grad, left, not adjoint), B.info)",
   jvp="lu_solve_jvp(result, LU_p, pivots, LU_t, B_t, left, adjoint)")
