"""Decompositions of matrices, and what is solved with them.

The signs of eigenvectors and singular vectors are LAPACK's choice, and each library's own: their squares are compared.
"""

SAMPLES = """
[t.square() for t in torch.linalg.eigh(h)] | [t.square() for t in torch.linalg.eigh(h, 'U')]
torch.linalg.eigvals(q).abs() | torch.linalg.eigvals(torch.stack([q, h])).real | torch.linalg.eigvals(q.t()).imag
[t.square() for t in torch.linalg.svd(x)] | [t.square() for t in torch.linalg.svd(m)]
[t.square() for t in torch.linalg.svd(q, False)] | [t.square() for t in torch.svd(x)] | torch.linalg.qr(q)
torch.linalg.qr(x) | torch.linalg.qr(m) | torch.linalg.qr(m, mode='complete') | torch.linalg.qr(x, mode='r')
torch.qr(m) | h.svd(False) | torch.linalg.inv(q) | torch.inverse(q) | q.inverse()
torch.linalg.inv(torch.stack([q, h])) | torch.linalg.inv_ex(q) | torch.linalg.det(q) | q.det()
torch.det(torch.stack([q, h])) | torch.linalg.slogdet(q) | torch.slogdet(h)[1] | h.logdet()
torch.linalg.slogdet(torch.stack([q, h])) | torch.logdet(-h) | torch.linalg.solve(q, m) | torch.linalg.solve(q, v)
torch.linalg.solve(q, x, left=False) | torch.linalg.solve(torch.stack([q, h]), m) | torch.linalg.solve_ex(q, v)
torch.linalg.solve(torch.stack([q, h]), v.expand(2, 3)) | torch.linalg.solve_triangular(q, m, upper=True)
torch.linalg.solve_triangular(q, x, upper=False, left=False, unitriangular=True)
torch.linalg.solve_triangular(torch.stack([q, h]), m, upper=False) | torch.linalg.cholesky(h) | torch.cholesky(h)
torch.linalg.cholesky(h, upper=True) | torch.linalg.cholesky_ex(h) | h.cholesky(True)
torch.linalg.cholesky(torch.stack([h, h * 2])) | torch.cholesky_solve(m, h) | torch.cholesky_solve(m, h, True)
torch.cholesky_inverse(h) | torch.cholesky_inverse(h, upper=True) | torch.linalg.eigvalsh(h) | torch.linalg.eigh(h)[0]
torch.linalg.svdvals(x) | torch.linalg.svdvals(m) | torch.linalg.svdvals(b) | torch.linalg.pinv(x)
torch.linalg.pinv(m) | torch.linalg.pinv(q) | x.pinverse() | torch.linalg.matrix_power(q, 3)
torch.linalg.matrix_power(q, 0) | torch.linalg.matrix_power(q, 1) | torch.linalg.matrix_power(q, -2) | q.matrix_power(5)
torch.linalg.matrix_power(h, 2) | torch.linalg.matrix_exp(q / 4) | torch.matrix_exp(h) | torch.linalg.lstsq(m, v)[0]
torch.linalg.lstsq(x, w)[0] | torch.linalg.lstsq(m, q[:, :2]) | torch.linalg.matrix_rank(x)
torch.linalg.tensorinv(q, 1) | torch.linalg.tensorsolve(q, v) | torch.linalg.diagonal(q) | torch.linalg.vander(v)
torch.linalg.vander(x, N=2) | torch.linalg.cond(q) | torch.linalg.cond(q, -2) | torch.linalg.matrix_norm(x)
torch.linalg.matrix_norm(x, 'nuc') | torch.linalg.matrix_norm(x, 2) | torch.linalg.matrix_norm(x, -2)
torch.linalg.matrix_norm(b, 1) | torch.linalg.matrix_norm(x, float('inf'))
torch.linalg.matrix_norm(x, -1, keepdim=True) | torch.linalg.matrix_norm(b, float('-inf'), (0, 2))
torch.linalg.matrix_norm(b, 'fro', (1, 0)) | torch.linalg.norm(x) | torch.linalg.matrix_norm(x, 2, keepdim=True)
torch.linalg.norm(x, 2) | torch.linalg.norm(x, 1) | torch.linalg.norm(x, 'nuc') | torch.linalg.norm(v, 3)
torch.linalg.norm(x, 2, dim=1) | torch.linalg.norm(x, 'fro') | torch.linalg.norm(b, float('inf'), (0, 1))
torch.linalg.norm(v, float('-inf')) | torch.linalg.norm(x, -2, (0, 1), True) | torch.linalg.norm(b, 1, dim=-1)
torch.linalg.lu_factor(q) | torch.linalg.lu_factor(x)[0] | torch.linalg.lu_factor_ex(m) | torch.linalg.lu(q)
torch.linalg.lu(torch.stack([q, h]))[1] | torch.linalg.lu(x)[2] | torch.linalg.lu(m) | torch.lu(q) | q.lu(get_infos=True)
torch.lu_unpack(*torch.linalg.lu_factor(q))[2] | torch.lu_unpack(*torch.linalg.lu_factor(m), unpack_pivots=False)[1]
torch.lu_unpack(*torch.linalg.lu_factor(x), unpack_data=False) | torch.linalg.lu_solve(*torch.linalg.lu_factor(q), m)
torch.linalg.lu_solve(*torch.linalg.lu_factor(q), x, left=False) | m.lu_solve(*torch.linalg.lu_factor(q))
torch.linalg.lu_solve(*torch.linalg.lu_factor(torch.stack([q, h])), m, adjoint=True)
torch.norm(x, 'nuc') | torch.norm(b, 'nuc', (1, 2)) | torch.norm(x, 'fro', (0, 1)) | torch.nuclear_norm(x)
"""

