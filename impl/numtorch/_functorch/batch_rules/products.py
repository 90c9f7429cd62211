"""Batching rules of products of matrices."""

from __future__ import annotations

from typing import Any

from ... import dispatch
from ...functions import linalg
from ...levels import state
from ..batching import Call, Rule, rank


def dot(call: Call) -> Any:
    """Two vectors: a row times a column."""
    a, b = (call.front(x) for x in call.args)
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
    left, right = call.front(a), call.front(b)
    if rank(a) == 3:  # bmm: batches that each element has
        left, right = call.spread(a), call.spread(b)
    return linalg.matmul(left, right), 0


def added(name: str) -> Rule:
    """beta * self + alpha * a product."""

    def rule(call: Call) -> Any:
        interpreter = call.interpreter
        state.stack.append(interpreter)  # each step batches by itself
        try:
            x, a, b, beta, alpha = call.args
            product = getattr(dispatch, name)(a, b)
            if alpha != 1:
                product = dispatch.mul(product, alpha)
            if beta != 1:
                x = dispatch.mul(x, beta)
            found = dispatch.add(x, product)
        finally:
            state.stack.pop()
        return interpreter.unwrap(found)

    return rule
