"""A user's Function within transforms: at each level by its own rules, as if it were an operator.

| the interpreter | what becomes of `F.apply(x)` |
|---|---|
| of grad and jvp | a Function of that one level: its forward calls F at the level below, its backward and jvp are F's |
| of vmap | what F.vmap returns for the batches |
| of vmap, with generate_vmap_rule | a Function whose forward, backward and jvp are F's under a vmap |
"""

from __future__ import annotations

from typing import Any, NamedTuple

from .. import levels
from ..autograd import function as functions
from ..autograd.function import Function
from ..autograd.grad_mode import enable_grad
from ..calls.replacing import Replaced
from ..forward_rules.operands import exchanged
from ..levels import at, living, state
from ..tensor import Tensor
from ..tree import broadcast_to_and_flatten, tree_flatten, tree_leaves, tree_map, tree_unflatten
from .batching import VmapInterpreter
from .interpreters import GradInterpreter
from .vmap import restore_vmap, unwrap_batched, vmap, wrap_batched

SEE = "For more details, please see https://pytorch.org/docs/main/notes/extending.func.html"
NO_SETUP = (
    "In order to use an autograd.Function with functorch transforms (vmap, grad, jvp, jacrev, ...), it must override the "
    f"setup_context staticmethod. {SEE}"
)


class VmapInfo(NamedTuple):
    """What a Function's vmap is told."""

    batch_size: int
    randomness: str


def apply(replaced: Replaced, cls: Any, args: tuple, setup: bool) -> Any:
    """One call of a Function, by the innermost interpreter."""
    if state.single_level:
        return replaced.original(cls, args, setup)
    args = tuple(exchanged(args, living))
    if not setup:
        raise RuntimeError(NO_SETUP)
    interpreter = state.stack[-1]
    if isinstance(interpreter, VmapInterpreter):
        return batched(interpreter, cls, args)
    return at_one_level(interpreter, cls, args)


def below(cls: Any, args: tuple) -> Any:
    """The Function at the level that is the innermost now."""
    return functions._call(cls, tuple(args), True)


class single_level:
    """Within it a Function runs as it is, at the innermost level."""

    def __init__(self, mode: bool):
        self.mode = mode

    def __enter__(self) -> None:
        self.was, levels.state.single_level = levels.state.single_level, self.mode

    def __exit__(self, *exc: Any) -> None:
        levels.state.single_level = self.was


# ---- grad and jvp


def at_one_level(interpreter: GradInterpreter, cls: Any, args: tuple) -> Any:
    """A Function of one level, whose forward is the Function at the level below."""

    def forward(*operands: Any) -> Any:
        inner = exchanged(operands, interpreter.unwrap)
        with single_level(False), enable_grad(), _forward_mode(), interpreter.lower():
            found = below(cls, tuple(inner))
        return keeping_identity(found, inner, operands, interpreter.wrap)

    generated = type(
        f"{cls.__name__}Generated",
        (Function,),
        {
            "forward": staticmethod(forward),
            "backward": staticmethod(lambda ctx, *grads: derivative(cls)(ctx, *grads)),
            "jvp": staticmethod(lambda ctx, *tangents: cls.jvp(ctx, *tangents)),
            "setup_context": staticmethod(lambda ctx, inputs, output: cls.setup_context(ctx, inputs, output)),
        },
    )
    lifted = tuple(exchanged(args, interpreter.lift))
    with single_level(True):
        return generated.apply(*lifted)  # type: ignore[attr-defined]


def derivative(cls: Any) -> Any:
    """The backward of a Function, or the vjp that it has instead."""
    return cls.vjp if cls.backward is Function.backward else cls.backward


class _forward_mode:
    def __enter__(self) -> None:
        from .. import grad_mode

        self.was, grad_mode.state.forward = grad_mode.state.forward, True

    def __exit__(self, *exc: Any) -> None:
        from .. import grad_mode

        grad_mode.state.forward = self.was


