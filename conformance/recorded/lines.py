"""The lines of a corpus: what stands in the file, and nothing of how it is read or made. See docs/recorded.md."""

from __future__ import annotations

from typing import Union

import msgspec

from conformance.journal import CaseRecord, Description
from conformance.program import Program

FORMAT = 2
"""The version of the file. A reader refuses any other."""

NAME = "recorded"
"""What the oracle is called in a run, where PyTorch itself is called ``torch``."""

RANDOM = "random"
"""The feature whose cases are groups of random programs."""


class _Line(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    kw_only=True,
    tag_field="line",
    tag=str.lower,
):
    pass


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A stretch of the file that can be read without what is before it: one compressed stream."""

    programs: int
    bytes: int
    sha256: str
    """Of the compressed bytes."""
    cases: tuple[str, ...]
    """Whose programs are in it. No case is in two."""


class Head(_Line, frozen=True, kw_only=True, tag="corpus"):
    """The first line: where everything comes from, and where it stands."""

    format: int
    """`FORMAT`. Always written: it is what a reader looks at first."""
    torchstone: str
    recorded: str
    """ISO 8601, UTC."""
    oracle: Description
    machine: dict[str, str] = {}
    """What the last digits may hang on: processor, its vector instructions as PyTorch uses them, BLAS."""
    seed: int
    suite: str
    """Digest of the catalogue that it was recorded from: of every case's source."""
    catalogue: str = ""
    """Digest of the files of cases, which is known without importing them."""
    sources: dict[str, str] = {}
    """For each case of the catalogue the digest of its own source, so that it can be told which have changed since."""
    parts: tuple[Part, ...]


class Case(_Line, frozen=True, kw_only=True):
    """A case. They stand between the head and the parts."""

    case: CaseRecord


class Recording(_Line, frozen=True, kw_only=True, tag="program"):
    """A program, what PyTorch did, and how sure it is of that."""

    case: str
    program: Program
    trace: msgspec.Raw
    """A `Trace`. Read when it is needed, as what follows."""
    sureness: msgspec.Raw = msgspec.Raw(b"{}")
    """A `Sureness`."""


Line = Union[Head, Case, Recording]


class Numbers(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, array_like=True):
    """How sure the oracle is of one array. Lists are as long as the array, or empty for nothing but zeros."""

    at: int
    """Which of the arrays of the trace, counted from 0 in the order in which they stand there."""
    off: tuple[int, ...] = ()
    """How far float64 is from each number, in half-octaves (`sureness.py`); 0 for up to half an ulp."""
    moves: tuple[int, ...] = ()
    """How far it moves at most with other roundings."""
    doubt: str = ""
    """``float64`` or ``roundings``: there, nan or inf are elsewhere; ``unseen``: in float64 there is no such array."""


class Sureness(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What PyTorch's replays said of its own trace. Whatever is absent is as sure as can be."""

    silent: str = ""
    """Why there is no replay in float64."""
    unstable: tuple[int, str] | None = None
    """The step from which float64 goes another way, and what it does."""
    unsure: tuple[tuple[int, str], ...] = ()
    """The same with other roundings: from which step on what is true, empty for nothing."""
    overflows: tuple[tuple[int, bool], ...] = ()
    """From which step on a sum in another order may overflow, and from which not."""
    otherwise: int | None = None
    """The step that PyTorch does not do the same way twice."""
    numbers: tuple[Numbers, ...] = ()


encoder = msgspec.json.Encoder()
decoder: msgspec.json.Decoder[Line] = msgspec.json.Decoder(Line)
recordings: msgspec.json.Decoder[Recording] = msgspec.json.Decoder(Recording)
sureness: msgspec.json.Decoder[Sureness] = msgspec.json.Decoder(Sureness)
