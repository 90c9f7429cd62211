"""Numbers and tensors as a person writes them."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from typing import Any

from conformance.program import Complex, TensorLiteral

FORMATS = {
    "float16": "e",
    "float32": "f",
    "float64": "d",
    "int8": "b",
    "int16": "h",
    "int32": "i",
    "int64": "q",
    "uint8": "B",
    "uint16": "H",
    "uint32": "I",
    "uint64": "Q",
    "bool": "?",
}

PARTS = {"complex32": "float16", "complex64": "float32", "complex128": "float64"}
"""What the two parts of a complex number are."""

DEFAULTS = frozenset({"float32", "int64", "bool", "complex64"})
"""The dtypes that torch.tensor chooses by itself for numbers of each kind."""


def tensor(literal: TensorLiteral) -> str:
    """``torch.tensor([1.0, 2.0])``, with a dtype where it is not the one that the numbers imply."""
    dtype = f", dtype=torch.{literal.dtype}"
    shape = literal.shape
    if 0 in shape:
        if shape.index(0) == len(shape) - 1 and literal.dtype == "float32":
            return f"torch.tensor({_nested(iter(()), shape)})"
        return f"torch.zeros({shape}{'' if literal.dtype == 'float32' else dtype})"
    text = _nested(iter(_elements(literal)), shape)
    return f"torch.tensor({text}{'' if literal.dtype in DEFAULTS else dtype})"


def _nested(elements: Iterator[str], shape: tuple[int, ...]) -> str:
    if not shape:
        return next(elements)
    return f"[{', '.join([_nested(elements, shape[1:]) for _ in range(shape[0])])}]"


def _elements(literal: TensorLiteral) -> list[str]:
    kind, data = literal.dtype, literal.data
    if kind in PARTS:
        part = FORMATS[PARTS[kind]]
        parts = _shortest(_unpacked(part, data), part)
        return [_complex(*pair)[0] for pair in zip(parts[::2], parts[1::2], strict=True)]
    if kind == "bfloat16":
        widened = b"".join([b"\0\0" + data[start : start + 2] for start in range(0, len(data), 2)])
        return [_float(number) for number in _shortest(_unpacked("f", widened), "f")]
    values = _unpacked(FORMATS[kind], data)
    if kind.startswith("float"):
        return [_float(number) for number in _shortest(values, FORMATS[kind])]
    return [repr(value) for value in values]


def _unpacked(code: str, data: bytes) -> tuple[Any, ...]:
    return struct.unpack(f"<{len(data) // struct.calcsize('<' + code)}{code}", data)


def _shortest(values: tuple[float, ...], code: str) -> list[float]:
    """The numbers with the fewest digits that still round to these in their own width."""
    if code == "d":
        return list(values)
    found = []
    for value in values:
        if math.isfinite(value):
            packed = struct.pack(code, value)
            for digits in range(1, 10):
                candidate = float(f"{value:.{digits}g}")
                try:
                    if struct.pack(code, candidate) == packed:
                        value = candidate
                        break
                except OverflowError:  # rounded up beyond the largest
                    continue
        found.append(value)
    return found


def _float(value: float) -> str:
    return repr(value) if math.isfinite(value) else f"float('{value!r}')"


def number(value: float) -> tuple[str, bool]:
    """A float as an expression, and whether it starts with a minus sign."""
    text = _float(value)
    return text, text.startswith("-")


def complex_number(value: Complex) -> tuple[str, bool]:
    """A complex number as an expression, and whether it needs parentheses inside another."""
    return _complex(float(value.real), float(value.imag))


def _complex(real: float, imag: float) -> tuple[str, bool]:
    plain = math.isfinite(real) and math.isfinite(imag) and math.copysign(1, real) > 0
    # 0.0-0.0j is a difference, whose second part is +0.
    if plain and (imag or math.copysign(1, imag) > 0):
        return f"{real!r}{'-' if math.copysign(1, imag) < 0 else '+'}{abs(imag)!r}j", True
    return f"complex({_float(real)}, {_float(imag)})", False
