"""SavedVariable: one of several tensors that a node saved for its backward.

Generated nodes keep what they save in slots, checked in line (saved.py); a Function saves any number of tensors, and so
does indexing, so each is an object here. An input, or any tensor that is no output of the node, is kept as it is and
unpacks to itself; an output is kept as its memory, since the tensor would make a cycle with its node.
"""

from __future__ import annotations

from typing import Any

from ..aliasing import views
from ..tensor import Tensor, wrap
from . import saved, saved_hooks

_new = object.__new__


class SavedVariable(saved_hooks.SavedTensor):
    """A saved tensor with the version that it had, or what a pack hook made of it."""

    __slots__ = (
        "_array",
        "_counter",
        "_original",
        "_output_nr",
        "_packed",
        "_result",
        "_version",
        "_wanted",
        "_wrapped",
    )
    __module__ = "torch._C._autograd"
    _original: Tensor | None  # the tensor itself, if it may be kept

    def unpack(self, node: Any) -> Tensor | None:
        """The saved tensor, after the version check."""
        if self._packed is not None:
            return self._packed.restore(node)
        tensor = self._original
        if tensor is not None:
            saved.check_version(tensor, self._version, node)
            return tensor
        if self._array is None:
            return None
        now = self._counter[0]
        if now != self._version:
            raise saved.modified(node.descriptors()[self._output_nr], node, self._output_nr, now, self._version)
        fresh = wrap(self._array)
        fresh._counter = self._counter
        fresh._requires_grad, fresh._made, fresh._output_nr = True, node, self._output_nr
        if self._wrapped is not None:
            views.extras(fresh).wrapped = self._wrapped
        return fresh

    def _is_packed(self) -> bool:
        return self._packed is not None

    def _is_freed(self) -> bool:
        return False  # asked of one that was, PyTorch reads memory that it has given back

    def _is_none(self) -> bool:
        return self._original is None and self._array is None

    def _pack(self, pair: Any) -> None:
        value = self.unpack(self._node)
        assert value is not None
        self._put(saved_hooks.Packed(value, self._result, pair, handed=value.detach()))

    def _put(self, packed: saved_hooks.Packed) -> None:
        self._packed = packed
        self._original = self._array = self._counter = None


SavedVariable.__name__ = SavedVariable.__qualname__ = "SavedTensor"  # as PyTorch calls both kinds


def save(tensor: Tensor | None, is_output: bool) -> SavedVariable:
    """Keep a tensor (or None) for a node, of which it may be an output."""
    self = _new(SavedVariable)
    self._packed = self._original = self._array = self._counter = self._wrapped = None
    if tensor is None:
        return self
    if tensor._extra is not None:
        saved.check_saveable(tensor)
        self._wrapped = getattr(tensor._extra, "wrapped", None)  # an output's own, for it is kept as its memory
    self._result = is_output and tensor._made is not None
    pair = saved_hooks.innermost()
    if pair is not None:
        self._put(saved_hooks.Packed(tensor, self._result, pair))
    elif not self._result:
        self._original, self._version = tensor, saved.version_of(tensor)
    else:
        self._array, self._counter = views.storage_of(tensor), views.counter_of(tensor)
        self._version, self._output_nr = self._counter[0], tensor._output_nr
    return self


class SavedList:
    """The tensors, or None, that one node saved under one name: those that index."""

    __slots__ = ("_saved",)
    _saved: tuple[SavedVariable, ...] | None

    def __init__(self, node: Any, tensors: tuple[Tensor | None, ...]):
        self._saved = tuple([save(tensor, False) for tensor in tensors])
        if saved_hooks.in_force and saved_hooks.innermost() is not None:
            node.extras()  # which makes the engine announce the pass before it runs the node, and so the hooks' code

    def unpack(self, node: Any) -> tuple[Tensor | None, ...]:
        """The saved tensors, after the version checks."""
        return tuple([variable.unpack(node) for variable in self._kept()])

    def handles(self, node: Any) -> tuple[SavedVariable, ...]:
        """What hooks may be set on."""
        for variable in self._kept():
            variable._node = node  # for register_hooks; not before, since node and variable then hold each other
        return self._kept()

    def _kept(self) -> tuple[SavedVariable, ...]:
        if self._saved is None:
            raise saved.freed()
        return self._saved

    def release(self) -> None:
        """Forget them."""
        self._saved = None
