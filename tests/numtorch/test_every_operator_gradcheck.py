"""gradcheck and gradgradcheck pass for every operator row, in each of its public forms; operator_samples.py says where.

An operator without a sample fails here: add a line there.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import sys
import warnings
from collections.abc import Callable
from typing import Any

import pytest

import numtorch as torch
import numtorch.ops
from numtorch import dispatch
from numtorch.ops.row import TABLE
from tests.numtorch.operator_samples import LEAVES, NO_FLOATS, ONCE, constants, leaf, samples

for module in pkgutil.iter_modules(numtorch.ops.__path__):
    importlib.import_module(f"numtorch.ops.{module.name}")

ROWS = {
    row.name: row
    for row in TABLE
    if not all("not_implemented" in f or "not_derived(" in f for f in row.formulas.values())
}
"""The rows with a derivative: not those that have none, nor those of which PyTorch says that it has not written it."""
SAMPLES = samples()
OTHER_ORDER = {"where", "stack", "cat", "polygamma"}
"""Functions whose first argument is not the tensor that the method is called on."""
WRITTEN_WITHIN = {"div_scalar", "add_scalar"}
"""Operators in place that only numtorch itself calls: the rule of a transform, a normalization."""


def place(code: Any) -> tuple[str, int]:
    """Where some code stands: alike for an operator and for its copies under public names."""
    return code.co_filename, code.co_firstlineno


CODES = {
    place(f.__code__): name
    for row in dispatch.OPERATORS
    for name in (row, row + "_", row + "_operator")
    if (f := getattr(dispatch, name, None)) is not None
}


def forms(text: str, name: str) -> list[str]:
    """The expression, and the other ways to write its outermost call: as method, as function, in place."""
    call = ast.parse(text, mode="eval").body
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)):
        return [text]
    base, method = ast.unparse(call.func.value), call.func.attr
    arguments = [ast.unparse(a) for a in (*call.args, *call.keywords)]
    if method.endswith("_") or method in OTHER_ORDER or "inplace" in text or base == "torch.linalg":
        return [text]
    if base == "F":
        takes = "inplace" in inspect.signature(getattr(constants()["F"], method)).parameters
        return [text, f"F.{method}({arguments[0]}.clone(), {', '.join([*arguments[1:], 'inplace=True'])})"][: 1 + takes]
    if base != "torch":
        arguments = [f"({base})", *arguments]
    first, *rest = arguments
    if base == "torch":
        first = f"({first})"
    found = [text]
    if base == "torch" and hasattr(torch.Tensor, method):
        found.append(f"{first}.{method}({', '.join(rest)})")
    if base != "torch" and hasattr(torch, method):
        found.append(f"torch.{method}({', '.join(arguments)})")
    if hasattr(dispatch, name + "_") and hasattr(torch.Tensor, method + "_"):
        if name in ROWS and ROWS[name].template == "general" and not fits(first, text):
            return found  # an addend that is broadcast
        found.append(f"{first}.clone().{method}_({', '.join(rest)})")
    return found


def fits(first: str, text: str) -> bool:
    """Whether the result can be written into the first operand."""
    operand, result = (f(*given) for f, given in map(function, (first, text)))
    return not isinstance(result, torch.Tensor) or result.shape == operand.shape


def function(text: str) -> tuple[Callable[..., Any], list[torch.Tensor]]:
    """The expression as a function of the leaves that it names, and the leaves."""
    code = compile(text, text, "eval")
    names = [n for n in LEAVES if n in code.co_names]
    known = constants()
    return lambda *given: eval(code, {**known, **dict(zip(names, given, strict=True))}), [leaf(n) for n in names]


def reached(text: str, twice: bool) -> set[str]:
    """The operators that the expression, its gradient and the gradient's gradient call."""
    found: set[str] = set()

    def look(frame: Any, event: str, _: Any) -> None:
        if event == "call" and place(frame.f_code) in CODES:
            found.add(CODES[place(frame.f_code)])

    f, given = function(text)
    sys.setprofile(look)
    try:
        out = f(*given)
        roots = [o for o in (out if isinstance(out, tuple) else (out,)) if o.requires_grad]
        seeds = [torch.ones_like(o, requires_grad=True) for o in roots]
        torch.autograd.grad(roots, given, seeds, retain_graph=True, allow_unused=True)
        grads = torch.autograd.grad(roots, given, seeds, create_graph=True, allow_unused=True)
        again = [g.sum() for g in grads if g is not None and g.requires_grad]
        if again and twice:
            torch.autograd.grad(again, [*given, *seeds], create_graph=True, allow_unused=True)
    finally:
        sys.setprofile(None)
    return found


def test_every_differentiable_operator_has_a_sample():
    missing = set(ROWS) - NO_FLOATS - set(SAMPLES)
    assert not missing, "docs/adding.md: they need a line in conformance/operators/expressions.py"


def test_every_sample_is_of_an_operator():
    assert set(SAMPLES) - set(ROWS) == set()


@pytest.mark.parametrize("name", SAMPLES)
def test_gradients_pass_gradcheck_and_gradgradcheck(name):
    twice = name not in ONCE
    seen = set()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for first, form in [(text, form) for text in SAMPLES[name] for form in forms(text, name)]:
            f, given = function(form)
            # Other ways to write it have the same formulas: in one random direction, and not in each.
            fast = form != first
            assert torch.autograd.gradcheck(f, given, fast_mode=fast), form
            if twice:
                assert torch.autograd.gradgradcheck(f, given, fast_mode=fast), form
            seen |= reached(form, twice)
    assert {name, name + "_"} & seen, "no sample reaches the operator"
    in_place = hasattr(dispatch, name + "_") and name not in WRITTEN_WITHIN
    assert name + "_" in seen or not in_place, "no sample reaches the operator in place"
