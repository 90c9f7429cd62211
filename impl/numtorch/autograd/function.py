"""autograd.Function: a user's own forward and backward as one node.

The ctx that forward and backward see is the node itself, an instance of a class `<Name>Backward` made with each
Function, as in PyTorch. Inputs that are no tensors have no edge; their gradients must be None.
"""

from __future__ import annotations

import functools
import inspect
import warnings
from typing import Any

import numpy as np

from .. import grad_mode, saved, views
from ..graph import FREED_TEXT, VariadicNode, edge, next_sequence_nr
from ..tensor import Tensor, wrap


class FunctionNode(VariadicNode):
    """The node of one call of a Function, and the ctx of its forward and backward."""

    custom = True
    multi = True
    _forward_cls: Any = None

    def name(self) -> str:
        return type(self).__name__

    def __repr__(self) -> str:
        return f"<torch.autograd.function.{type(self).__name__} object at 0x{id(self):x}>"

    @property
    def num_outputs(self) -> int:
        return len(self._descs)

    def descriptors(self) -> tuple:
        return tuple(self._descs)

    # ---- what forward may call

    def save_for_backward(self, *tensors: Any) -> None:
        """Keep tensors for backward; the last call counts."""
        self.to_save = tensors

    def save_for_forward(self, *tensors: Any) -> None:
        """Keep tensors for the forward-mode rule."""
        for t in tensors:
            if not isinstance(t, Tensor) and t is not None:
                raise AssertionError("save_for_forward expects all arguments to be tensors")
        self.saved_for_forward = tensors

    def mark_dirty(self, *args: Any) -> None:
        """Say which inputs forward wrote to."""
        self.dirty_tensors = args

    def mark_non_differentiable(self, *args: Any) -> None:
        """Say which outputs have no gradient."""
        self.non_differentiable = args

    def set_materialize_grads(self, value: bool) -> None:
        """Whether undefined gradients reach backward as zeros (the default) or as None."""
        self.materialize_grads = value

    @property
    def saved_tensors(self) -> tuple:
        """What save_for_backward kept, version-checked."""
        if self._released:
            raise RuntimeError(FREED_TEXT)
        return tuple([s() if s is not None else None for s in self._saved_items])

    saved_variables = saved_tensors

    def _finish_saving(self, outputs: list[Tensor]) -> None:
        items: list[Any] = []
        for t in self.to_save or ():
            if t is None:
                items.append(None)
            elif not isinstance(t, Tensor):
                raise TypeError(
                    "save_for_backward can only save variables, but argument "
                    f"{len(items)} is of type {type(t).__name__}"
                )
            elif saved.hooks:
                items.append(functools.partial(saved.Packed(t, any(t is o for o in outputs)).restore, self))
            elif any(t is o for o in outputs) and t._grad_fn is self:
                items.append(_saved_output(self, t))
            else:
                items.append(_saved_input(t))
        self._saved_items = items
        self.to_save = None

    # ---- what the engine calls

    def apply_custom(self, inputs: list[Any], raw: bool) -> list[Any]:
        """Run backward; gradients of the tensor inputs, as raw arrays or Tensors."""
        grads: list[Any] = []
        for g, desc in zip(inputs, self._descs, strict=True):
            if g is None:
                grads.append(materialized(desc) if self.materialize_grads else None)
            else:
                grads.append(wrap(g) if raw else g)
        results = self._call(grads)
        if not isinstance(results, tuple):
            results = tuple(results) if isinstance(results, list) else (results,)
        count = len(self._is_tensor)
        if len(results) > count and all(r is None for r in results[count:]):
            results = results[:count]
        if len(results) != count:
            raise RuntimeError(
                f"function {self.name()} returned an incorrect number of gradients (expected {count}, got "
                f"{len(results)})"
            )
        out = []
        for i, (g, is_tensor) in enumerate(zip(results, self._is_tensor, strict=True)):
            if not is_tensor:
                if g is not None:
                    raise RuntimeError(
                        f"function {self.name()} returned a gradient different from None at position "
                        f"{i + 1}, but the corresponding forward input was not a Variable"
                    )
                continue
            if g is not None and not isinstance(g, Tensor):
                raise RuntimeError(f"expected Variable or None (got {type(g).__name__})")
            out.append(g._array if raw and g is not None else g)
        return out

    def _call(self, grads: list[Any]) -> Any:
        cls = self._forward_cls
        if cls.vjp is not Function.vjp and cls.backward is not Function.backward:
            raise RuntimeError(
                "Implementing both 'backward' and 'vjp' for a custom Function is not allowed. You should "
                "only implement one of them."
            )
        function = cls.vjp if cls.vjp is not Function.vjp else cls.backward
        return function(self, *grads)

    def release(self) -> None:
        if self._saved_items:
            self._released = True
            self._saved_items = []


def materialized(desc: Any) -> Tensor:
    """Zeros for an undefined gradient. C++ fills them in place, which counts as a write."""
    zeros = wrap(np.zeros(desc.shape, desc.dtype.numpy))
    zeros._counter = [1]
    return zeros


