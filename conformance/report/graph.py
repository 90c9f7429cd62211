"""The drawing of an autograd graph: Graph → DOT → SVG, with graphviz-pure.

The SVG names no colour and no font: it has classes, and inherits both from the page it stands in, so that one drawing is
legible on light and on dark. All graphs of a report are laid out by one process, each distinct one once.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from conformance.report.text import printable
from conformance.trace import Graph

LARGEST = 200
"""Nodes that are drawn at most: beyond that nobody can read the drawing, and the layout takes seconds."""

_SVG = "http://www.w3.org/2000/svg"


@dataclass(frozen=True)
class Drawing:
    """A graph and the nodes to be marked in it."""

    graph: Graph
    marked: frozenset[int] = frozenset()

    @property
    def too_large(self) -> bool:
        return len(self.graph.nodes) > LARGEST

    @cached_property
    def dot(self) -> str:
        """The graph in the DOT language; equal for equal drawings."""
        return _dot(self)

    @property
    def sentence(self) -> str:
        """The graph in words, for who cannot see it."""
        nodes = len(self.graph.nodes)
        size = f"{nodes} {'node' if nodes == 1 else 'nodes'}"
        names = ", ".join(dict.fromkeys(node.name for node in self.graph.nodes[:12]))
        marked = f"; {len(self.marked)} differ" if self.marked else ""
        return printable(f"Autograd graph of {size}{marked}: {names}{', …' if nodes > 12 else ''}")


def differing(oracle: Graph, subject: Graph) -> tuple[frozenset[int], frozenset[int]]:
    """The nodes of each graph that have no counterpart in the other.

    Both are walked together from the roots of the same tensor. Two nodes are counterparts if they have the same name
    and as many edges, and neither is already the counterpart of another; below nodes that are not, nothing is compared.
    The leaves of one tensor are each other's counterparts, wherever they hang.
    """
    there: dict[int, int] = {}
    back: dict[int, int] = {}
    leaves = {node.variable: index for index, node in enumerate(subject.nodes) if node.variable}
    stack = [(index, leaves[node.variable]) for index, node in enumerate(oracle.nodes) if node.variable in leaves]
    stack += [
        (oracle.roots[name][0], subject.roots[name][0])
        for name in reversed(list(oracle.roots))
        if name in subject.roots and oracle.roots[name][1] == subject.roots[name][1]
    ]
    while stack:
        left, right = stack.pop()
        if left in there or right in back:
            continue
        here, counterpart = oracle.nodes[left], subject.nodes[right]
        if (here.name, here.variable) != (counterpart.name, counterpart.variable):
            continue
        if len(here.edges) != len(counterpart.edges):
            continue
        there[left], back[right] = right, left
        for (a, slot_a), (b, slot_b) in zip(reversed(here.edges), reversed(counterpart.edges), strict=True):
            if a is not None and b is not None and slot_a == slot_b:
                stack.append((a, b))
    unmatched = set(range(len(oracle.nodes))) - there.keys()
    strangers = set(range(len(subject.nodes))) - back.keys()
    # Counterparts whose edges lead to nodes that are not each other's counterparts differ too.
    for left, right in there.items():
        edges = zip(oracle.nodes[left].edges, subject.nodes[right].edges, strict=True)
        if any(
            slot_a != slot_b or (a is None) != (b is None) or (a is not None and a in there and there[a] != b)
            for (a, slot_a), (b, slot_b) in edges
        ):
            unmatched.add(left)
            strangers.add(right)
    return frozenset(unmatched), frozenset(strangers)


def _dot(drawing: Drawing) -> str:
    """The graph in the DOT language: the tensors' nodes on top, the leaves at the bottom, inputs from left to right."""
    names: dict[int, list[str]] = {}
    for tensor, (owner, output) in drawing.graph.roots.items():
        names.setdefault(owner, []).append(f"{tensor} (output {output})" if output else tensor)
    lines = [
        "digraph g { bgcolor=transparent; ordering=out; nodesep=0.2; ranksep=0.3; pad=0.05;",
        'node [shape=box, style=rounded, fontname=Helvetica, fontsize=12, height=0.3, margin="0.16,0.06"];',
        "edge [arrowsize=0.6, fontname=Helvetica, fontsize=10];",
    ]
    for index, node in enumerate(drawing.graph.nodes):
        below = list(names.get(index, ()))
        if node.name.endswith("AccumulateGrad"):
            below.append(node.variable or "a leaf without a name")
        label = [("≠ " if index in drawing.marked else "") + node.name, *([", ".join(below)] if below else [])]
        kind = "leaf" if node.name.endswith("AccumulateGrad") else "inner"
        marked = " differs" if index in drawing.marked else ""
        lines.append(f'n{index} [label={_quoted(label)}, class="{kind}{marked}"];')
        for position, (target, slot) in enumerate(node.edges):
            if target is None:
                lines.append(f'z{index}_{position} [shape=point, width=0.06, label="", class="nothing"];')
                lines.append(f'n{index} -> z{index}_{position} [class="nothing", arrowhead=none];')
            else:
                label_of = f' [label=" {slot}"]' if slot else ""
                lines.append(f"n{index} -> n{target}{label_of};")
    return "\n".join(lines) + "\n}\n"


