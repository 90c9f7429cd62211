"""Masks that decide where a gradient goes: computed without a graph, and laid out as PyTorch's operators lay them out.

Formulas read the numbers of tensors nowhere else, so that `mask` and `of_arrays` are all that a function transform, whose
tensors show shapes and no numbers, need stand in for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import grad_mode
from ..aliasing.views import bump, counted
from ..calls.several import promoted
from ..levels import living, show, wrapped_of
from ..memory.descriptor import arrange, describe, descriptor, expect_room
from ..memory.layout import elementwise_strides
from ..memory.lazy import Zeros, zeros
from ..plain_numpy import np
from ..tensor import Tensor, wrap


def mask(test: Callable[..., Any], *operands: Any) -> Tensor:
    """What a test says of each element of these tensors and numbers; tensors of two types are compared in one."""
    tensors = [x for x in operands if isinstance(x, Tensor)]
    if any(x._desc.dtype is not tensors[0]._desc.dtype for x in tensors):
        kind = promoted(tuple(tensors)).numpy  # of which one without dimensions does not widen the others
        array = test(*[x._array.astype(kind, copy=False) if isinstance(x, Tensor) else x for x in operands])
    else:
        array = test(*[x._array if isinstance(x, Tensor) else x for x in operands])
    if array.ndim and not (array.size and all(x._desc.plain for x in operands if isinstance(x, Tensor))):
        shape = array.shape
        given = [(x._desc.shape, x._desc.lies) if isinstance(x, Tensor) else ((), ()) for x in operands]
        array, _ = arrange(array, descriptor(shape, describe(array).dtype, elementwise_strides(shape, given)))
    return wrap(array)


def joined(how: Callable[..., Any], first: Tensor, second: Tensor) -> Tensor:
    """Two masks together, written into the first, as PyTorch does: so it decides the layout."""
    if within(first, second):
        return mask(how, first, second)
    expect_room(first._desc.shape, second._desc.shape)
    out = wrap(how(first._array, second._array, out=first._array)) if first._desc.ndim else mask(how, first, second)
    bump(out)
    return out


def opposite(condition: Tensor) -> Tensor:
    """Where a mask does not hold, written into the mask, as PyTorch does."""
    out = mask(np.logical_not, condition)
    if not within(condition):
        out._counter = condition._counter
        bump(out)
    return out


def of_arrays(compute: Callable[..., Any], *tensors: Any) -> Tensor:
    """The tensor of what `compute` makes of the tensors' arrays."""
    return wrap(compute(*[t._array for t in tensors]))


def into_zeros(grad: Tensor, written: Tensor) -> Tensor:
    """What was written into new zeros; those that PyTorch makes of an inference tensor count that they are filled, too."""
    return counted(grad, written, times=2)


def without_memory(shape: tuple, kind: Any) -> Tensor:
    """Zeros without memory (lazy.py); within a vmap the same for each element of the batch."""
    return wrap(zeros(shape, kind))


def in_memory(x: Any) -> Any:
    """The tensor itself, which has memory for each element from now on if it was of zeros without."""
    if type(x._array) is not Zeros:
        return x
    wrapped = wrapped_of(x)
    if wrapped is not None:
        in_memory(wrapped.value)
        return show(x, wrapped)
    x._array = np.zeros(x._array.shape, x._array.dtype)
    x._desc = describe(x._array)
    return x


def within(*tensors: Any) -> bool:
    """Whether a tensor is one of a transform, so that nobody knows its numbers, or whether a level below differentiates.

    Where somebody watches writes every tensor is taken for one, as PyTorch's isTensorSubclassLike has it: it learns of writes
    from a mode of its dispatcher, which might make anything of the operators within a formula.
    """
    return grad_mode.watched() or any(t is not None and wrapped_of(t) is not None for t in tensors)


def stands_for_batch(x: Any) -> bool:
    """Whether a tensor is a batch, of its level or of one below."""
    wrapped = wrapped_of(x)
    return wrapped is not None and (wrapped.bdim is not None or stands_for_batch(wrapped.value))


def within_living(*tensors: Any) -> bool:
    """The same, but of tensors whose level is over, which are what they stand for."""
    return grad_mode.watched() or any(wrapped_of(living(t)) is not None for t in tensors)


def nowhere_zero(x: Any) -> bool:
    """Whether no element is zero, so that a formula may divide by x; of a tensor within a transform nobody knows."""
    return not within_living(x) and bool(np.count_nonzero(living(x)._array) == x._desc.numel)
