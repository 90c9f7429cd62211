"""Normalization of layers, groups of channels and batches, as torch and torch.nn.functional have it."""

from __future__ import annotations

from math import prod
from typing import Any

from .. import dispatch as d
from ..calls.operands import refused
from ..calls.raising import saving
from ..calls.scalar import spelled
from ..dtype import dtypes
from ..kernels.pooling import channels_last
from ..memory.layout import has_channels_last, is_contiguous
from ..tensor import Tensor, existing_dim
from ..warning import warn
from .arguments import expect_ints, expect_tensor, no_gradient, sizes
from .convert import to
from .shape import contiguous, select


def _expect_sizes(name: str, x: Tensor, shape: Any, **parameters: Tensor | None) -> tuple[int, ...]:
    """The sizes of the last dimensions, once they and the parameters fit."""
    expect_tensor(x, name)
    given = expect_ints(shape, name, "normalized_shape", 2)
    if not given:
        raise RuntimeError(
            "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one element, but got "
            "normalized_shape = []"
        )
    for argument, value in parameters.items():
        if value is not None and tuple(value._desc.shape) != given:
            raise RuntimeError(
                f"Expected {argument} to be of same shape as normalized_shape, but got {argument} of shape "
                f"{list(value._desc.shape)} and normalized_shape = {list(given)}"
            )
    have = tuple(x._desc.shape)
    if name == "rms_norm" and len(have) < len(given):
        raise ValueError(f"Input tensor must have at least {len(given)} dimensions, but got {len(have)}")
    if len(have) < len(given) or have[len(have) - len(given) :] != given:
        star = "*" if name == "rms_norm" else "*, "
        raise RuntimeError(
            f"Given normalized_shape={list(given)}, expected input with shape [{star}{', '.join(map(str, given))}], but "
            f"got input of size{list(have)}"
        )
    return given


def _expect_no_mixture(kind: dtypes.dtype, given: list[dtypes.dtype]) -> None:
    """Refuse types that PyTorch's kernels do not mix: half precision takes parameters of single precision, too."""
    if given and given[0] is not kind:
        if any(p is not dtypes.float32 for p in given):
            raise RuntimeError("mixed dtype (CPU): expect parameter to have scalar type of Float")
        if not kind.is_half:
            raise RuntimeError("mixed dtype (CPU): all inputs must share same datatype.")


def _expect_one_type(x: Tensor, kernel: str, parameters: tuple, saved: tuple) -> None:
    """Refuse types that are mixed, and those that the kernel is not compiled for, once what is saved is."""
    kind = x._desc.dtype
    given = [p._desc.dtype for p in parameters if p is not None]
    try:
        _expect_no_mixture(kind, given)
        if not kind.is_floating_point:
            raise refused(kernel, kind)
        if given and given[0] is kind:
            for other in given:
                if other is not kind:
                    raise RuntimeError(f"expected scalar type {kind.scalar_name} but found {other.scalar_name}")
    except Exception as error:
        raise saving(error, *saved) from None


def layer_norm(
    input: Tensor,
    normalized_shape: Any,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-05,
    cudnn_enable: bool = True,
) -> Tensor:
    """torch.layer_norm: rows of the last dimensions with mean zero and variance one."""
    kinds = [p._desc.dtype for p in (weight, bias) if isinstance(p, Tensor)]
    expect_tensor(input, "layer_norm")
    saved = (bias, input, weight)
    try:
        _expect_no_mixture(input._desc.dtype, kinds)
        shape = _expect_sizes("layer_norm", input, normalized_shape, weight=weight, bias=bias)
    except RuntimeError as error:
        raise saving(error, *saved) from None
    _expect_one_type(input, "LayerNormKernelImpl", (weight, bias), saved)
    return d.native_layer_norm(input, shape, weight, bias, eps)[0]


def functional_layer_norm(
    input: Tensor, normalized_shape: Any, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-05
) -> Tensor:
    """torch.nn.functional.layer_norm"""
    return layer_norm(input, normalized_shape, weight, bias, eps)


