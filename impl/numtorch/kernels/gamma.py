"""The gamma function and its relatives over raw arrays; NumPy has none of them.

Everything is computed in double precision by recurrence and asymptotic series, and rounded to the operand's type.
"""

from __future__ import annotations

import math
from typing import Any

from ..plain_numpy import np

Array = Any
_PI = np.longdouble("3.14159265358979323846264338327950288")
# Bernoulli numbers B_2k / (2k)!, of the Euler-Maclaurin sum in `zeta`.
_BERNOULLI = (1 / 12, -1 / 720, 1 / 30240, -1 / 1209600, 1 / 47900160, -691 / 1307674368000, 1 / 74724249600,
              -3617 / 10670622842880000, 43867 / 5109094217170944000)  # fmt: skip
# (zeta(k) - 1) / k * (-1) ** k, of the series of lgamma around 2, where it is zero; the first is 1 - Euler's constant.
_AROUND_TWO = (
    0.42278433509846713, 0.3224670334241132, -0.0673523010531981, 0.020580808427784546, -0.007385551028673986,
    0.0028905103307415234, -0.001192753911703261, 0.0005096695247430425, -0.00022315475845357939, 9.945751278180853e-05,
    -4.492623673813314e-05, 2.050721277567069e-05, -9.439488275268397e-06, 4.374866789907488e-06, -2.039215753801366e-06,
    9.55141213040742e-07, -4.492469198764566e-07, 2.1207184805554665e-07, -1.0043224823968099e-07, 4.7698101693639804e-08,
    -2.2711094608943164e-08, 1.0838659214896955e-08, -5.183475041970047e-09, 2.4836745438024785e-09,
    -1.1921401405860912e-09, 5.731367241678862e-10, -2.7595228851242334e-10, 1.330476437424449e-10, -6.4229645638381e-11,
)  # fmt: skip
_STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156, -3617 / 122400)


def _double(x: Array) -> np.ndarray:
    return np.asarray(x, np.float64)


def _lgamma(x: Array) -> np.ndarray:
    """The logarithm of |gamma(x)|: by a series around 1 and 2, where it is zero; else by recurrence and Stirling's series.

    In extended precision, where the machine has it: below zero the logarithms cancel.
    """
    z = _double(x)
    with np.errstate(all="ignore"):
        y = np.abs(z).astype(np.longdouble)
        product = np.ones_like(y)
        for _ in range(16):
            small = y < 16
            product, y = np.where(small, product * y, product), np.where(small, y + 1, y)
        r, series = 1 / (y * y), np.zeros_like(y)
        for factor in reversed(_STIRLING):
            series = series * r + np.longdouble(factor)
        found = (y - 0.5) * np.log(y) - y + np.log(2 * _PI) / 2 + series / y - np.log(product)
        nearest = np.abs(z - np.round(z)).astype(np.longdouble)
        found = np.where(z < 0, np.log(_PI / (np.sin(_PI * nearest) * np.abs(z))) - found, found)
        found = np.where(np.isinf(z) | ((z <= 0) & (z == np.floor(z))), np.inf, found).astype(np.float64)
        around, near = np.where(z < 1.5, 1.0, 2.0), (z > 0.5) & (z < 2.5)
        if near.any():
            e, total = z - around, np.zeros_like(z)
            for factor in reversed(_AROUND_TWO):
                total = (total + factor) * e
            found = np.where(near, np.where(z < 1.5, total - np.log1p(e), total), found)
    return found


def lgamma(x: Array) -> Array:
    """The logarithm of |gamma(x)|."""
    return _lgamma(x).astype(x.dtype)[()]


gammaln = lgamma


def digamma(x: Array) -> Array:
    """The derivative of lgamma: up to 10 by recurrence, then by the asymptotic series; below 0 by reflection.

    In the operand's precision and in PyTorch's order: around its zero at 1.46 the terms cancel.
    """
    z = np.asarray(x, np.float64 if x.dtype == np.float64 else np.float32)
    kind = z.dtype.type
    negative = z < 0
    with np.errstate(all="ignore"):
        fraction = _double(z - np.trunc(z))
        reflected = np.where(negative, np.pi / np.tan(np.pi * fraction), 0.0).astype(kind)
        y = np.where(negative, 1 - z, z)
        total = np.zeros_like(y)
        for _ in range(10):
            small = y < 10
            total = np.where(small, total - 1 / y, total)
            y = np.where(small, y + 1, y)
        r, series = 1 / (y * y), np.zeros_like(y)
        for factor in (1 / 12, -691 / 32760, 1 / 132, -1 / 240, 1 / 252, -1 / 120, 1 / 12):
            series = series * r + kind(factor)
        out = total + np.log(y) - kind(0.5) / y - r * series
        out = np.where(y == 10, total + kind(2.25175258906672110764), out) - reflected
        out = np.where(z == 0, np.copysign(kind(np.inf), -z), out)
        out = np.where(negative & (fraction == 0), np.nan, out)
    return out.astype(x.dtype)[()]


psi = digamma


_FAR, _TERMS = 500, 1_000_000


def zeta(x: Array, q: Array) -> Array:
    """Hurwitz's zeta, the sum of (q + k) ** -x, by the Euler-Maclaurin formula."""
    s, a = np.broadcast_arrays(_double(x), _double(q))
    with np.errstate(all="ignore"):
        total = np.zeros(s.shape)
        w = a.copy()
        for place in map(tuple, np.argwhere((a < -_FAR) & (a != np.floor(a)) & (s > 1))):  # of a number, too
            while (count := int(min(-w[place], _TERMS))) > _FAR:  # as many terms as are below zero
                terms = np.power(w[place] + np.arange(count), -s[place])
                total[place] = np.add.accumulate([total[place], *terms])[-1]  # one after the other
                w[place] += count
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
    """The first derivative of digamma, in the precision of z by as many terms as PyTorch takes: nine digits."""
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
        single = np.asarray(x, np.float64 if x.dtype == np.float64 else np.float32)
        return _trigamma(single).astype(x.dtype)[()]
    sign = 1.0 if n % 2 else -1.0
    return (sign * math.factorial(n) * _double(zeta(np.float64(n + 1), _double(x)))).astype(x.dtype)[()]


def polygamma_of(x: Array, n: int) -> Array:
    """The same, of what is written."""
    return polygamma(n, x)


def mvlgamma(x: Array, p: int) -> Array:
    """The logarithm of the multivariate gamma function of dimension p."""
    total = np.full(x.shape, p * (p - 1) / 4 * math.log(math.pi))
    for j in range(p):
        total = total + _lgamma(x - j / 2)
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
        log_gamma = _lgamma(a)
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
