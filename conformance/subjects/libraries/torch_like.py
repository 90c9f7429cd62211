"""The operators of a library that calls them as PyTorch does: tinygrad, Paddle."""

from __future__ import annotations

import inspect
import operator as operators
from collections.abc import Callable, Mapping
from typing import Any

from conformance.subjects.libraries.numpy_like import by_position
from conformance.subjects.libraries.signatures import SIGNATURES, SYMBOLS, Signature


def methods(
    find: Callable[[Signature], Callable[..., Any] | None], renamed: Mapping[str, str] = {}
) -> dict[str, Callable[..., Any]]:
    """Every operator of the table that the library has, with those parameters that both sides have.

    `find` gives the library's function (or method of its class) for an operator, None if it has none; `renamed` its name of a
    parameter where it has none of PyTorch's. Binary operators are the library's symbols, as a number may stand on their left.
    """
    found = {}
    for signature in SIGNATURES.values():
        function = find(signature)
        operator = _operator(signature, function, renamed) if callable(function) else None
        if operator is not None:
            found[signature.name] = operator
    binary = {name: symbol for symbol, name in SYMBOLS.items() if name not in ("neg", "abs")}
    return {**found, **{name: by_position(name, getattr(operators, symbol)) for name, symbol in binary.items()}}


def _operator(
    signature: Signature, method: Callable[..., Any], renamed: Mapping[str, str]
) -> Callable[..., Any] | None:
    """The function, taking arguments by PyTorch's names; None if there is one that it cannot be given."""
    try:
        theirs = list(inspect.signature(method).parameters.values())[1:]
    except ValueError:
        return None
    ours = list(signature.parameters.parameters.values())
    first, *rest = ours
    operands = [p for p in rest if p.default is p.empty]
    options = [p for p in rest if p.default is not p.empty]
    by_name = {p.name: p for p in theirs}
    names = {p.name: p.name if p.name in by_name else renamed.get(p.name, "") for p in options}
    shared = {name: their for name, their in names.items() if their in by_name}
    kinds = (
        inspect.Parameter.POSITIONAL_ONLY,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
        inspect.Parameter.VAR_POSITIONAL,
    )
    places = [p for p in theirs if p.kind in kinds]
    variadic = any(p.kind is p.VAR_POSITIONAL for p in places)
    if len(operands) > len(places) and not variadic:
        return None
    needed = [p for p in places[len(operands) :] if p.default is p.empty and p.kind is not p.VAR_POSITIONAL]
    if any(p.name not in shared.values() for p in needed):
        return None

    def operator(**arguments: Any) -> Any:
        given: list[Any] = []
        for parameter in operands:
            value = arguments[parameter.name]
            if parameter.kind is not parameter.VAR_POSITIONAL:
                given.append(value)
            elif variadic:
                # A shape without dimensions has to be said as well.
                given.extend(value or ((),))
            else:
                given.append(list(value))
        named = {shared[name]: value for name, value in arguments.items() if name in shared}
        return method(arguments[first.name], *given, **named)

    # What the shim reads to learn which parameters can be given.
    operator.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            p.replace(kind=p.KEYWORD_ONLY, default=p.empty)
            for p in (first, *operands, *(o for o in options if o.name in shared))
        ]
    )
    return operator
