"""Products that are made of others: tensordot, einsum, kron, chains of matrices, and sums with products."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import dispatch as d
from ..descriptor import broadcast_shapes
from ..dtype import dtypes
from ..operands import refused, type_name
from ..overlap import refuse
from ..signatures import refusal
from ..tensor import Tensor, wrap, wrap_dim
from ..views import check_inplace, requires_grad
from . import shape as shapes
from .arguments import expect_tensor, expect_tensors
from .linalg import addmm, addmv, addr, baddbmm, dot, mm

# ---- along dimensions of any number


def inner(input: Tensor, other: Tensor) -> Tensor:
    """The products of vectors along the last dimension of both."""
    expect_tensor(other, "inner", "other", 2)
    if not input._desc.ndim or not other._desc.ndim:
        return d.mul(input, other)
    a, b = input._desc.shape, other._desc.shape
    if a[-1] != b[-1]:
        raise RuntimeError(
            f"inner() the last dimension must match on both input tensors but got shapes {list(a)} and {list(b)}"
        )
    return _contracted(input, other, (-1,), (-1,))


def tensordot(a: Tensor, b: Tensor, dims: Any = 2) -> Tensor:
    """The sum of products over some dimensions of both."""
    if not isinstance(dims, (tuple, list, Tensor, int)):
        raise RuntimeError(
            "tensordot expects dims to be int or tuple[list[int], list[int]] or list[list[int]] containing two lists, but "
            f"got dims={dims}"
        )
    first: Any
    second: Any
    if isinstance(dims, (tuple, list)):
        first, second = dims
    elif isinstance(dims, Tensor) and dims.numel() > 1:
        if dims.size()[0] != 2:
            raise AssertionError(f"dims tensor must have size 2 in first dimension, got {dims.size()[0]}")
        first, second = dims.tolist()
    else:
        n = int(dims)
        if n < 0:
            raise RuntimeError(f"tensordot expects dims >= 0, but got dims={dims}")
        if not isinstance(dims, Tensor) and n > min(a.dim(), b.dim()):
            raise RuntimeError(f"tensordot expects dims < ndim_a or ndim_b, but got dims={dims}")
        first, second = tuple(range(-n, 0)), tuple(range(n))
    error = refusal("tensordot", (a, b, first, second), {}, False)
    if error is not None:
        raise error
    return _contracted(a, b, tuple(first), tuple(second))


def _contracted(a: Tensor, b: Tensor, first: tuple, second: tuple) -> Tensor:
    """tensordot as one product of matrices over permuted, reshaped operands."""
    if len(first) != len(second):
        raise RuntimeError("both dimension lists should have same length")
    if a._desc.dtype is not b._desc.dtype:
        raise RuntimeError("both inputs should have same dtype")
    size = 1
    for x, y in zip(first, second, strict=True):
        m, n = a._desc.shape[wrap_dim(x, a._desc.ndim)], b._desc.shape[wrap_dim(y, b._desc.ndim)]
        if n == 1:
            a = d.sum_dim(a, (x,), True, a._desc.dtype)
        elif m == 1:
            b = d.sum_dim(b, (y,), True, b._desc.dtype)
        elif m != n:
            raise RuntimeError(
                f"contracted dimensions need to match, but first has size {m} in dim {x} and second has size {n} in dim {y}"
            )
        size *= a._desc.shape[x]
    free1 = [i for i in range(a._desc.ndim) if i not in [x % a._desc.ndim for x in first]]
    free2 = [i for i in range(b._desc.ndim) if i not in [x % b._desc.ndim for x in second]]
    shape = tuple([a._desc.shape[i] for i in free1] + [b._desc.shape[i] for i in free2])
    left, right = d.permute(a, (*free1, *first)), d.permute(b, (*second, *free2))
    if not shape:
        return shapes.reshape(_all(left, right, size), ())
    rows = math.prod([a._desc.shape[i] for i in free1])
    cols = math.prod([b._desc.shape[i] for i in free2])
    return shapes.reshape(mm(shapes.reshape(left, (rows, size)), shapes.reshape(right, (size, cols))), shape)


def _all(left: Tensor, right: Tensor, size: int) -> Tensor:
    """The sum of all products: of vectors where views make them."""
    if any(shapes.contiguous(x) is not x for x in (left, right)):
        kind = left._desc.dtype
        return d.sum_all(d.mul(d.squeeze(left), d.squeeze(right)), kind if kind.category < dtypes.FLOATING else None)
    return dot(*[x if x._desc.ndim == 1 else shapes.reshape(x, (size,)) for x in (left, right)])


def kron(input: Tensor, other: Tensor) -> Tensor:
    """Every product of an element of one and one of the other, block after block."""
    n = max(input._desc.ndim, other._desc.ndim)
    a, b = ((1,) * (n - x._desc.ndim) + tuple(x._desc.shape) for x in (input, other))
    left = d.unsafe_view(input, tuple([s for size in a for s in (size, 1)]))
    right = d.unsafe_view(other, tuple([s for size in b for s in (1, size)]))
    product, shape = d.mul(left, right), tuple([x * y for x, y in zip(a, b, strict=True)])
    shapes.check_viewable(product, shape)
    return d.unsafe_view(product, shape)


def cross(input: Tensor, other: Tensor, dim: Any = None) -> Tensor:
    """The vector product along a dimension of size 3: the first there is, if none is named."""
    if dim is None:
        dim = next((i for i, s in enumerate(input._desc.shape) if s == 3), None)
        if dim is None:
            raise RuntimeError("no dimension of size 3 in input")
    return linalg_cross(input, other, dim=dim)


def linalg_cross(input: Tensor, other: Tensor, *, dim: int = -1) -> Tensor:
    """The vector product along a dimension of size 3."""
    a, b = input._desc, other._desc
    if a.ndim != b.ndim:
        raise RuntimeError("linalg.cross: inputs must have the same number of dimensions.")
    at = wrap_dim(dim, a.ndim)
    if a.shape[at] != 3 or b.shape[at] != 3:
        raise RuntimeError(
            f"linalg.cross: inputs dimension {dim} must have length 3. Got {a.shape[at]} and {b.shape[at]}"
        )
    broadcast_shapes(a.shape, b.shape)
    if a.dtype is dtypes.bool_:
        raise refused("cross", a.dtype)
    if a.dtype is not b.dtype:
        raise RuntimeError(f"expected scalar type {a.dtype.scalar_name} but found {b.dtype.scalar_name}")
    return d.linalg_cross(input, other, dim)


def vecdot(x: Tensor, y: Tensor, *, dim: int = -1) -> Tensor:
    """The products of vectors along one dimension, broadcast in the others."""
    return d.sum_dim(d.mul(x.conj(), y), (dim,), False, None)


# ---- einsum

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
    return d.permute(shapes.view(d.bmm(left, right), tuple(shape)), back)


# ---- chains of matrices


def multi_dot(tensors: Any) -> Tensor:
    """The product of matrices in the order that takes the fewest multiplications."""
    given = list(tensors)
    n = len(given)
    if n < 2:
        raise RuntimeError(f"multi_dot(): expected at least 2 tensors but got {n}")
    shape: list[int] = []
    first, last = given[0], given[-1]
    for name, x in (("first", first), ("last", last)):
        if x._desc.ndim not in (1, 2):
            raise RuntimeError(f"multi_dot(): the {name} tensor must be 1D or 2D but got {x._desc.ndim}D")
    if first._desc.ndim == 1:
        given[0] = d.unsqueeze(first, 0)
    else:
        shape.append(first._desc.shape[0])
    if last._desc.ndim == 1:
        given[-1] = d.unsqueeze(last, -1)
    else:
        shape.append(last._desc.shape[1])
    for i, x in enumerate(given[1:-1]):
        if x._desc.ndim != 2:
            raise RuntimeError(f"multi_dot(): tensor {i + 1} must be 2D but got {x._desc.ndim}D")
    for i in range(n - 1):
        a, b = given[i]._desc.shape, given[i + 1]._desc.shape
        if a[1] != b[0]:
            shown = [list(tensors[k]._desc.shape) for k in (i, i + 1)]
            raise RuntimeError(
                f"multi_dot(): tensors {i} and {i + 1} with shapes {shown[0]} and {shown[1]} cannot be multiplied"
            )
    return shapes.view(_chained(given, _splits([x._desc.shape for x in given]), 0, n - 1), tuple(shape))


def _splits(given: list) -> dict[tuple[int, int], int]:
    """Where each stretch of the chain is best taken apart."""
    n = len(given)
    sizes = [s[0] for s in given] + [given[-1][1]]
    cost = {(i, i): 0 for i in range(n)}
    best: dict[tuple[int, int], int] = {}
    for length in range(1, n):
        for i in range(n - length):
            j = i + length
            options = [cost[i, k] + cost[k + 1, j] + sizes[i] * sizes[k + 1] * sizes[j + 1] for k in range(i, j)]
            # of three, PyTorch compares (a b) c with a (b c), and takes the latter on a tie
            pick = len(options) - 1 - options[::-1].index(min(options)) if n > 3 else int(np.argmin(options))
            cost[i, j], best[i, j] = options[pick], i + pick
    return best


def _chained(given: list, best: dict, i: int, j: int) -> Tensor:
    if i == j:
        return given[i]
    k = best[i, j]
    right = _chained(given, best, k + 1, j)  # before the left one, which shows in the order of the gradients
    return mm(_chained(given, best, i, k), right)


def chain_matmul(*matrices: Tensor) -> Tensor:
    """multi_dot under its old name; of one matrix a copy."""
    if not matrices:
        raise RuntimeError("chain_matmul(): Expected one or more matrices")
    for x in expect_tensors(matrices):
        if x._desc.ndim != 2:
            raise RuntimeError(f"Tensor dimension is {x._desc.ndim}, expected 2 instead.")
    return d.clone(matrices[0]) if len(matrices) == 1 else multi_dot(matrices)


# ---- sums with products


def addbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """beta * input + alpha * the sum of batch1 @ batch2 over the batch"""
    _addbmm(input, batch1, batch2)
    return d.addbmm(input, batch1, batch2, beta, alpha)


def _addbmm(input: Tensor, batch1: Tensor, batch2: Tensor) -> None:
    a, b = batch1._desc, batch2._desc
    if a.ndim != 3:
        raise RuntimeError("batch1 must be a 3D tensor")
    if b.ndim != 3:
        raise RuntimeError("batch2 must be a 3D tensor")
    shape = (a.shape[1], b.shape[2])
    if input._desc.shape != shape:
        shapes.expand(input.detach(), shape)
    if a.shape[0] != b.shape[0]:
        raise RuntimeError(f"batch1 and batch2 must have same number of batches, got {a.shape[0]} and {b.shape[0]}")
    if a.shape[2] != b.shape[1]:
        raise RuntimeError(
            f"Incompatible matrix sizes for bmm ({a.shape[1]}x{a.shape[2]} and {b.shape[1]}x{b.shape[2]})"
        )


_CHECKS = {"addmm": addmm, "addmv": addmv, "addr": addr, "baddbmm": baddbmm, "addbmm": addbmm}


def _in_place(name: str) -> Any:
    """addmm_ and its kin: the checks are those of the form that is not in place."""
    function, check = getattr(d, name + "_"), _CHECKS[name]

    def call(self: Tensor, first: Tensor, second: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
        check_inplace(self, any(requires_grad(x) for x in (self, first, second)))
        if name == "addbmm":
            _addbmm(self, first, second)
        else:
            anything = wrap(np.zeros((), self._desc.dtype.numpy))
            shape = check(anything, first.detach(), second.detach())._desc.shape
            if shape != self._desc.shape:
                raise RuntimeError(
                    f"Bad in-place call: input tensor size {list(self._desc.shape)} and output tensor size {list(shape)} "
                    "should match"
                )
        if name == "addr":
            refuse(self._array, first._array, second._array)
        return function(self, first, second, beta, alpha)

    call.__name__ = name + "_"
    call.__doc__ = f"{name} in place."
    return call


addmm_, addmv_, addr_, baddbmm_, addbmm_ = (_in_place(n) for n in _CHECKS)
BOTH = (inner, kron, cross, addbmm)
FUNCTIONS = {f.__name__: f for f in (*BOTH, tensordot, einsum, chain_matmul)} | {"addmv_": addmv_}
METHODS = {f.__name__: f for f in (*BOTH, addmm_, addmv_, addr_, baddbmm_, addbmm_)}
LINALG = {"multi_dot": multi_dot, "cross": linalg_cross, "vecdot": vecdot}
