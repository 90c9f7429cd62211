"""Short cuts: conditions that choose between two ways that come to the same, one of which is faster.

A mutant that goes the general way where numtorch goes the short one is equivalent, however the condition came to be changed, as
long as the general way does what the short one does. So that is said once for each short cut, in `shortcuts.toml`, and tried:
`python -m mutation shortcuts` turns each off, and runs every program of the pool that reaches it; one that differs fails.
Which mutants do no more than that follows from the texts: whatever truth values the parts of the conditions may have, where the
condition and the one that is off agree, the mutant agrees with both. (A mutant that takes the short cut more often does not: a
part of the condition that nothing depends on is deleted, and of the others a program has to tell.)
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import product
from pathlib import Path

import msgspec

from mutation.planting import CannotPlant, package
from mutation.syntax import Edit

LISTED = Path(__file__).with_name("shortcuts.toml")

GENERAL = "It takes a general way more often: "
"""How the reasons begin. A part of a condition may guard another, which raises without it: such a mutant is killed as any
other is, and whether the short cut is one `python -m mutation shortcuts` says."""

MOST = 12
"""Parts of conditions of which all values are gone through: four thousand cases or some more."""


class Shortcut(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A condition that chooses between two ways."""

    file: str
    condition: str
    """Its text, wherever it stands in the file."""
    off: str
    """A condition that does as well: True or False where the general way is always taken."""
    reason: str
    which: int = 0
    """The how-manieth place is meant, if not every one."""

    def edits(self) -> Iterator[Edit]:
        """The short cut turned off, at each place where it stands. Raises CannotPlant if it stands nowhere."""
        text = (package() / self.file).read_text()
        if self.condition not in text:
            raise CannotPlant(f"{self.file} does not have {self.condition!r}, which shortcuts.toml names")
        statements = [node.lineno for node in ast.walk(ast.parse(text)) if isinstance(node, ast.stmt)]
        for number, found in enumerate(re.finditer(re.escape(self.condition), text), 1):
            if self.which not in (0, number):
                continue
            line, last = (text.count("\n", 0, at) + 1 for at in found.span())
            line = max(one for one in statements if one <= line)
            yield Edit("logic", "", self.condition, f"({self.off})", *found.span(), line, last)


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    shortcut: tuple[Shortcut, ...] = ()


@cache
def shortcuts(path: Path = LISTED) -> tuple[Shortcut, ...]:
    """What is listed."""
    return msgspec.toml.decode(path.read_text(), type=_File).shortcut


def reason_for(file: str, edit: Edit) -> str:
    """Why a change of a file only takes a general way more often; empty if it does not."""
    for one in shortcuts():
        for off in _turned_off(one) if one.file == file else ():
            changed, condition, turned_off = _changed(off, edit)
            if changed and between(changed, condition, turned_off):
                return GENERAL + one.reason
    return ""


@cache  # thousands of mutants are asked about
def _turned_off(one: Shortcut) -> tuple[Edit, ...]:
    return tuple(one.edits())


def _changed(off: Edit, edit: Edit) -> tuple[str, str, str]:
    """The text of a condition once something was changed, as it is, and turned off; three empty ones if it stays as it is.

    If what is changed has the condition in it, that is looked at as a whole.
    """
    if off.start <= edit.start and edit.end <= off.end:
        return off.old[: edit.start - off.start] + edit.new + off.old[edit.end - off.start :], off.old, off.new
    if edit.start <= off.start and off.end <= edit.end:
        turned_off = edit.old[: off.start - edit.start] + off.new + edit.old[off.end - edit.start :]
        if _is_expression(edit.old):
            return edit.new, edit.old, turned_off
        if edit.new == "return None":
            return "None", edit.old.removeprefix("return "), turned_off.removeprefix("return ")
        target, _, value = edit.old.partition("=")
        if edit.new == f"{target.strip()} = None":
            return "None", value.strip(), turned_off.partition("=")[2].strip()
    return "", "", ""


def _is_expression(text: str) -> bool:
    try:
        ast.parse(f"({text})", mode="eval")
    except SyntaxError:
        return False
    return True


def between(new: str, one: str, other: str) -> bool:
    """Whether a condition is what two others are wherever these agree, by the parts of the three and nothing else."""
    trees = [ast.parse(f"({text})", mode="eval").body for text in (new, one, other)]
    parts = list(dict.fromkeys(part for tree in trees for part in _parts(tree)))
    if len(parts) > MOST:
        return False
    for values in product(*[(-1, 0, 1) if len(part) > 1 else (False, True) for part in parts]):
        known = dict(zip(parts, values, strict=True))
        true, first, second = [_truth(tree, known) for tree in trees]
        if first is second is not true:
            return False
    return True


_Part = tuple[str, ...]  # what is true or false; or the two sides of a comparison, of which one is less, equal or more

_ORDERED = {
    ast.Lt: (-1,),
    ast.LtE: (-1, 0),
    ast.Gt: (1,),
    ast.GtE: (0, 1),
    ast.Eq: (0,),
    ast.NotEq: (-1, 1),
}
_OPPOSITE: dict[type, type] = {ast.IsNot: ast.Is, ast.NotIn: ast.In}


def _parts(node: ast.expr) -> Iterator[_Part]:
    if isinstance(node, ast.BoolOp):
        for value in node.values:
            yield from _parts(value)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield from _parts(node.operand)
    elif isinstance(node, ast.IfExp):
        for value in (node.test, node.body, node.orelse):
            yield from _parts(value)
    elif not isinstance(node, ast.Constant):
        yield _part(node)[0]


def _part(node: ast.expr) -> tuple[_Part, tuple[object, ...]]:
    """A part of a condition, and the values of it for which the node is true."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        kind = type(node.ops[0])
        if kind in _ORDERED:
            return (ast.dump(node.left), ast.dump(node.comparators[0])), _ORDERED[kind]
        if kind in _OPPOSITE:
            node = ast.Compare(node.left, [_OPPOSITE[kind]()], node.comparators)
            return (ast.dump(node),), (False,)
    return (ast.dump(node),), (True,)


def _truth(node: ast.expr, known: Mapping[_Part, object]) -> bool:
    if isinstance(node, ast.BoolOp):
        values = [_truth(value, known) for value in node.values]
        return all(values) if isinstance(node.op, ast.And) else any(values)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return not _truth(node.operand, known)
    if isinstance(node, ast.IfExp):
        return _truth(node.body if _truth(node.test, known) else node.orelse, known)
    if isinstance(node, ast.Constant):
        return bool(node.value)
    part, true = _part(node)
    return known[part] in true
