"""Whether what a mutant does is wrong: a process that has PyTorch, and numtorch as it is.

Nearly all that nearly all mutants do is what numtorch does, which says nothing. Only where a trace is another one the judge is
asked. PyTorch's answer is what the corpus has recorded; where it has not, PyTorch runs the program. So nothing is computed that
no mutant needs, and what shows a mutant is remembered for the next. (Rejected: PyTorch's answers to all other programs
beforehand, with every replay that a judge could ask for. They took longer than the mutants of a sample.)
"""

from __future__ import annotations

import contextlib
import math
import multiprocessing
import os
import signal
import socket
import tempfile
from collections.abc import Callable, Sequence
from functools import lru_cache
from multiprocessing.connection import Connection
from typing import Any, Protocol

from conformance.judging.judge import judge
from conformance.judging.verdict import Verdict
from conformance.judging.witness import Witness
from conformance.program import Program
from conformance.recorded.lines import sureness
from conformance.recorded.sureness import Remembered
from conformance.subjects import Subject as Oracle, open_subject
from conformance.subjects.base import SubjectError
from conformance.trace import NotATrace, Trace
from mutation.pool import Stored
from mutation.reach import Subject

REMEMBERED = 4_000
"""Programs whose answers are remembered: some hundred megabytes."""


class Judge:
    """Asked by one mutant after the other, each by a connection of its own: it may end in the middle of a question."""

    def __init__(self, programs: Sequence[Stored]) -> None:
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


def _serve(listening: socket.socket, programs: Sequence[Stored]) -> None:
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


class _Recorded:
    """PyTorch's recorded answer to one program, and how sure it was of it."""

    def __init__(self, stored: Stored) -> None:
        self._stored = stored

    def run(self, program: Program) -> Trace:
        return Trace.from_json(self._stored.trace)

    def witness(self, program: Program, single: Trace) -> Witness:
        return Remembered(single, sureness.decode(self._stored.sureness))


def telling(programs: Sequence[Stored], pytorch: Oracle, numtorch: Runs) -> Callable[[int, bytes], str]:
    """What says how a trace of one of the programs tells that it is a mutant's; empty if it does not."""

    @lru_cache(REMEMBERED)
    def answer(number: int) -> tuple[Program, Trace | None, Any]:
        stored = programs[number]
        program = Program.from_json(stored.program)
        oracle: Any = _Recorded(stored) if stored.trace else pytorch
        try:
            return program, oracle.run(program), oracle
        except SubjectError:
            return program, None, oracle

    @lru_cache(REMEMBERED)
    def until(number: int) -> float:
        """The step at which numtorch as it is differs: what comes before says as much as if it did not."""
        program, right, oracle = answer(number)
        assert right is not None
        at = differs_at(judge(program, right, numtorch.run(program), oracle))
        return math.inf if at is None else at

    def told(number: int, trace: bytes) -> str:
        program, right, oracle = answer(number)
        if right is None:
            return ""
        try:
            did = Trace.from_json(trace)
        except NotATrace as error:
            return str(error)
        verdict = judge(program, right, did, oracle)
        if verdict.status == "INCONCLUSIVE" and oracle is not pytorch:
            # What was recorded is the worst that any number is open to. PyTorch can be asked about the ones that are apart.
            verdict = judge(program, right, did, pytorch)
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
