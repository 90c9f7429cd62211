"""The search: candidates in an order, and those that fail in the same way taken over."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from conformance.program import Program, Step
from conformance.reduce.needs import needing, with_steps
from conformance.reduce.variants import fewer_arguments, fewer_operands, shorter_bodies, simpler_numbers
from conformance.reduce.wholes import alike, inlined, literals, without_the_step
from conformance.trace import Trace

Fails = Callable[[Program], bool]


LONG = 60
"""Steps of a program that is more than a few actions."""

FAR_TOO_LONG = 1000
"""Steps of a program that is about its length. Each try of it takes a second, and it needs thousands."""


class _Spent(Exception):
    """No more programs may be run."""


class Reducer:
    """Reduces one program."""

    def __init__(self, program: Program, fails: Fails, *, tries: int = 400) -> None:
        self.program = program
        self._fails = fails
        self.tries = tries
        """How many more programs may be run."""
        self._seen = {program.digest}

    def reduce(self, values: Trace | None = None) -> Program:
        """The smallest program found. `values` is the oracle's trace of the program: what a literal may be taken from."""
        try:
            while self._pass(values):
                values = None  # of another program
        except _Spent:
            pass
        return self.program

    def _pass(self, values: Trace | None) -> bool:
        before = self.program.digest
        self._cut()
        self._leave_out_from_the_front()
        if len(self.program.steps) > FAR_TOO_LONG:
            return False
        self._leave_out()
        self._change_alike()
        for wholes in (inlined, without_the_step):
            self._at_each_step(wholes)
        self._leave_out()
        self._change_alike()
        if values is not None:
            self._replace_by_literals(values)
        for variants in (fewer_arguments, fewer_operands, shorter_bodies, simpler_numbers):
            self._vary(variants)
        return self.program.digest != before

    def _try(self, program: Program) -> bool:
        """Takes a program over if it fails, too."""
        if program.digest in self._seen:
            return False
        if not self.tries:
            raise _Spent
        self._seen.add(program.digest)
        self.tries -= 1
        if not self._fails(program):
            return False
        self.program = program
        return True

    def _cut(self) -> None:
        """Leaves out the end, by halves: what comes behind the first difference."""
        low, high = 0, len(self.program.steps)
        while high - low > 1:
            middle = (low + high) // 2
            if self._try(with_steps(self.program, self.program.steps[:middle])):
                high = middle
            else:
                low = middle

    def _leave_out_from_the_front(self) -> None:
        """Of a long program: what comes early takes along all that is made of it, a chain of 10,000 steps at once."""
        index, tries = 0, 0
        while len(self.program.steps) > LONG and index < len(self.program.steps) and tries < LONG:
            gone, tries = needing(self.program.steps, index), tries + 1
            kept = [step for number, step in enumerate(self.program.steps) if number not in gone]
            if not self._try(with_steps(self.program, kept)):
                index += 1

    def _leave_out(self) -> None:
        index = len(self.program.steps) - 1
        while index >= 0:
            gone = needing(self.program.steps, index)
            kept = [step for number, step in enumerate(self.program.steps) if number not in gone]
            self._try(with_steps(self.program, kept))
            index = min(index, len(self.program.steps)) - 1

    def _replace_by_literals(self, values: Trace) -> None:
        """What was computed becomes a literal, so that what it was computed from can go."""
        steps = self.program.steps
        for index, instead in reversed(list(literals(self.program, values))):
            for literal in instead:
                # From the end to the beginning, so that what comes before is still where it was.
                if self.program.steps[index : index + 1] == steps[index : index + 1]:
                    now = self.program.steps
                    self._try(with_steps(self.program, [*now[:index], *literal, *now[index + 1 :]]))

    def _at_each_step(self, wholes: Callable[[Program, int], Iterator[Program]]) -> None:
        index = len(self.program.steps) - 1
        while index >= 0:
            if index < len(self.program.steps) and any(self._try(one) for one in wholes(self.program, index)):
                index = min(index + 1, len(self.program.steps))
            index -= 1

    def _change_alike(self) -> None:
        while any(self._try(one) for one in alike(self.program)):
            continue

    def _vary(self, variants: Callable[[Step], Iterator[Step]]) -> None:
        for index in range(len(self.program.steps)):
            while index < len(self.program.steps) and any(
                self._try(
                    with_steps(self.program, [*self.program.steps[:index], one, *self.program.steps[index + 1 :]])
                )
                for one in variants(self.program.steps[index])
            ):
                continue


def reduce(program: Program, fails: Fails, *, tries: int = 400, values: Trace | None = None) -> Program:
    """The smallest program found that fails as `program` does; `fails` runs one, at most `tries` times."""
    return Reducer(program, fails, tries=tries).reduce(values)
