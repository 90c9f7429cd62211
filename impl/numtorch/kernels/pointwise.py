"""Elementwise kernels."""

from __future__ import annotations

from typing import Any

from ..dtype import dtypes
from ..memory.buffers import take
from ..memory.descriptor import LARGE
from ..memory.geometry import element_strides, laid_out, like
from ..memory.layout import elementwise_strides
from ..memory.lazy import Zeros, resolve, zeros
from ..plain_numpy import np
from .comparison import choose
from .half import in_steps, knows_zeros
from .numbers import in_type, wrapped
from .vectors import in_vectors

Array = Any

add, sub, mul, div = np.add, np.subtract, np.multiply, np.true_divide
exp, log, sin, cos, tan, tanh, sqrt = np.exp, np.log, np.sin, np.cos, np.tan, np.tanh, np.sqrt
sinh, cosh, asin, acos, atan = np.sinh, np.cosh, np.arcsin, np.arccos, np.arctan
neg, abs, square = np.negative, np.abs, np.square
where = np.where


def negated(x: Array) -> Array:
    """-x of complex numbers; by the vector, PyTorch subtracts from 0, and so knows no -0."""
    out = np.negative(x)
    mask = in_vectors(x) if x.dtype.kind == "c" else None
    return out if mask is None else np.add(out, 0, out=out, where=mask)


def negate(x: Array) -> None:
    """Negate x where it is. Into memory with strides NumPy (2.4.6) writes other elements of what lies 16 or 64 bytes apart."""
    if x.dtype.kind == "c":
        x[...] = negated(x)
    elif x.flags.c_contiguous:
        np.negative(x, x)
    else:
        x[...] = np.negative(x)


def zeros_like(x: Array) -> Array:
    """Zeros of the shape and type of x."""
    if isinstance(x, np.generic):
        return x.dtype.type(0)
    if x.flags.c_contiguous and 1 not in x.shape and x.size:  # what is empty is row-major, whatever its strides
        return np.zeros(x.shape, x.dtype)
    out = like(x, x.dtype)  # in its format, down to the stride 0 of a single element that was expanded
    out[...] = 0
    return out


def new_zeros(x: Array) -> Array:
    """Row-major zeros of the shape and type of x: what a formula makes of an operand that it did not save."""
    return np.zeros(x.shape, x.dtype)


def unsaved_zeros(x: Array) -> Array:
    """The same of an operand whose values no batch shares: PyTorch makes them of its shape and type alone."""
    return np.zeros(x.shape, x.dtype)


def efficient_zeros(x: Array) -> Array:
    """PyTorch's ZeroTensor of the shape and type of x."""
    return zeros(x.shape, x.dtype)


def sgn_backward(x: Array, grad: Array, result: Array) -> Array:
    """Of a real tensor; a complex one would need both."""
    return efficient_zeros(x)


def sign(x: Array) -> Array:
    """-1, 0 or 1; 0 for nan and no -0, which NumPy would keep."""
    if x.dtype.kind == "f":
        return np.subtract(x > 0, x < 0, dtype=x.dtype)
    return x.copy() if x.dtype.kind == "b" else np.sign(x)


def sgn(x: Array) -> Array:
    """The sign; of a complex number the one of absolute value 1 in its direction, nan of infinite ones."""
    if x.dtype.kind == "f":
        return np.subtract(x > 0, x < 0, dtype=x.dtype)
    if x.dtype.kind != "c":
        return sign(x)
    size = np.abs(x)
    out = np.where(x == 0, x.dtype.type(0), x / size.astype(x.dtype))
    mask = in_vectors(x)
    if mask is not None:  # by the vector, each part is divided alone
        np.divide(x.real, size, out=out.real, where=mask & (x != 0))
        np.divide(x.imag, size, out=out.imag, where=mask & (x != 0))
    return out[()]


def reciprocal(x: Array, out: Array | None = None) -> Array:
    """1 / x; a complex number divides 1, as NumPy's own function does not where it is 0 or infinite."""
    if x.dtype.kind == "c":
        return np.divide(x.dtype.type(1), x, out=out)
    return np.reciprocal(x, out=out)


