"""Memory formats: in which order dimensions lie in memory, row by row or with the channels innermost."""

from __future__ import annotations

from typing import Any

from ..device import channels_last, channels_last_3d, contiguous_format
from ..plain_numpy import np
from .geometry import laid_out

ORDERS = {channels_last: (1, 3, 2, 0), channels_last_3d: (1, 4, 3, 2, 0)}
"""The dimensions of a picture or a volume, innermost first."""


def formatted(shape: tuple, kind: Any, memory_format: Any) -> Any:
    """New memory in a format, for elements of a type of NumPy's. RuntimeError if it is not one for so many dimensions."""
    if memory_format is None or memory_format is contiguous_format:
        return np.empty(shape, kind)
    order = ORDERS.get(memory_format)
    name = str(memory_format).rpartition(".")[2]
    if order is None:
        raise RuntimeError(f"unsupported memory format {name.split('_')[0].capitalize()}")
    if len(shape) != len(order):
        raise RuntimeError(f"required rank {len(order)} tensor to use {name} format")
    strides, step = [0] * len(shape), 1
    for dim in order:
        strides[dim] = step
        step *= shape[dim]
    return laid_out(shape, tuple(strides), np.dtype(kind))


def lies_in(shape: tuple, strides: tuple, memory_format: Any) -> bool:
    """Whether elements lie in the order of channels last, without holes; as PyTorch has it, empty ones by their strides."""
    order = ORDERS[memory_format]
    if len(shape) != len(order):
        return False
    step = 1
    for dim in order:
        if shape[dim] != 1:
            if strides[dim] != step:
                return False
            step *= shape[dim]
    return True


def suggested(shape: tuple, strides: tuple) -> Any:
    """The format that strides suggest: channels last only where no other can be meant."""
    for memory_format, order in ORDERS.items():
        if len(shape) == len(order):
            return memory_format if _suggests(shape, strides, order) else contiguous_format
    return contiguous_format


def _suggests(shape: tuple, strides: tuple, order: tuple) -> bool:
    least = 0
    if strides[1] == 0:
        return False
    for dim in order:
        if shape[dim] == 0 or strides[dim] < least or (dim == 0 and least == strides[1]):
            return False
        least = strides[dim] * max(shape[dim], 1)
    return True
