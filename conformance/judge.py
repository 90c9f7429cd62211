"""The verdict on one Program: the two traces compared, and numbers that are apart judged by the oracle in double precision.

No fixed tolerance: what error is allowed follows from the program. The oracle runs it again in float64; its own float32 answer
has some error against that, and the subject may have a small multiple of it. Beyond that the oracle runs it a few times more in
float64 with every operation off by a rounding (`rounding.py`), and the subject may be off by a few times as much as the number
then moves: so the slack grows with the number of terms and with the condition. Three things can come out for each array:

accepted      the subject is about as near to float64 as the oracle is, or as roundings alone would bring it
wrong         it is not
inconclusive  the oracle cannot say: in float64, or with other roundings, it takes another branch, breaks a tie otherwise,
              overflows elsewhere; or roundings alone would leave hardly a digit of the number
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from conformance import shown
from conformance.compare import Doubtful, as_difference, find
from conformance.double import array_at, rounded_otherwise, to_double, without_prelude
from conformance.numbers import EPSILON, LARGEST, elements, ulp
from conformance.program import Call, Complex, Float, Global, Program
from conformance.subjects.base import Subject, SubjectError
from conformance.trace import Array, Seen, Sequence, StepTrace, Trace
from conformance.verdict import Difference, Verdict

MULTIPLE = 4.0
"""How many times the oracle's own error the subject may have. Two correct float32 programs differ by the order of their sums;
the worse of two such errors is rarely four times the better."""

SLACK = 8.0
"""Ulp allowed on top: the oracle may have been lucky, and have no error at all."""

ROUNDINGS = 4
"""Replays with other roundings. The largest of four deviations is hardly ever less than a third of what is usual."""

ALLOWED = 8.0
"""How many times the largest of these deviations the subject may have: a library's function may be two or three ulp off, where
the replay moves by one."""

DIGITS = 1e-3
"""A number that is off by more than this part of itself is never accepted: what roundings alone explain is inconclusive."""

_KEPT = 256
"""Double-precision traces kept: shrinking compares one program several times, and then never again."""


def judge(
    program: Program,
    oracle_trace: Trace,
    subject_trace: Trace,
    oracle: Subject | None = None,
    facets: Iterable[str] | None = None,
) -> Verdict:
    """What is said of the subject's trace.

    `oracle` replays the program in float64 if numbers are apart; without one the installed PyTorch does, and without that
    every such number is inconclusive. `facets` are those that the subject can observe, None or empty for all.
    """
    gap = _first_gap(oracle_trace, subject_trace)
    found = find(oracle_trace, subject_trace, facets, program)
    if gap is not None:
        # Where one side lacks a name, comparing has ended; the difference that says so is not one of behaviour.
        found = [one for one in found if one.step[0] < gap.step]
    doubts = [one for one in found if isinstance(one, Doubtful)]
    opinions = _Referee(program, oracle_trace, oracle).opinions(doubts) if doubts else {}
    differences: list[Difference] = []
    accepted, inconclusive, at = 0, "", None
    for one in found:
        if isinstance(one, Difference):
            differences.append(one)
            continue
        opinion = opinions[id(one)]
        if not inconclusive and opinion.says == "inconclusive":
            inconclusive, at = f"step {one.step[0]}, {one.name or 'result'}: {opinion.note}", one.step[0]
        if opinion.ends:
            break
        if opinion.says == "wrong":
            differences.append(as_difference(one, opinion.note))
        elif opinion.says == "accepted":
            accepted += opinion.count
    if differences:
        again = _otherwise_again(program, oracle_trace, oracle)
        if again is not None and again <= differences[0].step[0]:
            what = f"step {again}: the oracle answers otherwise a second time"
            return Verdict(status="INCONCLUSIVE", reason=what, at=again, judged=accepted)
        return Verdict(status="FAIL", differences=tuple(differences), judged=accepted)
    if gap is not None:
        return Verdict(status=gap.status, reason=gap.reason, judged=accepted)
    if inconclusive:
        return Verdict(status="INCONCLUSIVE", reason=inconclusive, at=at, judged=accepted)
    return Verdict(status="PASS", judged=accepted)


def _otherwise_again(program: Program, first: Trace, oracle: Subject | None) -> int | None:
    """The first step that the oracle does not do the same way twice: reading memory that nobody wrote, for one."""
    try:
        second = _kept(_again, (program.digest, oracle, ""), lambda: _asked(oracle).run(program))
    except SubjectError:
        return None
    shared = zip(first.steps, second.steps, strict=False)
    return next((number for number, (one, other) in enumerate(shared) if _answers(one) != _answers(other)), None)


def _answers(step: StepTrace) -> Any:
    values = {name: change.value for name, change in step.changes.items()}
    return step.outcome, values, [(call.function, [_answers(inner) for inner in call.steps]) for call in step.calls]


# --------------------------------------------------------------------------------------------- names that a side lacks


@dataclass(frozen=True)
class _Gap:
    step: int
    status: Any
    reason: str


def _first_gap(oracle: Trace, subject: Trace) -> _Gap | None:
    for number, (o, s) in enumerate(zip(oracle.steps, subject.steps, strict=False)):
        if s.outcome == "unsupported" and o.outcome != "unsupported":
            return _Gap(number, "UNSUPPORTED", f"no {s.reason!r}")
        if o.outcome == "unsupported" and s.outcome != "unsupported" and o.reason.startswith("torch."):
            # An attribute that PyTorch's tensors lack is behaviour like any other; a function that this PyTorch lacks is not.
            return _Gap(number, "BLOCKED", f"the oracle has no {o.reason!r}")
        if o.outcome != s.outcome:
            return None
    return None


# ------------------------------------------------------------------------------------------------------------- numbers


@dataclass(frozen=True)
class _Opinion:
    says: str
    note: str = ""
    count: int = 0
    ends: bool = False
    """Whether the oracle itself goes another way from here on, so that whatever follows blames nobody."""


class _Referee:
    """Judges the numbers of one program by its replays in double precision."""

    def __init__(self, program: Program, oracle_trace: Trace, oracle: Subject | None) -> None:
        self.program, self.single, self.oracle = program, oracle_trace, oracle

    def opinions(self, doubts: list[Doubtful]) -> dict[int, _Opinion]:
        return {id(doubt): self._opinion(doubt) for doubt in doubts}

    @cached_property
    def double(self) -> Trace | str:
        """The trace in double precision, or why there is none."""
        return _remembered(self.program, self.single, self.oracle)

    def others(self, step: int) -> list[Trace]:
        """The traces in double precision with other roundings; none, if the oracle is not PyTorch."""
        return _remembered_others(self.program, self.single, self.oracle, self._epsilon(step))

    def _opinion(self, doubt: Doubtful) -> _Opinion:
        double, step = self.double, doubt.step[0]
        o, s = _numbers(doubt.oracle), _numbers(doubt.subject)
        if o.shape != s.shape and isinstance(double, Trace) and not self._unsure(step):
            return _Opinion("wrong", f"of shape {shown.shape(s.shape)}, not {shown.shape(o.shape)}")
        if isinstance(double, str):
            return _Opinion("inconclusive" if _rounds(doubt.oracle) and _rounds(doubt.subject) else "wrong", double)
        why = _unstable(self.single, double, step)
        if why:
            return _Opinion("inconclusive", why, ends=True)
        if not (_rounds(doubt.oracle) and _rounds(doubt.subject)):
            why = self._unsure(step)
            return _Opinion("inconclusive", why, ends=True) if why else _Opinion("wrong")
        exact = _exact(doubt, double)
        if exact is None or exact.shape != o.shape or o.shape != s.shape:
            return _Opinion("inconclusive", self._unsure(step) or "not seen in float64", ends=True)
        return self._of_numbers(doubt, o, s, exact)

    def _unsure(self, step: int) -> str:
        """What the oracle does in another way with other roundings, up to that step; empty if nothing."""
        if isinstance(self.double, str):
            return ""
        found = (_unstable(self.double, other, step) for other in self.others(step))
        return next((why.replace("in float64", "with other roundings") for why in found if why), "")

    def _of_numbers(
        self, doubt: Doubtful, o: np.ndarray[Any, Any], s: np.ndarray[Any, Any], exact: np.ndarray[Any, Any]
    ) -> _Opinion:
        step = doubt.step[0]
        dtype = self._epsilon(step)
        with np.errstate(all="ignore"):
            if not np.array_equal(_kinds(o), _kinds(exact)):
                return _Opinion("inconclusive", "the oracle has nan or inf elsewhere in float64", ends=True)
            if not np.array_equal(_kinds(o), _kinds(s)):
                apart = _kinds(o) != _kinds(s)
                if (
                    not np.isfinite(o[apart]).any()
                    and not np.isfinite(s[apart]).any()
                    and _eliminates(self.program, step)
                ):
                    return _Opinion("inconclusive", "nan or inf of a singular matrix", ends=True)
                why = self._unsure(step) or self._otherwise(doubt, exact)
                if why:
                    return _Opinion("inconclusive", why, ends=True)
                if self._overflows(doubt):
                    return _Opinion("inconclusive", "it is near to overflow", ends=True)
                return _Opinion("wrong", "nan or inf in other places")
            finite = np.isfinite(o)
            some, none = s[finite], exact[finite]
            error, own = np.abs(some - none), np.abs(o[finite] - none)
            size = np.abs(none)
            bad = error > MULTIPLE * own + SLACK * ulp(dtype, size)
            if not bad.any():
                return _Opinion("accepted", count=int(np.count_nonzero(o[finite] != some)))
            why = self._unsure(step)
            if why:
                return _Opinion("inconclusive", why, ends=True)
            moved = self._moved(doubt, exact)[finite]
            allowed = MULTIPLE * own + SLACK * ulp(dtype, size) + ALLOWED * moved
            worst = int(np.argmax(np.where(bad, error / np.maximum(allowed, 5e-324), 0.0)))
            unit = ulp(dtype, size[worst])
            note = (
                f"{error[worst] / unit:.2g} ulp from float64's {none[worst]:.7g}; the oracle {own[worst] / unit:.2g}"
                f"; roundings explain {ALLOWED * moved[worst] / unit:.2g}"
            )
            if (bad & (error > allowed)).any():
                if _eliminates(self.program, step) and not all(
                    _finite(a) for a in _arrays(self.single.steps[: step + 1])
                ):
                    # Whether a pivot that is nan gives a sign of 0, -0 or 1 hangs on the order of rows as well.
                    return _Opinion("inconclusive", f"{note}; nan or inf went into a matrix", ends=True)
                return _Opinion("wrong", note)
            if (bad & (error > DIGITS * size) & (error > SLACK * EPSILON[dtype])).any():
                return _Opinion("inconclusive", note)
            return _Opinion("accepted", count=int(np.count_nonzero(o[finite] != some)))

    def _moved(self, doubt: Doubtful, exact: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """How far the numbers move with other roundings, at most."""
        moved = np.zeros(exact.shape)
        for other in self.others(doubt.step[0]):
            found = _exact(doubt, other)
            if found is not None and found.shape == exact.shape:
                moved = np.fmax(moved, np.abs(found - exact))
        return moved

    def _otherwise(self, doubt: Doubtful, exact: np.ndarray[Any, Any]) -> str:
        """Whether nan or inf are elsewhere with other roundings: behind the sign of a zero, for one."""
        for other in self.others(doubt.step[0]):
            found = _exact(doubt, other)
            if found is not None and found.shape == exact.shape and not np.array_equal(_kinds(found), _kinds(exact)):
                return "the oracle has nan or inf elsewhere with other roundings"
        return ""

    def _overflows(self, doubt: Doubtful) -> bool:
        """Whether a number on the way is so large that a sum in another order may exceed what its dtype holds."""
        assert isinstance(self.double, Trace)
        largest = _largest(self.double, doubt.step[0])
        return largest * MULTIPLE > LARGEST.get(self._epsilon(doubt.step[0]), np.inf)

    def _epsilon(self, step: int) -> str:
        """The coarsest dtype that the numbers of a step may have gone through."""
        dtypes = [array.dtype for array in _arrays(self.single.steps[: step + 1]) if array.dtype in EPSILON]
        return max(dtypes or ["float64"], key=lambda dtype: EPSILON[dtype])


def _eliminates(program: Program, until: int) -> bool:
    """Whether a matrix was inverted or decomposed: where it is singular, what of nan and inf comes out hangs on the order in
    which rows are taken, and that on how the matrix lies in memory."""
    names = (
        step.function.path
        if isinstance(step, Call) and isinstance(step.function, Global)
        else getattr(step, "name", "")
        for step in program.steps[: until + 1]
    )
    return any(word in name for name in names for word in ("linalg", "inv", "det", "solve", "cholesky"))


def _finite(array: Array) -> bool:
    return array.dtype not in EPSILON or bool(np.isfinite(_numbers(array)).all())


def _kinds(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Of every number: finite, nan, inf or -inf. Of a complex number, whether nan or infinite is in it."""
    if np.iscomplexobj(values):
        return np.where(np.isnan(values), 1, np.where(np.isinf(values), 2, 0))
    return np.where(np.isnan(values), 1, np.where(np.isinf(values), np.where(values > 0, 2, 3), 0))


