"""How the tensors that a program begins with lie in memory: on one side, and made the same on the other.

PyTorch saves, copies and computes otherwise for another layout of an operand. Of a subject that claims no strides of its own
(the facet `stride` is none of its), what it did is therefore held against PyTorch with *its* layouts before it is blamed.
"""

from __future__ import annotations

import msgspec

from conformance.interpreter.layouts import Stride, extent
from conformance.program import Bind, Program, TensorLiteral
from conformance.trace import Trace

LARGEST = 1 << 20
"""Elements that a layout may extend over. What a subject says of its strides is not to fill the oracle's memory."""


def other_layouts(program: Program, oracle: Trace, subject: Trace) -> dict[int, Stride]:
    """By number, the steps that bind a tensor of the program's own which lies otherwise on the subject; with its strides."""
    found = {}
    for number, (step, o, s) in enumerate(zip(program.steps, oracle.steps, subject.steps, strict=False)):
        if isinstance(step, Bind) and isinstance(step.value, TensorLiteral):
            one, other = (side.changes.get(step.out) for side in (o, s))
            if one is None or other is None or one.stride == other.stride or one.shape != other.shape:
                continue
            stride = other.stride
            if stride is not msgspec.UNSET and _is_layout(step.value.shape, stride):
                found[number] = stride
    return found


def _is_layout(shape: tuple[int, ...], stride: Stride) -> bool:
    apart = len(stride) == len(shape) and all(
        step > 0 or (step == 0 and size < 2) for size, step in zip(shape, stride, strict=True)
    )
    return apart and extent(shape, stride) <= LARGEST
