"""Values of PyTorch's as operands of a program: tensors as leaves, dtypes and the like by their names.

A leaf is bound as a literal, whose elements lie row by row, and brought to its strides by what a user would write: `permute`
and `expand`, or `as_strided` where these cannot say it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from conformance.interpreter.layouts import extent
from conformance.interpreter.namespace import DTYPES
from conformance.program import TensorLiteral

LARGEST = 25_000
"""Elements of a tensor. The elements stand in the program, and both sides' answers in the report."""


class Unsayable(Exception):
    """A program cannot hold this. The text says what it is, and not which."""


@dataclass(frozen=True)
class Leaf:
    """A tensor that a program begins with."""

    literal: TensorLiteral
    order: tuple[int, ...] = ()
    """How the dimensions of the literal are permuted; empty if they are not."""
    shape: tuple[int, ...] | None = None
    """What it is expanded to."""
    strided: tuple[tuple[int, ...], tuple[int, ...], int] | None = None
    """The arguments of `as_strided`, if nothing else says it."""
    conjugated: bool = False
    requires_grad: bool = False

    def made(self, tensor: Any) -> Any:
        """The leaf, of the tensor that its literal is bound as."""
        if self.strided is not None:
            tensor = tensor.as_strided(*self.strided)
        if self.order:
            tensor = tensor.permute(self.order)
        if self.shape is not None:
            tensor = tensor.expand(self.shape)
        if self.conjugated:
            tensor = tensor.conj()
        if self.requires_grad:
            tensor.requires_grad_()
        return tensor


def check(value: Any) -> int:
    """How large a program of some value is, in elements and other values. Raises Unsayable."""
    import torch

    if isinstance(value, torch.Tensor):
        return _check_tensor(value)
    if isinstance(value, (list, tuple)):
        return sum(map(check, value))
    if isinstance(value, dict):
        return sum(map(check, value.values()))
    if isinstance(value, slice):
        return 1
    if isinstance(value, (torch.dtype, torch.memory_format, torch.layout, torch.device)):
        return 1
    if value is None or value is ... or type(value) in (bool, int, float, complex, str):
        return 1
    raise Unsayable(f"an argument of type {type(value).__name__}")


def _check_tensor(tensor: Any) -> int:
    import torch

    if type(tensor) not in (torch.Tensor, torch.nn.Parameter):
        raise Unsayable(f"a tensor of type {type(tensor).__name__}")
    if tensor.layout is not torch.strided:
        raise Unsayable(f"a tensor of layout {tensor.layout}")
    if str(tensor.dtype).removeprefix("torch.") not in DTYPES:
        raise Unsayable(f"a tensor of dtype {tensor.dtype}")
    if tensor.device.type != "cpu":
        raise Unsayable(f"a tensor on {tensor.device.type}")
    if max(tensor.numel(), extent(tensor.shape, tensor.stride())) > LARGEST:
        raise Unsayable(f"a tensor of more than {LARGEST:,} elements")
    return 1 + int(tensor.numel())


def tensors_of(value: Any) -> list[Any]:
    """The tensors in a value, each once, in the order in which they stand there."""
    import torch

    found: dict[int, Any] = {}

    def look(value: Any) -> None:
        if isinstance(value, torch.Tensor):
            found.setdefault(id(value), value)
        elif isinstance(value, (list, tuple)):
            for item in value:
                look(item)
        elif isinstance(value, dict):
            look(list(value.values()))
        elif isinstance(value, slice):
            look([value.start, value.stop, value.step])

    look(value)
    return list(found.values())


def said(value: Any, named: Callable[[str], Any], leaves: dict[int, Any]) -> Any:
    """The value with other things in place of what is PyTorch's: `leaves` by the id of the tensor, and names by `named`."""
    import torch

    if isinstance(value, torch.Tensor):
        return leaves[id(value)]
    if isinstance(value, (list, tuple)):
        items = [said(item, named, leaves) for item in value]
        return items if isinstance(value, list) else tuple(items)
    if isinstance(value, dict):
        return {key: said(item, named, leaves) for key, item in value.items()}
    if isinstance(value, slice):
        return slice(*[said(item, named, leaves) for item in (value.start, value.stop, value.step)])
    if isinstance(value, (torch.dtype, torch.memory_format, torch.layout)):
        return named(str(value).removeprefix("torch."))
    return str(value) if isinstance(value, torch.device) else value


def leaf(tensor: Any) -> Leaf:
    """A tensor of PyTorch's as a leaf."""
    requires_grad = bool(tensor.requires_grad)
    tensor = tensor.detach()
    if tensor.is_neg():
        tensor = tensor.resolve_neg()
    conjugated = bool(tensor.is_conj())
    if conjugated:
        tensor = tensor.conj()  # what lies in memory
    made = partial(Leaf, conjugated=conjugated, requires_grad=requires_grad)
    shape, strides = tuple(tensor.shape), tuple(tensor.stride())
    if tensor.is_contiguous():
        return made(literal_of(tensor))
    repeated = [step == 0 and size > 1 for size, step in zip(shape, strides, strict=True)]
    for number, again in enumerate(repeated):
        if again:
            tensor = tensor.narrow(number, 0, 1)
    expanded = shape if any(repeated) else None
    order = sorted(range(len(shape)), key=lambda number: (-strides[number], number))
    if tensor.permute(order).is_contiguous():
        inverse = tuple([order.index(number) for number in range(len(order))])
        straight = inverse == tuple(range(len(order)))
        return made(literal_of(tensor.permute(order)), order=() if straight else inverse, shape=expanded)
    memory = tensor.as_strided((extent(tuple(tensor.shape), strides),), (1,))
    return made(literal_of(memory), strided=(tuple(tensor.shape), strides, 0), shape=expanded)


def literal_of(tensor: Any) -> TensorLiteral:
    """The elements of a tensor of PyTorch's."""
    import torch

    dtype, shape = str(tensor.dtype).removeprefix("torch."), tuple(tensor.shape)
    if not math.prod(shape):
        return TensorLiteral(dtype, shape, b"")
    rows = torch.empty(math.prod(shape), dtype=tensor.dtype).copy_(tensor.reshape(-1))
    return TensorLiteral(dtype, shape, rows.view(torch.uint8).numpy().tobytes())


__all__ = ["LARGEST", "Leaf", "Unsayable", "check", "leaf", "literal_of", "said", "tensors_of"]
