"""Runs → the pages of a site: a matrix, a page a feature, a page a case. Everything is plain HTML; a script filters.

A site of twelve implementations and the whole catalogue is some two thousand pages. They share one style sheet and one
script, so that each is small. (Rejected: one page, as of a report. Twelve reports in one file do not open at once.)
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path

import jinja2

from conformance import journal
from conformance.journal import RunFileError
from conformance.judging.verdict import STATUSES
from conformance.render import script
from conformance.report.highlight import highlighted
from conformance.report.html import LEVEL_MEANINGS, STATUS_WORDS, templates
from conformance.report.model import NOT_RUN, Report, first_of, title
from conformance.report.text import counted, moment
from conformance.site.model import CONVENTIONS, Implementation, Site
from conformance.trace import LEVELS

Told = Callable[[int, int], None]
"""Is told how many pages are written, and of how many."""


class CannotCompare(RunFileError):
    """The runs have nothing to be compared by."""


def site_of(paths: Sequence[Path]) -> Site:
    """The runs as one site. Raises CannotCompare, and a RunFileError of a file that is no run."""
    implementations = []
    seen: Counter[str] = Counter()
    for path in paths:
        run = journal.read(path, programs=False)
        if run.interrupted:
            raise CannotCompare(f"{path} is of a run that was interrupted: it says nothing of what is missing")
        name = title(run.header.subject)
        key = re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-") or "subject"
        seen[key] += 1
        if seen[key] > 1:
            key, name = f"{key}--{seen[key]}", f"{name} ({seen[key]})"
        implementations.append(Implementation(key, name, Report(run)))
    if not implementations:
        raise CannotCompare("there is no run to show")
    oracles = {title(each.run.header.oracle) for each in implementations}
    if len(oracles) > 1:
        raise CannotCompare(f"the runs compare with different oracles: {', '.join(sorted(oracles))}")
    return Site(tuple(implementations))


def write_site(paths: Sequence[Path], folder: Path, told: Told = lambda done, of: None) -> Path:
    """Writes the site of some runs into a folder, and returns its first page. Raises what `site_of` raises."""
    site = site_of(paths)
    environment = _environment(site)
    total = 1 + len(site.features) + len(site.records)
    folder.mkdir(parents=True, exist_ok=True)
    style = files("conformance.report").joinpath("static/report.css").read_text("utf-8")
    (folder / "site.css").write_text(style + _static("site.css"), "utf-8")
    (folder / "site.js").write_text(_static("site.js"), "utf-8")
    done = 0

    def write(name: str, template: str, root: str, **values: object) -> None:
        nonlocal done
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(environment.get_template(template).render(root=root, **values), "utf-8", newline="\n")
        done += 1
        told(done, total)

    write("index.html", "matrix.html.j2", "")
    for feature, records in site.features.items():
        asked = {record.id: site.asked(record.id) for record in records}
        shown = asked if feature in CONVENTIONS else {}
        write(f"feature/{feature}.html", "feature.html.j2", "../", feature=feature, records=records, asked=shown)
        for record in records:
            write(f"case/{record.id}.html", "one_case.html.j2", "../../", record=record, asked=asked[record.id])
    return folder / "index.html"


def _environment(site: Site) -> jinja2.Environment:
    environment = templates("conformance.site", "conformance.report")
    environment.globals.update(
        site=site,
        levels=LEVELS,
        level_meanings=LEVEL_MEANINGS,
        words=STATUS_WORDS,
        statuses=(*STATUSES, NOT_RUN),
        conventions=CONVENTIONS,
        counted=counted,
        moment=moment,
        highlighted=highlighted,
        first_of=first_of,
        script=script,
    )
    return environment


def _static(name: str) -> str:
    return files("conformance.site").joinpath(f"static/{name}").read_text("utf-8")
