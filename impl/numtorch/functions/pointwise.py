"""Elementwise operators, as users call them."""

from __future__ import annotations

from typing import Any

from .. import dispatch as d
from ..operands import category_of, store, type_error
from ..tensor import Tensor


def binary(name: str, position: int = 2) -> Any:
    """torch.<name>: the operator, with PyTorch's TypeError for what is no operand."""
    function = getattr(d, name)

    def call(input: Any, other: Any, *, out: Any = None) -> Tensor:
        result = function(input, other, out=out)
        if result is NotImplemented:
            if not isinstance(input, Tensor) and category_of(input) is None:
                raise type_error(name, 1, "input", input)
            raise type_error(name, position, "other", other)
        return result

    call.__name__ = name
    call.__doc__ = f"{name}(input, other) -> Tensor"
    return call


mul = binary("mul")


def add(input: Any, other: Any, *, alpha: Any = 1, out: Any = None) -> Tensor:
    """input + alpha * other"""
    return _with_alpha("add", input, other, alpha, out)


def sub(input: Any, other: Any, *, alpha: Any = 1, out: Any = None) -> Tensor:
    """input - alpha * other"""
    return _with_alpha("sub", input, other, alpha, out)


def _with_alpha(name: str, input: Any, other: Any, alpha: Any, out: Any) -> Tensor:
    if alpha != 1:
        return getattr(d, name + "_alpha")(input, as_operand(other, input), alpha)
    result = getattr(d, name)(input, other, out=out)
    if result is NotImplemented:
        raise type_error(name, 2, "other", other) if isinstance(input, Tensor) else type_error(name, 1, "input", input)
    return result


def as_operand(value: Any, model: Tensor) -> Tensor:
    """A number as a 0-d tensor."""
    if isinstance(value, Tensor):
        return value
    from ..operands import constant

    return constant(value, model._desc.dtype)


def div(input: Any, other: Any, *, rounding_mode: str | None = None, out: Any = None) -> Tensor:
    """input / other, rounded if asked."""
    if rounding_mode is not None:
        return getattr(d, "div_" + rounding_mode)(input, other)
    result = d.div(input, other, out=out)
    if result is NotImplemented:
        raise type_error("div", 2, "other", other)
    return result


def truediv(self: Tensor, other: Any) -> Any:
    """self / other"""
    return d.div(self, other)


def rtruediv(self: Tensor, other: Any) -> Any:
    """other / self, as other * (1 / self)"""
    return d.mul(d.reciprocal(self), other)


def rsub(self: Tensor, other: Any) -> Any:
    """other - self"""
    return d.rsub(self, other)


def pow(input: Any, exponent: Any, *, out: Any = None) -> Tensor:
    """input ** exponent"""
    result = power(input, exponent)
    if result is NotImplemented:
        raise type_error("pow", 2, "exponent", exponent)
    return result if out is None else store(out, result, "pow")


def power(self: Any, exponent: Any) -> Any:
    """The three forms: a number as exponent, as base, or two tensors."""
    if isinstance(exponent, Tensor):
        if isinstance(self, Tensor):
            return d.pow_tensor(self, exponent)
        return d.pow_base(self, exponent)
    category = category_of(exponent)
    if category is None:
        return NotImplemented
    if category > self._desc.dtype.category:
        from ..dtype import combine, default_of_category

        self = self.to(combine(self._desc.dtype, None, default_of_category(category)))
    if self._desc.dtype.category <= 1 and exponent < 0:
        raise RuntimeError("Integers to negative integer powers are not allowed.")
    return d.pow_scalar(self, exponent)


def rpow(self: Tensor, base: Any) -> Any:
    """base ** self"""
    return d.pow_base(base, self)


def square(input: Tensor) -> Tensor:
    """input ** 2"""
    return d.pow_scalar(input, 2)


def pow_(self: Tensor, exponent: Any) -> Tensor:
    """self **= exponent"""
    return in_place(self, lambda x: power(x, exponent))


def in_place(self: Tensor, operation: Any) -> Tensor:
    """An in-place form by way of the operation on an alias of the old value: same node, same graph."""
    from ..views import bump, check_inplace, rebase_history, requires_grad, storage_of
    from ..writes import _refuse_overlap

    check_inplace(self, bool(requires_grad(self)))
    _refuse_overlap(storage_of(self))
    old = d.clone(self) if self.requires_grad else self
    result = operation(old)
    storage_of(self)[...] = result._array
    bump(self)
    if result._requires_grad:
        rebase_history(self, result._grad_fn)
    return self


def iadd(self: Tensor, other: Any) -> Any:
    """self += other"""
    return d.add_(self, other)


def add_(self: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
    """self += alpha * other"""
    return _checked(d.add_(self, other if alpha == 1 else other * alpha), "add_", other)


def sub_(self: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
    """self -= alpha * other"""
    return _checked(d.sub_(self, other if alpha == 1 else other * alpha), "sub_", other)


def mul_(self: Tensor, other: Any) -> Tensor:
    """self *= other"""
    return _checked(d.mul_(self, other), "mul_", other)


def div_(self: Tensor, other: Any) -> Tensor:
    """self /= other"""
    return _checked(d.div_(self, other), "div_", other)


def _checked(result: Any, name: str, other: Any) -> Tensor:
    if result is NotImplemented:
        raise TypeError(f"{name}(): argument 'other' (position 1) must be Tensor, not {type(other).__name__}")
    return result