def rsqrt(x: Array) -> Array:
    """1 / sqrt(x)"""
    return x.dtype.type(1) / np.sqrt(x)


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x))"""
    return 1 / (1 + np.exp(-x))


def relu(x: Array) -> Array:
    """max(x, 0), nan kept"""
    zero = ZEROS.get(x.dtype.char)
    return np.maximum(x, x.dtype.type(0)) if zero is None else np.maximum(zero, x)


def threshold_backward(grad: Array, result: Array, threshold: float) -> Array:
    """The gradient where result exceeds the threshold."""
    if threshold != 0 or grad.dtype is not result.dtype:
        return choose(result <= threshold, grad.dtype.type(0), grad)
    zero = ZEROS[grad.dtype.char]
    return choose(result <= zero, zero, grad)


# NumPy computes with a 0-d array in 3,000 instructions less than with a Python number, or with a scalar of its own.
ZEROS = {kind: np.zeros((), kind) for kind in "fd"}
BLOCK = 2**15  # elements that stay in a cache from one ufunc to the next
_ONES = {kind: np.ones((), kind) for kind in map(np.dtype, "efdFD")}


def tanh_backward(grad: Array, result: Array) -> Array:
    """grad * (1 - result ** 2), in one new array"""
    if type(grad) is Zeros:
        grad = grad.resolved()  # one operator in PyTorch, likewise
    one = _ONES.get(result.dtype)
    if one is None or type(result) is not np.ndarray:
        return grad * (1 - result * result)  # of half types, and of NumPy scalars
    out = np.square(result)
    if type(out) is not np.ndarray:
        return grad * (one - out)  # of 0-d arrays
    np.subtract(one, out, out)
    return np.multiply(grad, out, out)


def sigmoid_backward(grad: Array, result: Array) -> Array:
    """grad * (1 - result) * result"""
    return resolve(grad) * (1 - result) * result  # one operator in PyTorch, which computes with ordinary zeros


def conj_physical(grad: Array) -> Array:
    """In a formula: that of a real gradient is itself."""
    return grad


@in_steps
def complex_of(real: Array, imag: Array) -> Array:
    """Complex numbers of their parts, broadcast together, laid out as an elementwise result."""
    shape = np.broadcast_shapes(real.shape, imag.shape)
    kind = np.result_type(real.dtype, np.complex64)
    strides = elementwise_strides(shape, [(x.shape, element_strides(x)) for x in (real, imag)])
    out = laid_out(shape, strides, kind) if shape else np.empty((), kind)
    out.real[...] = real
    out.imag[...] = imag
    return out


def polar(abs: Array, angle: Array) -> Array:
    """Complex numbers of their sizes and angles."""
    out = complex_of(abs, angle)
    out.real[...] = abs * np.cos(angle)
    out.imag[...] = abs * np.sin(angle)
    return out


def mul_scalar_backward(grad: Array, number: Any) -> Array:
    """Of a real tensor; a complex one is multiplied by the conjugate."""
    return grad * number


def conjugate(x: Array) -> Array:
    """The conjugate; NumPy has none of a bfloat16."""
    return x.conj() if x.dtype.kind == "c" else x


def tanh_backward_of(grad: Array, result: Array) -> Array:
    """tanh_backward of real and complex numbers"""
    if result.dtype.kind == "f" and result.nbytes < LARGE and grad.shape == result.shape:
        return tanh_backward(grad, result)
    result = conjugate(result)
    if grad.shape != result.shape:
        return resolve(grad) * (1 - result * result)
    if result.nbytes < LARGE or not (result.flags.c_contiguous and grad.flags.c_contiguous):
        return tanh_backward(grad, result)
    one = _ONES.get(result.dtype)
    out = take(result.shape, result.dtype)
    flat = grad.reshape(-1), result.reshape(-1), out.reshape(-1)
    for start in range(0, out.size, BLOCK):
        g, r, o = [array[start : start + BLOCK] for array in flat]
        np.multiply(r, r, o)
        np.subtract(one, o, o)
        np.multiply(g, o, o)
    return out


def sigmoid_backward_of(grad: Array, result: Array) -> Array:
    """sigmoid_backward of real and complex numbers"""
    return sigmoid_backward(grad, conjugate(result))


def pow_scalar(x: Array, exponent: Any) -> Array:
    """x ** exponent for a Python number, by multiplication where PyTorch multiplies."""
    if x.dtype.kind in "fc":
        if exponent == 2:
            return x * x
        if exponent == 1:
            return clone(x) if type(x) is np.ndarray else x
        if exponent == 3:
            return x * x * x
        if exponent == 0:
            return np.ones_like(x) if type(x) is np.ndarray else x.dtype.type(1)
        if exponent == 0.5:
            return np.sqrt(x)
        if exponent == -1:
            return x.dtype.type(1) / x
        if exponent == -0.5:
            return x.dtype.type(1) / np.sqrt(x)
        if exponent == -2:
            return x.dtype.type(1) / (x * x)
        if x.dtype.kind == "c":
            return complex_power(x, x.dtype.type(exponent))
    elif x.dtype.kind == "b":  # to False or True
        return clone(x) if exponent else np.ones_like(x)
    return np.power(x, in_type(exponent, x.dtype))


def pow_complex(x: Array, exponent: complex) -> Array:
    """The same of real numbers to a complex one, which are made complex first."""
    return pow_scalar(x.astype(np.result_type(x.dtype, np.complex64)), exponent)


def _float16_power(x: Array, exponent: Any) -> Array:
    """The same of float16, given in single precision: there are no short cuts through roots and products."""
    if exponent in (0, 1):
        return pow_scalar(x, exponent)
    return _power(x, np.float32(np.float16(exponent)))


pow_scalar.of_float16 = _float16_power  # type: ignore[attr-defined]


def squared(x: Array) -> Array:
    """x ** 2 in a formula"""
    return x * x


def pow_tensor(x: Array, exponent: Array) -> Array:
    """x ** exponent, elementwise"""
    if x.dtype.kind in "iu":
        return integer_power(x, exponent)
    if x.dtype.kind == "b":
        raise NotImplementedError("\"pow\" not implemented for 'Bool'")
    return complex_power(x, exponent) if x.dtype.kind == "c" else _power(x, exponent)


def _power(x: Array, exponent: Array) -> Array:
    """Real numbers to real powers, as in C; where one exponent stands for all NumPy draws the root, of -0 and -inf another."""
    out = np.power(x, exponent)
    half = exponent == 0.5
    return np.where(half, np.where(x == -np.inf, -x, out + out.dtype.type(0)), out)[()] if half.any() else out


def complex_power(x: Array, exponent: Array) -> Array:
    """x ** exponent; of zeros and what is not finite by the logarithm, as in C, where NumPy knows better."""
    result = np.power(x, exponent, order="C")
    seldom = (x == 0) | ~np.isfinite(result) | ~np.isfinite(x) | ~np.isfinite(exponent)
    if np.any(seldom):
        result = np.where(seldom, np.exp(times_in_c(np.asarray(exponent), np.log(x))), result)
    return result if result.ndim else result[()]


def times_in_c(a: Array, b: Array) -> Array:
    """a * b of complex numbers where what is infinite stays so, by Annex G of the C standard."""
    product = np.asarray(a * b)
    lost = np.isnan(product.real) & np.isnan(product.imag)
    if not lost.any():
        return product
    c, d = (np.broadcast_to(x, product.shape).astype(product.dtype) for x in (a, b))
    endless = [np.isinf(x.real) | np.isinf(x.imag) for x in (c, d)]
    parts = np.isinf([c.real * d.real, c.imag * d.imag, c.real * d.imag, c.imag * d.real]).any(0)
    for x, its, others in ((c, *endless), (d, *endless[::-1])):
        for part in (x.real, x.imag):
            part[...] = np.where(its, np.copysign(np.isinf(part), part), part)
            part[...] = np.where(np.isnan(part) & (others | parts), np.copysign(0, part), part)
    recovered = np.empty_like(product)
    recovered.real = np.inf * (c.real * d.real - c.imag * d.imag)
    recovered.imag = np.inf * (c.real * d.imag + c.imag * d.real)
    return np.where(lost & (endless[0] | endless[1] | parts), recovered, product)


def integer_power(x: Array, exponent: Array) -> Array:
    """Integers to integer powers; a negative power rounds to zero, except that of 1 and -1."""
    if not np.any(exponent < 0):
        return np.power(x, exponent)
    odd = (exponent & 1).astype(bool)
    below = np.where(x == 1, 1, np.where(x == -1, np.where(odd, -1, 1), 0)).astype(x.dtype)
    result = np.where(exponent < 0, below, np.power(x, np.maximum(exponent, 0)))
    return result if result.ndim else result[()]


def pow_backward(grad: Array, x: Array, exponent: Any) -> Array:
    """The gradient of x ** exponent with respect to x."""
    if exponent == 0:
        return np.zeros(x.shape, x.dtype) if x.ndim else x.dtype.type(0)  # row-major, whatever x is
    return grad * (pow_scalar(x, exponent - 1) * x.dtype.type(exponent))


def pow_backward_self(grad: Array, x: Array, exponent: Array) -> Array:
    """The same for a tensor exponent: zero where the exponent is zero."""
    return np.where(exponent == 0, x.dtype.type(0), grad * (exponent * _power(x, exponent - exponent.dtype.type(1))))


def pow_backward_exponent(grad: Array, x: Array, exponent: Array, result: Array) -> Array:
    """The gradient with respect to the exponent: zero where x is 0 and the exponent is not negative."""
    return grad * np.where((x == 0) & (exponent >= 0), x.dtype.type(0), result * np.log(x))


def number_over(number: Any, x: Array) -> Array:
    """number / x"""
    refuse_integers(dtypes.from_numpy(x.dtype))
    return number / x


def refuse_integers(kind: dtypes.dtype) -> None:
    """PyTorch's complaint about a number divided by integers: its C++ fills a tensor of their type, and divides in place."""
    if kind.category < dtypes.FLOATING:
        wide = dtypes.get_default_dtype().scalar_name
        raise RuntimeError(f"result type {wide} can't be cast to the desired output type {kind.scalar_name}")


