"""Views: who shares whose memory, and what in-place writes through them do to the graph.

A view knows its root base (`_base`, never another view) and how it came to be (its creation meta). Writing through a
view puts a CopySlices node on the *base* and re-derives the view from the base by its strides; other views notice at
their next look at `grad_fn`, because the shared version counter has moved on. All of it lives in `tensor._extra`, which
is None for a plain tensor, so that plain tensors pay nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import grad_mode
from .geometry import Geometry, element_strides, storage_offset
from .graph import Node, UnaryNode, VariadicNode, edge, next_sequence_nr
from .saved import node_label

DEFAULT, IN_CUSTOM_FUNCTION, MULTI_OUTPUT_NODE, NO_GRAD_MODE, INFERENCE_MODE = range(5)
ASK_BASE = 2  # value of `_requires_grad` in a view of a plain base: truthy, so that the slow path asks the base

_new = object.__new__


class AutogradMeta:
    """What few tensors have: hooks, view relations, a retained gradient."""

    __slots__ = (
        "attr_version",
        "backward_view",
        "base",
        "creation_meta",
        "grad_dtype",
        "hooks",
        "inference",
        "number",
        "post_hooks",
        "replay",
        "retains_grad",
    )

    def __init__(self) -> None:
        self.base: Any = None
        self.creation_meta = DEFAULT
        self.attr_version = 0
        self.replay: Any = None  # how to re-derive the view where strides cannot say it
        self.backward_view = False  # False for a detached alias, which shares memory but not history
        self.hooks: Any = None
        self.post_hooks: Any = None
        self.retains_grad = False
        self.grad_dtype: Any = False  # False: the tensor's own
        self.inference = False
        self.number: Any = None  # the Python number that a wrapped-number tensor stands for


def extras(tensor: Any) -> AutogradMeta:
    """The rarely needed part of a tensor, made on demand."""
    if tensor._extra is None:
        tensor._extra = AutogradMeta()
    return tensor._extra


def counter_of(tensor: Any) -> list[int]:
    """The tensor's version counter, made when first shared or bumped."""
    counter = tensor._counter
    if counter is None:
        counter = tensor._counter = [0]
    return counter


def bump(tensor: Any) -> None:
    """Count one write."""
    counter = tensor._counter
    if counter is None:
        tensor._counter = [1]
    else:
        counter[0] += 1


def storage_of(tensor: Any) -> np.ndarray:
    """The tensor's array, materialised if it is still a NumPy scalar, so that memory can be shared."""
    array = tensor._array
    if type(array) is not np.ndarray:
        old, array = array, np.array(array)
        tensor._array = array
        node = tensor._grad_fn
        if node is not None:  # a node may have saved this very scalar as its result
            for name in node.saved:
                if getattr(node, name) is old:
                    setattr(node, name, array)
    return array


def as_view(base: Any, view: Any, meta: int = DEFAULT) -> Any:
    """Make `view`, a new Tensor over part of `base`'s memory, a view of it; grad_fn, if any, is set by the caller."""
    view._counter = counter_of(base)
    extra = AutogradMeta()
    parent = base._extra
    if meta == DEFAULT and not grad_mode.state.grad:
        meta = INFERENCE_MODE if grad_mode.state.inference else NO_GRAD_MODE
    root = base
    if parent is not None:
        if parent.inference:
            extra.inference = True
        if parent.base is not None and parent.backward_view:
            root = parent.base
            if meta == DEFAULT:
                meta = parent.creation_meta
            extra.replay = parent.replay
    extra.base = root
    extra.creation_meta = meta
    extra.attr_version = view._counter[0]
    extra.backward_view = True
    view._extra = extra
    if not view._requires_grad:
        view._requires_grad = ASK_BASE
    return view


def requires_grad(tensor: Any) -> bool:
    """Whether gradients flow to the tensor, a view's base included."""
    flag = tensor._requires_grad
    if flag is not True and flag:
        base = tensor._extra.base
        return base._requires_grad is True or (bool(base._requires_grad) and requires_grad(base))
    return flag


def current_grad_fn(tensor: Any) -> Node | None:
    """The tensor's grad_fn; a view whose memory was written since is first re-derived from its base."""
    extra = tensor._extra
    if extra is None or extra.base is None or not extra.backward_view:
        return tensor._grad_fn
    base = extra.base
    if tensor._grad_fn is None and not requires_grad(base):
        return None
    version = tensor._counter[0]
    if extra.attr_version != version:
        if extra.creation_meta != DEFAULT:
            handle_view_on_rebase(tensor, indirect=True)
        regenerate(tensor, extra, base)
        extra.attr_version = version
    return tensor._grad_fn


