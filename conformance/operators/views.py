"""Views, and operators that move elements without changing them."""

from __future__ import annotations

import math
from typing import Any

from conformance.operators.row import Argument, Operator, Unfit, add, at, computed, constants, dim
from conformance.program import List


def _view(name: str, arguments: tuple[Argument, ...] = (), **more: Any) -> None:
    base = more.pop("base", name)
    add(Operator(name, arguments=arguments, **{"function": f"torch.{base}", "method": base, "kind": "view", **more}))


def _copy(name: str, arguments: tuple[Argument, ...] = (), **more: Any) -> None:
    _view(name, arguments, **{"kind": "copy", **more})


def _sizes(shape: Any) -> list[Any]:
    """Shapes of as many elements."""
    count = math.prod(shape)
    found = [(count,), (1, count), (count, 1), tuple(reversed(shape)), *([(-1,)] if count else [])]
    return [List(one) for one in dict.fromkeys(found)] if shape else [List((1,)), List(()), List((1, 1))]


def _as_size(shape: Any, arguments: Any) -> Any:
    size = arguments[0].items
    return tuple([math.prod(shape) if one == -1 else one for one in size])


def _swapped(shape: Any, arguments: Any) -> Any:
    a, b = at(shape, arguments[0]), at(shape, arguments[1])
    order = list(shape)
    if order:
        order[a], order[b] = order[b], order[a]
    return tuple(order)


def _cut(shape: Any, length: int) -> Any:
    if not shape or length > shape[0]:
        raise Unfit
    return (length, *shape[1:])


def _without(shape: Any, arguments: Any) -> Any:
    where = at(shape, arguments[0])
    return tuple([size for i, size in enumerate(shape) if i != where or size != 1])


def _orders(shape: Any) -> list[Any]:
    every = list(range(len(shape)))
    return [List(tuple(reversed(every))), List(tuple(every[1:] + every[:1])), List(tuple(every))]


_index = computed(lambda shape: [0, -1] if shape and shape[0] else [])

_view("view", (computed(_sizes),), function="", shape=_as_size)
_view("reshape", (computed(_sizes),), shape=_as_size)
_view("flatten", (), shape=lambda shape, _: (math.prod(shape),))
_view("ravel", (), shape=lambda shape, _: (math.prod(shape),))
_view("t", (), shape=lambda shape, _: tuple(reversed(shape)) if len(shape) <= 2 else Unfit, inplace="t_")
_view("transpose", (dim(), dim()), shape=_swapped, inplace="transpose_")
_view("swapaxes", (dim(), dim()), shape=_swapped, inplace="swapaxes_")
_view("permute", (computed(_orders),), shape=lambda shape, a: tuple([shape[i] for i in a[0].items]))
_view("movedim", (dim(), dim()), shape=lambda shape, a: _moved(shape, a))
_view("unsqueeze", (dim(),), inplace="unsqueeze_",
      shape=lambda shape, a: (*shape[: a[0] % (len(shape) + 1)], 1, *shape[a[0] % (len(shape) + 1) :]))  # fmt: skip
_view("squeeze", (), shape=lambda shape, _: tuple([s for s in shape if s != 1]), inplace="squeeze_")
_view("squeeze_dim", (dim(),), base="squeeze", shape=_without, inplace="squeeze_")
_view("expand", (computed(lambda shape: [List((2, *shape)), List(shape), List((3, 2, *shape))]),), function="",
      shape=lambda shape, a: a[0].items)  # fmt: skip
_view("broadcast_to", (computed(lambda shape: [List((2, *shape)), List(shape)]),), shape=lambda shape, a: a[0].items)
_view("select", (constants(0), _index), shape=lambda shape, _: shape[1:])
_view("getitem", (_index,), function="", method="", symbol="getitem", shape=lambda shape, _: shape[1:])
_view("narrow", (constants(0), constants(0), computed(lambda shape: [1] if shape and shape[0] else [])),
      shape=lambda shape, _: _cut(shape, 1))  # fmt: skip
_view("diagonal", (), shape=lambda shape, _: (*shape[2:], min(shape[0], shape[1])))
_view("unfold", (dim(), constants(1, 2), constants(1, 2)), function="",
      shape=lambda shape, a: _windows(shape, *a))  # fmt: skip
_view("view_as", (Argument(lambda shape, _: shape, "float"),), function="")
_view("expand_as", (Argument(lambda shape, n: (2, *shape) if n % 2 else shape, "float"),), function="",
      shape=lambda shape, a: a[0])  # fmt: skip
