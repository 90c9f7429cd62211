"""Products of vectors, matrices and tensors."""

SAMPLES = """
v.dot(v) | v @ v | torch.vdot(v, v) | x @ v | x.mv(v) | w @ x | x @ m | x.mm(m) | x.T @ m.T | m.T @ x.T | b.bmm(e)
b @ e | e @ v | v @ b[0] | b @ e[0] | x @ b | b[None] @ e | b[:1] @ e | torch.outer(v, w) | torch.ger(v, w)
torch.addmm(q, m, x) | torch.addmm(v, m, x, beta=2, alpha=3) | torch.addmv(w, x, v) | torch.addr(q, v, v)
torch.baddbmm(q, b, e) | torch.addbmm(s, b, e) | torch.addbmm(q, b, e, beta=2, alpha=3) | q.addbmm(b, e)
q.clone().addbmm_(b, e) | x.clone().addmm_(x, q) | x.clone().addmm_(x, q, beta=0.5, alpha=2) | w.clone().addmv_(x, v)
q.clone().addr_(v, v, alpha=2) | (b @ e).baddbmm_(b, e) | torch.inner(v, v) | torch.inner(x, y) | torch.inner(x, v)
torch.inner(s, x) | x.inner(y) | torch.inner(b, e.transpose(1, 2)) | torch.tensordot(x, m, 1) | torch.tensordot(x, y, 2)
torch.tensordot(x, y, 0) | torch.tensordot(b, e, ([1, 2], [2, 1])) | torch.tensordot(x, w, ([0], [0]))
torch.tensordot(b, x, ([-2], [1])) | torch.tensordot(v, v, 1) | torch.kron(x, m) | torch.kron(v, w) | torch.kron(s, x)
torch.kron(v, x) | x.kron(y) | torch.linalg.cross(x, y) | torch.cross(x, y, 1) | torch.cross(v, v * 2)
torch.linalg.cross(x, v[None]) | m.T.cross(x, dim=-1) | torch.linalg.vecdot(x, y) | torch.linalg.vecdot(x, v)
torch.linalg.vecdot(x, y, dim=0) | torch.einsum('ij,jk->ik', x, m) | torch.einsum('ij->j', x) | torch.einsum('ii->i', q)
torch.einsum('ii', q) | torch.einsum('bij,bjk->bik', b, e) | torch.einsum('i,j', v, w) | torch.einsum('ij,ij', x, y)
torch.einsum('ij,jk,kl->il', x, m, x) | torch.einsum('ij->ji', x) | torch.einsum('...j->...', b)
torch.einsum('i...->...', b) | torch.einsum('...ij,...jk', b, e) | torch.einsum('ij', m) | torch.einsum('ij,j->i', x, v)
torch.einsum('i,i', v, v) | torch.einsum('i,ij,j', w, x, v) | torch.einsum('ij,kj->ik', x, y)
torch.einsum('ij,ij->ij', x, y) | torch.einsum('b i j -> b j i', b) | torch.einsum('ij,k->ijk', x, w)
torch.einsum('ji', x) | torch.einsum('bij,j->b', e, v) | torch.einsum('ij,ij->i', x, y) | torch.einsum('ij->', x)
torch.einsum('ij,jk->ki', x, m) | torch.einsum('bij,bjk->kbi', b, e) | torch.einsum('ij,jk->j', x, m)
torch.einsum('i,ij->j', w, x) | torch.linalg.multi_dot([x, m]) | torch.linalg.multi_dot([x, m, x])
torch.linalg.multi_dot([w, x, m]) | torch.linalg.multi_dot([x, m, x, m]) | torch.linalg.multi_dot([w, x, v])
torch.linalg.multi_dot([x, v]) | torch.chain_matmul(x, m, x) | torch.chain_matmul(x) | x.trace() | F.linear(x, q, v)
F.linear(e, q) | x @ q
"""

MISTAKES = """
v.dot(w) | x.mv(w) | x.mm(x) | b.bmm(b) | x @ x | torch.outer(x, v) | torch.addmm(q, x, x) | torch.addbmm(q, b, b)
torch.addbmm(x, b, e) | q.clone().addmm_(x, m) | x.clone().addbmm_(b, e) | q.addmm_(m, x) | torch.linalg.multi_dot([x])
torch.linalg.multi_dot([x, x]) | torch.linalg.multi_dot([x, b]) | torch.linalg.multi_dot([]) | torch.linalg.cross(w, w)
torch.linalg.cross(v, x) | torch.inner(x, w) | torch.tensordot(x, m, 2) | torch.tensordot(x, y, ([0], [0, 1]))
torch.einsum('ij', x, y) | torch.einsum('ijk', x) | torch.einsum('ij->k', x) | torch.einsum('i1', x)
torch.einsum('ij,jk', x, x) | torch.trace(v) | torch.einsum('ij,jk', x) | torch.chain_matmul(v)
"""
