"""The gamma function and its relatives over raw arrays; NumPy has none of them.

Everything is computed in double precision by recurrence and asymptotic series, and rounded to the operand's type.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

Array = Any
# Bernoulli numbers B_2k / (2k)!, of the Euler-Maclaurin sum in `zeta`.
_BERNOULLI = (1 / 12, -1 / 720, 1 / 30240, -1 / 1209600, 1 / 47900160, -691 / 1307674368000, 1 / 74724249600,
              -3617 / 10670622842880000, 43867 / 5109094217170944000)  # fmt: skip


def _lgamma_of(x: float) -> float:
    try:
        return math.lgamma(x)
    except ValueError:  # a pole
        return math.inf


_lgamma = np.frompyfunc(_lgamma_of, 1, 1)


def _double(x: Array) -> np.ndarray:
    return np.asarray(x, np.float64)


def lgamma(x: Array) -> Array:
    """The logarithm of |gamma(x)|."""
    return np.asarray(_lgamma(x)).astype(x.dtype)[()]


gammaln = lgamma


def digamma(x: Array) -> Array:
    """The derivative of lgamma: up to 10 by recurrence, then by the asymptotic series; below 0 by reflection."""
    z = _double(x)
    negative = z < 0
    with np.errstate(all="ignore"):
        fraction = z - np.trunc(z)
        reflected = np.where(negative, np.pi / np.tan(np.pi * fraction), 0.0)
        y = np.where(negative, 1 - z, z)
        total = np.zeros_like(y)
        for _ in range(10):
            small = y < 10
            total = np.where(small, total - 1 / y, total)
            y = np.where(small, y + 1, y)
        r = 1 / (y * y)
        series = r * (
            1 / 12 - r * (1 / 120 - r * (1 / 252 - r * (1 / 240 - r * (5 / 660 - r * (691 / 32760 - r / 12)))))
        )
        out = np.log(y) - 0.5 / y - series + total - reflected
        out = np.where(z == 0, np.copysign(np.inf, -z), out)
        out = np.where(negative & (fraction == 0), np.nan, out)
    return out.astype(x.dtype)[()]


psi = digamma


def zeta(x: Array, q: Array) -> Array:
    """Hurwitz's zeta, the sum of (q + k) ** -x, by the Euler-Maclaurin formula."""
    s, a = np.broadcast_arrays(_double(x), _double(q))
    with np.errstate(all="ignore"):
        total = np.zeros(s.shape)
        w = a.copy()
        for i in range(1000):
            more = (w <= 9) | (i < 9)
            if not np.any(more):
                break
            total = np.where(more, total + np.power(w, -s), total)
            w = np.where(more, w + 1, w)
        total = total + np.power(w, 1 - s) / (s - 1) + 0.5 * np.power(w, -s)
        factor = s * np.power(w, -s - 1)
        for k, b in enumerate(_BERNOULLI):
            total = total + b * factor
            factor = factor * (s + 2 * k + 1) * (s + 2 * k + 2) / (w * w)
        total = np.where(s == 1, np.inf, np.where(s < 1, np.nan, total))
        total = np.where((s > 1) & (a == np.inf), np.nan, total)  # which Cephes, that PyTorch has, does not foresee
        pole = (a <= 0) & (a == np.floor(a))
        total = np.where((s > 1) & pole, np.inf, total)
        total = np.where((s > 1) & (a <= 0) & ~pole & (s != np.floor(s)), np.nan, total)
    return total.astype(np.result_type(x, q))[()]


def zeta_self(x: float, q: Array) -> Array:
    """The same of a Python number."""
    return zeta(q.dtype.type(x), q)


def zeta_other(x: Array, q: float) -> Array:
    """The same by a Python number."""
    return zeta(x, x.dtype.type(q))


