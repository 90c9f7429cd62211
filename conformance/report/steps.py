"""Two traces of one program, side by side: a row a step, with what it did on either side in a few words.

Where both sides show the same, a row has one cell for both: a reader looks for what differs, and everything that is
printed twice hides it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal as OneOf

from msgspec import UNSET

from conformance.journal import Finding
from conformance.judging.verdict import Difference
from conformance.program import Bind, Program, Step, Unpack, outs as outs_of
from conformance.report import source
from conformance.report.text import counted, printable
from conformance.report.values import array_text, seen_text, shape_text
from conformance.trace import ArraySeen, FunctionCall, Opaque, Raised, StepTrace, TensorChange, TensorSeen


@dataclass(frozen=True)
class Field:
    """A piece of a fact: a text, and the facet that it belongs to."""

    facet: str
    text: str
    differs: bool = False


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


State = OneOf["same", "rounding", "differs", "apart", "uncompared", "unanswered"]
"""What a row says of its two sides: they show the same; they differ by rounding, which was accepted; they differ; they show
different things that are not compared (a facet that the subject cannot observe); comparing had ended before; one is silent."""


@dataclass(frozen=True)
class Row:
    """A step on both sides. `oracle` and `subject` are None on a side that has no such step."""

    index: int
    source: str
    state: State
    oracle: tuple[Fact, ...] | None
    subject: tuple[Fact, ...] | None
    differences: tuple[Difference, ...]
    first: bool
    """Whether the difference to show first is here."""
    skipped: int = 0
    """How many steps before this one have no row."""


MOST_ROWS = 150
"""A program of more steps is shown in parts: a chain of ten thousand operations says nothing that its ends do not."""

MOST_CALLS = 12
"""Calls that are shown of one step, beside those in which something differs: a numerical Jacobian makes hundreds."""


def rows(finding: Finding, first: Difference | None, facets: Collection[str] = ()) -> list[Row]:
    """The rows of a finding's program; `first` is the difference to be marked as the first.

    `facets` are those that the subject can observe, all if empty: what it cannot is left out on both sides.
    """
    program = finding.program
    texts, bodies = source.lines(program), Bodies(program)
    differences: dict[int, list[Difference]] = {}
    for difference in finding.verdict.differences:
        differences.setdefault(_row_of(difference, program), []).append(difference)
    ended = _end(finding)
    twins = not facets or "identity" in facets
    # Where nothing differs, what is told of one side is told of the other: nearly every case is such.
    traces = (finding.oracle,) if finding.oracle == finding.subject else (finding.oracle, finding.subject)
    known = [_Known(twins=twins) for _ in traces]
    shown = set(_shown(len(program.steps), sorted(differences)))
    found: list[Row] = []
    skipped = 0
    for index, step in enumerate(program.steps):
        if index in shown:
            here = tuple(differences.get(index, ()))
            told = [
                _observed(_facts(step, trace.steps[index], before, bodies, here, first=index == 0), facets)
                if trace is not None and index < len(trace.steps)
                else None
                for trace, before in zip(traces, known, strict=True)
            ]
            oracle, subject = told[0], told[-1]
            is_first = first is not None and _row_of(first, program) == index
            state: State = "differs" if here else "uncompared" if index > ended else _state_of(oracle, subject)
            found.append(Row(index, texts[index], state, oracle, subject, here, is_first, skipped))
            skipped = 0
        else:
            skipped += 1
        for trace, before in zip(traces, known, strict=True):
            if trace is not None and index < len(trace.steps):
                before.take(trace.steps[index])
    return found


def _shown(steps: int, differing: list[int]) -> Iterable[int]:
    """The steps of a long program that are worth a row: its ends, and what is around the first differences."""
    if steps <= MOST_ROWS:
        return range(steps)
    around = [index + near for index in differing[:20] for near in (-2, -1, 0, 1, 2)]
    return [*range(40), *around, *range(steps - 20, steps)]


def _observed(facts: tuple[Fact, ...], facets: Collection[str]) -> tuple[Fact, ...]:
    """The facts, without the facets that are not among those given, if any are."""
    if not facets:
        return facts
    found = []
    for fact in facts:
        fields = tuple(field for field in fact.fields if field.facet in facets)
        inside = tuple(replace(inner, facts=_observed(inner.facts, facets)) for inner in fact.inside)
        if fields or (fact.kind == "called" and "hooks" in facets):
            found.append(replace(fact, fields=fields, inside=inside))
    return tuple(found)


def _end(finding: Finding) -> int:
    """The step with which comparing ended: one side raised and the other went on, so that they parted there."""
    parted = [d.step[0] for d in finding.verdict.differences if d.facet == "raised" and len(d.step) == 1]
    return min(parted, default=len(finding.program.steps))


def _state_of(oracle: tuple[Fact, ...] | None, subject: tuple[Fact, ...] | None) -> State:
    if oracle is None or subject is None:
        return "same" if oracle == subject else "unanswered"
    if oracle == subject:
        return "same"
    return "rounding" if _numberless(oracle) == _numberless(subject) else "apart"


def _numberless(facts: tuple[Fact, ...]) -> list[object]:
    """The facts without the numbers in them."""
    return [
        (
            fact.kind,
            fact.name,
            [field.facet if field.facet in ("value", "grad") else field for field in fact.fields],
            [_numberless(inner.facts) for inner in fact.inside],
        )
        for fact in facts
    ]


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


class Bodies:
    """The functions of a program by name, each with the source of its steps: written once, however often it is called."""

    def __init__(self, program: Program) -> None:
        self._steps = source.bodies(program)
        self._written: dict[str, list[str]] = {}

    def of(self, function: str) -> tuple[tuple[Step, ...], list[str]]:
        """The steps of a function, and their source; none of a function that is not of the program."""
        name = function if function in self._steps else function.rpartition(".")[2]
        steps = self._steps.get(name, ())
        if name not in self._written:
            self._written[name] = source.lines(Program(steps=steps)) if steps else []
        return steps, self._written[name]


def _facts(
    step: Step, trace: StepTrace, known: _Known, bodies: Bodies, differences: Sequence[Difference], *, first: bool
) -> tuple[Fact, ...]:
    # A difference of the step itself stands above its facts, in the words of the comparison, and is not repeated among
    # them; one inside a call is marked where it is.
    told = {(difference.facet, difference.name) for difference in differences if len(difference.step) == 1}
    parted = ("raised", "") in told
    inside = {(difference.step[1:], difference.facet, difference.name) for difference in differences}
    found = []
    for fact in step_facts(step, trace, known, bodies, inside, first=first):
        if parted and fact.kind in ("returned", "raised", "blocked", "unsupported"):
            continue  # How it ended is what differs.
        left = tuple(field for field in fact.fields if not _is_of(field, fact, told))
        if left or fact.kind == "called":
            found.append(replace(fact, fields=left))
    return tuple(found)


def _is_of(field: Field, fact: Fact, told: set[tuple[str, str]]) -> bool:
    """Whether a field is what some difference, a facet and a name, is about."""
    names = (fact.name, fact.name.removesuffix(".grad")) if fact.kind == "tensor" else ("",)
    return any((field.facet, name) in told for name in names)


class _Known:
    """What the steps before have shown, so that it need not be shown again."""

    def __init__(self, names: Iterable[str] = (), *, twins: bool = True) -> None:
        self.names = set(names)
        self.twins = twins
        """Whether another name of one object is told as that: where it cannot be seen, both sides show what is in it."""
        self.groups: dict[str, set[tuple[str, ...]]] = {"alias": set(), "identity": set()}

    def take(self, step: StepTrace) -> None:
        self.names |= step.changes.keys()
        if step.alias is not UNSET:
            self.groups["alias"] = set(step.alias)
        if step.identity is not UNSET:
            self.groups["identity"] = set(step.identity)


Inside = set[tuple[tuple[int, ...], str, str]]
"""Differences inside the calls of a step: where, the facet, the name."""


def step_facts(
    step: Step | None,
    trace: StepTrace,
    known: _Known,
    bodies: Bodies,
    inside: Inside,
    *,
    first: bool = False,
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
    for number, call in enumerate(trace.calls):
        below = {(path[1:], facet, name) for path, facet, name in inside if path[:1] == (number,)}
        if below or number < MOST_CALLS:
            facts.append(_called(call, known, bodies, below))
    if len(trace.calls) > MOST_CALLS:
        facts.append(Fact("state", "", (Field("hooks", f"{len(trace.calls)} calls, of which the first are shown"),)))
    twins = _twins(trace, known)
    for name, change in trace.changes.items():
        if name not in twins:
            facts.append(_tensor(name, change, new=name not in known.names))
    facts += [Fact("state", name, (Field("identity", printable(f"{name} is {twin}")),)) for name, twin in twins.items()]
    facts += _state(trace, known, first=first)
    return [fact for fact in facts if fact.fields or fact.kind == "called"]


def _twins(trace: StepTrace, known: _Known) -> dict[str, str]:
    """New names of objects that had a name before: what is in them is known, and is not written again."""
    twins: dict[str, str] = {}
    if not known.twins:
        return twins
    for group in trace.identity or () if trace.identity is not UNSET else ():
        old = [name for name in group if name in known.names]
        if old:
            twins |= {name: old[0] for name in group if name not in known.names and name in trace.changes}
    return twins


def _returned(step: Step | None, trace: StepTrace) -> list[Fact]:
    result = trace.result
    if isinstance(step, Unpack) or (isinstance(step, Bind) and isinstance(result, Opaque)):
        return []
    if result is None and (step is None or not outs_of(step)):
        return []
    if isinstance(result, TensorSeen | ArraySeen) and (result.name in trace.changes or not result.name):
        return []
    return [Fact("returned", "", (Field("value", printable(seen_text(result))),))]


def _raised(error: Raised) -> Fact:
    parts = (Field("error_type", error.type), Field("message", error.message), Field("error_code", error.code))
    return Fact("raised", "", tuple(Field(part.facet, printable(part.text)) for part in parts))


def _called(call: FunctionCall, known: _Known, bodies: Bodies, differing: Inside) -> Fact:
    arguments = ", ".join(map(seen_text, call.arguments))
    steps, texts = bodies.of(call.function)
    inside = []
    seen = _Known(known.names, twins=known.twins)
    for index, trace in enumerate(call.steps):
        below = {(path[1:], facet, name) for path, facet, name in differing if path[:1] == (index,)}
        facts = step_facts(steps[index] if index < len(steps) else None, trace, seen, bodies, below)
        here = {(facet, name) for path, facet, name in below if not path}
        seen.take(trace)
        marked = tuple(
            replace(fact, fields=tuple(replace(field, differs=_is_of(field, fact, here)) for field in fact.fields))
            for fact in facts
        )
        inside.append(Inner(texts[index] if index < len(texts) else "", marked))
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


def _state(trace: StepTrace, known: _Known, *, first: bool) -> list[Fact]:
    facts = []
    if trace.mode is not UNSET:
        mode = trace.mode
        usual = mode.grad and not mode.inference
        if not (first and usual):
            text = "inference mode" if mode.inference else f"grad mode {'on' if mode.grad else 'off'}"
            facts.append(Fact("state", "", (Field("mode", text),)))
    # What one object is has been said of its names, and one object shares memory with itself.
    identity = trace.identity if trace.identity is not UNSET else ()
    alias = trace.alias if trace.alias is not UNSET else ()
    twins = _twins(trace, known)
    one = [group for group in identity if not twins.keys() & set(group)]
    sharing = [group for group in alias if group not in identity and group not in known.groups["identity"]]
    for facet, groups, words in (("identity", one, "are one object"), ("alias", sharing, "share memory")):
        for group in groups:
            if group in known.groups[facet]:
                continue
            facts.append(Fact("state", "", (Field(facet, printable(f"{', '.join(group)} {words}")),)))
    if trace.graph is not UNSET and not (first and not trace.graph.nodes):
        text = f"graph: {counted(len(trace.graph.nodes), 'node')}" if trace.graph.nodes else "no graph is left"
        facts.append(Fact("state", "", (Field("graph", text),)))
    return facts
