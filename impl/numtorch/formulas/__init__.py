"""What gradient formulas call when they run over Tensors, beside the operators themselves.

A formula names a function; over raw arrays it is the kernel of that name, over Tensors it is the operator of that name
or, failing that, a function here, written in differentiable operations.

The families are imported, all at once, when the first function is asked for: only the gradient of a gradient needs them.
"""

import importlib
from typing import Any

FAMILIES = (
    "activation",
    "arrange",
    "comparison",
    "convolutions",
    "decomposition",
    "decomposition_tangents",
    "fourier",
    "grids",
    "index",
    "linalg",
    "losses",
    "lu",
    "normalization",
    "pointwise",
    "pair_distances",
    "patches",
    "pooling",
    "reduction",
    "scatter",
    "shape",
    "special",
    "statistics",
    "tangents",
)


def __getattr__(name: str) -> Any:
    """A function of some family."""
    if name not in FAMILIES and not name.startswith("__"):
        for family in FAMILIES:
            module = importlib.import_module(f".{family}", __name__)
            globals().update({n: f for n, f in vars(module).items() if getattr(f, "__module__", "") == module.__name__})
        if name in globals():
            return globals()[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
