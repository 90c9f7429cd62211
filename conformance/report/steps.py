"""Two traces of one program, side by side: a row a step, with what it did on either side in a few words.

Where both sides show the same, a row has one cell for both: a reader looks for what differs, and everything that is
printed twice hides it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal as OneOf

from msgspec import UNSET

from conformance.journal import Finding
from conformance.program import Program, Step, outs as outs_of
from conformance.report import source
from conformance.report.text import counted, printable
from conformance.report.values import array_text, seen_text, shape_text
from conformance.trace import FunctionCall, Raised, StepTrace, TensorChange, TensorSeen, Trace
from conformance.verdict import Difference


@dataclass(frozen=True)
class Field:
    """A piece of a fact: a text, and the facet that it belongs to."""

    facet: str
    text: str


@dataclass(frozen=True)
class Fact:
    """One thing that a step did: ``returned``, ``raised``, ``tensor``, ``called``…, and the steps inside a call."""

    kind: str
    name: str
    fields: tuple[Field, ...]
    inside: tuple[Inner, ...] = ()


@dataclass(frozen=True)
class Inner:
    """A step of a function that a step called."""

    source: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True)
class Row:
    """A step on both sides. `oracle` and `subject` are None on a side that has no such step."""

    index: int
    source: str
    state: OneOf["same", "rounding", "differs", "unanswered"]
    oracle: tuple[Fact, ...] | None
    subject: tuple[Fact, ...] | None
    differences: tuple[Difference, ...]
    first: bool
    """Whether the difference to show first is here."""


def rows(finding: Finding, first: Difference | None) -> list[Row]:
    """The rows of a finding's program; `first` is the difference to be marked as the first."""
    program = finding.program
    texts, bodies = source.lines(program), source.bodies(program)
    differences: dict[int, list[Difference]] = {}
    for difference in finding.verdict.differences:
        differences.setdefault(_row_of(difference, program), []).append(difference)
    found = []
    for index, step in enumerate(program.steps):
        here = tuple(differences.get(index, ()))
        sides = [
            _facts(step, trace, index, bodies, here) if trace is not None and index < len(trace.steps) else None
            for trace in (finding.oracle, finding.subject)
        ]
        oracle, subject = sides
        if here:
            state: OneOf["same", "rounding", "differs", "unanswered"] = "differs"
        elif subject is None:
            state = "unanswered"
        else:
            # Nothing was found to differ, yet what is shown does: numbers within rounding, judged in float64.
            state = "same" if oracle is None or oracle == subject else "rounding"
        is_first = first is not None and _row_of(first, program) == index
        found.append(Row(index, texts[index], state, oracle, subject, here, is_first))
    return found


def where(difference: Difference) -> str:
    """Where inside its row a difference was seen; empty for the step itself."""
    path = difference.step[1:]
    if not path:
        return ""
    calls = [f"call {path[i] + 1}, step {path[i + 1]}" for i in range(0, len(path) - 1, 2)]
    return "in " + ", in ".join(calls) if calls else f"in call {path[0] + 1}"


def _row_of(difference: Difference, program: Program) -> int:
    index = difference.step[0] if difference.step else len(program.steps) - 1
    return max(0, min(index, len(program.steps) - 1))


Bodies = dict[str, tuple[Step, ...]]


def _facts(
    step: Step | None, trace: Trace, index: int, bodies: Bodies, differences: Sequence[Difference]
) -> tuple[Fact, ...]:
    known = {name for earlier in trace.steps[:index] for name in earlier.changes}
    # What is marked as a difference is not repeated among the facts.
    told = {(difference.facet, difference.name) for difference in differences if len(difference.step) == 1}
    facts = (_without(fact, told) for fact in step_facts(step, trace.steps[index], known, bodies, first=index == 0))
    return tuple(fact for fact in facts if fact is not None)


def _without(fact: Fact, told: set[tuple[str, str]]) -> Fact | None:
    owners = {fact.name, fact.name.removesuffix(".grad"), ""} if fact.kind != "tensor" else {fact.name}
    if fact.kind == "tensor" and fact.name.endswith(".grad"):
        owners.add(fact.name.removesuffix(".grad"))
    left = tuple(field for field in fact.fields if not any((field.facet, owner) in told for owner in owners))
    return Fact(fact.kind, fact.name, left, fact.inside) if left or fact.kind == "called" else None


