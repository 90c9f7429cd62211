"""Hypothesis strategies for the data that programs start from.

A tensor costs two choices: a row of a table (shape and dtype), and as many bytes as it has elements, each the index of a value
in a pool of 256. Both are ordered from simple to odd, so a failure shrinks to a small shape filled with 1., 2., 3.; drawing
every element by a strategy of its own is ten times slower. How often a value or a shape is drawn is how often it stands in its
pool, and follows what finds bugs: four in ten from 0, -0, ±1, ±2, one in ten from ±100, ±1e-4, infinities and nan; empty, 0-d
and size-1 shapes in three of ten. Elements are stored in the width of their dtype, so every literal is exact.
"""

from __future__ import annotations

import math
import random
import struct
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, Literal as OneOf

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from conformance.program import Global, TensorLiteral

Shape = tuple[int, ...]

Values = OneOf["any", "finite", "nonzero", "positive", "smooth", "distinct", "special"]
"""any       whatever a float can be
finite    without infinities and nan
nonzero   finite, and none is zero
positive  finite and greater than zero
smooth    distinct, and away from where functions have kinks or poles (0, ±0.5, ±1, ±3, 6)
distinct  distinct and finite, not all 1: what a cotangent should be, as ones hide permutations
special   only 0, -0, ±1, ±2, infinities and nan
"""

# ----------------------------------------------------------------------------------------------------------------- values

POOL = 256


