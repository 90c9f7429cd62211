"""What a random program does besides calling operators: backward, hooks, grad modes, detaching, writing items and `.grad`."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from conformance.compose import bodies, calls
from conformance.compose.composer import Choices, Composer, Context, Known
from conformance.compose.phrase import Phrase
from conformance.compose.phrases import (
    forward_mode,
    functions,
    hooks,
    mistakes,
    modes,
    pairs,
    saving,
    several_backwards,
    transforms,
    writing,
)
from conformance.operators import TABLE, Unfit
from conformance.program import (
    Call,
    Delete,
    Ellipsis_,
    Enter,
    Exit,
    Float,
    Get,
    Global,
    List,
    Method,
    Operand,
    Operator,
    Raise,
    Ref,
    Set,
    SetItem,
    Slice,
    Step,
    Unpack,
)

# ----------------------------------------------------------------------------------------------------------- new tensors

_LEAF_SHAPES = ((2,), (3,), (2, 3), (), (3, 3), (2, 2), (1, 3), (1,), (2, 1), (2, 3, 2), (3, 3), (2, 2), (0,), (0, 2))
_DTYPES = ("float32",) * 25 + ("float64",) * 4 + ("float16", "bfloat16", "complex64", "int64")


def leaf(composer: Composer, choices: Choices) -> None:
    """A new leaf, which mostly requires grad."""
    shape = _LEAF_SHAPES[choices.number(len(_LEAF_SHAPES))]
    dtype = str(choices.one(_DTYPES))
    values = str(choices.one(("any", "smooth", "special", "positive")))
    known = composer.tensor(choices, shape, dtype, values, reuse=False)
    if known.floating and not choices.chance(15):
        composer.append(Method(self=known.ref, name="requires_grad_"))
        composer.update(known, grad=True)


# -------------------------------------------------------------------------------------------------------------- backward


def backward(composer: Composer, choices: Choices) -> None:
    """`y.backward()`, with whatever it takes."""
    y = composer.pick(choices, lambda known: known.grad and known.floating)
    args, kwargs = _seed(composer, choices, y), _keeping(choices)
    if choices.chance(15):
        kwargs["inputs"] = List(tuple([known.ref for known in _some(composer, choices)]))
    composer.append(Method(self=y.ref, name="backward", args=args, kwargs=kwargs))


def grad(composer: Composer, choices: Choices) -> None:
    """`torch.autograd.grad(y, inputs)`."""
    y = composer.pick(choices, lambda known: known.grad and known.floating)
    inputs = _some(composer, choices)
    seed, kwargs = _seed(composer, choices, y), _keeping(choices)
    if choices.chance(50):
        kwargs["allow_unused"] = True
    if choices.chance(10):
        kwargs["materialize_grads"] = True
    wanted = List(tuple([known.ref for known in inputs]))
    out = composer.name("t")
    composer.append(Call(function=Global("torch.autograd.grad"), args=(y.ref, wanted, *seed), kwargs=kwargs, out=out))
    names = tuple([composer.name("g") for _ in inputs])
    composer.append(Unpack(value=Ref(out), outs=names, drops=(out,)))
    tracked = kwargs.get("create_graph") is True
    for name, known in zip(names, inputs, strict=True):
        composer.alive(Known(name, known.shape, known.dtype, tracked, not tracked))


def _some(composer: Composer, choices: Choices) -> list[Known]:
    """One or two tensors that require grad."""
    found = [composer.pick(choices, lambda known: known.grad)]
    if choices.chance(40):
        found.append(composer.pick(choices, lambda known: known.grad))
    return found


def _seed(composer: Composer, choices: Choices, y: Known) -> tuple[Operand, ...]:
    """The gradient to start from: distinct numbers; None for a scalar now and then, and seldom where it cannot be."""
    if math.prod(y.shape) == 1 and not choices.number(2):
        return ()
    if choices.chance(3):
        return ()
    return (composer.tensor(choices, y.shape, y.dtype, "distinct", reuse=choices.chance(10)).ref,)


def _keeping(choices: Choices) -> dict[str, Operand]:
    options: dict[str, Operand] = {}
    if choices.number(2):
        options["retain_graph"] = True
    if choices.chance(15):
        options["create_graph"] = True
    return options


# ----------------------------------------------------------------------------------------------------------------- hooks


def hook(composer: Composer, choices: Choices) -> None:
    """A hook on a tensor, on a leaf, or on a node."""
    y = composer.pick(choices, lambda known: known.grad)
    kind = choices.number(5)
    handle = composer.name("h")
    if kind == 1:
        composer.append(Method(self=y.ref, name="retain_grad"))
        return
    if kind == 2 and y.leaf:
        function = bodies.hook(bodies.LEAF_HOOKS[choices.number(len(bodies.LEAF_HOOKS))])
        composer.append(
            Method(self=y.ref, name="register_post_accumulate_grad_hook", args=(function,), out=handle)
        )  # fmt: skip
    elif kind in (3, 4) and not y.leaf:
        node = composer.name("n")
        composer.append(Get(self=y.ref, name="grad_fn", out=node))
        before = kind == 3
        function = bodies.hook(bodies.looks_at_outputs if before else bodies.doubles_inputs)
        name = "register_prehook" if before else "register_hook"
        composer.append(Method(self=Ref(node), name=name, args=(function,), out=handle, drops=(node,)))
    else:
        function = bodies.hook(bodies.TENSOR_HOOKS[choices.number(len(bodies.TENSOR_HOOKS))])
        composer.append(Method(self=y.ref, name="register_hook", args=(function,), out=handle))
    composer.handles.append(handle)


def remove_hook(composer: Composer, choices: Choices) -> None:
    if not composer.handles:
        raise Unfit
    name = composer.handles.pop(choices.number(len(composer.handles)))
    composer.append(Method(self=Ref(name), name="remove"))


# ------------------------------------------------------------------------------------------------------------ grad modes


def _hooks_for_saving() -> tuple[Operand, ...]:
    return bodies.hook(bodies.packs), bodies.hook(bodies.unpacks)


_BLOCKS: tuple[tuple[str, Callable[[], tuple[Operand, ...]], bool | None], ...] = (
    ("torch.no_grad", tuple, False),
    ("torch.enable_grad", tuple, True),
    ("torch.set_grad_enabled", lambda: (False,), False),
    ("torch.inference_mode", tuple, False),
    ("torch.autograd.forward_ad.dual_level", tuple, None),
    ("torch.autograd.set_detect_anomaly", lambda: (True,), None),
    ("torch.autograd.graph.saved_tensors_hooks", _hooks_for_saving, None),
    ("torch.autograd.forward_ad.dual_level", tuple, None),
    ("torch.set_grad_enabled", lambda: (True,), True),
    ("torch.autograd.graph.save_on_cpu", tuple, None),
    ("torch.inference_mode", lambda: (False,), True),
    ("torch.no_grad", tuple, False),
    ("torch.autograd.detect_anomaly", tuple, None),
    ("torch.autograd.graph.allow_mutation_on_saved_tensors", tuple, None),
    (
        "torch.autograd.graph.disable_saved_tensors_hooks",
        lambda: ("saved tensors hooks are disabled in this block",),
        None,
    ),
    ("torch.autograd.set_multithreading_enabled", lambda: (False,), None),
)
"""Blocks, each with its arguments and what it does to grad mode."""


def mode(composer: Composer, choices: Choices) -> None:
    """Enters or leaves a block of some mode; now and then it is an exception that leaves."""
    if composer.contexts and choices.number(4):
        leave(composer, choices)
        return
    path, arguments, recording = _BLOCKS[choices.number(len(_BLOCKS))]
    if path == "torch.set_grad_enabled" and choices.chance(30):  # as a function: nothing but another call ends it
        composer.call(path, *arguments())
        leaving: Step = Call(function=Global(path), args=(composer.recording,))
    else:
        name = composer.name("c")
        composer.call(path, *arguments(), out=name)
        composer.append(Enter(context=Ref(name)))
        leaving = Exit(context=Ref(name), drops=(name,))
    composer.contexts.append(Context(leaving, composer.recording, path.endswith("dual_level")))
    composer.done.append(f"block {path.removeprefix('torch.')}")
    if recording is not None:
        composer.recording = recording


def leave(composer: Composer, choices: Choices) -> None:
    context = composer.contexts.pop()
    leaving = context.leaving
    if isinstance(leaving, Exit) and choices.chance(20):
        leaving = msgspec.structs.replace(leaving, error=Raise("ValueError", "left"))
        composer.done.append("block left by an error")
    composer.append(leaving)
    composer.recording = context.recording


# ---------------------------------------------------------------------------------------------------------- forward mode


def make_dual(composer: Composer, choices: Choices) -> None:
    """A dual number, in a block of forward mode that is open or opened for it."""
    if not any(context.forward for context in composer.contexts):
        name = composer.name("c")
        composer.call("torch.autograd.forward_ad.dual_level", out=name)
        composer.append(Enter(context=Ref(name)))
        composer.contexts.append(Context(Exit(context=Ref(name), drops=(name,)), composer.recording, forward=True))
    x = composer.pick(choices, lambda known: known.floating)
    tangent = composer.tensor(choices, x.shape, x.dtype, "distinct", reuse=choices.chance(25))
    out = composer.name("d")
    composer.call("torch.autograd.forward_ad.make_dual", x.ref, tangent.ref, out=out)
    composer.alive(Known(out, x.shape, x.dtype, x.grad, False))
    if choices.chance(60):  # one of the last steps then has something to say about the tangent
        for _ in range(1 + choices.number(3)):
            calls.smooth(composer, choices)
        unpack_dual(composer, choices)


def unpack_dual(composer: Composer, choices: Choices) -> None:
    """The primal and the tangent of what is alive."""
    y = composer.pick(choices, lambda known: known.floating)
    both, primal, tangent = composer.name("t"), composer.name("y"), composer.name("y")
    composer.call("torch.autograd.forward_ad.unpack_dual", y.ref, out=both)
    composer.append(Unpack(value=Ref(both), outs=(primal, tangent), drops=(both,)))
    composer.alive(Known(primal, y.shape, y.dtype, y.grad, not y.grad))
    composer.alive(Known(tangent, y.shape, y.dtype, y.grad, not y.grad))


def detach(composer: Composer, choices: Choices) -> None:
    """`detach()`, `.data`, `detach_()`, or a change of requires_grad."""
    y = composer.pick(choices)
    match choices.number(5):
        case 0 | 1:
            out = composer.name("y")
            composer.append(Method(self=y.ref, name="detach", out=out))
            composer.alive(Known(out, y.shape, y.dtype, base=y.memory, overlaps=y.overlaps))
        case 2:
            out = composer.name("y")
            composer.append(Get(self=y.ref, name="data", out=out))
            composer.alive(Known(out, y.shape, y.dtype, base=y.memory, overlaps=y.overlaps))
        case 3:
            composer.append(Method(self=y.ref, name="detach_"))
            composer.update(y, grad=False, leaf=True)
        case _:
            wanted = bool(choices.number(2))
            composer.append(Set(self=y.ref, name="requires_grad", value=wanted))
            composer.update(y, grad=wanted or not y.leaf)


# --------------------------------------------------------------------------------------------------- writing: items, .grad


def write_item(composer: Composer, choices: Choices) -> None:
    """`y[index] = value`"""
    y = composer.pick(choices, lambda known: known.overlaps != "unfold")
    index = _index(composer, choices, y)
    value: Operand
    if choices.number(3):
        other = composer.pick(choices, lambda known: known.shape in ((), y.shape[1:]) and known.memory != y.memory)
        value, grad = other.ref, other.grad and composer.recording
    else:
        value, grad = (Float("2.5"), 0, Float("-1.0"))[choices.number(3)], False
    composer.append(SetItem(self=y.ref, index=index, value=value))
    composer.update(y, grad=y.grad or grad, leaf=y.leaf and not grad)


def _index(composer: Composer, choices: Choices, y: Known) -> Operand:
    rows = y.shape[0] if y.shape else 0
    match choices.number(6):
        case 1 if rows:
            return Slice(0, 1)
        case 2:
            return Ellipsis_()
        case 3:
            return composer.tensor(choices, y.shape, "bool", reuse=False).ref
        case 4 if rows:
            return composer.indices(choices, (2,), rows).ref
        case 5 if rows > 1:
            return Slice(None, None, 2)
        case _ if rows:
            return 0
    return Ellipsis_()


def write_grad(composer: Composer, choices: Choices) -> None:
    """`.grad` cleared, replaced, read, or written to."""
    y = composer.pick(choices, lambda known: known.leaf and known.floating)
    match choices.number(4):
        case 0:
            composer.append(Set(self=y.ref, name="grad", value=None))
        case 1:
            g = composer.tensor(choices, y.shape, y.dtype, "distinct", reuse=choices.chance(25))
            composer.append(Set(self=y.ref, name="grad", value=g.ref))
        case 2:
            out = composer.name("g")
            composer.append(Get(self=y.ref, name="grad", out=out))
            composer.append(Method(self=Ref(out), name="zero_", drops=(out,)))
        case _:
            out = composer.name("g")
            composer.append(Get(self=y.ref, name="grad", out=out))
            composer.alive(Known(out, y.shape, y.dtype))


def let_go(composer: Composer, choices: Choices) -> None:
    """`del y`"""
    y = composer.pick(choices)
    composer.append(Delete())
    composer.drop(y.name)


def copy(composer: Composer, choices: Choices) -> None:
    """`y.copy_(x)`, `y.set_(x)`"""
    y = composer.pick(choices, lambda known: known.overlaps != "unfold")
    x = composer.pick(choices, lambda known: known.shape == y.shape)
    grad = y.grad or (x.grad and composer.recording)
    composer.append(Method(self=y.ref, name="copy_", args=(x.ref,)))
    composer.update(y, grad=grad, leaf=y.leaf and not grad)


# ------------------------------------------------------------------------------------------------------------- phrases


def _of(phrases: Sequence[Phrase], kind: str) -> Callable[[Composer, Choices], None]:
    """An action that says one of some phrases."""

    def say(composer: Composer, choices: Choices) -> None:
        one = phrases[choices.number(len(phrases))]
        one(composer, choices)
        composer.done.append(f"phrase {one.__name__}")

    say.__name__ = kind
    return say


# ---------------------------------------------------------------------------------------------------------------- sizes


def fans_out(composer: Composer, choices: Choices) -> None:
    """One tensor used several times."""
    x = composer.pick(choices, lambda known: known.floating)
    rows = [TABLE[name] for name in ("mul", "add", "sin", "exp", "sub", "tanh")]
    uses = []
    for _ in range(2 + choices.number(6)):
        row, out = rows[choices.number(len(rows))], composer.name("y")
        args: Any = (x.ref,) if row.arguments else ()
        composer.append(Method(self=x.ref, name=row.method, args=args, out=out))
        uses.append(out)
    total = uses[0]
    for use in uses[1:]:
        out = composer.name("y")
        composer.append(Operator(operator="add", args=(Ref(total), Ref(use)), out=out, drops=(total, use)))
        total = out
    tracked = x.grad and composer.recording
    composer.alive(Known(total, x.shape, x.dtype, tracked, not tracked))


CHAIN = 10_000
"""Steps of a chain: more than Python's stack, or C's in a debug build, lets a recursion take."""


def chain(composer: Composer, choices: Choices) -> None:
    """A chain of so many steps that nothing may walk it by recursion. Rare: its program takes a second or two."""
    if choices.number(16):
        raise Unfit
    x = composer.pick(choices, lambda known: known.floating and known.grad and 0 < math.prod(known.shape) < 7)
    last = x.name
    operators = ("mul", "add")
    for number in range(CHAIN):
        out = composer.name("y")
        drops = (last,) if number else ()
        args = (Ref(last), (1, Float("1e-4"))[number % 2])
        composer.append(Operator(operator=operators[number % 2], args=args, out=out, drops=drops))
        last = out
    composer.alive(Known(last, x.shape, x.dtype, True, False))
    composer.observe = "last"


PHRASES: dict[str, tuple[Phrase, ...]] = {
    "function": functions.PHRASES,
    "several_backwards": several_backwards.PHRASES,
    "hard_pair": pairs.PHRASES,
    "hooks_at_work": hooks.PHRASES,
    "modes_at_work": modes.PHRASES,
    "saving": saving.PHRASES,
    "forward_mode": forward_mode.PHRASES,
    "transform": transforms.PHRASES,
    "writing": writing.PHRASES,
    "mistake": mistakes.PHRASES,
}
"""Phrases, by what they are about."""

_SAID = {
    "function": 4,
    "several_backwards": 5,
    "hard_pair": 5,
    "hooks_at_work": 3,
    "modes_at_work": 3,
    "saving": 3,
    "forward_mode": 4,
    "transform": 3,
    "writing": 3,
    "mistake": 3,
}

ACTIONS: tuple[tuple[Callable[[Composer, Choices], None], int], ...] = (
    (calls.pointwise, 24),
    (calls.other, 20),
    (calls.view, 15),
    (calls.write, 9),
    (write_item, 5),
    (calls.loss, 2),
    (backward, 7),
    (grad, 4),
    (hook, 4),
    (remove_hook, 1),
    (mode, 4),
    (detach, 3),
    (write_grad, 3),
    (leaf, 4),
    (copy, 1),
    (let_go, 1),
    (fans_out, 1),
    (make_dual, 3),
    (unpack_dual, 1),
    (chain, 1),
    *((_of(PHRASES[kind], kind), weight) for kind, weight in _SAID.items()),
)
"""What may come next, with its weight: the simple first, as that is what a program shrinks to."""
