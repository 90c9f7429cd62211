"""Every operator row does what PyTorch does: values, types, strides, graphs, gradients of first and second order.

The samples are expressions, run on PyTorch and on numtorch alike. Names: `x`, `y` (2, 3), `v` (3,), `w` (2,),
`m` (3, 2), `p` (2, 3) positive, `u` (2, 3) in (-1, 1), `b`, `e` batches of matrices, `s` 0-d, all requiring grad;
`mask` (2, 3) bool; `i` int64 (2, 3); `d` float64 (2, 3). `F` is torch.nn.functional.
"""

from __future__ import annotations

import contextlib
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings, strategies as st

torch = pytest.importorskip("torch")
import numtorch  # noqa: E402
import numtorch.nn.functional  # noqa: E402
from numtorch import dispatch  # noqa: E402
from tests.oracle import forms  # noqa: E402

from . import operator_runs  # noqa: E402

REDUCTION = """
x.sum() | x.sum(0) | x.sum(-1, True) | x.sum((0, 1)) | x.sum(dim=None) | x.sum([]) | s.sum() | s.sum(0)
x.sum(1, dtype=torch.float64) | x.sum(dtype=torch.float64) | i.sum() | mask.sum(0) | x.mean() | x.mean(0)
x.mean(-1, keepdim=True) | x.mean((0, 1)) | x.mean(dtype=torch.float64) | s.mean() | s.mean(0) | torch.mean(x, 1)
x.nansum() | x.nansum(0) | x.T.sum(0) | x.mean(None) | x.prod() | x.prod(0) | x.prod(1, keepdim=True) | s.prod()
s.prod(0) | (x * 0).prod() | (x * 0).prod(1) | i.prod() | p.prod(1) | x.max() | x.max(0)[0] | x.max(1, True).values
x.max(-1).indices | x.min() | x.min(0)[0] | s.max() | s.max(0)[0] | s.max(0)[1] | x.amax() | x.amax(0)
x.amax((0, 1), True) | x.amin(1) | x.amin((0, 1)) | s.amax() | x.amax(-1) | x.aminmax()[0] | x.aminmax()[1]
x.aminmax(dim=0).max | x.aminmax(dim=1, keepdim=True).min | x.argmax() | x.argmax(0) | x.argmin(1, True) | i.argmax(1)
s.argmax() | x.argmax(keepdim=True) | x.argmin() | x.median() | x.median(0)[0] | x.median(1, True)[0] | s.median()
x.kthvalue(2)[0] | x.kthvalue(1, 0, True)[0] | s.median(0)[0] | x.sort()[0] | x.sort(0)[0] | x.sort(1, True)[0]
x.sort(stable=True)[0] | x.sort(dim=0, stable=True, descending=True)[1] | s.sort()[0] | x.argsort()
x.argsort(0, True) | x.topk(2)[0] | x.topk(1, 0)[0] | x.topk(2, largest=False)[0] | x.msort() | i.sort()[0] | x.norm()
x.norm(1) | x.norm(3) | x.norm(1.5) | x.norm(0.5) | x.norm(0) | x.norm(float('inf')) | x.norm(float('-inf'))
x.norm(2, 0) | x.norm(2, (0, 1)) | x.norm(1, -1, True) | torch.norm(x, 'fro') | torch.norm(x, dim=1)
x.norm(dtype=torch.float64) | s.norm() | x.norm(3, 1) | x.norm(0.5, 1) | x.norm(float('inf'), 0)
torch.linalg.vector_norm(x, 3, 0) | torch.linalg.norm(x) | (x * 0).norm() | (x * 0).norm(3) | (x * 0).norm(1.5)
x.norm(p=2, dim=0, keepdim=True) | (x * 0).norm(0.5) | torch.linalg.vector_norm(x) | x.var() | x.var(0)
x.var(0, False) | x.var(correction=0) | x.var(1, keepdim=True) | x.std() | x.std(0) | x.std(1, True, True)
x.std(unbiased=False) | (x * 0).std() | torch.var_mean(x)[0] | torch.var_mean(x, 0)[1] | torch.std_mean(x, 1)[0]
torch.std_mean(x)[1] | x.var((0, 1)) | x.var(False) | x.std(dim=0, correction=0) | x[:1].std(0) | x[:1].var(0)
x.cumsum(0) | x.cumsum(-1) | x.cumsum(1, dtype=torch.float64) | i.cumsum(0) | s.cumsum(0) | x.cumprod(0)
x.cumprod(1) | (x * 0).cumprod(0) | x.logsumexp(0) | x.logsumexp((0, 1)) | x.logsumexp(-1, True) | s.logsumexp(0)
i.logsumexp(0) | x.all() | x.any(0) | x.all((0, 1)) | mask.any() | x.count_nonzero() | x.count_nonzero(0)
mask.all(1, keepdim=True)
"""

