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


def failed(subject: str, case: str) -> Any:
    text = f"{case}: What is true.\nFAIL at required (1 of 1 programs)\n\nfirst difference, at step 2: x.grad\n"
    text += "    PyTorch  1\n    mylib    2\n\nthe smallest program that shows it:\n\n    import torch"
    told = json.dumps({"status": "FAIL", "text": text, "subject": subject})
    return SimpleNamespace(when="call", user_properties=[(PROPERTY, told)], longrepr="")


def test_some_cases_are_told_whole_and_the_others_in_a_line() -> None:
    console = Console(record=True, width=200, force_terminal=False)
    progress = Progressing(console)
    for number in range(FAILURES + 2):
        progress.pytest_runtest_logreport(failed("mylib", f"a/case_{number}"))
    progress.pytest_runtest_logreport(failed("other", "a/case_0"))
    out = console.export_text()
    assert out.count("the smallest program that shows it:") == FAILURES + 1
    assert "✗ a/case_11: first difference, at step 2: x.grad, PyTorch 1, mylib 2\n" in out
    assert out.count(f"More than {FAILURES} cases fail") == 1


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
