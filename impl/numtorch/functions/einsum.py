"""einsum: sums of products, said by letters for the dimensions; products of matrices over permuted operands."""

from __future__ import annotations

import math
from typing import Any

from .. import dispatch as d
from ..calls.operands import type_name
from ..functions import shape as shapes
from ..plain_numpy import np
from ..tensor import Tensor
from .arguments import expect_tensors
from .linalg import bmm

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ELLIPSIS = "."


def _letter(number: Any) -> str:
    """The letter of a subscript that is a number."""
    if number == Ellipsis:
        return "..."
    if number >= 0 and number < 26:
        return chr(ord("A") + number)
    if number >= 26 and number < 52:
        return chr(ord("a") + number - 26)
    raise ValueError("einsum(): subscript in subscript list is not within the valid range [0, 52)")


def _equation(args: tuple) -> tuple[Any, tuple]:
    """The equation and the operands, which may come in turns with lists of numbers for the letters."""
    if len(args) < 2:
        raise ValueError(
            "einsum(): must specify the equation string and at least one operand, or at least one operand and its subscripts "
            "list"
        )
    if not isinstance(args[0], Tensor):
        return args[0], args[1:]
    equation = ",".join(["".join([_letter(s) for s in part]) for part in args[1::2]])
    if len(args) % 2:
        return equation + "->" + "".join([_letter(s) for s in args[-1]]), args[:-1:2]
    return equation, args[::2]


def einsum(*args: Any) -> Tensor:
    """Sums of products, said by letters for the dimensions."""
    equation, operands = _equation(args)
    if len(operands) == 1 and isinstance(operands[0], (tuple, list)):
        return einsum(equation, *operands[0])
    if not isinstance(equation, (str, bytes)):
        raise TypeError(f"einsum(): argument 'equation' (position 1) must be str, not {type_name(equation)}")
    if isinstance(equation, bytes):
        equation = equation.decode()
    given = expect_tensors(operands, 1)
    left, arrow, right = equation.partition("->")
    inputs = [_subscripts(part) for part in left.split(",")]
    if len(inputs) < len(given):
        raise RuntimeError("einsum(): more operands were provided than specified in the equation")
    if len(inputs) > len(given):
        raise RuntimeError("einsum(): fewer operands were provided than specified in the equation")
    wide = 0
    for i, (labels, x) in enumerate(zip(inputs, given, strict=True)):
        wide = max(wide, _check(labels, x, i))
    counts = {c: sum(part.count(c) for part in inputs) for part in inputs for c in part if c != _ELLIPSIS}
    if arrow:
        output = _subscripts(right)
        for c in output:
            if c != _ELLIPSIS and c not in counts:
                raise RuntimeError(
                    f"einsum(): output subscript {c} does not appear in the equation for any input operand"
                )
    else:
        output = [_ELLIPSIS, *[c for c in sorted(counts) if counts[c] == 1]]
    places: dict[str, int] = {}
    kept = 0
    for c in output:
        places[c] = kept
        kept += wide if c == _ELLIPSIS else 1
    total = kept
    if _ELLIPSIS not in places:
        places[_ELLIPSIS] = total
        total += wide
    for c in sorted(counts):
        if c not in places:
            places[c] = total
            total += 1
    sizes: dict[int, int] = {}
    arranged = [
        _arranged(x, labels, places, wide, total, sizes, i)
        for i, (labels, x) in enumerate(zip(inputs, given, strict=True))
    ]
    return _multiplied(arranged, kept, total)


def _subscripts(text: str) -> list[str]:
    """The labels of one operand, the ellipsis as one of them."""
    out: list[str] = []
    i = 0
    while i < len(text):
        c = text[i]
        if text[i : i + 3] == "...":
            out.append(_ELLIPSIS)
            i += 3
            continue
        if c != " ":
            if c not in _LETTERS:
                raise RuntimeError(
                    f"einsum(): invalid subscript given at index {i} in the equation string, subscripts must be in [a-zA-Z]"
                )
            out.append(c)
        i += 1
    return out


def _check(labels: list[str], x: Tensor, i: int) -> int:
    """How many dimensions the ellipsis of an operand stands for."""
    named, n = len([c for c in labels if c != _ELLIPSIS]), x._desc.ndim
    if _ELLIPSIS in labels:
        if named > n:
            raise RuntimeError(
                f"einsum(): the number of subscripts in the equation ({named}) is more than the number of dimensions ({n}) "
                f"for operand {i}"
            )
        return n - named
    if named != n:
        raise RuntimeError(
            f"einsum(): the number of subscripts in the equation ({named}) does not match the number of dimensions ({n}) for "
            f"operand {i} and no ellipsis was given"
        )
    return 0


