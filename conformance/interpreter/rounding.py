"""PyTorch with every operation off by a rounding: how far a result moves then is how far an honest one may be off.

Inside `rounded`, each operation of ATen gives its result in float64 moved by one unit in the last place of a coarser dtype,
up or down by a seed; so do the operations of a backward. (Known from stochastic arithmetic: CESTAC, Verrou.) What is exact
stays as it is: a result that the coarser dtype holds, and what only moves or chooses elements. Two equal results of one
operator are moved alike, since up or down hangs on the value: such a tie stays a tie, and only one of two ways is broken.

========== =================================================================================================================
pointwise  the result is moved; that of a function (a logarithm, unlike a product, is nowhere said to the last bit) even if it
           is exact, 0 and 1 excepted
uneven     of a function that is steep beside its own size (lgamma near a root, logit near 1/2), or that adds within itself
           (addcmul, lerp, layer_norm), the operands are moved as well, each on its own, exact ones included
sums       the result is moved by one unit of the sum of its terms' magnitudes, or of n terms by n/16: a sum in any order is
           at most n/2 off, and eight times what a number moves is what the judge allows; so are gelu and the gradient of
           tanh, of which one term is 1
the others the operands are moved, and the result: an algorithm that is backward stable does no worse. Where a matrix is
           inverted or decomposed, exact operands are moved, too: its condition shows in nothing else.
nothing    the sign of a nan that was computed, and that of a zero that was chosen among zeros (maximum, sort) or summed, is
           one or the other by the seed: PyTorch itself has that of the place in a vector register. What hangs on it blames
           nobody.
in place   as the operator that writes nothing
layout     every second seed gives the operands with gaps between their elements, which PyTorch computes one by one: its
           loops over vectors answer otherwise for a nan now and then (the backward of hardtanh), and not at the end of a row
========== =================================================================================================================

Where the result is not finite, or the operation raises if its operands are moved, it stays as it is: a pole is one.

Only for PyTorch, whose operations can be met one by one (`TorchDispatchMode`). Nothing here imports it before it is needed.
"""

from __future__ import annotations

import functools
import hashlib
import math
from typing import Any

from conformance.numbers import EPSILON

_NARROW = {"complex64": "float32", "complex128": "float32", "float64": "float32", "complex32": "float16"}
"""What holds a number exactly if it is of these: of float64 the numbers that were not rounded are, nearly always, those of
float32."""

_EXACT = frozenset(
    # what makes, moves and fills
    ["_reshape_alias", "_to_copy", "_unsafe_view", "alias", "arange", "as_strided_scatter", "cat", "clone", "constant_pad_nd"]
    + ["copy", "copy_", "diag_embed", "diagonal_scatter", "embedding", "empty", "empty_like", "empty_strided", "expand_copy"]
    + ["eye", "fill", "fill_", "flip", "full", "full_like", "gather", "index", "index_copy", "index_fill", "index_select"]
    + ["lift_fresh", "masked_fill", "masked_fill_", "masked_scatter", "masked_select", "new_empty", "new_empty_strided"]
    + ["new_full", "new_ones", "new_zeros", "ones", "ones_like", "repeat", "resolve_conj", "resolve_neg", "roll", "rot90"]
    + ["scalar_tensor", "select_backward", "select_scatter", "set_", "slice_backward", "slice_scatter", "stack", "take"]
    + ["tril", "tril_", "triu", "triu_", "zero_", "zeros", "zeros_like", "unfold_backward", "diagonal_backward", "_conj_copy"]
    # what chooses
    + ["abs", "abs_", "amax", "amin", "aminmax", "ceil", "ceil_", "clamp", "clamp_", "clamp_max", "clamp_max_", "clamp_min"]
    + ["clamp_min_", "copysign", "cummax", "cummin", "floor", "floor_", "fmax", "fmin", "hardtanh", "heaviside", "kthvalue"]
    + ["max", "maximum", "median", "min", "minimum", "mode", "nan_to_num", "nanmedian", "neg", "neg_", "relu", "relu_"]
    + ["round", "round_", "sgn", "sgn_", "sign", "sign_", "sort", "threshold", "threshold_", "threshold_backward", "topk"]
    + ["trunc", "trunc_", "value_selecting_reduction_backward", "where", "bernoulli", "bernoulli_", "native_dropout"]
)  # fmt: skip
"""Operators that round nothing."""


def _reduced(args: Any, result: Any) -> float:
    return float(args[0].numel() / max(result.numel(), 1))


def _of(operand: int) -> Any:
    return lambda args, _: args[operand].shape[-1] if args[operand].dim() else 1


