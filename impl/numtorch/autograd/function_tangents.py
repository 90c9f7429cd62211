"""Forward mode through a user's Function: its jvp says the tangents of what forward returned.

forward and jvp themselves run with forward mode off: they compute with primals and with tangents, not with duals.
"""

from __future__ import annotations

from typing import Any

from .. import grad_mode, tangents
from ..creation import zeros_like
from ..tensor import Tensor

_NO_VIEW = "A custom Function's forward is returning a view (or an input as-is) but the jvp is not returning a view."
_NOT_IN_PLACE = (
    "An inplace custom Function is not modifying the forward mode gradients inplace. If the forward is modifying an input "
    "inplace, then the jvp function must modify the corresponding gradient inplace."
)


class without_forward_mode:
    """Within it tensors have no tangents, at this level; those of outer transforms do."""

    __slots__ = ("was",)

    def __enter__(self) -> None:
        self.was = grad_mode.state.forward
        grad_mode.state.forward = None if self.was else False

    def __exit__(self, *exc: Any) -> None:
        grad_mode.state.forward = self.was


class JvpCall:
    """One call of jvp: what it needs of the call of forward, read before its outputs are wrapped."""

    def __init__(self, ctx: Any, output: Any, inputs: list[Tensor], known: list[Any]):
        self.ctx = ctx
        self.raw = output if isinstance(output, tuple) else (output,)
        self.inputs = inputs
        self.known = known
        self.saved = ctx.saved_for_forward
        self.plain = {id(t) for t in ctx.non_differentiable or ()}
        self.dirty = {id(t) for t in ctx.dirty_tensors or ()}
        self.versions = [None if tangent is None else tangent._version for tangent in known]

    def give(self, out: Any) -> None:
        """Give the wrapped outputs the tangents that jvp returns."""
        outputs = out if isinstance(out, tuple) else (out,)
        found = self.ask()
        if len(found) != len(outputs):
            raise RuntimeError(
                f"Function's jvp returned an invalid number of forward gradients (expected {len(outputs)} but got "
                f"{len(found)})"
            )
        for nr, (raw, result, tangent) in enumerate(zip(self.raw, outputs, found, strict=True)):
            if tangent is not None and not isinstance(tangent, Tensor):
                raise RuntimeError(f"expected Variable or None (got {type(tangent).__name__}) for grad output {nr}.")
            if not self.differentiable(raw):
                if tangent is not None:
                    raise RuntimeError(
                        f"Function's jvp returned a gradient at position {nr}, but  the corresponding forward output is not "
                        "a differentiable Tensor.You should return None at that position instead."
                    )
                continue
            self.set(raw, result, tangent)

    def ask(self) -> tuple:
        """What jvp returns, called with the inputs' tangents: zeros where there is none, unless it wants None."""
        ctx = self.ctx
        given: list[Any] = []
        pairs = iter(zip(self.inputs, self.known, strict=True))
        with without_forward_mode():
            for is_tensor in ctx._is_tensor:
                tensor, tangent = next(pairs) if is_tensor else (None, None)
                if tangent is None and tensor is not None and ctx._flags.get("materialize_grads", True):
                    tangent = zeros_like(tensor)
                given.append(tangent)
            ctx.saved_for_forward = self.saved
            try:
                found = ctx.apply_jvp(*given)
            finally:
                ctx.saved_for_forward = None
        return found if isinstance(found, tuple) else (found,)

    def differentiable(self, raw: Any) -> bool:
        """Whether an output of forward may have a tangent."""
        return isinstance(raw, Tensor) and id(raw) not in self.plain and raw._desc.dtype.category >= tangents.DTYPES

    def set(self, raw: Tensor, result: Tensor, tangent: Any) -> None:
        """Give one output its tangent."""
        level = tangents.entered
        assert level is not None
        position = next((i for i, t in enumerate(self.inputs) if t is raw), None)
        if position is not None and id(raw) in self.dirty:
            if self.known[position] is None:
                if tangent is not None:
                    tangents.give_written(result, tangent, level)
            elif tangent is not self.known[position] or tangent._version == self.versions[position]:
                raise RuntimeError(_NOT_IN_PLACE)
            return
        if tangent is not None and (position is not None or result._is_view()) and not tangent._is_view():
            raise RuntimeError(_NO_VIEW)
        if tangent is None or tangent._desc.dtype.category < tangents.DTYPES:
            raise RuntimeError("Expected both tensor and its forward grad to be floating point or complex")
        tangents.give(result, tangent, level)
