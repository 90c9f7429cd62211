"""Trace × Trace → differences, each of a facet: where a subject did not do what the oracle did.

*Where one raised and the other went on, comparing ends.* From there the two have done different things, and every later
difference would blame the subject twice for the first. Where both raised, but not alike, the program goes on alike.

*Numbers* that are a few ulp apart are equal, also those written in the text of an error. Others are `Doubtful`: `judge.py`
replays the program in float64 before it calls them different.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from msgspec import UNSET

from conformance.judging import shown
from conformance.judging.verdict import Difference
from conformance.numbers import EPSILON, alike, alike_but_for_tangents, apart, elements
from conformance.program import Complex, Float, Get, Global, Method, Program, Step
from conformance.trace import (
    FACETS,
    Array,
    ArraySeen,
    FunctionCall,
    Graph,
    Mapping,
    NodeSeen,
    Opaque,
    Seen,
    Sequence,
    StepTrace,
    TensorChange,
    TensorSeen,
    Trace,
)

FEW_ULP = 4.0
"""Numbers closer than this are equal. A correctly rounded function is half an ulp off, the libraries' exp, tanh and pow up to
two; so two implementations may be four apart, and neither is wrong."""

MAX_DIFFERENCES = 100
"""A program with more differences says nothing that its first hundred do not."""

Place = tuple[int, ...]


@dataclass(frozen=True)
class Doubtful:
    """Numbers too far apart to be equal as they stand; whether they differ is for `judge.py` to say."""

    step: Place
    facet: str
    name: str
    oracle: Array | Float | Complex
    subject: Array | Float | Complex
    path: tuple[int, ...] = ()
    """Of a number in a result: the indices that lead to it."""


Found = Difference | Doubtful


def compare(
    oracle: Trace, subject: Trace, facets: Iterable[str] | None = None, program: Program | None = None
) -> tuple[Difference, ...]:
    """Every difference, numbers judged by their ulp alone.

    `facets` are those to compare, None or empty for all. With the `program`, a flag that a step reads (``x.is_leaf``)
    belongs to the facet of that flag, and not to `value`.
    """
    found = find(oracle, subject, facets, program)
    return tuple([as_difference(one) if isinstance(one, Doubtful) else one for one in found])


def find(
    oracle: Trace, subject: Trace, facets: Iterable[str] | None = None, program: Program | None = None
) -> list[Found]:
    """Every difference, those of numbers as `Doubtful`, in the order of the steps."""
    comparison = _Comparison(frozenset(facets or FACETS))
    steps = () if program is None else program.steps
    _steps(comparison, oracle.steps, subject.steps, (), _Known(), _Known(), steps)
    if len(oracle.steps) != len(subject.steps) and not comparison.ended:
        shorter = min(len(oracle.steps), len(subject.steps))
        comparison.add((shorter,), "raised", "", f"{len(oracle.steps)} steps", f"{len(subject.steps)} steps")
    return comparison.found


def as_difference(doubtful: Doubtful, note: str = "") -> Difference:
    """The Difference that a Doubtful is, if it is one."""
    return Difference(
        step=doubtful.step,
        facet=doubtful.facet,
        name=doubtful.name,
        oracle=shown.value(doubtful.oracle),
        subject=shown.value(doubtful.subject),
        note=note,
    )


class _Known:
    """What a side has shown of its tensors so far: the sum of all changes."""

    def __init__(self) -> None:
        self.tensors: dict[str, dict[str, Any]] = {}
        self.alias: tuple[tuple[str, ...], ...] = ()
        self.identity: tuple[tuple[str, ...], ...] = ()
        self.graph = Graph(nodes=(), roots={})
        self.mode: Any = UNSET

    def take(self, step: StepTrace) -> None:
        for name, change in step.changes.items():
            self.take_change(name, change)
        if step.alias is not UNSET:
            self.alias = step.alias
        if step.identity is not UNSET:
            self.identity = step.identity
        if step.graph is not UNSET:
            self.graph = step.graph
        if step.mode is not UNSET:
            self.mode = step.mode

    def take_change(self, name: str, change: TensorChange) -> None:
        known = self.tensors.setdefault(name, {})
        for field in change.__struct_fields__:
            value = getattr(change, field)
            if value is not UNSET:
                known[field] = value
        if change.grad == "none":
            self.tensors.pop(f"{name}.grad", None)


class _Comparison:
    def __init__(self, facets: frozenset[str]) -> None:
        self.facets = facets
        self.found: list[Found] = []
        self.ended = False

    def add(self, step: Place, facet: str, name: str, oracle: str, subject: str, note: str = "") -> None:
        if facet in self.facets and len(self.found) < MAX_DIFFERENCES:
            self.found.append(Difference(step=step, facet=facet, name=name, oracle=oracle, subject=subject, note=note))

    def doubt(self, step: Place, facet: str, name: str, oracle: Any, subject: Any, path: Place = ()) -> None:
        if facet in self.facets and len(self.found) < MAX_DIFFERENCES:
            self.found.append(Doubtful(step, facet, name, oracle, subject, path))


def _steps(
    found: _Comparison,
    oracle: tuple[StepTrace, ...],
    subject: tuple[StepTrace, ...],
    at: Place,
    known_o: _Known,
    known_s: _Known,
    steps: tuple[Step, ...] = (),
) -> None:
    for index, (o, s) in enumerate(zip(oracle, subject, strict=False)):
        place = (*at, index)
        _outcome(found, place, o, s)
        if found.ended:
            return
        _calls(found, place, o.calls, s.calls)
        if found.ended:
            return
        facet = _facet_of(steps[index]) if index < len(steps) else "value"
        _result(found, place, facet, _out_name(o), o.result, s.result)
        known_o.take(o)
        known_s.take(s)
        _tensors(found, place, o.changes, s.changes, known_o, known_s)
        _whole(found, place, o, s, known_o, known_s)
        if o.warnings != s.warnings:
            found.add(place, "warning", "", shown.warnings(o.warnings), shown.warnings(s.warnings))


def _outcome(found: _Comparison, place: Place, o: StepTrace, s: StepTrace) -> None:
    if o.outcome != s.outcome:
        found.ended = True
        found.add(place, "raised", "", shown.outcome(o), shown.outcome(s))
    elif o.error is not None and s.error is not None and o.error != s.error:
        _errors(found, place, o.error, s.error)


def _errors(found: _Comparison, place: Place, o: Any, s: Any) -> None:
    if o.code != s.code:
        found.add(place, "error_code", "", f"{o.code} ({shown.error(o)})", f"{s.code} ({shown.error(s)})")
    if o.type != s.type:
        found.add(place, "error_type", "", o.type, s.type)
    one, other = o.message, s.message
    if "version" not in found.facets:  # then not in a text, either
        one, other = (_VERSIONS.sub("is at another version", text) for text in (one, other))
    if not alike(one, other, FEW_ULP):
        found.add(place, "message", "", *shown.texts(o.message, s.message))


_VERSIONS = re.compile(r"is at version \d+; expected version \d+ instead")


def _out_name(step: StepTrace) -> str:
    return step.result.name if isinstance(step.result, TensorSeen | ArraySeen) else ""


# ------------------------------------------------------------------------------------------------------------ results


def _result(found: _Comparison, place: Place, facet: str, name: str, o: Seen, s: Seen, path: Place = ()) -> None:
    if o == s:
        return
    if isinstance(o, Sequence) and isinstance(s, Sequence) and len(o.items) == len(s.items):
        if o.type != s.type:
            found.add(place, "repr", name, shown.value(o), shown.value(s))
        for index, (one, other) in enumerate(zip(o.items, s.items, strict=True)):
            _result(found, place, facet, name, one, other, (*path, index))
    elif isinstance(o, Mapping) and isinstance(s, Mapping) and len(o.items) == len(s.items):
        for pair_o, pair_s in zip(o.items, s.items, strict=True):
            _result(found, place, facet, name, pair_o[0], pair_s[0])
            _result(found, place, facet, name, pair_o[1], pair_s[1])
    elif isinstance(o, Float) and isinstance(s, Float):
        if not _close_numbers(float(o), float(s)):
            found.doubt(place, facet, name, o, s, path)
    elif isinstance(o, Complex) and isinstance(s, Complex):
        real = _close_numbers(float(o.real), float(s.real))
        if not (real and _close_numbers(float(o.imag), float(s.imag))):
            found.doubt(place, facet, name, o, s, path)
    elif isinstance(o, TensorSeen) and isinstance(s, TensorSeen):
        found.add(place, "identity", "", o.name or "a tensor without a name", s.name or "a tensor without a name")
    elif isinstance(o, ArraySeen) and isinstance(s, ArraySeen):
        found.add(place, "identity", "", o.name or "an ndarray without a name", s.name or "an ndarray without a name")
    elif isinstance(o, NodeSeen) and isinstance(s, NodeSeen):
        found.add(place, "graph", name, shown.value(o), shown.value(s))
    elif isinstance(o, Global) and isinstance(s, Global):
        found.add(place, "dtype" if facet == "value" else facet, name, shown.value(o), shown.value(s))
    elif (isinstance(o, Opaque) and isinstance(s, Opaque)) or (isinstance(o, str) and isinstance(s, str)):
        # What a class is called, how a text is worded: that is for who must be taken for PyTorch.
        found.add(place, "repr", name, *shown.texts(shown.value(o), shown.value(s)))
    else:
        found.add(place, facet, name, shown.value(o), shown.value(s))


_FACET_OF = {
    "_version": "version",
    "dtype": "dtype",
    "grad": "grad",
    "grad_dtype": "dtype",
    "grad_fn": "graph",
    "is_leaf": "is_leaf",
    "next_functions": "graph",
    "output_nr": "graph",
    "requires_grad": "requires_grad",
    "shape": "shape",
    "size": "shape",
    "stride": "stride",
    "__repr__": "repr",
    "__str__": "repr",
}
"""The facet of what a step reads by such a name."""


def _facet_of(step: Step) -> str:
    if isinstance(step, Get | Method):
        return "graph" if step.name.startswith("_saved") else _FACET_OF.get(step.name, "value")
    return "value"


def _close_numbers(one: float, other: float) -> bool:
    # A Python number says nothing of the dtype it was read from; one that float32 holds exactly was most likely float32.
    with np.errstate(all="ignore"):
        single = all(np.float64(np.float32(x)) == x or np.isnan(x) for x in (one, other))
    return bool(apart("float32" if single else "float64", np.array(one), np.array(other)) <= FEW_ULP)


# ------------------------------------------------------------------------------------------------------------ tensors

_PLAIN: dict[str, Callable[[Any], str]] = {
    "dtype": str,
    "shape": shown.shape,
    "stride": shown.shape,
    "requires_grad": str,
    "is_leaf": str,
    "version": str,
}


def _tensors(
    found: _Comparison,
    place: Place,
    oracle: dict[str, TensorChange],
    subject: dict[str, TensorChange],
    known_o: _Known,
    known_s: _Known,
) -> None:
    for name in {**oracle, **subject}:
        o, s = known_o.tensors.get(name), known_s.tensors.get(name)
        if o is None or s is None:
            # One side does not have it: said by its owner's `grad`, or by the result of the step that should bind it.
            continue
        changed = _changed(oracle.get(name)) | _changed(subject.get(name))
        if "grad" in changed and o.get("grad", UNSET) != s.get("grad", UNSET) and "grad" in o and "grad" in s:
            found.add(place, "grad", name, shown.grad(known_o.tensors, name), shown.grad(known_s.tensors, name))
        for field, show in _PLAIN.items():
            if field in changed and field in o and field in s and o[field] != s[field]:
                found.add(place, field, name, show(o[field]), show(s[field]))
        same = True
        if "value" in o and "value" in s:
            same = o["value"].data == s["value"].data
            # The same bytes are other numbers in another dtype, which a subject need not have told of.
            if "value" in changed and not (same and o["value"].dtype == s["value"].dtype):
                _values(found, place, name, o["value"], s["value"])
        # Of tensors whose numbers differ, however little, the texts differ as well; that was said above.
        if same and "repr" in changed and not _same_text(o, s):
            found.add(place, "repr", name, *shown.texts(o["repr"], s["repr"]))


def _same_text(o: dict[str, Any], s: dict[str, Any]) -> bool:
    one, other = o.get("repr", UNSET), s.get("repr", UNSET)
    if UNSET in (one, other) or one == other:
        return True
    return alike_but_for_tangents(one, other, str(o.get("dtype", "")).removeprefix("torch."))


def _changed(change: TensorChange | None) -> set[str]:
    if change is None:
        return set()
    return {field for field in change.__struct_fields__ if getattr(change, field) is not UNSET}


def _values(found: _Comparison, place: Place, name: str, o: Array, s: Array) -> None:
    facet = "grad" if name.endswith(".grad") else "value"
    try:
        same = close(o, s)
    except ValueError as error:
        # A runner in another language may send what is no array at all.
        found.add(
            place, facet, name, shown.shape(o.shape), f"{len(s.data)} bytes for {shown.shape(s.shape)}", str(error)
        )
        return
    if not same:
        found.doubt(place, facet, name, o, s)


def close(o: Array, s: Array) -> bool:
    """Whether two arrays of one shape are equal but for a few ulp of the coarser of their dtypes."""
    if o.shape != s.shape:
        return False
    if o.dtype == s.dtype and o.data == s.data:
        return True
    one, other = elements(o.dtype, o.shape, o.data), elements(s.dtype, s.shape, s.data)
    coarser = max((o.dtype, s.dtype), key=lambda dtype: EPSILON.get(dtype, 0.0))
    if coarser not in EPSILON:
        return bool(np.array_equal(one, other))
    if np.iscomplexobj(one) != np.iscomplexobj(other):
        coarser = "complex64" if EPSILON[coarser] >= EPSILON["complex64"] else "complex128"
        one, other = one.astype(np.complex128), other.astype(np.complex128)
    return bool(np.all(apart(coarser, one, other) <= FEW_ULP))


# ------------------------------------------------------------------------------------------- groups, graph, mode, calls


def _whole(found: _Comparison, place: Place, o: StepTrace, s: StepTrace, known_o: _Known, known_s: _Known) -> None:
    common = known_o.tensors.keys() & known_s.tensors.keys()
    if o.alias is not UNSET or s.alias is not UNSET:
        one, other = _among(common, known_o.alias), _among(common, known_s.alias)
        if one != other:
            found.add(place, "alias", "", shown.groups(one, "share memory"), shown.groups(other, "share memory"))
    if o.identity is not UNSET or s.identity is not UNSET:
        one, other = _among(common, known_o.identity), _among(common, known_s.identity)
        if one != other:
            found.add(place, "identity", "", shown.groups(one, "are one object"), shown.groups(other, "are one object"))
    if (o.graph is not UNSET or s.graph is not UNSET) and known_o.graph != known_s.graph:
        found.add(place, "graph", "", *shown.graphs(known_o.graph, known_s.graph))
    if (o.mode is not UNSET or s.mode is not UNSET) and known_o.mode != known_s.mode:
        found.add(place, "mode", "", shown.mode(known_o.mode), shown.mode(known_s.mode))


def _among(names: Iterable[str], groups: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
    chosen = set(names)
    kept = [tuple(name for name in group if name in chosen) for group in groups]
    return tuple([group for group in kept if len(group) > 1])


def _calls(
    found: _Comparison, place: Place, oracle: tuple[FunctionCall, ...], subject: tuple[FunctionCall, ...]
) -> None:
    names_o, names_s = [call.function for call in oracle], [call.function for call in subject]
    if names_o != names_s:
        found.add(place, "hooks", "", shown.calls(names_o), shown.calls(names_s))
        return
    for index, (o, s) in enumerate(zip(oracle, subject, strict=True)):
        at = (*place, index)
        if len(o.arguments) != len(s.arguments):
            found.add(at, "hooks", "", f"{o.function} with {len(o.arguments)} arguments", f"with {len(s.arguments)}")
        for one, other in zip(o.arguments, s.arguments, strict=False):
            _result(found, at, "hooks", _argument_name(one), one, other)
        known_o, known_s = _Known(), _Known()
        known_o.take(StepTrace(outcome="returned", changes=o.changes))
        known_s.take(StepTrace(outcome="returned", changes=s.changes))
        _tensors(found, at, o.changes, s.changes, known_o, known_s)
        known_o.mode, known_s.mode = o.mode, s.mode
        if UNSET not in (o.mode, s.mode) and o.mode != s.mode:
            found.add(at, "mode", "", shown.mode(o.mode), shown.mode(s.mode))
        _steps(found, o.steps, s.steps, at, known_o, known_s)
        if found.ended:
            return
        if (o.error is None) != (s.error is None):
            found.ended = True
            found.add(at, "raised", o.function, shown.error(o.error), shown.error(s.error))
            return


def _argument_name(seen: Seen) -> str:
    return seen.name if isinstance(seen, TensorSeen | ArraySeen) else ""
