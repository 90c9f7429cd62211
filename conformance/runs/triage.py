"""What a run found that was not expected, written down as expectations that a person has yet to look at.

Each entry is `untriaged`, and says what was seen instead of why: a run in continuous integration refuses it until somebody
has given the reason. Beside the entries lies the smallest program of every level that fails, so that later runs show that
one, and do not look for it anew.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from conformance.journal import Outcome, Run
from conformance.running.expected import entries_of, program_file
from conformance.runs.changes import first_difference
from conformance.trace import LEVELS

KNOWABLE = ("FAIL", "CRASH", "TIMEOUT", "UNSUPPORTED", "INCONCLUSIVE")
"""Statuses that a subject can be known for."""


@dataclass(frozen=True)
class Written:
    """What was written, and what is left to a person."""

    files: tuple[Path, ...]
    entries: int
    passing: tuple[str, ...]
    """Cases that are expected to fail and pass: their entries are to be deleted."""
    otherwise: tuple[str, ...]
    """Cases that fail in another way than an entry says: it is to be changed."""


def write(run: Run, folder: Path) -> Written:
    """Appends an entry for each case that did not end as expected, a file a feature; what is there stays.

    Raises an ExpectationError if what is there cannot be read.
    """
    unexpected = [outcome for outcome in run.outcomes.values() if not outcome.expected]
    there = [entry for file in sorted(folder.glob("*.toml")) for entry in entries_of(file)]
    spoken_of = {each.case for each in unexpected if any(entry.stands_for(each.case) for entry in there)}
    entries: dict[str, list[str]] = {}
    for outcome in unexpected:
        if outcome.status in KNOWABLE and outcome.case not in spoken_of:
            entries.setdefault(outcome.case.split("/", 1)[0], []).append(_entry(outcome))
            _keep_programs(outcome, folder)
    files = []
    for feature, texts in entries.items():
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{feature}.toml"
        before = file.read_text("utf-8").rstrip("\n") + "\n\n" if file.exists() else ""
        file.write_text(before + "\n".join(texts), "utf-8")
        files.append(file)
    passing = tuple(outcome.case for outcome in unexpected if outcome.status == "PASS")
    otherwise = tuple(each.case for each in unexpected if each.case in spoken_of and each.status != "PASS")
    return Written(tuple(files), sum(map(len, entries.values())), passing, otherwise)


def _entry(outcome: Outcome) -> str:
    first = first_difference(outcome)
    fields: dict[str, str] = {"case": outcome.case, "status": outcome.status}
    if outcome.status == "FAIL" and first is not None:
        fields |= {"level": first.level, "facet": first.facet, "code": first.codes[1]}
        seen = f"step {first.step[0]} shows {first.subject}, and PyTorch {first.oracle}"
    else:
        seen = outcome.reason.partition("\n")[0] or outcome.status
    fields["reason"] = seen if len(seen) < 200 else seen[:197] + "…"
    # A JSON string is a TOML one, U+007F apart.
    lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in fields.items() if value]
    return "\n".join(["[[expect]]", *lines[:-1], "untriaged = true", lines[-1], ""]).replace("\x7f", "\\u007f")


def _keep_programs(outcome: Outcome, folder: Path) -> None:
    for level in LEVELS:
        finding = outcome.levels[level].finding if level in outcome.levels else None
        if finding is not None:
            file = program_file(folder, outcome.case, level)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(finding.program.to_json() + b"\n")
