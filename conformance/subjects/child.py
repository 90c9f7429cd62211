"""The other side of `stdio.Process` for a torch-like Python module: ``python -m conformance.subjects.child MODULE``.

More arguments are the only facets to observe, where the others are of no use.
"""

from __future__ import annotations

import gc
import os
import sys
import traceback
from typing import BinaryIO

import msgspec

from conformance.subjects.base import SubjectUnavailable, SubjectUnsupported
from conformance.subjects.inprocess import InProcess
from conformance.subjects.messages import (
    Answer,
    Bye,
    Done,
    Error,
    Hello,
    Refused,
    Reply,
    Request,
    Reset,
    Run,
    Unsupported,
    Welcome,
    answers,
    requests,
)
from conformance.subjects.opening import open_here


def main(arguments: list[str]) -> int:
    if not arguments:
        print("usage: python -m conformance.subjects.child MODULE [FACET...]", file=sys.stderr)
        return 2
    replies = _private_stdout()
    name, *facets = arguments
    opened: list[InProcess] = []
    settled = Settled()
    # The harness is in its own session, and the terminal's Ctrl-C reaches only that: an interrupt here is the subject's.
    for line in sys.stdin.buffer:
        try:
            request = requests.decode(line)
        except msgspec.DecodeError as error:
            _send(replies, Error(0, f"not a request: {error}"))
            continue
        reply = _answer(name, request, opened, settled)
        if facets and opened:
            opened[0].facets = frozenset(facets)
        _send(replies, reply)
        if isinstance(request, Bye) or isinstance(reply, Refused):
            break
    # Not sys.exit: threads and exit handlers of the subject are not to hold up the end of a run.
    sys.stderr.flush()
    os._exit(0)


class Settled:
    """Keeps what was imported out of the garbage collection: it stays, and need not be looked through for every program.

    PyTorch imports most of itself when a program first asks for it (`torch.func`, 300 modules), so this is not done once.
    """

    def __init__(self) -> None:
        self._modules = 0

    def look(self) -> None:
        """To be called between programs, when nothing but what was imported is left."""
        if len(sys.modules) != self._modules:
            self._modules = len(sys.modules)
            gc.collect()
            gc.freeze()


def _answer(name: str, request: Request, opened: list[InProcess], settled: Settled) -> Reply:
    try:
        match request:
            case Hello(seq=seq):
                opened[:] = [open_here(name, alone=True)]
                settled.look()
                return Welcome(seq, opened[0].describe())
            case Run(seq=seq, program=program):
                answer = Answer(seq, opened[0].run(program))
                settled.look()
                return answer
            case Reset(seq=seq) | Bye(seq=seq):
                # Nothing to forget: every program starts fresh.
                return Done(seq)
    except SubjectUnavailable as error:
        return Refused(request.seq, str(error))
    except SubjectUnsupported as error:
        return Unsupported(request.seq, str(error))
    except BaseException:
        return Error(request.seq, traceback.format_exc())
    raise AssertionError(request)


def _private_stdout() -> BinaryIO:
    """The real stdout for replies alone. What the subject prints, from C as well as from Python, goes to stderr."""
    own = os.dup(1)
    os.dup2(2, 1)
    sys.stdout = sys.stderr  # written at once: what it printed last must not be lost with a crash
    return os.fdopen(own, "wb", buffering=0)


def _send(replies: BinaryIO, reply: Reply) -> None:
    try:
        line = answers.encode(reply) + b"\n"
    except TypeError:
        # Something of the subject's own stands where the trace is to have a number: that costs the program, not the process.
        line = answers.encode(Error(reply.seq, traceback.format_exc())) + b"\n"
    while line:
        line = line[replies.write(line) or 0 :]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
