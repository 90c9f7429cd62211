"""The ctx of a custom Function, which is its node as well: what forward may say, what backward is given and may return.

`y.grad_fn`, the ctx of forward and the ctx of backward are one object, an instance of a class `<Name>Backward` that is made
with each Function. Tensor arguments have an edge each, other arguments have none; their gradients must be None.
"""

from __future__ import annotations

from typing import Any

from .. import grad_mode
from ..aliasing.views import mark_inference
from ..backward.graph_task import task_under_way
from ..memory.descriptor import Descriptor
from ..nodes.graph import FREED_TEXT, Node, VariadicNode, name_of, next_sequence_nr
from ..nodes.saved_variable import SavedVariable
from ..plain_numpy import np
from ..tensor import Tensor, wrap
from ..warning import warn
from .function_names import shared_when_set


class FunctionCtx:
    """What a forward, or a setup_context, may say about the call."""

    __module__ = "torch.autograd.function"

    def save_for_backward(self, *tensors: Any) -> None:
        """Keep tensors for backward; of several calls the last counts."""
        self.to_save = tensors

    def save_for_forward(self, *tensors: Any) -> None:
        """Keep tensors for jvp."""
        for tensor in tensors:
            if not (isinstance(tensor, Tensor) or tensor is None):
                raise AssertionError(
                    "save_for_forward expects all arguments to be tensors; you should save non-tensors as attributes on "
                    "ctx."
                )
        self.saved_for_forward = tensors

    def mark_dirty(self, *args: Any) -> None:
        """Say which inputs were written to; they have to be returned."""
        self.dirty_tensors = args

    def mark_shared_storage(self, *pairs: Any) -> None:
        """Nothing any more: tensors that share memory are tracked anyway."""
        warn(
            "`mark_shared_storage` is deprecated. Tensors with shared storages are automatically tracked. Note that calls "
            "to `set_()` are not tracked",
            FutureWarning,
        )

    def mark_non_differentiable(self, *args: Any) -> None:
        """Say which outputs have no gradient."""
        self.non_differentiable = args

    def set_materialize_grads(self, value: bool) -> None:
        """Whether undefined gradients reach backward and jvp as zeros (the default) or as None."""
        self.materialize_grads = value


class _Flag:
    """An attribute of a ctx that must be a bool; `materialize_grads` can only be written."""

    def __init__(self, function: str, readable: bool):
        self.function = function
        self.readable = readable

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, ctx: Any, owner: type | None = None) -> Any:
        if ctx is None:
            return self
        if not self.readable:
            raise AttributeError(f"attribute '{self.name}' of 'torch._C._FunctionBase' objects is not readable")
        return ctx._flags.get(self.name, True)

    def __set__(self, ctx: Any, value: Any) -> None:
        if type(value) is not bool:
            given = [type(one).__name__ for one in value] if isinstance(value, tuple) else []
            got = f"!{given[0]}!" if len(given) == 1 else ", ".join(given)  # the one that is not what is expected
            raise TypeError(
                f"{self.function} received an invalid combination of arguments - got ({got}), but expected (bool)"
            )
        ctx._flags = {**ctx._flags, self.name: value}


