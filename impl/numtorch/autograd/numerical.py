"""Jacobians by central differences.

An element of an input is moved through the input's `.data`, so that neither its version nor its graph notices, and the
function is called on the very tensors that were given.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from ..dtype import FLOATING
from ..plain_numpy import np
from ..tensor import Tensor


def output_tuple(given: Any) -> tuple:
    """One value or several, as a tuple."""
    return given if isinstance(given, tuple) else tuple(given) if isinstance(given, list) else (given,)


def differentiable_inputs(inputs: tuple) -> list[tuple[int, Tensor]]:
    """The tensors that require grad, with their positions."""
    return [(i, x) for i, x in enumerate(inputs) if isinstance(x, Tensor) and x.requires_grad]


def jacobians(func: Callable[..., Any], inputs: tuple, outputs: tuple, eps: float) -> list[tuple[np.ndarray, ...]]:
    """For each input that requires grad, the Jacobian of each floating point output: a row an element of the input."""
    # Tuples, for who looks for an output that there is not: the text of the error says what it is.
    return [tuple(_by_elements(func, inputs, x, outputs, eps)) for _, x in differentiable_inputs(inputs)]


def _by_elements(func: Any, inputs: tuple, x: Tensor, outputs: tuple, eps: float) -> list[np.ndarray]:
    floating = [o for o in outputs if isinstance(o, Tensor) and o.dtype.category >= FLOATING]
    is_complex = x.dtype.is_complex
    rows = [np.zeros((x.numel(), o.numel()), x.dtype.numpy if is_complex else o.dtype.numpy) for o in floating]
    array = x.data._numpy()
    for k, index in enumerate(itertools.product(*map(range, x.shape))):
        change = difference(func, inputs, array[index + (...,)], eps, eps, f"on index {index} by {eps}")
        if is_complex:
            other = difference(func, inputs, array[index + (...,)], eps * 1j, eps, f"on index {index} by {eps}")
            change = [a + b * 1j for a, b in zip(change, other, strict=True)]
        for row, values in zip(rows, change, strict=False):
            row[k] = values
    return rows


def difference(func: Any, inputs: tuple, place: np.ndarray, step: Any, norm: float, by: str) -> list[np.ndarray]:
    """How each output changes along a step both ways, divided by twice its length, flat."""
    before = place.copy()  # not put back if the function raises: PyTorch leaves its inputs moved then
    place[...] = before - step
    low = [o.clone() for o in output_tuple(func(*inputs))]
    place[...] = before + step
    high = [o.clone() for o in output_tuple(func(*inputs))]
    place[...] = before
    found = []
    for a, b in zip(low, high, strict=False):
        for what, of_a, of_b in (("shape", a.shape, b.shape), ("dtype", a.dtype, b.dtype)):
            if of_a != of_b:
                raise AssertionError(
                    f"Expected `func` to return outputs with the same {what} when inputs are perturbed "
                    f"{by}, but got: {what}s {of_a} and {of_b}."
                )
        found.append(((b - a) / (2 * norm)).detach()._numpy().reshape(-1))
    return found
