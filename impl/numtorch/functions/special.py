"""Special functions and activations, as users call them."""

from __future__ import annotations

from typing import Any

from .. import dispatch as d, dtype as dtypes
from ..operands import category_of
from ..tensor import Tensor, wrap_dim
from .arguments import expect_tensor

for _node in (d.FloorDivideNotImplemented, d.RemainderNotImplemented, d.HardsigmoidNotImplemented):
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


# ---- softmax


def softmax(input: Tensor, dim: int, dtype: Any = None) -> Tensor:
    """exp(input) as fractions of its sum along one dimension."""
    return _softmax("softmax", input, dim, dtype)


def log_softmax(input: Tensor, dim: int, dtype: Any = None) -> Tensor:
    """The logarithm of softmax."""
    return _softmax("log_softmax", input, dim, dtype)


def _softmax(name: str, input: Tensor, dim: int, dtype: Any) -> Tensor:
    expect_tensor(input, name)
    if dtype is not None and dtype is not input._desc.dtype:
        input = input.to(dtype)
    last = wrap_dim(dim, input._desc.ndim) >= input._desc.ndim - 1
    if input._desc.dtype.category < dtypes.FLOATING:
        which = "lastdim_" if last else ""
        raise NotImplementedError(
            f"\"{name}_{which}kernel_impl\" not implemented for '{input._desc.dtype.scalar_name}'"
        )
    return getattr(d, name)(input, dim)


# ---- torch.nn.functional


def nn_softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """torch.nn.functional.softmax"""
    return softmax(input, dim, dtype)


def nn_log_softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """torch.nn.functional.log_softmax"""
    return log_softmax(input, dim, dtype)


def softmin(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """softmax(-input)"""
    return softmax(-input, dim, dtype)


def softplus(input: Tensor, beta: float = 1, threshold: float = 20) -> Tensor:
    """log(1 + exp(input))"""
    return d.softplus(input, beta, threshold)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """input above 0, exp(input) - 1 below"""
    return (d.elu_of_ if inplace else d.elu)(input, alpha, 1, 1)


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """elu scaled so that it keeps mean and variance"""
    return (d.elu_of_ if inplace else d.elu)(input, 1.6732632423543772, 1.0507009873554805, 1)


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """elu with a continuous slope"""
    return (d.celu_ if inplace else d.celu)(input, alpha)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """input, or a fraction of it below 0"""
    return (d.leaky_relu_of_ if inplace else d.leaky_relu)(input, negative_slope)


def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """input clipped; the bounds do not pass the gradient"""
    return (d.hardtanh_ if inplace else d.hardtanh)(input, min_val, max_val)


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """input clipped to [0, 6]"""
    return (d.hardtanh_ if inplace else d.hardtanh)(input, 0, 6)


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """input where it is positive"""
    return (d.relu_ if inplace else d.relu)(input)


def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """input above the threshold, else the value"""
    return (d.threshold_ if inplace else d.threshold)(input, threshold, value)


def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """input drawn towards 0"""
    return d.softshrink(input, lambd)


def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """input, or 0 near it"""
    return d.hardshrink(input, lambd)


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """input times the normal distribution function of it"""
    return d.gelu(input, approximate)


def _no_inplace(name: str) -> Any:
    function, writing = getattr(d, name), getattr(d, name + "_")

    def call(input: Tensor, inplace: bool = False) -> Tensor:
        return writing(input) if inplace else function(input)

    call.__name__ = name
    return call


def softsign(input: Tensor) -> Tensor:
    """input / (1 + |input|)"""
    return input / (input.abs() + 1)


def tanhshrink(input: Tensor) -> Tensor:
    """input - tanh(input)"""
    return input - input.tanh()


UNARY = ("exp2", "log2", "log10", "asinh", "acosh", "atanh", "sinc", "deg2rad", "rad2deg", "erf", "erfc", "frac")
BINARY = ("logaddexp", "logaddexp2", "atan2", "hypot", "floor_divide")
BOTH = {f.__name__: f for f in (remainder, fmod, lerp, addcmul, addcdiv, xlogy, logit, softmax, log_softmax)}
BOTH |= {n: getattr(d, n) for n in (*UNARY, *BINARY)}
FUNCTIONS = BOTH | {
    "arcsinh": d.asinh,
    "arccosh": d.acosh,
    "arctanh": d.atanh,
    "arctan2": d.atan2,
    "relu": d.relu,
    "selu": selu,
    "celu": celu,
    "threshold": threshold,
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
NN_FUNCTIONAL = {
    f.__name__: f
    for f in (
        softmin,
        softplus,
        elu,
        selu,
        celu,
        leaky_relu,
        hardtanh,
        relu6,
        relu,
        threshold,
        softshrink,
        hardshrink,
        gelu,
        softsign,
        tanhshrink,
    )
}
NN_FUNCTIONAL |= {
    "softmax": nn_softmax,
    "log_softmax": nn_log_softmax,
    "sigmoid": d.sigmoid,
    "tanh": d.tanh,
    "logsigmoid": d.log_sigmoid,
    "silu": _no_inplace("silu"),
    "mish": _no_inplace("mish"),
    "hardsigmoid": _no_inplace("hardsigmoid"),
    "hardswish": _no_inplace("hardswish"),
}
SPECIAL = {
    "erf": d.erf,
    "erfc": d.erfc,
    "expit": d.sigmoid,
    "exp2": d.exp2,
    "logit": logit,
    "xlogy": xlogy,
    "sinc": d.sinc,
    "softmax": softmax,
    "log_softmax": log_softmax,
}
