"""What is computed of lazy conjugates, and of the negatives that are their imaginary parts, is what PyTorch computes.

Every operator takes them, whichever way it comes at the numbers of its operands: each expression is evaluated over a
conjugate `c`, its imaginary part `i`, a real tensor `x` and a mask `m`, and differentiated.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
import numtorch  # noqa: E402

NUMBERS = [[1 + 2j, 3 - 4j], [-0.5j, 2]]
OF_CONJUGATES = """
c + 1 | c * c | 1 / c | c - z | -c | c ** 2 | c ** -1 | c.exp() | c.log() | c.sqrt() | c.sin() | c.tanh() | c.sigmoid()
c.abs() | c.angle() | c.sgn() | c.real | c.imag | c.conj() | c.conj_physical() | c.square() | c.reciprocal() | c.pow(c)
c.sum() | c.sum(0) | c.mean() | c.prod() | c.prod(1) | c.cumsum(0) | c.cumprod(1) | c.var() | c.std(0) | c.norm()
torch.linalg.vector_norm(c, 3) | c @ c | c @ z | c.mv(z[0]) | torch.dot(c[0], z[1]) | torch.vdot(c[0], z[1]) | c.mH @ c
torch.bmm(c[None], z[None]) | torch.addmm(c, c, z) | torch.outer(c[0], c[1]) | torch.einsum('ij,kj->ik', c, z)
torch.linalg.inv(c) | torch.linalg.det(c) | torch.linalg.solve(c, c) | torch.linalg.matrix_power(c, 2) | torch.kron(c, z)
c.t() | c.T | c[0] | c[:, 1] | c[..., None] | c.view(4) | c.reshape(-1) | c.expand(3, 2, 2) | c.diagonal() | c.unbind(1)[1]
c.flip(0) | c.roll(1, 0) | c.repeat(2, 1) | c.tril() | c.triu() | c[0].diag() | c.as_strided((2,), (3,)) | c.squeeze()
c.t().contiguous() | c.clone() | c.detach() * z | c.to(torch.complex128) | c.resolve_conj() | c.permute(1, 0).reshape(4)
torch.cat([c, z]) | torch.stack([z, c], 1) | c.chunk(2)[1] | c.split(1, 1)[0] | torch.where(m, c, z) | c.masked_fill(m, 2j)
c.gather(0, k) | c.scatter(1, k, c) | c.index_select(1, k[0]) | c[m] | c[k[0]] | c.take(k) | c.index_add(0, k[0], c)
z.index_put((k[0],), c[0]) | c.scatter_add(0, k, c) | torch.lerp(z, c, 0.5) | torch.addcmul(c, c, z) | c.masked_select(m)
c * x | x + c | c.mul(2.5) | c / x | torch.view_as_complex(torch.view_as_real(z)).conj() | c == z | c.isnan() | c.nonzero()
torch.equal(c, z.conj()) | torch.allclose(c, c.clone()) | c.tolist() | c[0, 1].item() | c.isclose(z) | torch.logical_not(c)
torch.zeros_like(c) | torch.ones_like(c) | torch.full_like(c, 2j) | torch.tril(c, -1) | c.count_nonzero()
"""
OF_NEGATIVES = """
i + 1 | i * i | -i | i.exp() | i.abs() | i.neg() | i.relu() | i.clamp(min=0) | i.sum() | i.max() | i.min(0)[0] | i.sort()[0]
i.argmax() | i.argsort(1) | i.topk(1)[1] | i.cumsum(1) | i.softmax(0) | i.log_softmax(1) | i.t() @ i | i[0] | i[m] | i[k[0]]
i > 0 | i.sign() | i.floor() | i.round() | i.int() | i.bool() | i.double() | torch.cat([i, x]) | torch.maximum(i, x)
torch.where(m, i, x) | i.view(1, 2, 2) | i.reshape(4) | i.clone() | i.contiguous() | i.resolve_neg() | i.conj() | i.median()
torch._neg_view(i) | torch._neg_view(x) * 2 | i.std() | i.mode()[0] | i.cummax(0)[0] | i.tolist() | i.norm() | i.logsumexp(0)
torch.nn.functional.gelu(i) | torch.nn.functional.mse_loss(i, x) | i.amax(1) | i.diff() | i.isfinite() | i.prod()
i.masked_fill(m, 0.5) | torch.atan2(i, x) | i.fmod(2) | i.remainder(3) | i.lerp(x, 2)
"""
IN_PLACE = """
c.add_(1j) | c.mul_(z * 2) | c.fill_(1j) | c.zero_() | c.copy_(z) | c.exp_() | c.neg_() | c.conj_physical_() | c.t().mul_(2j)
c[0].copy_(z[1]) | c.masked_fill_(m, 3j) | c.index_fill_(0, k[0], 1j) | c.scatter_(1, k, 2j) | c.index_add_(0, k[0], z * 1)
c.pow_(2) | c.div_(z + 1) | c.sub_(z, alpha=2) | c.lerp_(z * 2, 0.5) | c.real.add_(1) | c.imag.add_(1) | c.imag.copy_(x)
i.add_(1) | i.mul_(x) | i.exp_() | i.zero_() | i.fill_(2) | i.clamp_(0) | i.neg_() | i.abs_() | i[0].copy_(x[1]) | i.relu_()
i.masked_fill_(m, 2) | i.sub_(x) | i.t().mul_(3) | c.diagonal().fill_(2j) | c.view(4)[1:].mul_(2j) | c.squeeze_() | c.t_()
torch.add(z, 1j, out=c) | torch.exp(x, out=i) | c.index_put_((k[0],), z[0] * 1) | c.__setitem__(0, 5j) | c.__setitem__(m, 1j)
c.addcmul_(z * 1, z * 2) | c.cumsum_(0) | c.tril_() | c.addmm_(z * 1, z * 1) | i.round_() | i.cumsum_(1) | i.sqrt_()
"""


def expressions(text: str) -> list[str]:
    """The expressions of a table."""
    return [one.strip() for line in text.strip().split("\n") for one in line.split(" | ")]


def look(value: Any) -> Any:
    """What is compared exactly, and the numbers."""
    if not hasattr(value, "grad_fn"):
        return value
    node = value.grad_fn
    names = [] if node is None else [node.name(), [None if f is None else f.name() for f, _ in node.next_functions]]
    exact = str(value.dtype), tuple(value.shape), value.stride(), value.is_conj(), value.is_neg(), value._is_view()
    return exact, value._version, value.requires_grad, names, np.array(value.tolist())


def evaluate(lib: Any, text: str, tracked: bool, write: bool) -> list:
    """The value and the gradients; of a write the base, too."""
    leaf = lib.tensor(NUMBERS, requires_grad=tracked)
    z = leaf * 1
    c = z.conj()
    given = {
        "torch": lib,
        "z": z,
        "c": c,
        "i": c.imag,
        "x": lib.tensor([[0.5, -1.0], [2.0, 3.0]]),
        "m": lib.tensor([[True, False], [True, True]]),
        "k": lib.tensor([[0, 1], [1, 0]]),
    }
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            found = eval(text, given)
    except Exception as error:
        return [type(error).__name__, str(error)]
    seen = [look(found), *([look(z), look(c), look(given["i"])] if write else ())]
    root = z if write else found
    if tracked and getattr(root, "requires_grad", False):
        seed = lib.ones(root.shape, dtype=root.dtype) * (1 + 0.5j if root.is_complex() else 0.5)
        for graph in (False, True):
            (gradient,) = lib.autograd.grad(root, leaf, seed, create_graph=graph, retain_graph=True)
            seen.append((tuple(gradient.shape), gradient.is_conj(), np.array(gradient.tolist())))
    return seen


def same(ours: Any, theirs: Any) -> bool:
    """Whether two looks are equal, numbers apart from their last digits."""
    if isinstance(theirs, np.ndarray):
        return bool(np.allclose(ours, theirs, 2e-5, 2e-6, equal_nan=True))
    if isinstance(theirs, (list, tuple)):
        return len(ours) == len(theirs) and all(same(a, b) for a, b in zip(ours, theirs, strict=True))
    return ours == theirs or (isinstance(theirs, (float, complex)) and bool(np.isclose(ours, theirs, 1e-5)))


@pytest.mark.parametrize("tracked", [False, True], ids=["plain", "tracked"])
@pytest.mark.parametrize("text", expressions(OF_CONJUGATES + OF_NEGATIVES))
def test_operators_take_what_a_lazy_operand_shows(text: str, tracked: bool) -> None:
    ours, theirs = (evaluate(lib, text, tracked, False) for lib in (numtorch, torch))
    assert same(ours, theirs), f"{text}\n{ours}\n{theirs}"


@pytest.mark.parametrize("tracked", [False, True], ids=["plain", "tracked"])
@pytest.mark.parametrize("text", expressions(IN_PLACE))
def test_what_is_written_is_what_a_lazy_view_shows(text: str, tracked: bool) -> None:
    ours, theirs = (evaluate(lib, text, tracked, True) for lib in (numtorch, torch))
    assert same(ours, theirs), f"{text}\n{ours}\n{theirs}"
