"""Elementwise operators that most programs need, as users call them; elementary.py has the others."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import CodeType, FunctionType
from typing import Any

from .. import dispatch
from ..aliasing.views import check_inplace, requires_grad
from ..calls.checked import MISSING, NotGiven, refusal
from ..calls.operands import category_of, check_subtraction, in_type, refuse_recorded, refused, store, type_error
from ..calls.raising import autograd_first, refuse_target
from ..dispatch import usual as d
from ..dtype import bool_, combine, default_of_category, get_default_dtype
from ..memory.descriptor import broadcast_shapes
from ..plain_numpy import np
from ..tensor import Tensor
from .arguments import expect_tensor

_METHODS: dict[int, CodeType] = {}
"""The code of methods, which is that of functions, by its identity."""


def wrong(name: str, input: Any, other: Any, named: dict[str, Any] | None = None) -> Exception:
    """PyTorch's TypeError for what are no two operands: its parser is asked, as `checked` does for other functions."""
    method = _is_method()
    operands = tuple([x for x in (input, other) if x is not MISSING])
    told = refusal(name, operands, {k: v for k, v in (named or {}).items() if v is not None}, method)
    if told is not None:
        return told
    return type_error(name, 2, "other", other) if isinstance(input, Tensor) else type_error(name, 1, "input", input)


def _is_method() -> bool:
    """Whether what was called of this module is a method."""
    frame = sys._getframe(1)
    while frame.f_globals is globals():
        if id(frame.f_code) in _METHODS:
            return True
        assert frame.f_back is not None
        frame = frame.f_back
    return False


def as_method(function: Any) -> Any:
    """The same function for a method, which counts and names its arguments without the first."""
    code = function.__code__.replace()  # of its own, by which it is known
    copy = FunctionType(code, function.__globals__, function.__name__, (MISSING, MISSING), function.__closure__)
    _METHODS[id(code)] = code
    copy.__kwdefaults__, copy.__doc__ = function.__kwdefaults__, function.__doc__
    return copy


def binary(name: str) -> Any:
    """torch.<name>: the operator, with PyTorch's TypeError for what is no operand."""
    function = getattr(dispatch, name)

    def call(input: Any = MISSING, other: Any = MISSING, *, out: Any = None) -> Tensor:
        result = function(input, other, out=out)
        if result is NotImplemented:
            raise wrong(name, input, other, {"out": out})
        return result

    call.__name__ = name
    call.__doc__ = f"{name}(input, other) -> Tensor"
    return call


mul = binary("mul")


def add(input: Any = MISSING, other: Any = MISSING, *, alpha: Any = 1, out: Any = None) -> Tensor:
    """input + alpha * other"""
    return _with_alpha("add", input, other, alpha, out)


def sub(input: Any = MISSING, other: Any = MISSING, *, alpha: Any = 1, out: Any = None) -> Tensor:
    """input - alpha * other"""
    return _with_alpha("sub", input, other, alpha, out)


def _with_alpha(name: str, input: Any, other: Any, alpha: Any, out: Any) -> Tensor:
    if alpha == 1 and type(alpha) is not bool:
        result = getattr(dispatch, name)(input, other, out=out)
    else:
        check_alpha(name, input, other, alpha)
        result = getattr(dispatch, name + "_alpha")(input, other, alpha, out=out)
    if result is NotImplemented:
        raise wrong(name, input, other, {"alpha": None if alpha == 1 else alpha, "out": out})
    return result


def check_alpha(name: str, input: Any, other: Any, alpha: Any) -> None:
    """What alpha may be, PyTorch says by the category of the result, and when all else fits: of which it asks the operator."""
    complaint = _complaint(input, other, alpha)
    if complaint:
        getattr(dispatch, name)(dispatch.clone(input) if name.endswith("_") else input, other)
        raise RuntimeError(complaint)


