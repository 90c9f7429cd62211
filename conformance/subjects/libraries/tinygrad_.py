"""tinygrad: lazy tensors, whose gradients accumulate in the parameters. https://docs.tinygrad.org"""

from __future__ import annotations

import os
from importlib.metadata import version
from typing import Any

# Without a C compiler only this device runs; and one device for all machines makes runs comparable.
os.environ.setdefault("DEV", "PYTHON")

from tinygrad import Tensor

from conformance.subjects.libraries.library import TAPE_FEATURES, Library, Tape
from conformance.subjects.libraries.torch_like import methods


def _backward(value: Any, cotangent: Any) -> None:
    value.backward(cotangent)


_NAMES = {
    "char": "int8",
    "unsigned char": "uint8",
    "short": "int16",
    "int": "int32",
    "long": "int64",
    "half": "float16",
    "float": "float32",
    "double": "float64",
}
"""PyTorch's names of the dtypes that tinygrad calls as C does."""


LIBRARY = Library(
    name="tinygrad",
    version=version("tinygrad"),
    array=lambda array: Tensor(array),
    numpy=lambda value: value.numpy(),
    operators=methods(Tensor, {"dim": "axis"}),
    derivatives=Tape(track=lambda value: value.is_param_(), backward=_backward, grad=lambda value: value.grad),
    dtype=lambda value: _NAMES.get(value.dtype.name, value.dtype.name),
    features=TAPE_FEATURES,
)
