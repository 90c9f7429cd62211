"""Which writes in place are refused because elements lie on top of each other (PyTorch's MemoryOverlap.cpp).

1. Of the written tensor itself: where a dimension of more than one element has stride 0.
2. Of the written tensor and an operand, both without holes, in one storage:
   2.1 the same elements by the same strides: full overlap, which most operations allow;
   2.2 some of the same elements, or all in another order: partial overlap, which is refused.
   Where one of them has holes PyTorch does not look.
"""

from __future__ import annotations

from typing import Any

from ..memory.geometry import address, element_strides, has_internal_overlap, root_of
from ..memory.layout import is_dense
from ..memory.lazy import IMMUTABLE, Zeros
from ..plain_numpy import np
from ..warning import warn

INTERNAL = (
    "unsupported operation: more than one element of the written-to tensor refers to a single memory location. "
    "Please clone() the tensor before performing the operation."
)
BETWEEN = (
    "unsupported operation: some elements of the input tensor and the written-to tensor refer to a single memory "
    "location. Please clone() the tensor before performing the operation."
)
NONE, PARTIAL, FULL = range(3)


def refuse_internal(array: Any) -> None:
    """Case 1, and zeros without memory."""
    if type(array) is np.ndarray and not array.flags.c_contiguous and has_internal_overlap(array):
        raise RuntimeError(INTERNAL)
    if type(array) is Zeros:
        raise RuntimeError(IMMUTABLE)


def warn_of_internal(array: Any, name: str) -> None:
    """Case 1, of the operations for which PyTorch only deprecates it."""
    if type(array) is Zeros:
        raise RuntimeError(IMMUTABLE)
    if type(array) is np.ndarray and has_internal_overlap(array):
        warn(
            f"Use of {name} on expanded tensors is deprecated. Please clone() the tensor before performing this "
            "operation. This also applies to advanced indexing e.g. "
            + ("tensor[indices] = tensor" if name == "index_put_" else "tensor[mask] = scalar"),
        )


def between(target: Any, other: Any) -> int:
    """Case 2: NONE, PARTIAL or FULL. A conjugated or negated operand is computed first, so that it has memory of its own."""
    if target is other:
        return FULL
    if type(target) is not np.ndarray or type(other) is not np.ndarray:  # a NumPy scalar shares no memory
        return NONE
    if (target.base is None and other.base is None) or not (target.size and other.size):
        return NONE
    if root_of(target) is not root_of(other):
        return NONE
    places = []
    for array in (target, other):
        strides = element_strides(array)
        if not is_dense(array.shape, strides):
            return NONE
        begin = address(array)
        places.append((begin, begin + array.nbytes, strides))
    (begin, end, strides), (start, stop, others) = places
    if begin == start and end == stop:
        return FULL if strides == others else PARTIAL
    return PARTIAL if begin < stop and start < end else NONE


def refuse(target: Any, *operands: Any) -> None:
    """What elementwise operations refuse: cases 1 and 2.2."""
    refuse_internal(target)
    for other in operands:
        if between(target, other) == PARTIAL:
            raise RuntimeError(BETWEEN)


def refuse_any(target: Any, *operands: Any) -> None:
    """What index_put_ and its kind refuse: any overlap with an operand."""
    for other in operands:
        if between(target, other) != NONE:
            raise RuntimeError(BETWEEN)
