"""The figures of a run as Markdown and JSON."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from mutation.results import TARGETS, Group, Record, Summary, status_of

COLUMNS = ("", "killed", "survived", "equivalent", "not run", "share", "95 %", "programs: median", "most")


def write(summary: Summary, folder: Path, about: dict[str, Any]) -> None:
    """Writes report.md and report.json to a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.md").write_text("\n".join(markdown(summary, about)) + "\n")
    (folder / "report.json").write_bytes(msgspec.json.format(msgspec.json.encode(as_data(summary, about)), indent=1))


def markdown(summary: Summary, about: dict[str, Any]) -> Iterator[str]:
    """The page: a table a kind, then who survived."""
    yield "# Mutation power"
    yield ""
    yield ", ".join(f"{name} {value}" for name, value in about.items())
    for total in summary.totals:
        yield ""
        yield f"## {total.kind}: {_share(total.share)} killed, {TARGETS[total.kind]:.0%} wanted"
        yield ""
        yield "| " + " | ".join(COLUMNS) + " |"
        yield "|---" + "|---:" * (len(COLUMNS) - 1) + "|"
        for group in [*(one for one in summary.groups if one.kind == total.kind), total]:
            yield "| " + " | ".join(cells(group)) + " |"
    survived = summary.with_status("survived")
    if survived:
        yield ""
        yield f"## Survived ({len(survived)})"
        yield ""
        yield from (f"- `{one.name}` ({one.ran.programs} programs)" for one in survived)
    equivalent = summary.with_status("equivalent")
    if equivalent:
        yield ""
        yield f"## Equivalent ({len(equivalent)})"
        yield ""
        yield from (f"- `{one.name}`: {summary.reasons[one.name]}" for one in equivalent)


def cells(group: Group) -> tuple[str, ...]:
    """One row of a table."""
    counts = (group.killed, group.survived, group.equivalent, group.waiting)
    median = "" if group.median is None else f"{group.median:g}"
    between = "" if group.interval is None else "–".join(f"{bound:.1%}" for bound in group.interval)
    shares = _share(group.share), between
    return (group.feature, *(f"{count:,}" for count in counts), *shares, median, str(group.most or ""))


def _share(share: float | None) -> str:
    return "–" if share is None else f"{share:.1%}"


def as_data(summary: Summary, about: dict[str, Any]) -> dict[str, Any]:
    """The same for programs."""

    def of_group(group: Group) -> dict[str, Any]:
        return {
            "kind": group.kind,
            "feature": group.feature,
            "killed": group.killed,
            "survived": group.survived,
            "equivalent": group.equivalent,
            "not_run": group.waiting,
            "share": group.share,
            "interval": group.interval,
            "programs": {"median": group.median, "max": group.most},
        }

    def of_record(record: Record) -> dict[str, Any]:
        ran = record.ran
        status = status_of(record, summary.reasons)
        found: dict[str, Any] = {
            "name": record.name,
            "kind": record.kind,
            "feature": record.feature,
            "operator": record.operator,
        }
        found |= {"status": status, "programs": ran.programs, "by": ran.by, "how": ran.how}
        return found | ({"reason": summary.reasons[record.name]} if record.name in summary.reasons else {})

    return {
        **about,
        "targets": TARGETS,
        "kinds": [of_group(group) for group in summary.totals],
        "features": [of_group(group) for group in summary.groups],
        "mutants": [of_record(record) for record in summary.records],
    }
