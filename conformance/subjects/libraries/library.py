"""What a module of this package says of its library: how its arrays are made and read, its operators, and its derivatives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Union

import numpy as np

Value = Any
"""An array or a tensor of the library."""

Operators = Mapping[str, Callable[..., Any]]
"""By the names of `signatures.SIGNATURES`: a function of the library's values that takes those parameters that the library can
honour. A program that gives another one is unsupported, and so is one that needs an operator which is not here.

An operator is what the library itself calls so. One that has to be put together (``relu`` as ``maximum(x, 0)``) is left out:
what it does at a tie or a kink would be this project's choice, and be blamed on the library.
"""


@dataclass(frozen=True)
class Functional:
    """A library that differentiates functions: JAX, HIPS autograd, MLX."""

    vjp: Callable[[Callable[..., tuple[Value, ...]], Sequence[Value]], Callable[[Sequence[Value]], Sequence[Value]]]
    """Given a function that returns a tuple and where to take its derivative: the function from a cotangent for each result to
    a gradient for each operand."""


@dataclass(frozen=True)
class Tape:
    """A library whose tensors remember how they were made, and have a `backward` of their own."""

    track: Callable[[Value], Value]
    """The value, as a leaf that gradients are kept of."""
    backward: Callable[[Value, Union[Value, None], Union[bool, None]], None]
    """Runs backward from a value; the second is the cotangent, None for the default of a scalar, the third `retain_graph`."""
    grad: Callable[[Value], Union[Value, None]]
    """The gradient that a leaf holds."""
    gradient: Callable[..., Sequence[Union[Value, None]]] | None = None
    """``autograd.grad``, if it has one: of outputs, inputs, cotangents, `retain_graph`, `create_graph` and `allow_unused`."""


FACETS = ("value", "grad", "raised", "dtype", "shape")
"""What is observed of these libraries. What an error says, and of which class it is, is each library's own."""


REAL_DTYPES = ("bool", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64") + (
    ("float16", "float32", "float64")
)
"""The dtypes of NumPy that PyTorch has as well, complex ones apart."""


@dataclass(frozen=True)
class Library:
    """A library as a subject."""

    name: str
    version: str
    array: Callable[[np.ndarray[Any, Any]], Value]
    """A value of the library with these elements. Raises TypeError for a dtype that it does not have."""
    numpy: Callable[[Value], np.ndarray[Any, Any]]
    operators: Operators
    derivatives: Functional | Tape
    features: tuple[str, ...]
    """What of a case's `requires` it takes part in. All else is declared as lacking in the header of every run."""
    dtype: Callable[[Value], str] = lambda value: str(value.dtype).rpartition(".")[2]
    """PyTorch's name of a value's dtype."""
    dtypes: tuple[str, ...] = REAL_DTYPES
    lazy: bool = False
    """Whether it computes a value anew whenever that is read."""
    stands: Mapping[str, str] = field(default_factory=dict)
    """Dtypes whose elements another one holds, where there is one kind of numbers: ``{"float32": "float64"}``."""
    lacks: tuple[type[Exception], ...] = (NotImplementedError,)
    """What it raises for what it does not do, as opposed to what it refuses."""
    lacking: str = ""
    """A pattern of what it says then, whatever it raises; empty for none."""
    facets: tuple[str, ...] = FACETS
    """A library with one kind of numbers leaves `dtype` out."""
    notes: Mapping[str, str] = field(default_factory=dict)


FUNCTIONAL_FEATURES = (
    (
        "backward",
        "grad",
        "create_graph",
        "complex",
        "elementwise",
        "broadcast",
        "matmul",
        "linalg",
        "indexing",
        "promotion",
    )
    + (
        "comparison",
        "norm",
        "sort",
        "max",
        "mean",
        "sum",
        "prod",
        "std",
        "pow",
        "where",
        "expand",
        "cat",
        "stack",
        "view",
    )
    + (
        "abs",
        "add",
        "sub",
        "mul",
        "div",
        "neg",
        "exp",
        "log",
        "sqrt",
        "sin",
        "cos",
        "tanh",
        "sigmoid",
        "relu",
        "sign",
        "dot",
    )
    + (
        "mm",
        "mv",
        "reshape",
        "permute",
        "squeeze",
        "transpose",
        "unbind",
        "gather",
        "take",
        "topk",
        "einsum",
        "tensordot",
    )
    + ("addmm", "index_select", "item", "tolist")
)
"""What a library without a tape takes part in: values, gradients, gradients of gradients, conventions."""

TAPE_FEATURES = tuple([name for name in FUNCTIONAL_FEATURES if name not in ("grad", "create_graph", "complex")]) + (
    "tape",
)
"""What a library with a tape takes part in, if its gradients have no gradients."""
