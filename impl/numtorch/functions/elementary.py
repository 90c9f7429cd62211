"""Elementwise operators that few programs need, as users call them."""

from __future__ import annotations

from typing import Any

from .. import dispatch as d
from ..aliasing.views import rebase_history, requires_grad
from ..calls.operands import FOUND_DTYPE, refused, store
from ..calls.raising import before_autograd
from ..dtype import complex128, float64
from ..grad_mode import is_grad_enabled
from ..nodes.error_nodes import NotImplementedNode, node
from ..tensor import Tensor
from .arguments import expect_tensor
from .pointwise import pow_, power
from .reduction import MISSING


def float_power(input: Any, exponent: Any, *, out: Any = None) -> Tensor:
    """input ** exponent in double precision"""
    if isinstance(out, Tensor) and out._desc.dtype is not (wanted := _wanted(input, exponent)):
        raise RuntimeError(
            f"the output given to float_power has dtype {out._desc.dtype.scalar_name} but the operation's result requires "
            f"dtype {wanted.scalar_name}"
        )
    kind = _wanted(input, exponent)
    exponent = _cast(exponent, kind)  # first: PyTorch's C++ evaluates the right operand first
    result = power(_cast(input, kind), exponent)
    return result if out is None else store(out, result, "pow")


def float_power_(self: Tensor, exponent: Any) -> Tensor:
    """float_power in place, of doubles only"""
    wanted = _wanted(self, exponent)
    if self._desc.dtype is not wanted:
        raise RuntimeError(
            f"the base given to float_power_ has dtype {self._desc.dtype.scalar_name} but the operation's result "
            f"requires dtype {wanted.scalar_name}"
        )
    return pow_(self, _cast(exponent, wanted))


def _wanted(*operands: Any) -> Any:
    """The type of float_power's result."""
    given = any(x._desc.dtype.is_complex if isinstance(x, Tensor) else isinstance(x, complex) for x in operands)
    return complex128 if given else float64


def _cast(x: Any, kind: Any) -> Any:
    if isinstance(x, Tensor):
        return x.to(kind)
    return complex(x) if kind.is_complex else float(x)


def conj_physical(input: Tensor, *, out: Any = None) -> Tensor:
    """The complex conjugate in memory of its own; a real tensor itself."""
    if not isinstance(out, Tensor):
        plain = not expect_tensor(input, "conj_physical")._desc.dtype.is_complex
        return input if plain and out is None else d.conj_physical(input, out=out)
    # The one operator whose out= PyTorch records, as what has no derivative.
    operands = [x for x in (input, out) if requires_grad(x)] if is_grad_enabled() else []
    if any(x is out for x in operands) and (out if out._base is None else out._base).is_leaf:
        raise RuntimeError(
            "aten::conj_physical(): functions with out=... arguments don't support automatic differentiation, but one of "
            "the arguments requires grad."
        )
    text = "derivative for aten::conj_physical is not implemented"
    made = node(NotImplementedNode, text, [input._desc], operands) if operands else None
    try:
        store(out, d.conj_physical(input.detach()), "conj_physical", input, exactly=FOUND_DTYPE, derivable=False)
    except RuntimeError as error:
        raise before_autograd(error) from None  # which has been here, and refuses no out= any more
    if made is not None:
        rebase_history(out, made)
    return out


def special_round(input: Tensor, *, decimals: int = 0, out: Any = None) -> Tensor:
    """torch.special.round, which has one overload"""
    if expect_tensor(input, "special_round")._desc.dtype.category < 2:
        if isinstance(out, Tensor) and out._desc.dtype is not input._desc.dtype:
            raise RuntimeError(
                FOUND_DTYPE.format(found=out._desc.dtype.scalar_name, expected=input._desc.dtype.scalar_name)
            )
        raise refused("round_vml_cpu", input._desc.dtype)
    return d.round_decimals(input, decimals, out=out)


def round(input: Tensor, *, decimals: Any = MISSING, out: Any = None) -> Tensor:
    """input rounded to so many places, half to even"""
    return d.round(input, out=out) if decimals is MISSING else d.round_decimals(_rounded(input), decimals, out=out)


def round_(self: Tensor, *, decimals: Any = MISSING) -> Tensor:
    """round in place"""
    return d.round_(self) if decimals is MISSING else d.round_decimals_(_rounded(self), decimals)


def _rounded(x: Tensor) -> Tensor:
    if expect_tensor(x, "round")._desc.dtype.category < 2:
        raise refused("round_cpu", x._desc.dtype)
    return x


UNARY = ("tan", "sgn", "sign", "floor", "ceil", "trunc", "atan", "asin", "acos", "sinh", "cosh", "log1p", "expm1")
BOTH = {f.__name__: f for f in (float_power, round, round_)}
BOTH |= {n: getattr(d, n) for n in (*UNARY, *[n + "_" for n in UNARY], "angle")}
BOTH |= {"conj_physical": conj_physical, "conj_physical_": d.conj_physical_of_}
METHODS = BOTH | {"float_power_": float_power_}
FUNCTIONS = {name: function for name, function in BOTH.items() if name not in ("sgn_", "sign_")}  # as in PyTorch
SPECIAL = {"expm1": d.expm1, "log1p": d.log1p, "expit": d.sigmoid, "round": special_round}
