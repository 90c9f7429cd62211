"""Every sequence of draws gives the same bits and leaves the same state in numtorch as in PyTorch.

The block of 16 normal values is compared only where PyTorch runs its AVX2 code, and a bernoulli with a number for its
probability only where PyTorch draws it from this stream (on Intel processors it does not).
"""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from numtorch import random

torch = pytest.importorskip("torch")

BLOCKS_ARE_AVX2 = torch.backends.cpu.get_cpu_capability() in ("AVX2", "AVX512")

sizes = st.sampled_from([0, 1, 2, 3, 7, 8, 15, 16, 17, 31, 32, 33, 100, 1000])
reals = st.sampled_from(["float16", "float32", "float64"])
numbers = st.sampled_from(["float16", "float32", "float64", "complex64", "complex128"])
anything = st.sampled_from(["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64"])
ranges = st.sampled_from([(0, 1), (-3, 5.5), (0.1, 0.7), (1.25, 1e3), (5, 5), (1000, 1000.9)])
integer_ranges = st.sampled_from(
    [("bool", 0, 2), ("bool", 1, 2), ("uint8", 5, 256), ("int8", -128, 3), ("int32", 0, 2**28), ("int64", -5, 7)]
    + [
        ("int64", 0, 2**28 - 1),
        ("int64", -10, 2**33),
        ("int64", -(2**63), None),
        ("float16", 0, 9),
        ("float64", 0, 2**40),
    ]
)

draws = st.one_of(
    st.tuples(st.just("uniform"), sizes, reals, ranges),
    st.tuples(st.just("normal"), sizes, numbers, ranges),
    st.tuples(st.just("exponential"), sizes, reals, st.sampled_from([1, 0.3, 7.7])),
    st.tuples(st.just("integers"), sizes, integer_ranges),
    st.tuples(st.just("any_integers"), sizes, anything),
    st.tuples(st.just("permutation"), sizes),
    st.tuples(st.just("bernoulli"), sizes, reals),
)


def draw(step, tensor_of, generator):
    """One step on PyTorch and on numtorch: both results as arrays."""
    kind, size, *rest = step
    if kind == "permutation":
        return torch.randperm(size, generator=generator[0]).numpy(), random.permutation(size, generator[1])
    dtype = rest[0][0] if kind == "integers" else rest[0]
    tensor = tensor_of(size, dtype)
    array = np.zeros(0, dtype=dtype)
    array = np.lib.stride_tricks.as_strided(
        np.zeros(tensor.untyped_storage().nbytes() // array.itemsize or 1, dtype=dtype),
        tensor.shape,
        [stride * array.itemsize for stride in tensor.stride()],
    )
    if kind == "uniform":
        tensor.uniform_(*rest[1], generator=generator[0])
        random.fill_uniform(array, *rest[1], generator=generator[1])
    elif kind == "normal":
        tensor.normal_(*rest[1], generator=generator[0])
        random.fill_normal(array, *rest[1], generator=generator[1])
    elif kind == "exponential":
        tensor.exponential_(rest[1], generator=generator[0])
        random.fill_exponential(array, rest[1], generator=generator[1])
    elif kind == "integers":
        tensor.random_(*rest[0][1:], generator=generator[0])
        random.fill_integers(array, *rest[0][1:], generator=generator[1])
    elif kind == "any_integers":
        tensor.random_(generator=generator[0])
        random.fill_any_integers(array, generator=generator[1])
    else:
        p = torch.linspace(0, 1, tensor.numel(), dtype=tensor.dtype).reshape(tensor.shape)
        tensor.bernoulli_(p, generator=generator[0])
        random.fill_bernoulli(array, p.numpy(), generator=generator[1])
    return tensor.contiguous().numpy(), np.ascontiguousarray(array)


def check(seed, steps, tensor_of):
    generator = torch.Generator().manual_seed(seed), random.Generator().manual_seed(seed)
    for step in steps:
        theirs, ours = draw(step, tensor_of, generator)
        assert ours.dtype == theirs.dtype
        assert ours.tobytes() == theirs.tobytes(), step
    assert generator[1].state_bytes().tobytes() == generator[0].get_state().numpy().tobytes()


@pytest.mark.skipif(not BLOCKS_ARE_AVX2, reason="another logarithm in blocks of 16")
@settings(max_examples=150, deadline=None)
@given(st.integers(-(2**63), 2**64 - 1), st.lists(draws, max_size=8))
def test_draws_in_any_order_agree(seed, steps):
    check(seed, steps, lambda size, dtype: torch.zeros(size, dtype=getattr(torch, dtype)))


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 50), st.lists(draws, max_size=4), st.permutations(range(3)), st.integers(2, 3))
def test_draws_into_strided_memory_agree(seed, steps, axes, step):
    def strided(size, dtype):
        return torch.zeros(2, 3, size % 5, step, dtype=getattr(torch, dtype))[..., 0].permute(*axes)

    check(seed, steps, strided)