MISTAKES = """
torch.linalg.inv(x) | torch.linalg.inv(q * 0) | torch.linalg.inv(v) | torch.linalg.inv(k[:, :2])
torch.linalg.inv(torch.zeros(3, 2, 2)) | torch.linalg.det(x) | torch.linalg.det(v) | torch.linalg.slogdet(x)
torch.logdet(x) | torch.linalg.solve(x, v) | torch.linalg.solve(q, w) | torch.linalg.solve(q * 0, v)
torch.linalg.solve(q, d[0]) | torch.linalg.cholesky(-h) | torch.linalg.cholesky(x)
torch.linalg.cholesky(torch.stack([h, -h])) | torch.cholesky_solve(v, h) | torch.cholesky_solve(x, h)
torch.linalg.solve_triangular(q, x, upper=True) | torch.linalg.solve_triangular(q, v, upper=True)
torch.linalg.solve_triangular(q, m) | torch.linalg.qr(v) | torch.linalg.qr(x, mode='foo') | torch.linalg.eigh(x)
torch.linalg.eig(v) | torch.linalg.eigvals(x) | torch.linalg.eig(q * inf)
torch.linalg.eigh(v) | torch.linalg.eigh(q, 'foo') | torch.linalg.eigvalsh(x) | torch.linalg.svd(v)
torch.linalg.svdvals(v) | torch.linalg.pinv(v) | torch.linalg.matrix_power(x, 2) | torch.linalg.matrix_power(q, 1.5)
torch.linalg.matrix_power(v, 2) | torch.linalg.matrix_norm(v) | torch.linalg.matrix_norm(x, 'foo')
torch.linalg.matrix_norm(x, 3) | torch.linalg.matrix_norm(x, dim=(0, 0)) | torch.linalg.matrix_norm(x, dim=0)
torch.linalg.norm(x, 'foo') | torch.linalg.norm(x, 3) | torch.linalg.norm(b, 2) | torch.linalg.norm(v, 'fro')
torch.linalg.norm(x, 'nuc', dim=0) | torch.linalg.norm(i) | torch.linalg.cond(x, 1) | torch.linalg.cond(q, 3)
torch.linalg.matrix_exp(x) | torch.linalg.lstsq(v, v) | torch.linalg.lstsq(m, x) | torch.inverse(x)
torch.linalg.lu_factor(v) | torch.linalg.lu(v) | torch.linalg.lu_factor(q, pivot=False) | torch.linalg.lu_factor(k)
torch.linalg.lu_factor(q * 0) | torch.linalg.lu_factor_ex(torch.stack([q, q * 0]), check_errors=True) | torch.lu(v)
torch.lu_unpack(q, v) | torch.lu_unpack(v, i.int()) | torch.lu_unpack(q, i.int() * 0 - 1) | torch.lu_solve(m, x, i.int())
torch.linalg.lu_solve(q, v, m) | torch.linalg.lu_solve(q, torch.ones(2).int(), m)
torch.linalg.lu_solve(q, torch.ones(3).int(), v)
torch.linalg.lu_solve(q, torch.ones(3).int(), x) | torch.linalg.lu_solve(torch.stack([q, h]), torch.ones(3).int(), m)
torch.linalg.eigh(k[:, :2]) | torch.norm(b, 'nuc') | torch.linalg.tensorinv(q) | torch.linalg.tensorsolve(q, w)
"""
