"""What is mutated, and under which name: numtorch's rows, formulas, forward rules, engine and views; and the named faults."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path
from typing import Any

from mutation.faults import faults
from mutation.planting import CannotPlant, Texts, apart, forget, load_codegen, package
from mutation.shortcuts import shortcuts
from mutation.stated import FILE as FORWARD, STATED, stated_mutants
from mutation.syntax import ENGINE, FORMULAS, Edit, edits, expression_edits

ENGINE_FILES = tuple(
    f"{folder}{module}.py"
    for folder, modules in {
        "": "grad_mode",
        "aliasing/": "overlap strided views writes",
        "backward/": "accumulate capture dependencies engine graph_task hooks input_buffer node_calls plain_pass settling",
        "functions/": "strided",
        "nodes/": "error_nodes graph saved saved_hooks saved_variable",
    }.items()
    for module in modules.split()
)
"""The engine, accumulation, hooks, what is saved, views and writes."""

FORWARD_FILES = ("forward_rules/*.py", "tangents.py", "autograd/function_tangents.py")
"""Forward mode: the rules of operators, where tangents are kept, and those of users' Functions."""

KINDS = ("faults", "formulas", "engine")

SHORTCUTS = "shortcuts"
"""Short cuts that are turned off, which nothing may tell: asked for by name."""


@dataclass(frozen=True)
class Mutant:
    """One change of numtorch: its name says where it is and what is changed, and stays when lines move."""

    name: str
    kind: str
    feature: str
    """What reports group it by: of a fault its feature, of a row its family, else the file."""
    operator: str
    texts: Callable[[], Texts] = field(compare=False)
    places: Callable[[], Sequence[str]] = field(compare=False)
    """What programs are to reach, as `reach.Coverage.places` has it."""
    files: tuple[str, ...] = field(default=(), compare=False)
    row: str = ""
    """The operator whose row is changed."""
    edit: Edit | None = field(default=None, compare=False)
    """What is changed in a file, of one that is found in its syntax tree."""


def mutants(kinds: Sequence[str] = KINDS) -> list[Mutant]:
    """Every mutant of these kinds, always in the same order."""
    makers = {"faults": of_faults, "formulas": of_formulas, "engine": of_engine, SHORTCUTS: of_shortcuts}
    return [mutant for kind in kinds for mutant in makers[kind]()]


def looked_at() -> list[str]:
    """The files in which mutants are."""
    planted = {change.file for fault in faults() for change in fault.changes if change.file.endswith(".py")}
    generated = found("dispatch/*.py")
    formulas = found("formulas/*.py", "kernels/*.py", *FORWARD_FILES)
    files = planted.union(ENGINE_FILES, formulas, generated, [STATED[0]])
    return sorted(file for file in files if not file.startswith("ops/") and file != FORWARD)


# -------------------------------------------------------------------------------------------------------------- faults


def of_faults() -> Iterator[Mutant]:
    """The named faults. Raises CannotPlant if one's text is not there: one that is not planted would be called killed."""
    for fault in faults():
        texts: dict[str, str] = {}
        for change in fault.changes:
            texts[change.file] = change.made_to(texts.get(change.file) or (package() / change.file).read_text())
        files = tuple(dict.fromkeys(change.file for change in fault.changes))
        places = lambda fault=fault: tuple(_changed_places(fault.changes))  # noqa: E731
        yield Mutant(fault.name, "faults", fault.feature, fault.kind, fault.texts, places, files)


def _changed_places(changes: Iterable[Any]) -> Iterator[str]:
    for change in changes:
        text = (package() / change.file).read_text()
        start = text.find(change.old)
        first, last = (text.count("\n", 0, at) + 1 for at in (start, start + len(change.old)))
        if change.file.startswith("ops/"):
            for row in _rows_between(change.file, first, last):
                yield from _row_places(row)
        else:
            yield from lines(change.file, first, last)


def lines(file: str, first: int, last: int) -> Iterator[str]:
    """The places of lines; of a function that begins among them, its first line too."""
    yield from (f"{file}:{number}" for number in range(first, last + 1))


