"""Python values as operands of a Program. The table is open: symbols and functions put their own kinds in it."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from types import BuiltinFunctionType
from typing import Any

from conformance.program import (
    Class,
    Complex,
    Dict,
    Ellipsis_,
    Float,
    Function,
    Global,
    List,
    Operand,
    Ref,
    Slice,
    TensorLiteral,
    Tuple,
)
from conformance.recorder.recording import RecordingError


def _itself(value: Any) -> Operand:
    return value  # type: ignore[no-any-return]


CONVERTERS: dict[type, Callable[[Any], Operand]] = {
    **dict.fromkeys((type(None), bool, int, str), _itself),
    **dict.fromkeys(
        (Ref, Float, Complex, Global, List, Tuple, Dict, Slice, Ellipsis_, TensorLiteral, Function, Class), _itself
    ),
    float: lambda value: Float(repr(value)),
    complex: lambda value: Complex(repr(value.real), repr(value.imag)),
    type(...): lambda value: Ellipsis_(),
    list: lambda value: List(tuple([as_operand(item) for item in value])),
    tuple: lambda value: Tuple(tuple([as_operand(item) for item in value])),
    dict: lambda value: Dict(tuple([(as_operand(key), as_operand(item)) for key, item in value.items()])),
    slice: lambda value: Slice(as_operand(value.start), as_operand(value.stop), as_operand(value.step)),
    range: lambda value: List(tuple(value)),
}
"""How values of each exact type become operands."""

BASES: list[tuple[type, Callable[[Any], Operand]]] = [
    (kind, CONVERTERS[kind]) for kind in (tuple, list, dict, int, float, str)
]
"""For subclasses (a named tuple, an enumeration's member): the first that fits."""


def as_operand(value: Any) -> Operand:
    """A value of the case as an operand of a step."""
    converter = CONVERTERS.get(type(value))
    return converter(value) if converter is not None else _unusual(value)


def _unusual(value: Any) -> Operand:
    for base, converter in BASES:
        if isinstance(value, base):
            return converter(value)
    name = getattr(value, "__name__", "")
    if isinstance(value, (type, BuiltinFunctionType)) and getattr(builtins, name, None) is value:
        return Global(f"builtins.{name}")
    raise RecordingError(
        f"a program cannot hold {value!r}, of type {type(value).__name__}: give it numbers, strings, tensors, functions, or"
        " lists, tuples and dicts of those"
    )


def literal(value: Any) -> bool:
    """Whether an input of a program is bound by a step of its own, rather than known to the case as a Python value."""
    return isinstance(value, (TensorLiteral, Function, Class))


def plain(value: Operand) -> Any:
    """The Python value of an operand that a case may compute with: the inverse of `as_operand` for numbers."""
    if isinstance(value, Float):
        return float(value)
    if isinstance(value, Complex):
        return complex(value)
    return value


__all__ = ["BASES", "CONVERTERS", "as_operand", "literal", "plain"]
