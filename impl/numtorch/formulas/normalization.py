"""Second gradients of normalization, and what PyTorch differentiates of them, in differentiable operations."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from .. import dispatch as d
from ..aliasing.views import bump
from ..grad_mode import is_grad_enabled
from ..memory.lazy import Zeros
from ..plain_numpy import np
from ..tensor import wrap
from .masks import within
from .pointwise import number_over
from .reduction import var_mean_backward


def _plus(a: Any, b: Any) -> Any:
    """The sum of what there is of the two, written into the first as PyTorch does, which its version shows."""
    return b if a is None else a if b is None else d.add_(a, b)


def _over(x: Any, number: float) -> Any:
    """The quotient, which PyTorch writes into x."""
    out = d.div_scalar(x, number)
    bump(out)
    return out


class _Twice:
    """What the second gradients of layer_norm and batch_norm have in common, for elements of which some share a mean.

    `again`, `of_gamma` and `of_beta` are the gradients of the backward operator's three results, broadcast, each None if
    there is none; `reduce` sums the `count` elements that share a mean.
    """

    def __init__(self, centred: Any, invstd: Any, reduce: Callable[[Any], Any], count: int):
        self.centred, self.invstd, self.reduce = centred, invstd, reduce
        self.count = float(count)
        self.share = 1.0 / count if count else float("inf")
        self.second, self.third = invstd.pow(2), invstd.pow(3)
        self.scaled = centred * self.third

    def sums(self, sent: Any) -> tuple[Any, Any]:
        """A gradient's sum along the input, and its sum."""
        return self.reduce(sent * self.centred), self.reduce(sent)

    def of_input(self, again: Any, sent: Any, sums: tuple[Any, Any], flipped: bool) -> Any:
        """The gradient of the input by the gradient's gradient; `sent` is the incoming one times gamma."""
        reduce, n = self.reduce, self.count
        sent_along, sent_sum = sums
        again_sum, again_along = reduce(again), reduce(again * self.centred)
        mixed = d.div_scalar(again_sum * sent_sum, n) - reduce((again, sent)[flipped] * (sent, again)[flipped])
        mixed = mixed + d.mul_scalar(self.second * sent_along * again_along, 3.0 * self.share)
        first = _over(self.scaled * mixed, n)
        rest = d.div_scalar(sent_sum, n) - sent  # before its factor: PyTorch's C++ evaluates the right operand first
        second = d.div_scalar(again_along * self.third, n) * rest
        rest = d.div_scalar(again_sum, n) - again
        third = d.div_scalar(sent_along * self.third, n) * rest
        return _plus(_plus(first, second), third)

    def of_input_by_gamma(self, spread: Callable[[], Any], total: Any = None) -> Any:
        """The same by the gradient of gamma's gradient, where it varies within a mean times the incoming one."""
        first = spread() * self.invstd
        second = d.div_scalar(self.invstd * (self.reduce(spread()) if total is None else total), -self.count)
        third = d.div_scalar(self.scaled * self.reduce(spread() * self.centred), -self.count)
        return _plus(_plus(first, second), third)

    def sent_back(self, grad: Any, gamma: Any) -> Any:
        """The first gradient of the input, if this came in."""
        scale = d.div_scalar(gamma * self.invstd, self.count)
        rest = d.mul_scalar(grad, self.count) - self.reduce(grad)
        along = self.reduce(grad * self.centred)  # likewise
        return scale * (rest - self.centred * self.second * along)

    def of_grad(self, first: Any, of_gamma: Any, of_beta: Any) -> Any:
        """The gradient of the incoming one; `first` is its part by the gradient's gradient."""
        if of_gamma is not None:
            first = _plus(first, of_gamma * self.centred * self.invstd)
        return _plus(first, of_beta)


def _of_bias(of_beta: Any, gamma: Any, again: Any) -> Any:
    """The gradient of the bias's gradient. PyTorch has none where there is no weight, and adds that to what else there is."""
    if gamma is None and of_beta is not None and again is not None:
        raise RuntimeError(
            "Expected a proper Tensor but got None (or an undefined Tensor in C++) for argument #1 'other'"
        )
    return None if gamma is None else of_beta


