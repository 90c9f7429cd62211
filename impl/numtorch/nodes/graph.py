"""The backward graph: nodes, edges, saved tensors, and the accumulators at the leaves.

A Node is one backward function. Its edges are flat slots (`fn0, nr0, fn1, nr1`) for the one- and two-operand operators
that make up nearly every graph, and a pair of tuples for the rest; `next_functions` shows both in PyTorch's form.
Concrete nodes are generated from the operator rows (see codegen.py): each has `apply`, over raw arrays, and
`apply_tensors`, over Tensors, for when the gradient itself is to be differentiable.
"""

from __future__ import annotations

import itertools
import weakref
from collections import OrderedDict
from typing import Any, ClassVar
from weakref import ref

from ..memory.descriptor import Descriptor
from .attributes import NextNode, OutputNumber, ReadOnly, SavedAttribute, sole
from .handles import RemovableHandle

sequence_nrs = itertools.count(0.0, 1.0)  # exact up to 2**53; CPython makes and frees floats faster than integers
next_sequence_nr = sequence_nrs.__next__
ACCUMULATE_SEQ = 2**64 - 1  # of what runs as soon as it is ready: leaves, and nodes that raise
FREED_COUNTER: list[int] = [-1]  # the version counter of a released value: it never equals a saved version


class Freed:
    """What stands in a node for a saved operand that was released."""

    __slots__ = ()
    _counter = FREED_COUNTER


FREED = Freed()

FREED_TEXT = (
    "Trying to backward through the graph a second time (or directly access saved tensors after they have already been "
    "freed). Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). Specify "
    "retain_graph=True if you need to backward through the graph a second time or if you need to access saved tensors "
    "after calling backward."
)


SHOWN = frozenset(
    (
        *dir(object),
        "__call__",
        "_input_metadata",
        "_register_hook_dict",
        "_sequence_nr",
        "_set_sequence_nr",
        "metadata",
        "name",
        "next_functions",
        "register_hook",
        "register_prehook",
        "requires_grad",
    )
)


class NodeExtra:
    """What few nodes have: hooks and the user's metadata."""

    __slots__ = (
        *("__weakref__", "metadata", "number", "post_hooks", "pre_hooks"),
        *("results", "retains_grad", "tensor_pre_hooks"),
    )
    alive: weakref.WeakValueDictionary[int, NodeExtra] = weakref.WeakValueDictionary()  # by the id of its node

    def __init__(self) -> None:
        self.number: float | None = None  # the sequence number, if a user has set it
        self.metadata: dict[str, Any] = {}
        self.pre_hooks: OrderedDict[int, Any] = OrderedDict()
        self.post_hooks: OrderedDict[int, Any] = OrderedDict()
        self.tensor_pre_hooks: list[tuple[int, OrderedDict[int, Any]]] = []
        self.retains_grad: dict[int, weakref.ref] = {}
        self.results: dict[str, Any] | None = None  # of saved results: what they stand for (levels.py)


having_extra = NodeExtra.alive.data
"""What has a NodeExtra, by id: to ask this takes a tenth of reading a slot that is unset."""


# A node class writes one of `run` and `apply`, and gets the other.


def _run1(node: Any, grad: Any, keep: bool) -> tuple[Any, Any, Any, Any]:
    return node.next0, node.apply(grad, keep), None, None


def _run2(node: Any, grad: Any, keep: bool) -> tuple[Any, Any, Any, Any]:
    grad0, grad1 = node.apply(grad, keep)
    return node.next0, grad0, node.next1, grad1


def _apply(run: Any, arity: int) -> Any:
    """`apply` by the `run` of one class, which a subclass may override by an `apply` that calls this one."""

    def apply1(node: Any, grad: Any, keep: bool) -> Any:
        return run(node, grad, keep)[1]

    def apply2(node: Any, grad: Any, keep: bool) -> Any:
        return run(node, grad, keep)[1::2]

    return apply1 if arity == 1 else apply2


class NotPlain(Exception):
    """A backward pass reached what only the counting engine can run (plain_pass.py)."""


