"""Runs an expression on PyTorch and on numtorch and compares all that can be seen of it.

Operands: `x`, `y` (2, 3), `v` (3,), `w` (2,), `m` (3, 2), `p` (2, 3) positive, `q` (3, 3) well-conditioned, `h` (3, 3)
symmetric positive definite, `b` (2, 3, 4), `e` (2, 4, 3), `s` 0-d, all requiring grad; `mask` (2, 3) bool; `i` int64 (2, 3);
`k` (2, 3), `j` (3,) and `z` 0-d indices; `d` float64 (2, 3).
"""

from __future__ import annotations

import importlib
import pkgutil
import re
import warnings
from functools import cache
from typing import Any

import numpy as np

from . import tables

LEAVES = {
    "x": (2, 3), "y": (2, 3), "v": (3,), "w": (2,), "m": (3, 2), "p": (2, 3), "q": (3, 3), "h": (3, 3), "b": (2, 3, 4),
    "e": (2, 4, 3), "s": (),
}  # fmt: skip
OTHER_VIEWS = ("svdvals(", "solve(q, v)", "solve_ex(q, v)", "tensorsolve(")
"""Calls of which some gradient is a view on one side only."""
LAYOUTS = ("contiguous", "transposed", "strided")


MODULES = {
    m.name: importlib.import_module(f"{tables.__name__}.{m.name}") for m in pkgutil.iter_modules(tables.__path__)
}


def samples() -> list[tuple[str, str]]:
    """(family, expression) of all tables."""
    return [(family, e) for family, m in MODULES.items() for e in expressions(m.SAMPLES)]


def mistakes() -> list[tuple[str, str]]:
    """The same of what is refused."""
    return [(family, e) for family, m in MODULES.items() for e in expressions(m.MISTAKES)]


def expressions(text: str) -> list[str]:
    """The expressions of a table."""
    return [e.strip() for line in text.strip().splitlines() for e in line.split(" | ") if e.strip()]


def data(seed: int, ties: bool) -> dict[str, np.ndarray]:
    """The values of the leaves: random, or small integers with many ties and zeros."""
    rng = np.random.default_rng(seed)
    out = {}
    for name, shape in LEAVES.items():
        a = rng.integers(-2, 3, shape).astype(float) if ties else rng.standard_normal(shape)
        if name == "p":
            a = np.abs(a) + 0.5
        if name == "q":
            a = a / 2 + np.diag([3.0, -4.0, 5.0])
        if name == "h":
            a = a @ a.T / 4 + np.diag([3.0, 4.0, 6.0])
        out[name] = a.astype(np.float32)
    return out


def arranged(lib: Any, array: np.ndarray, layout: str, dtype: Any) -> Any:
    """A tensor with the values of the array, lying in memory as the layout says."""
    if array.ndim < 2 or layout == "contiguous":
        return lib.tensor(array.tolist(), dtype=dtype)
    if layout == "transposed":
        return lib.tensor(array.swapaxes(-1, -2).tolist(), dtype=dtype).transpose(-1, -2)
    return lib.tensor(np.repeat(array, 2, axis=-1).tolist(), dtype=dtype)[..., ::2]


@cache
def words(text: str) -> frozenset[str]:
    """The names in an expression."""
    return frozenset(re.findall(r"[a-z]\w*", text))


def names(lib: Any, values: dict, layout: str, dtype: str, text: str) -> dict[str, Any]:
    """What an expression uses."""

    def integers(array: Any) -> Any:
        return arranged(lib, np.asarray(array, int), layout, lib.int64)

    other = lib.float64 if dtype == "float32" else lib.float32
    known = {
        **{
            n: lambda a=a: arranged(lib, a, layout, getattr(lib, dtype)).detach().requires_grad_()
            for n, a in values.items()
        },
        "mask": lambda: arranged(lib, values["y"] > 0, layout, lib.bool),
        "i": lambda: integers(np.round(values["x"])),
        "k": lambda: integers([[0, 1, 0], [1, 0, 1]]),
        "j": lambda: lib.tensor([0, 1, 1]),
        "z": lambda: lib.tensor(0),
        "d": lambda: arranged(lib, values["y"], layout, other),
    }
    return {
        "torch": lib,
        "F": lib.nn.functional,
        **{name: make() for name, make in known.items() if name in words(text)},
    }


def _plain(value: Any) -> Any:
    """A saved value as data."""
    if hasattr(value, "grad_fn"):
        return ("tensor", tuple(value.shape), value.requires_grad)
    if isinstance(value, (tuple, list)):
        return tuple(_plain(v) for v in value)
    return value if isinstance(value, (int, float, str, type(None))) else str(value)


@cache
def saved_names(node: type) -> list[str]:
    """What the attributes of a class's nodes are called that show what these saved."""
    return [name for name in dir(node) if name.startswith("_saved_")]


def saved(node: Any) -> dict[str, Any]:
    """The `_saved_*` attributes of a node."""
    out = {}
    for name in saved_names(type(node)):
        try:
            out[name] = _plain(getattr(node, name))
        except RuntimeError as error:
            out[name] = str(error)
    return out


