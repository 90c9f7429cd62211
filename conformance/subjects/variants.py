"""PyTorch made to do the same by another way: what is then called a difference is a false alarm.

A subject is named ``module:variant`` or ``module:variant=value``. `torchstone subjects` lists the variants, and
docs/subjects.md says what each is for.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from conformance.program import (
    Bind,
    Call,
    Function,
    Get,
    Global,
    Method,
    Operand,
    Operator,
    Program,
    Ref,
    Set,
    SetItem,
    Step,
    TensorLiteral,
    operands,
    outs,
    walk,
)
from conformance.subjects.base import SubjectUnavailable, SubjectUnsupported
from conformance.subjects.inprocess import InProcess, observable
from conformance.trace import FACETS, Trace


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


# -------------------------------------------------------------------------------------------------------------- strided

_ASK_FOR_LAYOUT = frozenset(
    ["as_strided", "as_strided_", "as_strided_scatter", "contiguous", "data_ptr", "is_contiguous", "ravel", "storage"]
    + ["stride", "untyped_storage", "from_numpy", "numpy", "__array__", "__dlpack__", "asarray", "from_dlpack"]
    + ["is_non_overlapping_and_dense", "is_set_to", "set_", "resize_", "resize_as_", "view_as_complex", "save"]
)  # fmt: skip
"""What gives another answer for another layout, as it has to: `contiguous` copies or does not, `as_strided` reads what lies
between the elements."""


class Strided(InProcess):
    """The tensors that a program begins with have gaps between their elements.

    All strides are doubled: whatever `view` and `reshape` accept of a dense tensor they accept of this one, and share memory
    in the same way. Gradients and tangents that a program makes itself stay dense: whether a leaf keeps or copies one hangs on
    its layout, and then what a later write changes.
    """

    def __init__(self, module: types.ModuleType, name: str, _: str) -> None:
        # Which node a reshape becomes, how a leaf's first gradient is copied, and a warning about its layout follow from it.
        facets = frozenset(observable(module) or FACETS) - {"stride", "graph", "version", "repr", "warning"}
        super().__init__(_with(module, "strided", spread=_spread(module)), name, facets)
        self.dense = InProcess(module, name, frozenset({"raised"}))

    def run(self, program: Program) -> Trace:
        asked = _names(program.steps) & _ASK_FOR_LAYOUT
        if asked:
            raise SubjectUnsupported(f"no {min(asked)!r}")
        if _asks_how_a_grad_was_made(program.steps):
            # Its node may be that of the copy which the leaf's layout asked for.
            raise SubjectUnsupported("no grad_fn of a grad")
        if any(_write_of(step)[1] for step in program.steps) and _reads_what_it_writes(
            program, self.dense.run(program)
        ):
            # What comes out hangs on the order in which the elements are read, and whether PyTorch raises, on the layout.
            raise SubjectUnsupported("no write to what is read")
        gradients = _gradients(program.steps)
        return super().run(
            msgspec.structs.replace(program, steps=tuple([_with_gaps(one, gradients) for one in program.steps]))
        )


def _with_gaps(step: Step, gradients: set[str]) -> Step:
    if isinstance(step, Bind) and isinstance(step.value, TensorLiteral) and step.out not in gradients:
        return Call(function=Global("torch.spread"), args=(step.value,), out=step.out, drops=step.drops)
    return step


_IN_PLACE = frozenset(
    ["iadd", "isub", "imul", "itruediv", "ifloordiv", "imod", "ipow", "iand", "ior", "ixor", "imatmul"]
)


def _write_of(step: Step) -> tuple[Ref | None, tuple[Operand, ...]]:
    """What a step writes to, and what it reads for that; None if it writes nothing."""
    match step:
        case Method(self=Ref() as target, name=name, args=args, kwargs=kwargs) if name.endswith("_"):
            return target, (*args, *kwargs.values())
        case SetItem(self=Ref() as target, value=value):
            return target, (value,)
        case Operator(operator=symbol, args=(Ref() as target, *others)) if symbol in _IN_PLACE:
            return target, tuple(one for one in others if one != target)  # `x *= x` is one element at a time
    return None, ()


def _reads_what_it_writes(program: Program, dense: Trace) -> bool:
    """Whether an operand of a method in place shares memory with what the method writes to."""
    alias: tuple[tuple[str, ...], ...] = ()
    for step, seen in zip(program.steps, dense.steps, strict=True):
        target, given = _write_of(step)
        if target is not None:
            own = {target.name, *(name for group in alias if target.name in group for name in group)}
            if any(isinstance(one, Ref) and one.name in own for one in given):
                return True
        alias = alias if seen.alias is msgspec.UNSET else seen.alias
    return False


def _asks_how_a_grad_was_made(steps: tuple[Step, ...]) -> bool:
    grads = {step.out for step in steps if isinstance(step, Get) and step.name == "grad"}
    made = [step.self for step in steps if isinstance(step, Get) and step.name == "grad_fn"]
    return any(isinstance(of, Ref) and of.name in grads for of in made)


def _gradients(steps: tuple[Step, ...]) -> set[str]:
    """The names of what a program gives as a gradient, or makes a dual of, and of all that this is made from."""
    found: set[str] = set()
    for step in reversed(steps):
        if found.intersection(outs(step)):
            found.update(part.name for one in operands(step) for part in walk(one) if isinstance(part, Ref))
        path = step.function.path if isinstance(step, Call) and isinstance(step.function, Global) else ""
        given: tuple[Operand, ...] = ()
        if isinstance(step, Method) and step.name == "backward":
            given = (*step.args[:1], *step.kwargs.values())
        elif path.endswith("make_dual"):
            given = step.args  # type: ignore[union-attr]
        elif "grad" in path.split(".")[-1]:
            given = (*step.args[2:], *step.kwargs.values())  # type: ignore[union-attr]
        elif isinstance(step, Set) and step.name == "grad":
            given = (step.value,)
        found.update(part.name for one in given for part in walk(one) if isinstance(part, Ref))
    return found


def _spread(module: types.ModuleType) -> Callable[[Any], Any]:
    def spread(dense: Any) -> Any:
        if dense.dim() == 0 or dense.numel() == 0:
            return dense
        made = module.empty_strided(dense.shape, [2 * one for one in dense.stride()], dtype=dense.dtype)
        made.data.copy_(dense)  # .data: the version of the new tensor stays 0
        return made

    return spread


def _with(module: types.ModuleType, name: str, **added: Any) -> types.ModuleType:
    """A module with the names of another one, and some more."""
    made = types.ModuleType(f"{module.__name__}.{name}")
    made.__dict__.update({one: getattr(module, one) for one in dir(module) if not one.startswith("__")}, **added)
    made.__dict__["__version__"] = getattr(module, "__version__", "")
    made.__dict__["__path__"] = getattr(module, "__path__", [])
    return made


def _names(steps: tuple[Step, ...]) -> set[str]:
    """The names of all that a program calls or reads, in the bodies of its functions as well."""
    found: set[str] = set()
    for step in steps:
        if isinstance(step, Method | Get):
            found.add(step.name)
        elif isinstance(step, Call) and isinstance(step.function, Global):
            found.add(step.function.path.rpartition(".")[2])
        for operand in operands(step):
            for part in walk(operand):
                if isinstance(part, Function):
                    found |= _names(part.steps)
    return found


# --------------------------------------------------------------------------------------------------------- reassociated


def _reassociated(module: types.ModuleType, name: str, _: str) -> InProcess:
    from conformance.subjects.reassociated import install

    install(module)
    # What is written over a result does not change its strides; a sum that is one number may be another tensor's memory.
    return InProcess(module, name)


VARIANTS: dict[str, Variant] = {
    "threads": Variant("with so many threads (torch:threads=2)", _threads, alone=True),
    "strided": Variant("with gaps between the elements of every tensor that a program begins with", Strided),
    "reassociated": Variant(
        "with its sums and products of matrices added up in another order", _reassociated, alone=True
    ),
}
