"""tinygrad: lazy tensors, whose gradients accumulate in the parameters. https://docs.tinygrad.org"""

from __future__ import annotations

import os
from importlib.metadata import version
from typing import Any

# Without a C compiler only this device runs; and one device for all machines makes runs comparable.
os.environ.setdefault("DEV", "PYTHON")

import numpy as np
from tinygrad import Tensor

from conformance.subjects.libraries.library import TAPE_FEATURES, Library, Tape
from conformance.subjects.libraries.signatures import Signature
from conformance.subjects.libraries.torch_like import methods


def _array(array: np.ndarray[Any, Any]) -> Any:
    # A tensor that is made of a number is a constant, which no gradient is kept of.
    return Tensor(array.reshape(1)).reshape(()) if array.ndim == 0 else Tensor(array)


def _find(signature: Signature) -> Any:
    short = signature.name.rpartition(".")[2]
    return getattr(Tensor, short, None) if signature.method or signature.name.startswith("nn.") else None


def _backward(value: Any, cotangent: Any, _: Any) -> None:
    value.backward(cotangent)


_NAMES = {
    "char": "int8",
    "unsigned char": "uint8",
    "unsigned short": "uint16",
    "unsigned int": "uint32",
    "unsigned long": "uint64",
    "short": "int16",
    "int": "int32",
    "long": "int64",
    "half": "float16",
    "float": "float32",
    "double": "float64",
}
"""PyTorch's names of the dtypes that tinygrad calls as C does."""


_PARAMETERS = {"dim": "axis", "min": "min_", "max": "max_", "negative_slope": "neg_slope", "sorted": "sorted_"}
"""tinygrad's names of parameters."""

_OTHERS = frozenset(["max", "min", "nn.functional.linear"])
"""What it calls so is something else than PyTorch's: its `linear` does not turn the weight round."""

LIBRARY = Library(
    name="tinygrad",
    version=version("tinygrad"),
    array=_array,
    numpy=lambda value: value.numpy(),
    operators={
        **{name: row for name, row in methods(_find, _PARAMETERS).items() if name not in _OTHERS},
        # What it calls so over a dimension is PyTorch's amax, as there are no indices.
        "max": lambda input: input.max(),
        "min": lambda input: input.min(),
        "amax": lambda input, dim=(), keepdim=False: input.max(
            axis=dim or None if isinstance(dim, tuple) else dim, keepdim=keepdim
        ),
        "amin": lambda input, dim=(), keepdim=False: input.min(
            axis=dim or None if isinstance(dim, tuple) else dim, keepdim=keepdim
        ),
        **{name: lambda input, mat2: input.matmul(mat2) for name in ("mm", "bmm")},
        "mv": lambda input, vec: input.matmul(vec),
        "where": lambda condition, input, other: condition.where(input, other),
        "cat": lambda tensors, dim=0: tensors[0].cat(*tensors[1:], dim=dim),
        "stack": lambda tensors, dim=0: tensors[0].stack(*tensors[1:], dim=dim),
        "einsum": lambda equation, operands: Tensor.einsum(equation, *operands),
        # Its own `to` is about devices.
        "to": lambda input, dtype: input.cast(dtype),
    },
    derivatives=Tape(track=lambda value: value.is_param_(), backward=_backward, grad=lambda value: value.grad),
    dtype=lambda value: _NAMES.get(value.dtype.name, value.dtype.name),
    features=TAPE_FEATURES,
    lazy=True,
    # Of an index that is a bool, a mask, a number of NumPy's or an array.
    lacking=r"index(ing| dtype \S+) is not supported|index=(True|False|.*non-int element)|shape must be int, got dtypes.bool",
)
