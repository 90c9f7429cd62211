"""Many implementations, one after another: each is run on the whole suite, and all are set side by side.

A survey takes hours, and some library of twelve crashes, hangs or is not installed. So each is run by a process of its own,
in parts (shards), and every part that is complete is kept: a survey that was ended goes on where it was, and what one
subject does is nothing to the others. What came to its end is joined, and is in the site; of a subject whose time was over
that is some of the parts, and it is said how many.
"""

from __future__ import annotations

import contextlib
import fcntl
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

from conformance import journal
from conformance.journal import Description, Run, RunFileError
from conformance.report import write_reports
from conformance.running import interrupts
from conformance.running.launch import AS_EXPECTED, NOT_AS_EXPECTED, CannotRun, select
from conformance.running.oracles import chosen, open_oracle
from conformance.running.session import Plan, folder_of
from conformance.runs.shards import join
from conformance.subjects import SubjectError, javascript, open_subject
from conformance.subjects.libraries import LIBRARIES
from conformance.version import torchstone_version

LOG = "log.txt"
"""What a part printed, beside its run.jsonl."""

LOCK = ".lock"
"""The file in the output folder that a survey holds."""

GRACE = 30.0
"""Seconds that a part has to write down what it has, once its time is over."""


def known() -> tuple[str, ...]:
    """The subjects that a survey is of if none is named."""
    return ("numtorch", *LIBRARIES, *javascript.LIBRARIES)


@dataclass(frozen=True)
class Survey:
    """What is to be run, and where it is kept."""

    subjects: tuple[str, ...]
    output: Path
    oracle: str = ""
    selection: str = ""
    seed: int = 0
    max_examples: int | None = None
    workers: str = "0"
    parts: int = 10
    """How many parts each run is done in: the more, the less is lost when it is ended, and the more often it is begun."""
    minutes: float | None = None
    """How long each subject may take; a later survey with the same folder goes on."""


@dataclass(frozen=True)
class Surveyed:
    """What became of one subject."""

    subject: str
    described: Description | None = None
    """None if it cannot be opened."""
    path: Path | None = None
    """The run, if any part of it came to its end."""
    trouble: str = ""
    """Why it is not, or not all of it."""
    complete: bool = False
    interrupted: bool = False
    """Whether the survey was ended here."""


Told = Callable[[str, int, int], None]
"""Is told of a subject's progress: its name, and how many parts of how many are done."""


def survey(plan: Survey, told: Told = lambda subject, done, of: None) -> Iterator[Surveyed]:
    """Runs every subject, and yields what became of each, until Ctrl-C (or SIGTERM) ends it.

    Raises CannotRun if nothing is selected or another survey writes into the folder, and SubjectUnavailable if there is no such
    oracle; of a subject, nothing.
    """
    with _alone_in(plan.output) as lock:
        yield from _survey(plan, told, lock)


def _survey(plan: Survey, told: Told, lock: int) -> Iterator[Surveyed]:
    oracle = chosen(plan.oracle)
    answers = open_oracle(oracle)
    against = answers.describe()
    answers.close()
    run = Plan(plan.subjects, plan.output, oracle=oracle)
    cases = len(select(plan.subjects[:1], plan.selection, oracle=oracle))
    if not cases:
        raise CannotRun(f"no case matches -k {plan.selection!r}; `torchstone list` shows them")
    plan = replace(plan, parts=min(plan.parts, cases))
    for subject in dict.fromkeys(plan.subjects):
        try:
            opened = open_subject(subject)
            described = opened.describe()
            opened.close()
        except SubjectError as error:
            yield Surveyed(subject, trouble=str(error).removeprefix("torchstone: "))
            continue
        with interrupts.taken():
            ended = _Subject(plan, subject, described, against, run, told, lock).run()
        yield ended
        if ended.interrupted:
            return


