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

import itertools
import sys
import threading
from typing import Any

from .. import grad_mode
from ..aliasing.overlap import refuse
from ..aliasing.views import InferenceCounter, bump, counter_of, mark_inference, storage_of
from ..kernels.pointwise import addend
from ..memory.descriptor import Descriptor, describe
from ..memory.geometry import laid_out
from ..memory.layout import is_contiguous, is_dense
from ..memory.lazy import LAZY
from ..plain_numpy import np
from ..tangents import tangent_of
from ..tensor import Tensor, wrap
from ..warning import warn

_new = object.__new__
_TENSOR = (Tensor,)
_refcount = sys.getrefcount
_ndarray = np.ndarray
_adding = threading.RLock()
UNLOCKED = 500
"""NumPy lets other threads run while it adds up more elements than these, and so do we only with a lock. Passes in several
threads may lead to one leaf, and none of their gradients may be lost."""


def obeys_contract(found: Descriptor, desc: Descriptor) -> bool:
    """Whether a gradient, described by `found`, has the strides that the leaf's `desc` asks for.

    Dimensions of size 1 may have any stride but 0: PyTorch takes that for a sign of an expanded gradient.
    """
    if found.plain and desc.plain and found.shape == desc.shape:
        return True
    if is_dense(desc.shape, desc.strides):
        # The leaf may have fewer dimensions than its gradient, if that was changed since: PyTorch reads what lies behind its
        # strides, zeros in a tensor that never had more.
        owns = itertools.chain(desc.strides, itertools.repeat(0))
        return all(
            (st != 0) if s == 1 else st == own for s, st, own in zip(found.shape, found.strides, owns, strict=False)
        )
    return is_contiguous(found.shape, found.strides)


def warn_of_layout(grad: Any, variable: Any) -> None:
    """What PyTorch says of a sum of gradients that breaks the layout contract, once a process unless told otherwise."""
    found, desc = grad._desc, variable._desc
    if obeys_contract(found, desc):
        return
    warn(
        "grad and param do not obey the gradient layout contract. This is not an error, but may impair performance.\n"
        f"grad.sizes() = {list(found.shape)}, strides() = {list(found.strides)}\n"
        f"param.sizes() = {list(desc.shape)}, strides() = {list(desc.strides)}",
    )


def obedient_copy(array: Any, desc: Descriptor) -> Any:
    """A copy with the strides the contract asks for."""
    if not is_dense(desc.shape, desc.strides):
        return array.copy()  # row-major
    if array.shape != desc.shape:
        from ..aliasing.writes import check_broadcast

        check_broadcast(wrap(array), desc.shape)
    elif desc.plain:
        return array.copy()
    out = laid_out(desc.shape, desc.strides, array.dtype)
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
        desc = variable._desc
        fits = desc.plain and grad.dtype is desc.dtype.numpy and grad.strides == desc.steps and grad.shape == desc.sizes
        found = desc if fits and type(grad) is _ndarray else describe(grad)
        counter = None
        if not (owned and ((found is desc and desc.plain) or obeys_contract(found, desc))):
            if is_dense(desc.shape, desc.strides):
                counter = [1]  # PyTorch copies into new memory, which counts as a write; other layouts are cloned
            grad = obedient_copy(grad, desc)
            found = desc if desc.plain and found.dtype is desc.dtype else describe(grad)
        new = _new(*_TENSOR)
        new._array = grad
        new._desc = found
        new._requires_grad = False
        new._made = None
        new._grad = None
        new._counter = counter
        new._extra = None
        new._accumulator = None
        if grad_mode.disabled and grad_mode.state.inference:
            mark_inference(new)
        # Looked at again, since another thread may have been faster. CPython changes threads at calls and at the ends of
        # loops, so not between this question and the next line.
        if variable._grad is None:
            variable._grad = new
            return
        old = variable._grad
    if grad_mode.watches and grad_mode.state.before_write is not None:
        grad_mode.state.before_write(old)
    array = old._array
    if array.shape != grad.shape:  # somebody gave it other memory: `.grad.data = `
        from ..aliasing.writes import check_broadcast

        check_broadcast(wrap(grad), array.shape)
    if not old._desc.real:
        grad = addend(grad)
    if type(array) is _ndarray:
        if not old._desc.plain:
            refuse(array)  # somebody gave it a gradient that repeats elements
        if (base := grad.base) is not None and (base is array or base is array.base):
            refuse(array, grad)  # the gradient is made of this one, passed in by the user
        if array.size < UNLOCKED:
            np.add(array, grad, out=array, casting="unsafe")
        else:
            with _adding:
                np.add(array, grad, out=array, casting="unsafe")
    elif type(array) not in LAZY:
        old._array = old._array + grad  # read again, and no call after the question, for the same reason
    else:
        array = storage_of(old)
        np.add(array, grad, out=array, casting="unsafe")
    bump(old)
    if not (old._desc.plain and variable._desc.plain) or old._desc.shape != variable._desc.shape:
        warn_of_layout(old, variable)


def accumulate_shown(variable: Any, grad: Any, owned: bool) -> None:
    """The same of a gradient that is a Tensor already; `owned`: nobody else refers to the Tensor, of whatever memory."""
    old = variable._grad
    if old is not None and (tangent_of(old) is not None or tangent_of(grad) is not None):
        old.add_(grad)
        warn_of_layout(old, variable)
        return
    array = storage_of(grad)
    first = old is None
    accumulate(variable, array, owned)
    new = variable._grad
    if first and new._array is array:
        if grad._extra is not None and grad._extra.inference:
            mark_inference(new)
            if not grad_mode.state.inference:
                new._counter = InferenceCounter([0])  # as one that detach() returns, which it is in PyTorch
            return
        new._extra = None
        new._counter = counter_of(grad)  # which hooks behind the accumulation still see


def accumulate_tensor(variable: Any, grad: Any) -> None:
    """Add a Tensor gradient to the leaf's `.grad` with grad mode on (cases 1.5 and 3)."""
    from ..aliasing.writes import copy_obeying

    with _adding:  # passes in several threads may lead to one leaf
        old = variable._grad
        variable._grad = copy_obeying(grad, variable) if old is None else old + grad
        if old is not None:
            warn_of_layout(variable._grad, variable)
        if grad_mode.state.inference:
            mark_inference(variable._grad)
