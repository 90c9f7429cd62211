"""Over inference tensors, outside inference mode, results count the writes that PyTorch's kernels make to them."""

from __future__ import annotations

import math
import warnings
from typing import Any

import pytest

torch = pytest.importorskip("torch")
import numtorch  # noqa: E402

EXPRESSIONS = """
x.std() | x.std(0) | x.std(-1, keepdim=True) | x.std(()) | x.var() | x.var(0) | x.var(-1) | torch.std_mean(x)
torch.std_mean(x, 0) | torch.var_mean(x) | torch.var_mean(x, -1) | x.mean() | x.mean(0) | x.amax() | x.amax(-1) | x.amin()
x.amin(0) | x.sum() | x.sum(0) | x.prod() | x.nansum(0) | x.logsumexp(0) | x.argmax() | x.argmax(0) | x.argmin(-1, True)
x.all() | x.all(()) | x.any(0) | x.any(()) | x.norm() | x.norm(dim=0) | x.norm(1, dim=-1, keepdim=True) | x.norm(dim=())
torch.linalg.vector_norm(x, 3, 0) | x.median() | x.nanmedian() | x.median(0) | x.max(0) | x.max(0, keepdim=True)
x.min(-1) | x.mode() | x.mode(0) | x.mode(-1, True) | x.kthvalue(1, 0) | x.topk(1, 0) | x.sort(0) | x.aminmax()
x.aminmax(dim=0) | x.cumsum(0) | x.cumprod(-1) | x.logcumsumexp(0) | x.cummax(0) | x.flip(0) | x.flip((0, 1)) | x.flip(-1)
x.roll(1) | x.roll(1, 0) | x.roll((1, 1), (0, 1)) | x.rot90() | x.floor() | x.round() | x.trunc() | x.signbit()
x.deg2rad() | x.abs() | x.isinf() | x.unique() | torch.unique(x, return_inverse=True, return_counts=True)
F.mse_loss(x, x) | F.mse_loss(x, x, reduction='none') | F.smooth_l1_loss(x, x, reduction='sum') | F.l1_loss(x, x)
F.huber_loss(x, x) | F.soft_margin_loss(x, x) | F.pad(x, (0, 0)) | F.pad(x, (1, 1)) | torch.count_nonzero(x, 0)
x.mvlgamma(1) | x.pow(0) | x.pow(2) | x.clone() | x.contiguous() | x.double() | x.repeat(2, 1, 1) | torch.zeros_like(x)
"""
LARGER = """
torch.linalg.inv(q) | torch.linalg.inv_ex(q) | q.inverse() | torch.linalg.solve(q, q) | torch.linalg.solve_ex(q, q)
torch.linalg.matrix_power(q, 0) | torch.linalg.matrix_power(q, 1) | torch.linalg.matrix_power(q, -1) | torch.linalg.lu(q)
torch.linalg.lu_factor(q) | torch.linalg.eigh(q) | torch.linalg.eigvals(q) | torch.linalg.eig(q)
torch.linalg.solve_triangular(q, q, upper=True) | torch.cholesky_inverse(q) | torch.linalg.lstsq(q, q)[0]
torch.linalg.tensorinv(q, 1) | F.unfold(b, 2) | F.unfold(b[None], 2) | F.pad(b, (1, 1, 1, 1), 'reflect')
F.adaptive_avg_pool2d(b, 2) | F.interpolate(b[None], size=2) | F.interpolate(b[None], size=(2, 2), mode='bilinear')
q.masked_fill(m, 0) | q[0].masked_fill(m[0], 0) | q.index_add(0, i, q[:1]) | q[0].index_add(0, i, q[0, :1])
q.index_reduce(0, i, q[:1], 'mean') | q.index_put((i,), q[:1]) | q.put(i, q[0, :1]) | torch.mm(q[:, :0], q[:0])
q.scatter_reduce(0, z, q, 'mean') | q.scatter_reduce(0, z, q, 'sum') | q[0].scatter_reduce(0, z[0], q[0], 'amax')
b[None].mode(2) | b[None].mode(1) | b[None].mode(-1) | b[None].mode(2, True) | b.mode(1) | b.mode(2) | b[None].mode(0)
q[0, :0] @ q[:0] | torch.bmm(b[:, :, :0], b[:, :0]) | torch.cdist(q[:, :0], q[:, :0]) | torch.addmm(q[:0], q[:0], q)
"""
"""Of `q` (3, 3), `b` (2, 3, 3), a mask `m`, and indices `i` (1,) and `z` (3, 3)."""

SHAPES: tuple[tuple[int, ...], ...] = ((), (1,), (3,), (0,), (1, 3), (3, 1), (2, 3), (0, 2), (2, 3, 2))
DTYPES = ("float32", "float64", "bfloat16", "int64", "complex64")


def versions(module: Any, expression: str, shape: tuple[int, ...], dtype: str) -> Any:
    """The versions of what an expression gives over an inference tensor, or the class of its error."""
    with module.inference_mode():
        x = (module.arange(1, math.prod(shape) + 1) * 0.25).reshape(shape).to(getattr(module, dtype))
    try:
        results = eval(expression, {"torch": module, "F": module.nn.functional, "x": x})
        return [r._version for r in ((results,) if isinstance(results, module.Tensor) else results)]
    except Exception as error:
        return type(error).__name__


@pytest.mark.parametrize("dtype", DTYPES)
def test_results_over_inference_tensors_count_the_writes_of_kernels(dtype: str) -> None:
    found = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for expression in (one.strip() for line in EXPRESSIONS.strip().splitlines() for one in line.split("|")):
            for shape in SHAPES:
                both = tuple(versions(module, expression, shape, dtype) for module in (torch, numtorch))
                if both[0] != both[1]:
                    found[expression, shape] = both
    assert not found


def larger(module: Any, expression: str) -> Any:
    """The versions of what an expression gives over inference tensors, or the class of its error."""
    with module.inference_mode():
        q = module.arange(1.0, 10).reshape(3, 3) * 0.25 + module.eye(3) * 3
        given = {"q": q, "b": module.stack([q, q + 1]), "m": q > 1, "i": module.tensor([0]), "z": (q * 0).long()}
    results = eval(expression, {"torch": module, "F": module.nn.functional, **given})
    return [r._version for r in ((results,) if isinstance(results, module.Tensor) else results)]


def test_results_over_matrices_and_pictures_count_the_writes_of_kernels() -> None:
    expressions = [one.strip() for line in LARGER.strip().splitlines() for one in line.split("|")]
    found = {e: [larger(module, e) for module in (torch, numtorch)] for e in expressions}
    assert {e: both for e, both in found.items() if both[0] != both[1]} == {}