LINALG = """
v.dot(v) | v @ v | x @ v | x.mv(v) | w @ x | x @ m | x.mm(m) | x.T @ m.T | x @ x.T | m.T @ x.T | torch.matmul(x, m)
i @ i.T | b.bmm(e) | b @ e | b @ torch.ones(4) | b @ torch.ones(4, 2) | torch.ones(3) @ b | torch.ones(5, 3) @ b
b @ b[0].T | m.T @ b | b[0, 0] @ e | e @ v | e[:, None] @ b | b[None] @ e | b[:1] @ e | b @ e[:1] | v @ b | x @ b
b.transpose(1, 2) @ m | torch.outer(v, w) | torch.ger(v, w) | v.vdot(v) | torch.addmm(x, x, x.T @ x)
torch.addmm(v, x, x.T @ x, beta=2, alpha=3) | torch.addmv(w, x, v) | torch.addmv(w, x, v, beta=2, alpha=0.5)
torch.addr(v, w, v) | torch.addr(v, w, v, alpha=2) | torch.baddbmm(torch.ones(3), b, e)
torch.baddbmm(b @ e, b, e, beta=0.5, alpha=2) | x.trace() | m.trace() | F.linear(x, x) | F.linear(x, x, w)
F.linear(e, x, w) | F.linear(v, x, w) | F.linear(e, x)
"""

