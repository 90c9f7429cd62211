"""One case on one subject by the programs of a corpus: nothing is drawn.

A program that fails is made smaller where PyTorch is there to say what a smaller one does, by leaving out steps and
simplifying data (`conformance.reduce`). Where it is not, the smallest of the recorded programs that fail stands for them all.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from conformance.journal import Finding
from conformance.judging.verdict import Status, Verdict
from conformance.program import Program
from conformance.recorded.lines import RANDOM
from conformance.recorded.oracle import Recorded, is_pytorch_there
from conformance.running import interrupts
from conformance.running.enough import Enough
from conformance.running.runner import SHRINKING_TRIES, CaseRun, Described, Ran, size_of
from conformance.subjects import Subject, SubjectError, SubjectUnavailable, open_subject
from conformance.subjects.opening import require_oracle
from conformance.trace import Level

ENOUGH_AT_RANDOM: dict[Status, int] = {"CRASH": 100, "TIMEOUT": 50}
"""What ends a group of 500 random programs: so many processes that died, if none passed, or that did not answer."""


class Replay(CaseRun):
    """A run of a case whose programs are known."""

    def __init__(self, case: Described, *rest: Any) -> None:
        super().__init__(case, *rest)
        if case.id.startswith(f"{RANDOM}/"):
            # They have nothing in common: what one of them lacks, or ends in, says little of the next.
            self.enough = ENOUGH_AT_RANDOM

    def _draw(self, see: Callable[[Program], None], *, shrink: bool = False) -> None:
        assert isinstance(self.oracle, Recorded)
        with self.clock.spent("drawing"):
            programs = list(self.oracle.programs(self.case.id))
        for number, program in enumerate(programs):
            if number == self.settings.max_examples:
                return
            interrupts.check()
            try:
                see(program)
            except Enough:
                return

    def _minimal(self, kind: Status, fails: Callable[[Verdict], bool]) -> Ran:
        smallest = min((ran for ran in self.ran.values() if fails(ran.verdict)), key=size_of)
        live = _pytorch()
        if live is None or not SHRINKING_TRIES[kind] or smallest.oracle is None:
            return smallest
        return self._reduced(smallest, fails, live, SHRINKING_TRIES[kind])

    def _reduced(self, smallest: Ran, fails: Callable[[Verdict], bool], live: Subject, tries: int) -> Ran:
        from conformance.reduce import reduce

        found = [smallest]

        def still(program: Program) -> bool:
            try:
                ran = self._run_with(live, program)
            except SubjectError:
                return False
            alike = fails(ran.verdict) and _facet(ran.verdict) == _facet(smallest.verdict)
            if alike:
                found.append(ran)
            return alike

        reduced = reduce(smallest.program, still, tries=tries, values=smallest.oracle)
        return next((ran for ran in reversed(found) if ran.program.digest == reduced.digest), smallest)

    def _kept(self, level: Level, status: Status) -> Ran | None:
        return None  # what is kept of a known failure was not recorded, and the smallest here is known already

    def _adjudicated(self, finding: Finding) -> Finding:
        live = _pytorch()
        return finding if live is None else self._adjudicated_by(live, finding)


def _facet(verdict: Verdict) -> str:
    """Where a program fails first. A smaller one is to fail there as well: one that is hardly a program any more raises on one
    side alone, and would show that in the place of a wrong number."""
    return verdict.first.facet if verdict.first is not None else ""


@functools.cache
def _pytorch() -> Subject | None:
    """PyTorch, to make programs smaller; None where it is not there, or is another.

    In a process of its own: a program that was never run before may be PyTorch's end, and that of the run with it.
    """
    if not is_pytorch_there():
        return None
    try:
        require_oracle()
        return open_subject("torch")
    except SubjectUnavailable:
        return None
