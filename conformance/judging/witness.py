"""How sure the oracle is of its own numbers: what the judge asks about one program.

`Witness` is the question. `Replays` answers it live, by running the program on PyTorch in float64 and with other roundings;
`conformance.recorded` answers from what such replays said when a corpus was recorded.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any, Protocol, TypeVar, runtime_checkable

import numpy as np

from conformance.judging import shown
from conformance.judging.compare import Doubtful
from conformance.judging.double import array_at, rounded_otherwise, to_double, without_prelude
from conformance.numbers import EPSILON, LARGEST, elements
from conformance.program import Complex, Float, Program
from conformance.subjects.base import Subject, SubjectError
from conformance.trace import Array, Seen, Sequence, StepTrace, TensorChange, Trace

Numbers = np.ndarray[Any, Any]

ROUNDINGS = 4
"""Replays with other roundings. The largest of four deviations is hardly ever less than a third of what is usual."""

PATIENT = 20
"""Replays before anybody is blamed for an error that is as small as roundings are: of two terms that cancel, four replays move
both by as much and to the same side once in sixteen programs."""

NEAR_OVERFLOW = 4.0
"""A sum in another order may pass through numbers so many times as large as those that were seen."""

_KEPT = 256
"""Double-precision traces kept: shrinking compares one program several times, and then never again."""


class Witness(Protocol):
    """What is known of the oracle's answer to one program, beside the answer."""

    @property
    def silent(self) -> str:
        """Why there is nothing in float64 to hold numbers against; empty if there is."""
        ...

    def unstable(self, step: int) -> str:
        """What the oracle does in another way in float64, up to that step; empty if nothing."""
        ...

    def unsure(self, step: int, patiently: bool = False) -> str:
        """What it does in another way with other roundings, up to that step; empty if nothing.

        `patiently`: with more of them, as in `moved`, by a witness that can still try.
        """
        ...

    def exact(self, doubt: Doubtful) -> Numbers | None:
        """The numbers in float64; None if they were not seen."""
        ...

    def moved(self, doubt: Doubtful, exact: Numbers, patiently: bool = False) -> Numbers:
        """How far each number moves with other roundings, at most."""
        ...

    def otherwise(self, doubt: Doubtful, exact: Numbers) -> bool:
        """Whether nan or inf are elsewhere with other roundings: behind the sign of a zero, for one."""
        ...

    def overflows(self, step: int) -> bool:
        """Whether a number on the way is so large that a sum in another order may exceed what its dtype holds."""
        ...

    def answers_otherwise(self) -> int | None:
        """The first step that the oracle does not do the same way twice: reading memory that nobody wrote, for one."""
        ...

    def answer(self, program: Program) -> tuple[Trace, Witness] | None:
        """The oracle's answer to another program, and what is known of that; None if it cannot be asked."""
        ...


class Replays:
    """The witness that runs the program again, and again only as far as it is asked."""

    def __init__(self, program: Program, single: Trace, oracle: Subject | None) -> None:
        self.program, self.single, self.oracle = program, single, oracle

    @cached_property
    def double(self) -> Trace | str:
        """The trace in double precision, or why there is none."""
        return _remembered(self.program, self.single, self.oracle)

    def others(self, step: int, patiently: bool = False) -> list[Trace]:
        """The traces in double precision with other roundings; none, if the oracle is not PyTorch or does not answer."""
        few = self._others(step, range(ROUNDINGS))
        if isinstance(few, str) or not few or not patiently:
            return [] if isinstance(few, str) else few
        more = self._others(step, range(ROUNDINGS, PATIENT))
        return few if isinstance(more, str) else few + more

    def _others(self, step: int, seeds: range) -> list[Trace] | str:
        return _remembered_others(self.program, self.single, self.oracle, coarsest(self.single, step), seeds)

    @property
    def silent(self) -> str:
        return self.double if isinstance(self.double, str) else ""

    def unstable(self, step: int) -> str:
        return "" if isinstance(self.double, str) else _unstable(self.single, self.double, step)

    def unsure(self, step: int, patiently: bool = False) -> str:
        if isinstance(self.double, str):
            return ""
        few = self._others(step, range(ROUNDINGS))
        if isinstance(few, str):
            return few
        found = (_unstable(self.double, other, step) for other in self.others(step, patiently))
        return next((why.replace("in float64", "with other roundings") for why in found if why), "")

    def exact(self, doubt: Doubtful) -> Numbers | None:
        return None if isinstance(self.double, str) else found_in(self.double, doubt)

    def moved(self, doubt: Doubtful, exact: Numbers, patiently: bool = False) -> Numbers:
        moved = np.zeros(exact.shape)
        for other in self.others(doubt.step[0], patiently):
            found = found_in(other, doubt)
            if found is not None and found.shape == exact.shape:
                moved = np.fmax(moved, np.abs(found - exact))
        return moved

    def otherwise(self, doubt: Doubtful, exact: Numbers) -> bool:
        found = (found_in(other, doubt) for other in self.others(doubt.step[0]))
        same_shape = (one for one in found if one is not None and one.shape == exact.shape)
        return any(not np.array_equal(kinds(one), kinds(exact)) for one in same_shape)

    def overflows(self, step: int) -> bool:
        if isinstance(self.double, str):
            return False
        return largest(self.double, step) * NEAR_OVERFLOW > LARGEST.get(coarsest(self.single, step), np.inf)

    def answers_otherwise(self) -> int | None:
        try:
            second = _kept(
                _again, (self.program.digest, self.oracle, ""), lambda: _asked(self.oracle).run(self.program)
            )
        except SubjectError:
            return None
        shared = zip(self.single.steps, second.steps, strict=False)
        return next((number for number, (one, other) in enumerate(shared) if _answers(one) != _answers(other)), None)

    def answer(self, program: Program) -> tuple[Trace, Witness] | None:
        try:
            trace = _asked(self.oracle).run(program)
        except SubjectError:
            return None
        return trace, Replays(program, trace, self.oracle)


