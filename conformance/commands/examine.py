"""One case, looked at closely: `examine` runs it and picks the program to show, `side_by_side` sets both traces beside each
other."""

from __future__ import annotations

import difflib
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from rich.console import Group, RenderableType
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from conformance.journal import Finding, Journal, Outcome, ProgramRecord, Record
from conformance.judging.judge import judge
from conformance.program import Program
from conformance.recorded.lines import NAME as RECORDED, RANDOM
from conformance.render import script
from conformance.report.graph import Drawing
from conformance.report.steps import Fact, Row, rows, where
from conformance.running.checking import compare_once
from conformance.running.oracles import chosen, corpus, is_recorded, open_oracle
from conformance.running.runner import PROFILES, Case, Described, Settings, run_case
from conformance.running.session import all_cases
from conformance.samples import modules_of
from conformance.subjects import open_subject
from conformance.trace import LEVELS, Graph, Trace

_Case = TypeVar("_Case")

_FIRST = "← first difference"


class UnknownCase(Exception):
    """No case has this id."""

    def __init__(self, id: str, known: Collection[str]) -> None:
        within = [name for name in known if name.startswith(f"{id}/")]
        near = difflib.get_close_matches(id, known, n=3)
        meant = f"; did you mean {' or '.join(near)}?" if near else "; `torchstone list` shows them all"
        if within:
            meant = f", but a feature of {len(within)} cases: `torchstone list -k {id}` shows them"
        super().__init__(f"there is no case {id!r}{meant}")
        self.id = id


class NoSuchProgram(Exception):
    """A case has fewer programs than that."""

    def __init__(self, id: str, index: int | str, programs: int) -> None:
        super().__init__(f"{id} has {programs} programs, #0 to #{programs - 1}, and none of the number {index}")


DRAWN = 100
"""Programs that are drawn of a case to be shown. Recorded ones are run all: which of them fails cannot be told before."""


@dataclass(frozen=True)
class Examined:
    """A case that was run on a subject, and the program of it to show: the smallest that fails, else an example."""

    case: Described
    subject: str
    oracle: str
    outcome: Outcome
    finding: Finding | None
    index: int | None = None
    """Which of the case's programs that is; None if it was made smaller than any of them."""


class _Programs(Journal):
    """A journal that keeps the programs of a case, and writes nothing."""

    def __init__(self) -> None:
        super().__init__(Path(os.devnull))
        self.programs: list[Program] = []

    def write(self, record: Record) -> None:
        if isinstance(record, ProgramRecord):
            self.programs.append(record.program)


def find_case(id: str, cases: Sequence[str] = ()) -> Case:
    """The case of an id. Raises UnknownCase."""
    return _among({case.id: case for case in all_cases(tuple(cases))}, id)


def _among(known: Mapping[str, _Case], id: str) -> _Case:
    if id not in known:
        raise UnknownCase(id, known)
    return known[id]


def examine(
    id: str,
    subject: str = "numtorch",
    *,
    seed: int = 0,
    max_examples: int | None = None,
    cases: Sequence[str] = (),
    oracle: str = "",
) -> Examined:
    """Runs one case on a subject as a run does. With ``#`` and a number behind the id, that one of its programs is shown.

    Raises UnknownCase, NoSuchProgram, SubjectUnavailable and CaseCannotRun.
    """
    id, _, number = id.partition("#")
    cases = (*cases, *modules_of(id))
    if not oracle and id.startswith(f"{RANDOM}/"):
        oracle = RECORDED  # nobody else knows them
    oracle = chosen(oracle)
    case: Described = _among(corpus(oracle).cases, id) if is_recorded(oracle) else find_case(id, cases)
    answers = open_oracle(oracle)
    asked = open_subject(subject)
    programs = max_examples or (PROFILES["thorough"] if is_recorded(oracle) else DRAWN)
    try:
        with _Programs() as known:
            outcome = run_case(case, asked, answers, judge, Settings(programs, seed), known)
        findings = [outcome.levels[level].finding for level in LEVELS if level in outcome.levels]
        examined = Examined(case, subject, oracle, outcome, next(filter(None, findings), outcome.example))
        drawn = known.programs[: outcome.programs]
        if not number:
            shown = examined.finding and examined.finding.program
            return replace(examined, index=next((at for at, one in enumerate(drawn) if one == shown), None))
        index = int(number) if number.isdecimal() else -1
        if not 0 <= index < len(drawn):
            raise NoSuchProgram(id, index if index >= 0 else number, len(drawn))
        checked = compare_once(drawn[index], asked, answers)
        finding = Finding(
            program=checked.program, oracle=checked.oracle, subject=checked.subject, verdict=checked.verdict
        )
        return replace(examined, finding=finding, index=index)
    finally:
        asked.close()
        answers.close()