def keeping_identity(outputs: Any, inner: Any, given: Any, wrap: Any, out_dims: Any = False) -> Any:
    """Outputs wrapped, but what was handed in is handed out as the same object."""
    known = {
        id(i): g
        for i, g in zip(tree_leaves(tuple(inner)), tree_leaves(tuple(given)), strict=True)
        if isinstance(i, Tensor)
    }
    flat, spec = tree_flatten(outputs)
    dims: Any = [None] * len(flat)
    if out_dims is not False:
        dims = broadcast_to_and_flatten(out_dims, spec)
        if dims is None:
            raise RuntimeError(
                "The autograd.Function's vmap staticmethod returned an incompatible (output, out_dims) tuple. "
                f"Expected out_dims={out_dims} to be compatible with the structure of `output`. out_dims has structure "
                f"{tree_flatten(out_dims)[1]} but output has structure {spec}. {SEE}"
            )
    found = []
    for value, dim in zip(flat, dims, strict=True):
        if not isinstance(value, Tensor):
            found.append(value)
        elif id(value) in known:
            found.append(known[id(value)])
        else:
            found.append(wrap(value) if out_dims is False else wrap(value, dim))
    return tree_unflatten(found, spec)


# ---- vmap


def batched(interpreter: VmapInterpreter, cls: Any, args: tuple) -> Any:
    """A Function on batches: by its own rule, or by one that is made of it."""
    own = cls.vmap is not Function.vmap
    if cls.generate_vmap_rule:
        if own:
            raise RuntimeError(
                f"You tried to vmap over {cls.__name__}, but it has both generate_vmap_rule=True and an overridden vmap "
                "staticmethod. Please set generate_vmap_rule=False or delete the overridden vmap staticmethod to avoid "
                f"ambiguity. {SEE}"
            )
        return by_generated_rule(interpreter, cls, args)
    if not own:
        raise RuntimeError(
            f"You tried to vmap over {cls.__name__}, but it does not have vmap support. Please override and implement the vmap "
            f"staticmethod or set generate_vmap_rule=True. {SEE}"
        )
    inner, dims = unwrap_batched(args, interpreter)
    if all(dim is None for dim in tree_leaves(dims)):
        with interpreter.lower():
            return below(cls, args)
    with interpreter.lower():
        found = cls.vmap(VmapInfo(interpreter.size, interpreter.randomness), dims, *inner)
    expected = (
        "Expected the vmap staticmethod to have two returns, an output and out_dims with pytree structure compatible with the "
        "output. "
    )
    if not isinstance(found, tuple):
        raise RuntimeError(f"{expected}Got a {type(found)} instead")
    if len(found) != 2:
        raise RuntimeError(f"{expected}Got {len(found)} returns instead")
    output, out_dims = found
    return keeping_identity(output, inner, args, interpreter.batch, out_dims)


def by_generated_rule(interpreter: VmapInterpreter, cls: Any, args: tuple) -> Any:
    """A Function whose parts are those of another under a vmap."""
    inner, dims = unwrap_batched(args, interpreter)
    made = vmapped(cls, dims, interpreter.size, interpreter.randomness)
    with interpreter.lower():
        outputs, out_dims = output_and_dims(below(made, inner))
    flat, spec = tree_flatten(outputs)
    flat_dims = broadcast_to_and_flatten(out_dims, spec)
    assert flat_dims is not None
    return wrap_batched(interpreter, flat, flat_dims, spec)


def output_and_dims(outputs: tuple) -> tuple[Any, Any]:
    """What such a Function's forward returns: the outputs, one or several, and behind them their batch dimensions."""
    dims = outputs[-1]
    return (outputs[:-1], dims) if isinstance(dims, tuple) else (outputs[0], dims)


class CtxWithSavedTensors:
    """A ctx with saved tensors of its own; anything else is that of the ctx within."""

    def __init__(self, ctx: Any, **own: Any):
        self.__dict__.update(own, _inner=ctx)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["_inner"], name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self.__dict__["_inner"], name, value)


class CtxCustomSave(CtxWithSavedTensors):
    """A ctx that saves the batches which tensors of a vmap stand for, and notes their dimensions."""

    def save_for_backward(self, *tensors: Any) -> None:
        self._save("save_for_backward", tensors)

    def save_for_forward(self, *tensors: Any) -> None:
        self._save("save_for_forward", tensors)

    def _save(self, how: str, tensors: tuple) -> None:
        values, self.__dict__["dims"] = unwrap_batched(tensors, self.__dict__["level"])
        getattr(self.__dict__["_inner"], how)(*values)


