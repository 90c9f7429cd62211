"""Mutants of the tangents that operators' rows state: `jvp="other_t * self_p + self_t * other_p"`.

An expression stands in dispatch/forward.py as the generator writes it, and runs nowhere by a name of its own: which programs
use it is noted by its text (`STATED`, and `reach.Lines`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from mutation.planting import CannotPlant, apart, forget, load_codegen, package
from mutation.syntax import expression_edits

FILE = "dispatch/forward.py"
STATED = ("forward_rules/stated.py", "evaluated")
"""The function that is given the text of each such expression as `text`, whenever it is used."""


@dataclass(frozen=True)
class StatedMutant:
    """Another expression for the tangent of a row."""

    row: str
    family: str
    old: str
    """As the row has it."""
    new: str
    operator: str
    before: str
    """As dispatch/ has the one of the row, and the other."""
    after: str

    @property
    def places(self) -> tuple[str, ...]:
        return (place_of(self.before),)

    def texts(self) -> dict[str, str]:
        """The changed file. Raises CannotPlant."""
        text = (package() / FILE).read_text()
        old, new = (f"    {self.row!r}: ({one!r}, " for one in (self.before, self.after))
        if text.count(old) != 1:
            raise CannotPlant(f"{FILE} has no line {old}")
        return {FILE: text.replace(old, new)}


def place_of(text: str) -> str:
    """The place of an expression, as `reach.Coverage.places` has it."""
    return f"{FILE}:{text}"


@cache
def stated_mutants() -> tuple[StatedMutant, ...]:
    """Every mutant of every tangent that a row states."""
    return tuple(apart(_stated_mutants))


def _stated_mutants() -> list[StatedMutant]:
    return list(_every())


def _every() -> Iterator[StatedMutant]:
    forget()
    load_codegen().families()
    from numtorch.generator.tangents import VIEWS, forward_rule
    from numtorch.ops.row import BILINEAR, ELEMENTWISE, LINEAR, TABLE

    for row in TABLE:
        if row.template in VIEWS or row.jvp in (None, BILINEAR, ELEMENTWISE, LINEAR):
            continue
        old, before = row.jvp, forward_rule(row)
        for edit in expression_edits(old, _names(row)):
            row.jvp = edit.made_to(old)
            yield StatedMutant(row.name, row.family, old, row.jvp, edit.operator, before, forward_rule(row))
        row.jvp = old


def _names(row: Any) -> tuple[str, ...]:
    """What may stand for each other: the operands and their tangents, and the results."""
    operands = [name + part for name in row.formulas for part in ("_p", "_t")]
    results = ["result"] if len(row.outputs) == 1 else [f"result{number}" for number in range(len(row.outputs))]
    return (*operands, *results)
