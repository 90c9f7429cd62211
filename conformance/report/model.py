"""What the reports say about a run, before any of them says it: the verdict, the matrix, the findings, the cases."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property

from conformance.journal import CaseRecord, Description, Finding, Outcome, Run
from conformance.judging.verdict import STATUSES, Difference
from conformance.program import Call, DeleteAttribute, Get, Global, Method, Operator, Program, Set, SetItem, Step
from conformance.recorded.lines import NAME as RECORDED
from conformance.report import source
from conformance.report.text import counted, printable
from conformance.runs.history import Since
from conformance.trace import LEVELS, Level

ALL_RECORDED = 1000
"""A limit of programs that no case of a corpus comes to: it has seven, and a group of random ones 500."""

NOT_RUN = "NOT RUN"
"""The status of a case that an interrupted run did not come to."""

FAILING = ("FAIL", "CRASH", "TIMEOUT")
"""The statuses that say that the subject is wrong; the others say that nobody knows."""


LONGEST = 160
"""A reason is cut to this where it stands in a title or a table; the case shows all of it."""


@dataclass(frozen=True)
class Case:
    """A case, and what became of it (`outcome` is None if the run did not come to it)."""

    record: CaseRecord
    outcome: Outcome | None

    @property
    def id(self) -> str:
        return self.record.id

    @property
    def feature(self) -> str:
        return self.record.feature

    @property
    def name(self) -> str:
        return self.id.partition("/")[2] or self.id

    @property
    def status(self) -> str:
        return self.outcome.status if self.outcome else NOT_RUN

    @property
    def failing(self) -> bool:
        return self.status in FAILING

    @property
    def unexpected(self) -> bool:
        return self.outcome is not None and not self.outcome.expected

    def at(self, level: Level) -> str | None:
        """The status at a level; None if nothing was compared there."""
        if self.outcome is None:
            return NOT_RUN
        if level in self.outcome.levels:
            return self.outcome.levels[level].status
        if self.outcome.levels:
            return None
        return self.outcome.status

    @cached_property
    def findings(self) -> list[tuple[tuple[Level, ...], Finding]]:
        """The minimal failing programs, each once, with the levels that it is the finding of."""
        found: dict[str, tuple[list[Level], Finding]] = {}
        for level in LEVELS:
            outcome = self.outcome.levels.get(level) if self.outcome else None
            if outcome and outcome.finding:
                found.setdefault(outcome.finding.program.digest, ([], outcome.finding))[0].append(level)
        return [(tuple(levels), finding) for levels, finding in found.values()]

    @property
    def first(self) -> Difference | None:
        """The difference to show first, of the lowest failing level."""
        return next((first for levels, finding in self.findings if (first := first_of(levels, finding))), None)

    @property
    def reason(self) -> str:
        """What happened, in words, where it is not a difference."""
        said = self.outcome.reason if self.outcome else ""
        return printable(said or next((f.verdict.reason for _, f in self.findings if f.verdict.reason), ""))

    @property
    def short_reason(self) -> str:
        """The reason in one line: of a traceback the last, which says what was raised."""
        lines = [line for line in self.reason.splitlines() if line.strip()]
        last = lines[-1].strip() if lines else ""
        return last if len(last) <= LONGEST else last[: LONGEST - 1] + "…"

    @property
    def summary(self) -> str:
        """One line: the first difference, or what happened."""
        if self.first is not None:
            return printable(f"{self.first.what}: {self.first.oracle} expected, {self.first.subject} seen")
        if self.status == "PASS" and self.unexpected:
            return "passes, though it is expected to fail"
        return self.short_reason


@dataclass(frozen=True)
class Group:
    """Cases of one feature that fail alike: at the same level, in the same facet, at the same operation."""

    feature: str
    level: Level | None
    what: str
    operation: str
    cases: tuple[Case, ...]

    @property
    def unexpected(self) -> bool:
        return any(case.unexpected for case in self.cases)

    @property
    def without_result(self) -> bool:
        """Whether nothing can be said of these cases: what differs is of more interest."""
        return self.level is None and not self.cases[0].failing and self.cases[0].status != "PASS"


def _rank(group: Group) -> int:
    """What did not answer at all stands before what answered wrongly."""
    return LEVELS.index(group.level) if group.level else -1


@dataclass(frozen=True)
class Cell:
    """How many cases of a feature pass at a level."""

    passed: int
    failed: int
    other: int
    """Neither: unsupported, blocked, inconclusive, not run."""

    @property
    def total(self) -> int:
        return self.passed + self.failed + self.other

    @property
    def words(self) -> str:
        if not self.total:
            return "not compared"
        parts = [f"{self.passed} of {self.total} pass"]
        parts += [f"{self.failed} fail"] if self.failed else []
        parts += [f"{self.other} without a result"] if self.other else []
        return ", ".join(parts)


@dataclass(frozen=True)
class Report:
    """A run, counted and grouped."""

    run: Run
    history: tuple[Since, ...] = field(default=(), kw_only=True)
    """The runs of the same folder, the oldest first; this one is the last."""

    @cached_property
    def cases(self) -> list[Case]:
        """Every case of the run in the order of the file, features kept together."""
        return [case for cases in self._by_feature.values() for case in cases]

    @cached_property
    def _by_feature(self) -> dict[str, list[Case]]:
        found: dict[str, list[Case]] = {}
        for case, record in self.run.cases.items():
            found.setdefault(record.feature, []).append(Case(record, self.run.outcomes.get(case)))
        return found

    @property
    def features(self) -> list[str]:
        return list(self._by_feature)

    def of(self, feature: str) -> list[Case]:
        return self._by_feature.get(feature, [])

    @property
    def interrupted(self) -> bool:
        return self.run.interrupted

    @property
    def total(self) -> int:
        return len(self.cases)

    @property
    def passed(self) -> int:
        return sum(case.status == "PASS" for case in self.cases)

    @property
    def ran(self) -> int:
        return sum(case.outcome is not None for case in self.cases)

    @property
    def unexpected(self) -> int:
        return sum(case.unexpected for case in self.cases)

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many cases have each status, in the order of `STATUSES`; statuses that nobody has are left out."""
        counted_ = Counter(case.status for case in self.cases)
        return {status: counted_[status] for status in (*STATUSES, NOT_RUN) if counted_[status]}

    @property
    def programs(self) -> int:
        return self.run.footer.programs if self.run.footer else len(self.run.verdicts)

    @property
    def drawn(self) -> str:
        """How the programs were drawn, in a few words."""
        header = self.run.header
        if header.oracle.name == RECORDED:
            limit = f", at most {header.max_examples} a case" if header.max_examples < ALL_RECORDED else ""
            return f"recorded programs{limit}"
        return f"{header.profile}, {header.max_examples} a case"

    @property
    def seconds(self) -> float:
        if self.run.footer:
            return self.run.footer.seconds
        return sum(outcome.seconds for outcome in self.run.outcomes.values())

    @property
    def oracle(self) -> str:
        return title(self.run.header.oracle)

    @property
    def subject(self) -> str:
        return title(self.run.header.subject)

    @property
    def state(self) -> str:
        """What a run can be: ``interrupted``, ``empty``, ``unexpected`` or ``expected``."""
        if self.interrupted:
            return "interrupted"
        return "empty" if not self.total else "unexpected" if self.unexpected else "expected"

    @property
    def headline(self) -> str:
        """The verdict in one sentence."""
        if self.interrupted:
            return f"Interrupted after {counted(self.ran, 'case')}. This is not a result."
        if not self.total:
            return "No case ran. This is not a result."
        ending = "behaves" if self.total == 1 else "behave"
        if self.passed == self.total:
            return f"All {counted(self.total, 'case')} {ending} as {self.oracle} does."
        return f"{self.passed} of {counted(self.total, 'case')} {ending} as {self.oracle} does."

    @property
    def expectation(self) -> str:
        """Whether that is what was expected, in one sentence."""
        if self.interrupted:
            cut = ", ".join(dict.fromkeys(case for case, _ in self.run.running))
            return (
                f"The run ended without its footer, while it ran {cut}." if cut else "The run ended without its footer."
            )
        if not self.total:
            return ""
        if self.unexpected:
            return f"{counted(self.unexpected, 'case')} not as expected."
        known = self.total - self.passed
        return f"Everything is as expected: {counted(known, 'case')} listed as known." if known else "Nothing differs."

    def cell(self, level: Level, feature: str | None = None) -> Cell:
        """The matrix: a feature's (or everybody's) count at a level."""
        statuses = [case.at(level) for case in (self.cases if feature is None else self.of(feature))]
        passed = statuses.count("PASS")
        failed = sum(status in FAILING for status in statuses)
        return Cell(passed, failed, sum(status is not None for status in statuses) - passed - failed)

    def reproducer(self, levels: tuple[Level, ...], finding: Finding) -> str:
        """The script of a finding of some levels, and what is seen of it."""
        return source.reproducer(finding, first_of(levels, finding), self.oracle, self.subject)

    @cached_property
    def groups(self) -> list[Group]:
        """The findings, what is unexpected and what matters more first."""
        found: dict[tuple[str, Level | None, str, str], list[Case]] = {}
        for case in self.cases:
            if case.failing or case.unexpected:
                found.setdefault(_alike(case), []).append(case)
        groups = [Group(*key, tuple(cases)) for key, cases in found.items()]
        features = self.features
        return sorted(
            groups,
            key=lambda g: (not g.unexpected, g.without_result, features.index(g.feature), _rank(g)),
        )

    def amount(self, group: Group) -> str:
        """How much a finding weighs."""
        return counted(len(group.cases), "case")


