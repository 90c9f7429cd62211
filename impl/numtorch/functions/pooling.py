"""Pooling, as torch.nn.functional has it."""

from __future__ import annotations

from typing import Any

from .. import dispatch as d
from ..calls.operands import refused
from ..dtype import dtypes
from ..grad_mode import is_grad_enabled
from ..kernels.pooling import channels_last, pooled_size
from ..tensor import Tensor, existing_dim
from .arguments import expect_tensor, not_for


def _pair(name: str, argument: str, value: Any) -> tuple[int, int]:
    """One int for both dimensions, or two."""
    given = (value,) if isinstance(value, int) else tuple(value)
    if len(given) not in (1, 2):
        raise RuntimeError(f"{name}: {argument} must either be a single int, or a tuple of two ints")
    return (given[0], given[-1])


def _checked(
    name: str, x: Tensor, size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool
) -> tuple[tuple[int, int], tuple, tuple[int, int], tuple[int, int]]:
    """Window, stride, padding and dilation as pairs, once PyTorch's checks hold."""
    expect_tensor(x, name)
    pair = _pair(name, "kernel_size", size)
    steps = () if stride is None or stride == () else _pair(name, "stride", stride)
    pad, apart = _pair(name, "padding", padding), _pair(name, "dilation", dilation)
    if 0 in (steps or pair):
        raise RuntimeError("stride should not be zero")
    shape = tuple(x._desc.shape)
    if len(shape) not in (3, 4) or 0 in shape[-3:]:
        raise RuntimeError("non-empty 3D or 4D (batch mode) tensor expected for input")
    for k, p, a in zip(pair, pad, apart, strict=True):
        if p > ((k - 1) * a + 1) // 2:
            raise RuntimeError(
                f"pad should be at most half of effective kernel size, but got pad={p}, kernel_size={k} and dilation={a}"
            )
    out = [
        pooled_size(n, *rest, ceil_mode) for n, *rest in zip(shape[-2:], pair, steps or pair, pad, apart, strict=True)
    ]
    if min(out) < 1:
        raise RuntimeError(
            f"Given input size: ({'x'.join(map(str, shape[-3:]))}). Calculated output size: "
            f"({'x'.join(map(str, (shape[-3], *out)))}). Output size is too small"
        )
    return pair, steps, pad, apart


def avg_pool2d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean of each window over the last two dimensions."""
    existing_dim(-3, expect_tensor(input, "avg_pool2d")._desc.ndim)
    not_for("avg_pool2d", input, dtypes.bool_)
    size, steps, pad, _ = _checked("avg_pool2d", input, kernel_size, stride, padding, 1, ceil_mode)
    if divisor_override == 0:
        raise RuntimeError("divisor must be not zero")
    return d.avg_pool2d(input, size, steps, pad, ceil_mode, count_include_pad, divisor_override)


def max_pool2d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The greatest of each window over the last two dimensions; with its place in the picture, if asked."""
    size, steps, pad, apart = _checked("max_pool2d", input, kernel_size, stride, padding, dilation, ceil_mode)
    not_for("max_pool2d", input, dtypes.bool_)
    found = d.max_pool2d_with_indices(input, size, steps, pad, apart, ceil_mode)
    return found if return_indices else found[0]


def _one(name: str, argument: str, value: Any) -> int:
    """The only int."""
    given = (value,) if isinstance(value, int) else tuple(value)
    if len(given) != 1:
        raise RuntimeError(f"{name}() argument '{argument}' should contain one int (got {len(given)})")
    return given[0]


def avg_pool1d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """The mean of each window over the last dimension."""
    n = expect_tensor(input, "avg_pool1d")._desc.ndim
    if n not in (2, 3):
        raise RuntimeError(
            f"Expected 2 to 3 dimensions, but got {n}-dimensional tensor for argument #1 'self' (while checking "
            "arguments for avg_pool1d)"
        )
    size, pad = _one("avg_pool1d", "kernel_size", kernel_size), _one("avg_pool1d", "padding", padding)
    step = size if stride is None or stride == () else _one("avg_pool1d", "stride", stride)
    picture = d.unsqueeze(input, -2)
    return d.squeeze_dim(avg_pool2d(picture, (1, size), (1, step), (0, pad), ceil_mode, count_include_pad), -2)