def _rows_between(file: str, first: int, last: int) -> list[RowPlaces]:
    """The rows that stand on these lines of a file of ops/."""
    tree = ast.parse((package() / file).read_text())
    names = set()
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant)):
            continue
        if node.lineno <= last and (node.end_lineno or 0) >= first:
            names.add(str(node.args[0].value).partition("(")[0])
    return [row for row in rows() if row.name in names and row.family == Path(file).stem]


# ------------------------------------------------------------------------------------------------------------ formulas


@dataclass(frozen=True)
class RowPlaces:
    """Where a row runs."""

    name: str
    family: str
    node: str


@dataclass(frozen=True)
class RowMutant:
    """A mutant of a row."""

    row: RowPlaces
    name: str
    operator: str


@dataclass(frozen=True)
class Generated:
    """What the generator writes of one row: imports, and the definitions by the beginning of their first line."""

    imports: tuple[str, ...]
    pieces: dict[str, str]


METHODS = ("run", "apply", "apply_tensors", "run_record", "apply_record", "run_number", "apply_number")
"""What of a node computes a formula."""


def _row_places(row: RowPlaces) -> Iterator[str]:
    """The methods that a node has: what is no place runs on import, as far as anybody knows, and any program may tell."""
    for method in _methods_of(row.family).get(row.node, ()):
        yield f"dispatch/{row.family}.py:{row.node}.{method}"


@cache
def _methods_of(family: str) -> dict[str, list[str]]:
    tree = ast.parse((package() / "dispatch" / f"{family}.py").read_text())
    return {
        node.name: [one.name for one in node.body if isinstance(one, ast.FunctionDef) and one.name in METHODS]
        for node in tree.body
        if isinstance(node, ast.ClassDef)
    }


def of_formulas() -> Iterator[Mutant]:
    """Mutants of the rows' formulas and rules, of the functions that they name, and of forward mode."""
    for one in row_mutants():
        yield Mutant(
            one.name,
            "formulas",
            f"ops/{one.row.family}",
            one.operator,
            lambda one=one: {f"dispatch/{one.row.family}.py": with_row(one)},  # type: ignore[misc]
            lambda one=one: changed_lines(one),  # type: ignore[misc]
            (f"dispatch/{one.row.family}.py",),
            one.row.name,
        )
    used: dict[str, int] = {}
    for stated in stated_mutants():
        name = f"ops/{stated.family}.py {stated.row}: jvp={_short(stated.old)} → {_short(stated.new)}"
        name, family = _unique(name, used), f"ops/{stated.family}"
        places = lambda stated=stated: stated.places  # noqa: E731
        yield Mutant(name, "formulas", family, stated.operator, stated.texts, places, (FORWARD,), stated.row)
    named = functions_of_rows()
    for file in found("formulas/*.py"):
        yield from of_file(file, "formulas", FORMULAS)
    for file in found("kernels/*.py"):
        yield from of_file(file, "formulas", FORMULAS, lambda function: function in named)
    for file in found(*FORWARD_FILES):
        yield from of_file(file, "formulas", FORMULAS)


def of_engine() -> Iterator[Mutant]:
    """Mutants of the engine and the views."""
    for file in ENGINE_FILES:
        yield from of_file(file, "engine", ENGINE)


def of_shortcuts() -> Iterator[Mutant]:
    """Each short cut turned off."""
    used: dict[str, int] = {}
    for one in shortcuts():
        source = (package() / one.file).read_text()
        for edit in one.edits():
            name = _unique(f"{one.file} {_short(edit.old)} → {one.off}", used)
            texts = lambda one=one, edit=edit, source=source: {one.file: edit.made_to(source)}  # noqa: E731
            places = lambda one=one, edit=edit: tuple(lines(one.file, edit.line, edit.last_line))  # noqa: E731
            yield Mutant(name, SHORTCUTS, one.file, edit.operator, texts, places, (one.file,), edit=edit)


def found(*patterns: str) -> Iterator[str]:
    """The files of the package that patterns name, packages' own texts apart."""
    for pattern in patterns:
        for path in sorted(package().glob(pattern)):
            if path.name != "__init__.py":
                yield path.relative_to(package()).as_posix()