def first_of(levels: tuple[Level, ...], finding: Finding) -> Difference | None:
    """The difference to show first in the finding of some levels: the first at one of them."""
    there = [difference for difference in finding.verdict.differences if difference.level in levels]
    return min(there, key=lambda d: (LEVELS.index(d.level), d.step), default=finding.verdict.first)


def title(who: Description) -> str:
    """Who answered, with the version: ``PyTorch 2.13.0``."""
    name = {"torch": "PyTorch", "pytorch": "PyTorch", "recorded": "recorded PyTorch"}.get(who.name, who.name)
    return printable(f"{name} {who.version.partition('+')[0]}".strip())


def operation(step: Step) -> str:
    """What a step does, without the names of this program: ``.backward()``, ``torch.autograd.grad()``, ``*=``."""
    match step:
        case Method(name=name):
            return f".{name}()"
        case Call(function=Global(path=path)):
            return f"{path}()"
        case Get(name=name):
            return f".{name}"
        case Set(name=name):
            return f".{name} ="
        case DeleteAttribute(name=name):
            return f"del .{name}"
        case Operator(operator=operator):
            return operator
        case SetItem():
            return "[…] ="
        case _:
            return type(step).__name__.lower()


def step_at(program: Program, difference: Difference) -> Step | None:
    """The step of the program itself at which a difference was seen, be it in a function that the step called."""
    index = difference.step[0] if difference.step else len(program.steps)
    return program.steps[index] if index < len(program.steps) else None


def _alike(case: Case) -> tuple[str, Level | None, str, str]:
    for levels, finding in case.findings:
        first = first_of(levels, finding)
        if first is not None:
            codes = (side.partition(" ")[0] for side in (first.oracle, first.subject))  # what was raised stands below
            what = f"error code {' → '.join(codes)}" if first.facet == "error_code" else first.facet
            step = step_at(finding.program, first)
            return case.feature, first.level, printable(what), printable(operation(step)) if step else ""
    if case.status == "PASS":
        return case.feature, None, "passes, though expected to fail", ""
    return case.feature, None, printable(f"{case.status.lower()}: {case.short_reason}".rstrip(": ")), ""
