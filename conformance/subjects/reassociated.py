"""PyTorch with its sums added up in another order: from the last term to the first, one by one (of many terms, in 64 rows).

The kernels themselves are replaced, below autograd: graph, versions and errors stay PyTorch's own, and what a backward adds up
is added up in the other order as well. Each kernel first does what it did (its checks, its result's dtype and strides), and
then what the sum comes to is written over the result. Sums of float16 are made in float32, as PyTorch's are.
"""

from __future__ import annotations

import types
import warnings
from collections.abc import Callable
from typing import Any

_installed: list[Any] = []


def install(torch: types.ModuleType) -> None:
    """Replaces the kernels, for good: there is no way back in this process."""
    if _installed:
        return
    library = torch.library.Library("aten", "IMPL")
    _installed.append(library)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a kernel is overridden is the purpose
        for name, compute in _sums(torch).items():
            kernel = torch.library.get_kernel(f"aten::{name}", "CPU")
            library.impl(name, _replaced(torch, kernel, compute), "CPU", with_keyset=True)


def _replaced(torch: Any, kernel: Any, compute: Callable[..., Any]) -> Callable[..., Any]:
    def call(keys: Any, *args: Any, **kwargs: Any) -> Any:
        result = kernel.call_boxed(keys, *args, **kwargs)
        pair = result if isinstance(result, tuple) else (result,)
        if not all(one.is_floating_point() for one in pair) or not pair[0].numel() or not args[0].is_floating_point():
            return result
        found = compute(*args, **kwargs)
        for one, other in zip(pair, found if isinstance(found, tuple) else (found,), strict=True):
            if other is not None and not one._is_zerotensor():
                one.data.copy_(other.reshape(one.shape))  # .data: a write that no version counts
        return result

    return call


def _sums(torch: Any) -> dict[str, Callable[..., Any]]:
    """The kernels that add, each with what it is to come to. Shapes are right already: errors were raised by the kernel."""

    def wide(x: Any) -> Any:
        return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x

    def added(x: Any, dim: Any = None) -> Any:
        """The sum over some dimensions, which stay with size 1."""
        count = max(x.dim(), 1)
        dims = range(count) if dim is None or dim == [] else [dim] if isinstance(dim, int) else dim
        where = sorted({one % count for one in dims})
        if not x.dim():
            return x
        kept = [one for one in range(x.dim()) if one not in where]
        moved = x.permute(*kept, *where).flatten(len(kept))
        while moved.shape[-1] > 64:
            moved = torch.nn.functional.pad(moved, (moved.shape[-1] % 2, 0))
            moved = moved[..., 1::2] + moved[..., ::2]
        total = moved[..., -1] if moved.shape[-1] else torch.zeros(moved.shape[:-1], dtype=x.dtype)
        for index in range(moved.shape[-1] - 2, -1, -1):
            total = total + moved[..., index]
        return total.reshape([1 if one in where else x.shape[one] for one in range(x.dim())])

    def times(a: Any, b: Any) -> Any:
        """The product of two matrices, or of batches of them."""
        return added(wide(a).unsqueeze(-1) * wide(b).unsqueeze(-3), -2).squeeze(-2)

    def terms(x: Any, dim: Any) -> int:
        return int(x.numel() // max(added(x, dim).numel(), 1))

    def sum_(x: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
        return added(wide(x if dtype is None else x.to(dtype)), dim)

    def mean(x: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
        return sum_(x, dim, dtype=dtype) / terms(x, dim)

    def prefixes(x: Any, dim: int, *, dtype: Any = None) -> Any:
        x = wide(x if dtype is None else x.to(dtype))
        if not x.dim():
            return x
        x, reach = x.movedim(dim, -1), 1
        while reach < x.shape[-1]:  # each prefix is the sum of two shorter ones
            x = torch.cat([x[..., :reach], x[..., reach:] + x[..., :-reach]], -1)
            reach *= 2
        return x.movedim(-1, dim)

    def norm(x: Any, p: Any = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
        x, p = wide(x if dtype is None else x.to(dtype)).abs(), 2.0 if p is None else float(p)
        if p == float("inf"):
            return x.amax(dim=[] if dim is None else dim, keepdim=True)
        if p == float("-inf"):
            return x.amin(dim=[] if dim is None else dim, keepdim=True)
        if p == 0:
            return added((x != 0).to(x.dtype), dim)
        if p == 1:
            return added(x, dim)
        return added(x * x, dim).sqrt() if p == 2 else added(x**p, dim) ** (1 / p)

    def spread(x: Any, dim: Any, correction: Any) -> tuple[Any, Any]:
        x, count = wide(x), terms(x, dim)
        middle = added(x, dim) / count
        below = max(count - (1 if correction is None else float(correction)), 0)
        return added((x - middle) * (x - middle), dim) / below, middle

    def var(x: Any, dim: Any = None, *, correction: Any = None, keepdim: bool = False) -> Any:
        return spread(x, dim, correction)[0]

    def std(x: Any, dim: Any = None, *, correction: Any = None, keepdim: bool = False) -> Any:
        # In float64, as PyTorch's kernel: a deviation is finite where a square in float32 is not.
        return spread(x.double(), dim, correction)[0].sqrt()

    def with_mean(compute: Callable[..., Any]) -> Callable[..., Any]:
        def pair(x: Any, dim: Any = None, *, correction: Any = None, keepdim: bool = False) -> tuple[Any, Any]:
            return compute(
                x, dim, correction=correction
            ), None  # of infinities, Welford's mean is nan and this one is not

        return pair

    def scaled(c: Any, product: Any, beta: Any, alpha: Any) -> Any:
        product = product if alpha == 1 else product * alpha
        return product if beta == 0 else (wide(c) if beta == 1 else wide(c) * beta) + product

    def addmm(c: Any, a: Any, b: Any, *, beta: Any = 1, alpha: Any = 1) -> Any:
        return scaled(c, times(a, b), beta, alpha)

    def addmv(c: Any, a: Any, b: Any, *, beta: Any = 1, alpha: Any = 1) -> Any:
        return scaled(c, times(a, b.unsqueeze(-1)).squeeze(-1), beta, alpha)

    def softmax(x: Any, dim: int, half_to_float: bool) -> Any:
        powers = (wide(x) - wide(x).amax(dim, keepdim=True)).exp()
        return powers / added(powers, dim)

    return {
        "sum.dim_IntList": sum_,
        "mean.dim": mean,
        # Not by nan_to_num, which has no forward mode over inference tensors.
        "nansum": lambda x, dim=None, keepdim=False, *, dtype=None: sum_(
            torch.where(x.isnan(), 0, x), dim, dtype=dtype
        ),
        "mm": times,
        "bmm": times,
        "addmm": addmm,
        "baddbmm": addmm,
        "addmv": addmv,
        "mv": lambda a, b: times(a, b.unsqueeze(-1)).squeeze(-1),
        "dot": lambda a, b: added(wide(a) * wide(b)),
        "vdot": lambda a, b: added(wide(a) * wide(b)),
        "cumsum": prefixes,
        "linalg_vector_norm": norm,
        "norm.ScalarOpt_dim": norm,
        "norm.ScalarOpt_dim_dtype": norm,
        "norm.Scalar": norm,
        "var.correction": var,
        "std.correction": std,
        "var_mean.correction": with_mean(var),
        "std_mean.correction": with_mean(std),
        "_softmax": softmax,
    }
