"""Tangents of tensors: what forward-mode AD keeps beside a tensor while a dual level is entered.

A tensor's tangent lives in its `_extra.forward`, a slot that stays unset as long as no level is entered. Views are followed
as the gradient's are, along relations of their own: a dual shares its primal's memory and not its tangent, so that views of
the dual have the dual as their base, not the primal.

| the tensor | its tangent |
|---|---|
| was given one, by make_dual or by an operator | that one, the very object |
| is a view of a tensor that got one later, by a write | the same view of the base's |
| anything else | none |
"""

from __future__ import annotations

import weakref
from typing import Any

from . import grad_mode
from .aliasing.strided import CopySlices, room_of, window_of
from .aliasing.views import as_view, counter_of, edge, extras, geometry, requires_grad, storage_of
from .levels import carry, filled, own, wrapped_of
from .memory.geometry import Geometry
from .memory.lazy import Conjugated, Negated, Zeros
from .nodes.graph import UnaryNode, next_sequence_nr
from .plain_numpy import np

ITS_OWN = "Setting a forward grad that itself has a forward gradient at the same level{level} is not supported."
NO_BASE: Any = object()  # of duals, whose primal's memory they share: no view in forward mode
DTYPES = 2  # from this category on a tensor may have a tangent


class Forward:
    """What one tensor has in forward mode: its tangent, and its base among the views of forward mode."""

    __slots__ = ("__weakref__", "base", "level", "tangent")

    def __init__(self) -> None:
        self.base: Any = None  # None: that of the gradient's views
        self.level: Any = None
        self.tangent: Any = None


class Level:
    """A dual level that is entered: all tangents that are to be gone when it is left."""

    def __init__(self) -> None:
        self.holders: weakref.WeakSet[Forward] = weakref.WeakSet()
        self.results: dict[tuple[Any, int], Any] = {}  # by node and output: tangents of results that nodes save

    def clear(self) -> None:
        """Let the tangents go."""
        for holder in list(self.holders):
            holder.tangent = holder.level = None
        self.results.clear()


entered: Level | None = None  # one for all threads, as PyTorch's


def forward_of(tensor: Any) -> Forward:
    """The forward-mode part of a tensor, made on demand."""
    extra = extras(tensor)
    found = getattr(extra, "forward", None)
    if found is None:
        found = extra.forward = Forward()
    return found


def base_of(tensor: Any) -> Any:
    """The base among the views of forward mode, or None."""
    extra = tensor._extra
    if extra is None:
        return None
    forward = getattr(extra, "forward", None)
    if forward is not None and forward.base is not None:
        return None if forward.base is NO_BASE else forward.base
    return extra.base


def tangent_of(tensor: Any) -> Any:
    """The tangent, or None: as forward mode has it in this thread."""
    if entered is None or tensor._extra is None or not grad_mode.state.forward:
        return None
    return kept(tensor, entered)


def kept(tensor: Any, level: Level) -> Any:
    """The tangent that a tensor has in a level, even where forward mode is switched off."""
    extra = tensor._extra
    if extra is None:
        return None
    forward = getattr(extra, "forward", None)
    if forward is not None and forward.level is level:
        return forward.tangent
    base = base_of(tensor)
    tangent = None if base is None else kept(base, level)
    if tangent is None:
        return None
    tangent = seen_through(tensor, base, tangent)
    hold(tensor, tangent, level)
    return tangent


def beside(tensor: Any) -> Forward | None:
    """The tangent of a tensor as what is saved of the tensor keeps it: until the level is left."""
    level = entered
    tangent = None if level is None or grad_mode.state.forward is False else kept(tensor, level)
    if level is None or tangent is None:
        return None
    found = Forward()
    found.tangent, found.level = tangent, level
    level.holders.add(found)
    return found


def original_of(tensor: Any) -> Any:
    """A copy of what is about to be written, for its node to save: with its tangent, which the rule of the write hides."""
    state = grad_mode.state
    if entered is None or state.forward is not None:
        return tensor.clone()
    state.forward = True
    try:
        return tensor.clone()
    finally:
        state.forward = None


NO_TANGENT = (
    "(new_grad_base.is_floating_point() || new_grad_base.is_complex()) && (self_base.is_floating_point() || "
    'self_base.is_complex()) INTERNAL ASSERT FAILED at "/__w/pytorch/pytorch/torch/csrc/autograd/autograd_meta.cpp":159, '
    "please report a bug to PyTorch. Expected both tensor and its forward grad to be floating point or complex"
)


def refuse_tangent(written: Any) -> None:
    """Refuse what was written to whole numbers if it has a tangent, which PyTorch would give them."""
    if tangent_of(written) is not None:
        raise RuntimeError(NO_TANGENT)


def seen_through(view: Any, base: Any, tangent: Any) -> Any:
    """Of the base's tangent what a view shows of the base."""
    from .functions.strided import as_strided

    replay = view._extra.replay
    if replay is not None:
        return replay(tangent)
    place = geometry(view)
    offset = place.offset - geometry(base).offset + geometry(tangent).offset
    return as_strided(tangent, place.shape, place.strides, offset)


def hold(tensor: Any, tangent: Any, level: Level) -> None:
    """Keep a tangent beside a tensor."""
    forward = forward_of(tensor)
    forward.tangent, forward.level = tangent, level
    level.holders.add(forward)


