"""Which of the programs that a case draws a corpus keeps: few and small ones that show all that the many do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
import numpy as np

from conformance.numbers import elements
from conformance.program import Program, Ref, TensorLiteral, operands, walk
from conformance.report.model import operation
from conformance.trace import FunctionCall, StepTrace, TensorChange, Trace

AT_LEAST, AT_MOST = 4, 7
"""Programs of a case: the first for other numbers in the same places, the last so that all cases together run in seconds."""


def choose(drawn: Sequence[tuple[Program, Trace]], least: int = AT_LEAST, most: int = AT_MOST) -> list[int]:
    """The numbers of the programs to keep, smallest program first.

    Taken one by one: the one that shows most of what the others did not; of what faults hide behind (`FIRST`), then of the
    rest for its size. The first is plain if any is, so that an engine that has float32 and little else is asked something,
    too. What is left up to the least are the smallest that are no trifle.
    """
    shows = [frozenset(shown(program, trace)) for program, trace in drawn]
    sizes = [len(program.to_json()) + len(trace.to_json()) for program, trace in drawn]
    missing = set().union(*shows)
    kept: list[int] = []
    while missing and len(kept) < most:
        plain = [one for one in range(len(drawn)) if PLAIN in shows[one]] if not kept else []
        first = FIRST & missing
        best = max(
            plain or range(len(drawn)),
            key=lambda one: (len(shows[one] & first), len(shows[one] & missing) / (300 + sizes[one]), -one),
        )
        if not shows[best] & missing:
            break
        kept.append(best)
        missing -= shows[best]
    others = sorted(set(range(len(drawn))) - set(kept), key=lambda one: (sizes[one], one))
    # From the middle upwards: the smallest are empty tensors and zeros.
    middle = others[len(others) // 3 :] + others[: len(others) // 3]
    kept += middle[: max(0, least - len(kept))]
    return sorted(kept, key=lambda one: (sizes[one], one))


PLAIN = "plain"
"""Nothing but float32, nothing empty, nothing raised."""

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
    yield from _stretched(program, trace)
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


def _is_plain(program: Program, trace: Trace) -> bool:
    literals = [
        part
        for step in program.steps
        for one in operands(step)
        for part in walk(one)
        if isinstance(part, TensorLiteral)
    ]
    return all(did.outcome == "returned" and did.error is None for did in trace.steps) and all(
        literal.dtype == "float32" and 0 not in literal.shape for literal in literals
    )


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
