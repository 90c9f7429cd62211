"""The distances of each pair of rows: torch.cdist and torch.pdist."""

from __future__ import annotations

from math import prod
from typing import Any

from .. import dispatch as d
from ..calls.operands import refused
from ..calls.raising import before_autograd, saving
from ..dtype import FLOATING
from ..memory.descriptor import broadcast_shapes
from ..tensor import Tensor
from .arguments import expect_tensor

MODES = {
    "use_mm_for_euclid_dist_if_necessary": None,
    "use_mm_for_euclid_dist": True,
    "donot_use_mm_for_euclid_dist": False,
}
"""Whether the Euclidean distance is made of a product of matrices; None: of many rows."""
MANY = 25


def cdist(x1: Tensor, x2: Tensor, p: float = 2.0, compute_mode: str = "use_mm_for_euclid_dist_if_necessary") -> Tensor:
    """The distance of each row of x1 to each of x2 in the norm p, of batches that broadcast."""
    if compute_mode not in MODES:
        raise ValueError(f"{compute_mode} is not a valid value for compute_mode")
    pair = expect_tensor(x1, "cdist", "x1"), expect_tensor(x2, "cdist", "x2", 2)
    (*batch1, r1, c1), (*batch2, r2, c2) = [_rows(x, i) for i, x in enumerate(pair, 1)]
    if c1 != c2:
        raise RuntimeError(f"X1 and X2 must have the same number of columns. X1: {c1} X2: {c2}")
    by_product = MODES[compute_mode]
    many = max(r1, r2) > MANY if by_product is None else by_product
    if not (p == 2 and many):
        return _cdist_forward(x1, x2, p)
    _check_numbers(x1, x2, p)
    batch = broadcast_shapes(tuple(batch1), tuple(batch2))
    return _by_product(x1, x2, batch, r1, r2, c1) if x1._desc.numel and x2._desc.numel else d.cdist(x1, x2, float(p))


def _cdist_forward(x1: Tensor, x2: Tensor, p: float) -> Tensor:
    """The operator that has a derivative, which forward mode asks for before the types are looked at."""
    _check_numbers(x1, x2, p)
    if x1._desc.dtype.is_half and x1._desc.numel and x2._desc.numel:
        raise saving(refused("cdist", x1._desc.dtype), x1, x2)
    return d.cdist(x1, x2, float(p))


def _check_numbers(x1: Tensor, x2: Tensor, p: float) -> None:
    for i, x in enumerate((x1, x2), 1):
        if x._desc.dtype.category != FLOATING:
            error = RuntimeError(f"cdist only supports floating-point dtypes, X{i} got: {x._desc.dtype.scalar_name}")
            raise saving(error, x1, x2)
    if not p >= 0:
        raise saving(RuntimeError("cdist only supports non-negative p values"), x1, x2)


def _rows(x: Tensor, which: int) -> tuple[int, ...]:
    if x._desc.ndim < 2:
        raise RuntimeError(f"cdist only supports at least 2D tensors, X{which} got: {x._desc.ndim}D")
    return tuple(x._desc.shape)


def _by_product(x1: Tensor, x2: Tensor, batch: tuple[int, ...], r1: int, r2: int, columns: int) -> Tensor:
    size = prod(batch)
    expanded = [
        x.expand((*batch, rows, columns)).contiguous().view((size, rows, columns)) for x, rows in ((x1, r1), (x2, r2))
    ]
    pair = (x1, x2) if size == 1 else expanded
    if x1._desc.dtype is not x2._desc.dtype:
        _refuse_types(*pair, columns)
    return d.euclidean_dist(*pair).view((*batch, r1, r2))


def _refuse_types(x1: Tensor, x2: Tensor, columns: int) -> None:
    """The complaint of the product about two types. Beside each row stand its square and a one."""
    left, right = [x.new_empty((*x._desc.shape[:-1], columns + 2)) for x in (x1, x2)]
    try:
        left.matmul(right.mT)
    except RuntimeError as error:
        raise saving(type(error)(str(error)), x1, x2) from None  # that of the empty rows is done with


def pdist(input: Tensor, p: float = 2) -> Tensor:
    """The distance of each row to those that come after it, in the norm p."""
    ndim = expect_tensor(input, "pdist")._desc.ndim
    if ndim != 2:
        raise before_autograd(RuntimeError(f"pdist only supports 2D tensors, got: {ndim}D"))
    if input._desc.dtype.category != FLOATING:
        raise before_autograd(RuntimeError("pdist only supports floating-point dtypes"))
    if not p >= 0:
        raise before_autograd(RuntimeError("pdist only supports non-negative p values"))
    rows, columns = input._desc.shape
    if input._desc.dtype.is_half and rows > 1 and columns:
        raise refused("pdist", input._desc.dtype)
    return d.pdist(input.contiguous(), float(p))


NN_FUNCTIONAL: dict[str, Any] = {"pdist": pdist}
METHODS: dict[str, Any] = {}
FUNCTIONS: dict[str, Any] = {"cdist": cdist, "pdist": pdist}