COMPARISON = """
x < y | x <= 1 | x > v | x >= 0.5 | x == y | x != i | 1 < x | x.lt(y) | torch.ge(x, 1) | torch.eq(x, i) | x.greater(1)
i < 1.5 | s == 1 | torch.isnan(x) | x.isinf() | x.isfinite() | x.logical_not() | x.logical_and(v)
torch.logical_or(x, mask) | x.logical_xor(i) | ~mask | ~i | mask & mask | torch.bitwise_or(mask, True) | i ^ 3 | i & i
torch.isclose(x, x + 1e-9) | x.isclose(y, equal_nan=True) | torch.maximum(x, y) | torch.minimum(x, v)
torch.fmax(x, y) | torch.fmin(x, v) | torch.max(x, y) | torch.min(x, v) | torch.maximum(v, d) | torch.maximum(x, x)
torch.minimum(x, s) | torch.maximum(i, i) | torch.fmax(x, x) | torch.fmin(x, x.detach()) | torch.where(mask, x, y)
torch.where(mask, x, 0.) | torch.where(mask, 1, x) | torch.where(mask, v, x) | torch.where(mask[:, :1], v, s)
torch.where(mask, x, d) | torch.where(mask, 1, 2) | torch.where(mask, 1., 2) | torch.where(mask, i, 1.5)
x.where(mask, y) | torch.where(mask)[0] | x.clamp(-1, 1) | x.clamp(0) | x.clamp(max=0.5) | x.clamp(1, -1)
i.clamp(0, 1) | i.clamp(0.5) | x.clamp(v) | x.clamp(v, y) | x.clamp(max=y) | x.clamp_min(0) | x.clamp_max(0)
x.clamp_min(v) | x.clamp_max(y) | torch.clip(x, -1, 1) | x.clamp(0, 0) | mask.clamp(0) | x.clamp(min=s, max=d)
x.masked_fill(mask, 0) | x.masked_fill(mask, s) | x.masked_fill(mask[0], 1) | v.masked_fill(mask, 2)
i.masked_fill(mask, 1.5) | x.masked_select(mask) | v.masked_select(mask) | x.masked_select(mask[0])
x.masked_fill(mask, d[0, 0]) | x.clone().gt_(1) | x.clone().eq_(y) | x.clone().lt_(v) | x.clone().le_(0.5)
x.clone().ge_(y) | x.clone().ne_(1) | x.clone().clamp_(0, 1) | x.clone().clamp_min_(0) | x.clone().clamp_max_(y)
x.clone().masked_fill_(mask, 2) | x.clone().clamp_(v, y) | x.clone().ge_(0) | x.clone().eq_(1) | x.clone().ne_(y)
x.clone().gt_(y) | x.clone().le_(y) | x.clone().lt_(0) | x.clone().clamp_min_(v) | x.clone().clamp_max_(0)
"""
SPECIAL = """
x.exp2() | p.log2() | p.log10() | x.asinh() | (p + 1).acosh() | u.atanh() | x.sinc() | x.deg2rad() | torch.rad2deg(x)
x.erf() | torch.erfc(x) | torch.logaddexp(x, y) | torch.logaddexp2(x, v) | x.xlogy(p) | torch.xlogy(v, p)
torch.logit(p / 10) | i.exp2() | i.erf() | s.sinc() | x.atan2(p) | torch.atan2(v, p) | p.hypot(y) | torch.hypot(p, v)
x.frac() | torch.logit(p / 4, 0.2) | x.floor() | x.ceil() | x.trunc() | x.round() | x.fmod(p) | x.fmod(2)
x.remainder(p) | x % 2 | x % p | i % 2 | i % 2.5 | i.fmod(3) | x.remainder(1.5) | torch.remainder(x, p) | 2 % p
x // p | x // 2 | i // 2 | torch.floor_divide(i, 2) | 3 // p | torch.div(x, p, rounding_mode='floor')
torch.div(x, p, rounding_mode='trunc') | torch.div(i, 2, rounding_mode='trunc')
torch.div(i, 2, rounding_mode='floor') | torch.lerp(x, y, 0.25) | torch.lerp(x, v, 0.75) | torch.lerp(x, y, p)
x.lerp(y, s) | torch.addcmul(x, x, y) | torch.addcmul(x, v, s, value=2) | torch.addcdiv(x, y, p)
torch.addcdiv(v, y, p, value=0.5) | x.clone().lerp_(y, 0.25) | x.clone().addcmul_(y, v)
x.clone().addcdiv_(y, p, value=3) | x.clone().fmod_(2) | x.clone().remainder_(p) | x.clone().exp2_()
x.clone().lerp_(y, p) | x.clone().hypot_(p) | x.clone().erf_() | F.softplus(x) | F.softplus(x, 2, 1) | F.elu(x)
F.elu(x, 0.5) | F.selu(x) | F.celu(x, 2.) | F.leaky_relu(x) | F.leaky_relu(x, 0.5) | F.hardtanh(x) | F.relu6(x)
F.relu(x) | F.threshold(x, 0.5, -1) | F.softshrink(x) | F.hardshrink(x) | F.hardsigmoid(x) | F.hardswish(x)
F.gelu(x) | F.mish(x) | F.gelu(x, approximate='tanh') | F.silu(x) | F.logsigmoid(x) | F.softsign(x) | F.tanhshrink(x)
F.softmin(x, 0) | F.sigmoid(x) | F.tanh(x) | F.softmax(x, 0) | x.softmax(-1) | x.log_softmax(1)
F.log_softmax(x, dim=0) | s.softmax(0) | s.log_softmax(0) | x.softmax(1, dtype=torch.float64)
F.elu(x.clone(), inplace=True) | F.leaky_relu(x.clone(), 0.1, inplace=True) | F.hardtanh(x.clone(), inplace=True)
F.silu(x.clone(), inplace=True) | F.celu(x.clone(), 2., inplace=True) | F.threshold(x.clone(), 0.5, 2, inplace=True)
F.rrelu(x) | F.rrelu(x.clone(), inplace=True) | F.glu(b) | F.glu(b, 0) | p.clone().polygamma_(1)
F.embedding(torch.tensor([0, 2, 2]), m)
"""
CORE = """
x + y | x - v | x * s | x / p | 2 - x | torch.rsub(x, y) | -x | 1 / p | p ** 2 | v ** 2 | v.abs() ** v | 2 ** v
p.reciprocal() | x.exp() | p.log() | p.sqrt() | p.rsqrt() | x.sin() | x.cos() | x.tan() | u.asin() | u.acos()
x.atan() | x.sinh() | x.cosh() | p.log1p() | x.expm1() | x.tanh() | x.sigmoid() | x.relu() | x.abs() | x.sign()
p.pow(3) | x.clone().mul_(y) | x.clone().add_(2) | x.clone().div_(p) | x.clone().sub_(v) | x.view(3, 2) | x.reshape(6)
b[:, :, ::2].reshape(2, 6) | x.t() | x.T | b.transpose(0, 2) | b.permute(2, 0, 1) | v.expand(2, 3)
x[:, :1].squeeze() | x[:1].squeeze(0) | x[:1, :1].squeeze((0, 1)) | x.unsqueeze(1) | x.select(0, 1) | x[1] | x[:, 1:]
x.diagonal() | x.unbind()[0] | b.split(1)[1] | b.split([1, 2], 1)[1] | x.flip(0) | x.T.contiguous() | x.clone()
torch.fill(x, 2) | torch.fill(x, s)
x.to(torch.float64) | torch.cat([x, y]) | torch.stack([x, y]) | x[i > 0] | x[torch.tensor([0, 0, 1])] | x.chunk(2)[0]
x[...] | torch.cat([x, d]) | x.narrow(1, 0, 2) | x.repeat(2, 1) | v.repeat(2, 1, 2) | s.repeat(2) | x.repeat(0, 1)
"""
LOSSES = """
F.mse_loss(x, y) | F.mse_loss(x, y, reduction='none') | F.mse_loss(x, y, reduction='sum') | F.smooth_l1_loss(x, y)
F.smooth_l1_loss(x, y, reduction='none', beta=0.7) | F.huber_loss(x, y, reduction='sum', delta=0.7) | F.nll_loss(x, i[0])
F.cross_entropy(x, i[0], label_smoothing=0.1) | F.cross_entropy(b, i[:, :2].expand(2, 4)) | F.embedding(i, x, padding_idx=1)
F.embedding(i, x) | F.binary_cross_entropy(u.sigmoid(), x.sigmoid()) | F.binary_cross_entropy_with_logits(x, u)
F.l1_loss(x, y) | F.cross_entropy(x, p.softmax(1))
"""
FAMILIES = {
    "core": CORE,
    "reduction": REDUCTION,
    "linalg": LINALG,
    "comparison": COMPARISON,
    "special": SPECIAL,
    "losses": LOSSES,
}