def div_other(grad: Array, x: Array, other: Array) -> Array:
    """The gradient of x / other with respect to other."""
    return -grad * ((x / other) / other)


def clone(x: Array) -> Array:
    """A copy in the same format: the same strides if x has no holes or overlaps."""
    if isinstance(x, np.generic):
        return x.copy()
    if x.flags.c_contiguous and x.size:
        out = x.copy()
        if out.strides == x.strides:  # NumPy's flag does not tell how dimensions of size 1 are stepped over
            return out
    out = like(x, x.dtype)
    out[...] = x
    return out


def scale(x: Array, alpha: Any) -> Array:
    """x times a Python number."""
    return x * in_type(alpha, x.dtype)


_numbers: dict[tuple[np.dtype, Any], Array] = {}  # of the multiples that were asked for, a learning rate mostly
_last: tuple[Any, Any, Any] = (None, None, None)  # a type, a number, and that 0-d array


def addend(x: Array, alpha: Any = 1) -> Array:
    """What is added for x, which PyTorch multiplies by alpha: complex infinities and zeros show it even where that is 1."""
    return x * in_type(alpha, x.dtype) if x.dtype.kind == "c" else x


def subtrahend(x: Array, alpha: Any = 1) -> Array:
    """What is subtracted for x: PyTorch adds it, multiplied by minus alpha."""
    return -(x * in_type(-alpha, x.dtype)) if x.dtype.kind == "c" else x


