"""Mutants from syntax trees: what may be changed in Python source, and the changed texts.

Each operator looks at one node and says what else could stand in its place. A mutant changes the text of that one node, all
else stays as it was written, so that line numbers stay those of the source. Documentation, annotations, imports and what only
type checkers read are left alone, and so are the insides of f-strings, whose places Python 3.11 does not know.

| operator | for example | mutants of |
|---|---|---|
| sign | `a + b` → `a - b`, `-a` → `a`, a returned formula negated | both |
| term, factor | `a + b` → `a`, `a * b` → `b`, `x.conj()` → `x` | both |
| operand | `a - b` → `b - a`, `f(a, b)` → `f(b, a)` | both |
| constant | `2` → `3`, `True` → `False` | both |
| saved | `result` → `self`, any tensor for any other | formulas |
| dim | `dim` → `-1 - dim`, `keepdim` → `not keepdim` | formulas |
| comparison | `<` → `<=`, `is` → `is not`, `in` → `not in` | both |
| logic | `and` → `or`, an operand or a `not` dropped, a condition always true or false | both |
| statement | a call, an assignment to an attribute, a `raise`, a `del` left out, `x = f()` → `x = None` | engine |
| loop | no iteration, `break` → `continue` | engine |
| text | the text of an error changed | engine |

These are the operators of mutmut and cosmic-ray but for those that change types only, and those about decorators. For the same
reason a tensor that is only asked for its dtype is not exchanged with another. What says nothing is left alone: the `strict` of
a zip, whose operands are as long either way or the program fails; zeros with the other sign, which are equal; False where None
would stand, of which only the truth is asked; a sign before what a function returns that says True or False; the operands of
`max`, which may come in either order; and a gradient that is computed although it is not needed, which goes nowhere.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

ZEROS = frozenset(
    ["zeros", "zeros_like", "new_zeros", "zeros_of", "not_derived", "not_implemented_for", "unsaved_zeros"]
)
"""Functions that return nothing but zeros, or raise."""

SYMMETRIC = frozenset(["max", "min", "within", "within_living", "shares_memory"])
"""Functions that say the same of two operands in either order."""

Replacement = tuple[str, ast.AST]
"""The operator, and what is to stand in the place of a node."""

Operator = Callable[[ast.AST, "Scope"], Iterator[Replacement]]

NO_TENSORS = frozenset(
    [
        "dim",
        "dims",
        "dim0",
        "dim1",
        "dim2",
        "keepdim",
        "shape",
        "size",
        "sizes",
        "dtype",
        "desc",
        "numel",
        "name",
        "node",
    ]
    + [
        "strides",
        "offset",
        "step",
        "start",
        "end",
        "needed",
        "reduce",
        "include_self",
        "descs",
        "info",
        "out",
        "ord",
        "p",
    ]
    + ["correction", "mode", "kind", "axis", "axes", "reduction", "indices", "accumulate", "replaced", "args", "kwargs"]
    + ["names", "duals", "level", "tracked", "recorded", "place", "values", "new", "whole", "written", "error", "cls"]
)
"""Parameters that are no tensors, so that exchanging them with one would only raise."""


@dataclass(frozen=True)
class Scope:
    """Where a node stands."""

    function: str
    tensors: tuple[str, ...] = ()
    """Names that may stand for each other: the tensors that a formula is given."""
    on_import: bool = False
    """Whether it stands outside of functions, or in what runs as classes are made."""
    is_test: bool = False
    """Whether the function returns True or False, which with a sign say the same."""


@dataclass(frozen=True)
class Edit:
    """One changed piece of a source."""

    operator: str
    function: str
    old: str
    new: str
    start: int
    end: int
    line: int
    last_line: int
    behind: tuple[int, ...] = ()
    """The lines on which the blocks begin that the statement decides about."""
    binds: tuple[str, ...] = ()
    """What the statement gives to names or attributes, of one that runs on import."""

    def made_to(self, source: str) -> str:
        """The whole source with the change."""
        return source[: self.start] + self.new + source[self.end :]


# ---------------------------------------------------------------------------------------------------------- operators

_SIGN: dict[type, type] = {ast.Add: ast.Sub, ast.Sub: ast.Add}
_OTHER: dict[type, type] = {
    **_SIGN,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
_TURNED = (ast.Sub, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.MatMult)
_COMPARED: dict[type, tuple[type, ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}


def _with(node: ast.AST, **changes: object) -> ast.AST:
    new = copy.copy(node)
    for name, value in changes.items():
        setattr(new, name, value)
    return new


def arithmetic(node: ast.AST, scope: Scope) -> Iterator[Replacement]:
    """Sign, term, factor and operand of what is added and multiplied."""
    if isinstance(node, ast.BinOp):
        is_sum = type(node.op) in _SIGN
        other = _OTHER.get(type(node.op))
        if other is not None:
            yield "sign" if is_sum else "factor", _with(node, op=other())
        yield "term" if is_sum else "factor", node.left
        yield "term" if is_sum else "factor", node.right
        if isinstance(node.op, _TURNED):
            yield "operand", _with(node, left=node.right, right=node.left)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.Invert):
        if not isinstance(node.operand, ast.Constant):
            yield "sign", node.operand
    elif isinstance(node, ast.AugAssign):
        swapped = _OTHER.get(type(node.op))
        if swapped is not None:
            yield "sign", _with(node, op=swapped())
        yield "statement", ast.Assign(targets=[node.target], value=node.value, lineno=0)


def calls(node: ast.AST, scope: Scope) -> Iterator[Replacement]:
    """Factor and operand of what is called."""
    if not isinstance(node, ast.Call):
        return
    if isinstance(node.func, ast.Attribute) and node.func.attr in ("conj", "conjugate", "neg") and not node.args:
        yield "factor", node.func.value
    if len(node.args) > 1 and ast.dump(node.args[0]) != ast.dump(node.args[1]):
        first, second, *rest = node.args
        if isinstance(node.func, ast.Name) and node.func.id in SYMMETRIC:
            return
        if not isinstance(first, ast.Starred | ast.Constant) and not isinstance(second, ast.Starred | ast.Constant):
            yield "operand", _with(node, args=[second, first, *rest])


def constants(node: ast.AST, scope: Scope) -> Iterator[Replacement]:
    """Another number, or the other truth value."""
    if isinstance(node, ast.Constant):
        if isinstance(node.value, bool):
            yield "constant", ast.Constant(not node.value)
        elif isinstance(node.value, int | float | complex):
            yield "constant", ast.Constant(node.value + 1)
            if node.value == 1:
                yield "constant", ast.Constant(0)


def saved(node: ast.AST, scope: Scope) -> Iterator[Replacement]:
    """Another tensor that the formula could have meant."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in scope.tensors:
        for other in scope.tensors:
            if other != node.id:
                yield "saved", ast.Name(other, ast.Load())


