"""Runs → the pages of a site: a matrix, a page a feature, a page a case. Everything is plain HTML; a script filters.

A site of twelve implementations and the whole catalogue is some two thousand pages. They share one style sheet and one
script, so that each is small. (Rejected: one page, as of a report. Twelve reports in one file do not open at once.)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path

import jinja2

from conformance import journal
from conformance.journal import RunFileError
from conformance.render import script
from conformance.report.highlight import highlighted
from conformance.report.html import LEVEL_MEANINGS, STATUS_WORDS
from conformance.report.model import NOT_RUN, Report, first_of, title
from conformance.report.text import counted, moment, printable
from conformance.site.model import CONVENTIONS, Implementation, Site
from conformance.trace import LEVELS
from conformance.verdict import STATUSES

Told = Callable[[int, int], None]
"""Is told how many pages are written, and of how many."""


class CannotCompare(RunFileError):
    """The runs have nothing to be compared by."""


def site_of(paths: Sequence[Path]) -> Site:
    """The runs as one site. Raises CannotCompare, and a RunFileError of a file that is no run."""
    implementations = []
    taken: set[str] = set()
    for path in paths:
        run = journal.outcomes_of(path)
        if run.interrupted:
            raise CannotCompare(f"{path} is of a run that was interrupted: it says nothing of what is missing")
        name = title(run.header.subject)
        key = _key(name, taken)
        number = key.rpartition("--")[2]
        implementations.append(Implementation(key, f"{name} ({number})" if "--" in key else name, Report(run)))
    if not implementations:
        raise CannotCompare("there is no run to show")
    oracles = {title(each.run.header.oracle) for each in implementations}
    if len(oracles) > 1:
        raise CannotCompare(f"the runs compare with different oracles: {', '.join(sorted(oracles))}")
    return Site(tuple(implementations))


def _key(name: str, taken: set[str]) -> str:
    plain = re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-") or "subject"
    key, number = plain, 1
    while key in taken:
        number += 1
        key = f"{plain}--{number}"
    taken.add(key)
    return key


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
        asked = {record.id: site.asked(record.id)[1] for record in records} if feature in CONVENTIONS else {}
        write(f"feature/{feature}.html", "feature.html.j2", "../", feature=feature, records=records, asked=asked)
    for id, record in site.records.items():
        digest, steps = site.asked(id)
        program = next(
            (
                outcome.example.program
                for each in site.implementations
                if (outcome := each.run.outcomes.get(id))
                and outcome.example
                and outcome.example.program.digest == digest
            ),
            None,
        )
        text = highlighted(script(program).rstrip()) if program else None
        write(f"case/{id}.html", "one_case.html.j2", "../../", record=record, steps=steps, program=text)
    return folder / "index.html"


def _environment(site: Site) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader(
            [jinja2.PackageLoader("conformance.site"), jinja2.PackageLoader("conformance.report")]
        ),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        finalize=lambda value: printable(value) if type(value) is str else value,
    )
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
