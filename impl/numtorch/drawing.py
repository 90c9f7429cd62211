"""The autograd graph as a picture: Graphviz text, and SVG where graphviz-pure is installed.

Only public attributes are read (grad_fn, next_functions, variable, name(), shape, output_nr), so that the tensors of
PyTorch are drawn as well as those of numtorch.

How to read a picture: it begins at the top with the tensors asked for, and its arrows are those that backward()
follows, down to the leaves. Boxes are tensors, with their names if given and their shapes; ovals are operators; small
grey ovals are the nodes that accumulate into `.grad`. The number at the tail of an arrow is the operand's position,
the number at its head the result's position; zeros are left out.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

# Fills that are light enough for black text and stand on their own, with lines of a middle grey: so the picture can be
# read on a white page and on a black one.
_STYLE = """\
  graph [bgcolor=transparent, ranksep=0.35, nodesep=0.3]
  node [fontname=Helvetica, fontsize=12, style=filled, color="#5b6770", fontcolor="#101418", height=0.3, margin="0.12,0.05"]
  edge [color="#808890", fontname=Helvetica, fontsize=9, fontcolor="#808890", arrowsize=0.7, labeldistance=1.4]
"""
_OUTPUT = 'shape=box, fillcolor="#ffd58a"'
_LEAF = 'shape=box, fillcolor="#a9d8a3"'
_OPERATOR = 'shape=ellipse, fillcolor="#b9d3f2"'
_ACCUMULATE = 'shape=ellipse, fillcolor="#dcdfe3", fontsize=9, height=0.2'


def dot(tensors: Any, *, names: Mapping[str, Any] | None = None) -> str:
    """The graph behind a tensor, or behind several, in Graphviz's language."""
    return _Drawing(names or {}).draw(_as_sequence(tensors))


def svg(tensors: Any, *, names: Mapping[str, Any] | None = None) -> str:
    """The graph behind a tensor, or behind several, as an SVG picture."""
    finished = subprocess.run(
        [_graphviz(), "-Tsvg"], input=dot(tensors, names=names), capture_output=True, text=True, encoding="utf-8"
    )
    if finished.returncode:
        raise RuntimeError(f"graphviz-pure could not draw the graph: {finished.stderr.strip()}")
    return finished.stdout


def _graphviz() -> str:
    """The command that graphviz-pure installs: the package is a program, and has no module to import."""
    beside_python = str(Path(sys.executable).parent)
    found = shutil.which("graphviz-pure", path=beside_python) or shutil.which("graphviz-pure")
    if found is None:
        raise ImportError("drawing an SVG needs the command graphviz-pure: pip install graphviz-pure")
    return found


def _as_sequence(tensors: Any) -> list[Any]:
    return list(tensors) if isinstance(tensors, (list, tuple)) else [tensors]


class _Drawing:
    """One picture in the making: what has been met, in the order of meeting, and the lines that say so."""

    def __init__(self, names: Mapping[str, Any]) -> None:
        self.names: dict[int, str] = {}
        self.results: dict[Any, dict[int, str]] = {}  # node: the names of its results by position
        for name, tensor in names.items():
            self.names[id(tensor)] = name
            if tensor.grad_fn is not None:
                position = getattr(tensor, "output_nr", 0)
                self.results.setdefault(tensor.grad_fn, {})[position] = _title(name, tensor)
        self.ids: dict[Any, str] = {}  # a node, or the id() of a tensor
        # Tensors and nodes are kept, so that none is met again at the address of one that died.
        self.kept: list[Any] = list(names.values())
        self.lines: list[str] = []
        self.waiting: deque[Any] = deque()

    def draw(self, tensors: Iterable[Any]) -> str:
        # A queue and no recursion: graphs may be deeper than any stack. Breadth first, so that the numbers go downwards.
        for tensor in tensors:
            if tensor.grad_fn is None:
                self.tensor(tensor, _LEAF)
                continue
            # A name is said once: in the box of the tensor, not in the oval of the operator that made it.
            self.results.get(tensor.grad_fn, {}).pop(getattr(tensor, "output_nr", 0), None)
            self.edge(self.tensor(tensor, _OUTPUT), tensor.grad_fn, 0, getattr(tensor, "output_nr", 0))
        while self.waiting:
            self.follow(self.waiting.popleft())
        return "digraph autograd {\n" + _STYLE + "".join(f"  {line}\n" for line in self.lines) + "}\n"

    def tensor(self, tensor: Any, look: str) -> str:
        """The box of a tensor, drawn where it is first met."""
        if id(tensor) not in self.ids:
            self.kept.append(tensor)
            self.ids[id(tensor)] = f"n{len(self.ids)}"
            label = _title(self.names.get(id(tensor), ""), tensor)
            self.lines.append(f"{self.ids[id(tensor)]} [label={_quoted(label)}, {look}]")
        return self.ids[id(tensor)]

    def node(self, node: Any) -> str:
        """The oval of a node, drawn where it is first met."""
        if node not in self.ids:
            self.ids[node] = f"n{len(self.ids)}"
            self.waiting.append(node)
            results = [title for _, title in sorted(self.results.get(node, {}).items())]
            label = "\n".join([node.name().rsplit("::", 1)[-1], *results])
            look = _ACCUMULATE if hasattr(node, "variable") else _OPERATOR
            self.lines.append(f"{self.ids[node]} [label={_quoted(label)}, {look}]")
        return self.ids[node]

    def edge(self, tail: str, node: Any, operand: int, result: int) -> None:
        marks = [f'taillabel="{operand}"'] if operand else []
        marks += [f'headlabel="{result}"'] if result else []
        head = self.node(node)
        self.lines.append(f"{tail} -> {head}" + (f" [{', '.join(marks)}]" if marks else ""))

    def follow(self, node: Any) -> None:
        """Draw what a node hands its gradients to."""
        for operand, (following, result) in enumerate(node.next_functions):
            if following is not None:
                self.edge(self.ids[node], following, operand, result)
        variable = getattr(node, "variable", None)
        if variable is not None:
            leaf = self.tensor(variable, _LEAF)
            self.lines.append(f"{self.ids[node]} -> {leaf}")


def _title(name: str, tensor: Any) -> str:
    return f"{name} {list(tensor.shape)}".lstrip()


def _quoted(text: str) -> str:
    """A DOT string that shows the text as it is."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
