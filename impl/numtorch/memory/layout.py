"""Which strides the result of an elementwise operator has: PyTorch's TensorIterator, over shapes and strides alone.

NumPy allocates results by rules of its own, and forgets the strides of dimensions of size 0 and 1. Plain tensors
(row-major, not empty) come out alike in both, so these rules are asked only where an operand is not plain, once for each
pair of Descriptors. In order, as TensorIterator has them:

1. All operands have the result's shape.
   1.1 All are contiguous (dimensions of size 1 do not count, and nothing in an empty tensor does): row-major.
   1.2 All are pictures, of four dimensions, with the channels innermost (a size of 1 does not count): so is the result.
   1.3 All have the same strides, without holes or overlaps: those strides.
2. Otherwise dimensions are sorted by the strides of the first operand that can tell two of them apart (a stride of 0,
   as broadcasting makes it, tells nothing; of equal strides the larger dimension is the outer one), starting from the
   last dimension as the innermost.
   2.1 Nothing moved: row-major.
   2.2 Otherwise strides are counted up in that order, and an empty dimension makes all outer strides 0.
"""

from __future__ import annotations

from collections.abc import Sequence

Shape = Sequence[int]


def contiguous_strides(shape: Shape) -> tuple[int, ...]:
    """Row-major strides of a shape, in elements."""
    out, step = [], 1
    for s in reversed(shape):
        out.append(step)
        step *= max(s, 1)
    return tuple(reversed(out))


def is_contiguous(shape: Shape, strides: Shape) -> bool:
    """Whether the elements lie in row-major order without holes."""
    if 0 in shape:
        return True
    step = 1
    for size, stride in zip(reversed(shape), reversed(strides), strict=True):
        if size != 1:
            if stride != step:
                return False
            step *= size
    return True


def is_dense(shape: Shape, strides: Shape) -> bool:
    """Whether the elements fill one stretch of memory without holes or overlaps."""
    if is_contiguous(shape, strides):
        return True
    step = 1
    for stride, size in sorted([(st, s) for s, st in zip(shape, strides, strict=True) if s != 1]):
        if stride != step:
            return False
        step *= size
    return True


def has_channels_last(shape: Shape, strides: Shape) -> bool:
    """Whether a picture lies in memory with its channels innermost, without holes."""
    step = 1
    for dim in (1, 3, 2, 0):
        if shape[dim] != 1:
            if strides[dim] != step:
                return False
            step *= shape[dim]
    return True


def channels_last_strides(shape: Shape) -> tuple[int, ...]:
    """The strides of a picture with its channels innermost."""
    _, channels, height, width = shape
    return channels * height * width, 1, width * channels, channels


def elementwise_strides(shape: Shape, operands: Sequence[tuple[Shape, Shape]]) -> tuple[int, ...]:
    """The strides of the result of this shape; an operand is its shape and its strides."""
    shape = tuple(shape)
    if all(tuple(s) == shape for s, _ in operands):
        if all(is_contiguous(s, st) for s, st in operands):
            return contiguous_strides(shape)
        if len(shape) == 4 and all(has_channels_last(shape, st) for _, st in operands):
            return channels_last_strides(shape)
        first = tuple(operands[0][1])
        if all(tuple(st) == first for _, st in operands) and is_dense(shape, first):
            return first
    return _sorted_strides(shape, [_broadcast(shape, s, st) for s, st in operands])


def dense_strides(shape: Shape, strides: Shape) -> tuple[int, ...]:
    """The strides of a copy that preserves the format: the same if there are no holes, else sorted like them."""
    if is_dense(shape, strides):
        return tuple(strides)
    return _sorted_strides(tuple(shape), [tuple(strides)])


def spread_strides(shape: Shape, own: Shape, strides: Shape) -> tuple[int, ...]:
    """The strides of a copy of what was expanded to a shape; all dimensions of what has none are repeated."""
    if not own:
        return dense_strides(shape, (0,) * len(shape))
    out: list[int] = []
    for i in range(1, len(shape) + 1):  # from the last dimension on
        known = i <= len(own)
        step = strides[-i] if known else shape[1 - i] * out[-1] if out else 1
        out.append(step if shape[-i] == (own[-i] if known else 1) else 0)
    return dense_strides(shape, out[::-1])


