"""PyTorch's random numbers on the CPU: the same seed gives the same bits, and leaves the same state behind.

The source is the Mersenne Twister mt19937, whose 32-bit words NumPy's RandomState yields too. What PyTorch makes of
the words (found out by running PyTorch 2.13.0, and compared with it bit for bit in tests/oracle/):

| distribution | words a value | rule |
|---|---|---|
| uniform, float32 and smaller | 1 | the low 24 bits / 2^24, in float32; the half precisions are rounded from it |
| uniform, float64 | 2 | first word high, second low; the low 53 bits / 2^53 |
| uniform in [a, b) | as above | one fused multiply-add `u * (b - a) + a`; what rounds up to b becomes a |
| normal, contiguous, 16 or more | 1 (float64: 2) | Box-Muller in blocks of 16; the last 16 are drawn anew if need be |
| normal, else | 4 for two | Box-Muller in float64; the second value is kept for the next call, of whatever dtype |
| integers in a range | 1; 2 from 2^28 on | the word modulo the range |
| permutation | 1 a swap | Fisher-Yates from the front, n - 1 swaps |
| bernoulli(p: float) | 2 | a float64 uniform < p |
| bernoulli(p: tensor) | 1 (float64: 2) | a uniform of p's precision < p |
| exponential | 2 | -1/rate * log1p(-u) |

The kept value is forgotten by `manual_seed`, `seed` and `set_state` (whose bytes contain it), and by nothing else.
A tensor that is not contiguous is filled in the order of its memory, not of its indices.

What PyTorch itself does not promise: without AVX2 its blocks of 16 use another logarithm (last bits differ), and on an
Intel processor its `bernoulli_(p)` with a number p draws from MKL instead of from this stream. Recorded here is what
an AMD processor with AVX2 does.
"""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Iterator
from typing import Any

from numpy.random import RandomState

from .dtype import from_numpy as dtype_of
from .kernels.box_muller import BLOCK, box_muller_double, box_muller_single
from .plain_numpy import np

_WORDS = 624  # of the Mersenne Twister's state
_DEFAULT_SEED = 67280421310721  # what a new Generator() starts from
_BFLOAT16_MAX = 255 * 2.0**120  # NumPy, which has no bfloat16 of its own, cannot tell

# The bytes of get_state(): PyTorch's own layout, so that a state saved by the one is read by the other.
_STATE = np.dtype(
    {
        "names": ["seed", "left", "seeded", "next", "words", "normal_y", "normal_rho", "normal_valid"],
        "formats": ["<u8", "<i4", "<i4", "<u8", ("<u8", _WORDS), "<f8", "<f8", "<i4"],
        "offsets": [0, 8, 12, 16, 24, 5024, 5032, 5040],
        "itemsize": 5056,
    }
)