def side_by_side(examined: Examined) -> RenderableType:
    """The sentence of the case, its program as a PyTorch script, and both traces step by step."""
    outcome, finding = examined.outcome, examined.finding
    parts: list[RenderableType] = [Text(f"{examined.case.id}", style="bold"), Text(examined.case.sentence)]
    levels = ", ".join(f"{level} {of.status}" for level, of in outcome.levels.items())
    parts.append(Text(f"{examined.subject}: {outcome.status} in {outcome.programs} programs ({levels})"))
    if outcome.reason:
        parts.append(Text(outcome.reason))
    if finding is None:
        return Group(*parts)
    if examined.index is not None:
        parts.append(Text(f"program #{examined.index}: {finding.verdict.status}"))
    parts += [Text(), Syntax(script(finding.program), "python", background_color="default"), _table(examined, finding)]
    return Group(*parts)


def _table(examined: Examined, finding: Finding) -> Table:
    table = Table(show_lines=True, expand=True)
    table.add_column("step", ratio=2, min_width=len(_FIRST))
    table.add_column("PyTorch", ratio=3)
    table.add_column(examined.subject, ratio=3)
    for row in rows(finding, finding.verdict.first):
        left = Text(f"{row.index}  {row.source}", style="bold red" if row.first else "")
        if row.first:
            left.append(f"\n{_FIRST}")
        same = row.state == "same"
        right = Text("the same", style="dim") if same else _facts(row.subject)
        table.add_row(left, _facts(row.oracle), Group(right, *_differences(row)))
    return table


def _facts(facts: tuple[Fact, ...] | None) -> Text:
    if facts is None:
        return Text("no answer", style="dim")
    return Text("\n".join(line for fact in facts for line in _lines(fact)))


def _lines(fact: Fact) -> Iterator[str]:
    words = ": ".join(filter(None, (fact.name or ("" if fact.kind in ("tensor", "state") else fact.kind),)))
    rest = ", ".join(field.text for field in fact.fields)
    yield " ".join(filter(None, (words, rest)))
    for inner in fact.inside:
        if inner.source:
            yield f"  {inner.source}"
        for deeper in inner.facts:
            yield from (f"    {line}" for line in _lines(deeper))


def _differences(row: Row) -> Iterator[Text]:
    for difference in row.differences:
        of = " ".join(filter(None, (difference.what, where(difference))))
        note = f" ({difference.note})" if difference.note else ""
        yield Text(f"≠ {of}: {difference.subject}, and PyTorch has {difference.oracle}{note}", style="red")


def graph_of(examined: Examined, *, of_subject: bool = False) -> Drawing | None:
    """The autograd graph of the program that `examine` picked, where it is largest; None if there never is one."""
    trace = examined.finding and (examined.finding.subject if of_subject else examined.finding.oracle)
    graph = _largest(trace) if trace else None
    return Drawing(graph) if graph else None


def _largest(trace: Trace) -> Graph | None:
    graphs = [step.graph for step in trace.steps if isinstance(step.graph, Graph) and step.graph.nodes]
    return max(graphs, key=lambda graph: len(graph.nodes), default=None)
