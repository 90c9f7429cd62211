"""torch.autograd.Variable, the old name of Tensor, and the engine that hangs from it."""

from __future__ import annotations

from typing import Any

from ..backward.graph_task import task_under_way
from ..tensor import Tensor


class _EngineBase:
    """What Python sees of the engine."""

    __module__ = "torch._C"

    def queue_callback(self, callback: Any) -> None:
        """Call `callback()` once the pass under way has run."""
        task = task_under_way()
        if task is None:
            raise RuntimeError("Final callbacks can only be installed during backward pass.")
        if task.callbacks is None:
            task.callbacks = []
        task.callbacks.append(callback)

    def is_checkpoint_valid(self) -> bool:
        """Whether neither the pass under way nor one around it is for some inputs only."""
        task = task_under_way()
        while task is not None:
            if task.needed is not None:
                return False
            task = task.outer
        return True

    def run_backward(
        self,
        tensors: Any,
        grad_tensors: Any,
        keep_graph: bool,
        create_graph: bool,
        inputs: Any = None,
        allow_unreachable: bool = False,
        accumulate_grad: bool = False,
    ) -> tuple:
        """Run the graph; what `torch.autograd.backward` and `grad` call once they have checked their arguments."""
        from .entry import call_engine

        return call_engine(
            tensors, grad_tensors, keep_graph, create_graph, inputs or None, allow_unreachable, accumulate_grad
        )


class VariableMeta(type):
    """Makes every Tensor an instance of Variable."""

    def __instancecheck__(cls, other: Any) -> bool:
        return isinstance(other, Tensor)


class Variable(metaclass=VariableMeta):
    """Makes a tensor over the memory of another, as one did before tensors could require grad."""

    __module__ = "torch.autograd.variable"

    _execution_engine = _EngineBase()

    def __new__(cls, data: Any = None, requires_grad: bool = False) -> Any:
        """A leaf over the memory of `data`."""
        if data is None:
            from ..creation import empty

            data = empty(0)
        if not isinstance(data, Tensor):
            raise TypeError(f"Variable data has to be a tensor, but got {type(data).__name__}")
        return data.detach().requires_grad_(requires_grad)