class Generator:
    """A stream of random numbers: a Mersenne Twister, and the normal value that the last call left over."""

    __module__ = "torch._C"

    def __init__(self, device: Any = "cpu") -> None:
        if str(device) != "cpu":
            raise RuntimeError(f"numtorch computes on the cpu only, and has no generator for {device}")
        self._restart(_DEFAULT_SEED)

    def __repr__(self) -> str:
        return f"<torch._C.Generator object at {id(self):#x}>"

    @property
    def device(self) -> Any:
        from numtorch import device

        return device("cpu")

    # ---- seeds and states

    def _restart(self, seed: int) -> None:
        self._seed = seed
        self._begun: RandomState | None = None
        self._fresh = True  # nothing drawn yet: PyTorch's state tells this apart
        self.kept_normal: float | None = None

    @property
    def _twister(self) -> RandomState:
        # Made when it is first asked: most of a program's seeds are followed by no random number, and it takes 0.3 ms.
        if self._begun is None:
            # PyTorch takes any 64-bit seed, and the twister sees its low half only.
            self._begun = RandomState(self._seed & 0xFFFFFFFF)
        return self._begun

    def manual_seed(self, seed: int) -> Generator:
        """Start the stream that belongs to the seed; negative seeds count from 2^64 down."""
        if type(seed) is not int:
            raise RuntimeError(f"manual_seed expected a long, but got {type(seed).__name__}")
        if not -(2**63) <= seed < 2**64:
            raise ValueError("Overflow when unpacking long long")
        self._restart(seed % 2**64)
        return self

    def seed(self) -> int:
        """Start from a seed that the operating system draws, and return it."""
        self._restart(int.from_bytes(os.urandom(8), "little"))
        return self._seed

    def initial_seed(self) -> int:
        return self._seed

    def state_bytes(self) -> np.ndarray:
        """The 5056 bytes of PyTorch's get_state()."""
        _, words, position = self._twister.get_state(legacy=True)[:3]
        position = int(position)
        state = np.zeros((), dtype=_STATE)
        state["seed"], state["seeded"], state["words"] = self._seed, 1, words
        state["next"] = 0 if self._fresh else position
        state["left"] = 1 if self._fresh else _WORDS - position + 1
        if self.kept_normal is not None:
            state["normal_y"], state["normal_valid"] = self.kept_normal, 1
        return np.frombuffer(state.tobytes(), dtype=np.uint8).copy()

    def set_state_bytes(self, data: np.ndarray) -> None:
        """Go on from what state_bytes() once returned."""
        if data.dtype != np.uint8:
            raise TypeError("RNG state must be a torch.ByteTensor")
        if data.size != _STATE.itemsize:
            raise RuntimeError(
                f"Expected a CPUGeneratorImplState of size {_STATE.itemsize} "
                f"but found the input RNG state size to be {data.size}"
            )
        state = np.frombuffer(np.ascontiguousarray(data).tobytes(), dtype=_STATE)[0]
        left, position = int(state["left"]), int(state["next"])
        if not (state["seeded"] and 0 < left <= _WORDS and position <= _WORDS):
            raise RuntimeError("Invalid mt19937 state")
        self._seed = int(state["seed"])
        self._fresh = left == 1 and position == 0
        self._begun = RandomState(0)
        self._begun.set_state(("MT19937", state["words"].astype(np.uint32), _WORDS if left == 1 else position, 0, 0.0))
        self.kept_normal = float(state["normal_y"]) if state["normal_valid"] else None

    def get_state(self) -> Any:
        """The state as a tensor of bytes."""
        from numtorch import from_numpy

        return from_numpy(self.state_bytes())

    def set_state(self, new_state: Any) -> None:
        """Go on from what get_state() once returned."""
        if not hasattr(new_state, "_numpy"):
            raise TypeError(f"expected a torch.ByteTensor, but got {type(new_state).__name__}")
        self.set_state_bytes(new_state._numpy())

    def clone_state(self) -> Generator:
        """Another generator that will go on as this one does."""
        clone = Generator()
        clone.set_state_bytes(self.state_bytes())
        return clone

    # ---- the stream

    def words(self, count: int) -> np.ndarray:
        """The next 32-bit words."""
        self._fresh = self._fresh and not count
        return self._twister.randint(0, 2**32, count, dtype=np.uint32)

    def long_words(self, count: int) -> np.ndarray:
        """The next 64-bit words: of two words the first is the high half."""
        halves = self.words(2 * count).astype(np.uint64)
        return (halves[0::2] << np.uint64(32)) | halves[1::2]

    def uniform(self, count: int, double: bool) -> np.ndarray:
        """The next numbers of [0, 1), float64 or float32."""
        if double:
            return (self.long_words(count) & np.uint64(2**53 - 1)).astype(np.float64) * 2.0**-53
        return (self.words(count) & np.uint32(2**24 - 1)).astype(np.float32) * np.float32(2.0**-24)


# ---- distributions: each fills an array, wherever its elements lie


def fill_uniform(array: np.ndarray, low: float = 0.0, high: float = 1.0, generator: Generator | None = None) -> None:
    """Numbers of [low, high) into a real or complex array."""
    _refuse(array, "biu", "check_uniform_bounds")
    precise = _precision(array)
    _check_uniform_bounds(low, high, precise)
    work = np.dtype(np.float64 if precise == np.float64 else np.float32).type
    start, width = work(low), work(high) - work(low)
    values = (generator or default_generator).uniform(_reals(array), work is np.float64)
    if (start, width) != (0.0, 1.0):
        values = fused_multiply_add(values, width, start)
    values = values.astype(precise)
    values[values == precise.type(high)] = precise.type(low)  # rounding up to the end would leave the range
    store(array, values)