def add_scalar(x: Array, number: Any) -> Array:
    """x + number"""
    if x.dtype.kind in "biu" and type(number) is float:
        x = x.astype(dtypes.get_default_dtype().numpy)  # NumPy's would be float64
    return x + addend(x.dtype.type(number)) if x.dtype.kind == "c" else x + number


def sub_scalar(x: Array, number: Any) -> Array:
    """x - number"""
    return x - subtrahend(x.dtype.type(number)) if x.dtype.kind == "c" else x - number


def multiple(kind: np.dtype, number: float) -> Array:
    """The 0-d array of a number that arrays are multiplied by, in half the time that NumPy takes with a scalar.

    The last one is known by identity: to look for a pair in a table takes 980 instructions of the 16,500 of a small update.
    """
    global _last
    last_kind, last_number, array = _last
    if number is last_number and kind is last_kind:
        return array
    array = _numbers.get((kind, number))
    if array is None or not number:  # 0 and -0 would be one key
        array = np.array(in_type(number, kind))
        if len(_numbers) >= 1000:
            _numbers.clear()
        _numbers[kind, number] = array
    _last = kind, number, array
    return array


def with_multiple(name: str, function: np.ufunc, multiplied: Any) -> Any:
    """The kernel function(x, alpha * other); `multiplied` says what that is of complex numbers."""

    def kernel(x: Array, other: Array, alpha: Any, out: Array | None = None) -> Array:
        kind = x.dtype
        if kind.kind == "c":
            return function(x, multiplied(other, alpha), out)
        number = multiple(kind, alpha) if type(alpha) is float and x.ndim else in_type(alpha, kind)
        if out is None or other.dtype is kind:
            return function(x, other * number, out)
        return function(x, other * number, out=out, casting="unsafe")

    kernel.__name__ = name
    return kernel


add_alpha = knows_zeros(with_multiple("add_alpha", np.add, addend))
sub_alpha = knows_zeros(with_multiple("sub_alpha", np.subtract, subtrahend))


