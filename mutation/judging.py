"""Whether what a mutant does is wrong: a process that has PyTorch, and numtorch as it is.

Nearly all that nearly all mutants do is what numtorch does, which says nothing. Only where a trace is another one the judge is
asked, and PyTorch runs the program. So nothing is computed that no mutant needs, and what shows a mutant is remembered for the
next. (Rejected: PyTorch's answers to all programs beforehand, with every replay that a judge could ask for. They took longer
than the mutants of a sample.)
"""

from __future__ import annotations

import contextlib
import math
import multiprocessing
import os
import signal
import socket
import tempfile
from collections.abc import Callable
from functools import lru_cache
from multiprocessing.connection import Connection
from typing import Protocol

from conformance.judging.judge import judge
from conformance.judging.verdict import Verdict
from conformance.program import Program
from conformance.subjects import Subject as Oracle, open_subject
from conformance.subjects.base import SubjectError
from conformance.trace import NotATrace, Trace
from mutation.reach import Subject

REMEMBERED = 4_000
"""Programs whose answers are remembered: some hundred megabytes."""


class Judge:
    """Asked by one mutant after the other, each by a connection of its own: it may end in the middle of a question."""

    def __init__(self, programs: list[bytes]) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="mutation-")
        self._address = os.path.join(self._folder.name, "judge")
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(self._address)
            listening.listen()
            self._process = multiprocessing.get_context("fork").Process(target=_serve, args=(listening, programs))
            self._process.start()

    def connect(self) -> Connection:
        """For one who asks."""
        with socket.socket(socket.AF_UNIX) as connecting:
            connecting.connect(self._address)
            return Connection(connecting.detach())

    def close(self) -> None:
        with contextlib.suppress(OSError), self.connect() as connection:
            connection.send_bytes(b"")
        self._process.join(10)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._folder.cleanup()


def ask(connection: Connection, number: int, trace: bytes) -> str:
    """How a trace of a program tells that it is a mutant's; empty if it does not."""
    connection.send_bytes(number.to_bytes(4, "little") + trace)
    return connection.recv_bytes().decode()


def _serve(listening: socket.socket, programs: list[bytes]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's, which ends this process
    # PyTorch in a process of its own: it does not survive every replay with other roundings (of mse_loss across, for one).
    told = telling(programs, open_subject("torch", isolate=True), Subject())
    while True:
        accepted, _ = listening.accept()
        with Connection(accepted.detach()) as connection, contextlib.suppress(EOFError, ConnectionError):
            while True:
                question = connection.recv_bytes()
                if not question:
                    return
                connection.send_bytes(told(int.from_bytes(question[:4], "little"), question[4:]).encode())


class Runs(Protocol):
    """What runs programs."""

    def run(self, program: Program) -> Trace: ...


def telling(programs: list[bytes], oracle: Oracle, numtorch: Runs) -> Callable[[int, bytes], str]:
    """What says how a trace of one of the programs tells that it is a mutant's; empty if it does not."""

    @lru_cache(REMEMBERED)
    def answer(number: int) -> tuple[Program, Trace | None]:
        program = Program.from_json(programs[number])
        try:
            return program, oracle.run(program)
        except SubjectError:
            return program, None

    @lru_cache(REMEMBERED)
    def until(number: int) -> float:
        """The step at which numtorch as it is differs: what comes before says as much as if it did not."""
        program, right = answer(number)
        assert right is not None
        at = differs_at(judge(program, right, numtorch.run(program), oracle))
        return math.inf if at is None else at

    def told(number: int, trace: bytes) -> str:
        program, right = answer(number)
        if right is None:
            return ""
        try:
            verdict = judge(program, right, Trace.from_json(trace), oracle)
        except NotATrace as error:
            return str(error)
        at = differs_at(verdict)
        if verdict.status in ("PASS", "INCONCLUSIVE") or (at or 0) >= until(number):
            return ""
        first = verdict.first
        how = verdict.reason if first is None else f"{first.facet} at step {'.'.join(map(str, first.step))}"
        return f"{verdict.status}: {how}"[:200]

    return told


def differs_at(verdict: Verdict) -> int | None:
    """The step at which a program differs, or nobody can say; None if it passes, 0 if no step is named."""
    if verdict.status == "PASS":
        return None
    return (verdict.at or 0) if verdict.first is None else verdict.first.step[0]