def dims(node: ast.AST, scope: Scope) -> Iterator[Replacement]:
    """Another dimension: counted from the other end, so that there always is one."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        if node.id in ("dim", "dim0", "dim1", "dim2"):
            yield "dim", ast.BinOp(ast.Constant(-1), ast.Sub(), node)
        elif node.id == "keepdim":
            yield "dim", ast.UnaryOp(ast.Not(), node)


def comparisons(node: ast.AST, scope: Scope) -> Iterator[Replacement]:
    """Each comparison with its bound moved across, and the other way round."""
    if isinstance(node, ast.Compare):
        for place, op in enumerate(node.ops):
            for other in _COMPARED[type(op)]:
                yield "comparison", _with(node, ops=[*node.ops[:place], other(), *node.ops[place + 1 :]])


def logic(node: ast.AST, scope: Scope) -> Iterator[Replacement]:
    """Conditions that are weaker, stronger, the opposite, or none at all."""
    if isinstance(node, ast.BoolOp):
        yield "logic", _with(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
        for place in range(len(node.values)):
            rest = [*node.values[:place], *node.values[place + 1 :]]
            yield "logic", rest[0] if len(rest) == 1 else _with(node, values=rest)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "logic", node.operand
    elif isinstance(node, ast.IfExp):
        if not _asks_for_gradient(node.test):
            yield "logic", node.body
        yield "logic", node.orelse


def _asks_for_gradient(test: ast.expr) -> bool:
    return isinstance(test, ast.Subscript) and isinstance(test.value, ast.Name) and test.value.id == "needed"


def negated(node: ast.AST, scope: Scope) -> Iterator[Replacement]:
    """A returned formula with the other sign."""
    if not isinstance(node, ast.Return) or node.value is None or _is_zero(node.value) or scope.is_test:
        return
    if not isinstance(node.value, ast.Tuple | ast.Constant | ast.UnaryOp | ast.List):
        yield "sign", _with(node, value=ast.UnaryOp(ast.USub(), node.value))


def _is_type(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "dtype"


def _is_zero(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
    return name in ZEROS or (name == "wrap" and _is_zero(node.args[0]))


def statements(node: ast.AST, scope: Scope) -> Iterator[Replacement]:
    """What is done left out."""
    if isinstance(node, ast.Expr | ast.Raise | ast.Delete | ast.AugAssign):
        if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant | ast.Yield)):
            yield "statement", ast.Pass()
    elif isinstance(node, ast.Assign):
        if all(isinstance(target, ast.Attribute | ast.Subscript) for target in node.targets):
            yield "statement", ast.Pass()
        if not (isinstance(node.value, ast.Constant) and (node.value.value is None or node.value.value is False)):
            yield "statement", _with(node, value=ast.Constant(None))
    elif isinstance(node, ast.Return) and not (node.value is None or ast.unparse(node.value) in ("None", "False")):
        yield "statement", _with(node, value=ast.Constant(None))


def loops(node: ast.AST, scope: Scope) -> Iterator[Replacement]:
    """Loops left too early or too late."""
    if isinstance(node, ast.Break):
        yield "loop", ast.Continue()
    elif isinstance(node, ast.Continue):
        yield "loop", ast.Break()


def texts(node: ast.AST, scope: Scope) -> Iterator[Replacement]:
    """Another text."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
        yield "text", ast.Constant("XX" + node.value)
    elif isinstance(node, ast.JoinedStr):
        yield "text", ast.JoinedStr([ast.Constant("XX"), *node.values])


