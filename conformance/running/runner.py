"""One case on one subject: draw its programs, run each on both sides, compare, and find the smallest that differs.

The programs are drawn in passes. The first one never fails, so that the whole budget of examples is spent whatever is found,
and counts are of the same number of programs for every subject. Then, for every level at which some program failed, a pass
draws the same programs again (from the same seed, so the answers are known and cost nothing), stops at the first that fails
at that level, and lets Hypothesis shrink it. (Rejected: one pass that fails at once. A wrong text would hide a wrong number
behind it, and the smallest program with a wrong number is another than the smallest with a wrong text.)

A program runs once: its verdict is kept by its digest, so a subject that answers differently each time cannot confuse the
shrinking.
"""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, cast

import msgspec

from conformance.journal import (
    CaseRecord,
    Description,
    Finding,
    Journal,
    LevelOutcome,
    Outcome,
    ProgramRecord,
    VerdictRecord,
    count_statuses,
)
from conformance.judging.adjudicate import ADJUDICATED, adjudicate
from conformance.judging.verdict import Status, Verdict
from conformance.program import Program, has_empty
from conformance.running.answering import AskedBefore, Both, Judge, both, said
from conformance.running.enough import Enough
from conformance.running.expected import Expectations
from conformance.running.timing import Clock
from conformance.subjects.base import Subject
from conformance.trace import FACETS, LEVELS, Level, Trace

if TYPE_CHECKING:  # Hypothesis takes a fifth of a second to import, and recorded programs need none of it.
    from hypothesis.database import ExampleDatabase
    from hypothesis.strategies import SearchStrategy

PROFILES = {"quick": 20, "default": 125, "thorough": 1000}
"""How many programs are drawn for a case. Equal ones run once; 125, so that a case with room for it runs 100 different ones."""

SEVERITY: tuple[Status, ...] = ("CRASH", "TIMEOUT", "FAIL", "UNSUPPORTED", "PASS", "INCONCLUSIVE", "BLOCKED")
"""A case has the first of these that one of its programs has. One program that could be judged is enough for PASS."""

ENOUGH: dict[Status, int] = {"CRASH": 10, "TIMEOUT": 2, "UNSUPPORTED": 10}
"""Drawing stops after so many: each crash costs a new process, each time-out the whole deadline, and a subject that lacks a
function lacks it for all values."""

SHRINKING_TRIES: dict[Status, int] = {"FAIL": 400, "CRASH": 30, "TIMEOUT": 0}
"""How many new programs are run to make a failing one smaller. 400 is where Hypothesis has nearly always stopped by itself."""


