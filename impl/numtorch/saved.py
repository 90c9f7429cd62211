"""Saved values: the version checks at unpacking, the `_saved_*` attributes, and saved-tensor hooks.

A node keeps an operand as the Tensor itself with the version it had, so that it unpacks to the same object; it keeps its
own result as the bare array with the result's version counter, since holding the Tensor would make a cycle. The
generated `apply` compares versions inline and comes here only when they differ: the value was freed, modified, or packed
by a hook (`Packed` has a counter that never matches).
"""

from __future__ import annotations

import weakref
from typing import Any

from . import grad_mode, overrides
from .graph import FREED, FREED_COUNTER, FREED_TEXT, Node, accumulator

_new = object.__new__
hooks: list[Any] = []  # saved_tensors_hooks in force, innermost last
disabled: str | None = None  # what to say to whoever uses them, while they are disabled
_NEVER = [-2]
# What C++ keeps as int64: PyTorch shows it as if it had no sign.
UNSIGNED = frozenset(
    (
        "diagonal",
        "dim",
        "dim0",
        "dim1",
        "dim2",
        "dimension",
        "dims",
        "end",
        "index",
        "index_",
        "k",
        "offset",
        "shifts",
        "start",
    )
)


class Packed:
    """What a pack hook returned, in the place of a saved tensor, and the tensor's place in the graph.

    The place is given to whatever the unpack hook returns, so that a second derivative finds its way. That of a result is
    its own node, which is not kept, because it keeps the Packed.
    """

    __slots__ = ("_counter", "accumulator", "grad_fn", "is_result", "output_nr", "requires_grad", "unpack", "value")

    def __init__(self, tensor: Any, is_result: bool):
        self.value = call_pack_hook(tensor)
        self.unpack = hooks[-1][1]
        self._counter = _NEVER
        self.is_result = is_result
        self.requires_grad = tensor.requires_grad
        self.grad_fn = None if is_result else tensor.grad_fn
        self.output_nr = tensor._output_nr
        self.accumulator = accumulator(tensor) if self.requires_grad and tensor.grad_fn is None else None

    def restore(self, node: Node) -> Any:
        """A tensor with the memory of what the unpack hook returns, where the saved one was in the graph."""
        from .tensor import Tensor

        value = self.unpack(self.value)
        if not isinstance(value, Tensor):
            raise TypeError(
                "Output of saved tensor unpack_hook expected to be a Tensor but got result of type "
                + type(value).__name__
            )
        value = value.detach()
        value._requires_grad = self.requires_grad
        value._grad_fn = node if self.is_result else self.grad_fn
        value._output_nr = self.output_nr
        if self.accumulator is not None:
            value._accumulator = weakref.ref(self.accumulator)
        return value


def push_hooks(pack_hook: Any, unpack_hook: Any) -> None:
    """Put hooks in force, for what is saved from now on."""
    hooks.append((pack_hook, unpack_hook))
    grad_mode.be_careful(1)


def pop_hooks() -> None:
    """End what `push_hooks` began."""
    hooks.pop()
    grad_mode.be_careful(-1)


def freed() -> RuntimeError:
    """The error for a value that a backward has already released."""
    return RuntimeError(FREED_TEXT)


def version_of(tensor: Any) -> int:
    """How many times the tensor's memory was written."""
    counter = tensor._counter
    return 0 if counter is None else counter[0]


def node_label(node: Node) -> str:
    """A node's name as error texts have it: without the Backward and its digits."""
    name = node.name().rsplit("::", 1)[-1]
    head, found, tail = name.rpartition("Backward")
    return head if found and (not tail or tail.isdigit()) else name


def modified(desc: Any, node: Node | None, output_nr: int, now: int, then: int) -> RuntimeError:
    """The error for a saved value that was written to since."""
    from .autograd import anomaly_mode

    text = (
        "one of the variables needed for gradient computation has been modified by an inplace operation: "
        f"[{desc.dtype.type_string} [{', '.join(map(str, desc.shape))}]]"
    )
    if node is not None:
        text += f", which is output {output_nr} of {node_label(node)},"
    text += f" is at version {now}; expected version {then} instead. Hint: "
    if anomaly_mode.enabled:
        text += (
            "the backtrace further above shows the operation that failed to compute its gradient. The variable in "
            "question was changed in there or anywhere later. Good luck!"
        )
    else:
        text += (
            "enable anomaly detection to find the operation that failed to compute its gradient, with "
            "torch.autograd.set_detect_anomaly(True, check_nan=False)."
        )
    return RuntimeError(text)


def check_saveable(tensor: Any) -> None:
    """Refuse to save an inference tensor."""
    if tensor._extra.inference and not grad_mode.state.inference:
        raise RuntimeError(
            "Inference tensors cannot be saved for backward. Please do not use Tensors created in inference "
            "mode in computation tracked by autograd. To work around this, you can make a clone to get a "
            "normal tensor and use it in autograd, or use `torch.no_grad()` instead of "
            "`torch.inference_mode()`."
        )


def unpack_input(node: Node, name: str) -> Any:
    """The Tensor saved under `name` (None if it was not needed), after the version check, for a formula to compute with.

    Formulas ask no subclass: one that overrides is a plain tensor to them, in its place in the graph.
    """
    tensor = unpack_saved(node, name)
    if overrides.living and tensor is not None and overrides.overrides(type(tensor)):
        return plain(tensor)
    return tensor


