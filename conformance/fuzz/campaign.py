"""A campaign: processes that share the programs of a seed, and what they report."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import queue
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from conformance.fuzz import cluster
from conformance.fuzz.findings import Found, Store
from conformance.fuzz.worker import Tally, Worker
from conformance.journal import Description
from conformance.report.causes import Cause
from conformance.running.databases import opened as opened_database
from conformance.running.session import import_from_here
from conformance.subjects import open_subject
from conformance.subjects.opening import require_oracle
from conformance.version import torchstone_version

EVERY = 0.5
"""Seconds between two reports of a process."""


@dataclass(frozen=True)
class Campaign:
    """What is to be done."""

    subject: str
    against: str = "torch"
    """What answers are compared with: PyTorch, or another subject."""
    programs: int | None = None
    """How many programs; None for no limit."""
    minutes: float | None = None
    seed: int = 0
    workers: int = 1
    output: Path = Path("reports/fuzz")
    start: int | None = None
    """The number of the first program; None to go on behind those that earlier campaigns of this seed did."""
    stats: bool = False
    database: tuple[str, ...] = ()
    """Names of example databases (`databases.py`): failing programs are kept there, and those kept there are tried first."""

    scheduler: str = ""
    """The address of a Dask scheduler whose workers do the programs, or ``local``; empty for processes of this machine."""

    @property
    def store(self) -> Store:
        return Store(self.output / "findings")

    @property
    def record(self) -> Path:
        return self.output / "campaign.json"


@dataclass
class Result:
    """What came out."""

    campaign: Campaign
    start: int
    tally: Tally = field(default_factory=Tally)
    seconds: float = 0.0
    interrupted: bool = False
    found: dict[Cause, Found] = field(default_factory=dict)
    """The findings that hold: those of this campaign, and those of earlier ones that were replayed and still fail."""
    gone: list[Found] = field(default_factory=list)
    """Findings of earlier campaigns that no longer fail."""
    described: tuple[Description, Description] | None = None
    """The subject and the oracle, as they describe themselves."""
    died: int = 0
    """Processes of the campaign itself that ended and were replaced."""
    reducing: dict[int, Cause] = field(default_factory=dict)
    """The finding that each process makes small now, which takes a minute or more where each try ends a process."""


class _Record(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """campaign.json: how far each seed was drawn, for a subject and an oracle of some versions."""

    sides: str
    done: dict[str, int] = {}


Listener = Callable[[Result], None]


def run(campaign: Campaign, listen: Listener = lambda result: None) -> Result:
    """Runs a campaign to its end, or until Ctrl-C. `listen` is told of every report.

    Raises SubjectUnavailable, DatabaseUnavailable, or NoCluster.

    What earlier campaigns left in the folder is replayed first, and what no longer fails is said to be gone.
    """
    began = time.monotonic()
    import_from_here()
    opened_database(campaign.database)
    if campaign.against == "torch":
        require_oracle()
    with contextlib.ExitStack() as opened:
        worker = opened.enter_context(_opened(campaign))
        described = worker.subject.describe(), worker.oracle.describe()
        sides = " against ".join(f"{one.name} {one.version}" for one in described)
        record = _read(campaign, f"{sides}, torchstone {torchstone_version()}")
        start = campaign.start if campaign.start is not None else record.done.get(str(campaign.seed), 0)
        result = Result(campaign, start, described=described)
        try:
            _replay(worker, campaign, result, listen)
            _try_kept(worker, campaign, result, listen)
            opened.close()
            share = _share_with_cluster if campaign.scheduler else _share
            share(campaign, result, record, listen, began)
        except KeyboardInterrupt:
            result.interrupted = True
    result.seconds = time.monotonic() - began
    for found, _ in campaign.store.read():
        if found.cause in result.tally.causes:
            result.found[found.cause] = found
    _write(campaign, record, result)
    return result


def _read(campaign: Campaign, sides: str) -> _Record:
    try:
        record = msgspec.json.decode(campaign.record.read_bytes(), type=_Record)
    except (FileNotFoundError, msgspec.DecodeError):
        return _Record(sides)
    return record if record.sides == sides else _Record(sides)


def _write(campaign: Campaign, record: _Record, result: Result) -> None:
    done = result.start + result.tally.programs
    record.done[str(campaign.seed)] = max(done, record.done.get(str(campaign.seed), 0))
    campaign.output.mkdir(parents=True, exist_ok=True)
    part = campaign.record.with_suffix(".part")
    part.write_bytes(msgspec.json.encode(record))
    os.replace(part, campaign.record)


def _replay(worker: Worker, campaign: Campaign, result: Result, listen: Listener) -> None:
    for found, program in list(campaign.store.read()):
        if worker.still(found, program):
            result.found[found.cause] = found
        else:
            result.gone.append(found)
            campaign.store.remove(found.cause)
        listen(result)


def _try_kept(worker: Worker, campaign: Campaign, result: Result, listen: Listener) -> None:
    """The programs that the database keeps: what somebody else found, or an earlier run in another folder."""
    for program in worker.kept():
        tally = worker.take(program)
        result.tally.causes.update(tally.causes)
        listen(result)


def _opened(campaign: Campaign) -> contextlib.closing[Worker]:
    """A worker with both sides in processes of their own: neither may take the campaign with it. Raises SubjectUnavailable."""
    with ThreadPoolExecutor() as threads:
        subject, oracle = threads.map(open_subject, (campaign.subject, campaign.against))
    return contextlib.closing(
        Worker(
            subject,
            oracle,
            campaign.store,
            campaign.seed,
            stats=campaign.stats,
            database=opened_database(campaign.database),
        )
    )


# ------------------------------------------------------------------------------------------------------------ processes


@dataclass
class _Report:
    """What a process of the campaign says of itself."""

    number: int
    next: int
    """The program that it runs next."""
    tally: Tally
    """What it counted since its last report."""
    finished: bool = False
    reducing: Cause | None = None


@dataclass
class _Process:
    process: Any
    next: int
    """The program that it was to run next, at its last report."""


def _share(campaign: Campaign, result: Result, record: _Record, listen: Listener, began: float) -> None:
    # Processes are spawned and not forked: what the parent imported (threads of PyTorch among it) does not survive a fork.
    context = multiprocessing.get_context("spawn")
    reports: Any = context.Queue()
    stop = context.Event()
    end = None if campaign.programs is None else result.start + campaign.programs
    deadline = None if campaign.minutes is None else time.time() + campaign.minutes * 60

    def spawn(number: int, first: int) -> _Process:
        arguments = (campaign, number, first, end, deadline, reports, stop)
        process = context.Process(target=_work, args=arguments, daemon=True)
        process.start()
        return _Process(process, first)

    processes = {number: spawn(number, result.start + number) for number in range(campaign.workers)}
    try:
        while processes:
            try:
                report: _Report = reports.get(timeout=1.0)
            except queue.Empty:
                for number, one in list(processes.items()):
                    if not one.process.is_alive():
                        # Its program is passed over: whatever ended the process would end the next one, too.
                        result.died += 1
                        result.reducing.pop(number, None)
                        processes[number] = spawn(number, one.next + campaign.workers)
                continue
            result.tally.add(report.tally)
            result.seconds = time.monotonic() - began
            processes[report.number].next = report.next
            result.reducing.pop(report.number, None)
            if report.reducing is not None:
                result.reducing[report.number] = report.reducing
            if report.finished:
                processes.pop(report.number).process.join()
            listen(result)
            _write(campaign, record, result)
    finally:
        stop.set()
        for one in processes.values():
            one.process.join(timeout=10)
            if one.process.is_alive():
                one.process.kill()


def _share_with_cluster(campaign: Campaign, result: Result, record: _Record, listen: Listener, began: float) -> None:
    end = None if campaign.programs is None else result.start + campaign.programs
    deadline = None if campaign.minutes is None else time.monotonic() + campaign.minutes * 60

    def batches() -> Iterator[tuple[int, int]]:
        first = result.start
        while (end is None or first < end) and (deadline is None or time.monotonic() < deadline):
            count = cluster.BATCH if end is None else min(cluster.BATCH, end - first)
            yield first, count
            first += count

    def take(tally: Tally) -> None:
        result.tally.add(tally)
        result.seconds = time.monotonic() - began
        listen(result)
        _write(campaign, record, result)

    with cluster.cluster(campaign.scheduler, campaign.workers) as client:
        sides = campaign.subject, campaign.against
        cluster.share(client, sides, campaign.seed, batches(), campaign.store, campaign.stats, take)


def _work(
    campaign: Campaign, number: int, first: int, end: int | None, deadline: float | None, reports: Any, stop: Any
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which tells the others to stop
    import_from_here()
    parent = os.getppid()
    index, last, tally = first, time.monotonic(), Tally()

    def reducing(cause: Cause) -> None:
        reports.put(_Report(number, index, Tally(), reducing=cause))

    with _opened(campaign) as worker:
        worker.reducing = reducing
        while (end is None or index < end) and not stop.is_set():
            if (deadline is not None and time.time() >= deadline) or os.getppid() != parent:
                break
            tally.add(worker.run(index))
            index += campaign.workers
            if time.monotonic() - last >= EVERY:
                reports.put(_Report(number, index, tally))
                last, tally = time.monotonic(), Tally()
    reports.put(_Report(number, index, tally, finished=True))
