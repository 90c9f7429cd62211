"""How sure the oracle was, written down small and read again: `observed` asks a witness everything the judge may ask, and
`Remembered` is the witness that answers from it.

*Sizes are written as whole numbers of half-octaves*, in units of an ulp of the coarsest dtype on the way: n stands for
2^((n - 8) / 2) ulp, so 8 is one ulp, and what is written is never less than what was seen and at most 1.42 times as much. An
answer that is right to half an ulp, which most are, is written as 0 and needs no bytes: the judge allows 8 ulp beside that.
"""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterator
from functools import cached_property
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np

from conformance.judging.compare import Doubtful
from conformance.judging.witness import Numbers as Values, Replays, Witness, coarsest, found_in, kinds, numbers, seen
from conformance.numbers import ulp
from conformance.program import Complex, Float, Program
from conformance.recorded.lines import Numbers, Sureness
from conformance.trace import Array, FunctionCall, Seen, Sequence, StepTrace, TensorChange, Trace

ONE = 8
"""What stands for one ulp."""

_HALF = 0.5


def _written(sizes: Values) -> Values:
    """Sizes in ulp as half-octaves, rounded up; 0 for 0."""
    with np.errstate(divide="ignore"):
        codes = np.ceil(2 * np.log2(sizes) - 1e-9) + ONE
    return np.where(sizes > 0, np.maximum(codes, 1), 0).astype(np.int64)


def _read(codes: Values) -> Values:
    return np.where(codes == 0, 0.0, np.exp2((np.abs(codes) - ONE) / 2))


# ------------------------------------------------------------------------------------------------------ writing it down


def observed(program: Program, single: Trace, witness: Witness | None = None, oracle: Any = None) -> Sureness:
    """All that the judge may come to ask about a trace of the oracle."""
    asked = witness or Replays(program, single, oracle)
    if asked.silent:
        return Sureness(silent=asked.silent, otherwise=asked.answers_otherwise())
    with np.errstate(all="ignore"):
        return _observed(single, asked)


def _observed(single: Trace, asked: Witness) -> Sureness:
    steps = len(single.steps)
    return Sureness(
        unstable=next(iter(_changes(asked.unstable, ((0, steps),), "")), None),
        unsure=tuple(_changes(asked.unsure, _ranges(single), "")),
        overflows=tuple(_changes(asked.overflows, _ranges(single), False)),
        otherwise=asked.answers_otherwise(),
        numbers=tuple([found for found in _numbers(single, asked) if found is not None]),
    )


def _ranges(single: Trace) -> tuple[tuple[int, int], ...]:
    """The stretches of steps with one coarsest dtype: within each, what is true once stays true."""
    starts, steps = [0], len(single.steps)
    while starts[-1] < steps:
        begin = starts[-1]
        here = coarsest(single, begin)

        def is_another(step: int, here: str = here) -> bool:
            return coarsest(single, step) != here

        starts.append(bisect.bisect_left(range(steps), True, begin, key=is_another))
    return tuple(pairwise(starts))


def _changes(ask: Callable[[int], Any], ranges: tuple[tuple[int, int], ...], nothing: Any) -> Iterator[tuple[int, Any]]:
    """From which steps on the answer is another one."""
    last = nothing
    for begin, end in ranges:
        first = bisect.bisect_left(range(end), True, begin, key=lambda step: ask(step) != nothing)
        for step in sorted({begin, first} & set(range(begin, end))):
            if ask(step) != last:
                last = ask(step)
                yield step, last


def _numbers(single: Trace, witness: Witness) -> Iterator[Numbers | None]:
    for at, (doubt, rounds) in enumerate(seen(single)):
        if not rounds:
            continue
        place, own, exact = doubt.step, numbers(doubt.oracle), witness.exact(doubt)
        if exact is None or exact.shape != own.shape:
            yield Numbers(at, doubt="unseen")
        elif not np.array_equal(kinds(own), kinds(exact)):
            yield Numbers(at, doubt="float64")
        else:
            yield _of_array(
                at, own, exact, witness.moved(doubt, exact), _unit(single, place, own), witness.otherwise(doubt, exact)
            )


def _of_array(at: int, own: Values, exact: Values, moved: Values, unit: Values, elsewhere: bool) -> Numbers | None:
    with np.errstate(invalid="ignore"):
        off = np.where(np.isfinite(own), exact - own, 0)
        moved = np.where(np.isfinite(own) & np.isfinite(moved), moved, 0.0)
    parts = [off.real, off.imag] if np.iscomplexobj(off) else [off]
    signed = []
    for part in parts:
        far = np.abs(part) / unit
        signed.append(np.where(far > _HALF, _written(far) * np.sign(part).astype(np.int64), 0).ravel())
    codes = np.concatenate(signed) if signed else np.zeros(0)
    moves = _written(moved / unit).ravel()
    found = Numbers(
        at,
        tuple(map(int, codes)) if codes.any() else (),
        tuple(map(int, moves)) if moves.any() else (),
        "roundings" if elsewhere else "",
    )
    return found if found.off or found.moves or found.doubt else None


def _unit(single: Trace, place: tuple[int, ...], own: Values) -> Values:
    size = np.abs(np.where(np.isfinite(own), own, 0))
    unit: Values = ulp(coarsest(single, place[0]), size)
    return unit


