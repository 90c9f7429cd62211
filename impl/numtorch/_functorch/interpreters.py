"""The interpreters of function transforms: what happens to a call of an operator at each level.

As in PyTorch an operator that is called within a transform goes to the interpreter on top of the stack. That one does what its
transform is about, and calls the operator again on what its operands stand for, one level further down:

| the interpreter | what it does |
|---|---|
| of grad, vjp, jacrev, jvp and jacfwd | runs it on tensors of its level, which makes nodes and tangents there |
| of vmap | runs a batching rule on the batches that its operands stand for (batching.py) |

The result of the first stands for that of the level below.

Levels know nothing of each other: what requires grad at one does not at another, which keeps derivatives of one level from
being taken for those of another.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from .. import grad_mode, levels
from .._functorch import refusals
from .._functorch.inference import Below, Within, sum_with_zeros
from ..aliasing.views import counter_of, storage_of
from ..calls import replacing
from ..calls.replacing import Replaced
from ..forward_rules.operands import exchanged, tensors_in
from ..levels import Wrapped, at, living, show, state
from ..nodes.graph import NotPlain
from ..plain_numpy import np
from ..tensor import Tensor, wrap


class Interpreter:
    """One transform that is running; a context manager that puts it on the stack."""

    kind = ""

    def __init__(self) -> None:
        self.level = 0
        self.alive = True

    def __enter__(self) -> Any:
        replacing.hold()
        state.stack.append(self)
        self.level = len(state.stack)
        return self

    def __exit__(self, *exc: Any) -> None:
        state.stack.remove(self)
        self.alive = False
        replacing.let_go()

    def process(self, replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
        """Do what the transform is about with a call, and hand it on."""
        raise NotImplementedError

    def lower(self) -> Lowered:
        """A context within which the level below is the innermost."""
        return Lowered(self)


class Lowered:
    """Within it an interpreter, which must be the innermost, is off the stack, and modes are those of its outside."""

    __slots__ = ("interpreter", "was")

    def __init__(self, interpreter: Interpreter):
        self.interpreter = interpreter

    def __enter__(self) -> None:
        state.stack.pop()
        modes = grad_mode.state
        self.was = modes.mode, modes.forward, modes.outside_rules, modes.results_later
        modes.results_later = None  # below, results are packed before this level computes its tangents of them
        if modes.outside_rules is not None:
            if modes.outside_rules is not modes.mode:
                grad_mode.set_grad(modes.outside_rules)
            modes.outside_rules = None
        if modes.forward is None:
            modes.forward = True
        self.interpreter.outside()  # type: ignore[attr-defined]

    def __exit__(self, *exc: Any) -> None:
        modes = grad_mode.state
        mode, modes.forward, modes.outside_rules, modes.results_later = self.was
        if mode is not grad_mode.state.mode:
            grad_mode.set_grad(mode)
        state.stack.append(self.interpreter)


def without_the_dead(replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> tuple[tuple, dict]:
    """Arguments with those whose level is over taken for what they stand for."""
    if replaced.kind in AS_THEY_ARE:
        return args, kwargs
    return tuple(exchanged(args, living)), dict(zip(kwargs, exchanged(kwargs.values(), living), strict=True))


AS_THEY_ARE = frozenset(("plainly", "read", "pass", "leaf", "engine", "text", "function"))
"""Kinds of functions that look at a tensor itself, whatever it stands for."""


def outermost(replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """A call outside of all transforms."""
    if replaced.kind == "read":
        return read(None, replaced, args, kwargs)
    args, kwargs = without_the_dead(replaced, args, kwargs)
    if not state.inference:
        return replaced.run(replaced, args, kwargs)
    with Below(args, kwargs):
        return sum_with_zeros(replaced, args, kwargs, replaced.run(replaced, args, kwargs))


replacing.outermost.append(outermost)


# ---- gradients and tangents


class GradInterpreter(Interpreter):
    """The level of grad, vjp and jacrev: what requires grad here, and its graph."""

    kind = "Grad"

    def __enter__(self) -> Any:
        self.within = Within()
        self.within.__enter__()
        self.modes = self.within.modes
        return super().__enter__()

    def __exit__(self, *exc: Any) -> None:
        super().__exit__(*exc)
        self.within.__exit__()

    def outside(self) -> None:
        """Grad mode as it was when the transform began, unless the function has switched it off."""
        mode, forward = self.modes
        if not mode and grad_mode.state.mode:
            grad_mode.set_grad(False)
        if not forward:
            grad_mode.state.forward = False

    def process(self, replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
        return KINDS[replaced.kind](self, replaced, args, kwargs)

    def lift(self, tensor: Any) -> Any:
        """The tensor at this level: of one from outside, a tensor that may not be written to."""
        tensor = living(tensor)
        return tensor if at(tensor, self) is not None else self.wrap(tensor, captured=True)

    def wrap(self, value: Any, captured: bool = False) -> Any:
        """A new tensor of this level."""
        return show(wrap(storage_of(value)), Wrapped(self, value, captured=captured))

    def own(self, tensor: Any) -> Any:
        """A tensor that was made past the interpreters, as one of this level."""
        return show(tensor, Wrapped(self, wrap(storage_of(tensor))))

    def unwrap(self, tensor: Any) -> Any:
        """What a tensor of this level stands for; any other as it is."""
        tensor = living(tensor)
        wrapped = at(tensor, self)
        return tensor if wrapped is None else wrapped.value

    def lifted(self, args: tuple, kwargs: dict[str, Any]) -> tuple[tuple, dict[str, Any]]:
        """Arguments at this level."""
        return tuple(exchanged(args, self.lift)), dict(zip(kwargs, exchanged(kwargs.values(), self.lift), strict=True))

    def below(self, replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
        """The same call one level further down."""
        args = tuple(exchanged(args, self.unwrap))
        kwargs = dict(zip(kwargs, exchanged(kwargs.values(), self.unwrap), strict=True))
        with self.lower():
            return replaced(args, kwargs)

    def attach(self, out: Any, found: Any, given: list[Tensor]) -> None:
        """Let results stand for those of the level below."""
        outs = out if isinstance(out, (tuple, list)) else (out,)
        founds = found if isinstance(found, (tuple, list)) else (found,)
        node = next((o._node for o in outs if isinstance(o, Tensor) and o._made is not None), None)
        for result, value in zip(outs, founds, strict=True):
            if isinstance(result, Tensor) and not any(result is t for t in given):
                self.stand(result, value, node, captured=any(is_window(result, t) for t in given))

    def stand(self, result: Tensor, value: Tensor, node: Any, captured: bool = False) -> None:
        """Let one result stand for one of the level below, and what its node saved of it as well."""
        old = result._array
        wrapped = Wrapped(self, value, captured=captured)
        show(result, wrapped)
        base = result._extra.base  # type: ignore[union-attr]
        if base is not None and base._made is not None:
            node = getattr(base._node, "fn", node)
        if node is not None:
            remember(node, old, result._array, wrapped)


class JvpInterpreter(GradInterpreter):
    """The level of jvp and jacfwd."""

    kind = "Jvp"


class Levelled:
    """A replaced function at one level, as the rules of forward mode call it."""

    __slots__ = ("interpreter", "name", "names", "original", "replaced")

    def __init__(self, interpreter: GradInterpreter, replaced: Replaced, step: Callable[..., Any]):
        self.interpreter, self.replaced = interpreter, replaced
        self.name, self.names = replaced.name, replaced.names
        self.original = lambda *args, **kwargs: step(interpreter, replaced, args, kwargs)


def remember(node: Any, old: Any, array: Any, wrapped: Wrapped) -> None:
    """Note of a result that a node saved as its bare memory what it stands for."""
    for name in getattr(node, "saved", ()):
        if getattr(node, name, None) is old:
            setattr(node, name, array)
            extra = node.extras()
            extra.results = {**(extra.results or {}), name: wrapped}


def operator(interpreter: GradInterpreter, replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """An operator that returns new tensors."""
    if kwargs.get("out") is not None:
        out = kwargs["out"]
        from ..calls.operands import store

        found = operator(interpreter, replaced, args, {k: v for k, v in kwargs.items() if k != "out"})
        return store(out, found, replaced.name, *tensors_in(args))
    args, kwargs = interpreter.lifted(args, kwargs)
    if replaced.name in TAKEN_APART:
        from .batch_rules.decompositions import EVERYWHERE

        return EVERYWHERE[replaced.name](*args, **kwargs)
    return replaced.run(Levelled(interpreter, replaced, step), args, kwargs)


TAKEN_APART = frozenset(("binary_cross_entropy_with_logits", "reshape_alias"))
"""What no transform runs as one operator."""


MOVED = {"native_batch_norm": slice(3, 5)}
"""Operators that write to other operands than the first, and which these are: running statistics."""


def step(interpreter: GradInterpreter, replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """The operator at this level, which records it, and below, which has the numbers, and moves what it moves once."""
    args, kwargs = interpreter.lifted(args, kwargs)
    running = [storage_of(t) for t in args[MOVED[replaced.name]] if t is not None] if replaced.name in MOVED else ()
    before = [array.copy() for array in running]
    out = replaced.original(*args, **kwargs)
    for array, old in zip(running, before, strict=True):
        array[...] = old
    if out is not NotImplemented:
        found = interpreter.below(replaced, args, kwargs)
        interpreter.attach(out, found, list(tensors_in((*args, *kwargs.values()))))
    return out


def write(interpreter: GradInterpreter, replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """An operator that writes to its first operand, which must not come from outside."""
    refuse_captured(interpreter, replaced, args)
    args, kwargs = interpreter.lifted(args, kwargs)
    return replaced.run(Levelled(interpreter, replaced, write_step), args, kwargs)


def write_step(interpreter: GradInterpreter, replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """The write at this level, of which only what it records is kept, and below, where it happens."""
    args, kwargs = interpreter.lifted(args, kwargs)
    target = args[0]
    array = storage_of(target)
    before, version, made, requires = array.copy(), target._version, target._made, target._requires_grad
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what there is to say, of numbers that are converted, is said below
        out = replaced.original(*args, **kwargs)
    if out is NotImplemented:
        return out
    array[...] = before
    try:
        interpreter.below(replaced, args, kwargs)
    except Exception:  # PyTorch counts and records a write once it has happened below
        counter_of(target)[0], target._made, target._requires_grad = version, made, requires
        raise
    wrapped = at(target, interpreter)
    assert wrapped is not None
    interpreter.stand(target, wrapped.value, target._node, wrapped.captured)
    return out


def random_write(interpreter: GradInterpreter, replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """A write of random numbers, which are drawn once, below."""
    refuse_captured(interpreter, replaced, args)
    target, fill, node = args

    def once(interpreter: GradInterpreter, replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
        out = replaced.original(target, lambda array: None, node)
        interpreter.below(replaced, (target, fill, node), {})
        return out

    return replaced.run(Levelled(interpreter, replaced, once), (target, fill, node), kwargs)


CAPTURED = (
    "During a grad (vjp, jvp, grad, etc) transform, the function provided attempted to call in-place operation ({}) that would "
    "mutate a captured Tensor. This is not supported; please rewrite the function being transformed to explicitly accept the "
    "mutated Tensor(s) as inputs."
)


def refuse_captured(interpreter: GradInterpreter, replaced: Replaced, args: tuple) -> None:
    """Refuse to write to what comes from outside, or shows its memory; a formula may, to a tangent that was given."""
    wrapped = at(living(args[0]), interpreter)
    if state.formulas:
        if wrapped is None:  # made by a formula: only there are tensors made past the interpreters
            interpreter.own(args[0])
    elif wrapped is None or wrapped.captured:
        raise RuntimeError(CAPTURED.format(aten_name(replaced.name, args)))


def is_window(result: Tensor, given: Tensor) -> bool:
    """Whether a result shows the memory of an operand that may not be written to."""
    wrapped = levels.wrapped_of(given)
    return wrapped is not None and wrapped.captured and np.may_share_memory(result._array, given._array)


def aten_name(name: str, args: tuple) -> str:
    """The name of an operator that writes, with PyTorch's overload."""
    from .kinds import OVERLOADS

    kind, name = "Tensor" if len(args) > 1 and isinstance(args[1], Tensor) else "Scalar", BASES.get(name, name)
    overload = OVERLOADS.get(name, "")
    return f"aten::{name}" + ("." + (kind if overload == "*" else overload) if overload else "")


