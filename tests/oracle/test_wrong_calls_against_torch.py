"""Calls that PyTorch refuses, and calls beside them that it takes: functions that it writes in Python, and overloads."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")
import numtorch  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")
CALLS = """
torch.einsum() | torch.einsum(None) | torch.einsum("i,i") | torch.einsum("i,i", None, None) | torch.einsum(3, x)
torch.einsum("ij", [x]) | torch.einsum("ij", [x, None]) | torch.einsum(x, [0, 1]) | torch.einsum(x, [0, 1], [1, 0])
torch.einsum(x, [0, ...], [...]) | torch.einsum(x, [0, 60]) | torch.einsum(None, [0, 1]) | torch.einsum(x, [0, 1], None)
torch.block_diag() | torch.block_diag(None) | torch.block_diag(x, None) | torch.block_diag("a") | torch.block_diag([x])
torch.atleast_1d() | torch.atleast_1d(None) | torch.atleast_2d(1) | torch.atleast_3d("a") | torch.atleast_1d((x, None))
torch.atleast_1d(x, 1) | torch.atleast_2d({}) | torch.atleast_3d((1,)) | torch.atleast_2d([v, x])[0]
torch.broadcast_tensors() | torch.broadcast_tensors(None) | torch.broadcast_tensors(x, 1) | torch.broadcast_tensors([x, x])
torch.meshgrid(None) | torch.meshgrid(v, None) | torch.meshgrid([v, 1]) | torch.meshgrid() | torch.meshgrid([v, v])[1]
torch.tensordot(None, None) | torch.tensordot(x, None) | torch.tensordot(x, x, None) | torch.tensordot(x, x, "a")
torch.tensordot(x, x, 5) | torch.tensordot(x, x, -1) | torch.tensordot(x, x, ([0],)) | torch.tensordot(x, x, (0, 1))
torch.tensordot(x, x, ([0], [None])) | torch.tensordot(x, x, torch.tensor([[0], [1]])) | torch.tensordot(x, x, torch.tensor(1))
torch.cartesian_prod() | torch.cartesian_prod(None) | torch.cartesian_prod(v, None) | torch.cartesian_prod([v])
torch.chain_matmul() | torch.chain_matmul(None) | torch.chain_matmul(x, 1) | torch.combinations(None) | torch.norm(None)
torch.split(None, 1) | x.split(None) | x.split("a") | x.split([1, None]) | x.split(1.5) | x.split(True) | x.split(1, None)
x.split([1.0, 1]) | x.split((1, 1), "a") | x.split(torch.tensor(1))[1] | x.unique(None) | torch.unique(x, dim="a")
torch.broadcast_shapes() | torch.broadcast_shapes(2, (3, 1)) | torch.broadcast_shapes((2,), (3,)) | torch.broadcast_shapes(None)
torch.broadcast_shapes((-1,), (3,)) | torch.broadcast_shapes("a", 1) | x.broadcast_to(3, 2, 2) | x.broadcast_to((3, 2, 2))
x.broadcast_to() | x.broadcast_to(None) | x.broadcast_to(3) | torch.broadcast_to(x, 3, 2, 2) | x.broadcast_to(size=(2, 2))
x.set_(None) | x.set_(1) | x.set_(v, None) | x.set_(v, "a") | x.set_(v, 0, None) | x.set_(v, 0, (2,), None) | x.set_([1, 2])
x.set_(v, 0, (2,), (1,), 5) | x.set_(v, 0, 2) | x.set_(v, 0, (2,)) | x.set_(v.double()) | x.set_() | x.set_(source=v)
x.as_strided() | x.as_strided((2,)) | x.as_strided((2,), None) | x.as_strided((2,), (1,), "a") | x.as_strided(2, 1)
torch.as_strided(x, 2, 1) | x.as_strided((2,), (1,), 0, 0) | x.as_strided((2.5,), (1,)) | torch.as_strided(x, x, (1,))
x.addr_(x[0], x[:, 0]) | x.addr_(x.view(-1)[:2], v) | x[:1].addr_(torch.ones(1), x[1]) | x.index_add_(0, k, x[:1])
torch.ones(1, 2).expand(2, 2).index_add_(0, k, torch.ones(1, 2)) | torch.ones(1, 2).expand(2, 2).addr_(v, v)
torch.Tensor.__rand__(2, k) | torch.Tensor.__ror__(2, 3) | torch.Tensor.__rxor__("a", k) | torch.Tensor.__rlshift__(2, 3)
torch.Tensor.__rsub__(2, 3) | torch.Tensor.__rsub__(2, x) | torch.Tensor.__rpow__(2, 3) | torch.Tensor.__rpow__(2, x)
torch.Tensor.__rmod__(2, 3) | torch.Tensor.__rmod__(2, k) | torch.Tensor.__rdiv__(2, 3) | torch.Tensor.__rtruediv__(2, x)
torch.special.zeta(2, 3) | torch.special.xlog1py(2, "a") | torch.special.xlogy(2, 3) | torch.special.zeta(2)
torch.bernoulli(x / 4, out=torch.zeros(1).expand(2, 2)) | x[torch.tensor([1, 0, 1], dtype=torch.uint8)]
"""


def outcome(lib: Any, text: str) -> tuple:
    """The result, or the error."""
    names = {"torch": lib, "x": lib.tensor([[1.0, 2.0], [3.0, 4.0]]), "v": lib.tensor([5.0, 6.0]), "k": lib.tensor([0])}
    try:
        found = eval(text, names)
    except Exception as error:
        return type(error).__name__, str(error)
    if isinstance(found, lib.Tensor):
        return found.tolist(), found.stride(), found._version, found._is_view()
    return type(found).__name__, str(found)


@pytest.mark.parametrize("text", [one.strip() for line in CALLS.strip().split("\n") for one in line.split(" | ")])
def test_a_call_is_refused_in_pytorchs_words(text: str) -> None:
    assert outcome(numtorch, text) == outcome(torch, text)
