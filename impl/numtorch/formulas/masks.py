"""Masks that decide where a gradient goes: computed without a graph, and laid out as PyTorch's operators lay them out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..descriptor import arrange, describe, descriptor
from ..layout import elementwise_strides
from ..tensor import Tensor, wrap


def mask(test: Callable[..., Any], *operands: Any) -> Tensor:
    """What a test says of each element of these tensors and numbers."""
    array = test(*[x._array if isinstance(x, Tensor) else x for x in operands])
    if array.ndim and not all(x._desc.plain for x in operands if isinstance(x, Tensor)):
        shape = array.shape
        given = [(x._desc.shape, x._desc.strides) if isinstance(x, Tensor) else ((), ()) for x in operands]
        array, _ = arrange(array, descriptor(shape, describe(array).dtype, elementwise_strides(shape, given)))
    return wrap(array)


def joined(how: Callable[..., Any], first: Tensor, second: Tensor) -> Tensor:
    """Two masks together, written into the first, as PyTorch does: so it decides the layout."""
    array = how(first._array, second._array)
    if array.ndim and array.strides != first._array.strides:
        first._array[...] = array
        return first
    return wrap(array)
