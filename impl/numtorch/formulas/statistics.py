"""Formula functions of running extremes and distances, in differentiable operations."""

from __future__ import annotations

from typing import Any

from .. import dispatch as d
from ..dtype import dtypes
from ..plain_numpy import np
from ..tensor import wrap
from .reduction import norm_backward
from .tangents import norm_jvp, real


def cummaxmin_backward(grad: Any, x: Any, indices: Any, dim: int) -> Any:
    """The gradients added where each extreme was."""
    if not x._desc.numel:
        return x
    return d.scatter_add(wrap(np.zeros(x._desc.shape, grad._desc.dtype.numpy)), dim, indices, grad)


def logcumsumexp_backward(grad: Any, x: Any, result: Any, dim: int) -> Any:
    """By logarithms, real gradients of both signs apart."""
    if not grad._desc.ndim or not grad._desc.numel:
        return grad

    def part(logs: Any) -> Any:
        return (d.flip(d.logcumsumexp(d.flip(logs - result, (dim,)), dim), (dim,)) + x).exp()

    if grad._desc.dtype.is_complex:
        return part(grad.conj().log()).conj()
    least = float(dtypes.limits(grad._desc.dtype.numpy).min)
    size = grad.abs().log()

    positive = d.where(d.gt(grad, 0), size, least)
    negative = d.where(d.lt(grad, 0), size, least)
    return part(positive) - part(negative)


def renorm_jvp(x: Any, tangent: Any, p: float, dim: int, maxnorm: float) -> Any:
    """The tangent of slices that are scaled; of the others it stays."""
    others = tuple([i for i in range(x._desc.ndim) if i != dim % x._desc.ndim])
    norm = d.vector_norm(x, p, others, True, dtypes.float32 if x._desc.dtype.is_half else None)
    inverse = d.reciprocal(d.add_scalar(norm, 1e-7))
    factor = d.mul_scalar(inverse, maxnorm)
    moved = norm_jvp(x, tangent, p, norm, others, True)
    return d.where(d.gt(norm, maxnorm), factor * (tangent - x * inverse * moved), tangent)


def renorm_backward(grad: Any, x: Any, p: float, dim: int, maxnorm: float) -> Any:
    """Through the scaled slices and their norms."""
    others = tuple([i for i in range(x._desc.ndim) if i != dim % x._desc.ndim])
    kind = x._desc.dtype
    wide = (
        dtypes.float32 if kind.is_half else {"float32": dtypes.float64, "complex64": dtypes.complex128}.get(kind.name)
    )
    norm = d.vector_norm(x, p, others, True, wide)
    inner = x.conj() * grad
    if kind.is_complex:
        inner = real(inner)  # as norms are
    inner = d.sum_dim(inner, others, True, wide and wide.to_real())
    through = norm_backward(inner, x, p, norm, others, True)
    inverse = d.reciprocal(d.add_scalar(norm, 1e-7))
    rest = grad - inverse * through  # first: PyTorch's C++ evaluates the right operand first
    scaled = d.mul_scalar(inverse, maxnorm) * rest
    return d.where(d.gt(norm, maxnorm), scaled.to(grad._desc.dtype), grad)


def not_derived(grad: Any, name: str) -> Any:
    """What an operator whose derivative PyTorch has not written answers."""
    raise NotImplementedError(f"the derivative for '{name}' is not implemented.")
