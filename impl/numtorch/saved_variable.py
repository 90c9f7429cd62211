"""SavedVariable: one tensor that a custom Function saved for its backward.

Generated nodes keep what they save in slots, checked in line (saved.py); a Function saves any number of tensors, so each
is an object here. An input, or any tensor that is no output of the node, is kept as it is and unpacks to itself; an output
is kept as its memory, since the tensor would make a cycle with its node.
"""

from __future__ import annotations

from typing import Any

from . import saved, saved_hooks, views
from .tensor import Tensor, wrap

_new = object.__new__


class SavedVariable(saved_hooks.SavedTensor):
    """A saved tensor with the version that it had, or what a pack hook made of it."""

    __slots__ = ("_array", "_counter", "_original", "_output_nr", "_packed", "_result", "_version", "_wanted")
    __module__ = "torch._C._autograd"
    _original: Tensor | None  # the tensor itself, if it may be kept

    def unpack(self, node: Any) -> Tensor | None:
        """The saved tensor, after the version check."""
        if self._packed is not None:
            return self._packed.restore(node)
        tensor = self._original
        if tensor is not None:
            now = saved.version_of(tensor)
            if now != self._version:
                raise saved.modified(tensor._desc, tensor.grad_fn, tensor._output_nr, now, self._version)
            return tensor
        if self._array is None:
            return None
        now = self._counter[0]
        if now != self._version:
            raise saved.modified(node.descriptors()[self._output_nr], node, self._output_nr, now, self._version)
        fresh = wrap(self._array)
        fresh._counter = self._counter
        fresh._requires_grad, fresh._node, fresh._output_nr = True, node, self._output_nr
        return fresh

    def _is_packed(self) -> bool:
        return self._packed is not None

    def _is_freed(self) -> bool:
        return self._node._released

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
    self._packed = self._original = self._array = self._counter = None
    self._version = self._output_nr = 0
    self._result = False
    if tensor is None:
        return self
    if tensor._extra is not None:
        saved.check_saveable(tensor)
    self._result = is_output and tensor._node is not None
    pair = saved_hooks.innermost()
    if pair is not None:
        self._put(saved_hooks.Packed(tensor, self._result, pair))
    elif not self._result:
        self._original, self._version = tensor, saved.version_of(tensor)
    else:
        self._array, self._counter = views.storage_of(tensor), views.counter_of(tensor)
        self._version, self._output_nr = self._counter[0], tensor._output_nr
    return self
