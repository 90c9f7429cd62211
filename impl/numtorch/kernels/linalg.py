"""Products of vectors and matrices over raw arrays."""

from __future__ import annotations

from typing import Any

from ..memory.descriptor import expandable
from ..memory.geometry import contiguous_strides, element_strides, laid_out, settled
from ..memory.layout import elementwise_strides
from ..memory.lazy import Zeros, resolve
from ..plain_numpy import np
from .half import knows_zeros
from .numbers import castable, in_type
from .shape import alike, invalid_gradient, sum_to_size

Array = Any


@knows_zeros
def dot(x: Array, y: Array) -> Array:
    """The sum of the products of two vectors."""
    return y.dot(x) if type(y) is Zeros else x.dot(y)  # an ndarray takes it for ordinary zeros


@knows_zeros
def vdot(x: Array, y: Array) -> Array:
    """The same with the first vector conjugated."""
    return np.vdot(x, y)


def vdot_self_backward(grad: Array, other: Array) -> Array:
    """The gradient of a real inner product."""
    return grad * other


def mv(x: Array, vec: Array) -> Array:
    """Matrix times vector. BLAS leaves out columns whose factor is 0, also where 0 * nan is wanted."""
    if len(vec) == 1:
        return mm(x, vec[:, None])[:, 0]
    # (Counted: to ask `all` of a few numbers takes three times as long.)
    if np.count_nonzero(vec) < len(vec) and not np.isfinite(x).all():
        return np.add.reduce(resolve(x) * resolve(vec), 1, dtype=np.result_type(x, vec))
    return x.dot(vec)


def mm(x: Array, mat2: Array) -> Array:
    """Matrix times matrix; NumPy leaves out products with 0, too, where there is one alone to each element."""
    if len(mat2) == 1 and type(x) is type(mat2) is np.ndarray:
        return np.multiply(x, mat2, order="C") + mat2.dtype.type(0)  # a sum is no -0
    return x.dot(mat2)


def bmm(x: Array, mat2: Array) -> Array:
    """Matrix times matrix, for each of a batch; of two types only if there is nothing to add up."""
    if x.dtype != mat2.dtype:
        return np.zeros((len(x), x.shape[1], mat2.shape[2]), mat2.dtype)
    return np.matmul(x, mat2)


def outer_backward(grad: Array, vec: Array) -> Array:
    """Every product of an element of grad and one of vec."""
    return grad[:, None] * vec


def t_mv(x: Array, grad: Array) -> Array:
    """The transposed matrix times vector."""
    return grad.dot(x)


def column_major(shape: tuple, strides: tuple, itemsize: int) -> bool:
    """Whether a matrix lies column after column, as a transposed one does."""
    return strides[0] == itemsize and strides[1] == itemsize * shape[0]


def mm_self_backward(grad: Array, mat2: Array, shape: tuple, strides: tuple) -> Array:
    """grad @ mat2.T, in the layout of what it is the gradient of."""
    if strides[0] <= strides[1] and column_major(shape, strides, grad.itemsize):
        return settled(mm(mat2, grad.T)).T
    return mm(grad, mat2.T)


def mm_mat2_backward(grad: Array, x: Array, shape: tuple, strides: tuple) -> Array:
    """x.T @ grad, in the layout of what it is the gradient of."""
    if strides[0] <= strides[1] and column_major(shape, strides, grad.itemsize):
        return settled(mm(grad.T, x)).T
    return mm(x.T, grad)


def bmm_self_backward(grad: Array, mat2: Array) -> Array:
    """grad @ mat2.T for each of a batch."""
    return bmm(grad, mat2.swapaxes(1, 2))


def bmm_mat2_backward(grad: Array, x: Array) -> Array:
    """x.T @ grad for each of a batch."""
    return bmm(x.swapaxes(1, 2), grad)


def scaled(x: Array, alpha: Any) -> Array:
    """x times a number, x itself if that is 1."""
    return x if alpha == 1 else x * in_type(alpha, x.dtype)


def scaled_conj(grad: Array, alpha: Any) -> Array:
    """The gradient times the conjugate of a number, of reals the number."""
    return scaled(grad, alpha.conjugate())


