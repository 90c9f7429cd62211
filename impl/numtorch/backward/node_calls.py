"""Calling one node outside the engine's fast loop: hooks, captures, users' formulas, Tensors."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any

from .. import grad_mode
from ..aliasing.strided import CopySlices
from ..aliasing.views import mark_inference
from ..dtype import dtypes
from ..kernels.shape import invalid_gradient
from ..memory.descriptor import Descriptor, descriptor, expandable
from ..nodes.graph import ACCUMULATE_SEQ, AccumulateGrad, Node, name_of
from ..nodes.saved import read_saved, refuse_detached
from ..plain_numpy import np
from ..tensor import Tensor, wrap
from . import anomaly
from .accumulate import HELD, accumulate, accumulate_shown, accumulate_tensor
from .dependencies import key_of
from .graph_task import current
from .hooks import retain, run_post_accumulate_hooks, run_post_hooks, run_pre_hooks, run_tensor_hooks
from .input_buffer import (
    count_together,
    give_memory,
    hand_out,
    leave_aliases,
    over_tensors,
    set_version,
    show,
    stamped,
    taken_back,
)

_refcount = sys.getrefcount

MAX_DEPTH = 20
"""How many passes within passes one thread runs. Each takes about ten of Python's 1,000 frames, and whatever the user's
functions take. PyTorch, whose own frames are not Python's, has 60."""

if TYPE_CHECKING:
    from .graph_task import GraphTask


def call_function(task: GraphTask, node: Node) -> Any:
    """Run one node with everything that may be attached to it; every so deep in reentrant passes, in a new thread."""
    if not task.entered:
        task.enter()
    if task.depth and task.depth % MAX_DEPTH == 0:
        return in_new_thread(task, node)
    results = evaluate_function(task, node)
    if len(grad_mode.disabled) != task.careful:
        task.set_mode()
    return results


def in_new_thread(task: GraphTask, node: Node) -> Any:
    """Run one node in a thread that has its stack to itself, and wait for it.

    Only there: a thread for each such node, rather than one for the whole pass, costs nothing where nobody nests.
    """
    results: list[Any] = []
    errors: list[BaseException] = []
    modes = grad_mode.snapshot()

    def work() -> None:
        current.task = task
        grad_mode.restore(modes)
        try:
            results.append(evaluate_function(task, node))
        except BaseException as error:
            errors.append(error)
        finally:
            grad_mode.restore({})  # which is counted, see there

    thread = threading.Thread(target=work, name="autograd")
    thread.start()
    thread.join()
    if errors:
        raise errors.pop()
    return results.pop()


def evaluate_function(task: GraphTask, node: Node) -> Any:
    """Run one node with everything that may be attached to it: hooks, captures, users' formulas, Tensors.

    In this order: what is to be captured here, if the node itself is to run, or else after the tensor hooks (PyTorch's
    evaluate_function); tensor hooks; retained gradients; pre-hooks; the formula; post-hooks; validation of a user's results.
    """
    buffer = task.buffers.pop(key_of(node))
    inputs = [buffer] if not node.multi else [None] * node.num_outputs if buffer is None else buffer
    del buffer
    task.executing = node
    needed = task.needed is None or node in task.needed
    captures = task.captures.get(node) if task.captures is not None else None
    if captures is not None and needed:
        capture(task, captures, inputs)
    run_hooks_before(task, node, inputs)
    if captures is not None and not needed:
        capture(task, captures, inputs)
    if not needed:
        return None
    extra = node.extra
    if extra is not None:
        if extra.pre_hooks:
            run_pre_hooks(task, extra.pre_hooks, inputs)
        for nr in range(len(inputs)):
            give_memory(inputs, nr)
    if node.accumulates:
        run_accumulate(task, node, inputs)  # type: ignore[arg-type]
        return None
    watched = anomaly.enabled or (extra is not None and extra.post_hooks)
    results = apply(task, node, inputs, watched)
    if task.needed is not None and not (node.custom or node.listed):
        # PyTorch's formulas compute only what some requested input needs; a user's formula is not told.
        results = [g if fn in task.asked else None for (fn, _), g in zip(node.edges(), results, strict=False)]
    if node.custom:  # PyTorch's node of a Function looks at what it was given back itself, and so before the hooks
        results = validate_all(node, results, task.raw)
    if extra is not None and extra.post_hooks:
        results = list(results)  # the one list that holds them
        results = run_post_hooks(task, extra.post_hooks, results, inputs)
    if extra is not None and not node.custom:
        results = validate_all(node, results, task.raw)
    if not task.keep:
        node.release()
    if anomaly.enabled and anomaly.check_nan:
        anomaly.refuse_nan(node, results)
    return results


