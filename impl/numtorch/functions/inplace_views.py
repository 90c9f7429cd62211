"""Views made in place: the tensor itself is shown otherwise, and its base, if it is a view, stays as it is."""

from __future__ import annotations

from typing import Any

from .. import dispatch as d
from ..aliasing.strided import AsStridedBackward1
from ..aliasing.views import become, check_inplace, refuse_write, set_history
from ..aliasing.writes import tracked
from ..calls.raising import refuse_target
from ..memory.descriptor import describe
from ..tensor import Tensor, wrap_dim
from .arguments import as_given
from .strided import check_window, strided_node


def _refuse_leaf(self: Tensor) -> None:
    """Autograd is asked before the dimensions are looked at."""
    if tracked(self):
        refuse_write(self)


def t_(self: Tensor) -> Tensor:
    """A matrix transposed; vectors and scalars as they are."""
    _refuse_leaf(self)
    if self._desc.ndim > 2:
        raise RuntimeError(f"t_() expects a tensor with <= 2 dimensions, but self is {self._desc.ndim}D")
    return d.t_(self)


def transpose_(self: Tensor, dim0: int, dim1: int) -> Tensor:
    """Two dimensions exchanged."""
    _refuse_leaf(self)
    n = self._desc.ndim
    wrap_dim(dim0, n), wrap_dim(dim1, n)
    return d.transpose_(self, dim0, dim1)


def squeeze_(self: Tensor, dim: Any = None) -> Tensor:
    """Without dimensions of size 1."""
    _refuse_leaf(self)
    if dim is None:
        return d.squeeze_(self)
    refuse_target(self)  # zeros without memory; the other views in place do not mind them
    if isinstance(dim, (tuple, list)):
        return d.squeeze_dims_(self, as_given(tuple(dim), self._desc.ndim))
    wrap_dim(dim, self._desc.ndim)
    return d.squeeze_dim_(self, dim)


def unsqueeze_(self: Tensor, dim: int) -> Tensor:
    """A dimension of size 1 inserted."""
    _refuse_leaf(self)
    wrap_dim(dim, self._desc.ndim + 1)
    return d.unsqueeze_(self, dim)


def as_strided_(self: Tensor, size: Any, stride: Any, storage_offset: int | None = None) -> Tensor:
    """Other elements of the storage, said by strides."""
    flag = tracked(self)
    check_inplace(self, flag)
    size, stride, offset, array = check_window(self, size, stride, storage_offset)
    desc = describe(array)
    node = strided_node(AsStridedBackward1, self, desc, size, stride, offset, storage_offset) if flag else None
    become(self, array, desc)
    if node is not None:
        set_history(self, node, 0)
    return self


METHODS = {f.__name__: f for f in (t_, transpose_, squeeze_, unsqueeze_, as_strided_)}
METHODS |= {"swapaxes_": transpose_, "swapdims_": transpose_}
FUNCTIONS: dict[str, Any] = {"as_strided_": as_strided_}
