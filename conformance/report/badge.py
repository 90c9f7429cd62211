"""badge.json, in the schema of a shields.io endpoint."""

from __future__ import annotations

import json

from conformance.report.model import Report


def badge(report: Report) -> str:
    """The badge as JSON: how many cases pass; grey, and without a count, if the run was interrupted."""
    if report.state in ("interrupted", "empty"):
        message, colour = ("interrupted" if report.interrupted else "no cases"), "lightgrey"
    else:
        message = f"{report.passed}/{report.total} cases"
        colour = "red" if report.unexpected else "brightgreen" if report.passed == report.total else "green"
    label = f"{_short(report.oracle)} autograd"
    return json.dumps({"schemaVersion": 1, "label": label, "message": message, "color": colour}) + "\n"


def _short(title: str) -> str:
    # "PyTorch 2.13.0" -> "PyTorch 2.13": the patch release is in the report, and would make the badge long.
    name, _, version = title.rpartition(" ")
    return f"{name} {'.'.join(version.split('.')[:2])}" if name else title
