"""torch.overrides: what programs may ask and do about `__torch_function__`, and modes, which are asked about every function."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from .calls import handlers
from .calls.handlers import get_default_nowrap_functions
from .calls.overridable import PYTHON_FUNCTIONS
from .calls.torch_function import pop_mode as _pop_mode, push_mode as _push_mode
from .tensor import Tensor
from .warning import warn


class TorchFunctionMode:
    """Within its block `__torch_function__(func, types, args, kwargs)` of the mode entered last answers for every function.

    What it calls itself goes to the mode entered before. (PyTorch page: torch.overrides.TorchFunctionMode.)
    """

    __module__ = "torch.overrides"

    def __init__(self) -> None:
        pass

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        raise NotImplementedError

    def __enter__(self) -> TorchFunctionMode:
        _push_mode(self)
        return self

    def __exit__(self, *exc: Any) -> None:
        _pop_mode()

    @classmethod
    def push(cls, *args: Any, **kwargs: Any) -> TorchFunctionMode:
        """A new mode; it was entered by this once."""
        warn("`Mode.push()` is no longer necessary and can be replaced with just `with Mode()`")
        return cls(*args, **kwargs)


class BaseTorchFunctionMode(TorchFunctionMode):
    """A mode that changes nothing."""

    __module__ = "torch.overrides"

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return func(*args, **(kwargs or {}))


def _get_current_function_mode() -> TorchFunctionMode | None:
    """The mode that was entered last in this thread."""
    return handlers.state.modes[-1] if handlers.state.modes else None


def _get_current_function_mode_stack() -> list[TorchFunctionMode]:
    """The modes of this thread, in the order in which they were entered."""
    return list(handlers.state.modes)


@contextlib.contextmanager
def _pop_mode_temporarily() -> Iterator[TorchFunctionMode]:
    """Within it the mode entered last is left."""
    mode = _pop_mode()
    try:
        yield mode
    finally:
        _push_mode(mode)


def has_torch_function(relevant_args: Iterable[Any]) -> bool:
    """Whether a mode is entered, or an argument overrides what it is given to."""
    return bool(handlers.state.modes) or (
        handlers.state.enabled and any(handlers.overrides(type(value)) for value in relevant_args)
    )


def has_torch_function_unary(relevant_arg: Any) -> bool:
    """has_torch_function of one argument."""
    return has_torch_function((relevant_arg,))


def has_torch_function_variadic(*relevant_args: Any) -> bool:
    """has_torch_function of several arguments."""
    return has_torch_function(relevant_args)


def handle_torch_function(public_api: Any, relevant_args: Iterable[Any], *args: Any, **kwargs: Any) -> Any:
    """Let the arguments that override answer for a function that is written in Python."""
    found = handlers.overloaded(relevant_args) if handlers.state.enabled else []
    return handlers.call(public_api, handlers.with_plain(found, relevant_args), args, kwargs)


def is_tensor_like(inp: Any) -> bool:
    """Whether a value is a Tensor, or has a `__torch_function__`."""
    return type(inp) is Tensor or hasattr(inp, "__torch_function__")


def resolve_name(f: Any) -> str | None:
    """The full name of a function that can be overridden, or None: "torch.Tensor.add", "torch.nn.functional.relu"."""
    for name, module in (
        ("torch.nn.functional", "nn.functional"),
        ("torch.linalg", "linalg"),
        ("torch.special", "special"),
    ):
        found = sys.modules.get(f"{__package__}.{module}")
        own = getattr(f, "__name__", "").removeprefix(module.rpartition(".")[2] + "_")
        if found is not None and vars(found).get(own) is f:
            return f"{name}.{own}"
    name = getattr(f, "__name__", "")
    if name in ("__get__", "__set__") and isinstance(getattr(f, "__self__", None), property):
        names = [own for own, value in vars(Tensor).items() if value is f.__self__]
        return f"torch.Tensor.{names[0]}.{name}" if names else None
    if vars(Tensor).get(name) is f:
        return f"torch.Tensor.{name}"
    if vars(sys.modules[__package__]).get(name) is f:
        return f"torch.functional.{name}" if name in PYTHON_FUNCTIONS else f"torch.{name}"
    return None


__all__ = [
    "BaseTorchFunctionMode",
    "TorchFunctionMode",
    "get_default_nowrap_functions",
    "handle_torch_function",
    "has_torch_function",
    "has_torch_function_unary",
    "has_torch_function_variadic",
    "is_tensor_like",
    "resolve_name",
]
