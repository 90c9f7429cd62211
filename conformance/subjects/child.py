"""The other side of `stdio.Process` for a torch-like Python module: ``python -m conformance.subjects.child MODULE``."""

from __future__ import annotations

import os
import sys
import traceback
import types
from typing import BinaryIO

import msgspec

from conformance.interpreter import run
from conformance.subjects.base import SubjectUnavailable
from conformance.subjects.inprocess import describe_module
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
    Welcome,
    encoder,
    requests,
)
from conformance.subjects.opening import import_subject


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print("usage: python -m conformance.subjects.child MODULE", file=sys.stderr)
        return 2
    replies = _private_stdout()
    name = arguments[0]
    # The harness is in its own session, and the terminal's Ctrl-C reaches only that: an interrupt here is the subject's.
    for line in sys.stdin.buffer:
        try:
            request = requests.decode(line)
        except msgspec.DecodeError as error:
            _send(replies, Error(0, f"not a request: {error}"))
            continue
        reply = _answer(name, request)
        _send(replies, reply)
        if isinstance(request, Bye) or isinstance(reply, Refused):
            break
    # Not sys.exit: threads and exit handlers of the subject are not to hold up the end of a run.
    sys.stderr.flush()
    os._exit(0)


_modules: dict[str, types.ModuleType] = {}
"""The subject by its name; what is over another library is in no table of Python's."""


def _answer(name: str, request: Request) -> Reply:
    try:
        match request:
            case Hello(seq=seq):
                module = _modules[name] = import_subject(name)
                if hasattr(module, "set_num_threads"):
                    module.set_num_threads(1)
                return Welcome(seq, describe_module(module, name))
            case Run(seq=seq, program=program):
                return Answer(seq, run(program, _modules[name]))
            case Reset(seq=seq) | Bye(seq=seq):
                # Nothing to forget: every program starts fresh.
                return Done(seq)
    except SubjectUnavailable as error:
        return Refused(request.seq, str(error))
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
    line = encoder.encode(reply) + b"\n"
    while line:
        line = line[replies.write(line) or 0 :]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