def regenerate(tensor: Any, extra: AutogradMeta, base: Any) -> None:
    """Give a stale view a grad_fn that derives it anew from its base."""
    if extra.replay is not None:
        was = grad_mode.state.grad
        try:
            grad_mode.set_grad(True)
            tensor._grad_fn = extra.replay(base)._grad_fn
        finally:
            grad_mode.set_grad(was)
    else:
        node = _new(AsStridedBackward0)
        node.seq = next_sequence_nr()
        node.desc = tensor._desc
        node.extra = None
        node.fn0, node.nr0 = edge(base)
        node.size = tensor._desc.shape
        node.stride = element_strides(tensor._array)
        node.storage_offset = storage_offset(tensor._array)
        node.base = geometry(base)
        tensor._grad_fn = node
    tensor._requires_grad = True
    tensor._output_nr = 0


def handle_view_on_rebase(tensor: Any, indirect: bool = False) -> None:
    """Refuse to write through (or, indirectly, to re-derive) a view that cannot be re-derived from its base."""
    meta = tensor._extra.creation_meta
    if meta == DEFAULT:
        return
    node = tensor._grad_fn
    did = "its base or another view of its base has been modified inplace" if indirect else "is being modified inplace"
    if node is not None:
        head = f"Output {tensor._output_nr} of {node_label(node)} is a view and {did}."
    elif meta == INFERENCE_MODE:
        head = f"A view was created in inference mode and {did} in normal mode."
    elif meta == NO_GRAD_MODE:
        head = f"A view was created in no_grad mode and {did} with grad mode enabled."
    else:
        head = f"A view was created in no_grad mode and {did} with grad mode enabled."
    if meta == MULTI_OUTPUT_NODE:
        tail = (
            " This view is the output of a function that returns multiple views. Such functions do not allow the "
            "output views to be modified inplace. You should replace the inplace operation by an out-of-place one."
        )
    elif meta in (NO_GRAD_MODE, INFERENCE_MODE):
        block = "inference_mode" if meta == INFERENCE_MODE else "no_grad"
        tail = (
            " Given that this use case is ambiguous and error-prone, it is forbidden. You can clarify your code by "
            f"moving both the view and the inplace either both inside the {block} block (if you don't want the "
            "inplace to be tracked) or both outside (if you want the inplace to be tracked)."
        )
    else:
        tail = (
            " This view was created inside a custom Function (or because an input was returned as-is) and the "
            "autograd logic to handle view+inplace would override the custom backward associated with the custom "
            "Function, leading to incorrect gradients. This behavior is forbidden. You can fix this by cloning the "
            "output of the custom Function."
        )
    raise RuntimeError(head + tail)


def check_inplace(tensor: Any, tracked: bool) -> None:
    """Refuse an in-place write that autograd could not follow; `tracked`: some operand requires grad."""
    extra = tensor._extra
    if extra is not None and extra.inference and not grad_mode.state.inference:
        raise RuntimeError(
            "Inplace update to inference tensor outside InferenceMode is not allowed.You can make a clone "
            "to get a normal tensor before doing inplace update.See "
            "https://github.com/pytorch/rfcs/pull/17 for more details."
        )
    if not tracked or not grad_mode.state.grad:
        return
    wants = requires_grad(tensor)
    if extra is not None and extra.base is not None and extra.backward_view:
        if extra.creation_meta != DEFAULT:
            handle_view_on_rebase(tensor)
        if wants and is_leaf(extra.base):
            raise RuntimeError("a view of a leaf Variable that requires grad is being used in an in-place operation.")
    if wants and is_leaf(tensor):
        raise RuntimeError("a leaf Variable that requires grad is being used in an in-place operation.")


def is_leaf(tensor: Any) -> bool:
    """Whether the tensor is no result of a tracked operation."""
    return (tensor._grad_fn if tensor._extra is None else current_grad_fn(tensor)) is None


def set_history(tensor: Any, node: Node, output_nr: int) -> None:
    """Make the tensor the node's output; hooks stay with the old value, a retained gradient moves on."""
    extra = tensor._extra
    old, old_nr = tensor._grad_fn, tensor._output_nr
    tensor._grad_fn = node
    tensor._output_nr = output_nr
    tensor._requires_grad = True
    if extra is not None:
        if extra.base is not None:
            extra.attr_version = tensor._counter[0] if tensor._counter is not None else 0
        extra.hooks = None
        if extra.retains_grad and old is not None and old.extra is not None:
            ref = old.extra.retains_grad.pop(old_nr, None)
            if ref is not None:
                node.extras().retains_grad[output_nr] = ref


