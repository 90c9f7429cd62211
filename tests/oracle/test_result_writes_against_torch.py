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