def max_pool1d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The greatest of each window over the last dimension; with its place, if asked."""
    shape = tuple(expect_tensor(input, "max_pool1d")._desc.shape)
    if len(shape) not in (2, 3):
        raise RuntimeError(
            "max_pool1d: Expected 2D or 3D (batch mode) tensor with optional 0 dim batch size for input, but "
            f"got:{list(shape)}"
        )
    size, pad = _one("max_pool1d", "kernel_size", kernel_size), _one("max_pool1d", "padding", padding)
    apart = _one("max_pool1d", "dilation", dilation)
    step = size if stride is None or stride == () else _one("max_pool1d", "stride", stride)
    for argument, value in (("kernel_size", size), ("stride", step), ("dilation", apart)):
        if value <= 0:
            raise RuntimeError(f"max_pool1d() {argument} must be greater than zero, but got {value}")
    if not 0 <= pad <= size // 2:
        what = (
            "non-negative, but got "
            if pad < 0
            else f"at most half of kernel size, but got padding={pad} and kernel_size="
        )
        raise RuntimeError(f"max_pool1d() padding should be {what}{pad if pad < 0 else size}")
    out = pooled_size(shape[-1], size, step, pad, apart, ceil_mode)
    if out <= 0:
        raise RuntimeError(f"max_pool1d() Invalid computed output size: {out}")
    recorded = input.requires_grad and is_grad_enabled()
    if not (return_indices or recorded) and input._desc.dtype.category != dtypes.FLOATING:
        raise refused("max_pool1d_impl", input._desc.dtype)  # the kernel that keeps no places
    picture = d.unsqueeze(input, -2)
    found = max_pool2d(picture, (1, size), (1, step), (0, pad), (1, apart), ceil_mode, True)
    found = tuple([d.squeeze_dim(t, -2) for t in found])
    return found if return_indices else found[0]


def _adaptive(input: Tensor, size: tuple[int, int]) -> Tensor:
    """The means of windows over the last two dimensions; of one window all of them, as PyTorch has it."""
    shape = list(input._desc.shape)
    if min(size) < 0:
        raise RuntimeError(
            "adaptive_avg_pool2d: elements of output_size must be greater than or equal to 0 but received "
            f"{{{size[0]}, {size[1]}}}"
        )
    if len(shape) not in (3, 4):
        raise RuntimeError(f"adaptive_avg_pool2d(): Expected 3D or 4D tensor, but got {shape}")
    if size != (1, 1):
        for i in (-1, -2):
            if not shape[i]:
                raise RuntimeError(
                    "adaptive_avg_pool2d(): Expected input to have non-zero size for non-batch dimensions, but input has "
                    f"sizes {shape} with dimension {i + len(shape)} being empty"
                )
        if input._desc.dtype.category != dtypes.FLOATING:
            raise refused("adaptive_avg_pool2d", input._desc.dtype)
        return d.adaptive_avg_pool2d(input, size)
    out = input.mean((-1, -2), keepdim=True)
    if channels_last(input._array):
        batch, channels = shape[:2]
        out = out.as_strided_((batch, channels, 1, 1), (channels, 1, channels, channels))
    return out


def adaptive_avg_pool2d(input: Tensor, output_size: Any) -> Tensor:
    """The means of windows over the last two dimensions, of which there are as many as are asked for, or None for all."""
    sizes = list(expect_tensor(input, "adaptive_avg_pool2d")._desc.shape)
    given = [output_size] * 2 if isinstance(output_size, int) else list(output_size)
    if not isinstance(output_size, int) and len(sizes) <= len(given):
        raise ValueError(f"Input dimension should be at least {len(given) + 1}")
    if len(given) != 2:
        raise RuntimeError("adaptive_avg_pool2d: output_size must be 2")
    wanted = [n if value is None else value for n, value in zip([0, 0, *sizes][-2:], given, strict=True)]
    return _adaptive(input, (wanted[0], wanted[1]))


def adaptive_avg_pool1d(input: Tensor, output_size: Any) -> Tensor:
    """The means of as many windows over the last dimension."""
    n = expect_tensor(input, "adaptive_avg_pool1d")._desc.ndim
    size = _one("adaptive_avg_pool1d", "output_size", output_size)
    if n not in (2, 3):
        raise RuntimeError(
            f"Expected 2 to 3 dimensions, but got {n}-dimensional tensor for argument #1 'self' (while checking "
            "arguments for adaptive_avg_pool1d)"
        )
    return d.squeeze_dim(_adaptive(d.unsqueeze(input, -2), (1, size)), -2)


NN_FUNCTIONAL: dict[str, Any] = {
    f.__name__: f for f in (avg_pool1d, avg_pool2d, max_pool1d, max_pool2d, adaptive_avg_pool1d, adaptive_avg_pool2d)
}
METHODS: dict[str, Any] = {}
FUNCTIONS: dict[str, Any] = {f.__name__: f for f in (avg_pool1d, max_pool1d, max_pool2d, adaptive_avg_pool1d)}
