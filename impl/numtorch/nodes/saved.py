"""Saved values: the version checks at unpacking, and the `_saved_*` attributes.

A node keeps an operand as the Tensor itself with the version it had, so that it unpacks to the same object; it keeps its
own result as the bare array with the result's version counter, since holding the Tensor would make a cycle. The
generated `apply` compares versions inline and comes here only when they differ: the value was freed, modified, or packed
by a hook (`Packed` has a counter that never matches).
"""

from __future__ import annotations

from typing import Any

from ..aliasing.views import SeenThrough, WrittenBy, current_grad_fn, node_label
from ..calls import handlers, torch_function
from ..tensor import Tensor, copy_slots, wrap
from .graph import FREED, FREED_COUNTER, FREED_TEXT, Node
from .saved_hooks import Packed, pack

_new = object.__new__
_TENSOR = (Tensor,)
# What C++ keeps as int64: PyTorch shows it as if it had no sign.
UNSIGNED = frozenset(
    (
        "diagonal",
        "dim",
        "dim0",
        "ignore_index",
        "pad",
        "padding",
        "padding_idx",
        "dim1",
        "dim2",
        "dimension",
        "dims",
        "end",
        "index",
        "k",
        "offset",
        "shifts",
        "start",
    )
)


def freed() -> RuntimeError:
    """The error for a value that a backward has already released."""
    return RuntimeError(FREED_TEXT)


def version_of(tensor: Any) -> int:
    """How many times the tensor's memory was written."""
    counter = tensor._counter
    return 0 if counter is None else counter[0]


class Detached(list):
    """The version counter of a tensor that detach_() took out of the graph: the counter that it had, seen in another light.

    What nodes saved of the tensor before then carries versions that are not equal to this counter's, so that they come to
    `unpack_input`, which tells this from a write. The fast path looks at nothing else. (Rejected: asking the garbage
    collector which nodes hold the tensor, at milliseconds a call, where truncated backpropagation detaches in a loop.)
    """

    __slots__ = ("shared",)

    def __init__(self, shared: list[int]):
        self.shared = shared

    def __getitem__(self, position: Any) -> Any:
        return DetachedVersion(self.shared[0], self)

    def __setitem__(self, position: Any, value: Any) -> None:
        self.shared[0] = int(value)


class DetachedVersion(int):
    """A version of a detached tensor: equal to none from before it was detached."""

    counter: Detached

    def __new__(cls, number: int, counter: Detached) -> DetachedVersion:
        self = super().__new__(cls, number)
        self.counter = counter
        return self

    def __eq__(self, other: object) -> bool:
        return type(other) is DetachedVersion and other.counter is self.counter and int(other) == int(self)

    def __ne__(self, other: object) -> bool:
        return not self == other


DETACHED = (
    "Trying to use a saved tensor that has been detached in-place, i.e. with .detach_()."
    "This is not supported, please use out-of-place `.detach()` instead"
)


def check_version(tensor: Any, then: int, node: Node) -> None:
    """Refuse a saved tensor that was written to since; one that was detached is called an output of the node itself."""
    now = version_of(tensor)
    if int(now) != int(then):
        fn = node if was_detached(tensor, then) else current_grad_fn(tensor)
        raise modified(tensor._desc, fn, tensor._output_nr, int(now), int(then))


def was_detached(tensor: Any, then: int) -> bool:
    """Whether a tensor that was saved with the version `then` has been detached in place since."""
    now = version_of(tensor)
    return tensor._made is None and type(now) is DetachedVersion and getattr(then, "counter", None) is not now.counter


def modified(desc: Any, node: Node | str | None, output_nr: int, now: int, then: int) -> RuntimeError:
    """The error for a saved value that was written to since."""
    from ..backward import anomaly

    text = (
        "one of the variables needed for gradient computation has been modified by an inplace operation: "
        f"[{desc.dtype.type_string} [{', '.join(map(str, desc.shape))}]]"
    )
    if node is not None:
        text += f", which is output {output_nr} of {node if type(node) is str else node_label(node)},"
    text += f" is at version {now}; expected version {then} instead. Hint: "
    if anomaly.enabled:
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


def writer(version: int) -> str | None:
    """Who wrote the whole numbers that have this version, if the write has a node."""
    return version.label if type(version) is WrittenBy else None