def rms_norm(input: Tensor, normalized_shape: Any, weight: Tensor | None = None, eps: float | None = None) -> Tensor:
    """The elements over the root of the mean of their squares, which PyTorch differentiates step by step."""
    shape = _expect_sizes("rms_norm", input, normalized_shape, weight=weight)
    kind = input._desc.dtype
    if weight is not None and weight._desc.dtype is not kind and not kind.is_complex:
        warn(
            f"Mismatch dtype between input and weight: input dtype = {spelled(kind)}, weight dtype = "
            f"{spelled(weight._desc.dtype)}, Cannot dispatch to fused implementation.",
        )
    if kind.category < dtypes.FLOATING:
        raise refused("rms_norm", kind)
    wide = d.to_copy(input, dtypes.float32) if kind.is_half else input
    if eps is None:
        eps = dtypes.finfo(wide._desc.dtype).eps
    dims = tuple(range(input._desc.ndim - len(shape), input._desc.ndim))
    mean = d.mean_dim(d.pow_scalar(wide, 2), dims, True, None)
    out = d.mul(wide, d.rsqrt(d.add_scalar_(mean, eps)))
    if weight is not None:
        out = d.mul(out, weight)
    return to(out if channels_last(input._array) else contiguous(out), kind)


def _verify_batch_size(size: Any) -> None:
    """Refuse to normalize single values."""
    if prod([size[0], *size[2:]]) == 1:
        raise ValueError(f"Expected more than 1 value per channel when training, got input size {size}")


def _channels(x: Tensor, groups: int, **parameters: Tensor | None) -> None:
    """Refuse channels that do not come in groups, and parameters that are not one number a channel."""
    shape = list(x._desc.shape)
    if groups <= 0:
        raise RuntimeError(f"Expected num groups to be greater than 0, got {groups}")
    if shape[1] % groups:
        raise RuntimeError(
            "Expected number of channels in input to be divisible by num_groups, but got input of shape "
            f"{shape} and num_groups={groups}"
        )
    for argument, value in parameters.items():
        if value is not None and tuple(value._desc.shape) != (shape[1],):
            # PyTorch tells the shape of the weight even where it means the bias.
            told = parameters["weight"]
            raise RuntimeError(
                f"Expected {argument} to be a vector of size equal to the number of channels in input, but got "
                f"{argument} of shape {[0] if told is None else list(told._desc.shape)} and input of shape {shape}"
            )


def _dense(x: Tensor) -> Tensor:
    """The input as PyTorch's kernels take it: row-major, or with channels innermost if it is so."""
    return x if channels_last(x._array) else contiguous(x)


NOT_CONTIGUOUS = (
    "Expected X.is_contiguous(memory_format) to be true, but got false.  (Could this error message be improved?  If so, "
    "please report an enhancement request to PyTorch.)"
)
"""Zeros without memory call themselves contiguous; what stands for them in a kernel is one zero, expanded."""


def group_norm(
    input: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-05,
    cudnn_enabled: bool = True,
) -> Tensor:
    """torch.group_norm: groups of channels with mean zero and variance one."""
    existing_dim(1, expect_tensor(input, "group_norm")._desc.ndim)
    _channels(input, num_groups, weight=weight, bias=bias)
    n, channels, *inner = input._desc.shape
    x = _dense(input)
    weight, bias = [None if p is None else contiguous(p) for p in (weight, bias)]
    if x._desc.zeros and not is_contiguous(x._desc.shape, x._desc.lies):
        raise RuntimeError(NOT_CONTIGUOUS)
    _expect_one_type(x, "GroupNormKernelImpl", (weight, bias), (x, weight))
    return d.native_group_norm(x, weight, bias, n, channels, prod(inner), num_groups, eps)[0]


