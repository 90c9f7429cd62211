"""Transforms within inference mode: their levels record, and below them PyTorch is half in that mode.

As long as a level of grad, vjp, jvp or jacrev lasts inference mode is off, so that what it makes can be differentiated. But the
operators of the level below, where the numbers are, are dispatched as in inference mode, past autograd and to a kernel that
counts writes: so the steps that a kernel makes out of others show in the version of its result.
"""

from __future__ import annotations

from typing import Any

from .. import grad_mode, levels
from ..aliasing.views import bump, extras
from ..calls.replacing import Replaced
from ..forward_rules.operands import in_order, tensors_in
from ..memory.lazy import Zeros
from ..tensor import Tensor


class Within:
    """A level, or what a level returned and is called later, when there is none: inference mode is off meanwhile."""

    __slots__ = ("level", "modes", "was")

    def __init__(self, level: bool = True):
        self.level = level

    def __enter__(self) -> None:
        modes = grad_mode.state
        self.was = modes.inference
        if self.was:
            grad_mode.set_inference(False, modes.mode, modes.forward)
            levels.state.inference += self.level
        self.modes = modes.mode and not self.was, modes.forward

    def __exit__(self, *exc: Any) -> None:
        if self.was:
            levels.state.inference -= self.level
            grad_mode.set_inference(True, grad_mode.state.mode, grad_mode.state.forward)


def sum_with_zeros(replaced: Replaced, args: tuple, kwargs: dict[str, Any], out: Any) -> Any:
    """The result of an operator; that of zeros without memory added to a tensor is a copy of the tensor, which counts."""
    if replaced.name in SUMS and isinstance(out, Tensor) and type(out._array) is not Zeros:
        given, _ = in_order(replaced, args, kwargs)
        first, second = (isinstance(x, Tensor) and type(x._array) is Zeros for x in given[:2])
        if second or (first and SUMS[replaced.name](*given[2:])):
            bump(out)
    return out


SUMS: dict[str, Any] = {
    "add": lambda: True,
    "add_alpha": lambda alpha: alpha == 1,
    "sub": lambda: False,
    "sub_alpha": lambda alpha: alpha == -1,
}
"""Operators that add, and whether the second operand is left as it is where the first is such zeros, and not multiplied."""


class Below:
    """Within it an operator runs where the numbers are, and counts the steps that it is made of (`views.counted`)."""

    __slots__ = ()

    def __init__(self, args: tuple, kwargs: dict[str, Any]):
        for tensor in tensors_in((*args, *kwargs.values())):
            extras(tensor)  # without which nobody asks

    def __enter__(self) -> None:
        grad_mode.state.below_inference = True

    def __exit__(self, *exc: Any) -> None:
        grad_mode.state.below_inference = False