_view("detach", (), inplace="detach_", differentiable=False)

# ---- several views
_view("unbind", several=True, arguments=(constants(0),), shape=lambda shape, _: (shape[1:],) * shape[0])
_view("split", several=True, arguments=(constants(1, 2), constants(0)), shape=lambda shape, a: _pieces(shape, a[0]))
_view("chunk", several=True, arguments=(constants(2, 1), constants(0)), shape=lambda shape, a: _chunks(shape, a[0]))
_view("tensor_split", several=True, arguments=(constants(2),), shape=lambda shape, a: _even(shape, a[0]))

# ---- copies
_copy("contiguous", (), function="")
_copy("flip", (computed(lambda shape: [List((0,)), List((-1,))] if shape else [List(())]),))
_copy("roll", (constants(1, -1, 2),))
_copy("repeat", (computed(lambda shape: [List((2,) * max(len(shape), 1)), List((2, *[1] * len(shape)))]),),
      function="", shape=lambda shape, a: _tiled(shape, a[0].items))  # fmt: skip
_copy("tile", (constants(List((2,))),), shape=lambda shape, a: _tiled(shape, (1,) * (len(shape) - 1) + (2,)))
_copy("tril", (constants(0, 1, -1),), inplace="tril_", shape=lambda shape, _: shape if len(shape) > 1 else Unfit)
_copy("triu", (constants(0, 1, -1),), inplace="triu_", shape=lambda shape, _: shape if len(shape) > 1 else Unfit)
_copy("diag_embed", (), shape=lambda shape, _: (*shape, shape[-1]))
_copy("repeat_interleave", (constants(2, 1),), shape=lambda shape, a: (math.prod(shape) * a[0],))
for _name in ("cat", "concat"):
    _copy(_name, (Argument(lambda shape, _: shape, "float"), constants(0, keyword="dim", optional=True)), method="",
          takes_list=True, shape=lambda shape, _: (shape[0] * 2, *shape[1:]))  # fmt: skip
_copy("stack", (Argument(lambda shape, _: shape, "float"),), method="", takes_list=True,
      shape=lambda shape, _: (2, *shape))  # fmt: skip
_copy("hstack", (Argument(lambda shape, _: shape, "float"),), method="", takes_list=True,
      shape=lambda shape, _: _stacked(shape, 1))  # fmt: skip
_copy("vstack", (Argument(lambda shape, _: shape, "float"),), method="", takes_list=True,
      shape=lambda shape, _: _stacked(shape if len(shape) > 1 else (1, *(shape or (1,))), 0))  # fmt: skip
_copy("pad", (constants(List((1, 0)), List((1, 2)), List((-1, 1))),), function="torch.nn.functional.pad", method="",
      shape=lambda shape, a: (*shape[:-1], shape[-1] + sum(a[0].items)))  # fmt: skip


def _moved(shape: Any, arguments: Any) -> Any:
    order = list(shape)
    if order:
        order.insert(at(shape, arguments[1]), order.pop(at(shape, arguments[0])))
    return tuple(order)


def _windows(shape: Any, where: int, size: int, step: int) -> Any:
    dimension = at(shape, where)
    if not shape or shape[dimension] < size:
        raise Unfit
    count = (shape[dimension] - size) // step + 1
    return (*shape[:dimension], count, *shape[dimension + 1 :], size)


def _pieces(shape: Any, length: int) -> Any:
    whole, rest = divmod(shape[0], length) if shape[0] else (0, 0)
    lengths = [length] * whole + ([rest] if rest else [])
    return tuple([(one, *shape[1:]) for one in lengths or [0]])


def _chunks(shape: Any, count: int) -> Any:
    return _pieces(shape, -(-shape[0] // count)) if shape[0] else (shape,) * count


def _even(shape: Any, count: int) -> Any:
    whole, more = divmod(shape[0], count)
    return tuple([(whole + (i < more), *shape[1:]) for i in range(count)])


def _tiled(shape: Any, times: Any) -> Any:
    longer = (1,) * (len(times) - len(shape)) + tuple(shape)
    return tuple([size * time for size, time in zip(longer, times, strict=True)])


def _stacked(shape: Any, where: int) -> Any:
    if not shape:
        return (2,)
    where = min(where, len(shape) - 1)
    return (*shape[:where], shape[where] * 2, *shape[where + 1 :])
