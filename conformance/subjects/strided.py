"""PyTorch, with gaps between the elements of every tensor that a program begins with.

Whatever follows is the same for another layout, but for what asks for the layout, and two things that hang on it:

- what comes out where a write reads its own memory, the elements not being the same ones: PyTorch refuses where it sees that,
  and it sees it in dense memory alone;
- whether `contiguous` and `ravel` copy.

Which programs do either is told from a run without gaps: they are not supported. All others are compared.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable
from typing import Any

import msgspec

from conformance.interpreter.interpreter import Session, run
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
from conformance.subjects.base import SubjectUnsupported
from conformance.subjects.inprocess import InProcess, observable
from conformance.trace import FACETS, Trace

_ASK_FOR_LAYOUT = frozenset(
    ["as_strided", "as_strided_", "as_strided_scatter", "data_ptr", "is_contiguous", "storage"]
    + ["stride", "untyped_storage", "from_numpy", "numpy", "__array__", "__dlpack__", "asarray", "from_dlpack"]
    + ["is_non_overlapping_and_dense", "is_set_to", "set_", "resize_", "resize_as_", "view_as_complex", "save"]
)  # fmt: skip
"""What gives another answer for another layout, as it has to: `as_strided` reads what lies between the elements."""

_COPY_OR_NOT = frozenset(["contiguous", "ravel"])
"""What copies a tensor that is not contiguous, and shows the memory of one that is."""


class Strided(InProcess):
    """The tensors that a program begins with have gaps between their elements.

    All strides are doubled: whatever `view` and `reshape` accept of a dense tensor they accept of this one, and share memory
    in the same way. Gradients and tangents that a program makes itself stay dense: whether a leaf keeps or copies one hangs on
    its layout, and then what a later write changes.
    """

    def __init__(self, module: types.ModuleType, name: str) -> None:
        # Which node a reshape becomes, how a leaf's first gradient is copied, and a warning about its layout follow from it.
        facets = frozenset(observable(module) or FACETS) - {"stride", "graph", "version", "repr", "warning"}
        super().__init__(_with(module, "strided", spread=_spread(module)), name, facets)
        self.dense = module

    def run(self, program: Program) -> Trace:
        copying = [number for number, step in enumerate(program.steps) if _copies_or_not(step)]
        top = tuple([step for number, step in enumerate(program.steps) if number not in copying])
        asked = _names(top) & (_ASK_FOR_LAYOUT | _COPY_OR_NOT)
        if asked:
            raise SubjectUnsupported(f"no {min(asked)!r}")
        if _asks_how_a_grad_was_made(program.steps):
            # Its node may be that of the copy which the leaf's layout asked for.
            raise SubjectUnsupported("no grad_fn of a grad")
        dense: dict[int, bool] = {}

        def look(session: Session, number: int) -> None:
            step = program.steps[number]
            if number in copying:
                dense[number] = _is_contiguous(step, session)
            elif _reads_what_it_writes(step, session):
                raise SubjectUnsupported("no write to what is read")

        def agree(session: Session, number: int) -> None:
            if number in dense and _is_contiguous(program.steps[number], session) != dense[number]:
                raise SubjectUnsupported(f"no {min(_names((program.steps[number],)))!r}")

        if copying or any(_write_of(step)[1] for step in program.steps):
            # Looked at after every step as the other is: PyTorch 2.13 dies of a hook on a view that was outdated by a write to
            # its base, unless its grad_fn has been asked for.
            run(program, self.dense, frozenset({"raised"}), before=look)
        gradients = _gradients(program.steps)
        spread = msgspec.structs.replace(program, steps=tuple([_with_gaps(one, gradients) for one in program.steps]))
        return run(spread, self.module, self.facets, before=agree if dense else None)


def _with_gaps(step: Step, gradients: set[str]) -> Step:
    if isinstance(step, Bind) and isinstance(step.value, TensorLiteral) and step.out not in gradients:
        return Call(function=Global("torch.spread"), args=(step.value,), out=step.out, drops=step.drops)
    return step


def _copies_or_not(step: Step) -> bool:
    """Whether a step is `contiguous` or `ravel` of a tensor; within functions they cannot be told apart."""
    return _tensor_of_copy(step) is not None


def _tensor_of_copy(step: Step) -> Ref | None:
    match step:
        case Method(self=Ref() as of, name=name, args=()) if name in _COPY_OR_NOT:
            return of
        case Call(function=Global(path="torch.ravel"), args=(Ref() as of,)):
            return of
    return None


def _is_contiguous(step: Step, session: Session) -> bool:
    of = _tensor_of_copy(step)
    value = session.values.get(of.name) if of is not None else None
    try:
        return bool(value.is_contiguous())  # type: ignore[union-attr]
    except Exception:
        return False  # no tensor: the step raises in either layout


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


@functools.cache
def _elementwise() -> frozenset[str]:
    """The methods in place that read and write an element at a time: of the very same elements they may read their own."""
    from conformance.operators import TABLE

    rows = [row for row in TABLE.values() if row.kind in ("pointwise", "comparison") and "inplace" in row.forms]
    return frozenset({"copy_", *(row.form("inplace") for row in rows)})


def _reads_what_it_writes(step: Step, session: Session) -> bool:
    """Whether a step in place reads memory that it writes, other than the element in hand."""
    target, given = _write_of(step)
    if target is None:
        return False
    written = _bytes_of(session.values.get(target.name))
    for operand in given:
        for part in walk(operand):
            read = _bytes_of(session.values.get(part.name)) if isinstance(part, Ref) else []
            if read and not set(read).isdisjoint(written):
                own = isinstance(step, Operator) or (isinstance(step, Method) and step.name in _elementwise())
                if not own or read != written:
                    return True
    return False


def _bytes_of(value: Any) -> list[int]:
    """The addresses of every byte of a tensor, in the order of its elements; none of anything else."""
    try:
        found, size = [value.data_ptr()], value.element_size()
        if not value.numel():
            return []
        for count, step in zip(value.shape, value.stride(), strict=True):
            found = [at + number * step * size for at in found for number in range(count)]
        return [at + byte for at in found for byte in range(size)]
    except Exception:
        return []


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
