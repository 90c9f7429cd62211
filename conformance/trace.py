"""A Trace: what every step of a Program did on one implementation.

A Trace holds observations, never objects: a runner in any language can write one. Only what changed is written down: an
observation that is absent after a step is the same as after the step before.

*Names.* A tensor is observed under each name that the program bound to it, and under paths into a value: ``g[0]`` for an
element of a tuple or list, ``d['a']`` for one of a dict, ``x.grad`` for the gradient that a tensor holds. So `.grad` is a
tensor like any other, with a dtype, strides, a version and an identity of its own.

*Facets.* Every observation belongs to one, and every facet has a level, in `FACETS`. A subject declares the facets that it
cannot observe, and those are not compared.

`docs/trace.md` is the specification, `schema()` the JSON Schema.
"""

from __future__ import annotations

import math
from typing import Any, Literal as OneOf, Union

import msgspec
from msgspec import UNSET, UnsetType

from conformance.program import Complex, Float, Global

FORMAT = 1
"""The version of the Trace format."""

Level = OneOf["required", "expected", "exact"]

LEVELS: tuple[Level, ...] = ("required", "expected", "exact")

FACETS: dict[str, Level] = {
    # required: what a user computes with.
    "value": "required",
    "grad": "required",
    "raised": "required",
    "error_code": "required",
    # expected: the state that PyTorch's users rely on.
    "dtype": "expected",
    "shape": "expected",
    "requires_grad": "expected",
    "is_leaf": "expected",
    "version": "expected",
    "alias": "expected",
    "identity": "expected",
    "hooks": "expected",
    "mode": "expected",
    # exact: what only a faithful reimplementation shares.
    "stride": "exact",
    "graph": "exact",
    "error_type": "exact",
    "message": "exact",
    "warning": "exact",
    "repr": "exact",
}
"""The facets of a Trace, each with its level."""


ITEM_SIZES = {
    **dict.fromkeys(("bool", "uint8", "int8"), 1),
    **dict.fromkeys(("uint16", "int16", "float16", "bfloat16"), 2),
    **dict.fromkeys(("uint32", "int32", "float32", "complex32"), 4),
    **dict.fromkeys(("uint64", "int64", "float64", "complex64"), 8),
    "complex128": 16,
}
"""The bytes of an element of each dtype."""


class _Seen(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="kind", tag=str.lower
):
    """What every kind of observed value shares."""


