"""The tangent that a row states: an expression over its operands' primals and tangents, as derivatives.yaml has them.

In it `self_p` and `self_t` are an operand's primal and tangent, other parameters are called as in the signature, and results
`result`, or `result0` and so on of several, whose tangents are a tuple.

| operand without a tangent | its tangent in the expression |
|---|---|
| and the tangent is recorded | zeros, so that the graph has every node that PyTorch's has |
| and it is not, or zeros times infinity would show | left out, with everything that it is a factor of |
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import cache
from types import CodeType
from typing import Any

import numpy as np

from .. import dispatch, formulas, tangents
from ..creation import zeros_like
from ..dispatch.forward import FORWARD
from ..replacing import Replaced
from ..tensor import Tensor, wrap
from ..writes import copy_
from .operands import MATRICES, is_tracked, primal, tensors_in


def stated(replaced: Replaced, args: tuple, names: list[str], duals: dict, out: Any) -> Any:
    """What the row says of a call."""
    text, varying = FORWARD[replaced.name]
    return evaluated(text, varying, dict(zip(names, args, strict=False)), duals, out)


def statement_of(name: str, names: list[str]) -> str:
    """The expression of an operator's tangent, or "" if it has none: of a linear one that is the operator itself."""
    text, varying = FORWARD.get(name, ("", ()))
    if text == LINEAR:
        return f"{name}({', '.join(n + '_t' if n in varying else n for n in names)})"
    return "" if text in ("view", "multiview", "bilinear") else text


def after_write(name: str, text: str, given: dict[str, Any], target: Tensor, level: Any) -> Any:
    """The tangent of what was written, over all operands as they are now; `self` in `given` may be an earlier copy."""
    known = {id(t): (t, tangents.kept(t, level)) for t in given.values() if isinstance(t, Tensor)}
    duals = {key: pair for key, pair in known.items() if pair[1] is not None}
    out = primal(target, {id(target): target}) if "result" in text else target
    return evaluated(text, FORWARD[name][1], given, duals, out)


LINEAR = "linear"


def evaluated(text: str, varying: tuple[str, ...], given: dict[str, Any], duals: dict, out: Any) -> Any:
    """The tangents of results, by an expression over these operands."""
    scope = Functions({**given, **results(out)})
    missing = []
    for name in varying:
        value = given.get(name)
        scope[name + "_p"] = primal(value, duals)
        if id(value) in duals:
            scope[name + "_t"] = duals[id(value)][1]
        else:
            scope[name + "_t"] = zeros_like(value) if isinstance(value, Tensor) else NUMBERS.get(type(value))
            missing.append(name + "_t")
    whole = not missing
    if not whole and finite(given.values(), out):
        whole = is_tracked(duals, given.values(), below=True)
    elif not whole:  # a product of matrices is with zeros, even of infinities
        whole = any(f".{product}(" in text for product in MATRICES)
    found = eval(compiled(text, () if whole else tuple(missing)), {}, scope)
    if not whole and any(found is tangent for _, tangent in duals.values()):  # a sum of which one term remains
        found = dispatch.clone(found)
    if isinstance(out, tuple):
        return tuple([fitted(t, o) for t, o in zip(found, out, strict=True)])
    return fitted(found, out)


NUMBERS = {
    kind: wrap(np.zeros((), to)[()])
    for kind, to in ((bool, np.int64), (int, np.int64), (float, np.float32), (complex, np.complex64))
}
"""The tangents of numbers: zeros that promote nothing."""


def results(out: Any) -> dict[str, Any]:
    """The names of results."""
    return {f"result{i}": o for i, o in enumerate(out)} if isinstance(out, tuple) else {"result": out}


def finite(values: Any, out: Any) -> bool:
    """Whether zeros times any of these are zeros, as PyTorch's zero tangents are whatever the factor."""
    held = [*tensors_in(values), *tensors_in((out,))]
    return all(bool(np.isfinite(t._array).all()) for t in held if t._desc.dtype.is_floating_point)


def fitted(tangent: Any, out: Any) -> Any:
    """The tangent in the shape of the result, of which terms that were left out had a part."""
    if tangent is None or tangent._desc.shape == out._desc.shape:
        return tangent if tangent is None or not tangent.is_conj() else copy_(zeros_like(out), tangent)
    return dispatch.add(tangent, zeros_like(out))


class Functions(dict):
    """What an expression may call: operators and the functions of formulas."""

    def __missing__(self, name: str) -> Callable[..., Any]:
        function = getattr(dispatch, name, None)
        return getattr(formulas, name) if function is None else function


@cache
def compiled(text: str, missing: tuple[str, ...]) -> CodeType:
    """An expression without what these names are factors of."""
    tree = ast.parse(text, mode="eval")
    if missing:
        body = tree.body
        parts = body.elts if isinstance(body, ast.Tuple) else [body]
        left = [without(part, missing) or ast.Constant(None) for part in parts]
        tree.body = ast.Tuple(left, ast.Load()) if isinstance(body, ast.Tuple) else left[0]
    return compile(ast.fix_missing_locations(tree), text, "eval")


def without(node: ast.expr, missing: tuple[str, ...]) -> ast.expr | None:
    """A part of an expression that is linear in the missing names; None if it is zero."""
    if isinstance(node, ast.Name):
        return None if node.id in missing else node
    if isinstance(node, ast.UnaryOp):
        operand = without(node.operand, missing)
        return None if operand is None else ast.UnaryOp(node.op, operand)
    if isinstance(node, ast.IfExp):
        both = [without(n, missing) or ast.Constant(None) for n in (node.body, node.orelse)]
        return ast.IfExp(node.test, *both)
    if isinstance(node, ast.BinOp):
        left, right = without(node.left, missing), without(node.right, missing)
        return combined(type(node.op).__name__, left, right, lambda x, y: ast.BinOp(x, node.op, y))
    if isinstance(node, ast.Call):
        if node.keywords and isinstance(node.func, ast.Name) and node.func.id in KINDS:
            right, left = [without(k.value, missing) for k in node.keywords]
            words = [k.arg for k in node.keywords]

            def call(x: ast.expr, y: ast.expr) -> ast.expr:
                return ast.Call(node.func, [], [ast.keyword(w, v) for w, v in zip(words, (y, x), strict=True)])

            return combined(KINDS[node.func.id], left, right, call)
        moved = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and n.id.endswith("_t")}
        return None if moved and moved <= set(missing) else node
    return node


KINDS = {"add": "Add", "sub": "Sub", "mul": "Mult", "div": "Div"}


def combined(
    kind: str, left: ast.expr | None, right: ast.expr | None, make: Callable[[ast.expr, ast.expr], ast.expr]
) -> ast.expr | None:
    """A sum, a difference, a product or a quotient of what may be zero."""
    if left is not None and right is not None:
        return make(left, right)
    if kind in ("Mult", "Div"):
        return None
    if left is None and right is not None and kind == "Sub":
        return ast.UnaryOp(ast.USub(), right)
    return right if left is None else left