def rebase_history(tensor: Any, node: Node, output_nr: int = 0) -> None:
    """After a tracked in-place write: a plain tensor becomes the node's output, a view's base becomes a CopySlices."""
    extra = tensor._extra
    if extra is None or extra.base is None or not extra.backward_view:
        set_history(tensor, node, output_nr)
        return
    base = extra.base
    slices = _new(CopySlices)
    slices.seq = next_sequence_nr()
    slices.desc = base._desc
    slices.extra = None
    edges = node.edges()
    first = edge(base)
    slices.next_nodes = (first[0], *(fn for fn, _ in edges[1:]))
    slices.next_nrs = (first[1], *(nr for _, nr in edges[1:]))
    slices.base = geometry(base)
    slices.view = geometry(tensor)
    slices.fn = node
    slices.replay = extra.replay
    set_history(base, slices, 0)
    tensor._requires_grad = True
    extra.attr_version = -1
    current_grad_fn(tensor)


def geometry(tensor: Any) -> Geometry:
    """The geometry of a tensor."""
    array = tensor._array
    return Geometry(tensor._desc.shape, element_strides(array), storage_offset(array), tensor._desc)


# ---- the two nodes that views need


class AsStridedBackward0(UnaryNode):
    """Derives a view from its base by strides: the gradient is added into the view's window of zeros."""

    __slots__ = ("base", "size", "storage_offset", "stride")
    saved_values = ("size", "stride", "storage_offset")
    writes_grad = 1

    def apply(self, grad: Any, keep: bool) -> Any:
        return scatter_strided(grad, self.base, self.size, self.stride, self.storage_offset)

    def apply_tensors(self, grad: Any) -> Any:
        from .writes import as_strided_backward

        return as_strided_backward(grad, self.base, self.size, self.stride, self.storage_offset)


def scatter_strided(grad: Any, base: Geometry, size: tuple, stride: tuple, offset: int) -> np.ndarray:
    """Zeros laid out as the base, the gradient added into the window that strides say."""
    out = np.zeros(extent(base, (size, stride, offset)), dtype=grad.dtype)
    window = window_of(out, size, stride, offset)
    overlaps = any(st < 1 and s > 1 for s, st in zip(size, stride, strict=True)) or _overlaps(size, stride)
    if overlaps:
        np.add.at(out, window_of(np.arange(out.size), size, stride, offset), grad)
    else:
        window[...] = grad
    return window_of(out, base.shape, base.strides, base.offset)


def _overlaps(size: tuple, stride: tuple) -> bool:
    reach = 1
    for st, s in sorted((st, s) for s, st in zip(size, stride, strict=True) if s > 1):
        if st < reach:
            return True
        reach = st * (s - 1) + reach
    return False


def window_of(array: np.ndarray, shape: tuple, strides: tuple, offset: int) -> np.ndarray:
    """A window into a one-dimensional array, in elements."""
    if 0 in shape:
        return np.empty(shape, array.dtype)
    size = array.itemsize
    return np.ndarray(shape, array.dtype, array, offset * size, tuple([s * size for s in strides]))


def extent(base: Geometry, window: tuple) -> int:
    """How many elements of storage the base and the window reach over."""
    ends = []
    for shape, strides, offset in ((base.shape, base.strides, base.offset), window):
        if 0 not in shape:
            ends.append(offset + sum([(s - 1) * st for s, st in zip(shape, strides, strict=True)]) + 1)
    return max(ends, default=0)


class CopySlices(VariadicNode):
    """The base's node after a write through a view: the view's window of the gradient goes through the write's node."""

    __slots__ = ("base", "fn", "replay", "view")

    def name(self) -> str:
        return "torch::autograd::CopySlices"

    def release(self) -> None:
        self.fn.release()

    def _run(self, grad: Any) -> Any:
        from .writes import copy_slices

        return copy_slices(self, grad)

    def apply(self, grad: Any, keep: bool) -> Any:
        """Over raw arrays: copy the gradient, cut the window out, run the write's node on it, put the result back."""
        base, view = self.base, self.view
        if self.replay is not None or self.fn.custom or not base.desc.real or self.fn.extra is not None:
            from .engine import through_tensors

            grads = through_tensors(self, grad)
            if not keep:
                self.release()
            return grads
        window_is = (view.shape, view.strides, view.offset)
        out = np.empty(extent(base, window_is), dtype=grad.dtype)
        result = window_of(out, base.shape, base.strides, base.offset)
        result[...] = grad
        window = window_of(out, *window_is)
        inner = self.fn.apply(window.copy(), keep)
        if self.fn.arity == 1:
            inner = (inner,)
        if inner[0] is not None:
            window[...] = inner[0]
        else:
            window[...] = 0
        return (result, *inner[1:])

    def apply_tensors(self, grad: Any) -> Any:
        return self._run(grad)


def mark_inference(tensor: Any) -> None:
    """Note that the tensor was made in inference mode."""
    extras(tensor).inference = True
