"""Special functions over raw arrays."""

from __future__ import annotations

from typing import Any

from ..dtype import combine, dtypes, from_numpy, of
from ..memory.descriptor import describe, plan_of
from ..memory.lazy import resolve
from ..plain_numpy import np
from .half import in_steps, is_half
from .numbers import fused, in_type, wrapped
from .pointwise import conjugate, refuse_bools, refuse_zero, subtrahend
from .vectors import in_vectors

Array = Any
exp2 = np.exp2
floor, trunc = np.floor, np.trunc


def logaddexp2(x: Array, y: Array) -> Array:
    """log2(2 ** x + 2 ** y), rounded as PyTorch does: normalizations of few numbers show the last bit."""
    larger = np.maximum(x, y)
    part = np.log1p(np.exp2(-np.abs(x - y), dtype=np.float64).astype(x.dtype), dtype=np.float64).astype(x.dtype)
    near = fused(part, x.dtype.type(_LOG2E), larger)
    return np.where((x == y) & np.isinf(x), x, near)[()]


_LOG2E = 1.4426950408889634


def xlogy(x: Array, y: Array) -> Array:
    """x * log(y), 0 where x is, nan where y is."""
    return np.where(np.isnan(y), y, np.where(x == 0, x.dtype.type(0), x * np.log(y)))


def xlog1py(x: Array, y: Array) -> Array:
    """x * log(1 + y), 0 where x is, nan where y is."""
    return np.where(np.isnan(y), y, np.where(x == 0, x.dtype.type(0), x * np.log1p(y)))


def xlogy_self(x: Any, y: Array) -> Array:
    """xlogy of a Python number."""
    return xlogy(y.dtype.type(x), y)


@in_steps
def xlogy_other(x: Array, y: Any) -> Array:
    """xlogy by a Python number."""
    return xlogy(x, x.dtype.type(y))


def xlog1py_self(x: Any, y: Array) -> Array:
    """xlog1py of a Python number."""
    return xlog1py(y.dtype.type(x), y)


def xlog1py_other(x: Array, y: Any) -> Array:
    """xlog1py by a Python number."""
    return xlog1py(x, x.dtype.type(y))


special_xlog1py = xlog1py


def logit(x: Array, eps: float | None) -> Array:
    """log(x / (1 - x)), x first clipped to [eps, 1 - eps]."""
    if eps is not None:
        x = np.clip(x, x.dtype.type(eps), x.dtype.type(1 - eps))
    return np.log(x / (1 - x))


def logit_backward(grad: Array, x: Array, eps: float | None) -> Array:
    """grad / (x * (1 - x)), zero outside the clipped range."""
    grad = resolve(grad)  # zeros without memory are numbers to PyTorch's kernel
    inside = np.where(x == 0, grad * x.dtype.type(np.inf), grad / (x * (1 - x)))  # whichever zero it is
    if eps is None:
        taken = None if x.all() else in_vectors(x)
        if taken is not None:  # there it is divided by the zero that it is
            inside = np.where(taken & (x == 0), grad / x, inside)
        return np.where((x < 0) | (x > 1), x.dtype.type(np.nan), inside)
    return np.where((x < eps) | (x > 1 - eps), grad.dtype.type(0), inside)


def sinc(x: Array) -> Array:
    """sin(pi * x) / (pi * x)"""
    t = x * x.dtype.type(np.pi)  # not np.sinc, whose warnings would be NumPy's own
    return np.where(t == 0, x.dtype.type(1), np.sin(t) / t)


def sinc_backward(grad: Array, x: Array) -> Array:
    """The gradient of sinc, 0 at 0."""
    t = x * x.dtype.type(np.pi)
    square = x * x * x.dtype.type(np.pi)
    return np.where(square == 0, x.dtype.type(0), grad * conjugate((t * np.cos(t) - np.sin(t)) / square))


def entr(x: Array) -> Array:
    """-x * log(x), 0 at 0, -inf below."""
    return np.where(x > 0, -x * np.log(x), np.where(x == 0, x.dtype.type(0), np.where(x < 0, -x.dtype.type(np.inf), x)))


def logaddexp(x: Array, other: Array) -> Array:
    """log(exp(x) + exp(other)) without overflow, of real and complex numbers."""
    return added_by(log1p, x, other)


