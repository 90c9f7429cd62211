"""Operators that PyTorch takes apart where there is a batch: the others that they are made of, each of which has a rule."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ... import creation, dispatch as d
from ...functions import linalg
from ..batching import rank
from . import indexing, losses, normalizing


def flat(x: Any) -> Any:
    """The elements in a row."""
    return x if rank(x) == 1 else x.reshape(math.prod(x._desc.shape))


def over_flat(name: str, value: bool = False) -> Callable[..., Any]:
    """What reduces all dimensions: the operator that reduces one, of the elements in a row."""

    def steps(x: Any, *args: Any) -> Any:
        found = getattr(d, name)(flat(x), 0, False, *args)
        return found[0] if value else found

    return steps


def over_all(name: str) -> Callable[..., Any]:
    """What reduces all dimensions: the operator that reduces given ones."""

    def steps(x: Any, *args: Any) -> Any:
        return getattr(d, name)(x, tuple(range(rank(x))), False, *args)

    return steps


def dist(x: Any, other: Any, p: Any) -> Any:
    """The norm of the difference."""
    difference = d.sub(x, other)
    return d.norm_dim(difference, p, tuple(range(rank(difference))), False)


def addmm(x: Any, a: Any, b: Any, beta: Any, alpha: Any) -> Any:
    """A product, and what it is added to, whatever beta is."""
    product, x = d.mm(a, b), d.mul_scalar(x, beta)
    return d.add(x, product) if alpha == 1 else d.add_alpha(x, product, alpha)


def added(product: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    """beta * self + alpha * a product, of which nothing is left out but what is one or zero."""

    def steps(x: Any, a: Any, b: Any, beta: Any, alpha: Any) -> Any:
        found = product(a, b)
        if alpha != 1:
            found = d.mul_scalar(found, alpha)
        return found if beta == 0 else d.add(d.mul_scalar(x, beta), found)

    return steps


def addr(x: Any, a: Any, b: Any, beta: Any, alpha: Any) -> Any:
    """Every product of the elements of two vectors, times alpha, and beta times what has their shape."""
    shape, kind = (a._desc.shape[0], b._desc.shape[0]), x.dtype
    product = d.mul(linalg.outer(a, b), creation.tensor(alpha, dtype=kind))
    return d.add(d.mul(d.expand(x, shape), creation.tensor(beta, dtype=kind)), product)


def vdot(a: Any, b: Any) -> Any:
    """The product with the conjugate."""
    return d.dot(a if a._desc.real else a.conj(), b)


def trace(x: Any) -> Any:
    """The sum of the diagonal."""
    return d.sum_all(d.diagonal(x, 0, 0, 1), None)


def diagonal_copy(x: Any, *args: Any) -> Any:
    """A copy of the view."""
    return d.clone(d.diagonal(x, *args))


def convolution_backward(grad: Any, *args: Any) -> Any:
    """The gradient of the bias for itself."""
    *others, mask = args
    if not mask[2]:
        return NotImplemented
    bias = d.sum_dim(grad, (0, *range(2, rank(grad))), False, None)
    if not (mask[0] or mask[1]):
        return None, None, bias
    return *d.convolution_backward(grad, *others, (mask[0], mask[1], False))[:2], bias


def linear(input: Any, weight: Any, bias: Any = None) -> Any:
    """A product, and a sum."""
    if bias is not None and rank(input) == 2:
        return d.addmm(bias, input, weight.t(), 1, 1)
    found = linalg.matmul(input, weight.t())
    return found if bias is None else found + bias


DECOMPOSITIONS: dict[str, Callable[..., Any]] = {
    "sum_all": over_all("sum_dim"),
    "mean_all": over_all("mean_dim"),
    "prod_all": over_flat("prod_dim"),
    "max_all": over_flat("max_dim", True),
    "min_all": over_flat("min_dim", True),
    "median_all": over_flat("median_dim", True),
    "nanmedian_all": over_flat("nanmedian_dim", True),
    "dist": dist,
    "addmm": addmm,
    "addmv": added(d.mv),
    "baddbmm": added(d.bmm),
    "addbmm": added(lambda a, b: d.sum_dim(d.bmm(a, b), (0,), False, None)),
    "addr": addr,
    "vdot": vdot,
    "trace": trace,
    "diagonal_copy": diagonal_copy,
    "convolution_backward": convolution_backward,
    **losses.STEPS,
    **indexing.STEPS,
    **normalizing.STEPS,
}
EVERYWHERE: dict[str, Callable[..., Any]] = {
    "binary_cross_entropy_with_logits": losses.binary_cross_entropy_with_logits,
    "reshape_alias": d.view,
}
"""Those that PyTorch takes apart within any transform."""
COMPOSITES: dict[str, Callable[..., Any]] = {"linear": linear}
"""Functions that are made of other operators if there is a batch."""
