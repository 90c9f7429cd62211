"""Activations and softmax, as users call them: torch.nn.functional, and what of it is in torch too."""

from __future__ import annotations

from typing import Any

from .. import dispatch as d
from ..calls.fallback import into_without_derivative
from ..calls.operands import FOUND_DTYPE, refuse_recorded, refused, store, type_error
from ..calls.raising import saving
from ..dtype import dtypes
from ..plain_numpy import np
from ..tensor import Tensor, cpp_name, wrap, wrap_dim
from ..warning import warn
from .arguments import expect_tensor

# ---- softmax


def softmax(input: Tensor, dim: int, dtype: Any = None, *, out: Any = None) -> Tensor:
    """exp(input) as fractions of its sum along one dimension."""
    return _softmax("softmax", input, dim, dtype, out)


def log_softmax(input: Tensor, dim: int, dtype: Any = None, *, out: Any = None) -> Tensor:
    """The logarithm of softmax."""
    return _softmax("log_softmax", input, dim, dtype, out)


def _softmax(name: str, input: Tensor, dim: int, dtype: Any, out: Any = None) -> Tensor:
    expect_tensor(input, name)
    if out is not None:
        return into_without_derivative(out, name, (input,), lambda: _softmax_into(name, input, dim, dtype, out))
    return _softmax_of(name, input, dim, dtype)


def _softmax_of(name: str, input: Tensor, dim: int, dtype: Any) -> Tensor:
    if dtype is not None and dtype is not input._desc.dtype:
        input = input.to(dtype)
    last = wrap_dim(dim, input._desc.ndim) >= input._desc.ndim - 1
    if input._desc.dtype.category != dtypes.FLOATING and input._desc.numel:
        raise refused(f"{name}_{'lastdim_' if last else ''}kernel_impl", input._desc.dtype)
    return getattr(d, name)(input, dim)


def _softmax_into(name: str, input: Tensor, dim: int, dtype: Any, out: Tensor) -> Tensor:
    result = _softmax_of(name, input, dim, dtype)
    found = cpp_name(out._desc.dtype)
    return store(
        out,
        result,
        name,
        input,
        exactly=f"Expected out tensor to have dtype {cpp_name(result._desc.dtype)}, but got {found} instead",
    )


def _dimension(name: str, input: Tensor, dim: int | None) -> int:
    """The dimension, or the one that PyTorch picks with a warning."""
    if dim is not None:
        return dim
    warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an argument.",
    )
    return 0 if input.dim() in (0, 1, 3) else 1


def nn_softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """torch.nn.functional.softmax"""
    return softmax(input, _dimension("softmax", input, dim), dtype)


def nn_log_softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """torch.nn.functional.log_softmax"""
    return log_softmax(input, _dimension("log_softmax", input, dim), dtype)


