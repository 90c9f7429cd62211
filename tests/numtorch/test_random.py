"""numtorch's random numbers are PyTorch's, bit for bit.

The expected values were recorded from PyTorch 2.13.0 on an AMD processor with AVX2: a few as hex floats, the many as
checksums of their bytes over the seeds 0 to 50. tests/oracle/test_random_against_torch.py compares with a live one.
"""

import math
import zlib

import numpy as np
import pytest

from numtorch import random
from numtorch.kernels.box_muller import box_muller_single

SIZES = (0, 1, 2, 15, 16, 17, 31, 33, 100, 1000)

FILLS = {
    "uniform": lambda array: random.fill_uniform(array, -0.5, 2.25),
    "normal": lambda array: random.fill_normal(array, 0.25, 1.75),
    "exponential": lambda array: random.fill_exponential(array, 1.5),
}

CHECKSUMS = {  # (distribution, dtype): one checksum for each of SIZES
    ("uniform", "float16"): "00000000 2b693980 11e10942 d69286be 067bb138 2936e1cd 8f2f2d21 89e5c33a 1c20d90a f2059777",
    ("uniform", "float32"): "00000000 65ef64e4 50e57dd3 f2f506fa bcf8882b c8f357fa a1a51c4b f8e2fcbd 01451b83 b6eac64d",
    ("uniform", "float64"): "00000000 01abcac7 8d6b18d0 b8f4eeb0 ab7ee79f c3a51f6e 64ba97e3 4ea6d40c 8ca1b001 3a5c8ac2",
    ("normal", "float16"): "00000000 7f8957ed c53b35ec a881fd44 cd5af0c7 eb80ea66 d25a0e8e a27e3004 8d804a2e 1d474bd4",
    ("normal", "float32"): "00000000 f9644541 836630a8 9033a8db 8eca43ce 325b991e 8b93dd8a c04c6f14 b000cf21 1d69d9af",
    ("normal", "float64"): "00000000 9e384373 0f67f4b1 0aa2f5c3 098eac2f 230f2232 3e83aeb6 4bbd87ae 4421d4dc 756081e2",
    (
        "normal",
        "complex64",
    ): "00000000 1640145d 9932c0b1 e36f4ebf 6a96a421 4698aae0 b4e61e15 31efb6c9 d9da1f2a fca0dcd3",
    (
        "normal",
        "complex128",
    ): "00000000 66187032 f8d2cb17 17003908 dfb12fc1 e8e6528f 576df0a5 918bce13 1f386934 cb1bba55",
    (
        "exponential",
        "float16",
    ): "00000000 e9a16fdb cbda696c 7d036547 2972d18e a986def7 1c3c4aa7 65807d42 b39a10eb 5859428a",
    (
        "exponential",
        "float32",
    ): "00000000 508fdfaf d67b13c5 12c69f88 f118f018 d75e943c c869eba1 98c98d3e 5ed413c7 fb171273",
    (
        "exponential",
        "float64",
    ): "00000000 32e40814 3531c72c f4e6049f 66efa266 a6f78296 a0cb2ac1 bd94c4c7 f8f0afc8 963f3080",
}

PERMUTATIONS = "00000000 ce8da232 8f1964f8 1926ab11 3d95e39b 1f7eaad1 52ab9984 eef2784c 3a654906 829c0c47"

RANGES = {
    (0, 2, "bool"): "4b02dbbf",
    (0, 10, "int64"): "2fabb75b",
    (-5, 100, "int32"): "e851ab7f",
    (0, 2**28 - 1, "int64"): "b43b6e30",
    (0, 2**28, "int64"): "c6eafbfa",
    (-10, 2**40, "int64"): "a849056e",
    (0, 256, "uint8"): "d3b07d04",
    (-(2**63), None, "int64"): "29758855",
    (3, 77, "float32"): "5188f5e7",
}

WHOLE_RANGES = {
    "bool": "4b02dbbf",
    "uint8": "d3b07d04",
    "int8": "2acb1027",
    "int16": "562858e6",
    "int32": "1b06c10d",
    "int64": "23ad2148",
    "float16": "574d6b3d",
    "float32": "3edda63b",
    "float64": "e086e691",
}

MEANS, STDS = np.array([-1.5, 0.1, 7.0], np.float32), np.array([0.3, 1.1, 0.0], np.float32)


def filled(size, dtype, fill, seed=None):
    if seed is not None:
        random.manual_seed(seed)
    array = np.empty(size, dtype=dtype)
    fill(array)
    return array


