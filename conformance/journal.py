"""run.jsonl: the one source of truth about a run, a line a record.

A header; then for every program one line before it runs and one with its verdict after; a line with the outcome of every
case; a footer. A file without its footer is an interrupted run: it can be read, and is never called a pass. Everything that
a report shows comes from this file. `docs/run.md` is the specification.
"""

from __future__ import annotations

from typing import Union

import msgspec

from conformance.program import Program
from conformance.trace import Level, Trace
from conformance.verdict import Status, Verdict

FORMAT = 1


class _Record(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="record",
    tag=str.lower,
):
    pass


class Description(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Who answered: the oracle or a subject."""

    name: str
    """What the user called it: ``numtorch``, ``torch``, ``mylib``."""
    version: str = ""
    language: str = "python"
    platform: str = ""
    facets: tuple[str, ...] = ()
    """The facets that it can observe; empty means all."""
    features: tuple[str, ...] = ()
    """What of `Case.requires` it has; empty means all."""
    notes: dict[str, str] = {}
    """Versions that matter beside its own: ``{"python": "3.11.7", "numpy": "2.4.6"}``."""


class Header(_Record, kw_only=True):
    format: int = FORMAT
    torchstone: str
    subject: Description
    oracle: Description
    seed: int
    profile: str
    max_examples: int
    suite: str
    """Digest of the catalogue that ran: of every case's source."""
    selection: str = ""
    """What ``-k`` and the like left of the catalogue; empty means all of it."""
    started: str = ""
    """ISO 8601, UTC. Left out of comparisons between runs, like everything that is a time."""


class CaseRecord(_Record, kw_only=True, tag="case"):
    """A case of the catalogue, before it runs."""

    id: str
    sentence: str
    source: str
    """The Python source of the case, as its author wrote it."""
    lecture: str = ""
    covers: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()

    @property
    def feature(self) -> str:
        return self.id.split("/", 1)[0]


class ProgramRecord(_Record, kw_only=True, tag="program"):
    """A program about to run."""

    case: str
    index: int
    program: Program


class VerdictRecord(_Record, kw_only=True, tag="verdict"):
    """What became of the program of the same case and index."""

    case: str
    index: int
    verdict: Verdict


class Finding(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A program with both traces, kept to be shown: the minimal one that fails, or one that passes as an example."""

    program: Program
    oracle: Trace | None = None
    subject: Trace | None = None
    """None if the subject did not answer."""
    verdict: Verdict


class LevelOutcome(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """How a case fared at one level."""

    status: Status
    failing: int = 0
    """How many of the drawn programs (not of those tried while shrinking) fail at this level."""
    finding: Finding | None = None
    """The minimal failing program, if one fails."""


class Outcome(_Record, kw_only=True):
    """How a case fared: its worst status over all its programs, by level."""

    case: str
    status: Status
    expected: bool = True
    """Whether that is what was expected: PASS, or what a file of expectations says."""
    programs: int
    counts: dict[str, int]
    """How many drawn programs ended with each status."""
    levels: dict[Level, LevelOutcome] = {}
    example: Finding | None = None
    """One of the programs that ran, to show what the case does."""
    reason: str = ""
    seconds: float = 0.0


class Footer(_Record, kw_only=True):
    """The run came to its end."""

    cases: int
    programs: int
    counts: dict[str, int]
    """How many cases ended with each status."""
    unexpected: int
    seconds: float = 0.0
    shares: dict[str, float] = {}
    """Seconds spent, over all workers, in: drawing, recording, oracle, subject, comparing, writing."""


Record = Union[Header, CaseRecord, ProgramRecord, VerdictRecord, Outcome, Footer]