def rsub_alpha(x: Array, other: Array, alpha: Any) -> Array:
    """other - alpha * x"""
    return other - (subtrahend(x, alpha) if x.dtype.kind == "c" else in_type(alpha, x.dtype) * x)


def refuse_zero(x: Array, other: Any) -> None:
    """Integers are not divided by zero with a rest."""
    if x.dtype.kind in "iu" and np.size(x) and np.asarray(other).dtype.kind in "iub" and not np.all(other):
        raise RuntimeError("ZeroDivisionError")


BOOL_NEGATED = (
    "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a mask, use the `~` "
    "or `logical_not()` operator instead."
)


def refuse_bools(kernel: str, *operands: Any) -> None:
    """What PyTorch has not compiled for bools, it says in the name of its kernel."""
    if all(np.asarray(x).dtype.kind == "b" for x in operands):
        raise NotImplementedError(f"\"{kernel}\" not implemented for 'Bool'")


def div_mode(x: Array, other: Array, rounding_mode: str | None) -> Array:
    """The quotient, rounded down, towards zero, or not at all."""
    if rounding_mode is None:
        return x / other
    refuse_bools(f"div_{rounding_mode}_cpu", x, other)
    refuse_zero(x, other)
    if rounding_mode == "floor":
        return np.floor_divide(x, other)
    if x.dtype.kind in "iu":
        found = np.floor_divide(x, other)  # (the least number has no absolute value)
        return found + ((x - found * other != 0) & ((x < 0) != (other < 0)))
    return np.trunc(x / other)


def div_mode_self(grad: Array, other: Array, rounding_mode: str | None) -> Array:
    """Its gradient: zero where it is rounded."""
    return grad / other if rounding_mode is None else zeros_like(grad)


def div_mode_other(grad: Array, x: Array, other: Array, rounding_mode: str | None) -> Array:
    """Its gradient with respect to the divisor."""
    return div_other(grad, x, other) if rounding_mode is None else zeros_like(grad)


def round(x: Array) -> Array:
    """The nearest integer, the even one of two."""
    return x.copy() if x.dtype.kind in "biu" else np.rint(x)


@in_steps
def rsub_scalar_alpha(x: Array, other: Any, alpha: Any) -> Array:
    """A Python number minus alpha * x."""
    return wrapped(other, x.dtype) - in_type(alpha, x.dtype) * x


def round_decimals(x: Array, decimals: int) -> Array:
    """Rounded to so many decimal places, half to even."""
    power = x.dtype.type(10.0 ** abs_int(decimals))
    return np.rint(x * power) / power if decimals > 0 else np.rint(x / power) * power


def abs_int(number: int) -> int:
    """The absolute value of a Python int; `abs` is NumPy's here."""
    return -number if number < 0 else number


def angle(x: Array) -> Array:
    """The argument: of a real number 0 or pi, nan of nan."""
    if x.dtype.kind == "c":
        return np.angle(x)
    return np.where(np.isnan(x), x, np.where(x < 0, x.dtype.type(np.pi), x.dtype.type(0)))


def rsub(x: Array, other: Array) -> Array:
    """other - x"""
    return other - subtrahend(x)


def rsqrt_backward(grad: Array, result: Array) -> Array:
    """-grad / 2 * result ** 3"""
    return grad * grad.dtype.type(-0.5) * (result * result * result)


def rsub_scalar(x: Array, other: Any) -> Array:
    """A Python number minus x."""
    if x.dtype.kind == "f":
        return (_ONES.get(x.dtype, other) if other == 1 else other) - x
    return wrapped(other, x.dtype) - subtrahend(x)


def pow_base(base: Any, exponent: Array) -> Array:
    """A Python number to the power of an array."""
    if exponent.dtype.kind in "iu":
        return integer_power(np.array(base).astype(exponent.dtype)[()], exponent)
    base = exponent.dtype.type(base)
    if base.dtype.kind == "c":
        return np.ones_like(exponent) if base == 1 else complex_power(base, exponent)
    return np.power(base, exponent, order="C")


def pow_complex_base(base: complex, exponent: Array) -> Array:
    """A complex number to the power of real ones."""
    return pow_base(base, exponent.astype(np.result_type(exponent.dtype, np.complex64)))


def pow_backward_base(grad: Array, base: Any, exponent: Array, result: Array) -> Array:
    """The gradient of base ** exponent with respect to the exponent."""
    if base == 0:
        return grad * np.where(exponent >= 0, grad.dtype.type(0), result * grad.dtype.type(-np.inf))
    return grad * (result * np.log(grad.dtype.type(base)))