_SUMS = {
    "sum": _reduced,
    "mean": _reduced,
    "nansum": _reduced,
    "trace": _reduced,
    "dot": _of(0),
    "vdot": _of(0),
    "mv": _of(0),
    "mm": _of(0),
    "bmm": _of(0),
    "addmv": _of(1),
    "addmm": _of(1),
    "baddbmm": _of(1),
    "addbmm": lambda args, _: args[1].shape[0] * args[1].shape[-1],
    "cumsum": lambda args, _: max(args[0].shape, default=1),
}
"""Operators that add products or numbers, with how many terms each sum has."""


_WITH_MEANS = ("var_mean", "std_mean")
"""Operators whose second result is a mean, which is off by a unit of the magnitudes that it is made of."""

_UNEVEN = frozenset(
    [
        "lgamma",
        "digamma",
        "polygamma",
        "mvlgamma",
        "logit",
        "sinc",
        "special_zeta",
        "log_sigmoid_forward",
        "gelu",
        "erfinv",
    ]
    + [
        "addcmul",
        "addcdiv",
        "lerp",
        "addr",
        "acosh",
        "special_ndtri",
        "special_log_ndtr",
        "logaddexp",
        "logaddexp2",
        "xlogy",
    ]
    + ["special_xlog1py", "gelu_backward", "logit_backward", "rsub", "cross", "mish", "mish_backward", "silu_backward"]
    + [
        "convolution",
        "convolution_backward",
        "native_layer_norm",
        "native_layer_norm_backward",
        "native_group_norm",
    ]
    + ["native_group_norm_backward", "native_batch_norm", "native_batch_norm_backward", "_fused_rms_norm"]
    + [f"{kind}_pad{dims}d_backward" for kind in ("reflection", "replication") for dims in (1, 2, 3)]
)
"""Functions whose error is no part of their result: of those that add within themselves, and near a root."""

_BESIDE_ONE = {"gelu": 0, "gelu_backward": 0, "tanh_backward": 0}
"""Functions that add something to 1 within themselves, which may leave hardly anything of it, and of which operand that is a
factor: the result is off by a unit of that operand."""

_DETERMINED = frozenset(
    [
        "add",
        "sub",
        "rsub",
        "mul",
        "div",
        "sqrt",
        "square",
        "reciprocal",
        "pow",
        "fmod",
        "remainder",
        "frac",
        "floor_divide",
    ]
    + ["addcmul", "addcdiv", "lerp", "hypot", "ldexp", "leaky_relu", "leaky_relu_backward", "hardsigmoid", "hardswish"]
    + ["hardsigmoid_backward", "hardswish_backward", "rsqrt", "deg2rad", "rad2deg", "angle", "nextafter"]
)
"""Pointwise operators of which what is exact is exact everywhere: arithmetic."""

_CHOOSING = frozenset(
    [
        "amax",
        "amin",
        "aminmax",
        "max",
        "min",
        "maximum",
        "minimum",
        "fmax",
        "fmin",
        "sort",
        "topk",
        "kthvalue",
        "median",
    ]
    + ["nanmedian", "mode", "cummax", "cummin", "clamp", "clamp_min", "clamp_max", "relu", "hardtanh"]
)
"""Operators that choose among equal numbers, and 0 and -0 are."""

_ELIMINATING = (
    "linalg",
    "_linalg",
    "inverse",
    "lu_",
    "cholesky",
    "triangular_solve",
    "matrix_exp",
    "pinverse",
    "_fft_",
)
"""Operators whose error is one of the whole matrix, or signal: a small element is as far off as a large one."""


def rounded(seed: int, dtype: str) -> Any:
    """A context in which PyTorch's operations are off by a unit in the last place of `dtype`."""
    return _mode()(seed, dtype)