def _beside_number(shape: Shape, operands: Sequence[tuple[Shape, Shape]]) -> tuple[int, ...]:
    return elementwise_strides(shape, [operands[0], ((), ())])


def _compared(shape: Shape, operands: Sequence[tuple[Shape, Shape]]) -> tuple[int, ...]:
    return _beside_number(shape, [(shape, elementwise_strides(shape, operands))])


def _finite(shape: Shape, operands: Sequence[tuple[Shape, Shape]]) -> tuple[int, ...]:
    itself, infinity = elementwise_strides(shape, operands), _compared(shape, operands)
    return elementwise_strides(shape, [(shape, itself), (shape, infinity)])


def _target_first(shape: Shape, operands: Sequence[tuple[Shape, Shape]]) -> tuple[int, ...]:
    x, target = operands[-2:]
    negative = target[0], elementwise_strides(target[0], [target])
    product = shape, elementwise_strides(shape, [negative, x])
    return elementwise_strides(shape, [target, (shape, elementwise_strides(shape, [product]))])


def _like_first(shape: Shape, operands: Sequence[tuple[Shape, Shape]]) -> tuple[int, ...]:
    """That of a copy of the first; where others are larger it is made anew."""
    return dense_strides(*operands[0]) if shape == operands[0][0] else elementwise_strides(shape, operands)


RULES = {
    "elementwise": elementwise_strides,
    "beside number": _beside_number,
    "second beside number": lambda shape, operands: _beside_number(shape, operands[1:]),
    "first": lambda shape, operands: elementwise_strides(shape, operands[:1]),
    "like": _like_first,
    "compared": _compared,
    "finite": _finite,
    "target first": _target_first,
    "unless complex": elementwise_strides,
    "new": lambda shape, operands: contiguous_strides(shape),
}
"""How an operator lays its result out, where it does not go by its operands as TensorIterator does: over the first of them
alone, or and a number, or the second and a number; as a copy of the first; or as PyTorch composes it, isinf of abs and a
comparison with a number, isfinite of that and a comparison with itself, the slope of soft_margin_loss of its target by
exp(-target * self). "new" is row-major."""

OF_PARTS = ("compared", "finite")
"""Rules by which what is asked of a complex number is laid out as the answers about its parts are."""

OF_COMPLEX = {"unless complex": "new"}
"""Rules that are others for complex numbers: PyTorch writes their angle to memory that it makes beforehand."""


def _broadcast(shape: tuple, own: Shape, strides: Shape) -> tuple:
    """Strides of an operand over the result's dimensions."""
    lead = len(shape) - len(own)
    return (0,) * lead + tuple(
        [0 if s == 1 and shape[i + lead] != 1 else st for i, (s, st) in enumerate(zip(own, strides, strict=True))]
    )


def _sorted_strides(shape: tuple, operands: list[tuple]) -> tuple[int, ...]:
    n = len(shape)
    order = list(range(n - 1, -1, -1))  # innermost first

    def inner(a: int, b: int) -> int:
        """1 if dimension a lies outside b, -1 if inside, 0 if no operand can tell."""
        for strides in operands:
            if strides[a] == 0 or strides[b] == 0:
                continue
            if strides[a] != strides[b]:
                return 1 if strides[a] > strides[b] else -1
            if shape[a] > shape[b]:
                return 1
        return 0

    for i in range(1, n):  # an insertion sort, because ambiguous comparisons make the order of comparing matter
        at = i
        for before in range(i - 1, -1, -1):
            found = inner(order[before], order[at])
            if found > 0:
                order[before], order[at] = order[at], order[before]
                at = before
            elif found < 0:
                break
    if order == list(range(n - 1, -1, -1)):
        return contiguous_strides(shape)
    out, step = [0] * n, 1
    for d in order:
        out[d] = step
        step *= shape[d]
    return tuple(out)
