"""Copies of tensors as Python makes them: copy.copy, copy.deepcopy, pickle; and tensors as objects of a subclass."""

from __future__ import annotations

import copy
import warnings
from typing import Any

import numpy as np

from .. import dtype as dtypes, views
from ..geometry import element_strides, root_of, storage_offset, strided
from ..tensor import Tensor, wrap
from .convert import detach, get_data

_SLOTS = tuple(slot for slot in Tensor.__slots__ if slot != "__weakref__")


def of_class(cls: type, plain: Tensor) -> Any:
    """A new tensor as an object of a subclass."""
    new = object.__new__(cls)
    for slot in _SLOTS:
        setattr(new, slot, getattr(plain, slot))
    return new


def make_subclass(cls: type, data: Tensor, requires_grad: bool = False) -> Any:
    """A leaf of the subclass over the memory of `data`; writes to either count for both."""
    if requires_grad and data._desc.dtype.category < dtypes.FLOATING:
        raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
    new = of_class(cls, detach(data))
    new._requires_grad = requires_grad
    return new


def deepcopy(self: Tensor, memo: dict) -> Tensor:
    """copy.deepcopy: leaves only, with their gradient; tensors that share memory do so again inside one call."""
    if id(self) in memo:
        return memo[id(self)]
    if not self.is_leaf:
        raise RuntimeError(
            "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at "
            "the moment.  If you were attempting to deepcopy a module, this may be because of a "
            "torch.nn.utils.weight_norm usage, see https://github.com/pytorch/pytorch/pull/103001"
        )
    array = views.storage_of(self)
    root = root_of(array)
    fresh = memo.setdefault(("storage", id(root)), None)
    if fresh is None:
        fresh = memo[("storage", id(root))] = np.array(root, order="K")
        memo[("storage alive", id(root))] = root
    if root is array:
        new_array = fresh
    else:
        new_array = strided(fresh, array.shape, element_strides(array), storage_offset(array))
    new = of_class(type(self), wrap(new_array))
    new._requires_grad = bool(self._requires_grad is True)
    new._counter = [1]  # PyTorch fills the copy
    if hasattr(self, "__dict__"):
        new.__dict__.update(copy.deepcopy(self.__dict__, memo))
    memo[id(self)] = new
    if self._grad is not None:
        new._grad = deepcopy(self._grad, memo)
    return new


def shallow_copy(self: Tensor) -> Tensor:
    """copy.copy: a new leaf over the same memory; the graph of a non-leaf is dropped."""
    new = get_data(self)
    if type(self) is not Tensor:
        new = of_class(type(self), new)
        new.__dict__.update(self.__dict__)
    new._requires_grad = self.requires_grad
    new._counter = [1]
    return new


# ---- pickle


def reduce_ex(self: Tensor, protocol: Any) -> Any:
    """pickle: class, values, the flag, and the attributes of a subclass; hooks stay behind, with a warning."""
    warn_of_hooks(self)
    kind = type(self)
    if kind is Tensor:
        return rebuild, (np.array(self._numpy()), self.requires_grad)
    return rebuild_subclass, (kind, np.array(self._numpy()), self.requires_grad, self.__dict__)


def warn_of_hooks(tensor: Tensor) -> None:
    """Say that hooks are not pickled."""
    for hook in list((tensor._backward_hooks or {}).values()):
        if not getattr(hook, "__torch_unserializable__", False):
            warnings.warn(
                f"backward hook {hook!r} on tensor will not be serialized.  If this is expected, you can decorate "
                "the function with @torch.utils.hooks.unserializable_hook to suppress this warning",
                stacklevel=4,
            )


def rebuild(array: np.ndarray, requires_grad: bool) -> Tensor:
    """A pickled tensor, made again."""
    new = wrap(array)
    new._requires_grad = requires_grad
    new._counter = [1]
    return new


def rebuild_subclass(cls: type, array: np.ndarray, requires_grad: bool, state: dict[str, Any]) -> Any:
    """A pickled tensor of a subclass, made again."""
    new = of_class(cls, rebuild(array, requires_grad))
    new.__dict__.update(state)
    return new
