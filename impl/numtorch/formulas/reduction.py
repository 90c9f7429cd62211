"""Formula functions of reductions and scans, in differentiable operations."""

from __future__ import annotations

import math
from typing import Any

from .. import dispatch as d
from ..dtype import get_default_dtype
from ..grad_mode import is_grad_enabled
from ..kernels.reduction import axes, count
from ..plain_numpy import np
from ..tensor import wrap
from .masks import in_memory, into_zeros, mask, nowhere_zero, of_arrays, within, within_living


def restored(x: Any, dim: Any, keepdim: bool, ndim: int) -> Any:
    """A reduced tensor with the reduced dimensions present, as size 1; a single one is counted as it was given."""
    if keepdim or ndim == 0:
        return x
    if type(dim) is int or (dim is not None and len(dim) == 1):
        return d.unsqueeze(x, dim if type(dim) is int else dim[0])
    for a in sorted(axes(dim, ndim)):
        x = d.unsqueeze(x, a)
    return x


def viewed(x: Any, dim: Any, keepdim: bool, ndim: int) -> Any:
    """The same by one view."""
    if keepdim or ndim == 0:
        return x
    where = axes(dim, ndim)
    rest = iter(x._desc.shape)
    return d.view(x, tuple([1 if i in where else next(rest) for i in range(ndim)]))


def sum_all_backward(grad: Any, shape: tuple, dtype: Any) -> Any:
    """The gradient repeated."""
    return d.expand(grad, shape)


def sum_backward(grad: Any, shape: tuple, dim: Any, keepdim: bool, dtype: Any) -> Any:
    """The gradient repeated along the dimensions that were summed."""
    if dim is None or dim == ():
        return d.expand(grad, shape)
    return d.expand(restored(grad, dim, keepdim, len(shape)), shape)


def mean_all_backward(grad: Any, shape: tuple, numel: int, dtype: Any) -> Any:
    """The gradient repeated, divided by the number of elements."""
    return in_memory(d.div_scalar(d.expand(grad, shape), numel))


def mean_backward(grad: Any, shape: tuple, numel: int, dim: Any, keepdim: bool, dtype: Any) -> Any:
    """The gradient repeated along the dimensions, divided by their size; PyTorch's node has both the shape and its size."""
    n = math.prod([shape[a] for a in axes(dim, len(shape))])
    return in_memory(d.div_scalar(sum_backward(grad, shape, dim, keepdim, grad._desc.dtype), n))


def nansum_backward(grad: Any, x: Any, dim: Any, keepdim: bool) -> Any:
    """The gradient where x is not nan."""
    spread = sum_backward(grad.to(x._desc.dtype), x._desc.shape, dim, keepdim, x._desc.dtype)
    return spread * mask(np.logical_not, mask(np.isnan, x))


def prod_backward(grad: Any, x: Any, result: Any) -> Any:
    """The gradient times the product of the other elements."""
    if (kind := x._desc.dtype) is not grad._desc.dtype:
        return prod_backward(grad, x.to(grad._desc.dtype), result).to(kind)
    if x._desc.ndim == 0:
        return grad
    if nowhere_zero(x):
        return grad * (result / x).conj()
    if not is_grad_enabled() and not within_living(x) and x._desc.numel - np.count_nonzero(x._array) > 1:
        return wrap(np.zeros(x._desc.shape, x._desc.dtype.numpy))  # without a tangent
    flat = d.view(x.contiguous(), (x._desc.numel,))
    return d.view(times_others(grad, flat, 0), tuple(x._desc.shape))


def times_others(grad: Any, x: Any, dim: int) -> Any:
    """The gradient times, for each element, the product of the other ones along a dimension."""
    if not x._desc.numel:
        return d.expand(grad, tuple(x._desc.shape))
    shape = list(x._desc.shape)
    n = shape[dim]
    if n == 1:
        return grad
    shape[dim] = 1
    one = wrap(np.ones(shape, grad._desc.dtype.numpy))
    ahead = d.cumprod(d.cat([one, d.slice_(x, dim, 0, n - 1, 1)], dim), dim, None)
    back = d.cat([one, d.flip(d.slice_(x, dim, 1, n, 1), (dim,))], dim)
    return grad * (ahead * d.flip(d.cumprod(back, dim, None), (dim,))).conj()


