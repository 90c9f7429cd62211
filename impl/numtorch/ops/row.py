"""The form of an operator row. README.md in this folder says how to write one."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

# Forward-mode rules that need no formula of their own.
LINEAR = "linear"  # the operator applied to the tangent: of what is linear in all that gradients flow to, not affine
ELEMENTWISE = "elementwise"  # the backward formula with the tangent in the place of grad
BILINEAR = "bilinear"  # one term an operand, the operator itself applied to tangent and value

# How a result is laid out that goes neither by its template nor by its kernel: the rules of layout.py.
LIKE = "like"  # as a copy of the first operand
BESIDE_NUMBER = "beside number"  # as over the first operand and a number

FOUND_DTYPE = "Found dtype {found} but expected {expected}"

TABLE: list[Row] = []


@dataclass
class Param:
    """One parameter: `tensor`, `tensors` (a list of them) or `value`."""

    name: str
    kind: str
    optional: bool = False
    indices: bool = False  # a value that holds tensors, which are saved as such


@dataclass
class Row:
    """One operator, as the generator sees it."""

    name: str
    params: list[Param]
    kernel: Any
    node: str
    formulas: dict[str, str]
    template: str  # unary, binary, nary, general, view, multiview
    family: str = ""  # the module of ops/ that it stands in
    jvp: str | None = None
    float_result: bool = False  # integers are promoted to the default floating type first
    inplace: bool = False
    outputs: tuple[str, ...] = ("result",)
    differentiable: tuple[bool, ...] = (True,)
    not_differentiable: bool = False
    bool_result: bool = False  # a comparison: only its in-place form is tracked
    tensors_only: bool = False  # of two operands, neither may be a number
    elementwise: bool = False  # a general row whose gradient is elementwise all the same
    last_decides: bool = False  # of two operands, the second decides the strides of the result
    refuses: str | None = None  # the kernel that PyTorch names when it refuses integers
    exact_out: str | None = None  # what is said if out= has another type than the result
    says: str = ""  # the name of the operator in errors; its own unless it is one form of several
    constants: dict[str, Any] = field(default_factory=dict)  # what a node shows as saved although it never differs
    shown: str | None = None  # what the class of the node is called, where another row has that name already
    row_major: bool = False  # the result is row-major, whatever the operands are
    into: Any = None  # of the in-place form: a kernel that writes to those places only, so that elements may share memory
    deprecated: bool = False  # whether PyTorch warns where they do
    layout: str | None = None  # a rule of layout.py for the result's strides, where the template has no other
    masked: bool = False  # of several results, some may be None: those that nobody asked for
    joint: bool = False  # one formula answers for all operands, with a tuple
    together: str | None = None  # over Tensors, this answers for all operands with a tuple; `needed` says which are wanted
    inplace_node: str | None = None  # of a view that has an in-place form: the name of that form's node
    plain_if: str | None = None  # if so of its values, plain operands have a result that their Descriptors decide
    described_by: tuple[str, ...] | None = None  # the values that decide the Descriptor of a plain tensor's view
    warns: bool = False  # its formula does; a plain pass might say it, give up, and say it again
    replay: bool = False  # a view that strides cannot say: it is derived anew from its base by this operator
    typed_by: str | None = None  # the operand whose type the result has, where it is not that of all together
    saved: list[str] = field(default_factory=list)  # tensors whose value a formula reads
    saved_results: list[str] = field(default_factory=list)
    saved_values: list[str] = field(default_factory=list)  # plain parameters and properties
    saved_lists: list[str] = field(default_factory=list)  # parameters that hold index tensors

    @property
    def tensors(self) -> list[Param]:
        """Parameters that are tensors."""
        return [p for p in self.params if p.kind != "value"]

    @property
    def raises(self) -> bool:
        """Whether there is no derivative, which is said when the node is run."""
        return bool(self.formulas) and self.node.endswith("NotImplemented")

    @property
    def combines(self) -> bool:
        """Whether the gradient is elementwise over the incoming one and what was saved."""
        return self.elementwise or self.template in ("unary", "binary", "nary")

    @property
    def expands(self) -> bool:
        """Whether the gradient is elementwise over the incoming one repeated along dimensions, and not a view of it."""
        return any("keepdim" in f and not f.startswith("sum_backward") for f in self.formulas.values())

    @property
    def operands(self) -> list[str]:
        """Parameters that gradients flow to, in the order of the signature: one edge each."""
        return [p.name for p in self.params if p.name in self.formulas]


def camel(name: str) -> str:
    """log_softmax -> LogSoftmax"""
    return "".join(part[:1].upper() + part[1:] for part in name.strip("_").split("_"))


def _make(template: str, signature: str, kernel: Any, options: dict[str, Any], formulas: dict[str, str]) -> Row:
    match = re.fullmatch(r"(\w+)\((.*)\)", signature)
    assert match, f"not a signature: {signature}"
    name, inside = match.groups()
    params = []
    for part in filter(None, (p.strip() for p in inside.split(","))):
        pname, _, kind = (s.strip() for s in part.partition(":"))
        optional = kind == "Tensor?"
        indices = kind == "Indices"
        plain = "tensor" if pname in formulas else "value"
        kind = {"": plain, "Tensors": "tensors", "Indices": "value"}.get(kind, "tensor")
        params.append(Param(pname, kind, optional, indices))
    node = options.pop("node", None) or camel(name) + "Backward0"
    row = Row(name, params, kernel, node, formulas, template, **options)
    unknown = set(formulas) - {p.name for p in params}
    assert not unknown, f"{name}: formulas for {unknown}, which are no parameters"
    row.says = row.says or row.name
    _find_saved(row)
    TABLE.append(row)
    return row


def _find_saved(row: Row) -> None:
    """The names that a formula reads are what is saved; of `self.shape` and `self.dtype` only that property."""
    kinds = {p.name: p.kind for p in row.params}
    lists = {p.name for p in row.params if p.indices}
    for formula in row.formulas.values():
        tree = ast.parse(formula, mode="eval")
        skip = set()
        for n in ast.walk(tree):
            if not isinstance(n, ast.Attribute) or not isinstance(n.value, ast.Name) or n.attr not in PROPERTIES:
                continue
            if kinds.get(n.value.id) == "tensor" or (n.value.id in row.outputs and n.value.id not in kinds):
                skip.add(id(n.value))
                _once(row.saved_values, f"{n.value.id}_{PROPERTIES[n.attr][0]}")
            if isinstance(n, ast.Name) and kinds.get(n.id) == "tensors":
                raise AssertionError(f"{row.name}: a formula may read only tensors_descs of a list")
        for n in ast.walk(tree):
            if not isinstance(n, ast.Name) or id(n) in skip:
                continue
            if n.id in row.outputs and n.id not in kinds:
                _once(row.saved_results, n.id)
            elif kinds.get(n.id) == "tensor":
                _once(row.saved, n.id)
            elif n.id in lists:
                _once(row.saved_lists, n.id)
            elif kinds.get(n.id) == "value" or n.id.endswith("_descs"):
                _once(row.saved_values, n.id)
    row.saved.sort()
    row.saved_results.sort()


# What a formula may read of a tensor without saving it: the name that it is saved under, and where it is found.
PROPERTIES = {
    "shape": ("sym_sizes", "_desc.shape"),
    "sizes_opt": ("sym_sizes_opt", "_desc.shape"),  # of an operand that is None those of an undefined tensor
    "numel": ("sym_numel", "_desc.numel"),
    "strides": ("sym_strides", "_desc.steps"),  # in bytes; read_saved counts in elements
    "ndim": ("dim", "_desc.ndim"),
    "size0": ("sym_argsize_0", "_desc.shape[0]"),
    "size1": ("sym_argsize_1", "_desc.shape[1]"),
    "size2": ("sym_argsize_2", "_desc.shape[2]"),
    "last": ("sym_argsize_minus_1", "_desc.shape[-1]"),
    "second_last": ("sym_argsize_minus_2", "_desc.shape[-2]"),
    "third_last": ("sym_argsize_minus_3", "_desc.shape[-3]"),
    "dtype": ("scalar_type", "_desc.dtype"),
    "info": ("info", "_desc"),
}
HIDDEN = ("_scalar_type", "_info", "_descs")  # those that PyTorch saves without an attribute to read them


def _once(names: list[str], name: str) -> None:
    if name not in names:
        names.append(name)


def op(signature: str, kernel: Callable[..., Any], *, node: str | None = None, jvp: str | None = None,
       pointwise: bool | None = None, float_result: bool = False, inplace: bool | None = None,
       outputs: tuple[str, ...] = ("result",), differentiable: tuple[bool, ...] | None = None,
       bool_result: bool = False, row_major: bool = False, tensors_only: bool = False, refuses: str | None = None,
       shown: str | None = None, last_decides: bool = False, elementwise: bool = False,
       exact_out: str | None = None, says: str | None = None, constants: dict[str, Any] | None = None,
       joint: dict[tuple[str, ...], str] | None = None, together: str | None = None, layout: str | None = None,
       into: Any = None, deprecated: bool = False, plain_if: str | None = None, masked: bool = False,
       warns: bool = False, **formulas: str) -> Row:
    """An operator whose result owns its memory. A NumPy ufunc as kernel makes it pointwise."""
    for names, formula in (joint or {}).items():
        formulas |= dict.fromkeys(names, formula)
    nin = getattr(kernel, "nin", 0)
    if pointwise is None:
        pointwise = nin in (1, 2)
    template = ("unary", "binary")[(nin or _count(signature, formulas)) - 1] if pointwise else "general"
    return _make(template, signature, kernel, {
        "node": node, "jvp": jvp, "float_result": float_result, "inplace": pointwise if inplace is None else inplace,
        "outputs": outputs, "differentiable": differentiable or (True,) * len(outputs), "bool_result": bool_result,
        "row_major": row_major, "tensors_only": tensors_only, "refuses": refuses, "shown": shown,
        "last_decides": last_decides, "elementwise": elementwise, "exact_out": exact_out, "says": says or "",
        "constants": constants or {}, "joint": joint is not None, "together": together,
        "layout": layout, "into": into, "deprecated": deprecated, "plain_if": plain_if,
        "masked": masked, "warns": warns}, formulas)


def _count(signature: str, formulas: dict[str, str]) -> int:
    """How many parameters are tensors."""
    parts = [p.partition(":") for p in signature.partition("(")[2].rstrip(")").split(",")]
    return sum(bool(kind) or name.strip() in formulas for name, _, kind in parts)


def nary(signature: str, kernel: Callable[..., Any], *, node: str | None = None, jvp: str | None = None,
         inplace: bool = False, row_major: bool = False, says: str | None = None, together: str | None = None,
         into: Any = None, deprecated: bool = False, typed_by: str | None = None, **formulas: str) -> Row:
    """A pointwise operator of three or more operands: those with formulas are promoted, and all are broadcast."""
    return _make("nary", signature, kernel, {"node": node, "jvp": jvp, "inplace": inplace, "row_major": row_major,
                                              "says": says or "", "together": together, "into": into,
                                              "deprecated": deprecated, "typed_by": typed_by}, formulas)


def view(signature: str, kernel: Callable[..., Any], *, node: str | None = None, jvp: str | None = LINEAR,
         inplace_node: str | None = None, replay: bool = False, described_by: tuple[str, ...] | None = None,
         **formulas: str) -> Row:
    """An operator whose result shares the memory of its first operand."""
    return _make("view", signature, kernel, {"node": node, "jvp": jvp, "inplace": inplace_node is not None,
                                             "inplace_node": inplace_node, "replay": replay,
                                             "described_by": described_by}, formulas)


def multiview(signature: str, kernel: Callable[..., Any], *, node: str | None = None, jvp: str | None = LINEAR,
              **formulas: str) -> Row:
    """An operator with a tuple of views as result; its formula reads `grads`, a list that may hold None."""
    return _make("multiview", signature, kernel, {"node": node, "jvp": jvp}, formulas)


def nondiff(signature: str, kernel: Callable[..., Any], *, outputs: tuple[str, ...] = ("result",),
            pointwise: bool = False, bool_result: bool = False, tensors_only: bool = False, inplace: bool = False,
            float_result: bool = False, exact_out: str | None = None, layout: str | None = None) -> Row:
    """An operator without a gradient: its result never requires grad."""
    template = ("unary", "binary")[_count(signature, {}) - 1] if pointwise else "general"
    return _make(template, signature, kernel, {
        "not_differentiable": True, "outputs": outputs, "bool_result": bool_result, "tensors_only": tensors_only,
        "inplace": inplace, "float_result": float_result, "exact_out": exact_out, "layout": layout}, {})
