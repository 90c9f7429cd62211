"""micrograd: numbers with a tape. https://github.com/karpathy/micrograd

A tensor is an array of its numbers. NumPy only holds them: it stretches and cuts, and every sum and product is micrograd's own.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import numpy as np
from micrograd.engine import Value

from conformance.subjects.libraries.library import FACETS, TAPE_FEATURES, Library, Tape
from conformance.subjects.libraries.numpy_like import axes, by_position, operators

Values = Any
"""An array of NumPy whose elements are of the class Value."""


class _Untouched(int):
    """The gradient that a leaf begins with: zero until a backward comes, which is shown as none."""


def _array(array: np.ndarray[Any, Any]) -> Values:
    if array.dtype.kind != "f" or not array.size:
        raise TypeError("numbers are floating-point, and there is at least one")
    return _each(Value, array.astype(float))


def _each(function: Callable[[Any], Any], array: Any) -> Values:
    made = np.empty(array.shape, object)
    made.reshape(-1)[:] = [function(one) for one in array.reshape(-1).tolist()]
    return made


def _boxed(function: Callable[..., Any]) -> Callable[..., Values]:
    """The function of arrays; of those without dimensions NumPy gives back the element."""
    return lambda *operands: np.asarray(function(*operands), object)


def _pow(input: Values, exponent: float) -> Values:
    if not isinstance(input, np.ndarray) or isinstance(exponent, np.ndarray):
        raise NotImplementedError("an exponent that is no number")
    return np.asarray(input**exponent, object)


def _sum(input: Values, dim: Any = None, keepdim: bool = False) -> Values:
    if not input.size:
        raise NotImplementedError("a sum of nothing")
    return np.asarray(input.sum(axis=axes(dim), keepdims=keepdim), object)


def _track(values: Values) -> Values:
    for one in values.reshape(-1):
        one.grad = _Untouched()
    return values


def _backward(values: Values, cotangent: Values | None, _: Any) -> None:
    if cotangent is not None:
        # Its backward begins at one number.
        values = np.asarray(np.asarray(values * _numpy(cotangent), object).reshape(-1).sum(), object)
    elif values.size != 1:
        raise NotImplementedError("backward of several numbers")
    values.reshape(-1)[0].backward()


def _grad(values: Values) -> Values | None:
    # One that a backward has not come to is zero beside others to which it has.
    if values.size and all(isinstance(one.grad, _Untouched) for one in values.reshape(-1)):
        return None
    return _each(lambda one: Value(float(one.grad)), values)


def _numpy(values: Values) -> np.ndarray[Any, Any]:
    return np.array([float(one.data) for one in values.reshape(-1)], float).reshape(values.shape)


ARRAYS = ("reshape", "view", "flatten", "squeeze", "unsqueeze", "transpose", "t", "permute", "expand", "broadcast_to") + (
    "cat", "stack", "unbind", "select", "narrow", "split"
)  # fmt: skip
"""What is done to arrays whatever is in them."""

SYMBOLS: dict[str, Callable[..., Any]] = {
    "add": lambda input, other: input + other,
    "sub": lambda input, other: input - other,
    "mul": lambda input, other: input * other,
    "div": lambda input, other: input / other,
    "neg": lambda input: -input,
}
"""Micrograd's own, element by element."""

LIBRARY = Library(
    name="micrograd",
    version=version("micrograd"),
    array=_array,
    numpy=_numpy,
    operators={
        **{name: row for name, row in operators(np).items() if name in ARRAYS},
        **{name: by_position(name, _boxed(function)) for name, function in SYMBOLS.items()},
        "pow": _pow,
        "relu": lambda input: _each(Value.relu, input),
        "sum": _sum,
    },
    derivatives=Tape(track=_track, backward=_backward, grad=_grad),
    features=TAPE_FEATURES,
    dtype=lambda values: "float64",
    dtypes=("float64",),
    stands={"float32": "float64"},
    facets=tuple([facet for facet in FACETS if facet != "dtype"]),
)