# ----------------------------------------------------------------------------------------------------------- reading it


class Remembered:
    """The witness that knows what was observed when the trace was recorded."""

    def __init__(self, single: Trace, known: Sureness) -> None:
        self.single, self.known = single, known

    @property
    def silent(self) -> str:
        return self.known.silent

    def unstable(self, step: int) -> str:
        return self.known.unstable[1] if self.known.unstable and step >= self.known.unstable[0] else ""

    # Whoever wrote the corpus was as patient as it was: what it did not see cannot be asked for any more.

    def unsure(self, step: int, patiently: bool = False) -> str:
        return str(_at(self.known.unsure, step, ""))

    def overflows(self, step: int) -> bool:
        return bool(_at(self.known.overflows, step, False))

    def answers_otherwise(self) -> int | None:
        return self.known.otherwise

    def answer(self, program: Program) -> None:
        return None  # it was asked about one

    def exact(self, doubt: Doubtful) -> Values | None:
        return found_in(self._exact, doubt)

    def moved(self, doubt: Doubtful, exact: Values, patiently: bool = False) -> Values:
        found = found_in(self._moved, doubt)
        return np.zeros(exact.shape) if found is None or found.shape != exact.shape else found

    def otherwise(self, doubt: Doubtful, exact: Values) -> bool:
        found = found_in(self._elsewhere, doubt)
        return found is not None and bool(found.any())

    @cached_property
    def _by_place(self) -> dict[int, Numbers]:
        return {one.at: one for one in self.known.numbers}

    @cached_property
    def _exact(self) -> Trace:
        return _mapped(self.single, self._exact_of)

    @cached_property
    def _moved(self) -> Trace:
        return _mapped(self.single, self._moved_of)

    @cached_property
    def _elsewhere(self) -> Trace:
        return _mapped(self.single, self._elsewhere_of)

    def _exact_of(self, at: int, doubt: Doubtful) -> Values | None:
        known = self._by_place.get(at)
        own = numbers(doubt.oracle)
        if known is None:
            return own
        if known.doubt == "unseen":
            return None
        if known.doubt == "float64":
            return np.where(
                np.isfinite(own), np.nan, 0.0
            )  # that it is elsewhere is all that is known, and all that is asked
        if not known.off:
            return own
        codes = np.array(known.off)
        off = _read(codes) * np.sign(codes)
        if off.size == 2 * own.size:  # complex, on one side at least
            off = off[: own.size] + 1j * off[own.size :]
        exact: Values = own + off.reshape(own.shape) * _unit(self.single, doubt.step, own)
        return exact

    def _moved_of(self, at: int, doubt: Doubtful) -> Values:
        known, own = self._by_place.get(at), numbers(doubt.oracle)
        if known is None or len(known.moves) != own.size:
            return np.zeros(own.shape)
        moved: Values = _read(np.array(known.moves)).reshape(own.shape) * _unit(self.single, doubt.step, own)
        return moved

    def _elsewhere_of(self, at: int, doubt: Doubtful) -> Values:
        known = self._by_place.get(at)
        return np.full(numbers(doubt.oracle).shape, float(known is not None and known.doubt == "roundings"))


def _at(changes: tuple[tuple[int, Any], ...], step: int, nothing: Any) -> Any:
    return next((what for begin, what in reversed(changes) if step >= begin), nothing)


def _mapped(single: Trace, change: Callable[[int, Doubtful], Values | None]) -> Trace:
    """The trace with other numbers in the place of all that round; None takes them away."""
    places = iter(enumerate(seen(single)))

    def tensors(changes: dict[str, TensorChange]) -> dict[str, TensorChange]:
        found = {}
        for name, one in changes.items():
            if isinstance(one.value, Array):
                at, (doubt, rounds) = next(places)
                if rounds:
                    values = change(at, doubt)
                    one = TensorChange(value=msgspec.UNSET if values is None else _array(values))
            found[name] = one
        return found

    def result(of: Seen) -> Seen:
        if isinstance(of, Float | Complex):
            at, (doubt, _) = next(places)
            values = change(at, doubt)
            return None if values is None else _number(values)
        if isinstance(of, Sequence):
            return Sequence(of.type, tuple([result(item) for item in of.items]))
        return of

    def stepped(steps: tuple[StepTrace, ...], outermost: bool) -> tuple[StepTrace, ...]:
        return tuple([step_of(step, outermost) for step in steps])

    def step_of(step: StepTrace, outermost: bool) -> StepTrace:
        changes = tensors(step.changes)
        returned = result(step.result) if outermost else step.result
        return msgspec.structs.replace(step, changes=changes, result=returned, calls=tuple(map(call_of, step.calls)))

    def call_of(call: FunctionCall) -> FunctionCall:
        changes = tensors(call.changes)
        return msgspec.structs.replace(call, changes=changes, steps=stepped(call.steps, False))

    return msgspec.structs.replace(single, steps=stepped(single.steps, True))


def _array(values: Values) -> Array:
    dtype, form = ("complex128", "<c16") if np.iscomplexobj(values) else ("float64", "<f8")
    return Array(dtype, values.shape, values.astype(form).tobytes())


def _number(values: Values) -> Float | Complex:
    value = values.item()
    if isinstance(value, complex):
        return Complex(repr(value.real), repr(value.imag))
    return Float(repr(value))
