"""Views: who shares whose memory, and what in-place writes through them do to the graph.

A view knows its root base (`_base`, never another view) and how it came to be (its creation meta). Writing through a
view puts a CopySlices node on the *base* and re-derives the view from the base by its strides; other views notice at
their next look at `grad_fn`, because the shared version counter has moved on. All of it lives in `tensor._extra`, which
is None for a plain tensor, so that plain tensors pay nothing.
"""

from __future__ import annotations

import weakref
from collections import OrderedDict
from typing import Any

from .. import grad_mode
from ..dtype import FLOATING
from ..memory.geometry import Geometry, element_strides, storage_offset
from ..memory.lazy import LAZY
from ..nodes.graph import Node, accumulator, name_of, next_sequence_nr, outdate
from ..plain_numpy import np
from .composites import composed
from .strided import AsStridedBackward0, CopySlices

DEFAULT, IN_CUSTOM_FUNCTION, MULTI_OUTPUT_NODE, NO_GRAD_MODE, INFERENCE_MODE = range(5)
ASK_BASE = 2  # value of `_requires_grad` in a view of a plain base: truthy, so that the slow path asks the base
ALONE = (
    3  # the same of an inference tensor that requires grad: the slow path asks whether there are others (`recorded`)
)

ASSERTED = (
    '{} INTERNAL ASSERT FAILED at "/__w/pytorch/pytorch/torch/csrc/autograd/variable.cpp":{}, please report a bug to '
    "PyTorch. "
)

_new = object.__new__


class AutogradMeta:
    """What few tensors have: hooks, view relations, a retained gradient, the number of an output that is not the first.

    `forward` is set only while a dual level is entered, `wrapped` only at the levels of function transforms.
    """

    __slots__ = (
        "attr_version",
        "base",
        "creation_meta",
        "forward",
        "grad_dtype",
        "hooks",
        "inference",
        "number",
        "output_nr",
        "post_hooks",
        "replay",
        "retains_grad",
        "wrapped",
    )

    def __init__(self, base: Any = None, meta: int = DEFAULT, version: int | None = None) -> None:
        self.base = base  # of a detached alias None: it shares memory but not history
        self.creation_meta = meta
        self.attr_version = version
        self.replay: Any = None  # how to re-derive the view where strides cannot say it
        self.hooks: Any = None
        self.post_hooks: Any = None
        self.retains_grad = False
        self.grad_dtype: Any = False  # False: the tensor's own
        self.inference = False
        self.output_nr = 0
        self.number: Any = None  # the Python number that a wrapped-number tensor stands for


def undifferentiable(desc: Any) -> RuntimeError:
    """The complaint about a result that would have a history and is of no type that gradients have."""
    return RuntimeError(f"Autograd not support dtype: {desc.dtype.scalar_name}")


def edge(tensor: Any) -> tuple[Node | None, int]:
    """Where the gradient of `tensor` goes: (node, output number), or (None, 0) if it needs none."""
    flag = tensor._requires_grad
    if not flag:
        return None, 0
    if tensor._extra is None:
        fn = tensor._node
    else:
        if flag is ASK_BASE and not tensor._extra.base._requires_grad:
            return None, 0
        fn = current_grad_fn(tensor)
        if fn is None and flag is ASK_BASE:
            # A view made without grad of a base that requires it: it has no history, and is no leaf of its own.
            return None, 0
    if fn is None:
        return accumulator(tensor), 0
    return fn, tensor._output_nr


def extras(tensor: Any) -> AutogradMeta:
    """The rarely needed part of a tensor, made on demand."""
    if tensor._extra is None:
        tensor._extra = AutogradMeta()
    return tensor._extra


def node_label(node: Node) -> str:
    """A node's name as error texts have it: AddBackward0 is Add, SumBackward1 is Sum1, and FBackward is F."""
    name = name_of(node)
    head, _, tail = name.rpartition("Backward")
    return head + tail.removesuffix("0") if not tail or tail.isdigit() else name


def counter_of(tensor: Any) -> list[int]:
    """The tensor's version counter, made when first shared or bumped."""
    counter = tensor._counter
    if counter is None:
        counter = tensor._counter = [0]
    return counter


class InferenceCounter(list):
    """The version counter of an inference tensor that has one, shared with others: within the mode no write to it counts.

    Outside the mode a new tensor object has one, as what detach() returns; and one that gets an inference tensor's memory.
    """

    __slots__ = ("shared",)

    def __init__(self, shared: list[int]):
        self.shared = shared

    def __getitem__(self, position: Any) -> Any:
        return self.shared[position]

    def __setitem__(self, position: Any, value: Any) -> None:
        if not grad_mode.state.inference:
            self.shared[position] = value


