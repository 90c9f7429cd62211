"""A subject in a process of its own, which speaks JSON lines on stdin and stdout: any language, and safe to crash.

One long-lived process a worker: starting one for every program would cost seconds of importing each, and running subjects in
the harness's own process would end the run with the first segmentation fault. What the process writes on stderr is free; the
last of it is kept for the report.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress

import msgspec

from conformance.errors import with_codes
from conformance.journal import Description
from conformance.program import Program
from conformance.subjects.base import (
    SubjectCrashed,
    SubjectFailed,
    SubjectTimeout,
    SubjectUnavailable,
    SubjectUnsupported,
)
from conformance.subjects.limits import Deadline, kill_marked, mark, memory_of
from conformance.subjects.messages import (
    PROTOCOL,
    Answer,
    Bye,
    Done,
    Error,
    Hello,
    Refused,
    Reply,
    Request,
    Run,
    Unsupported,
    Welcome,
    answered,
    encoder,
    replies,
    text_of,
)
from conformance.trace import Trace

DEADLINE = 10.0
"""Seconds for one program, of the process's own time where that can be told (`limits.Deadline`). A drawn program takes a
millisecond; ten seconds are a loop without an end. TORCHSTONE_DEADLINE is another number, for a library that hangs often."""

HELLO_DEADLINE = 120.0
"""Seconds until the first hello: importing a large library from a cold disk takes half a minute."""

RESTARTS = 1_000
"""Processes that one subject may use up. A subject that dies on every program would otherwise only start processes."""

MEMORY = 4 << 30
"""Bytes of memory that a process may hold. A drawn program holds kilobytes, and the libraries themselves less than one
gigabyte; without a limit one program could take the machine down, and the run with it."""

LONGEST_REPLY = 256 << 20
"""Bytes of a reply. A subject that writes without an end is not to fill the harness's own memory."""

STDERR_KEPT = 4096
"""Bytes of stderr that are kept: the end of a traceback, or what a C library says as it aborts."""

_AT_ONCE = 0.05
"""Seconds in which nearly every program is answered; only then is it worth to ask how much of its time a process used."""

_LOOK = 0.1
"""Seconds between two looks at what a process that computes holds in memory."""

_BYE = 2.0
"""Seconds that a process may take to end after its bye, before it is killed."""