class Node:
    """One backward function of the graph."""

    __module__ = "torch.autograd.graph"

    __slots__ = ("_extra", "desc", "seq")  # and no weak references, as in PyTorch
    arity = -1  # edges held in flat slots, or -1 for tuples
    multi = False  # whether the forward had several outputs, so the buffer is a list
    custom = False  # whether outputs must be validated: a user's formula, not ours
    accumulates = False
    converts = False  # of what accumulates: gradients are converted as they arrive
    plain: bool  # none of the above and below
    pairs = False  # whether it is plain, and `run` gives two edges with their gradients
    may_be_undefined = False  # whether the formula may give None where an edge leads on
    may_refuse = False  # whether a derivative refuses some operands
    refuses: tuple[int, ...] = ()  # operands whose derivative is not implemented, which undefined gradients say, too
    checks = False  # whether the formulas over arrays may have to refuse a gradient for its shape
    listed = False  # whether the operands are a list, the gradients of which are computed for all or for none
    windows = False  # whether results are windows of the gradient, which nobody wrote to
    fills_empty = False  # of CatBackward0, whose results have windows: `writes_grad` counts for those of shape (0,)
    adds_in_place = (
        False  # `writes_grad` counts where several results have gradients, the second of which is added in place
    )
    computes_anew = False  # whether no result can be the gradient itself or a view of it
    counts_writes = (
        False  # whether the formulas over Tensors write as PyTorch's do: `written` is how often, of each operand
    )
    spares_watched = False  # `writes_grad` counts nothing while somebody watches writes: PyTorch writes to nothing then
    writes_only: int | None = None  # `writes_grad` counts for this operand only: of CopySlices for the first
    warns = False  # whether the formula warns, which is said once: no plain pass runs it
    prunes = False  # whether the formulas over Tensors are told which edges nothing is asked of
    operand_writes = 0  # of CopySlices: how often the formula of the write does to the gradient of what is written
    writes_for_operand = (
        False  # whether what is written has the shape and type of the operand, whatever the result's are
    )
    writes_grad = (
        0  # how often PyTorch's formula writes to its result; 0 if that is never, whatever the node's values are
    )
    saved: tuple[str, ...] = ()  # names a formula reads: operands, then results
    not_differentiable: tuple[str, ...] = ()  # saved results that never require grad
    saved_lists: tuple[str, ...] = ()  # tuples of tensors, each a SavedList
    saved_values: tuple[str, ...] = ()  # those that are plain values (sizes, dims, ...)
    seq: float
    desc: Descriptor
    _extra: NodeExtra  # left unset by nearly every node

    # What classes have of which there are records (records.py): the Node of one, `apply_tensors` and `release` by one; and
    # the same for the shorter one of an operator with a number.
    of_record: ClassVar[Any]
    apply_record: ClassVar[Any]
    release_record: ClassVar[Any]
    of_number: ClassVar[Any]
    apply_number: ClassVar[Any]
    release_number: ClassVar[Any]

    @property
    def extra(self) -> NodeExtra | None:
        """The rarely needed part, if it was made."""
        return self._extra if id(self) in having_extra else None

    def __new__(cls, *args: Any) -> Any:
        """Operators make nodes, by object.__new__; users cannot."""
        raise TypeError(f"cannot create '{cls.__name__}' instances")

    @property
    def num_outputs(self) -> int:
        """How many forward outputs the node stands for."""
        return 1

    def edges(self) -> tuple[tuple[Node | None, int], ...]:
        """(next node, which of its outputs), one for each differentiable operand."""
        raise NotImplementedError

    def ends(self) -> tuple[Any, ...]:
        """What each edge leads to, which may be a record."""
        return ()

    def apply(self, grad: Any, keep: bool) -> Any:
        """Gradients of the operands as raw arrays; one value, not a tuple, where arity is 1."""
        raise NotImplementedError

    def run(self, grad: Any, keep: bool) -> tuple[Node | None, Any, Node | None, Any]:
        """`apply` of a plain node with its edges, (node, gradient, node, gradient); NotPlain of any other.

        The engine reads nothing else of a plain node, since reading an attribute of nodes of changing classes takes
        CPython ten times as long as reading it in a method of the class.
        """
        raise NotPlain

    def apply_tensors(self, grad: Any) -> Any:
        """Gradients of the operands as Tensors."""
        raise NotImplementedError

    def release(self) -> None:
        """Forget what was saved."""

    def descriptors(self) -> tuple[Descriptor, ...]:
        """Shape and type of each forward output."""
        return (self.desc,)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        cls.__module__ = "builtins"  # where PyTorch's nodes, made in C++, say that they come from
        # Descriptors, not a `__getattr__`: CPython 3.11 takes the slow way to every attribute of a class that has one.
        for name in (*cls.__dict__.get("saved", ()), *cls.__dict__.get("saved_lists", ())):
            setattr(cls, f"_saved_{name}", SavedAttribute(name))
            setattr(cls, f"_raw_saved_{name}", SavedAttribute(name, raw=True))
        for name in cls.__dict__.get("saved_values", ()):
            setattr(cls, f"_saved_{name}", SavedAttribute(name))
        recorded = cls.__dict__.get("run_record")
        if recorded is not None:
            recorded.__func__.of_record = cls.of_record
            recorded.__func__.release = cls.release_record
            recorded.__func__.apply_tensors = cls.apply_record
            recorded.__func__.computes_anew = cls.computes_anew
            recorded.__func__.arity = cls.arity
        shorter = cls.__dict__.get("run_number")
        if shorter is not None:
            shorter.__func__.of_record = cls.of_number
            shorter.__func__.release = cls.release_number
            shorter.__func__.apply_tensors = cls.apply_number
            shorter.__func__.computes_anew = cls.computes_anew
            shorter.__func__.arity = 1
        cls.plain = not (cls.custom or cls.multi or cls.writes_grad or cls.may_be_undefined or cls.warns)
        cls.pairs = cls.plain and cls.arity in (1, 2)
        own = next(c.__dict__ for c in cls.__mro__ if "apply" in c.__dict__ or "run" in c.__dict__)
        if "apply" not in own:
            cls.apply = _apply(cls.run, cls.arity)  # type: ignore[method-assign]
        elif "run" not in own and cls.arity in (1, 2):
            cls.run = Node.run if not cls.plain else (_run1 if cls.arity == 1 else _run2)  # type: ignore[method-assign]

    # ---- what a user sees

    @ReadOnly
    def next_functions(self) -> tuple[tuple[Node | None, int], ...]:
        return self.edges()

    def name(self) -> str:
        """The name of the node, with C++ qualification where PyTorch has it."""
        return type(self).__name__

    @ReadOnly
    def metadata(self) -> dict[str, Any]:
        return self.extras().metadata

    @ReadOnly
    def requires_grad(self) -> bool:
        return True

    def _sequence_nr(self) -> int:
        return int(self.order())

    @sole
    def _set_sequence_nr(self, nr: int) -> None:
        self.extras().number = nr

    def order(self) -> float:
        """The number that says when the node runs: its own, which no other has, unless a user has set one."""
        extra = self.extra
        return self.seq if extra is None or extra.number is None else extra.number

    def extras(self) -> NodeExtra:
        """The rarely needed part, made on demand."""
        extra = self.extra
        if extra is None:
            extra = self._extra = NodeExtra()
            NodeExtra.alive[id(self)] = extra
        return extra

    @sole
    def register_hook(self, fn: Any) -> RemovableHandle:
        """Call fn(grad_inputs, grad_outputs) after the node ran; it may return new grad_inputs."""
        return _add(self.extras(), "post_hooks", fn)

    @sole
    def register_prehook(self, fn: Any) -> RemovableHandle:
        """Call fn(grad_outputs) before the node runs; it may return new grad_outputs."""
        return _add(self.extras(), "pre_hooks", fn)

    @sole
    def _register_hook_dict(self, tensor: Any) -> None:
        """Run the hooks in the tensor's `_backward_hooks`, now and later, on the gradient of that output."""
        self.extras().tensor_pre_hooks.append((tensor._output_nr, tensor._backward_hooks))

    @ReadOnly
    def _input_metadata(self) -> tuple[Any, ...]:
        from ..autograd.graph import input_metadata

        return tuple([input_metadata(d) for d in self.descriptors()])

    def __dir__(self) -> list[str]:
        """The names that PyTorch's nodes have."""
        names = [n for n in object.__dir__(self) if n in SHOWN or n.startswith(("_saved_", "_raw_saved_"))]
        return names + ["variable"] if self.accumulates else names

    def __lt__(self, other: Any) -> bool:
        """Asked only by the engine's heap, of what has one number, nodes and records: neither goes first."""
        return False

    __gt__ = __lt__

    def __repr__(self) -> str:
        return f"<{type(self).__name__} object at 0x{id(self):x}>"

    def __call__(self, *grads: Any) -> Any:
        from ..backward.engine import call_node

        return call_node(self, grads)