def checksum(size, dtype, fill):
    """Of all the numbers that the seeds 0 to 50 give."""
    return f"{zlib.crc32(b''.join(filled(size, dtype, fill, seed).tobytes() for seed in range(51))):08x}"


def hexes(array):
    return [float(value).hex() for value in array]


def hex_floats(text):
    return [float.fromhex(word).hex() for word in text.split()]


def test_uniform_float32_is_the_low_24_bits_of_a_word():
    assert hexes(filled(3, np.float32, random.fill_uniform, seed=0)) == hex_floats(
        "0x1.fc2abp-2 0x1.89545ep-1 0x1.6a675p-4"
    )


def test_uniform_float64_is_the_low_53_bits_of_two_words():
    expected = hex_floats("0x1.f0aac97c4aa2fp-1 0x1.6a675d821ccc0p-1 0x1.d6687b744a5f6p-2")
    assert hexes(filled(3, np.float64, random.fill_uniform, seed=0)) == expected


def test_a_uniform_float16_never_rounds_up_to_the_end_of_its_range():
    assert filled(100_000, np.float16, random.fill_uniform, seed=0).max() < 1.0


def test_few_normal_values_come_one_by_one():
    expected = hex_floats("0x1.8a7eb8p+0 -0x1.2c78ap-2 -0x1.16e292p+1")
    assert hexes(filled(3, np.float32, random.fill_normal, seed=0)) == expected


def test_sixteen_normal_values_come_as_a_block():
    expected = hex_floats(
        "-0x1.20370ap+0 -0x1.270114p+0 -0x1.0097acp-2 -0x1.bc4abap-2 0x1.b28a2ap-1 0x1.624f06p-1 -0x1.4398dap-2 "
        "-0x1.0ebf82p+1 0x1.4a027p-2 -0x1.4369e8p+0 0x1.6661fep-2 0x1.3b8776p-2 0x1.eadeeep-4 0x1.3cd726p+0 "
        "0x1.1de51cp+0 -0x1.fa6cf8p-3"
    )
    assert hexes(filled(16, np.float32, random.fill_normal, seed=0)) == expected


@pytest.mark.parametrize(("distribution", "dtype"), CHECKSUMS)
def test_every_size_and_seed_gives_pytorchs_bits(distribution, dtype):
    sums = [checksum(size, dtype, FILLS[distribution]) for size in SIZES]
    assert sums == CHECKSUMS[distribution, dtype].split()


def test_permutations_are_pytorchs():
    sums = []
    for size in SIZES:
        permutations = [random.manual_seed(seed) and random.permutation(size) for seed in range(51)]
        sums.append(f"{zlib.crc32(np.concatenate(permutations).tobytes()):08x}")
    assert sums == PERMUTATIONS.split()


@pytest.mark.parametrize(("low", "high", "dtype"), RANGES)
def test_integers_of_a_range_are_pytorchs(low, high, dtype):
    assert checksum(100, dtype, lambda array: random.fill_integers(array, low, high)) == RANGES[low, high, dtype]


@pytest.mark.parametrize("dtype", WHOLE_RANGES)
def test_integers_of_no_stated_range_are_pytorchs(dtype):
    assert checksum(100, dtype, random.fill_any_integers) == WHOLE_RANGES[dtype]


def test_bernoulli_draws_a_double_where_p_is_a_number():
    assert checksum(100, np.float32, lambda array: random.fill_bernoulli(array, 0.3)) == "465d0ffa"


@pytest.mark.parametrize(("dtype", "expected"), [("float32", "2205186c"), ("float64", "dfd35949")])
def test_bernoulli_draws_the_precision_of_an_array_of_probabilities(dtype, expected):
    p = (np.arange(100) / 99).astype(dtype)
    assert checksum(100, dtype, lambda array: random.fill_bernoulli(array, p)) == expected


def test_the_kept_normal_value_outlives_other_draws_and_dtypes():
    first = filled(3, np.float32, random.fill_normal, seed=5)
    uniform = filled(2, np.float32, random.fill_uniform)
    integers = filled(3, np.int64, lambda array: random.fill_integers(array, 0, 100))
    kept = filled(1, np.float64, random.fill_normal)
    block = filled(17, np.float32, random.fill_normal)
    after = filled(2, np.float32, random.fill_normal)
    assert hexes(first) == hex_floats("-0x1.f276a8p-2 -0x1.35281ap-1 -0x1.1dbecap-1")
    assert hexes(uniform) == hex_floats("0x1.1081p-5 0x1.fd05c8p-1")
    assert integers.tolist() == [79, 50, 11]
    assert hexes(kept) == hex_floats("0x1.55c5bec8c072cp-1")
    assert hexes(block[-2:]) == hex_floats("-0x1.d0b7d6p+0 -0x1.a72ce4p-3")
    assert hexes(after) == hex_floats("-0x1.221ec6p+0 0x1.9699ecp+0")