class Process:
    """A child process, replaced by a fresh one whenever it dies or is killed."""

    def __init__(
        self,
        command: list[str],
        name: str | None = None,
        *,
        deadline: float | None = None,
        hello_deadline: float = HELLO_DEADLINE,
        restarts: int = RESTARTS,
        memory: int = MEMORY,
        environment: dict[str, str] | None = None,
        ours: bool = False,
    ) -> None:
        self.command = command
        self.name = name or command[0]
        self.deadline = _deadline() if deadline is None else deadline
        self.hello_deadline = hello_deadline
        self.restarts_left, self.memory = restarts, memory
        self._environment = environment
        self.ours = ours
        """Whether it is `conformance.subjects.child`, which writes a trace as this process would."""
        self._child: _Child | None = None
        self._description: Description | None = None

    def describe(self) -> Description:
        if self._description is None:
            self.start()
        assert self._description is not None
        return self._description

    def start(self) -> None:
        """Starts the process, if none is running. Raises SubjectUnavailable if it does not say hello."""
        if self._child is not None:
            return
        if self.restarts_left < 0:
            raise SubjectUnavailable(f"torchstone: {self.name!r} used up its restarts; it dies on too many programs")
        self.restarts_left -= 1
        try:
            child = _Child(self.command, self._environment, self.memory)
        except OSError as error:
            raise SubjectUnavailable(f"torchstone: cannot start {self.name!r} ({self.command[0]}): {error}") from error
        try:
            reply = child.ask(Hello(child.next()), self.hello_deadline)
        except (SubjectCrashed, SubjectTimeout) as error:
            raise SubjectUnavailable(
                f"torchstone: {self.name!r} did not start: {error}{_tail(error.stderr)}"
            ) from error
        except BaseException:
            child.kill()
            raise
        if isinstance(reply, Refused):
            child.kill()
            raise SubjectUnavailable(reply.reason + _tail(child.stderr()))
        if not isinstance(reply, Welcome):
            child.kill()
            raise SubjectUnavailable(f"torchstone: {self.name!r} answered hello with {_kind(reply)!r}")
        if reply.protocol != PROTOCOL:
            child.kill()
            raise SubjectUnavailable(
                f"torchstone: {self.name!r} speaks protocol {reply.protocol}, and this torchstone {PROTOCOL}"
            )
        self._child, self._description = child, reply.description

    def run(self, program: Program) -> Trace:
        answer = self._answer(program, lambda seq, line: None)
        assert isinstance(answer, Trace)
        return answer

    def run_unless(self, program: Program, text: bytes) -> Trace | None:
        """What the program does; None if that is, to the byte, this text of a trace, which then need not be read."""
        answer = self._answer(program, lambda seq, line: line if line == answered(seq, text) else None)
        return None if isinstance(answer, bytes) else answer

    def text(self, program: Program) -> bytes:
        """What the program does, as the text of a trace. That of a process of ours is not read."""
        answer = self._answer(program, text_of if self.ours else lambda seq, line: None)
        return answer if isinstance(answer, bytes) else answer.to_json()

    def _answer(self, program: Program, unread: Callable[[int, bytes], bytes | None]) -> Trace | bytes:
        """The answer to a program; or what `unread` makes of the line, if that is something."""
        self.start()
        child = self._child
        assert child is not None
        seq = child.next()
        try:
            reply = child.ask(Run(seq, program), self.deadline, lambda line: unread(seq, line))
        except BaseException:
            # Dead, killed, or (the user's Ctrl-C) with an answer on its way that nobody waits for.
            self._child = None
            child.kill()
            raise
        match reply:
            case bytes():
                return reply
            case Answer(trace=trace):
                return msgspec.structs.replace(trace, steps=with_codes(trace.steps))
            case Unsupported(reason=reason):
                raise SubjectUnsupported(reason)
            case Error(context=context):
                raise SubjectFailed(context)
        self._child = None
        child.kill()
        raise SubjectFailed(f"answered a program with {_kind(reply)!r}")

    def close(self) -> None:
        self.end()

    def end(self) -> bool:
        """Ends the process; whether it answered its bye."""
        child, self._child = self._child, None
        if child is None:
            return True
        try:
            return isinstance(child.ask(Bye(child.next()), _BYE), Done)
        except (SubjectCrashed, SubjectTimeout):
            return False
        finally:
            child.kill()

    @property
    def pid(self) -> int | None:
        """The process that is running now."""
        return None if self._child is None else self._child.process.pid


