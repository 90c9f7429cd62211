"""How an operator is called: as a function, as a method, in place, by Python's operator.

The database has the function itself, and a program the name by which a subject has it, too. Where the database has a function
of its own instead, as there is none of PyTorch's (``lambda x, *args: x.expand(*args)``), that one is recorded as any case is:
with the recording `torch` in place of PyTorch.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import FunctionType
from typing import Any

from conformance.recorder.symbols import Path

Call = Callable[..., Any]
"""Given the recording `torch`, the operand, and the arguments."""

INDEXING = {"__getitem__": operator.getitem}
"""What is called by Python's operator only: as a function nobody does."""


@dataclass(frozen=True)
class Variant:
    """One way to call an operator."""

    name: str
    call: Call

    @property
    def writes(self) -> bool:
        """Whether it writes to its operand."""
        return self.name.startswith("in place")

    def fits(self, call: Any) -> bool:
        """Whether it can make a call: only a tensor has methods, and Python's operators have no keywords."""
        if self.name == "function":
            return True
        return hasattr(call.input, "requires_grad") and not ("operator" in self.name and call.kwargs)


def variants(entry: Any) -> list[Variant]:
    """The ways to call an operator, the function first. There are none of what a program cannot name."""
    if entry.name in INDEXING:
        return [Variant("operator", _by_python(INDEXING[entry.name]))]
    ways: list[tuple[str, Callable[[Any], Call | None], Any]] = [
        ("function", partial(_by_name, f"torch.{entry.name}"), entry.op),
        ("method", _by_method, entry.method_variant),
        ("in place", _by_method, entry.inplace_variant),
        ("operator", _by_python, entry.operator_variant),
        ("in place by operator", _by_python, entry.inplace_operator_variant),
    ]
    calls = [(name, how(of)) for name, how, of in ways if of is not None]
    return [Variant(name, call) for name, call in calls if call is not None]


def rebound(function: FunctionType, torch: Path) -> Callable[..., Any]:
    """A function of the database's own, with another `torch`."""
    known = {**function.__globals__, "torch": torch}
    made = FunctionType(function.__code__, known, function.__name__, function.__defaults__, function.__closure__)
    made.__kwdefaults__ = function.__kwdefaults__
    return made


def is_its_own(function: Any) -> bool:
    """Whether the database, not PyTorch, defines a function."""
    return isinstance(function, FunctionType) and function.__module__.startswith("torch.testing.")


def _by_name(likely: str, function: Any) -> Call | None:
    """A function, which has this name if it is PyTorch's."""
    if is_its_own(function):
        return partial(_recorded, function)
    path = _path(likely, function)
    return None if path is None else partial(_named, path)


def _path(likely: str, function: Any) -> str | None:
    import torch

    own, called = getattr(function, "__module__", None) or "", getattr(function, "__name__", "")
    if own.startswith("torch._ops."):
        return f"torch.ops.{function}"
    for path in (likely, f"torch.Tensor.{called}", f"{own}.{called}"):
        found: Any = torch
        for name in path.split(".")[1:]:
            found = getattr(found, name, None)
        if found is function and path.startswith("torch."):
            return path
    return None


def _by_method(method: Any) -> Call | None:
    if is_its_own(method):
        return partial(_recorded, method)
    if isinstance(method, partial):  # of a function, which has an argument to say it
        call = _by_name("", method.func)
        return call and partial(_recorded_with, call, method.keywords)
    name = method.__name__
    if name.startswith("__"):  # which a symbol has none of
        return partial(_named, f"torch.Tensor.{name}")

    def called(torch: Path, operand: Any, *args: Any, **kwargs: Any) -> Any:
        out = getattr(operand, name)(*args, **kwargs)
        return out

    return called


def _by_python(function: Callable[..., Any]) -> Call:
    def called(torch: Path, operand: Any, *args: Any, **kwargs: Any) -> Any:
        out = function(operand, *args, **kwargs)
        return out

    return called


def _recorded(function: FunctionType, torch: Path, operand: Any, *args: Any, **kwargs: Any) -> Any:
    return rebound(function, torch)(operand, *args, **kwargs)


def _recorded_with(call: Call, more: dict[str, Any], torch: Path, operand: Any, *args: Any, **kwargs: Any) -> Any:
    return call(torch, operand, *args, **kwargs, **more)


def _named(path: str, torch: Path, operand: Any, *args: Any, **kwargs: Any) -> Any:
    out = Path(path)(operand, *args, **kwargs)
    return out