def _spread(*groups: tuple[Sequence[float], int]) -> tuple[float, ...]:
    """A pool: of each group so many entries, its values repeated as often as needed."""
    pool = [values[index * len(values) // count] for values, count in groups for index in range(count)]
    assert len(pool) == POOL
    return tuple(pool)


def _generic(count: int, *, positive: bool = False) -> list[float]:
    """Distinct values without any meaning, simple ones first; none is near a kink."""
    stream = random.Random(0)
    found = [1.25, 2.25, 0.75, 1.75] if positive else [1.25, -0.75, 2.25, -1.75]
    while len(found) < count:
        value = round(stream.uniform(0.1 if positive else -2.9, 2.9), 2)
        if min(abs(abs(value) - kink) for kink in (0.0, 0.5, 1.0)) >= 0.1 and value not in found:
            found.append(value)
    return found


_SIMPLE = (1.0, 2.0, -1.0, 0.0, -2.0, -0.0)
_EXTREME = (100.0, -100.0, 1e-4, -1e-4)
_NOT_FINITE = (math.inf, -math.inf, math.nan)

_POOLS: dict[str, tuple[float, ...]] = {
    "any": _spread((_SIMPLE, 102), (_generic(128), 128), (_EXTREME, 14), (_NOT_FINITE, 12)),
    "finite": _spread((_SIMPLE, 102), (_generic(128), 128), (_EXTREME, 26)),
    "nonzero": _spread(((1.0, 2.0, -1.0, -2.0), 102), (_generic(128), 128), (_EXTREME, 26)),
    "positive": _spread(((1.0, 2.0, 0.5), 102), (_generic(128, positive=True), 128), ((100.0, 1e-4), 26)),
    "smooth": tuple(_generic(POOL)),
    "distinct": (2.0, 3.0, -1.0, 0.5, *range(4, 20), *(21.0 if n == 2.0 else n for n in _generic(POOL - 20))),
    "special": _spread((_SIMPLE, 190), (_NOT_FINITE, 66)),
}

_INTEGERS: tuple[float, ...] = _spread(((1, 2, 0, 3, -1, -2), 200), ((5, 7, -4, 100, 127, -128), 56))

_ALL_DIFFERENT = frozenset({"smooth", "distinct"})

_FORMATS = {
    "float16": "e",
    "float32": "f",
    "float64": "d",
    "int8": "b",
    "int16": "h",
    "int32": "i",
    "int64": "q",
    "uint8": "B",
    "bool": "?",
}


_PARTS = {"complex32": "float16", "complex64": "float32", "complex128": "float64"}


def encode(values: Iterable[float], dtype: str) -> bytes:
    """Real numbers, little-endian in the width of `dtype`, rounded to the nearest it has."""
    if dtype == "bfloat16":
        return b"".join(_bfloat16(value) for value in values)
    if dtype in _PARTS:
        return encode(values, _PARTS[dtype])  # pairs of real and imaginary parts
    numbers = list(values)
    if dtype == "uint8":
        numbers = [abs(int(number)) & 0xFF for number in numbers]
    return struct.pack(f"<{len(numbers)}{_FORMATS[dtype]}", *numbers)


def _bfloat16(value: float) -> bytes:
    (bits,) = struct.unpack("<I", struct.pack("<f", value))
    if value == value:
        bits += 0x7FFF + (bits >> 16 & 1)  # round half to even
    return struct.pack("<H", bits >> 16)


@cache
def _encoded(pool: str, dtype: str) -> tuple[bytes, ...]:
    values = _INTEGERS if pool == "integers" else _POOLS[pool]
    return tuple(
        [
            encode([value], "float32" if dtype == "complex64" else "float64" if dtype == "complex128" else dtype)
            for value in values
        ]
    )


def fill(choices: bytes, pool: str, dtype: str) -> bytes:
    """The elements that `choices`, a byte each, pick from a pool."""
    encoded = _encoded(pool, dtype)
    if pool not in _ALL_DIFFERENT or len(choices) > POOL:
        # All the same choice means all different simple values: nothing is hidden by a tensor of ones.
        if not any(choices) and pool != "special":
            return encode([index % 100 + 1 for index in range(len(choices))], dtype)
        return b"".join([encoded[choice] for choice in choices])
    return b"".join([encoded[index] for index in _in_order(choices)])


def _in_order(choices: bytes) -> list[int]:
    """The choices, each moved on to the next that is not taken yet."""
    taken: dict[int, None] = {}
    for index in choices:
        while index in taken:
            index = (index + 1) % POOL
        taken[index] = None
    return list(taken)


@cache
def _choices(count: int) -> SearchStrategy[bytes]:
    return st.binary(min_size=count, max_size=count)


# ----------------------------------------------------------------------------------------------------------------- shapes

_SHAPES: tuple[tuple[Shape, int], ...] = (
    ((2,), 4),
    ((3,), 4),
    ((2, 3), 4),
    ((), 3),
    ((1,), 2),
    ((2, 2), 2),
    ((4,), 1),
    ((3, 2), 2),
    ((2, 1), 2),
    ((1, 3), 2),
    ((1, 1), 1),
    ((2, 3, 2), 2),
    ((1, 2, 2), 1),
    ((2, 1, 3), 1),
    ((0,), 1),
    ((0, 2), 1),
    ((2, 0, 1), 1),
)
"""Shapes from simple to odd, each with its weight."""


@cache
def _table(min_dims: int, max_dims: int, empty: bool) -> tuple[Shape, ...]:
    found: list[Shape] = []
    for shape, weight in _SHAPES:
        if min_dims <= len(shape) <= max_dims and (empty or 0 not in shape):
            found += [shape] * weight
    return tuple(found) or ((2,) * min_dims,)


@cache
def shapes(*, min_dims: int = 0, max_dims: int = 3, empty: bool = True) -> SearchStrategy[Shape]:
    """Shapes of tensors; with `empty`, sometimes one without elements."""
    return st.sampled_from(_table(min_dims, max_dims, empty))


# ---------------------------------------------------------------------------------------------------------------- tensors

FLOATS = ("float32",) * 5 + ("float64",)
"""One tensor in six is of double precision."""


def tensors(
    dtypes: str | Sequence[str],
    pool: str,
    *,
    min_dims: int = 0,
    max_dims: int = 3,
    empty: bool = True,
    shape: Shape | SearchStrategy[Shape] | None = None,
) -> SearchStrategy[TensorLiteral]:
    """Tensors of one of `dtypes`, with elements from a pool."""
    kinds = (dtypes,) if isinstance(dtypes, str) else tuple(dtypes)
    if isinstance(shape, SearchStrategy):
        return shape.flatmap(lambda drawn: tensors(kinds, pool, shape=drawn))
    table = (shape,) if shape is not None else _table(min_dims, max_dims, empty)
    return _tensors(tuple([(kind, row) for row in table for kind in kinds]), pool)


@cache
def _tensors(rows: tuple[tuple[str, Shape], ...], pool: str) -> SearchStrategy[TensorLiteral]:
    if len(set(rows)) == 1:
        return _choices(_elements(*rows[0])).map(lambda choices: _literal(rows[0], choices, pool))

    @st.composite
    def drawn(draw: st.DrawFn) -> TensorLiteral:
        row = draw(picked)
        return _literal(row, draw(_choices(_elements(*row))), pool)

    picked = st.sampled_from(rows)
    return drawn()


def _elements(dtype: str, shape: Shape) -> int:
    return math.prod(shape) * (2 if dtype.startswith("complex") else 1)


def _literal(row: tuple[str, Shape], choices: bytes, pool: str) -> TensorLiteral:
    dtype, shape = row
    if dtype == "bool":
        return TensorLiteral(dtype, shape, bytes([choice & 1 for choice in choices]))
    return TensorLiteral(dtype, shape, fill(choices, pool, dtype))


def floats(
    dtype: str | Sequence[str] = FLOATS,
    *,
    min_dims: int = 0,
    max_dims: int = 3,
    empty: bool = True,
    shape: Shape | SearchStrategy[Shape] | None = None,
    values: Values = "any",
) -> SearchStrategy[TensorLiteral]:
    """Floating-point tensors: float32, sometimes float64."""
    return tensors(dtype, values, min_dims=min_dims, max_dims=max_dims, empty=empty, shape=shape)


def positive(**options: Any) -> SearchStrategy[TensorLiteral]:
    """As `floats`, greater than zero."""
    return floats(values="positive", **options)


def nonzero(**options: Any) -> SearchStrategy[TensorLiteral]:
    """As `floats`, without zeros, infinities and nan."""
    return floats(values="nonzero", **options)


def smooth(**options: Any) -> SearchStrategy[TensorLiteral]:
    """As `floats`, distinct and away from kinks and poles: where finite differences can judge."""
    return floats(values="smooth", **options)


def special(**options: Any) -> SearchStrategy[TensorLiteral]:
    """As `floats`, of nothing but 0, -0, ±1, ±2, infinities and nan."""
    return floats(values="special", **options)


def complexes(
    dtype: str | Sequence[str] = ("complex64",), *, values: Values = "finite", **options: Any
) -> SearchStrategy[TensorLiteral]:
    """Complex tensors."""
    return tensors(dtype, values, **options)


def ints(
    dtype: str | Sequence[str] = ("int64", "int64", "int32", "uint8"), **options: Any
) -> SearchStrategy[TensorLiteral]:
    """Integer tensors."""
    return tensors(dtype, "integers", **options)


def bools(**options: Any) -> SearchStrategy[TensorLiteral]:
    """Boolean tensors: masks."""
    return tensors("bool", "integers", **options)


def indices(
    below: int, *, shape: Shape | SearchStrategy[Shape] | None = None, **options: Any
) -> SearchStrategy[TensorLiteral]:
    """int64 tensors of numbers from 0 to `below` - 1, duplicates included."""

    def reduced(tensor: TensorLiteral) -> TensorLiteral:
        count = math.prod(tensor.shape)
        numbers = struct.unpack(f"<{count}q", tensor.data)
        return TensorLiteral("int64", tensor.shape, encode([number % max(below, 1) for number in numbers], "int64"))

    return tensors("int64", "integers", shape=shape, **options).map(reduced)


def cotangent(like: TensorLiteral | Shape, dtype: str | None = None) -> SearchStrategy[TensorLiteral]:
    """Gradients to start a backward with, in the shape and dtype of `like`: distinct, never all ones."""
    if isinstance(like, TensorLiteral):
        return tensors(dtype or like.dtype, "distinct", shape=like.shape)
    return tensors(dtype or "float32", "distinct", shape=like)


# ----------------------------------------------------------------------------------------------------- several of a kind


@cache
def same_shape(
    count: int,
    *,
    dtype: str | Sequence[str] = FLOATS,
    values: Values = "any",
    min_dims: int = 0,
    max_dims: int = 3,
    empty: bool = True,
) -> SearchStrategy[tuple[TensorLiteral, ...]]:
    """`count` tensors of one shape and dtype."""
    return _several(count, dtype, values, _table(min_dims, max_dims, empty), lambda shape, _: (shape,) * count)


@cache
def broadcastable(
    count: int,
    *,
    dtype: str | Sequence[str] = FLOATS,
    values: Values = "any",
    min_dims: int = 0,
    max_dims: int = 3,
    empty: bool = True,
) -> SearchStrategy[tuple[TensorLiteral, ...]]:
    """`count` tensors that broadcast together: with leading dimensions missing or 1, dimensions of size 1, or 0-d."""
    return _several(
        count,
        dtype,
        values,
        _table(min_dims, max_dims, empty),
        lambda shape, ways: tuple([_narrowed(shape, way) for way in ways]),
    )


def _narrowed(shape: Shape, way: int) -> Shape:
    # One byte says how; 0, which it shrinks to, changes nothing.
    match way % 8:
        case 1 | 2 | 6 if shape:  # each dimension for itself, so that several at once are common
            chosen = 1 + way // 8 % (2 ** len(shape) - 1)
            return tuple([1 if chosen >> at & 1 else size for at, size in enumerate(shape)])
        case 3 if shape:
            return shape[way // 8 % len(shape) + 1 :]
        case 4:
            return (1, *shape)
        case 5:
            return ()
        case _:
            return shape


def _several(
    count: int, dtype: Any, values: str, table: tuple[Shape, ...], derive: Any
) -> SearchStrategy[tuple[TensorLiteral, ...]]:
    kinds = (dtype,) if isinstance(dtype, str) else tuple(dtype)
    rows = st.sampled_from([(kind, shape) for shape in table for kind in kinds])

    @st.composite
    def drawn(draw: st.DrawFn) -> tuple[TensorLiteral, ...]:
        kind, shape = draw(rows)
        derived = derive(shape, draw(_choices(count)))
        sizes = [_elements(kind, one) for one in derived]
        choices = draw(_choices(sum(sizes)))
        made = []
        for one, size in zip(derived, sizes, strict=True):
            made.append(_literal((kind, one), choices[:size], values))
            choices = choices[size:]
        return tuple(made)

    return drawn()


@cache
def matrices(
    count: int = 2,
    *,
    dtype: str | Sequence[str] = FLOATS,
    values: Values = "finite",
    vectors: bool = True,
    batches: bool = True,
) -> SearchStrategy[tuple[TensorLiteral, ...]]:
    """`count` tensors that ``@`` takes in a row: with `vectors` the first or last may be 1-d, with `batches` any stacked."""

    def chain(sizes: Shape, ways: bytes) -> tuple[Shape, ...]:
        made = [sizes[index : index + 2] for index in range(count)]
        if vectors and ways[0] % 4 == 1:
            made[0] = made[0][1:]
        if vectors and ways[-1] % 4 == 2:
            made[-1] = made[-1][:1]
        if batches:
            made = [(2, *one) if way % 8 == 7 and len(one) == 2 else one for one, way in zip(made, ways, strict=True)]
        return tuple(made)

    table = tuple(
        [tuple([(2, 3, 1, 2, 4, 3)[(start + index) % 6] for index in range(count + 1)]) for start in range(6)]
    )
    return _several(count, dtype, values, table, chain)


# ------------------------------------------------------------------------------------------------------------ other data


def words(text: str) -> list[str]:
    """The words of a text: names to draw from, as `sampled_from(words("sin cos"))`."""
    return text.split()


def numbers(kind: OneOf["any", "int", "float", "exponent"] = "any") -> SearchStrategy[Any]:
    """Python numbers; an exponent is not 2, whose derivative too many wrong formulas get right."""
    pools: dict[str, list[float]] = {
        "int": [3, 1, 2, 0, -1, -2],
        "float": [3.0, 1.5, 1.0, 0.5, -1.0, 0.0, -2.5, 0.1],
        "exponent": [3, 4, 1, 0, -1, -2, 0.5, 1.5, 3.0, -0.5],
    }
    return st.sampled_from(pools.get(kind) or pools["int"] + pools["float"])


_KINDS = {
    "float": ("float32", "float64", "float16", "bfloat16"),
    "complex": ("complex64", "complex128"),
    "integer": ("int64", "int32", "int16", "int8", "uint8"),
    "bool": ("bool",),
}


def dtypes(*kinds: OneOf["float", "complex", "integer", "bool"]) -> SearchStrategy[Global]:
    """dtypes of some kinds, or of all: ``torch.float32``."""
    return st.sampled_from([Global(f"torch.{name}") for kind in kinds or _KINDS for name in _KINDS[kind]])


def dims(of: TensorLiteral) -> SearchStrategy[int]:
    """Dimensions of a tensor, counted from the front or from the back; 0 and -1 for a 0-d tensor."""
    count = max(len(of.shape), 1)
    return st.sampled_from([*range(count), *range(-1, -count - 1, -1)])
