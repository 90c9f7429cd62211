"""Formula functions of views and rearrangements."""

from __future__ import annotations

from typing import Any

from .. import dispatch as d
from ..kernels.shape import inverse, resized
from ..plain_numpy import np
from ..tensor import wrap


def permute_backward(grad: Any, dims: tuple) -> Any:
    """Dimensions back in their first order."""
    return d.permute(grad, inverse(dims))


def sum_to_size(grad: Any, shape: tuple) -> Any:
    """A broadcast gradient summed back."""
    if grad._desc.shape == shape:
        return grad
    if not shape:
        return grad.sum()
    lead = grad._desc.ndim - len(shape)
    axes = tuple(range(lead)) + tuple(i + lead for i, s in enumerate(shape) if s == 1 and grad.shape[i + lead] != 1)
    out = grad.sum(axes, keepdim=True) if axes else grad
    return d.view(out, tuple(shape)) if lead else out


def expand_backward(grad: Any, shape: tuple) -> Any:
    """An expanded gradient summed back; to 0-d it is always summed, so that the result is never the gradient itself."""
    return sum_to_size(grad, shape) if shape else grad.sum()


def unsqueeze_dim_to(grad: Any, dim: Any, shape: tuple) -> Any:
    """Those of the given dimensions that had size 1 put back."""
    given = dim if isinstance(dim, tuple) else (dim,)
    for at in sorted([x % len(shape) for x in given] if shape else ()):
        if shape[at] == 1:
            grad = d.unsqueeze(grad, at)
    return grad


def unsqueeze_to(grad: Any, shape: tuple) -> Any:
    """Dimensions of size 1 put back."""
    for i, s in enumerate(shape):
        if s == 1 and (grad._desc.ndim < len(shape)):
            grad = d.unsqueeze(grad, i)
    return grad


def unsqueeze_backward(grad: Any, dim: int) -> Any:
    """The dimension taken out again."""
    return d.squeeze_dim(grad, dim)


def _filled(grads: list, shapes: list) -> list:
    kind = next(g for g in grads if g is not None)._desc.dtype
    return [wrap(np.zeros(s, kind.numpy)) if g is None else g for g, s in zip(grads, shapes, strict=True)]


def unbind_backward(grads: list, desc: Any, dim: int) -> Any:
    """The gradients stacked, zeros where there is none."""
    part = list(desc.shape)
    del part[dim]
    return d.stack(_filled(grads, [tuple(part)] * len(grads)), dim)


def split_backward(grads: list, shape: tuple, split_size: int, dim: int) -> Any:
    """The pieces' gradients put together."""
    n = shape[dim]
    sizes = [min(split_size, n - i) for i in range(0, n, split_size)] if split_size and n else [n]
    return split_with_sizes_backward(grads, shape, tuple(sizes), dim)


def split_with_sizes_backward(grads: list, shape: tuple, split_sizes: tuple, dim: int) -> Any:
    """The pieces' gradients put together, zeros where there is none."""
    return d.cat(_filled(grads, [resized(shape, dim, s) for s in split_sizes]), dim % len(shape))


def cat_backward(grad: Any, descs: tuple, dim: int) -> tuple:
    """Windows of the gradient, one for each operand."""
    out, start = [], 0
    for desc in descs:
        if desc.shape == (0,):
            kind = grad._desc.dtype
            out.append(wrap(np.zeros((0,), (kind if desc.dtype.is_complex else kind.to_real()).numpy)))
            continue
        out.append(
            d.slice_(_of_kind(grad, desc), dim % len(desc.shape), start, start + desc.shape[dim], 1).to(desc.dtype)
        )
        start += desc.shape[dim]
    return tuple(out)


def stack_backward(grad: Any, descs: tuple, dim: int) -> tuple:
    """Windows of the gradient, one for each operand."""
    return tuple([_of_kind(d.select(grad, dim, i), desc).to(desc.dtype) for i, desc in enumerate(descs)])


def _of_kind(grad: Any, desc: Any) -> Any:
    """The gradient, or its real part for what is real."""
    return grad.real if grad._desc.dtype.is_complex and not desc.dtype.is_complex else grad


def repeat_backward(grad: Any, repeats: tuple, shape: tuple) -> Any:
    """The copies' gradients, added."""
    if 0 in repeats:
        return wrap(np.zeros(shape, grad._desc.dtype.numpy))
    lead = len(repeats) - len(shape)
    for _ in range(lead):
        grad = d.sum_dim(grad, (0,), False, None)
    apart: list[int] = []
    copies = []
    for times, size in zip(repeats[lead:], shape, strict=True):
        if times != 1:
            copies.append(len(apart))
            apart.append(times)
        apart.append(size)
    return d.sum_dim(grad.reshape(tuple(apart)), tuple(copies), False, None) if copies else grad


def fill_value_backward(grad: Any, dtype: Any) -> Any:
    """The sum of the gradient, which the engine brings to the number's type, or refuses."""
    return d.sum_all(grad, None)


def to_copy_backward(grad: Any, dtype: Any) -> Any:
    """The gradient converted back; of a complex one to a real type the real part."""
    return (grad.real if grad._desc.dtype.is_complex and not dtype.is_complex else grad).to(dtype)