SHAPES = {
    "x": (2, 3),
    "y": (2, 3),
    "v": (3,),
    "w": (2,),
    "m": (3, 2),
    "p": (2, 3),
    "u": (2, 3),
    "b": (2, 3, 4),
    "e": (2, 4, 3),
    "s": (),
}
LAYOUTS = ("contiguous", "transposed", "strided")


def expressions(text: str) -> list[str]:
    """The expressions of one family; ` | ` separates them, so the operator itself is written torch.bitwise_or."""
    return [e.strip() for line in text.strip().splitlines() for e in line.split(" | ")]


def arrays(seed: int, values: str) -> dict[str, np.ndarray]:
    """The data of the named operands: random, or small integers with many ties."""
    rng = np.random.default_rng(seed)
    out = {}
    for name, shape in SHAPES.items():
        a = rng.standard_normal(shape) if values == "random" else rng.integers(-2, 3, shape).astype(float)
        if name == "p":
            a = np.abs(a) + 0.5
        if name == "u":
            a = np.tanh(a) * 0.9
        out[name] = a.astype(np.float32)
    return out


def namespace(lib, functional, data: dict, layout: str, dtype: str, text: str) -> tuple[dict, dict]:
    """The names that an expression uses, and those of leaves among them."""
    said, laid_out = operator_runs.words(text), operator_runs.arranged
    leaves = {
        name: laid_out(lib, array, layout, getattr(lib, dtype)).detach().requires_grad_()
        for name, array in data.items()
        if name in said
    }
    names = {"torch": lib, "F": functional, **leaves}
    if "mask" in said:
        names["mask"] = laid_out(lib, data["y"] > 0, layout, lib.bool)
    if "i" in said:
        names["i"] = laid_out(lib, np.round(data["x"]).astype(int), layout, lib.int64)
    if "d" in said:
        names["d"] = laid_out(lib, data["y"], layout, lib.float64)
    return names, leaves


def tree(fn, depth: int = 0):
    """A graph as nested names."""
    if fn is None or depth > 8:
        return None
    return (type(fn).__name__, [tree(f, depth + 1) for f, _ in fn.next_functions])


def raised(error: Exception) -> tuple:
    """What an error shows."""
    return type(error).__name__, str(error).partition("\nException raised")[0]


