"""What a random program does besides calling operators: backward, hooks, grad modes, detaching, writing items and `.grad`."""

from __future__ import annotations

import math
from typing import Any

from conformance.compose import bodies, calls
from conformance.compose.composer import Choices, Composer, Known
from conformance.operators import TABLE, Unfit
from conformance.program import (
    Bind,
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
    Unpack,
)

# ----------------------------------------------------------------------------------------------------------- new tensors

_LEAF_SHAPES = ((2,), (3,), (2, 3), (), (3, 3), (2, 2), (1, 3), (1,), (2, 1), (2, 3, 2), (0,), (0, 2))
_DTYPES = ("float32",) * 12 + ("float64",) * 3 + ("float16",)


def leaf(composer: Composer, choices: Choices) -> None:
    """A new leaf, which mostly requires grad."""
    shape = _LEAF_SHAPES[choices.number(len(_LEAF_SHAPES))]
    dtype = str(choices.one(_DTYPES))
    values = str(choices.one(("any", "smooth", "special", "positive")))
    known = composer.tensor(choices, shape, dtype, values, reuse=False)
    if not choices.chance(15):
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

_MODES = ("no_grad", "no_grad", "no_grad", "enable_grad", "inference_mode")


def mode(composer: Composer, choices: Choices) -> None:
    """Enters or leaves a block of some grad mode; now and then it is an exception that leaves."""
    if composer.contexts and choices.number(4):
        leave(composer, choices)
        return
    name = str(choices.one(_MODES))
    context = composer.name("c")
    composer.append(Call(function=Global(f"torch.{name}"), out=context))
    composer.append(Enter(context=Ref(context)))
    composer.contexts.append(context)
    composer.recording = name == "enable_grad"


def leave(composer: Composer, choices: Choices) -> None:
    context = composer.contexts.pop()
    error = Raise("ValueError", "left") if choices.chance(20) else None
    composer.append(Exit(context=Ref(context), error=error, drops=(context,)))
    composer.recording = not composer.contexts


def detach(composer: Composer, choices: Choices) -> None:
    """`detach()`, `.data`, `detach_()`, or a change of requires_grad."""
    y = composer.pick(choices)
    match choices.number(5):
        case 0 | 1:
            out = composer.name("y")
            composer.append(Method(self=y.ref, name="detach", out=out))
            composer.alive(Known(out, y.shape, y.dtype))
        case 2:
            out = composer.name("y")
            composer.append(Get(self=y.ref, name="data", out=out))
            composer.alive(Known(out, y.shape, y.dtype))
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
    y = composer.pick(choices)
    index = _index(composer, choices, y)
    value: Operand
    if choices.number(3):
        other = composer.pick(choices, lambda known: known.shape in ((), y.shape[1:]))
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
    y = composer.pick(choices)
    x = composer.pick(choices, lambda known: known.shape == y.shape)
    grad = y.grad or (x.grad and composer.recording)
    composer.append(Method(self=y.ref, name="copy_", args=(x.ref,)))
    composer.update(y, grad=grad, leaf=y.leaf and not grad)


# ------------------------------------------------------------------------------------------------------------ Functions


def function(composer: Composer, choices: Choices) -> None:
    """A call of an autograd.Function."""
    x = composer.pick(choices, lambda known: known.floating)
    body = bodies.FUNCTIONS[choices.number(len(bodies.FUNCTIONS))]
    shape = (1, *x.shape) if body is bodies.returns_a_view else x.shape
    name, out = composer.name("F"), composer.name("y")
    composer.append(Bind(out=name, value=bodies.class_of(body)))
    composer.append(Method(self=Ref(name), name="apply", args=(x.ref,), out=out, drops=(name,)))
    grad = x.grad and composer.recording
    composer.alive(Known(out, shape, x.dtype, grad, not grad))


# ------------------------------------------------------------------------------------------------------------ hard pairs


def writes_through_a_view(composer: Composer, choices: Choices) -> None:
    """A view of a view is written to, and the base is read."""
    base = composer.pick(
        choices, lambda known: known.shape != () and known.floating and not (known.leaf and known.grad)
    )
    calls.view(composer, choices)
    calls.view(composer, choices)
    calls.write(composer, choices)
    out = composer.name("y")
    composer.append(Operator(operator="mul", args=(base.ref, Float("3.0")), out=out))
    composer.alive(Known(out, base.shape, base.dtype, base.grad, not base.grad))


def writes_what_was_saved(composer: Composer, choices: Choices) -> None:
    """A tensor is saved, written to, and backward needs it."""
    x = composer.pick(choices, lambda known: known.grad and known.floating)
    y, z = composer.name("y"), composer.name("y")
    composer.append(Operator(operator="mul", args=(x.ref, x.ref), out=y))
    composer.append(Method(self=Ref(y), name="exp" if choices.number(2) else "neg", out=z))
    composer.append(Method(self=x.ref if choices.number(2) else Ref(y), name="mul_", args=(2,)))
    composer.alive(Known(y, x.shape, x.dtype, True, False))
    composer.alive(Known(z, x.shape, x.dtype, True, False))
    backward(composer, choices)


def hooks_around_a_write(composer: Composer, choices: Choices) -> None:
    """A hook, a write, and another hook."""
    y = composer.pick(choices, lambda known: known.grad and not known.leaf)
    for _ in range(2):
        handle = composer.name("h")
        function = bodies.hook(bodies.TENSOR_HOOKS[choices.number(len(bodies.TENSOR_HOOKS))])
        composer.append(Method(self=y.ref, name="register_hook", args=(function,), out=handle))
        composer.append(Method(self=y.ref, name=str(choices.one(("mul_", "add_"))), args=(2,)))


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


ACTIONS = (
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
    (mode, 3),
    (detach, 3),
    (write_grad, 3),
    (leaf, 4),
    (function, 3),
    (copy, 1),
    (let_go, 1),
    (writes_through_a_view, 2),
    (writes_what_was_saved, 1),
    (hooks_around_a_write, 1),
    (fans_out, 1),
)
"""What may come next, with its weight: the simple first, as that is what a program shrinks to."""
