"""Uniform numbers in blocks of sixteen become normal ones, rounded where PyTorch's vector code rounds.

PyTorch fills 16 or more float32 values with AVX2 code: the single precision logarithm, sine and cosine of the Cephes
library (S. Moshier), in which the compiler has fused nearly every multiplication with the addition that follows it.
NumPy's own logarithm and cosine are a little more accurate, so they differ in the last bit about once in ten values;
only the same polynomials with the same roundings give the same numbers.

How a fused multiply-add is had from NumPy, which has none: the arrays below are float64 but hold float32 values, so a
product is exact, a sum nearly so, and `_round` does the one rounding to float32 that the processor would have done.
A sum that needs more than 53 bits and lands within 2^-29 of a tie is rounded twice; that is the whole remaining
difference (none in 40 million values compared).

In float64 PyTorch calls the C library for each value, and so do we, through `math`.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from ..plain_numpy import np

BLOCK = 16  # 8 radii, then 8 angles, become 8 cosines, then 8 sines


def _single(*values: float) -> tuple[float, ...]:
    """The nearest float32 of each constant: the polynomials were fitted with these."""
    return tuple(float(np.float32(value)) for value in values)


_LOG = _single(
    7.0376836292e-2,
    -1.1514610310e-1,
    1.1676998740e-1,
    -1.2420140846e-1,
    1.4249322787e-1,
    -1.6668057665e-1,
    2.0000714765e-1,
    -2.4999993993e-1,
    3.3333331174e-1,
)
_SIN = _single(-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1)
_COS = _single(2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2)
# ln 2 and pi/4, each as a sum of float32 values short enough for exact products.
_LN2_HIGH, _LN2_LOW = _single(0.693359375, -2.12194440e-4)
_QUARTER_PI = _single(0.78515625, 2.4187564849853515625e-4, 3.77489497744594108e-8)
_SQRT_HALF, _FOUR_OVER_PI, _TWO_PI = _single(0.5**0.5, 4 / math.pi, 2 * math.pi)


def _round(x: np.ndarray) -> np.ndarray:
    """Round to float32 and go on in float64."""
    return x.astype(np.float32).astype(np.float64)


def _horner(coefficients: tuple[float, ...], x: np.ndarray) -> np.ndarray:
    """The polynomial in x, highest power first, each step one fused multiply-add."""
    y: np.ndarray = np.full_like(x, coefficients[0])
    for coefficient in coefficients[1:]:
        y = _round(y * x + coefficient)
    return y


def _log(x: np.ndarray) -> np.ndarray:
    """The natural logarithm of 0 < x <= 1: x = 2^e (1 + m), and a polynomial in m."""
    mantissa, exponent = np.frexp(x)
    below = mantissa < _SQRT_HALF
    exponent = exponent - below
    m = _round(np.where(below, mantissa + mantissa, mantissa) - 1.0)
    square = _round(m * m)
    y = _round(_horner(_LOG, m) * m)
    y = _round(y * square + _round(exponent * _LN2_LOW))
    y = _round(y - 0.5 * square)
    return _round(_round(m + y) + exponent * _LN2_HIGH)


def _sin_cos(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sine and cosine of x >= 0: reduced to [-pi/4, pi/4] by the nearest even octant."""
    octant = (_round(x * _FOUR_OVER_PI).astype(np.int32) + 1) & ~1
    for part in _QUARTER_PI:
        x = _round(x - octant * part)
    square = _round(x * x)
    cosine = _round(_horner(_COS, square) * square)
    cosine = _round(cosine * square - 0.5 * square)
    cosine = _round(cosine + 1.0)
    sine = _round(_horner(_SIN, square) * square)
    sine = _round(sine * x + x)
    swapped = (octant & 2) != 0
    sines = np.where(swapped, cosine, sine)
    cosines = np.where(swapped, sine, cosine)
    return np.where(octant & 4, -sines, sines), np.where((octant + 2) & 4, -cosines, cosines)


def box_muller_single(uniform: np.ndarray) -> np.ndarray:
    """Normal numbers from float32 uniforms in [0, 1): shape (blocks, 16) both ways, float32 values held as float64."""
    u = uniform.astype(np.float64).reshape(-1, 2, BLOCK // 2)
    radius = _round(np.sqrt(-2.0 * _log(1.0 - u[:, 0])))
    sine, cosine = _sin_cos(_round(_TWO_PI * u[:, 1]))
    return _round(np.stack([radius * cosine, radius * sine], axis=1)).reshape(-1, BLOCK)


def box_muller_double(uniform: np.ndarray) -> np.ndarray:
    """Normal numbers from float64 uniforms in [0, 1): shape (blocks, 16), both ways."""
    u = uniform.reshape(-1, 2, BLOCK // 2)
    radius = np.sqrt(-2.0 * _each(math.log, 1.0 - u[:, 0]))
    angle = 2.0 * math.pi * u[:, 1]
    return np.stack([radius * _each(math.cos, angle), radius * _each(math.sin, angle)], axis=1).reshape(-1, BLOCK)


def _each(function: Callable[[float], float], x: np.ndarray) -> np.ndarray:
    """The C library's function of each element; NumPy's own differs in the last bit about once in 800."""
    return np.array(list(map(function, x.ravel().tolist())), dtype=np.float64).reshape(x.shape)
