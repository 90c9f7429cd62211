"""Elements of tensors as NumPy arrays, and how far apart two of them are.

bfloat16, which NumPy does not have, is widened to float32, exactly; so is complex32 to complex64.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

_NUMPY = {
    "bool": np.dtype("?"),
    "uint8": np.dtype("u1"),
    "int8": np.dtype("i1"),
    "int16": np.dtype("<i2"),
    "int32": np.dtype("<i4"),
    "int64": np.dtype("<i8"),
    "uint16": np.dtype("<u2"),
    "uint32": np.dtype("<u4"),
    "uint64": np.dtype("<u8"),
    "float16": np.dtype("<f2"),
    "float32": np.dtype("<f4"),
    "float64": np.dtype("<f8"),
    "complex64": np.dtype("<c8"),
    "complex128": np.dtype("<c16"),
}

EPSILON = {
    "float16": 2.0**-10,
    "complex32": 2.0**-10,
    "bfloat16": 2.0**-7,
    "float32": 2.0**-23,
    "complex64": 2.0**-23,
    "float64": 2.0**-52,
    "complex128": 2.0**-52,
}
"""The distance from 1 to the next number, of every dtype that rounds; the others are exact."""

LARGEST = {"float16": 65504.0, "complex32": 65504.0, "bfloat16": 3.39e38, "float32": 3.40e38, "complex64": 3.40e38}
"""The largest number of a dtype, of those that overflow where float64 does not."""

# The bits of a number in memory, its mantissa, and the smallest exponent: what an ulp is, of each dtype that rounds.
_SMALLEST = {
    "float16": 2.0**-24,
    "complex32": 2.0**-24,
    "bfloat16": 2.0**-133,
    "float32": 2.0**-149,
    "complex64": 2.0**-149,
    "float64": 2.0**-1074,
    "complex128": 2.0**-1074,
}


def elements(dtype: str, shape: tuple[int, ...], data: bytes) -> np.ndarray[Any, Any]:
    """The elements of a `TensorLiteral` or `Array`. Raises ValueError if the bytes do not fit the shape."""
    if dtype == "bfloat16":
        flat = (np.frombuffer(data, "<u2").astype("<u4") << 16).view("<f4")
    elif dtype == "complex32":
        flat = np.frombuffer(data, "<f2").astype("<f4").view("<c8")
    else:
        try:
            flat = np.frombuffer(data, _NUMPY[dtype])
        except KeyError:
            raise ValueError(f"no dtype is named {dtype!r}") from None
    return flat.reshape(shape)


def ulp(dtype: str, magnitude: Any) -> Any:
    """The distance between neighbouring numbers of a dtype at this magnitude (a number or an array)."""
    # Not by log2, which rounds: just below a power of two it would be one too large.
    _, exponent = np.frexp(np.abs(magnitude))
    return np.maximum(np.ldexp(EPSILON[dtype], exponent - 1), _SMALLEST[dtype])


def apart(dtype: str, one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """How many ulp apart two arrays of one shape are, element by element; inf where they differ in kind.

    nan equals nan: its payload and sign say nothing. 0.0 equals -0.0, as IEEE's own comparison has it: which of them a sum
    of nothing or a product with zero gives hangs on the order of the operations, and where the sign matters (1/x, atan2,
    sqrt) it shows in the next value.
    """
    if dtype in ("complex32", "complex64", "complex128"):
        real = "float32" if dtype == "complex64" else "float64" if dtype == "complex128" else "float16"
        distance = np.maximum(apart(real, one.real, other.real), apart(real, one.imag, other.imag))
        return np.asarray(distance)
    if dtype not in EPSILON:
        return np.where(one == other, 0.0, np.inf)
    a, b = one.astype(np.float64), other.astype(np.float64)
    with np.errstate(all="ignore"):
        same = (a == b) | (np.isnan(a) & np.isnan(b))
        distance = np.abs(a - b) / ulp(dtype, np.maximum(np.abs(a), np.abs(b)))
    return np.where(same, 0.0, np.where(np.isfinite(distance), distance, np.inf))


_WRITTEN = re.compile(r"([-+]?\d+\.(\d{4,})(?:e([-+]?\d+))?)")
"""A number that was rounded when it was written: four decimals or more. Shorter ones are settings, and sizes have no point."""


def alike(one: str, other: str, ulps: float) -> bool:
    """Whether two texts are equal, but for numbers that are `ulps` of float64 or one unit of the last digit apart.

    gradcheck's errors show Jacobians. Two numbers that are an ulp apart may round to neighbouring decimals.
    """
    if one == other:
        return True
    a, b = _WRITTEN.split(one), _WRITTEN.split(other)
    if a[::4] != b[::4] or a[3::4] != b[3::4]:  # the text around the numbers, and their exponents
        return False
    for x, y, decimals, exponent in zip(a[1::4], b[1::4], a[2::4], a[3::4], strict=True):
        unit = 10.0 ** (int(exponent or 0) - len(decimals))
        if abs(float(x) - float(y)) > max(1.5 * unit, ulps * float(ulp("float64", float(x)))):
            return False
    return True


_NUMBER = re.compile(r"([-+]?(?:\d+\.\d*(?:e[-+]?\d+)?|inf\b))")
_TANGENT_ULPS = 64.0


def alike_but_for_tangents(one: str, other: str, dtype: str) -> bool:
    """Whether two texts of duals of some dtype are equal but for how the numbers of their tangents were rounded.

    A tangent is a sum of products, and Python writes a 0-d one with all its digits. That the number is right is asked of the
    tangent, where a program unpacks it; here it is to be about right, measured by the largest number that either text shows.
    """
    (before, found, after), (another, also, last) = one.partition("tangent="), other.partition("tangent=")
    a, b = _NUMBER.split(after), _NUMBER.split(last)
    if not (found and also and before == another and dtype in EPSILON and len(a) == len(b)):
        return False
    if "".join("".join(a[::2]).split()) != "".join("".join(b[::2]).split()):
        return False
    sizes = [abs(float(number)) for text in (one, other) for number in _NUMBER.findall(text)]
    slack = _TANGENT_ULPS * float(ulp(dtype, max([size for size in sizes if np.isfinite(size)] or [0.0])))
    return all(
        float(x) == float(y) or abs(float(x) - float(y)) <= slack + 1.5 * max(_unit(x), _unit(y))
        for x, y in zip(a[1::2], b[1::2], strict=True)
    )


def _unit(number: str) -> float:
    """One of the last of four decimals or more, 0 if there are fewer."""
    written = _WRITTEN.fullmatch(number)
    return 10.0 ** (int(written[3] or 0) - len(written[2])) if written else 0.0
