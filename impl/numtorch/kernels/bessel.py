"""Modified Bessel functions of the first kind over raw arrays.

The mean of exp(|x| * (cos t - 1)) * cos(n * t) over a period is I_n(x) * exp(-|x|): an integral that equally spaced points
give to the last place once they are close beside 1 / sqrt(x). Beyond that the asymptotic series is exact.
"""

from __future__ import annotations

from typing import Any

from ..plain_numpy import np

Array = Any
_ANGLES = np.linspace(0, 2 * np.pi, 257)[:-1]
_FAR = 400.0  # from here on the asymptotic series has double precision


def _scaled(x: Array, order: int) -> np.ndarray:
    """I_order(|x|) * exp(-|x|) in double precision."""
    z = np.abs(np.asarray(x, np.float64))
    near = np.minimum(z, _FAR)
    mean = np.mean(np.exp(near[..., None] * (np.cos(_ANGLES) - 1)) * np.cos(order * _ANGLES), axis=-1)
    with np.errstate(all="ignore"):
        r = 1 / (8 * np.maximum(z, 1))
        total = term = np.ones_like(z)
        for k in range(1, 8):
            term = term * -(4 * order * order - (2 * k - 1) ** 2) / k * r
            total = total + term
        far = total / np.sqrt(2 * np.pi * np.maximum(z, 1))
    if order:  # near zero the mean cancels
        half, series = z / 2, np.zeros_like(z)
        for k in range(11, 0, -1):
            series = (series + 1) * np.minimum(half, 1) ** 2 / (k * (k + 1))
        mean = np.where(z < 1, half * (1 + series) * np.exp(-z), mean)
    return np.where(np.isnan(z), z, np.where(z > _FAR, far, mean))


def i0e(x: Array) -> Array:
    """I_0(x) * exp(-|x|)"""
    return _scaled(x, 0).astype(x.dtype)[()]


def i1e(x: Array) -> Array:
    """I_1(x) * exp(-|x|)"""
    return (np.sign(x) * _scaled(x, 1)).astype(x.dtype)[()]


def i0(x: Array) -> Array:
    """I_0(x)"""
    return (_scaled(x, 0) * np.exp(np.abs(np.asarray(x, np.float64)))).astype(x.dtype)[()]


def i1(x: Array) -> Array:
    """I_1(x)"""
    return (np.sign(x) * _scaled(x, 1) * np.exp(np.abs(np.asarray(x, np.float64)))).astype(x.dtype)[()]


special_i0e, special_i1, special_i1e = i0e, i1, i1e
