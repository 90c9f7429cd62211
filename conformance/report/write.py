"""run.jsonl → the files of a report."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from conformance import journal
from conformance.collection import uncollected
from conformance.report.badge import badge
from conformance.report.html import html
from conformance.report.junit import junit
from conformance.report.markdown import markdown
from conformance.report.model import Report
from conformance.runs import history


class Paths(NamedTuple):
    """Where the reports were written."""

    html: Path
    junit: Path
    markdown: Path
    badge: Path


@uncollected()
def write_reports(run_path: Path | str, directory: Path | str, run: journal.Run | None = None) -> Paths:
    """Writes index.html, junit.xml, summary.md and badge.json of a run into a directory, which is made if needed.

    `run` is what is in the file, where that is known already; it takes seconds to read a large one.
    An interrupted run is reported too, and says so in each of them. Raises a journal.RunFileError if
    the file is not a run.
    """
    path = Path(run_path)
    report = Report(run or journal.read(path), history=history.changes(history.read(path.parent)))
    folder = Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    paths = Paths(folder / "index.html", folder / "junit.xml", folder / "summary.md", folder / "badge.json")
    for file, text in zip(paths, (html(report), junit(report), markdown(report), badge(report)), strict=True):
        file.write_text(text, encoding="utf-8", newline="\n")
    return paths
