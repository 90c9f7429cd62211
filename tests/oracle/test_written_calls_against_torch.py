"""How calls may be written: arguments by position and by name, NumPy's names, Python's types; items and operators."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
import numtorch  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")
CALLS = """
x.sum(dim=0) | x.sum(dim=[0, 1], keepdim=True) | x.sum(axis=0) | torch.sum(input=x, dim=1) | x.sum(0, True)
x.sum(dtype=torch.float64) | x.sum(dtype=float) | x.mean(dtype=float) | x.sum(dim=()) | x.sum(dim=None) | x.mean(-1)
x.mean(dim=(0, 1)) | x.mean(axis=1, keepdims=True) | x.max(dim=1) | x.max(1).values | x.max(x*2)
torch.max(x, dim=0, keepdim=True) | x.argmax(dim=1) | x.argmax(axis=1) | x.prod() | x.prod(dim=1) | x.cumsum(dim=1)
x.cumsum(0, dtype=torch.float64) | x.any() | x.all(dim=0) | x.median() | x.median(dim=1) | x.quantile(.5)
x.quantile(torch.tensor([.2, .5]), dim=1) | x.topk(2) | x.topk(k=2, dim=1, largest=False) | x.sort(descending=True)
x.sort(dim=0, stable=True) | x.view(size=(3, 2)) | x.view(-1, 2) | x.view([3, 2]) | x.view(torch.int32)
x.view(dtype=torch.int32) | x.reshape(shape=(3, 2)) | x.reshape(-1) | torch.reshape(x, (3, 2))
torch.reshape(input=x, shape=(3, 2)) | x.permute(1, 0) | x.permute(dims=(1, 0)) | torch.permute(x, (1, 0))
x.transpose(0, 1) | x.transpose(dim0=0, dim1=1) | torch.transpose(x, dim0=0, dim1=1) | x.swapaxes(0, 1)
x.unsqueeze(dim=0) | x.squeeze(dim=(0, )) | x.flatten(start_dim=0) | x.flatten(0, 1) | x.unflatten(1, (3, 1))
x.unflatten(dim=1, sizes=(3, -1)) | x.expand(2, 2, 3) | x.expand(size=(2, 2, 3)) | x.expand(-1, 3) | x.repeat(2, 1)
x.repeat(repeats=(2, 1)) | x.tile((2, )) | x.repeat_interleave(2) | x.repeat_interleave(2, dim=1)
x.repeat_interleave(torch.tensor([1, 2]), dim=0) | torch.cat([x, x], dim=1) | torch.cat((x, x), 1)
torch.cat(tensors=[x, x]) | torch.cat([x, x], axis=1) | torch.cat([]) | torch.cat([x, torch.tensor([])])
torch.cat([x, torch.ones(3)]) | torch.cat([x, torch.ones(2, 4)]) | torch.cat([x, x.long()])
torch.stack([x, x], dim=-1) | torch.stack([]) | torch.stack([x, x[0]]) | x.split(2, dim=1) | x.split([1, 2], dim=1)
x.split(split_size=1) | x.chunk(2) | x.chunk(chunks=2, dim=1) | x.tensor_split(2, dim=1) | x.unbind(dim=1)
x.select(1, 0) | x.select(dim=1, index=0) | x.narrow(1, 0, 2) | x.narrow(dim=1, start=0, length=2)
x.index_select(1, torch.tensor([0, 2])) | x.index_select(dim=1, index=torch.tensor([0, 2]))
x.gather(1, torch.tensor([[0], [1]])) | x.scatter(1, torch.tensor([[0], [1]]), 9.)
x.scatter(1, torch.tensor([[0], [1]]), x) | x.scatter_add(1, torch.tensor([[0], [1]]), x) | x.masked_fill(x>2, 0)
x.masked_fill(mask=x>2, value=0) | x.masked_select(x>2) | torch.where(x>2, x, 0) | torch.where(x>2)
x.where(x>2, torch.tensor(0.)) | torch.where(x>2, 1, 2.) | x.clamp(1, 3) | x.clamp(min=1)
x.clamp(max=torch.tensor(2.)) | x.clamp() | x.clip(1, 3) | x.pow(2) | x.pow(exponent=2) | torch.pow(2, x) | 2**x
x//2 | x%2 | divmod(x, 2) | x@x.T | x@x | x+'a' | x+None | x+[1] | 'a'+x | x+np.ones(3) | np.float64(2)*x
x*np.float64(2) | x==None | x!='a' | x<None | -x | ~x | ~(x>2) | (x>2)&(x<5) | x&1 | x.long()&1 | x.long()<<1
x.long()/2 | x.long()//2 | x.long().div(2, rounding_mode='floor') | x.div(2, rounding_mode='x') | x.add(1, alpha=2)
x.add(x, alpha=2) | x.addcmul(x, x, value=2) | x.lerp(x+1, .5) | F.mse_loss(x, x*2)
F.mse_loss(x, x*2, reduction='none') | F.mse_loss(x, x*2, reduction='x') | F.mse_loss(x, x[0])
F.nll_loss(x, torch.tensor([0, 2]), weight=torch.ones(3)) | F.linear(x, torch.ones(4, 3), torch.ones(4))
F.linear(x, torch.ones(4, 2)) | F.embedding(torch.tensor([0, 1]), x) | F.embedding(torch.tensor([0, 2]), x)
F.one_hot(torch.tensor([0, 2]), num_classes=4) | F.pad(x, (1, 1)) | F.pad(x, (1, 1), value=2.) | F.pad(x, (1, ))
torch.einsum('ij, kj->ik', x, x) | torch.einsum('ij->', x) | torch.matmul(x, torch.ones(3)) | torch.mm(x, x.T)
torch.mm(x, x) | torch.mv(x, torch.ones(3)) | torch.dot(x[0], x[1]) | torch.dot(x, x) | torch.outer(x[0], x[1])
torch.bmm(x[None], x.T[None]) | torch.cross(x, x+1, dim=1) | x.diagonal() | x.diag() | x.tril() | x.triu(diagonal=1)
x.trace() | x.roll(1) | x.roll(shifts=(1, 1), dims=(0, 1)) | x.flip(0) | x.flip(dims=[0, 1]) | x.rot90() | x.unique()
x.nonzero() | x.nonzero(as_tuple=True) | x.isnan() | x.allclose(x) | x.equal(x) | x.eq(x) | x.numel() | x.size()
x.size(dim=1) | x.size(2) | x.shape[0] | x.dim() | x.ndim | x.stride(dim=0) | len(x) | list(x) | x.tolist() | x.item()
bool(x) | float(x) | int(x[0, 1]) | x.type(torch.int64) | x.to('cpu') | x.to(dtype=torch.float64) | x.to(x.long())
x.to('cpu', torch.float64) | x.to('a') | x.to(3) | x.to() | x.to(device='cpu', dtype=torch.int32, copy=True) | x.cpu()
x.cuda() | x.is_cuda | x.is_cpu | x.device | x.double().dtype | x.half() | x.bfloat16() | x.bool()
x.clone().fill_(2) | x.zero_() | x.add_(1) | x.mul_(torch.ones(3, dtype=torch.float64)) | x.copy_(torch.ones(3))
x.copy_(torch.ones(4)) | x.apply_(lambda v: v+1) | x.map_(x, lambda a, b:a+b) | x[0, 0]=5; x | x[0]=torch.ones(3); x
x[0]=torch.ones(2); x | x[0]=[1, 2, 3]; x | x[0]=None; x | x[x>2]=0; x | x[5]=0; x | x[..., 0]=np.float64(3); x
x['a']=0 | del x[0] | x.foo | torch.foo | 2 in x | f'{x[0, 1]:.2f}' | f'{x:.2f}' | str(x[0, 1]) | sum(x) | max(x[0])
abs(-x) | x.grad | x.backward()
"""


def seen(found: Any) -> Any:
    """All of a result that does not hang on whose it is."""
    if isinstance(found, (torch.Tensor, numtorch.Tensor)):
        kind = str(found.dtype).replace("numtorch", "torch")
        return repr(found.tolist()), kind, tuple(found.shape), found.stride(), found._version, found._is_view()
    if isinstance(found, (tuple, list)):
        return tuple([seen(one) for one in found])
    return repr(found).replace("numtorch", "torch")


def outcome(lib: Any, text: str) -> Any:
    """What the call gives or raises."""
    names = {"torch": lib, "np": np, "F": lib.nn.functional, "x": lib.arange(6.0).view(2, 3)}
    *before, last = text.split("; ")
    try:
        for statement in before:
            exec(statement, names)
        if last.startswith("del ") or "]=" in last:
            exec(last, names)
            last = "x"
        return seen(eval(last, names))
    except Exception as error:
        return type(error).__name__, str(error).partition(" (numtorch is ")[0]


@pytest.mark.parametrize("text", [one.strip() for line in CALLS.strip().split("\n") for one in line.split(" | ")])
def test_a_call_may_be_written_as_in_pytorch(text: str) -> None:
    assert outcome(numtorch, text) == outcome(torch, text)
