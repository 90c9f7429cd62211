"""What a run prints stays readable, however much fails."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from rich.console import Console

from conformance.commands.presentation import CAUSES, FAILURES, Progressing, summary
from conformance.report.html import html
from conformance.report.markdown import markdown
from conformance.report.model import Report
from conformance.running.launch import Result
from conformance.running.plugin import PROPERTY
from tests.conformance.build_run import HOSTILE
from tests.conformance.test_causes import differentiated, ran, wrong


def failed(subject: str, case: str, cause: str, code: str = "import torch") -> Any:
    text = (
        f"{case}: What is true.\nFAIL at required (1 of 1 programs)\n\nthe smallest program that shows it:\n\n    "
        + code
    )
    told = {
        "status": "FAIL",
        "case": case,
        "text": text,
        "subject": subject,
        "short": f"{case} differs",
        "cause": cause,
    }
    return SimpleNamespace(when="call", user_properties=[(PROPERTY, json.dumps(told))], longrepr="")


def test_a_case_of_each_cause_is_told_whole_and_the_others_in_a_line() -> None:
    console = Console(record=True, width=200, force_terminal=False)
    progress = Progressing(console)
    cases = [("a/first", "grad"), ("a/alike", "grad"), *((f"a/case_{n}", f"cause {n}") for n in range(FAILURES))]
    for case, cause in cases:
        progress.pytest_runtest_logreport(failed("mylib", case, cause))
    progress.pytest_runtest_logreport(failed("other", "a/first", "grad"))
    out = console.export_text()
    assert out.count("the smallest program that shows it:") == FAILURES + 1
    assert [line for line in out.splitlines() if line.endswith(" differs")] == [
        "✗ a/alike: a/alike differs",
        f"✗ a/case_{FAILURES - 1}: a/case_{FAILURES - 1} differs",
    ]
    assert out.count("In a line each") == 1


def test_of_a_long_program_the_beginning_and_the_end_are_shown() -> None:
    console = Console(record=True, width=200, force_terminal=False)
    steps = "\n    ".join(f"y{n} = x + {n}" for n in range(2000))
    Progressing(console).pytest_runtest_logreport(failed("mylib", "engine/deep", "raised", steps))
    lines = console.export_text().splitlines()
    assert len(lines) < 70
    assert {"      y0 = x + 0", "      y1999 = x + 1999", "  … 1,944 more lines, which the report has …"} <= set(lines)


def test_the_end_lists_causes_and_how_to_see_the_first() -> None:
    run = ran(
        *[
            ("a/one", differentiated("mul", elements=n), wrong(1, "raised", "returns", f"raises E{n}"))
            for n in range(1, 30)
        ]
    )
    console = Console(record=True, width=200)
    summary(console, Result({"mylib": run}, {"mylib": Path("reports")}))
    out = console.export_text()
    assert out.count("raised at mul: returns → raises E") == CAUSES
    assert f"… and {29 - CAUSES} more" in out
    assert "see the first: torchstone show a/one --subject mylib" in out


def test_the_reports_list_causes_and_show_their_programs() -> None:
    verdicts = (wrong(2), wrong(1, "value", "1", HOSTILE))
    run = ran(*[("a/one", differentiated("mul", elements=n), verdict) for n, verdict in enumerate(verdicts, 1)])
    page, text = html(Report(run)), markdown(Report(run))
    assert "By cause" in page
    assert page.count("the smallest program, of") == 2
    assert "<img src=x" not in page
    assert "| required | grad at .backward() of mul | 1 | 1 | `a/one` |" in text
    assert text.index("grad at .backward()") < text.index("value at mul")
    alone = ran(("a/one", differentiated("mul"), wrong(2)))
    assert "By cause" not in html(Report(alone))
