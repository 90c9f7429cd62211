"""The levels of function transforms: which of them a thread is in, and what a tensor is at each.

A transform that runs puts an interpreter on its thread's stack (_functorch/interpreters.py). A tensor of its level is a plain
Tensor that has a `Wrapped` in its `_extra`: the tensor of the level below that it stands for, with a batch dimension if the
level is that of a vmap. It shares the memory of what it stands for; of a batch it shows the first element, of which shape,
type and strides are those of all, and never the numbers. As long as no transform runs nothing here is looked at.
"""

from __future__ import annotations

import threading
from typing import Any

from .aliasing.views import bump, counted, extras, storage_of
from .memory.descriptor import describe
from .plain_numpy import np


class _State(threading.local):
    def __init__(self) -> None:
        self.stack: list[Any] = []  # the interpreters that are running, the innermost last
        self.may_require_grad = False  # requires_grad_ is allowed: a transform itself calls it
        self.inference = 0  # how many levels began within inference mode (_functorch/inference.py)
        self.formulas = 0  # how deep in the package's own formulas, which make tensors past the interpreters
        self.single_level = False  # a Function of one level may run: an interpreter itself calls it


state = _State()


class Wrapped:
    """What a tensor of a level stands for: a tensor of the level below, and of a vmap its batch dimension.

    `captured`: it comes from outside of the function, and is at this level only because an operator took it there.
    """

    __slots__ = ("bdim", "captured", "interpreter", "value")

    def __init__(self, interpreter: Any, value: Any, bdim: int | None = None, captured: bool = False):
        self.interpreter, self.value, self.bdim, self.captured = interpreter, value, bdim, captured


def wrapped_of(tensor: Any) -> Wrapped | None:
    """What a tensor stands for, or None if it is no tensor of a level."""
    extra = tensor._extra
    return None if extra is None else getattr(extra, "wrapped", None)


def living(tensor: Any) -> Any:
    """The tensor, or what it stands for if its level is over."""
    wrapped = wrapped_of(tensor)
    while wrapped is not None and not wrapped.interpreter.alive:
        tensor = wrapped.value
        wrapped = wrapped_of(tensor)
    return tensor


def at(tensor: Any, interpreter: Any) -> Wrapped | None:
    """What a tensor stands for, if it is one of this interpreter's level."""
    wrapped = wrapped_of(tensor)
    return wrapped if wrapped is not None and wrapped.interpreter is interpreter else None


def show(tensor: Any, wrapped: Wrapped) -> Any:
    """Make a tensor one of a level: it stands for another from now on, and shows its memory."""
    value = wrapped.value
    array = storage_of(value)
    if wrapped.bdim is not None:
        array = first(array, wrapped.bdim)
    tensor._array, tensor._desc = array, describe(array)
    extras(tensor).wrapped = wrapped
    return tensor


def carry(source: Any, copy: Any) -> Any:
    """Let another tensor over the same memory stand for what this one does."""
    wrapped = wrapped_of(source)
    if wrapped is not None:
        extras(copy).wrapped = wrapped
    return copy


def innermost(tensor: Any) -> Any:
    """What a tensor stands for in the end, where the numbers are."""
    while (wrapped := wrapped_of(tensor)) is not None:
        tensor = wrapped.value
    return tensor


def filled(source: Any, made: Any) -> Any:
    """New zeros: PyTorch counts that they are filled where they are made of an inference tensor, or below the levels of a
    transform that began in that mode."""
    shown = innermost(made)
    if not state.inference:
        counted(source, shown)
    elif shown._extra is None or not shown._extra.inference:
        bump(shown)
    return made


def own(tensor: Any) -> Any:
    """A tensor that was made past the interpreters, as one of the innermost level."""
    return state.stack[-1].own(tensor) if state.stack else tensor


class Formulas:
    """Within it what is written to may be a tensor that a formula made past the interpreters."""

    __slots__ = ()

    def __enter__(self) -> None:
        state.formulas += 1

    def __exit__(self, *exc: Any) -> None:
        state.formulas -= 1


def first(array: Any, bdim: int) -> Any:
    """The first element of a batch, as a window of it; zeros of its shape if the batch is empty."""
    if array.shape[bdim]:
        return array[(slice(None),) * bdim + (0, Ellipsis)]
    return np.zeros(array.shape[:bdim] + array.shape[bdim + 1 :], array.dtype)
