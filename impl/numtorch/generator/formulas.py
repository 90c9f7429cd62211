"""A formula, as the row has it, over raw arrays and over Tensors."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

from ..kernels import everything as kernels
from ..ops.row import PROPERTIES, TABLE, Row

OPERATORS = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div"}
NUMBER_FIRST = {"sub_scalar": "number_minus", "div_scalar": "number_over"}  # C++ makes a tensor of the number
SCALAR_FORMS = {ast.Add: "add_scalar", ast.Sub: "sub_scalar", ast.Mult: "mul_scalar", ast.Div: "div_scalar"}


def formula_names() -> set[str]:
    """The functions of the formulas package, read without importing it: it imports dispatch/."""
    names = set()
    for path in (Path(__file__).parents[1] / "formulas").glob("*.py"):
        for statement in ast.parse(path.read_text()).body:
            if isinstance(statement, ast.FunctionDef):
                names.add(statement.name)
    return names


FORMULAS = formula_names()


class Raw(ast.NodeTransformer):
    """A formula over raw arrays: methods and functions become kernels, conj() is the identity on reals."""

    def __init__(self, row: Row, index: int):
        self.row, self.index = row, index
        self.missing: str | None = None
        self.kernels: set[str] = set()

    def visit_Attribute(self, node: ast.Attribute) -> Any:
        return _property(self.row, node) or self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> Any:
        function = node.func
        if isinstance(function, ast.Attribute):
            if function.attr == "conj":
                return self.visit(function.value)
            node = ast.Call(ast.Name(function.attr, ast.Load()), [function.value, *node.args], node.keywords)
        name = node.func.id  # type: ignore[attr-defined]
        if not hasattr(kernels, name):
            self.missing = name
        self.kernels.add(name)
        if name == SUMMED:
            node.args += [ast.Constant(self.row.shown or self.row.node), ast.Constant(self.index)]
        return ast.Call(
            ast.Name("k_" + name, ast.Load()),
            [self.visit(a) for a in node.args],
            [ast.keyword(k.arg, self.visit(k.value)) for k in node.keywords],
        )


class Qualified(ast.NodeTransformer):
    """Operators of other families are looked up in the package, which imports their module when it is first asked."""

    def __init__(self, row: Row):
        self.elsewhere = {r.name for r in TABLE if r.family != row.family}
        self.elsewhere -= {p.name for p in row.params} | set(row.outputs)

    def visit_Name(self, node: ast.Name) -> Any:
        return (
            ast.Attribute(ast.Name("dispatch", ast.Load()), node.id, ast.Load()) if node.id in self.elsewhere else node
        )


SUMMED = "sum_to_info"
"""What a formula says whose gradient may have another shape or type than its operand. Over Tensors the engine sees to that."""


def is_summed(formula: str) -> bool:
    """Whether a formula says so."""
    return formula.startswith(SUMMED + "(")


def over_tensors(row: Row, formula: str) -> str:
    """A formula of the row over Tensors."""
    tree = ast.parse(formula, mode="eval")
    if is_summed(formula):
        tree.body = tree.body.args[0]  # type: ignore[attr-defined]
    tree = Qualified(row).visit(Tensors(row).visit(tree))
    return ast.unparse(ast.fix_missing_locations(tree))


class Tensors(ast.NodeTransformer):
    """A formula over Tensors: functions are operators, or helpers of the formulas package.

    A number in a formula is C++'s Scalar, not the tensor that Python makes of it: `grad * 2` is MulBackward1. Where both
    operands of an operator are computed, the right one comes first, as the compiler of PyTorch's C++ has it: in the
    order in which nodes are made gradients of gradients are added up. Most tensors are real, and not asked for conjugates.
    """

    def __init__(self, row: Row):
        self.row = row

    def is_number(self, node: ast.expr) -> bool:
        """Whether an expression is made of literals and plain parameters only."""
        if isinstance(node, ast.UnaryOp):
            return self.is_number(node.operand)
        if isinstance(node, ast.BinOp):
            return self.is_number(node.left) and self.is_number(node.right)
        if isinstance(node, ast.Name):
            return any(p.name == node.id and p.kind == "value" for p in self.row.params)
        return isinstance(node, ast.Constant) and type(node.value) in (int, float)

    def visit_BinOp(self, node: ast.BinOp) -> Any:
        left, right = self.is_number(node.left), self.is_number(node.right)
        name = SCALAR_FORMS.get(type(node.op))
        if left == right or name is None:
            operator = OPERATORS.get(type(node.op))
            if operator and not left and _computed(node.left) and _computed(node.right):
                operands = [ast.keyword("other", self.visit(node.right)), ast.keyword("self", self.visit(node.left))]
                return ast.Call(ast.Name(operator, ast.Load()), [], operands)  # keywords are evaluated as they stand
            return self.generic_visit(node)
        number, tensor = (node.left, node.right) if left else (node.right, node.left)
        tensor = self.visit(tensor)
        if left and name in NUMBER_FIRST:
            function = ast.Attribute(ast.Name("formulas", ast.Load()), NUMBER_FIRST[name], ast.Load())
            return ast.Call(function, [number, tensor], [])
        return ast.Call(ast.Name(name, ast.Load()), [tensor, number], [])

    def visit_Attribute(self, node: ast.Attribute) -> Any:
        return _property(self.row, node) or self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> Any:
        node = self.generic_visit(node)  # type: ignore[assignment]
        function = node.func
        if isinstance(function, ast.Attribute) and function.attr == "conj" and isinstance(function.value, ast.Name):
            return ast.IfExp(ast.parse(f"{function.value.id}._desc.real", mode="eval").body, function.value, node)
        if isinstance(function, ast.Name) and function.id in FORMULAS:
            node.func = ast.Attribute(ast.Name("formulas", ast.Load()), function.id, ast.Load())
        return node


def _computed(node: ast.expr) -> bool:
    """Whether the expression calls an operator. (Of a real tensor conj() is the tensor.)"""
    calls = [n for n in ast.walk(node) if isinstance(n, ast.BinOp | ast.UnaryOp | ast.Call)]
    return any(
        not (isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and n.func.attr == "conj") for n in calls
    )


def _property(row: Row, node: ast.Attribute) -> Any:
    """`self.shape` in a formula is the saved `self_sym_sizes`."""
    if isinstance(node.value, ast.Name) and node.attr in PROPERTIES:
        name = f"{node.value.id}_{PROPERTIES[node.attr][0]}"
        if name in row.saved_values:
            return ast.Name(name, ast.Load())
    return None
