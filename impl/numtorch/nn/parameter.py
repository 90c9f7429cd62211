"""Parameter: a leaf that modules collect and optimizers update."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from ..calls.handlers import disabled_torch_function
from ..creation import empty
from ..functions.copying import make_subclass, state_of
from ..tensor import Tensor


class ParameterMeta(type):
    """Lets tensors of a user's own class that were made parameters count as such."""

    def __instancecheck__(cls, instance: Any) -> bool:
        if cls is Parameter and isinstance(instance, Tensor) and getattr(instance, "_is_param", False):
            return True
        return super().__instancecheck__(instance)


class Parameter(Tensor, metaclass=ParameterMeta):
    """A tensor that requires grad unless told otherwise, over the memory of the one it is made of."""

    __module__ = "torch.nn.parameter"
    __torch_function__ = staticmethod(disabled_torch_function)

    def __new__(cls, data: Any = None, requires_grad: bool = True) -> Any:
        """A leaf, whatever `data` is."""
        if data is None:
            data = empty(0)
        if type(data) is Tensor or type(data) is Parameter:
            return make_subclass(cls, data, requires_grad)
        new = data.detach().requires_grad_(requires_grad)
        if type(new) is not type(data):
            raise RuntimeError(
                f"Creating a Parameter from an instance of type {type(data).__name__} requires that detach() returns an "
                f"instance of the same type, but return type {type(new).__name__} was found instead. To use the type as a "
                "Parameter, please correct the detach() semantics defined by its __torch_dispatch__() implementation."
            )
        new._is_param = True
        return new

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        if id(self) not in memo:
            memo[id(self)] = type(self)(self.data.clone(), self.requires_grad)
        return memo[id(self)]

    def __repr__(self, *, tensor_contents: Any = None) -> str:
        return "Parameter containing:\n" + super().__repr__()

    def __reduce_ex__(self, protocol: Any) -> Any:
        state = state_of(self)
        if not state:
            return rebuild_parameter, (self.data, self.requires_grad, OrderedDict())
        return rebuild_parameter_with_state, (self.data, self.requires_grad, OrderedDict(), state)


def rebuild_parameter(data: Tensor, requires_grad: bool, backward_hooks: Any) -> Parameter:
    """A parameter made again; a function of this package, because the class goes by PyTorch's name."""
    return Parameter(data, requires_grad)


def rebuild_parameter_with_state(data: Tensor, requires_grad: bool, backward_hooks: Any, state: Any) -> Parameter:
    """A parameter made again, with attributes of its own."""
    new = rebuild_parameter(data, requires_grad, backward_hooks)
    attributes, slots = state if isinstance(state, tuple) else (state, None)
    new.__dict__.update(attributes or {})
    for name, value in (slots or {}).items():
        setattr(new, name, value)
    return new


class Buffer(Tensor):
    """A tensor that modules keep and save, but that is no parameter."""

    __module__ = "torch.nn.parameter"
    __torch_function__ = staticmethod(disabled_torch_function)

    def __new__(cls, data: Any = None, *, persistent: bool = True) -> Any:
        """The data, marked."""
        data = empty(0) if data is None else data
        new = make_subclass(cls, data.detach(), data.requires_grad)
        new.persistent = persistent
        new._is_buffer = True
        return new
