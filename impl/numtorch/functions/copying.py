"""Copies of tensors as Python makes them: copy.copy, copy.deepcopy, pickle; and tensors as objects of a subclass.

All three go by a tensor's storage, as in PyTorch: `__reduce_ex__` names the function that makes the tensor again from its
storage, offset, size and strides. copy.copy hands the storage itself to that function, pickle a copy of it.
"""

from __future__ import annotations

import copy
import copyreg
from collections import OrderedDict
from typing import Any

from .. import dispatch as d, grad_mode
from ..aliasing import views
from ..dtype import dtypes
from ..memory.geometry import element_strides, root_of, storage_offset, strided
from ..memory.lazy import LAZY, Conjugated, Negated, resolve
from ..storage import TypedStorage, UntypedStorage, warn_of_typed_storage
from ..tensor import SLOTS, Tensor, copy_slots, wrap
from ..warning import warn
from .convert import detach


def of_class(cls: type, plain: Tensor) -> Any:
    """A new tensor as an object of a subclass."""
    new = object.__new__(cls)
    copy_slots(plain, new)
    return new


def make_subclass(cls: type, data: Tensor, requires_grad: bool = False) -> Any:
    """A leaf of the subclass over the memory of `data`; writes to either count for both."""
    if requires_grad and data._desc.dtype.category < dtypes.FLOATING:
        raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
    new = of_class(cls, detach(data))
    new._requires_grad = requires_grad
    return new


def as_subclass(self: Tensor, cls: type) -> Any:
    """The same memory and history as an object of a subclass."""
    return of_class(cls, d.alias(self))


# ---- storages


def untyped_storage(self: Tensor) -> UntypedStorage:
    """The memory of the tensor."""
    return UntypedStorage._of(root_of(views.storage_of(self)))


def storage(self: Tensor) -> TypedStorage:
    """The memory of the tensor as elements of its type."""
    warn_of_typed_storage()
    return _typed_storage(self)


def _typed_storage(self: Tensor) -> TypedStorage:
    return TypedStorage(wrap_storage=untyped_storage(self), dtype=self._desc.dtype, _internal=True)


def rebuild_tensor_v2(
    storage: TypedStorage,
    storage_offset: int,
    size: tuple[int, ...],
    stride: tuple[int, ...],
    requires_grad: bool,
    backward_hooks: Any,
    metadata: Any = None,
) -> Tensor:
    """A tensor over a storage: what copy.copy, pickle and torch.load call."""
    array: Any = strided(storage.flat(), tuple(size), tuple(stride), storage_offset)
    for name, kind in BITS.items():
        if metadata and metadata.get(name):
            array = kind(array)
    new = wrap(array)
    new._requires_grad = requires_grad
    if grad_mode.state.inference:
        views.mark_inference(new)
    else:
        new._counter = [1]  # PyTorch makes an empty tensor and sets its memory, which counts
    return new


def rebuild_from_type_v2(func: Any, cls: type, args: tuple, state: Any) -> Any:
    """A tensor of a subclass, or with attributes of its own, made again."""
    new = func(*args)
    if type(new) is not cls:
        new = of_class(cls, new)
    if state:
        attributes, slots = state if isinstance(state, tuple) else (state, None)
        new.__dict__.update(attributes or {})
        for name, value in (slots or {}).items():
            setattr(new, name, value)
    return new


# ---- copies


def deepcopy(self: Tensor, memo: dict) -> Tensor:
    """copy.deepcopy: leaves only, with their gradient; tensors that share memory do so again inside one call."""
    if not self.is_leaf:
        raise RuntimeError(
            "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at "
            "the moment.  If you were attempting to deepcopy a module, this may be because of a "
            "torch.nn.utils.weight_norm usage, see https://github.com/pytorch/pytorch/pull/103001"
        )
    if id(self) in memo:
        return memo[id(self)]
    if type(self) is Tensor:
        memory = _typed_storage(self).__deepcopy__(memo)
        new = rebuild_tensor_v2(*_storage_arguments(self, memory), metadata_of(self))
        if type(new._array) in LAZY:
            numbers = wrap(resolve(new._array))
            numbers._requires_grad = new._requires_grad
            new = numbers
    else:
        new = _deepcopy_of_subclass(self, memo)
    if self._grad is not None:
        new.grad = self._grad.__deepcopy__(memo)
    memo[id(self)] = new
    return new


def _deepcopy_of_subclass(self: Tensor, memo: dict) -> Any:
    new = self.new_empty([])
    if type(new) is not type(self):
        raise RuntimeError(
            "The default implementation of __deepcopy__() for non-wrapper subclasses only works for subclass types that "
            "implement new_empty() and for which that function returns another instance of the same subclass. You should "
            "either properly implement new_empty() for your subclass or override __deepcopy__() if it is intended "
            "behavior for new_empty() to return an instance of a different type."
        )
    plain = rebuild_tensor_v2(*_storage_arguments(self, _typed_storage(self).__deepcopy__(memo)))
    copy_slots(plain, new)
    for slot in _own_slots(type(self)):
        if hasattr(self, slot):
            setattr(new, slot, copy.deepcopy(getattr(self, slot), memo))
    new.__dict__ = copy.deepcopy(self.__dict__, memo)
    return new


def _own_slots(cls: type) -> list[str]:
    """The slots that a subclass adds."""
    return [slot for slot in copyreg._slotnames(cls) if slot not in SLOTS]  # type: ignore[attr-defined]


def _storage_arguments(self: Tensor, memory: TypedStorage) -> tuple:
    array = views.storage_of(self)
    offset, size, stride = storage_offset(array), tuple(self._desc.shape), element_strides(array)
    return memory, offset, size, stride, bool(views.requires_grad(self)), OrderedDict()


BITS = {"conj": Conjugated, "neg": Negated}
"""By the names that PyTorch gives them in files."""


def metadata_of(self: Tensor) -> dict[str, bool]:
    """What of the tensor is in neither its memory nor its geometry."""
    return {name: True for name, kind in BITS.items() if type(self._array) is kind}


def state_of(self: Tensor) -> Any:
    """The attributes of a subclass's object, for pickle."""
    slots = {name: getattr(self, name) for name in _own_slots(type(self)) if hasattr(self, name)}
    state = getattr(self, "__dict__", {})
    return (state, slots) if slots else state


def reduce_ex(self: Tensor, protocol: Any) -> Any:
    """copy.copy and pickle: a leaf, whatever it was; hooks stay behind, with a warning."""
    warn_of_hooks(self)
    arguments = _storage_arguments(self, _typed_storage(self))
    if metadata := metadata_of(self):
        arguments = (*arguments, metadata)
    if type(self) is Tensor:
        return rebuild_tensor_v2, arguments
    return rebuild_from_type_v2, (rebuild_tensor_v2, type(self), arguments, state_of(self))


def warn_of_hooks(tensor: Tensor) -> None:
    """Say that hooks are not pickled."""
    for hook in list((tensor._backward_hooks or {}).values()):
        if not getattr(hook, "__torch_unserializable__", False):
            warn(
                f"backward hook {hook!r} on tensor will not be serialized.  If this is expected, you can decorate "
                "the function with @torch.utils.hooks.unserializable_hook to suppress this warning",
            )


METHODS = {
    "__deepcopy__": deepcopy,
    "__reduce_ex__": reduce_ex,
    "as_subclass": as_subclass,
    "_make_subclass": staticmethod(make_subclass),
}
FUNCTIONS: dict[str, Any] = {}
