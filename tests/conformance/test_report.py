"""The reports of a run say what run.jsonl says: the verdict, every case, what differs, and nothing as markup."""

from __future__ import annotations

import base64
import json
import re
import xml.etree.ElementTree as ElementTree
import zlib
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from msgspec import UNSET
from msgspec.structs import replace

from conformance import journal
from conformance.journal import Finding, Outcome, Record
from conformance.judging.verdict import Difference, Verdict
from conformance.program import Get, Method, Operator, Program, Ref
from conformance.report import Paths, write_reports
from conformance.report.model import Report
from conformance.report.source import reproducer
from conformance.report.steps import rows
from conformance.trace import Array, StepTrace, TensorChange, TensorSeen, Trace
from tests.conformance import build_run
from tests.conformance.build_run import CUBE, array, cube_trace, failing, tensor, write

SHOWN = "</script><img src=x onerror=alert(1)>\"'<b>&amp;{{ 7*7 }}\\x00\\u202e]]>-->"
"""`HOSTILE` as a reader sees it."""


class Page(HTMLParser):
    """What a browser makes of a page, as far as these tests ask: its elements, and its text outside of scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.hidden = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        self.hidden += tag in ("script", "style")
        if tag not in ("a", "b", "code", "span"):
            self.text += " "

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.text += data

    def find(self, tag: str, **attributes: str) -> list[dict[str, str]]:
        return [
            found
            for name, found in self.elements
            if name == tag and all(found.get(key.rstrip("_")) == value for key, value in attributes.items())
        ]

    @property
    def words(self) -> str:
        return " ".join(self.text.split())


def case_page(page: Page, case: str) -> Page:
    """What a case shows once it is opened."""
    position = next(n for n, (_, found) in enumerate(page.elements) if found.get("data-case") == case)
    packed = next(found["data-packed"] for _, found in page.elements[position:] if "data-packed" in found)
    return Page(zlib.decompress(base64.b64decode(packed)).decode())


def report(tmp_path: Path, records: list[Record]) -> Paths:
    return write_reports(write(tmp_path / "run.jsonl", records), tmp_path / "reports" / "latest")


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    return report(tmp_path_factory.mktemp("everything"), build_run.everything())


@pytest.fixture(scope="module")
def page(everything: Paths) -> Page:
    return Page(everything.html.read_text("utf-8"))


def test_all_four_reports_are_written(everything: Paths) -> None:
    assert [path.name for path in everything] == ["index.html", "junit.xml", "summary.md", "badge.json"]
    assert all(path.stat().st_size for path in everything)


def test_the_same_run_gives_the_same_bytes(everything: Paths, tmp_path: Path) -> None:
    again = report(tmp_path, build_run.everything())
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in everything]


# ------------------------------------------------------------------------------------------------------------ verdict


def test_the_verdict_comes_first_and_says_who_was_tested_against_whom(page: Page) -> None:
    start = page.words[:400]
    assert "numtorch 0.1.0 against PyTorch 2.13.0" in start
    assert "5 of 17 cases behave as PyTorch 2.13.0 does." in start
    assert "11 cases not as expected." in start
    assert "7 fail" in start
    assert "Seed 7" in page.words


def test_a_run_in_which_everything_passes_says_so(tmp_path: Path) -> None:
    paths = report(tmp_path, build_run.all_pass(3))
    assert "All 3 cases behave as PyTorch 2.13.0 does." in Page(paths.html.read_text("utf-8")).words
    assert "✅" in paths.markdown.read_text("utf-8")
    assert json.loads(paths.badge.read_text("utf-8")) == {
        "schemaVersion": 1,
        "label": "PyTorch 2.13 autograd",
        "message": "3/3 cases",
        "color": "brightgreen",
    }


def test_known_failures_are_as_expected_and_not_hidden(tmp_path: Path) -> None:
    known = failing(
        "freeing/known",
        "A known one.",
        CUBE,
        cube_trace(),
        cube_trace(freed=None),
        *build_run.NEVER_FREED,
        expected=True,
    )
    paths = report(tmp_path, build_run.run_of([known]))
    words = Page(paths.html.read_text("utf-8")).words
    assert "0 of 1 case behaves as" in words
    assert "Everything is as expected: 1 case listed as known." in words
    assert "A known one." in paths.markdown.read_text("utf-8")
    assert json.loads(paths.badge.read_text("utf-8"))["color"] == "green"


def test_an_interrupted_run_is_never_called_a_pass(tmp_path: Path) -> None:
    paths = report(tmp_path, build_run.interrupted())
    words = Page(paths.html.read_text("utf-8")).words
    assert "Interrupted after 4 cases. This is not a result." in words
    assert "while it ran feature4/case_4" in words
    assert "Interrupted after 4 cases" in paths.markdown.read_text("utf-8")
    assert json.loads(paths.badge.read_text("utf-8"))["message"] == "interrupted"
    assert json.loads(paths.badge.read_text("utf-8"))["color"] == "lightgrey"
    root = ElementTree.parse(paths.junit).getroot()
    assert root.get("errors") == "1"
    assert [case.get("name") for case in root.iter("testcase") if case.find("skipped") is not None] == ["case_4"]


def test_a_run_without_cases_is_no_result(tmp_path: Path) -> None:
    paths = report(tmp_path, build_run.run_of([]))
    assert "No case ran. This is not a result." in Page(paths.html.read_text("utf-8")).words
    assert json.loads(paths.badge.read_text("utf-8"))["color"] == "lightgrey"


def test_a_pass_that_was_expected_to_fail_is_a_finding(tmp_path: Path) -> None:
    records = build_run.passing("a/b", "It passes.")
    assert isinstance(records[-1], Outcome)
    records[-1] = replace(records[-1], expected=False)
    paths = report(tmp_path, build_run.run_of([records]))
    assert "passes, though expected to fail" in Page(paths.html.read_text("utf-8")).words
    assert ElementTree.parse(paths.junit).getroot().get("failures") == "1"


def test_what_is_not_a_run_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run.jsonl").write_text("{}\n", encoding="utf-8")
    with pytest.raises(journal.NotARun):
        write_reports(tmp_path / "run.jsonl", tmp_path)


# ----------------------------------------------------------------------------------------- findings, matrix, cases


def test_failures_that_are_alike_are_one_finding(tmp_path: Path) -> None:
    groups = Report(journal.read(write(tmp_path / "run.jsonl", build_run.everything()))).groups
    alike = next(group for group in groups if len(group.cases) == 2)
    assert (alike.feature, alike.level, alike.what, alike.operation) == (
        "accumulation",
        "required",
        "grad",
        ".backward()",
    )
    assert [group.unexpected for group in groups] == sorted((group.unexpected for group in groups), reverse=True)


def test_every_finding_links_to_a_case_that_is_there(page: Page) -> None:
    links = {link["href"] for link in page.find("a") if link.get("href", "").startswith("#case=")}
    assert len(links) == 12
    assert links <= {"#" + row["id"] for row in page.find("details") if "data-case" in row}


def test_the_matrix_counts_cases_by_feature_and_level(page: Page) -> None:
    matrix = page.words.partition("Features and levels")[2].partition("Filter")[0]
    assert re.search(r"accumulation 2/4 .*? 2/4 .*? 4/4", matrix)
    assert re.search(r"operators 0/3 0 of 3 pass, 3 without a result", matrix)
    assert re.search(r"All 8/17 .*? 10/17 .*? 9/17", matrix)


def test_every_case_has_a_row_with_its_sentence_and_levels(page: Page) -> None:
    rows = {row["data-case"]: row for row in page.find("details") if "data-case" in row}
    assert len(rows) == 17
    assert rows["graph/pow_is_one_node"]["data-exact"] == "FAIL"
    assert rows["graph/pow_is_one_node"]["data-required"] == "PASS"
    assert "x.pow(3) adds one node to the graph." in page.words


def test_an_open_case_shows_program_steps_graph_and_source(page: Page) -> None:
    case = case_page(page, "graph/pow_is_one_node")
    assert "The smallest program that fails at exact" in case.words
    assert "import torch" in case.words
    assert "First difference: step 3" in case.words
    assert len(case.find("svg", role="img")) == 2
    assert "def pow_is_one_node(torch" in case.words


def test_the_first_difference_is_marked_on_its_row(page: Page) -> None:
    case = case_page(page, "accumulation/grad_keeps_its_identity")
    (marked,) = [row for row in case.find("tr") if "first" in row.get("class", "").split()]
    assert marked["id"] == "step-0-5"
    assert "x.grad [13.5, 24.]" in case.words
    assert "x.grad [6.75, 12.]" in case.words
    assert "finite differences agree with PyTorch" in case.words


def test_calls_of_hooks_are_nested_in_the_step_that_made_them(page: Page) -> None:
    case = case_page(page, "hooks/hook_replaces_the_gradient")
    assert len(case.find("mark")) == 2, "the number that differs, on both sides"
    assert "called double(grad)" in case.words
    assert "negated = torch.neg(twice)" in case.words
    assert "value of negated in call 1, step 1 [-0.4, -1.]" in case.words


def test_what_both_sides_did_is_shown_once(page: Page) -> None:
    case = case_page(page, "graph/functions_are_named")
    assert case.words.count("RuntimeError Trying to backward") == 1
    assert len(case.find("svg", role="img")) == 1
    assert "The same on both" in case.words


def test_a_subject_that_gave_no_answer_is_shown_beside_the_oracle(page: Page) -> None:
    case = case_page(page, "hooks/hook_on_a_freed_node")
    assert "exited with signal 11 (SIGSEGV)" in case.words
    assert "no answer" in case.words
    assert "x.grad float32 [2] [6.75, 12.]" in case.words


def test_a_page_of_500_cases_stays_small(tmp_path: Path) -> None:
    assert report(tmp_path, build_run.all_pass(500)).html.stat().st_size < 4_000_000


# -------------------------------------------------------------------------------------------------- hostile texts


def test_nothing_that_a_subject_says_becomes_markup(page: Page) -> None:
    case = case_page(page, "hostile/says_html")
    for found in (page, case):
        assert not found.find("img")
        assert not [element for _, element in found.elements if any(name.startswith("on") for name in element)]
        assert SHOWN in found.words
        assert not {"\x00", "\u202e"} & set(found.text), "what cannot be shown is written as an escape"
        assert "49" not in found.words, "a template was rendered twice"
    assert len(page.find("script")) == 1
    assert not case.find("script")


def test_the_page_asks_for_nothing_from_the_network(everything: Paths, page: Page) -> None:
    assert "default-src 'none'" in page.find("meta", http_equiv="x") or any(
        "default-src 'none'" in meta.get("content", "") for meta in page.find("meta")
    )
    assert not [found for _, found in page.elements if found.get("src")]
    assert {found["href"][:1] for _, found in page.elements if "href" in found} <= {"#", "d"}
    assert "@import" not in everything.html.read_text("utf-8")


def test_junit_holds_hostile_texts_as_text(everything: Paths) -> None:
    root = ElementTree.parse(everything.junit).getroot()
    failure = next(case.find("failure") for case in root.iter("testcase") if case.get("name") == "says_html")
    assert failure is not None
    assert SHOWN in failure.get("message", "")


def test_markdown_holds_hostile_texts_as_text(everything: Paths) -> None:
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(everything.markdown.read_text("utf-8"))
    assert not Page(html).find("img")
    assert "onerror=alert" in Page(html).text


# ----------------------------------------------------------------------------------------------- JUnit, Markdown


def test_junit_has_a_suite_a_feature_and_counts_them(everything: Paths) -> None:
    root = ElementTree.parse(everything.junit).getroot()
    assert [suite.get("name") for suite in root] == [
        "accumulation",
        "freeing",
        "graph",
        "hooks",
        "operators",
        "hostile",
    ]
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("17", "9", "2")
    hooks = root[3]
    assert (hooks.get("tests"), hooks.get("errors"), hooks.get("time")) == ("4", "2", "0.500")
    assert {p.get("name"): p.get("value") for p in hooks.iter("property")}["oracle"] == "PyTorch 2.13.0"


def test_a_junit_failure_says_the_first_difference_and_holds_the_reproducer(everything: Paths) -> None:
    root = ElementTree.parse(everything.junit).getroot()
    failure = next(c.find("failure") for c in root.iter("testcase") if c.get("name") == "grad_keeps_its_identity")
    assert failure is not None
    assert failure.get("message") == "x.grad: [13.5, 24.] expected, [6.75, 12.] seen"
    assert "import torch" in (failure.text or "")


def test_a_known_failure_does_not_fail_a_build(everything: Paths) -> None:
    root = ElementTree.parse(everything.junit).getroot()
    case = next(c for c in root.iter("testcase") if c.get("name") == "message_names_retain_graph")
    assert case.find("failure") is None
    skipped = case.find("skipped")
    assert skipped is not None
    assert skipped.get("message", "").startswith("fails as expected")


def test_the_summary_has_the_matrix_and_a_reproducer_for_each_finding(everything: Paths) -> None:
    summary = everything.markdown.read_text("utf-8")
    assert "| accumulation | 2/4 ❌ | 2/4 ❌ | 4/4 |" in summary
    assert "| **all** | 8/17 ❌ | 10/17 ❌ | 9/17 ❌ |" in summary
    assert summary.count("<details>") == summary.count("</details>") == 11
    assert "```python\nimport torch" in summary


def test_a_reproducer_ends_with_what_is_seen_of_it(everything: Paths) -> None:
    summary = everything.markdown.read_text("utf-8")
    assert "# x.grad:\n#   PyTorch 2.13.0: [13.5, 24.]\n#   numtorch 0.1.0: [6.75, 12.]\n" in summary


def test_a_line_break_in_what_a_subject_said_does_not_leave_the_comment() -> None:
    difference = Difference(step=(0,), facet="message", oracle="a", subject="b\nimport os\r\u2028import sys")
    finding = Finding(program=CUBE, verdict=Verdict(status="FAIL", differences=(difference,)))
    text = reproducer(finding, difference, "PyTorch", "mylib")
    assert text.splitlines()[-1] == "#   mylib: b import os import sys"


def test_steps_after_the_sides_have_parted_are_not_compared() -> None:
    program = Program(steps=(*CUBE.steps, Get(self=Ref("x"), name="grad", out="h")))
    after = StepTrace(outcome="returned", result=None), StepTrace(outcome="returned", result=3)
    oracle, subject = (
        Trace(steps=(*trace.steps, last))
        for trace, last in zip((cube_trace(), cube_trace(freed=None)), after, strict=True)
    )
    verdict = Verdict(status="FAIL", differences=build_run.NEVER_FREED)
    finding = Finding(program=program, oracle=oracle, subject=subject, verdict=verdict)
    assert [row.state for row in rows(finding, verdict.first)][-2:] == ["differs", "uncompared"]


def test_numbers_within_rounding_are_told_from_facets_that_are_not_compared() -> None:
    def state(value: Array, version: int) -> str:
        oracle = cube_trace()
        changed = replace(oracle.steps[5], changes={"x.grad": TensorChange(value=value, version=version)})
        subject = Trace(steps=(*oracle.steps[:5], changed, *oracle.steps[6:]))
        return rows(Finding(program=CUBE, oracle=oracle, subject=subject, verdict=Verdict(status="PASS")), None)[
            5
        ].state

    assert state(array(13.5, 24.0), 1) == "same"
    assert state(array(13.500001, 24.0), 1) == "rounding"
    assert state(array(13.5, 24.0), 2) == "apart"


def test_a_second_name_of_an_object_is_told_and_not_written_again() -> None:
    program = Program(steps=(CUBE.steps[0], Method(self=Ref("x"), name="requires_grad_", out="t")))
    first = cube_trace().steps[0]
    second = StepTrace(
        outcome="returned",
        result=TensorSeen("t"),
        changes={"t": tensor(array(1.5, -2.0), requires_grad=True), "x": TensorChange(requires_grad=True)},
        alias=(("x", "t"),),
        identity=(("x", "t"),),
    )
    trace = Trace(steps=(first, second))
    row = rows(Finding(program=program, oracle=trace, subject=trace, verdict=Verdict(status="PASS")), None)[1]
    said = [" ".join([fact.name, *(field.text for field in fact.fields)]) for fact in row.subject or ()]
    assert said == ["x requires grad", "t t is x"]
    # A side that sees no identity shows what is in it: so does the other one then, and they are the same.
    blind = Trace(steps=(first, replace(second, identity=UNSET)))
    finding = Finding(program=program, oracle=trace, subject=blind, verdict=Verdict(status="PASS"))
    assert rows(finding, None)[1].state == "apart"
    assert rows(finding, None, ("value", "shape"))[1].state == "same"


def test_what_a_subject_cannot_observe_is_left_out_on_both_sides() -> None:
    oracle = cube_trace()
    plain = tensor(array(3.375, -8.0), requires_grad=False)
    subject = Trace(steps=(*oracle.steps[:2], replace(oracle.steps[2], changes={"y": plain}), *oracle.steps[3:]))
    finding = Finding(program=CUBE, oracle=oracle, subject=subject, verdict=Verdict(status="PASS"))
    assert rows(finding, None)[2].state == "apart"
    assert rows(finding, None, ("value", "grad"))[2].state == "same"


def test_a_traceback_is_told_by_its_last_line_and_kept_in_its_case(tmp_path: Path) -> None:
    reason = (
        "Traceback (most recent call last):\n  File \"mylib.py\", line 1\nModuleNotFoundError: No module named 'nn'\n"
    )
    crash = build_run.unanswered("a/b", "It ends.", "CRASH", reason)
    paths = report(tmp_path, build_run.run_of([crash]))
    page = Page(paths.html.read_text("utf-8"))
    assert "crash: ModuleNotFoundError: No module named 'nn' 1 case" in page.words
    assert "Traceback" not in page.words
    assert "Traceback" in case_page(page, "a/b").words
    assert (
        "<summary>a: crash: ModuleNotFoundError: No module named 'nn' (1 case)</summary>"
        in paths.markdown.read_text("utf-8")
    )
    error = ElementTree.parse(paths.junit).getroot().find(".//error")
    assert error is not None
    assert error.get("message") == "ModuleNotFoundError: No module named 'nn'"
    assert "Traceback" in (error.text or "")


def test_a_long_program_is_shown_by_its_ends_and_where_it_differs() -> None:
    start = CUBE.steps[0]
    links = (Operator(operator="neg", args=(Ref(f"x{n}" if n else "x"),), out=f"x{n + 1}") for n in range(2000))
    program = Program(steps=(start, *links))
    trace = Trace(steps=(cube_trace().steps[0], *(StepTrace(outcome="returned") for _ in range(2000))))
    difference = Difference(step=(1000,), facet="value", name="x1000", oracle="1.", subject="2.")
    verdict = Verdict(status="FAIL", differences=(difference,))
    found = rows(Finding(program=program, oracle=trace, subject=trace, verdict=verdict), difference)
    assert [row.index for row in found] == [*range(40), *range(998, 1003), *range(1981, 2001)]
    assert [row.index for row in found if row.first] == [1000]
    assert sum(row.skipped for row in found) + len(found) == 2001


def test_of_hundreds_of_calls_the_first_are_shown_and_those_that_differ() -> None:
    (call,) = build_run.hook_trace().steps[6].calls
    steps = build_run.hook_trace().steps
    trace = Trace(steps=(*steps[:6], replace(steps[6], calls=(call,) * 300)))
    difference = Difference(step=(6, 250, 1), facet="value", name="negated", oracle="1.", subject="2.")
    verdict = Verdict(status="FAIL", differences=(difference,))
    row = rows(Finding(program=build_run.HOOKED, oracle=trace, subject=trace, verdict=verdict), difference)[6]
    called = [fact for fact in row.subject or () if fact.kind == "called"]
    assert len(called) == 13
    assert any(field.differs for inner in called[-1].inside for fact in inner.facts for field in fact.fields)