@runtime_checkable
class Knowing(Protocol):
    """An oracle that was asked beforehand, and knows what the judge will want to know."""

    def witness(self, program: Program, single: Trace) -> Witness:
        """What it knows of its answer to a program."""
        ...


def witness_of(program: Program, single: Trace, oracle: Subject | None) -> Witness:
    """Whom to ask about an oracle's answer `single`: the oracle itself if it knows, else PyTorch, which tries."""
    return oracle.witness(program, single) if isinstance(oracle, Knowing) else Replays(program, single, oracle)


def coarsest(single: Trace, step: int) -> str:
    """The coarsest dtype that the numbers of a step may have gone through."""
    dtypes = [array.dtype for array in arrays(single.steps[: step + 1]) if array.dtype in EPSILON]
    return max(dtypes or ["float64"], key=lambda dtype: EPSILON[dtype])


def arrays(steps: tuple[StepTrace, ...]) -> Iterator[Array]:
    """Every array that was seen, in order."""
    for step in steps:
        for change in step.changes.values():
            if isinstance(change.value, Array):
                yield change.value
        for call in step.calls:
            for change in call.changes.values():
                if isinstance(change.value, Array):
                    yield change.value
            yield from arrays(call.steps)


def seen(single: Trace) -> Iterator[tuple[Doubtful, bool]]:
    """Every number and array that a doubt can be about, in order, and whether it rounds. As a doubt that nobody has."""
    yield from _seen(single.steps, ())


def _seen(steps: tuple[StepTrace, ...], at: tuple[int, ...]) -> Iterator[tuple[Doubtful, bool]]:
    for index, step in enumerate(steps):
        place = (*at, index)
        yield from _seen_tensors(step.changes, place)
        if not at:
            yield from _seen_results(step.result, place, ())
        for number, call in enumerate(step.calls):
            yield from _seen_tensors(call.changes, (*place, number))
            yield from _seen(call.steps, (*place, number))


def _seen_tensors(changes: dict[str, TensorChange], place: tuple[int, ...]) -> Iterator[tuple[Doubtful, bool]]:
    for name, change in changes.items():
        if isinstance(change.value, Array):
            yield Doubtful(place, "value", name, change.value, change.value), change.value.dtype in EPSILON


def _seen_results(result: Seen, place: tuple[int, ...], path: tuple[int, ...]) -> Iterator[tuple[Doubtful, bool]]:
    if isinstance(result, Float | Complex):
        yield Doubtful(place, "value", "", result, result, path), True
    elif isinstance(result, Sequence):
        for index, item in enumerate(result.items):
            yield from _seen_results(item, place, (*path, index))


def kinds(values: Numbers) -> Numbers:
    """Of every number: finite, nan, inf or -inf. Of a complex number, whether nan or infinite is in it."""
    if np.iscomplexobj(values):
        return np.where(np.isnan(values), 1, np.where(np.isinf(values), 2, 0))
    return np.where(np.isnan(values), 1, np.where(np.isinf(values), np.where(values > 0, 2, 3), 0))