def _arranged(
    x: Tensor, labels: list[str], places: dict[str, int], wide: int, total: int, sizes: dict[int, int], number: int
) -> Tensor:
    """An operand with one dimension for every label, in the order of the labels; repeated ones are its diagonals."""
    at: dict[int, int] = {}
    dim = 0
    own = x._desc.ndim - len([c for c in labels if c != _ELLIPSIS])
    for c in labels:
        if c == _ELLIPSIS:
            for k in range(own):
                at[places[c] + wide - own + k] = dim
                dim += 1
            continue
        if places[c] in at:
            first = at[places[c]]
            if x._desc.shape[first] != x._desc.shape[dim]:
                raise RuntimeError(
                    f"einsum(): subscript {c} is repeated for operand {number} but the sizes don't match, "
                    f"{x._desc.shape[dim]} != {x._desc.shape[first]}"
                )
            x = shapes.movedim(d.diagonal(x, 0, first, dim), -1, first)
            continue
        at[places[c]] = dim
        dim += 1
    for place, axis in at.items():
        size = x._desc.shape[axis]
        known = sizes.get(place, 1)
        if size != known and size != 1 and known != 1:
            letter = next(c for c, p in places.items() if p == place)
            raise RuntimeError(
                f"einsum(): subscript {letter} has size {size} for operand {number} which does not broadcast with previously "
                f"seen size {known}"
            )
        sizes[place] = max(known, size)
    order = [0] * total
    for place in range(total):
        if place in at:
            order[place] = at[place]
        else:
            order[place] = dim
            x = d.unsqueeze(x, dim)
            dim += 1
    return d.permute(x, tuple(order))


def _multiplied(operands: list[Tensor], kept: int, total: int) -> Tensor:
    """The operands multiplied from the left, each label summed as soon as no later operand has it."""
    result = operands[0]
    rest = operands[1:]
    if not rest:
        if total > kept:
            return d.sum_dim(result, tuple(range(kept, total)), False, None)
        return result
    for number, other in enumerate(rest):
        later = rest[number + 1 :]
        last = not later
        summed = []
        for dim in range(kept, total):
            if any(x._desc.shape[dim] != 1 for x in later):
                continue
            a, b = result._desc.shape[dim] != 1, other._desc.shape[dim] != 1
            if a and b:
                summed.append(dim)
            elif a:
                result = d.sum_dim(result, (dim,), True, None)
            elif b:
                other = d.sum_dim(other, (dim,), True, None)
        if summed and len(operands) == 2 and _second_leads(result, other, summed):
            result, other = other, result
        result = _pair(result, other, tuple(summed)) if summed else d.mul(result, other)
        if last and total > kept:
            result = shapes.view(result, tuple(result._desc.shape[:kept]))
    return result


def _second_leads(a: Tensor, b: Tensor, summed: list[int]) -> bool:
    """Whether the second operand has the earlier one of the labels that only one of them has: PyTorch exchanges them."""
    first = [i for i in range(a._desc.ndim) if i not in summed and a._desc.shape[i] != 1 and b._desc.shape[i] == 1]
    second = [i for i in range(a._desc.ndim) if i not in summed and b._desc.shape[i] != 1 and a._desc.shape[i] == 1]
    return bool(first and second and second[0] < first[0])


def _pair(a: Tensor, b: Tensor, summed: tuple[int, ...]) -> Tensor:
    """Two operands multiplied and summed, as one product of a batch of matrices."""
    n = a._desc.ndim
    both, only_a, only_b = [], [], []
    for i in range(n):
        left, right = a._desc.shape[i] != 1, b._desc.shape[i] != 1
        if i in summed:
            continue
        if left and right:
            both.append(i)
        elif left:
            only_a.append(i)
        else:
            only_b.append(i)

    def size(x: Tensor, dims: Any) -> int:
        return math.prod([x._desc.shape[i] for i in dims])

    shape = [a._desc.shape[i] for i in both] + [a._desc.shape[i] for i in only_a] + [1] * len(summed)
    shape += [b._desc.shape[i] for i in only_b]
    order = [*both, *only_a, *summed, *only_b]
    back = tuple(np.argsort(order).tolist())
    left = shapes.reshape(
        d.permute(a, (*both, *only_a, *summed, *only_b)), (size(a, both), size(a, only_a), size(a, summed))
    )
    right = shapes.reshape(
        d.permute(b, (*both, *summed, *only_b, *only_a)), (size(b, both), size(b, summed), size(b, only_b))
    )
    return d.permute(shapes.view(bmm(left, right), tuple(shape)), back)


METHODS: dict[str, Any] = {}
FUNCTIONS: dict[str, Any] = {"einsum": einsum}
