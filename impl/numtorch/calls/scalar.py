"""A Python number in the type of a tensor that it is written to, where that type can hold it (c10's checked_convert)."""

from __future__ import annotations

import math
from typing import Any

from ..dtype import dtypes
from ..plain_numpy import np

_MAX = {
    "float16": 65504.0,
    "bfloat16": 3.3895313892515355e38,
    "float32": 3.4028234663852886e38,
    "complex64": 3.4028234663852886e38,
}

_SPELLED = {
    "int64": "long int",
    "int32": "int",
    "int16": "short int",
    "int8": "signed char",
    "uint8": "unsigned char",
    "float32": "float",
    "float64": "double",
    "float16": "c10::Half",
    "bfloat16": "c10::BFloat16",
    "complex64": "c10::complex<float>",
    "complex128": "c10::complex<double>",
}
"""Types as C++ prints them."""


def spelled(kind: dtypes.dtype) -> str:
    """A type as C++ prints it."""
    return _SPELLED.get(kind.name, kind.name)


def overflowing(kind: dtypes.dtype) -> RuntimeError:
    """The error of a number that a type cannot hold."""
    fixed = kind.category == dtypes.INTEGRAL and kind is not dtypes.int32  # told by its alias
    return RuntimeError(
        f"value cannot be converted to type {f'{kind.name}_t' if fixed else spelled(kind)} without overflow"
    )


def real_part(number: complex, kind: dtypes.dtype) -> Any:
    """A complex number in the type of a tensor that it is written to; a RuntimeError if that is real and the number is not."""
    if kind.is_complex:
        return number
    if kind is dtypes.bool_:
        return bool(number)
    if number.imag:
        raise overflowing(kind)
    return number.real


def checked(number: Any, kind: dtypes.dtype) -> Any:
    """A 0-d array of type `kind`; a RuntimeError if the number overflows it."""
    if kind is not dtypes.bool_ and overflows(number, kind):
        raise overflowing(kind)
    if isinstance(number, (complex, np.complexfloating)) and kind.category in (dtypes.INTEGRAL, dtypes.FLOATING):
        number = number.real
    if kind is dtypes.uint8:
        number = int(number) % 256
    return np.array(number).astype(kind.numpy)


def refuse_wide(number: Any) -> None:
    """An OverflowError for an int that 64 bits, with or without a sign, do not hold."""
    if isinstance(number, int) and not -(2**63) <= number < 2**64:
        raise OverflowError("int too big to convert" if number > 0 else "can't convert negative int to unsigned")


def filling(number: Any, kind: dtypes.dtype, numel: int) -> Any:
    """`checked` for the elements of a tensor that is filled; one element alone of a half type takes what a double holds."""
    if numel == 1 and kind.is_floating_point and kind.itemsize == 2:
        return checked(number, dtypes.float64).astype(kind.numpy)
    return checked(number, kind)


def assigned(number: Any, kind: dtypes.dtype) -> Any:
    """`checked`, but half types take what a double holds; a ValueError if the number overflows int64."""
    if isinstance(number, int) and not -(2**63) <= number < 2**63:
        raise ValueError("Overflow when unpacking long long")
    return filling(number, kind, 1)


def overflows(number: Any, kind: dtypes.dtype) -> bool:
    """Whether a number is out of the range of a type. Negative ints wrap around in a type without a sign."""
    if kind.is_complex:
        limit = _MAX.get(kind.name, math.inf)
        return any(math.isfinite(part) and abs(part) > limit for part in (number.real, number.imag))
    if isinstance(number, (complex, np.complexfloating)):
        if number.imag:
            return True
        number = number.real
    if kind.is_floating_point:
        return math.isfinite(number) and abs(number) > _MAX.get(kind.name, math.inf)
    limits = np.iinfo(kind.numpy)
    low = -limits.max if not limits.min and isinstance(number, int) else limits.min
    return not low <= number <= limits.max  # nor is NaN in any range
