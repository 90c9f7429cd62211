"""Looks at what a program has bound, and says what changed since the last look.

Looking disturbs nothing: it warns of nothing, bumps no version, reads no `.grad` where PyTorch warns, and keeps bytes, numbers
and names only, never a tensor or a node, so that whatever the program lets go is gone. One thing it cannot leave undone:
reading `grad_fn` of a view whose base was written since makes PyTorch renew that view's grad_fn, as printing it would.

Cheap where nothing changed: a handful of attributes and the bytes where they lie (`memory.py`) are compared with those of
the last look. The graph is walked only if a root is new, or the name of a leaf in it, and after the last step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from operator import attrgetter, is_not
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from msgspec import UNSET
from numpy.lib.array_utils import byte_bounds

from conformance.errors import is_traceback, without_addresses, without_frames
from conformance.interpreter.memory import Memory, Place
from conformance.interpreter.namespace import DTYPES, Namespace
from conformance.interpreter.walk import graph_behind
from conformance.program import Complex, Float, Global
from conformance.trace import (
    Array,
    ArraySeen,
    Graph,
    Mapping as MappingSeen,
    Mode,
    NodeSeen,
    Opaque,
    Seen,
    Sequence,
    TensorChange,
    TensorSeen,
)

READ = "__torchstone_read__"
"""The method of a class of tensors that gives the elements of one as bytes, row by row, or None: instead of a copy made by the
library's operators."""

MAX_ITEMS = 1_000
"""Elements of a container that are looked into. A program that binds more has them for their number, not for each one."""

MAX_NESTING = 4
"""How deep containers are looked into; a Hessian of two inputs is a tuple of tuples."""

MAX_REPRS = 3
"""Tensors whose text is written after the last step: the last that were bound. PyTorch takes 0.1 ms for each, which for every
tensor of a program would be three quarters of its time; cases about printing call ``__repr__`` themselves."""

_FUNCTIONS = frozenset(
    ["function", "builtin_function_or_method", "method", "method_descriptor", "wrapper_descriptor", "method-wrapper"]
)
"""Functions, which in PyTorch are some of C++ and some of Python: that is not looked at."""

_ATTRIBUTES = attrgetter("dtype", "shape", "requires_grad", "is_leaf", "_version")


