"""What runs an operator on batches that has no batching rule: once for each element, and the results are stacked.

PyTorch has such a way for operators that it knows no rule of, and tells so (slow.py); its graph shows each batch with its
dimension moved to the front, the elements selected of it, and the stack seen as the batch. numtorch goes a plainer one, `loop`,
with an operator that PyTorch has a rule for and numtorch has not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from .. import dispatch
from ..aliasing.views import storage_of
from ..forward_rules.operands import exchanged
from ..tensor import Tensor, wrap

UNBATCHED = (
    "vmap: inplace arithmetic(self, *extra_args) is not possible because there exists a Tensor `other` in extra_args that has "
    "more elements than `self`. This happened due to `other` being vmapped over but `self` not being vmapped over in a vmap. "
    "Please try to use out-of-place operators instead of inplace arithmetic. If said operator is being called inside the "
    "PyTorch framework, please file a bug report instead."
)


def loop(call: Any) -> Any:
    """The operator for each element of the batch, and the results stacked."""
    size = call.size
    rows = [call.op(*exchanged(call.args, lambda t, i=i: call.element(t, i))) for i in range(size)]
    if not size:
        example = call.op(*exchanged(call.args, lambda t: wrap(storage_of(t))))  # zeros, of an empty batch
        return exchange(example, lambda t: (dispatch.expand(t, (0, *t._desc.shape)), 0))
    if isinstance(rows[0], (tuple, list)):
        return tuple([stacked(column) for column in zip(*rows, strict=True)])
    return stacked(rows)


def stacked(rows: Iterable[Any]) -> Any:
    """Results as one batch."""
    rows = list(rows)
    return (dispatch.stack(rows, 0), 0) if isinstance(rows[0], Tensor) else rows[0]


def exchange(out: Any, function: Callable[[Any], Any]) -> Any:
    """One result, or each of several."""
    if isinstance(out, (tuple, list)):
        return tuple([function(o) if isinstance(o, Tensor) else o for o in out])
    return function(out)


def loop_written(call: Any) -> Any:
    """The same of an operator that writes: each element is a view of the batch."""
    if not call.is_target():
        raise RuntimeError(UNBATCHED)
    for i in range(call.size):
        call.op(*exchanged(call.args, lambda t, i=i: call.element(t, i)))
    return None


def fall_back(call: Any) -> Any:
    """The operator as PyTorch runs it without a rule."""
    if not call.size:
        return loop(call)
    found = loop(Elements(call))
    return tuple([seen(f) for f in found]) if type(found[0]) is tuple else seen(found)


def seen(pair: Any) -> Any:
    """Stacked results seen as a batch."""
    return (dispatch.view(pair[0], tuple(pair[0]._desc.shape)), 0) if type(pair) is tuple else pair


def fall_back_written(call: Any) -> Any:
    """The same of an operator that writes."""
    if not call.is_target():
        raise RuntimeError(UNBATCHED)
    return loop_written(Elements(call))


class Elements:
    """A call whose batches are those of the level below, with their dimension in front."""

    __slots__ = ("args", "batches", "op", "size")

    def __init__(self, call: Any):
        self.op, self.size = call.op, call.size
        self.batches: list[Any] = []
        self.args = exchanged(call.args, lambda t: self._taken(call, t))

    def _taken(self, call: Any, value: Any) -> Any:
        if not call.is_batched(value):
            return value
        self.batches.append(call.physical(value))
        return self.batches[-1]

    def element(self, value: Any, index: int) -> Any:
        """What one element of the batch has for an argument."""
        return dispatch.select(value, 0, index) if any(value is b for b in self.batches) else value

    def is_target(self) -> bool:
        """Whether what is written to is a batch, which was asked before."""
        return True
