"""Products of vectors and matrices, and linear algebra."""

from __future__ import annotations

from typing import Any

from conformance.operators.row import Argument, Operator, Unfit, add, to_scalar


def _row(name: str, arguments: tuple[Argument, ...] = (), **more: Any) -> None:
    given = {"function": f"torch.{name}", "method": name, "kind": "product", "values": "finite", **more}
    add(Operator(name, arguments=arguments, **given))


def _linalg(name: str, **more: Any) -> None:
    _row(
        f"linalg_{name}",
        **{"function": f"torch.linalg.{name}", "method": "", "values": "smooth", "finite": True, **more},
    )


def _needs(count: int, shape: Any) -> Any:
    if len(shape) != count:
        raise Unfit
    return shape


def _square(shape: Any) -> Any:
    if len(shape) < 2 or shape[-1] != shape[-2]:
        raise Unfit
    return shape


def _tensor(choose: Any) -> Argument:
    return Argument(lambda shape, number: choose(shape, number), "float", "finite")


def _right_of(shape: Any, number: int) -> Any:
    """What may stand at the right of a matrix product."""
    if not shape:
        raise Unfit
    return [(shape[-1],), (shape[-1], 2), (shape[-1], 1)][number % 3]


def _product(shape: Any, arguments: Any) -> Any:
    right = arguments[0]
    return (*shape[:-1], *right[1:])


_row("matmul", (_tensor(_right_of),), symbol="matmul", shape=_product)
_row("mm", (_tensor(lambda shape, n: (_needs(2, shape)[1], 1 + n % 3)),), shape=_product)
_row("mv", (_tensor(lambda shape, n: (_needs(2, shape)[1],)),), shape=_product)
_row("dot", (_tensor(lambda shape, n: _needs(1, shape)),), shape=to_scalar)
_row("vdot", (_tensor(lambda shape, n: _needs(1, shape)),), shape=to_scalar)
_row("inner", (_tensor(lambda shape, n: _needs(1, shape)),), shape=to_scalar)
_row("outer", (_tensor(lambda shape, n: (len(_needs(1, shape)) + n % 3,)),), shape=lambda shape, a: (*shape, *a[0]))
_row("ger", (_tensor(lambda shape, n: (len(_needs(1, shape)) + n % 3,)),), shape=lambda shape, a: (*shape, *a[0]))
_row("bmm", (_tensor(lambda shape, n: (_needs(3, shape)[0], shape[2], 2)),), shape=lambda s, a: (*s[:2], a[0][2]))
_row("addmm", (_tensor(lambda shape, n: (_needs(2, shape)[0], 2)), _tensor(lambda shape, n: (2, shape[1]))),
     inplace="addmm_")  # fmt: skip
_row("addmv", (_tensor(lambda shape, n: (_needs(1, shape)[0], 2)), _tensor(lambda shape, n: (2,))), inplace="addmv_")
_row("addr", (_tensor(lambda shape, n: (_needs(2, shape)[0],)), _tensor(lambda shape, n: (shape[1],))),
     inplace="addr_")  # fmt: skip
_row("baddbmm", (_tensor(lambda shape, n: (*_needs(3, shape)[:2], 2)),
                 _tensor(lambda shape, n: (shape[0], 2, shape[2]))), inplace="baddbmm_")  # fmt: skip
_row("cross", (_tensor(lambda shape, n: shape if shape and shape[-1] == 3 else _needs(-1, shape)),),
     function="torch.linalg.cross", method="")  # fmt: skip
_row("kron", (_tensor(lambda shape, n: shape),), shape=lambda shape, _: tuple([size * size for size in shape]))
_row("trace", shape=lambda shape, _: () if len(shape) == 2 else Unfit)
_row("linear", (_tensor(lambda shape, n: (2, _right_of(shape, 0)[0])),), function="torch.nn.functional.linear",
     method="", shape=lambda shape, _: (*shape[:-1], 2))  # fmt: skip

_linalg("inv", shape=lambda shape, _: _square(shape))
_linalg("det", shape=lambda shape, _: _square(shape)[:-2])
_linalg("slogdet", several=True, shape=lambda shape, _: (_square(shape)[:-2],) * 2)
_linalg("matrix_power", arguments=(Argument(lambda shape, n: [2, 3, 1, 0, -1][n % 5]),),
        shape=lambda shape, _: _square(shape))  # fmt: skip
_linalg("vector_norm", shape=to_scalar, kinks=(0.0,))
_linalg("matrix_norm", shape=lambda shape, _: shape[:-2] if len(shape) > 1 else Unfit)
_linalg("svdvals", shape=lambda shape, _: (*shape[:-2], min(shape[-2:])) if len(shape) > 1 else Unfit)
_linalg("pinv", shape=lambda shape, _: (*shape[:-2], shape[-1], shape[-2]) if len(shape) > 1 else Unfit)
_linalg("solve", arguments=(_tensor(lambda shape, n: (*_square(shape)[:-1], 2)),), shape=lambda shape, a: a[0])