class NoCounter(list):
    """In the place of the version counter of what was an inference tensor, until `.data =` gave it an ordinary one's memory.

    Autograd sees it from then on, and asks for a version that it does not have.
    """

    __slots__ = ()

    def __getitem__(self, position: Any) -> Any:
        raise RuntimeError("Inference tensors do not track version counter.")


def bump(tensor: Any) -> None:
    """Count one write; of an inference tensor, which has no counter, refuse it (written it is by then, as in PyTorch)."""
    counter = tensor._counter
    if counter is not None:
        try:
            counter[0] += 1
        except RuntimeError:
            if not grad_mode.state.inference:
                raise _refused_write() from None
    elif tensor._extra is None or not tensor._extra.inference:
        tensor._counter = [1]
    elif not grad_mode.state.inference:
        raise _refused_write()


def _refused_write() -> RuntimeError:
    return RuntimeError(
        "Inplace update to inference tensor outside InferenceMode is not allowed.You can make a clone "
        "to get a normal tensor before doing inplace update.See "
        "https://github.com/pytorch/rfcs/pull/17 for more details."
    )


def storage_of(tensor: Any) -> np.ndarray:
    """The tensor's array, materialised if it is still a NumPy scalar, so that memory can be shared."""
    while type(old := tensor._array) is not np.ndarray and type(old) not in LAZY:
        made = np.array(old)
        if tensor._array is old:  # another thread may have been faster, or have added to the number
            tensor._array = made
            node = tensor._made
            if type(node) is list:  # a node may have saved this very scalar as its result
                node[:] = [made if value is old else value for value in node]
            elif node is not None:
                for name in node.saved:
                    if getattr(node, name) is old:
                        setattr(node, name, made)
    return old  # type: ignore[no-any-return]


def become(tensor: Any, array: np.ndarray, desc: Any) -> None:
    """Let the tensor show other elements of its memory, or other memory: what t_, set_ and resize_ do."""
    tensor._array = array
    tensor._desc = desc
    outdate(tensor)
    bump(tensor)


def all_inference(tensors: Any) -> bool:
    """Whether these, None apart, are inference tensors."""
    return all(t is None or (t._extra is not None and t._extra.inference) for t in tensors)


def counted(source: Any, *results: Any, times: int | tuple[int, ...] = 1, beside: tuple = ()) -> Any:
    """Results; over an inference tensor they are written below PyTorch's autograd, where it counts, unless the mode is on.

    So they are below transforms that began in that mode. `times` is how often each is, or all are; where an operand `beside`
    is no inference tensor autograd sees the call.
    """
    modes = grad_mode.state
    if grad_mode.watched():  # a mode that sees every operator is asked first, and counts nothing
        return results[0]
    if modes.below_inference or all_inference((source, *beside)):
        for result, often in zip(results, times if isinstance(times, tuple) else (times,) * len(results), strict=True):
            for _ in range(0 if result is None else often):
                bump(result)
    return results[0]


def as_view(base: Any, view: Any, meta: int = DEFAULT, replay: Any = None) -> Any:
    """Make `view`, a new Tensor over part of `base`'s memory, a view of it; grad_fn, if any, is set by the caller.

    `replay(base)` derives the view anew where strides cannot say it: where the type of the elements changes.
    """
    parent = base._extra
    if parent is not None and parent.inference:
        view._extra = AutogradMeta()
        view._extra.inference = True  # and no view: the memory of inference tensors has no history
        return view
    counter = base._counter  # counter_of, without the call, which every view would make
    if counter is None:
        counter = base._counter = [0]
    view._counter = counter
    if grad_mode.disabled and not grad_mode.state.grad:
        meta = INFERENCE_MODE if grad_mode.state.inference else NO_GRAD_MODE
        if meta == INFERENCE_MODE and grad_mode.watched() and composed():
            view._counter, view._extra, view._requires_grad = None, None, False
            return view
    root = base
    if parent is not None and parent.base is not None:
        root = parent.base
        if meta == DEFAULT or parent.creation_meta == INFERENCE_MODE:
            meta = parent.creation_meta
        if replay is not None or parent.replay is not None:
            replay = Chained(parent.replay or Restride(base), replay or Restride(view))
    view._extra = AutogradMeta(root, meta, counter[0])
    if replay is not None:
        view._extra.replay = replay
    if not view._requires_grad:
        view._requires_grad = ASK_BASE
    return view