def functional_group_norm(
    input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-05
) -> Tensor:
    """torch.nn.functional.group_norm"""
    if input.dim() < 2:
        raise RuntimeError(f"Expected at least 2 dimensions for input tensor but received {input.dim()}")
    shape = list(input.size())
    _verify_batch_size([shape[0] * shape[1] // num_groups, num_groups, *shape[2:]])
    return group_norm(input, num_groups, weight, bias, eps)


def _in_order(x: Tensor) -> bool:
    """Whether the elements lie row by row, or by channels of a picture."""
    desc = x._desc
    return bool(x._array.flags.c_contiguous) or (desc.ndim == 4 and has_channels_last(desc.shape, desc.lies))


_NO_DIMENSIONS = (
    "SmallVector unable to grow. Requested capacity (18446744073709551615) is larger than maximum value for size type "
    "(4294967295)"
)


def batch_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool,
) -> Tensor:
    """torch.batch_norm: channels with mean zero and variance one, by their statistics or by those that run along."""
    channels = expect_tensor(input, "batch_norm")._desc.shape[1] if input._desc.ndim > 1 else 0
    if not input._desc.numel:  # PyTorch keeps the chain of gradients
        out = d.clone(input)
        if weight is not None:
            out = d.mul(out, select(weight, 0, 0))
        return out if bias is None else d.add(out, select(bias, 0, 0))
    named = {"running_mean": running_mean, "running_var": running_var, "weight": weight, "bias": bias}
    for argument, value in named.items():
        if value is not None and value._desc.numel != channels:
            raise RuntimeError(f"{argument} should contain {channels} elements not {value._desc.numel}")
        if value is None and argument.startswith("running") and not training:
            raise RuntimeError(f"{argument} must be defined in evaluation mode")
    if not input._desc.ndim:
        raise RuntimeError(_NO_DIMENSIONS)
    floating = input._desc.dtype.is_floating_point
    kinds = [value._desc.dtype for value in (weight, bias, running_mean, running_var) if value is not None]
    if training and not floating and kinds[:1] in ([], [input._desc.dtype]) and not _in_order(input):
        input.mean()  # PyTorch has another way there, which takes the mean first, and is refused it
    existing_dim(1, input._desc.ndim)
    for argument in ("running_mean", "running_var"):
        no_gradient(named[argument], "native_batch_norm", argument)
    saved = (input, weight, running_mean, running_var)
    if not floating:
        raise saving(refused("batch_norm", input._desc.dtype), *saved)
    _expect_one_type(input, "batch_norm", (weight, bias, running_mean, running_var), saved)
    return d.native_batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps)[0]


def functional_batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-05,
) -> Tensor:
    """torch.nn.functional.batch_norm"""
    if training:
        _verify_batch_size(input.size())
    if training and eps <= 0.0:
        raise ValueError(f"batch_norm eps must be positive during training, but got {eps}")
    if eps < 0.0:
        raise ValueError(f"batch_norm eps must be non-negative, but got {eps}")
    return batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps, True)


def instance_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    use_input_stats: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool,
) -> Tensor:
    """torch.instance_norm: each channel of each sample for itself, as a batch of one with as many channels."""
    if not use_input_stats and (running_mean is None or running_var is None):
        raise RuntimeError("Expected running_mean and running_var to be defined when use_input_stats is false")
    samples, channels, *inner = expect_tensor(input, "instance_norm")._desc.shape
    repeated = [None if p is None else d.repeat(p, (samples,)) for p in (weight, bias, running_mean, running_var)]
    dense = d.view(contiguous(input), (1, samples * channels, *inner))
    out = batch_norm(dense, *repeated, use_input_stats, momentum, eps, cudnn_enabled)  # type: ignore[misc]
    for kept, moved in zip((running_mean, running_var), repeated[2:], strict=True):
        if kept is not None and moved is not None:
            kept.detach().copy_(d.mean_dim(d.view(moved, (samples, channels)), (0,), False, None))
    return d.view(out, sizes((tuple(input._desc.shape),)))


def functional_instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-05,
) -> Tensor:
    """torch.nn.functional.instance_norm"""
    if use_input_stats:
        size = input.size()
        if prod(size[2:]) == 1:
            raise ValueError(f"Expected more than 1 spatial element when training, got input size {size}")
    return instance_norm(input, weight, bias, running_mean, running_var, use_input_stats, momentum, eps, True)


def _named(function: Any, name: str) -> Any:
    """A function under the name that PyTorch has for it in another place."""
    function.__name__ = name
    return function


NN_FUNCTIONAL: dict[str, Any] = {
    "rms_norm": rms_norm,
    **{
        name: _named(function, name)
        for name, function in {
            "layer_norm": functional_layer_norm,
            "group_norm": functional_group_norm,
            "batch_norm": functional_batch_norm,
            "instance_norm": functional_instance_norm,
        }.items()
    },
}
METHODS: dict[str, Any] = {}
FUNCTIONS: dict[str, Any] = {f.__name__: f for f in (layer_norm, rms_norm, group_norm, batch_norm, instance_norm)}