def look(tensor) -> tuple:
    """What is compared exactly."""
    return str(tensor.dtype), tuple(tensor.shape), tensor.stride(), tensor.requires_grad, tree(tensor.grad_fn)


def numbers(tensor) -> np.ndarray:
    """The values."""
    return np.array(tensor.detach().tolist())


def run(lib, functional, text: str, data: dict, layout: str, dtype: str) -> list:
    """(what, exact, numbers) of the result, of the gradients, and of the gradients' gradients."""
    names, leaves = namespace(lib, functional, data, layout, dtype, text)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            result = eval(text, names)
        except Exception as error:
            return [("raised", raised(error), 0)]
        seen = [("result", look(result), numbers(result))]
        if not result.requires_grad:
            return seen
        try:
            seen += differentiate(lib, result, leaves)
        except RuntimeError as error:
            seen.append(("raised in backward", raised(error), 0))
        return seen


def differentiate(lib, result, leaves: dict) -> list:
    """The gradients, plain and differentiable, and the gradients of the latter."""
    seen = []
    weight = (lib.arange(result.numel()).to(result.dtype) * 0.25 + 1).reshape(result.shape)
    inputs = [*leaves.values()]
    plain = lib.autograd.grad(result, inputs, weight, retain_graph=True, allow_unused=True)
    for name, g in zip(leaves, plain, strict=True):
        if g is not None:
            seen.append(
                (f"gradient of {name}", (str(g.dtype), tuple(g.shape), g.stride(), g.requires_grad), numbers(g))
            )
        else:
            seen.append((f"gradient of {name}", None, 0))
    graphed = lib.autograd.grad((result * result * weight).sum(), inputs, create_graph=True, allow_unused=True)
    for name, g in zip(leaves, graphed, strict=True):
        if g is not None:
            seen.append((f"graphed gradient of {name}", (str(g.dtype), tuple(g.shape), g.requires_grad), numbers(g)))
    total = [(g * g).sum() for g in graphed if g is not None and g.requires_grad]
    if total:
        loss = total[0]
        for t in total[1:]:
            loss = loss + t
        for name, g in zip(leaves, lib.autograd.grad(loss, inputs, allow_unused=True), strict=True):
            if g is not None:
                seen.append((f"second gradient of {name}", (str(g.dtype), tuple(g.shape)), numbers(g)))
    return seen


def functional(lib):
    """torch.nn.functional, or what numtorch has of it."""
    return lib.nn.functional


def compare(text: str, data: dict, layout: str, dtype: str) -> None:
    """Run on both and compare."""
    ours = run(numtorch, functional(numtorch), text, data, layout, dtype)
    theirs = run(torch, functional(torch), text, data, layout, dtype)
    if any(what.startswith("raised") for what, _, _ in ours + theirs):
        assert [o[:2] for o in ours if "raised" in o[0]] == [t[:2] for t in theirs if "raised" in t[0]], text
        return
    assert [o[0] for o in ours] == [t[0] for t in theirs], text
    tolerance = 2e-4 if dtype == "float32" else 1e-9
    for (what, exact, values), (_, expected, wanted) in zip(ours, theirs, strict=True):
        assert exact == expected, f"{what} of {text}"
        if np.array_equal(values, wanted):
            continue  # what nearly all of them are, asked the quick way first
        np.testing.assert_allclose(values, wanted, rtol=tolerance, atol=tolerance, err_msg=f"{what} of {text}")


SAMPLES = [(family, e) for family, text in FAMILIES.items() for e in expressions(text)]


@pytest.mark.parametrize(("family", "text"), SAMPLES, ids=[f"{f}:{e}" for f, e in SAMPLES])
@settings(max_examples=4, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None)
@given(
    seed=st.integers(0, 10**6),
    values=st.sampled_from(["random", "ties"]),
    layout=st.sampled_from(LAYOUTS),
    dtype=st.sampled_from(["float32", "float64"]),
)
@example(seed=0, values="ties", layout="contiguous", dtype="float32")
@example(seed=1, values="random", layout="transposed", dtype="float64")
def test_an_operator_does_what_pytorch_does(family, text, seed, values, layout, dtype):
    compare(text, arrays(seed, values), layout, dtype)


