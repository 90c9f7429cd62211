"""Gradients of distances, in differentiable operations."""

from __future__ import annotations

from typing import Any

from .. import dispatch as d


def cdist_to_first(grad: Any, x1: Any, x2: Any, p: float, result: Any) -> Any:
    """The gradient of the first rows."""
    return d.cdist_backward(grad.contiguous(), x1, x2, p, result)


def cdist_to_second(grad: Any, x1: Any, x2: Any, p: float, result: Any) -> Any:
    """The gradient of the second rows: that of the first with both exchanged."""
    distances = d.transpose(result, -2, -1).contiguous()  # first: PyTorch's C++ evaluates arguments from right to left
    return d.cdist_backward(d.transpose(grad, -2, -1).contiguous(), x2, x1, p, distances)


def euclidean_dist_backward(grad: Any, x1: Any, x2: Any, result: Any) -> tuple:
    """The gradients of both; where rows are alike it is zero."""
    ratio = grad / result
    ratio = ratio.masked_fill_(result == 0, 0)
    to_first = ratio @ x2  # before what it is subtracted from: PyTorch's C++ evaluates the right operand first
    first = x1 * ratio.sum(-1, True) - to_first
    to_second = d.transpose(ratio, -2, -1) @ x1
    return first, x2 * ratio.sum(-2, False).unsqueeze(-1) - to_second