def added_by(log1p: Any, x: Array, other: Array) -> Array:
    """The same with one of PyTorch's two logarithms of 1 + z for complex numbers."""
    if x.dtype.kind != "c":
        return np.logaddexp(x, other)
    swapped = other.real > x.real
    small, large = np.where(swapped, x, other), np.where(swapped, other, x)
    out = log1p(np.exp(small - large)) + large
    same = np.isinf(small.real) & (small.real == large.real)
    out = np.where(same, np.where(small.real < 0, small, np.log(np.exp(small) + np.exp(large))), out)
    return np.where(np.isnan(x) | np.isnan(other), x.dtype.type(complex(np.nan, np.nan)), out)[()]


def log1p(x: Array) -> Array:
    """log(1 + x); of a complex number log(u) * x / (u - 1) with u = 1 + x, as PyTorch has it: nan where x is infinite."""
    if x.dtype.kind != "c":
        return np.log1p(x)
    one = x.real.dtype.type(1)
    u, rest = np.array(x), np.array(x)
    u.real += one  # (adding 1 + 0j would make a -0 of the imaginary part 0)
    rest.real = u.real - one
    log = np.log(u)
    return np.where(u == 1, x, np.where(rest == x, log, log * (x / rest)))[()]


def exact_log1p(z: Array) -> Array:
    """log(1 + z) of complex numbers as logcumsumexp has it, which loses no small parts and no infinite ones."""
    real, imag = z.real, z.imag
    small = (np.abs(real) < 0.5) & (np.abs(imag) < 0.5)
    size = np.where(small, 0.5 * np.log1p(real * (2 + real) + imag * imag), np.log(np.hypot(1 + real, imag)))
    out = np.empty(np.shape(z), z.dtype)
    out.real, out.imag = size, np.arctan2(imag, 1 + real)
    return out[()]


def acos(x: Array) -> Array:
    """The inverse of cos; PyTorch takes it from asin where complex numbers are of double precision."""
    if x.dtype != np.complex128:
        return np.arccos(x)
    sine = np.asarray(np.arcsin(x))
    sine.real = np.pi / 2 - sine.real
    sine.imag = 0 - sine.imag
    return sine[()]


def copysign(x: Array, other: Array) -> Array:
    """The size of x with the sign of other."""
    return np.copysign(x, other)


def copysign_scalar(x: Array, other: Any) -> Array:
    """The same with the sign of a Python number."""
    return np.copysign(x, x.dtype.type(other))


def ldexp(x: Array, other: Array) -> Array:
    """x * 2 ** other"""
    return x * np.exp2(other).astype(x.dtype)


def heaviside(x: Array, values: Array) -> Array:
    """0 below zero, 1 above, and the given value at zero."""
    return np.where(x == 0, values, (x > 0).astype(x.dtype))


def frexp(x: Array) -> tuple:
    """Mantissa and exponent."""
    mantissa, exponent = np.frexp(x)
    return mantissa, exponent.astype(np.int32) if type(exponent) is np.ndarray else np.int32(exponent)


def frexp_backward(grad: Array, exponent: Array) -> Array:
    """The gradient of the mantissa."""
    return grad / np.exp2(exponent).astype(grad.dtype)


def floor_divide(x: Array, other: Array) -> Array:
    """The quotient, rounded down."""
    refuse_bools("div_floor_cpu", x, other)
    refuse_zero(x, other)
    return np.floor_divide(x, other)


def floor_divide_scalar(x: Array, other: Any) -> Array:
    """The quotient by a Python number, rounded down."""
    return floor_divide(x, wrapped(other, x.dtype))


def remainder(x: Array, other: Array) -> Array:
    """What floor_divide leaves."""
    refuse_bools("remainder_cpu", x, other)
    refuse_zero(x, other)
    rest = np.remainder(x, other)
    if rest.dtype.kind != "f":
        return rest
    return np.where(rest == 0, np.copysign(rest, x), rest)[()]  # PyTorch's zero has the sign of the dividend


def fmod(x: Array, other: Array) -> Array:
    """What division rounded towards zero leaves."""
    refuse_bools("fmod_cpu", x, other)
    refuse_zero(x, other)
    return np.fmod(x, other)


@in_steps
def nan_to_num(x: Array, nan: float | None, posinf: float | None, neginf: float | None) -> Array:
    """Finite numbers in the place of nan and the infinities; by default 0 and the extremes of the type."""
    if x.dtype.kind == "c":  # either part of a complex number for itself
        out = np.array(x, order="K")
        out.real, out.imag = [nan_to_num(part, nan, posinf, neginf) for part in (x.real, x.imag)]
        return out
    if x.dtype.kind not in "fV":
        return x.copy()
    extremes = dtypes.limits(x.dtype)
    high = extremes.max if posinf is None else x.dtype.type(posinf)
    low = extremes.min if neginf is None else x.dtype.type(neginf)
    return np.where(
        np.isnan(x),
        x.dtype.type(0 if nan is None else nan),
        np.where(x == np.inf, high, np.where(x == -np.inf, low, x)),
    )