def prod_dim_backward(grad: Any, x: Any, result: Any, dim: int, keepdim: bool) -> Any:
    """The same along one dimension."""
    if (kind := x._desc.dtype) is not grad._desc.dtype:
        return prod_dim_backward(grad, x.to(grad._desc.dtype), result, dim, keepdim).to(kind)
    if x._desc.ndim == 0:
        return grad
    dim %= x._desc.ndim
    grad, result = restored(grad, dim, keepdim, x._desc.ndim), restored(result, dim, keepdim, x._desc.ndim)
    if nowhere_zero(x):
        return grad * (result / x).conj()
    return times_others(grad, x, dim)


def evenly_distribute_backward(grad: Any, x: Any, value: Any) -> Any:
    """The gradient shared among all elements that have the value."""
    if within(grad, x):
        chosen = of_arrays(lambda array, one: np.isnan(array) if one != one else array == one, x, value)
        out = chosen * (grad / of_arrays(lambda chosen: np.int64(np.count_nonzero(chosen)), chosen))
        out._counter = [0]  # here PyTorch writes to nothing
        return out
    chosen = mask(np.isnan, x) if value._array != value._array else mask(np.equal, x, value)
    n = of_arrays(lambda chosen: np.int64(np.count_nonzero(chosen)), chosen)
    zeros = wrap(np.zeros(x._desc.shape, grad._desc.dtype.numpy))
    return into_zeros(grad, d.masked_fill_tensor(zeros, chosen, grad / n))


def scale_by_count_backward(grad: Any, x: Any, result: Any, dim: Any, keepdim: bool) -> Any:
    """The gradient shared among ties along the dimensions."""
    return _fitted(_shared(grad, x, result, dim, keepdim), x)


def _shared(grad: Any, x: Any, result: Any, dim: Any, keepdim: bool) -> Any:
    """The same; of a number that was reduced along a dimension, with that dimension, which was not there."""
    ndim = x._desc.ndim
    grad = d.view(grad, ()) if dim == () and not keepdim else viewed(grad, dim, keepdim, ndim)
    chosen = mask(np.equal, viewed(result, dim, keepdim, ndim), x)
    if not ndim and dim not in (None, ()) and not keepdim:
        grad = d.view(grad, (1,))
    return grad / _number_of(chosen, dim) * chosen


def _fitted(grad: Any, x: Any) -> Any:
    """A gradient without the dimension that x does not have, as PyTorch's engine sums it."""
    return grad if x._desc.ndim or not grad._desc.ndim else d.sum_all(grad, None)


def _number_of(chosen: Any, dim: Any) -> Any:
    """How many are chosen along the dimensions, which stay."""
    ndim = chosen._desc.ndim

    def number(chosen: Any) -> Any:
        return np.add.reduce(chosen, axis=axes(dim, ndim), dtype=np.int64, keepdims=bool(ndim))

    return of_arrays(number, chosen)


def aminmax_backward(grads: list, x: Any, least: Any, greatest: Any, dim: int | None, keepdim: bool) -> Any:
    """The sum of the two gradients."""
    parts = [_shared(g, x, r, dim, keepdim) for g, r in zip(grads, (least, greatest), strict=True) if g is not None]
    if len(parts) == 1:
        return _fitted(parts[0], x)
    return _fitted(parts[0] + parts[1] if within(*parts) else parts[0].add_(parts[1]), x)


def value_selecting_backward(grad: Any, dim: int, index: Any, shape: tuple, keepdim: bool) -> Any:
    """The gradient at the selected elements, zeros elsewhere."""
    if not keepdim and shape:
        grad, index = d.unsqueeze(grad, dim), d.unsqueeze(index, dim)
    return d.scatter(wrap(np.zeros(shape, grad._desc.dtype.numpy)), dim, index, grad)