def capture(task: GraphTask, captures: list[tuple[int, int]], inputs: list[Any]) -> None:
    """Keep the gradients that `autograd.grad` was asked for."""
    assert task.captured is not None
    for nr, index in captures:
        give_memory(inputs, nr)
        task.captured[index] = show(task, inputs[nr])


def run_hooks_before(task: GraphTask, node: Node, inputs: list[Any]) -> None:
    """Tensor hooks, then retained gradients; `inputs` is changed in place."""
    extra = node.extra
    if node.accumulates:
        leaf = node.variable._extra  # type: ignore[attr-defined]
        if leaf is not None and leaf.hooks:
            run_tensor_hooks(task, inputs, 0, leaf.hooks)
    if extra is not None:
        for nr, dictionary in extra.tensor_pre_hooks:
            run_tensor_hooks(task, inputs, nr, dictionary)
        for nr, ref in extra.retains_grad.items():
            give_memory(inputs, nr)
            retain(ref, show(task, inputs[nr]))


def apply(task: GraphTask, node: Node, inputs: list[Any], watched: Any) -> Any:
    """The node's formula, several gradients in any case; somebody sees those that lead nowhere if it is `watched`."""
    if node.custom:
        tensors, alone = hand_out(task, inputs, range(len(inputs)))
        given_back = node.apply_custom(tensors)  # type: ignore[attr-defined]
        tensors.clear()
        results = taken_back(task, given_back)
        if not task.raw:
            inputs[:] = over_tensors(task, inputs)
        for nr in alone:
            if found := [n for n, g in enumerate(results) if g is inputs[nr]]:
                leave_aliases(task, results, found, 1)  # the list of inputs
        return results
    for g in inputs:
        if g is not None:
            break
    else:
        return undefined(node)
    g = None
    needed = None if task.needed is None or raises(node) else task.asked
    if needed is not None and not any(fn in needed for fn, _ in node.edges()):
        read_all(node)  # where only the gradient of the node's own result is asked for, no formula computes
        return (None,) * len(node.edges())
    grad = inputs if node.multi else inputs[0]
    if not node.prunes:
        needed = None
    if task.raw:
        whole = needed is None or not (node.refuses or node.may_refuse)
        out = node.apply(grad, True) if whole else through_tensors(node, grad, needed)
    elif needed is None:
        out = node.apply_tensors(grad)
    else:
        out = node.apply_tensors(grad, needed)  # computes what is asked for, and so saves no more than that
    if node.arity == 1:
        out = (out,)
    elif watched or not task.raw:
        out = of_edges(node, out)
    if not task.raw:
        out = validated(node, out)
        if grad_mode.disabled and grad_mode.state.inference:
            mark_made(out, inputs)
    if node.writes_grad and not (node.adds_in_place and any(g is None for g in grad)):
        raw = task.raw
        out = stamped(task, node, out)
        if raw and not task.raw:  # hooks behind the node see what it was given, too
            inputs[:] = over_tensors(task, inputs)
    return out


def raises(node: Node) -> bool:
    """Whether a node raises, whoever asks for its gradients, by its own number or that of the write that it runs; or that is
    a user's, which is not told who asks."""
    run = node.fn if type(node) is CopySlices and node.fn is not None else node
    return run.seq == ACCUMULATE_SEQ or run.custom


def mark_made(results: Any, inputs: list[Any]) -> None:
    """In inference mode: note of what formulas made without an operator that it was made there."""
    for g in results:
        if g is not None and g._extra is None and all(g is not given for given in inputs):
            mark_inference(g)


def of_edges(node: Node, out: Any) -> Any:
    """Only the gradients that lead somewhere: a formula of several at once has others, which hooks would see.

    The operands of a list (`cat`) have all of them in PyTorch, too.
    """
    if node.listed:
        return out
    return [None if fn is None else g for (fn, _), g in zip(node.edges(), out, strict=False)]


def undefined(node: Node) -> tuple:
    """What a node's formula gives for gradients that are undefined: the same, if it has not been freed and is implemented."""
    if type(node) is not CopySlices:  # which looks at the gradient first
        read_all(node)  # PyTorch unpacks before it looks at the gradients, and so raises all the same
    edges = node.edges()
    if any(fn is not None and i in node.refuses for i, (fn, _) in enumerate(edges)):
        node.apply_tensors(wrap(np.zeros(node.desc.shape, node.desc.dtype.numpy)))
    return (None,) * len(edges)


