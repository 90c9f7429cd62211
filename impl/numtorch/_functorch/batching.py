"""The interpreter of vmap: operators on batches.

An operand of its level stands for a batch: a tensor of the level below with one dimension more. An operator that gets such
operands runs a batching rule on the batches (batch_rules/); one that has none runs for each element of the batch, whose
results are stacked, which is always right and only slower. What gets no such operand is none of this level's business.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import dispatch, grad_mode, levels
from .._functorch import interpreters, refusals
from ..aliasing.strided import repeated, room_of
from ..aliasing.views import storage_of
from ..calls.replacing import Replaced
from ..forward_rules.operands import exchanged, tensors_in
from ..levels import Wrapped, at, living, show, state
from ..plain_numpy import np
from ..tensor import Tensor, wrap
from .fallback import fall_back, fall_back_written, loop, loop_written, stacked
from .interpreters import Interpreter, without_the_dead
from .slow import SLOW, warn_if_slow

RANDOMNESS = (
    "vmap: called random operation while in randomness error mode. Please either use the 'same' or 'different' randomness "
    "flags on vmap or perform the randomness operation out of vmap"
)


class VmapInterpreter(Interpreter):
    """The level of one vmap."""

    kind = "Vmap"
    pads = False  # an operand without a batch gets a dimension of size one in its place

    def __init__(self, size: int, randomness: str):
        super().__init__()
        self.size, self.randomness = size, randomness

    def outside(self) -> None:
        """Modes are the same on both sides."""

    def process(self, replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
        if replaced.name in refusals.RANDOM:
            raise RuntimeError(refusals.RANDOM[replaced.name])
        return KINDS[replaced.kind](self, replaced, args, kwargs)

    def batch(self, value: Any, bdim: int | None) -> Any:
        """A tensor of this level that stands for a batch; without a batch dimension, the value itself."""
        if bdim is None:
            return value
        array = storage_of(value)
        out = show(wrap(levels.first(array, bdim)), Wrapped(self, value, bdim))
        out._extra.inference = grad_mode.state.inference  # type: ignore[union-attr]
        return out

    def own(self, tensor: Any) -> Any:
        """A tensor that was made past the interpreters, as a batch of its like, in as much memory as each has room for."""
        array = storage_of(tensor)
        if type(array) is np.ndarray and array.size < room_of(array):
            value = wrap(repeated(array, self.size))
        else:
            value = dispatch.clone(dispatch.expand(wrap(array), (self.size, *tensor._desc.shape)))
        levels.innermost(value)._counter = None  # it is made so, and not copied
        return show(tensor, Wrapped(self, value, 0))

    def rule(self, name: str) -> Rule:
        """The batching rule of an operator."""
        from .batch_rules import RULES

        if name in refusals.UNRULED:
            raise RuntimeError(refusals.UNRULED[name])
        return fall_back if warn_if_slow(name) else RULES.get(name, loop)

    def write_rule(self, name: str) -> Rule:
        """The batching rule of an operator that writes."""
        from .batch_rules import WRITES

        return fall_back_written if warn_if_slow(name) else WRITES.get(name, loop_written)

    def steps(self, name: str) -> Callable[..., Any] | None:
        """What an operator is taken apart into."""
        from .batch_rules import DECOMPOSITIONS

        return DECOMPOSITIONS.get(name)

    def composite(self, replaced: Replaced) -> Callable[..., Any]:
        """A function that is made of operators, of others than usually."""
        from .batch_rules import COMPOSITES

        if replaced.name in SLOW:
            return lambda *args, **kwargs: operator(self, replaced, args, kwargs)
        return COMPOSITES.get(replaced.name, replaced.original)

    def physical(self, value: Any, bdim: int) -> Any:
        """A batch as the fallback gets at its elements: its dimension is moved to the front even if it is there."""
        dims = list(range(value._desc.ndim))
        dims.insert(0, dims.pop(bdim))
        return dispatch.permute(value, tuple(dims))

    def unwrap(self, tensor: Any) -> tuple[Any, int | None]:
        """The batch that a tensor stands for, and its dimension; any other tensor, and None."""
        tensor = living(tensor)
        wrapped = at(tensor, self)
        return (tensor, None) if wrapped is None else (wrapped.value, wrapped.bdim)


class Call:
    """A call of an operator with batches, as a batching rule sees it: within it the level below is the innermost."""

    __slots__ = ("args", "interpreter", "names", "replaced", "size")

    def __init__(self, interpreter: VmapInterpreter, replaced: Replaced, args: list, names: list[str]):
        self.interpreter, self.replaced, self.args, self.names = interpreter, replaced, args, names
        self.size = interpreter.size

    def op(self, *args: Any) -> Any:
        """The operator itself, at the level below."""
        return self.replaced(args, {})

    def is_batched(self, value: Any) -> bool:
        """Whether an argument stands for a batch."""
        return isinstance(value, Tensor) and at(value, self.interpreter) is not None

    def is_target(self) -> bool:
        """Whether what is written to is a batch; of a formula, which makes tensors past the interpreters, it becomes one."""
        target = self.args[0]
        if not self.is_batched(target) and state.formulas:
            self.interpreter.own(target)
        return self.is_batched(target)

    def front(self, value: Any) -> Any:
        """The batch with its dimension in front; any other argument as it is."""
        if not isinstance(value, Tensor):
            return value
        found, bdim = self.interpreter.unwrap(value)
        return found if bdim is None else to_front(found, bdim)

    def spread(self, value: Any) -> Any:
        """The same, of a tensor without a batch as many times as the batch has elements."""
        found = self.front(value)
        if self.is_batched(value):
            return found
        return dispatch.expand(found, (self.size, *found._desc.shape))

    def own(self, value: Any) -> Any:
        """The same, with memory of its own for each element, which can be written to."""
        found = self.spread(value)
        return found if self.is_batched(value) else dispatch.clone(found)

    def physical(self, value: Any) -> Any:
        """A batch as the fallback gets at its elements."""
        return self.interpreter.physical(*self.interpreter.unwrap(value))

    def place(self, name: str) -> int:
        """Where the parameter of a name stands."""
        return self.names.index(name)

    def element(self, value: Any, index: int) -> Any:
        """What one element of the batch has for an argument."""
        if not self.is_batched(value):
            return value
        found, bdim = self.interpreter.unwrap(value)
        return dispatch.select(found, bdim, index)


Rule = Callable[[Call], Any]


def rank(value: Any) -> int:
    """How many dimensions a tensor has at its level."""
    return int(value._desc.ndim)


def shifted(dim: Any, ndim: int) -> Any:
    """Dimensions as they are counted behind the batch's."""
    if isinstance(dim, (tuple, list)):
        return tuple([d % ndim + 1 for d in dim])
    return dim % ndim + 1


