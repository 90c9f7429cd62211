"""Batching rules of what works element by element, or along dimensions."""

from __future__ import annotations

import math
from typing import Any

from ... import creation, dispatch
from ...calls.several import promoted
from ...tensor import Tensor
from ..batching import Call, rank, shifted
from ..fallback import UNBATCHED, exchange, loop


def aligned(call: Call) -> list[Any]:
    """The operands with batches in front and ranks made equal behind them."""
    tensors = [a for a in call.args if isinstance(a, Tensor)]
    most = max(rank(t) for t in tensors)
    kinds = {t._desc.dtype for t in tensors}

    def fitted(value: Any) -> Any:
        if not isinstance(value, Tensor):
            return value
        found = call.front(value)
        own = rank(value)
        if not call.is_batched(value):
            shape = (1,) * (1 + most - own) + tuple(found._desc.shape)
            return dispatch.view(found, shape) if own and call.interpreter.pads else found
        if (
            not own and most and len(kinds) > 1
        ):  # a number does not decide the type of the result; a batch of them would
            other = max((t._desc.dtype for t in tensors if rank(t)), key=lambda d: d.category)
            if 0 < value._desc.dtype.category <= other.category and value._desc.dtype is not other:
                found = dispatch.to_copy(found, other)
        if own < most:
            shape = tuple(found._desc.shape)
            found = dispatch.view(found, shape[:1] + (1,) * (most - own) + shape[1:])
        return found

    return [fitted(a) for a in call.args]


_KINDS = ("", "_scalar", "_alpha", "_mode", "_scalar_mode")
TWO = {operator + kind for operator in ("add", "sub", "mul", "div", "floor_divide") for kind in _KINDS}
TWO |= {"xlogy_self", "xlog1py_self", "zeta_self", "pow_base", "pow_complex_base", "frexp", "polygamma"}
"""Operators whose number is a tensor to PyTorch's rule, which moves the batch to the front; all others leave it where it is."""


def elementwise(call: Call) -> Any:
    """Each element for itself."""
    tensors = [a for a in call.args if isinstance(a, Tensor)]
    if len(tensors) == 1 and call.replaced.name not in TWO:
        (tensor,) = tensors
        value, bdim = call.interpreter.unwrap(tensor)
        return exchange(call.op(*[value if a is tensor else a for a in call.args]), lambda t: (t, bdim))
    args = aligned(call)
    if len(tensors) == 2 and not any(map(rank, tensors)) and not all(map(call.is_batched, tensors)):
        kind = promoted(tuple(tensors))  # of two numbers, where one is no batch of them
        args = [a.to(kind) if isinstance(a, Tensor) else a for a in args]
    found = call.op(*args)
    return found if found is NotImplemented else exchange(found, lambda t: (t, 0))


def of_one_size(call: Call) -> Any:
    """The same of what PyTorch's kernel does not broadcast: operands without a batch are repeated."""
    args = aligned(call)
    spread = [
        call.spread(given) if isinstance(given, Tensor) and not call.is_batched(given) else a
        for a, given in zip(args, call.args, strict=True)
    ]
    return call.op(*spread), 0


def together(call: Call) -> Any:
    """What takes two tensors of one rank."""
    return exchange(call.op(*aligned(call)), lambda t: (t, 0))


def together_spread(call: Call) -> Any:
    """The same, each for each element of the batch; a dimension is counted behind the batch's."""
    args = aligned(call)
    tensors = [
        call.spread(g) if isinstance(g, Tensor) and not call.is_batched(g) else a
        for a, g in zip(args, call.args, strict=True)
    ]
    if "dim" in call.names:
        place = call.place("dim")
        tensors[place] = shifted(tensors[place], rank(call.args[0]))
    return exchange(call.op(*tensors), lambda t: (t, 0))


def distances_backward(call: Call) -> Any:
    """cdist_backward; of points that all share PyTorch returns the first of a batch of gradients, as if it were all's."""
    grad, x1, x2, p, result = call.args
    if not call.is_batched(x1) and not call.is_batched(x2):
        return exchange(call.op(call.element(grad, 0), x1, x2, p, result), lambda t: (t, None))
    return loop(call)


def filled(call: Call) -> Any:
    """masked_fill with a tensor: a batch of values is no value, but operands of where."""
    x, mask, value = aligned(call)
    if not call.is_batched(call.args[2]):
        return call.op(x, mask, value), 0
    return dispatch.where(mask, value, x), 0


def elementwise_written(call: Call) -> Any:
    """The same into the first operand."""
    target = call.args[0]
    if not call.is_target():
        other = next(a for a in call.args[1:] if call.is_batched(a))
        if call.replaced.name in ("copy_", "fill_"):
            raise RuntimeError(UNBATCHED)
        raise RuntimeError(
            f"output with shape {list(target._desc.shape)} doesn't match the broadcast shape "
            f"{[call.size, *other._desc.shape]}"
        )
    call.op(*aligned(call))
    return None


# ---- along dimensions

OF_ONE = frozenset(("argmax", "argmin", "aminmax"))
"""What takes one dimension: without one it works on the elements in a row."""
KEEPS = frozenset(("count_nonzero",))
"""What returns fewer dimensions, and cannot be told to keep them."""


def along(call: Call) -> Any:
    """What works along the dimension or dimensions called `dim` or `dims`; with None or (), along all.

    A number counts as a vector of one element.
    """
    x = call.args[0]
    ndim = rank(x)
    if not call.is_batched(x) or any(call.is_batched(a) for a in call.args[1:]):
        return loop(call)
    args, name = list(call.args), call.replaced.name
    place = next(call.place(n) for n in ("dim", "dims") if n in call.names)
    dim, value = args[place], call.front(x)
    if dim is None and name in OF_ONE:
        if ndim > 1:
            value = value.reshape(call.size, math.prod(x._desc.shape))
        dim = 0
    elif dim is None or dim == ():
        dim = tuple(range(max(ndim, 1)))
    if not ndim:
        value = dispatch.unsqueeze(value, 1)
    args[0], args[place] = value, shifted(dim, max(ndim, 1))
    found = call.op(*args)
    keeps = args[call.place("keepdim")] if "keepdim" in call.names else name not in KEEPS
    return exchange(found, lambda t: (t if ndim or not keeps else dispatch.squeeze_dim(t, 1), 0))


def transformed(call: Call) -> Any:
    """A transform along some dimensions, which does nothing along none."""
    return loop(call) if call.args[call.place("dim")] == () else along(call)


def backward_along(call: Call) -> Any:
    """The same for two operands of one shape; of softmax the gradient of a number is none."""
    a, b, dim, *rest = call.args
    left, right = call.spread(a), call.spread(b)
    name = call.replaced.name
    if not rank(b) and name != "glu_backward":
        return creation.zeros_like(left), 0
    if rank(a) != rank(b):
        return loop(call)
    if name == "softmax_backward_data":
        right = right.contiguous()
    return call.op(left, right, shifted(dim, rank(a)), *rest), 0
