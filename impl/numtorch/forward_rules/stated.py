"""The tangent that a row states: an expression over its operands' primals and tangents, as derivatives.yaml has them.

In it `self_p` and `self_t` are an operand's primal and tangent, other parameters are called as in the signature, and results
`result`, or `result0` and so on of several, whose tangents are a tuple.

Operands without a tangent have zeros, so that the graph has every node that PyTorch's has.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from functools import cache
from types import CodeType
from typing import Any

from .. import dispatch, formulas, tangents
from ..aliasing.writes import copy_
from ..calls.replacing import Replaced
from ..creation import zeros_like
from ..dispatch.forward import FORWARD
from ..plain_numpy import np
from ..tensor import Tensor, wrap
from .alike import OF_ONE_TYPE
from .operands import moved, primal


def stated(replaced: Replaced, args: tuple, names: list[str], duals: dict, out: Any) -> Any:
    """What the row says of a call."""
    text, varying = FORWARD[replaced.name]
    return evaluated(text, varying, dict(zip(names, args, strict=False)), duals, out)


def of_sorted(replaced: Replaced, args: tuple, names: list[str], duals: dict, out: Any) -> Any:
    """The tangent in the order of the elements. Of an inference tensor it is in its own: PyTorch's kernel copies the operand,
    which autograd sees, and sorts the copy, which it does not."""
    x = args[0]
    if x._extra is not None and x._extra.inference:
        return dispatch.clone(duals[id(x)][1]), None
    return stated(replaced, args, names, duals, out)


def into_filled(replaced: Replaced, args: tuple, names: list[str], duals: dict, out: Any) -> Any:
    """What the row says. Of an inference tensor it is copied into zeros: autograd sees of the operator no more than a copy."""
    text, varying = statement_of(replaced.name, names), FORWARD[replaced.name][1]
    tangent = evaluated(text, varying, dict(zip(names, args, strict=False)), duals, out)
    x = args[0]
    return tangent if x._extra is None or not x._extra.inference else copy_(zeros_like(tangent), tangent)


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
    written = None
    if IN_PLACE.match(text):
        written = tangents.kept(target, level)
    elif id(given["self"]) in duals and "self_t" in text:
        written = duals[id(given["self"])][1]
        if given["self"] is target:  # it is written to, and may be saved before
            written = dispatch.clone(written)
    elif "self_t" in text and "self_p" not in text:  # PyTorch keeps no memory for the zeros of other operands alone
        written = wrap(np.zeros(target._desc.shape, target._desc.dtype.numpy))
    out = primal(target, {id(target): target}) if "result" in text else target
    return evaluated(text, FORWARD[name][1], given, duals, out, written)


LINEAR = "linear"
IN_PLACE = re.compile(r"self_t\.\w+_\(")
"""How an expression begins that writes the tangent itself, as PyTorch's for a few writes do."""


def evaluated(
    text: str, varying: tuple[str, ...], given: dict[str, Any], duals: dict, out: Any, written: Any = None
) -> Any:
    """The tangents of results, by an expression over these operands; `written` is that of `self`, if it is another.

    Where the expression is a tuple each result has its own, and none where no operand whose tangent it reads has one.
    """
    several = isinstance(out, tuple)
    found: list[Any] = []
    for part in parts(text):
        moving = [name for name in varying if name + "_t" in part]
        if not any(id(given.get(name)) in duals for name in moving):
            found.append(None)
            continue
        scope = Functions({**given, **results(out)})
        for name in varying:
            value = given.get(name)
            if name + "_p" in part:
                scope[name + "_p"] = primal(value, duals)
            if name in moving:
                scope[name + "_t"] = moved(value, duals) if written is None or name != "self" else written
        found.append(eval(compiled(part), {}, scope))
    if not several:
        return found[0]
    if len(found) == 1:  # of a function that answers for all of them
        found = found[0] or (None,) * len(out)
    return tuple(found)


def results(out: Any) -> dict[str, Any]:
    """The names of results."""
    return {f"result{i}": o for i, o in enumerate(out)} if isinstance(out, tuple) else {"result": out}


class Functions(dict):
    """What an expression may call: operators and the functions of formulas."""

    def __missing__(self, name: str) -> Callable[..., Any]:
        function = OF_ONE_TYPE.get(name) or getattr(dispatch, name, None)
        return getattr(formulas, name) if function is None else function


@cache
def parts(text: str) -> tuple[str, ...]:
    """The expressions of a tuple, or the one that it is."""
    tree = ast.parse(text, mode="eval").body
    apart = isinstance(tree, ast.Tuple) and not any(isinstance(part, ast.Starred) for part in tree.elts)
    return tuple(map(ast.unparse, tree.elts)) if apart else (text,)  # type: ignore[attr-defined]


@cache
def compiled(text: str) -> CodeType:
    """An expression, ready to be evaluated."""
    return compile(text, text, "eval")
