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

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from conformance.interpreter.layouts import with_layouts
from conformance.judging import shown
from conformance.judging.compare import Doubtful, as_difference, find
from conformance.judging.following import followed
from conformance.judging.lacking import first_gap
from conformance.judging.layout import other_layouts
from conformance.judging.verdict import Difference, Verdict
from conformance.judging.witness import Numbers, Witness, arrays, coarsest, kinds, largest, numbers, witness_of
from conformance.numbers import EPSILON, ulp
from conformance.program import Call, Complex, Float, Global, Program
from conformance.subjects.base import Subject
from conformance.trace import Array, Trace

MULTIPLE = 4.0
"""How many times the oracle's own error the subject may have. Two correct float32 programs differ by the order of their sums;
the worse of two such errors is rarely four times the better."""

SLACK = 8.0
"""Ulp allowed on top: the oracle may have been lucky, and have no error at all."""

ALLOWED = 8.0
"""How many times the largest of these deviations the subject may have: a library's function may be two or three ulp off, where
the replay moves by one."""

AS_SMALL = 64.0
"""An error of so many units in the last place of the largest number on the way may be a rounding of two numbers that cancel,
and is looked at patiently before anybody is blamed. A wrong sign is seldom as small, and then costs time, no more."""

DIGITS = 1e-3
"""A number that is off by more than this part of itself is never accepted: what roundings alone explain is inconclusive."""


def judge(
    program: Program,
    oracle_trace: Trace,
    subject_trace: Trace,
    oracle: Subject | None = None,
    facets: Iterable[str] | None = None,
) -> Verdict:
    """What is said of the subject's trace.

    `oracle` replays the program in float64 if numbers are apart, or knows what came of it; without one the installed PyTorch
    does, and without that every such number is inconclusive. `facets` are those that the subject can observe, None or empty
    for all.
    """
    if oracle_trace == subject_trace:
        return Verdict(status="PASS")
    facets = tuple(facets or ())
    witness = witness_of(program, oracle_trace, oracle)
    verdict = _judged(program, oracle_trace, subject_trace, witness, facets)
    if verdict.status == "FAIL":
        verdict = _with_its_numbers(program, oracle_trace, subject_trace, witness, facets, verdict)
    if verdict.status == "FAIL" and facets and "stride" not in facets:
        verdict = _with_its_layouts(program, oracle_trace, subject_trace, witness, facets, verdict)
    return verdict


def _with_its_numbers(
    program: Program,
    oracle_trace: Trace,
    subject_trace: Trace,
    witness: Witness,
    facets: tuple[str, ...],
    verdict: Verdict,
) -> Verdict:
    """The verdict on a subject that differs behind numbers that nobody is blamed for: where the oracle does the same once it
    goes on from the subject's, nobody is blamed, either."""
    first = verdict.differences[0]
    other = followed(program, oracle_trace, subject_trace, first.step[0])
    known = witness.answer(other.program) if other is not None else None
    if other is None or known is None:
        return verdict
    trace, another = known
    again = _judged(other.program, trace, other.aligned(subject_trace, trace), another, facets)
    if again.status not in ("PASS", "INCONCLUSIVE"):
        return verdict
    reason = f"step {first.step[0]}, {first.facet}: the oracle does the same if it goes on from the subject's numbers"
    return Verdict(status="INCONCLUSIVE", reason=reason, at=first.step[0], judged=verdict.judged)


def _with_its_layouts(
    program: Program,
    oracle_trace: Trace,
    subject_trace: Trace,
    witness: Witness,
    facets: tuple[str, ...],
    verdict: Verdict,
) -> Verdict:
    """The verdict on a subject that differs, and whose tensors lie otherwise: where the oracle does what the subject did once
    its own lie so, nobody is blamed; where it does not, what is left is the difference."""
    strides = other_layouts(program, oracle_trace, subject_trace)
    if not strides:
        return verdict
    alike = with_layouts(program, strides)
    known = witness.answer(alike)
    # Elsewhere than on PyTorch tensors cannot be laid out at will.
    if known is None or any(known[0].steps[number].outcome != "returned" for number in strides):
        return verdict
    trace, another = known
    again = _judged(alike, trace, subject_trace, another, facets)
    if again.status not in ("PASS", "INCONCLUSIVE"):
        return again
    first = verdict.differences[0]
    reason = f"step {first.step[0]}, {first.facet}: the oracle does the same if its tensors lie as the subject's do"
    return Verdict(status="INCONCLUSIVE", reason=again.reason or reason, at=first.step[0], judged=again.judged)


