"""What is checked of matrices, and the error of those that have no answer."""

from __future__ import annotations

from typing import Any

from ..dtype import dtypes
from ..kernels.decomposition import LinAlgError
from ..levels import innermost
from ..plain_numpy import np
from ..tensor import Tensor
from .arguments import expect_tensor, not_for


def expect_floating(name: str, A: Tensor) -> None:
    if A._desc.dtype.category < dtypes.FLOATING:
        raise RuntimeError(
            f"{name}: Expected a floating point or complex tensor as input. Got {A._desc.dtype.scalar_name}"
        )


def expect_floating_full(name: str, A: Tensor) -> None:
    """The same, and no half types."""
    expect_floating(name, A)
    if A._desc.dtype.itemsize < 4:
        raise RuntimeError(f"{name}: Low precision dtypes not supported. Got {A._desc.dtype.scalar_name}")


def expect_compiled(kernel: str, A: Tensor) -> None:
    """LAPACK has no half types."""
    if A._desc.dtype.itemsize < 4 and A._desc.numel:
        not_for(kernel, A, A._desc.dtype)


def expect_matrix(name: str, A: Any, what: str = "A") -> None:
    expect_tensor(A, name, what)
    if A._desc.ndim < 2:
        raise RuntimeError(f"{name}: The input tensor {what} must have at least 2 dimensions.")


def expect_square(name: str, A: Any) -> None:
    expect_matrix(name, A)
    rows, cols = A._desc.shape[-2:]
    if rows != cols:
        raise RuntimeError(f"{name}: A must be batches of square matrices, but they are {rows} by {cols} matrices")


def raise_failed(info: Tensor, text: Any, error: Any = LinAlgError) -> None:
    """Raise for the first matrix whose info is not zero; within a transform the numbers are below."""
    numbers = np.asarray(innermost(info)._array)
    if not numbers.any():
        return
    at = int(np.flatnonzero(numbers)[0])
    raise error(text(f"(Batch element {at}): " if numbers.ndim else "", int(numbers.flat[at])))