class Described(Protocol):
    """What is said of a case; its programs may be known already."""

    @property
    def id(self) -> str: ...
    @property
    def sentence(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def lecture(self) -> str: ...
    @property
    def covers(self) -> tuple[str, ...]: ...
    @property
    def requires(self) -> tuple[str, ...]: ...


class Case(Described, Protocol):
    """What the runner needs of a case."""

    @property
    def file(self) -> str: ...
    @property
    def by_processor(self) -> bool: ...
    def programs(self) -> SearchStrategy[Program]: ...


@dataclass(frozen=True)
class Settings:
    """How much is drawn, and from which seed."""

    max_examples: int = PROFILES["default"]
    seed: int = 0
    database: ExampleDatabase | None = None
    """Where Hypothesis keeps the examples that failed, to try them first the next time. Off by default: what is drawn then
    depends on the runs before."""
    shrink: bool = True
    """Whether a failing program is made smaller. That takes up to 400 programs for each level of a case that fails: where
    many fail, most of the run. Without, the smallest of those that were run stands for them."""


class CaseCannotRun(Exception):
    """The harness cannot run a case: its programs cannot be drawn, or the oracle cannot be asked."""

    def __init__(self, case: str, why: BaseException) -> None:
        super().__init__(f"{case}: {type(why).__name__}: {why}")
        self.case, self.why = case, why


def run_case(
    case: Described,
    subject: Subject,
    oracle: Subject,
    judge: Judge,
    settings: Settings,
    journal: Journal,
    clock: Clock | None = None,
    expectations: Expectations | None = None,
) -> Outcome:
    """Runs a case on a subject; what happens is written to the journal as it happens. Raises CaseCannotRun."""
    expected = expectations or Expectations()
    return _kind(oracle)(case, subject, oracle, judge, settings, journal, clock or Clock(), expected).outcome()


def _kind(oracle: Subject) -> type[CaseRun]:
    """How a case is run: a recorded oracle brings its programs along."""
    if not isinstance(oracle, AskedBefore):
        return CaseRun
    from conformance.recorded.replaying import Replay

    return Replay


def case_seed(seed: int, case: str) -> int:
    """The seed that a case draws from: made of the run's seed and the case's id, so neither the order of the cases nor the
    number of workers changes what is drawn."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{case}".encode()).digest()[:8], "big")


def record_of(case: Described) -> CaseRecord:
    """What is written down about a case before it runs."""
    return CaseRecord(
        id=case.id,
        sentence=case.sentence,
        source=case.source,
        lecture=case.lecture,
        covers=tuple(case.covers),
        requires=tuple(case.requires),
    )


def levels_of(description: Description) -> tuple[Level, ...]:
    """The levels of which a subject can observe anything at all."""
    facets = description.facets or tuple(FACETS)
    return tuple(level for level in LEVELS if any(FACETS[facet] == level for facet in facets))


@dataclass(frozen=True)
class Ran:
    """A program that was run on both sides."""

    program: Program
    verdict: Verdict
    oracle: Trace | None = None
    subject: Trace | None = None


class CaseRun:
    """A run of a case that draws its programs."""

    def __init__(
        self,
        case: Described,
        subject: Subject,
        oracle: Subject,
        judge: Judge,
        settings: Settings,
        journal: Journal,
        clock: Clock,
        expectations: Expectations,
    ) -> None:
        self.case, self.subject, self.oracle, self.judge = case, subject, oracle, judge
        self.settings, self.journal, self.clock, self.expectations = settings, journal, clock, expectations
        self.description = subject.describe()
        self.enough = ENOUGH
        self.ran: dict[str, Ran] = {}
        self.statuses: Counter[Status] = Counter()
        """Of the programs that were run."""

    def outcome(self) -> Outcome:
        start = time.perf_counter()
        self._write(record_of(self.case))
        missing = self._missing()
        if missing:
            outcome = Outcome(
                case=self.case.id, status="UNSUPPORTED", programs=0, counts={}, reason=f"the subject has no {missing}"
            )
        else:
            outcome = self._draw_and_sum_up(start)
        outcome = self.expectations.judge(outcome)
        self._write(outcome)
        return outcome

    def _missing(self) -> str:
        """What the case needs and the subject says that it does not have."""
        return ", ".join(self.description.lacking(self.case.requires))

    def _draw_and_sum_up(self, start: float) -> Outcome:
        self._draw(self._first_pass)
        drawn = list(self.ran.values())
        status = _worst(ran.verdict.status for ran in drawn)
        levels = {level: self._level(level, drawn) for level in levels_of(self.description)}
        reasons = (ran.verdict.reason for ran in drawn if ran.verdict.status == status and ran.verdict.reason)
        return Outcome(
            case=self.case.id,
            status=status,
            programs=len(drawn),
            counts=count_statuses(ran.verdict for ran in drawn),
            levels=levels,
            example=self._example(drawn),
            reason=next(reasons, ""),
            left_out=self._left_out(),
            seconds=round(time.perf_counter() - start, 3),
        )

    def _left_out(self) -> dict[str, int]:
        # Asked of a case that was drawn only: it is counted over data which that has made already, mostly. (Not isinstance,
        # which would import Hypothesis for cases that were recorded.)
        count: Callable[[], Mapping[str, int]] | None = getattr(self.case, "left_out", None)
        return dict(count()) if count is not None else {}

    # ---------------------------------------------------------------------------------------------------------- passes

    def _programs(self) -> SearchStrategy[Program]:
        from conformance.case import Case as RecordedCase

        if not isinstance(self.case, RecordedCase):
            return cast(Case, self.case).programs()
        record = self.case.record

        def timed(inputs: dict[str, Any]) -> Program:
            with self.clock.spent("recording"):
                return record(inputs)

        return self.case.inputs().map(timed)

    def _draw(self, see: Callable[[Program], None], *, shrink: bool = False) -> None:
        """Draws the programs of the case, in the order that its seed gives, and shows them to `see` one by one."""
        from conformance.running.databases import Part
        from conformance.running.sampling import CannotDraw, draw

        inside = 0.0

        def timed(program: Program) -> None:
            nonlocal inside
            began = time.perf_counter()
            try:
                see(program)
            finally:
                inside += time.perf_counter() - began

        began, recording = time.perf_counter(), self.clock.shares.get("recording", 0.0)
        try:
            draw(
                self._programs(),
                timed,
                seed=case_seed(self.settings.seed, self.case.id),
                max_examples=self.settings.max_examples,
                shrink=shrink,
                database=None if self.settings.database is None else Part(self.settings.database, self.case.id),
            )
        except CannotDraw as error:
            raise CaseCannotRun(self.case.id, error.why) from error.why
        finally:
            recording = self.clock.shares.get("recording", 0.0) - recording
            self.clock.add("drawing", time.perf_counter() - began - inside - recording)

    def _first_pass(self, program: Program) -> None:
        self._run(program)
        counts = self.statuses
        if not counts["PASS"] and any(counts[status] >= limit for status, limit in self.enough.items()):
            raise Enough
        if counts["TIMEOUT"] >= self.enough["TIMEOUT"]:
            raise Enough

    def _minimal(self, kind: Status, fails: Callable[[Verdict], bool]) -> Ran:
        """The smallest program of which `fails` holds; one of those that were drawn does."""
        tries = SHRINKING_TRIES[kind]
        failing: list[Ran] = []

        def see(program: Program) -> None:
            nonlocal tries
            if program.digest not in self.ran:
                if not tries:
                    raise Enough
                tries -= 1
            ran = self._run(program)
            if fails(ran.verdict):
                failing.append(ran)
                raise Differs

        try:
            self._draw(see, shrink=True)
        except Differs:
            return failing[-1]  # Hypothesis ends by running the smallest once more.
        return min((ran for ran in self.ran.values() if fails(ran.verdict)), key=size_of)

    # ----------------------------------------------------------------------------------------------------- one program

    def _run(self, program: Program) -> Ran:
        """Runs a program on both sides, unless it has been."""
        digest = program.digest
        if digest not in self.ran:
            index = len(self.ran)
            self._write(ProgramRecord(case=self.case.id, index=index, program=program))
            ran = self._both(program)
            self._write(VerdictRecord(case=self.case.id, index=index, verdict=ran.verdict))
            self.statuses[ran.verdict.status] += 1
            # Traces are kept of what a report can show: those that failed.
            passed = ran.verdict.status == "PASS"
            self.ran[digest] = (
                Ran(program, ran.verdict) if passed else Ran(program, ran.verdict, ran.oracle, ran.subject)
            )
        return self.ran[digest]

    def _both(self, program: Program, answers: Subject | None = None) -> Both:
        oracle = answers or self.oracle
        known = said(program, oracle, self.clock)
        return both(program, known, oracle, self.subject, self.judge, self.description.facets, self.clock)

    def _run_with(self, answers: Subject, program: Program) -> Ran:
        ran = self._both(program, answers)
        return Ran(program, ran.verdict, ran.oracle, ran.subject)

    def _write(self, record: CaseRecord | ProgramRecord | VerdictRecord | Outcome) -> None:
        with self.clock.spent("writing"):
            self.journal.write(record)

    # ------------------------------------------------------------------------------------------------------ summing up

    def _level(self, level: Level, drawn: list[Ran]) -> LevelOutcome:
        failing = [ran for ran in drawn if ran.verdict.fails(level)]
        if not failing:
            # A program that fails at another level has passed at this one.
            statuses = ("PASS" if ran.verdict.status == "FAIL" else ran.verdict.status for ran in drawn)
            return LevelOutcome(status=_worst(statuses))
        status = _worst(ran.verdict.status for ran in failing)
        kept = self._kept(level, status)
        if kept is not None:
            minimal = kept
        elif not self.settings.shrink:
            minimal = min((ran for ran in failing if ran.verdict.status == status), key=size_of)
        elif status == "FAIL":
            minimal = self._minimal(status, lambda verdict: verdict.status == "FAIL" and verdict.fails(level))
        else:
            minimal = self._minimal(status, lambda verdict: verdict.status == status)
        return LevelOutcome(status=status, failing=len(failing), finding=self._adjudicated(_finding(minimal)))

    def _kept(self, level: Level, status: Status) -> Ran | None:
        """The smallest program of a known failure, if it still fails so: it need not be found anew."""
        program = self.expectations.program(self.case.id, level) if self.expectations.of(self.case.id) else None
        if program is None:
            return None
        ran = self._run(program)
        return ran if ran.verdict.status == status and ran.verdict.fails(level) else None

    def _adjudicated(self, finding: Finding) -> Finding:
        """The finding, with a word on who is wrong if it is about a gradient."""
        return self._adjudicated_by(self.oracle, finding)

    def _adjudicated_by(self, answers: Subject, finding: Finding) -> Finding:
        first = finding.verdict.first
        if first is None or first.facet not in ADJUDICATED or not finding.oracle or not finding.subject:
            return finding
        judged = adjudicate(finding.program, first, finding.oracle, finding.subject, answers)
        if judged.says == "unjudged":
            return finding
        told = msgspec.structs.replace(first, note="; ".join(filter(None, (first.note, str(judged)))))
        differences = tuple([told if one is first else one for one in finding.verdict.differences])
        verdict = msgspec.structs.replace(finding.verdict, differences=differences)
        return msgspec.structs.replace(finding, verdict=verdict)

    def _example(self, drawn: list[Ran]) -> Finding | None:
        """A program that shows what the case does: neither the emptiest nor the largest that was drawn.

        Which one it is does not hang on the subject, so that the answers of several can be set beside each other.
        """
        if not drawn:
            return None
        ranked = sorted(drawn, key=size_of)
        third = len(ranked) // 3
        telling = (ran for ran in ranked[third:] + ranked[:third][::-1] if not has_empty(ran.program.steps))
        example = next(telling, ranked[third])
        return _finding(self._run_with(self.oracle, example.program) if example.verdict.status == "PASS" else example)


class Differs(AssertionError):
    """A program fails at the level that is being shrunk."""


def _worst(statuses: Iterator[Status]) -> Status:
    return min(statuses, key=SEVERITY.index, default="BLOCKED")


def size_of(ran: Ran) -> tuple[int, bytes]:
    """How small its program is: what the smallest is told by."""
    text = ran.program.to_json()
    return len(text), text


def _finding(ran: Ran) -> Finding:
    return Finding(program=ran.program, oracle=ran.oracle, subject=ran.subject, verdict=ran.verdict)