def _judged(
    program: Program, oracle_trace: Trace, subject_trace: Trace, witness: Witness, facets: tuple[str, ...]
) -> Verdict:
    gap = first_gap(program, oracle_trace, subject_trace, facets)
    found = find(oracle_trace, subject_trace, facets, program)
    if gap is not None:
        # Where one side lacks something, comparing has ended; the difference that says so is not one of behaviour.
        found = [one for one in found if one.step[0] < gap.step]
    doubts = [one for one in found if isinstance(one, Doubtful)]
    opinions = _Referee(program, oracle_trace, witness).opinions(doubts) if doubts else {}
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
        again = witness.answers_otherwise()
        if again is not None and again <= differences[0].step[0]:
            what = f"step {again}: the oracle answers otherwise a second time"
            return Verdict(status="INCONCLUSIVE", reason=what, at=again, judged=accepted)
        why = _raises_by_chance(program, oracle_trace, differences[0], witness)
        if why:
            return Verdict(status="INCONCLUSIVE", reason=why, at=differences[0].step[0], judged=accepted)
        return Verdict(status="FAIL", differences=tuple(differences), judged=accepted)
    if gap is not None:
        return Verdict(status=gap.status, reason=gap.reason, judged=accepted)
    if inconclusive:
        return Verdict(status="INCONCLUSIVE", reason=inconclusive, at=at, judged=accepted)
    return Verdict(status="PASS", judged=accepted)


def _raises_by_chance(program: Program, oracle_trace: Trace, first: Difference, witness: Witness) -> str:
    """Why nobody is blamed for an error that one side raises and the other does not; empty if somebody is.

    Whether an iteration ends for a matrix with nan or inf is LAPACK's own affair. (Rejected: to ask whether PyTorch raises with
    other roundings. Those replays run under a mode, in which it does not for other reasons than a rounding.)
    """
    if first.facet != "raised":
        return ""
    step = first.step[0]
    if _eliminates(program, step) and _Referee(program, oracle_trace, witness).went_in(step):
        return f"step {step}: nan or inf went into a matrix"
    return ""


# ------------------------------------------------------------------------------------------------------------- numbers


@dataclass(frozen=True)
class _Opinion:
    says: str
    note: str = ""
    count: int = 0
    ends: bool = False
    """Whether the oracle itself goes another way from here on, so that whatever follows blames nobody."""


