"""The catalogue as a list: which cases there are, by feature or by the behaviour that they show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from conformance.behaviours import Behaviour, covering
from conformance.running.launch import CannotRun, select
from conformance.running.runner import Case
from conformance.running.session import all_cases


def by_feature(selection: str = "", cases: Sequence[str] = ()) -> dict[str, list[Case]]:
    """The cases that an expression selects, by feature, in the order of the catalogue. Raises CannotRun."""
    chosen = {name.removeprefix("-") for name in select([""], selection, cases)}
    if not chosen:
        raise CannotRun(f"no case matches -k {selection!r}; `torchstone list --features` shows the features")
    features: dict[str, list[Case]] = {}
    for case in all_cases(tuple(cases)):
        if case.id in chosen:
            features.setdefault(case.id.split("/", 1)[0], []).append(case)
    return features


def needs(selection: str = "", cases: Sequence[str] = ()) -> dict[str, int]:
    """What the cases that an expression selects need of a subject, and how many of them do. Raises CannotRun."""
    found = by_feature(selection, cases).values()
    return dict(sorted(Counter(need for of in found for case in of for need in case.requires).items()))


def by_behaviour(selection: str = "", cases: Sequence[str] = ()) -> dict[str, dict[Behaviour, list[Case]]]:
    """The cases that an expression selects, by the behaviour that they show, group by group. Raises CannotRun.

    A behaviour that no case shows has an empty list; if an expression is given, it is left out instead.
    """
    chosen = [case for found in by_feature(selection, cases).values() for case in found]
    groups: dict[str, dict[Behaviour, list[Case]]] = {}
    for behaviour, shown in covering(chosen).items():
        if shown or not selection:
            groups.setdefault(behaviour.group, {})[behaviour] = shown
    return groups