def _saved_input(tensor: Tensor) -> Any:
    then = saved.version_of(tensor)

    def unpack() -> Tensor:
        now = saved.version_of(tensor)
        if now != then:
            raise saved.modified(tensor._desc, tensor.grad_fn, tensor._output_nr, now, then)
        return tensor

    return unpack


def _saved_output(node: FunctionNode, tensor: Tensor) -> Any:
    counter = views.counter_of(tensor)
    then, array, nr = counter[0], views.storage_of(tensor), tensor._output_nr

    def unpack() -> Tensor:
        if counter[0] != then:
            raise saved.modified(node._descs[nr], node, nr, counter[0], then)
        fresh = wrap(array)
        fresh._counter = counter
        fresh._requires_grad, fresh._grad_fn, fresh._output_nr = True, node, nr
        return fresh

    return unpack


class FunctionMeta(type):
    """Makes the node class of each Function."""

    __module__ = "torch.autograd.function"

    def __init__(cls, name: str, bases: tuple, attrs: dict):
        node = type(name + "Backward", (FunctionNode,), {"_forward_cls": cls})
        node.__module__ = "torch.autograd.function"
        cls._backward_cls = node
        super().__init__(name, bases, attrs)


class Function(metaclass=FunctionMeta):
    """Base of custom operations: override forward and backward as static methods, call `apply`."""

    __module__ = "torch.autograd.function"

    generate_vmap_rule = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        warnings.warn(
            f"{type(self)} should not be instantiated. Methods on autograd functions are all static, so you "
            "should invoke them on the class itself. Instantiating an autograd function will raise an error in "
            "a future version of PyTorch.",
            DeprecationWarning,
            stacklevel=2,
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError(
            "Legacy autograd function with non-static forward method is deprecated. Please use new-style "
            "autograd function with static forward method. (Example: "
            "https://pytorch.org/docs/stable/autograd.html#torch.autograd.Function)"
        )

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """The operation itself; grad mode is off."""
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple, output: Any) -> Any:
        """Prepare ctx when forward has no ctx of its own."""
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """The gradients of the inputs, from those of the outputs."""
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom "
            "autograd.Function to use it with backward mode AD."
        )

    @staticmethod
    def vjp(ctx: Any, *grad_outputs: Any) -> Any:
        """Another name for backward."""
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom "
            "autograd.Function to use it with backward mode AD."
        )

    @staticmethod
    def jvp(ctx: Any, *grad_inputs: Any) -> Any:
        """The forward-mode rule."""
        raise NotImplementedError(
            "You must implement the jvp function for custom autograd.Function to use it with forward mode AD."
        )

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Run forward and record the node."""
        has_setup = cls.setup_context is not Function.setup_context
        if kwargs:
            bound = (
                inspect.signature(cls.forward).bind(*args, **kwargs)
                if has_setup
                else inspect.signature(cls.forward).bind(None, *args, **kwargs)
            )
            bound.apply_defaults()
            args = bound.args if has_setup else bound.args[1:]
        return run_forward(cls, args, has_setup)


def run_forward(cls: Any, args: tuple, has_setup: bool) -> Any:
    """One call of a Function."""
    ctx = object.__new__(cls._backward_cls)
    tensors = [a for a in args if isinstance(a, Tensor)]
    executable = grad_mode.state.grad and any(t._requires_grad and t.requires_grad for t in tensors)
    ctx.seq = next_sequence_nr()
    ctx.extra = None
    ctx._descs = []
    ctx._saved_items = []
    ctx._released = False
    ctx.to_save = None
    ctx.dirty_tensors = ()
    ctx.non_differentiable = ()
    ctx.materialize_grads = True
    ctx._is_tensor = [isinstance(a, Tensor) for a in args]
    ctx.needs_input_grad = tuple([isinstance(a, Tensor) and bool(a.requires_grad) for a in args])
    edges = [edge(t) if executable else (None, 0) for t in tensors]
    ctx.next_nodes = tuple([e[0] for e in edges])
    ctx.next_nrs = tuple([e[1] for e in edges])
    was = grad_mode.state.grad
    grad_mode.set_grad(False)
    try:
        if has_setup:
            output = cls.forward(*args)
            cls.setup_context(ctx, args, output)
        else:
            output = cls.forward(ctx, *args)
    finally:
        grad_mode.set_grad(was)
    single = not isinstance(output, (tuple, list))
    raw_outputs = (output,) if single else tuple(output)
    results, outputs = wrap_outputs(ctx, raw_outputs, tensors, executable)
    if executable:
        ctx._finish_saving(outputs)
    return results[0] if single else tuple(results)


def wrap_outputs(ctx: Any, raw_outputs: tuple, tensors: list[Tensor], executable: bool) -> tuple[list, list]:
    """Give the outputs their place in the graph, by the cases of PyTorch's _wrap_outputs."""
    inputs = {id(t): t for t in tensors}
    dirty = {id(t) for t in ctx.dirty_tensors}
    plain = {id(t) for t in ctx.non_differentiable}
    seen: dict[int, Any] = {}
    results, outputs = [], []
    n_diff = sum(1 for o in raw_outputs if isinstance(o, Tensor) and id(o) not in plain and o._desc.dtype.category >= 2)
    for t in ctx.dirty_tensors:
        if not any(o is t for o in raw_outputs):
            raise RuntimeError(
                "Some elements marked as dirty during the forward method were not returned as output. The "
                "inputs that are modified inplace must all be outputs of the Function."
            )
    for nr, out in enumerate(raw_outputs):
        if not isinstance(out, Tensor):
            from ..descriptor import descriptor
            from ..dtype import get_default_dtype

            ctx._descs.append(descriptor((), get_default_dtype()))
            results.append(out)
            continue
        if id(out) in seen:
            ctx._descs.append(out._desc)
            again = seen[id(out)]
            if executable and again._grad_fn is ctx:
                again._output_nr = nr
            results.append(again)
            continue
        is_input, is_dirty = id(out) in inputs, id(out) in dirty
        differentiable = executable and id(out) not in plain and out._desc.dtype.category >= 2
        ctx._descs.append(out._desc)
        var = out
        if is_dirty:
            if executable and out.requires_grad and out.is_leaf:
                raise RuntimeError("a leaf Variable that requires grad has been used in an in-place operation.")
            if executable:
                views.check_inplace(out, True)
            views.bump(out)
            if differentiable:
                if out._is_view() and len(raw_outputs) > 1 and n_diff > 1:
                    raise RuntimeError(
                        "If your Function modifies inplace an input that is a view of another Tensor, your "
                        "Function cannot return more than one Tensor. This is not supported by the current "
                        "autograd engine. You should either make sure the input is not a view (using "
                        ".clone() for example) or make your Function only return one Tensor (potentially "
                        "splitting it into two Functions: one doing the inplace that returns a single "
                        "Tensor and a second one that does the other operations). You can ask on the forum "
                        "https://discuss.pytorch.org/ if you need help to do this change."
                    )
                views.rebase_history(out, ctx, nr)
        elif not differentiable:
            if (is_input and out.requires_grad) or (is_input and executable):
                var = out.detach()
        else:
            if is_input:
                with_view = wrap(views.storage_of(out))
                was = grad_mode.state.grad
                grad_mode.set_grad(False)
                var = views.as_view(out, with_view)
                grad_mode.set_grad(was)
            if var._extra is not None and var._extra.base is not None:
                meta = views.MULTI_OUTPUT_NODE if n_diff > 1 else views.IN_CUSTOM_FUNCTION
                if any(var._extra.base is t or var._extra.base is t._base for t in tensors):
                    var._extra.creation_meta = meta
                    var._extra.attr_version = var._counter[0]
                else:
                    var._extra.creation_meta = meta
            var._requires_grad = True
            var._grad_fn = ctx
            var._output_nr = nr
        seen[id(out)] = var
        results.append(var)
        outputs.append(var)
    ctx.desc = ctx._descs[0] if ctx._descs else None
    return results, outputs


