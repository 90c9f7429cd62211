"""Libraries that are not torch-like: one module each, over one table of operators and one torch-like shim.

| module | |
|---|---|
| `signatures.py` | the operators by PyTorch's names and parameters |
| `library.py` | what a module says of its library |
| `numpy_like.py` | the operators of libraries whose functions are NumPy's |
| `shim.py` | the torch-like module that programs run on |
"""

from __future__ import annotations

import importlib
import types
from dataclasses import dataclass

from conformance.subjects.base import SubjectUnavailable


@dataclass(frozen=True)
class Entry:
    """Where the module of a library is, and what installs the library."""

    module: str
    extra: str
    sentence: str


LIBRARIES = {
    "autograd": Entry("hips", "autograd", "HIPS autograd: functions of NumPy arrays"),
    "candle": Entry("candle_", "candle", "candle-python: PyTorch's names over NumPy"),
    "jax": Entry("jax_", "jax", "JAX: functions of immutable arrays"),
    "micrograd": Entry("micrograd_", "micrograd", "micrograd: numbers with a tape"),
    "mlx": Entry("mlx_", "mlx", "MLX: functions of lazy arrays"),
    "mygrad": Entry("mygrad_", "mygrad", "MyGrad: NumPy arrays with a tape for one backward"),
    "paddle": Entry("paddle_", "paddle", "Paddle: tensors with a tape, whose gradients may have gradients"),
    "tinygrad": Entry("tinygrad_", "tinygrad", "tinygrad: lazy tensors with a tape"),
}
"""The subjects of this package, by the name that a user gives."""


def import_library(name: str) -> types.ModuleType:
    """The torch-like module over a library. Raises SubjectUnavailable if the library is not installed."""
    from conformance.subjects.libraries.shim import module_of

    entry = LIBRARIES[name]
    try:
        found = importlib.import_module(f"{__name__}.{entry.module}")
    except ImportError as error:
        raise SubjectUnavailable(
            f'torchstone: {name!r} cannot be imported ({error}); pip install "torchstone[{entry.extra}]"'
        ) from error
    # A library that is torch-like by itself needs no shim.
    return found.MODULE if hasattr(found, "MODULE") else module_of(found.LIBRARY)