def _trigamma(z: np.ndarray) -> np.ndarray:
    """The first derivative of digamma, by as many terms as PyTorch takes: nine digits."""
    with np.errstate(all="ignore"):
        low = z < 0.5
        reflected = np.where(low, -((np.pi / np.sin(np.pi * z)) ** 2), 0.0)
        x = np.where(low, 1 - z, z)
        total = reflected
        for _ in range(6):
            total = total + 1 / (x * x)
            x = x + 1
        r = 1 / (x * x)
        total = total + (1 + 1 / (2 * x) + r * (1 / 6 - r * (1 / 30 - r * (1 / 42)))) / x
    return np.where(low, -total, total)


def polygamma(n: int, x: Array) -> Array:
    """The n-th derivative of digamma."""
    if n == 0:
        return digamma(x)
    if n == 1:
        return _trigamma(_double(x)).astype(x.dtype)[()]
    sign = 1.0 if n % 2 else -1.0
    return (sign * math.factorial(n) * _double(zeta(np.float64(n + 1), _double(x)))).astype(x.dtype)[()]


def mvlgamma(x: Array, p: int) -> Array:
    """The logarithm of the multivariate gamma function of dimension p."""
    total = np.full(x.shape, p * (p - 1) / 4 * math.log(math.pi))
    for j in range(p):
        total = total + np.asarray(_lgamma(x - j / 2)).astype(np.float64)
    return total.astype(x.dtype)[()]


def mvlgamma_backward(grad: Array, x: Array, p: int) -> Array:
    """Its gradient, a sum of digammas."""
    total = digamma(x)
    for j in range(1, p):
        total = total + digamma(x - x.dtype.type(j / 2))
    return grad * total


def _incomplete(a: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The regularized incomplete gamma functions, lower and upper: a series below, a continued fraction above a + 1."""
    a, x = np.broadcast_arrays(a, x)
    with np.errstate(all="ignore"):
        log_gamma = np.asarray(_lgamma(a)).astype(np.float64)
        front = np.exp(a * np.log(x) - x - log_gamma)
        term = 1 / a
        total = term
        n = a.copy()
        for _ in range(2000):
            n = n + 1
            term = term * x / n
            total = total + term
            if not np.any(np.abs(term) > np.abs(total) * 1e-17):
                break
        lower = front * total
        tiny = 1e-300
        b = x + 1 - a
        c = np.full(a.shape, 1 / tiny)
        d = 1 / np.where(b == 0, tiny, b)
        h = d
        for i in range(1, 2000):
            an = -i * (i - a)
            b = b + 2
            d = an * d + b
            d = 1 / np.where(np.abs(d) < tiny, tiny, d)
            c = b + an / c
            c = np.where(np.abs(c) < tiny, tiny, c)
            change = d * c
            h = h * change
            if not np.any((np.abs(change - 1) > 1e-16) & (x >= a + 1)):
                break
        upper = front * h
        below = x < a + 1
        low = np.where(below, lower, 1 - upper)
        high = np.where(below, 1 - lower, upper)
        wrong = (x < 0) | (a < 0) | np.isnan(x) | np.isnan(a)
        for at, (l_value, h_value) in ((x == 0, (0.0, 1.0)), (a == 0, (1.0, 0.0)), (np.isinf(x), (1.0, 0.0)),
                            (np.isinf(a) & ~np.isinf(x), (0.0, 1.0)), (wrong, (np.nan, np.nan)),
                            ((a == 0) & (x == 0), (np.nan, np.nan)),
                            (np.isinf(a) & np.isinf(x), (np.nan, np.nan))):  # fmt: skip
            low, high = np.where(at, l_value, low), np.where(at, h_value, high)
    return low, high


def igamma(x: Array, other: Array) -> Array:
    """The lower one."""
    return _incomplete(_double(x), _double(other))[0].astype(x.dtype)[()]


def igammac(x: Array, other: Array) -> Array:
    """The upper one."""
    return _incomplete(_double(x), _double(other))[1].astype(x.dtype)[()]