class Observer:
    """What is known of the names of one scope. `facets` are those to look at, None for all."""

    def __init__(self, names: Namespace, facets: frozenset[str] | None = None) -> None:
        self._lens = lens_of(names)
        self._known: dict[str, tuple[Any, ...]] = {}
        self._places: dict[str, Place] = {}
        self._alias: tuple[tuple[str, ...], ...] = ()
        self._identity: tuple[tuple[str, ...], ...] = ()
        self._grouped = False
        self._graph = Graph(nodes=(), roots={})
        self._graph_of: object = ()
        self._leaves: list[tuple[int, str | None]] = []
        self._mode: Mode | None = None
        self._sees_graph = facets is None or "graph" in facets
        self._sees_repr = facets is None or "repr" in facets
        self._sees_groups = facets is None or not facets.isdisjoint(("alias", "identity"))

    def look(self, values: Mapping[str, Any], last: bool) -> dict[str, Any]:
        """What is new, as the fields of a `StepTrace`; `last` adds what is looked at only once."""
        lens = self._lens
        live: list[tuple[str, Any]] = []
        for name, value in values.items():
            if isinstance(value, (lens.tensor_type, np.ndarray)):
                live.append((name, value))
            elif isinstance(value, tuple | list | dict):
                for path, item in lens.inside(value, name):
                    live.append((path, item))
        # A __torch_function__ of the program, of a subclass or a mode, would be called for every attribute.
        with lens.quietly():
            return self._look(live, last)

    def begin(self, values: Mapping[str, Any]) -> tuple[dict[str, TensorChange], Mode]:
        """What a call begins with: its arguments, and the modes. Groups and graph are said by its first step."""
        found = self.look(values, False)
        self._alias, self._identity, self._graph, self._graph_of = (), (), Graph(nodes=(), roots={}), None
        self._grouped = False
        return found.get("changes", {}), found["mode"]

    def _look(self, live: list[tuple[str, Any]], last: bool) -> dict[str, Any]:
        lens = self._lens
        written = {name for name, _ in live[-MAX_REPRS:]} if last and self._sees_repr else ()
        found: dict[str, Any] = {}
        changes: dict[str, TensorChange] = {}
        known: dict[str, tuple[Any, ...]] = {}
        places: dict[str, Place] = {}
        every: list[tuple[str, Any]] = []
        for name, tensor in live:
            every.append((name, tensor))
            facts = lens.facts(tensor)
            grad = lens.grad(tensor, facts[4])
            has_grad = UNSET if grad is UNSET else "none" if grad is None else "tensor"
            known[name] = self._note(name, tensor, facts, has_grad, name in written, places, changes)
            if grad is not None and grad is not UNSET:
                name += ".grad"
                every.append((name, grad))
                known[name] = self._note(name, grad, lens.facts(grad), UNSET, False, places, changes)
        # A place that is the very same is of the same object, in the same memory.
        was = self._places
        stayed = self._grouped and was.keys() == places.keys() and not any(map(is_not, was.values(), places.values()))
        self._known, self._places, self._grouped = known, places, True
        if changes:
            found["changes"] = changes
        if self._sees_groups and not stayed:
            alias, identity = lens.groups(every, places)
            if alias != self._alias:
                found["alias"] = self._alias = alias
            if identity != self._identity:
                found["identity"] = self._identity = identity
        if self._sees_graph:
            roots = lens.roots(every, known)
            if roots is not None and (graph := self._graph_now(roots, every, last)) != self._graph:
                found["graph"] = self._graph = graph
        mode = lens.mode()
        if mode != self._mode:
            found["mode"] = self._mode = mode
        return found

    def _note(
        self,
        name: str,
        tensor: Any,
        facts: tuple[Any, ...],
        grad: Any,
        write: bool,
        places: dict[str, Place],
        changes: dict[str, TensorChange],
    ) -> tuple[Any, ...]:
        """What a look keeps of a tensor: facts, whether it has a gradient, elements; `changes` gets what is new."""
        places[name] = place = self._lens.memory.look(tensor, facts[:3], self._places.get(name))
        now = (*facts, grad, place.data)
        before = self._known.get(name)
        written = self._lens.repr(tensor) if write else UNSET
        if now != before or written is not UNSET:
            changes[name] = self._lens.change(now, before, written)
        return now

    def _graph_now(self, roots: list[tuple[str, Any, int]], live: list[tuple[str, Any]], last: bool) -> Graph:
        """The graph behind the roots: the last one, if neither they nor the names of its leaves are others."""
        of = self._lens.identity_of(roots)
        if not (last or of is None or self._leaves) and of == self._graph_of:
            return self._graph
        names: dict[int, str] = {}
        for name, tensor in live:
            names.setdefault(id(tensor), name)
        if of is None or of != self._graph_of or last or any(names.get(one) != name for one, name in self._leaves):
            self._graph_of = of
            graph, leaves = graph_behind(roots, names)
            self._leaves = [(one, names.get(one)) for one in leaves]
            return graph
        return self._graph

    def seen(self, value: Any, values: Mapping[str, Any], out: str | None) -> Seen:
        """What a step returned, as a Trace says it; `out` is the name that it is bound to."""
        return self._lens.seen(value, values, out)

    def arguments(self, values: Mapping[str, Any]) -> tuple[Seen, ...]:
        """The arguments of a call, by the names of the parameters that they are bound to."""
        return tuple([self._lens.seen(value, values, name) for name, value in values.items()])


