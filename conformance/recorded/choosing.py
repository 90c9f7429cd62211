"""Which of the programs that a case draws a corpus keeps: few and small ones that show all that the many do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from conformance.program import Program, TensorLiteral, operands, walk
from conformance.report.model import operation
from conformance.trace import FunctionCall, StepTrace, TensorChange, Trace

AT_LEAST, AT_MOST = 4, 6
"""Programs of a case: the first for other numbers in the same places, the last so that all cases together run in seconds."""


def choose(drawn: Sequence[tuple[Program, Trace]], least: int = AT_LEAST, most: int = AT_MOST) -> list[int]:
    """The numbers of the programs to keep, smallest program first.

    Taken one by one: the one that shows most of what the others did not, for its size. What is left up to the least are the
    smallest that are no trifle.
    """
    shows = [frozenset(shown(program, trace)) for program, trace in drawn]
    sizes = [len(program.to_json()) + len(trace.to_json()) for program, trace in drawn]
    missing = set().union(*shows)
    kept: list[int] = []
    while missing and len(kept) < most:
        best = max(range(len(drawn)), key=lambda one: (len(shows[one] & missing) / (300 + sizes[one]), -one))
        if not shows[best] & missing:
            break
        kept.append(best)
        missing -= shows[best]
    others = sorted(set(range(len(drawn))) - set(kept), key=lambda one: (sizes[one], one))
    # From the middle upwards: the smallest are empty tensors and zeros.
    middle = others[len(others) // 3 :] + others[: len(others) // 3]
    kept += middle[: max(0, least - len(kept))]
    return sorted(kept, key=lambda one: (sizes[one], one))


def shown(program: Program, trace: Trace) -> Iterator[str]:
    """What a program and its trace show, each in a word."""
    yield f"{len(program.steps)} steps"
    for number, (step, did) in enumerate(zip(program.steps, trace.steps, strict=False)):
        at = f"{number} {operation(step)}"
        yield f"{at} {did.outcome} {type(did.result).__name__}"
        yield from (f"{at} {one}" for one in _of_step(did))
        for operand in operands(step):
            for part in walk(operand):
                if isinstance(part, TensorLiteral):
                    yield f"{number} of {part.dtype}, {len(part.shape)}-d{', empty' if 0 in part.shape else ''}"
                elif not isinstance(part, msgspec.Struct):
                    yield f"{at} {part!r}" if isinstance(part, bool | str | None) else f"{at} {type(part).__name__}"


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
