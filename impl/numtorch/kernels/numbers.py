"""A Python number as a kernel computes with it, and sums that are rounded once."""

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


def fused(a: Any, b: Any, c: Any) -> Any:
    """a * b + c as a processor has it that rounds once, of single or of double precision.

    PyTorch's compiler makes that of a product and a sum. Where the two cancel, what the product lost is all that is left. Of
    many doubles only that is looked for, and the last bit is let be.
    """
    if a.dtype == np.float32:
        return np.asarray(np.multiply(a, b, dtype=np.float64) + c).astype(np.float32)[()]
    product = a * b
    out = product + c
    if out.size > _FEW and not (np.abs(out) <= np.abs(product) * _CANCELLED).any():
        return out
    high, upper = [x * _SPLIT - (x * _SPLIT - x) for x in (a, b)]  # Dekker's: the upper halves of the digits
    low, lower = a - high, b - upper
    lost = ((high * upper - product) + high * lower + low * upper) + low * lower
    taken = out - product
    lost = lost + (product - (out - taken)) + (c - taken)  # and Knuth's: what the sum lost
    return np.where(np.isfinite(lost) & (lost != 0), out + lost, out)


_FEW = 64
_CANCELLED = 2.0**-30
_SPLIT = 2.0**27 + 1