set_number = Node.__dict__["seq"].__set__  # the slot itself, whatever anomaly.py puts in its place


def _add(extra: NodeExtra, which: str, fn: Any) -> RemovableHandle:
    hooks = getattr(extra, which)
    handle = RemovableHandle(hooks)
    hooks[handle.id] = fn
    return handle


class UnaryNode(Node):
    """A node with one edge."""

    __slots__ = ("_nr0", "next0")
    arity = 1
    next0: Any  # a Node, a record or None
    fn0 = NextNode()
    nr0 = OutputNumber()

    def edges(self) -> tuple[tuple[Node | None, int], ...]:
        return ((self.fn0, self.nr0),)

    def ends(self) -> tuple[Any, ...]:
        return (self.next0,)


class BinaryNode(Node):
    """A node with two edges; `plan` says how gradients are summed back to operands of other shapes."""

    __slots__ = ("_nr0", "_nr1", "next0", "next1", "plan")
    arity = 2
    next0: Any  # a Node, a record or None
    fn0 = NextNode()
    nr0 = OutputNumber()
    next1: Any
    fn1 = NextNode()
    nr1 = OutputNumber()
    plan: Any

    def edges(self) -> tuple[tuple[Node | None, int], ...]:
        return ((self.fn0, self.nr0), (self.fn1, self.nr1))

    def ends(self) -> tuple[Any, ...]:
        return self.next0, self.next1