def graph(node: Any, with_saved: bool, depth: int = 9) -> Any:
    """A graph as nested names, with what its nodes saved."""
    if node is None or not depth:
        return None
    edges = [(graph(f, with_saved, depth - 1), nr) for f, nr in node.next_functions]
    return (type(node).__name__, saved(node) if with_saved else None, edges)


def look(t: Any, with_saved: bool, with_view: bool) -> tuple:
    """All of a tensor but its values."""
    shown = str(t.dtype), tuple(t.shape), t.stride(), t._version, t.requires_grad, t.output_nr
    return (*shown, t._is_view() if with_view else None, graph(t.grad_fn, with_saved))


def tensors(value: Any) -> list:
    """The tensors of a result."""
    return [value] if hasattr(value, "grad_fn") else [t for part in value for t in tensors(part)]


class Seen:
    """What was seen of one run: (what, exact, numbers)."""

    def __init__(self, lib: Any, with_views: bool = True):
        self.lib = lib
        self.with_views = with_views
        self.rows: list[tuple[str, Any, Any]] = []

    def add(self, what: str, tensor: Any, with_saved: bool = False) -> None:
        if tensor is None:
            self.rows.append((what, None, None))
        else:
            self.rows.append(
                (what, look(tensor, with_saved, with_saved or self.with_views), np.array(tensor.detach().tolist()))
            )

    def raised(self, what: str, error: Exception) -> None:
        self.rows.append((what, (type(error).__name__, str(error).partition("\nException raised")[0]), None))


def run(lib: Any, text: str, values: dict, layout: str, dtype: str) -> Seen:
    """The result, its gradients, plain and differentiable, and the gradients of the latter."""
    given = names(lib, values, layout, dtype, text)
    seen = Seen(lib, not any(call in text for call in OTHER_VIEWS))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            results = tensors(eval(text, given))
        except Exception as error:
            seen.raised("raised", error)
            return seen
        for nr, t in enumerate(results):
            seen.add(f"result {nr}", t, True)
        live = [t for t in results if t.requires_grad]
        if live:
            differentiate(seen, live, {n: given[n] for n in LEAVES if n in given})
    return seen


def weights(lib: Any, results: list) -> list:
    """A different weight for every element."""
    return [(lib.arange(t.numel()).to(t.dtype) * 0.25 + 1).reshape(t.shape) for t in results]


def differentiate(seen: Seen, results: list, leaves: dict) -> None:
    """Gradients of first and second order."""
    lib = seen.lib
    order = "first"
    inputs = [*leaves.values()]
    try:
        first = lib.autograd.grad(results, inputs, weights(lib, results), retain_graph=True, allow_unused=True)
        for name, g in zip(leaves, first, strict=True):
            seen.add(f"gradient of {name}", g)
        seeds = [w.requires_grad_() for w in weights(lib, results)]
        order = "second"
        graphed = lib.autograd.grad(results, inputs, seeds, create_graph=True, allow_unused=True)
        for name, g in zip(leaves, graphed, strict=True):
            seen.add(f"graphed gradient of {name}", g)
        again = [g for g in graphed if g is not None and g.requires_grad]
        order = "third"
        if again:
            second = lib.autograd.grad(again, [*inputs, *seeds], weights(lib, again), allow_unused=True)
            for name, g in zip([*leaves, *("seed" for _ in seeds)], second, strict=True):
                seen.rows.append(
                    (f"second gradient of {name}", None, None if g is None else np.array((g + 0).tolist()))
                )
    except (RuntimeError, NotImplementedError) as error:
        seen.raised(f"raised in {order} backward", error)


def nodes(lib: Any, text: str) -> set[type]:
    """The classes of the nodes that a sample leads to, those of its gradients and of their gradients included."""
    given = names(lib, data(1, False), "strided", "float32", text)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = [t for t in tensors(eval(text, given)) if t.requires_grad]
    found: set[type] = set()
    seen = set()
    stack = [t.grad_fn for t in results]
    leaves = [given[n] for n in LEAVES if n in given]
    for _ in range(2):
        while stack:
            node = stack.pop()
            if node is not None and node not in seen:
                seen.add(node)
                found.add(type(node))
                stack += [f for f, _ in node.next_functions]
        if results:
            seeds = [w.requires_grad_() for w in weights(lib, results)]
            try:
                graphed = lib.autograd.grad(results, [*leaves, *seeds], seeds, create_graph=True, allow_unused=True)
            except (RuntimeError, NotImplementedError):
                break
            results = [g for g in graphed if g is not None and g.requires_grad]
            stack = [g.grad_fn for g in results]
    return found


def compare(ours: Seen, theirs: Seen, text: str, dtype: str) -> None:
    """Assert that two runs show the same."""
    tolerance = 2e-4 if dtype == "float32" else 1e-9
    for mine, other in zip(ours.rows, theirs.rows, strict=False):
        (what, exact, numbers), (expected_what, expected, wanted) = mine, other
        assert (what, exact) == (expected_what, expected), f"{what} of {text}"
        assert (numbers is None) == (wanted is None), f"{what} of {text}"
        if wanted is not None:
            np.testing.assert_allclose(numbers, wanted, rtol=tolerance, atol=tolerance, err_msg=f"{what} of {text}")
    assert len(ours.rows) == len(theirs.rows), text