def softmin(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """softmax(-input)"""
    dim = _dimension("softmin", input, dim)
    return softmax(-input, dim, dtype)


# ---- exponential ones


def softplus(input: Tensor, beta: float = 1, threshold: float = 20, *, out: Any = None) -> Tensor:
    """log(1 + exp(input))"""
    return d.softplus(input, beta, threshold, out=out)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """input above 0, exp(input) - 1 below"""
    return (d.elu_of_ if inplace else d.elu)(input, alpha, 1, 1)


def elu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """elu in place"""
    return d.elu_of_(input, alpha, 1, 1)


_SELU = (1.6732632423543772, 1.0507009873554805, 1)


def selu(input: Tensor) -> Tensor:
    """elu scaled so that it keeps mean and variance"""
    return d.elu(expect_tensor(input, "selu"), *_SELU)


def selu_(input: Tensor) -> Tensor:
    """selu in place"""
    return d.elu_of_(expect_tensor(input, "selu_"), *_SELU)


def celu(input: Tensor, alpha: float = 1.0) -> Tensor:
    """elu with a continuous slope"""
    return d.celu(input, _not_zero(alpha))


def celu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """celu in place"""
    return d.celu_of_(input, _not_zero(alpha))


def _not_zero(alpha: float) -> float:
    if alpha == 0:
        raise RuntimeError("ZeroDivisionError: alpha cannot be 0 for CELU")
    return alpha


def gelu(input: Tensor, *, approximate: str = "none", out: Any = None) -> Tensor:
    """input times the normal distribution function of it"""
    if approximate not in ("none", "tanh"):
        raise RuntimeError("approximate argument must be either none or tanh.")
    return d.gelu(input, approximate, out=out)


def log_sigmoid(input: Tensor, *, out: Any = None) -> Tensor:
    """log(sigmoid(input))"""
    if expect_tensor(input, "log_sigmoid")._desc.dtype.category < dtypes.FLOATING:
        raise refused("log_sigmoid_cpu", input._desc.dtype)
    refuse_recorded(out, "log_sigmoid_forward", input)
    result = d.log_sigmoid(input)[0]
    return result if out is None else store(out, result, "log_sigmoid")


# ---- straight lines


def relu(input: Tensor) -> Tensor:
    """input where it is positive"""
    if type(input) is not Tensor and isinstance(input, Tensor) is False:
        raise type_error("relu", 1, "input", input)
    if input._desc.dtype.category == dtypes.BOOL:
        raise RuntimeError("Boolean inputs not supported for relu")
    return d.relu(input)


def relu_(input: Tensor) -> Tensor:
    """relu in place"""
    if expect_tensor(input, "relu_")._desc.dtype.category == dtypes.BOOL:
        raise RuntimeError("Boolean inputs not supported for relu")
    return d.relu_(input)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """input, or a fraction of it below 0"""
    return (d.leaky_relu_of_ if inplace else d.leaky_relu)(input, negative_slope)


def leaky_relu_(input: Tensor, negative_slope: float = 0.01) -> Tensor:
    """leaky_relu in place"""
    return d.leaky_relu_of_(input, negative_slope)


def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """input clipped; the bounds do not pass the gradient"""
    if min_val > max_val:
        raise ValueError("min_val cannot be greater than max_val")
    if isinstance(input, Tensor) and input._desc.dtype.category == dtypes.BOOL:
        raise RuntimeError("Bool inputs not supported for hardtanh")
    if isinstance(input, Tensor) and input._desc.dtype is dtypes.uint8:
        min_val, max_val = int(min_val), int(max_val)  # towards 0, before it is looked at
        if min_val < 0:
            raise RuntimeError("cannot do hardtanh on an unsigned type with negative limits")
    return (d.hardtanh_ if inplace else d.hardtanh)(input, min_val, max_val)


def hardtanh_(input: Tensor, min_val: float = -1.0, max_val: float = 1.0) -> Tensor:
    """hardtanh in place"""
    return hardtanh(input, min_val, max_val, True)


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """input clipped to [0, 6]"""
    return hardtanh(expect_tensor(input, "relu6_" if inplace else "relu6"), 0, 6, inplace)


def threshold(input: Tensor, threshold: float, value: float, *, out: Any = None) -> Tensor:
    """input above the threshold, else the value"""
    return d.threshold(input, threshold, value, out=out)


def threshold_(input: Tensor, threshold: float, value: float) -> Tensor:
    """threshold in place"""
    return d.threshold_of_(input, threshold, value)


def softshrink(input: Tensor, lambd: float = 0.5, *, out: Any = None) -> Tensor:
    """input drawn towards 0"""
    kind = expect_tensor(input, "softshrink")._desc.dtype
    if kind.category < dtypes.FLOATING:
        raise refused("softshrink_check", kind)
    if not 0 <= lambd <= dtypes.finfo(kind).max:
        raise RuntimeError(
            f"lambda must be in range [0, {dtypes.finfo(kind).max:g}] for input dtype {kind.scalar_name}, "
            f"but found {lambd:g}"
        )
    return d.softshrink(input, lambd, out=out)


def hardshrink(input: Tensor, lambd: float = 0.5, *, out: Any = None) -> Tensor:
    """input, or 0 near it"""
    refuse_recorded(out, "hardshrink", input)
    result = d.hardshrink(input, lambd)
    return result if out is None else store(out, result, "hardshrink", input, exactly=FOUND_DTYPE)


def softsign(input: Tensor) -> Tensor:
    """input / (1 + |input|)"""
    return input / (input.abs() + 1)


def tanhshrink(input: Tensor) -> Tensor:
    """input - tanh(input)"""
    return input - input.tanh()


# ---- with a slope that is learned, or drawn


def rrelu(input: Tensor, lower: float = 1 / 8, upper: float = 1 / 3, training: bool = False) -> Tensor:
    """input, or below 0 a fraction of it that is drawn; in evaluation the middle one"""
    return _rrelu(d.rrelu_with_noise, input, lower, upper, training)


def rrelu_(input: Tensor, lower: float = 1 / 8, upper: float = 1 / 3, training: bool = False) -> Tensor:
    """rrelu in place"""
    return _rrelu(d.rrelu_with_noise_of_, input, lower, upper, training)


def _rrelu(function: Any, input: Tensor, lower: float, upper: float, training: bool) -> Tensor:
    kind = expect_tensor(input, "rrelu")._desc.dtype
    if training and kind.name not in ("float32", "float64", "bfloat16"):
        raise saving(refused("rrelu_with_noise_out_cpu", kind), wrap(np.zeros_like(input._array)), input)
    if kind.category < dtypes.FLOATING:
        raise refused("leaky_relu_cpu", kind)
    if lower > upper:
        raise RuntimeError("Lower bound should be less than or equal to the upper bound")
    noise = _slopes(input, lower, upper) if training else wrap(np.zeros_like(input._array))
    return function(input, noise, lower, upper, training)


def _slopes(input: Tensor, lower: float, upper: float) -> Tensor:
    """1 where the input is positive, elsewhere a slope from the stream of random numbers."""
    from ..random import fill_uniform

    array = np.ascontiguousarray(input._array)
    noise = np.ones(array.shape, array.dtype)
    drawn = np.empty(int(np.count_nonzero(array <= 0)), np.float64)
    fill_uniform(drawn, lower, upper)
    noise[array <= 0] = drawn
    return wrap(noise)


# ---- halves, and what is dropped


def glu(input: Tensor, dim: int = -1) -> Tensor:
    """The first half times the sigmoid of the second."""
    if not input.dim():
        raise RuntimeError("glu does not support scalars because halving size must be even")
    at = wrap_dim(dim, input._desc.ndim)
    if input._desc.shape[at] % 2:
        raise RuntimeError(f"Halving dimension must be even, but dimension {at} is size {input._desc.shape[at]}")
    if input._desc.dtype.category < dtypes.FLOATING:
        raise refused("glu_cpu", input._desc.dtype)
    return d.glu(input, dim)


def plain_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """torch.dropout: elements set to 0 with probability p, the others made larger"""
    expect_tensor(input, "dropout")
    if not 0 <= p <= 1:
        raise RuntimeError(f"dropout probability has to be between 0 and 1, but got {p:g}")
    if p == 0 or not train or not input._desc.numel:
        return input
    return input * _kept(input, p)


def dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """torch.dropout_"""
    expect_tensor(input, "dropout_")
    if p == 0 or not train or not input._desc.numel:
        return input
    return input.mul_(_kept(input, p))


def _kept(input: Tensor, p: float) -> Tensor:
    from ..creation import empty_like, zeros

    if p == 1:
        return zeros((), dtype=input.dtype)
    return empty_like(input).bernoulli_(1 - p).div_(1 - p)


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """torch.nn.functional.dropout"""
    if p < 0.0 or p > 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    return (dropout_ if inplace else plain_dropout)(input, p, training)


def normalize(input: Tensor, p: float = 2.0, dim: Any = 1, eps: float = 1e-12, out: Any = None) -> Tensor:
    """input over its norm along a dimension"""
    norm = input.norm(p, dim, keepdim=True)
    denominator = (norm.clamp_min(eps) if out is None else norm.clamp_min_(eps)).expand_as(input)
    return input / denominator if out is None else d.div(input, denominator, out=out)


def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """input above zero, weight * input below: one weight, or one for each channel."""
    expect_tensor(input, "prelu")
    expect_tensor(weight, "prelu", "weight", 2)
    if input._desc.dtype is not weight._desc.dtype:
        raise RuntimeError(
            f"prelu: Type promoting not supported. Got {input._desc.dtype.scalar_name} and {weight._desc.dtype.scalar_name}"
        )
    ndim = input._desc.ndim
    if weight._desc.numel != 1:
        if ndim == 0:
            raise RuntimeError("Not allow zero-dim input tensor.")
        channels = input._desc.shape[1] if ndim > 1 else 1
        if channels != weight._desc.numel:
            raise RuntimeError(
                "Mismatch of parameter numbers and input channel size. Found parameter numbers = "
                f"{weight._desc.numel} and channel size = {channels}."
            )
    if weight._desc.ndim > 1:
        raise RuntimeError(f"prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {weight._desc.ndim}")
    if ndim != weight._desc.ndim:
        shape = [1] * ndim
        if ndim > 1:
            shape[1] = weight._desc.numel
        weight = weight.reshape(shape)
    if input._desc.dtype.category < dtypes.FLOATING:
        raise refused("prelu_cpu", input._desc.dtype)
    return d.prelu_kernel(input, weight)


def gumbel_softmax(logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Tensor:
    """A sample of the Gumbel-softmax distribution; if hard, with one 1 whose gradient is that of the soft one."""
    if eps != 1e-10:
        warn("`eps` parameter is deprecated and has no effect.")
    noise = -expect_tensor(logits, "empty_like").new_zeros(logits._desc.shape).exponential_().log()
    soft = ((logits + noise) / tau).softmax(dim)
    if not hard:
        return soft
    index = soft.max(dim, keepdim=True)[1]
    return logits.new_zeros(logits._desc.shape).scatter_(dim, index, 1.0) - soft.detach() + soft


def nn_sigmoid(input: Tensor) -> Tensor:
    """torch.nn.functional.sigmoid"""
    return input.sigmoid()


def nn_tanh(input: Tensor) -> Tensor:
    """torch.nn.functional.tanh"""
    return input.tanh()


def nn(name: str, function: Any, writing: Any) -> Any:
    """torch.nn.functional's form of an activation: with `inplace` as its last parameter."""
    count = function.__code__.co_argcount

    def call(*args: Any, inplace: bool = False, **named: Any) -> Tensor:
        if len(args) > count:
            *args, inplace = args  # type: ignore[assignment]
        return (writing if inplace else function)(*args, **named)

    call.__name__ = name
    call.__doc__ = (function.__doc__ or "") + "; with inplace=True in place"
    return call


NAMED = (softmin, elu, elu_, selu_, celu_, leaky_relu, leaky_relu_, hardtanh, hardtanh_, relu6, relu_, threshold_,
         softshrink, hardshrink, gelu, softsign, tanhshrink, softplus, rrelu_, glu, dropout, normalize, prelu,
         gumbel_softmax)  # fmt: skip
IN_PLACE_TOO = {
    "relu": (relu, relu_),
    "selu": (selu, selu_),
    "celu": (celu, celu_),
    "threshold": (threshold, threshold_),
    "rrelu": (rrelu, rrelu_),
    "silu": (d.silu, d.silu_),
    "mish": (d.mish, d.mish_),
    "hardsigmoid": (d.hardsigmoid, d.hardsigmoid_),
    "hardswish": (d.hardswish, d.hardswish_),
}
NN_FUNCTIONAL = {f.__name__: f for f in NAMED} | {n: nn(n, *pair) for n, pair in IN_PLACE_TOO.items()}
NN_FUNCTIONAL |= {
    "softmax": nn_softmax,
    "log_softmax": nn_log_softmax,
    "sigmoid": nn_sigmoid,
    "tanh": nn_tanh,
    "logsigmoid": log_sigmoid,
}
SPECIAL = {"softmax": nn_softmax, "log_softmax": nn_log_softmax}
METHODS = {"softmax": softmax, "log_softmax": log_softmax, "relu": relu, "relu_": relu_, "hardshrink": hardshrink}
METHODS["prelu"] = prelu
FUNCTIONS = METHODS | {
    f.__name__: f for f in (selu, selu_, celu, celu_, threshold, threshold_, rrelu, rrelu_, dropout_)
}
FUNCTIONS["dropout"] = plain_dropout