def _numbers(seen: Array | Float | Complex) -> np.ndarray[Any, Any]:
    if isinstance(seen, Array):
        values = elements(seen.dtype, seen.shape, seen.data)
        return values.astype(np.complex128 if np.iscomplexobj(values) else np.float64)
    return np.asarray(float(seen) if isinstance(seen, Float) else complex(seen))


def _rounds(seen: Array | Float | Complex) -> bool:
    return not isinstance(seen, Array) or seen.dtype in EPSILON


def _exact(doubt: Doubtful, double: Trace) -> np.ndarray[Any, Any] | None:
    if isinstance(doubt.oracle, Array):
        array = array_at(double, doubt.step, doubt.name)
        return None if array is None else _numbers(array)
    seen: Seen = None
    if len(doubt.step) == 1 and doubt.step[0] < len(double.steps):
        seen = double.steps[doubt.step[0]].result
        for index in doubt.path:
            seen = seen.items[index] if isinstance(seen, Sequence) and index < len(seen.items) else None
    return _numbers(seen) if isinstance(seen, Float | Complex) else None


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


def _largest(double: Trace, until: int) -> float:
    """The largest number that was seen up to that step."""
    largest = 0.0
    for array in _arrays(double.steps[: until + 1]):
        values = np.abs(_numbers(array))
        values = values[np.isfinite(values)]
        if values.size:
            largest = max(largest, float(values.max()))
    return largest


