"""What a row says of its tangents, as dispatch/forward.py has it: the name of a kind, or an expression over Tensors."""

from __future__ import annotations

import ast

from ..ops.row import BILINEAR, ELEMENTWISE, LINEAR, Row
from .formulas import Tensors

VIEWS = ("view", "multiview")


def forward_rule(row: Row) -> str:
    """The kind of a row, or the expression of its tangent, written as its backward formula would be."""
    if row.template in VIEWS:
        return row.template
    text = row.jvp or ""
    if text == ELEMENTWISE:
        text = by_backward_formula(row)
    if text in ("", LINEAR, BILINEAR):
        return text
    tree = Plain(row).visit(ast.parse(text, mode="eval"))
    return ast.unparse(ast.fix_missing_locations(tree))


def by_backward_formula(row: Row) -> str:
    """The backward formula of an elementwise operator with the tangent in the place of the gradient."""
    ((operand, formula),) = row.formulas.items()
    tree = ast.parse(formula, mode="eval")
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == operand:
            node.id = operand + "_p"
        elif isinstance(node, ast.Name) and node.id in row.outputs:
            node.id = "result" if len(row.outputs) == 1 else f"result{row.outputs.index(node.id)}"
        elif isinstance(node, ast.Name) and node.id == "grad":
            node.id = operand + "_t.conj()"
    text = f"({ast.unparse(tree)}).conj()"
    return text if len(row.outputs) == 1 else f"({text}{', None' * (len(row.outputs) - 1)})"


class Plain(Tensors):
    """The same, with functions called by their bare names, which forward_rules/ looks up."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        return self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        found = super().visit_BinOp(node)
        if isinstance(found, ast.Call) and isinstance(found.func, ast.Attribute):
            found.func = ast.Name(found.func.attr, ast.Load())
        return found
