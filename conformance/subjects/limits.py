"""What a subject's process may use: time, memory, and processes of its own.

Where the system does not tell of these (it has no /proc), only the clock counts.
"""

from __future__ import annotations

import os
import secrets
import signal
import time
from contextlib import suppress

PATIENCE = 6.0
"""How many times its deadline a process may take in all, while it computes and other processes keep the cores from it."""


class Deadline:
    """When a process has had its time: its own, so that on a busy machine nobody is blamed for the others.

    A process that sleeps is waited for by the clock: it uses no time of its own.
    """

    def __init__(self, pid: int, seconds: float) -> None:
        self.pid, self.seconds = pid, seconds
        self.began = time.monotonic()
        self.until = self.began + seconds
        self.used: float | None = None
        self._counts = False

    @property
    def left(self) -> float:
        """Seconds until the clock says that the time is over. From the first time that this is asked, its own time counts."""
        if not self._counts:
            # Not sooner: most programs are answered at once, and asking the system costs as much as a small program.
            self._counts, self.used = True, _processor_time(self.pid)
        return max(0.0, self.until - time.monotonic())

    def passed(self) -> bool:
        """Whether the time is over, now that the clock says so; if not, there is some left again."""
        now, used = time.monotonic(), _processor_time(self.pid)
        if used is None or self.used is None or now >= self.began + PATIENCE * self.seconds:
            return True
        own, waited = used - self.used, now - self.began
        if own >= self.seconds or own < 0.01 * waited:
            return True
        self.until = min(now + max(self.seconds - own, 0.05), self.began + PATIENCE * self.seconds)
        return False


def _processor_time(pid: int) -> float | None:
    """Seconds that a process has computed; None where the system does not say."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return None


def memory_of(pid: int) -> int | None:
    """Bytes of memory that a process holds; None where the system does not say."""
    try:
        with open(f"/proc/{pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None


_NAME = "TORCHSTONE_PROCESS"


def mark() -> dict[str, str]:
    """A variable for the environment of a process, by which all that it starts is known."""
    return {_NAME: secrets.token_hex(8)}


def kill_marked(marked: dict[str, str]) -> None:
    """Ends every process that inherited a mark, wherever it is.

    A process group does not hold what called ``setsid``, and a parent is not told of what was started by a child that has
    ended; an environment is inherited by all of them. Again and again, as long as there are some: one may have been starting
    another just then.
    """
    told = f"{_NAME}={marked[_NAME]}".encode()
    for _ in range(_ROUNDS):
        found = [pid for pid in _processes() if told in _environment(pid)]
        for pid in found:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        if not found:
            return
        time.sleep(0.005)


_ROUNDS = 50


def _processes() -> list[int]:
    try:
        return [int(name) for name in os.listdir("/proc") if name.isdecimal() and int(name) != os.getpid()]
    except OSError:
        return []


def _environment(pid: int) -> list[bytes]:
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return file.read().split(b"\0")
    except OSError:
        return []
