"""PyTorch made to do the same by another way: what is then called a difference is a false alarm.

A subject is named ``module:variant`` or ``module:variant=value``. `torchstone subjects` lists the variants, and
docs/subjects.md says what each is for.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import dataclass

from conformance.subjects.base import SubjectUnavailable
from conformance.subjects.inprocess import InProcess


@dataclass(frozen=True)
class Variant:
    """One way of doing the same."""

    sentence: str
    open: Callable[[types.ModuleType, str, str], InProcess]
    """Of the module, the whole name, and the value behind ``=``."""
    alone: bool = False
    """Whether it changes the library itself, and so needs a process of its own."""


def open_variant(module: types.ModuleType, name: str, *, alone: bool) -> InProcess:
    """The variant of that name (``torch:strided``); `alone` if nothing else runs in this process. Raises SubjectUnavailable."""
    kind, _, value = name.partition(":")[2].partition("=")
    if kind not in VARIANTS:
        known = ", ".join(f"{module.__name__}:{one}" for one in VARIANTS)
        raise SubjectUnavailable(f"torchstone: no variant is named {kind!r}; there are {known}")
    variant = VARIANTS[kind]
    if variant.alone and not alone:
        raise SubjectUnavailable(f"torchstone: {name!r} needs a process of its own; leave out --no-isolate")
    return variant.open(module, name, value)


# -------------------------------------------------------------------------------------------------------------- threads


def _threads(module: types.ModuleType, name: str, value: str) -> InProcess:
    if not value.isdecimal() or not int(value):
        raise SubjectUnavailable(f"torchstone: {name!r} does not say how many threads, as torch:threads=2 does")
    module.set_num_threads(int(value))
    return InProcess(module, name)


# ----------------------------------------------------------------------------------------------- those with a module each


def _strided(module: types.ModuleType, name: str, _: str) -> InProcess:
    from conformance.subjects.strided import Strided

    return Strided(module, name)


def _reassociated(module: types.ModuleType, name: str, _: str) -> InProcess:
    from conformance.subjects.reassociated import install

    install(module)
    # What is written over a result does not change its strides; a sum that is one number may be another tensor's memory.
    return InProcess(module, name)


def _with_dtype(module: types.ModuleType, name: str, value: str) -> InProcess:
    from conformance.subjects.defaults import with_dtype

    return with_dtype(module, name, value)


def _on_device(module: types.ModuleType, name: str, value: str) -> InProcess:
    from conformance.subjects.defaults import on_device

    return on_device(module, name, value)


def _compiled(module: types.ModuleType, name: str, value: str) -> InProcess:
    from conformance.subjects.compiled import Compiled

    return Compiled(module, name, value)


VARIANTS: dict[str, Variant] = {
    "threads": Variant("with so many threads (torch:threads=2)", _threads, alone=True),
    "dtype": Variant("with another default dtype (torch:dtype=float64)", _with_dtype),
    "device": Variant("on another device (torch:device=cuda)", _on_device),
    "strided": Variant("with gaps between the elements of every tensor that a program begins with", _strided),
    "reassociated": Variant(
        "with its sums and products of matrices added up in another order", _reassociated, alone=True
    ),
    "compiled": Variant(
        "with every operator translated by torch.compile, to run on its own kernels (aot_eager)", _compiled, alone=True
    ),
}
