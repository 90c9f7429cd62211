"""Reading and writing at places that a tensor of indices or a mask says."""

from __future__ import annotations

from typing import Any

from conformance.operators.row import Argument, Operator, Unfit, add, constants, same
from conformance.program import Float


def _row(name: str, arguments: tuple[Argument, ...] = (), **more: Any) -> None:
    base = more.pop("base", name)
    add(Operator(name, arguments=arguments, **{"function": f"torch.{base}", "method": base, "kind": "index", **more}))


def _first(shape: Any, _: Any) -> int:
    return int(shape[0]) if shape else 1


def _all(shape: Any, _: Any) -> int:
    count = 1
    for size in shape:
        count *= size
    return count


def _some(lengths: tuple[int, ...] = (3, 2, 1)) -> Argument:
    """A vector of indices into the first dimension, duplicates included."""
    return Argument(lambda shape, n: (lengths[n % len(lengths)],) if shape and shape[0] else _no(), "index",
                    below=_first)  # fmt: skip


def _no() -> Any:
    raise Unfit


def _rows(shape: Any, n: int) -> Any:
    """The shape of what is written at as many places of the first dimension as there are indices."""
    return (3, *shape[1:])


_gathered = Argument(lambda shape, n: (2 + n % 2, *shape[1:]) if shape and shape[0] else _no(), "index", below=_first)
_like_self = Argument(lambda shape, n: shape if shape and shape[0] else _no(), "index", below=_first)
_zero = constants(0)
_three = Argument(lambda shape, n: (3,) if shape and shape[0] else _no(), "index", below=_first)
_source = Argument(_rows, "float")

_row("index_select", (_zero, _some()), shape=lambda shape, a: (*a[1], *shape[1:]))
_row("gather", (_zero, _gathered), shape=lambda shape, a: a[1])
_row("take", (Argument(lambda shape, n: [(2,), (3, 2)][n % 2] if 0 not in shape else _no(), "index", below=_all),),
     shape=lambda shape, a: a[0])  # fmt: skip
_row("take_along_dim", (_gathered, _zero), shape=lambda shape, a: a[0])
_row(
    "getitem_indices", (_some(),), function="", method="", symbol="getitem", shape=lambda shape, a: (*a[0], *shape[1:])
)
_row("scatter", (_zero, _like_self, same()), inplace="scatter_")
_row("scatter_number", (_zero, _like_self, constants(Float("2.0"), Float("-1.5"))), base="scatter", inplace="scatter_")
_row("scatter_add", (_zero, _like_self, same()), inplace="scatter_add_")
_row("scatter_reduce", (_zero, _like_self, same(), constants("sum", "prod", "mean", "amax", "amin")),
     inplace="scatter_reduce_")  # fmt: skip
_row("index_add", (_zero, _three, _source), inplace="index_add_")
_row("index_copy", (_zero, _three, _source), inplace="index_copy_")
_row("index_fill", (_zero, _some(), constants(Float("2.0"), Float("0.0"))), inplace="index_fill_")
_row("masked_select", (same(tensor="mask"),), by_values=True)
_row("nonzero", (), by_values=True, differentiable=False)
_row("unique", (), by_values=True, differentiable=False)
_row("masked_scatter", (same(tensor="mask"), same()), inplace="masked_scatter_")
