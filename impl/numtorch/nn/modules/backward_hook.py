"""Hooks on the gradients of a module: identity nodes around its inputs and its outputs, and what happens at them.

The node before the inputs is where the gradient of the inputs is complete; the node after the outputs is where that of the
outputs arrives. The user's hooks run at the first, with what was kept at the second.
"""

from __future__ import annotations

from typing import Any

from ...autograd.function import Function
from ...grad_mode import is_grad_enabled
from ...tensor import Tensor
from ...warning import warn


class BackwardHookFunction(Function):
    """The identity, as one node over all its tensors."""

    @staticmethod
    def forward(ctx: Any, *args: Any) -> Any:
        """The tensors themselves."""
        ctx.mark_non_differentiable(*[arg for arg in args if not arg.requires_grad])
        return args

    @staticmethod
    def backward(ctx: Any, *args: Any) -> Any:
        """The gradients themselves."""
        return args


class BackwardHook:
    """One call of a module with full backward hooks or backward pre-hooks."""

    def __init__(self, module: Any, user_hooks: list[Any], user_pre_hooks: list[Any]) -> None:
        self.module = module
        self.user_hooks = user_hooks
        self.user_pre_hooks = user_pre_hooks
        self.grad_outputs: Any = None
        self.n_inputs = self.n_outputs = -1
        self.inputs: list[int] | None = None
        self.outputs: list[int] | None = None

    def setup_input_hook(self, args: tuple) -> tuple:
        """The arguments, the tensors among them behind a node whose gradients the hooks will see."""
        self.n_inputs = len(args)
        args, self.inputs = _behind_a_node(args, lambda node: node.register_hook(self._at_inputs))
        return args

    def setup_output_hook(self, result: Any) -> Any:
        """The result, its tensors behind a node whose gradients the hooks will be told."""
        args = result if isinstance(result, tuple) else (result,)
        self.n_outputs = len(args)
        args, self.outputs = _behind_a_node(args, lambda node: node.register_hook(self._at_outputs))
        return args if isinstance(result, tuple) else args[0]

    def _at_inputs(self, grad_inputs: tuple, _: tuple) -> Any:
        if self.grad_outputs is None:
            return None  # the gradient came to the inputs by another way than through the outputs
        seen = _spread(self.inputs, grad_inputs, self.n_inputs)
        for hook in self.user_hooks:
            out = hook(self.module, seen, self.grad_outputs)
            if out is None:
                continue
            if len(out) != len(seen):
                raise RuntimeError(
                    f"Backward hook returned an invalid number of grad_input, got {len(out)}, but expected {len(seen)}"
                )
            seen = out
        self.grad_outputs = None
        return tuple([seen[i] for i in self.inputs or ()])

    def _at_outputs(self, _: tuple, grad_outputs: tuple) -> Any:
        self.grad_outputs = _spread(self.outputs, grad_outputs, self.n_outputs)
        for hook in self.user_pre_hooks:
            out = hook(self.module, self.grad_outputs)
            if out is None:
                continue
            if len(out) != len(self.grad_outputs):
                raise RuntimeError(
                    "Backward pre hook returned an invalid number of grad_output, "
                    f"got {len(out)}, but expected {len(self.grad_outputs)}"
                )
            self.grad_outputs = out
        found = self.grad_outputs
        if self.inputs is None:
            self._without_inputs()
        return tuple([found[i] for i in self.outputs or ()])

    def _without_inputs(self) -> None:
        """No input requires grad, so that the hooks run here, with nothing to replace."""
        warn(
            "Full backward hook is firing when gradients are computed with respect to module outputs since no inputs "
            "require gradients. See https://docs.pytorch.org/docs/main/generated/torch.nn.Module.html"
            "#torch.nn.Module.register_full_backward_hook for more details.",
        )
        for hook in self.user_hooks:
            out = hook(self.module, (None,) * self.n_inputs, self.grad_outputs)
            if out is not None and not (isinstance(out, tuple) and all(item is None for item in out)):
                raise RuntimeError(
                    "Backward hook for Modules where no input requires gradient should always return None or None for all "
                    "gradients."
                )
        self.grad_outputs = None


def _spread(places: list[int] | None, values: tuple, size: int) -> tuple:
    """The values in their places, None elsewhere."""
    found = [None] * size
    for place, value in zip(places or (), values, strict=True):
        found[place] = value
    return tuple(found)


def _behind_a_node(args: tuple, register: Any) -> tuple[tuple, list[int] | None]:
    """The values with their tensors made outputs of one new node, and the places of those."""
    places = [i for i, arg in enumerate(args) if isinstance(arg, Tensor)]
    tensors = [args[i] for i in places]
    if not (is_grad_enabled() and any(tensor.requires_grad for tensor in tensors)):
        return args, None
    found = BackwardHookFunction.apply(*tensors)
    register(next(tensor.grad_fn for tensor in found if tensor.grad_fn is not None))
    items = list(args)
    for place, tensor in zip(places, found, strict=True):
        items[place] = tensor
    return (tuple(items) if type(args) is tuple else type(args)(*items)), places
