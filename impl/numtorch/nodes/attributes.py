"""Attributes of nodes that are more than a slot: read-only ones, what was saved, and the ends of edges."""

from __future__ import annotations

import functools
from typing import Any

from .records import node_of


class SavedAttribute:
    """`_saved_<name>` or `_raw_saved_<name>` of a node, which can be read and not written."""

    __slots__ = ("name", "raw")

    def __init__(self, name: str, raw: bool = False):
        self.name = name
        self.raw = raw

    def __get__(self, node: Any, owner: type | None = None) -> Any:
        from . import saved, saved_hooks

        if node is None:
            return self
        return saved_hooks.read_raw_saved(node, self.name) if self.raw else saved.read_saved(node, self.name)

    def __set__(self, node: Any, value: Any) -> None:
        kind = "_raw_saved_" if self.raw else "_saved_"
        raise AttributeError(f"attribute '{kind}{self.name}' of '{type(node).__name__}' objects is not writable")


class ReadOnly(property):
    """An attribute that is refused, in PyTorch's words, when it is assigned."""

    def __set__(self, instance: Any, value: Any) -> None:
        name = self.fget.__name__  # type: ignore[union-attr]  # there always is a getter
        raise AttributeError(f"attribute '{name}' of '{type(instance).__name__}' objects is not writable")


def sole(function: Any) -> Any:
    """A method of one argument, as C++ has it: more, fewer or named ones are refused in CPython's words."""

    @functools.wraps(function)
    def method(self: Any, *arguments: Any, **keywords: Any) -> Any:
        if keywords or len(arguments) != 1:
            wrong = "no keyword arguments" if keywords else f"exactly one argument ({len(arguments)} given)"
            raise TypeError(f"{type(self).__name__}.{function.__name__}() takes {wrong}")
        return function(self, *arguments)

    return method


class OutputNumber:
    """Which output of the next node an edge leads to: 0 is not stored, since nearly all edges lead to the first."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.slot = "_" + name

    def __get__(self, node: Any, owner: type | None = None) -> int:
        number: int = getattr(node, self.slot, 0)
        return number

    def __set__(self, node: Any, number: int) -> None:
        if number:
            setattr(node, self.slot, number)


class NextNode:
    """What an edge leads to, as a Node; the slot may hold its record, of which the first to ask makes the Node."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.slot = "next" + name[-1]

    def __get__(self, node: Any, owner: type | None = None) -> Any:
        made = getattr(node, self.slot)
        if type(made) is list:
            made = node_of(made)
            setattr(node, self.slot, made)
        return made

    def __set__(self, node: Any, made: Any) -> None:
        setattr(node, self.slot, made)
