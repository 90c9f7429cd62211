"""Whether programs tell a mutant from numtorch, and which is the first that does.

Each mutant has a process of its own, forked from one that has everything imported, plants itself there (`patching`), and runs
programs until one's trace is not numtorch's, and differs from PyTorch's by the judge's measure (`judging`). So a difference
within rounding kills nothing, and what a mutant breaks for good ends with its process. A mutant that loops is ended by the
clock that counts its processor time, which does not depend on what else the machine does, and counts as killed by the program
that it loops in.
"""

from __future__ import annotations

import gc
import importlib
import os
import resource
import selectors
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection

import msgspec

from conformance.program import Program
from mutation.judging import Judge, ask
from mutation.patching import Imported
from mutation.planting import PACKAGE, CannotPlant, Texts, code_of, forget, package, plant
from mutation.pool import Pool, Stored
from mutation.reach import Subject, digest_of_trace, let_go

PROGRAMS = 500
"""What a mutant may take to be killed."""

PROCESSOR_SECONDS = 3.0
"""What one program may take in a mutant, beyond twenty times what it takes without."""

WALL_SECONDS = 120
"""A mutant that waits for itself uses no processor time. Nothing else takes as long, even where the machine is busy."""

MEMORY = 4 << 30
"""Bytes of address space beyond those in use, for mutants that grow."""


class Ran(msgspec.Struct, frozen=True):
    """What became of a mutant."""

    killed: bool
    programs: int
    """How many were run, the one that killed it included."""
    by: str = ""
    """What killed it: the case, or ``random 17``."""
    how: str = ""


Planned = tuple[str, Callable[[], Texts], Callable[[], Sequence[str]], str]
"""A mutant as it is run: its name, its texts, the places that are changed, and the operator whose row is."""


class _Message(msgspec.Struct, frozen=True):
    ran: Ran | None = None
    at: int = 0


@dataclass
class _Running:
    name: str
    process: int
    pipe: int
    chosen: Sequence[int]
    judge: Judge
    received: bytes = b""


class Killer:
    """Runs mutants on the programs of a pool."""

    def __init__(self, pool: Pool, workers: int = 1, programs: int = PROGRAMS) -> None:
        self.pool, self.workers, self.programs = pool, workers, programs
        if PACKAGE in sys.modules:
            raise CannotPlant(f"{PACKAGE} is imported already")
        own = [name for name in pool.coverage.modules if name.partition(".")[0] == PACKAGE]
        for name in pool.coverage.modules:
            if name not in own and name.partition(".")[0] != "torch":
                try:
                    importlib.import_module(name)
                except Exception:
                    continue
        self.imported = Imported(own)

    def warm(self, files: Iterable[str]) -> None:
        """Compiles the generated modules of which mutants will change a piece."""
        for file in files:
            if file.startswith("dispatch/"):
                path = package() / file
                code_of(path.read_text(), str(path))

    def run(self, mutants: Iterable[Planned]) -> Iterator[tuple[str, Ran]]:
        """What becomes of mutants, as it becomes known."""
        gc.collect()
        gc.freeze()  # what is shared with the forked processes is not written to by their collector
        selector = selectors.DefaultSelector()
        running: dict[int, _Running] = {}
        judges = [Judge(self.pool.programs) for _ in range(self.workers)]
        free = list(judges)
        waiting = iter(mutants)
        done = False
        try:
            while True:
                while not done and len(running) < self.workers:
                    try:
                        name, texts, places, row = next(waiting)
                    except StopIteration:
                        done = True
                        break
                    try:
                        planted = texts()
                    except CannotPlant as error:
                        yield name, Ran(True, 1, "import", str(error))
                        continue
                    one = self._start(name, planted, self.pool.chosen(places(), self.programs, row), free.pop())
                    running[one.pipe] = one
                    selector.register(one.pipe, selectors.EVENT_READ)
                if not running:
                    return
                for key, _ in selector.select():
                    one = running[key.fd]
                    data = os.read(one.pipe, 1 << 16)
                    if data:
                        one.received += data
                        continue
                    selector.unregister(one.pipe)
                    os.close(one.pipe)
                    del running[one.pipe]
                    free.append(one.judge)
                    yield one.name, self._ended(one)
        finally:
            for one in running.values():
                os.kill(one.process, signal.SIGKILL)
                os.waitpid(one.process, 0)
                os.close(one.pipe)
            for judge in judges:
                judge.close()
            gc.unfreeze()

    def _start(self, name: str, planted: Texts, chosen: Sequence[int], judge: Judge) -> _Running:
        read, write = os.pipe()
        process = os.fork()
        if process:
            os.close(write)
            return _Running(name, process, read, chosen, judge)
        try:
            os.close(read)
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's, which ends this process
            self._work(planted, chosen, write, judge)
        finally:
            os._exit(0)

    def _work(self, texts: Texts, chosen: Sequence[int], pipe: int, judge: Judge) -> None:
        def say(message: _Message) -> None:
            os.write(pipe, msgspec.json.encode(message) + b"\n")

        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        with open("/proc/self/statm") as file:
            used = int(file.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, used + MEMORY))
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.signal(signal.SIGVTALRM, signal.SIG_DFL)
        signal.alarm(WALL_SECONDS)
        signal.setitimer(signal.ITIMER_VIRTUAL, PROCESSOR_SECONDS)
        try:
            if not self.imported.take(texts):
                forget()
                plant(texts)
            subject = Subject()
        except BaseException as error:
            say(_Message(Ran(True, 1, "import", f"{type(error).__name__}: {error}"[:200])))
            return
        gc.disable()
        reached = self.pool.reached
        asked: Connection | None = None
        for count, number in enumerate(chosen, 1):
            signal.setitimer(signal.ITIMER_VIRTUAL, PROCESSOR_SECONDS + 20 * reached[number].seconds)
            say(_Message(at=count))
            stored = self.pool.programs[number]
            let_go()
            try:
                trace = subject.run(Program.from_json(stored.program)).to_json()
            except BaseException as error:  # no program of a pool raises without a mutant
                how = f"{type(error).__name__}: {error}"[:200]
            else:
                if digest_of_trace(trace) == reached[number].own:
                    continue
                asked = asked or judge.connect()
                how = ask(asked, number, trace)
            if how:
                say(_Message(Ran(True, count, by(stored), how)))
                return
        say(_Message(Ran(False, len(chosen))))

    def _ended(self, one: _Running) -> Ran:
        _, status = os.waitpid(one.process, 0)
        messages = [msgspec.json.decode(line, type=_Message) for line in one.received.splitlines()]
        last = messages[-1] if messages else _Message()
        if last.ran is not None:
            return last.ran
        stored = self.pool.programs[one.chosen[last.at - 1]] if last.at else None
        if os.WIFSIGNALED(status):
            ended = signal.Signals(os.WTERMSIG(status)).name
            how = "it did not end" if ended in ("SIGALRM", "SIGVTALRM") else ended
        else:
            how = "the process ended"
        return Ran(True, max(last.at, 1), "import" if stored is None else by(stored), how)


def by(stored: Stored) -> str:
    """A program of the pool, as reports name it."""
    return f"random {stored.number}" if stored.source == "random" else stored.source
