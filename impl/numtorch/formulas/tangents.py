"""What the tangents that rows state are made of, in differentiable operations."""

from __future__ import annotations

import math
from typing import Any

from .. import dispatch as d
from ..levels import wrapped_of
from ..memory.lazy import Zeros
from ..plain_numpy import np
from ..tensor import wrap
from .losses import MEAN, NONE
from .masks import joined, mask, of_arrays, within
from .pointwise import zeros_like
from .reduction import _number_of, prod_backward, prod_dim_backward, restored, var_moved


def refuse_zeros(tangent: Any, line: int) -> None:
    """Refuse zeros without memory, as an assertion of PyTorch's formula does, which is in this line."""
    if type(tangent._array) is Zeros and wrapped_of(tangent) is None:
        raise RuntimeError(
            '!self_t._is_zerotensor() INTERNAL ASSERT FAILED at "/__w/pytorch/pytorch/torch/csrc/autograd/FunctionsManual.cpp"'
            f":{line}, please report a bug to PyTorch. "
        )


def logsumexp_jvp(x: Any, tangent: Any, dim: Any, keepdim: bool) -> Any:
    """The mean of the tangent, weighted by softmax."""
    refuse_zeros(tangent, 7093)
    top = d.amax(real(x), dim, True) if x._desc.numel else None
    weights = (x if top is None else x - top).exp()
    total = d.sum_dim(weights, dim, keepdim, None)
    return d.div_(d.sum_dim(scaled_by(weights, tangent), dim, keepdim, None), total)


def safe_logsumexp_jvp(x: Any, tangent: Any, dim: Any, keepdim: bool) -> Any:
    """The same; zero where there is nothing but minus infinity."""
    found = logsumexp_jvp(x, tangent, dim, keepdim)
    none = (x == -math.inf).all(dim[0], True)
    return d.where(none, found.new_zeros(()), found)


def scaled_by(x: Any, tangent: Any) -> Any:
    """x times the tangent, in the memory of x unless the tangent is one of a transform."""
    return x * tangent if within(x, tangent) else d.mul_(x, tangent)


def norm_jvp(x: Any, tangent: Any, p: float, norm: Any, dim: Any, keepdim: bool) -> Any:
    """The tangent along the gradient of a norm, zero where the norm is."""
    refuse_zeros(tangent, 379)

    def summed(product: Any) -> Any:
        return d.sum_dim(product, dim, keepdim, None)

    moved = tangent.conj()
    if p == 0:
        return zeros_like(norm)
    if p == 1:
        return summed(real(scaled_by(x.sgn(), moved)))
    zero = mask(np.equal, norm, 0)
    if p == 2:
        return d.div_(summed(real(x * moved)), norm).masked_fill_(zero, 0)
    if p in (float("inf"), float("-inf")):
        if not keepdim:
            norm = restored(norm, dim, keepdim, x._desc.ndim)
        size = x.abs()
        largest = joined(np.logical_or, mask(np.equal, size, norm), mask(np.isnan, size)).to(norm._desc.dtype)
        number = _number_of(largest.bool(), dim)
        return summed(real(x.sgn() * moved) * largest / (number if dim else number.view(())))
    if p < 1:
        along = real(x.sgn() * moved)  # first: PyTorch's C++ evaluates the right operand first
        sums = summed(x.abs().pow_(p - 1).masked_fill_(mask(np.equal, x, 0), 0) * along)
        return sums * norm.pow(1 - p)
    if p < 2:
        along = real(x.sgn() * moved)
        sums = summed(x.abs().pow_(p - 1) * along)
    else:
        along = real(x * moved)
        sums = summed(x.abs().pow_(p - 2) * along)
    return (sums / norm.pow(p - 1)).masked_fill_(zero, 0)


def gather_with_keepdimed_indices(tangent: Any, dim: int, indices: Any, keepdim: bool) -> Any:
    """What the indices of a dimension choose."""
    found = d.gather(tangent, dim, indices if keepdim else indices.unsqueeze(dim), False)
    return found if keepdim else found.squeeze(dim)


def nansum_jvp(x: Any, tangent: Any, dim: Any, keepdim: bool, dtype: Any) -> Any:
    """The sum of the tangent where the element is a number."""
    return d.sum_dim(d.where(mask(np.isnan, x), 0, tangent), dim, keepdim, dtype)


def evenly_read_jvp(tangent: Any, x: Any, value: Any) -> Any:
    """The mean of the tangent over all elements that have the value."""
    chosen = mask(np.equal, x, value)
    number = of_arrays(lambda chosen: np.int64(np.count_nonzero(chosen)), chosen)
    return d.sum_all(chosen * (tangent / number), None)


def amaxamin_jvp(x: Any, tangent: Any, result: Any, dim: Any, keepdim: bool) -> Any:
    """The mean of the tangent over ties along the dimensions, or along one."""
    dim = (dim,) if type(dim) is int else dim
    whole = restored(result, dim, keepdim, x._desc.ndim)
    if dim and not (keepdim or x._desc.ndim):  # PyTorch restores a dimension that there never was
        whole = d.unsqueeze(whole, 0)
    chosen = mask(np.equal, x, whole)
    return d.sum_dim(d.where(chosen, tangent, 0), dim, keepdim, None) / chosen.sum(dim, keepdim)