def of_file(
    file: str, kind: str, operators: Iterable[Any], only: Callable[[str], bool] = lambda function: True
) -> Iterator[Mutant]:
    """Every mutant of one file."""
    source = (package() / file).read_text()
    used: dict[str, int] = {}
    for edit in edits(source, operators, only):
        name = _unique(f"{file} {edit.function}: {_short(edit.old)} → {_short(edit.new)}", used)
        texts = lambda edit=edit: {file: edit.made_to(source)}  # noqa: E731
        places = lambda edit=edit: _places(file, edit)  # noqa: E731
        yield Mutant(name, kind, file, edit.operator, texts, places, (file,), edit=edit)


def _places(file: str, edit: Edit) -> tuple[str, ...]:
    """The lines of a change, and of the blocks that it decides about; on import also those that read what it names, and the
    methods of the class that it says something of.
    """
    known = _readers() if edit.binds else {}
    readers = [
        reader
        for name in edit.binds
        for reader in known.get(name, ())
        if not name.startswith("_") or reader.startswith(f"{file}:")  # which other modules have one of their own
    ]
    says = edit.binds and not edit.function.endswith("__init_subclass__")  # of the class itself
    methods = [f"{file}:{line}" for line in _methods_around(file, edit.line)] if says else []
    behind = [f"{file}:{line}" for line in edit.behind]
    return tuple(dict.fromkeys([*lines(file, edit.line, edit.last_line), *behind, *methods, *readers]))


def _methods_around(file: str, line: int) -> list[int]:
    """Where the methods of the class begin in whose body a line is."""
    tree = ast.parse((package() / file).read_text())
    bodies = [n.body for n in ast.walk(tree) if isinstance(n, ast.ClassDef) and n.lineno < line <= (n.end_lineno or 0)]
    methods = [node for body in bodies for node in body if isinstance(node, ast.FunctionDef)]
    return [statement.lineno for method in methods for statement in method.body[:2]]


@cache
def _readers() -> dict[str, list[str]]:
    """The lines on which each name or attribute is read."""
    found: dict[str, list[str]] = {}
    for file in looked_at():
        for node in ast.walk(ast.parse((package() / file).read_text())):
            if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
                name = node.id if isinstance(node, ast.Name) else node.attr
                found.setdefault(name, []).append(f"{file}:{node.lineno}")
    return found


def _unique(name: str, used: dict[str, int]) -> str:
    used[name] = used.get(name, 0) + 1
    return name if used[name] == 1 else f"{name} #{used[name]}"


def _short(text: str) -> str:
    return " ".join(text.split())


def functions_of_rows() -> frozenset[str]:
    """The functions that the rows' formulas call, operators apart."""
    return frozenset(apart(_functions_of_rows))


def _functions_of_rows() -> set[str]:
    table = _table()
    found = set()
    for row in table:
        for formula in _formulas(row).values():
            for node in ast.walk(ast.parse(formula, mode="eval")):
                if isinstance(node, ast.Call):
                    function = node.func
                    found.add(function.id if isinstance(function, ast.Name) else getattr(function, "attr", ""))
    # An operator that a formula uses is no formula, unless it is the way back of another operator.
    return found - {row.name for row in table if "backward" not in row.name}


@cache
def rows() -> tuple[RowPlaces, ...]:
    """Every row with a formula."""
    return tuple(apart(_row_list))


def _row_list() -> list[RowPlaces]:
    return [RowPlaces(row.name, row.family, row.node) for row in _table() if row.formulas]


@cache
def row_mutants() -> tuple[RowMutant, ...]:
    """The mutants of the rows."""
    return tuple(apart(_row_mutants))


@cache
def generated() -> dict[str, Generated]:
    """What numtorch's own generator makes of them: of all at once, when the first is asked for."""
    return apart(_generated_mutants)


def _table() -> list[Any]:
    """The rows, of a bare package. For a process of its own."""
    forget()
    codegen = load_codegen()
    codegen.families()
    from numtorch.ops.row import TABLE

    return list(TABLE)


def _formulas(row: Any) -> dict[str, str]:
    """The formulas of a row by the operand, one for several operands once, and that of all together."""
    found: dict[str, str] = {}
    for name, formula in row.formulas.items():
        if not (row.joint and formula in found.values()):
            found[name] = formula
    return found | ({"together": row.together} if row.together else {})


def _row_mutants() -> list[RowMutant]:
    return [mutant for _, _, mutant in _changed_table()]