FORMULAS: tuple[Operator, ...] = (arithmetic, calls, constants, saved, dims, comparisons, logic, negated)
ENGINE: tuple[Operator, ...] = (arithmetic, calls, constants, comparisons, logic, statements, loops, texts)

# ------------------------------------------------------------------------------------------------------------- walking


class _Source:
    """A source and its tree, with the places of nodes in characters."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tree = ast.parse(text)
        self.lines = text.splitlines(keepends=True)
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line))

    def offset(self, line: int, column: int) -> int:
        # columns count bytes
        row = self.lines[line - 1]
        return self.starts[line - 1] + (column if row.isascii() else len(row.encode()[:column].decode()))

    def span(self, node: ast.AST) -> tuple[int, int]:
        return (
            self.offset(node.lineno, node.col_offset),  # type: ignore[attr-defined]
            self.offset(node.end_lineno, node.end_col_offset),  # type: ignore[attr-defined]
        )


def edits(text: str, operators: Iterable[Operator], only: Callable[[str], bool] = lambda function: True) -> list[Edit]:
    """Every change that the operators would make to a source, within the functions that `only` says."""
    source = _Source(text)
    operators = tuple(operators)
    found: list[Edit] = []
    seen: set[tuple[int, int, str]] = set()

    def change(operator: str, scope: Scope, node: ast.AST, new: ast.AST, statement: ast.stmt) -> None:
        start, end = source.span(node)
        fresh = ast.unparse(new)
        if isinstance(node, ast.expr):
            fresh = f"({fresh})"
        old = text[start:end]
        if (start, end, fresh) in seen or fresh == old or fresh == f"({old})":
            return
        seen.add((start, end, fresh))
        last = _head_end(statement)
        binds = _bound(statement, scope.function.endswith("__init_subclass__")) if scope.on_import else ()
        found.append(
            Edit(operator, scope.function, old, fresh, start, end, statement.lineno, last, _behind(statement), binds)
        )

    def visit(node: ast.AST, scope: Scope, statement: ast.stmt) -> None:
        for operator in operators:
            for kind, new in operator(node, scope):
                if not (isinstance(node, ast.stmt) and _is_block(node)):
                    change(kind, scope, node, new, statement)
        if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.keyword) and node.arg == "strict"):
            return
        if isinstance(node, ast.If | ast.While) and logic in operators:
            change("logic", scope, node.test, ast.Constant(False), node)
            if isinstance(node, ast.If):
                change("logic", scope, node.test, ast.Constant(True), node)
        if isinstance(node, ast.For) and loops in operators:
            change("loop", scope, node.iter, ast.Tuple([], ast.Load()), node)
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.ClassDef):
                blocks([child], scope.function + ".", scope.tensors)
        if _is_type(node):
            scope = replace(scope, tensors=())
        for child in _children(node):
            visit(child, scope, child if isinstance(child, ast.stmt) else statement)

    def blocks(body: Iterable[ast.stmt], name: str, tensors: tuple[str, ...]) -> None:
        for statement in body:
            if isinstance(statement, ast.ClassDef):
                blocks(statement.body, f"{name}{statement.name}.", tensors)
            elif isinstance(statement, ast.FunctionDef):
                function = name + statement.name
                if only(function):
                    arguments = statement.args
                    given = [a.arg for a in (*arguments.posonlyargs, *arguments.args)]
                    mine = tuple([n for n in given if n not in NO_TENSORS and n not in ("self", "cls", "ctx")])
                    for default in (*arguments.defaults, *filter(None, arguments.kw_defaults)):
                        visit(default, Scope(function, mine), statement)
                    says = ast.unparse(statement.returns) if statement.returns else ""
                    for inner in statement.body:
                        inside(inner, Scope(function, mine, statement.name == "__init_subclass__", says == "bool"))
            elif only(name.rstrip(".")) and not _is_plumbing(statement):
                visit(statement, Scope(name.rstrip("."), tensors, on_import=True), statement)

    def inside(statement: ast.stmt, scope: Scope) -> None:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            blocks([statement], scope.function + ".", scope.tensors)
        elif not _is_plumbing(statement):
            visit(statement, scope, statement)

    def _children(node: ast.AST) -> Iterator[ast.AST]:
        for field, value in ast.iter_fields(node):
            if field in ("annotation", "returns", "decorator_list", "type_comment"):
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.FunctionDef | ast.ClassDef):
                    continue
                if isinstance(child, ast.stmt) and _is_plumbing(child):
                    continue
                if isinstance(child, ast.AST):
                    yield child

    blocks(source.tree.body, "", ())
    return found


def expression_edits(text: str, tensors: tuple[str, ...], operators: Iterable[Operator] = FORMULAS) -> list[Edit]:
    """The same of one expression, of which the whole may also have the other sign."""
    tree = ast.parse(text, mode="eval").body
    source = _Source(text)
    found: dict[str, Edit] = {}
    scope, bare = Scope("", tensors), Scope("")
    typed = {id(below) for node in ast.walk(tree) if _is_type(node) for below in ast.walk(node)}
    for node in ast.walk(tree):
        for operator in operators:
            for kind, new in operator(node, bare if id(node) in typed else scope):
                start, end = source.span(node)
                fresh = ast.unparse(new)
                edit = Edit(kind, "", text[start:end], f"({fresh})", start, end, 1, 1)
                found.setdefault(_plain(edit.made_to(text)), edit)
    found.pop(_plain(text), None)
    if not (isinstance(tree, ast.UnaryOp) or _is_zero(tree)):
        found.setdefault(f"-({text})", Edit("sign", "", text, f"-({text})", 0, len(text), 1, 1))
    return list(found.values())


def _plain(text: str) -> str:
    return ast.unparse(ast.parse(text, mode="eval"))


def _is_block(node: ast.stmt) -> bool:
    return isinstance(node, ast.If | ast.While | ast.For | ast.With | ast.Try | ast.FunctionDef | ast.ClassDef)


def _behind(statement: ast.stmt) -> tuple[int, ...]:
    if not isinstance(statement, ast.If | ast.While | ast.For):
        return ()
    return tuple([block[0].lineno for block in (statement.body, statement.orelse) if block])


def _bound(statement: ast.stmt, within: bool) -> tuple[str, ...]:
    """The names and attributes that a statement gives something to, also part of something.

    `within` a function only the last of `a.b.c`: its names are not those of other places.
    """
    targets = getattr(statement, "targets", None) or [getattr(statement, "target", None)]
    found = []
    for target in targets:
        if within:
            found += [target.attr] if isinstance(target, ast.Attribute) else []
            continue
        for node in () if target is None else ast.walk(target):
            if isinstance(node, ast.Name):
                found.append(node.id)
            elif isinstance(node, ast.Attribute):
                found.append(node.attr)
    return tuple(found)


def _head_end(statement: ast.stmt) -> int:
    """The last line of a statement; of one that has blocks the last before them."""
    if isinstance(statement, ast.FunctionDef | ast.If | ast.While | ast.For | ast.With):
        return max(statement.lineno, statement.body[0].lineno - 1)
    return statement.end_lineno or statement.lineno


def _is_plumbing(statement: ast.stmt) -> bool:
    """Imports, documentation, and what only type checkers or readers of the module see."""
    if isinstance(statement, ast.Import | ast.ImportFrom | ast.AnnAssign) and not getattr(statement, "value", None):
        return True
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        return True
    if isinstance(statement, ast.If) and isinstance(statement.test, ast.Name) and statement.test.id == "TYPE_CHECKING":
        return True
    names = [t.id for t in getattr(statement, "targets", ()) if isinstance(t, ast.Name)]
    return any(n in ("__slots__", "__all__") for n in names)
