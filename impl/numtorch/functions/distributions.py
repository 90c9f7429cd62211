"""In-place fills from the distributions that few programs ask for: Cauchy, geometric and log-normal.

They draw as PyTorch's kernels do: of each element one double-precision number, log-normal ones pairs of normal ones.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from ..aliasing import writes
from ..calls.operands import refused
from ..dtype import dtypes
from ..plain_numpy import np
from ..tensor import Tensor, cpp_name

_EPSILON = float(np.finfo(np.float64).eps)


class CauchyBackward0(writes.ZeroBackward0):
    """cauchy_"""

    __slots__ = ()


class GeometricBackward0(writes.ZeroBackward0):
    """geometric_"""

    __slots__ = ()


class LogNormalBackward0(writes.ZeroBackward0):
    """log_normal_"""

    __slots__ = ()


def _shifted(x: float, scale: float, by: float) -> float:
    """scale * x + by, rounded once: compilers fuse the two in PyTorch's kernels."""
    try:
        return float(Fraction(scale) * Fraction(x) + Fraction(by))
    except (OverflowError, ValueError):  # infinite, or not a number
        return scale * x + by


def _uniform(array: Any, generator: Any) -> list[float]:
    from .. import random

    found: list[float] = (generator or random.default_generator).uniform(array.size, double=True).tolist()
    return found


def cauchy_(self: Tensor, median: float = 0.0, sigma: float = 1.0, *, generator: Any = None) -> Tensor:
    """Overwrite with numbers of a Cauchy distribution; RuntimeError where sigma is not above 0 or the type not floating."""
    kind = self._desc.dtype

    def fill(array: Any) -> None:
        from .. import random

        if not sigma > 0.0:
            raise RuntimeError(f"cauchy_ expects sigma > 0.0, but found sigma={sigma:g}")
        if not kind.is_floating_point:
            raise RuntimeError(
                "Cauchy distribution is a continuous probability distribution. "
                f"dtype must be a floating point but you specified {cpp_name(kind)}"
            )
        # The ends of the interval are left out: there the tangent has no value.
        within = [min(max(u, _EPSILON), 1 - _EPSILON) for u in _uniform(array, generator)]
        random.store(
            array, np.array([_shifted(math.tan(math.pi * (u - 0.5)), sigma, median) for u in within], np.float64)
        )

    return writes.overwrite(self, fill, CauchyBackward0)


def geometric_(self: Tensor, p: float, *, generator: Any = None) -> Tensor:
    """Overwrite with how often it takes to succeed, each time with probability p; RuntimeError where p is not within (0, 1)."""
    kind = self._desc.dtype

    def fill(array: Any) -> None:
        from .. import random

        if not 0 < p < 1:
            raise RuntimeError(f"geometric_ expects p to be in (0, 1), but got p={p:g}")
        if array.size and (kind.is_complex or kind is dtypes.bool_):
            raise refused("geometric_cpu", kind)
        tries = [math.ceil(math.log(u) / math.log1p(-p)) if u else math.inf for u in _uniform(array, generator)]
        random.store(array, np.array(tries, np.float64))

    return writes.overwrite(self, fill, GeometricBackward0)


def log_normal_(self: Tensor, mean: float = 1.0, std: float = 2.0, *, generator: Any = None) -> Tensor:
    """Overwrite with exponentials of normal numbers; RuntimeError where std is not above 0."""
    kind = self._desc.dtype

    def fill(array: Any) -> None:
        from .. import random

        if not std > 0.0:
            raise RuntimeError(f"log_normal_ expects std > 0.0, but found std={std:g}")
        if array.size and not kind.is_floating_point:
            raise refused("log_normal_cpu", kind)
        normal = random.normal_one_by_one(array.size, generator or random.default_generator)
        random.store(array, np.array([math.exp(_shifted(z, std, mean)) for z in normal], np.float64))

    return writes.overwrite(self, fill, LogNormalBackward0)
