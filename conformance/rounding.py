"""PyTorch with every operation off by a rounding: how far a result moves then is how far an honest one may be off.

Inside `rounded`, each operation of ATen gives its result in float64 moved by one unit in the last place of a coarser dtype,
up or down by a seed; so do the operations of a backward. (Known from stochastic arithmetic: CESTAC, Verrou.) What is exact
stays as it is: a result that the coarser dtype holds, and what only moves or chooses elements. Two equal results of one
operator are moved alike, since up or down hangs on the value: such a tie stays a tie, and only one of two ways is broken.

========== =================================================================================================================
pointwise  the result is moved
sums       the result is moved by one unit of the sum of its terms' magnitudes, or of n terms by n/16: a sum in any order is
           at most n/2 off, and eight times what a number moves is what the judge allows
the others the operands are moved, and the result: an algorithm that is backward stable does no worse
========== =================================================================================================================

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


_ELIMINATING = ("linalg", "_linalg", "inverse", "lu_", "cholesky", "triangular_solve", "matrix_exp", "pinverse")
"""Operators whose error is one of the whole matrix: a small element is as far off as a large one."""


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

        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            kwargs = kwargs or {}
            name = func.overloadpacket.__name__
            self.factor = _odd(self.seed, name.rstrip("_"))
            returns = func._schema.returns
            is_view = any(one.alias_info is not None and not one.alias_info.is_write for one in returns)
            if name in _EXACT or is_view:
                return func(*args, **kwargs)
            writes = any(one.alias_info is not None for one in func._schema.arguments)
            if name in _SUMS and not writes:
                result = func(*args, **kwargs)
                self.move(result, self.slack(func, name, args, kwargs, result))
                return result
            if not writes and torch.Tag.pointwise not in func.tags:
                args = [self.moved(one) for one in args]
            result = func(*args, **kwargs)
            eliminates = name.startswith(_ELIMINATING)
            for one in result if isinstance(result, tuple | list) else (result,):
                if _rounds(one):
                    self.move(one, self.by(one, by_the_largest=eliminates))
            return result

        def slack(self, func: Any, name: str, args: Any, kwargs: Any, result: Any) -> Any:
            """How far a sum may be off, towards the side that its value says."""
            if not _rounds(result):
                return None
            scales = {key: abs(one) if key in ("alpha", "beta") else one for key, one in kwargs.items()}
            terms = func(*[one.abs() if _rounds(one) else one for one in args], **scales)
            grains = [_grain(one) for one in args if _rounds(one)]
            finest = grains[0] if len(grains) == 1 else min([sum(grains[-2:]), *grains[:-2]])
            exact = (terms.to(self.narrow).to(terms.dtype) == terms) & (terms < 2.0**finest / self.unit)
            units = max(float(_SUMS[name](args, result)) / 16, 1.0)
            return torch.where(exact, 0.0, terms * (self.unit * units)) * self.side(result)

        def moved(self, value: Any) -> Any:
            if isinstance(value, list | tuple):
                return type(value)([self.moved(one) for one in value])
            return value + self.by(value) if _rounds(value) else value

        def by(self, value: Any, *, by_the_largest: bool = False) -> Any:
            plain = torch.view_as_real(value.resolve_conj()) if value.is_complex() else value
            exact = plain.to(self.narrow).to(plain.dtype) == plain
            size = plain.abs().max() if by_the_largest else plain.abs()
            amount = torch.where(exact, 0.0, size * self.unit) * self.side(plain)
            return torch.view_as_complex(amount) if value.is_complex() else amount

        def side(self, value: Any) -> Any:
            """1 or -1 for each number, the same for the same number."""
            plain = value.real if value.is_complex() else value
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
        return value.numel() > 0 and not value._is_zerotensor()  # which has no memory to read

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