class VariadicNode(Node):
    """A node with any number of edges."""

    __slots__ = ("next_nodes", "next_nrs")
    next_nodes: tuple[Node | None, ...]
    next_nrs: tuple[int, ...]

    def edges(self) -> tuple[tuple[Node | None, int], ...]:
        return tuple(zip(self.next_nodes, self.next_nrs, strict=True))

    def ends(self) -> tuple[Any, ...]:
        return self.next_nodes


class AccumulateGrad(Node):
    """The end of the graph at a leaf: adds what arrives to the leaf's `.grad`.

    A leaf refers to its accumulator weakly and the accumulator to its leaf strongly, so that a graph keeps its leaves
    alive and a leaf does not keep itself alive. What happens to a gradient is in accumulate.py.
    """

    __slots__ = ("__weakref__", "variable")
    accumulates = True

    def __new__(cls, *args: Any) -> Any:
        raise RuntimeError("Cannot construct")

    arity = 0

    def edges(self) -> tuple[tuple[Node | None, int], ...]:
        return ()

    def name(self) -> str:
        return "torch::autograd::AccumulateGrad"

    def descriptors(self) -> tuple[Descriptor, ...]:
        return (self.desc,)


class AccumulateGradOfOther(AccumulateGrad):
    """The accumulator of a leaf that has another shape now: gradients are held to the shape that the leaf had.

    To the passes it has several outputs, so that what arrives comes by `add_to_slot`'s way, where it is looked at.
    """

    __slots__ = ()
    multi = True

    def converted(self, grad: Any) -> Any:
        """The gradient as it is."""
        return grad


class AccumulateGradOfType(AccumulateGrad):
    """The accumulator of a leaf with a grad_dtype: each gradient is converted as it arrives.

    It says that it has several outputs, though it has one, because those arrive on a way of their own.
    """

    __slots__ = ()
    multi = True
    converts = True

    def converted(self, grad: Any) -> Any:
        """A gradient, raw or a Tensor, in the type that the leaf asks for; None asks for none."""
        kind = self.variable._extra.grad_dtype
        if not kind:
            return grad
        if hasattr(grad, "_desc"):
            return grad.to(kind)
        return grad if grad.dtype == kind.numpy else grad.astype(kind.numpy)


AccumulateGradOfType.__name__ = AccumulateGradOfOther.__name__ = "AccumulateGrad"


class GraphRoot(Node):
    """Stands for a tensor that no graph leads to: an input that cannot have been used."""

    __slots__ = ()


_new = object.__new__
_ACCUMULATOR = (AccumulateGrad,)


def name_of(node: Any) -> str:
    """What the engine calls a node, whatever a user stored as the `name` of a ctx."""
    return type(node).name(node)


def accumulator(variable: Any) -> AccumulateGrad:
    """The AccumulateGrad of a leaf: one shared object while somebody holds it."""
    held = variable._accumulator
    if held is not None:
        node: AccumulateGrad | None = held()
        if node is not None:
            return node
    new = new_accumulator(variable)
    if variable._extra is not None and variable._extra.grad_dtype is not False:
        new.__class__ = AccumulateGradOfType
    return new


def new_accumulator(variable: Any) -> AccumulateGrad:
    """An AccumulateGrad of a leaf that has none."""
    node: AccumulateGrad = _new(*_ACCUMULATOR)
    node.seq = ACCUMULATE_SEQ
    node.desc = variable._desc
    node.variable = variable
    variable._accumulator = ref(node)
    return node


def outdate(leaf: Any) -> None:
    """A leaf may have another shape now: its accumulator, while some graph holds it, keeps the shape that it was made for."""
    held = getattr(leaf, "_accumulator", None)  # not of a tensor that was recorded
    node = None if held is None else held()
    if type(node) is AccumulateGrad and node.desc.shape != leaf._desc.shape:
        node.__class__ = AccumulateGradOfOther
