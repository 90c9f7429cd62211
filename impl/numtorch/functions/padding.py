"""Padding with a constant, as torch.nn.functional has it."""

from __future__ import annotations

from typing import Any

from .. import dispatch as d
from ..tensor import Tensor
from .arguments import expect_tensor, sizes


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


def pad(input: Tensor, pad: Any, mode: str = "constant", value: float | None = None) -> Tensor:
    """torch.nn.functional.pad, of constants only"""
    expect_tensor(input, "pad")
    given = sizes((pad,))
    if len(given) % 2:
        raise RuntimeError("Padding length must be divisible by 2")
    if len(given) > 2 * input._desc.ndim:
        raise RuntimeError(
            "Padding length should be less than or equal to two times the input dimension but got padding length "
            f"{len(given)} and input of dimension {input._desc.ndim}"
        )
    if mode != "constant":
        raise NotImplementedError(f"numtorch pads with constants only, not by {mode!r}")
    return constant_pad_nd(input, given, 0.0 if value is None else value)


NN_FUNCTIONAL: dict[str, Any] = {"pad": pad}
METHODS: dict[str, Any] = {}
FUNCTIONS: dict[str, Any] = {"constant_pad_nd": constant_pad_nd}