def _complaint(input: Any, other: Any, alpha: Any) -> str:
    """What PyTorch says of alpha; nothing of one that it takes."""
    kinds = [x._desc.dtype.category if isinstance(x, Tensor) else category_of(x) for x in (input, other)]
    category = max(k for k in kinds if k is not None) if any(k is not None for k in kinds) else 3
    if type(alpha) is bool and category > 0:
        return "Boolean alpha only supported for Boolean results."
    if isinstance(alpha, (float, complex)) and category < 2:
        return "For integral input tensors, argument alpha must not be a floating point number."
    if isinstance(alpha, complex) and category < 3:
        return "For non-complex input tensors, argument alpha must not be a complex number."
    return ""


MODES = ("floor", "trunc")
TRUE = NotGiven()  # no rounding_mode, which is true division


def _checked_mode(rounding_mode: Any, name: str) -> Any:
    if rounding_mode is not None and rounding_mode not in MODES:
        raise RuntimeError(
            f"{name} expected rounding_mode to be one of None, 'trunc', or 'floor' but found '{rounding_mode}'"
        )
    return rounding_mode


def div(input: Any = MISSING, other: Any = MISSING, *, rounding_mode: Any = TRUE, out: Any = None) -> Tensor:
    """input / other, rounded if asked."""
    if rounding_mode is TRUE:
        result = d.div(input, other, out=out)
    elif _checked_mode(rounding_mode, "div") is None:
        result = dispatch.div_mode(_floats(input), _floats(other), None, out=out)
    else:
        result = dispatch.div_mode(input, other, rounding_mode, out=out)
    if result is NotImplemented:
        raise wrong(
            "div", input, other, {"rounding_mode": None if rounding_mode is TRUE else rounding_mode, "out": out}
        )
    return result


def _floats(x: Any) -> Any:
    return in_type(x, get_default_dtype()) if isinstance(x, Tensor) and x._desc.dtype.category < 2 else x


def rtruediv(self: Tensor, other: Any) -> Any:
    """other / self, as (1 / self) * other: by Python's operator, which lets an array have its say."""
    try:
        return d.reciprocal(self) * other
    except TypeError:
        if not isinstance(self, Tensor):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute 'reciprocal'") from None
        return NotImplemented