@pytest.mark.parametrize(
    "fill",
    [
        (lambda tensor: tensor.uniform_(0.1, 0.7), lambda array: random.fill_uniform(array, 0.1, 0.7)),
        (lambda tensor: tensor.normal_(0.1, 0.7), lambda array: random.fill_normal(array, 0.1, 0.7)),
        (lambda tensor: tensor.exponential_(3), lambda array: random.fill_exponential(array, 3)),
        (lambda tensor: tensor.random_(), random.fill_any_integers),
    ],
)
@pytest.mark.parametrize("size", [0, 1, 15, 16, 33, 10_000])
def test_bfloat16_agrees(fill, size):
    bfloat16 = pytest.importorskip("ml_dtypes").bfloat16
    torch.manual_seed(size)
    random.manual_seed(size)
    tensor, array = torch.zeros(size, dtype=torch.bfloat16), np.zeros(size, dtype=bfloat16)
    fill[0](tensor)
    fill[1](array)
    assert array.astype(np.float32).tolist() == tensor.float().tolist()
    assert random.default_generator.state_bytes().tobytes() == torch.get_rng_state().numpy().tobytes()


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**64 - 1), st.integers(0, 1300), st.booleans())
def test_a_state_of_either_is_understood_by_the_other(seed, drawn, keep):
    theirs, ours = torch.Generator().manual_seed(seed), random.Generator()
    torch.empty(drawn).uniform_(generator=theirs)
    torch.empty(3 if keep else 2).normal_(generator=theirs)
    ours.set_state_bytes(theirs.get_state().numpy())
    assert ours.initial_seed() == seed
    values = np.empty(3)
    random.fill_normal(values, generator=ours)
    assert values.tolist() == torch.empty(3, dtype=torch.float64).normal_(generator=theirs).tolist()
    theirs.set_state(torch.from_numpy(ours.state_bytes()))
    assert theirs.get_state().numpy().tobytes() == ours.state_bytes().tobytes()


moments = st.one_of(
    st.sampled_from([0.0, 0.7, 3.0]), st.tuples(st.integers(1, 40), st.sampled_from(["float32", "float64"]))
)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 50), moments, moments)
def test_arrays_of_means_and_deviations_agree(seed, mean, std):
    def made(moment):
        if isinstance(moment, float):
            return moment
        return torch.linspace(0.1, 2.3, moment[0], dtype=getattr(torch, moment[1])).unsqueeze(int(moment is mean))

    mean, std = (made(moment) for moment in (mean, std))
    if isinstance(mean, float) and isinstance(std, float):
        return
    torch.manual_seed(seed)
    random.manual_seed(seed)
    theirs = torch.normal(mean, std).numpy()
    ours = random.normal_of(*(x if isinstance(x, float) else x.numpy() for x in (mean, std)))
    assert ours.dtype == theirs.dtype
    assert ours.tobytes() == theirs.tobytes()
