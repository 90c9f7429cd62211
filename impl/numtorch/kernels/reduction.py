"""Reductions and scans over raw arrays."""

from __future__ import annotations

from typing import Any

from ..memory.descriptor import Descriptor, describe, ones_beside
from ..plain_numpy import np
from .half import in_steps, is_half
from .numbers import castable

Array = Any
_add_up, _partial_sums = np.add.reduce, np.add.accumulate
FEW = 8  # elements: fewer are added up in the same order, and sooner, by way of their partial sums
REAL, SUMMED_IN_OWN_TYPE = frozenset(map(np.dtype, "fd")), frozenset(map(np.dtype, "fdFD"))
_SCALARS = frozenset((np.float32, np.float64))
Dims = Any  # None (all), a tuple of dimensions, or () which PyTorch reads as all


def axes(dim: Dims, ndim: int) -> tuple[int, ...]:
    """The NumPy axes of PyTorch's `dim`."""
    if dim is None or dim == ():
        return tuple(range(ndim))
    if ndim == 0:
        return ()
    if type(dim) is not tuple:
        return (dim % ndim,)
    return (dim[0] % ndim,) if len(dim) == 1 else tuple([d % ndim for d in dim])


def kept(x: Array, dim: Dims, keepdim: bool, ndim: int) -> Array:
    """A reduced array with the reduced dimensions present, as size 1."""
    if keepdim or ndim == 0:
        return x
    if x.size == 1 and x.ndim and not any(x.strides):
        return np.ndarray((1,) * ndim, x.dtype, x, 0, (0,) * ndim)  # still known as expanded
    where = axes(dim, ndim)
    return np.expand_dims(x, where)


def rows(out: Array) -> Array:
    """The array in row-major order, as PyTorch returns every reduction."""
    if out.ndim < 2 or (out.flags.c_contiguous and 1 not in out.shape):
        return out
    return out if describe(out).plain else np.array(out, order="C")


def reduced(function: np.ufunc, x: Array, dim: Dims, keepdim: bool, dtype: Any = None) -> Array:
    """A ufunc's reduction over some dimensions, row-major; with dimensions that are kept it is no view either."""
    out = function.reduce(x, axes(dim, x.ndim), dtype, None, keepdim and x.ndim > 0)
    return rows(out) if out.ndim > 1 else out


def wide(x: Array, dtype: Any) -> Any:
    """The NumPy type a sum runs in: integers in int64."""
    if dtype is not None:
        return dtype.numpy
    return np.int64 if x.dtype.kind in "biu" else x.dtype


def reals(x: Array, dtype: Any) -> Array:
    """What is cast to the type that was asked for: of complex numbers the real parts, if it has no others."""
    return x if dtype is None or x.dtype.kind != "c" else castable(x, np.empty((), dtype.numpy))


def sum_all(x: Array, dtype: Any = None) -> Array:
    """The sum of all elements; integers and bool are summed in int64."""
    if dtype is None and (kind := x.dtype) in REAL:
        if x.ndim == 1 and 0 < len(x) < FEW:
            return _partial_sums(x)[-1] or kind.type()  # of negative zeros it is zero
        return _add_up(x, None)
    return np.add.reduce(reals(x, dtype), axis=None, dtype=wide(x, dtype))


def sum_plain(x: Array, desc: Descriptor) -> Array:
    """The sum of all elements, of which `desc` says that they are real and plain: an array takes longer to answer."""
    if desc.ndim == 1 and desc.numel < FEW:
        return _partial_sums(x)[-1] or desc.dtype.numpy.type()  # of negative zeros it is zero
    return _add_up(x, None)


def mean_plain(x: Array, desc: Descriptor) -> Array:
    """The mean of all elements of such an array."""
    return divide(sum_plain(x, desc), desc.numel)


def sum_dim(x: Array, dim: Dims, keepdim: bool, dtype: Any = None) -> Array:
    """The sum over some dimensions."""
    if dtype is None and dim and len(dim) == 1 and not keepdim and type(x) is np.ndarray and x.ndim == 2:
        first = dim[0] in (0, -2)
        ones = ones_beside(x, 0 if first else 1)
        if ones is not None:
            return ones.dot(x) if first else x.dot(ones)
    x = x if dtype is None else reals(x, dtype)
    return reduced(np.add, x, dim, keepdim, None if dtype is None and x.dtype in SUMMED_IN_OWN_TYPE else wide(x, dtype))


def count(x: Array, dim: Dims) -> int:
    """How many elements make one element of the result."""
    n = 1
    for a in axes(dim, x.ndim):
        n *= x.shape[a]
    return n


