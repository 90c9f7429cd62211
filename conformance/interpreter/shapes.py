"""How a step's call is written in Python, as compiled code: one small function for every shape of call.

A program's lifetimes are part of what it means (see `program/`), so a call made for it has to hold its arguments exactly as
a call written by hand does: on the caller's stack, and nowhere else. ``function(*args)`` does not: the list and the tuple
made of it keep every argument alive until the call is over, a gradient that PyTorch would steal or a temporary whose end the
author sees. So each shape (number of positional arguments, names of keywords) is compiled once, as
``lambda function, take: function(take(), take(), retain_graph=take())``; `take` hands over the next value and forgets it.
"""

from __future__ import annotations

import keyword
from collections.abc import Callable
from functools import cache
from typing import Any

Take = Callable[[], Any]
"""Hands over the next value; who calls it holds the only reference of this module."""


@cache
def call(count: int, keywords: tuple[str, ...]) -> Callable[[Any, Take], Any]:
    """The function that calls its first argument with `count` positional arguments and those keywords."""
    if not all(map(_is_name, keywords)):
        return lambda function, take: function(*[take() for _ in range(count)], **{key: take() for key in keywords})
    return _compile(f"lambda function, take: function({_arguments(count, keywords)})")


@cache
def method(name: str, count: int, keywords: tuple[str, ...]) -> Callable[[Take], Any]:
    """The function that takes an object, looks a method up on it and calls it with the values that follow."""
    if not (_is_name(name) and all(map(_is_name, keywords))):
        return lambda take: getattr(take(), name)(*[take() for _ in range(count)], **{key: take() for key in keywords})
    return _compile(f"lambda take: take().{name}({_arguments(count, keywords)})")


@cache
def function(
    parameters: tuple[str, ...], generator: bool
) -> Callable[[Callable[[list[Any]], Any]], Callable[..., Any]]:
    """What makes a Python function with these parameters out of a body that is given their values in a list.

    A real signature gives CPython's own errors about wrong arguments, and what `inspect` finds; the parameters are let go
    as the body begins, so that the body decides how long an argument lives.
    """
    names = [parameter.lstrip("*") for parameter in parameters]
    if not all(map(_is_name, names)):
        raise ValueError(f"not the parameters of a function: {', '.join(parameters)}")
    let_go = f"; del {', '.join(names)}" if names else ""
    body, values = (name + "_" * max(map(len, names), default=0) for name in ("body", "values"))  # no parameter's name
    run = f"yield from {body}({values})" if generator else f"return {body}({values})"
    made = f"def function({', '.join(parameters)}): {values} = [{', '.join(names)}]{let_go}; {run}"
    scope: dict[str, Any] = {}
    exec(f"def make({body}):\n    {made}\n    return function", scope)  # the names were checked above
    make: Callable[[Callable[[list[Any]], Any]], Callable[..., Any]] = scope["make"]
    return make


def _arguments(count: int, keywords: tuple[str, ...]) -> str:
    return ", ".join(["take()"] * count + [f"{key}=take()" for key in keywords])


def _compile(source: str) -> Callable[..., Any]:
    # Not without builtins, although only names that were checked are in it: what PyTorch's C++ imports while the call runs,
    # such as the type of a first tensor's storage, it imports with those of the Python frame that called it.
    compiled: Callable[..., Any] = eval(source, {})
    return compiled


def _is_name(text: str) -> bool:
    # A program is data from anywhere, and is never to become code.
    return text.isidentifier() and not keyword.iskeyword(text)