def _generated_mutants() -> dict[str, Generated]:
    found = {}
    for index, changed, mutant in _changed_table():
        try:
            found[mutant.name] = _generated(changed, index)
        except (AssertionError, AttributeError, KeyError, StopIteration, SyntaxError):
            continue  # no row that the generator would take
    return found


def _changed_table() -> Iterator[tuple[int, Any, RowMutant]]:
    """Every mutant of every row, with the row's place in the table."""
    nodes: set[str] = set()
    for index, row in enumerate(_table()):
        if row.node in nodes or row.raises or not row.formulas:
            continue  # another row's node, which has the formulas; or there is no derivative to be wrong
        nodes.add(row.node)
        place = RowPlaces(row.name, row.family, row.node)
        used: dict[str, int] = {}
        for changed, name, operator in _changed_rows(row):
            yield index, changed, RowMutant(place, _unique(f"ops/{row.family}.py {row.name}: {name}", used), operator)


def _changed_rows(row: Any) -> Iterator[tuple[Any, str, str]]:
    tensors = [p.name for p in row.params if p.kind == "tensor"]
    names = (*tensors, *(n for n in row.outputs if n not in tensors))
    for operand, formula in _formulas(row).items():
        for edit in expression_edits(formula, names):
            new = copy.copy(row)
            text = edit.made_to(formula)
            if operand == "together":
                new.together = text
            else:
                new.formulas = {
                    n: text if n == operand or (row.joint and f == formula) else f for n, f in row.formulas.items()
                }
            yield new, f"{operand}={_short(formula)} → {_short(text)}", edit.operator


def _generated(row: Any, index: int) -> Generated:
    """What the generator writes of one row alone, which stands at this place of the table."""
    from numtorch.generator.module import Module
    from numtorch.ops import row as form

    for saves in ("saved", "saved_results", "saved_values", "saved_lists"):
        setattr(row, saves, [])
    form._find_saved(row)

    class Alone(Module):
        rows = [row]

    before, form.TABLE[index] = form.TABLE[index], row  # where the generator looks up whose the node is
    try:
        header, *pieces = _pieces(Alone(row.family).text())
    finally:
        form.TABLE[index] = before
    imports = tuple(line for line in header.splitlines() if line.startswith("from .."))
    return Generated(imports, {_head(piece): piece for piece in pieces})


def _head(piece: str) -> str:
    return piece.partition("(")[0].partition(":")[0]


def _pieces(text: str) -> list[str]:
    """A generated module by its definitions."""
    return re.split(r"\n(?=class |def |_\w+ = \(|run_\w+ = )", text)


def with_row(mutant: RowMutant) -> str:
    """The generated module of a family with a mutant's definitions in the place of its own. Raises CannotPlant."""
    new = generated().get(mutant.name)
    if new is None:
        raise CannotPlant("the generator does not take this row")
    header, *pieces = _pieces_of(mutant.row.family)
    return "\n".join(["\n".join([header, *new.imports]), *(new.pieces.get(_head(piece), piece) for piece in pieces)])


def changed_lines(mutant: RowMutant) -> tuple[str, ...]:
    """The places in the generated module of a family that a mutant changes; all of its node where what is saved changes."""
    new = generated().get(mutant.name)
    file, row = f"dispatch/{mutant.row.family}.py", mutant.row
    found: list[str] = []
    first = 1
    for piece in _pieces_of(row.family):
        old, changed = piece.splitlines(), (new.pieces.get(_head(piece), piece) if new else piece).splitlines()
        for tag, start, end, _, _ in SequenceMatcher(None, old, changed, autojunk=False).get_opcodes():
            if tag == "equal" or old == changed:
                continue
            if any(not old[n].startswith("    " * 2) for n in range(start, end)) and old[0].startswith("class "):
                return tuple(_row_places(row))
            found += lines(file, first + max(start - (tag == "insert"), 0), first + max(end - 1, start))
        first += piece.count("\n") + 1
    return tuple(found) or tuple(_row_places(row))


@cache
def _pieces_of(family: str) -> tuple[str, ...]:
    return tuple(_pieces((package() / "dispatch" / f"{family}.py").read_text()))


__all__ = ["KINDS", "Edit", "Mutant", "mutants"]