def give(tensor: Any, tangent: Any, level: Level) -> None:
    """Give a tensor a tangent, copied in its own type if it is laid out otherwise or lies otherwise in its memory."""
    if tangent._desc.shape != tensor._desc.shape:
        raise RuntimeError(
            "Trying to set a forward gradient that has a different size than that of the original Tensor, this is not "
            f"supported. Tensor is of size {list(tensor._desc.shape)} while the given forward gradient is of size "
            f"{list(tangent._desc.shape)}."
        )
    if not laid_out_alike(tensor, tangent):
        from .aliasing.overlap import INTERNAL
        from .aliasing.writes import copy_

        if type(tensor._array) is Zeros and tensor._desc.numel > 1:
            raise RuntimeError(INTERNAL)  # of memory like its own, which is none, the tangent has one element
        tangent = filled(tangent, copy_(zeros_laid_out_as(tensor), tangent))
    hold(tensor, tangent, level)
    remember(tensor, tangent, level)


def give_written(tensor: Any, tangent: Any, level: Level) -> None:
    """Let a tensor that was written to have this tangent: written into the one it has, and into that of its base.

    Of a view that shows its base as it is, the tangent is the base's as well.
    """
    from .aliasing.writes import copy_

    old = kept(tensor, level)
    if old is None:
        base = base_of(tensor)
        if base is None:
            give(tensor, tangent, level)
            return
        if all(x._desc.shape == tangent._desc.shape and laid_out_alike(x, tangent) for x in (base, tensor)):
            hold(base, tangent, level)
            hold(tensor, tangent, level)
            remember(tensor, tangent, level)
            return
        hold(base, filled(tangent, own(zeros_laid_out_as(base))), level)
        old = kept(tensor, level)
    if tangent is not old:
        copy_(old, tangent)
    remember(tensor, old, level)


def remember(tensor: Any, tangent: Any, level: Level) -> None:
    """Keep the tangent of a result for the node that may have saved the result's array: its formula reads it again."""
    node, nr = tensor._node, tensor._output_nr
    if tensor._extra.base is not None and tensor._extra.base._made is not None:
        slices = tensor._extra.base._node
        if type(slices) is CopySlices:
            node, nr = slices.fn, 0
    if node is not None and node.saved:
        level.results[node, nr] = tangent


def laid_out_alike(tensor: Any, tangent: Any) -> bool:
    """Whether the elements of both lie alike and both are conjugates, or neither; or both have no memory: of zeros without it
    PyTorch looks at one element."""
    if _bit_of(tensor) is not _bit_of(tangent):
        return False
    if (type(tangent._array) is Zeros) is not (type(tensor._array) is Zeros) and tensor._desc.numel != 1:
        return False
    a, b = place_of(tensor), place_of(tangent)
    # NumPy's strides of an array without elements hang on how it came about, and PyTorch's do not.
    if tensor._desc.numel and any(x != y for s, x, y in zip(a.shape, a.strides, b.strides, strict=True) if s > 1):
        return False
    return a.offset == b.offset and (
        stands_for_batch(tangent)
        or stands_for_batch(tensor)
        or room_of(storage_of(tensor)) == room_of(storage_of(tangent))
    )


def _bit_of(tensor: Any) -> type | None:
    """What its elements are seen through: a conjugate or a negative; or nothing."""
    kind = type(tensor._array)
    return kind if kind in (Conjugated, Negated) else None


def stands_for_batch(tensor: Any) -> bool:
    """Whether a tensor stands for a batch, at whatever level: then it does not say where its memory ends."""
    wrapped = wrapped_of(tensor)
    while wrapped is not None:
        if wrapped.bdim is not None:
            return True
        wrapped = wrapped_of(wrapped.value)
    return False


def place_of(tensor: Any) -> Geometry:
    """Where the elements lie."""
    storage_of(tensor)
    return geometry(tensor)


def zeros_laid_out_as(tensor: Any) -> Any:
    """Zeros of the same type in new memory, laid out as the tensor in memory of the same size, of which it may show a part."""
    from .tensor import wrap

    place = place_of(tensor)
    out = np.zeros(room_of(storage_of(tensor)), tensor._desc.dtype.numpy)
    window = window_of(out, place.shape, place.strides, place.offset)
    bit = _bit_of(tensor)
    return wrap(window if bit is None else bit(window))


class Identity(UnaryNode):
    """The node of a primal that is seen without its tangent."""

    __slots__ = ()

    def name(self) -> str:
        return "torch::autograd::Identity"

    def apply(self, grad: Any, keep: bool) -> Any:
        return grad

    def apply_tensors(self, grad: Any) -> Any:
        return grad


Identity.__name__ = "CppFunction"  # what PyTorch calls nodes that it has no class of their own for


def without_tangent(tensor: Any, recorded: bool) -> Any:
    """The tensor's memory as another tensor, which has no tangent; `recorded`: in the graph, if the tensor requires grad."""
    from .tensor import wrap

    primal = wrap(storage_of(tensor))
    if tensor._extra is None or not tensor._extra.inference:
        primal._counter = counter_of(tensor)
    if recorded and requires_grad(tensor):
        node = object.__new__(Identity)
        node.seq, node.desc = next_sequence_nr(), tensor._desc
        node.fn0, node.nr0 = edge(tensor)
        primal._made, primal._requires_grad = node, True
    return primal if tensor._extra is None else carry(tensor, primal)


def view_without_tangent(tensor: Any, recorded: bool) -> Any:
    """The same as a view of the tensor, which is derived anew where that was written to since."""
    primal = as_view(tensor, without_tangent(tensor, recorded))
    forward_of(carry(tensor, primal)).base = NO_BASE
    return primal
