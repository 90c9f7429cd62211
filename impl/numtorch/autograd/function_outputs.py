"""What becomes of the values that a Function's forward returned: each gets its place in the graph.

| the output is | and then it is |
|---|---|
| no tensor | passed through; its gradient is None |
| marked or by its type not differentiable | plain: an input detached, another one detached in place, a view left as it is |
| a dirty input | the same object, with the node as its grad_fn; through a view the base is rebased |
| an input that forward did not write to | a new view of it, with the node as its grad_fn |
| anything else | the same object, with the node as its grad_fn |

An output that is a view (of an input, or because an input was returned) may not be written to: the write would re-derive it
from its base and lose the Function's own backward.
"""

from __future__ import annotations

from typing import Any

from .. import grad_mode
from ..aliasing import views
from ..dtype import FLOATING
from ..nodes.saved_variable import save
from ..tensor import Tensor
from ..warning import warn
from .function_node import BackwardCFunction

_LEAF = "a leaf Variable that requires grad has been used in an in-place operation."
_SEVERAL = (
    "If your Function modifies inplace an input that is a view of another Tensor, your Function cannot return more than one "
    "Tensor. This is not supported by the current autograd engine. You should either make sure the input is not a view (using "
    ".clone() for example) or make your Function only return one Tensor (potentially splitting it into two Functions: one "
    "doing the inplace that returns a single Tensor and a second one that does the other operations). You can ask on the forum "
    "https://discuss.pytorch.org/ if you need help to do this change."
)
_AS_IS = (
    "An input that has been returned as-is as output is being saved for backward. This is not supported if you override "
    "setup_context. You should return and save a view of the input instead, e.g. with x.view_as(x) or setup ctx inside the "
    "forward function itself."
)


def process_outputs(ctx: BackwardCFunction, output: Any, inputs: list[Tensor], executable: bool, setup: bool) -> Any:
    """Wrap what forward returned; `setup`: the class has a setup_context. What is to be saved is left to `save_variables`."""
    raw = output if isinstance(output, tuple) else (output,)
    to_save = _tensors_to_save(ctx, executable)
    as_is = {id(t) for t in (*to_save, *(ctx.saved_for_forward or ())) if t is not None} if setup else set()
    plain = {
        id(t)
        for t in _marked(ctx, "non_differentiable", "mark_non_differentiable only accepts variable arguments, but got ")
    }
    dirty = _dirty_inputs(ctx)
    outputs = _wrap(ctx, raw, inputs, executable, plain, dirty, as_is)
    ctx.to_save = to_save if executable and to_save else None
    ctx.saved_for_forward = None
    return tuple(outputs) if isinstance(output, tuple) else outputs[0]


def save_variables(ctx: BackwardCFunction, out: Any) -> None:
    """Save what forward asked to save: last of all, after jvp was called."""
    if ctx.to_save is not None:
        returned = {id(t) for t in (out if isinstance(out, tuple) else (out,))}
        ctx._saved = tuple([save(t, id(t) in returned) for t in ctx.to_save])
        ctx.to_save = None


def _marked(ctx: BackwardCFunction, attribute: str, mistake: str) -> tuple:
    """The tensors that a ctx attribute names, which is cleared. (PyTorch's texts break off where they say the type.)"""
    given = getattr(ctx, attribute)
    if given is None:
        return ()
    if not isinstance(given, tuple):
        raise RuntimeError(f"autograd internal error: {attribute} attribute is expected to be a tuple but is ")
    for tensor in given:
        if not isinstance(tensor, Tensor):
            raise RuntimeError(mistake)
        if attribute == "dirty_tensors":
            views.bump(tensor)
    setattr(ctx, attribute, None)
    return given


def _dirty_inputs(ctx: BackwardCFunction) -> set[int]:
    return {id(t) for t in _marked(ctx, "dirty_tensors", "mark_dirty can only accept variables, but argument ")}


