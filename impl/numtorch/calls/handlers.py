"""Who answers for a function that is called: the mode entered last, or subclasses of Tensor among its arguments."""

from __future__ import annotations

import contextlib
import threading
import weakref
from collections.abc import Iterable, Iterator
from typing import Any

_overriding: dict[int, bool] = {}
"""By the id of a type that was seen as an argument, which is not to be kept alive by that."""
_seen: dict[int, weakref.ref] = {}  # the same types; the end of one takes its id out of both


class State(threading.local):
    """Who is asked: subclasses, but not while the default `__torch_function__` runs what it was given; and modes, which are
    asked before them, the one entered last alone.
    """

    enabled = True

    def __init__(self) -> None:
        self.modes: list[Any] = []


state = State()


class DisableTorchFunctionSubclass:
    """Within it subclasses are treated as plain tensors."""

    __module__ = "torch._C"

    def __enter__(self) -> None:
        self._was = state.enabled
        state.enabled = False

    def __exit__(self, *exc: Any) -> None:
        state.enabled = self._was


class DisableTorchFunction:
    """Within it nobody is asked, neither subclasses nor modes."""

    __module__ = "torch._C"

    def __enter__(self) -> None:
        self._was = state.enabled, state.modes
        state.enabled, state.modes = False, []

    def __exit__(self, *exc: Any) -> None:
        state.enabled, state.modes = self._was


def disabled_torch_function(func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
    """The `__torch_function__` of what takes no part, such as Parameter: the function itself."""
    with DisableTorchFunctionSubclass():
        return func(*args, **(kwargs or {}))


def default_torch_function(cls: type, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
    """Tensor's own: the function, its results as objects of the subclass, save gradients and bases."""
    if not all(issubclass(cls, t) for t in types):
        return NotImplemented
    with DisableTorchFunctionSubclass():
        result = func(*args, **(kwargs or {}))
        return result if func in get_default_nowrap_functions() else _convert(result, cls)


def _convert(result: Any, cls: type) -> Any:
    tensor = tensor_type()
    if cls is tensor:
        return result
    if isinstance(result, tensor) and not isinstance(result, cls):
        return result.as_subclass(cls)
    if isinstance(result, (tuple, list)):
        items = [_convert(item, cls) for item in result]
        # A named tuple takes its items, as every other class here that is a sequence does.
        return type(result)(items)
    return result


def get_default_nowrap_functions() -> set[Any]:
    """What does not hand on a subclass: reading `.grad` and `._base`."""
    tensor = tensor_type()
    return {tensor._base.__get__, tensor.grad.__get__}


def overrides(cls: type) -> bool:
    """Whether objects of a class have an answer of their own."""
    known = _overriding.get(id(cls))
    if known is None:
        answer = getattr(cls, "__torch_function__", None)
        known = cls is not tensor_type() and answer is not None and answer is not disabled_torch_function
        of = id(cls)
        _seen[of] = weakref.ref(cls, lambda _: _forget(of))
        _overriding[of] = known
    return known


def _forget(of: int) -> None:
    _overriding.pop(of, None)
    _seen.pop(of, None)


def overloaded(values: Iterable[Any]) -> list[Any]:
    """The arguments that override, one a class, subclasses before their bases and else from left to right."""
    found: list[Any] = []
    for value in values:
        if type(value) is tuple or type(value) is list:
            for item in value:
                if overrides(type(item)):
                    insert(found, item)
        elif overrides(type(value)):
            insert(found, value)
    return found


def insert(found: list[Any], value: Any) -> None:
    cls = type(value)
    for index, other in enumerate(found):
        if type(other) is cls:
            return
        if issubclass(cls, type(other)):
            found.insert(index, value)
            return
    found.append(value)


def with_plain(found: list[Any], values: Iterable[Any]) -> list[Any]:
    """Those who are asked, with the plain tensors among them: PyTorch's Python tells of these, its C++ does not."""
    tensor = tensor_type()
    for value in values if state.enabled else ():
        if type(value) is tensor:
            insert(found, value)
    return found


def call(func: Any, found: list[Any], args: tuple, kwargs: Any) -> Any:
    """The first answer that is not NotImplemented, of the mode entered last and of the arguments."""
    types = tuple([type(value) for value in found])
    # PyTorch's C++ leaves out the keywords where there are none.
    rest = () if kwargs is None else (kwargs,)
    handlers = ""
    if state.modes:
        with without_mode() as mode:
            result = mode.__torch_function__(func, types, args, *rest)
        if result is not NotImplemented:
            return result
        handlers = f"\n  - mode object {mode!r}"
    for value in found:
        result = value.__torch_function__(func, types, args, *rest)
        if result is not NotImplemented:
            return result
    from ..overrides import resolve_name

    handlers += "".join([f"\n  - tensor subclass {t}" for t in types])
    raise TypeError(
        f"Multiple dispatch failed for '{resolve_name(func)}'; all __torch_function__ handlers returned NotImplemented:\n"
        f"{handlers}\n\nFor more information, try re-running with TORCH_LOGS=not_implemented"
    )


@contextlib.contextmanager
def without_mode() -> Iterator[Any]:
    """Within it the mode entered last is not asked, which is given. What is entered within is left within."""
    mode = state.modes.pop()
    try:
        yield mode
    finally:
        state.modes.append(mode)


def tensor_type() -> Any:
    from ..tensor import Tensor

    return Tensor
