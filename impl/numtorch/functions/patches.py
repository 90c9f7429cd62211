"""Pictures taken apart and put together, as torch.nn.functional has it: unfold and fold, and shuffles of channels."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from typing import Any

from .. import dispatch as d
from ..calls.operands import refused, type_name
from ..dtype import dtypes
from ..grad_mode import is_grad_enabled
from ..kernels.convolutions import convolved_size
from ..tensor import Tensor, existing_dim
from .arguments import expect_tensor, int_list, is_int

_AXES = ("height", "width")


def _pairs(name: str, first: int, **given: Any) -> list[tuple[int, ...]]:
    """Each argument as two ints: one alone is both."""
    found = []
    for at, (argument, value) in enumerate(given.items()):
        pair = tuple(value) if isinstance(value, Iterable) else (value, value)
        found.append((argument, int_list(pair, name, argument, first + at)))
    for argument, pair in found:
        if len(pair) != 2:
            raise RuntimeError(f"It is expected {argument} equals to 2, but got size {len(pair)}")
    return [pair for _, pair in found]


def _expect_windows(kernel: tuple, dilation: tuple, padding: tuple, stride: tuple) -> None:
    """PyTorch's checks of the windows."""
    for what, short, values, least in (
        ("kernel size should be greater than zero", "kernel", kernel, 1),
        ("dilation should be greater than zero", "dilation", dilation, 1),
        ("padding should be non-negative", "pad", padding, 0),
        ("stride should be greater than zero", "stride", stride, 1),
    ):
        if min(values) < least:
            told = " ".join([f"{short}_{axis}: {n}" for axis, n in zip(_AXES, values, strict=True)])
            raise RuntimeError(f"{what}, but got {told}")


def _expect_kind(kernel: str, input: Tensor) -> None:
    if input._desc.dtype.category == dtypes.INTEGRAL:
        raise refused(kernel, input._desc.dtype)


def unfold(input: Tensor, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Tensor:
    """torch.nn.functional.unfold: each window of pictures as a column."""
    expect_tensor(input, "im2col")
    pairs = _pairs("im2col", 2, kernel_size=kernel_size, dilation=dilation, padding=padding, stride=stride)
    _expect_windows(*pairs)
    shape = input._desc.shape
    if input.requires_grad and is_grad_enabled():
        existing_dim(-1, len(shape))  # which is saved, from right to left
        existing_dim(-2, len(shape))
    for dim in (1, 2):
        if shape[existing_dim(dim, len(shape))] == 0:
            break
    filled = 0 not in shape[0 if len(shape) == 3 else 1 :]
    if len(shape) not in (3, 4) or not filled:
        raise RuntimeError(
            "Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero dimensions for input, "
            f"but got: {list(shape)}"
        )
    kernel, apart, pad, steps = pairs
    found = [convolved_size(*each) for each in zip(shape[-2:], kernel, steps, pad, apart, strict=True)]
    if min(found) < 1:
        raise RuntimeError(
            f"Given input with spatial size {tuple(shape[-2:])}, kernel_size={kernel}, dilation={apart}, padding={pad}, "
            f"calculated shape of the array of sliding blocks as {tuple(found)}, but its components must be at least one."
        )
    _expect_kind("im2col_out_cpu", input)
    return d.im2col(input, *pairs)


def fold(
    input: Tensor, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Tensor:
    """torch.nn.functional.fold: columns put back as windows of pictures, and added up."""
    expect_tensor(input, "col2im")
    size, *pairs = _pairs(
        "col2im", 2, output_size=output_size, kernel_size=kernel_size, dilation=dilation, padding=padding, stride=stride
    )
    _expect_windows(*pairs)
    shape = list(input._desc.shape)
    if len(shape) not in (2, 3) or 0 in shape[-2:]:
        raise RuntimeError(
            "Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and non-zero dimensions for "
            f"input, but got: {shape}"
        )
    kernel, apart, pad, steps = pairs
    rows, windows = shape[-2:]  # of a single one PyTorch tells those of the batch that it makes of it
    if rows % prod(kernel):
        raise RuntimeError(
            "Expected size of input's dimension 1 to be divisible by the product of kernel_size, but got "
            f"input.size(1)={rows} and kernel_size={kernel}."
        )
    found = [convolved_size(*each) for each in zip(size, kernel, steps, pad, apart, strict=True)]
    given = (
        f"Given output_size={size}, kernel_size={kernel}, dilation={apart}, padding={pad}, stride={steps}, expected size "
        f"of input's dimension 2 to match the calculated number of sliding blocks {found[0]} * {found[1]} = "
        f"{prod(found)}, but got input.size(2)={windows}."
    )
    if prod(found) != windows or min(found) < 1:
        raise RuntimeError(given)
    _expect_kind("col2im_out_cpu", input)
    return d.col2im(input, size, *pairs)


def _expect_factor(name: str, argument: str, input: Any, factor: Any) -> tuple[int, ...]:
    """The shape of the input, once it has channels and the factor is an int."""
    expect_tensor(input, name)
    if not is_int(factor):
        raise TypeError(f"{name}(): argument '{argument}' (position 2) must be int, not {type_name(factor)}")
    shape: tuple[int, ...] = tuple(input._desc.shape)
    if argument != "groups" and len(shape) < 3:
        raise RuntimeError(
            f"{name} expects input to have at least 3 dimensions, but got input with {len(shape)} dimension(s)"
        )
    if argument != "groups" and factor <= 0:
        raise RuntimeError(f"{name} expects a positive {argument}, but got {factor}")
    return shape


def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """Channels as pixels: of upscale_factor squared channels one, larger by that factor in both directions."""
    shape = _expect_factor("pixel_shuffle", "upscale_factor", input, upscale_factor)
    if shape[-3] % upscale_factor**2:
        raise RuntimeError(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of upscale_factor, but "
            f"input.size(-3)={shape[-3]} is not divisible by {upscale_factor**2}"
        )
    return d.pixel_shuffle(input, upscale_factor)


def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """Pixels as channels, the inverse of pixel_shuffle."""
    shape = _expect_factor("pixel_unshuffle", "downscale_factor", input, downscale_factor)
    for dim, which in ((-2, "height"), (-1, "width")):
        if shape[dim] % downscale_factor:
            raise RuntimeError(
                f"pixel_unshuffle expects {which} to be divisible by downscale_factor, but input.size({dim})={shape[dim]} "
                f"is not divisible by {downscale_factor}"
            )
    return d.pixel_unshuffle(input, downscale_factor)


def channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """The channels, dealt out so that one of each group follows one of the group before."""
    shape = _expect_factor("channel_shuffle", "groups", input, groups)
    if len(shape) < 3:
        raise RuntimeError(f"channel_shuffle expects input with > 2 dims, but got input with sizes {list(shape)}")
    if groups <= 0:
        raise RuntimeError(f"Number of groups to divide channels in must be positive. Value of groups:{groups}")
    if shape[1] % groups:
        raise RuntimeError(
            f"Number of channels must be divisible by groups. Got {shape[1]} channels and {groups} groups."
        )
    return d.channel_shuffle(input, groups)


_SHUFFLES: dict[str, Any] = {f.__name__: f for f in (pixel_shuffle, pixel_unshuffle, channel_shuffle)}
NN_FUNCTIONAL: dict[str, Any] = {"unfold": unfold, "fold": fold, **_SHUFFLES}
METHODS: dict[str, Any] = {}
FUNCTIONS: dict[str, Any] = dict(_SHUFFLES)
