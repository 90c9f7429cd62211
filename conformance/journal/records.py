"""What a line of a run.jsonl can be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Union

import msgspec

from conformance.judging.verdict import STATUSES, Status, Verdict
from conformance.program import Program
from conformance.trace import LEVELS, Level, Trace

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


SHOWN = frozenset(["alias"])
"""What a case can require that is a facet: whoever does not observe which tensors share memory is not asked whether they do."""


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

    def lacking(self, needs: Iterable[str]) -> tuple[str, ...]:
        """What of a case's `requires` it has not. Of `SHOWN` it has what it observes, of all else its features."""
        return tuple([name for name in needs if not self._has(name)])

    def _has(self, name: str) -> bool:
        found = self.facets if name in SHOWN else self.features
        return not found or name in found


class Header(_Record, frozen=True, kw_only=True):
    """The first line of a run: who was compared with whom, and on which programs."""

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
    shard: str = ""
    """Which part of the run this is, if it is split over machines: ``2/4``."""
    started: str = ""
    """ISO 8601, UTC. Left out of comparisons between runs, like everything that is a time."""


class CaseRecord(_Record, frozen=True, kw_only=True, tag="case"):
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


class ProgramRecord(_Record, frozen=True, kw_only=True, tag="program"):
    """A program about to run."""

    case: str
    index: int
    program: Program


class VerdictRecord(_Record, frozen=True, kw_only=True, tag="verdict"):
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


class Outcome(_Record, frozen=True, kw_only=True):
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
    left_out: dict[str, int] = {}
    """Of a case whose programs are made of others' data: how many of those no program can say, by reason."""
    seconds: float = 0.0

    @property
    def findings(self) -> Iterator[Finding]:
        """The minimal failing programs, that of the lowest level first; several levels may have the same one."""
        found = (self.levels[level].finding for level in LEVELS if level in self.levels)
        return (finding for finding in found if finding is not None)


class Footer(_Record, frozen=True, kw_only=True):
    """The run came to its end."""

    cases: int
    programs: int
    counts: dict[str, int]
    """How many cases ended with each status."""
    unexpected: int
    seconds: float = 0.0
    shares: dict[str, float] = {}
    """Seconds spent, over all workers, in: drawing, recording, oracle, subject, comparing, writing."""
    split: str = ""
    """Of a shard: the digest of how the cases were spread over all of them."""


Record = Union[Header, CaseRecord, ProgramRecord, VerdictRecord, Outcome, Footer]
"""What a line of a run.jsonl can be."""


def schema() -> dict[str, object]:
    """The JSON Schema (2020-12) of one line of a run.jsonl."""
    return msgspec.json.schema(Record)


def count_statuses(of: Iterable[Verdict | Outcome]) -> dict[str, int]:
    """How many have each status, in the order of `STATUSES`; those that none has are left out."""
    counts = Counter(one.status for one in of)
    return {status: counts[status] for status in STATUSES if status in counts}


def footer_of(outcomes: Sequence[Outcome], seconds: float, shares: dict[str, float], split: str = "") -> Footer:
    """The footer of a run in which the cases ended so."""
    return Footer(
        cases=len(outcomes),
        programs=sum(outcome.programs for outcome in outcomes),
        counts=count_statuses(outcomes),
        unexpected=sum(not outcome.expected for outcome in outcomes),
        seconds=seconds,
        shares=shares,
        split=split,
    )
