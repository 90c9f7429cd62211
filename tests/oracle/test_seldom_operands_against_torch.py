"""Operators on operands that are seldom met: rows and columns that lie otherwise, other types, numbers that are not finite.

What is compared: the error, or type, shape, strides, values, versions and warnings of results, gradients and tangents.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import numtorch  # noqa: E402
import numtorch.autograd.forward_ad  # noqa: E402
import numtorch.func  # noqa: E402
import numtorch.nn.functional  # noqa: E402

pytestmark = pytest.mark.usefixtures("every_warning")

INF, NAN = float("inf"), float("nan")


class Near:
    """Numbers that are equal if they are near; nan is nan."""

    def __init__(self, tensor: Any):
        self.numbers = np.array(tensor.tolist())

    def __eq__(self, other: object) -> bool:
        assert isinstance(other, Near)
        pairs = [(x.real, x.imag) for x in (self.numbers, other.numbers)]
        with np.errstate(all="ignore"):
            return all(np.allclose(a, b, rtol=5e-3, atol=1e-5, equal_nan=True) for a, b in zip(*pairs, strict=True))

    def __repr__(self) -> str:
        return str(self.numbers)


def seen(value: Any) -> Any:
    """What is compared of a result."""
    if isinstance(value, (tuple, list)):
        return tuple([seen(part) for part in value])
    if not hasattr(value, "stride"):
        return value
    numbers = Near(value) if not hasattr(value, "_is_zerotensor") or not value._is_zerotensor() else "zeros"
    return str(value.dtype), tuple(value.shape), value.stride(), value._version, numbers


def outcome(function: Callable[[Any], Any], lib: Any) -> Any:
    """What a function of a library returns, with its warnings, or what it raises."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = seen(function(lib))
        except Exception as error:
            return type(error).__name__, str(error).partition("\nException raised")[0].strip()
    told = [str(w.message).partition(" (Triggered")[0] for w in caught if w.category is UserWarning]
    return result, told


def agree(function: Callable[[Any], Any], what: object) -> None:
    """Assert that both libraries show the same."""
    assert outcome(function, numtorch) == outcome(function, torch), what


def dual(lib: Any, function: Callable[[Any], Any], x: Any) -> Any:
    """The result of a dual number and its tangent."""
    forward = lib.autograd.forward_ad
    with forward.dual_level():
        return tuple(forward.unpack_dual(function(forward.make_dual(x, x.clone()))))


# ---- layouts: strides of dimensions of size 1, and of none

LAYOUTS: dict[str, Callable[[Any], Any]] = {
    "one of two": lambda lib: lib.arange(2.0)[::2],
    "column seen as a row": lambda lib: lib.arange(3.0).reshape(3, 1).t(),
    "batch of one": lambda lib: lib.arange(6.0).reshape(2, 3, 1).permute(2, 0, 1),
    "row of two": lambda lib: lib.arange(6.0).reshape(2, 3)[::2],
    "transposed": lambda lib: lib.arange(6.0).reshape(3, 2).t(),
    "permuted": lambda lib: lib.arange(8.0).reshape(2, 2, 2).permute(1, 2, 0),
    "no column": lambda lib: lib.zeros(2, 0).t(),
}
LAID_OUT = """
x.abs() | x.isinf() | x.isfinite() | x.sin() | x.log1p() | x.frac() | x.expm1() | x * x | x * x.detach() | x * 2 | x / (x + 1)
x.lerp(x, .5) | x.pow(2) | x.pow(x) | x.copysign(1) | x.atan2(x + 1) | x.fmod(2) | x.remainder(2) | x.clamp(0, 1)
x.float_power(2) | x.xlogy(x + 1) | x.masked_fill(x > 1, 0) | torch.where(x > 1, x, 0) | x.reciprocal() | x.sigmoid()
F.softsign(x) | F.tanhshrink(x) | F.softplus(x) | F.mse_loss(x, x.detach() + 1) | F.soft_margin_loss(x, x.detach())
F.soft_margin_loss(x, x.detach().contiguous(), reduction='none') | F.huber_loss(x, x.detach() + 3)
torch.cdist(x, x[..., :1, :]) | torch.cdist(x[..., :1, :], x, 1.) | x.roll(1) | x.tril()
x.index_select(0, j) | x.unfold(0, 1, 1)
"""