def step_facts(
    step: Step | None, trace: StepTrace, known: set[str], bodies: Bodies, *, first: bool = False
) -> list[Fact]:
    """What one step did, in the order in which a reader asks: how it ended, what it said, called and changed."""
    facts: list[Fact] = []
    if trace.outcome == "returned":
        facts += _returned(step, trace)
    elif trace.outcome == "raised" and trace.error is not None:
        facts.append(_raised(trace.error))
    else:
        facts.append(Fact(trace.outcome, "", (Field("raised", printable(trace.reason)),)))
    for warning in trace.warnings:
        facts.append(Fact("warned", "", (Field("warning", printable(f"{warning.category}: {warning.message}")),)))
    facts += [_called(call, known, bodies) for call in trace.calls]
    facts += [_tensor(name, change, new=name not in known) for name, change in trace.changes.items()]
    facts += _state(trace, first=first)
    return [fact for fact in facts if fact.fields or fact.kind == "called"]


def _returned(step: Step | None, trace: StepTrace) -> list[Fact]:
    result = trace.result
    bound = step is not None and bool(outs_of(step))
    if result is None and not bound:
        return []
    if isinstance(result, TensorSeen) and result.name in trace.changes:
        return []
    return [Fact("returned", "", (Field("value", printable(seen_text(result))),))]


def _raised(error: Raised) -> Fact:
    parts = (Field("error_type", error.type), Field("message", error.message), Field("error_code", error.code))
    return Fact("raised", "", tuple(Field(part.facet, printable(part.text)) for part in parts))


def _called(call: FunctionCall, known: set[str], bodies: Bodies) -> Fact:
    arguments = ", ".join(map(seen_text, call.arguments))
    steps = bodies.get(call.function) or bodies.get(call.function.rpartition(".")[2]) or ()
    texts = source.lines(Program(steps=steps)) if steps else []
    inside = []
    seen = set(known)
    for index, trace in enumerate(call.steps):
        facts = step_facts(steps[index] if index < len(steps) else None, trace, seen, bodies)
        seen |= trace.changes.keys()
        inside.append(Inner(texts[index] if index < len(texts) else "", tuple(facts)))
    if call.error is not None:
        inside.append(Inner("", (_raised(call.error),)))
    return Fact("called", printable(f"{call.function}({arguments})"), (), tuple(inside))


def _tensor(name: str, change: TensorChange, *, new: bool) -> Fact:
    fields = []
    if change.dtype is not UNSET:
        fields.append(Field("dtype", change.dtype))
    if change.shape is not UNSET:
        fields.append(Field("shape", shape_text(change.shape)))
    if change.value is not UNSET:
        fields.append(Field("grad" if name.endswith(".grad") else "value", array_text(change.value)))
    if change.requires_grad is not UNSET and (change.requires_grad or not new):
        fields.append(Field("requires_grad", "requires grad" if change.requires_grad else "requires no grad"))
    if change.is_leaf is not UNSET and not new:
        fields.append(Field("is_leaf", "leaf" if change.is_leaf else "not a leaf"))
    if change.version is not UNSET and (change.version != 0 or not new):
        fields.append(Field("version", "no version" if change.version is None else f"version {change.version}"))
    if change.grad is not UNSET and change.grad == "none" and not new:
        fields.append(Field("grad", "grad is None"))
    if change.stride is not UNSET and not _contiguous(change):
        fields.append(Field("stride", f"stride {shape_text(change.stride)}"))
    return Fact("tensor", printable(name), tuple(Field(field.facet, printable(field.text)) for field in fields))


def _contiguous(change: TensorChange) -> bool:
    if change.shape is UNSET or change.stride is UNSET:
        return False
    expected, size = [], 1
    for length in reversed(change.shape):
        expected.append(size)
        size *= max(length, 1)
    return tuple(reversed(expected)) == change.stride


def _state(trace: StepTrace, *, first: bool) -> list[Fact]:
    facts = []
    if trace.mode is not UNSET:
        mode = trace.mode
        usual = mode.grad and not mode.inference
        if not (first and usual):
            text = "inference mode" if mode.inference else f"grad mode {'on' if mode.grad else 'off'}"
            facts.append(Fact("state", "", (Field("mode", text),)))
    for facet, groups, words in (
        ("alias", trace.alias, "share memory"),
        ("identity", trace.identity, "are one object"),
    ):
        if groups is UNSET or (first and not groups):
            continue
        text = "; ".join(f"{', '.join(group)} {words}" for group in groups)
        facts.append(Fact("state", "", (Field(facet, printable(text or f"no two {words}")),)))
    if trace.graph is not UNSET and not (first and not trace.graph.nodes):
        facts.append(Fact("state", "", (Field("graph", f"graph: {counted(len(trace.graph.nodes), 'node')}"),)))
    return facts
