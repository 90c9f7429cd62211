"""Operands without dimensions, without elements, or with too many: what comes out, or what is said and in which order."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")
import numtorch  # noqa: E402
import numtorch.nn.functional  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")
PRODUCTS = """
z.mv(z) | z.mv(a) | a.mv(a) | m.mv(z) | m.mv(m) | q.mv(a) | b.mv(a) | torch.addmv(z, z, z) | torch.addmv(z, m, a)
z.mm(z) | a.mm(q) | m.mm(m) | b.mm(q) | torch.addmm(z, z, z) | torch.addmm(z, m, q) | torch.addmm(b, m, q)
z.bmm(z) | b.bmm(z) | b.bmm(b) | b.bmm(m) | torch.baddbmm(z, z, z) | torch.baddbmm(z, b, e) | torch.baddbmm(z, b, b)
torch.baddbmm(q, b, e) | torch.baddbmm(z, m, m) | torch.baddbmm(z, a, e) | torch.baddbmm(z, m, e) | torch.baddbmm(z, b, z)
torch.baddbmm(z, b, a) | torch.addbmm(z, z, z) | torch.addbmm(z, b, e) | torch.addbmm(z, b, b) | torch.addbmm(q, b, e)
torch.addbmm(z, m, m) | torch.addbmm(z, z, e) | torch.addbmm(z, a, e) | torch.addbmm(z, m, e) | torch.addbmm(z, b, z)
torch.addr(z, z, z) | torch.addr(z, m, a) | torch.outer(z, z) | torch.dot(z, z) | torch.vdot(a, z) | torch.inner(z, a)
z @ z | z @ a | a @ z | F.linear(z, z) | F.linear(z, a) | F.linear(a, z) | F.linear(a, m, z) | F.linear(m, m, a)
F.linear(m, q, z) | F.linear(a, a) | F.linear(a, a, z) | F.linear(b, m, a) | F.linear(a, b) | F.linear(z, m, z)
F.linear(None, m) | F.linear(m, None) | F.linear(m, m, 3) | F.linear(a, q, q) | F.linear(a, a, a) | F.linear(b, a, z)
torch.linalg.cross(z, z) | torch.cross(z, z) | z.cross(z, 0) | torch.linalg.cross(a, a, dim=1) | torch.linalg.cross(a, m)
"""
ALONG = """
z.roll(1) | z.roll(1, 0) | z.roll((1, -1), (0, 1)) | z.roll(1, 1) | z.roll((1, 1), 0) | a.roll((1, 1), (0, 0)) | a.roll(1, 3)
z.roll((), ()) | a.roll((), ()) | a.roll(1, ()) | o.roll(1, 0) | o.roll(1, 4) | z.unbind() | z.unbind(1) | z.unbind(-2)
z.movedim(0, 1) | z.movedim(0, 0) | z.movedim((0, 0), (0, -1)) | z.cummax(1) | z.cummin(2) | z.cummax(0) | z.topk(1, 1)
z.topk(2) | z.topk(2, 1) | a.topk(1, 4) | z.kthvalue(1, 1) | z.kthvalue(2) | z.unflatten(1, (1,)) | z.select(0, 0)
z.take_along_dim(torch.tensor(0), 0) | z.gather(1, torch.tensor(0)) | z.sort(1) | z.softmax(1) | z.sum(1) | z.var(1)
z.mT | z.mH | z.H | z.adjoint() | z.T | b.H | a.mH | a.mT | z.t() | b.t() | z.svd() | z.det() | z.diagonal() | z.trace()
F.avg_pool2d(z, 2) | F.avg_pool2d(a, 2) | F.avg_pool2d(m, 2) | F.max_pool2d(m, 2) | F.max_pool1d(a, 2) | F.glu(z)
F.embedding(i, z) | F.embedding(i, a) | F.embedding(i, m) | F.embedding(a, m) | F.embedding(None, m) | F.embedding(i, None)
o[i] | m[:, :0][:, i] | m[:0][i] | a[i + 2]
F.max_pool1d(m.long(), 2) | F.avg_pool2d(b > 0, 2) | F.max_pool2d(b > 0, 2) | F.nll_loss(m.long(), i) | F.nll_loss(m + 0j, i)
"""


def outcome(lib: Any, text: str, requires_grad: bool) -> tuple:
    """Shape, strides and node of the results, or the error."""
    shapes = {"z": (), "a": (3,), "m": (2, 3), "q": (3, 3), "b": (2, 2, 3), "e": (2, 3, 2), "o": (0,)}
    names = {name: lib.ones(shape, requires_grad=requires_grad) for name, shape in shapes.items()}
    try:
        found = eval(text, {"torch": lib, "F": lib.nn.functional, "i": lib.tensor([0, 1]), **names})
    except Exception as error:
        return type(error).__name__, str(error).partition("\nException raised")[0]
    results = found if isinstance(found, tuple) else (found,)
    return tuple([(tuple(r.shape), r.stride(), type(r.grad_fn).__name__, r._version) for r in results])


@pytest.mark.parametrize("requires_grad", [False, True])
@pytest.mark.parametrize("line", (PRODUCTS + ALONG).strip().replace("\n\n", "\n").split("\n"))
def test_dimensions_are_met_as_pytorch_meets_them(line: str, requires_grad: bool) -> None:
    for text in line.split(" | "):
        assert (text, outcome(numtorch, text, requires_grad)) == (text, outcome(torch, text, requires_grad))
