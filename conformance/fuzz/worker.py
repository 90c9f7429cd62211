"""One process of a campaign: draws every so-manieth program, runs it on both sides, and writes down what it finds."""

from __future__ import annotations

import contextlib
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from hypothesis.database import ExampleDatabase

from conformance.compose.composer import Composer
from conformance.compose.programs import BLOCK, composed
from conformance.fuzz.findings import Found, Store
from conformance.judging.adjudicate import ADJUDICATED, CRASHED, Adjudication, adjudicate
from conformance.judging.judge import judge
from conformance.judging.verdict import Verdict
from conformance.program import Program, ProgramError
from conformance.reduce import reduce
from conformance.report.causes import Cause
from conformance.report.model import operation
from conformance.running.answering import Both, both, said
from conformance.running.timing import Clock
from conformance.subjects import Subject
from conformance.subjects.base import SubjectError
from conformance.trace import Trace

ACTIONS = (2, 14)
"""Actions of a program, at least and at most. Longer ones find no more a second, and take longer to make small."""

REDUCING = 1000
"""Programs that may be run to make one finding small: a few seconds, once for each cause."""

OF_A_CRASH = 150
"""The same where each costs a process: a minute or two, and of PyTorch's own crashes four."""

OF_A_TIMEOUT = 30
"""The same where each costs the deadline."""

FAILING = ("FAIL", "CRASH", "TIMEOUT", "BLOCKED")
"""What is a finding. A program that the oracle does not survive is one, too: it is BLOCKED."""

OF_ITS_OWN = ("SIGSEGV", "SIGABRT", "SIGBUS", "SIGFPE", "SIGILL")
"""How a process ends by what it does itself. (Others end it by SIGKILL: the system, where memory is short.)"""


def drawn(seed: int, index: int, actions: tuple[int, int] = ACTIONS) -> Program:
    """The program of a number: what is drawn depends on the seed and on it, and on nothing else."""
    return composer_of(seed, index, actions).program()


def composer_of(seed: int, index: int, actions: tuple[int, int] = ACTIONS) -> Composer:
    """What `drawn` draws, with what was done to make it."""
    return composed(blocks_of(seed, index, actions))


def blocks_of(seed: int, index: int, actions: tuple[int, int] = ACTIONS) -> list[bytes]:
    """What it is composed of."""
    stream = random.Random(f"{seed}/{index}")
    return [stream.randbytes(BLOCK) for _ in range(stream.randint(*actions))]


@dataclass
class Tally:
    """What was counted."""

    programs: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    causes: Counter[Cause] = field(default_factory=Counter)
    lacking: Counter[str] = field(default_factory=Counter)
    """Names that the subject does not have, with how many programs ended there."""
    undecided: Counter[str] = field(default_factory=Counter)
    """Operations at which the oracle was not sure of itself, with how many programs ended so."""
    spent: Counter[str] = field(default_factory=Counter)
    """Where the time went (`conformance.running.timing`), in millionths of a second."""
    seen: Counter[str] = field(default_factory=Counter)
    """How often each step, error code and facet occurred: what the programs were about."""

    def add(self, other: Tally) -> None:
        self.programs += other.programs
        for name in ("statuses", "causes", "lacking", "undecided", "spent", "seen"):
            getattr(self, name).update(getattr(other, name))