def norm_backward(grad: Any, x: Any, ord: float, norm: Any, dim: Any, keepdim: bool) -> Any:
    """The gradient of a norm, zero where the norm is; of one in another type nothing is converted, which the engine does."""
    if ord == 0:
        return None
    ndim = x._desc.ndim
    if dim:
        grad, norm = restored(grad, dim, keepdim, ndim), restored(norm, dim, keepdim, ndim)
    if ord == 1:
        return x.sgn() * grad
    zero = mask(np.equal, norm, 0)
    if ord == 2:
        return grad * (x / norm).masked_fill_(zero, 0)
    size = x.abs()
    if ord in (float("inf"), float("-inf")):
        largest = mask(np.logical_or, mask(np.equal, size, norm), mask(np.isnan, size))
        shared = (grad / _number_of(largest, dim)) * largest
        return x.sgn() * shared
    if ord < 1:
        power = size.pow_(ord - 1).masked_fill_(mask(np.equal, x, 0), 0)
        scaled = x.sgn() * power
        power = norm.pow(1 - ord)
        return scaled * grad * power
    power = size.pow_(ord - (1 if ord < 2 else 2))
    scaled = (x.sgn() if ord < 2 else x) * power
    return scaled * (grad / norm.pow(ord - 1)).masked_fill_(zero, 0)


def var_backward(grad: Any, x: Any, dim: Any, correction: float | None, keepdim: bool) -> Any:
    """2 / (N - correction) * grad * (x - mean), in the type of x as the engine makes it"""
    return var_moved(grad, x, dim, correction, keepdim).to(x._desc.dtype)


def var_moved(grad: Any, x: Any, dim: Any, correction: float | None, keepdim: bool) -> Any:
    """The same, in the type that PyTorch computes it in."""
    ndim = x._desc.ndim
    by = count(x._array, dim) - (1 if correction is None else correction)
    if ndim == 0 or dim is None:
        if by <= 0:
            even = mask(np.equal, x, d.mean_all(x.detach(), None))
            kind = get_default_dtype().numpy.type  # PyTorch chooses between numbers, which have it
            return grad * d.where(even, wrap(kind(np.nan)), wrap(kind(np.inf)))
        offset = x - d.mean_all(x, None)  # before the left operand: PyTorch's C++ evaluates the right one first
        return d.mul_scalar(grad, 2.0 / by) * offset
    if ndim > 1:
        grad = restored(grad, dim, keepdim, ndim)
    offset = x - d.mean_dim(x, dim, True, None)
    return d.mul_scalar(grad, 2.0 / by if by else float("inf")) * offset


def std_backward(grad: Any, x: Any, result: Any, dim: Any, correction: float | None, keepdim: bool) -> Any:
    """The gradient of the variance over 2 * std, zero where std is."""
    inner = d.masked_fill_(grad / d.mul_scalar(result, 2), mask(np.equal, result, 0), 0)
    return var_backward(inner, x, dim, correction, keepdim)


def var_mean_backward(grads: list, x: Any, dim: Any, correction: float | None, keepdim: bool) -> Any:
    """The sum of the gradients of variance and mean."""
    parts = []
    if grads[0] is not None:
        parts.append(var_backward(grads[0], x, dim, correction, keepdim))
    if grads[1] is not None:
        parts.append(mean_backward(grads[1], x._desc.shape, x._desc.numel, dim, keepdim, x._desc.dtype))
    return parts[0] if len(parts) == 1 else parts[0] + parts[1]


def std_mean_backward(grads: list, x: Any, result: Any, dim: Any, correction: float | None, keepdim: bool) -> Any:
    """The sum of the gradients of deviation and mean."""
    parts = []
    if grads[0] is not None:
        parts.append(std_backward(grads[0], x, result, dim, correction, keepdim))
    if grads[1] is not None:
        parts.append(mean_backward(grads[1], x._desc.shape, x._desc.numel, dim, keepdim, x._desc.dtype))
    return parts[0] if len(parts) == 1 else parts[0] + parts[1]


