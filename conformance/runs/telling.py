"""Changes between two runs, told in a terminal, as Markdown, and as JSON."""

from __future__ import annotations

import json
from collections import Counter

from rich.console import Console
from rich.text import Text

from conformance.runs.changes import Change, Changes, Kind, told

STYLES = {Kind.BROKEN: "bold red", Kind.CHANGED: "bold yellow", Kind.FIXED: "bold green"}
"""Kinds of which every case is told."""

COUNTED = (Kind.NEW, Kind.GONE)
"""Kinds of which features are told with a count, unless one asks for all: a new feature has dozens of cases."""


def show(console: Console, changes: Changes, *, everything: bool = False) -> None:
    """Prints what became of each case, the broken first."""
    for what, before, after in changes.unlike:
        console.print(Text(f"{what}: {before or '–'} → {after or '–'}", style="dim"))
    for kind in (*STYLES, *COUNTED):
        of = changes.of(kind)
        if not of:
            continue
        console.print(Text(f"{kind.name.lower()} ({len(of)}): {kind.value}", style=STYLES.get(kind, "bold")))
        for line in _lines(kind, of, everything=everything):
            console.print(Text(f"  {line}"))
    console.print(Text(closing_line(changes), style="bold red" if changes.worse else "bold green"))


def _lines(kind: Kind, changes: tuple[Change, ...], *, everything: bool) -> list[str]:
    if kind in COUNTED and not everything:
        features = Counter(change.case.split("/", 1)[0] for change in changes)
        return [f"{feature}: {count}" for feature, count in features.items()]
    if kind in COUNTED:
        return [f"{change.case}: {told(change.after or change.before)}" for change in changes]
    return [_line(change) for change in changes]


def _line(change: Change) -> str:
    worse = " (worse)" if change.worse and change.kind is Kind.CHANGED else ""
    return f"{change.case}: {' → '.join(change.words)}{' (now compared)' if change.now_compared else worse}"


def closing_line(changes: Changes) -> str:
    """How many cases are of each kind, and whether anything got worse."""
    counts = [f"{len(of)} {kind.name.lower()}" for kind in Kind if (of := changes.of(kind))]
    compared = sum(change.now_compared for change in changes.worse)
    worse = len(changes.worse) - compared
    told = [f"{worse} worse"] * bool(worse) + [f"{compared} now compared, and not passing"] * bool(compared)
    return f"{', '.join(counts) or 'no case'}; {', '.join(told) or 'nothing worse'}"


def markdown(changes: Changes) -> str:
    """The changes for a job summary or a comment: a table for each kind that is told case by case."""
    lines = [f"## {'❌' if changes.worse else '✅'} {closing_line(changes)}", ""]
    lines += [f"- {what}: `{before or '–'}` → `{after or '–'}`" for what, before, after in changes.unlike]
    for kind in STYLES:
        of = changes.of(kind)
        if of:
            lines += [
                "",
                f"### {kind.name.capitalize()}: {kind.value}",
                "",
                "| case | before | after |",
                "|---|---|---|",
            ]
            lines += [f"| `{each.case}` | {' | '.join(map(_cell, each.words))} |" for each in of]
    for kind in COUNTED:
        of = changes.of(kind)
        if of:
            lines += ["", f"### {kind.name.capitalize()}: {kind.value}", ""]
            lines += [f"- {line}" for line in _lines(kind, of, everything=False)]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    # What a subject said must not end the cell or begin markup.
    return "".join(f"\\{sign}" if sign in "\\`*_{}[]<>|~#@&" else sign for sign in " ".join(text.split()))


def as_json(changes: Changes) -> str:
    """The changes as one JSON object: kind by kind, the cases that ended as before only counted."""
    kinds = {
        kind.name.lower(): [
            {
                "case": each.case,
                "before": each.words[0] or None,
                "after": each.words[1] or None,
                "worse": each.worse,
            }
            for each in changes.of(kind)
        ]
        for kind in Kind
        if kind is not Kind.SAME
    }
    unlike = {what: [before, after] for what, before, after in changes.unlike}
    return json.dumps({**kinds, "same": len(changes.of(Kind.SAME)), "unlike": unlike}, indent=2, ensure_ascii=False)
