"""The checklist of behaviours that the catalogue is to show, and which case shows which."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Protocol, TypeVar

import msgspec


class Behaviour(msgspec.Struct, frozen=True):
    """Something that PyTorch's autograd does and that can be seen from outside."""

    id: str
    """``leaf.repr``: what the `covers` of a case names."""
    title: str
    """What to look at. Not what comes out: that is for PyTorch to say."""
    group: str
    """``A. Leaf rules and requires_grad``"""


class UnknownBehaviour(Exception):
    """A case says that it shows a behaviour that is not in the checklist."""

    def __init__(self, case: str, id: str) -> None:
        super().__init__(f"case {case} covers {id!r}, which is no behaviour of `torchstone list --by semantics`")
        self.case, self.id = case, id


class Covering(Protocol):
    """What is asked of a case."""

    @property
    def id(self) -> str: ...
    @property
    def covers(self) -> tuple[str, ...]: ...


AnyCase = TypeVar("AnyCase", bound=Covering)


@cache
def behaviours() -> dict[str, Behaviour]:
    """Every behaviour by id, in the order of the checklist."""
    found: dict[str, Behaviour] = {}
    group = ""
    for line in (files("conformance.cases") / "semantics.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            group = line.strip("[]")
        elif line and not line.startswith("#"):
            id, _, title = line.partition("  ")
            found[id] = Behaviour(id, title, group)
    return found


def covering(cases: Iterable[AnyCase]) -> dict[Behaviour, list[AnyCase]]:
    """The cases that show each behaviour, none left out: an empty list where no case does. Raises UnknownBehaviour."""
    known = behaviours()
    found: dict[Behaviour, list[AnyCase]] = {behaviour: [] for behaviour in known.values()}
    for case in cases:
        for id in case.covers:
            if id not in known:
                raise UnknownBehaviour(case.id, id)
            found[known[id]].append(case)
    return found