def draw(drawings: Iterable[Drawing]) -> dict[str, str]:
    """The SVG of every drawing that is not too large, by its `dot`; empty if graphviz-pure is not there.

    Each distinct graph is laid out once.
    """
    distinct = {drawing.dot: drawing for drawing in drawings if drawing.graph.nodes and not drawing.too_large}
    wanted = list(distinct.values())
    program = _graphviz()
    if not wanted or program is None:
        return {}
    # A minute is for the thousands of graphs of a whole catalogue, which take about a millisecond each.
    answer = subprocess.run(
        [program, "-Tsvg"],
        input="".join(distinct).encode(),
        capture_output=True,
        timeout=60,
        check=True,
    )
    pages = answer.stdout.decode().split("<?xml")[1:]
    if len(pages) != len(wanted):
        raise RuntimeError(f"{len(wanted)} graphs were handed to graphviz-pure and {len(pages)} came back")
    return {drawing.dot: _inlined("<?xml" + page, drawing) for drawing, page in zip(wanted, pages, strict=True)}


def _graphviz() -> str | None:
    beside = Path(sys.executable).with_name("graphviz-pure")
    return str(beside) if beside.exists() else shutil.which("graphviz-pure")


def _quoted(lines: list[str]) -> str:
    def escaped(text: str) -> str:
        return printable(text).replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")[:80]

    return '"' + "\\n".join(map(escaped, lines)) + '"'


def _inlined(page: str, drawing: Drawing) -> str:
    # What Graphviz writes is a document of its own: ids that would be there twice, titles that would pop up as
    # "n0->n1", fonts and colours that a page in dark mode could not read. All of it goes; classes stay.
    ElementTree.register_namespace("", _SVG)
    root = ElementTree.fromstring(page)
    for element in root.iter():
        for name in ("id", "font-family", "font-size", "{http://www.w3.org/XML/1998/namespace}space"):
            element.attrib.pop(name, None)
        for name in ("stroke", "fill"):
            if element.get(name) == "black":
                element.set(name, "currentColor")
        for child in list(element):
            if child.tag == f"{{{_SVG}}}title":
                element.remove(child)
    for element in root.iter(f"{{{_SVG}}}g"):
        lines = element.findall(f"{{{_SVG}}}text")
        for line in lines[1:]:
            line.set("class", "names")
    _, _, width, height = root.attrib["viewBox"].split()
    root.attrib.update(width=width, height=height, role="img")
    root.set("aria-label", drawing.sentence)
    root.set("class", "graph")
    return ElementTree.tostring(root, encoding="unicode")
