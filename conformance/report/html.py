"""index.html: the run as one page that needs no network, no server, and for its main part no JavaScript.

The verdict, the findings, the matrix and a row for every case are plain HTML. What a case shows when it is opened is HTML
too, rendered here and packed (deflate, base64) into an attribute of its row: 500 cases then make a file of a few megabytes
that opens at once. (Rejected: JSON drawn by JavaScript. Everything that a subject said would be escaped in two places.)
"""

from __future__ import annotations

import base64
import hashlib
import zlib
from dataclasses import dataclass
from importlib.resources import files

import jinja2
from markupsafe import Markup

from conformance.journal import Finding
from conformance.judging.verdict import STATUSES
from conformance.report.causes import Alike, causes
from conformance.report.facts import facts
from conformance.report.graph import Drawing, differing, draw
from conformance.report.highlight import highlighted
from conformance.report.model import FAILING, NOT_RUN, Case, Report, first_of
from conformance.report.sharing import shared
from conformance.report.source import reproducer
from conformance.report.steps import Row, rows, where
from conformance.report.text import counted, moment, printable
from conformance.trace import LEVELS, Graph, Level, Trace

STATUS_WORDS = {
    "PASS": "pass",
    "FAIL": "fail",
    "CRASH": "crash",
    "TIMEOUT": "timeout",
    "UNSUPPORTED": "unsupported",
    "BLOCKED": "blocked",
    "INCONCLUSIVE": "inconclusive",
    NOT_RUN: "not run",
}

LEVEL_MEANINGS: dict[Level, str] = {
    "required": "values, gradients, raised or not, error codes",
    "expected": "dtype, shape, flags, versions, aliasing, hooks",
    "exact": "graph, strides, texts, repr",
}


SHOWN_CAUSES = 12
"""Causes that are listed at once."""

SHOWN_CASES = 8
"""Cases of one group of findings that are listed at once: cases that fail alike are told by the first few."""


@dataclass(frozen=True)
class GraphView:
    """A drawing in a case: whose it is, after which step, and its SVG (empty if it cannot be drawn)."""

    owner: str
    drawing: Drawing
    svg: Markup


@dataclass(frozen=True)
class FindingView:
    """A program of a case with all that is shown of it."""

    number: int
    levels: tuple[Level, ...]
    finding: Finding
    script: Markup
    rows: list[Row]
    graphs: list[GraphView]
    graph_step: int

    @property
    def first(self) -> int | None:
        """The row of the first difference."""
        return next((row.index for row in self.rows if row.first), None)


def html(report: Report) -> str:
    """The page. Equal reports give equal bytes."""
    environment = templates("conformance.report")
    environment.globals.update(
        report=report,
        levels=LEVELS,
        level_meanings=LEVEL_MEANINGS,
        statuses=(*STATUSES, NOT_RUN),
        words=STATUS_WORDS,
        failing=FAILING,
        counted=counted,
        facts=facts,
        highlighted=highlighted,
        where=where,
        moment=moment,
        shown_cases=SHOWN_CASES,
        causes=causes(report.run),
        shown_causes=SHOWN_CAUSES,
        cause_script=lambda cause: _cause_script(report, cause),
    )
    svgs = draw(
        drawing for case in report.cases for _, finding in _shown_findings(case) for _, drawing in _drawings(finding)
    )
    template = environment.get_template("case.html.j2")
    pages = shared(lambda case: _packed(template.render(case=case, findings=_views(report, case, svgs))), report.cases)
    packed = {case.id: page for case, page in zip(report.cases, pages, strict=True)}
    style, script = _static("report.css"), _static("report.js")
    return environment.get_template("index.html.j2").render(
        packed=packed,
        style=Markup(style),
        script=Markup(script),
        style_hash=_hash(style),
        script_hash=_hash(script),
    )


