"""The vmap of before torch.func, which batched gradients still go through: `grad(is_grads_batched=True)` and its callers.

It knows one batch and no transforms: a user's Function runs for each element, random numbers are refused, and a function may
return None in the place of a tensor. Operators run by the batching rules of the other vmap.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .. import creation, dispatch
from .._functorch import batching, fallback, refusals
from ..aliasing.views import requires_grad
from ..calls.replacing import Replaced
from ..forward_rules.operands import tensors_in
from ..levels import at
from ..tensor import Tensor
from .batching import Call, Rule, VmapInterpreter
from .vmap import unwrapped_output

RANDOM = (
    "vmap: We do not yet support calling random operations inside of vmap. Please perform random operations outside of vmap as "
    "a workaround"
)
BACKWARD = (
    "backward() called inside torch.vmap. This is not supported, please call backward() outside torch.vmap or instead use "
    "torch.autograd.grad inside torch.vmap"
)
NO_RULE = "Batching rule not implemented for aten::{}. We could not generate a fallback."
TOLD_BY = {"__bool__": "is_nonzero"}
"""The operators behind functions that tell numbers, where they are not `item`."""


class LegacyVmapInterpreter(VmapInterpreter):
    """The level of one such vmap."""

    pads = True

    def batch(self, value: Any, bdim: int | None) -> Any:
        out = super().batch(value, bdim)
        if bdim is not None:
            # The graph is that of the level below, as a batch shows it here.
            out._requires_grad, out._made, out._output_nr = value._requires_grad, value._node, value._output_nr
        return out

    def steps(self, name: str) -> None:
        """Nothing is taken apart."""

    def rule(self, name: str) -> Rule:
        from .batch_rules import legacy

        if name == "neg_view":
            raise RuntimeError(refusals.UNRULED[name])
        return legacy.RULES.get(name, fallback.fall_back)

    def write_rule(self, name: str) -> Rule:
        from .batch_rules import legacy

        return legacy.WRITES.get(name, fallback.fall_back_written)

    def physical(self, value: Any, bdim: int) -> Any:
        """Expanded to the size of the batch, even if it has that."""
        return dispatch.expand(batching.to_front(value, bdim), tuple(value._desc.shape))

    def process(self, replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
        return KINDS[replaced.kind](self, replaced, args, kwargs)


def random(interpreter: VmapInterpreter, replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """Random numbers, which are refused."""
    raise RuntimeError(RANDOM)


def numbers(interpreter: VmapInterpreter, replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """What tells the numbers of a tensor, which a batch refuses."""
    if interpreter.unwrap(args[0])[1] is None:
        return batching.passed(interpreter, replaced, args, kwargs)
    if replaced.name == "tolist":
        raise RuntimeError(refusals.NO_STORAGE)
    raise RuntimeError(NO_RULE.format(TOLD_BY.get(replaced.name, "item")))


def memory(interpreter: VmapInterpreter, replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """What would hand out the memory of a batch."""
    if replaced.name == "numpy" and interpreter.unwrap(args[0])[1] is not None:
        raise RuntimeError(refusals.NO_VIEW_RULE.format("detach"))
    return refusals.memory(interpreter, replaced, args, kwargs)


def function(interpreter: VmapInterpreter, replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """A user's Function, for each element of the batch: its derivatives are its own, and belong to the level below."""
    cls, operands, *rest = args
    call = Call(interpreter, replaced, list(operands), [])
    if not any(call.is_batched(x) for x in operands):
        return batching.passed(interpreter, replaced, args, kwargs)
    with interpreter.lower():
        rows = [call.op(cls, tuple([call.element(x, i) for x in operands]), *rest) for i in range(call.size)]
        if not isinstance(rows[0], tuple):
            return interpreter.batch(*fallback.stacked(rows))
        columns = [fallback.stacked(column) for column in zip(*rows, strict=True)]
        return tuple([interpreter.batch(*c) if isinstance(c, tuple) else c for c in columns])


def leaf(interpreter: VmapInterpreter, replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """requires_grad_ and its like, of a batch those of the whole; no pass that accumulates."""
    if replaced.name == "run_from_scalar":
        raise RuntimeError(BACKWARD)
    value, bdim = interpreter.unwrap(args[0])
    with interpreter.lower():
        replaced((value, *args[1:]), kwargs)
    if bdim is not None:
        args[0]._requires_grad = requires_grad(value)
    return args[0]


def engine(interpreter: VmapInterpreter, replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """A pass: over batches of the level one over the level below, where their graph is; or one with batches as its seeds."""
    roots, seeds, retain_graph, create_graph, inputs, *rest = args
    if rest[1]:
        raise RuntimeError(BACKWARD)
    if not any(at(t, interpreter) is not None for t in tensors_in(roots)):
        return refusals.engine(interpreter, replaced, args, kwargs)
    if any(at(t, interpreter) is None for t in (*tensors_in(roots), *tensors_in(inputs))):
        raise NotImplementedError(
            "numtorch has no gradients of batches with respect to what is no batch inside of a vmap"
        )
    call = Call(interpreter, replaced, [], [])
    with interpreter.lower():
        roots, inputs = [[call.front(t) for t in some] for some in (roots, inputs)]
        given = [creation.ones_like(r) if s is None else call.spread(s) for r, s in zip(roots, seeds, strict=True)]
        found = replaced((roots, given, retain_graph, create_graph, inputs, *rest), kwargs)
        return tuple([None if g is None else interpreter.batch(g, 0) for g in found])


KINDS: dict[str, Callable[..., Any]] = {
    **batching.KINDS,
    "composite": batching.operator,
    "random": random,
    "random_write": random,
    "numbers": numbers,
    "memory": memory,
    "function": function,
    "leaf": leaf,
    "engine": engine,
}


def vmap(func: Callable[..., Any], args: Sequence[Any]) -> tuple:
    """What a function returns for tensors whose first dimension is the batch; None goes through."""
    head = f"vmap({func.__name__}, in_dims=0, ...)(<inputs>): Got in_dim=0 for "
    for arg in args:
        if not isinstance(arg, Tensor):
            raise ValueError(
                f"{head}an input but the input is of type {type(arg)}. We cannot vmap over non-Tensor arguments, please use "
                "None as the respective in_dim"
            )
        if not arg._desc.ndim:
            raise ValueError(
                f"{head}some input, but that input is a Tensor of dimensionality 0 so expected in_dim to satisfy "
                "0 <= in_dim < 0."
            )
    sizes = [len(arg) for arg in args]
    if len(set(sizes)) > 1:
        raise ValueError(
            "vmap: Expected all tensors to have the same size in the mapped dimension, got sizes "
            f"{sizes} for the mapped dimension"
        )
    with LegacyVmapInterpreter(sizes[0], "error") as level:
        outputs = func(*[level.batch(arg, 0) for arg in args])
        with level.lower():
            return tuple([None if out is None else unwrapped_output(func.__name__, out, level, 0) for out in outputs])
