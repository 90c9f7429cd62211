"""A Python number as a kernel computes with it."""

from __future__ import annotations

from typing import Any

from ..calls import scalar
from ..dtype import from_numpy
from ..plain_numpy import np
from ..warning import warn

IMAGINARY_DISCARDED = "Casting complex values to real discards the imaginary part"


def castable(source: Any, target: Any) -> Any:
    """What is copied into an array: the real parts of complex numbers where it is real, after PyTorch's warning."""
    if source.dtype.kind != "c" or target.dtype.kind in "cb":
        return source
    if source.size and target.size:
        warn(IMAGINARY_DISCARDED)
    return source.real


def in_type(number: Any, kind: np.dtype) -> Any:
    """A 0-d number of a type; a RuntimeError, PyTorch's, where the type cannot hold it: too large, or complex for reals.

    Most are small and real: what every type holds is not looked at twice.
    """
    if type(number) is complex or not -100 < number < 100 or (number < 0 and kind.kind == "u"):
        return scalar.checked(number, from_numpy(kind))[()]
    return kind.type(number)


def element(value: Any, kind: np.dtype) -> Any:
    """What is put at single places, a number or a 0-d array, in a type; a RuntimeError where an integer type cannot hold it."""
    if kind.kind not in "iu":
        return np.asarray(value).astype(kind)
    return in_type(value.item() if isinstance(value, (np.ndarray, np.generic)) else value, kind)


def wrapped(number: Any, kind: np.dtype) -> Any:
    """The same where PyTorch makes a tensor of the number first, and casts that: ints wrap around."""
    if kind.kind in "iu" and not -100 < number < 100:
        return np.array(number).astype(kind)[()]
    return kind.type(int(number) % 256 if kind.kind == "u" else number)