def to_front(value: Any, bdim: int, to: int = 0) -> Any:
    """A batch with its dimension elsewhere."""
    if bdim == to:
        return value
    dims = list(range(value._desc.ndim))
    dims.insert(to, dims.pop(bdim))
    return dispatch.permute(value, tuple(dims))


# ---- kinds of functions


def operator(interpreter: VmapInterpreter, replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """An operator that returns new tensors."""
    out = kwargs.get("out")
    if out is not None:
        from ..calls.operands import store

        found = operator(interpreter, replaced, args, {k: v for k, v in kwargs.items() if k != "out"})
        return store(out, found, replaced.name, *tensors_in(args))
    call = call_of(interpreter, replaced, args, kwargs)
    if call is None:
        return passed(interpreter, replaced, args, kwargs)
    steps = interpreter.steps(replaced.name)
    found = NotImplemented if steps is None else steps(*call.args)
    if found is not NotImplemented:
        return found
    rule = interpreter.rule(replaced.name)
    with interpreter.lower():
        found = rule(call)
    if found is NotImplemented:
        return found
    if type(found) is tuple and len(found) == 2 and (found[1] is None or type(found[1]) is int):
        return interpreter.batch(*found)
    return tuple([interpreter.batch(*f) if type(f) is tuple else f for f in found])


def call_of(interpreter: VmapInterpreter, replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Call | None:
    """The call with its arguments in their places, or None if it has no batch."""
    args, kwargs = without_the_dead(replaced, args, kwargs)
    if not any(at(t, interpreter) is not None for t in tensors_in((*args, *kwargs.values()))):
        return None
    names = replaced.names
    given = dict(zip(names, args, strict=False)) | kwargs
    ordered = [given[n] for n in names if n in given] if len(args) <= len(names) and names else list(args)
    if len(args) > len(names):
        ordered = list(args)
    return Call(interpreter, replaced, ordered, names)


def passed(interpreter: VmapInterpreter, replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """A call that this level has nothing to do with."""
    args, kwargs = without_the_dead(replaced, args, kwargs)
    with interpreter.lower():
        return replaced(args, kwargs)


def write(interpreter: VmapInterpreter, replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """An operator that writes to its first operand."""
    call = call_of(interpreter, replaced, args, kwargs)
    if call is None:
        return passed(interpreter, replaced, args, kwargs)
    rule = interpreter.write_rule(replaced.name)
    with interpreter.lower():
        found = rule(call)
    if found is NotImplemented:
        return found
    target = living(args[0])
    wrapped = at(target, interpreter)
    if wrapped is not None:
        show(target, wrapped)
    return target


def factory(interpreter: VmapInterpreter, replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """A function that makes a tensor: like a batch, a batch of them."""
    model = living(args[0]) if args and isinstance(args[0], Tensor) else None
    wrapped = None if model is None else at(model, interpreter)
    if wrapped is not None and replaced.name == "tensor":
        raise NotImplementedError("numtorch has no tensor() of a batch; clone().detach() copies one")
    if wrapped is None or model is None or replaced.name == "as_tensor":
        return passed(interpreter, replaced, args, kwargs)
    value = wrapped.value if wrapped.bdim == 0 else None
    with interpreter.lower():
        if value is None:
            value = to_front(wrapped.value, wrapped.bdim or 0)
        if not replaced.name.startswith("new_"):
            found = replaced((value, *args[1:]), kwargs)
        else:
            size, rest = args[1:], ()
            if replaced.name == "new_full":
                size, rest = args[1:2], args[2:]
            if len(size) == 1 and isinstance(size[0], (tuple, list)):
                size = tuple(size[0])
            found = replaced((value, (interpreter.size, *size), *rest), kwargs)
    return interpreter.batch(found, 0)


def random(interpreter: VmapInterpreter, replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """Random numbers: refused, or the same for all elements of the batch, or others for each."""
    if interpreter.randomness == "error":
        raise RuntimeError(RANDOMNESS)
    if interpreter.randomness == "same":
        if any(at(living(t), interpreter) is not None for t in tensors_in(args)):
            first = exchanged(args, lambda t: plain_element(interpreter, t))
            return passed(interpreter, replaced, tuple(first), kwargs)
        return passed(interpreter, replaced, args, kwargs)
    with interpreter.lower():
        rows = []
        for index in range(interpreter.size):
            own = exchanged(args, lambda t, i=index: element(interpreter, t, i))
            rows.append(replaced(tuple(own), kwargs))
        found = dispatch.stack(rows, 0)
    return interpreter.batch(found, 0)


def element(interpreter: VmapInterpreter, tensor: Any, index: int) -> Any:
    """What one element of the batch has for a tensor."""
    value, bdim = interpreter.unwrap(tensor)
    return value if bdim is None else dispatch.select(value, bdim, index)


def plain_element(interpreter: VmapInterpreter, tensor: Any) -> Any:
    """What the first element of the batch has for a tensor, at the level below."""
    with interpreter.lower():
        return element(interpreter, tensor, 0)


def random_write(interpreter: VmapInterpreter, replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """Random numbers written into a tensor."""
    if interpreter.randomness == "error":
        raise RuntimeError(RANDOMNESS)
    target, fill, node = args
    value, bdim = interpreter.unwrap(target)
    if bdim is None:
        return passed(interpreter, replaced, args, kwargs)
    with interpreter.lower():
        if interpreter.randomness == "same":
            first = dispatch.clone(dispatch.select(value, bdim, 0))
            replaced((first, fill, node), kwargs)
            for index in range(interpreter.size):
                dispatch.select(value, bdim, index).copy_(first)
        else:
            replaced((value, fill, node), kwargs)
    return target


def numbers(interpreter: VmapInterpreter, replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """What tells the numbers of a tensor, which those of a batch are not."""
    if at(living(args[0]), interpreter) is None:
        return passed(interpreter, replaced, args, kwargs)
    if replaced.name == "tolist":
        raise RuntimeError(refusals.NO_STORAGE)
    raise RuntimeError(refusals.CONTROL_FLOW if replaced.name == "__bool__" else refusals.ITEM)


def looped(interpreter: VmapInterpreter, replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """A function that reads the numbers itself and has no derivative: once for each element of the batch."""
    args, kwargs = without_the_dead(replaced, args, kwargs)
    if not any(at(t, interpreter) is not None for t in tensors_in((*args, *kwargs.values()))):
        return passed(interpreter, replaced, args, kwargs)
    if not interpreter.size:
        raise NotImplementedError(f"numtorch has no vmap over {replaced.name} of an empty batch")
    warn_if_slow(replaced.name)
    with interpreter.lower():
        rows = []
        for index in range(interpreter.size):
            own, keywords = [
                exchanged(some, lambda t, i=index: element(interpreter, t, i)) for some in (args, kwargs.values())
            ]
            rows.append(replaced(tuple(own), dict(zip(kwargs, keywords, strict=True))))
        return interpreter.batch(*stacked(rows))


def told(interpreter: VmapInterpreter, replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """What answers with a bool, which a batch has many of."""
    args, kwargs = without_the_dead(replaced, args, kwargs)
    if any(at(t, interpreter) is not None for t in tensors_in((*args, *kwargs.values()))):
        raise RuntimeError(refusals.TOLD[replaced.name])
    return passed(interpreter, replaced, args, kwargs)


def composite(interpreter: VmapInterpreter, replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """What is made of operators, of others than usually if there is a batch."""
    args, kwargs = without_the_dead(replaced, args, kwargs)
    if any(at(t, interpreter) is not None for t in tensors_in((*args, *kwargs.values()))):
        return interpreter.composite(replaced)(*args, **kwargs)
    return passed(interpreter, replaced, args, kwargs)


def queried(interpreter: VmapInterpreter, replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """What asks how a batch lies in memory, which it is told of row-major only."""
    from ..device import contiguous_format

    told = kwargs.get("memory_format", args[1] if len(args) > 1 else None)
    if told not in (None, contiguous_format) and at(living(args[0]), interpreter) is not None:
        raise RuntimeError(refusals.FORMAT)
    return replaced.original(*args, **kwargs)


def lifted(interpreter: VmapInterpreter, replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """A dual and its parts: that of batches is a batch, for tangents belong to the levels below."""
    call = call_of(interpreter, replaced, args, kwargs)
    if call is None:
        return passed(interpreter, replaced, args, kwargs)
    with interpreter.lower():
        if replaced.name == "make_dual":
            primal, tangent, *rest = call.args
            return interpreter.batch(call.op(call.own(primal), call.spread(tangent), *rest), 0)
        found = call.op(call.front(call.args[0]), *call.args[1:])
        return type(found)(*[None if part is None else interpreter.batch(part, 0) for part in found])


KINDS: dict[str, Callable[..., Any]] = {
    **interpreters.KINDS,
    "operator": operator,
    "formula": operator,
    "write": write,
    "factory": factory,
    "random": random,
    "random_write": random_write,
    "numbers": numbers,
    "looped": looped,
    "told": told,
    "composite": composite,
    "lifted": lifted,
    "queried": queried,
}

__all__ = ["Call", "VmapInterpreter", "grad_mode", "to_front"]