class Lens:
    """How the tensors of one namespace are looked at. What they lack is UNSET, and so absent from the Trace."""

    def __init__(self, names: Namespace) -> None:
        find = names.find
        self._names = names
        self.tensor_type = names.tensor_type
        self._node_type = find("autograd.graph.Node")
        self._other_constants = tuple(
            t for t in map(find, ("layout", "memory_format", "qscheme")) if isinstance(t, type)
        )
        self._is_grad_enabled: Callable[[], bool] = find("is_grad_enabled") or (lambda: True)
        self._is_inference: Callable[[], bool] = find("is_inference_mode_enabled") or (lambda: False)
        self._modes = {(g, i): Mode(grad=g, inference=i) for g in (False, True) for i in (False, True)}
        self.quietly: Callable[[], AbstractContextManager[Any]] = find("_C.DisableTorchFunction") or nullcontext
        self._int16 = find("int16")
        self._is_wrapped: Callable[[Any], bool] = find("_C._functorch.is_functorch_wrapped_tensor") or (lambda _: False)
        self._is_dead: Callable[[Any], bool] = find("_C._functorch.is_dead_tensor_wrapper") or (lambda _: False)
        self.memory = Memory(getattr(self.tensor_type, READ, self.read), find("tensor"))

    def mode(self) -> Mode:
        return self._modes[bool(self._is_grad_enabled()), bool(self._is_inference())]

    # --------------------------------------------------------------------------------------------------- one tensor

    def facts(self, tensor: Any) -> tuple[Any, ...]:
        """Its dtype, shape, stride, requires_grad, is_leaf and version. An ndarray has the first three."""
        if type(tensor) is np.ndarray:
            step = tensor.itemsize or 1
            return tensor.dtype, tensor.shape, tuple([s // step for s in tensor.strides]), UNSET, UNSET, UNSET
        try:
            dtype, shape, requires_grad, is_leaf, version = _ATTRIBUTES(tensor)
            return dtype, shape, tensor.stride(), requires_grad, is_leaf, version
        except Exception:
            return self._slow_facts(tensor)

    def _slow_facts(self, tensor: Any) -> tuple[Any, ...]:
        found = [_attribute(tensor, name) for name in ("dtype", "shape", "stride", "requires_grad", "is_leaf")]
        try:
            found[2] = tuple(found[2]()) if callable(found[2]) else UNSET
        except Exception:
            found[2] = UNSET
        # Where any object can be assigned to it, that object may be a number.
        found[3:] = [flag if flag is UNSET else bool(flag) for flag in found[3:]]
        version = _attribute(tensor, "_version")
        if version is UNSET and hasattr(type(tensor), "_version"):
            version = None  # there is a counter, but this tensor (an inference tensor) has none
        return (*found, version)

    def grad(self, tensor: Any, is_leaf: Any) -> Any:
        """Its gradient; UNSET where it is not to be looked at, because PyTorch would warn, or cannot be.

        `is_leaf` is what `facts` said of it.
        """
        if type(tensor) is np.ndarray:
            return UNSET
        found: Any = UNSET
        try:
            if (tensor.is_leaf if is_leaf is UNSET else is_leaf) or tensor.retains_grad:
                found = tensor.grad
        except Exception:
            # Of the type: read on the tensor it may raise (of a view made under no_grad, once written).
            if not hasattr(type(tensor), "is_leaf"):
                found = _attribute(tensor, "grad")
        # Where any object can be assigned to it, it may be a number, of which nothing can be looked at.
        return found if found is None or hasattr(found, "shape") else UNSET

    def read(self, tensor: Any) -> bytes | None:
        """Its elements, row by row; None if they cannot be read (a tensor without memory, or inside vmap)."""
        if type(tensor) is np.ndarray:
            return tensor.tobytes() if tensor.dtype.name in DTYPES else None
        try:
            if self._is_wrapped(tensor) and not self._is_dead(tensor):
                return None  # within a transform no tensor has elements, and every way to ask ends in an exception
            # Of a copy: PyTorch never resizes memory that an array was once made of, and a resizing that fails half-way leaves
            # a tensor larger than its memory.
            data: bytes = tensor.detach().clone().numpy().tobytes()
            return data
        except Exception:
            return self._slow_read(tensor)

    def _slow_read(self, tensor: Any) -> bytes | None:
        ways: tuple[Callable[[], Any], ...] = (
            lambda: tensor.numpy(force=True),
            lambda: tensor.detach().clone().view(self._int16).numpy(),  # bfloat16, which NumPy lacks
            lambda: tensor.numpy(),
            lambda: tensor.__array__(),
        )
        for read in ways:
            try:
                data: bytes = read().tobytes()
                return data
            except Exception:
                continue
        return None

    def repr(self, tensor: Any) -> Any:
        try:
            return without_addresses(repr(tensor))
        except Exception:
            return UNSET

    def change(self, now: tuple[Any, ...], before: tuple[Any, ...] | None, written: Any) -> TensorChange:
        """What of `now` (facts, grad, elements) is not as `before`."""
        dtype, shape, stride, requires_grad, is_leaf, version, grad, data = now
        if isinstance(dtype, np.dtype):
            dtype_name = dtype.name if dtype.name in DTYPES else None  # objects, of which the bytes are addresses
        else:
            dtype_name = self._names.dtype_name(dtype)
        if before is None:
            before = _NOTHING
        before_dtype, before_shape, before_stride, before_requires, before_leaf, before_version, before_grad, was = (
            before
        )
        is_other = dtype is not before_dtype and dtype != before_dtype
        is_reshaped = shape != before_shape
        value: Any = UNSET
        # A library that counts with NumPy may have sizes that are none of Python's numbers.
        if shape is not UNSET:
            shape = tuple(map(int, shape))
            if data is not None and dtype_name is not None and (is_other or is_reshaped or data != was):
                value = Array(dtype_name, shape, data)
        return TensorChange(
            value,
            dtype_name if is_other and dtype_name is not None else UNSET,
            shape if is_reshaped else UNSET,
            UNSET if stride is UNSET or stride == before_stride else tuple(map(int, stride)),
            _if_new(requires_grad, before_requires),
            _if_new(is_leaf, before_leaf),
            _if_new(version, before_version),
            _if_new(grad, before_grad),
            written,
        )

    # ------------------------------------------------------------------------------------------------- all of them

    def inside(self, value: Any, path: str, depth: int = 1) -> Iterator[tuple[str, Any]]:
        """The tensors in a container, each with the path to it."""
        if isinstance(value, dict):
            items = [(f"{path}[{key!r}]", item) for key, item in list(value.items())[:MAX_ITEMS]]
        else:
            items = [(f"{path}[{index}]", item) for index, item in enumerate(value[:MAX_ITEMS])]
        for at, item in items:
            if isinstance(item, (self.tensor_type, np.ndarray)):
                yield at, item
            elif isinstance(item, tuple | list | dict) and depth < MAX_NESTING:
                yield from self.inside(item, at, depth + 1)

    def groups(
        self, live: list[tuple[str, Any]], places: Mapping[str, Place]
    ) -> tuple[tuple[tuple[str, ...], ...], tuple[tuple[str, ...], ...]]:
        """The names that share memory, and those that are one object. A tensor without elements shares nothing."""
        memory: dict[Any, list[str]] = {}
        held: list[Any] = []
        regions: list[tuple[int, int, str]] | None = [] if any(type(one) is np.ndarray for _, one in live) else None
        objects: dict[int, list[str]] = {}
        for name, tensor in live:
            objects.setdefault(id(tensor), []).append(name)
            place = places[name]
            if not place.data:
                continue
            if regions is not None:
                region = _region(tensor)
                if region is not None:
                    regions.append((*region, name))
            else:
                at = place.begins
                if at is None:
                    at = _memory(tensor, held)
                if at:  # PyTorch has zeros that it keeps no memory for
                    memory.setdefault(at, []).append(name)
        if regions:
            memory = _overlapping(regions)
        alias = () if len(memory) == len(live) else tuple([tuple(g) for g in memory.values() if len(g) > 1])
        identity = () if len(objects) == len(live) else tuple([tuple(g) for g in objects.values() if len(g) > 1])
        return alias, identity

    def roots(self, live: list[tuple[str, Any]], known: Mapping[str, tuple[Any, ...]]) -> Any:
        """For every tensor with a grad_fn: its name, that node, its output number. None if there is no graph to see."""
        found = []
        for name, tensor in live:
            facts = known[name]
            if facts[3] is False or facts[4] is True:
                continue
            try:
                node = tensor.grad_fn
            except AttributeError:
                return None
            except Exception:
                continue  # a view that PyTorch forbids to use; the step that uses it will say so
            if node is not None:
                found.append((name, node, getattr(tensor, "output_nr", 0)))
        return found

    def identity_of(self, roots: list[tuple[str, Any, int]]) -> object:
        """Plain data that differs if the graph does; None where nodes cannot be told apart."""
        try:
            return [(name, type(node).__name__, node._sequence_nr(), number) for name, node, number in roots]
        except Exception:
            return None

    # ------------------------------------------------------------------------------------------------------ results

    def seen(self, value: Any, values: Mapping[str, Any], out: str | None, depth: int = 0) -> Seen:
        if value is None or type(value) in (bool, int):
            return value  # type: ignore[no-any-return]
        if isinstance(value, self.tensor_type):
            return TensorSeen(out if out is not None else _name_of(value, values))
        if isinstance(value, np.ndarray):
            return ArraySeen(out if out is not None else _name_of(value, values))
        if isinstance(value, np.generic):
            return Sequence(type(value).__name__, (self.seen(value.item(), values, None, depth + 1),))
        kind = type(value)
        if kind is str:
            return without_addresses(value)
        if kind is float:
            return Float.of(value)
        if kind is complex:
            return Complex(repr(value.real), repr(value.imag))
        if is_traceback(value):
            return Sequence("list", (without_frames("".join(value)),))
        if isinstance(value, tuple | list) and depth < MAX_NESTING + 1:
            return Sequence(
                kind.__name__,
                tuple(
                    [
                        self.seen(item, values, None if out is None else f"{out}[{index}]", depth + 1)
                        for index, item in enumerate(value[:MAX_ITEMS])
                    ]
                ),
            )
        if kind is dict and depth < MAX_NESTING + 1:
            return MappingSeen(
                tuple(
                    [
                        (
                            self.seen(key, values, None, depth + 1),
                            self.seen(item, values, None if out is None else f"{out}[{key!r}]", depth + 1),
                        )
                        for key, item in list(value.items())[:MAX_ITEMS]
                    ]
                )
            )
        return self._seen_object(value)

    def _seen_object(self, value: Any) -> Seen:
        dtype = self._names.dtype_name(value)
        if dtype is not None:
            return Global(f"torch.{dtype}")
        if isinstance(value, self._other_constants):
            return Global(str(value))
        if isinstance(self._node_type, type) and isinstance(value, self._node_type):
            return NodeSeen(type(value).__name__)
        if hasattr(type(value), "next_functions"):
            return NodeSeen(type(value).__name__)
        if callable(value) and type(value).__name__ in _FUNCTIONS:
            return Opaque("function")
        if isinstance(value, type) and issubclass(value, self.tensor_type):
            # Not by its metaclass: what a class of tensors is made by shows in nothing that it does.
            return Opaque("type")
        return Opaque(type(value).__name__)


_NOTHING = (UNSET,) * 8
"""What is known of a tensor that was never looked at."""


def _if_new(now: Any, before: Any) -> Any:
    return UNSET if now is before or now == before else now


def _attribute(value: Any, name: str) -> Any:
    try:
        return getattr(value, name)
    except Exception:
        return UNSET


def _memory(tensor: Any, held: list[Any]) -> Any:
    """What stands for the memory of a tensor that has no `data_ptr`: where its last owner's array begins.

    The arrays are put into `held`: of a subject that copies, each would be freed at once and the next take its address.
    """
    try:
        array = tensor.detach().numpy() if hasattr(tensor, "detach") else tensor.numpy()
        held.append(array)
        while getattr(array.base, "__array_interface__", None) is not None:
            array = array.base
        return array.__array_interface__["data"][0]
    except Exception:
        return None


def _region(value: Any) -> tuple[int, int] | None:
    """Where the memory of a tensor or an ndarray begins and ends: of all that its owner has, seen or not.

    By extent and not by beginning, because one library takes an ndarray that is itself a window for the beginning of a
    tensor's memory, and another looks for the owner. Used only where a program has ndarrays.
    """
    try:
        if isinstance(value, np.ndarray):
            while isinstance(value.base, np.ndarray):
                value = value.base
            if not hasattr(value.base, "untyped_storage"):
                return byte_bounds(value)
            value = value.base  # a tensor that lent its memory
        storage = value.untyped_storage()
        return storage.data_ptr(), storage.data_ptr() + storage.nbytes()
    except Exception:
        return None


def _overlapping(regions: list[tuple[int, int, str]]) -> dict[Any, list[str]]:
    """The names whose regions overlap, each group in the order of the names."""
    order = [name for _, _, name in regions]
    groups: list[tuple[int, list[str]]] = []
    for begin, end, name in sorted(regions):
        if groups and begin < groups[-1][0]:
            groups[-1] = max(end, groups[-1][0]), [*groups[-1][1], name]
        else:
            groups.append((end, [name]))
    found = sorted([sorted(names, key=order.index) for _, names in groups], key=lambda names: order.index(names[0]))
    return dict(enumerate(found))


def _name_of(value: Any, values: Mapping[str, Any]) -> str:
    return next((name for name, bound in values.items() if bound is value), "")


_lenses: WeakKeyDictionary[Namespace, Lens] = WeakKeyDictionary()


def lens_of(names: Namespace) -> Lens:
    """The Lens of a namespace, made once."""
    found = _lenses.get(names)
    if found is None:
        found = _lenses[names] = Lens(names)
    return found