class _ReadOnly(property):
    """A property that is refused, in PyTorch's words, when it is assigned."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.attribute = name

    def __set__(self, instance: Any, value: Any) -> None:
        raise AttributeError(f"attribute '{self.attribute}' of 'torch._C._FunctionBase' objects is not writable")


class _FunctionBase(FunctionCtx):
    """The attributes of a ctx; an object made of the Function itself, which is deprecated, has them as well."""

    _forward_cls: Any = None

    # What forward says, until its outputs have been wrapped.
    to_save: Any = None
    dirty_tensors: Any = None
    non_differentiable: Any = None
    saved_for_forward: Any = None
    needs_input_grad: Any = None
    materialize_grads = _Flag("set_materialize_grads", readable=False)
    _materialize_non_diff_grads = _Flag("set_materialize_non_diff_grads", readable=True)

    _flags: dict[str, bool] = {}
    _saved: tuple[SavedVariable, ...] = ()
    _released = False
    _accessed = False  # saved_tensors were read and let go (clear_saved_tensors_on_access)

    @_ReadOnly
    def saved_tensors(self) -> tuple:
        """What save_for_backward kept, each after its version check; in jvp what save_for_forward kept."""
        self._check_access()
        return self.saved_for_forward if self.saved_for_forward is not None else self._unpack()

    @_ReadOnly
    def saved_variables(self) -> tuple:
        """The old name of saved_tensors."""
        warn("'saved_variables' is deprecated; use 'saved_tensors'", DeprecationWarning)
        self._check_access()
        return self._unpack()

    @_ReadOnly
    def _raw_saved_tensors(self) -> tuple:
        if self._released:
            raise RuntimeError(FREED_TEXT)
        for variable in self._saved:
            variable._node = self  # for register_hooks; not before, since node and variable then hold each other
        return self._saved

    def _check_access(self) -> None:
        if self._accessed:
            raise RuntimeError(
                "saved_tensors can only be accessed once when clear_saved_tensors_on_access=True is set on the "
                "autograd.Function. Either access saved_tensors only once, or set clear_saved_tensors_on_access=False."
            )

    def _unpack(self) -> tuple:
        if self._released:
            raise RuntimeError(FREED_TEXT)
        tensors = tuple([variable.unpack(self) for variable in self._saved])
        if tensors and self._forward_cls.clear_saved_tensors_on_access:
            self._saved = ()
            self._accessed = True
        return tensors


class BackwardCFunction(VariadicNode, _FunctionBase):
    """The node of one call of a Function, and the ctx of its forward and backward."""

    custom = True
    multi = True

    _function: Any  # the class Function, which is made after this one
    _is_tensor: tuple[bool, ...] = ()  # for each argument of forward
    _descs: tuple[Descriptor | None, ...] = ()  # of the outputs; None for what is no tensor
    _differentiable: tuple[bool, ...] = ()

    def __new__(cls) -> BackwardCFunction:
        """A node without edges."""
        node = object.__new__(cls)
        node.seq = next_sequence_nr()
        node.next_nodes = node.next_nrs = ()
        return node

    def __init_subclass__(cls, **kwargs: Any) -> None:
        cls.__module__ = "torch.autograd.function"

    def __repr__(self) -> str:
        return f"<torch.autograd.function.{type(self).__name__} object at 0x{id(self):x}>"

    def __call__(self, *grads: Any) -> Any:
        raise TypeError(f"'{type(self).__name__}' object is not callable")

    def maybe_clear_saved_tensors(self) -> None:
        """Let go of what was saved, unless the pass under way is to keep the graph."""
        task = task_under_way()
        if task is not None and not task.keep:
            self.release()

    @_ReadOnly
    def next_functions(self) -> tuple:
        """(next node, which of its outputs), one for each tensor argument."""
        return self.edges()

    @_ReadOnly
    def metadata(self) -> dict[str, Any]:
        """A dictionary for whatever the user wants to keep with the node."""
        return self.extras().metadata

    @_ReadOnly
    def _input_metadata(self) -> tuple[Any, ...]:
        from .graph import input_metadata

        pairs = zip(self._descs, self._differentiable, strict=True)
        return tuple([input_metadata(desc if differentiable else None) for desc, differentiable in pairs])

    # ---- what calls the user's functions

    def _get_user_fn(self) -> Any:
        cls, base = self._forward_cls, self._function
        vjp = cls.vjp is not base.vjp
        if vjp and cls.backward is not base.backward:
            raise RuntimeError(
                "Implementing both 'backward' and 'vjp' for a custom Function is not allowed. You should only implement "
                "one of them."
            )
        return cls.vjp if vjp else cls.backward

    def apply(self, *args: Any) -> Any:  # type: ignore[override]
        """Call the user's backward."""
        function = self._get_user_fn()
        if self._forward_cls.boxed_grads_call:
            args = (list(args),)
        return function(self, *args)

    def apply_jvp(self, *args: Any) -> Any:
        """Call the user's jvp."""
        return self._forward_cls.jvp(self, *args)

    # ---- what the engine calls

    extra = shared_when_set(Node.extra.fget)  # type: ignore[attr-defined]

    @shared_when_set
    def num_outputs(self) -> int:
        """How many values forward returned."""
        return len(self._descs)

    def descriptors(self) -> tuple:
        return self._descs

    def apply_custom(self, inputs: list[Any]) -> list[Any]:
        """Run backward on Tensors: the gradients of the tensor arguments, each a Tensor or None."""
        results = self.apply(*self._materialized(inputs))
        if not isinstance(results, tuple):
            results = (results,)
        count = len(self._is_tensor)
        if len(results) > count and all(r is None for r in results[count:]):
            results = results[:count]
        if len(results) != count:
            raise RuntimeError(
                f"function {name_of(self)} returned an incorrect number of gradients (expected {count}, got {len(results)})"
            )
        gradients = []
        for position, (grad, is_tensor) in enumerate(zip(results, self._is_tensor, strict=True), 1):
            if is_tensor:
                if grad is not None and not isinstance(grad, Tensor):
                    raise RuntimeError(f"expected Variable or None (got {type(grad).__name__})")
                gradients.append(grad)
            elif grad is not None:
                raise RuntimeError(
                    f"function {name_of(self)} returned a gradient different than None at position {position}, but the "
                    "corresponding forward input was not a Variable"
                )
        return gradients

    def _materialized(self, grads: list[Any]) -> list[Any]:
        if not [None for grad in grads if grad is None] or not self._flags.get("materialize_grads", True):
            return grads
        every = self._materialize_non_diff_grads
        return [
            zeros(desc) if grad is None and desc is not None and (every or differentiable) else grad
            for grad, desc, differentiable in zip(grads, self._descs, self._differentiable, strict=True)
        ]

    def release(self) -> None:
        self._released = True
        self._saved = ()


def zeros(desc: Descriptor) -> Tensor:
    """Zeros for an undefined gradient. C++ fills them in place, which counts as a write, but below who watches writes."""
    result = wrap(np.zeros(desc.shape, desc.dtype.numpy))
    result._counter = [0 if grad_mode.watched() else 1]
    if grad_mode.state.inference:
        mark_inference(result)
    return result
