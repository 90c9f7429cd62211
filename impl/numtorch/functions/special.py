"""Special functions, as users call them."""

from __future__ import annotations

from typing import Any

from .. import dispatch as d, dtype as dtypes
from ..operands import category_of
from ..tensor import Tensor

for _node in (d.FloorDivideNotImplemented, d.RemainderNotImplemented):
    _node.__name__ = "NotImplemented"
    _node.name = lambda self: "torch::autograd::NotImplemented"

# ---- division with a remainder


def remainder(input: Any, other: Any) -> Tensor:
    """The remainder with the sign of the divisor."""
    if not isinstance(input, Tensor):
        return d.remainder_of(input, other)
    return d.remainder(input, other) if isinstance(other, Tensor) else _scalar("remainder", input, other)


def fmod(input: Tensor, other: Any) -> Tensor:
    """The remainder with the sign of the dividend."""
    return d.fmod(input, other) if isinstance(other, Tensor) else _scalar("fmod", input, other)


def _scalar(name: str, input: Tensor, other: Any) -> Any:
    """The overload for a number: its node has one edge."""
    category = category_of(other)
    if category is None:
        return NotImplemented
    kind = dtypes.combine(input._desc.dtype, None, dtypes.default_of_category(category))
    x = input if kind is input._desc.dtype else input.to(kind)
    return getattr(d, name + "_scalar")(x, other)


def rmod(self: Tensor, other: Any) -> Any:
    """other % self, without a derivative"""
    return d.remainder_of(other, self)


def rfloordiv(self: Tensor, other: Any) -> Any:
    """other // self, without a derivative"""
    return d.floor_divide(other, self)


def in_place(name: str) -> Any:
    """Tensor.fmod_ and Tensor.remainder_"""
    tensors, numbers = getattr(d, name + "_"), getattr(d, name + "_scalar_")
    return lambda self, other: tensors(self, other) if isinstance(other, Tensor) else numbers(self, other)


# ---- several operands


def lerp(input: Tensor, end: Tensor, weight: Any) -> Tensor:
    """input + weight * (end - input)"""
    return (d.lerp_tensor if isinstance(weight, Tensor) else d.lerp_scalar)(input, end, weight)


def lerp_(self: Tensor, end: Tensor, weight: Any) -> Tensor:
    """lerp in place"""
    return (d.lerp_tensor_ if isinstance(weight, Tensor) else d.lerp_scalar_)(self, end, weight)


def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Any = 1) -> Tensor:
    """input + value * tensor1 * tensor2"""
    return d.addcmul(input, tensor1, tensor2, value)


def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Any = 1) -> Tensor:
    """input + value * tensor1 / tensor2"""
    return d.addcdiv(input, tensor1, tensor2, value)


def addcmul_(self: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Any = 1) -> Tensor:
    """addcmul in place"""
    return d.addcmul_(self, tensor1, tensor2, value)


def addcdiv_(self: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Any = 1) -> Tensor:
    """addcdiv in place"""
    return d.addcdiv_(self, tensor1, tensor2, value)


def xlogy(input: Any, other: Any) -> Tensor:
    """input * log(other), 0 where input is"""
    return d.xlogy(input, other)


def logit(input: Tensor, eps: float | None = None) -> Tensor:
    """log(input / (1 - input))"""
    return d.logit(input, eps)


UNARY = ("exp2", "log2", "log10", "asinh", "acosh", "atanh", "sinc", "deg2rad", "rad2deg", "erf", "erfc", "frac")
BINARY = ("logaddexp", "logaddexp2", "atan2", "hypot", "floor_divide")
BOTH = {f.__name__: f for f in (remainder, fmod, lerp, addcmul, addcdiv, xlogy, logit)}
BOTH |= {n: getattr(d, n) for n in (*UNARY, *BINARY)}
FUNCTIONS = BOTH | {
    "arcsinh": d.asinh,
    "arccosh": d.acosh,
    "arctanh": d.atanh,
    "arctan2": d.atan2,
}
METHODS = BOTH | {n + "_": getattr(d, n + "_") for n in (*UNARY, "atan2", "hypot", "floor_divide", "xlogy")}
METHODS |= {
    "lerp_": lerp_,
    "addcmul_": addcmul_,
    "addcdiv_": addcdiv_,
    "fmod_": in_place("fmod"),
    "remainder_": in_place("remainder"),
    "__mod__": remainder,
    "__rmod__": rmod,
    "__imod__": in_place("remainder"),
    "__floordiv__": d.floor_divide,
    "__rfloordiv__": rfloordiv,
    "__ifloordiv__": d.floor_divide_,
}
SPECIAL = {
    "erf": d.erf,
    "erfc": d.erfc,
    "expit": d.sigmoid,
    "exp2": d.exp2,
    "logit": logit,
    "xlogy": xlogy,
    "sinc": d.sinc,
}