class Restride:
    """Derives a view that strides can say, as a part of a chain that they cannot say as a whole."""

    __slots__ = ("offset", "size", "stride")

    def __init__(self, view: Any):
        place = geometry(view)
        self.size, self.stride, self.offset = place.shape, place.strides, place.offset

    def __call__(self, base: Any) -> Any:
        from ..functions.strided import as_strided

        return as_strided(base, self.size, self.stride, self.offset)


class Chained:
    """Derives a view of a view from the root base."""

    __slots__ = ("first", "second")

    def __init__(self, first: Any, second: Any):
        self.first, self.second = first, second

    def __call__(self, base: Any) -> Any:
        return self.second(self.first(base))


def requires_grad(tensor: Any) -> bool:
    """Whether gradients flow to the tensor, a view's base included."""
    flag = tensor._requires_grad
    if flag is ALONE:
        return True
    if flag is not True and flag:
        return bool(tensor._extra.base._requires_grad)  # which is no view itself
    return flag


def recorded(operands: Any, indices: Any = ()) -> bool:
    """Whether autograd sees a call: outside inference mode it sees none that is over inference tensors alone.

    An index that is left out is an undefined tensor to PyTorch, and none of inference mode.
    """
    for t in operands:  # `any` takes twice the time, and gradients of gradients ask for each operator
        if t is not None and (t._extra is None or not t._extra.inference):
            return True
    return not all(t is not None and t._extra is not None and t._extra.inference for t in indices)


def current_grad_fn(tensor: Any) -> Node | None:
    """The tensor's grad_fn; a view whose memory was written since is first re-derived from its base."""
    extra = tensor._extra
    if extra is None or extra.base is None:
        return tensor._node
    base = extra.base
    if tensor._made is None and not requires_grad(base):
        return None
    version = tensor._counter[0]
    if extra.attr_version != version:
        handle_view_on_rebase(tensor, indirect=True)
        extra.attr_version = version
        regenerate(tensor, extra, base)
    return tensor._node


def regenerate(tensor: Any, extra: AutogradMeta, base: Any) -> None:
    """Give a stale view a grad_fn that derives it anew from its base."""
    old = tensor._node
    if extra.replay is not None:
        was = grad_mode.is_grad_enabled()
        try:
            grad_mode.set_grad(True)
            node = extra.replay(base)._node
        finally:
            grad_mode.set_grad(was)
    else:
        node = _new(AsStridedBackward0)
        node.seq = next_sequence_nr()
        node.desc = tensor._desc
        node.fn0, node.nr0 = edge(base)
        node.size = tensor._desc.shape
        node.stride = element_strides(tensor._array)
        node.given_offset = node.offset = storage_offset(tensor._array)
        node.base = geometry(base)
    tensor._made = node
    tensor._requires_grad = True
    move_hooks(tensor, old, node)


def move_hooks(tensor: Any, old: Node | None, new: Node) -> None:
    """A tensor has a new node: its hooks stay with the old value, and a retained gradient is that of the new one.

    PyTorch looks for it at the output of the old node whose number the tensor has by now, and asserts that it is there. It is
    not where the tensor has got a node, or lost it, without this: by a view in place, by `detach_`.
    """
    extra = tensor._extra
    extra.hooks = None
    if not extra.retains_grad:
        return
    if old is None:
        raise RuntimeError(ASSERTED.format("old_fn", 205))
    nr = tensor._output_nr
    ref = None if old.extra is None else old.extra.retains_grad.pop(nr, None)
    if ref is None:
        raise RuntimeError(ASSERTED.format("out != nullptr", 207))
    new.extras().retains_grad[nr] = ref


def handle_view_on_rebase(tensor: Any, indirect: bool = False) -> None:
    """Refuse to write through (or, indirectly, to re-derive) a view that cannot be re-derived from its base."""
    meta = tensor._extra.creation_meta
    if meta == DEFAULT:
        return
    node = tensor._node
    did = "its base or another view of its base has been" if indirect else "is being"
    if meta in (INFERENCE_MODE, NO_GRAD_MODE) or node is None:
        head = "A view was created in "
        if node is not None:
            head = f"Output {tensor._output_nr} of {node_label(node)} is a view of a view which was created in "
        if meta == INFERENCE_MODE:
            head += f"inference mode and {did} modified inplace in normal mode."
        else:  # of whatever kind the view is: a view without a node was made without grad
            head += f"no_grad mode and {did} modified inplace with grad mode enabled."
    else:
        head = f"Output {tensor._output_nr} of {node_label(node)} is a view and {did} modified inplace."
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
    if tracked and grad_mode.state.grad:
        refuse_write(tensor)
    if grad_mode.watches and grad_mode.state.before_write is not None:
        grad_mode.state.before_write(tensor)