class Array(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The elements of a tensor: the same three fields as a `TensorLiteral` of a Program."""

    dtype: str
    shape: tuple[int, ...]
    data: bytes

    def __post_init__(self) -> None:
        # A subject may say anything. What is no array is its fault, and must not be found out where arrays are compared.
        size = ITEM_SIZES.get(self.dtype)
        if size is None:
            raise ValueError(f"no dtype is named {self.dtype!r}")
        if size * math.prod(self.shape) != len(self.data) or (self.shape and min(self.shape) < 0):
            raise ValueError(f"{len(self.data)} bytes are no {self.dtype} of the shape {list(self.shape)}")


class TensorSeen(_Seen, frozen=True, tag="tensor"):
    """A tensor; what is in it stands in the step's `changes`, under `name`."""

    name: str


class ArraySeen(_Seen, frozen=True, tag="ndarray"):
    """An ndarray; what is in it stands in the step's `changes`, under `name`, as that of a tensor does."""

    name: str


class NodeSeen(_Seen, frozen=True, tag="node"):
    """A node of the autograd graph, by its class name without a ``0x…`` address."""

    name: str


class Sequence(_Seen, frozen=True):
    """A tuple or a list (`type` is the name of its class: ``tuple``, ``list``, ``Size``, ``max`` for a named tuple)."""

    type: str
    items: tuple[Seen, ...]


class Mapping(_Seen, frozen=True):
    """A dict: pairs of key and value in insertion order."""

    items: tuple[tuple[Seen, Seen], ...]


class Opaque(_Seen, frozen=True):
    """Anything else, by the name of its type: a function, a hook's handle, a context manager."""

    type: str


Seen = Union[None, bool, int, str, Float, Complex, Global, TensorSeen, ArraySeen, NodeSeen, Sequence, Mapping, Opaque]
"""What a step returned. dtypes and other constants are a `Global` (``torch.float32``)."""


class TensorChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is new about one tensor since it was last observed; everything, the first time."""

    value: Array | UnsetType = UNSET
    """For a name that ends in ``.grad`` this belongs to the facet `grad`."""
    dtype: str | UnsetType = UNSET
    shape: tuple[int, ...] | UnsetType = UNSET
    stride: tuple[int, ...] | UnsetType = UNSET
    """In elements, not bytes."""
    requires_grad: bool | UnsetType = UNSET
    is_leaf: bool | UnsetType = UNSET
    version: int | None | UnsetType = UNSET
    """The version counter; None where the tensor has none (an inference tensor)."""
    grad: OneOf["none", "tensor"] | UnsetType = UNSET
    """Whether it holds a gradient. Not looked at on a tensor that neither is a leaf nor retains its gradient: PyTorch
    warns about that."""
    repr: str | UnsetType = UNSET
    """Only after the last step, of the last few tensors: writing it is slow, and a `Method` step ``__repr__`` asks for it."""


class Node(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A node of the autograd graph. `edges` are its next_functions: index of the node or None, and input number."""

    name: str
    edges: tuple[tuple[int | None, int], ...]
    variable: str | None = None
    """The first name of the leaf that an AccumulateGrad belongs to; None if the program does not hold it."""


class Graph(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The graph behind the live tensors.

    Nodes are numbered in the order of a depth-first walk: tensors in the order in which they were bound, next_functions
    in order, each node when it is first met. Two isomorphic graphs are therefore equal values.
    """

    nodes: tuple[Node, ...]
    roots: dict[str, tuple[int, int]]
    """For each tensor with a grad_fn: the index of that node, and the tensor's output number."""

    def __post_init__(self) -> None:
        # As of an array: an edge that leads nowhere must not be found out where graphs are compared and drawn.
        count = len(self.nodes)
        for node in self.nodes:
            for to, _ in node.edges:
                if to is not None and not 0 <= to < count:
                    raise ValueError(f"an edge of {node.name} leads to node {to} of {count}")
        for name, (at, _) in self.roots.items():
            if not 0 <= at < count:
                raise ValueError(f"{name} comes from node {at} of {count}")


class Raised(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An exception: its class name, its text with addresses replaced by ``0x…``, and its code of `conformance.errors`."""

    type: str
    message: str
    code: str


class Warned(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A warning: its category's name, and its text without the place it came from."""

    category: str
    message: str


class Mode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The global modes."""

    grad: bool
    inference: bool


class FunctionCall(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One call of a function of the program (a hook, a backward) while a step ran. Belongs to the facet `hooks`."""

    function: str
    arguments: tuple[Seen, ...]
    steps: tuple[StepTrace, ...]
    error: Raised | None = None
    changes: dict[str, TensorChange] = {}
    """What the arguments held as the call began, by the names of the parameters: the first step may let them go."""
    mode: Mode | UnsetType = UNSET
    """The modes as the call began."""


Outcome = OneOf["returned", "raised", "blocked", "unsupported"]
"""blocked: an argument was never bound. unsupported: the subject has no such name (its own answer, not an exception)."""


class StepTrace(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What one step did."""

    outcome: Outcome
    result: Seen = None
    error: Raised | None = None
    warnings: tuple[Warned, ...] = ()
    calls: tuple[FunctionCall, ...] = ()
    changes: dict[str, TensorChange] = {}
    mode: Mode | UnsetType = UNSET
    alias: tuple[tuple[str, ...], ...] | UnsetType = UNSET
    """Names that share memory: the groups of two and more, in the order of binding."""
    identity: tuple[tuple[str, ...], ...] | UnsetType = UNSET
    """Names that are one and the same object, likewise."""
    graph: Graph | UnsetType = UNSET
    reason: str = ""
    """Why it is blocked or unsupported: the name that is missing."""


class Trace(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What every step of a Program did, in the order of the steps."""

    format: int = FORMAT
    steps: tuple[StepTrace, ...]

    @classmethod
    def from_json(cls, text: bytes | str) -> Trace:
        """The Trace that `to_json` wrote. Raises NotATrace naming what is wrong."""
        try:
            trace = _decoder.decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise NotATrace(str(error)) from error
        if trace.format != FORMAT:
            raise NotATrace(f"this trace is of format {trace.format}, and this torchstone reads format {FORMAT}")
        return trace

    def to_json(self) -> bytes:
        """The Trace as JSON, in one line and always the same bytes."""
        return _encoder.encode(self)


class NotATrace(ValueError):
    """The text is not the JSON of a Trace."""


_encoder = msgspec.json.Encoder(order="deterministic")
_decoder = msgspec.json.Decoder(Trace)


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a Trace."""
    return msgspec.json.schema(Trace)
