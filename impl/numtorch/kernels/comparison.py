"""Comparisons, selections and clipping over raw arrays."""

from __future__ import annotations

from typing import Any

from ..memory.descriptor import expect_room
from ..memory.geometry import row_major
from ..plain_numpy import np
from .numbers import element, in_type
from .vectors import PAIR, in_vectors

Array = Any

isfinite, logical_and, logical_or, logical_xor, logical_not = (
    np.isfinite,
    np.logical_and,
    np.logical_or,
    np.logical_xor,
    np.logical_not,
)
isnan, bitwise_not = np.isnan, np.invert


def isinf(x: Array) -> Array:
    """Whether elements are infinite."""
    return np.isinf(x)


def all_alike(x: Array, value: bool) -> Array:
    """One answer for every element."""
    return np.full(np.shape(x), value)[()]


def isposinf(x: Array) -> Array:
    """Whether elements are infinite and positive."""
    return x == np.inf


def isneginf(x: Array) -> Array:
    """Whether elements are infinite and negative."""
    return x == -np.inf


def signbit(x: Array) -> Array:
    """Whether elements are below zero, or -0."""
    return np.signbit(x) if x.dtype.kind == "f" else x < 0


def isclose(x: Array, y: Array, rtol: float, atol: float, equal_nan: bool) -> Array:
    """|x - y| <= atol + rtol * |y|, equal infinities included."""
    close = x == y
    if x.dtype.kind in "biu":
        x = x.astype(np.float32)  # so that their difference has a sign
    if equal_nan:
        close = close | (x != x) & (y != y)
    if rtol == 0 and atol == 0:
        return close
    allowed = atol + np.abs(rtol * y)
    away = np.abs(x - y)
    return close | np.isfinite(away) & (away <= allowed)


def choose(condition: Array, x: Any, other: Any) -> Array:
    """np.where, in memory laid out as the condition is: the first operand decides, as in PyTorch."""
    out = np.where(condition, x, other)
    if type(condition) is np.ndarray and condition.ndim > 1 and not condition.flags.c_contiguous:
        return in_layout(out, condition)
    return out


def in_layout(out: Array, model: Array) -> Array:
    """The values with the order of dimensions of a model that has the same shape and is dense."""
    if out.shape != model.shape or 0 in model.strides:
        return out
    new = np.empty_like(model, dtype=out.dtype)
    new[...] = out
    return new


def _extreme(ufunc: np.ufunc, x: Array, y: Array) -> Array:
    """Of 0 and -0 the first operand's, as in C++; but of what is taken by the vector the second's, as in NumPy.

    (Rows of what is stretched otherwise than as one number are short, and are not looked at.)
    """
    out = ufunc(y, x)
    if out.nbytes < PAIR or out.dtype.kind != "f" or out.all():
        return out
    alike = all(a.size == 1 or (a.shape == out.shape and a.strides == out.strides) for a in (x, y))
    taken = in_vectors(out) if alike else None
    return out if taken is None else np.where(taken, ufunc(x, y), out)


def maximum(x: Array, y: Array) -> Array:
    """The larger; nan wins."""
    return _extreme(np.maximum, x, y)


def minimum(x: Array, y: Array) -> Array:
    """The smaller; nan wins."""
    return _extreme(np.minimum, x, y)


clamp_min_tensor, clamp_max_tensor = maximum, minimum


def _first_zero(x: Array, y: Array, out: Array) -> Array:
    """Of 0 and -0 the first operand's; NumPy takes either, as they lie in memory."""
    if out.dtype.kind == "f" and not out.all():
        return np.where((x == 0) & (y == 0), x, out)
    return out


def fmax(x: Array, y: Array) -> Array:
    """The larger; a number wins over nan."""
    return _first_zero(x, y, np.fmax(x, y))


def fmin(x: Array, y: Array) -> Array:
    """The smaller; a number wins over nan."""
    return _first_zero(x, y, np.fmin(x, y))


def where_not_less(grad: Array, x: Array, other: Array) -> Array:
    """Half at a tie, nothing where the first is smaller."""
    half = choose(x == other, grad / grad.dtype.type(2), grad)
    return choose(x < other, 0, half)


def where_not_greater(grad: Array, x: Array, other: Array) -> Array:
    """Half at a tie, nothing where the first is larger."""
    half = choose(x == other, grad / grad.dtype.type(2), grad)
    return choose(x > other, 0, half)


def fmax_self_backward(grad: Array, x: Array, other: Array) -> Array:
    """All where the first is not smaller, or the second is nan."""
    return np.where((x >= other) | np.isnan(other), grad, 0)


def fmax_other_backward(grad: Array, x: Array, other: Array) -> Array:
    """What the first does not take."""
    return np.where((x >= other) | np.isnan(other), 0, grad)


def fmin_self_backward(grad: Array, x: Array, other: Array) -> Array:
    """All where the first is not larger, or the second is nan."""
    return np.where((x <= other) | np.isnan(other), grad, 0)