BASES = {"index_put_impl_": "_index_put_impl_", "overwrite": "normal_", "store": "copy_"}
"""What PyTorch calls the functions that have another name here."""


def factory(interpreter: GradInterpreter, replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """A function that makes a tensor of nothing: it is one of this level."""
    keywords = {k: v for k, v in kwargs.items() if k != "requires_grad"}
    found = interpreter.below(replaced, args, keywords)
    if not isinstance(found, Tensor):
        return found
    out = interpreter.wrap(found)
    if kwargs.get("requires_grad"):
        out._requires_grad = True
    return out


def numbers(interpreter: GradInterpreter, replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """What tells the numbers of a tensor: they are those of the level below."""
    return interpreter.below(replaced, args, kwargs)


def read(interpreter: Any, replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """A saved result is read again: it stands for what it stood for."""
    tensor = replaced.run(replaced, args, kwargs)
    node, name = args[0], args[1] if len(args) > 1 and isinstance(args[1], str) else "result"
    results = None if tensor is None or node.extra is None else node.extra.results
    if results is not None and name in results:
        show(tensor, results[name])
    return tensor


def backward_pass(interpreter: Any, replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """A pass, which goes over Tensors."""
    with levels.Formulas():
        return replaced.original(*args, **{**kwargs, "tangents": True})


def refused(interpreter: Any, replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """What transforms do not allow."""
    return refusals.refuse(replaced, args, kwargs)


def plainly(interpreter: Any, replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """A part of something else, for which only tangents matter."""
    if replaced.name == "of_scalar":
        return NotPlain
    return replaced.run(replaced, args, kwargs)


def detour(interpreter: Any, replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """A shortcut of Python's operators: the operator itself is called."""
    from .. import dispatch

    return getattr(dispatch, replaced.name.removesuffix("_operator"))(*args, **kwargs)


def function(interpreter: Any, replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """A user's Function."""
    from .autograd_function import apply

    return apply(replaced, *args, **kwargs)


def text(interpreter: Any, replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """How a tensor is printed."""
    with EveryLevelOff():
        return replaced.original(*args, **kwargs)


def composite(interpreter: Any, replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """What is made of operators, each of which comes here by itself."""
    from .batch_rules import COMPOSITES

    args, kwargs = interpreter.lifted(args, kwargs)
    of_vector = args[0]._desc.ndim == 1  # which is no matrix of one row here, as it is outside
    function = COMPOSITES.get(replaced.name) if of_vector else None
    return (function or replaced.original)(*args, **kwargs)


def lifted(interpreter: GradInterpreter, replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """What looks at tensors of this level as such: a dual or a primal stands for a view of what it is made of."""
    args, kwargs = interpreter.lifted(args, kwargs)
    with levels.Formulas():
        out = replaced.original(*args, **kwargs)
    from .. import dispatch

    value = interpreter.unwrap(args[0])
    with interpreter.lower():
        show(out if replaced.name == "make_dual" else out.primal, Wrapped(interpreter, dispatch.alias(value)))
    return out


class EveryLevelOff:
    """Within it no level is the innermost."""

    def __enter__(self) -> None:
        self.was, state.stack = state.stack, []

    def __exit__(self, *exc: Any) -> None:
        state.stack = self.was


def formula(interpreter: Any, replaced: Replaced, args: tuple, kwargs: dict[str, Any]) -> Any:
    """What is an operator only to a vmap."""
    args, kwargs = without_the_dead(replaced, args, kwargs)
    return replaced.original(*args, **kwargs)


KINDS: dict[str, Callable[..., Any]] = {
    "operator": operator,
    "formula": formula,
    "write": write,
    "factory": factory,
    "random": factory,
    "random_write": random_write,
    "plainly": plainly,
    "engine": refusals.engine,
    "numbers": numbers,
    "looped": factory,
    "told": numbers,
    "memory": refusals.memory,
    "read": read,
    "pass": backward_pass,
    "leaf": refused,
    "detour": detour,
    "composite": composite,
    "lifted": lifted,
    "queried": formula,
    "function": function,
    "text": text,
}