@functools.cache
def _odd(seed: int, name: str) -> int:
    """A large odd number of a seed and an operator."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{name}".encode()).digest()[:7], "big") | 1


@functools.cache
def _mode() -> Any:
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode

    class Rounded(TorchDispatchMode):  # type: ignore[misc]
        def __init__(self, seed: int, dtype: str) -> None:
            super().__init__()
            self.unit = EPSILON[dtype]
            self.narrow = getattr(torch, _NARROW.get(dtype, dtype))
            self.seed, self.factor = seed, 1

        @classmethod
        def _should_skip_dynamo(cls) -> bool:
            # It would keep the compiler out of what is within, and import all of it for that: two seconds of every process.
            # Nothing here is compiled.
            return False

        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            kwargs = kwargs or {}
            name = func.overloadpacket.__name__
            self.factor = _odd(self.seed, name.rstrip("_"))
            returns = func._schema.returns
            is_view = any(one.alias_info is not None and not one.alias_info.is_write for one in returns)
            if is_view:
                return func(*args, **kwargs)
            writes = any(one.alias_info is not None for one in func._schema.arguments)
            if name in _EXACT:
                chooses = not writes and torch.Tag.pointwise in func.tags
                result = self.one_by_one(func, args, kwargs) if chooses else func(*args, **kwargs)
                if name.rstrip("_") in _CHOOSING:
                    self.signs(result)
                return result
            if name in _SUMS and not writes:
                result = func(*args, **kwargs)
                self.move(result, self.slack(func, name, args, kwargs, result))
                self.signs(result)
                return result
            if writes and (written := self.written(func, name, types, args, kwargs)) is not None:
                return written
            pointwise = torch.Tag.pointwise in func.tags
            eliminates = name.startswith(_ELIMINATING)
            whole = eliminates or name.rstrip("_") in _UNEVEN
            if not writes and (whole or not pointwise):
                result = self.over_moved(func, args, kwargs, whole=whole, by_the_largest=eliminates)
            else:
                result = func(*args, **kwargs) if writes else self.one_by_one(func, args, kwargs)
            determined = not pointwise or name.rstrip("_") in _DETERMINED
            for one in result if isinstance(result, tuple | list) else (result,):
                if _rounds(one):
                    self.move(one, self.by(one, by_the_largest=eliminates, whole=not determined))
            if name in _BESIDE_ONE:
                self.move(result, self.beside_one(args[_BESIDE_ONE[name]], args[-1]))
            if name in _WITH_MEANS:
                terms = func(*[one.abs() if _rounds(one) else one for one in args], **kwargs)[1]
                self.move(result[1], terms * self.unit * self.side(result[1]))
            self.signs(result, zeros=False)
            return result

        def written(self, func: Any, name: str, types: Any, args: Any, kwargs: Any) -> Any:
            """What the operator that writes nothing gives, written: what is off is the terms, which are gone when it has run.

            None if nothing is to be said of its terms, if there is no such operator, or if it gives what is written otherwise.
            """
            base = name.removesuffix("_")
            pointwise = torch.Tag.pointwise in func.tags and base not in _UNEVEN
            if pointwise or base in _EXACT or torch.Tag.nondeterministic_seeded in func.tags:
                return None
            target = kwargs.get("out", args[0] if name != base else None)
            overload = func._overloadname.removesuffix("out").removesuffix("_") or "default"
            function = getattr(getattr(torch.ops.aten, base, None), overload, None)
            if function is None or not isinstance(target, torch.Tensor):
                return None
            rest = {key: one for key, one in kwargs.items() if key != "out"}
            try:
                result = self.__torch_dispatch__(function, types, args, rest)
            except (RuntimeError, TypeError):
                return None
            if not isinstance(result, torch.Tensor) or (result.shape, result.dtype) != (target.shape, target.dtype):
                return None
            return target.copy_(result)

        def over_moved(self, func: Any, args: Any, kwargs: Any, *, whole: bool, by_the_largest: bool) -> Any:
            """The operation over moved operands; as it is where the result is not finite, or if it raises only then."""
            if not whole:
                return self.one_by_one(func, [self.moved(one) for one in args], kwargs)
            # By gaps too: the gradient of logit at -0 is -inf by a loop over vectors, and inf one by one.
            pointwise = torch.Tag.pointwise in func.tags
            result = self.one_by_one(func, args, kwargs) if pointwise else func(*args, **kwargs)
            moved = []
            for place, one in enumerate(args):  # each on its own: of n * w + b, w and b may be the same tensor
                self.factor = _odd(self.seed, f"{func.overloadpacket.__name__}/{place}")
                moved.append(self.moved(one, whole=True, by_the_largest=by_the_largest))
            try:
                other = func(*moved, **kwargs)
            except RuntimeError:
                return result
            several = isinstance(result, tuple | list)
            pairs = zip(result, other, strict=True) if several else ((result, other),)
            for one, moved_one in pairs:
                if _rounds(one) and one.shape == moved_one.shape:
                    one.copy_(torch.where(one.isfinite() & moved_one.isfinite(), moved_one, one))
            return result

        def one_by_one(self, func: Any, args: Any, kwargs: Any) -> Any:
            """The operation, by every second seed over operands with gaps."""
            if self.seed % 2:
                try:
                    return func(*[_with_gaps(one) for one in args], **kwargs)
                except RuntimeError:
                    pass  # one that asks for another layout
            return func(*args, **kwargs)

        def signs(self, result: Any, *, zeros: bool = True) -> None:
            """Gives nans, and zeros, a sign of the seed's: in a chain of operations the last one's counts.

            (Turned instead, the sign would be as it was behind every second operation of a chain.)
            """
            for one in result if isinstance(result, tuple | list) else (result,):
                if _rounds(one) and not one.is_complex():
                    odd = one.isnan() | (one == 0) if zeros else one.isnan()
                    if odd.any():
                        one.copy_(torch.where(odd, -one.abs() if self.seed % 2 else one.abs(), one))

        def slack(self, func: Any, name: str, args: Any, kwargs: Any, result: Any) -> Any:
            """How far a sum may be off, towards the side that its value says."""
            if not _rounds(result):
                return None
            scales = {key: abs(one) if key in ("alpha", "beta") else one for key, one in kwargs.items()}
            terms = func(*[one.abs() if _rounds(one) else one for one in args], **scales)
            terms = terms.clamp(max=torch.finfo(terms.dtype).max)  # of numbers that overflow in no order but this
            grains = [_grain(one) for one in args if _rounds(one)]
            finest = grains[0] if len(grains) == 1 else min([sum(grains[-2:]), *grains[:-2]])
            grain = 2.0 ** min(finest, 1000.0)  # of nothing but zeros there is none: everything is a multiple
            exact = (terms.to(self.narrow).to(terms.dtype) == terms) & (terms < grain / self.unit)
            units = max(float(_SUMS[name](args, result)) / 16, 1.0)
            return torch.where(exact, 0.0, terms * (self.unit * units)) * self.side(result)

        def beside_one(self, factor: Any, x: Any) -> Any:
            """How far a multiple of 1 + f(x) is off where f(x) is near to -1: 0 and 1 excepted, of which f is exact."""
            exact = (x == 0) | (x.abs() == 1)
            return torch.where(exact, 0.0, factor.abs() * self.unit) * self.side(factor)

        def moved(self, value: Any, **how: bool) -> Any:
            if isinstance(value, list | tuple):
                return type(value)([self.moved(one, **how) for one in value])
            return value + self.by(value, **how) if _rounds(value) else value

        def by(self, value: Any, *, by_the_largest: bool = False, whole: bool = False) -> Any:
            """How far a number is moved; `whole`: exact numbers, too, but for 0 and 1."""
            plain = torch.view_as_real(value.resolve_conj()) if value.is_complex() else value
            if whole:
                exact = (
                    torch.zeros_like(plain, dtype=torch.bool) if by_the_largest else (plain.abs() == 1) | (plain == 0)
                )
            else:
                exact = plain.to(self.narrow).to(plain.dtype) == plain
            size = plain.abs().max() if by_the_largest else plain.abs()
            amount = torch.where(exact, 0.0, size * self.unit) * self.side(plain, by_place=by_the_largest and whole)
            return torch.view_as_complex(amount) if value.is_complex() else amount

        def side(self, value: Any, *, by_place: bool = False) -> Any:
            """1 or -1 for each number, the same for the same number; `by_place`: for the same number in the same place."""
            plain = value.real if value.is_complex() else value
            if by_place:  # rows of a matrix that are alike are no tie
                plain = plain.double() + torch.arange(plain.numel()).reshape(plain.shape) * math.pi
            bits = plain.double().contiguous().view(torch.int64)
            mixed = bits * self.factor
            mixed = (mixed ^ (mixed >> 31)) * 0x369DEA0F31A53F85
            return ((mixed >> 40) & 1) * 2 - 1

        def move(self, value: Any, by: Any) -> None:
            if by is not None:
                value.add_(torch.where(by.isfinite(), by, 0.0))

    def _rounds(value: Any) -> bool:
        if not isinstance(value, torch.Tensor) or not (value.is_floating_point() or value.is_complex()):
            return False
        # Neither zeros without memory nor a meta tensor, of which an operator's decomposition asks the shape, has numbers.
        return value.numel() > 0 and not value._is_zerotensor() and not value.is_meta

    def _with_gaps(value: Any) -> Any:
        if not _rounds(value) or not value.dim():
            return value
        return torch.empty((*value.shape, 2), dtype=value.dtype)[..., 0].copy_(value)

    def _grain(value: Any) -> float:
        """The largest power of two of which all elements are multiples, as its exponent."""
        plain = torch.view_as_real(value.resolve_conj()) if value.is_complex() else value
        part, exponent = torch.frexp(plain.abs().double())
        mantissa = (part * 2.0**53).to(torch.int64)
        lowest = torch.log2((mantissa & -mantissa).double()) + exponent - 53
        return float(torch.where(plain == 0, math.inf, lowest).min().clamp(-2000, 2000).nan_to_num(-2000))

    return Rounded


HOST: dict[str, Any] = {"conformance.rounded": rounded}
"""Under which name a program finds it: replays for the verdict are programs, too."""