def _tensors_to_save(ctx: BackwardCFunction, executable: bool) -> tuple:
    given = ctx.to_save
    if given is None:
        return ()
    if not isinstance(given, tuple):
        raise RuntimeError("autograd internal error: to_save attribute is expected to be a tuple but is ")
    if executable:
        for index, value in enumerate(given):
            if value is not None and not isinstance(value, Tensor):
                raise TypeError(
                    f"save_for_backward can only save variables, but argument {index} is of type {type(value).__name__}"
                )
    ctx.to_save = None
    return given


def _wrap(
    ctx: BackwardCFunction,
    raw: tuple,
    inputs: list[Tensor],
    executable: bool,
    plain: set[int],
    dirty: set[int],
    as_is: set[int],
) -> list[Any]:
    given = {id(t) for t in inputs}
    outputs: list[Any] = []
    descs: list[Any] = []
    flags: list[bool] = []
    for nr, out in enumerate(raw):
        if not isinstance(out, Tensor):
            outputs.append(out)
            descs.append(None)
            flags.append(False)
            continue
        key = id(out)
        is_input, is_dirty = key in given, key in dirty
        differentiable = executable and key not in plain and out._desc.dtype.category >= FLOATING
        if is_input and not is_dirty and key in as_is and (differentiable or not out.requires_grad):
            raise RuntimeError(_AS_IS)
        if not differentiable:
            result = _without_gradient(out, is_input, is_dirty)
        elif is_dirty:
            result = _written(out, is_input, len(raw) > 1)
            views.rebase_history(result, ctx, nr)
        else:
            result = _view_as_self(out) if is_input else out
            _set_edge(result, ctx, nr)
        if not (is_input and is_dirty) and result._is_view():
            result._extra.creation_meta = views.IN_CUSTOM_FUNCTION
        outputs.append(result)
        descs.append(out._desc)
        flags.append(differentiable)
    if sum(flags) > 1:
        for result in outputs:
            if isinstance(result, Tensor) and result._is_view():
                result._extra.creation_meta = views.MULTI_OUTPUT_NODE
    if not dirty <= {id(out) for out in raw}:
        raise RuntimeError(
            "Some elements marked as dirty during the forward method were not returned as output. The inputs that are "
            "modified inplace must all be outputs of the Function."
        )
    ctx._descs, ctx._differentiable = tuple(descs), tuple(flags)
    ctx.desc = descs[0] if descs else None  # type: ignore[assignment]
    return outputs


def _without_gradient(out: Tensor, is_input: bool, is_dirty: bool) -> Tensor:
    if not out.requires_grad:
        return _view_as_self(out) if is_input and not is_dirty else out
    if is_input:
        return out.detach()  # type: ignore[attr-defined]
    if not out._is_view():
        out.detach_()  # type: ignore[attr-defined]
    return out  # a view of an input is as one made under no_grad: it requires grad if its base does


def _written(out: Tensor, is_input: bool, several: bool) -> Tensor:
    if out.requires_grad and out._made is None:  # not `is_leaf`, which derives a stale view anew
        raise RuntimeError(_LEAF)
    if not is_input:
        warn(
            "ctx.mark_dirty() received a tensor that was not an input. Only input Tensors that have been mutated should be "
            "passed to ctx.mark_dirty().",
        )
    if several and out._is_view():
        raise RuntimeError(_SEVERAL)
    out._grad = None  # which is gone, though the write be refused
    views.check_inplace(out, True)
    return out


def _view_as_self(tensor: Tensor) -> Tensor:
    was = grad_mode.is_grad_enabled()
    grad_mode.set_grad(False)
    try:
        return tensor.view_as(tensor)  # type: ignore[attr-defined]
    finally:
        grad_mode.set_grad(was)


def _set_edge(tensor: Tensor, node: BackwardCFunction, nr: int) -> None:
    tensor._requires_grad, tensor._made, tensor._output_nr = True, node, nr
    if tensor._is_view():
        tensor._extra.attr_version = views.counter_of(tensor)[0]
