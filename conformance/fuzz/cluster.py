"""A campaign on many machines, by Dask: the programs go out in batches, findings come back and are one where they are alike.

A batch is the numbers of its programs, and what is drawn depends on the seed and the number alone; so a batch whose worker
died is done again by another, and the result is the same as if none had died. A worker needs torchstone, the oracle and the
subject installed, and nothing of the coordinator's files: findings travel as their contents. (Rejected: findings on a shared
disk. Most clusters of borrowed machines have none.)
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from conformance.fuzz.findings import Store
from conformance.fuzz.worker import Tally, Worker
from conformance.running.session import import_from_here
from conformance.subjects import open_subject

BATCH = 100
"""Programs that go to a worker at once: some seconds of work, which is what is lost when it dies."""

AHEAD = 3
"""Batches that are sent out for every worker: none waits for the coordinator, and little is left to do after the last."""

PATIENCE = 20.0
"""Seconds in which a scheduler has to answer."""

LOCAL = "local"
"""The address that stands for a cluster on this machine."""

_opened: dict[tuple[str, str], tuple[Any, Any]] = {}
"""The sides that this process of a cluster has opened. They stay open: opening them costs seconds."""


class NoCluster(Exception):
    """There is no cluster to work with. The text says what to do."""


def batch(
    subject: str, against: str, seed: int, first: int, count: int, known: tuple[str, ...], stats: bool
) -> tuple[Tally, dict[str, dict[str, bytes]]]:
    """What a worker of the cluster does: some programs, on sides that stay open. Returns what was counted and found.

    `known` are the names of findings that are not to be made small again.
    """
    import_from_here()
    sides = subject, against
    if sides not in _opened:
        _opened[sides] = open_subject(subject), open_subject(against)
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        for name in known:
            (store.folder / name).mkdir()
        worker = Worker(*_opened[sides], store, seed, stats=stats)
        for index in range(first, first + count):
            tally.add(worker.run(index))
        return tally, store.packed()


@contextmanager
def cluster(address: str, workers: int) -> Iterator[Any]:
    """A client of the scheduler at an address, or of one on this machine. Raises NoCluster."""
    try:
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise NoCluster("--scheduler needs Dask: pip install distributed") from error
    if address == LOCAL:
        # Processes and not threads: a side is one process that answers one question at a time.
        started = LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None)
        with started, Client(started) as client:
            yield client
        return
    try:
        client = Client(address, timeout=PATIENCE)
    except (OSError, ValueError, TimeoutError) as error:
        raise NoCluster(f"no scheduler answers at {address}: {error}") from error
    with client:
        yield client


def share(
    client: Any,
    sides: tuple[str, str],
    seed: int,
    programs: Iterator[tuple[int, int]],
    store: Store,
    stats: bool,
    take: Callable[[Tally], None],
) -> None:
    """Sends the batches out, first number and count of each, and takes what comes back until there are no more."""
    from distributed import as_completed

    def send() -> Any:
        first, count = next(programs)
        known = tuple(folder.name for folder in store.folder.glob("*"))
        return client.submit(batch, *sides, seed, first, count, known, stats, pure=False, retries=2)

    ahead = AHEAD * max(1, sum(client.nthreads().values()))
    waiting = as_completed()
    for _ in range(ahead):
        try:
            waiting.add(send())
        except StopIteration:
            break
    for future in waiting:
        tally, found = future.result()
        store.take(found)
        take(tally)
        try:
            waiting.add(send())
        except StopIteration:
            continue