def numbers(seen: Array | Float | Complex) -> Numbers:
    """The numbers of what was seen, as wide as NumPy has them."""
    if isinstance(seen, Array):
        values = elements(seen.dtype, seen.shape, seen.data)
        return values.astype(np.complex128 if np.iscomplexobj(values) else np.float64)
    return np.asarray(float(seen) if isinstance(seen, Float) else complex(seen))


def found_in(double: Trace, doubt: Doubtful) -> Numbers | None:
    """What another trace of the same program has in the place of a doubt."""
    if isinstance(doubt.oracle, Array):
        array = array_at(double, doubt.step, doubt.name)
        return None if array is None else numbers(array)
    result: Seen = None
    if len(doubt.step) == 1 and doubt.step[0] < len(double.steps):
        result = double.steps[doubt.step[0]].result
        for index in doubt.path:
            result = result.items[index] if isinstance(result, Sequence) and index < len(result.items) else None
    return numbers(result) if isinstance(result, Float | Complex) else None


def _unstable(single: Trace, double: Trace, until: int) -> str:
    """What the oracle does in another way in float64, up to that step; empty if nothing."""
    for number, (o, d) in enumerate(zip(single.steps[: until + 1], double.steps[: until + 1], strict=False)):
        if o.outcome != d.outcome:
            return f"in float64 step {number} {shown.outcome(d)}"
        if isinstance(o.result, bool | int) and o.result != d.result:
            return f"in float64 step {number} returns {shown.value(d.result)}"
        for name, change in o.changes.items():
            one = change.value
            if isinstance(one, Array) and one.dtype not in EPSILON:
                other = array_at(double, (number,), name)
                if other is not None and (other.shape, other.data) != (one.shape, one.data):
                    return f"in float64 {name} is {shown.value(other)}"
    return ""


def largest(trace: Trace, until: int) -> float:
    """The largest finite number that was seen up to that step."""
    found = 0.0
    for array in arrays(trace.steps[: until + 1]):
        values = np.abs(numbers(array))
        values = values[np.isfinite(values)]
        if values.size:
            found = max(found, float(values.max()))
    return found


def _answers(step: StepTrace) -> Any:
    # Values alone: who observes less writes down fewer changes.
    values = {name: change.value for name, change in step.changes.items() if isinstance(change.value, Array)}
    return step.outcome, values, [(call.function, [_answers(inner) for inner in call.steps]) for call in step.calls]


_Key = tuple[str, Subject | None, str]
_Made = TypeVar("_Made")

_doubles: OrderedDict[_Key, Trace | str] = OrderedDict()
_others: OrderedDict[_Key, list[Trace] | str] = OrderedDict()
_again: OrderedDict[_Key, Trace] = OrderedDict()


def _remembered(program: Program, single: Trace, oracle: Subject | None) -> Trace | str:
    return _kept(_doubles, (program.digest, oracle, ""), lambda: _replay(program, single, oracle))


def _remembered_others(
    program: Program, single: Trace, oracle: Subject | None, dtype: str, seeds: range
) -> list[Trace] | str:
    key = program.digest, oracle, f"{dtype} {seeds.start}"
    return _kept(_others, key, lambda: _replay_otherwise(program, single, oracle, dtype, seeds))


def _kept(known: OrderedDict[_Key, _Made], key: _Key, make: Callable[[], _Made]) -> _Made:
    if key not in known:
        known[key] = make()
        if len(known) > _KEPT:
            known.popitem(last=False)
    return known[key]


def _replay(program: Program, single: Trace, oracle: Subject | None) -> Trace | str:
    try:
        return without_prelude(_asked(oracle).run(to_double(program, single)))
    except SubjectError as error:
        return f"no replay in float64: {error}"


def _replay_otherwise(
    program: Program, single: Trace, oracle: Subject | None, dtype: str, seeds: range
) -> list[Trace] | str:
    """The traces, or why there is not one: there may be too few, and with none every number would have to be exact."""
    double = to_double(program, single)
    traces: list[Trace] = []
    for seed in seeds:
        try:
            trace = _asked(oracle).run(rounded_otherwise(double, seed, dtype))
        except SubjectError as error:
            return traces or f"no replay with other roundings: {error}"
        if trace.steps[1].outcome != "returned":
            break  # elsewhere than on PyTorch there is no such thing
        traces.append(without_prelude(trace, 3))
    return traces


def _asked(oracle: Subject | None) -> Subject:
    if oracle is not None:
        return oracle
    from conformance.subjects.opening import oracle as installed

    return installed(frozenset({"value", "grad"}))
