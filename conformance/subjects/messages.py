"""What goes over the wire between the harness and a subject's process: one JSON object a line, each way.

Requests: ``hello``, ``run`` with a program, ``reset`` (forget every state), ``bye``. Replies carry the number of the request
they answer: ``hello`` with a description, ``trace``, ``unsupported`` with a reason, ``error`` with a context. Expected answers
are never sent: a subject cannot know what it should say.
"""

from __future__ import annotations

from typing import Any, Union

import msgspec

from conformance.journal import Description
from conformance.program import Program
from conformance.trace import Trace

PROTOCOL = 1
"""The version of the protocol; a subject of another one is refused at its hello."""


class _Message(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="kind", tag=str.lower
):
    seq: int


class Hello(_Message, frozen=True, omit_defaults=False):
    protocol: int = PROTOCOL


class Run(_Message, frozen=True):
    program: Program


class Reset(_Message, frozen=True):
    pass


class Bye(_Message, frozen=True):
    pass


class Welcome(_Message, frozen=True, omit_defaults=False, tag="hello"):
    """The answer to `Hello`."""

    description: Description
    protocol: int = PROTOCOL


class Answer(_Message, frozen=True, tag="trace"):
    """The answer to `Run`."""

    trace: Trace


class Unsupported(_Message, frozen=True):
    """The subject does not do this kind of program."""

    reason: str


class Error(_Message, frozen=True):
    """The runner itself failed; its process goes on."""

    context: str


class Done(_Message, frozen=True):
    """The answer to `Reset` and `Bye`."""


class Refused(_Message, frozen=True):
    """The answer to `Hello` of a subject that cannot be used: the sentence that the user is to read."""

    reason: str


Request = Union[Hello, Run, Reset, Bye]
Reply = Union[Welcome, Answer, Unsupported, Error, Done, Refused]

encoder = msgspec.json.Encoder()
answers = msgspec.json.Encoder(order="deterministic")
"""Of replies. A trace is the same text from wherever it comes."""
requests = msgspec.json.Decoder(Request)
replies = msgspec.json.Decoder(Reply)


def text_of(seq: int, line: bytes) -> bytes | None:
    """The text of the trace in such a line; None of any other."""
    empty = answered(seq, b"")
    return line[len(empty) - 1 : -1] if line.startswith(empty[:-1]) else None


def answered(seq: int, trace: bytes) -> bytes:
    """The line that a process of ours answers with, if it has a trace of this text."""
    return b'{"kind":"trace","seq":%d,"trace":%b}' % (seq, trace)


def schema(of: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of every ``request`` or of every ``reply``, programs and traces included."""
    return msgspec.json.schema({"request": Request, "reply": Reply}[of])
