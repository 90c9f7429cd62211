"""Which lines of numtorch a program runs, and which conditions hold: each statement is preceded by a mark.

Of a condition each part has two, for when it holds and when it does not: a program that passes a function in another way than
others shows other mutants of it (`Pool.ways`).

A mark is a call of `set.add`, 50 ns, so that a program takes hardly longer and does what it does without. (Rejected:
`sys.settrace`. It makes a frame object a call and fills in its locals, whatever the function, and a program took four times
as long.) The marks are put into the syntax tree, so that line numbers, which warnings and errors show, stay what they are.
"""

from __future__ import annotations

import ast
import builtins
import gc
from collections.abc import Iterable, Iterator
from typing import Any

from mutation.planting import package
from mutation.stated import STATED, place_of

MARK, TEXT, TRUTH = "__mark__", "__mark_text__", "__mark_truth__"
"""What marked functions call: it is found among the builtins, whatever the function's own names are."""


class Marks:
    """The marks in numtorch, and which have been passed."""

    def __init__(self) -> None:
        self._places: list[tuple[str, ...]] = []
        """By the number of the mark."""
        self._passed: set[int] = set()
        self._texts: set[str] = set()
        setattr(builtins, MARK, self._passed.add)
        setattr(builtins, TEXT, self._texts.add)
        setattr(builtins, TRUTH, self._truth)

    def _truth(self, number: int, value: Any) -> Any:
        """A part of a condition, which was found to be so; what is no truth value is not asked."""
        if value is True:
            self._passed.add(number)
        elif value is False or value is None:
            self._passed.add(number + 1)
        return value

    def clear(self) -> None:
        """Nothing has been passed."""
        self._passed.clear()
        self._texts.clear()

    def every(self) -> Iterator[str]:
        """All places that have a mark, whoever passes it."""
        return (place for places in self._places for place in places)

    def places(self) -> set[str]:
        """What has been passed."""
        passed = {place for number in self._passed for place in self._places[number]}
        return passed.union(map(place_of, self._texts))

    def made_in(self, files: Iterable[str]) -> dict[str, ast.Module]:
        """These files, with their marks."""
        collects = gc.isenabled()
        gc.disable()  # it would look through a million nodes of trees again and again, for half of the time
        try:
            return {file: self.made_of(file, ast.parse((package() / file).read_text())) for file in files}
        finally:
            if collects:
                gc.enable()

    def made_of(self, file: str, tree: ast.Module) -> ast.Module:
        """A file, with a mark before every statement of a function; of generated ones the functions have names, too."""
        for function, name in list(_functions(tree, "")):
            heads = _lines(file, function.lineno, function.body[0].lineno - 1)
            start = [self._mark(function, [f"{file}:{name}", *heads] if file.startswith("dispatch/") else heads)]
            if (file, name) == STATED:
                start.append(_call(TEXT, ast.Name("text", ast.Load(), **_place(function)), function))
            documented = isinstance(function.body[0], ast.Expr) and isinstance(function.body[0].value, ast.Constant)
            head, body = function.body[:documented], function.body[documented:]
            function.body = [*head, *start, *self._within(file, body)]
        return tree

    def _within(self, file: str, body: list[ast.stmt]) -> list[ast.stmt]:
        marked: list[ast.stmt] = []
        for statement in body:
            last = statement.end_lineno or statement.lineno
            self._conditions(file, statement)
            for part in _parts(statement):
                for field in ("body", "orelse", "finalbody"):
                    if block := getattr(part, field, None):
                        last = min(last, block[0].lineno - 1)
                        setattr(part, field, self._within(file, block))
            marked += [self._mark(statement, _lines(file, statement.lineno, last)), statement]
        return marked

    def _conditions(self, file: str, statement: ast.stmt) -> None:
        """Marks on the parts of the conditions in a statement, but for those in its blocks and in functions."""
        waiting: list[ast.AST] = [] if isinstance(statement, _DEFINITIONS) else [statement]
        while waiting:
            node = waiting.pop()
            if isinstance(node, ast.BoolOp):
                node.values = [self._truths(file, value) for value in node.values]
            elif isinstance(node, ast.If | ast.While | ast.IfExp):
                node.test = self._truths(file, node.test)
            elif isinstance(node, ast.comprehension):
                node.ifs = [self._truths(file, test) for test in node.ifs]
            waiting += [child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.stmt)]

    def _truths(self, file: str, part: ast.expr) -> ast.expr:
        """A part of a condition with its two marks; one that has parts itself as it is."""
        if isinstance(part, ast.UnaryOp) and isinstance(part.op, ast.Not):
            part.operand = self._truths(file, part.operand)
        elif not isinstance(part, ast.BoolOp | ast.Constant):
            number = len(self._places)
            self._places += [(f"{file}:{part.lineno}?{number}",), (f"{file}:{part.lineno}?{number + 1}",)]
            return _called(TRUTH, [ast.Constant(number, **_place(part)), part], part)
        return part

    def _mark(self, at: ast.stmt, places: Iterable[str]) -> ast.stmt:
        self._places.append(tuple(places))
        return _call(MARK, ast.Constant(len(self._places) - 1, **_place(at)), at)


_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


# Every new node is given its place as it is made: ast.fix_missing_locations would visit the old ones, too, which are ten times
# as many.


def _place(at: ast.stmt | ast.expr) -> dict[str, Any]:
    return {
        "lineno": at.lineno,
        "col_offset": at.col_offset,
        "end_lineno": at.end_lineno,
        "end_col_offset": at.end_col_offset,
    }


def _called(name: str, arguments: list[ast.expr], at: ast.stmt | ast.expr) -> ast.Call:
    place = _place(at)
    return ast.Call(ast.Name(name, ast.Load(), **place), arguments, [], **place)


def _call(name: str, argument: ast.expr, at: ast.stmt) -> ast.stmt:
    return ast.Expr(_called(name, [argument], at), **_place(at))


def _lines(file: str, first: int, last: int) -> list[str]:
    return [f"{file}:{number}" for number in range(first, max(first, last) + 1)]


def _parts(statement: ast.stmt) -> list[ast.AST]:
    """A statement and those parts of it that have blocks of their own; none of a definition, which is marked as a function."""
    if isinstance(statement, _DEFINITIONS):
        return []
    return [statement, *getattr(statement, "handlers", []), *getattr(statement, "cases", [])]


def _functions(node: ast.AST, within: str) -> Iterator[tuple[ast.FunctionDef | ast.AsyncFunctionDef, str]]:
    """Every function below a node, by its qualified name; those inside of others first."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _functions(child, f"{within}{child.name}.<locals>.")
            yield child, within + child.name
        elif isinstance(child, ast.ClassDef):
            yield from _functions(child, f"{within}{child.name}.")
        elif not isinstance(child, ast.expr):  # in which there are none
            yield from _functions(child, within)