def plus_scaled(x: Array, product: Array, beta: Any, alpha: Any) -> Array:
    """beta * x + alpha * product; x is not read if beta is 0."""
    product = scaled(product, alpha)
    return product + scaled(x, beta) if beta else product


def plus_product(x: Array, product: Any, mat: Array, other: Array, beta: Any, alpha: Any) -> Array:
    """beta * x + alpha * product(mat, other), of BLAS, which multiplies nothing if alpha is 0."""
    if alpha:
        return plus_scaled(x, product(mat, other), beta, alpha)
    shape = (*mat.shape[:-1], *other.shape[1:])
    return np.broadcast_to(scaled(x, beta), shape).copy() if beta else np.zeros(shape, x.dtype)


def addmm(x: Array, mat1: Array, mat2: Array, beta: Any, alpha: Any) -> Array:
    """beta * x + alpha * mat1 @ mat2"""
    return plus_product(x, mm, mat1, mat2, beta, alpha)


def addmv(x: Array, mat: Array, vec: Array, beta: Any, alpha: Any) -> Array:
    """beta * x + alpha * mat @ vec"""
    return plus_product(x, mv, mat, vec, beta, alpha)


def addr(x: Array, vec1: Array, vec2: Array, beta: Any, alpha: Any) -> Array:
    """beta * x + alpha * outer(vec1, vec2), laid out as elementwise operators are"""
    x, vec1, vec2 = alike([x, vec1, vec2])
    if x.dtype.kind == "c":  # PyTorch multiplies by what is 1, too, which infinities show
        out = (vec1 * x.dtype.type(alpha))[:, None] * vec2
        out = x * x.dtype.type(beta) + out if beta else out
    else:
        out = plus_scaled(x, outer_backward(vec1, vec2), beta, alpha)
    if out.size and (x.ndim < 2 or element_strides(x) == contiguous_strides(x.shape)):
        return out
    operands = [(x.shape, element_strides(x)), ((out.shape[0], 1), (1, 1)), ((1, out.shape[1]), (1, 1))]
    arranged = laid_out(out.shape, elementwise_strides(out.shape, operands), out.dtype)
    arranged[...] = out
    return arranged


def baddbmm(x: Array, batch1: Array, batch2: Array, beta: Any, alpha: Any) -> Array:
    """beta * x + alpha * batch1 @ batch2, in the type of batch2"""
    product = bmm(batch1, batch2)
    if x.dtype != batch2.dtype:
        x = castable(x, product if beta else product[:0]).astype(batch2.dtype)
    return plus_scaled(x, product, beta, alpha)


def addbmm(x: Array, batch1: Array, batch2: Array, beta: Any, alpha: Any) -> Array:
    """beta * x + alpha * the sum of batch1 @ batch2 over the batch"""
    return plus_scaled(x, np.add.reduce(np.matmul(batch1, batch2), axis=0, dtype=x.dtype), beta, alpha)


def sum_to_info(grad: Array, desc: Any, who: str, index: int) -> Array:
    """A broadcast gradient summed back, in its operand's type: what `validated` does of Tensors, for one edge of a node."""
    if grad.shape != desc.shape and not expandable(desc.shape, grad.shape):
        raise invalid_gradient(grad.shape, desc.shape, who, index)
    total = sum_to_size(grad, desc.shape)
    return total if total.dtype == desc.dtype.numpy else total.astype(desc.dtype.numpy)


def trace(x: Array) -> Array:
    """The sum of the diagonal."""
    with np.errstate(invalid="ignore"):  # in NumPy's Python, whose warnings no filter of numtorch's keeps back
        return np.trace(x, dtype=np.int64 if x.dtype.kind in "biu" else x.dtype)


def trace_backward(grad: Array, shape: tuple) -> Array:
    """The gradient on the diagonal."""
    out = np.zeros(shape, grad.dtype)
    np.fill_diagonal(out[: shape[1]], grad)
    return out.view()  # as PyTorch's is, of zeros in one dimension: nothing is added to it in place