def expressions(text: str) -> list[str]:
    return [one.strip() for line in text.strip().splitlines() for one in line.split(" | ")]


@pytest.mark.parametrize("text", expressions(LAID_OUT))
def test_a_result_and_its_derivatives_lie_where_pytorchs_do(text: str) -> None:
    code = compile(text, text, "eval")

    def value(lib: Any, x: Any) -> Any:
        return eval(code, {"torch": lib, "F": lib.nn.functional, "x": x, "j": lib.tensor([0])})

    def backward(lib: Any, x: Any, way: str) -> Any:
        x = x.detach().requires_grad_()
        y = value(lib, x)
        if not y.requires_grad:
            return None
        if way == "graph":
            return lib.autograd.grad(y, x, lib.ones_like(y), create_graph=True)[0].detach()
        (y.sum().real if way == "sum" else y).backward(None if way == "sum" else lib.ones_like(y))
        return x.grad

    for name, layout in LAYOUTS.items():
        for kind in ("float32", "complex64"):

            def operand(lib: Any, kind: str = kind, layout: Any = layout) -> Any:
                x = layout(lib)
                return x if kind == "float32" else x.to(lib.complex64)

            agree(lambda lib: value(lib, operand(lib)), (name, kind))
            for way in ("sum", "seed", "graph"):
                agree(lambda lib: backward(lib, operand(lib), way), (name, kind, way))  # noqa: B023
            agree(lambda lib: dual(lib, lambda x: value(lib, x), operand(lib)), (name, kind, "dual"))


def test_a_tangent_lies_in_memory_of_its_own_of_the_size_of_its_primals() -> None:
    def frac(lib: Any) -> Any:
        forward = lib.autograd.forward_ad
        with forward.dual_level():
            x = forward.make_dual(lib.arange(6.0).reshape(2, 3)[::2], lib.ones(1, 3))
            return tuple(forward.unpack_dual(x)), tuple(forward.unpack_dual(x.frac()))

    agree(frac, "frac")


# ---- types that are mixed

TYPES = ("float16", "bfloat16", "float32", "float64", "complex64", "int64", "bool")
NORMS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "layer": lambda F, x, w: F.layer_norm(x, x.shape[-1:], w),
    "rms": lambda F, x, w: F.rms_norm(x, x.shape[-1:], w),
    "group": lambda F, x, w: F.group_norm(x, 1, w),
    "batch": lambda F, x, w: F.batch_norm(x, None, None, w, training=True),
    "batch's bias": lambda F, x, w: F.batch_norm(x, None, None, None, w, training=True),
    "batch that is not trained": lambda F, x, w: F.batch_norm(x, w, w),
}


@pytest.mark.parametrize("name", NORMS)
@pytest.mark.parametrize("shape", [(3, 2), (0, 2), (0,)])
def test_a_normalization_takes_the_types_that_pytorchs_takes(name: str, shape: tuple[int, ...]) -> None:
    norm = NORMS[name]
    for kind, of_weight in itertools.product(TYPES, (*TYPES, "")):
        if {kind, of_weight} >= {"float16", "complex64"} and 0 in shape:
            continue  # complex numbers of half precision, which NumPy does not have

        def call(lib: Any, graph: bool | None, kind: str = kind, of_weight: str = of_weight) -> Any:
            x = (lib.arange(6).reshape(3, 2) ** 2 % 7).to(getattr(lib, kind)) if shape == (3, 2) else None
            x = lib.zeros(shape, dtype=getattr(lib, kind)) if x is None else x
            width = shape[-1]
            weight = lib.arange(1, width + 1).to(getattr(lib, of_weight)) if of_weight else None
            if graph is None:
                return norm(lib.nn.functional, x, weight)
            if not kind.startswith(("float", "bf", "complex")):
                return None
            y = norm(lib.nn.functional, x.requires_grad_(), weight)
            return lib.autograd.grad(y, x, lib.ones_like(y), create_graph=graph)[0].detach()

        for graph in (None, False, True):
            agree(lambda lib: call(lib, graph), (kind, of_weight, graph))  # noqa: B023


