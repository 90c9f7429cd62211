"""How the tensors of one namespace are looked at: what a Trace says of one of them, and of what a step returned."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from msgspec import UNSET

from conformance.errors import is_traceback, without_addresses, without_frames
from conformance.interpreter.memory import Memory
from conformance.interpreter.namespace import DTYPES, Namespace
from conformance.program import Complex, Float, Global
from conformance.trace import (
    Array,
    ArraySeen,
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

_FUNCTIONS = frozenset(
    ["function", "builtin_function_or_method", "method", "method_descriptor", "wrapper_descriptor", "method-wrapper"]
)
"""Functions, which in PyTorch are some of C++ and some of Python: that is not looked at."""


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
            # (Not operator.attrgetter: it looks each name up anew, where these lines remember where they found it.)
            return (
                tensor.dtype,
                tensor.shape,
                tensor.stride(),
                tensor.requires_grad,
                tensor.is_leaf,
                tensor._version,
            )
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

    def change(self, now: tuple[Any, ...], before: tuple[Any, ...], written: Any) -> TensorChange:
        """What of `now` (facts, grad, elements) is not as `before`."""
        dtype, shape, stride, requires_grad, is_leaf, version, grad, data = now
        if isinstance(dtype, np.dtype):
            dtype_name = dtype.name if dtype.name in DTYPES else None  # objects, of which the bytes are addresses
        else:
            dtype_name = self._names.dtype_name(dtype)
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

    def roots(self, live: list[tuple[str, Any]], known: Mapping[str, tuple[Any, ...]]) -> Any:
        """For every tensor with a grad_fn: its name, that node, its output number. None if there is no graph to see."""
        found = []
        for name, tensor in live:
            facts = known[name][0]
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


def _if_new(now: Any, before: Any) -> Any:
    return UNSET if now is before or now == before else now


def _attribute(value: Any, name: str) -> Any:
    try:
        return getattr(value, name)
    except Exception:
        return UNSET


def _name_of(value: Any, values: Mapping[str, Any]) -> str:
    return next((name for name, bound in values.items() if bound is value), "")


_lenses: WeakKeyDictionary[Namespace, Lens] = WeakKeyDictionary()


def lens_of(names: Namespace) -> Lens:
    """The Lens of a namespace, made once."""
    found = _lenses.get(names)
    if found is None:
        found = _lenses[names] = Lens(names)
    return found
