"""Other code for the functions of operators, for as long as something must see every operator.

While a dual level is entered the code of every operator is replaced by one that asks a rule, as
overrides.py replaces the code of public functions while a subclass overrides them. So operators pay nothing the rest of the
time. (Rejected: a question in each generated operator, which all programs would pay for.)
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from types import FunctionType
from typing import Any

from . import grad_mode, late, overrides, tangents

Rule = Callable[["Replaced", tuple, dict], Any]


class Replaced:
    """A function, and the rule that runs instead of it while a dual level is entered."""

    __slots__ = ("_function", "_own", "name", "original", "rule")

    def __init__(self, target: FunctionType, name: str, rule: Rule):
        self._function, self.name, self.rule = target, name, rule
        known = overrides.of(target)
        own = known.own() if known is not None else (target.__code__, target.__defaults__, target.__kwdefaults__)
        self._own = own
        code, defaults, keywords = own
        self.original: Any = FunctionType(code, target.__globals__, target.__name__, defaults, target.__closure__)
        self.original.__kwdefaults__ = keywords
        self.original.__qualname__ = target.__qualname__

    def on(self) -> None:
        """From now on the rule is what runs."""
        self._write(overrides.entry_of(len(self._own[0].co_freevars)), None, {"_asked": self})

    def off(self) -> None:
        """The function as it was."""
        self._write(*self._own)

    def _write(self, code: Any, defaults: Any, keywords: Any) -> None:
        known = overrides.of(self._function)
        if known is not None:
            known.rewrite(code, defaults, keywords)
        else:
            target = self._function
            target.__code__, target.__defaults__, target.__kwdefaults__ = code, defaults, keywords

    def __call__(self, args: tuple, kwargs: dict[str, Any]) -> Any:
        if tangents.entered is None or not grad_mode.state.forward:
            return self.original(*args, **kwargs)
        return self.rule(self, args, kwargs)


def import_all() -> None:
    """Import what is imported on demand: functions are copied then, and copies of exchanged ones would stay exchanged."""
    for name in ("nn.functional", "linalg", "special"):
        importlib.import_module("." + name, __package__)
    for name in late.names():
        late.function(name)


def place_of(code: Any) -> tuple:
    """Where code was written, which copies of it have in common: a public copy calls its first operand otherwise."""
    return code.co_filename, code.co_firstlineno, code.co_name