def once_differentiable(fn: Any) -> Any:
    """Mark a backward whose own derivative must not be taken."""

    @functools.wraps(fn)
    def wrapper(ctx: Any, *args: Any) -> Any:
        was = grad_mode.state.grad
        grad_mode.set_grad(False)
        try:
            outputs = fn(ctx, *args)
        finally:
            grad_mode.set_grad(was)
        if not was:
            return outputs
        if not any(isinstance(a, Tensor) and a.requires_grad for a in args):
            return outputs
        single = not isinstance(outputs, tuple)
        values = (outputs,) if single else outputs
        error = DelayedError(
            "trying to differentiate twice a function that was marked with @once_differentiable",
            [a for a in args if isinstance(a, Tensor)],
        )
        results = tuple([error.attach(v) if isinstance(v, Tensor) else v for v in values])
        return results[0] if single else results

    return wrapper


class DelayedError:
    """Makes results whose derivative raises."""

    def __init__(self, message: str, inputs: list[Tensor]):
        self.message = message
        self.inputs = inputs

    def attach(self, value: Tensor) -> Tensor:
        """The value behind a node that raises."""
        out = value.detach()
        node = object.__new__(Error)
        node.seq, node.desc, node.extra = next_sequence_nr(), out._desc, None
        edges = [edge(t) for t in self.inputs if t.requires_grad]
        node.next_nodes, node.next_nrs = tuple(e[0] for e in edges), tuple(e[1] for e in edges)
        node.message = self.message
        out._requires_grad, out._grad_fn = True, node
        return out


class Error(VariadicNode):
    """A node that raises when it is run."""

    __slots__ = ("message",)

    def name(self) -> str:
        return "torch::autograd::Error"

    def apply(self, grad: Any, keep: bool) -> Any:
        raise RuntimeError(self.message)

    def apply_tensors(self, grad: Any) -> Any:
        raise RuntimeError(self.message)


class NotImplementedNode(Error):
    """The node of an operator without a derivative: it fails only when it is run."""

    __slots__ = ()

    def name(self) -> str:
        return "torch::autograd::NotImplemented"


NotImplementedNode.__name__ = "NotImplemented"
