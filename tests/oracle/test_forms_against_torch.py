"""Every form of every operator of the pointwise, special, comparison, activation and loss families does what PyTorch does.

Compared of each call: value, type, strides, version, whether it is the target itself, the graph with the names of what it
saved, the first gradient with its strides and the graph behind it, the second gradients with their strides; or the error.
The calls are those of forms.py, over the operands of test_ops_against_torch.py.
"""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
import numtorch  # noqa: E402
import numtorch.nn.functional  # noqa: E402
from tests.oracle.forms import FAMILIES, forms, samples  # noqa: E402
from tests.oracle.operator_runs import saved_names  # noqa: E402
from tests.oracle.test_ops_against_torch import arrays, namespace, raised  # noqa: E402

PARSING = re.compile(
    "unexpected keyword argument|takes no keyword|invalid combination of arguments|positional argument|no overloads"
)
LAYOUTS = (("contiguous", "float32"), ("transposed", "float64"))
KNOWN = set(Path(__file__).with_name("forms_known.txt").read_text().splitlines())
"""Calls that are known to differ, one a line: a call that no longer does fails the test, so that its line is taken out."""


def tree(node: Any, depth: int = 0) -> str:
    """A graph as nested names, each with the names of what was saved."""
    if node is None or depth > 12:
        return "."
    saved = ",".join(n[7:] for n in saved_names(type(node)))
    return f"{node.name()}{{{saved}}}({', '.join([tree(f, depth + 1) for f, _ in node.next_functions])})"


def look(tensor: Any) -> tuple:
    """What is compared exactly."""
    return str(tensor.dtype), tuple(tensor.shape), tensor.stride(), tensor.requires_grad, tree(tensor.grad_fn)


def observe(lib: Any, text: str, data: dict, layout: str, dtype: str) -> list:
    """(what, exact, numbers) of the call, its gradients and theirs."""
    names, leaves = namespace(lib, lib.nn.functional, data, layout, dtype, text)
    seen: list = []
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        lib.default_generator.manual_seed(0)  # `lib.manual_seed` visits every device, and notes who called it
        try:
            result = eval(text, names)
        except Exception as error:
            return [("raised", raised(error), 0)]
    seen.append(
        (
            "warnings",
            sorted(
                {
                    (w.category.__name__, str(w.message).partition(" (Triggered")[0])
                    for w in heard
                    if w.category is not RuntimeWarning
                }
            ),
            0,
        )
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = result if isinstance(result, tuple) else (result,)
        for r in results:
            if not hasattr(r, "grad_fn"):
                seen.append(("result", (type(r).__name__, r), 0))
            else:
                seen.append(("result", (*look(r), r._version, r.is_leaf), numbers(r)))
                if r.requires_grad and r.grad_fn is not None:
                    try:
                        seen += differentiate(lib, r, leaves)
                    except (RuntimeError, NotImplementedError) as error:
                        seen.append(("raised in backward", raised(error), 0))
    return seen


def numbers(tensor: Any) -> np.ndarray:
    """The values; PyTorch's ZeroTensors have none to show."""
    if getattr(tensor, "_is_zerotensor", bool)():
        return np.zeros(tuple(tensor.shape))
    return np.array(tensor.detach().tolist())


def differentiate(lib: Any, result: Any, leaves: dict) -> list:
    """The gradients with plain and with transposed incoming gradients, the differentiable ones, and theirs."""
    seen = []

    def add(what: str, gradients: Any, graph: bool) -> None:
        for name, g in zip(leaves, gradients, strict=True):
            if g is None:
                seen.append((f"{what} of {name}", None, 0))
            else:
                exact = look(g) if graph else (str(g.dtype), tuple(g.shape), g.stride(), g.requires_grad)
                seen.append((f"{what} of {name}", exact, numbers(g)))

    inputs = [*leaves.values()]
    weight = (lib.arange(result.numel()).to(result.dtype) * 0.25 + 1).reshape(result.shape)
    add("gradient", lib.autograd.grad(result, inputs, weight, retain_graph=True, allow_unused=True), False)
    if result.dim() == 2:
        weight = weight.t().contiguous().t()
        again = lib.autograd.grad(result, inputs, weight, retain_graph=True, allow_unused=True)
        add("gradient from a transposed one", again, False)
    weight.requires_grad_()
    graphed = lib.autograd.grad(result, inputs, weight, create_graph=True, allow_unused=True)
    add("graphed gradient", graphed, True)
    total = [(g * g).sum() for g in graphed if g is not None and g.requires_grad]
    if total:
        loss = total[0]
        for t in total[1:]:
            loss = loss + t
        add("second gradient", lib.autograd.grad(loss, inputs, allow_unused=True, retain_graph=True), False)
        thrice = lib.autograd.grad(loss, inputs, allow_unused=True, create_graph=True)
        add("graphed second gradient", thrice, False)
    return seen


def differences(text: str, data: dict, layout: str, dtype: str) -> list[str]:
    """What numtorch does otherwise."""
    ours = observe(numtorch, text, data, layout, dtype)
    theirs = observe(torch, text, data, layout, dtype)
    tolerance = 4e-4 if dtype == "float32" else 2e-6
    if "raised" == theirs[0][0] == ours[0][0] and PARSING.search(theirs[0][1][1]) and ours[0][1][0] == "TypeError":
        return []  # which of its overloads PyTorch tried is not compared
    if [o[0] for o in ours] != [t[0] for t in theirs]:
        return [f"{text}: {[o[:2] for o in ours if 'raised' in o[0]]} {[t[:2] for t in theirs if 'raised' in t[0]]}"]
    found = []
    for (what, exact, values), (_, expected, wanted) in zip(ours, theirs, strict=True):
        if exact != expected:
            ours_text, their_text = str(exact), str(expected)
            same = next((n for n, (a, b) in enumerate(zip(ours_text, their_text, strict=False)) if a != b), 0)
            start = max(0, same - 40) if same > 100 else 0
            found.append(f"{what} of {text}:\n  numtorch {ours_text[start:]}\n  PyTorch  {their_text[start:]}")
        elif np.array_equal(values, wanted):
            continue  # what nearly all of them are, asked the quick way first
        elif not np.allclose(values, wanted, *[4e-4 if "float32" in str(exact) else tolerance] * 2, equal_nan=True):
            found.append(f"{what} of {text}:\n  numtorch {values}\n  PyTorch  {wanted}")
    return found


CALLS = [(family, name, arguments) for family, text in FAMILIES.items() for name, arguments in samples(text)]


def differing(name: str, arguments: str) -> dict[str, list[str]]:
    """What differs, by the call."""
    found: dict[str, list[str]] = {}
    for seed, (layout, dtype) in enumerate(LAYOUTS):
        data = arrays(seed, "random")
        calls = list(forms(torch, name, arguments))
        refused = observe(torch, calls[0], data, layout, dtype)[0][0] == "raised"
        for text in calls:
            if not (refused and "out=" in text) and (seen := differences(text, data, layout, dtype)):
                found.setdefault(text, []).extend(seen)
    return found


@pytest.mark.parametrize(("family", "name", "arguments"), CALLS, ids=[f"{n}({a})" for _, n, a in CALLS])
def test_every_form_does_what_pytorch_does(family: str, name: str, arguments: str) -> None:
    found = differing(name, arguments)
    new = {text: what for text, what in found.items() if text not in KNOWN}
    assert not new, "\n".join(line for what in new.values() for line in what)
    mended = {text for text in forms(torch, name, arguments) if text in KNOWN} - set(found)
    assert not mended, f"no longer differ: take them out of forms_known.txt: {sorted(mended)}"