class Worker:
    """Compares a subject with the oracle on the programs of a seed."""

    def __init__(
        self,
        subject: Subject,
        oracle: Subject,
        store: Store,
        seed: int,
        *,
        stats: bool = False,
        database: ExampleDatabase | None = None,
    ) -> None:
        self.subject, self.oracle, self.store, self.seed, self.stats = subject, oracle, store, seed, stats
        self.database = database
        described = subject.describe()
        self.facets = described.facets
        self.clock = Clock()
        self.names = (described.name, oracle.describe().name)
        self.reducing: Callable[[Cause], None] = lambda cause: None
        """Is told of each finding that is going to be made small."""

    def run(self, index: int) -> Tally:
        """One program: its verdict is counted, and if it fails in a new way, made small and written down."""
        self.clock = Clock()
        with self.clock.spent("drawing"):
            drawing = composer_of(self.seed, index)
            program = drawing.program()
        tally = self.take(program, index)
        if self.stats:
            tally.seen.update(drawing.done)
        return tally

    def take(self, program: Program, index: int = -1) -> Tally:
        """One program, wherever it comes from; -1 is the number of one that was not drawn."""
        judged = self.judged(program)
        verdict = judged.verdict
        tally = Tally(programs=1, statuses=Counter([verdict.status]))
        if self.stats:
            tally.seen.update(_occurring(program, judged.oracle))
        if verdict.status in FAILING:
            cause = Cause.of(program, verdict)
            if self.store.claim(cause):
                # Written down before it is made small, so that nothing is lost if this process ends here.
                self._write(cause, index, program, program, judged)
                self.reducing(cause)
                cause = self._reduced(cause, index, program, judged.oracle)
            tally.causes[cause] += 1
        elif verdict.status == "UNSUPPORTED":
            tally.lacking[verdict.reason.removeprefix("no ").strip("'")] += 1
        elif verdict.status == "INCONCLUSIVE":
            tally.undecided["" if verdict.at is None else operation(program.steps[verdict.at])] += 1
        tally.spent.update({what: round(1e6 * seconds) for what, seconds in self.clock.shares.items()})
        return tally

    def judged(self, program: Program) -> Both:
        """The verdict on a program, and both traces as far as there are any."""
        try:
            known = said(program, self.oracle, self.clock)
        except SubjectError as error:
            return Both(Verdict(status="BLOCKED", reason=f"the oracle: {error}"))
        return both(program, known, self.oracle, self.subject, judge, self.facets, self.clock)

    def still(self, found: Found, program: Program) -> bool:
        """Whether a finding of an earlier run is still one."""
        verdict = self.judged(program).verdict
        return verdict.status in FAILING and Cause.of(program, verdict).is_like(found.cause)

    def kept(self) -> list[Program]:
        """What the database keeps of programs that failed. What is no program is passed over: others write there, too."""
        found = []
        for value in self.database.fetch(self._key) if self.database is not None else ():
            with contextlib.suppress(ProgramError):
                found.append(Program.from_json(value))
        return found

    @property
    def _key(self) -> bytes:
        return f"torchstone fuzz {self.names[0]}".encode()

    def close(self) -> None:
        self.subject.close()
        self.oracle.close()

    def _reduced(self, cause: Cause, index: int, program: Program, oracle: Trace | None) -> Cause:
        last: dict[str, Both] = {}

        def fails(candidate: Program) -> bool:
            judged = self.judged(candidate)
            verdict = judged.verdict
            if verdict.status not in FAILING or not Cause.of(candidate, verdict).is_like(cause):
                return False
            last["smallest"] = judged
            return True

        tries = {"FAIL": REDUCING, "TIMEOUT": OF_A_TIMEOUT}.get(cause.status, OF_A_CRASH)
        smallest = reduce(program, fails, tries=tries, values=oracle)
        if "smallest" in last:
            self._write(cause, index, program, smallest, last["smallest"])
        return cause

    def _write(
        self,
        cause: Cause,
        index: int,
        original: Program,
        program: Program,
        judged: Both,
    ) -> None:
        name, oracle_name = self.names
        verdict, oracle, subject = judged.verdict, judged.oracle, judged.subject
        found = Found(
            cause=cause,
            verdict=verdict,
            subject=name,
            oracle=oracle_name,
            seed=self.seed,
            index=index,
            drawn_steps=len(original.steps),
            adjudication=self._adjudicated(program, verdict, oracle, subject),
        )
        with self.clock.spent("writing"):
            self.store.write(found, program, oracle, subject)
            if self.database is not None:
                if program is not original:
                    self.database.delete(self._key, original.to_json())
                self.database.save(self._key, program.to_json())

    def _adjudicated(
        self, program: Program, verdict: Verdict, oracle: Trace | None, subject: Trace | None
    ) -> Adjudication | None:
        if verdict.status == "BLOCKED":
            return CRASHED if verdict.reason.endswith(OF_ITS_OWN) else None
        first = verdict.first
        if first is None or first.facet not in ADJUDICATED or oracle is None or subject is None:
            return None
        return adjudicate(program, first, oracle, subject, self.oracle)


def _occurring(program: Program, trace: Trace | None) -> Iterator[str]:
    for step in program.steps:
        yield f"step {operation(step)}"
    for seen in trace.steps if trace else ():
        yield f"outcome {seen.outcome}"
        if seen.error is not None:
            yield f"error {seen.error.code}"
        for warning in seen.warnings:
            yield f"warning {warning.category}"
        for call in seen.calls:
            yield f"function {call.function}"


__all__ = ["Tally", "Worker", "drawn"]