NEVER_TRACKED = "Bitwise"  # integers and bool have no gradient; the rows have formulas for the in-place form's sake
ELSEWHERE = {
    "AliasBackward0",
    "IndexPutImplBackward0",  # these are made by views and writes: test_views_against_torch.py's matter
    "ConjPhysicalBackward0",  # of real tensors they are nothing, and samples are real: test_conjugates_against_torch.py
    "ConjBackward0",
    "NegViewBackward0",
    "ComplexBackward0",
    "PolarBackward0",
    "MulBackward1",  # of reals by a complex number: conformance/cases/seldom_arguments.py has complex convolutions
    "ViewAsComplexBackward0",
    "ViewAsRealBackward0",
    "LinalgLuSolveBackward0",  # of the tangents of solutions, and what says that LU has no derivative there:
    "NotImplemented",  # test_tangents_against_torch.py
}


COMPLEX = [
    "z.conj()",
    "z.real",
    "z.imag",
    "z.conj().real",
    "z * z.conj()",
    "(z * z).conj() * z.real",
    "torch.view_as_real(z) * z.real[..., None]",
    "torch._neg_view(z.conj().imag) * z.imag",
    "torch.complex(z.real, z.imag * 2)",
    "torch.polar(z.abs(), z.angle())",
    "torch.view_as_complex(torch.view_as_real(z) * torch.view_as_real(z))",
]


@pytest.mark.parametrize("text", COMPLEX)
@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
def test_conj_and_real_have_pytorchs_gradients(text, dtype):
    """Values and types of the result, the gradient and the gradient's gradient; the nodes are numtorch's own."""
    values = [[1 + 2j, -0.5j, 3], [0.25 - 1j, 2j, -1 - 1j]]
    answers = []
    for lib in (numtorch, torch):
        z = lib.tensor(values, dtype=getattr(lib, dtype)).requires_grad_()
        result = eval(text, {"z": z, "torch": lib})
        loss = (result * result * result.conj()).real.sum()
        (first,) = lib.autograd.grad(loss, z, create_graph=True)
        (second,) = lib.autograd.grad((first * first.conj()).real.sum(), z)
        answers.append([(str(t.dtype), tuple(t.shape), numbers(t)) for t in (result, first, second)])
    for (kind, shape, ours), (their_kind, their_shape, theirs) in zip(*answers, strict=True):
        assert (kind, shape) == (their_kind, their_shape)
        np.testing.assert_allclose(ours, theirs, rtol=1e-4 if dtype == "complex64" else 1e-9)


def nodes_of(tensors) -> set:
    """The classes of all nodes of the tensors' graphs."""
    stack = [t.grad_fn for t in tensors if t is not None]
    seen = set()
    while stack:
        node = stack.pop()
        if node is not None and node not in seen:
            seen.add(node)
            stack += [f for f, _ in node.next_functions]
    return {type(node) for node in seen}


def reached_by(text, data, only_if_new_to=None) -> set:
    """The classes of all nodes that a sample makes, of gradients and their gradients too; of those whose own graph has
    nothing new, if that is asked, none.
    """
    names, given_leaves = namespace(numtorch, functional(numtorch), data, "strided", "float32", text)
    leaves = [*given_leaves.values()]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            result = eval(text, names)
        except Exception:  # what is refused is compared elsewhere
            return set()
    result = result[0] if isinstance(result, tuple) else result
    if not getattr(result, "requires_grad", False):
        return set()
    reached = nodes_of([result])
    if only_if_new_to is not None and reached <= only_if_new_to:
        return set()
    with contextlib.suppress(RuntimeError):  # what has no derivative is compared elsewhere
        first = numtorch.autograd.grad((result * result).sum(), leaves, create_graph=True, allow_unused=True)
        reached |= nodes_of(first)
        again = sum([(g * g).sum() for g in first if g is not None], numtorch.zeros(()))
        if again.requires_grad:
            reached |= nodes_of(numtorch.autograd.grad(again, leaves, create_graph=True, allow_unused=True))
    return reached


def test_every_row_with_a_formula_has_a_sample():
    expected = {c.__name__ for c in dispatch.NODES if not c.__name__.startswith(NEVER_TRACKED)} - ELSEWHERE
    data = arrays(1, "random")
    texts = [text for _, text in SAMPLES]
    for family in forms.FAMILIES.values():
        texts += [
            form for sample in forms.samples(family) for form in forms.forms(numtorch, *sample) if "out=" not in form
        ]
    reached = set()
    for _, text in operator_runs.samples():
        reached |= operator_runs.nodes(numtorch, text)
    for text in texts:
        reached |= reached_by(text, data, only_if_new_to=reached)
    left = iter(texts)  # what only other operands show
    while expected - {c.__name__ for c in reached} and (text := next(left, None)):
        reached |= reached_by(text, data)
    assert not expected - {c.__name__ for c in reached}, "docs/adding.md: no sample above makes these nodes"