MIXED = """
torch.cdist(x.view(1, 3), y.view(1, 3)) | torch.cdist(x[:0].view(0, 3), y.view(1, 3))
torch.cdist(x.view(1, 3), y[:0].view(0, 3), 1.)
torch.heaviside(x, y) | F.mse_loss(x, y) | F.smooth_l1_loss(x, y) | torch.cat([x[:0], y[:0]]) | x.var(0, correction=5)
x.std(0, correction=3) | x[:1].std() | x.to(y.dtype) | torch.outer(x, y) | torch.kron(x, y) | F.l1_loss(x, y)
"""


@pytest.mark.parametrize("text", expressions(MIXED))
def test_types_are_mixed_as_pytorch_mixes_them(text: str) -> None:
    code = compile(text, text, "eval")
    for kind, other in itertools.product(TYPES, TYPES):
        if {kind, other} >= {"float16", "complex64"} and "cat" in text:
            continue

        def call(lib: Any, way: str, kind: str = kind, other: str = other) -> Any:
            def value(x: Any) -> Any:
                return eval(code, {"torch": lib, "F": lib.nn.functional, "x": x, "y": y})

            x, y = lib.tensor([1, 0, 3]).to(getattr(lib, kind)), lib.tensor([1, 1, 2]).to(getattr(lib, other))
            if way == "value":
                return value(x)
            if not kind.startswith(("float", "bf", "complex")):
                return None
            if way == "dual":
                return dual(lib, value, x)
            result = value(x.requires_grad_())
            result.backward(lib.ones_like(result))
            return result.detach(), x.grad

        for way in ("value", "dual", "backward"):
            agree(lambda lib: call(lib, way), (kind, other, way))  # noqa: B023


# ---- complex numbers that are not finite

PARTS = (0.0, -0.0, 1.0, -2.0, 0.5, INF, -INF, NAN)


def numbers(lib: Any, pairs: list[tuple[float, float]]) -> Any:
    """Complex numbers of these parts."""
    return lib.complex(*[lib.tensor([pair[i] for pair in pairs], dtype=lib.float64) for i in (0, 1)])


@pytest.mark.parametrize("exponent", [*itertools.product(PARTS, PARTS), 4, -3, 1.5, 2 + 1j])
def test_a_power_of_what_is_not_finite_is_cs(exponent: Any) -> None:
    bases = list(itertools.product(PARTS, PARTS))

    def power(lib: Any) -> Any:
        return numbers(lib, bases) ** (numbers(lib, [exponent]) if isinstance(exponent, tuple) else exponent)

    agree(power, exponent)
    if not isinstance(exponent, tuple):
        agree(lambda lib: exponent ** numbers(lib, bases), exponent)


def test_nan_to_num_puts_numbers_in_either_part_of_a_complex_number() -> None:
    pairs = list(itertools.product(PARTS, PARTS))
    for options in ({}, {"nan": 1.5}, {"posinf": 7.0}, {"neginf": -3.0, "nan": 2.0}):
        agree(lambda lib: replaced(lib, pairs, options), options)  # noqa: B023


def replaced(lib: Any, pairs: list[tuple[float, float]], options: dict[str, float]) -> Any:
    x = numbers(lib, pairs).to(lib.complex64).requires_grad_()
    y = lib.nan_to_num(x, **options)
    return y.detach(), lib.autograd.grad(y, x, lib.ones_like(y))[0]


# ---- batches of numbers and of vectors

VIEWS = """
x.t() | x.transpose(0, 0) | x.swapaxes(0, 0) | x.permute(tuple(range(x.dim()))) | x.movedim(0, 0) | x.T
x.mT | x.unfold(0, 1, 1)
x.roll(1) | x.roll(-1) | x.squeeze() | x.unsqueeze(0) | x.view(x.shape) | x.expand(x.shape) | x.ravel() | x.narrow(0, 0, 1)
"""


