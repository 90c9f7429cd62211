"""apply_, map_ and map2_: a Python function called for each element, which no graph and no version counter hears of."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ..aliasing import views
from ..dtype import dtypes
from ..plain_numpy import np
from ..tensor import Tensor
from .shape import expand


def _converter(kind: dtypes.dtype) -> Callable[[Any], Any]:
    """How PyTorch reads what the function returned."""
    if kind.is_floating_point:
        return lambda value: math.ldexp(value, 0)  # float() would take texts
    return complex if kind.is_complex else bool if kind is dtypes.bool_ else int


def _each(name: str, function: Any, self: Tensor, *others: Tensor) -> Tensor:
    """Call the function with the elements at each place, in row-major order, and write what it returns there at once."""
    if any(views.requires_grad(x) for x in (self, *others)):
        raise RuntimeError(f"Can't call {name}() on Variable that requires grad. Use var.detach().{name}() instead.")
    target = views.storage_of(self)
    sources = [target, *[views.storage_of(expand(x, tuple(self._desc.shape))) for x in others]]
    convert = _converter(self._desc.dtype)
    for place in np.ndindex(target.shape):
        target[place] = convert(function(*[source[place].item() for source in sources]))
    return self


def apply_(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """function(element) for each element."""
    if kwargs:
        raise TypeError("TensorBase.apply_() takes no keyword arguments")
    if len(args) != 1:
        raise TypeError(f"TensorBase.apply_() takes exactly one argument ({len(args)} given)")
    return _each("apply_", args[0], self)


def map_(self: Tensor, other: Tensor, callable: Any) -> Tensor:
    """function(element, other's element) for each element."""
    _alike("map_", self, other, "'other'")
    return _each("map_", callable, self, other)


def map2_(self: Tensor, x: Tensor, y: Tensor, callable: Any) -> Tensor:
    """function(element, x's element, y's element) for each element."""
    _alike("map2_", self, x, "argument 'x'")
    _alike("map2_", self, y, "argument 'y'")
    return _each("map2_", callable, self, x, y)


def _alike(name: str, self: Tensor, other: Any, what: str) -> None:
    if isinstance(other, Tensor) and views.requires_grad(other):
        return  # which is said first
    if other._desc.dtype is not self._desc.dtype:
        kinds = [f"torch.{x._desc.dtype.legacy}" for x in (self, other)]
        raise TypeError(f"{name}: expected {kinds[0]} for {what} (got {kinds[1]})")


METHODS: dict[str, Any] = {f.__name__: f for f in (apply_, map_, map2_)}
FUNCTIONS: dict[str, Any] = {}
