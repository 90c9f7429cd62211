"""Operators that take operands of one type alone, as users call them: a tangent may be of another type than its primal.

A row's operator is told nothing of its operands' types: whoever calls it has looked. PyTorch's formulas of tangents call what
users call, and so are refused what those are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..functions import linalg, products, reinterpret, scatter, slices, special

OF_ONE_TYPE: dict[str, Callable[..., Any]] = {
    **{name: getattr(linalg, name) for name in ("dot", "vdot", "mv", "mm", "bmm")},
    "linalg_cross": lambda self, other, dim: products.linalg_cross(self, other, dim=dim),
    **{name: getattr(scatter, name) for name in ("scatter", "scatter_add", "put", "masked_scatter")},
    "index_put": scatter.put_at,
    "index_copy": slices.index_copy,
    "index_add": lambda self, dim, index, source, alpha: slices.index_add(self, dim, index, source, alpha=alpha),
    "complex_of": reinterpret.complex_,
    **dict.fromkeys(("lerp_scalar", "lerp_tensor"), special.lerp),
}
"""By the rows' names, with the rows' arguments."""