def torch_rsub(input: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
    """other - alpha * input"""
    if alpha == 1 and type(alpha) is not bool:
        result = rsub(input, other) if isinstance(input, Tensor) else NotImplemented
        if result is NotImplemented:
            raise type_error("rsub", 2, "other", other)
        return result
    if category_of(other) is not None:
        check_subtraction(input, other)
    _subtracted_from(other, input, lambda: check_alpha("rsub", input, other, alpha))
    if isinstance(other, Tensor):
        return _subtracted_from(other, input, lambda: dispatch.rsub_alpha(input, other, alpha))
    return dispatch.rsub_scalar_alpha(_promoted(input, category_of(other) or 0), other, alpha)


def _subtracted_from(other: Tensor, self: Tensor, result: Callable[[], Any]) -> Any:
    """The result; if the shapes do not fit, they are told in the order of the difference, as PyTorch subtracts."""
    try:
        return result()
    except RuntimeError as error:
        if str(error).startswith("The size of tensor a"):
            broadcast_shapes(other._desc.shape, self._desc.shape)
        raise


def rsub(self: Tensor, other: Any) -> Any:
    """other - self"""
    try:
        if (type(other) is float or type(other) is int) and self._desc.real:
            return d.rsub_scalar(self, other)
    except AttributeError:
        if isinstance(self, Tensor):
            raise
    if not isinstance(self, Tensor):  # Tensor.__rsub__(2, 3)
        return NotImplemented
    if isinstance(other, Tensor):
        return _subtracted_from(other, self, lambda: dispatch.rsub(self, other))
    category = category_of(other)
    if category is None:
        return NotImplemented
    check_subtraction(self, other)
    if category < 3 or not _is_plain_real(self):
        self = _promoted(self, category)
    return d.rsub_scalar(self, other.item() if isinstance(other, np.generic) else other)


def _promoted(self: Tensor, category: int) -> Tensor:
    """The tensor in the type that it has together with a number of this category."""
    if category <= self._desc.dtype.category:
        return self
    return in_type(self, combine(self._desc.dtype, None, default_of_category(category)))


def _is_plain_real(self: Tensor) -> bool:
    """Whether kernels make complex numbers of a tensor themselves, so that autograd sees it as it is."""
    return self._desc.dtype.category == 2 and not self._desc.dtype.is_half


def pow(input: Any = MISSING, exponent: Any = MISSING, *, out: Any = None) -> Tensor:
    """input ** exponent"""
    refuse_recorded(out, "pow", input, exponent)
    result = power(input, exponent)
    if result is NotImplemented:
        raise wrong("pow", input, exponent, {"out": out})
    return result if out is None else store(out, result, "pow", input, exponent)


def power(self: Any, exponent: Any) -> Any:
    """The three forms: a number as exponent, as base, or two tensors."""
    if isinstance(exponent, Tensor):
        if isinstance(self, Tensor):
            return dispatch.pow_tensor(self, exponent)
        category = category_of(self)
        if category is None:
            return NotImplemented
        if category == 3 and _is_plain_real(exponent):
            return dispatch.pow_complex_base(complex(self), exponent)
        exponent = _promoted(exponent, category)
        if exponent._desc.dtype is bool_:
            raise refused("pow", bool_)
        return dispatch.pow_base(self, exponent)
    category = category_of(exponent)
    if category is None:
        return NotImplemented
    if category == 3 and _is_plain_real(self):
        return d.pow_complex(self, complex(exponent))
    self = _promoted(self, category)
    _not_negative(self, exponent)
    return d.pow_scalar(self, exponent)


def rpow(self: Tensor, base: Any) -> Any:
    """base ** self"""
    return power(base, self) if isinstance(self, Tensor) or isinstance(base, Tensor) else NotImplemented


def square(input: Tensor, *, out: Any = None) -> Tensor:
    """input ** 2"""
    return pow(input, 2, out=out)


def square_(self: Tensor) -> Tensor:
    """square in place"""
    return pow_(self, 2)


def positive(input: Tensor) -> Tensor:
    """input itself"""
    if expect_tensor(input, "positive")._desc.dtype is bool_:
        raise RuntimeError("The `+` operator, on a bool tensor is not supported.")
    return input


def pow_(self: Tensor, exponent: Any) -> Any:
    """self **= exponent"""
    result = ipow(self, exponent)
    if result is NotImplemented:
        raise refusal("pow_", (self, exponent), {}, True) or type_error("pow_", 1, "exponent", exponent)
    return result


def ipow(self: Tensor, exponent: Any) -> Any:
    """self **= exponent"""
    if isinstance(exponent, Tensor):
        return dispatch.pow_tensor_(self, exponent)
    category = category_of(exponent)
    if category is None:
        return NotImplemented
    if type(exponent) is int:
        _not_negative(self, exponent)
    _check_castable(self, category)
    return d.pow_scalar_(self, exponent)


def _check_castable(self: Tensor, category: int) -> None:
    kind = self._desc.dtype
    if category > kind.category:
        check_inplace(self, requires_grad(self))
        wide = combine(kind, None, default_of_category(category))
        error = RuntimeError(
            f"result type {wide.scalar_name} can't be cast to the desired output type {kind.scalar_name}"
        )
        autograd_first(error, {"self": self}, "pow_scalar", "self")
        raise error


def _not_negative(self: Tensor, exponent: Any) -> None:
    if self._desc.dtype.category <= 1 and exponent < 0:
        raise RuntimeError("Integers to negative integer powers are not allowed.")


def iadd(self: Tensor, other: Any) -> Any:
    """self += other"""
    return d.add_(self, other)


def add_(self: Tensor, other: Any = MISSING, *, alpha: Any = 1) -> Tensor:
    """self += alpha * other"""
    if type(alpha) is float and alpha != 1 and self._desc.real:
        result: Tensor = d.add_alpha_(self, other, alpha)
        return result if result is self else _checked(result, "add_", self, other, alpha=alpha)
    return _inplace_alpha(d.add_, d.add_alpha_, "add_", self, other, alpha)


def sub_(self: Tensor, other: Any = MISSING, *, alpha: Any = 1) -> Tensor:
    """self -= alpha * other"""
    if type(alpha) is float and alpha != 1 and self._desc.real:
        result: Tensor = d.sub_alpha_(self, other, alpha)
        return result if result is self else _checked(result, "sub_", self, other, alpha=alpha)
    return _inplace_alpha(d.sub_, d.sub_alpha_, "sub_", self, other, alpha)


def _inplace_alpha(plain: Any, multiplied: Any, name: str, self: Tensor, other: Any, alpha: Any) -> Tensor:
    if alpha == 1 and type(alpha) is not bool:
        return _checked(plain(self, other), name, self, other)
    refuse_target(self, other)
    check_alpha(name, self, other, alpha)
    return _checked(multiplied(self, other, alpha), name, self, other, alpha=alpha)


def mul_(self: Tensor, other: Any = MISSING) -> Tensor:
    """self *= other"""
    return _checked(d.mul_(self, other), "mul_", self, other)


def div_(self: Tensor, other: Any = MISSING, *, rounding_mode: Any = TRUE) -> Tensor:
    """self /= other, rounded if asked"""
    if rounding_mode is TRUE:
        return _checked(d.div_(self, other), "div_", self, other)
    if rounding_mode is not None and rounding_mode not in MODES:
        refuse_target(self, other)
    mode = _checked_mode(rounding_mode, "div")
    try:
        return _checked(dispatch.div_mode_(self, other, mode), "div_", self, other, rounding_mode=mode)
    except RuntimeError as error:
        from ..kernels.pointwise import div_mode
        from .special import written_until_zero

        written_until_zero(error, lambda x, y: div_mode(x, y, mode), self, other)
        raise


def true_divide(input: Any, other: Any, *, out: Any = None) -> Tensor:
    """input / other"""
    return div(input, other, out=out)


def true_divide_(self: Tensor, other: Any) -> Tensor:
    """self /= other"""
    return div_(self, other)


def _checked(result: Any, name: str, self: Tensor, other: Any, **named: Any) -> Tensor:
    if result is NotImplemented:
        given = (self,) if other is MISSING else (self, other)
        raise refusal(name, given, named, True) or type_error(name, 1, "other", other)
    return result


UNARY = ("neg", "reciprocal", "exp", "log", "sqrt", "rsqrt", "sin", "cos", "tanh", "sigmoid", "abs")
BOTH = {f.__name__: f for f in (add, sub, mul, div, pow, square, square_, positive, true_divide)}
BOTH |= {n: getattr(dispatch, n) for n in (*UNARY, *[n + "_" for n in UNARY])}
METHODS = BOTH | {f.__name__: as_method(f) for f in (add, sub, mul, div, pow)}
METHODS |= {f.__name__: f for f in (add_, sub_, mul_, div_, true_divide_, pow_)}
METHODS |= {
    "__add__": d.add_operator,
    "__radd__": d.add_operator,
    "__sub__": d.sub_operator,
    "__rsub__": rsub,
    "__mul__": d.mul_operator,
    "__rmul__": d.mul_operator,
    "__truediv__": d.div_operator,
    "__rtruediv__": rtruediv,
    "__rdiv__": rtruediv,
    "__div__": d.div_operator,
    "__idiv__": d.div_,
    "__neg__": d.neg,
    "__pos__": positive,
    "__abs__": d.abs,
    "__pow__": power,
    "__rpow__": rpow,
    "__iadd__": d.add_,
    "__isub__": d.sub_,
    "__imul__": d.mul_,
    "__itruediv__": d.div_,
    "__ipow__": ipow,
}
FUNCTIONS = BOTH | {"rsub": torch_rsub}