_C_NAMES = {
    "float16": ("c10::Half", "Half"),
    "bfloat16": ("c10::BFloat16", "BFloat16"),
    "float32": ("float", "Float"),
    "float64": ("double", "Double"),
}


def _check_uniform_bounds(low: float, high: float, dtype: np.dtype) -> None:
    """PyTorch's complaints about a range, in PyTorch's order."""
    name, title = _C_NAMES[dtype.name]
    largest = _BFLOAT16_MAX if dtype.name == "bfloat16" else float(np.finfo(dtype).max)
    for label, value in (("from", low), ("to", high)):
        if not -largest <= value <= largest:
            raise RuntimeError(f"{label} is out of bounds for {name}")
    if low > high:
        raise RuntimeError(f"uniform_ expects to return a [from, to) range, but found from={low:g} > to={high:g}")
    if high - low > largest:
        raise RuntimeError(
            f"uniform_ expects to-from <= std::numeric_limits<{title}>::max(), but found to={high:g} "
            f"and from={low:g} which result in to-from to exceed the limit"
        )


def fill_normal(array: np.ndarray, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None) -> None:
    """Normal numbers into a real or complex array."""
    if not std >= 0.0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {std:g}")
    _refuse(array, "biu", "normal_kernel_cpu")
    generator = generator or default_generator
    precise, count = _precision(array), _reals(array)
    if array.dtype.kind == "c":
        std = std / math.sqrt(2.0)  # the variance is shared out between the two parts
    if count >= BLOCK and array.flags.c_contiguous:
        double = precise == np.float64
        transform = box_muller_double if double else box_muller_single
        values = np.empty(count, dtype=np.float64)
        whole = count - count % BLOCK
        # float32 and float64 draw a number for every element before they begin; the half precisions do not.
        uniform = generator.uniform(whole if precise.itemsize == 2 else count, double)
        values[:whole] = transform(uniform[:whole].reshape(-1, BLOCK)).ravel()
        if whole < count:  # the last 16 are made anew, the values of the last whole block among them
            values[-BLOCK:] = transform(generator.uniform(BLOCK, double).reshape(1, BLOCK)).ravel()
        if not double:
            values = values.astype(np.float32)
            mean, std = float(np.float32(mean)), float(np.float32(std))
        store(array, fused_multiply_add(values, std, mean))
    else:
        values = np.array(normal_one_by_one(count, generator), dtype=np.float64)
        store(array, fused_multiply_add(values, std, mean))


def normal_one_by_one(count: int, generator: Generator) -> list[float]:
    """Standard normal numbers in pairs; an odd one out is kept for the next call."""
    values: list[float] = []
    if count and generator.kept_normal is not None:
        values.append(generator.kept_normal)
        generator.kept_normal = None
    pairs = (count - len(values) + 1) // 2
    uniform = generator.uniform(2 * pairs, double=True).tolist()
    for u, v in zip(uniform[0::2], uniform[1::2], strict=True):
        radius, angle = math.sqrt(-2.0 * math.log1p(-v)), 2.0 * math.pi * u
        values.append(radius * math.cos(angle))
        values.append(radius * math.sin(angle))
    if len(values) > count:
        generator.kept_normal = values.pop()
    return values


def normal_of(
    mean: np.ndarray | float, std: np.ndarray | float, generator: Generator | None = None, values: Any = None
) -> np.ndarray:
    """What `torch.normal(mean, std)` draws where one of the two is an array: standard values, scaled, then shifted.

    They are drawn into `values` if that is given, for its type and in the order of its memory.
    """
    array = mean if isinstance(mean, np.ndarray) else std
    assert isinstance(array, np.ndarray), "two numbers need a size: fill_normal"
    if values is None:
        values = np.empty(np.broadcast_shapes(np.shape(mean), np.shape(std)), array.dtype)
    if isinstance(std, np.ndarray):
        if not np.all(std >= 0.0):
            raise RuntimeError("normal expects all elements of std >= 0.0")
        fill_normal(values, generator=generator)
        np.multiply(values, std, out=values, casting="same_kind")  # unlike fill_normal, rounded before the sum
    else:
        fill_normal(values, 0.0, std, generator)
    np.add(values, mean, out=values, casting="same_kind")
    return values


_RANGE_OF_LONG_WORDS = 2**28  # from here on the remainder of a 32-bit word would be visibly uneven