@pytest.mark.parametrize("text", expressions(VIEWS))
def test_a_batch_of_small_elements_shares_what_pytorchs_shares(text: str) -> None:
    code = compile(text, text, "eval")

    def shares(one: Any, other: Any) -> Any:
        return one is other, one.data_ptr() == other.data_ptr(), one.stride(), one._is_view(), one.tolist()

    def vmapped(lib: Any, shape: tuple[int, ...]) -> Any:
        batch = lib.ones(2, *shape).cumsum(0)
        return shares(lib.func.vmap(lambda x: eval(code, {"x": x, "torch": lib}))(batch), batch)

    def batched(lib: Any, shape: tuple[int, ...]) -> Any:
        x = lib.ones(shape).requires_grad_()
        y = eval(code, {"x": x, "torch": lib})
        seeds = lib.ones(2, *y.shape).cumsum(0)
        return shares(lib.autograd.grad(y, x, seeds, is_grads_batched=True)[0], seeds)

    for shape in ((), (1,), (2,), (1, 2)):
        if "narrow" in text and not shape:
            continue
        agree(lambda lib: vmapped(lib, shape), (shape, "vmap"))  # noqa: B023
        agree(lambda lib: batched(lib, shape), (shape, "batched"))  # noqa: B023


# ---- indices into nothing

INDEXED = """
x.index_select(0, i) | x.take(i) | x.put(i, y) | x.index_put((i,), y) | x.index_add(0, i, y) | x.gather(0, i)
x.clone().__setitem__(i, y)
"""


@pytest.mark.parametrize("text", expressions(INDEXED))
def test_an_index_into_nothing_is_refused_in_pytorchs_words(text: str) -> None:
    for shape, places, values in itertools.product([(), (0,), (0, 2), (2,)], [(), (1,), (2,)], [(), (1,)]):

        def call(lib: Any, shape: Any = shape, places: Any = places, values: Any = values) -> Any:
            given = {"i": lib.zeros(places, dtype=lib.int64), "y": lib.ones(values), "x": lib.ones(shape)}
            return eval(text, given)

        agree(call, (shape, places, values))


# ---- attention over one tensor


@pytest.mark.parametrize("sizes", [(1, 1, 3, 4), (1, 2, 3, 4), (2, 1, 3, 4)])
def test_gradients_of_attention_are_added_up_in_their_memory(sizes: tuple[int, ...]) -> None:
    def attend(lib: Any) -> Any:
        x = (lib.arange(float(np.prod(sizes))) % 5).reshape(sizes).requires_grad_()
        lib.nn.functional.scaled_dot_product_attention(x, x, x.detach()).sum().backward()
        return x.grad

    agree(attend, sizes)


def test_a_convolution_of_what_is_no_tensor_is_refused_for_all_its_signatures() -> None:
    for name in ("conv1d", "conv2d", "conv3d"):
        agree(lambda lib: getattr(lib.nn.functional, name)(None, lib.ones(1, 1, 3), padding=1), name)  # noqa: B023


# ---- divisions by zero in place, and what is refused


@pytest.mark.parametrize(
    "text", ["x.div_(y, rounding_mode='trunc')", "x.div_(y, rounding_mode='floor')", "x.__ifloordiv__(y)", "x.fmod_(y)"]
)
def test_a_division_in_place_has_written_what_comes_before_the_zero(text: str) -> None:
    for kind, divisors in itertools.product(("int64", "float32"), ([[2, 1, 3], [2, 0, 1]], [2, 0, 1], 0)):
        for turned in (False, True):

            def divide(lib: Any, kind: str = kind, divisors: Any = divisors, turned: bool = turned) -> Any:
                x = lib.arange(6).to(getattr(lib, kind))
                x = x.reshape(3, 2).t() if turned else x.reshape(2, 3)
                try:
                    eval(text, {"x": x, "y": lib.tensor(divisors, dtype=x.dtype)})
                except RuntimeError as error:
                    return x, str(error)
                return x

            agree(divide, (kind, divisors, turned))


@pytest.mark.parametrize(
    "text", ["x.where(m, None)", "x.where(None, 1)", "x.where(m, 'a')", "x.where(m, 1)", "x.where(m, x)"]
)
def test_where_as_a_method_refuses_what_pytorchs_parser_refuses(text: str) -> None:
    agree(lambda lib: eval(text, {"x": lib.ones(2), "m": lib.ones(2) > 0}), text)


