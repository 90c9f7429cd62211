"""Lines of the generated module, and the names that its templates share."""

from __future__ import annotations

from typing import Any

from ..kernels import everything as kernels
from ..ops.row import Row
from ..plain_numpy import np

MOVING = ("arrange", "shape")  # families whose kernels move elements, of whatever type


class Writer:
    """Collects lines, with indentation."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, indent: int, text: str) -> None:
        for line in text.splitlines():
            self.lines.append("    " * indent + line if line else "")


class Template:
    """What all templates write to, and the kernels that they name."""

    def __init__(self) -> None:
        self.kernels: set[str] = set()
        self.quick: set[str] = set()  # the node classes whose tuple of arguments for _new is kept
        self.records: set[str] = set()  # those of which there are records, whose functions are kept
        self.numbers: set[str] = set()  # those of which there are shorter ones, for a number as second operand
        self.body = Writer()

    def kernel(self, row: Row, other: Any = None) -> str:
        """The expression that names a row's kernel, or another of its kernels, in the generated module."""
        k = other or row.kernel
        if isinstance(k, np.ufunc):
            return "np." + k.__name__
        name = k.__name__
        assert hasattr(kernels, name), f"{row.name}: the kernel {name} is not in the kernels package"
        self.kernels.add(name)
        return "k_" + name

    def call(self, row: Row, given: str, desc: str = "") -> str:
        """The call of a row's kernel where its operands may be of half precision; not, if the Descriptor `desc` is real."""
        plain = f"{self.kernel(row)}({given})"
        alone = isinstance(row.kernel, np.ufunc) and len(row.tensors) == len(row.params)
        if alone or row.family in MOVING or getattr(row.kernel, "in_steps", False):
            return plain
        once = f"rounded_once({self.kernel(row)}, {given})"
        return f"{plain} if {desc}.real else {once}" if desc else once

    def base(self, row: Row) -> str:
        """The Node class to derive from: by the number of edges."""
        if row.template == "binary":
            return "BinaryNode"
        if row.template == "nary":
            return "VariadicNode"
        if any(p.kind == "tensors" or (p.optional and p.name in row.formulas) for p in row.params):
            return "VariadicNode"  # an edge that there may be or not is none of the two that are stored apart
        return {1: "UnaryNode", 2: "BinaryNode"}.get(len(row.operands), "VariadicNode")