_INTEGER_NAMES = {
    "bool": "bool",
    "uint8": "unsigned char",
    "int8": "signed char",
    "int16": "short",
    "int32": "int",
    "int64": "long",
}


def fill_integers(array: np.ndarray, low: int, high: int | None, generator: Generator | None = None) -> None:
    """Integers of [low, high) into an array of any real dtype; high None is the dtype's largest, included."""
    if array.dtype.kind == "c":
        raise RuntimeError("check_random_bounds handles only integral, floating-point and boolean types")
    limit = _largest_integer(array.dtype)
    high = limit + 1 if high is None else high
    if low >= high:
        raise RuntimeError(f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")
    name = _INTEGER_NAMES.get(array.dtype.name)
    if name:
        least = 0 if array.dtype.kind in "bu" else -limit - 1
        for label, value in (("from", low), ("to - 1", high - 1)):
            if not least <= value <= limit:
                raise RuntimeError(f"{label} is out of bounds for {name}")
    generator = generator or default_generator
    width = high - low
    if width < _RANGE_OF_LONG_WORDS:
        values = generator.words(array.size).astype(np.uint64)
    else:
        values = generator.long_words(array.size)
    if width < 2**64:  # else every 64-bit word is itself an integer of the range
        values = values % np.uint64(width) + np.uint64(low % 2**64)  # modulo 2^64, as PyTorch adds
    store(array, values.view(np.int64))


def fill_any_integers(array: np.ndarray, generator: Generator | None = None) -> None:
    """What `random_()` draws: from 0 to the largest integer up to which the dtype misses none."""
    _refuse(array, "c", "random_kernel_cpu")
    generator = generator or default_generator
    limit = _largest_integer(array.dtype)
    # Unlike a range, this takes long words only for the dtypes of 64 bits.
    words = generator.long_words(array.size) if array.dtype.itemsize == 8 else generator.words(array.size)
    store(array, (words.astype(np.uint64) % np.uint64(limit + 1)).view(np.int64))


def _largest_integer(dtype: np.dtype) -> int:
    if dtype.kind == "b":
        return 1
    if dtype.name == "bfloat16":
        return 2**8
    if dtype.kind == "f":
        return int(2 ** (np.finfo(dtype).nmant + 1))
    return int(np.iinfo(dtype).max)


def fill_bernoulli(array: np.ndarray, p: float | np.ndarray = 0.5, generator: Generator | None = None) -> None:
    """Ones with probability p, else zeros; p may be an array of probabilities, broadcast to the other."""
    generator = generator or default_generator
    if not isinstance(p, np.ndarray):
        if not 0.0 <= p <= 1.0:
            raise RuntimeError(f"bernoulli_ expects p to be in [0, 1], but got p={p:g}")
        _refuse(array, "c", "bernoulli_scalar_cpu_")
        store(array, generator.uniform(array.size, double=True) < p)
        return
    _refuse(array, "c", "bernoulli_tensor_cpu_self_")
    _refuse(p, "biuc", "bernoulli_tensor_cpu_p_")
    wrong = ~((p >= 0) & (p <= 1))
    if wrong.any():
        broadcast = np.broadcast_to(wrong, array.shape).transpose(_memory_order(array)).ravel()
        generator.uniform(int(broadcast.argmax()), p.dtype == np.float64)  # those before the first wrong one were drawn
        raise RuntimeError(
            "Expected p_in >= 0 && p_in <= 1 to be true, but got false.  "
            "(Could this error message be improved?  If so, please report an enhancement request to PyTorch.)"
        )
    uniform = generator.uniform(array.size, p.dtype == np.float64)
    order = _memory_order(array)
    store(array, uniform < np.broadcast_to(p, array.shape).transpose(order).ravel())


def fill_exponential(array: np.ndarray, rate: float = 1.0, generator: Generator | None = None) -> None:
    """Waiting times of a process with so many events a unit of time."""
    if not rate > 0.0:
        raise RuntimeError(f"exponential_ expects lambda > 0.0, but found lambda={rate:g}")
    if array.size and array.dtype.kind in "biuc":
        raise RuntimeError(
            "Exponential distribution is a continuous probability distribution. "
            f"dtype must be a floating point but you specified {dtype_of(array.dtype).scalar_name}"
        )
    uniform = (generator or default_generator).uniform(array.size, double=True)
    logs = np.array([math.log1p(-u) for u in uniform.tolist()], dtype=np.float64)
    store(array, -1.0 / rate * logs)


def permutation(count: int, generator: Generator | None = None) -> np.ndarray:
    """The integers 0 to count - 1, shuffled."""
    order = list(range(count))
    if count > 1:
        # Swap i with i + (word modulo how many are left): all the words at once, then the swaps.
        left = np.arange(count, 1, -1, dtype=np.uint64)
        steps = (generator or default_generator).words(count - 1).astype(np.uint64) % left
        for i, step in enumerate(steps.tolist()):
            order[i], order[i + step] = order[i + step], order[i]
    return np.array(order, dtype=np.int64)


def fused_multiply_add(a: np.ndarray, b: np.generic | float, c: np.generic | float) -> np.ndarray:
    """a * b + c with a single rounding, as PyTorch's compiler has it."""
    if a.dtype == np.float32:
        return (a.astype(np.float64) * float(b) + float(c)).astype(np.float32)
    b, c = float(b), float(c)
    if b == 1.0 or c == 0.0:  # one of the two operations is exact
        return a * b + c
    # The products's and the sum's rounding errors are themselves float64 numbers (Dekker, Knuth).
    product = a * b
    a_high, b_high = _upper_half(a), float(_upper_half(np.float64(b)))
    a_low, b_low = a - a_high, b - b_high
    product_error = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low
    total = product + c
    part = total - product
    total_error = (product - (total - part)) + (c - part)
    return total + (total_error + product_error)


def _upper_half(x: np.ndarray | np.float64) -> np.ndarray | np.float64:
    """The first 26 bits of each float64."""
    scaled = x * 134217729.0  # 2^27 + 1
    return scaled - (scaled - x)


# ---- what is filled, and in which order


def _refuse(array: np.ndarray, kinds: str, kernel: str) -> None:
    """Raise what PyTorch raises where its kernel lacks the array's dtype."""
    if array.dtype.kind in kinds:
        name = dtype_of(array.dtype).scalar_name
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{name}'")


def _precision(array: np.ndarray) -> np.dtype:
    """The real dtype of the array's numbers."""
    return array.real.dtype if array.dtype.kind == "c" else array.dtype


def _reals(array: np.ndarray) -> int:
    """How many real numbers fill the array: a complex one takes two."""
    return array.size * 2 if array.dtype.kind == "c" else array.size


def _memory_order(array: np.ndarray) -> list[int]:
    """The axes from the longest stride to the shortest."""
    return sorted(range(array.ndim), key=lambda axis: -abs(array.strides[axis]))


def store(array: np.ndarray, values: np.ndarray) -> None:
    """Write a flat run of values into the array in the order of its memory; complex numbers from pairs."""
    if array.dtype.kind == "c":
        values = values.astype(_precision(array)).view(array.dtype)
    elif array.dtype.name in ("float16", "bfloat16"):
        values = values.astype(np.float32).astype(array.dtype)  # PyTorch rounds to these by way of float32
    view = array if array.flags.c_contiguous else array.transpose(_memory_order(array))
    view[...] = values.reshape(view.shape)


# ---- the public torch.random

default_generator = Generator()
default_generator.seed()  # two runs of an unseeded program differ, as in PyTorch


def manual_seed(seed: int) -> Generator:
    """Seed the default generator and return it."""
    return default_generator.manual_seed(int(seed))


def seed() -> int:
    """Seed the default generator by chance and return the seed."""
    return default_generator.seed()


def initial_seed() -> int:
    """The seed that the default generator started from."""
    return default_generator.initial_seed()


def get_rng_state() -> Any:
    """The default generator's state as a tensor of bytes."""
    return default_generator.get_state()


def set_rng_state(new_state: Any) -> None:
    """Put the default generator into a state that get_rng_state() returned."""
    default_generator.set_state(new_state)


@contextlib.contextmanager
def fork_rng(devices: Any = None, enabled: bool = True) -> Iterator[None]:
    """What is drawn inside leaves the default generator outside as it was."""
    if not enabled:
        yield
        return
    state = default_generator.state_bytes()
    try:
        yield
    finally:
        default_generator.set_state_bytes(state)
