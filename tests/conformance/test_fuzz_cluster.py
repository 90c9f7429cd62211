"""A campaign on a Dask cluster: a real scheduler and workers on the loopback, of which one is killed in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.fuzz import Campaign, NoCluster, Result, cluster as on_cluster, run

from .test_fuzz import NEGATING

distributed = pytest.importorskip("distributed", reason="distributed is not installed")

ROOT = Path(__file__).parents[2]
PROGRAMS = 100
BATCH = 20
"""Few enough that several are on their way when a worker is killed."""


@pytest.fixture
def negating(workshop: Path) -> str:
    (workshop / "negating.py").write_text(NEGATING)
    return "negating"


class Cluster:
    """A scheduler and two workers, processes of their own."""

    def __init__(self, folder: Path) -> None:
        self.environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(map(str, (folder, ROOT, ROOT / "impl"))),
            "DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "10s",
        }
        self.folder = folder
        file = folder / "scheduler.json"
        self.processes = [self.start("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file))]
        self.file = file
        self.workers = [self.start("worker", "--scheduler-file", str(file), *WORKER) for _ in range(2)]
        self.processes += self.workers

    def start(self, what: str, *arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.dask_{what}", "--no-dashboard", *arguments],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    @property
    def address(self) -> str:
        with distributed.Client(scheduler_file=str(self.file), timeout=60) as client:
            client.wait_for_workers(2, timeout=60)
            return str(client.scheduler.address)

    def close(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()


WORKER = ("--no-nanny", "--nthreads", "1", "--host", "127.0.0.1")


@pytest.fixture
def cluster(workshop: Path) -> Iterator[Cluster]:
    started = Cluster(workshop)
    yield started
    started.close()


def campaign(output: Path, listen: object = lambda result: None, **options: object) -> Result:
    given = {"against": "numtorch", "programs": PROGRAMS, "output": output, **options}
    return run(Campaign("negating", **given), listen)  # type: ignore[arg-type]


def test_what_a_killed_worker_had_is_done_by_another(
    negating: str, cluster: Cluster, workshop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(on_cluster, "BATCH", BATCH)
    address, killed = cluster.address, []

    def kill_one(result: Result) -> None:
        if result.tally.programs and not killed:
            killed.append(cluster.workers[0].pid)
            os.kill(cluster.workers[0].pid, signal.SIGKILL)

    spread = campaign(workshop / "spread", kill_one, scheduler=address)
    alone = campaign(workshop / "alone")
    assert killed
    assert spread.tally.programs == alone.tally.programs == PROGRAMS
    assert spread.tally.statuses == alone.tally.statuses
    assert spread.tally.causes == alone.tally.causes
    assert {cause.slug for cause in spread.found} == {cause.slug for cause in alone.found}
    assert spread.found
    for cause in spread.found:
        assert (workshop / "spread/findings" / cause.slug / "reproducer.py").exists()


def test_a_scheduler_that_does_not_answer_is_said(
    negating: str, workshop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(on_cluster, "PATIENCE", 1.0)
    with pytest.raises(NoCluster, match=r"no scheduler answers at tcp://127\.0\.0\.1:9"):
        campaign(workshop / "nowhere", scheduler="tcp://127.0.0.1:9")
