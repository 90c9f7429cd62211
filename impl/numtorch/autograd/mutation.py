"""allow_mutation_on_saved_tensors: what was saved is cloned when it is about to be written to.

A saved tensor is known by its identity, memory and version, and a write by the memory and version of what is written: so
all that share the first element are found, and a view of other elements is not, as in PyTorch. PyTorch learns of a write
from a mode that sees every operator; here `grad_mode.state.before_write` is told by whatever writes.
"""

from __future__ import annotations

import contextlib
import weakref
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from .. import grad_mode
from ..levels import wrapped_of
from ..nodes import saved_hooks

_enabled = False

OUTSIDE = (  # PyTorch leaves out a space, too
    "Trying to backward outside of the 'allow_mutation_on_saved_tensors' context"
    "in which the graph was originally recorded."
)


class _Handle:
    """What a node keeps instead of a tensor: the key to it, or to its clone, in the context's tables."""


class _AllowMutationOnSavedContext:
    """What was saved, and the clones of what was written to since; both by handle, as long as a node holds it."""

    __module__ = "torch.autograd.graph"

    def __init__(self) -> None:
        self.cloned: weakref.WeakKeyDictionary[_Handle, Any] = weakref.WeakKeyDictionary()
        self.original: weakref.WeakKeyDictionary[_Handle, Any] = weakref.WeakKeyDictionary()
        self.tid_to_weakhandle: weakref.WeakValueDictionary[tuple[int, int, int], _Handle] = (
            weakref.WeakValueDictionary()
        )
        self.sid_to_tid: defaultdict[tuple[int, int], set[tuple[int, int, int]]] = defaultdict(set)

    def clear(self) -> None:
        """Forget everything, so that no graph can be used any more."""
        for table in (self.cloned, self.original, self.tid_to_weakhandle, self.sid_to_tid):
            table.clear()

    def _pack(self, tensor: Any) -> _Handle:
        place = (tensor.data_ptr(), tensor._version)
        tid = (id(tensor), *place)
        self.sid_to_tid[place].add(tid)
        handle = self.tid_to_weakhandle.get(tid)
        if handle is None:  # one tensor may be saved several times
            handle = self.tid_to_weakhandle[tid] = _Handle()
            self.original[handle] = tensor
        return handle

    def _unpack(self, handle: _Handle) -> Any:
        if _enabled:
            found = self.cloned.get(handle)
            if found is None:
                found = self.original.get(handle)
            if found is not None:
                return found
        raise AssertionError(OUTSIDE)

    def _before_write(self, tensor: Any) -> None:
        """Clone whatever was saved of the memory, in the version, that is about to be written to.

        The mode that PyTorch learns of it from sees what tensors of transforms stand for.
        """
        while (wrapped := wrapped_of(tensor)) is not None:
            tensor = wrapped.value
        for tid in self.sid_to_tid.get((tensor.data_ptr(), tensor._version), ()):
            handle = self.tid_to_weakhandle.get(tid)  # none if a backward has released it
            if handle is not None and handle not in self.cloned:
                self.cloned[handle] = self.original.pop(handle).detach().clone()


@contextlib.contextmanager
def allow_mutation_on_saved_tensors() -> Iterator[_AllowMutationOnSavedContext]:
    """Inside, tensors that were saved may be written to; backward, inside too, sees them as they were."""
    global _enabled
    context = _AllowMutationOnSavedContext()
    outer = grad_mode.state.before_write
    saved_hooks._push_saved_tensors_default_hooks(context._pack, context._unpack)
    grad_mode.watches, grad_mode.state.before_write = True, context._before_write
    try:
        if _enabled:
            raise RuntimeError("allow_mutation_on_saved_tensors contexts cannot be nested")
        _enabled = True
        yield context
    finally:
        context.clear()
        _enabled = False
        grad_mode.state.before_write = outer
        saved_hooks._pop_saved_tensors_default_hooks()