@pytest.mark.parametrize("restart", ["manual_seed", "seed", "set_state_bytes"])
def test_the_kept_normal_value_is_forgotten_by_a_new_start(restart):
    fresh = random.Generator().state_bytes()
    random.manual_seed(5)
    filled(3, np.float32, random.fill_normal)
    generator = random.default_generator
    {
        "manual_seed": lambda: generator.manual_seed(1),
        "seed": generator.seed,
        "set_state_bytes": lambda: generator.set_state_bytes(fresh),
    }[restart]()
    assert generator.kept_normal is None


@pytest.mark.parametrize(
    ("mean", "std", "expected"),
    [
        (MEANS, STDS, "-0x1.424ef4p+0 0x1.2b5514p-2 0x1.cp+2"),
        (MEANS, 0.7, "-0x1.e01b1ap-1 0x1.c770fp-3 0x1.c3fc78p+2"),
        (1.3, STDS, "0x1.8a7dd8p+0 0x1.7e0878p+0 0x1.4cccccp+0"),
    ],
)
def test_arrays_of_means_and_deviations(mean, std, expected):
    random.manual_seed(3)
    assert hexes(random.normal_of(mean, std)) == hex_floats(expected)


def test_what_is_not_contiguous_is_filled_in_the_order_of_memory():
    random.manual_seed(5)
    array = np.zeros((5, 4), dtype=np.float32).T
    random.fill_normal(array)
    assert hexes(array[:, 0]) == hex_floats("-0x1.f276a8p-2 -0x1.35281ap-1 -0x1.1dbecap-1 0x1.55c5bep-1")


def test_the_state_has_pytorchs_bytes():
    random.manual_seed(5)
    filled(3, np.float32, random.fill_normal)
    assert f"{zlib.crc32(random.default_generator.state_bytes().tobytes()):08x}" == "906277ce"


@pytest.mark.parametrize("drawn", [0, 1, 3, 20, 623, 624, 625, 5000])
def test_a_state_put_back_gives_the_same_numbers_again(drawn):
    generator = random.Generator().manual_seed(7)
    random.fill_normal(np.empty(3), generator=generator)
    generator.words(drawn)
    state = generator.state_bytes()
    once, again = np.empty(5), np.empty(5)
    random.fill_normal(once, generator=generator)
    generator.set_state_bytes(state)
    assert generator.state_bytes().tobytes() == state.tobytes()
    random.fill_normal(again, generator=generator)
    assert once.tobytes() == again.tobytes()


def test_a_clone_goes_on_alike_and_apart():
    generator = random.Generator().manual_seed(3)
    clone = generator.clone_state()
    assert (generator.words(9) == clone.words(9)).all()
    generator.words(1)
    assert generator.state_bytes().tobytes() != clone.state_bytes().tobytes()


def test_fork_rng_leaves_the_stream_outside_as_it_was():
    random.manual_seed(1)
    before = random.default_generator.state_bytes()
    with pytest.raises(KeyError), random.fork_rng():
        {}[random.default_generator.words(3)[0]]
    assert random.default_generator.state_bytes().tobytes() == before.tobytes()


def test_a_new_generator_has_pytorchs_default_seed():
    assert random.Generator().initial_seed() == 67280421310721


def test_a_negative_seed_counts_from_the_top():
    assert random.manual_seed(-1).initial_seed() == 2**64 - 1


def test_module_functions_speak_for_the_default_generator():
    assert random.manual_seed(1.7) is random.default_generator
    assert random.initial_seed() == 1
    assert random.seed() == random.initial_seed()


