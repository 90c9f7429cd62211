"""A run, apart from who schedules it: what one process of it does (`Worker`), and what happens once (`Controller`)."""

from __future__ import annotations

import datetime
import functools
import hashlib
import os
import re
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from conformance import journal
from conformance.collection import uncollected
from conformance.journal import Description, Footer, Header, Journal, Outcome, Run
from conformance.judging.judge import judge
from conformance.running import expected
from conformance.running.expected import Expectations
from conformance.running.oracles import corpus, is_recorded, open_oracle
from conformance.running.runner import Case, CaseCannotRun, Described, Settings, record_of, run_case
from conformance.running.timing import Clock
from conformance.runs import history
from conformance.runs.shards import Shard, durations, split
from conformance.subjects import Subject, open_subject
from conformance.version import torchstone_version


@dataclass(frozen=True)
class Plan:
    """What is to be run, and where it is written."""

    subjects: tuple[str, ...]
    output: Path
    settings: Settings = field(default_factory=Settings)
    profile: str = "default"
    isolate: bool = True
    selection: str = ""
    cases: tuple[str, ...] = ()
    """Modules, files or folders with cases of the user's own, beside those of the catalogue."""
    expectations: tuple[Path, ...] = ()
    """Folders that say what the subjects are known to fail, instead of what this package says of them."""
    shard: Shard | None = None
    """Which part of the run this is, if machines share it."""
    durations: Path | None = None
    """A run that says how long each case took, for the shards to be of equal length."""
    oracle: str = "torch"
    """What is compared with, as `oracles.chosen` says it."""

    def split(self, cases: Sequence[str]) -> tuple[str, Sequence[str]]:
        """Which of some cases are this shard's, and the digest of the split. Raises MoreShardsThanCases and a RunFileError."""
        if self.shard is None:
            return "", cases
        seconds = durations(self.durations) if self.durations else {}
        spread = split(cases, self.shard.of, seconds)
        return spread.digest, spread.parts[self.shard.index - 1]

    def catalogue(self) -> Sequence[Described]:
        """The cases to choose from: those of this package and the user's own, or those that were recorded."""
        if not is_recorded(self.oracle):
            return all_cases(self.cases)
        return tuple(corpus(self.oracle).cases.values())

    def suite(self) -> str:
        """The digest of the catalogue."""
        return corpus(self.oracle).head.suite if is_recorded(self.oracle) else suite_digest(all_cases(self.cases))

    def directory(self, subject: str) -> Path:
        """Where the run of a subject and its reports are: a folder for each, if there are several."""
        return self.output if len(self.subjects) == 1 else self.output / folder_of(subject)

    def path(self, subject: str) -> Path:
        """The run.jsonl of a subject."""
        return self.directory(subject) / "run.jsonl"

    def expected(self, subject: Description) -> Expectations:
        """What a subject is known to fail. Raises an ExpectationError."""
        ids = dict.fromkeys(case.id for case in self.catalogue())
        if is_recorded(self.oracle):
            ids |= dict.fromkeys(corpus(self.oracle).head.sources)  # a part of a corpus knows of what was left out
        return expected.read(subject.name, subject.version, ids, self.expectations)


def folder_of(subject: str) -> str:
    """What the folder of a subject is called, among those of others."""
    return re.sub(r"[^\w.-]+", "-", subject)


def import_from_here() -> None:
    """Makes modules in the current folder importable, as ``python -m`` does; xdist's workers do not inherit it."""
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())


@functools.cache
def all_cases(extra: tuple[str, ...] = ()) -> tuple[Case, ...]:
    """The catalogue, in its order, and the cases of the modules, files and folders in `extra`."""
    from conformance.cases import catalogue

    return tuple(catalogue(extra).values())


def suite_digest(cases: Sequence[Case]) -> str:
    """What tells one catalogue from another: of every case's id, and of the file that it stands in, or else its source.

    Of the file and not of the case alone, since a case may call what stands beside it; and Python finds 1,600 functions in
    their files in a second, which every run would wait for.
    """
    digest = hashlib.sha256()
    files: dict[str, bytes | None] = {}
    for case in sorted(cases, key=lambda case: case.id):
        digest.update(f"{case.id}\n".encode())
        if case.file not in files:
            files[case.file] = _text(case.file)
        if files[case.file] is None:
            digest.update(f"{case.source}\n".encode())
    for text in files.values():
        digest.update(text or b"")
    return digest.hexdigest()[:16]


def _text(name: str) -> bytes | None:
    """What is in a file, if there is one of that name, however its lines end."""
    try:
        return Path(name).read_bytes().replace(b"\r\n", b"\n") if name else None
    except OSError:
        return None