def test_in_place_heaviside_and_a_filling_number_meet_tangents_first() -> None:
    def heaviside(lib: Any) -> Any:
        return dual(lib, lambda x: x.heaviside_(lib.ones(3, dtype=lib.float64)), lib.ones(3))

    def filled(lib: Any) -> Any:
        x = lib.ones(3, dtype=lib.float64)
        return dual(lib, lambda value: x.masked_fill(x > 0, value[0]), lib.ones(3))

    agree(heaviside, "heaviside_")
    agree(filled, "masked_fill")


def test_rms_norm_casts_what_it_has_laid_out() -> None:
    def graph(lib: Any) -> Any:
        x = lib.arange(6.0).half().reshape(2, 3).t().detach().requires_grad_()
        y = lib.nn.functional.rms_norm(x, [2])
        return y.detach(), type(y.grad_fn).__name__, type(y.grad_fn.next_functions[0][0]).__name__

    agree(graph, "rms_norm")


@pytest.mark.parametrize(
    "name", ["logit", "softplus", "gelu", "elu", "hardswish", "logsigmoid", "softsign", "xlogy", "rsqrt"]
)
def test_a_gradient_of_zeros_without_memory_is_a_number_to_a_kernel(name: str) -> None:
    def gradient(lib: Any) -> Any:
        x = lib.tensor([0.0, 1.0, 0.5, 2.0, INF, NAN]).requires_grad_()
        function = getattr(lib, name, None) or getattr(lib.nn.functional, name)
        y = function(x, 2.0) if name == "xlogy" else function(x)
        return lib.autograd.grad(y.sgn(), x, lib.ones(6))[0]

    agree(gradient, name)


def test_gradients_of_what_was_joined_are_cast_as_they_lie() -> None:
    for join, dim, kind in itertools.product(("cat", "stack"), (0, 1), ("float16", "float64", "complex64")):

        def joined(lib: Any, join: str = join, dim: int = dim, kind: str = kind) -> Any:
            x, y = lib.ones(1, 1, 3).requires_grad_(), lib.ones(1, 1, 3, dtype=getattr(lib, kind)).requires_grad_()
            together = getattr(lib, join)([x, y], dim)
            together.backward(lib.ones_like(together))
            return x.grad, y.grad

        agree(joined, (join, dim, kind))


# ---- numbers that a type of integers does not hold

NUMBERS = (0, 1, -1, 2, 127, 128, 255, 256, 300, -128, -129, 40000, 2**31, 2**40, -(2**40), 0.5, -1.5)
BESIDE_A_NUMBER = """
x.clamp(n) | x.clamp(max=n) | x.clamp_min(n) | x.clamp_max(n) | x.remainder(n) | x.fmod(n) | x // n | n - x | x.pow(n)
F.threshold(x, 1, n)
"""


@pytest.mark.parametrize("text", expressions(BESIDE_A_NUMBER))
def test_a_number_beyond_a_type_wraps_or_is_refused_as_pytorch_has_it(text: str) -> None:
    for kind, number in itertools.product(("uint8", "int8", "int16", "int32", "int64"), NUMBERS):

        def call(lib: Any, kind: str = kind, number: Any = number) -> Any:
            x = lib.tensor([1, 0, 3], dtype=getattr(lib, kind))
            return eval(text, {"x": x, "n": number, "F": lib.nn.functional})

        agree(call, (kind, number))


# ---- powers that are no roots


@pytest.mark.parametrize("kind", ["float16", "bfloat16"])
@pytest.mark.parametrize("exponent", [0, 0.5, -0.5, 1, 1.5, 2, -1, 3])
def test_a_power_of_float16_has_no_short_cut(kind: str, exponent: float) -> None:
    for number in (-0.0, 0.0, -INF, INF, NAN, 2.0, -1.0, -2.5):

        def powers(lib: Any, number: float = number) -> Any:
            x = lib.tensor([number], dtype=getattr(lib, kind)).requires_grad_()
            y = x.pow(exponent)
            y.backward()
            return y, x.detach().clone().pow_(exponent), 1 / y, x.grad

        agree(powers, number)
