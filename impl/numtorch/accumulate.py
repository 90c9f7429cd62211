"""What AccumulateGrad does with a gradient.

The cases are those of PyTorch's accumulate_grad.h, dense tensors only:

1. The leaf has no gradient yet.
   1.1 Grad mode is off, nobody else refers to the new gradient, and it obeys the layout contract: it is *stolen*, that
       is, becomes `.grad` without a copy. Who else refers to it is asked of the gradient, not of its memory: a view that
       a node returned is stolen although its memory is the user's, so `x.view(2).backward(g)` makes `x.grad` alias `g`,
       while `x.backward(g)` copies.
   1.5 Otherwise it is copied to a layout that obeys the contract.
2. The leaf has a gradient and grad mode is off: added in place, so `.grad` stays the same object and its version grows.
3. The leaf has a gradient and grad mode is on: added out of place, a new object with a graph.

The layout contract: a leaf without holes or overlaps gives its own strides to its gradient, any other gives row-major.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from .descriptor import describe
from .geometry import element_strides, is_dense_like
from .tensor import Tensor
from .views import bump, storage_of

_new = object.__new__
_refcount = sys.getrefcount
_ndarray = np.ndarray


def obeys_contract(array: Any, variable: Any) -> bool:
    """Whether a gradient has the strides the contract asks for."""
    if type(array) is not _ndarray:
        return True
    if 0 in array.strides and not _strides_obey(array):
        return False
    model = variable._array
    if type(model) is not _ndarray or model.flags.c_contiguous:
        return array.flags.c_contiguous
    if is_dense_like(model):
        return element_strides(array) == element_strides(model)
    return array.flags.c_contiguous


def _strides_obey(array: Any) -> bool:
    """Whether no dimension was expanded: one of size 1 neither, though it would be contiguous, and nor an empty array."""
    if array.size:
        return False
    return array.base is None or array.base.size == 0  # NumPy says nothing of the strides of an empty array


def obedient_copy(array: Any, variable: Any) -> Any:
    """A copy with the strides the contract asks for."""
    if type(array) is not _ndarray:
        return array
    model = variable._array
    if type(model) is not _ndarray or model.flags.c_contiguous or not is_dense_like(model):
        return np.array(array, order="C")
    order = sorted(range(model.ndim), key=lambda d: -model.strides[d])
    out = np.empty([model.shape[d] for d in order], array.dtype)
    out = out.transpose(np.argsort(order))
    out[...] = array
    return out


def _calibrate() -> int:
    """How many references a gradient has that is held by one variable of the caller, and is about to be passed on."""
    grad = np.empty(2)
    return _second(None, grad, _refcount(grad))


def _second(variable: Any, grad: Any, count: int) -> int:
    return count


HELD = _calibrate()  # measured, since the number differs between Python versions


def accumulate(variable: Any, grad: Any, owned: bool) -> None:
    """Add a raw gradient to the leaf's `.grad` (cases 1 and 2); `owned`: nobody else refers to it."""
    old = variable._grad
    if old is None:
        stolen = owned and obeys_contract(grad, variable)
        counter = None
        if not stolen:
            model = variable._array
            if type(model) is not _ndarray or model.flags.c_contiguous or is_dense_like(model):
                counter = [1]  # PyTorch copies into new memory, which counts as a write; other layouts are cloned
            grad = obedient_copy(grad, variable)
        new = _new(Tensor)
        new._array = grad
        desc = variable._desc
        new._desc = desc if grad.dtype == desc.dtype.numpy else describe(grad)
        new._requires_grad = False
        new._grad_fn = None
        new._output_nr = 0
        new._grad = None
        new._counter = counter
        new._extra = None
        new._accumulator = None
        variable._grad = new
        return
    array = old._array
    if type(array) is _ndarray:
        np.add(array, grad, out=array, casting="unsafe")
    elif old._extra is None and old._counter is None:
        old._array = array + grad
    else:
        array = storage_of(old)
        np.add(array, grad, out=array, casting="unsafe")
    bump(old)


def accumulate_tensor(variable: Any, grad: Any) -> None:
    """Add a Tensor gradient to the leaf's `.grad` with grad mode on (cases 1.5 and 3)."""
    old = variable._grad
    if old is None:
        from .writes import copy_obeying

        variable._grad = copy_obeying(grad, variable)
    else:
        variable._grad = old + grad
