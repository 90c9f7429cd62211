"""Operators that make one number of many, or scan along a dimension."""

from __future__ import annotations

from typing import Any

from conformance.operators.row import (
    Argument,
    Operator,
    add,
    at,
    computed,
    constants,
    dim,
    flag,
    reduced,
    to_scalar,
)
from conformance.program import Float, List

_keep = flag(keyword="keepdim", optional=True)
_DIMS = computed(
    lambda shape: [List((0, len(shape) - 1)), List((-1, 0)), List((0,))] if len(shape) > 1 else [], keyword="dim"
)


def _row(name: str, arguments: tuple[Argument, ...] = (), **more: Any) -> None:
    base = more.pop("base", name)
    several = more.get("shape") in (_pair, _twice)
    given = {"function": f"torch.{base}", "method": base, "kind": "reduction", "several": several, **more}
    add(Operator(name, arguments=arguments, **given))


def _over_dims(shape: Any, arguments: Any) -> Any:
    where = {at(shape, one) for one in arguments[0].items}
    keep = len(arguments) > 1 and arguments[1] is True
    return tuple([1 if i in where else size for i, size in enumerate(shape) if keep or i not in where])


def _pair(shape: Any, arguments: Any) -> Any:
    return (reduced(shape, arguments),) * 2


def _twice(shape: Any, _: Any) -> Any:
    return shape, shape


# ---- over everything
for _name in ("sum", "mean", "prod", "amax", "amin", "max", "min", "median", "nansum", "nanmean", "norm"):
    _row(f"{_name}_all", base=_name, shape=to_scalar, kinks=(0.0,) if _name == "norm" else ())
for _name in ("std", "var"):
    _row(f"{_name}_all", base=_name, shape=to_scalar, kinks=(0.0,))
for _name in ("argmax", "argmin", "count_nonzero", "all", "any"):
    _row(f"{_name}_all", base=_name, shape=to_scalar, differentiable=False)

# ---- over one dimension
for _name in ("sum", "mean", "prod", "amax", "amin", "logsumexp", "nansum", "std", "var"):
    _row(_name, (dim(), _keep), shape=reduced)
for _name in ("argmax", "argmin", "all", "any"):
    _row(_name, (dim(), _keep), shape=reduced, differentiable=False)
_row("norm", (constants(2, 1, Float("inf"), 3), dim(keyword="dim"), _keep),
     shape=lambda shape, arguments: reduced(shape, arguments[1:]), kinks=(0.0,))  # fmt: skip

# ---- over several
for _name in ("sum", "mean", "amax", "amin", "logsumexp", "std", "var"):
    _row(f"{_name}_dims", (_DIMS, _keep), base=_name, shape=_over_dims)

# ---- with positions
for _name in ("max", "min", "median", "mode", "nanmedian", "cummax", "cummin"):
    _row(_name, (dim(), _keep) if not _name.startswith("cum") else (dim(),),
         shape=_pair if not _name.startswith("cum") else _twice)  # fmt: skip
_row("sort", (dim(keyword="dim"), flag(keyword="descending", optional=True)), shape=_twice)
_row("argsort", (dim(keyword="dim"),), shape=lambda shape, _: shape, differentiable=False)
_row("topk", (constants(1),), shape=lambda shape, _: ((*shape[:-1], 1) if shape else (),) * 2, several=True)
_row("kthvalue", (constants(1), dim(keyword="dim"), _keep),
     shape=lambda shape, arguments: _pair(shape, arguments[1:]), several=True)  # fmt: skip
_row("aminmax", (dim(keyword="dim"), _keep), shape=_pair)
for _name in ("std_mean", "var_mean"):
    _row(_name, (dim(), _keep), shape=_pair, method="")

# ---- scans
for _name in ("cumsum", "cumprod", "logcumsumexp"):
    _row(_name, (dim(),), shape=lambda shape, _: shape,
         inplace=f"{_name}_" if _name != "logcumsumexp" else "")  # fmt: skip
_row("diff", (), shape=lambda shape, _: (*shape[:-1], max(shape[-1] - 1, 0)))
