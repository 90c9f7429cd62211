"""Whether what a subject says that it lacks is really not there.

A lack is declared once, in the features of a subject's description, and the cases that require it count as nothing. So a
declaration that is wrong would hide what a library can do, and every fault in it. Here those cases are run all the same: if
most of what needs a feature passes, the library has it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from conformance.judging.judge import judge
from conformance.judging.verdict import Verdict
from conformance.recorded.oracle import Recorded
from conformance.running.answering import answer
from conformance.running.oracles import RECORDED, corpus
from conformance.subjects import Subject

SEEN_BY = {"printing": "repr", "graph": "graph", "hooks": "hooks", "alias": "alias"}
"""The facet without which nothing is seen of a feature: where a subject does not show it, its cases pass for nothing."""

PROGRAMS = 2
"""How many programs of a case are run, the smallest first: a feature that is not there fails at once."""


@dataclass(frozen=True)
class Lack:
    """A feature that a subject says that it lacks, and the cases that need it and nothing else that it lacks."""

    feature: str
    cases: int
    passing: tuple[str, ...]
    """Those that pass all the same, as far as they had to be run."""

    @property
    def is_wrong(self) -> bool:
        """Whether the feature is there after all. Some cases may pass by luck, as they ask for the least of a feature."""
        return len(self.passing) * 2 > self.cases


def declared_lacks(subject: Subject, oracle: str = RECORDED) -> Iterator[Lack]:
    """Runs the recorded cases that a subject says that it cannot run, feature by feature."""
    described = subject.describe()
    recorded = Recorded(corpus(oracle))
    needed: dict[str, list[str]] = {}
    for case in recorded.corpus.cases.values():
        lacking = described.lacking(case.requires)
        if described.features and len(lacking) == 1:
            needed.setdefault(lacking[0], []).append(case.id)
    for feature, ids in sorted(needed.items()):
        if described.facets and SEEN_BY.get(feature, described.facets[0]) not in described.facets:
            continue
        passing: list[str] = []
        for number, id in enumerate(ids):
            if (number - len(passing)) * 2 >= len(ids):
                break  # Whatever the others do, it is lacking.
            passing += [id] if _passes(subject, recorded, id, described.facets) else []
        yield Lack(feature, len(ids), tuple(passing))


def _passes(subject: Subject, recorded: Recorded, case: str, facets: tuple[str, ...]) -> bool:
    for program, _ in zip(recorded.programs(case), range(PROGRAMS), strict=False):
        answered = answer(subject, program)
        if isinstance(answered, Verdict):
            return False
        if judge(program, recorded.run(program), answered, recorded, facets).status != "PASS":
            return False
    return True