def divide(total: Array, n: int) -> Array:
    """A sum divided by a count, nan for 0 / 0."""
    if type(total) in _SCALARS:
        return total / n  # of the scalar's type: to make one of the count takes 1,300 instructions
    return total / total.dtype.type(n)


def mean_all(x: Array, dtype: Any = None) -> Array:
    """The mean of all elements."""
    return divide(sum_all(x, dtype), x.size)


def mean_dim(x: Array, dim: Dims, keepdim: bool, dtype: Any = None) -> Array:
    """The mean over some dimensions."""
    return divide(sum_dim(x, dim, keepdim, dtype), count(x, dim))


def nansum_dim(x: Array, dim: Dims, keepdim: bool, dtype: Any = None) -> Array:
    """The sum over some dimensions, nan counted as 0."""
    return sum_dim(np.where(np.isnan(x), x.dtype.type(0), x), dim, keepdim, dtype)


def prod_all(x: Array, dtype: Any = None) -> Array:
    """The product of all elements."""
    return np.multiply.reduce(reals(x, dtype), axis=None, dtype=wide(x, dtype))


def prod_dim(x: Array, dim: int, keepdim: bool, dtype: Any = None) -> Array:
    """The product over one dimension."""
    return reduced(np.multiply, reals(x, dtype), dim, keepdim, wide(x, dtype))


def max_all(x: Array) -> Array:
    """The largest element; nan wins."""
    return np.maximum.reduce(x, axis=None)


def min_all(x: Array) -> Array:
    """The smallest element; nan wins."""
    return np.minimum.reduce(x, axis=None)


def amax(x: Array, dim: Dims, keepdim: bool) -> Array:
    """The largest elements over some dimensions."""
    return _first_zeros(x, reduced(np.maximum, x, dim, keepdim), dim, keepdim)


def amin(x: Array, dim: Dims, keepdim: bool) -> Array:
    """The smallest elements over some dimensions."""
    return _first_zeros(x, reduced(np.minimum, x, dim, keepdim), dim, keepdim)


def _first_zeros(x: Array, values: Array, dim: Dims, keepdim: bool) -> Array:
    """Extreme values, each with the sign of the first zero where 0 and -0 tie; NumPy has that of any."""
    if values.dtype.kind != "f" or x.ndim == 0 or values.all():
        return values
    over = axes(dim, x.ndim)
    lanes = np.moveaxis(x, over, range(-len(over), 0))
    lanes = lanes.reshape((*lanes.shape[: x.ndim - len(over)], -1))
    first = np.take_along_axis(lanes, np.argmax(lanes == 0, axis=-1)[..., None], -1).reshape(values.shape)
    return np.where(values == 0, first, values)[()]


def aminmax(x: Array, dim: int | None, keepdim: bool) -> tuple[Array, Array]:
    """The smallest and the largest elements."""
    if dim is None:
        both = min_all(x), max_all(x)
        return tuple([np.reshape(found, (1,) * x.ndim) for found in both]) if keepdim and x.ndim else both
    return amin(x, dim, keepdim), amax(x, dim, keepdim)


def argmax(x: Array, dim: int | None, keepdim: bool) -> Array:
    """The first index of the largest element."""
    return _index_of(np.argmax, x, dim, keepdim)


def argmin(x: Array, dim: int | None, keepdim: bool) -> Array:
    """The first index of the smallest element."""
    return _index_of(np.argmin, x, dim, keepdim)


def _index_of(function: Any, x: Array, dim: int | None, keepdim: bool) -> Array:
    if x.ndim == 0:
        return np.int64(0)
    out = np.asarray(function(x, axis=dim)).astype(np.int64, copy=False)
    if keepdim:
        return shaped(out, x, axes(dim, x.ndim), True)
    return rows(out)[()]


def max_dim(x: Array, dim: int, keepdim: bool) -> tuple[Array, Array]:
    """The largest elements over one dimension, and the first index of each."""
    index = argmax(x, dim, keepdim)
    return _signed_zeros(x, reduced(np.maximum, x, dim, keepdim), index, dim, keepdim), index


def min_dim(x: Array, dim: int, keepdim: bool) -> tuple[Array, Array]:
    """The smallest elements over one dimension, and the first index of each."""
    index = argmin(x, dim, keepdim)
    return _signed_zeros(x, reduced(np.minimum, x, dim, keepdim), index, dim, keepdim), index


def _signed_zeros(x: Array, values: Array, index: Array, dim: int, keepdim: bool) -> Array:
    """The extreme values, each with the sign of the element that the index names where 0 and -0 tie."""
    if values.dtype.kind != "f" or x.ndim == 0 or values.all():
        return values
    found = np.take_along_axis(x, index if keepdim else np.expand_dims(index, dim), dim)
    return found if keepdim else found.squeeze(dim)


