"""The catalogue as a list: which cases there are, by feature."""

from __future__ import annotations

from collections.abc import Sequence

from conformance.launch import select
from conformance.runner import Case
from conformance.session import all_cases


def by_feature(selection: str = "", cases: Sequence[str] = ()) -> dict[str, list[Case]]:
    """The cases that an expression selects, by feature, in the order of the catalogue. Raises CannotRun."""
    chosen = {name.removeprefix("-") for name in select([""], selection, cases)}
    features: dict[str, list[Case]] = {}
    for case in all_cases(tuple(cases)):
        if case.id in chosen:
            features.setdefault(case.id.split("/", 1)[0], []).append(case)
    return features
