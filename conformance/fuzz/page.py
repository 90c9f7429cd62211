"""The findings of a campaign as a page, index.html beside their folders: a report like that of a run, each cause a case."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from conformance.fuzz.campaign import Result
from conformance.fuzz.findings import Found
from conformance.journal import CaseRecord, Finding, Footer, Header, LevelOutcome, Outcome, Run
from conformance.judging.verdict import Verdict
from conformance.report.html import html
from conformance.report.model import Group, Report
from conformance.report.text import counted
from conformance.trace import LEVELS, Trace
from conformance.version import torchstone_version


@dataclass(frozen=True)
class CampaignReport(Report):
    """A report whose cases are what random programs found."""

    result: Result

    @property
    def headline(self) -> str:
        found, programs = len(self.result.found), counted(self.result.tally.programs, "random program")
        return f"{counted(found, 'finding')} in {programs}." if found else f"Nothing differs in {programs}."

    @property
    def expectation(self) -> str:
        statuses = self.result.tally.statuses.most_common()
        ending = " The campaign was interrupted." if self.result.interrupted else ""
        return ", ".join(f"{count:,} {status}" for status, count in statuses) + "." + ending

    @property
    def state(self) -> str:
        return "unexpected" if self.result.found else "expected"

    @property
    def drawn(self) -> str:
        return f"numbers {self.result.start:,} to {self.result.start + self.result.tally.programs - 1:,}"

    def amount(self, group: Group) -> str:
        return counted(sum(case.outcome.programs for case in group.cases if case.outcome), "program")


def write(result: Result) -> Path:
    """Writes the page of a campaign that has ended; what was found before and still differs is on it."""
    page = result.campaign.output / "index.html"
    part = page.with_suffix(".part")
    part.write_text(html(CampaignReport(_as_run(result), result)), encoding="utf-8", newline="\n")
    os.replace(part, page)
    return page


def _as_run(result: Result) -> Run:
    campaign, tally = result.campaign, result.tally
    assert result.described is not None
    subject, oracle = result.described
    cases = list(_cases(result))
    counts = dict(Counter(str(outcome.status) for _, outcome in cases))
    return Run(
        header=Header(
            torchstone=torchstone_version(),
            subject=subject,
            oracle=oracle,
            seed=campaign.seed,
            profile="random programs",
            max_examples=max(tally.programs, 1),
            suite="random",
        ),
        cases={record.id: record for record, _ in cases},
        outcomes={record.id: outcome for record, outcome in cases},
        footer=Footer(
            cases=len(cases),
            programs=tally.programs,
            counts=counts,
            unexpected=len(cases),
            seconds=round(result.seconds, 3),
            shares={what: millionths / 1e6 for what, millionths in tally.spent.items()},
        ),
    )


def _cases(result: Result) -> Iterator[tuple[CaseRecord, Outcome]]:
    """A case for each cause: the worst level first, and of each the most frequent."""
    store, tally = result.campaign.store, result.tally
    found = [one for one in store.read() if one[0].cause in result.found]
    found.sort(key=lambda one: (_rank(one[0]), -tally.causes[one[0].cause], one[0].cause.slug))
    for one, program in found:
        folder = store.folder / one.cause.slug
        record = CaseRecord(
            id=f"random/{one.cause.slug}",
            sentence=_sentence(one),
            source=(folder / "reproducer.py").read_text(encoding="utf-8"),
        )
        finding = Finding(
            program=program,
            oracle=_trace(folder / "oracle.json"),
            subject=_trace(folder / "subject.json"),
            verdict=_told(one),
        )
        times = max(tally.causes[one.cause], 1)
        status = one.verdict.status
        failing = {
            level: LevelOutcome(status=status, failing=times, finding=finding)
            for level in LEVELS
            if one.verdict.fails(level)
        }
        reason = one.verdict.reason
        yield (
            record,
            Outcome(
                case=record.id,
                status=status,
                expected=False,
                programs=times,
                counts={status: times},
                levels=failing,
                reason=reason,
            ),
        )


def _rank(found: Found) -> int:
    first = found.verdict.first
    return LEVELS.index(first.level) if first else -1


def _sentence(found: Found) -> str:
    wrong = found.adjudication is not None and found.adjudication.says == "oracle"
    return f"{'PyTorch is wrong: ' if wrong and found.oracle.startswith('torch') else ''}{found.cause}"


def _told(found: Found) -> Verdict:
    """The verdict, with what the slope says of a gradient in the note of the first difference."""
    first, judged = found.verdict.first, found.adjudication
    if first is None or judged is None or judged.says == "unjudged":
        return found.verdict
    told = msgspec.structs.replace(first, note="; ".join(filter(None, (first.note, str(judged)))))
    differences = tuple([told if one is first else one for one in found.verdict.differences])
    return msgspec.structs.replace(found.verdict, differences=differences)


def _trace(file: Path) -> Trace | None:
    return Trace.from_json(file.read_bytes()) if file.exists() else None
