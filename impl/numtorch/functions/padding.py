"""Padding, as torch.nn.functional has it."""

from __future__ import annotations

from typing import Any

from .. import dispatch as d
from ..calls.raising import saving_first
from ..dtype import dtypes
from ..kernels.pooling import channels_last
from ..tensor import Tensor
from .arguments import expect_ints, expect_tensor, not_for, sizes


def constant_pad_nd(input: Tensor, pad: Any, value: Any = 0) -> Tensor:
    """A value around the last dimensions, of which `pad` counts two each, the last dimension's first; negative ones crop."""
    expect_tensor(input, "constant_pad_nd")
    pad = sizes((pad,))
    ndim = input._desc.ndim
    if len(pad) % 2:
        raise RuntimeError(f"Length of pad must be even but instead it equals {len(pad)}")
    if len(pad) > 2 * ndim:
        raise RuntimeError(
            "Length of pad should be no more than twice the number of dimensions of the input. "
            f"Pad length is {len(pad)}while the input has {ndim}dimensions."
        )
    for dim, n in enumerate(input._desc.shape):
        at = 2 * (ndim - dim - 1)
        if at >= len(pad):
            continue
        before, after = pad[at], pad[at + 1]
        if n + before + after < 0:
            raise RuntimeError(
                f"The input size {n}, plus negative padding {before} and {after} resulted in a negative output size, "
                f"which is invalid. Check dimension {dim} of your input."
            )
    for dim, n in enumerate(input._desc.shape):
        at = 2 * (ndim - dim - 1)
        if at < len(pad) and n + min(pad[at], 0) + min(pad[at + 1], 0) < 0:  # negative ones are cropped first
            raise RuntimeError("narrow(): length must be non-negative.")
    return d.constant_pad_nd(input, pad, value)


_TOO_SMALL = {1: "W: {}", 2: "H: {}, W: {}", 3: "D: {} H: {}, W: {}"}


def _expect_room(input: Tensor, pad: tuple[int, ...], mode: str) -> None:
    """PyTorch's checks of a padding by reflection or repetition, in its order."""
    shape, dims = list(input._desc.shape), len(pad) // 2
    first = len(shape) - dims  # the first dimension that is padded
    alone = first == 1
    if 0 in shape[0 if alone else 1 :]:
        raise RuntimeError(
            f"Expected {dims + 1}D or {dims + 2}D (batch mode) tensor with possibly 0 batch size and other non-zero "
            f"dimensions for input, but got: {shape}"
        )
    sides = [(pad[2 * i], pad[2 * i + 1]) for i in range(dims)]
    for i, (before, after) in enumerate(sides):
        if mode == "reflect" and max(before, after) >= shape[-1 - i]:
            raise RuntimeError(
                f"Argument #{4 + 2 * i}: Padding size should be less than the corresponding input dimension, but got: "
                f"padding ({before}, {after}) at dimension {len(shape) - 1 - i} of input {shape}"
            )
    out = [n + sum(side) for n, side in zip(shape[first:], reversed(sides), strict=True)]
    if max(out) < 1:
        given = _TOO_SMALL[dims].format(*shape[first:])
        if mode == "replicate" and dims == 2:
            given += " "  # as PyTorch spells it
        found = " ".join([f"{name}: {n}" for name, n in zip("DHW"[-dims:], out, strict=True)])
        raise RuntimeError(f"input ({given}) is too small. Calculated output {found}")
    wanted = [*shape[:first], *out]
    for n in wanted:
        if n < 0:
            raise RuntimeError(f"Trying to create tensor with negative dimension {n}: {wanted}")


def _in_a_ring(input: Tensor, pad: tuple[int, ...]) -> Tensor:
    """The last dimensions, each gone around; written to memory part by part, as PyTorch has it."""
    shape, dims = input._desc.shape, len(pad) // 2
    sides = {len(shape) - 1 - i: (pad[2 * i], pad[2 * i + 1]) for i in range(dims)}
    sizes = list(shape)
    for dim in range(len(shape) - dims, len(shape)):
        before, after = sides[dim]
        sizes[dim] += before + after
        if max(before, after) > shape[dim]:
            raise RuntimeError("Padding value causes wrapping around more than once.")
        if sizes[dim] < 0:
            raise RuntimeError("Negative padding value is resulting in an empty dimension")
    out = input.new_empty(sizes)
    to, source = out, input
    for dim, (before, after) in sides.items():
        to = d.slice_(to, dim, max(before, 0), sizes[dim] - max(after, 0), 1)
        source = d.slice_(source, dim, max(-before, 0), shape[dim] - max(-after, 0), 1)
    to.copy_(source)
    for dim, (before, after) in sides.items():
        first, last = max(before, 0), sizes[dim] - max(after, 0)
        if before > 0:
            d.slice_(out, dim, 0, before, 1).copy_(d.slice_(out, dim, last - before, last, 1))
        if after > 0:
            d.slice_(out, dim, last, sizes[dim], 1).copy_(d.slice_(out, dim, first, first + after, 1))
    return out


def pad(input: Tensor, pad: Any, mode: str = "constant", value: float | None = None) -> Tensor:
    """torch.nn.functional.pad: with a constant, mirrored, with the edge repeated, or in a ring."""
    expect_tensor(input, "pad")
    given = expect_ints(pad, "pad", "pad", 2)
    if not isinstance(mode, str):
        raise TypeError(f"pad(): argument 'mode' (position 3) must be str, not {type(mode).__name__}")
    if mode not in ("constant", "reflect", "replicate", "circular"):
        raise NotImplementedError(f"Unrecognised padding mode {mode}")
    ndim = input._desc.ndim
    if len(given) % 2:
        raise RuntimeError("Padding length must be divisible by 2")
    if len(given) > 2 * ndim:
        raise RuntimeError(
            "Padding length should be less than or equal to two times the input dimension but got padding length "
            f"{len(given)} and input of dimension {ndim}"
        )
    if mode == "constant":
        return constant_pad_nd(input, given, 0.0 if value is None else float(value) if type(value) is int else value)
    if value:
        raise RuntimeError(f'Padding mode "{mode}" doesn\'t take in value argument')
    dims = len(given) // 2
    if dims not in (1, 2, 3) or ndim - dims not in (1, 2):
        raise NotImplementedError(
            f"Padding size {len(given)} is not supported for {ndim}D input tensor.\n"
            "Supported combinations for non-constant padding:\n"
            "  - 2D or 3D input: padding size = 2 (pads last dimension)\n"
            "  - 3D or 4D input: padding size = 4 (pads last 2 dimensions)\n"
            "  - 4D or 5D input: padding size = 6 (pads last 3 dimensions)"
        )
    if mode == "circular":
        return _in_a_ring(input, given)
    name = f"{'reflection' if mode == 'reflect' else 'replication'}_pad{dims}d"
    with saving_first(name, self=input):
        _expect_room(input, given, mode)
        last = channels_last(input._array) and dims == ndim - 2
        not_for(f"{name}_channels_last" if last else name, input, dtypes.bool_)
    return getattr(d, name)(input, given)


NN_FUNCTIONAL: dict[str, Any] = {"pad": pad}
METHODS: dict[str, Any] = {}
FUNCTIONS: dict[str, Any] = {"constant_pad_nd": constant_pad_nd}