def refuse_write(tensor: Any) -> None:
    """Refuse to write to a leaf, to a view of one, or to a view that cannot be derived anew."""
    extra = tensor._extra
    wants = requires_grad(tensor)
    if extra is not None and extra.base is not None:
        handle_view_on_rebase(tensor)
        if wants and extra.base._made is None:
            raise RuntimeError("a view of a leaf Variable that requires grad is being used in an in-place operation.")
    if wants and tensor._made is None:  # also of a stale view, of which nobody has asked the grad_fn yet
        raise RuntimeError("a leaf Variable that requires grad is being used in an in-place operation.")


def is_leaf(tensor: Any) -> bool:
    """Whether the tensor is no result of a tracked operation."""
    return current_grad_fn(tensor) is None


def set_history(tensor: Any, node: Node, output_nr: int) -> None:
    """Make the tensor the node's output; its hooks and retained gradient stay with the node that it had.

    PyTorch says no more of a view made in place (`t_`), so that hooks registered later join those of the old node.
    """
    tensor._made = node
    tensor._output_nr = output_nr
    tensor._requires_grad = True
    extra = tensor._extra
    if extra is not None:
        extra.attr_version = tensor._counter[0]


def replace_history(tensor: Any, node: Node, output_nr: int) -> None:
    """Make a tensor that was written to the node's output: a retained gradient is from now on that of the new value."""
    old = tensor._node
    set_history(tensor, node, output_nr)
    if tensor._desc.dtype.category < FLOATING:
        wrote_integers(tensor, node)
    if tensor._extra is not None:
        move_hooks(tensor, old, node)


def wrote_integers(tensor: Any, node: Node) -> None:
    """Refuse what arrives at the node of a write to whole numbers: PyTorch does where it leaves the node before.

    Their version says who wrote them, to a node that has saved them as a result of its own without a derivative.
    """
    node.extras().tensor_pre_hooks.insert(0, (0, OrderedDict({-1: _refused})))
    counter = counter_of(tensor)
    counter[0] = WrittenBy(counter[0], node)


def _refused(grad: Any) -> None:
    from ..backward.node_calls import NOT_DIFFERENTIABLE

    if grad is not None:
        raise RuntimeError(NOT_DIFFERENTIABLE)


def rebase_history(tensor: Any, node: Node, output_nr: int = 0) -> None:
    """After a tracked in-place write: a plain tensor becomes the node's output, a view's base becomes a CopySlices."""
    extra = tensor._extra
    if extra is None or extra.base is None:
        replace_history(tensor, node, output_nr)
        return
    base = extra.base
    slices = _new(CopySlices)
    slices.seq = next_sequence_nr()
    slices.desc = base._desc
    edges = node.edges()
    first = edge(base)
    slices.next_nodes = (first[0], *(fn for fn, _ in edges[1:]))
    slices.next_nrs = (first[1], *(nr for _, nr in edges[1:]))
    slices.base = geometry(base)
    slices.view = geometry(tensor)
    slices.fn = node
    slices.operand_writes = node.writes_grad if node.writes_for_operand else 0
    slices.replay = extra.replay
    if base._extra is not None and base._node is not None:  # a leaf keeps its hooks, here alone
        move_hooks(base, base._node, slices)
    set_history(base, slices, 0)
    if base._desc.dtype.category < FLOATING:
        wrote_integers(base, slices)
    view = current_grad_fn(tensor)
    for name in [n + "_version" for n in node.saved if hasattr(node, n + "_counter")]:
        setattr(node, name, SeenThrough(getattr(node, name), view))


class SeenThrough(int):
    """The version of a result that was written through a view: an output, PyTorch says, of the node that derives the view.

    Of the node itself, once the view has been derived anew.
    """

    view: Any

    def __new__(cls, number: int, view: Node) -> SeenThrough:
        self = super().__new__(cls, number)
        self.view = weakref.ref(view)
        return self


class WrittenBy(int):
    """The version of whole numbers after a write that has a node, and how error texts call that."""

    label: str

    def __new__(cls, number: int, node: Node) -> WrittenBy:
        self = super().__new__(cls, number)
        self.label = node_label(node)
        return self


def geometry(tensor: Any) -> Geometry:
    """The geometry of a tensor."""
    array = tensor._array
    return Geometry(tensor._desc.shape, element_strides(array), storage_offset(array), tensor._desc)


def mark_inference(tensor: Any) -> None:
    """Note that the tensor was made in inference mode: it has no version counter."""
    tensor._counter = None
    extras(tensor).inference = True
