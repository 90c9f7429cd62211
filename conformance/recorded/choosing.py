"""Which of the programs that a case draws a corpus keeps: few and small ones that show all that the many do."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import msgspec
import numpy as np

from conformance.numbers import elements
from conformance.program import (
    OPERATORS,
    Bind,
    Call,
    Class,
    Function,
    Global,
    List,
    Method,
    Operator as OperatorStep,
    Program,
    Ref,
    TensorLiteral,
    Unpack,
    operands,
    walk,
)
from conformance.report.model import operation
from conformance.trace import FunctionCall, StepTrace, TensorChange, Trace

AT_LEAST, AT_MOST = 4, 7
"""Programs of a case: the first for other numbers in the same places, the last so that all cases together run in seconds."""

PLAIN_ONES = 3
"""Programs of a case that are plain, where there are as many: all that an engine of the first order is asked of it."""


def choose(drawn: Sequence[tuple[Program, Trace]], least: int = AT_LEAST, most: int = AT_MOST) -> list[int]:
    """The numbers of the programs to keep: the plain ones, then the others, smallest first.

    Taken one by one: the one that shows most of what the others did not; of what faults hide behind (`FIRST`), then of the
    rest for its size. The first few are plain if there are any, so that an engine that has little else is asked something,
    too; what shows the commonest faults of such engines (`WANTED`) is shown by these. What is left up to the least are the
    smallest that are no trifle.
    """
    shows = [frozenset(shown(program, trace)) for program, trace in drawn]
    sizes = [len(program.to_json()) + len(trace.to_json()) for program, trace in drawn]
    plain = [one for one in range(len(drawn)) if {PLAIN, DERIVED} <= shows[one]]
    plain = plain or [one for one in range(len(drawn)) if PLAIN in shows[one]]
    missing = set().union(*shows)
    kept: list[int] = []

    def take(among: Sequence[int]) -> None:
        first = FIRST & missing
        best = max(
            among, key=lambda one: (len(shows[one] & first), len(shows[one] & missing) / (300 + sizes[one]), -one)
        )
        kept.append(best)
        missing.difference_update(shows[best])

    for wanted in WANTED:
        among = [one for one in plain if wanted in shows[one] and one not in kept]
        if among and wanted in missing:
            take(among)
    while len(kept) < min(PLAIN_ONES, most) and len(kept) < len(plain):
        take([one for one in plain if one not in kept])
    if len(plain) < len(drawn):  # and as many others as ever
        most += max(0, len(kept) - 1)
    while missing and len(kept) < most:
        take([one for one in range(len(drawn)) if one not in kept])
    others = sorted(set(range(len(drawn))) - set(kept), key=lambda one: (sizes[one], one))
    # From the middle upwards: the smallest are empty tensors and zeros.
    middle = others[len(others) // 3 :] + others[: len(others) // 3]
    kept += middle[: max(0, least - len(kept))]
    return sorted(kept, key=lambda one: (PLAIN not in shows[one], sizes[one], one))


PLAIN = "plain"
"""Nothing that an engine of the first order lacks: floating-point tensors, none empty and not all of one element, functions,
`backward`; nothing raised."""

DERIVED = "backward"

TWICE = "one tensor as two operands"
SEVERAL = "stretches several dimensions of operand"
ROTATED = "rotates dimensions"

WANTED = (TWICE, f"{SEVERAL} 1", f"{SEVERAL} 0", ROTATED)
"""Where the gradients of two uses are to be added; where one is to be summed over several dimensions; where the inverse of a
permutation is another. (Without these, engines with the classic faults passed all that they could run.)"""

FIRST = frozenset(
    ["has 0", "has equal ones", "has negative ones"]
    + [f"stretches operand {place}, {how}" for place in (0, 1) for how in ("of size 1", "of fewer dimensions")]
)
"""Kinks, ties and broadcasting: a program without them does not ask what is most often wrong."""


def shown(program: Program, trace: Trace) -> Iterator[str]:
    """What a program and its trace show, each in a word."""
    yield f"{len(program.steps)} steps"
    if _is_plain(program, trace):
        yield PLAIN
    if any(isinstance(step, Method) and step.name == "backward" for step in program.steps):
        yield DERIVED
    yield from _stretched(program, trace)
    yield from _used(program)
    for number, (step, did) in enumerate(zip(program.steps, trace.steps, strict=False)):
        at = f"{number} {operation(step)}"
        yield f"{at} {did.outcome} {type(did.result).__name__}"
        yield from (f"{at} {one}" for one in _of_step(did))
        for operand in operands(step):
            for part in walk(operand):
                if isinstance(part, TensorLiteral):
                    yield f"{number} of {part.dtype}, {len(part.shape)}-d{', empty' if 0 in part.shape else ''}"
                    yield from _of_numbers(part)
                elif not isinstance(part, msgspec.Struct):
                    yield f"{at} {part!r}" if isinstance(part, bool | str | None) else f"{at} {type(part).__name__}"


_MORE = frozenset({"create_graph", "dtype", "out", "inputs"})
_WRITES = frozenset({name for name in OPERATORS if name.startswith("i") and name not in ("invert", "iter")})


def _is_plain(program: Program, trace: Trace) -> bool:
    if not all(did.outcome == "returned" and did.error is None for did in trace.steps):
        return False
    most = 0
    for step in program.steps:
        match step:
            case Bind() | Unpack():
                pass
            case Call(function=Global(path=path), kwargs=kwargs):
                if path.startswith(("torch.autograd", "torch.func")) or kwargs.keys() & _MORE:
                    return False
            case Method(name=name, kwargs=kwargs):
                if (name.endswith("_") and name != "requires_grad_") or kwargs.keys() & _MORE:
                    return False
            case OperatorStep(operator=operator):
                if operator in _WRITES:
                    return False
            case _:
                return False
        for part in (part for one in operands(step) for part in walk(one)):
            if isinstance(part, Function | Class):
                return False
            if isinstance(part, TensorLiteral):
                if part.dtype not in ("float32", "float64") or 0 in part.shape:
                    return False
                most = max(most, math.prod(part.shape))
    return most > 1


def _used(program: Program) -> Iterator[str]:
    for step in program.steps:
        if isinstance(step, Call | Method | OperatorStep):
            names = [part.name for one in operands(step) for part in walk(one) if isinstance(part, Ref)]
            if len(set(names)) < len(names):
                yield TWICE
        if isinstance(step, Call | Method) and operation(step) in ("torch.permute()", ".permute()"):
            for order in (part.items for one in operands(step) for part in walk(one) if isinstance(part, List)):
                if any(order[at] != order.index(at) for at in range(len(order)) if at in order):
                    yield ROTATED


def _of_numbers(literal: TensorLiteral) -> Iterator[str]:
    """Where its numbers lie: on a kink, equal to one another, out of range."""
    values = np.ravel(elements(literal.dtype, literal.shape, literal.data))
    if not values.size or values.dtype.kind not in "fiuc":
        return
    if (values == 0).any():
        yield "has 0"
    if np.unique(values).size < values.size:
        yield "has equal ones"
    if not np.isfinite(values).all():
        yield "has nan" if np.isnan(values).any() else "has inf"
    if values.dtype.kind != "c" and (values < 0).any():
        yield "has negative ones"


def _stretched(program: Program, trace: Trace) -> Iterator[str]:
    """Which operands are repeated along a dimension to fit the others."""
    shapes: dict[str, tuple[int, ...]] = {}
    for step, did in zip(program.steps, trace.steps, strict=False):
        given = [
            shapes.get(one.name) if isinstance(one, Ref) else getattr(one, "shape", None) for one in operands(step)
        ]
        known = [tuple(shape) for shape in given if shape is not None]
        if len(set(known)) > 1:
            try:
                whole = np.broadcast_shapes(*known)
            except ValueError:
                continue
            for place, shape in enumerate(given):
                if shape is not None and tuple(shape) != whole:
                    how = "of size 1" if len(shape) == len(whole) else "of fewer dimensions"
                    yield f"stretches operand {place}, {how}"
                    own = whole[len(whole) - len(shape) :]
                    if sum(size == 1 != of for size, of in zip(shape, own, strict=True)) > 1:
                        yield f"{SEVERAL} {place}"
        for name, change in did.changes.items():
            if change.shape is not msgspec.UNSET:
                shapes[name] = tuple(change.shape)


def _of_step(did: StepTrace) -> Iterator[str]:
    if did.error is not None:
        yield f"{did.error.code} {did.error.type}"
    for warned in did.warnings:
        yield warned.category
    for facet in ("mode", "alias", "identity", "graph"):
        if getattr(did, facet) is not msgspec.UNSET:
            yield facet
    yield from _of_changes(did.changes)
    if did.graph is not msgspec.UNSET:
        yield from {f"node {node.name}" for node in did.graph.nodes}
    for call in did.calls:
        yield from _of_call(call)


def _of_call(call: FunctionCall) -> Iterator[str]:
    yield f"calls {call.function}" + (f" {call.error.code}" if call.error else "")
    yield from _of_changes(call.changes)
    for step in call.steps:
        yield from (f"in {call.function}: {one}" for one in _of_step(step))


def _of_changes(changes: dict[str, TensorChange]) -> Iterator[str]:
    for name, change in changes.items():
        for field in change.__struct_fields__:
            value = getattr(change, field)
            if value is msgspec.UNSET:
                continue
            if field in ("dtype", "requires_grad", "is_leaf", "version", "grad"):
                yield f"{name} {field} {value}"
            elif field in ("shape", "stride"):
                yield f"{name} {field} {len(value)}-d"
            else:
                yield f"{name} {field}"