class _Referee:
    """Judges the numbers of one program by what is known of them in double precision."""

    def __init__(self, program: Program, oracle_trace: Trace, witness: Witness) -> None:
        self.program, self.single, self.witness = program, oracle_trace, witness

    def opinions(self, doubts: list[Doubtful]) -> dict[int, _Opinion]:
        return {id(doubt): self._opinion(doubt) for doubt in doubts}

    def _opinion(self, doubt: Doubtful) -> _Opinion:
        witness, step = self.witness, doubt.step[0]
        o, s = numbers(doubt.oracle), numbers(doubt.subject)
        if o.shape != s.shape and not witness.silent and not witness.unsure(step):
            return _Opinion("wrong", f"of shape {shown.shape(s.shape)}, not {shown.shape(o.shape)}")
        if witness.silent:
            both = _rounds(doubt.oracle) and _rounds(doubt.subject)
            return _Opinion("inconclusive" if both else "wrong", witness.silent)
        why = witness.unstable(step)
        if why:
            return _Opinion("inconclusive", why, ends=True)
        if not (_rounds(doubt.oracle) and _rounds(doubt.subject)):
            why = witness.unsure(step)
            return _Opinion("inconclusive", why, ends=True) if why else _Opinion("wrong")
        exact = witness.exact(doubt)
        if exact is None or exact.shape != o.shape or o.shape != s.shape:
            return _Opinion("inconclusive", witness.unsure(step) or "not seen in float64", ends=True)
        return self._of_numbers(doubt, o, s, exact)

    def _of_numbers(
        self, doubt: Doubtful, o: np.ndarray[Any, Any], s: np.ndarray[Any, Any], exact: np.ndarray[Any, Any]
    ) -> _Opinion:
        witness, step = self.witness, doubt.step[0]
        dtype = coarsest(self.single, step)
        with np.errstate(all="ignore"):
            if not np.array_equal(kinds(o), kinds(exact)):
                return _Opinion("inconclusive", "the oracle has nan or inf elsewhere in float64", ends=True)
            if not np.array_equal(kinds(o), kinds(s)):
                apart = kinds(o) != kinds(s)
                neither = not np.isfinite(o[apart]).any() and not np.isfinite(s[apart]).any()
                if _eliminates(self.program, step) and (neither or self.went_in(step)):
                    return _Opinion("inconclusive", "nan or inf of a singular matrix, or in one", ends=True)
                there = apart & np.isfinite(o)
                if _eliminates(self.program, step) and (np.abs(o - exact)[there] > DIGITS * np.abs(exact)[there]).any():
                    # A determinant of rows that are multiples of each other is what roundings leave, or nothing.
                    return _Opinion(
                        "inconclusive", "a singular matrix, of which float64 says another number", ends=True
                    )
                if neither and np.iscomplexobj(o) and self.went_in(step):
                    # C's Annex G: one infinite part makes a complex number infinite, and the other may be anything. It
                    # hangs on whether 1 * x was left out, and on which of two products was taken first.
                    return _Opinion("inconclusive", "a complex number is infinite, whatever its other part", ends=True)
                why = witness.unsure(step)
                if why:
                    return _Opinion("inconclusive", why, ends=True)
                if witness.otherwise(doubt, exact):
                    why = "the oracle has nan or inf elsewhere with other roundings"
                    return _Opinion("inconclusive", why, ends=True)
                if witness.overflows(step):
                    return _Opinion("inconclusive", "it is near to overflow", ends=True)
                return _Opinion("wrong", "nan or inf in other places")
            finite = np.isfinite(o)
            some, none = s[finite], exact[finite]
            error, own = np.abs(some - none), np.abs(o[finite] - none)
            size = np.abs(none)
            slack = SLACK * ulp(dtype, size)
            far = (own > slack) & (own > DIGITS * size) & (o[finite] != some)
            if far.any():
                far &= own > self._small(dtype, step)
            if far.any() and (far & (own > slack + ALLOWED * witness.moved(doubt, exact)[finite])).any():
                # Numbers drawn at random are others in float64: such an error would excuse any number of the subject's.
                why = "float64 says another number, and roundings do not explain it"
                return _Opinion("inconclusive", why, ends=True)
            within = MULTIPLE * own + slack
            bad = error > within
            if not bad.any():
                return _Opinion("accepted", count=int(np.count_nonzero(o[finite] != some)))
            why = witness.unsure(step)
            if why:
                return _Opinion("inconclusive", why, ends=True)
            moved = witness.moved(doubt, exact)[finite]
            allowed = within + ALLOWED * moved
            doubtful = bad & (error > allowed)
            # A jump (ceil, sign, heaviside) makes whole numbers: four replays may all stay on one side of it.
            if doubtful.any() and (
                error[doubtful].max() < self._small(dtype, step) or _whole(o[finite][doubtful], some[doubtful])
            ):
                why = witness.unsure(step, patiently=True)
                if why:
                    return _Opinion("inconclusive", why, ends=True)
                moved = witness.moved(doubt, exact, patiently=True)[finite]
                allowed = within + ALLOWED * moved
            worst = int(np.argmax(np.where(bad, error / np.maximum(allowed, 5e-324), 0.0)))
            rounded = ALLOWED * moved[worst]
            note = (
                f"float64 says {none[worst]:.7g}, from which the subject is {error[worst]:.2g} off, PyTorch {own[worst]:.2g}; "
                + (f"rounding alone may come to {rounded:.2g}" if rounded else "no rounding explains that")
            )
            if (bad & (error > allowed)).any():
                if _eliminates(self.program, step) and self.went_in(step):
                    # Whether a pivot that is nan gives a sign of 0, -0 or 1 hangs on the order of rows as well.
                    return _Opinion("inconclusive", f"{note}; nan or inf went into a matrix", ends=True)
                return _Opinion("wrong", note)
            if (bad & (error > DIGITS * size) & (error > SLACK * EPSILON[dtype])).any():
                return _Opinion("inconclusive", note)
            return _Opinion("accepted", count=int(np.count_nonzero(o[finite] != some)))

    def _small(self, dtype: str, step: int) -> float:
        """An error that may be a rounding of the largest number on the way."""
        return AS_SMALL * EPSILON[dtype] * largest(self.single, step)

    def went_in(self, step: int) -> bool:
        """Whether there was nan or inf, up to that step."""
        return not all(_finite(array) for array in arrays(self.single.steps[: step + 1]))


def _whole(*numbers: Numbers) -> bool:
    """Whether all are whole numbers."""
    return all(np.array_equal(some, np.round(some)) for some in numbers)


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
    return array.dtype not in EPSILON or bool(np.isfinite(numbers(array)).all())


def _rounds(seen: Array | Float | Complex) -> bool:
    return not isinstance(seen, Array) or seen.dtype in EPSILON