def aminmax_jvp(x: Any, tangent: Any, least: Any, greatest: Any, dim: Any, keepdim: bool) -> tuple:
    """Those of both, in PyTorch's order, which is that of their names."""
    of_greatest = amaxamin_jvp(x, tangent, greatest, dim, keepdim)
    return amaxamin_jvp(x, tangent, least, dim, keepdim), of_greatest


def prod_jvp(x: Any, tangent: Any, result: Any, dim: Any, keepdim: bool) -> Any:
    """The sum of the tangent, each times the product of the other elements."""
    one = wrap(np.ones((), result._desc.dtype.numpy))
    one._counter = [1]  # PyTorch fills it
    ones = d.expand(one, tuple(result._desc.shape))
    x = x.to(result._desc.dtype)
    if dim is None:
        return (prod_backward(ones, x, result) * tangent.conj()).sum().conj()
    return (prod_dim_backward(ones, x, result, dim, keepdim) * tangent.conj()).sum(dim, keepdim).conj()


def var_jvp(x: Any, tangent: Any, dim: Any, correction: float | None, keepdim: bool) -> Any:
    """The sum of the tangent, each times the derivative of the variance."""
    return real(_var_along(x, tangent, dim, correction, keepdim))


def std_jvp(x: Any, tangent: Any, result: Any, dim: Any, correction: float | None, keepdim: bool) -> Any:
    """That of the variance over twice the deviation, zero where the deviation is."""
    twice = d.mul_scalar(result, 2.0)
    return (real(_var_along(x, tangent, dim, correction, keepdim)) / twice).masked_fill_(mask(np.equal, result, 0), 0)


def _var_along(x: Any, tangent: Any, dim: Any, correction: float | None, keepdim: bool) -> Any:
    return d.sum_dim(var_moved(tangent.conj(), x, dim, correction, True), dim or (), keepdim, None)


def real(x: Any) -> Any:
    """The real part; of a real tensor itself."""
    return x.real if x._desc.dtype.is_complex else x


def cumprod_jvp(tangent: Any, x: Any, result: Any, dim: int) -> Any:
    """The running sum of the tangent over x, times the result; from the first zero on the product with its tangent."""
    plain = d.cumsum(tangent / x, dim, None) * result
    if x._desc.ndim == 0:
        return plain.masked_fill_(mask(np.equal, x, 0), tangent)
    zeros = of_arrays(lambda x: np.ascontiguousarray(np.cumsum(x == 0, axis=dim)), x)  # as PyTorch's cumsum lays it out
    first = of_arrays(lambda x, zeros: (x == 0) & (zeros == 1), x, zeros)
    return d.where(mask(np.greater, zeros, 0), d.cumprod(d.where(first, tangent, x), dim, None), plain)


def share(chosen: Any, tie: Any, like: Any) -> Any:
    """1 where chosen, a half at a tie, else 0."""
    kind = like._desc.dtype.numpy
    return of_arrays(lambda chosen, tie: np.where(tie, 0.5, chosen).astype(kind)[()], chosen, tie)


def either(first: Any, second: Any) -> Any:
    """The first mask or the second, written into the first."""
    return joined(np.logical_or, first, second)


def clamp_jvp(x: Any, tangent: Any, low: Any, low_t: Any, high: Any, high_t: Any) -> Any:
    """The tangent of whichever of the three the result is."""
    if high is None:
        return d.where(mask(np.greater, x, low), tangent, low_t)
    if low is None:
        return d.where(mask(np.less, x, high), tangent, high_t)
    upper = d.where(mask(np.greater, x, high), high_t, tangent)
    return d.where(mask(np.greater, low, high), high_t, d.where(mask(np.less, x, low), low_t, upper))


def logcumsumexp_jvp(x: Any, tangent: Any, dim: int) -> Any:
    """The mean of the tangent up to each element, weighted by softmax; PyTorch keeps the sum of weights from zero.

    Complex numbers have no maximum to be weighed against.
    """
    refuse_zeros(tangent, 1017)
    weights = x.exp() if x._desc.dtype.is_complex else (x - x.max(dim, True)[0]).exp()
    total = d.cumsum(weights, dim, None)
    moved = d.cumsum(scaled_by(weights, tangent), dim, None)
    return d.div_(moved, d.add_scalar_(total, 1e-13))


def where_between(moved: Any, x: Any, low: float, high: float) -> Any:
    """What moves where x lies between two numbers, zero elsewhere."""
    between = joined(np.logical_and, mask(np.greater, x, low), mask(np.less, x, high))
    return d.where(between, moved, 0)


def where_outside(moved: Any, x: Any, lambd: float) -> Any:
    """What moves where x lies beyond a number or its negative, zero elsewhere."""
    outside = joined(np.logical_or, mask(np.greater, x, lambd), mask(np.less, x, -lambd))
    return d.where(outside, moved, 0)


def reduced_loss(loss: Any, reduction: int) -> Any:
    """The tangents of a loss's elements, reduced as the loss is."""
    return loss if reduction == NONE else loss.mean() if reduction == MEAN else loss.sum()
