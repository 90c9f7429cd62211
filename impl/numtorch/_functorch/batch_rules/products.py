"""Batching rules of products of matrices."""

from __future__ import annotations

from typing import Any

from ... import dispatch
from ...functions import linalg
from ..batching import Call, rank


def dot(call: Call) -> Any:
    """Two vectors: a row times a column."""
    a, b = (call.front(x) for x in call.args)
    if not all(call.is_batched(x) for x in call.args):
        return linalg.matmul(a, dispatch.t(b)), 0
    row, column = dispatch.unsqueeze(a, rank(a) - 1), dispatch.unsqueeze(b, rank(b))
    found = linalg.matmul(row, column)
    found = dispatch.squeeze_dim(found, rank(found) - 1)
    return dispatch.squeeze_dim(found, rank(found) - 1), 0


def mv(call: Call) -> Any:
    """A matrix and a vector."""
    a, b = call.args
    matrix, vector = call.front(a), call.front(b)
    if not call.is_batched(a):
        return linalg.matmul(matrix, dispatch.t(vector)), 1
    if not call.is_batched(b):
        return linalg.matmul(matrix, vector), 0
    found = linalg.matmul(matrix, dispatch.unsqueeze(vector, 2))
    return dispatch.squeeze_dim(found, rank(found) - 1), 0


def mm(call: Call) -> Any:
    """Two matrices, or two batches of them."""
    a, b = call.args
    return linalg.matmul(call.front(a), call.front(b)), 0
