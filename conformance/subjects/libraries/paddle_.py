"""Paddle: tensors with a tape, whose gradients may have gradients. https://www.paddlepaddle.org.cn/documentation/docs/en/api"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import paddle
from paddle.nn import functional

from conformance.subjects.libraries.library import TAPE_FEATURES, Library, Tape
from conformance.subjects.libraries.signatures import Signature
from conformance.subjects.libraries.torch_like import methods

# One device for all machines makes runs comparable.
paddle.set_device("cpu")

DTYPES = ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64") + (
    "complex64",
    "complex128",
)


def _array(array: np.ndarray[Any, Any]) -> Any:
    if array.dtype.name not in DTYPES:
        raise TypeError(f"no {array.dtype}")
    # An array of uint16 is taken for the bits of bfloat16.
    return paddle.to_tensor(array.view(np.uint16) if array.dtype.name == "bfloat16" else array)


def _numpy(value: Any) -> np.ndarray[Any, Any]:
    if value.dtype == paddle.bfloat16:
        import ml_dtypes

        return np.asarray(value.numpy()).view(ml_dtypes.bfloat16)
    return np.asarray(value.numpy())


def _track(value: Any) -> Any:
    value.stop_gradient = False
    return value


def _gradient(
    outputs: Sequence[Any], inputs: Sequence[Any], cotangents: Sequence[Any], retain: Any, create: bool, unused: bool
) -> Sequence[Any]:
    return paddle.grad(  # type: ignore[no-any-return]
        list(outputs), list(inputs), list(cotangents), retain_graph=retain, create_graph=create, allow_unused=unused
    )


def _slogdet(matrix: Any) -> tuple[Any, ...]:
    return tuple(paddle.unbind(paddle.linalg.slogdet(matrix)))


def _find(signature: Signature) -> Callable[..., Any] | None:
    family, _, short = signature.name.rpartition(".")
    if family:
        return getattr({"nn.functional": functional, "linalg": paddle.linalg}[family], short, None)
    if signature.name in ("max", "min", "sort", "split"):
        # What else it calls so takes other parameters than PyTorch's, and gives other results.
        return getattr(paddle.compat, short)  # type: ignore[no-any-return]
    return getattr(paddle.Tensor, short, None) or getattr(paddle, short, None)


_PARAMETERS = {
    "dim": "axis",
    "dims": "axes",
    "dim1": "axis1",
    "dim2": "axis2",
    "start_dim": "start_axis",
    "end_dim": "stop_axis",
    "ord": "p",
    "eps": "epsilon",
    "min_val": "min",
    "max_val": "max",
    "diagonal": "offset",
}
"""Paddle's names of parameters."""

_OTHERS = frozenset(["nn.functional.linear", "transpose", "index_select", "gather", "to"])
"""What it calls so is something else than PyTorch's."""

LIBRARY = Library(
    name="paddle",
    version=paddle.__version__,
    array=_array,
    numpy=_numpy,
    operators={
        **{name: row for name, row in methods(_find, _PARAMETERS).items() if name not in _OTHERS},
        "relu": lambda input: functional.relu(input),
        "log_softmax": lambda input, dim: functional.log_softmax(input, axis=dim),
        "amax": lambda input, dim=(), keepdim=False: paddle.amax(input, None if dim == () else dim, keepdim),
        "amin": lambda input, dim=(), keepdim=False: paddle.amin(input, None if dim == () else dim, keepdim),
        "transpose": lambda input, dim0, dim1: paddle.swapaxes(input, dim0, dim1),
        "movedim": lambda input, source, destination: paddle.moveaxis(input, source, destination),
        "gather": lambda input, dim, index: paddle.take_along_axis(input, index, dim, broadcast=False),
        "index_select": lambda input, dim, index: paddle.index_select(input, index, dim),
        # One tensor, of both.
        "slogdet": lambda input: _slogdet(input),
        "linalg.slogdet": lambda A: _slogdet(A),
        "det": lambda input: paddle.linalg.det(input),
        "to": lambda input, dtype: paddle.cast(input, dtype),
    },
    derivatives=Tape(
        track=_track,
        backward=lambda value, cotangent, retain: value.backward(cotangent, retain_graph=bool(retain)),
        grad=lambda value: value.grad,
        gradient=_gradient,
    ),
    features=(*TAPE_FEATURES, "grad", "create_graph", "complex", "clone"),
    dtypes=DTYPES,
    # No kernel for the dtypes, no derivative of the derivative, a tensor where only a number can be.
    lacking=r"is not registered|Unimplemented|NotFound|type of .* must be|[Nn]ot support|only support|any grad op|double grad",
)
