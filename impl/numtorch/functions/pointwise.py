"""Elementwise operators, as users call them."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dispatch as d, grad_mode
from ..dtype import combine, default_of_category
from ..graph import SavedAttribute, edge
from ..operands import category_of, check_subtraction, store, type_error, type_name
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
    result = getattr(d, name)(input, _scaled(other, alpha), out=out)
    if result is NotImplemented:
        raise type_error(name, 2, "other", other) if isinstance(input, Tensor) else type_error(name, 1, "input", input)
    if alpha != 1 and result._grad_fn is not None:
        result._grad_fn = _put_alpha(name, result._grad_fn, alpha)
    return result


def _scaled(other: Any, alpha: Any) -> Any:
    """alpha * other, with other's history left to the caller's node."""
    if alpha == 1:
        return other
    if not isinstance(other, Tensor):
        return other * alpha
    with no_record():
        scaled = d.mul(other, alpha)
    return _with_history(scaled, other)


def _with_history(scaled: Tensor, other: Tensor) -> Tensor:
    if other.requires_grad:
        scaled._requires_grad = True
        node, scaled._output_nr = edge(other)
        scaled._grad_fn = node
    return scaled


class no_record:
    """Grad mode off for one internal step."""

    def __enter__(self) -> None:
        self.was = grad_mode.is_grad_enabled()
        grad_mode.set_grad(False)

    def __exit__(self, *exc: Any) -> None:
        grad_mode.set_grad(self.was)


class _Alpha:
    """add and sub with alpha: the second gradient is scaled."""

    __slots__ = ()

    def apply(self, grad: Any, keep: bool) -> Any:
        first, second = super().apply(grad, keep)  # type: ignore[misc]
        return first, None if second is None else second * second.dtype.type(self.alpha)  # type: ignore[attr-defined]

    def apply_tensors(self, grad: Any) -> Any:
        first, second = super().apply_tensors(grad)  # type: ignore[misc]
        return first, None if second is None else d.mul_scalar(second, self.alpha)  # type: ignore[attr-defined]


_ALPHA = {}
for _name, _base in (("add", d.AddBackward0), ("sub", d.SubBackward0)):
    _base._saved_alpha = SavedAttribute("alpha")
    _base.alpha = 1
    _ALPHA[_name] = type(
        _base.__name__, (_Alpha, _base), {"__slots__": ("alpha_",), "alpha": property(lambda self: self.alpha_)}
    )


def _put_alpha(name: str, node: Any, alpha: Any) -> Any:
    """Turn a fresh node into its form with alpha."""
    new = _ALPHA[name]()
    for slot in ("seq", "desc", "extra", "fn0", "nr0", "fn1", "nr1", "plan"):
        setattr(new, slot, getattr(node, slot))
    new.alpha_ = alpha
    return new


def div(input: Any, other: Any, *, rounding_mode: str | None = None, out: Any = None) -> Tensor:
    """input / other, rounded if asked."""
    if rounding_mode is not None:
        return _rounded(rounding_mode, d.div_trunc, d.div_floor)(input, other)
    result = d.div(input, other, out=out)
    if result is NotImplemented:
        raise type_error("div", 2, "other", other)
    return result


def _rounded(mode: str, trunc: Any, floor: Any) -> Any:
    """The division of that rounding mode."""
    if mode not in ("trunc", "floor"):
        raise RuntimeError(f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '{mode}'")
    return trunc if mode == "trunc" else floor


def truediv(self: Tensor, other: Any) -> Any:
    """self / other"""
    return d.div(self, other)


def rtruediv(self: Tensor, other: Any) -> Any:
    """other / self, as (1 / self) * other: by Python's operator, which lets an array have its say."""
    return d.reciprocal(self) * other


def rsub(self: Tensor, other: Any) -> Any:
    """other - self"""
    if (type(other) is float or type(other) is int) and self._desc.real:
        return d.rsub_scalar(self, other)
    if isinstance(other, Tensor):
        return d.rsub(self, other)
    category = category_of(other)
    if category is None:
        return NotImplemented
    check_subtraction(self, other)
    return d.rsub_scalar(_promoted(self, category), other.item() if isinstance(other, np.generic) else other)


def _promoted(self: Tensor, category: int) -> Tensor:
    """The tensor in the type that it has together with a number of this category."""
    if category <= self._desc.dtype.category:
        return self
    return self.to(combine(self._desc.dtype, None, default_of_category(category)))


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
        category = category_of(self)
        return NotImplemented if category is None else d.pow_base(self, _promoted(exponent, category))
    category = category_of(exponent)
    if category is None:
        return NotImplemented
    self = _promoted(self, category)
    if self._desc.dtype.category <= 1 and exponent < 0:
        raise RuntimeError("Integers to negative integer powers are not allowed.")
    return d.pow_scalar(self, exponent)


def rpow(self: Tensor, base: Any) -> Any:
    """base ** self"""
    return power(base, self)


def square(input: Tensor) -> Tensor:
    """input ** 2"""
    return d.pow_scalar(input, 2)


def pow_(self: Tensor, exponent: Any) -> Tensor:
    """self **= exponent"""
    return in_place(self, lambda x: power(x, exponent))


def in_place(self: Tensor, operation: Any) -> Tensor:
    """An in-place form by way of the operation on an alias of the old value: same node, same graph."""
    from ..overlap import refuse_internal
    from ..views import bump, check_inplace, rebase_history, requires_grad, storage_of

    check_inplace(self, bool(requires_grad(self)))
    refuse_internal(storage_of(self))
    old = d.clone(self) if self.requires_grad else self
    result = operation(old)
    if result._requires_grad:  # the node keeps the clone of the old value, but its edge is the old value's own
        result._grad_fn.fn0, result._grad_fn.nr0 = edge(self)
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
    return _inplace_alpha("add", self, other, alpha)


def sub_(self: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
    """self -= alpha * other"""
    return _inplace_alpha("sub", self, other, alpha)


def _inplace_alpha(name: str, self: Tensor, other: Any, alpha: Any) -> Tensor:
    _checked(getattr(d, name + "_")(self, _scaled(other, alpha)), name + "_", other)
    if alpha != 1 and type(self._grad_fn) is getattr(d, name.capitalize() + "Backward0"):
        self._grad_fn = _put_alpha(name, self._grad_fn, alpha)
    return self


def mul_(self: Tensor, other: Any) -> Tensor:
    """self *= other"""
    return _checked(d.mul_(self, other), "mul_", other)


def div_(self: Tensor, other: Any, *, rounding_mode: str | None = None) -> Tensor:
    """self /= other"""
    if rounding_mode is not None:
        return _rounded(rounding_mode, d.div_trunc_, d.div_floor_)(self, other)
    return _checked(d.div_(self, other), "div_", other)


def _checked(result: Any, name: str, other: Any) -> Tensor:
    if result is NotImplemented:
        raise TypeError(f"{name}(): argument 'other' (position 1) must be Tensor, not {type_name(other)}")
    return result
