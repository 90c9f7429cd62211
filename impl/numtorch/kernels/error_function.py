"""The error function, its inverse, and the normal distribution, over raw arrays."""

from __future__ import annotations

import math
from typing import Any

from ..plain_numpy import np
from .comparison import in_layout

Array = Any
# NumPy has no error function; the C library's is exact to the last place, one call an element.
_erf, _erfc = np.frompyfunc(math.erf, 1, 1), np.frompyfunc(math.erfc, 1, 1)
_ROOT_PI = math.sqrt(math.pi)


def _doubles(function: Any, x: Array) -> np.ndarray:
    return np.asarray(function(x)).astype(np.float64)


def erf(x: Array) -> Array:
    """2 / sqrt(pi) times the integral of exp(-t * t) from 0 to x."""
    return np.asarray(_erf(x)).astype(x.dtype)[()]


def erfc(x: Array) -> Array:
    """1 - erf(x), exact for large x."""
    return np.asarray(_erfc(x)).astype(x.dtype)[()]


def erf_backward(grad: Array, x: Array, scale: float) -> Array:
    """scale * exp(-x * x) * grad, in the layout of x."""
    out = x.dtype.type(scale) * np.exp(-(x * x)) * grad
    return in_layout(out, x) if x.ndim > 1 and not x.flags.c_contiguous else out


def _scaled_erfc(z: np.ndarray) -> np.ndarray:
    """exp(z * z) * erfc(z) in double precision: a continued fraction from 2 on."""
    with np.errstate(all="ignore"):
        near = np.exp(z * z) * _doubles(_erfc, z)
        fraction = z
        for k in range(120, 0, -1):
            fraction = z + k / 2 / fraction
        return np.where(z > 2, 1 / (_ROOT_PI * fraction), near)


def erfcx(x: Array) -> Array:
    """exp(x * x) * erfc(x)"""
    return _scaled_erfc(np.asarray(x, np.float64)).astype(x.dtype)[()]


special_erfcx = erfcx


def _inverse(tail: np.ndarray) -> np.ndarray:
    """The y >= 0 with erfc(y) = tail, for 0 < tail <= 1: Winitzki's formula, then Halley's iteration."""
    a = 0.147
    log = np.log(tail) + np.log(2 - tail)
    t = 2 / (math.pi * a) + log / 2
    y = np.sqrt(np.maximum(np.sqrt(t * t - log / a) - t, 0))
    for _ in range(4):
        slope = 2 / _ROOT_PI * np.exp(-y * y)
        u = (tail - _doubles(_erfc, y)) / slope
        y = np.where(slope > 0, y - u / (1 + y * u), y)
    return y


def _erfinv(z: np.ndarray) -> np.ndarray:
    size = np.abs(z)
    with np.errstate(all="ignore"):
        y = _inverse(np.where(size < 1, 1 - size, 0.5))
        for _ in range(2):  # where erf is exact and 1 - z is not
            u = (_doubles(_erf, y) - size) / (2 / _ROOT_PI * np.exp(-y * y))
            y = np.where(size < 0.5, y - u / (1 + y * u), y)
        y = np.where(size < 1, y, np.where(size == 1, np.inf, np.nan))
    return np.copysign(y, z)


def erfinv(x: Array) -> Array:
    """The y with erf(y) = x."""
    return _erfinv(np.asarray(x, np.float64)).astype(x.dtype)[()]


def ndtri(x: Array) -> Array:
    """The quantile of the normal distribution."""
    p = np.asarray(x, np.float64)
    lower = np.minimum(p, 1 - p)
    with np.errstate(all="ignore"):
        tail = -math.sqrt(2) * _inverse(np.where(lower > 0, 2 * lower, 0.5))
        central = math.sqrt(2) * _erfinv(2 * p - 1)
        out = np.where(lower < 0.1, np.where(p < 0.5, tail, -tail), central)
        out = np.where(p == 0, -np.inf, np.where(p == 1, np.inf, np.where((p < 0) | (p > 1), np.nan, out)))
    return out.astype(x.dtype)[()]


def log_ndtr(x: Array) -> Array:
    """The logarithm of the normal distribution function."""
    z = np.asarray(x, np.float64)
    t = z * math.sqrt(0.5)
    with np.errstate(all="ignore"):
        far = np.log(_scaled_erfc(-t) / 2) - t * t
        near = np.log1p(-_doubles(_erfc, t) / 2)
    return np.where(z < -1, far, near).astype(x.dtype)[()]
