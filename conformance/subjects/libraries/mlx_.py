"""MLX: functions of lazy arrays, differentiated by `mlx.core.vjp`. https://ml-explore.github.io/mlx"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.metadata import version
from types import SimpleNamespace
from typing import Any

import mlx.core as mx
import numpy as np
from mlx import nn

from conformance.subjects.libraries.library import FUNCTIONAL_FEATURES, Functional, Library
from conformance.subjects.libraries.numpy_like import axes, named, operators

# Only the processor has float64, and every machine has it.
mx.set_default_device(mx.cpu)

DTYPES = ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64", "complex64")


def _array(array: np.ndarray[Any, Any]) -> Any:
    if array.dtype.name not in DTYPES:
        raise TypeError(f"no {array.dtype}")
    if array.dtype.name == "bfloat16":
        return mx.array(array.astype(np.float32)).astype(mx.bfloat16)
    # A float64 would become a float32.
    return mx.array(array, dtype=getattr(mx, "bool_" if array.dtype.name == "bool" else array.dtype.name))


def _numpy(value: Any) -> np.ndarray[Any, Any]:
    if value.dtype == mx.bfloat16:
        import ml_dtypes

        return np.array(value.astype(mx.float32)).astype(ml_dtypes.bfloat16)
    return np.array(value)


def _vjp(function: Callable[..., tuple[Any, ...]], values: Sequence[Any]) -> Callable[[Sequence[Any]], Sequence[Any]]:
    return lambda cotangents: mx.vjp(lambda *inputs: list(function(*inputs)), list(values), list(cotangents))[1]


_MORE = """
relu=nn.relu sigmoid=core.sigmoid nn.functional.softplus=nn.softplus nn.functional.silu=nn.silu nn.functional.selu=nn.selu
nn.functional.relu6=nn.relu6 nn.functional.softsign=nn.softsign nn.functional.mish=nn.mish
nn.functional.hardswish=nn.hardswish nn.functional.logsigmoid=nn.log_sigmoid nn.functional.gelu=nn.gelu
erf=core.erf erfinv=core.erfinv rsqrt=core.rsqrt detach=core.stop_gradient
"""

LIBRARY = Library(
    name="mlx",
    version=version("mlx"),
    array=_array,
    numpy=_numpy,
    operators={
        **operators(mx),
        **named(SimpleNamespace(core=mx, nn=nn), _MORE),
        "div": lambda input, other: input / other,
        "true_divide": lambda input, other: input / other,
        "nn.functional.elu": lambda input, alpha=1.0: nn.elu(input, alpha),
        "nn.functional.celu": lambda input, alpha=1.0: nn.celu(input, alpha),
        "nn.functional.leaky_relu": lambda input, negative_slope=0.01: nn.leaky_relu(input, negative_slope),
        "softmax": lambda input, dim: mx.softmax(input, axis=dim),
        "logsumexp": lambda input, dim, keepdim=False: mx.logsumexp(input, axis=axes(dim), keepdims=keepdim),
        "sort": lambda input, dim=-1: (mx.sort(input, axis=dim), mx.argsort(input, axis=dim)),
    },
    derivatives=Functional(_vjp),
    lacking="[Nn]ot (yet )?(supported|implemented)|Cannot index mlx array using the given type",
    features=FUNCTIONAL_FEATURES,
    dtype=lambda value: str(value.dtype).rpartition(".")[2].removesuffix("_"),
    dtypes=DTYPES,
)
