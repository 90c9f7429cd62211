"""What the pages say before any of them says it: implementations, features, cells, and who answers the same.

There is no score over everything: features weigh differently for everybody, and a sum would only rank.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal as OneOf

from conformance.journal import CaseRecord, Finding, Outcome, Run
from conformance.judging.verdict import Difference, Verdict
from conformance.program import Program
from conformance.report.model import Case, Cell, Report, first_of, title
from conformance.report.source import lines
from conformance.report.steps import Fact, rows
from conformance.report.text import printable
from conformance.trace import FACETS, LEVELS, Level

CONVENTIONS = ("conventions", "kinks", "reduction_conventions", "odd_operands")
"""Features about ties, kinks and singular points, where a derivative is a choice: their pages show every answer."""

_NOTHING = Verdict(status="PASS")


@dataclass(frozen=True)
class Implementation:
    """One column: a run of one subject."""

    key: str
    """What its column is called in URLs and in HTML."""
    title: str
    report: Report

    def case(self, id: str) -> Case | None:
        record = self.report.run.cases.get(id)
        return None if record is None else Case(record, self.report.run.outcomes.get(id))

    @property
    def run(self) -> Run:
        return self.report.run


@dataclass(frozen=True)
class Answer:
    """What some implementations show at a step, in words."""

    who: tuple[str, ...]
    texts: tuple[str, ...]
    kind: OneOf["oracle", "other", "lacking"]
    """The oracle's; another one; none, as the step did not run for want of something."""


@dataclass(frozen=True)
class Step:
    """A step of the program that all ran, and the different answers to it, the oracle's first."""

    index: int
    source: str
    answers: tuple[Answer, ...]

    @property
    def parted(self) -> bool:
        return any(answer.kind == "other" for answer in self.answers)


@dataclass(frozen=True)
class Asked:
    """A program that implementations ran as the example of a case, and what each answered, step by step."""

    program: Program
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Parted:
    """The smallest program at which some implementations part from the oracle, and what is said of it."""

    program: Program
    seen_on: str
    oracle: str
    others: tuple[tuple[str, Difference], ...]
    """Who, and the first difference there."""


@dataclass(frozen=True)
class Site:
    """All that is compared."""

    implementations: tuple[Implementation, ...]

    @cached_property
    def records(self) -> dict[str, CaseRecord]:
        """Every case that one of the runs has, features kept together."""
        return {record.id: record for of in self.features.values() for record in of}

    @cached_property
    def features(self) -> dict[str, tuple[CaseRecord, ...]]:
        found: dict[str, dict[str, CaseRecord]] = {}
        for implementation in self.implementations:
            for case, record in implementation.run.cases.items():
                found.setdefault(record.feature, {}).setdefault(case, record)
        return {feature: tuple(of.values()) for feature, of in found.items()}

    @property
    def oracle(self) -> str:
        return title(self.implementations[0].run.header.oracle)

    def cell(self, implementation: Implementation, feature: str, level: Level) -> Cell:
        return implementation.report.cell(level, feature)

    def differs(self, feature: str) -> bool:
        """Whether some implementation fails a case of a feature."""
        cells = [self.cell(each, feature, level) for each in self.implementations for level in LEVELS]
        return any(cell.failed for cell in cells)

    def asked(self, case: str) -> Asked | None:
        """The program that most implementations ran as the case's example; None if no example was kept."""
        examples = {each.key: outcome.example for each in self.implementations if (outcome := _outcome(each, case))}
        kept = {key: example for key, example in examples.items() if example is not None}
        if not kept:
            return None
        digests = [example.program.digest for example in kept.values()]
        digest = max(dict.fromkeys(digests), key=digests.count)
        alike = {key: each for key, each in kept.items() if each.program.digest == digest}
        program = next(iter(alike.values())).program
        return Asked(program, _steps(self, program, alike))

    def parted(self, case: str) -> tuple[Parted, ...]:
        """The smallest programs at which implementations part from the oracle, each with all that do so alike."""
        found: dict[tuple[str, str], tuple[Program, Difference, list[tuple[str, Difference]]]] = {}
        for each in self.implementations:
            told = each.case(case)
            for levels, finding in told.findings[:1] if told else ():
                first = first_of(levels, finding)
                if first is not None:
                    key = finding.program.digest, first.oracle
                    found.setdefault(key, (finding.program, first, []))[2].append((each.title, first))
        return tuple(
            Parted(program, " of ".join(filter(None, (first.facet, first.name))), first.oracle, tuple(others))
            for program, first, others in found.values()
        )


def _outcome(implementation: Implementation, case: str) -> Outcome | None:
    return implementation.run.outcomes.get(case)


def _steps(site: Site, program: Program, examples: dict[str, Finding]) -> tuple[Step, ...]:
    facets = _common_facets(site)
    oracle = next((each.oracle for each in examples.values() if each.oracle is not None), None)
    expected = _side(Finding(program=program, subject=oracle, verdict=_NOTHING), facets)
    sides = {site.oracle: expected}
    for each in site.implementations:
        example = examples.get(each.key)
        if example is not None:
            # What differs from the oracle by accepted rounding is the same answer.
            passes = example.verdict.status == "PASS"
            sides[each.title] = expected if passes else _side(example, facets, example.verdict.reason or "no answer")
    found = []
    for index, text in enumerate(lines(program)):
        told: dict[_Shown, list[str]] = {}
        for who, side in sides.items():
            told.setdefault(side.get(index, side.get(-1, _Shown(()))), []).append(who)
        answers = tuple(
            Answer(tuple(who), shown.texts, "oracle" if site.oracle in who else "other" if shown.ran else "lacking")
            for shown, who in told.items()
        )
        if any(answer.texts for answer in answers):
            found.append(Step(index, text, answers))
    return tuple(found)


def _common_facets(site: Site) -> tuple[str, ...]:
    """What every implementation can observe: of anything else, not to show it would look like another answer."""
    seen = [set(each.run.header.subject.facets or FACETS) for each in site.implementations]
    return tuple(facet for facet in FACETS if all(facet in facets for facets in seen))


@dataclass(frozen=True)
class _Shown:
    """What a trace shows at a step."""

    texts: tuple[str, ...]
    ran: bool = True


def _side(finding: Finding, facets: Sequence[str], silent: str = "") -> dict[int, _Shown]:
    """What a subject's trace shows at every step; at -1, what to say of the steps that it did not answer."""
    # Without its differences: a row then holds all that was seen, and not what differs apart from the rest.
    bare = Finding(program=finding.program, subject=finding.subject, verdict=_NOTHING)
    if finding.subject is None:
        return {-1: _Shown((printable(silent),))}
    ran = [step.outcome not in ("unsupported", "blocked") for step in finding.subject.steps]
    return {
        row.index: _Shown(_texts(row.subject), ran[row.index])
        for row in rows(bare, None, facets)
        if row.subject is not None
    }


def _texts(facts: Sequence[Fact]) -> tuple[str, ...]:
    """Facts as lines of text."""
    found = []
    for fact in facts:
        head = {"returned": "→", "tensor": fact.name, "state": ""}.get(fact.kind, f"{fact.kind} {fact.name}".strip())
        line = " ".join(filter(None, (head, *(each.text for each in fact.fields))))
        if line:
            found.append(printable(line))
        for inner in fact.inside:
            found += [f"  {line}" for line in _texts(inner.facts)]
    return tuple(found)