def fmin_other_backward(grad: Array, x: Array, other: Array) -> Array:
    """What the first does not take."""
    return np.where((x <= other) | np.isnan(other), 0, grad)


def where(condition: Array, x: Array, other: Array) -> Array:
    """x where the condition holds, else other."""
    return choose(condition, x, other)


def keep_where(grad: Array, condition: Array) -> Array:
    """The gradient where the condition holds."""
    return choose(condition, grad, 0)


def drop_where(grad: Array, condition: Array) -> Array:
    """The gradient where the condition does not hold."""
    return choose(condition, 0, grad)


def _filled(x: Array, mask: Array, value: Any) -> Array:
    out = np.where(mask, value, x)
    return row_major(out)


def masked_fill(x: Array, mask: Array, value: Any) -> Array:
    """One number where the mask holds, in the type of x."""
    return _filled(x, mask, element(value, x.dtype))


def fill_where(x: Array, mask: Array, value: Any) -> None:
    """The same in place, place by place: where elements share memory, one that is filled fills them all."""
    x[np.broadcast_to(mask, x.shape)] = element(value, x.dtype)


def masked_fill_tensor(x: Array, mask: Array, value: Array) -> Array:
    """The element of a 0-d array where the mask holds, in the type of x."""
    return _filled(x, mask, element(value, x.dtype))


def masked_fill_backward(grad: Array, mask: Array, desc: Any) -> Array:
    """The gradient where nothing was filled in."""
    from .shape import sum_to_size

    return sum_to_size(_filled(grad, mask, 0), desc.shape)


def masked_fill_value(grad: Array, mask: Array) -> Array:
    """The gradient where the value was filled in, summed."""
    return np.add.reduce(choose(mask, grad, 0), axis=None)


def masked_select(x: Array, mask: Array) -> Array:
    """The elements where the mask holds, in a row."""
    x, mask = np.broadcast_arrays(x, mask)
    return x[mask]


def masked_select_backward(grad: Array, x: Array, mask: Array, desc: Any, mask_desc: Any) -> Array:
    """The gradient back at its places."""
    from .shape import sum_to_size

    shape = np.broadcast_shapes(desc.shape, mask_desc.shape)
    out = np.zeros_like(x) if shape == x.shape else np.zeros(shape, grad.dtype)
    out[np.broadcast_to(mask, out.shape)] = grad
    return sum_to_size(out, x.shape)


# Of 0.0 and -0.0 PyTorch takes the element, not the bound. So does NumPy, if that comes second, but for half types first.


def clamp(x: Array, min: Any, max: Any) -> Array:
    """x between two numbers, either of which may be None; the upper one wins, nan stays."""
    if min is not None:
        x = clamp_min(x, min)
    return x if max is None else clamp_max(x, max)


def clamp_min(x: Array, min: Any) -> Array:
    """x, at least a number."""
    bound = in_type(min, x.dtype)
    return np.maximum(bound, x) if x.dtype.char in "fd" else np.maximum(x, bound)


def clamp_max(x: Array, max: Any) -> Array:
    """x, at most a number."""
    bound = in_type(max, x.dtype)
    return np.minimum(bound, x) if x.dtype.char in "fd" else np.minimum(x, bound)


def clamp_tensor(x: Array, min: Array | None, max: Array | None) -> Array:
    """x between two arrays, either of which may be None."""
    if min is not None:
        x = maximum(x, min)
    return x if max is None else minimum(x, max)


def into(how: Any, first: Array, second: Array) -> Array:
    """Two masks together, which PyTorch writes into the first: the second must not be larger."""
    expect_room(first.shape, second.shape)
    return how(first, second)


def clamp_backward(grad: Array, x: Array, min: Any, max: Any) -> Array:
    """The gradient inside the bounds and at them."""
    if max is None:
        return at_least(grad, x, min)
    return at_most(grad, x, max) if min is None else choose(into(np.logical_and, x >= min, x <= max), grad, 0)


def at_least(grad: Array, x: Array, min: Any) -> Array:
    """The gradient where x >= min."""
    return choose(x >= min, grad, 0)


def at_most(grad: Array, x: Array, max: Any) -> Array:
    """The gradient where x <= max."""
    return choose(x <= max, grad, 0)


def below(grad: Array, x: Array, min: Any) -> Array:
    """The gradient where x < min."""
    return choose(x < min, grad, 0)


def above(grad: Array, x: Array, max: Any) -> Array:
    """The gradient where x > max."""
    return choose(x > max, grad, 0)


def clamp_lower_backward(grad: Array, x: Array, min: Array, max: Array | None) -> Array:
    """The gradient where the lower bound is the result."""
    chosen = x < min if max is None else into(np.logical_and, x < min, min < max)
    return choose(chosen, grad, 0)


def clamp_upper_backward(grad: Array, x: Array, min: Array | None, max: Array) -> Array:
    """The gradient where the upper bound is the result."""
    chosen = x > max if min is None else into(np.logical_or, x > max, max < min)
    return choose(chosen, grad, 0)
