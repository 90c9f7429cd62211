"""Formula functions of the elementwise operators."""

from __future__ import annotations

from typing import Any

from .. import dispatch as d
from ..calls.operands import check_subtraction
from ..kernels import pointwise as kernels
from ..levels import filled, wrapped_of
from ..memory.descriptor import arrange, descriptor
from ..memory.layout import dense_strides
from ..plain_numpy import np
from ..tensor import wrap
from .masks import mask, of_arrays, without_memory
from .shape import sum_to_size


def _masked(value: Any, zero: Any) -> Any:
    """The value where it is not to be zero: an exact zero, so that nan and inf do not pass."""
    return d.where(zero, 0, value)


def where_zero(exponent: Any, value: Any) -> Any:
    """Zero where the exponent is zero."""
    return _masked(value, mask(np.equal, exponent, 0))


def where_zero_base(x: Any, exponent: Any, value: Any) -> Any:
    """Zero where the base is zero and the exponent is not negative."""
    both = mask(np.logical_and, mask(np.equal, x, 0), mask(_not_negative, exponent))
    return _masked(value, both)


def pow_backward(grad: Any, x: Any, exponent: Any) -> Any:
    if exponent == 0:
        return wrap(np.zeros(x._desc.shape, x._desc.dtype.numpy))  # row-major, whatever x is
    if type(exponent) is not complex:
        exponent = float(exponent)  # as C++ has it, which shows in the nodes
    return grad * d.mul_scalar(x.pow(exponent - 1), exponent).conj()


def squared(x: Any) -> Any:
    return x.pow(2)


def number_minus(number: Any, x: Any) -> Any:
    """number - x, for which C++ fills a tensor with the number and subtracts in place."""
    return written_twice(d.sub(wrap(x._desc.dtype.numpy.type(number)), x), x)


def number_over(number: Any, x: Any) -> Any:
    """number / x, for which C++ fills a tensor with the number and divides in place."""
    kernels.refuse_integers(x._desc.dtype)
    numerator = wrap(np.full(x._desc.shape, number, x._desc.dtype.numpy)[()])
    return written_twice(d.div(numerator, x), x)


def written_twice(new: Any, like: Any) -> Any:
    """A new tensor in the format of another, which counts as written to twice, at every level of transforms."""
    shown = new
    while True:
        shown._counter = [2]
        if (wrapped := wrapped_of(shown)) is None:
            break
        shown = wrapped.value
    if shown is new and wrapped_of(like) is None:
        desc = like._desc
        if not desc.plain:
            layout = descriptor(desc.shape, desc.dtype, dense_strides(desc.shape, desc.strides))
            new._array, new._desc = arrange(new._array, layout)
    return new


def div_other(grad: Any, x: Any, other: Any) -> Any:
    quotient = ((x / other) / other).conj()  # first, as in PyTorch's C++, where the right operand is
    return -grad * quotient


def div_mode_self(grad: Any, other: Any, rounding_mode: str | None) -> Any:
    return grad / other.conj() if rounding_mode is None else zeros_like(grad)


def div_mode_other(grad: Any, x: Any, other: Any, rounding_mode: str | None) -> Any:
    return div_other(grad, x, other) if rounding_mode is None else zeros_like(grad)


def angle_backward(grad: Any, x: Any) -> Any:
    if not x._desc.dtype.is_complex:
        return zeros_like(x)
    zero = mask(np.equal, x, 0)
    return d.where(zero, 0, d.mul_scalar(grad * x / x.abs().pow(2), 1j))


def rsqrt_backward(grad: Any, result: Any) -> Any:
    cube = result.pow(3).conj()  # first, too
    return d.mul_scalar(grad, -0.5) * cube


def zeros_like(x: Any) -> Any:
    from ..creation import zeros_like as make

    return filled(x, make(x))


def new_zeros(x: Any) -> Any:
    return filled(x, of_arrays(kernels.new_zeros, x))


def unsaved_zeros(x: Any) -> Any:
    """Zeros for an operand of which only shape and type are known: within a vmap the same for each element of the batch."""
    return wrap(np.zeros(x._desc.shape, x._desc.dtype.numpy))


def plus(a: Any, b: Any) -> Any:
    """The sum of what there is of the two."""
    return b if a is None else a if b is None else a + b


def mul_scalar_backward(grad: Any, number: Any) -> Any:
    """The gradient of x * number."""
    return d.mul_scalar(grad, number.conjugate())


def mul_complex_backward(grad: Any, number: Any) -> Any:
    """The gradient of real x * complex number, which is real."""
    return d.mul_scalar(grad, number.conjugate()).real


def complex_backward(grad: Any, real: Any, imag: Any, needed: list) -> tuple:
    """The parts of the gradient."""
    second = imag_of_complex(grad, imag) if needed[1] else None  # first, as PyTorch does
    return real_of_complex(grad, real) if needed[0] else None, second


def real_of_complex(grad: Any, real: Any) -> Any:
    """The real part of the gradient, in the shape of the real part."""
    return sum_to_size(grad.real, real._desc.shape)


def imag_of_complex(grad: Any, imag: Any) -> Any:
    """The imaginary part likewise."""
    return sum_to_size(grad.imag, imag._desc.shape)


def polar_backward(grad: Any, result: Any, abs: Any, angle: Any, needed: list) -> tuple:
    """The part of the gradient along the number, and the one across it times its size."""
    across = grad.conj()
    first = (across * result.sgn()).real if needed[0] else None
    second = (across * d.mul_scalar(result, 1j)).real if needed[1] else None
    return _summed(first, abs.shape), _summed(second, angle.shape)


def _summed(grad: Any, shape: tuple) -> Any:
    return None if grad is None else sum_to_size(grad, shape)


def sgn_backward(x: Any, grad: Any, result: Any) -> Any:
    if x._desc.dtype.is_complex:
        size = x.abs()
        twice = d.mul_scalar(size, 2)
        across = grad.conj()  # from right to left, as PyTorch's C++ evaluates
        return ((grad - result * result * across) / twice).masked_fill_(mask(np.equal, size, 0), 0)
    return without_memory(tuple(x._desc.shape), x._desc.dtype.numpy)


def pow_backward_self(grad: Any, x: Any, exponent: Any) -> Any:
    check_subtraction(exponent, 1)
    return where_zero(exponent, grad * (exponent * x.pow(d.sub_scalar(exponent, 1))).conj())


def pow_backward_exponent(grad: Any, x: Any, exponent: Any, result: Any) -> Any:
    logarithm = x.to(result._desc.dtype).log()  # of a negative number there is one only among complex numbers
    return grad * where_zero_base(x, exponent, (result * logarithm).conj())


def pow_backward_base(grad: Any, base: Any, exponent: Any, result: Any) -> Any:
    complexly = exponent._desc.dtype.is_complex or type(base) is complex
    log = complex(np.log(complex(base))) if complexly else float(np.log(float(base)))
    slope = d.mul_scalar(result, log).conj()
    return grad * (_masked(slope, mask(_not_negative, exponent)) if base == 0 else slope)


def _not_negative(x: Any) -> Any:
    return (np.imag(x) == 0) & (np.real(x) >= 0)