def _one(like: Any) -> Any:
    """The gamma of those that have none."""
    return wrap(np.ones((), like._desc.dtype.numpy))


def layer_norm_double_backward(
    grads: Any, input: Any, weight: Any, grad_out: Any, mean: Any, rstd: Any, normalized_shape: Any, needed: Any
) -> tuple:
    """Of each row, as a matrix of them."""
    shape, size = tuple(input._desc.shape), tuple(normalized_shape)
    count = prod(size)
    rows = prod(shape[: len(shape) - len(size)])

    def flat(x: Any, to: tuple) -> Any:
        return None if x is None else x.reshape(to)

    x, grad = input.reshape(rows, count), grad_out.reshape(rows, count)
    mean, rstd = mean.reshape(rows, 1), rstd.reshape(rows, 1)
    gamma = flat(weight, (1, count))
    of_gamma, of_beta = flat(grads[1], (1, count)), flat(grads[2], (1, count))
    again = flat(grads[0], (rows, count))
    of_beta = _of_bias(of_beta, gamma, again)
    twice = _Twice(x - mean, rstd, lambda x: d.sum_dim(x, (1,), True, None), count)
    of_input = of_weight = of_grad = None
    if again is not None:
        sent = grad * (_one(input) if gamma is None else gamma)
        of_input = twice.of_input(again, sent, twice.sums(sent), False)
    if of_gamma is not None:
        of_input = _plus(of_input, twice.of_input_by_gamma(lambda: grad * of_gamma))
    of_input = flat(of_input, shape)
    if again is not None:
        if gamma is not None:
            of_weight = d.sum_dim(grad * twice.sent_back(again, _one(input)), (0,), False, None).reshape(size)
        of_grad = twice.sent_back(again, _one(input) if gamma is None else gamma)
    of_grad = twice.of_grad(of_grad, of_gamma, of_beta)
    if of_grad is not None:
        of_grad = of_grad.expand(rows, count).reshape(shape)
    return of_grad, of_input, None, None, of_weight, None


def _channels(x: Any, keepdim: bool = True) -> Any:
    """The sum over all dimensions but that of channels, one after the other as PyTorch has it."""
    out = d.sum_dim(x, (0,), keepdim, None)
    for dim in range(out._desc.ndim - 1, int(keepdim), -1):
        out = d.sum_dim(out, (dim,), keepdim, None)
    return out