def read_all(node: Node) -> None:
    """Unpack whatever the node saved, or the write that it runs, for the errors and the hooks that come of it."""
    if type(node) is CopySlices:
        node = node.write()
    for name in (*node.saved, *node.saved_lists):
        refuse_detached(node, name)
        read_saved(node, name)


def through_tensors(node: Node, grad: Any, *needed: Any) -> Any:
    """A raw `apply` by way of the Tensor formulas: complex, mixed types, and whatever has no raw form.

    `needed` is what a node that prunes is told of its edges.
    """
    mode = grad_mode.is_grad_enabled()
    grad_mode.set_grad(False)
    try:
        if isinstance(grad, list):
            out = node.apply_tensors([None if g is None else wrap(g) for g in grad], *needed)
        else:
            out = node.apply_tensors(wrap(grad), *needed)
        if node.arity == 1:
            out = (out,)
        results, counts = [], []
        for g in validated(node, out):
            results.append(None if g is None else g._array)
            counts.append(0 if g is None or g._counter is None else g._counter[0])
        if node.counts_writes:
            node.written = counts  # type: ignore[attr-defined]
    finally:
        grad_mode.set_grad(mode)
    return results[0] if node.arity == 1 else tuple(results)


def run_accumulate(task: GraphTask, node: AccumulateGrad, inputs: list[Any]) -> None:
    """AccumulateGrad, with its own post-hooks and those of the leaf."""
    leaf = node.variable
    grad = inputs.pop()
    if grad is not None and leaf.requires_grad:
        if leaf._made is not None:
            raise RuntimeError("leaf variable has been moved into the graph interior")
        if task.raw:
            if node.extra is not None:
                count_together(task, grad)  # hooks see the memory that the leaf steals, and so its version
            accumulate(leaf, grad, _refcount(grad) <= HELD)
            set_version(task, leaf)
        elif task.tangents:
            accumulate_shown(leaf, grad, _refcount(grad) <= HELD)
        else:
            accumulate_tensor(leaf, grad)
    extra = leaf._extra
    if extra is not None and extra.post_hooks:
        run_post_accumulate_hooks(leaf)
    if node.extra is not None and node.extra.post_hooks:
        run_post_hooks(task, node.extra.post_hooks, [], [grad])


NOT_COMPLEX = (
    "Expected isFloatingType(grad.scalar_type()) || (input_is_complex == grad_is_complex) to be true, but got false.  (Could "
    "this error message be improved?  If so, please report an enhancement request to PyTorch.)"
)
NOT_DIFFERENTIABLE = (
    'isDifferentiableType(grad.scalar_type()) INTERNAL ASSERT FAILED at "/__w/pytorch/pytorch/torch/csrc/autograd/engine.cpp"'
    ":998, please report a bug to PyTorch. "
)
LEAVE_COMPLEX = frozenset(
    (
        *("WhereBackward0", "LerpBackward1", "MaskedFillBackward1", "FillBackward1", "FillBackward3"),
        *("IndexFillBackward1", "IndexPutBackward0", "DistBackward0", "LogaddexpBackward0", "LdexpBackward0"),
        *("AddrBackward0", "DiagonalScatterBackward0", "LinalgSolveTriangularBackward0"),
    )
)
"""Nodes whose formulas in PyTorch do not take the real part for a real operand, so that its engine refuses the gradient."""


def validate_all(node: Node, results: Any, raw: bool) -> list[Any]:
    """Outputs of a user's formula, brought to the shapes and types of the operands or rejected."""
    out = []
    for i, (fn, g) in enumerate(zip(node.ends(), results, strict=False)):
        if g is not None and fn is not None and not (raw and fits(g, fn)):
            fn, nr = node.edges()[i]
            assert fn is not None
            tensor = wrap(g) if raw else g
            desc, kind = expected(fn, nr, tensor), tensor._desc.dtype
            fixed = validate(tensor, desc, name_of(node), i)
            if not kind.is_floating_point and kind.is_complex is not desc.dtype.is_complex:
                raise RuntimeError(NOT_COMPLEX)
            if fixed is not tensor:
                g = fixed._array if raw else fixed
        out.append(g)
    return out


def fits(array: Any, fn: Any) -> bool:
    """Whether an array has the shape and the type of what a node, or its record, is of; False if it has several outputs."""
    if type(fn) is list:
        fn = fn[2]  # its Descriptor, or the Node that somebody has looked at
    elif fn.multi:
        return False
    desc = fn if type(fn) is Descriptor else fn.desc
    return array.shape == desc.sizes and array.dtype is desc.dtype.numpy and desc.dtype.category >= dtypes.FLOATING


