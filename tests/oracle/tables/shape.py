"""Views, copies, and what joins, splits, turns and repeats."""

SAMPLES = """
x.view(3, 2) | x.reshape(6) | x.view(-1) | x.T.reshape(6) | x.flatten() | b.flatten(1) | b.flatten(0, -2) | s.flatten()
x.ravel() | x.view_as(m) | x.reshape_as(m) | x.unflatten(1, (3, 1)) | b.unflatten(-1, (2, 2)) | x.t() | v.t() | x.T
x.mT | b.mT | x.mH | x.H | x.adjoint() | x.transpose(0, 1) | x.transpose(-1, 0) | b.transpose(-2, -1)
x.swapaxes(0, -1) | x.swapdims(0, 1) | b.permute(2, 0, 1) | b.permute(-1, 0, -2) | x.permute(1, 0) | b.movedim(0, -1)
b.movedim((0, 1), (2, 0)) | torch.moveaxis(b, -1, 0) | v.expand(2, 3) | x.expand(2, -1, -1) | v.expand_as(x)
torch.broadcast_to(v, (2, 3)) | s.expand(2) | x[:1].squeeze() | x[:1].squeeze(0) | x[:1].squeeze(-2)
x[:1, :1].squeeze((0, -1)) | x.squeeze(-1) | x.unsqueeze(0) | x.unsqueeze(-1) | x.unsqueeze(-2) | s.unsqueeze(-1)
x.select(0, 1) | x.select(-1, -1) | x.select(1, -2) | x[-1] | x[0] | x[..., -1] | x[:, 1] | x[1:] | x[:, -2:]
x[:, :-1] | x[:, ::2] | x[5:] | x[None] | x[..., None] | x[0, 1] | x[...] | x[:] | b[1, :, 1:3] | b[:, None, 0]
x[:, 1:1] | b[-1, -2:, -1] | x.narrow(1, 1, 2) | x.narrow(-1, -2, 1) | x.diagonal() | x.diagonal(-1) | x.diagonal(1)
b.diagonal(0, 1, 2) | b.diagonal(0, -2, -1) | b.diagonal(1, 0, -1) | x.unbind() | x.unbind(-1) | b.unbind(1)[1]
x.split(1) | x.split(2, -1) | b.split([1, 2], 1) | x.split_with_sizes([1, 2], -1) | x.chunk(2) | x.chunk(2, -1)
x.tensor_split(2) | x.tensor_split(2, -1) | x.tensor_split([1, 2], 1) | x.tensor_split((1, 0)) | x.hsplit(3)
x.hsplit([1]) | v.hsplit(3) | x.vsplit(2) | b.dsplit(2) | x.tensor_split(torch.tensor([1])) | x.unfold(1, 2, 1)
b.unfold(-1, 2, 2) | x.unfold(0, 1, 1) | s.unfold(0, 1, 1) | b.unfold(1, 3, 1) | x.flip(0) | x.flip(-1) | x.flip((0, 1))
x.flip(0, -1) | x.fliplr() | x.flipud() | v.flipud() | x.roll(1) | x.roll(1, 0) | x.roll(-1, -1)
x.roll((1, 2), (0, 1)) | b.roll((1, -1), (0, 2)) | x.rot90() | x.rot90(2) | x.rot90(3, (1, 0)) | b.rot90(1, (1, 2))
x.rot90(-1, (-2, -1)) | q.tril() | x.triu() | x.tril(-1) | b.triu(1) | b.tril(1) | q.clone().tril_()
x.clone().triu_(1) | x.diag() | q.diag(1) | q.diag(-1) | v.diag() | v.diag(1) | v.diag(-2) | x.diag_embed()
v.diag_embed(1, 0, 1) | b.diag_embed(0, 0, 2) | v.diagflat() | x.diagflat(1) | x.repeat(2, 1) | v.repeat(2, 1, 2)
s.repeat(2) | x.repeat(1, 1) | x.tile(2) | x.tile((2, 1, 1)) | x.tile(2, 2) | x.repeat_interleave(2)
x.repeat_interleave(2, 1) | b.repeat_interleave(2, -1) | x.repeat_interleave(j, 1) | v.repeat_interleave(j)
s.repeat_interleave(2) | x.repeat_interleave(torch.tensor(2), 0) | torch.repeat_interleave(j) | x.clone() | x.T.clone()
x.contiguous() | x.T.contiguous() | x.sum_to_size(1, 3) | x.sum_to_size(3) | x.sum_to_size(2, 1) | x.sum_to_size(2, 3)
b.sum_to_size(3, 1) | torch.cat([x, y]) | torch.cat([x, y], -1) | torch.cat([x, x * 2, y], 1) | torch.cat([x])
torch.concat((x, m.T)) | torch.cat([x, d]) | torch.stack([x, y]) | torch.stack([x, y], -1) | torch.stack([v, v], 1)
torch.stack([s, s]) | torch.hstack([x, y]) | torch.hstack([v, w]) | torch.hstack([s, s]) | torch.vstack([v, v])
torch.vstack([x, v]) | torch.vstack([s, s]) | torch.dstack([x, y]) | torch.dstack([v, v]) | torch.column_stack([v, v])
torch.column_stack([x, w]) | torch.row_stack([x, y]) | torch.block_diag(x, v) | torch.block_diag(s, q)
torch.block_diag(x) | torch.meshgrid(v, w, indexing='ij') | torch.meshgrid(v, w, indexing='xy')
torch.meshgrid(v, indexing='ij') | torch.meshgrid([v, w, s], indexing='ij') | torch.broadcast_tensors(x, v)
torch.broadcast_tensors(x, y) | torch.broadcast_tensors(x, s) | torch.cartesian_prod(v, w) | torch.cartesian_prod(v)
torch.combinations(v) | torch.combinations(v, 2, True) | torch.combinations(v, 3) | torch.atleast_1d(s)
torch.atleast_2d(v) | torch.atleast_2d(s, x) | torch.atleast_3d(v) | torch.atleast_3d(x, s) | torch.atleast_1d(x)
x.positive() | +x | torch.tril_indices(3, 3, -1) | torch.triu_indices(2, 3)
"""