def vector_norm(x: Array, ord: float, dim: Dims, keepdim: bool, dtype: Any = None) -> Array:
    """The ord-norm over some dimensions."""
    if dtype is not None:
        x = x.astype(dtype.numpy)
    kind = (np.abs(x[:0] if x.ndim else x)).dtype
    if ord == 2:
        size = x if x.dtype.kind == "f" else np.abs(x)
        out = np.sqrt(reduced(np.add, size * size, dim, keepdim))
    elif ord == 0:
        out = reduced(np.add, x != 0, dim, keepdim, kind)
    elif ord == 1:
        out = reduced(np.add, np.abs(x), dim, keepdim)
    elif ord == np.inf:
        out = reduced(np.maximum, np.abs(x), dim, keepdim)
    elif ord == -np.inf:
        out = reduced(np.minimum, np.abs(x), dim, keepdim)
    else:
        out = np.power(reduced(np.add, np.power(np.abs(x), kind.type(ord)), dim, keepdim), kind.type(1.0 / ord))
    return out


def var(x: Array, dim: Dims, correction: float | None, keepdim: bool) -> Array:
    """The variance over some dimensions, divided by N - correction."""
    kind = x.dtype
    if kind.kind == "c":
        out: Array = var(x.real, dim, correction, keepdim) + var(x.imag, dim, correction, keepdim)
        return out
    return _variance(x, dim, correction, keepdim).astype(kind)[()]


def std(x: Array, dim: Dims, correction: float | None, keepdim: bool) -> Array:
    """The square root of the variance."""
    if x.dtype.kind == "c":
        return np.sqrt(var(x, dim, correction, keepdim))
    return np.sqrt(_variance(x, dim, correction, keepdim)).astype(x.dtype)[()]


def _var_of_halves(x: Array, dim: Dims, correction: float | None, keepdim: bool) -> Array:
    """The variance of halves, which PyTorch finds with the mean."""
    return var_mean(x, dim, correction, keepdim)[0]


def _std_of_halves(x: Array, dim: Dims, correction: float | None, keepdim: bool) -> Array:
    """The deviation, likewise."""
    return std_mean(x, dim, correction, keepdim)[0]


var.of_float16 = var.of_bfloat16 = _var_of_halves  # type: ignore[attr-defined]
std.of_float16 = std.of_bfloat16 = _std_of_halves  # type: ignore[attr-defined]


def var_mean(x: Array, dim: Dims, correction: float | None, keepdim: bool) -> tuple[Array, Array]:
    """The variance and the mean."""
    kind = x.dtype
    if kind.kind == "c":
        return _of_parts(*[var_mean(part, dim, correction, keepdim) for part in (x.real, x.imag)], kind)
    return tuple([out.astype(kind)[()] for out in _moments(x, dim, correction, keepdim)])


def _variance(x: Array, dim: Dims, correction: float | None, keepdim: bool) -> Array:
    """The variance in double precision. That of everything is about the mean as the type has it, as PyTorch's is."""
    n = count(x, dim)
    if n != x.size or not n:
        return _moments(x, dim, correction, keepdim)[0]
    away = x - np.float64(mean_all(x))
    return shaped(np.add.reduce(away * away, axis=None) / _divisor(n, correction), x, axes(dim, x.ndim), keepdim)


def _divisor(n: int, correction: float | None) -> Array:
    return np.float64(max(n - (1 if correction is None else correction), 0))


def _moments(x: Array, dim: Dims, correction: float | None, keepdim: bool) -> tuple[Array, Array]:
    """The variance and the mean in double precision: PyTorch rounds them once, and the deviation after its root is taken."""
    y = x.astype(np.float64)
    where = axes(dim, x.ndim)
    n = count(x, dim)
    middle = np.asarray(np.add.reduce(y, axis=where, keepdims=True) / np.float64(n))
    away = y - middle
    square = np.add.reduce(away * away, axis=where, keepdims=True)
    # What is left of the rounding of a mean is no larger. Elements that are alike have no variance, as by a running mean.
    if y.size and np.any(near := square <= middle * middle * (float(n) ** 3 * 2.0**-104)):
        first = y[tuple([slice(0, 1) if i in where else slice(None) for i in range(y.ndim)])] + 0.0  # no mean is -0
        alike = near & np.logical_and.reduce(y == first, axis=where, keepdims=True)
        square, middle = np.where(alike, 0.0, square), np.where(alike, first, middle)
    middle = _welford_mean(x, where, middle)
    out = square / _divisor(n, correction)
    return shaped(out, x, where, keepdim), shaped(middle, x, where, keepdim)


