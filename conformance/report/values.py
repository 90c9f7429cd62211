"""How an observed value is written in one line of a report: short, and exact as far as it goes."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterator

from conformance.program import Complex, Float, Global
from conformance.trace import Array, ArraySeen, Mapping, NodeSeen, Opaque, Seen, Sequence, TensorSeen

SHOWN = 24
"""Elements of a tensor that are written out; more do not fit a line, and a minimal program rarely has more."""


def array_text(array: Array) -> str:
    """The elements in nested brackets; those after the first `SHOWN` are counted, not written."""
    elements = _elements(array)
    if not array.shape:
        return next(elements, "")
    total = math.prod(array.shape)
    if total == 0:
        return "[]" if len(array.shape) == 1 else f"empty {shape_text(array.shape)}"
    return _nested(elements, array.shape, min(SHOWN, total)) + (f" … {total - SHOWN} more" if total > SHOWN else "")


def shape_text(shape: tuple[int, ...]) -> str:
    """A shape as Python writes a list: ``[2, 3]``."""
    return "[" + ", ".join(map(str, shape)) + "]"


def seen_text(seen: Seen) -> str:
    """What a step returned, as close to Python as a line allows."""
    match seen:
        case None | bool() | int() | str():
            return repr(seen)
        case Float(value=value):
            return value
        case Complex():
            return repr(complex(seen))
        case Global(path=path):
            return path
        case TensorSeen(name=name):
            return name or "a tensor"
        case ArraySeen(name=name):
            return name or "an ndarray"
        case NodeSeen(name=name):
            return f"<{name}>"
        case Sequence(type=kind, items=items):
            inside = ", ".join(map(seen_text, items))
            if kind == "list":
                return f"[{inside}]"
            return f"({inside}{',' if len(items) == 1 else ''})" if kind == "tuple" else f"{kind}({inside})"
        case Mapping(items=pairs):
            return "{" + ", ".join(f"{seen_text(key)}: {seen_text(value)}" for key, value in pairs) + "}"
        case Opaque(type=kind):
            return f"<{kind}>"


def _nested(elements: Iterator[str], shape: tuple[int, ...], budget: int) -> str:
    left = [budget]

    def block(axis: int) -> str:
        parts: list[str] = []
        for _ in range(shape[axis]):
            if left[0] <= 0:
                parts.append("…")
                break
            if axis == len(shape) - 1:
                left[0] -= 1
                parts.append(next(elements))
            else:
                parts.append(block(axis + 1))
        return "[" + ", ".join(parts) + "]"

    return block(0)


def _elements(array: Array) -> Iterator[str]:
    code, write = _ELEMENTS[array.dtype]
    width = struct.calcsize("<" + code)
    for start in range(0, len(array.data) - width + 1, width):
        yield write(*struct.unpack_from("<" + code, array.data, start))


def _shortest(number: float, code: str) -> str:
    # The shortest decimal that reads back as the same number of that width, as NumPy and PyTorch print it.
    if math.isnan(number) or math.isinf(number):
        return repr(number)
    for digits in range(1, 17):
        text = f"{number:.{digits}g}"
        try:
            if struct.pack("<" + code, float(text)) == struct.pack("<" + code, number):
                return _plain(text, number)
        except OverflowError:
            continue
    return repr(number)


def _plain(text: str, number: float) -> str:
    if "e" in text and 1e-4 <= abs(number) < 1e7:
        text = f"{float(text):.10f}".rstrip("0")
    return text if "." in text or "e" in text else text + "."


def _bfloat16(bits: int) -> str:
    number = struct.unpack("<f", struct.pack("<I", bits << 16))[0]
    return _plain(f"{number:.4g}", number) if math.isfinite(number) else repr(number)


def _complex(code: str) -> Callable[[float, float], str]:
    def write(real: float, imag: float) -> str:
        sign = "-" if math.copysign(1, imag) < 0 else "+"
        return f"{_shortest(real, code)}{sign}{_shortest(abs(imag), code)}j"

    return write


_ELEMENTS: dict[str, tuple[str, Callable[..., str]]] = {
    "bool": ("?", repr),
    "uint8": ("B", str),
    "int8": ("b", str),
    "int16": ("h", str),
    "int32": ("i", str),
    "int64": ("q", str),
    "uint16": ("H", str),
    "uint32": ("I", str),
    "uint64": ("Q", str),
    "float16": ("e", lambda number: _shortest(number, "e")),
    "float32": ("f", lambda number: _shortest(number, "f")),
    "float64": ("d", lambda number: _shortest(number, "d") if number else repr(number)),
    "bfloat16": ("H", _bfloat16),
    "complex32": ("ee", _complex("e")),
    "complex64": ("ff", _complex("f")),
    "complex128": ("dd", _complex("d")),
}