def _cause_script(report: Report, cause: Alike) -> Markup:
    finding = Finding(program=cause.program, verdict=cause.verdict)
    return highlighted(reproducer(finding, cause.verdict.first, report.oracle, report.subject).rstrip())


def templates(*packages: str) -> jinja2.Environment:
    """Where the templates of some packages are found, and what holds for all pages: whatever anybody said is escaped."""
    return jinja2.Environment(
        loader=jinja2.ChoiceLoader([jinja2.PackageLoader(package) for package in packages]),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        finalize=_shown,
        bytecode_cache=_compiled_before(),
    )


def _compiled_before() -> jinja2.BytecodeCache | None:
    """What was compiled of the templates before, in a folder of the user's own: a short run takes a sixth less."""
    try:
        return jinja2.FileSystemBytecodeCache()
    except (OSError, RuntimeError):  # there is no folder that is safe from others
        return None


def _shown(value: object) -> object:
    # Control characters can be in anything that a subject said; they are written as escapes wherever they turn up.
    return printable(value) if type(value) is str else value


def _shown_findings(case: Case) -> list[tuple[tuple[Level, ...], Finding]]:
    if case.findings:
        return case.findings
    example = case.outcome.example if case.outcome else None
    return [((), example)] if example else []


def _views(report: Report, case: Case, svgs: dict[str, str]) -> list[FindingView]:
    views = []
    facets = report.run.header.subject.facets
    for number, (levels, finding) in enumerate(_shown_findings(case)):
        graphs = [GraphView(owner, drawing, Markup(svgs.get(drawing.dot, ""))) for owner, drawing in _drawings(finding)]
        script = highlighted(report.reproducer(levels, finding).rstrip())
        views.append(
            FindingView(
                number,
                levels,
                finding,
                script,
                rows(finding, first_of(levels, finding), facets),
                graphs,
                _graph_step(finding),
            )
        )
    return views


def _graph_step(finding: Finding) -> int:
    """The step whose graph is drawn: where the graphs begin to differ, else the last that has one."""
    differing_at = [d.step[0] for d in finding.verdict.differences if d.facet == "graph" and d.step]
    if differing_at:
        return min(differing_at)
    traces = (trace for trace in (finding.oracle, finding.subject) if trace is not None)
    return max((_last_drawn(trace, len(finding.program.steps)) for trace in traces), default=-1)


def _last_drawn(trace: Trace, steps: int) -> int:
    """The last step after which there is a graph. Told in one walk: a program may have ten thousand steps."""
    last, is_there = -1, False
    for index in range(steps):
        graph = trace.steps[index].graph if index < len(trace.steps) else None
        if isinstance(graph, Graph):
            is_there = bool(graph.nodes)
        if is_there:
            last = index
    return last


def _graph(trace: Trace | None, index: int) -> Graph | None:
    """The graph after a step: only changes are recorded, so it may stand with an earlier one."""
    if trace is None:
        return None
    seen = (step.graph for step in reversed(trace.steps[: index + 1]))
    return next((graph for graph in seen if isinstance(graph, Graph)), None)


def _drawings(finding: Finding) -> list[tuple[str, Drawing]]:
    index = _graph_step(finding)
    oracle, subject = _graph(finding.oracle, index), _graph(finding.subject, index)
    if index < 0 or (oracle is None and subject is None):
        return []
    if oracle == subject and oracle is not None:
        return [("both", Drawing(oracle))]
    if oracle is not None and subject is not None:
        left, right = differing(oracle, subject)
        return [("oracle", Drawing(oracle, left)), ("subject", Drawing(subject, right))]
    return [("oracle", Drawing(oracle))] if oracle is not None else [("subject", Drawing(subject))] if subject else []


def _packed(page: str) -> str:
    return base64.b64encode(zlib.compress(page.encode(), 9)).decode()


def _static(name: str) -> str:
    return (files("conformance.report") / "static" / name).read_text("utf-8")


def _hash(text: str) -> str:
    # For the Content-Security-Policy: only this very style and this very script may run in the page.
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