@pytest.mark.parametrize(
    ("call", "kind", "text"),
    [
        (lambda: random.manual_seed(2**64), ValueError, "Overflow when unpacking long long"),
        (lambda: random.manual_seed(-(2**63) - 1), ValueError, "Overflow when unpacking long long"),
        (lambda: random.manual_seed("a"), ValueError, "invalid literal for int() with base 10: 'a'"),
        (lambda: random.Generator().manual_seed(1.5), RuntimeError, "manual_seed expected a long, but got float"),
        (
            lambda: random.Generator().set_state_bytes(np.zeros(3, np.uint8)),
            RuntimeError,
            "Expected a CPUGeneratorImplState of size 5056 but found the input RNG state size to be 3",
        ),
        (lambda: random.Generator().set_state_bytes(np.zeros(5056, np.uint8)), RuntimeError, "Invalid mt19937 state"),
        (lambda: random.Generator().set_state_bytes(np.zeros(3)), TypeError, "RNG state must be a torch.ByteTensor"),
        (
            lambda: random.fill_uniform(np.empty(3, np.float32), 1, 0),
            RuntimeError,
            "uniform_ expects to return a [from, to) range, but found from=1 > to=0",
        ),
        (
            lambda: random.fill_uniform(np.empty(3, np.float32), 0, 1e39),
            RuntimeError,
            "to is out of bounds for float",
        ),
        (
            lambda: random.fill_uniform(np.empty(3, np.float16), -6e4, 6e4),
            RuntimeError,
            (
                "uniform_ expects to-from <= std::numeric_limits<Half>::max(), but found to=60000 and from=-60000 "
                "which result in to-from to exceed the limit"
            ),
        ),
        (
            lambda: random.fill_normal(np.empty(3), 0, -1),
            RuntimeError,
            "normal expects std >= 0.0, but found std -1",
        ),
        (
            lambda: random.normal_of(0.0, np.array([1.0, -1.0])),
            RuntimeError,
            "normal expects all elements of std >= 0.0",
        ),
        (
            lambda: random.fill_integers(np.empty(3), 5, 5),
            RuntimeError,
            "random_ expects 'from' to be less than 'to', but got from=5 >= to=5",
        ),
        (
            lambda: random.fill_integers(np.empty(3, np.uint8), 0, 257),
            RuntimeError,
            "to - 1 is out of bounds for unsigned char",
        ),
        (
            lambda: random.fill_integers(np.empty(3, np.int8), -129, 5),
            RuntimeError,
            "from is out of bounds for signed char",
        ),
        (
            lambda: random.fill_bernoulli(np.empty(3), -0.5),
            RuntimeError,
            "bernoulli_ expects p to be in [0, 1], but got p=-0.5",
        ),
        (
            lambda: random.fill_uniform(np.empty(3, np.int64)),
            NotImplementedError,
            "\"check_uniform_bounds\" not implemented for 'Long'",
        ),
        (
            lambda: random.fill_normal(np.empty(3, bool)),
            NotImplementedError,
            "\"normal_kernel_cpu\" not implemented for 'Bool'",
        ),
        (
            lambda: random.fill_any_integers(np.empty(3, np.complex64)),
            NotImplementedError,
            "\"random_kernel_cpu\" not implemented for 'ComplexFloat'",
        ),
        (
            lambda: random.fill_integers(np.empty(3, np.complex64), 0, 5),
            RuntimeError,
            "check_random_bounds handles only integral, floating-point and boolean types",
        ),
        (
            lambda: random.fill_bernoulli(np.empty(3, np.complex64), 0.5),
            NotImplementedError,
            "\"bernoulli_scalar_cpu_\" not implemented for 'ComplexFloat'",
        ),
        (
            lambda: random.fill_bernoulli(np.empty(1, np.float32), np.ones(1, np.int64)),
            NotImplementedError,
            "\"bernoulli_tensor_cpu_p_\" not implemented for 'Long'",
        ),
        (
            lambda: random.fill_exponential(np.empty(3, np.int32)),
            RuntimeError,
            (
                "Exponential distribution is a continuous probability distribution. "
                "dtype must be a floating point but you specified Int"
            ),
        ),
        (
            lambda: random.fill_exponential(np.empty(3), 0),
            RuntimeError,
            "exponential_ expects lambda > 0.0, but found lambda=0",
        ),
    ],
)
def test_misuse_is_refused_in_pytorchs_words(call, kind, text):
    with pytest.raises(kind) as raised:
        call()
    assert str(raised.value) == text


def test_a_block_is_a_polar_pair_of_normal_values():
    """Box-Muller in plain mathematics, for those who distrust polynomials."""
    uniform = np.linspace(0.01, 0.99, 16, dtype=np.float32)
    values = box_muller_single(uniform.reshape(1, 16)).ravel()
    for i in range(8):
        radius, angle = math.sqrt(-2 * math.log(1 - uniform[i])), 2 * math.pi * uniform[i + 8]
        assert values[i] == pytest.approx(radius * math.cos(angle), abs=1e-6)
        assert values[i + 8] == pytest.approx(radius * math.sin(angle), abs=1e-6)
