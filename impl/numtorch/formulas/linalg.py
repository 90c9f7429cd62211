"""Formula functions of products, in differentiable operations."""

from __future__ import annotations

from typing import Any

from .. import dispatch as d, grad_mode
from ..aliasing.views import bump
from ..plain_numpy import np
from ..tensor import wrap
from .masks import within


def vdot_self_backward(grad: Any, other: Any) -> Any:
    return grad.conj() * other


def outer_backward(grad: Any, vec: Any) -> Any:
    """Every product of an element of grad and one of vec."""
    return grad.ger(vec.conj())


def t_mv(x: Any, grad: Any) -> Any:
    """The transposed matrix times vector."""
    return d.mv(d.t(x if x._desc.real else x.conj()), grad)


def _column_major(shape: tuple, strides: tuple, grad: Any) -> bool:
    from ..kernels.linalg import column_major

    return column_major(shape, strides, grad._desc.dtype.itemsize)


def mm_self_backward(grad: Any, mat2: Any, shape: tuple, strides: tuple) -> Any:
    """grad @ mat2.T, in the layout of what it is the gradient of."""
    if _column_major(shape, strides, grad):
        return d.t(d.mm(mat2.conj(), d.t(grad)))
    return d.mm(grad, d.t(mat2).conj())


def mm_mat2_backward(grad: Any, x: Any, shape: tuple, strides: tuple) -> Any:
    """x.T @ grad, in the layout of what it is the gradient of."""
    if _column_major(shape, strides, grad):
        return d.t(d.mm(d.t(grad), x.conj()))
    return d.mm(d.t(x).conj(), grad)


def bmm_self_backward(grad: Any, mat2: Any) -> Any:
    """grad @ mat2.T for each of a batch."""
    return d.bmm(grad, d.transpose(mat2, 1, 2).conj())


def bmm_mat2_backward(grad: Any, x: Any) -> Any:
    """x.T @ grad for each of a batch."""
    return d.bmm(d.transpose(x, 1, 2).conj(), grad)


def scaled(x: Any, alpha: Any) -> Any:
    """x times a number, x itself if that is 1."""
    return x if alpha == 1 else d.mul_scalar(x, alpha)


def scaled_conj(grad: Any, alpha: Any) -> Any:
    """The gradient times the conjugate of a number."""
    return scaled(grad, alpha.conjugate())


def addr_vec1(grad: Any, vec2: Any, alpha: Any) -> Any:
    """The gradient's rows times the other vector, whose type is not looked at before."""
    return scaled_conj(grad.mv(vec2.conj()), alpha)


def addr_vec2(grad: Any, vec1: Any, alpha: Any) -> Any:
    """The gradient's columns times the other vector, likewise."""
    return scaled_conj(grad.t().mv(vec1.conj()), alpha)


def addbmm_batch1(grad: Any, batch2: Any, n: int, rows: int, cols: int, alpha: Any) -> Any:
    """The gradient for each of the batch, times the other factor transposed."""
    return scaled(d.bmm(_repeated(grad, n, rows, cols), d.transpose(batch2, 1, 2).conj()), alpha.conjugate())


def addbmm_batch2(grad: Any, batch1: Any, n: int, rows: int, cols: int, alpha: Any) -> Any:
    """The other factor transposed, times the gradient for each of the batch."""
    return scaled(d.bmm(d.transpose(batch1, 1, 2).conj(), _repeated(grad, n, rows, cols)), alpha.conjugate())


def _repeated(grad: Any, n: int, rows: int, cols: int) -> Any:
    return d.expand(d.unsqueeze(grad, 0), (n, rows, cols))


def trace_backward(grad: Any, shape: tuple) -> Any:
    """The gradient on the diagonal."""
    from ..creation import zeros

    n = shape[0] * shape[1]
    flat = zeros(n, dtype=grad._desc.dtype)
    places = wrap(np.arange(0, n, shape[1] + 1)[: shape[1]])
    bump(places)  # PyTorch fills them in
    if within(grad):
        return d.view(d.index_fill_tensor(flat, 0, places, grad), tuple(shape))
    if not grad_mode.state.inference:
        bump(flat)  # PyTorch fills zeros, and then the diagonal
    return d.view(d.index_fill_tensor_(flat, 0, places, grad), tuple(shape))