def atan2_scale(x: Array, other: Array) -> Array:
    """One over the square of the distance, 0 at the origin."""
    square = x * x + other * other
    return np.where(square == 0, x.dtype.type(0), 1 / square)


def acosh_backward(grad: Array, x: Array) -> Array:
    """grad / sqrt(x * x - 1)"""
    return grad * (x.dtype.type(1) / np.sqrt(x * x - x.dtype.type(1)))


def copysign_ratio(x: Array, result: Array) -> Array:
    """The sign that was put, 0 at 0."""
    return np.where(x == 0, x.dtype.type(0), result / x)


def remainder_of(x: Any, other: Array) -> Array:
    """The remainder of a Python number."""
    return remainder(wrapped(x, other.dtype), other)


@in_steps
def dist(x: Array, other: Array, p: float) -> Array:
    """The norm of the difference."""
    from .reduction import vector_norm

    kind = plan_of(describe(x), describe(other)).result.dtype.numpy  # one without dimensions does not decide it
    wide = np.dtype(np.float32) if is_half(kind) else kind
    x, other = (a.astype(kind).astype(wide) for a in (x, other))
    difference = (x - subtrahend(other)).astype(kind)  # rounded, as the norm is
    norm = vector_norm(difference.astype(wide), p, (), False, None)
    return norm.astype(kind) if is_half(kind) else norm  # that of complex numbers is real


@in_steps
def deg2rad(x: Array) -> Array:
    """Degrees in radians."""
    return resolve(x) * x.dtype.type(np.pi / 180)  # which of zeros without memory makes ordinary ones


@in_steps
def rad2deg(x: Array) -> Array:
    """Radians in degrees."""
    return resolve(x) * x.dtype.type(180 / np.pi)


def gcd(x: Array, other: Array) -> Array:
    """The greatest common divisor; of the least number of a type, which has no absolute value there, what Euclid makes."""
    out = np.gcd(x, other)
    least = np.iinfo(out.dtype).min
    if not least or not ((x == least) | (other == least)).any():
        return out
    divisor, rest = (np.array(a) for a in np.broadcast_arrays(np.abs(x), np.abs(other)))
    while (left := divisor != 0).any():
        remainder = np.fmod(rest, divisor, out=np.zeros_like(rest), where=left)
        rest, divisor = np.where(left, divisor, rest), remainder
    return rest if rest.ndim else rest[()]


def frac(x: Array) -> Array:
    """x without its integral part."""
    return x - np.trunc(x)


def lerp(x: Array, end: Array, weight: float) -> Array:
    """x + weight * (end - x), computed from the nearer end."""
    w = in_type(weight, x.dtype)
    return x + w * (end - x) if abs(weight) < 0.5 else end - (end - x) * (x.dtype.type(1) - w)


def lerp_tensor(x: Array, end: Array, weight: Array) -> Array:
    """The same with a weight an element."""
    return np.where(np.abs(weight) < 0.5, x + weight * (end - x), end - (end - x) * (1 - weight))


def addcmul(x: Array, tensor1: Array, tensor2: Array, value: Any) -> Array:
    """x + value * tensor1 * tensor2"""
    refuse_bools("addcmul_cpu_out", x)
    return x + in_type(value, x.dtype) * tensor1 * tensor2


def addcdiv(x: Array, tensor1: Array, tensor2: Array, value: Any) -> Array:
    """x + value * tensor1 / tensor2"""
    return x + in_type(value, x.dtype) * tensor1 / tensor2


def not_implemented(grad: Array, name: str) -> Array:
    """What a derivative that PyTorch does not have answers."""
    raise RuntimeError(f"derivative for {name} is not implemented")


def fmod_scalar(x: Array, other: Any) -> Array:
    """fmod by a Python number."""
    return fmod(x, wrapped(other, x.dtype))


def remainder_scalar(x: Array, other: Any) -> Array:
    """The remainder by a Python number."""
    return remainder(x, wrapped(other, x.dtype))


def not_implemented_for(grad: Array, name: str) -> Array:
    """What a derivative that PyTorch's table marks as missing answers."""
    raise NotImplementedError(f"the derivative for '{name}' is not implemented.")


def times_number(x: Array, number: Any) -> Array:
    """A product whose type the number decides as well: of integers it may be floating, or wrap around."""
    if x.dtype.kind in "fc":
        return x * x.dtype.type(number)
    kind = combine(from_numpy(x.dtype), None, of(type(number))).numpy
    return x.astype(kind) * wrapped(number, kind)
