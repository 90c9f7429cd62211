"""PyTorch, with gaps between the elements of every tensor that a program begins with.

What hangs on the layout of an operand (what a backward saves, what a write to its own memory comes to, what lies between the
elements) is for the judge to tell from a difference: it asks PyTorch with these layouts. But to copy the one layout and not the
other is what `contiguous` and `ravel` are for: a program in which they do is not supported.
"""

from __future__ import annotations

import types

from conformance.interpreter.interpreter import Session, run
from conformance.interpreter.layouts import Stride, dense, with_layouts
from conformance.program import (
    Bind,
    Call,
    Global,
    Method,
    Operand,
    Program,
    Ref,
    Set,
    Step,
    TensorLiteral,
    operands,
    outs,
    walk,
)
from conformance.subjects.base import SubjectUnsupported
from conformance.subjects.inprocess import InProcess, observable
from conformance.trace import FACETS, Trace

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
        super().__init__(module, name, facets)

    def run(self, program: Program) -> Trace:
        copying = {number: of for number, step in enumerate(program.steps) if (of := _copied_or_not(step)) is not None}
        lay_dense: dict[int, bool] = {}

        def look(session: Session, number: int) -> None:
            if number in copying:
                lay_dense[number] = _is_contiguous(copying[number], session)

        def agree(session: Session, number: int) -> None:
            if number in copying and _is_contiguous(copying[number], session) != lay_dense[number]:
                raise SubjectUnsupported("no copy of one layout alone")

        if copying:
            run(program, self.module, frozenset({"raised"}), before=look)
        gaps = with_layouts(program, _gaps(program.steps))
        return run(gaps, self.module, self.facets, before=agree if copying else None)


def _gaps(steps: tuple[Step, ...]) -> dict[int, Stride]:
    """The strides of the tensors that a program begins with, doubled; by step."""
    gradients = _gradients(steps)
    found = {}
    for number, step in enumerate(steps):
        if isinstance(step, Bind) and isinstance(step.value, TensorLiteral) and step.out not in gradients:
            shape = step.value.shape
            if shape and 0 not in shape:
                found[number] = tuple([2 * one for one in dense(shape)])
    return found


def _copied_or_not(step: Step) -> Ref | None:
    """The tensor of a step that is `contiguous` or `ravel`."""
    match step:
        case Method(self=Ref() as of, name=name, args=()) if name in _COPY_OR_NOT:
            return of
        case Call(function=Global(path="torch.ravel"), args=(Ref() as of,)):
            return of
    return None


def _is_contiguous(of: Ref, session: Session) -> bool:
    try:
        return bool(session.values[of.name].is_contiguous())
    except Exception:
        return False  # no tensor: the step raises in either layout


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
