"""autograd.Function: a user's own forward and backward as one node of the graph.

`apply` makes the node, runs forward with grad mode off, and gives what it returned its place in the graph
(function_outputs.py). The node is the ctx (function_node.py).
"""

from __future__ import annotations

import functools
import inspect
import itertools
from types import CodeType
from typing import Any

from .. import grad_mode
from ..aliasing.views import edge, storage_of
from ..nodes.error_nodes import Error, attach, node
from ..tensor import Tensor, wrap
from ..warning import warn
from .function_names import settle_names, slots_of
from .function_node import BackwardCFunction, FunctionCtx, _FunctionBase
from .function_outputs import process_outputs, save_variables

_ids = itertools.count()


class FunctionMeta(type):
    """Makes, with each Function, the class of its nodes."""

    __module__ = "torch.autograd.function"

    def __init__(cls, name: str, bases: tuple, attrs: dict):
        made = type(name + "Backward", (BackwardCFunction,), {"_forward_cls": cls, "_autograd_function_id": next(_ids)})
        cls._backward_cls = made
        super().__init__(name, bases, attrs)


class Function(_FunctionBase, metaclass=FunctionMeta):
    """Base of custom operations: override forward and backward as static methods, call `apply`.

    Either forward takes a ctx, or setup_context is overridden and prepares the ctx from inputs and output.
    """

    __module__ = "torch.autograd.function"

    generate_vmap_rule = False
    clear_saved_tensors_on_access = False
    """Whether saved_tensors can be read once only, and are let go then."""
    boxed_grads_call = False
    """Whether backward is given its gradients as one list, from which it may take them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        warn(
            f"{type(self)} should not be instantiated. Methods on autograd functions are all static, so you "
            "should invoke them on the class itself. Instantiating an autograd function will raise an error in "
            "a future version of PyTorch.",
            DeprecationWarning,
        )

    @property
    def next_functions(self) -> tuple:
        """None: an object made of the class is no node of a graph."""
        return ()

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
            "You must implement either the backward or vjp method for your custom autograd.Function to use it with backward "
            "mode AD."
        )

    vjp = backward

    @staticmethod
    def jvp(ctx: Any, *grad_inputs: Any) -> Any:
        """The tangents of the outputs, from those of the inputs."""
        raise NotImplementedError(
            "You must implement the jvp function for custom autograd.Function to use it with forward mode AD."
        )

    @staticmethod
    def vmap(info: Any, in_dims: tuple, *args: Any) -> Any:
        """The operation on batches, and the batch dimensions of its outputs."""
        raise NotImplementedError(
            "To use autograd.Function with vmap, you must either override the vmap staticmethod or set "
            "generate_vmap_rule=True."
        )

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Run forward and record the node."""
        setup = cls.setup_context is not Function.setup_context
        if setup:
            bound = inspect.signature(cls.forward).bind(*args, **kwargs)
            bound.apply_defaults()
            args, kwargs = bound.args, bound.kwargs
        if kwargs:
            args = _positional(cls.forward, args, kwargs, setup)
        return _call(cls, args, setup)

    @staticmethod
    def _compiled_autograd_key(ctx: Any) -> tuple:
        return (ctx._autograd_function_id,)


BackwardCFunction._function = Function


def _positional(forward: Any, args: tuple, kwargs: dict[str, Any], setup: bool) -> tuple:
    """Keyword arguments in their places; forward's own defaults fill in only behind the last of them."""
    code = forward.__code__
    if not isinstance(code, CodeType):
        raise TypeError("forward().__code__ is not a code object")
    names = code.co_varnames[0 if setup else 1 : code.co_argcount]
    missing = object()
    given = list(args)
    for name, value in kwargs.items():
        if name not in names:
            raise TypeError(f"forward() got an unexpected keyword argument '{name}'")
        place = names.index(name)
        if place < len(args):
            raise TypeError(f"forward() got multiple values for argument '{name}'")
        given += [missing] * (place + 1 - len(given))
        given[place] = value
    for place, value in enumerate(given):
        if value is missing:
            raise TypeError(f"forward() missing required argument: '{names[place]}' (position {place})")
    return tuple(given)


def _call(cls: Any, args: tuple, setup: bool) -> Any:
    """One call of a Function, all arguments positional."""
    needs = tuple([isinstance(a, Tensor) and a.requires_grad for a in args])
    inputs = [a for a in args if isinstance(a, Tensor)]
    executable = grad_mode.state.mode and any(needs)  # in inference mode, too
    ctx = cls._backward_cls()
    ctx._is_tensor = tuple([isinstance(a, Tensor) for a in args])
    ctx.needs_input_grad = needs
    if executable:
        edges = [edge(t) for t in inputs]
        ctx.next_nodes = tuple([e[0] for e in edges])
        ctx.next_nrs = tuple([e[1] for e in edges])
    for option in ("clear_saved_tensors_on_access", "boxed_grads_call"):
        if type(getattr(cls, option)) is not bool:
            raise RuntimeError(f"{option} must be a bool, got {type(getattr(cls, option)).__name__}")
    slots = slots_of(ctx)
    output = _run_forward(cls, ctx, args, setup)
    settle_names(ctx, slots)
    out = process_outputs(ctx, output, inputs, executable, setup)
    save_variables(ctx, out)
    return out


def _run_forward(cls: Any, ctx: Any, args: tuple, setup: bool) -> Any:
    """What forward returns, with grad mode off."""
    was = grad_mode.is_grad_enabled()
    grad_mode.set_grad(False)
    try:
        if setup:
            output = cls.forward(*args)
            cls.setup_context(ctx, args, output)
            return output
        return cls.forward(ctx, *args)
    finally:
        grad_mode.set_grad(was)


def once_differentiable(fn: Any) -> Any:
    """Mark a backward whose own derivative must not be taken: its results then have a node that raises."""

    @functools.wraps(fn)
    def wrapper(ctx: Any, *args: Any, **kwargs: Any) -> Any:
        was = grad_mode.is_grad_enabled()
        grad_mode.set_grad(False)
        try:
            outputs = fn(ctx, *args, **kwargs)
        finally:
            grad_mode.set_grad(was)
        if not was or not any(isinstance(a, Tensor) and a.requires_grad for a in args):
            return outputs
        values = outputs if isinstance(outputs, tuple) else (outputs,)
        results = _outputs_that_raise(values)
        return results if len(results) > 1 else results[0]

    return wrapper


def _outputs_that_raise(values: tuple) -> tuple:
    """The values again, as outputs of nodes that raise if they are differentiated."""
    inputs = []
    for value in values:
        if value is not None:
            value = value.detach()
            value.requires_grad = True
        inputs.append(value)
    results = [None if value is None else wrap(storage_of(value)) for value in values]
    message = "trying to differentiate twice a function that was marked with @once_differentiable"
    attach(results, node(Error, message, [None if r is None else r._desc for r in results], inputs))
    return tuple(results)


class InplaceFunction(Function):
    """Kept, as PyTorch keeps it, for programs written long ago."""

    __module__ = "torch.autograd.function"

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace


__all__ = ["BackwardCFunction", "Function", "FunctionCtx", "FunctionMeta", "InplaceFunction", "once_differentiable"]
