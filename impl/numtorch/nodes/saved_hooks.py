"""Hooks on what is saved: saved_tensors_hooks, kept by thread, and those that are set on one saved value.

A packed value stands in its node as a `Packed`, whose version never matches, so that the generated code comes here.
"""

from __future__ import annotations

import weakref
from typing import Any

from .. import grad_mode, tangents
from .graph import Node, accumulator

NEVER = [-2]  # a version counter that equals no saved version
Pair = tuple[Any, Any]  # what packs, and what unpacks
in_force: list[Pair] = []
"""The pairs of all threads: operators look only whether there is any, and leave the rest to `innermost`."""

INTERNAL = (
    'is_initialized && !tls.stack.empty() INTERNAL ASSERT FAILED at "/__w/pytorch/pytorch/aten/src/ATen/SavedTensorHooks.cpp"'
    ":69, please report a bug to PyTorch. "
)


def innermost() -> Pair | None:
    """The pair that packs what this thread saves."""
    pairs = grad_mode.state.pack_hooks
    return pairs[-1] if pairs else None


def _push_saved_tensors_default_hooks(pack_hook: Any, unpack_hook: Any) -> None:
    if not (callable(pack_hook) and callable(unpack_hook)):
        raise incompatible(
            "_push_saved_tensors_default_hooks",
            "(arg0: collections.abc.Callable, arg1: collections.abc.Callable) -> None",
            pack_hook,
            unpack_hook,
        )
    if grad_mode.state.hooks_disabled is not None:
        raise RuntimeError(grad_mode.state.hooks_disabled)
    pair = (pack_hook, unpack_hook)
    grad_mode.state.pack_hooks = (*grad_mode.state.pack_hooks, pair)
    in_force.append(pair)
    grad_mode.be_careful(True)


def _pop_saved_tensors_default_hooks() -> None:
    *rest, pair = grad_mode.state.pack_hooks or [None]
    if pair is None:
        raise RuntimeError(INTERNAL)
    grad_mode.state.pack_hooks = tuple(rest)
    in_force.remove(pair)
    grad_mode.be_careful(False)


def _saved_tensors_hooks_disable(message: Any) -> None:
    if not isinstance(message, str):
        raise incompatible(
            "_saved_tensors_hooks_disable", "(error_message: str, fail_if_non_empty: bool = True) -> None", message
        )
    grad_mode.state.hooks_disabled = message
    if grad_mode.state.pack_hooks:
        raise RuntimeError(message)


def _saved_tensors_hooks_enable() -> None:
    grad_mode.state.hooks_disabled = None


def _saved_tensors_hooks_is_enabled() -> bool:
    return grad_mode.state.hooks_disabled is None


def _saved_tensors_hooks_get_disabled_error_message() -> str | None:
    return grad_mode.state.hooks_disabled


def incompatible(name: str, signature: str, *arguments: Any) -> TypeError:
    """The error for arguments of the wrong types, in pybind11's words."""
    return TypeError(
        f"{name}(): incompatible function arguments. The following argument types are supported:\n    1. {signature}\n\n"
        f"Invoked with: {', '.join(map(repr, arguments))}"
    )


class Packed:
    """What a pack hook returned, in the place of a saved tensor, and the tensor's place in the graph.

    The place and the tangent are given to whatever the unpack hook returns, so that a second derivative finds its way. The
    place of a result is its own node, which is not kept, because it keeps the Packed.
    """

    __slots__ = (
        "_counter",
        "accumulator",
        "forward",
        "grad_fn",
        "is_result",
        "output_nr",
        "requires_grad",
        "unpack",
        "value",
    )

    def __init__(self, tensor: Any, is_result: bool, pair: Pair, handed: Any = None):
        """Pack a tensor; `handed` is what the hook is given for it."""
        self.forward = tangents.beside(tensor)
        self.value = call_pack_hook(pair[0], tensor if handed is None else handed)
        self.unpack = pair[1]
        self._counter = NEVER
        self.is_result = is_result
        self.requires_grad = tensor.requires_grad
        self.grad_fn = None if is_result else tensor.grad_fn
        self.output_nr = tensor._output_nr
        self.accumulator = accumulator(tensor) if self.requires_grad and tensor.grad_fn is None else None

    def restore(self, node: Node) -> Any:
        """A tensor with the memory of what the unpack hook returns, where the saved one was in the graph."""
        from ..tensor import Tensor

        value = self.unpack(self.value)
        if not isinstance(value, Tensor):
            raise TypeError(
                "Output of saved tensor unpack_hook expected to be a Tensor but got result of type "
                + type(value).__name__
            )
        value = value.detach()
        value._requires_grad = self.requires_grad
        value._made = node if self.is_result else self.grad_fn
        value._output_nr = self.output_nr
        if self.accumulator is not None:
            value._accumulator = weakref.ref(self.accumulator)
        if self.forward is not None and self.forward.tangent is not None:
            tangents.give(value, self.forward.tangent, self.forward.level)
        return value


def pack(node: Node, **results: Any) -> None:
    """Hand what a new node saved to the innermost saved-tensors hook: operands, then `results`, which are tensors.

    An in-place operator comes twice, before it writes and with what it wrote.
    """
    pair = innermost()
    if pair is None:
        return
    node.extras()  # which makes the engine announce the pass before it runs the node, and so the hooks' code
    later = grad_mode.state.results_later
    if later is None or not later.refused:
        pack_operands(node, pair)
    if later is None:
        pack_results(node, results, pair)
    else:
        later.held.append((node, results, pair))


