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
from .views import bump, counter_of, storage_of

_new = object.__new__
_refcount = sys.getrefcount
_ndarray = np.ndarray


def obeys_contract(array: Any, variable: Any) -> bool:
    """Whether a gradient has the strides the contract asks for."""
    if type(array) is not _ndarray:
        return True
    model = variable._array
    if type(model) is not _ndarray or model.flags.c_contiguous:
        return array.flags.c_contiguous
    if is_dense_like(model):
        return element_strides(array) == element_strides(model)
    return array.flags.c_contiguous


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


def _references(array: Any) -> int:
    return _refcount(array)


def _calibrate() -> int:
    array = np.empty(2)
    return _references(array)


# How many references a gradient has when only one caller's variable and our argument hold it; the number differs
# between Python versions, so it is measured on a call of the same form.
_OWNED = _calibrate()


def accumulate(variable: Any, grad: Any, owned: bool, user_grads: Any) -> None:
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
        if stolen and user_grads and type(grad) is _ndarray and grad.base is not None:
            # a window into a gradient that the user passed: writes to either count in both
            for given in user_grads:
                if type(given._array) is _ndarray and np.may_share_memory(given._array, grad):
                    new._counter = counter_of(given)
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
