"""Formula functions of what puts elements elsewhere."""

from __future__ import annotations

from typing import Any

from .. import dispatch as d


def roll_backward(grad: Any, shifts: tuple, dims: tuple) -> Any:
    """The elements moved back."""
    return d.roll(grad, tuple([-n for n in reversed(shifts)]), dims[::-1])


def rot90_backward(grad: Any, k: int, dims: tuple) -> Any:
    """The elements turned back."""
    return d.rot90(grad, -k, dims)


def block_diag_backward(grad: Any, descs: tuple) -> tuple:
    """The blocks, each in the shape that it was given in; those of real operands are seen in the real part of it all."""
    out = []
    real = grad.real if grad._desc.dtype.is_complex else grad
    row = column = 0
    for desc in descs:
        shape = tuple(desc.shape)
        rows, columns = ((1, 1) + shape)[-2:]
        block = d.slice_(
            d.slice_(grad if desc.dtype.is_complex else real, 0, row, row + rows, 1), 1, column, column + columns, 1
        )
        for _ in range(2 - len(shape)):
            block = d.squeeze_dim(block, -1)  # as PyTorch does, which is no squeeze of a row: it is summed
        out.append(block)
        row, column = row + rows, column + columns
    return tuple(out)


def constant_pad_nd_backward(grad: Any, pad: tuple[int, ...]) -> Any:
    """What lies within the border."""
    return d.constant_pad_nd(grad, tuple([-n for n in pad]), 0)