class Worker:
    """What one process of a run does: cases, one after the other, on subjects that stay open."""

    def __init__(self, plan: Plan, name: str, opened: Mapping[str, Subject] | None = None) -> None:
        """`opened` are subjects that are open already, by their names."""
        self.plan, self.name = plan, name
        self.clock = Clock()
        self._oracle: Subject | None = None
        self._subjects: dict[str, Subject] = {}
        self._opened = dict(opened or {})
        self._expected: dict[str, Expectations] = {}
        self._journals: dict[str, Journal] = {}

    def run(self, case: Described, subject: str) -> Outcome:
        """Runs a case on a subject. Raises CaseCannotRun if the harness itself is at fault."""
        shard = self._journal(subject)
        try:
            if self._oracle is None:
                self._oracle = open_oracle(self.plan.oracle)
            if subject not in self._subjects:
                opened = self._opened.pop(subject, None)
                self._subjects[subject] = opened or open_subject(subject, isolate=self.plan.isolate)
                self._expected[subject] = self.plan.expected(self._subjects[subject].describe())
            asked, known = self._subjects[subject], self._expected[subject]
            return run_case(case, asked, self._oracle, judge, self.plan.settings, shard, self.clock, known)
        except Exception as error:
            why = error.why if isinstance(error, CaseCannotRun) else error
            shard.write(not_run(case, why))
            raise CaseCannotRun(case.id, why) from why

    def _journal(self, subject: str) -> Journal:
        if subject not in self._journals:
            self._journals[subject] = journal.shard(self.plan.path(subject), self.name)
        return self._journals[subject]

    def close(self) -> None:
        """Ends the subjects, and leaves in the shard where the time went."""
        shares = {what: round(seconds, 3) for what, seconds in self.clock.shares.items()}
        for shard in self._journals.values():
            shard.write(Footer(cases=0, programs=0, counts={}, unexpected=0, shares=shares))
            shard.close()
            shares = {}
        for opened in (*self._subjects.values(), *([self._oracle] if self._oracle else [])):
            opened.close()


def not_run(case: Described, why: BaseException) -> Outcome:
    """The outcome of a case that the harness could not run: nothing is said about the subject."""
    return Outcome(
        case=case.id,
        status="BLOCKED",
        expected=False,
        programs=0,
        counts={},
        reason=f"harness error: {type(why).__name__}: {why}",
    )


class Controller:
    """What happens once in a run: the header before it, the merging of the shards and the reports after it."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.runs: dict[str, Run] = {}

    def begin(self, described: Mapping[str, Description]) -> None:
        """Writes the header of every subject's run. Raises what opening a subject raises.

        Whoever has just asked the subjects what they are says so: to ask again takes a process of each.
        """
        # The subjects first: what is wrong with one is said before PyTorch is imported.
        subjects = {name: described.get(name) or self._asked(name) for name in self.plan.subjects}
        answers = open_oracle(self.plan.oracle)
        answering = answers.describe()
        answers.close()
        if not self.plan.settings.shrink:
            notes = {**answering.notes, "failing programs": "not made smaller"}
            answering = msgspec.structs.replace(answering, notes=notes)
        for name, subject in subjects.items():
            header = Header(
                torchstone=torchstone_version(),
                subject=subject,
                oracle=answering,
                seed=self.plan.settings.seed,
                profile=self.plan.profile,
                max_examples=self.plan.settings.max_examples,
                suite=self.plan.suite(),
                selection=self.plan.selection,
                shard=str(self.plan.shard or ""),
                started=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            )
            journal.begin(self.plan.path(name), header)

    def _asked(self, name: str) -> Description:
        subject = open_subject(name, isolate=self.plan.isolate)
        try:
            return subject.describe()
        finally:
            subject.close()

    @uncollected(kept=True)
    def finish(
        self, selected: Collection[str], *, interrupted: bool, seconds: float, splits: Mapping[str, str] | None = None
    ) -> None:
        """Merges what the processes wrote, and writes the reports. `selected` holds ``subject-case`` of what was to run,
        `splits` by subject how the cases were spread over machines."""
        # Here, as one process of a run needs it, and to import it takes a tenth of a second.
        from conformance.report import write_reports

        for name in self.plan.subjects:
            cases = [record_of(case) for case in self.plan.catalogue() if f"{name}-{case.id}" in selected]
            path = self.plan.path(name)
            self.runs[name] = journal.merge(
                path, cases, interrupted=interrupted, seconds=round(seconds, 3), split=(splits or {}).get(name, "")
            )
            history.append(path.parent, self.runs[name])
            write_reports(path, self.plan.directory(name), self.runs[name])

    def lines(self) -> Iterator[str]:
        """What to tell the user at the end."""
        for name, run in self.runs.items():
            if run.interrupted:
                yield f"torchstone: {name}: the run was interrupted"
            yield f"torchstone: {name}: report in {self.plan.directory(name) / 'index.html'}"