class _Child:
    """One process, from its start to its end."""

    def __init__(self, command: list[str], environment: dict[str, str] | None, memory: int) -> None:
        self.memory, self._mark = memory, mark()
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            env={**(os.environ if environment is None else environment), **self._mark},
            # Its own group, so that whatever it starts can be ended with it, and the terminal's Ctrl-C is ours alone.
            start_new_session=True,
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self._in, self._out, self._err = self.process.stdin.fileno(), self.process.stdout.fileno(), self.process.stderr
        os.set_blocking(self._in, False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._out, selectors.EVENT_READ)
        self._pending = bytearray()
        self._seq = 0
        self._kept: deque[bytes] = deque()
        self._drain = threading.Thread(target=self._read_stderr, daemon=True)
        self._drain.start()

    def next(self) -> int:
        """The number of the next request."""
        self._seq += 1
        return self._seq

    def ask(
        self, request: Request, seconds: float, unread: Callable[[bytes], bytes | None] = lambda line: None
    ) -> Reply | bytes:
        """The answer to a request, or what `unread` makes of its line. Raises SubjectCrashed or SubjectTimeout, and has then
        ended the process."""
        deadline = Deadline(self.process.pid, seconds)
        self._write(encoder.encode(request) + b"\n", deadline)
        while True:
            line = self._read_line(deadline)
            if (taken := unread(line)) is not None:
                return taken
            try:
                reply: Reply = replies.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                self.kill()
                start = line[:80].decode(errors="replace")
                raise SubjectCrashed(None, self.stderr(), f"answered with no reply: {error} in {start!r}") from error
            if reply.seq == request.seq:
                return reply
            if reply.seq > request.seq or isinstance(reply, Error):
                self.kill()
                raise SubjectCrashed(None, self.stderr(), f"answered {reply.seq} to request {request.seq}")
            # An answer to an earlier request, which nobody waits for any more.

    def kill(self) -> None:
        """Ends the process and all that it started."""
        with suppress(ProcessLookupError, PermissionError):
            # The group outlives its leader: a grandchild may still be there, holding the pipes.
            os.killpg(self.process.pid, signal.SIGKILL)
        # What went into a session of its own is not in the group.
        kill_marked(self._mark)
        self.process.wait()
        self._selector.close()
        self._drain.join(timeout=1.0)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        if not self._drain.is_alive():
            self._err.close()

    def stderr(self) -> str:
        """The last of what it wrote on stderr."""
        return b"".join(self._kept)[-STDERR_KEPT:].decode(errors="replace")

    def _write(self, data: bytes, deadline: Deadline) -> None:
        # A subject that does not read fills the pipe; so writing has a deadline, too.
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self._in, view) :]
            except BlockingIOError:
                with selectors.DefaultSelector() as writable:
                    writable.register(self._in, selectors.EVENT_WRITE)
                    if not writable.select(deadline.left) and deadline.passed():
                        self._too_late(deadline.seconds)
            except BrokenPipeError:
                self._gone()

    def _read_line(self, deadline: Deadline) -> bytes:
        end, searched = self._pending.find(b"\n"), len(self._pending)
        while end < 0:
            if not self._selector.select(_AT_ONCE):
                self._within_memory()
                if not self._selector.select(min(deadline.left, _LOOK)):
                    # Asked last: who was stopped here (Ctrl-Z) finds that the time is over, and the answer waiting.
                    if not deadline.left and deadline.passed() and not self._selector.select(0):
                        self._too_late(deadline.seconds)
                    continue
            chunk = os.read(self._out, 1 << 18)
            if not chunk:
                self._gone()
            self._pending += chunk
            if len(self._pending) > LONGEST_REPLY:
                self.kill()
                raise SubjectCrashed(None, self.stderr(), f"a reply of more than {LONGEST_REPLY >> 20} MiB")
            # Only what is new: a reply of megabytes comes in thousands of pieces.
            end, searched = self._pending.find(b"\n", searched), len(self._pending)
            # One that trickles, and is never silent for long, has no more time than another.
            if end < 0 and not deadline.left and deadline.passed():
                self._too_late(deadline.seconds)
        line = bytes(self._pending[:end])
        del self._pending[: end + 1]
        return line

    def _within_memory(self) -> None:
        held = memory_of(self.process.pid)
        if held is not None and held > self.memory:
            self.kill()
            raise SubjectCrashed(None, self.stderr(), f"it held more than {self.memory / (1 << 30):g} GiB of memory")

    def _too_late(self, seconds: float) -> None:
        self.kill()
        raise SubjectTimeout(seconds, self.stderr())

    def _gone(self) -> None:
        # It may have closed its output and gone on; give it a moment to end by itself, so that its own code is reported.
        try:
            code = self.process.wait(timeout=1.0)
        except subprocess.TimeoutExpired:
            code = None
        self.kill()
        half = self._pending[:80].decode(errors="replace")
        self._pending.clear()
        what = "" if not half else f"stopped in the middle of a reply ({half!r}…)"
        raise SubjectCrashed(code, self.stderr(), what)

    def _read_stderr(self) -> None:
        kept = 0
        while True:
            try:
                chunk = self._err.read(4096)
            except (OSError, ValueError):
                return
            if not chunk:
                return
            self._kept.append(chunk)
            kept += len(chunk)
            while kept - len(self._kept[0]) >= STDERR_KEPT:
                kept -= len(self._kept.popleft())


def _deadline() -> float:
    asked = os.environ.get("TORCHSTONE_DEADLINE")
    if not asked:
        return DEADLINE
    try:
        seconds = float(asked)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise SubjectUnavailable(f"torchstone: TORCHSTONE_DEADLINE={asked!r} is no number of seconds")
    return seconds


def _kind(reply: Reply | bytes) -> str:
    return "trace" if isinstance(reply, bytes) else str(type(reply).__struct_config__.tag)


def _tail(stderr: str) -> str:
    lines = [line for line in stderr.strip().splitlines() if line.strip()]
    return "" if not lines else "\n" + "\n".join(f"    {line}" for line in lines[-8:])