def pack_operands(node: Node, pair: Pair) -> None:
    """Pack what a node saved of its operands."""
    for name in node.saved:
        if hasattr(type(node), name + "_counter"):
            continue  # a result
        value = getattr(node, name, None)  # unset where saving was refused
        if value is None or type(value) is Packed:
            continue
        if value._extra is None or value._extra.number is None:
            setattr(node, name, Packed(value, False, pair))


def pack_results(node: Node, results: dict[str, Any], pair: Pair) -> None:
    """Pack what a node saved of its results."""
    for name, tensor in results.items():
        if getattr(node, name) is not None:
            setattr(node, name, Packed(tensor, tensor.requires_grad, pair))
            setattr(node, name + "_counter", NEVER)


class Results:
    """The results of an operator, which forward mode packs when it has computed their tangents: entered around the operator.

    Of an operator that is `refused` its operands are packed instead, when it is left, whatever came of it.
    """

    __slots__ = ("held", "refused", "was")

    def __init__(self, refused: bool = False):
        self.refused = refused
        self.held: list[tuple[Node, dict[str, Any], Pair]] = []

    def __enter__(self) -> Results:
        self.was = grad_mode.state.results_later
        grad_mode.state.results_later = self
        return self

    def __exit__(self, *exc: Any) -> None:
        grad_mode.state.results_later = self.was

    def pack(self) -> None:
        """Pack them now."""
        for node, results, pair in self.held:
            if self.refused:
                pack_operands(node, pair)
            else:
                pack_results(node, results, pair)


def pack_before_write(node: Node, target: Any) -> None:
    """Pack what an in-place operator saved; what is then about to be written to may be memory of that, too."""
    pack(node)
    if grad_mode.state.before_write is not None:
        grad_mode.state.before_write(target)


def call_pack_hook(hook: Any, tensor: Any) -> Any:
    """What a pack hook makes of a tensor, which it may not modify."""
    from .saved import version_of

    was, version = grad_mode.is_grad_enabled(), version_of(tensor)
    try:
        grad_mode.set_grad(False)
        packed = hook(tensor)
    finally:
        grad_mode.set_grad(was)
    if version_of(tensor) != version:
        raise RuntimeError(
            "A saved tensor pack hook is modifying its input in place. Tensors provided as input to pack hook "
            "cannot be modified by in-place operations as this can lead to unexpected side-effects. Please "
            "open an issue if you need to perform in-place operations on the input to a pack hook."
        )
    return packed


class SavedTensor:
    """A handle on one saved value, as `_raw_saved_<name>` gives it; hooks may be set on it once."""

    __module__ = "torch._C._autograd"

    def __init__(self) -> None:
        raise RuntimeError("Trying to create a SavedTensor object from Python is forbidden.")

    _node: Node
    _name: str

    def __getattr__(self, name: str) -> Any:
        """What there is not is said of the class by its whole name, as C++ classes have it."""
        raise AttributeError(f"'torch._C._autograd.SavedTensor' object has no attribute '{name}'")

    def register_hooks(self, *hooks: Any) -> None:
        """Given pack_hook and unpack_hook: replace the saved value by what pack_hook makes of it."""
        if len(hooks) != 2 or not all(map(callable, hooks)):
            raise incompatible(
                "register_hooks",
                "(self: torch._C._autograd.SavedTensor, arg0: collections.abc.Callable, arg1: collections.abc.Callable) "
                "-> None",
                self,
                *hooks,
            )
        if self._is_packed():
            raise RuntimeError(
                "Calling register_hooks on a saved tensor whose hooks have already been set. Hint: only "
                "one pair of hooks is allowed at a time."
            )
        if self._is_freed():
            raise RuntimeError(
                "Calling register_hooks on a saved tensor after it has been freed. Saved intermediate values of the graph "
                "are freed when you call .backward() or autograd.grad(). Specify retain_graph=True if you need to "
                "backward through the graph a second time or if you need to access saved variables after calling backward."
            )
        if self._is_none():
            raise RuntimeError("Calling register_hooks on a saved tensor with value None is forbidden")
        self._node.extras()  # as in `pack`
        self._pack(hooks)

    def _is_packed(self) -> bool:
        return type(getattr(self._node, self._name)) is Packed

    def _is_freed(self) -> bool:
        from .saved import is_freed

        return is_freed(self._node, self._name)

    def _is_none(self) -> bool:
        return getattr(self._node, self._name) is None

    def _pack(self, pair: Any) -> None:
        from .saved import unpack_result, unpack_saved

        node, name = self._node, self._name
        is_result = hasattr(type(node), name + "_counter")
        tensor = unpack_result(node, name) if is_result else unpack_saved(node, name)
        setattr(node, name, Packed(tensor, is_result, pair, handed=tensor.detach()))
        if is_result:
            setattr(node, name + "_counter", NEVER)


_handles: weakref.WeakValueDictionary[tuple[int, str], SavedTensor] = weakref.WeakValueDictionary()


def read_raw_saved(node: Node, name: str) -> Any:
    """The value of `_raw_saved_<name>`: one object as long as somebody holds it."""
    if name in node.saved_lists:
        return getattr(node, name).handles(node)
    handle = _handles.get((id(node), name))
    if handle is None:
        handle = _handles[id(node), name] = object.__new__(SavedTensor)
        handle._node, handle._name = node, name
    return handle