def logsumexp_backward(grad: Any, x: Any, result: Any, dim: Any, keepdim: bool) -> Any:
    """The gradient times softmax."""
    ndim = x._desc.ndim
    return restored(grad, dim, keepdim, ndim) * (x - restored(result, dim, keepdim, ndim)).exp().conj()


def reversed_cumsum(x: Any, dim: int) -> Any:
    """Running sums from the end."""
    return d.flip(d.cumsum(d.flip(x, (dim,)), dim, None), (dim,))


def cumsum_backward(grad: Any, dim: int, dtype: Any) -> Any:
    """Running sums from the end."""
    grad = grad.to(dtype)
    if grad._desc.numel <= 1 or grad._desc.shape[dim] == 1:
        return grad
    return reversed_cumsum(grad, dim)


def cumprod_backward(grad: Any, x: Any, dim: int, result: Any) -> Any:
    """For each element the sum over the products that contain it."""
    if (kind := x._desc.dtype) is not grad._desc.dtype:
        return cumprod_backward(grad.to(kind), x, dim, result).to(kind)
    shape = list(x._desc.shape)
    if not shape or 0 in shape:
        return grad
    dim %= len(shape)
    n = shape[dim]
    if n == 1:
        return grad
    inside = within_living(x, grad)
    if not inside and nowhere_zero(x):
        return reversed_cumsum(result.conj() * grad, dim) / x.conj()
    x = x.conj()
    if not is_grad_enabled() and not inside:
        return _between_zeros(grad, x, dim, result.conj())
    found = None if inside else grad.new_zeros(tuple(shape)).zero_()  # PyTorch writes its zeros, too
    shape[dim] = 1
    ones = d.expand(wrap(np.ones(1, x._desc.dtype.numpy)), tuple(shape))
    columns = []
    for k in range(n):  # the sum over all products that the element is in, of what else is in them
        others = None if k == 0 else d.prod_dim(d.slice_(x, dim, 0, k, 1), dim, True, None)
        if k < n - 1:
            after = d.cumprod(d.slice_(x, dim, k + 1, None, 1), dim, None)
            if others is None:
                others = d.cat([ones, after], dim)
            else:
                others = d.cat([others, d.expand(others, tuple(after._desc.shape)) * after], dim)
        column = d.sum_dim(d.slice_(grad, dim, k, None, 1) * others, (dim,), False, None)
        if found is None:
            columns.append(column)
        else:
            d.select(found, dim, k).copy_(column)
    return d.stack(columns, dim) if found is None else found


def _between_zeros(grad: Any, x: Any, dim: int, result: Any) -> Any:
    """The same in one pass, for who wants no further gradient: before the first zero as if there were none; at it what follows
    up to the second; and nothing behind. (A tangent is of just that, and not of what a product without its zero would be.)"""
    zeros = np.cumsum(x._array == 0, axis=dim)
    none, one = zeros == 0, zeros == 1
    place = np.argmax(one, axis=dim, keepdims=True)
    first = np.zeros(zeros.shape, bool)
    np.put_along_axis(first, place, True, axis=dim)
    before = reversed_cumsum((result * grad).masked_fill(wrap(~none), 0), dim) / x
    after = d.cumprod(x.masked_fill(wrap(~(one & ~first)), 1), dim, None) * grad.masked_fill(wrap(~one), 0)
    ahead = d.gather(result, dim, wrap(np.maximum(place - 1, 0)), False).masked_fill(wrap(place == 0), 1)
    at_zero = d.sum_dim(after, (dim,), True, None) * ahead
    nothing = wrap(np.zeros((), grad._desc.dtype.numpy))
    return d.where(wrap(none), before, d.where(wrap(first), at_zero, nothing)).contiguous()
