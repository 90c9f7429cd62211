"""Parameter: a leaf that modules collect and optimizers update."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..creation import empty
from ..functions.copying import make_subclass, of_class, warn_of_hooks
from ..tensor import Tensor, wrap


class Parameter(Tensor):
    """A tensor that requires grad unless told otherwise, over the memory of the one it is made of."""

    __module__ = "torch.nn.parameter"

    def __new__(cls, data: Any = None, requires_grad: bool = True) -> Any:
        """A leaf, whatever `data` is."""
        if data is None:
            data = empty(0)
        if type(data) is Tensor or type(data) is Parameter:
            return make_subclass(cls, data, requires_grad)
        new = data.detach().requires_grad_(requires_grad)
        new._is_param = True
        return new

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        if id(self) not in memo:
            memo[id(self)] = type(self)(self.data.clone(), self.requires_grad)
        return memo[id(self)]

    def __reduce_ex__(self, protocol: Any) -> Any:
        warn_of_hooks(self)
        return rebuild_parameter, (np.array(self._numpy()), self.requires_grad, self.__dict__)


def rebuild_parameter(array: np.ndarray, requires_grad: bool, state: dict[str, Any]) -> Parameter:
    """A pickled parameter, made again; a function of this package, because the class goes by PyTorch's name."""
    new = of_class(Parameter, wrap(array))
    new._requires_grad = requires_grad
    new.__dict__.update(state)
    return new