def _of_parts(real: tuple[Array, Array], imag: tuple[Array, Array], kind: np.dtype) -> tuple[Array, Array]:
    """The variance and the mean of complex numbers, from those of their parts."""
    middle = np.empty(np.shape(real[1]), kind)
    middle.real, middle.imag = real[1], imag[1]
    return real[0] + imag[0], middle[()]


def _welford_mean(x: Array, where: tuple, mean: Array) -> Array:
    """The mean as it comes from PyTorch's running mean: once that is infinite, the next element makes it nan."""
    if np.isfinite(mean).all() or not x.size:
        return mean
    before = np.array(np.isinf(x))
    before[tuple([slice(-1, None) if a in where else slice(None) for a in range(x.ndim)])] = False
    return np.where(np.logical_or.reduce(before, axis=where, keepdims=True), np.nan, mean)


def shaped(out: Array, x: Array, where: tuple, keepdim: bool) -> Array:
    """A reduction that kept its dimensions, row-major, with or without them."""
    shape = [1 if i in where else s for i, s in enumerate(x.shape) if keepdim or i not in where]
    return np.reshape(np.array(out, order="C"), shape)


def std_mean(x: Array, dim: Dims, correction: float | None, keepdim: bool) -> tuple[Array, Array]:
    """The standard deviation and the mean."""
    if x.dtype.kind == "c":
        variance, mean = var_mean(x, dim, correction, keepdim)
        return np.sqrt(variance), mean
    variance, mean = _moments(x, dim, correction, keepdim)
    return np.sqrt(variance).astype(x.dtype)[()], mean.astype(x.dtype)[()]


@in_steps
def logsumexp(x: Array, dim: Dims, keepdim: bool) -> Array:
    """log(sum(exp(x))) over some dimensions, without overflow."""
    where = axes(dim, x.ndim)
    if not x.size:
        return np.log(np.add.reduce(np.exp(x), axis=where, keepdims=keepdim))
    # Of a complex number the real part alone says how large its exponential is.
    top = np.maximum.reduce(x.real if x.dtype.kind == "c" else x, axis=where, keepdims=True)
    top = np.where(np.isinf(top), top.dtype.type(0), top)
    wide = np.float32 if is_half(x.dtype) else None  # in which PyTorch adds up
    total = np.add.reduce(np.exp(x - top), axis=where, keepdims=True, dtype=wide).astype(x.dtype, copy=False)
    out = np.log(total) + top
    return shaped(out, x, where, keepdim)[()]


def cumsum(x: Array, dim: int, dtype: Any = None) -> Array:
    """Running sums along one dimension."""
    return _scan(np.add, x, dim, dtype)


def cumprod(x: Array, dim: int, dtype: Any = None) -> Array:
    """Running products along one dimension."""
    return _scan(np.multiply, x, dim, dtype)


def _scan(function: Any, x: Array, dim: int, dtype: Any) -> Array:
    """A ufunc's running values, row-major; they start from its identity, so that sums know no -0."""
    kind = wide(x, dtype)
    x = reals(x, dtype)
    if x.ndim == 0:
        return x.astype(kind)
    if x.dtype.kind == "c" and function is np.multiply:
        dim %= x.ndim
        x = np.array(x)  # 1 times the first: what is infinite is multiplied once, and not at the end
        x[(slice(None),) * dim + (slice(0, 1),)] *= 1
        return running(function, x, dim, kind)
    out = running(function, x, dim, kind)
    return function(out, out.dtype.type(function.identity), out=out)


def running(function: Any, x: Array, dim: int, kind: Any) -> Array:
    """A ufunc's running values in memory of their own, each rounded from PyTorch's accumulator, which is wider."""
    out = np.empty(x.shape, kind)
    out[...] = function.accumulate(x, axis=dim, dtype=_ACCUMULATOR.get(out.dtype, out.dtype))
    return out


_ACCUMULATOR = {
    np.dtype(narrow_): np.dtype(wider) for narrow_, wider in (("float32", "float64"), ("complex64", "complex128"))
}


def all_dim(x: Array, dim: Dims, keepdim: bool) -> Array:
    """Whether all elements are true; uint8 answers in uint8."""
    return _logical(np.logical_and, x, dim, keepdim)


def any_dim(x: Array, dim: Dims, keepdim: bool) -> Array:
    """Whether some element is true; uint8 answers in uint8."""
    return _logical(np.logical_or, x, dim, keepdim)


def _logical(function: np.ufunc, x: Array, dim: Dims, keepdim: bool) -> Array:
    out = reduced(function, x != 0, dim, keepdim)
    return out.astype(np.uint8) if x.dtype == np.uint8 else out


def count_nonzero(x: Array, dim: Dims) -> Array:
    """How many elements are not zero."""
    return reduced(np.add, x != 0, dim, False, np.int64)
