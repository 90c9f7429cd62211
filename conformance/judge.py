"""The verdict on one Program: the two traces compared, and numbers that are apart judged by the oracle in double precision.

No fixed tolerance: what error is allowed follows from the program. The oracle runs it again in float64; its own float32 answer
has some error against that, and the subject may have a small multiple of it. Three things can come out for each array:

accepted      the subject is about as near to float64 as the oracle is
wrong         it is not
inconclusive  the oracle cannot say: in float64 it takes another branch, breaks a tie otherwise, overflows elsewhere; or an
              intermediate is so large that a sum in another order could explain the error
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from conformance import shown
from conformance.compare import Doubtful, as_difference, find
from conformance.double import array_at, to_double, without_prelude
from conformance.numbers import EPSILON, elements, ulp
from conformance.program import Complex, Float, Program
from conformance.subjects.base import Subject, SubjectError
from conformance.trace import Array, Seen, Sequence, StepTrace, Trace
from conformance.verdict import Difference, Verdict

MULTIPLE = 4.0
"""How many times the oracle's own error the subject may have. Two correct float32 programs differ by the order of their sums;
the worse of two such errors is rarely four times the better."""

SLACK = 8.0
"""Ulp allowed on top: the oracle may have been lucky, and have no error at all."""

CANCELLED = 1000.0
"""By how much an intermediate may exceed a result and still excuse an error of its own size. A gradient of 1 computed through
a sum of 1000 may lose three digits; if all would be lost, the verdict is inconclusive and not accepted."""

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
    accepted, inconclusive = 0, ""
    for one in found:
        if isinstance(one, Difference):
            differences.append(one)
            continue
        opinion = opinions[id(one)]
        if opinion.says == "wrong":
            differences.append(as_difference(one, opinion.note))
        elif opinion.says == "accepted":
            accepted += opinion.count
        else:
            inconclusive = inconclusive or f"step {one.step[0]}, {one.name or 'result'}: {opinion.note}"
    if differences:
        return Verdict(status="FAIL", differences=tuple(differences), judged=accepted)
    if gap is not None:
        return Verdict(status=gap.status, reason=gap.reason, judged=accepted)
    if inconclusive:
        return Verdict(status="INCONCLUSIVE", reason=inconclusive, judged=accepted)
    return Verdict(status="PASS", judged=accepted)


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


class _Referee:
    """Judges the numbers of one program by its replay in double precision."""

    def __init__(self, program: Program, oracle_trace: Trace, oracle: Subject | None) -> None:
        self.program, self.single, self.oracle = program, oracle_trace, oracle

    def opinions(self, doubts: list[Doubtful]) -> dict[int, _Opinion]:
        double = _in_double(self.program, self.single, self.oracle)
        return {id(doubt): self._opinion(doubt, double) for doubt in doubts}

    def _opinion(self, doubt: Doubtful, double: Trace | str) -> _Opinion:
        o, s = _numbers(doubt.oracle), _numbers(doubt.subject)
        if o.shape != s.shape:
            return _Opinion("wrong", f"of shape {shown.shape(s.shape)}, not {shown.shape(o.shape)}")
        if not (_rounds(doubt.oracle) and _rounds(doubt.subject)):
            return _Opinion("wrong")
        if isinstance(double, str):
            return _Opinion("inconclusive", double)
        why = _unstable(self.single, double, doubt.step[0])
        if why:
            return _Opinion("inconclusive", why)
        exact = _exact(doubt, double)
        if exact is None or exact.shape != o.shape:
            return _Opinion("inconclusive", "not seen in float64")
        return _verdict_on(o, s, exact, self._epsilon(doubt), _largest(double, doubt.step[0]))

    def _epsilon(self, doubt: Doubtful) -> str:
        """The coarsest dtype that the numbers may have gone through."""
        dtypes = [array.dtype for array in _arrays(self.single.steps[: doubt.step[0] + 1]) if array.dtype in EPSILON]
        return max([*dtypes, _dtype(doubt.oracle), _dtype(doubt.subject)], key=lambda dtype: EPSILON.get(dtype, 0.0))


def _verdict_on(
    o: np.ndarray[Any, Any], s: np.ndarray[Any, Any], exact: np.ndarray[Any, Any], dtype: str, largest: float
) -> _Opinion:
    with np.errstate(all="ignore"):
        if not np.array_equal(_kinds(o), _kinds(exact)):
            return _Opinion("inconclusive", "the oracle has nan or inf elsewhere in float64")
        if not np.array_equal(_kinds(o), _kinds(s)):
            return _Opinion("wrong", "nan or inf in other places")
        finite = np.isfinite(o)
        o, s, exact = o[finite], s[finite], exact[finite]
        error, own = np.abs(s - exact), np.abs(o - exact)
        allowed = MULTIPLE * own + SLACK * ulp(dtype, np.abs(exact))
        nearby = np.minimum(largest, np.maximum(CANCELLED * np.abs(exact), 1.0))
        allowed = np.maximum(allowed, MULTIPLE * own + SLACK * EPSILON[dtype] * nearby)
        bad = error > allowed
        if not bad.any():
            return _Opinion("accepted", count=int(np.count_nonzero(o != s)))
        worst = int(np.argmax(np.where(bad, error / np.maximum(allowed, 5e-324), 0.0)))
        apart = float(error[worst] / ulp(dtype, np.abs(exact[worst])))
        of_oracle = float(own[worst] / ulp(dtype, np.abs(exact[worst])))
        note = f"{apart:.2g} ulp from float64's {exact[worst]:.7g}; the oracle {of_oracle:.2g}"
        if np.all(error[bad] <= SLACK * EPSILON[dtype] * largest):
            return _Opinion("inconclusive", f"{note}; an intermediate of {largest:.3g} may explain it")
        return _Opinion("wrong", note)


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


def _dtype(seen: Array | Float | Complex) -> str:
    return seen.dtype if isinstance(seen, Array) else "float64"


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


_doubles: OrderedDict[tuple[str, bool], Trace | str] = OrderedDict()


def _in_double(program: Program, single: Trace, oracle: Subject | None) -> Trace | str:
    """The trace in double precision, or why there is none."""
    key = (program.digest, oracle is None)
    known = _doubles.get(key)
    if known is None:
        known = _doubles[key] = _replay(program, single, oracle)
        if len(_doubles) > _KEPT:
            _doubles.popitem(last=False)
    return known


def _replay(program: Program, single: Trace, oracle: Subject | None) -> Trace | str:
    try:
        if oracle is None:
            from conformance.subjects.opening import oracle as installed

            oracle = installed(frozenset({"value", "grad"}))
        return without_prelude(oracle.run(to_double(program, single)))
    except SubjectError as error:
        return f"no replay in float64: {error}"