ERRORS = """
x.sum(5) | x.sum((0, 0)) | x.mean(2) | i.mean() | i.mean(0) | mask.mean() | x.max(3) | x[:0].max() | x[:0].max(0)
x[:0].min() | x[:0].amax() | x[:0].amax(0) | x[:0].argmax() | x[:0].argmax(0) | x[:0].median(0) | x[:0].aminmax()
mask.argmax() | i.var() | i.norm() | x.norm('abc') | x.cumsum(5) | x.topk(4) | x.kthvalue(5) | x.logsumexp(2)
s.sum(1) | s.max(1) | x.prod((0, 1)) | torch.sum([1]) | x[:0].norm(float('inf')) | x.double().mean(dtype=torch.int64)
x.sort(2) | x.var(3) | x.amax((0, 0)) | torch.linalg.vector_norm(x, 'fro') | x.norm(p=2, dim=5) | v.dot(w) | v.dot(x)
v.dot(d[0]) | torch.dot(v, [1]) | mask[0].dot(mask[0]) | x.mv(w) | x.mv(x) | x.mm(x) | x.mm(v) | v.mm(x) | x.mm(i.T)
b.bmm(b) | b.bmm(x) | x.bmm(b) | x @ w | x @ s | s @ x | v @ w | v @ x | x @ x | b @ b | b @ w | x @ 2
torch.matmul(x, 2) | torch.outer(v, x) | w @ b | torch.addmm(x, x, x) | torch.addmm(v, x, m) | torch.addmm(b, x, m)
torch.addmm(d, x, m) | torch.mm(x, 2) | torch.eq(x, w) | torch.eq(2, x) | x < None | x < 'a' | x.lt(b)
torch.equal(x, 2) | torch.allclose(x, i) | torch.logical_or(x, 0) | ~x | torch.maximum(x, 2.) | torch.maximum(x, w)
torch.where(x, x, x) | x.clamp() | x.masked_fill(x, 0) | x.masked_fill(mask, v) | x.masked_fill(mask[:, :2], 1)
i.clone().clamp_(0.5) | x.softmax(2) | F.softmax(i, 0) | x.log_softmax(-3) | torch.lerp(x, w, 0.5)
torch.addcmul(x, y, w) | torch.atan2(x, w) | x & 1
"""


@pytest.mark.parametrize("text", expressions(ERRORS))
def test_a_mistake_gets_pytorchs_error(text):
    data = arrays(0, "random")
    ours = run(numtorch, functional(numtorch), text, data, "contiguous", "float32")
    theirs = run(torch, functional(torch), text, data, "contiguous", "float32")
    assert theirs[0][0] == "raised", "not a mistake"
    assert ours[0][:2] == theirs[0][:2]


EMPTY = """
z.sum() | z.sum(0) | z.sum(1) | z.mean() | z.mean(0) | z.prod() | z.prod(0) | z.norm() | z.norm(1, 0) | z.max(1)[0]
z.amax(1) | z.argmax(1) | z.var() | z.std(0) | z.var(1) | z.median() | z.logsumexp(0) | z.logsumexp(1) | z.all()
z.any(0) | z.sort(0)[0] | z.sort(1)[1] | z.cumsum(0) | z.cumprod(1) | z @ m | m.T[:0] @ m | z.T @ z | z.clamp(0)
torch.maximum(z, v) | torch.where(z > 0, z, 1) | z.softmax(0) | z.log_softmax(1) | z.masked_fill(z > 0, 1) | z.exp2()
z.masked_select(z > 0) | v[:0].dot(v[:0]) | b[:0].bmm(e[:0]) | b[:0] @ m[:1].T[:1].expand(4, 3) | z.count_nonzero()
"""


@pytest.mark.parametrize("text", expressions(EMPTY))
def test_nothing_is_reduced_as_pytorch_reduces_it(text):
    data = arrays(0, "random")
    compare(text.replace("z", "x[:0]"), data, "contiguous", "float32")
