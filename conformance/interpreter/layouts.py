"""Tensors laid out in memory as a program says: the same numbers, with other strides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from conformance.program import Bind, Call, Global, Program

Stride = tuple[int, ...]


def dense(shape: tuple[int, ...]) -> Stride:
    """The strides of a tensor that lies row by row."""
    found: list[int] = []
    step = 1
    for size in reversed(shape):
        found.append(step)
        step *= max(size, 1)
    return tuple(reversed(found))


def extent(shape: tuple[int, ...], stride: Stride) -> int:
    """Elements from the first to behind the last."""
    if 0 in shape:
        return 0
    return 1 + sum([(size - 1) * step for size, step in zip(shape, stride, strict=True)])


def laid_out(tensor: Any, *stride: int) -> Any:
    """A new tensor of the same elements, of version 0 and nobody's view; what lies between them is zero."""
    made = tensor.new_empty_strided(tensor.shape, stride)
    if tensor.numel():
        memory = made.data  # a write that no version counts
        memory.as_strided((extent(tuple(tensor.shape), stride),), (1,)).zero_()
        memory.copy_(tensor)
    return made


def with_layouts(program: Program, strides: Mapping[int, Stride]) -> Program:
    """The program, with the tensors that these steps bind laid out so."""
    steps = list(program.steps)
    for number, stride in strides.items():
        step = steps[number]
        assert isinstance(step, Bind)
        made = Global("conformance.laid_out")
        steps[number] = Call(function=made, args=(step.value, *stride), out=step.out, drops=step.drops)
    return msgspec.structs.replace(program, steps=tuple(steps))


HOST: dict[str, Any] = {"conformance.laid_out": laid_out}
"""Under which name a program finds it."""