def _arrays(steps: tuple[StepTrace, ...]) -> Iterator[Array]:
    for step in steps:
        for change in step.changes.values():
            if isinstance(change.value, Array):
                yield change.value
        for call in step.calls:
            for change in call.changes.values():
                if isinstance(change.value, Array):
                    yield change.value
            yield from _arrays(call.steps)


_Key = tuple[str, Subject | None, str]
_Made = TypeVar("_Made")

_doubles: OrderedDict[_Key, Trace | str] = OrderedDict()
_others: OrderedDict[_Key, list[Trace]] = OrderedDict()
_again: OrderedDict[_Key, Trace] = OrderedDict()


def _remembered(program: Program, single: Trace, oracle: Subject | None) -> Trace | str:
    return _kept(_doubles, (program.digest, oracle, ""), lambda: _replay(program, single, oracle))


def _remembered_others(program: Program, single: Trace, oracle: Subject | None, dtype: str) -> list[Trace]:
    return _kept(_others, (program.digest, oracle, dtype), lambda: _replay_otherwise(program, single, oracle, dtype))


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


def _replay_otherwise(program: Program, single: Trace, oracle: Subject | None, dtype: str) -> list[Trace]:
    double = to_double(program, single)
    traces = []
    try:
        for seed in range(ROUNDINGS):
            trace = _asked(oracle).run(rounded_otherwise(double, seed, dtype))
            if trace.steps[1].outcome == "returned":  # elsewhere than on PyTorch there is no such thing
                traces.append(without_prelude(trace, 3))
    except SubjectError:
        pass
    return traces


def _asked(oracle: Subject | None) -> Subject:
    if oracle is not None:
        return oracle
    from conformance.subjects.opening import oracle as installed

    return installed(frozenset({"value", "grad"}))