MISTAKES = """
x.view(4) | x.view(-1, -1) | x.T.view(6) | x.reshape(4, -1) | x.view(-2, 3) | x.flatten(1, 0) | x.unflatten(1, (2, 2))
x.unflatten(0, ()) | b.t() | x.transpose(0, 2) | x.permute(0) | x.permute(0, 0) | x.swapaxes(0, 3) | v.mT | v.mH | b.H
v.H | v.adjoint() | x.movedim((0, 1), (1,)) | x.movedim((0, 0), (1, 0)) | v.expand(4) | x.expand(3) | v.expand(-1, 3)
x.expand(4, 3) | x.expand_as(v) | x.view_as(v) | x.squeeze(4) | x.unsqueeze(3) | x.select(2, 0) | x.select(0, 2)
s.select(0, 0) | x[2] | x[0, 0, 0] | s[0] | x[::-1] | x.narrow(1, 0, 9) | x.narrow(0, 3, 0) | x.narrow(0, 0, -1)
x.diagonal(dim1=0, dim2=0) | v.diagonal() | s.unbind() | x.unbind(3) | x.split(-1) | x.split(0) | x.split([1, 2])
x.chunk(0) | x.tensor_split(0) | s.hsplit(1) | x.hsplit(2) | v.vsplit(2) | x.dsplit(1) | x.vsplit(3) | x.unfold(2, 2, 1)
x.unfold(1, 4, 1) | x.unfold(1, -1, 1) | x.unfold(1, 2, 0) | x.flip(0, 0) | x.flip(4) | s.flip() | v.fliplr()
s.flipud() | x.roll((1, 2), 0) | x.roll(1, 5) | x.roll((1, 1)) | x.roll(1, (0, 1)) | x.rot90(1, (0,))
x.rot90(1, (0, 0)) | v.rot90() | x.rot90(1, (0, 2)) | v.tril() | b.diag() | s.diag() | v.diag_embed(0, 1, 1)
v.diag_embed(0, 3, 1) | x.repeat(2) | x.repeat() | x.repeat(-1, 1) | x.tile(-1) | x.tile() | x.repeat_interleave(-1)
x.repeat_interleave(k) | x.repeat_interleave(j) | x.repeat_interleave(j.float(), 1)
x.repeat_interleave(2, output_size=11) | x.sum_to_size(2, 2) | torch.cat([]) | torch.cat([x, v]) | torch.cat([s, s])
torch.cat([x, m]) | torch.cat(x) | torch.stack([]) | torch.stack([x, v]) | torch.hstack([]) | torch.vstack([v, w])
torch.dstack([v, w]) | torch.column_stack([v, w]) | torch.block_diag(b) | torch.meshgrid(v, indexing='ab')
torch.meshgrid() | torch.broadcast_tensors(x, w) | torch.cartesian_prod(x) | torch.combinations(x) | mask.positive()
x.view(torch.complex64) | x.T.view(torch.float64) | s.view(torch.float64)
"""
