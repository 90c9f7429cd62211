"""What was observed, in words short enough for one line of a report."""

from __future__ import annotations

from collections.abc import Mapping as AnyMapping
from typing import Any

import numpy as np
from msgspec import UNSET

from conformance.numbers import elements
from conformance.program import Complex, Float, Global
from conformance.trace import (
    Array,
    ArraySeen,
    Graph,
    Mapping,
    Mode,
    NodeSeen,
    Opaque,
    Raised,
    Seen,
    Sequence,
    StepTrace,
    TensorSeen,
    Warned,
)

WIDTH = 160
"""A text longer than this is cut: it is one cell of a table, and the whole traces are beside it."""


def value(seen: Seen | Array) -> str:
    """An observed value: ``tensor([1., 2.])``, ``None``, ``(x, 3)``."""
    match seen:
        case Array():
            return cut(array(seen))
        case Float(value=text):
            return text
        case Complex():
            return str(complex(seen))
        case Global(path=path):
            return path
        case TensorSeen(name=name):
            return f"tensor {name}" if name else "a tensor"
        case ArraySeen(name=name):
            return f"ndarray {name}" if name else "an ndarray"
        case NodeSeen(name=name):
            return f"<{name}>"
        case Sequence(type=type_, items=items):
            inside = ", ".join(map(value, items))
            return cut({"tuple": f"({inside})", "list": f"[{inside}]"}.get(type_, f"{type_}({inside})"))
        case Mapping(items=pairs):
            return cut("{" + ", ".join(f"{value(k)}: {value(v)}" for k, v in pairs) + "}")
        case Opaque(type=type_):
            return f"a {type_}"
    return cut(repr(seen))


def array(seen: Array) -> str:
    """The elements, in NumPy's notation and PyTorch's frame; a dtype that the numbers do not show is named."""
    text = np.array2string(elements(seen.dtype, seen.shape, seen.data), separator=", ", threshold=20, precision=7)
    text = " ".join(text.split())
    shown = "" if seen.dtype in ("float32", "int64", "bool", "complex64") else f", dtype={seen.dtype}"
    size = f", size={shape(seen.shape)}" if 0 in seen.shape else ""
    return f"tensor({text}{size}{shown})"


def shape(sizes: tuple[int, ...]) -> str:
    return "(" + ", ".join(map(str, sizes)) + ("," if len(sizes) == 1 else "") + ")"


def grad(tensors: AnyMapping[str, AnyMapping[str, Any]], name: str) -> str:
    if tensors[name].get("grad") == "none":
        return "None"
    held = tensors.get(f"{name}.grad", {}).get("value", UNSET)
    return "a tensor" if held is UNSET else value(held)


def outcome(step: StepTrace) -> str:
    match step.outcome:
        case "raised":
            return error(step.error)
        case "blocked":
            return f"blocked: no {step.reason!r}"
        case "unsupported":
            return f"has no {step.reason!r}"
    return f"returns {value(step.result)}"


def error(raised: Raised | None) -> str:
    return "no error" if raised is None else cut(f"raises {raised.type}: {raised.message}")


def warnings(warned: tuple[Warned, ...]) -> str:
    return cut("; ".join(f"{w.category}: {w.message}" for w in warned)) if warned else "no warning"


def groups(names: tuple[tuple[str, ...], ...], are: str) -> str:
    """``x and y share memory; a, b and c share memory``"""
    if not names:
        return f"no two {are}"
    return cut("; ".join(f"{', '.join(group[:-1])} and {group[-1]} {are}" for group in names))


def mode(modes: Mode | Any) -> str:
    if modes is UNSET:
        return "not known"
    return f"gradients {'on' if modes.grad else 'off'}" + (", inference mode" if modes.inference else "")


def calls(names: list[str]) -> str:
    return cut("calls " + ", ".join(names)) if names else "calls nothing"


def graphs(oracle: Graph, subject: Graph) -> tuple[str, str]:
    """Both graphs by what differs first: which tensors have one, a node's name, its edges."""
    if oracle.roots.keys() != subject.roots.keys():
        return f"grad_fn on {_names(oracle)}", f"grad_fn on {_names(subject)}"
    for index, (o, s) in enumerate(zip(oracle.nodes, subject.nodes, strict=False)):
        if o.name != s.name:
            return o.name, s.name
        if len(o.edges) != len(s.edges):
            return f"{o.name} with {len(o.edges)} edges", f"{s.name} with {len(s.edges)} edges"
        if o.variable != s.variable:
            return f"{o.name} of {o.variable}", f"{s.name} of {s.variable}"
        if o.edges != s.edges:
            return f"node {index} {o.name} {_edges(oracle, index)}", f"node {index} {s.name} {_edges(subject, index)}"
    if len(oracle.nodes) != len(subject.nodes):
        return f"{len(oracle.nodes)} nodes", f"{len(subject.nodes)} nodes"
    for name, root in oracle.roots.items():
        if root != subject.roots[name]:
            return _root(oracle, name), _root(subject, name)
    return "", ""


def _root(graph: Graph, name: str) -> str:
    node, output = graph.roots[name]
    return f"{name} is output {output} of node {node} {graph.nodes[node].name}"


def _names(graph: Graph) -> str:
    return cut(", ".join(graph.roots)) or "no tensor"


def _edges(graph: Graph, index: int) -> str:
    return "→ " + ", ".join(
        "None" if to is None else f"{to} {graph.nodes[to].name}:{number}" for to, number in graph.nodes[index].edges
    )


def texts(oracle: str, subject: str) -> tuple[str, str]:
    """Two texts, cut so that the place where they part is in sight."""
    same = next(
        (i for i, (a, b) in enumerate(zip(oracle, subject, strict=False)) if a != b), min(len(oracle), len(subject))
    )
    start = max(0, same - WIDTH // 2) if max(len(oracle), len(subject)) > WIDTH else 0
    lead = "…" if start else ""
    return cut(lead + oracle[start:]), cut(lead + subject[start:])


def cut(text: str) -> str:
    return text if len(text) <= WIDTH else text[: WIDTH - 1] + "…"