def vmapped(cls: Any, in_dims: Any, size: int, randomness: str) -> Any:
    """A Function on batches, of the same nature: its backward and jvp are those of the other under a vmap."""
    key = object()  # what it keeps on a ctx, which several may share

    def forward(*operands: Any) -> Any:
        outputs, out_dims = restore_vmap(cls.forward, in_dims, size, randomness)(*operands)
        return (outputs, out_dims) if isinstance(outputs, Tensor) else (*outputs, out_dims)

    def setup_context(ctx: Any, inputs: Any, outputs: Any) -> None:
        outputs, out_dims = output_and_dims(outputs)
        kept: dict[str, Any] = {"out_dims": out_dims}

        def inner(inputs: Any, outputs: Any) -> None:
            wrapped = CtxCustomSave(ctx, level=state.stack[-1], dims=())
            cls.setup_context(wrapped, inputs, outputs)
            kept["shapes"] = tuple([i.shape if isinstance(i, Tensor) else None for i in inputs])
            kept["saved_dims"] = wrapped.__dict__["dims"]

        restore_vmap(inner, (in_dims, out_dims), size, randomness)(inputs, outputs)
        ctx._vmapped = {**getattr(ctx, "_vmapped", {}), key: kept}

    def jvp(ctx: Any, *tangents: Any) -> Any:
        kept = ctx._vmapped[key]

        def inner(saved: Any, tangents: Any) -> Any:
            return cls.jvp(CtxWithSavedTensors(ctx, saved_tensors=saved), *tangents)

        flat_dims, spec = tree_flatten(in_dims)
        dims = [None if t is None else d for t, d in zip(tree_leaves(tangents), flat_dims, strict=True)]
        found, found_dims = restore_vmap(inner, (kept["saved_dims"], tree_unflatten(dims, spec)), size, randomness)(
            ctx.saved_tensors, tangents
        )
        result = reduced(found, found_dims, kept["out_dims"], size)
        return (*result, None)

    def backward(ctx: Any, *grads: Any) -> Any:
        kept = ctx._vmapped[key]
        grads = grads[:-1]
        dims = kept["out_dims"] if isinstance(kept["out_dims"], tuple) else (kept["out_dims"],)
        dims = tuple([None if g is None else d for g, d in zip(grads, dims, strict=True)])

        def inner(inputs: Any) -> Any:
            saved, grads = inputs
            return derivative(cls)(CtxWithSavedTensors(ctx, saved_tensors=saved), *grads)

        found, found_dims = restore_vmap(inner, ((kept["saved_dims"], dims),), size, randomness)(
            (ctx.saved_tensors, grads)
        )
        return reduced(found, found_dims, in_dims, size, kept["shapes"])

    return type(
        f"Vmapped{cls.__name__}",
        (Function,),
        {
            "forward": staticmethod(forward),
            "backward": staticmethod(backward),
            "jvp": staticmethod(jvp),
            "setup_context": staticmethod(setup_context),
            "generate_vmap_rule": True,
        },
    )


def reduced(grads: Any, dims: Any, wanted: Any, size: int, shapes: Any = None) -> tuple:
    """Gradients with their batch dimensions where the inputs have theirs, summed to the shapes of one element."""
    grads, dims, wanted = [x if isinstance(x, tuple) else (x,) for x in (grads, dims, wanted)]
    shapes = shapes or (None,) * len(grads)
    return tuple([_reduced(*each, size=size) for each in zip(grads, dims, wanted, shapes, strict=False)])


def _reduced(grad: Any, dim: int | None, wanted: int | None, shape: Any, *, size: int) -> Any:
    if grad is None or (dim is None and wanted is None):
        return grad
    if wanted is None:
        return grad.sum(dim)
    if dim is None:
        grad = grad.unsqueeze(wanted)
        new = list(grad.shape)
        new[wanted] = size
        grad, dim = grad.expand(new), wanted
    if shape is not None:
        return vmap(Tensor.sum_to_size, in_dims=(dim, None), out_dims=wanted)(grad, shape)  # type: ignore[attr-defined]
    return grad.movedim(dim, wanted) if dim != wanted else grad


__all__ = ["apply", "at", "tree_map"]