def is_odd(saved: Any) -> bool:
    """Whether a saved tensor has strides that NumPy makes something else of than PyTorch, or a hook may give it such."""
    desc = getattr(saved, "_desc", None)
    return type(saved) is Packed if desc is None else not desc.plain


def check_saveable(tensor: Any, node: Node | None = None) -> None:
    """Refuse to save an inference tensor, once what the node saves before it is packed."""
    if tensor._extra.inference:
        if node is not None:
            pack(node)
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
    refuse_detached(node, name)
    tensor = unpack_saved(node, name)
    if torch_function.living and handlers.overrides(type(tensor)):
        return plain(tensor)
    return tensor


def refuse_detached(node: Node, name: str) -> None:
    """Refuse an operand that was detached in place since it was saved: no formula can tell where it comes from."""
    tensor = getattr(node, name)
    if isinstance(tensor, Tensor) and was_detached(tensor, getattr(node, name + "_version", None)):
        raise RuntimeError(DETACHED)


def plain(tensor: Any) -> Any:
    """The tensor without its class."""
    alias = _new(Tensor)
    copy_slots(tensor, alias)
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
    check_version(tensor, getattr(node, name + "_version"), node)
    return tensor


def unpack_result(node: Node, name: str) -> Any:
    """A fresh Tensor over the node's own saved output, connected to the graph."""
    array = getattr(node, name)
    if array is None:
        if getattr(node, name + "_counter") is FREED_COUNTER:
            raise freed()
        return None
    if type(array) is Packed:
        return array.restore(node)
    counter = getattr(node, name + "_counter")
    then = getattr(node, name + "_version")
    nr = getattr(type(node), name + "_nr", 0)
    tensor = wrap(array)
    tensor._counter = counter
    differentiable = name not in node.not_differentiable
    if type(then) is SeenThrough:
        node = then.view() or node
    if counter[0] != then:
        raise modified(
            tensor._desc, node if differentiable else writer(counter[0]), nr * differentiable, counter[0], then
        )
    if differentiable:
        tensor._requires_grad = True
        tensor._made = node
        tensor._output_nr = nr
    return tensor


def own_result(node: Node, array: Any, counter: list[int]) -> Any:
    """The same of a node's one output, which is as it was: a formula over Tensors reads it."""
    then = node.result_version
    return saved_result((then.view() or node) if type(then) is SeenThrough else node, node.desc, array, counter)


def saved_result(made: Any, desc: Any, array: Any, counter: list[int]) -> Any:
    """The same of a node, as a Node or a record."""
    result = _new(*_TENSOR)
    result._array = array
    result._desc = desc
    result._requires_grad = True
    result._made = made
    result._counter = counter
    result._extra = None
    return result


def is_freed(node: Node, name: str) -> bool:
    """Whether what was saved under `name` has been released."""
    return getattr(node, name) is FREED or getattr(node, name + "_counter", None) is FREED_COUNTER


def read_saved(node: Node, name: str) -> Any:
    """The value of `_saved_<name>`."""
    if name in node.saved:
        if hasattr(type(node), name + "_counter"):
            return unpack_result(node, name)
        tensor = unpack_saved(node, name)
        number = tensor._extra.number if tensor is not None and tensor._extra is not None else None
        if number is not None:
            from ..creation import tensor as make
            from ..dtype import float64

            return make(number, dtype=float64 if type(number) is float else None)
        return tensor
    value = getattr(node, name)
    if name in node.saved_lists:
        return value.unpack(node)
    if name.endswith("sym_strides"):
        return strides_in_elements(node, name)
    if name in UNSIGNED:
        if type(value) is int:
            return value % 2**64
        if isinstance(value, (tuple, list)):
            return tuple([d % 2**64 for d in value])
    return tuple(value) if isinstance(value, (list, tuple)) else value


def strides_in_elements(node: Node, name: str) -> tuple[int, ...]:
    """The strides of a factor that a matrix product saved; PyTorch keeps them only for a factor that is to have a gradient."""
    factors = [one for one in node.saved_values if one.endswith("sym_strides")]
    fn, _ = node.edges()[factors.index(name) - len(factors)]
    return () if fn is None else tuple([stride // node.desc.dtype.itemsize for stride in getattr(node, name)])
