"""The data that programs start from."""

import math
import struct

import pytest
from hypothesis import find, given, settings, strategies as st

from conformance import generate
from conformance.generate import POOL, encode
from conformance.program import TensorLiteral


def numbers(literal: TensorLiteral) -> tuple[float, ...]:
    code = {"float32": "f", "float64": "d", "int64": "q", "int32": "i", "uint8": "B", "bool": "?"}[literal.dtype]
    return struct.unpack(f"<{math.prod(literal.shape)}{code}", literal.data)


@given(st.data(), st.sampled_from([generate.floats(), generate.ints(), generate.bools(), generate.complexes()]))
def test_a_literal_has_as_many_bytes_as_its_shape_and_dtype_say(data, strategy):
    literal = data.draw(strategy)
    width = {"float32": 4, "float64": 8, "complex64": 8, "int64": 8, "int32": 4, "uint8": 1, "bool": 1}[literal.dtype]
    assert len(literal.data) == width * math.prod(literal.shape)


@given(generate.floats(min_dims=1, max_dims=2, empty=False))
def test_shapes_keep_to_what_is_asked(literal):
    assert 1 <= len(literal.shape) <= 2
    assert 0 not in literal.shape


@given(st.data(), st.sampled_from([(), (3,), (0, 2)]))
def test_a_shape_may_be_given(data, shape):
    assert data.draw(generate.floats(shape=shape)).shape == shape
    assert data.draw(generate.floats(shape=st.just(shape))).shape == shape


@pytest.mark.parametrize(
    ("strategy", "holds"),
    [
        (generate.positive(), lambda v: v > 0 and math.isfinite(v)),
        (generate.nonzero(), lambda v: v != 0 and math.isfinite(v)),
        (generate.floats(values="finite"), math.isfinite),
        (generate.smooth(), lambda v: min(abs(abs(v) - kink) for kink in (0, 0.5, 1, 3, 6)) > 0.05),
        (generate.special(), lambda v: not math.isfinite(v) or v in (0, 1, -1, 2, -2, *range(3, 13))),
        (generate.indices(3), lambda v: v in (0, 1, 2)),
    ],
)
def test_values_are_what_their_name_says(strategy, holds):
    @given(strategy)
    @settings(max_examples=50)
    def check(literal):
        assert all(holds(value) for value in numbers(literal))

    check()


@given(st.data())
def test_a_cotangent_is_like_its_tensor_and_never_all_ones(data):
    like = data.draw(generate.floats())
    cotangent = data.draw(generate.cotangent(like))
    values = numbers(cotangent)
    assert (cotangent.shape, cotangent.dtype) == (like.shape, like.dtype)
    assert len(set(values)) == len(values)
    assert values != (1.0,)


@pytest.mark.parametrize("pool", sorted(generate._ALL_DIFFERENT))
def test_what_is_to_differ_is_drawn_of_different_numbers(pool):
    assert len(set(generate._POOLS[pool])) == POOL


def test_kinds_of_values_come_as_often_as_they_find_bugs():
    pool = generate._POOLS["any"]
    assert len(pool) == POOL
    simple = sum(value in (0, 1, -1, 2, -2) for value in pool)
    extreme = sum(not math.isfinite(value) or abs(value) in (100, 1e-4) for value in pool)
    assert 0.35 < simple / POOL < 0.45
    assert 0.08 < extreme / POOL < 0.12
    shapes = generate._table(0, 3, True)
    assert 0.2 < sum(shape == () or 1 in shape or 0 in shape for shape in shapes) / len(shapes) < 0.5


def test_failures_shrink_to_simple_values_one_by_one():
    literal = find(generate.floats(dtype="float64"), lambda literal: any(map(math.isnan, numbers(literal))))
    assert literal.shape in ((), (1,), (2,))
    assert [value for value in numbers(literal) if value == value] in ([], [1.0])


@given(generate.same_shape(3))
def test_tensors_of_the_same_shape_are_of_the_same_dtype(literals):
    assert len({(literal.shape, literal.dtype) for literal in literals}) == 1


@given(generate.broadcastable(3))
def test_broadcastable_shapes_broadcast(literals):
    length = max(len(literal.shape) for literal in literals)
    padded = [(1,) * (length - len(literal.shape)) + literal.shape for literal in literals]
    for sizes in zip(*padded, strict=True):
        assert len(set(sizes) - {1}) <= 1


@given(generate.matrices(3))
def test_matrices_multiply_in_a_row(literals):
    shape = literals[0].shape
    for literal in literals[1:]:
        other = literal.shape
        assert shape[-1] == other[0 if len(other) == 1 else -2]
        shape = shape[:-1] + (() if len(other) == 1 else other[-1:])
        if not shape:
            break


def test_values_are_rounded_to_the_dtype():
    assert encode([1.0, 2.5], "bfloat16") == b"\x80\x3f\x20\x40"
    assert encode([0.1], "float32") == struct.pack("<f", 0.1)
    assert encode([-1, 300], "uint8") == bytes([1, 44])
    assert encode([1.0, -2.0], "complex64") == struct.pack("<ff", 1, -2)
    assert encode([1.0, -2.0], "complex32") == struct.pack("<ee", 1, -2)