@dataclass
class _Subject:
    """The run of one subject."""

    plan: Survey
    subject: str
    described: Description
    oracle: Description
    whole: Plan
    """The run of everything."""
    told: Told
    lock: int
    began: float = field(default_factory=time.monotonic)

    @property
    def folder(self) -> Path:
        return self.plan.output / folder_of(self.subject)

    def run(self) -> Surveyed:
        whole = self.folder / "run.jsonl"
        if self._kept(whole, ""):
            self.told(self.subject, self.plan.parts, self.plan.parts)
            return Surveyed(self.subject, self.described, whole, complete=True)
        done: list[Path] = []
        trouble, interrupted = "", False
        try:
            for number in range(1, self.plan.parts + 1):
                shard = f"{number}/{self.plan.parts}" if self.plan.parts > 1 else ""
                path = self.folder / "parts" / f"{number}-of-{self.plan.parts}" / "run.jsonl"
                if not self._kept(path, shard):
                    trouble = self._run_part(path.parent, shard)
                if trouble:
                    break
                done.append(path)
                self.told(self.subject, number, self.plan.parts)
        except KeyboardInterrupt:
            trouble, interrupted = "interrupted", True
        if not done:
            return Surveyed(self.subject, self.described, trouble=trouble, interrupted=interrupted)
        complete = len(done) == self.plan.parts
        order = [case.id for case in self.whole.catalogue()]
        run = join(done, whole, order, in_turn=True) if self.plan.parts > 1 else _moved(done[0], whole)
        write_reports(whole, self.folder, run)
        if complete:
            shutil.rmtree(self.folder / "parts")
        return Surveyed(self.subject, self.described, whole, trouble, complete, interrupted)

    def _kept(self, path: Path, shard: str) -> bool:
        """Whether a run is there, came to its end, and is the one that would be done now."""
        try:
            run = journal.read(path, programs=False)
        except (OSError, RunFileError):
            return False
        header = run.header
        return not run.interrupted and (
            (header.torchstone, header.suite, header.seed, header.selection, header.shard)
            == (torchstone_version(), self.whole.suite(), self.plan.seed, self.plan.selection, shard)
            and (header.subject.name, header.subject.version) == (self.described.name, self.described.version)
            and (header.oracle.name, header.oracle.version) == (self.oracle.name, self.oracle.version)
            and header.oracle.notes.get("recorded") == self.oracle.notes.get("recorded")
            and self.plan.max_examples in (None, header.max_examples)
        )

    def _run_part(self, folder: Path, shard: str) -> str:
        """Runs a part by a process of its own; what went wrong, or nothing."""
        plan = self.plan
        left = None if plan.minutes is None else plan.minutes * 60 - (time.monotonic() - self.began)
        if left is not None and left <= 0:
            return self._over()
        command = [sys.executable, "-m", "conformance", "run", self.subject, "--output", str(folder), "--no-shrink"]
        command += [f"--oracle={plan.oracle}", f"--seed={plan.seed}", "-k", plan.selection, "-n", plan.workers]
        command += [f"--shard={shard}"] if shard else []
        command += [f"--max-examples={plan.max_examples}"] if plan.max_examples else []
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / LOG).open("wb") as log, _started(command, log, self.lock) as process:
            try:
                code = process.wait(left)
            except subprocess.TimeoutExpired:
                return self._over()
        if code in (AS_EXPECTED, NOT_AS_EXPECTED):
            return ""
        lines = (folder / LOG).read_text("utf-8", "replace").strip().splitlines()
        return f"{lines[-1] if lines else f'the run ended with {code}'} (see {folder / LOG})"

    def _over(self) -> str:
        return f"{self.plan.minutes:g} minutes were over"


@contextlib.contextmanager
def _alone_in(folder: Path) -> Iterator[int]:
    """Holds a folder's lock: two that write the same parts would leave a mixture of both, which nothing tells from a run."""
    folder.mkdir(parents=True, exist_ok=True)
    # The system gives it back when the last process that has it open ends, however that was; the file says nothing.
    with (folder / LOCK).open("wb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CannotRun(f"another survey writes into {folder}; wait for it, or give another --output") from error
        yield file.fileno()


@contextlib.contextmanager
def _started(command: Sequence[str], log: IO[bytes], lock: int) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is not there any more afterwards."""
    # A group of its own: Ctrl-C is to reach it once, and from here. It holds the lock as well: if this process is killed, it
    # goes on writing.
    process = subprocess.Popen(command, stdout=log, stderr=log, process_group=0, pass_fds=[lock])
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(GRACE)
            except (subprocess.TimeoutExpired, KeyboardInterrupt):
                process.kill()
                process.wait()


def _moved(path: Path, into: Path) -> Run:
    path.replace(into)
    return journal.read(into, programs=False)