def batch_norm_double_backward(
    grads: Any,
    input: Any,
    weight: Any,
    grad_out: Any,
    running_mean: Any,
    running_var: Any,
    train: bool,
    eps: float,
    save_mean: Any,
    save_invstd: Any,
    needed: Any,
) -> tuple:
    """Of each channel; by running statistics the operator is linear in its input."""
    shape = tuple(input._desc.shape)

    def spread(x: Any) -> Any:
        """A channel's number where it broadcasts."""
        for _ in range(len(shape) - 2):
            x = d.unsqueeze(x, 1)
        return x

    def expanded(x: Any) -> Any:
        """The same for every element."""
        return None if x is None else spread(x).expand(shape)

    gamma, of_gamma, of_beta = expanded(weight), expanded(grads[1]), expanded(grads[2])
    again = grads[0]
    centred = input - spread(save_mean if train else running_mean)
    invstd = spread(save_invstd if train else d.add_scalar(running_var, eps).pow(-0.5))
    scale = _one(input) if gamma is None else gamma
    twice = _Twice(centred, invstd, _channels, prod(shape) // max(shape[1], 1))
    of_input = of_weight = of_grad = None
    if train:
        sums = twice.sums(grad_out)
        if again is not None:
            of_input = scale * twice.of_input(again, grad_out, sums, True)
        if of_gamma is not None:
            of_input = _plus(of_input, of_gamma * twice.of_input_by_gamma(lambda: grad_out, sums[1]))
        if again is not None:
            of_weight = None if gamma is None else _channels(again * twice.sent_back(grad_out, _one(input)), False)
            of_grad = twice.sent_back(again, scale)
    else:
        if of_gamma is not None:
            of_input = of_gamma * invstd * grad_out
        if again is not None:
            of_weight = None if gamma is None else _channels(again * grad_out * invstd, False)
            of_grad = again * invstd * scale
    of_grad = twice.of_grad(of_grad, of_gamma, _of_bias(of_beta, gamma, again))
    return of_grad, of_input, of_weight, None, None


def _unwritten(x: Any) -> bool:
    """Whether a tangent is not written to: it is zeros that nobody can write, or one of a transform."""
    return type(x._array) is Zeros or within(x)


def _invstd_jvp(
    x: Any, mean: Any, tangent: Any, invstd: Any, dims: tuple, count: int, keepdim: bool, zero: bool
) -> Any:
    """The tangent of one over the deviation; `zero`: the input's is not written to."""
    if zero:
        middle = d.mean_dim(tangent, dims, True, None)
        out = -invstd.pow(3) * (tangent - middle) * (x - mean)
    else:
        out = d.mul_(tangent - d.mean_dim(tangent, dims, True, None), x - mean)
        out = d.mul_(out, -invstd.pow(3))
    out = d.sum_dim(out, dims, keepdim, None)
    return _over(out, float(count) if count else float("nan"))


def _norm_jvp(x: Any, tangent: Any, mean: Any, invstd: Any, dims: tuple, count: int, zero: bool) -> Any:
    """The tangent of what is normalized, computed in place where PyTorch does, which its version shows."""
    of_invstd = _invstd_jvp(x, mean, tangent, invstd, dims, count, True, zero)
    out = tangent - d.mean_dim(tangent, dims, True, None)
    if zero:
        other = (x - mean) * of_invstd
        return out * invstd + other
    return d.add_(d.mul_(out, invstd), d.mul_(x - mean, of_invstd))


def _affine_jvp(normal: Any, tangent: Any, weight: Any, weight_t: Any, bias_t: Any) -> Any:
    """The tangent of normal() * weight + bias."""
    if weight is not None:
        normal = normal()
        if _unwritten(tangent) or _unwritten(weight_t):
            other = normal * weight_t
            tangent = tangent * weight + other
        else:
            tangent = d.mul_(tangent, weight)
            tangent = d.add_(tangent, d.mul_(normal, weight_t))
    if bias_t is None:
        return tangent
    return tangent + bias_t if _unwritten(tangent) else d.add_(tangent, bias_t)


def layer_norm_jvp(
    x: Any, x_t: Any, weight: Any, weight_t: Any, bias_t: Any, mean: Any, invstd: Any, normalized_shape: Any
) -> Any:
    """The tangent of layer_norm."""
    front = x._desc.ndim - len(normalized_shape)
    dims, each = tuple(range(front, x._desc.ndim)), (*(1,) * front, *normalized_shape)
    out = _norm_jvp(x, x_t, mean, invstd, dims, prod(normalized_shape), _unwritten(x_t))
    return _affine_jvp(
        lambda: (x - mean) * invstd, out, *[None if p is None else p.view(each) for p in (weight, weight_t, bias_t)]
    )


def batch_norm_jvp(
    x: Any,
    x_t: Any,
    weight: Any,
    weight_t: Any,
    bias_t: Any,
    running_mean: Any,
    running_var: Any,
    mean: Any,
    invstd: Any,
    train: bool,
    eps: float,
) -> Any:
    """The tangent of batch_norm."""
    shape = tuple(x._desc.shape)
    dims, each = by_channel(shape)
    if train:
        mean, invstd = mean.view(each), invstd.view(each)
        out = _norm_jvp(x, x_t, mean, invstd, dims, prod(shape) // max(shape[1], 1), _unwritten(x_t))
    else:
        invstd = number_over(1, d.sqrt(d.add_scalar(running_var, eps)))
        mean, invstd = running_mean.view(each), invstd.view(each)
        out = x_t * invstd
    return _affine_jvp(
        lambda: (x - mean) * invstd, out, *[None if p is None else p.view(each) for p in (weight, weight_t, bias_t)]
    )


def by_channel(shape: tuple) -> tuple[tuple, tuple]:
    """The dimensions that are taken together for each channel, and the shape in which a number a channel is spread."""
    return (0, *range(2, len(shape))), (1, shape[1], *(1,) * (len(shape) - 2))


def group_norm_jvp(
    x: Any, x_t: Any, weight: Any, weight_t: Any, bias_t: Any, mean: Any, invstd: Any, group: int
) -> tuple:
    """The tangents of group_norm, of its means and of one over its deviations."""
    shape = tuple(x._desc.shape)
    groups = shape[0] * group
    flat = (1, groups, prod(shape) // groups if groups else 1)
    zero = _unwritten(x_t)
    x, x_t = x.reshape(flat), x_t.reshape(flat)
    one = (1, groups, 1)
    out = _norm_jvp(x, x_t, mean.reshape(one), invstd.reshape(one), (0, 2), flat[2], zero)
    each = (1, shape[1], *(1,) * (len(shape) - 2))
    affine = [None if p is None else p.view(each) for p in (weight, weight_t, bias_t)]
    kept = tuple(mean._desc.shape)
    return (
        _affine_jvp(lambda: ((x - mean.reshape(one)) * invstd.reshape(one)).view(shape), out.view(shape), *affine),
        d.mean_dim(x_t, (2,), False, None).view(kept),
        _invstd_jvp(x, mean.reshape(one), x_t, invstd.reshape(one), (2,), flat[2], False, zero).view(kept),
    )


def group_norm_backward(
    grads: Any,
    input: Any,
    mean: Any,
    rstd: Any,
    weight: Any,
    N: int,
    C: int,
    HxW: int,
    group: int,
    eps: float,
    needed: Any,
) -> tuple:
    """The three gradients: by PyTorch's operator, or by what it differentiates, if they are to be differentiated."""
    grad, of_mean, of_rstd = grads
    if not is_grad_enabled() and of_rstd is None:
        found = d.native_group_norm_backward(grad, input, mean, rstd, weight, group)  # which refuses tangents first
        if needed[2] and weight is None:
            raise RuntimeError("tensor does not have a device")  # PyTorch makes it like the weight
        return tuple([g if wanted else None for g, wanted in zip(found, needed, strict=True)])
    per = C // group
    each, one = (N, group, per, HxW), (N, group, 1, 1)
    x = input.reshape(each)
    mean, rstd = mean.reshape(one), rstd.reshape(one)
    of_input = of_weight = of_bias = None
    if grad is not None:
        grad = grad.reshape(each)
        along = d.unsqueeze_(d.sum_dim(grad * x, (3,), False, None), -1)
        total = d.unsqueeze_(d.sum_dim(grad, (3,), False, None), -1)
    if needed[0]:
        gamma = None if weight is None else weight.reshape(1, group, per, 1)
        cube = rstd * rstd * rstd
        if grad is not None:
            a = rstd if gamma is None else rstd * gamma
            b, c = [
                d.unsqueeze_(d.sum_dim(t if gamma is None else t * gamma, (2,), False, None), -2)
                for t in (along, total)
            ]
            s = 1.0 / (per * HxW) if per * HxW else float("inf")
            b = d.mul_scalar((c * mean - b) * cube, s)
            c = d.mul_scalar(c * rstd, s)  # from right to left, as PyTorch's C++ evaluates operands
            c = -b * mean - c
            slope = b * x
            of_input = a * grad + slope + c
        if of_rstd is not None:
            # Nothing reads one of the two without the other.
            of_rstd = of_rstd.view(one)
            of_var = d.mul_scalar(cube, -0.5) * of_rstd
            of_input = _plus(of_input, var_mean_backward((of_var, of_mean.view(one)), x, (2, 3), 0, True))
        of_input = of_input.reshape(tuple(input._desc.shape))
    if grad is not None:
        if needed[1]:
            of_weight = d.sum_dim((along - total * mean) * rstd, (0,), False, None).reshape(C)
        if needed[2]:
            of_bias = d.sum_dim(total, (0,), False, None).reshape(0 if weight is None else C)  # which PyTorch refuses
    return of_input, of_weight, of_bias
