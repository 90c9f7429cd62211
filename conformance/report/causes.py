"""What the failing programs of a run fail of: many programs, and few causes.

A case shows the smallest of its programs that fails, and says nothing of the others. Of 500 random programs that is one, and of
somebody's new engine it is a trifle, behind which the wrong gradient stands. So all programs that fail are grouped here: by the
operation at which the sides part and by what differs there, and gradients by what was differentiated as well, since all of them
part at `backward()`.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec

from conformance.journal import Run
from conformance.judging.verdict import Difference, Status, Verdict
from conformance.program import Call, Method, Operator, Program, has_empty
from conformance.report.model import FAILING, operation, step_at
from conformance.trace import LEVELS, Level

_DIFFERENTIATES = frozenset({"backward", "grad", "vjp", "jvp", "jacobian", "hessian", "hvp", "vhp", "jacrev", "jacfwd"})
"""Operations that say nothing about what went wrong."""

_EVERYWHERE = frozenset({"requires_grad_", "retain_grad", "sum", *_DIFFERENTIATES})
"""Operations that nearly every program has."""


class Cause(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What makes two failures one finding: the operation at which the sides part, and in what."""

    status: Status
    facet: str
    operation: str
    kinds: str = ""
    """Of an error, the two codes; of a graph, the two nodes; of a process, how it ended."""

    @classmethod
    def of(cls, program: Program, verdict: Verdict) -> Cause:
        first = verdict.first
        if first is None:
            return cls(verdict.status, "", "", verdict.reason)
        step = step_at(program, first)
        return cls(verdict.status, first.facet, "" if step is None else operation(step), _kinds(first))

    def is_like(self, other: Cause) -> bool:
        """Whether a smaller program shows the same thing; what the two sides said may have changed with it."""
        return (self.status, self.facet, self.operation) == (other.status, other.facet, other.operation)

    @property
    def slug(self) -> str:
        """A name for a folder, always the same for a cause."""
        digest = hashlib.sha256("\n".join((self.status, self.facet, self.operation, self.kinds)).encode()).hexdigest()
        words = re.sub(r"[^a-z0-9]+", "-", f"{self.facet or self.status} {self.operation}".lower()).strip("-")
        return f"{words[:60]}-{digest[:8]}"

    def __str__(self) -> str:
        if not self.facet:
            return f"{self.status}: {self.kinds}"
        return f"{self.facet} at {self.operation or 'a literal'}" + (f": {self.kinds}" if self.kinds else "")


def _kinds(first: Difference) -> str:
    if first.facet in ("error_code", "raised", "error_type"):
        return " → ".join(_in_words(first.facet, side) for side in (first.oracle, first.subject))
    if first.facet == "graph" and all(
        re.fullmatch(r"\w+( with \d edges)?", side) for side in (first.oracle, first.subject)
    ):
        return f"{first.oracle} → {first.subject}"
    return ""


def _in_words(facet: str, side: str) -> str:
    """A code stands in front of what was raised; of an outcome, `raises ValueError` is what matters, and no text or number."""
    code, *more = side.split()[: 2 if facet == "raised" else 1] or [""]
    return " ".join([code, *(word for word in more if re.match(r"[A-Za-z_]", word))]).rstrip(":")


@dataclass
class Alike:
    """Failing programs of a run with one cause."""

    cause: Cause
    program: Program
    """The smallest of them."""
    verdict: Verdict
    case: str
    """The case of the smallest, and its number there."""
    index: int
    differentiated: frozenset[str] = frozenset()
    """Of gradients: the operations of the smallest program, which all the others have, too."""
    programs: int = 0
    """How many; what was tried to make one smaller is not counted."""
    cases: dict[str, None] = field(default_factory=dict)

    @property
    def level(self) -> Level | None:
        """Where the sides part first; None if one of them did not answer."""
        return None if self.verdict.first is None else self.verdict.first.level

    def has_to_do_with(self, used: frozenset[str]) -> bool:
        """Whether a program with these operations may fail of the same cause: all that the smallest needs is in it."""
        return self.differentiated <= used if self.differentiated else not used

    def __str__(self) -> str:
        return str(self.cause) + (f" of {', '.join(sorted(self.differentiated))}" if self.differentiated else "")


def causes(run: Run) -> list[Alike]:
    """What fails in the cases that are not as expected: wrong numbers first, then what most programs show.

    Nothing if the programs of the run were not read.
    """
    found: dict[Cause, list[tuple[tuple[bool, int], str, int, Program, Verdict]]] = defaultdict(list)
    for case, index in run.verdicts:
        outcome = run.outcomes.get(case)
        if outcome is not None and outcome.expected:
            continue
        verdict = run.verdicts[case, index]
        if verdict.status in FAILING and (case, index) in run.programs:
            program = run.programs[case, index]
            size = (has_empty(program.steps), len(program.to_json()))
            found[Cause.of(program, verdict)].append((size, case, index, program, verdict))
    alike: list[Alike] = []
    for cause, failing in found.items():
        groups: list[Alike] = []
        for _, case, index, program, verdict in sorted(failing, key=lambda one: one[:3]):
            used = _differentiated(cause, program, verdict)
            group = next((group for group in groups if group.has_to_do_with(used)), None)
            if group is None:
                group = Alike(cause, program, verdict, case, index, used)
                groups.append(group)
            if _was_drawn(run, case, index):
                group.programs += 1
            group.cases[case] = None
        alike += groups
    return sorted(alike, key=_rank)


def _was_drawn(run: Run, case: str, index: int) -> bool:
    outcome = run.outcomes.get(case)
    return outcome is None or index < outcome.programs


def _differentiated(cause: Cause, program: Program, verdict: Verdict) -> frozenset[str]:
    first = verdict.first
    if first is None or first.facet not in ("grad", "value"):
        return frozenset()
    if first.facet == "value" and _plain(cause.operation) not in _DIFFERENTIATES:
        return frozenset()
    names = frozenset(_operations(program, first.step[0] if first.step else len(program.steps)))
    return names - _EVERYWHERE or names & {"sum"}


def _operations(program: Program, until: int) -> Iterator[str]:
    for step in program.steps[:until]:
        if isinstance(step, Operator | Method | Call):
            yield _plain(operation(step))


def _plain(name: str) -> str:
    """``torch.mul()``, ``.mul()`` and ``mul`` are one."""
    return name.removesuffix("()").rpartition(".")[2]


def _rank(group: Alike) -> tuple[int, int, int, int, str, int]:
    level = -1 if group.level is None else LEVELS.index(group.level)
    return max(level, 0), _interest(group), level, -group.programs, group.case, group.index


def _interest(group: Alike) -> int:
    """What a cause tells of an implementation: the less, the more."""
    first = group.verdict.first
    if first is None:
        return 2
    if first.facet == "grad":
        return 0
    if first.facet == "value" and _plain(group.cause.operation) not in _DIFFERENTIATES:
        return 1
    # A value that `backward` changed is somebody's memory; what raises is often but a name or a keyword that is not there.
    return 3 if first.facet in ("raised", "error_code") else 2