def validated(node: Node, results: Any) -> tuple:
    """What the formulas of a node gave, brought to the shapes and types of its operands or refused: PyTorch's validate_outputs.

    Formulas over Tensors give what broadcasting and promotion leave, which is what a call of the node shows. Those over arrays
    bring it there themselves (kernels.sum_to_info, and the plans of two operands): which of them have to is known beforehand.
    """
    given = enumerate(zip(results, node.edges(), strict=False))
    return tuple([_handed_on(node, i, g, *edge) for i, (g, edge) in given])


def _handed_on(node: Node, index: int, grad: Any, fn: Any, nr: int) -> Any:
    if grad is None or fn is None:
        return grad
    return _as_operand(node, index, grad, expected(fn, nr, grad))


def _as_operand(node: Node, index: int, grad: Any, desc: Descriptor) -> Any:
    return validate(_as_formula(node, grad, desc), desc, name_of(node), index)


def _as_formula(node: Node, grad: Any, desc: Descriptor) -> Any:
    """What PyTorch's formula gives for an operand: for a real one it takes the real part, before anything is summed."""
    if grad._desc.dtype.is_complex and not desc.dtype.is_complex:
        formula = node.write() if isinstance(node, CopySlices) else node
        if name_of(formula) not in LEAVE_COMPLEX:
            return grad.real
    return grad


def expected(node: Node, nr: int, grad: Any) -> Descriptor:
    """Shape and type of a gradient of one output; a leaf with a grad_dtype converts what arrives itself."""
    desc = node.descriptors()[nr]
    return descriptor(desc.shape, grad._desc.dtype) if node.converts else desc


def looked_at(node: Node, fn: Node, grad: Any) -> Any:
    """A gradient that a node passes to a leaf whose shape has changed since, held to the shape that it had."""
    index = next(i for i, (target, _) in enumerate(node.edges()) if target is fn)
    raw = not hasattr(grad, "_desc")
    fixed = _as_operand(node, index, wrap(grad) if raw else grad, fn.desc)
    return fixed._array if raw else fixed


def real_parts(node: Node, results: Any) -> tuple:
    """Gradients that nobody brings to their operands' types, as PyTorch's formulas give them."""
    return tuple(
        [
            g if g is None or fn is None else _as_formula(node, g, fn.descriptors()[nr])
            for (fn, nr), g in zip(node.edges(), results, strict=False)
        ]
    )


def validate(grad: Any, desc: Descriptor, who: str, index: int) -> Any:
    """A gradient Tensor with the shape and type of what it is the gradient of; `who` made it, or the user did."""
    if grad._desc is desc and desc.dtype.category >= dtypes.FLOATING:
        return grad
    got = grad._desc
    if got.shape != desc.shape:
        if not expandable(desc.shape, got.shape):
            raise invalid_gradient(got.shape, desc.shape, who, index)
        from ..formulas import sum_to_size

        grad = sum_to_size(grad, desc.shape)
    if desc.dtype.category < dtypes.FLOATING:
        raise RuntimeError(NOT_DIFFERENTIABLE)
    if grad._desc.dtype is not desc.dtype:
        if grad._desc.dtype.is_complex and not desc.dtype.is_complex:
            raise RuntimeError(NOT_COMPLEX)
        grad = grad.to(desc.dtype)
    return grad


def call_node(node: Node, grads: tuple) -> Any:
    """Call a node as a function of its incoming gradients, as `y.grad_fn(g)` does."""
    for position, grad in enumerate(grads):
        if grad is not None and not isinstance(grad, Tensor):
            raise TypeError(f"argument {position} is not a Variable")
    if len(grads) != node.num_outputs:
        raise TypeError(f"expected {node.num_outputs} arguments, got {len(grads)} instead")
    if node.accumulates:
        leaf = node.variable  # type: ignore[attr-defined]
        if grads[0] is not None and leaf.requires_grad:
            if grad_mode.state.grad:
                accumulate_tensor(leaf, grads[0])
            else:
                accumulate(leaf, grads[0]._array, False)
        if leaf._extra is not None and leaf._extra.post_hooks:
            run_post_accumulate_hooks(leaf)
        return ()
    if all(grad is None for grad in grads):
        out: Any = undefined(node)
    else:
        out = node.apply_tensors(list(grads) if node.multi else grads[0])
        if node.arity == 1:
            return real_parts(node, (out,))[0]
        if not node.custom:
            out = real_parts(node, of_edges(node, out))
    return out[0] if len(out) == 1 else tuple(out)