def plain(tensor: Any) -> Any:
    """The tensor without its class."""
    from .tensor import Tensor

    alias = _new(Tensor)
    for slot in Tensor.__slots__:
        if slot != "__weakref__":
            setattr(alias, slot, getattr(tensor, slot))
    return alias


def unpack_saved(node: Node, name: str) -> Any:
    """The Tensor saved under `name`, the very object, after the version check."""
    tensor = getattr(node, name)
    if tensor is None:
        return None
    if type(tensor) is Packed:
        return tensor.restore(node)
    if tensor is FREED:
        raise freed()
    then = getattr(node, name + "_version")
    now = version_of(tensor)
    if now != then:
        from .views import current_grad_fn

        raise modified(tensor._desc, current_grad_fn(tensor), tensor._output_nr, now, then)
    return tensor


def unpack_result(node: Node, name: str = "result") -> Any:
    """A fresh Tensor over the node's own saved output, connected to the graph."""
    array = getattr(node, name)
    if array is None:
        if getattr(node, name + "_counter") is FREED_COUNTER:
            raise freed()
        return None
    if type(array) is Packed:
        return array.restore(node)
    from .tensor import wrap

    counter = getattr(node, name + "_counter")
    then = getattr(node, name + "_version")
    nr = getattr(type(node), name + "_nr", 0)
    if counter[0] != then:
        raise modified(node.descriptors()[nr], node, nr, counter[0], then)
    tensor = wrap(array)
    tensor._counter = counter
    if tensor._desc.dtype.category >= 2 and name not in node.not_differentiable:
        tensor._requires_grad = True
        tensor._grad_fn = node
        tensor._output_nr = nr
    return tensor


def pack(node: Node) -> None:
    """Hand what a new node saved to the innermost saved-tensors hook."""
    from .tensor import wrap

    node.extras()  # which makes the engine announce the pass before it runs the node, and so the hooks' code
    for name in node.saved:
        value = getattr(node, name)
        if value is None or type(value) is Packed or isinstance(value, tuple):
            continue
        is_result = hasattr(type(node), name + "_counter")
        if is_result:
            value = wrap(value)
            value._counter = getattr(node, name + "_counter")
            if value._desc.dtype.category >= 2 and name not in node.not_differentiable:
                value._requires_grad, value._grad_fn = True, node
                value._output_nr = getattr(type(node), name + "_nr", 0)
        elif value._extra is not None and value._extra.number is not None:
            continue
        setattr(node, name, Packed(value, is_result))
        if is_result:
            setattr(node, name + "_counter", _NEVER)


def call_pack_hook(tensor: Any) -> Any:
    """What the innermost pack hook makes of a tensor, which it may not modify."""
    if disabled is not None:
        raise RuntimeError(disabled)
    was, version = grad_mode.is_grad_enabled(), version_of(tensor)
    try:
        grad_mode.set_grad(False)
        packed = hooks[-1][0](tensor)
    finally:
        grad_mode.set_grad(was)
    if version_of(tensor) != version:
        raise RuntimeError(
            "A saved tensor pack hook is modifying its input in place. Tensors provided as input to pack hook "
            "cannot be modified by in-place operations as this can lead to unexpected side-effects. Please "
            "open an issue if you need to perform in-place operations on the input to a pack hook."
        )
    return packed


def read_saved(node: Node, name: str) -> Any:
    """The value of `_saved_<name>`."""
    if name in node.saved:
        if hasattr(type(node), name + "_counter"):
            return unpack_result(node, name)
        value = getattr(node, name)
        if isinstance(value, tuple):
            return tuple(value)
        tensor = unpack_saved(node, name)
        number = tensor._extra.number if tensor is not None and tensor._extra is not None else None
        if number is not None:
            from .creation import tensor as make
            from .dtype import float64

            return make(number, dtype=float64 if type(number) is float else None)
        return tensor
    value = getattr(node, name)
    if name.endswith("sym_strides"):
        return tuple([s // node.desc.dtype.itemsize for s in value])
    if name in UNSIGNED:
        if type(value) is int:
            return value % 2**64
        if isinstance(value, (tuple, list)):
            return tuple([d % 2**64 for d in value])
    return tuple(value) if isinstance(value, (list, tuple)) else value


class SavedTensor:
    """A handle on one saved value, as `_raw_saved_<name>` gives it; hooks may be set on it once."""

    __module__ = "torch._C._autograd"

    def __init__(self) -> None:
        raise RuntimeError("Trying to create a SavedTensor object from Python is forbidden.")

    _node: Node
    _name: str

    def register_hooks(self, pack_hook: Any, unpack_hook: Any) -> None:
        """Replace the saved value by what pack_hook makes of it."""
        node, name = self._node, self._name
        value = getattr(node, name)
        if value is None:
            if getattr(node, name + "_counter", None) is FREED_COUNTER:
                raise freed()
            raise RuntimeError(
                "Calling register_hooks on a saved tensor with value None is forbidden. This might be "
                "because the tensor was None at the time it was saved."
            )
        if type(value) is Packed:
            raise RuntimeError(
                "Calling register_hooks on a saved tensor whose hooks have already been set. Hint: only "
                "one pair of hooks is allowed at a time."
            )
        if value is FREED:
            raise RuntimeError(FREED_TEXT)
        push_hooks(pack_hook, unpack_hook)
        try:
            pack(node)
        finally:
            pop_hooks()


def read_raw_saved(node: Node, name: str) -> SavedTensor:
    """The value of `_raw_saved_<name>`."""
    handle = _new(SavedTensor)
    handle._node = node
    handle._name = name
    return handle
